"""What the five message sets of ISO 15118-20 share. Source: its schema V2G_CI_CommonTypes."""

from __future__ import annotations

import math
from enum import Enum
from typing import Annotated, Final, TypeAlias

from pyplc_fw.errors import CodecError
from pyplc_fw.v2g.messages import xmldsig
from pyplc_fw.v2g.messages.schema import (
    BASE64,
    HEX,
    Binary,
    ComplexType,
    Global,
    Integer,
    Occurs,
    Text,
    xs_byte,
    xs_short,
    xs_unsignedInt,
    xs_unsignedLong,
    xs_unsignedShort,
)

COMMON_TYPES: Final = "urn:iso:std:iso:15118:-20:CommonTypes"

# --- simple types, under the schema's names --------------------------------------------------
sessionIDType: TypeAlias = Annotated[bytes, Binary(HEX, 8, 8)]
numericIDType: TypeAlias = Annotated[int, Integer(1, 2**32 - 1)]
percentValueType: TypeAlias = Annotated[int, Integer(0, 100)]
identifierType: TypeAlias = Annotated[str, Text(255)]
nameType: TypeAlias = Annotated[str, Text(80)]
descriptionType: TypeAlias = Annotated[str, Text(160)]
meterIDType: TypeAlias = Annotated[str, Text(32)]
meterSignatureType: TypeAlias = Annotated[bytes, Binary(BASE64, 64)]


# --- enumerations, in schema order: the order is the encoding --------------------------------
class EVSENotification(Enum):
    """evseNotificationType: what the charger wants the car to do."""

    Pause = "Pause"
    ExitStandby = "ExitStandby"
    Terminate = "Terminate"
    ScheduleRenegotiation = "ScheduleRenegotiation"
    ServiceRenegotiation = "ServiceRenegotiation"
    MeteringConfirmation = "MeteringConfirmation"


class Processing(Enum):
    """processingType: whether the sender is done, or wants to be asked again."""

    Finished = "Finished"
    Ongoing = "Ongoing"
    Ongoing_WaitingForCustomerInteraction = "Ongoing_WaitingForCustomerInteraction"


class ResponseCode(Enum):
    """responseCodeType."""

    OK = "OK"
    OK_CertificateExpiresSoon = "OK_CertificateExpiresSoon"
    OK_NewSessionEstablished = "OK_NewSessionEstablished"
    OK_OldSessionJoined = "OK_OldSessionJoined"
    OK_PowerToleranceConfirmed = "OK_PowerToleranceConfirmed"
    WARNING_AuthorizationSelectionInvalid = "WARNING_AuthorizationSelectionInvalid"
    WARNING_CertificateExpired = "WARNING_CertificateExpired"
    WARNING_CertificateNotYetValid = "WARNING_CertificateNotYetValid"
    WARNING_CertificateRevoked = "WARNING_CertificateRevoked"
    WARNING_CertificateValidationError = "WARNING_CertificateValidationError"
    WARNING_ChallengeInvalid = "WARNING_ChallengeInvalid"
    WARNING_EIMAuthorizationFailure = "WARNING_EIMAuthorizationFailure"
    WARNING_eMSPUnknown = "WARNING_eMSPUnknown"
    WARNING_EVPowerProfileViolation = "WARNING_EVPowerProfileViolation"
    WARNING_GeneralPnCAuthorizationError = "WARNING_GeneralPnCAuthorizationError"
    WARNING_NoCertificateAvailable = "WARNING_NoCertificateAvailable"
    WARNING_NoContractMatchingPCIDFound = "WARNING_NoContractMatchingPCIDFound"
    WARNING_PowerToleranceNotConfirmed = "WARNING_PowerToleranceNotConfirmed"
    WARNING_ScheduleRenegotiationFailed = "WARNING_ScheduleRenegotiationFailed"
    WARNING_StandbyNotAllowed = "WARNING_StandbyNotAllowed"
    WARNING_WPT = "WARNING_WPT"
    FAILED = "FAILED"
    FAILED_AssociationError = "FAILED_AssociationError"
    FAILED_ContactorError = "FAILED_ContactorError"
    FAILED_EVPowerProfileInvalid = "FAILED_EVPowerProfileInvalid"
    FAILED_EVPowerProfileViolation = "FAILED_EVPowerProfileViolation"
    FAILED_MeteringSignatureNotValid = "FAILED_MeteringSignatureNotValid"
    FAILED_NoEnergyTransferServiceSelected = "FAILED_NoEnergyTransferServiceSelected"
    FAILED_NoServiceRenegotiationSupported = "FAILED_NoServiceRenegotiationSupported"
    FAILED_PauseNotAllowed = "FAILED_PauseNotAllowed"
    FAILED_PowerDeliveryNotApplied = "FAILED_PowerDeliveryNotApplied"
    FAILED_PowerToleranceNotConfirmed = "FAILED_PowerToleranceNotConfirmed"
    FAILED_ScheduleRenegotiation = "FAILED_ScheduleRenegotiation"
    FAILED_ScheduleSelectionInvalid = "FAILED_ScheduleSelectionInvalid"
    FAILED_SequenceError = "FAILED_SequenceError"
    FAILED_ServiceIDInvalid = "FAILED_ServiceIDInvalid"
    FAILED_ServiceSelectionInvalid = "FAILED_ServiceSelectionInvalid"
    FAILED_SignatureError = "FAILED_SignatureError"
    FAILED_UnknownSession = "FAILED_UnknownSession"
    FAILED_WrongChargeParameter = "FAILED_WrongChargeParameter"


# --- quantities ------------------------------------------------------------------------------
class _CommonType(ComplexType):
    """A type of CommonTypes."""

    namespace = COMMON_TYPES


class RationalNumber(_CommonType):
    """A quantity: Value x 10^Exponent, in the unit that its element stands for."""

    Exponent: xs_byte
    Value: xs_short

    @property
    def si(self) -> float:
        """The quantity as a number: volts, amperes, watts, watt-hours, hertz, money ..."""
        if self.Exponent < 0:
            return self.Value / 10.0**-self.Exponent
        return float(self.Value * 10**self.Exponent)


_DIGITS: Final = 5
"Of the largest Value."
_FINEST, _COARSEST = -128, 127


def rational_number(value: float) -> RationalNumber:
    """Make a quantity: whole numbers get Exponent 0 where they fit, others the finest that fits.

    Raises CodecError when no exponent fits ``value``.
    """
    if not math.isfinite(value):
        raise CodecError(f"{value} is no rational number")
    for exponent in range(_finest(value), _COARSEST + 1):
        scaled = round(value * 10**-exponent) if exponent < 0 else round(value / 10**exponent)
        if -32768 <= scaled <= 32767:
            return _plainest(exponent, scaled)
    raise CodecError(f"{value} is beyond what a rational number can say")


def _finest(value: float) -> int:
    """Return an exponent that gives Value all its digits, and at most one too many."""
    if value == 0:
        return 0
    return max(math.floor(math.log10(abs(value))) + 1 - _DIGITS, _FINEST)


def _plainest(exponent: int, scaled: int) -> RationalNumber:
    while exponent < 0 and scaled % 10 == 0:
        exponent, scaled = exponent + 1, scaled // 10
    return RationalNumber(Exponent=exponent, Value=scaled)


# --- what messages begin with ----------------------------------------------------------------
class MessageHeader(_CommonType):
    """The header of every message."""

    SessionID: sessionIDType
    "As the SECC gave it; eight zeros ask for a new session."
    TimeStamp: xs_unsignedLong
    "When the message was sent, in seconds since 1970."
    Signature: Annotated[xmldsig.Signature | None, Global(xmldsig.NAMESPACE)] = None


class V2GRequest(_CommonType, tag=True):
    """What every request begins with; no message by itself."""

    Header: MessageHeader


class V2GResponse(_CommonType, tag=True):
    """What every response begins with; no message by itself."""

    Header: MessageHeader
    ResponseCode: ResponseCode


# --- what the car shows and the charger notifies ---------------------------------------------
class DisplayParameters(_CommonType):
    """What the charger may show its user about the car."""

    PresentSOC: percentValueType | None = None
    "State of charge in percent, as the three below."
    MinimumSOC: percentValueType | None = None
    TargetSOC: percentValueType | None = None
    MaximumSOC: percentValueType | None = None
    RemainingTimeToMinimumSOC: xs_unsignedInt | None = None
    "Seconds, as the two below."
    RemainingTimeToTargetSOC: xs_unsignedInt | None = None
    RemainingTimeToMaximumSOC: xs_unsignedInt | None = None
    ChargingComplete: bool | None = None
    BatteryEnergyCapacity: RationalNumber | None = None
    "Watt-hours."
    InletHot: bool | None = None


class EVSEStatus(_CommonType):
    """What the charger wants of the car."""

    NotificationMaxDelay: xs_unsignedShort
    "Seconds until the car must have followed EVSENotification."
    EVSENotification: EVSENotification


# --- metering and prices ---------------------------------------------------------------------
class MeterInfo(_CommonType):
    """What the charger's meter shows."""

    MeterID: meterIDType
    ChargedEnergyReadingWh: xs_unsignedLong
    BPT_DischargedEnergyReadingWh: xs_unsignedLong | None = None
    CapacitiveEnergyReadingVARh: xs_unsignedLong | None = None
    BPT_InductiveEnergyReadingVARh: xs_unsignedLong | None = None
    MeterSignature: meterSignatureType | None = None
    MeterStatus: xs_short | None = None
    MeterTimestamp: xs_unsignedLong | None = None
    "Seconds since 1970."


class DetailedCost(_CommonType):
    """How much of something, and what one unit of it costs."""

    Amount: RationalNumber
    CostPerUnit: RationalNumber


class DetailedTax(_CommonType):
    """What one tax rule comes to."""

    TaxRuleID: numericIDType
    Amount: RationalNumber


class Receipt(_CommonType):
    """What the session has cost so far."""

    TimeAnchor: xs_unsignedLong
    "Seconds since 1970."
    EnergyCosts: DetailedCost | None = None
    OccupancyCosts: DetailedCost | None = None
    AdditionalServicesCosts: DetailedCost | None = None
    OverstayCosts: DetailedCost | None = None
    TaxCosts: Annotated[tuple[DetailedTax, ...], Occurs(0, 10)] = ()


class ListOfRootCertificateIDs(_CommonType):
    """The roots the car trusts."""

    RootCertificateID: Annotated[tuple[xmldsig.X509IssuerSerial, ...], Occurs(1, 20)]


# --- charge parameters and charge loop, which each kind of energy transfer goes on from -------
class ChargeParameterDiscoveryReq(V2GRequest):
    """What the request of every kind of energy transfer begins with."""


class ChargeParameterDiscoveryRes(V2GResponse):
    """What the response of every kind of energy transfer begins with."""


class ChargeLoopReq(V2GRequest):
    """What the charge loop's request of every kind of energy transfer begins with."""

    DisplayParameters: DisplayParameters | None = None
    MeterInfoRequested: bool


class ChargeLoopRes(V2GResponse):
    """What the charge loop's response of every kind of energy transfer begins with."""

    EVSEStatus: EVSEStatus | None = None
    MeterInfo: MeterInfo | None = None
    Receipt: Receipt | None = None


class CLReqControlMode(_CommonType, tag=True):
    """Head of a substitution group: how the car's side of the charge loop is controlled."""


class CLResControlMode(_CommonType, tag=True):
    """Head of a substitution group: how the charger's side of the charge loop is controlled."""


class Scheduled_CLReqControlMode(CLReqControlMode):
    """The car follows a schedule; energies in watt-hours."""

    EVTargetEnergyRequest: RationalNumber | None = None
    EVMaximumEnergyRequest: RationalNumber | None = None
    EVMinimumEnergyRequest: RationalNumber | None = None


class Scheduled_CLResControlMode(CLResControlMode):
    """The car follows a schedule."""


class Dynamic_CLReqControlMode(CLReqControlMode):
    """The charger decides from moment to moment; energies in watt-hours."""

    DepartureTime: xs_unsignedInt | None = None
    "Seconds from now."
    EVTargetEnergyRequest: RationalNumber
    EVMaximumEnergyRequest: RationalNumber
    EVMinimumEnergyRequest: RationalNumber


class Dynamic_CLResControlMode(CLResControlMode):
    """The charger decides from moment to moment."""

    DepartureTime: xs_unsignedInt | None = None
    "Seconds from now."
    MinimumSOC: percentValueType | None = None
    TargetSOC: percentValueType | None = None
    AckMaxDelay: xs_unsignedShort | None = None
    "Seconds until the car must have acknowledged."


# --- what every schema that imports this one has too -----------------------------------------
ELEMENTS: Final = (*xmldsig.ELEMENTS, CLReqControlMode, CLResControlMode)
"The global elements of complex type."
SIMPLE_ELEMENTS: Final = xmldsig.SIMPLE_ELEMENTS
ABSTRACT: Final = (CLReqControlMode, CLResControlMode)
"Heads of substitution groups that no message may carry."
TYPES: Final = (
    ChargeLoopReq,
    ChargeLoopRes,
    Dynamic_CLReqControlMode,
    Dynamic_CLResControlMode,
    ListOfRootCertificateIDs,
    Scheduled_CLReqControlMode,
)
"With what is in them, all types: the names of their elements count in every fragment."
