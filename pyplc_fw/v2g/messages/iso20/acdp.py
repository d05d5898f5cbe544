"""The messages of ISO 15118-20 for an automated connection device, such as a pantograph.

Source: its schema, urn:iso:std:iso:15118:-20:ACDP.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, TypeAlias

from pyplc_fw.v2g.messages import xmldsig
from pyplc_fw.v2g.messages.iso20 import common_types
from pyplc_fw.v2g.messages.iso20.common_types import (
    Processing,
    RationalNumber,
    V2GRequest,
    V2GResponse,
    percentValueType,
)
from pyplc_fw.v2g.messages.schema import ComplexType, Schema, xs_short

ACDP: Final = "urn:iso:std:iso:15118:-20:ACDP"


# --- enumerations, in schema order: the order is the encoding --------------------------------
class CPStatus(Enum):
    """cpStatusType: the state of the control pilot."""

    StateA = "StateA"
    StateB = "StateB"
    StateC = "StateC"
    StateD = "StateD"
    StateE = "StateE"


class ErrorCode(Enum):
    """errorCodeType."""

    OK_NoEVError = "OK_NoEVError"
    FAILED = "FAILED"
    FAILED_EmergencyEvent = "FAILED_EmergencyEvent"
    FAILED_Breaker = "FAILED_Breaker"
    FAILED_RESSTemperatureInhibit = "FAILED_RESSTemperatureInhibit"
    FAILED_RESS = "FAILED_RESS"
    FAILED_ChargingCurrentDifferential = "FAILED_ChargingCurrentDifferential"
    FAILED_ChargingVoltageOutOfRange = "FAILED_ChargingVoltageOutOfRange"
    FAILED_Reserved1 = "FAILED_Reserved1"
    FAILED_Reserved2 = "FAILED_Reserved2"


class IsolationStatus(Enum):
    """isolationStatusType."""

    Invalid = "Invalid"
    Safe = "Safe"
    Warning = "Warning"
    Fault = "Fault"


class ElectricalChargingDeviceStatus(Enum):
    """electricalChargingDeviceStatusType: the control pilot's state at the contacts."""

    State_A = "State_A"
    State_B = "State_B"
    State_C = "State_C"
    State_D = "State_D"


class MechanicalChargingDeviceStatus(Enum):
    """mechanicalChargingDeviceStatusType: where the device is."""

    Home = "Home"
    Moving = "Moving"
    EndPosition = "EndPosition"


# --- data types ------------------------------------------------------------------------------
class EVTechnicalStatus(ComplexType):
    """The car's state."""

    namespace = ACDP

    EVReadyToCharge: bool
    EVImmobilizationRequest: bool
    EVImmobilized: bool | None = None
    EVWLANStrength: RationalNumber | None = None
    EVCPStatus: CPStatus | None = None
    EVSOC: percentValueType | None = None
    "State of charge in percent."
    EVErrorCode: ErrorCode | None = None
    EVTimeout: bool | None = None


# --- messages --------------------------------------------------------------------------------
class _Request(V2GRequest):
    """A request of the ACDP messages."""

    namespace = ACDP


class _Response(V2GResponse):
    """A response of the ACDP messages."""

    namespace = ACDP


class ACDP_VehiclePositioningReq(_Request):
    """The car moves to where it can be reached."""

    EVMobilityStatus: bool
    EVPositioningSupport: bool


class ACDP_VehiclePositioningRes(_Response):
    """The charger says how far off it is."""

    EVSEProcessing: Processing
    EVSEPositioningSupport: bool
    EVRelativeXDeviation: xs_short
    EVRelativeYDeviation: xs_short
    ContactWindowXc: xs_short
    ContactWindowYc: xs_short
    EVInChargePosition: bool


class _DeviceReq(_Request):
    """What the car says while the device moves."""

    EVElectricalChargingDeviceStatus: ElectricalChargingDeviceStatus


class _DeviceRes(_Response):
    """Where the device is."""

    EVSEProcessing: Processing
    EVSEElectricalChargingDeviceStatus: ElectricalChargingDeviceStatus
    EVSEMechanicalChargingDeviceStatus: MechanicalChargingDeviceStatus


class ACDP_ConnectReq(_DeviceReq):
    """The car asks to be connected."""


class ACDP_ConnectRes(_DeviceRes):
    """Where the device is on its way to the car."""


class ACDP_DisconnectReq(_DeviceReq):
    """The car asks to be disconnected."""


class ACDP_DisconnectRes(_DeviceRes):
    """Where the device is on its way home."""


class ACDP_SystemStatusReq(_Request):
    """The car says how it is, beside the charge loop."""

    EVTechnicalStatus: EVTechnicalStatus


class ACDP_SystemStatusRes(_Response):
    """The charger says how it is."""

    EVSEMechanicalChargingDeviceStatus: MechanicalChargingDeviceStatus
    EVSEReadyToCharge: bool
    EVSEIsolationStatus: IsolationStatus
    EVSEDisabled: bool
    EVSEUtilityInterruptEvent: bool
    EVSEEmergencyShutdown: bool
    EVSEMalfunction: bool
    EVInChargePosition: bool
    EVAssociationStatus: bool


Message: TypeAlias = (
    ACDP_ConnectReq
    | ACDP_ConnectRes
    | ACDP_DisconnectReq
    | ACDP_DisconnectRes
    | ACDP_SystemStatusReq
    | ACDP_SystemStatusRes
    | ACDP_VehiclePositioningReq
    | ACDP_VehiclePositioningRes
)
"Every message of the set."

SCHEMA: Final = Schema(
    name="iso20-acdp",
    elements=(*Message.__args__, *common_types.ELEMENTS),
    simple_elements=common_types.SIMPLE_ELEMENTS,
    types=common_types.TYPES,
    roots=Message.__args__,
    fragments=(xmldsig.SignedInfo,),
    abstract=common_types.ABSTRACT,
)
