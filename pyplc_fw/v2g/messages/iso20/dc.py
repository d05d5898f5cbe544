"""The DC messages of ISO 15118-20. Source: its schema, urn:iso:std:iso:15118:-20:DC."""

from __future__ import annotations

from typing import Final, TypeAlias

from pyplc_fw.v2g.messages import xmldsig
from pyplc_fw.v2g.messages.iso20 import common_types
from pyplc_fw.v2g.messages.iso20.common_types import (
    ChargeLoopReq,
    ChargeLoopRes,
    ChargeParameterDiscoveryReq,
    ChargeParameterDiscoveryRes,
    Dynamic_CLReqControlMode,
    Dynamic_CLResControlMode,
    Processing,
    RationalNumber,
    Scheduled_CLReqControlMode,
    Scheduled_CLResControlMode,
    V2GRequest,
    V2GResponse,
    percentValueType,
)
from pyplc_fw.v2g.messages.schema import ComplexType, Schema

DC: Final = "urn:iso:std:iso:15118:-20:DC"


class _EnergyTransferMode(ComplexType, tag=True):
    """What the two sides tell of themselves before the transfer: watts, amperes, volts."""

    namespace = DC


# --- charge parameters -----------------------------------------------------------------------
class DC_CPDReqEnergyTransferMode(_EnergyTransferMode):
    """What the car can take; also the head of a substitution group."""

    EVMaximumChargePower: RationalNumber
    EVMinimumChargePower: RationalNumber
    EVMaximumChargeCurrent: RationalNumber
    EVMinimumChargeCurrent: RationalNumber
    EVMaximumVoltage: RationalNumber
    EVMinimumVoltage: RationalNumber
    TargetSOC: percentValueType | None = None


class DC_CPDResEnergyTransferMode(_EnergyTransferMode):
    """What the charger can give; also the head of a substitution group."""

    EVSEMaximumChargePower: RationalNumber
    EVSEMinimumChargePower: RationalNumber
    EVSEMaximumChargeCurrent: RationalNumber
    EVSEMinimumChargeCurrent: RationalNumber
    EVSEMaximumVoltage: RationalNumber
    EVSEMinimumVoltage: RationalNumber
    EVSEPowerRampLimitation: RationalNumber | None = None
    "Watts per second."


class BPT_DC_CPDReqEnergyTransferMode(DC_CPDReqEnergyTransferMode):
    """What the car can take and give back."""

    EVMaximumDischargePower: RationalNumber
    EVMinimumDischargePower: RationalNumber
    EVMaximumDischargeCurrent: RationalNumber
    EVMinimumDischargeCurrent: RationalNumber


class BPT_DC_CPDResEnergyTransferMode(DC_CPDResEnergyTransferMode):
    """What the charger can give and take back."""

    EVSEMaximumDischargePower: RationalNumber
    EVSEMinimumDischargePower: RationalNumber
    EVSEMaximumDischargeCurrent: RationalNumber
    EVSEMinimumDischargeCurrent: RationalNumber


# --- control modes of the charge loop: watts, amperes, volts, watt-hours ---------------------
class Scheduled_DC_CLReqControlMode(Scheduled_CLReqControlMode):
    """The car asks by its schedule."""

    namespace = DC

    EVTargetCurrent: RationalNumber
    EVTargetVoltage: RationalNumber
    EVMaximumChargePower: RationalNumber | None = None
    EVMinimumChargePower: RationalNumber | None = None
    EVMaximumChargeCurrent: RationalNumber | None = None
    EVMaximumVoltage: RationalNumber | None = None
    EVMinimumVoltage: RationalNumber | None = None


class Scheduled_DC_CLResControlMode(Scheduled_CLResControlMode):
    """The charger's limits, under a schedule."""

    namespace = DC

    EVSEMaximumChargePower: RationalNumber | None = None
    EVSEMinimumChargePower: RationalNumber | None = None
    EVSEMaximumChargeCurrent: RationalNumber | None = None
    EVSEMaximumVoltage: RationalNumber | None = None


class BPT_Scheduled_DC_CLReqControlMode(Scheduled_DC_CLReqControlMode):
    """The car asks by its schedule and may give back."""

    EVMaximumDischargePower: RationalNumber | None = None
    EVMinimumDischargePower: RationalNumber | None = None
    EVMaximumDischargeCurrent: RationalNumber | None = None


class BPT_Scheduled_DC_CLResControlMode(Scheduled_DC_CLResControlMode):
    """The charger's limits both ways, under a schedule."""

    EVSEMaximumDischargePower: RationalNumber | None = None
    EVSEMinimumDischargePower: RationalNumber | None = None
    EVSEMaximumDischargeCurrent: RationalNumber | None = None
    EVSEMinimumVoltage: RationalNumber | None = None


class Dynamic_DC_CLReqControlMode(Dynamic_CLReqControlMode):
    """The car's limits, while the charger decides."""

    namespace = DC

    EVMaximumChargePower: RationalNumber
    EVMinimumChargePower: RationalNumber
    EVMaximumChargeCurrent: RationalNumber
    EVMaximumVoltage: RationalNumber
    EVMinimumVoltage: RationalNumber


class Dynamic_DC_CLResControlMode(Dynamic_CLResControlMode):
    """The charger's limits, while it decides."""

    namespace = DC

    EVSEMaximumChargePower: RationalNumber
    EVSEMinimumChargePower: RationalNumber
    EVSEMaximumChargeCurrent: RationalNumber
    EVSEMaximumVoltage: RationalNumber


class BPT_Dynamic_DC_CLReqControlMode(Dynamic_DC_CLReqControlMode):
    """The car's limits both ways, while the charger decides."""

    EVMaximumDischargePower: RationalNumber
    EVMinimumDischargePower: RationalNumber
    EVMaximumDischargeCurrent: RationalNumber
    EVMaximumV2XEnergyRequest: RationalNumber | None = None
    EVMinimumV2XEnergyRequest: RationalNumber | None = None


class BPT_Dynamic_DC_CLResControlMode(Dynamic_DC_CLResControlMode):
    """The charger's limits both ways, while it decides."""

    EVSEMaximumDischargePower: RationalNumber
    EVSEMinimumDischargePower: RationalNumber
    EVSEMaximumDischargeCurrent: RationalNumber
    EVSEMinimumVoltage: RationalNumber


# --- messages --------------------------------------------------------------------------------
class _Request(V2GRequest):
    """A request of the DC messages."""

    namespace = DC


class _Response(V2GResponse):
    """A response of the DC messages."""

    namespace = DC


class DC_ChargeParameterDiscoveryReq(ChargeParameterDiscoveryReq):
    """The car says what it can take."""

    namespace = DC

    DC_CPDReqEnergyTransferMode: BPT_DC_CPDReqEnergyTransferMode | DC_CPDReqEnergyTransferMode


class DC_ChargeParameterDiscoveryRes(ChargeParameterDiscoveryRes):
    """The charger says what it can give."""

    namespace = DC

    DC_CPDResEnergyTransferMode: BPT_DC_CPDResEnergyTransferMode | DC_CPDResEnergyTransferMode


class DC_CableCheckReq(_Request):
    """The car asks for the insulation test."""


class DC_CableCheckRes(_Response):
    """Where the insulation test stands."""

    EVSEProcessing: Processing


class DC_PreChargeReq(_Request):
    """The car asks for its battery's voltage, in volts."""

    EVProcessing: Processing
    EVPresentVoltage: RationalNumber
    EVTargetVoltage: RationalNumber


class DC_PreChargeRes(_Response):
    """The voltage the charger has reached, in volts."""

    EVSEPresentVoltage: RationalNumber


class DC_ChargeLoopReq(ChargeLoopReq):
    """The car asks for current, again and again."""

    namespace = DC

    EVPresentVoltage: RationalNumber
    "Volts."
    CLReqControlMode: (
        BPT_Dynamic_DC_CLReqControlMode
        | BPT_Scheduled_DC_CLReqControlMode
        | Dynamic_DC_CLReqControlMode
        | Scheduled_DC_CLReqControlMode
    )


class DC_ChargeLoopRes(ChargeLoopRes):
    """What the charger gives, in amperes and volts."""

    namespace = DC

    EVSEPresentCurrent: RationalNumber
    EVSEPresentVoltage: RationalNumber
    EVSEPowerLimitAchieved: bool
    EVSECurrentLimitAchieved: bool
    EVSEVoltageLimitAchieved: bool
    CLResControlMode: (
        BPT_Dynamic_DC_CLResControlMode
        | BPT_Scheduled_DC_CLResControlMode
        | Dynamic_DC_CLResControlMode
        | Scheduled_DC_CLResControlMode
    )


class DC_WeldingDetectionReq(_Request):
    """The car tests its contactors."""

    EVProcessing: Processing


class DC_WeldingDetectionRes(_Response):
    """The voltage the charger sees, in volts."""

    EVSEPresentVoltage: RationalNumber


Message: TypeAlias = (
    DC_CableCheckReq
    | DC_CableCheckRes
    | DC_ChargeLoopReq
    | DC_ChargeLoopRes
    | DC_ChargeParameterDiscoveryReq
    | DC_ChargeParameterDiscoveryRes
    | DC_PreChargeReq
    | DC_PreChargeRes
    | DC_WeldingDetectionReq
    | DC_WeldingDetectionRes
)
"Every message of the set."

SCHEMA: Final = Schema(
    name="iso20-dc",
    elements=(
        *Message.__args__,
        *common_types.ELEMENTS,
        BPT_DC_CPDReqEnergyTransferMode,
        BPT_DC_CPDResEnergyTransferMode,
        BPT_Dynamic_DC_CLReqControlMode,
        BPT_Dynamic_DC_CLResControlMode,
        BPT_Scheduled_DC_CLReqControlMode,
        BPT_Scheduled_DC_CLResControlMode,
        DC_CPDReqEnergyTransferMode,
        DC_CPDResEnergyTransferMode,
        Dynamic_DC_CLReqControlMode,
        Dynamic_DC_CLResControlMode,
        Scheduled_DC_CLReqControlMode,
        Scheduled_DC_CLResControlMode,
    ),
    simple_elements=common_types.SIMPLE_ELEMENTS,
    types=common_types.TYPES,
    roots=Message.__args__,
    fragments=(DC_ChargeParameterDiscoveryRes, xmldsig.SignedInfo),
    abstract=common_types.ABSTRACT,
)
