"""The messages of ISO 15118-2:2013, all of them. Source: its schema, urn:iso:15118:2:2013.

Lower bounds of lengths are not kept: chargers send EVSEIDs of fewer than 7 characters, and a short
name hurts nobody.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Final, TypeAlias

from pyplc_fw.v2g.messages import xmldsig
from pyplc_fw.v2g.messages.physical import fit, in_si
from pyplc_fw.v2g.messages.schema import (
    BASE64,
    HEX,
    Attribute,
    Binary,
    Choice,
    ComplexType,
    Content,
    Global,
    Integer,
    Item,
    Occurs,
    Schema,
    Text,
    xs_byte,
    xs_ID,
    xs_int,
    xs_long,
    xs_short,
    xs_string,
    xs_unsignedByte,
    xs_unsignedInt,
    xs_unsignedLong,
    xs_unsignedShort,
)

MSG_DEF: Final = "urn:iso:15118:2:2013:MsgDef"
MSG_HEADER: Final = "urn:iso:15118:2:2013:MsgHeader"
MSG_BODY: Final = "urn:iso:15118:2:2013:MsgBody"
MSG_DATA_TYPES: Final = "urn:iso:15118:2:2013:MsgDataTypes"

# --- simple types, under the schema's names --------------------------------------------------
sessionIDType: TypeAlias = Annotated[bytes, Binary(HEX, 8)]
evccIDType: TypeAlias = Annotated[bytes, Binary(HEX, 6)]
evseIDType: TypeAlias = Annotated[str, Text(37)]
serviceIDType: TypeAlias = xs_unsignedShort
serviceNameType: TypeAlias = Annotated[str, Text(32)]
serviceScopeType: TypeAlias = Annotated[str, Text(64)]
eMAIDType: TypeAlias = Annotated[str, Text(15)]
meterIDType: TypeAlias = Annotated[str, Text(32)]
meterStatusType: TypeAlias = xs_short
faultMsgType: TypeAlias = Annotated[str, Text(64)]
genChallengeType: TypeAlias = Annotated[bytes, Binary(BASE64, 16)]
certificateType: TypeAlias = Annotated[bytes, Binary(BASE64, 800)]
dHpublickeyType: TypeAlias = Annotated[bytes, Binary(BASE64, 65)]
privateKeyType: TypeAlias = Annotated[bytes, Binary(BASE64, 48)]
sigMeterReadingType: TypeAlias = Annotated[bytes, Binary(BASE64, 64)]
percentValueType: TypeAlias = Annotated[int, Integer(0, 100)]
maxNumPhasesType: TypeAlias = Annotated[int, Integer(1, 3)]
SAIDType: TypeAlias = Annotated[int, Integer(1, 255)]
tariffDescriptionType: TypeAlias = Annotated[str, Text(32)]
unitMultiplierType: TypeAlias = Annotated[int, Integer(-3, 3)]

SignatureElement: TypeAlias = Annotated[xmldsig.Signature | None, Global(xmldsig.NAMESPACE)]
BodyId: TypeAlias = Annotated[xs_ID, Attribute(MSG_BODY)]
DataTypeId: TypeAlias = Annotated[xs_ID, Attribute(MSG_DATA_TYPES)]
"The schema qualifies its attributes."


# --- enumerations, in schema order: the order is the encoding --------------------------------
class ResponseCode(Enum):
    """responseCodeType."""

    OK = "OK"
    OK_NewSessionEstablished = "OK_NewSessionEstablished"
    OK_OldSessionJoined = "OK_OldSessionJoined"
    OK_CertificateExpiresSoon = "OK_CertificateExpiresSoon"
    FAILED = "FAILED"
    FAILED_SequenceError = "FAILED_SequenceError"
    FAILED_ServiceIDInvalid = "FAILED_ServiceIDInvalid"
    FAILED_UnknownSession = "FAILED_UnknownSession"
    FAILED_ServiceSelectionInvalid = "FAILED_ServiceSelectionInvalid"
    FAILED_PaymentSelectionInvalid = "FAILED_PaymentSelectionInvalid"
    FAILED_CertificateExpired = "FAILED_CertificateExpired"
    FAILED_SignatureError = "FAILED_SignatureError"
    FAILED_NoCertificateAvailable = "FAILED_NoCertificateAvailable"
    FAILED_CertChainError = "FAILED_CertChainError"
    FAILED_ChallengeInvalid = "FAILED_ChallengeInvalid"
    FAILED_ContractCanceled = "FAILED_ContractCanceled"
    FAILED_WrongChargeParameter = "FAILED_WrongChargeParameter"
    FAILED_PowerDeliveryNotApplied = "FAILED_PowerDeliveryNotApplied"
    FAILED_TariffSelectionInvalid = "FAILED_TariffSelectionInvalid"
    FAILED_ChargingProfileInvalid = "FAILED_ChargingProfileInvalid"
    FAILED_MeteringSignatureNotValid = "FAILED_MeteringSignatureNotValid"
    FAILED_NoChargeServiceSelected = "FAILED_NoChargeServiceSelected"
    FAILED_WrongEnergyTransferMode = "FAILED_WrongEnergyTransferMode"
    FAILED_ContactorError = "FAILED_ContactorError"
    FAILED_CertificateNotAllowedAtThisEVSE = "FAILED_CertificateNotAllowedAtThisEVSE"
    FAILED_CertificateRevoked = "FAILED_CertificateRevoked"


class FaultCode(Enum):
    """faultCodeType."""

    ParsingError = "ParsingError"
    NoTLSRootCertificatAvailable = "NoTLSRootCertificatAvailable"
    UnknownError = "UnknownError"


class EVSEProcessing(Enum):
    """EVSEProcessingType."""

    Finished = "Finished"
    Ongoing = "Ongoing"
    Ongoing_WaitingForCustomerInteraction = "Ongoing_WaitingForCustomerInteraction"


class EVSENotification(Enum):
    """EVSENotificationType."""

    None_ = "None"
    StopCharging = "StopCharging"
    ReNegotiation = "ReNegotiation"


class ChargeProgress(Enum):
    """chargeProgressType."""

    Start = "Start"
    Stop = "Stop"
    Renegotiate = "Renegotiate"


class ChargingSession(Enum):
    """chargingSessionType."""

    Terminate = "Terminate"
    Pause = "Pause"


class ServiceCategory(Enum):
    """serviceCategoryType."""

    EVCharging = "EVCharging"
    Internet = "Internet"
    ContractCertificate = "ContractCertificate"
    OtherCustom = "OtherCustom"


class EnergyTransferMode(Enum):
    """EnergyTransferModeType."""

    AC_single_phase_core = "AC_single_phase_core"
    AC_three_phase_core = "AC_three_phase_core"
    DC_core = "DC_core"
    DC_extended = "DC_extended"
    DC_combo_core = "DC_combo_core"
    DC_unique = "DC_unique"


class PaymentOption(Enum):
    """paymentOptionType."""

    Contract = "Contract"
    ExternalPayment = "ExternalPayment"


class CostKind(Enum):
    """costKindType."""

    relativePricePercentage = "relativePricePercentage"
    RenewableGenerationPercentage = "RenewableGenerationPercentage"
    CarbonDioxideEmission = "CarbonDioxideEmission"


class UnitSymbol(Enum):
    """unitSymbolType."""

    h = "h"
    m = "m"
    "Minutes."
    s = "s"
    A = "A"
    V = "V"
    W = "W"
    Wh = "Wh"


class IsolationLevel(Enum):
    """isolationLevelType."""

    Invalid = "Invalid"
    Valid = "Valid"
    Warning = "Warning"
    Fault = "Fault"
    No_IMD = "No_IMD"


class DC_EVSEStatusCode(Enum):
    """DC_EVSEStatusCodeType."""

    EVSE_NotReady = "EVSE_NotReady"
    EVSE_Ready = "EVSE_Ready"
    EVSE_Shutdown = "EVSE_Shutdown"
    EVSE_UtilityInterruptEvent = "EVSE_UtilityInterruptEvent"
    EVSE_IsolationMonitoringActive = "EVSE_IsolationMonitoringActive"
    EVSE_EmergencyShutdown = "EVSE_EmergencyShutdown"
    EVSE_Malfunction = "EVSE_Malfunction"
    Reserved_8 = "Reserved_8"
    Reserved_9 = "Reserved_9"
    Reserved_A = "Reserved_A"
    Reserved_B = "Reserved_B"
    Reserved_C = "Reserved_C"


class DC_EVErrorCode(Enum):
    """DC_EVErrorCodeType."""

    NO_ERROR = "NO_ERROR"
    FAILED_RESSTemperatureInhibit = "FAILED_RESSTemperatureInhibit"
    FAILED_EVShiftPosition = "FAILED_EVShiftPosition"
    FAILED_ChargerConnectorLockFault = "FAILED_ChargerConnectorLockFault"
    FAILED_EVRESSMalfunction = "FAILED_EVRESSMalfunction"
    FAILED_ChargingCurrentdifferential = "FAILED_ChargingCurrentdifferential"
    FAILED_ChargingVoltageOutOfRange = "FAILED_ChargingVoltageOutOfRange"
    Reserved_A = "Reserved_A"
    Reserved_B = "Reserved_B"
    Reserved_C = "Reserved_C"
    FAILED_ChargingSystemIncompatibility = "FAILED_ChargingSystemIncompatibility"
    NoData = "NoData"


# --- data types ------------------------------------------------------------------------------
class _DataType(ComplexType):
    """A type of MsgDataTypes."""

    namespace = MSG_DATA_TYPES


_SECONDS: Final = {UnitSymbol.h: 3600, UnitSymbol.m: 60}


class PhysicalValue(_DataType):
    """A quantity: Value x 10^Multiplier in Unit."""

    Multiplier: unitMultiplierType
    Unit: UnitSymbol
    Value: xs_short

    @property
    def si(self) -> float:
        """The quantity without its prefix; hours and minutes in seconds, Wh stay Wh."""
        return in_si(self.Value * _SECONDS.get(self.Unit, 1), self.Multiplier)


def volts(value_v: float) -> PhysicalValue:
    """Make a voltage; raises CodecError when no multiplier fits it."""
    return physical_value(value_v, UnitSymbol.V)


def amps(value_a: float) -> PhysicalValue:
    """Make a current; raises CodecError when no multiplier fits it."""
    return physical_value(value_a, UnitSymbol.A)


def watts(value_w: float) -> PhysicalValue:
    """Make a power; raises CodecError when no multiplier fits it."""
    return physical_value(value_w, UnitSymbol.W)


def watt_hours(value_wh: float) -> PhysicalValue:
    """Make an energy; raises CodecError when no multiplier fits it."""
    return physical_value(value_wh, UnitSymbol.Wh)


def seconds(value_s: float) -> PhysicalValue:
    """Make a duration; raises CodecError when no multiplier fits it."""
    return physical_value(value_s, UnitSymbol.s)


def physical_value(value: float, unit: UnitSymbol) -> PhysicalValue:
    """Make a quantity, as fine as it can be said; raises CodecError."""
    multiplier, scaled = fit(value, unit.value)
    return PhysicalValue(Multiplier=multiplier, Unit=unit, Value=scaled)


class Notification(_DataType):
    """A fault, told in the header."""

    FaultCode: FaultCode
    FaultMsg: faultMsgType | None = None


class MeterInfo(_DataType):
    """What the charger's meter says."""

    MeterID: meterIDType
    MeterReading: xs_unsignedLong | None = None
    "In watt hours."
    SigMeterReading: sigMeterReadingType | None = None
    MeterStatus: meterStatusType | None = None
    TMeter: xs_long | None = None
    "Seconds since 1970, when it was read."


# --- services --------------------------------------------------------------------------------
class Service(_DataType):
    """One service of the charger."""

    ServiceID: serviceIDType
    ServiceName: serviceNameType | None = None
    ServiceCategory: ServiceCategory
    ServiceScope: serviceScopeType | None = None
    FreeService: bool


class ServiceList(_DataType):
    """The services of the charger beside charging."""

    Service: Annotated[tuple[Service, ...], Occurs(1, 8)]


class SupportedEnergyTransferMode(_DataType):
    """How the charger can deliver energy."""

    EnergyTransferMode: Annotated[tuple[EnergyTransferMode, ...], Occurs(1, 6)]


class ChargeService(Service):
    """The charging service."""

    SupportedEnergyTransferMode: SupportedEnergyTransferMode


class PaymentOptionList(_DataType):
    """How the charger may be paid."""

    PaymentOption: Annotated[tuple[PaymentOption, ...], Occurs(1, 2)]


class SelectedService(_DataType):
    """One service the car takes."""

    ServiceID: serviceIDType
    ParameterSetID: xs_short | None = None


class SelectedServiceList(_DataType):
    """The services the car takes."""

    SelectedService: Annotated[tuple[SelectedService, ...], Occurs(1, 16)]


class Parameter(_DataType):
    """One named value of a service: exactly one of the six."""

    content_model = Choice(
        (
            Item("boolValue"),
            Item("byteValue"),
            Item("shortValue"),
            Item("intValue"),
            Item("physicalValue"),
            Item("stringValue"),
        )
    )

    Name: Annotated[xs_string, Attribute(MSG_DATA_TYPES)]
    boolValue: bool | None = None
    byteValue: xs_byte | None = None
    shortValue: xs_short | None = None
    intValue: xs_int | None = None
    physicalValue: PhysicalValue | None = None
    stringValue: xs_string | None = None


class ParameterSet(_DataType):
    """One way to use a service."""

    ParameterSetID: xs_short
    Parameter: Annotated[tuple[Parameter, ...], Occurs(1, 16)]


class ServiceParameterList(_DataType):
    """The ways to use a service."""

    ParameterSet: Annotated[tuple[ParameterSet, ...], Occurs(1, 255)]


# --- certificates ----------------------------------------------------------------------------
class SubCertificates(_DataType):
    """The certificates between a leaf and its root."""

    Certificate: Annotated[tuple[certificateType, ...], Occurs(1, 4)]


class CertificateChain(_DataType):
    """A certificate with those that vouch for it."""

    Id: DataTypeId | None = None
    Certificate: certificateType
    SubCertificates: SubCertificates | None = None


class ContractSignatureCertChain(CertificateChain, tag=True):
    """The contract's certificate; signed where the charger installs it."""

    namespace = MSG_BODY


class ContractSignatureEncryptedPrivateKey(ComplexType, tag=True):
    """The contract's private key, encrypted for this car."""

    namespace = MSG_BODY

    Id: DataTypeId
    value: Annotated[privateKeyType, Content()]


class DHpublickey(ComplexType, tag=True):
    """The Diffie-Hellman public key that the private key was encrypted with."""

    namespace = MSG_BODY

    Id: DataTypeId
    value: Annotated[dHpublickeyType, Content()]


class eMAID(ComplexType, tag=True):
    """The contract's name, with an Id to be signed by."""

    namespace = MSG_BODY

    Id: DataTypeId
    value: Annotated[eMAIDType, Content()]


class ListOfRootCertificateIDs(_DataType):
    """The roots that the car trusts."""

    RootCertificateID: Annotated[tuple[xmldsig.X509IssuerSerial, ...], Occurs(1, 20)]


# --- schedules and tariffs -------------------------------------------------------------------
class TimeInterval(_DataType, tag=True):
    """Head of a substitution group."""


class RelativeTimeInterval(TimeInterval):
    """Seconds from the message's time on."""

    start: Annotated[int, Integer(0, 16_777_214)]
    duration: Annotated[int, Integer(0, 86_400)] | None = None


class Entry(_DataType):
    """Head of a substitution group: what all schedule entries begin with."""

    TimeInterval: RelativeTimeInterval | TimeInterval


class PMaxScheduleEntry(Entry):
    """The most power from one time on."""

    PMax: PhysicalValue


class PMaxSchedule(_DataType):
    """The most power over time."""

    PMaxScheduleEntry: Annotated[tuple[PMaxScheduleEntry, ...], Occurs(1, 1024)]


class Cost(_DataType):
    """One kind of cost."""

    costKind: CostKind
    amount: xs_unsignedInt
    amountMultiplier: unitMultiplierType | None = None


class ConsumptionCost(_DataType):
    """What energy costs from one consumption on."""

    startValue: PhysicalValue
    Cost: Annotated[tuple[Cost, ...], Occurs(1, 3)]


class SalesTariffEntry(Entry):
    """What energy costs from one time on."""

    EPriceLevel: xs_unsignedByte | None = None
    ConsumptionCost: Annotated[tuple[ConsumptionCost, ...], Occurs(0, 3)] = ()


class SalesTariff(_DataType, tag=True):
    """What energy costs over time; signed where it comes from elsewhere than the charger."""

    Id: DataTypeId | None = None
    SalesTariffID: SAIDType
    SalesTariffDescription: tariffDescriptionType | None = None
    NumEPriceLevels: xs_unsignedByte | None = None
    SalesTariffEntry: Annotated[tuple[SalesTariffEntry, ...], Occurs(1, 1024)]


class SAScheduleTuple(_DataType):
    """One schedule the car may choose."""

    SAScheduleTupleID: SAIDType
    PMaxSchedule: PMaxSchedule
    SalesTariff: SalesTariff | None = None


class SASchedules(_DataType, tag=True):
    """Head of a substitution group."""


class SAScheduleList(SASchedules):
    """The schedules the car may choose from."""

    SAScheduleTuple: Annotated[tuple[SAScheduleTuple, ...], Occurs(1, 3)]


class ProfileEntry(_DataType):
    """The most power the car will draw from one time on."""

    ChargingProfileEntryStart: xs_unsignedInt
    "Seconds from PowerDeliveryReq on."
    ChargingProfileEntryMaxPower: PhysicalValue
    ChargingProfileEntryMaxNumberOfPhasesInUse: maxNumPhasesType | None = None


class ChargingProfile(_DataType):
    """How the car will charge."""

    ProfileEntry: Annotated[tuple[ProfileEntry, ...], Occurs(1, 24)]


# --- status and charge parameters ------------------------------------------------------------
class EVStatus(_DataType, tag=True):
    """Head of a substitution group."""


class DC_EVStatus(EVStatus):
    """The car's state, in most of its requests."""

    EVReady: bool
    EVErrorCode: DC_EVErrorCode
    EVRESSSOC: percentValueType
    "State of charge in percent."


class EVSEStatus(_DataType, tag=True):
    """Head of a substitution group: what all chargers' states begin with."""

    NotificationMaxDelay: xs_unsignedShort
    "Seconds until the car must have followed EVSENotification."
    EVSENotification: EVSENotification


class AC_EVSEStatus(EVSEStatus):
    """An AC charger's state."""

    RCD: bool


class DC_EVSEStatus(EVSEStatus):
    """A DC charger's state."""

    EVSEIsolationStatus: IsolationLevel | None = None
    EVSEStatusCode: DC_EVSEStatusCode


class EVChargeParameter(_DataType, tag=True):
    """Head of a substitution group: what all cars' parameters begin with."""

    DepartureTime: xs_unsignedInt | None = None
    "Seconds from now on."


class AC_EVChargeParameter(EVChargeParameter):
    """What the car takes at an AC charger."""

    EAmount: PhysicalValue
    EVMaxVoltage: PhysicalValue
    EVMaxCurrent: PhysicalValue
    EVMinCurrent: PhysicalValue


class DC_EVChargeParameter(EVChargeParameter):
    """What the car takes at a DC charger."""

    DC_EVStatus: DC_EVStatus
    EVMaximumCurrentLimit: PhysicalValue
    EVMaximumPowerLimit: PhysicalValue | None = None
    EVMaximumVoltageLimit: PhysicalValue
    EVEnergyCapacity: PhysicalValue | None = None
    EVEnergyRequest: PhysicalValue | None = None
    FullSOC: percentValueType | None = None
    BulkSOC: percentValueType | None = None


class EVSEChargeParameter(_DataType, tag=True):
    """Head of a substitution group."""


class AC_EVSEChargeParameter(EVSEChargeParameter):
    """What an AC charger gives."""

    AC_EVSEStatus: AC_EVSEStatus
    EVSENominalVoltage: PhysicalValue
    EVSEMaxCurrent: PhysicalValue


class DC_EVSEChargeParameter(EVSEChargeParameter):
    """What a DC charger gives."""

    DC_EVSEStatus: DC_EVSEStatus
    EVSEMaximumCurrentLimit: PhysicalValue
    EVSEMaximumPowerLimit: PhysicalValue
    EVSEMaximumVoltageLimit: PhysicalValue
    EVSEMinimumCurrentLimit: PhysicalValue
    EVSEMinimumVoltageLimit: PhysicalValue
    EVSECurrentRegulationTolerance: PhysicalValue | None = None
    EVSEPeakCurrentRipple: PhysicalValue
    EVSEEnergyToBeDelivered: PhysicalValue | None = None


class EVPowerDeliveryParameter(_DataType, tag=True):
    """Head of a substitution group."""


class DC_EVPowerDeliveryParameter(EVPowerDeliveryParameter):
    """The car's state when power is switched."""

    DC_EVStatus: DC_EVStatus
    BulkChargingComplete: bool | None = None
    ChargingComplete: bool


# --- messages --------------------------------------------------------------------------------
class BodyElement(ComplexType, tag=True):
    """Head of the substitution group of all messages."""

    namespace = MSG_BODY


class _Message(BodyElement):
    """A message."""


class SessionSetupReq(_Message):
    """The car asks for a session, or to go on with a paused one (by the header's SessionID)."""

    EVCCID: evccIDType
    "The car's MAC address."


class SessionSetupRes(_Message):
    """The charger gives the SessionID, in the header."""

    ResponseCode: ResponseCode
    EVSEID: evseIDType
    EVSETimeStamp: xs_long | None = None
    "Seconds since 1970."


class ServiceDiscoveryReq(_Message):
    """The car asks what there is."""

    ServiceScope: serviceScopeType | None = None
    ServiceCategory: ServiceCategory | None = None


class ServiceDiscoveryRes(_Message):
    """How to pay, how to charge, and what else there is."""

    ResponseCode: ResponseCode
    PaymentOptionList: PaymentOptionList
    ChargeService: ChargeService
    ServiceList: ServiceList | None = None


class ServiceDetailReq(_Message):
    """The car asks for a service's parameters."""

    ServiceID: serviceIDType


class ServiceDetailRes(_Message):
    """A service's parameters."""

    ResponseCode: ResponseCode
    ServiceID: serviceIDType
    ServiceParameterList: ServiceParameterList | None = None


class PaymentServiceSelectionReq(_Message):
    """The car chooses how to pay, and its services."""

    SelectedPaymentOption: PaymentOption
    SelectedServiceList: SelectedServiceList


class PaymentServiceSelectionRes(_Message):
    """The charger agrees or not."""

    ResponseCode: ResponseCode


class PaymentDetailsReq(_Message):
    """The car shows its contract."""

    eMAID: eMAIDType
    ContractSignatureCertChain: ContractSignatureCertChain


class PaymentDetailsRes(_Message):
    """The charger's challenge, to be signed in AuthorizationReq."""

    ResponseCode: ResponseCode
    GenChallenge: genChallengeType
    EVSETimeStamp: xs_long
    "Seconds since 1970."


class AuthorizationReq(_Message):
    """May we charge? Signed where the car pays by contract."""

    Id: BodyId | None = None
    GenChallenge: genChallengeType | None = None


class AuthorizationRes(_Message):
    """Whether the car may charge, or when the user has not yet said so, Ongoing."""

    ResponseCode: ResponseCode
    EVSEProcessing: EVSEProcessing


class ChargeParameterDiscoveryReq(_Message):
    """The car's limits."""

    MaxEntriesSAScheduleTuple: xs_unsignedShort | None = None
    RequestedEnergyTransferMode: EnergyTransferMode
    EVChargeParameter: AC_EVChargeParameter | DC_EVChargeParameter


class ChargeParameterDiscoveryRes(_Message):
    """The charger's limits and schedules."""

    ResponseCode: ResponseCode
    EVSEProcessing: EVSEProcessing
    SASchedules: SAScheduleList | SASchedules | None = None
    EVSEChargeParameter: AC_EVSEChargeParameter | DC_EVSEChargeParameter


class PowerDeliveryReq(_Message):
    """The car starts, stops or renegotiates."""

    ChargeProgress: ChargeProgress
    SAScheduleTupleID: SAIDType
    ChargingProfile: ChargingProfile | None = None
    EVPowerDeliveryParameter: DC_EVPowerDeliveryParameter | EVPowerDeliveryParameter | None = None


class PowerDeliveryRes(_Message):
    """The charger has switched, or not."""

    ResponseCode: ResponseCode
    EVSEStatus: AC_EVSEStatus | DC_EVSEStatus


class MeteringReceiptReq(_Message):
    """The car signs what the meter said."""

    Id: BodyId | None = None
    SessionID: sessionIDType
    SAScheduleTupleID: SAIDType | None = None
    MeterInfo: MeterInfo


class MeteringReceiptRes(_Message):
    """The charger has the receipt."""

    ResponseCode: ResponseCode
    EVSEStatus: AC_EVSEStatus | DC_EVSEStatus


class SessionStopReq(_Message):
    """The car ends the session, or pauses it."""

    ChargingSession: ChargingSession


class SessionStopRes(_Message):
    """The session is over."""

    ResponseCode: ResponseCode


class CertificateUpdateReq(_Message):
    """The car wants a newer contract certificate."""

    Id: BodyId
    ContractSignatureCertChain: ContractSignatureCertChain
    eMAID: eMAIDType
    ListOfRootCertificateIDs: ListOfRootCertificateIDs


class CertificateUpdateRes(_Message):
    """A newer contract certificate, and its key."""

    ResponseCode: ResponseCode
    SAProvisioningCertificateChain: CertificateChain
    ContractSignatureCertChain: ContractSignatureCertChain
    ContractSignatureEncryptedPrivateKey: ContractSignatureEncryptedPrivateKey
    DHpublickey: DHpublickey
    eMAID: eMAID
    RetryCounter: xs_short | None = None
    "Days until the car may ask again; 0: at once, -1: never."


class CertificateInstallationReq(_Message):
    """The car wants its first contract certificate."""

    Id: BodyId
    OEMProvisioningCert: certificateType
    ListOfRootCertificateIDs: ListOfRootCertificateIDs


class CertificateInstallationRes(_Message):
    """The first contract certificate, and its key."""

    ResponseCode: ResponseCode
    SAProvisioningCertificateChain: CertificateChain
    ContractSignatureCertChain: ContractSignatureCertChain
    ContractSignatureEncryptedPrivateKey: ContractSignatureEncryptedPrivateKey
    DHpublickey: DHpublickey
    eMAID: eMAID


class ChargingStatusReq(_Message):
    """The car's turn in the AC charge loop."""


class ChargingStatusRes(_Message):
    """The charger's turn in the AC charge loop."""

    ResponseCode: ResponseCode
    EVSEID: evseIDType
    SAScheduleTupleID: SAIDType
    EVSEMaxCurrent: PhysicalValue | None = None
    MeterInfo: MeterInfo | None = None
    ReceiptRequired: bool | None = None
    AC_EVSEStatus: AC_EVSEStatus


class CableCheckReq(_Message):
    """The car asks for a test of the insulation."""

    DC_EVStatus: DC_EVStatus


class CableCheckRes(_Message):
    """How the test of the insulation goes."""

    ResponseCode: ResponseCode
    DC_EVSEStatus: DC_EVSEStatus
    EVSEProcessing: EVSEProcessing


class PreChargeReq(_Message):
    """The car asks for its battery's voltage."""

    DC_EVStatus: DC_EVStatus
    EVTargetVoltage: PhysicalValue
    EVTargetCurrent: PhysicalValue


class PreChargeRes(_Message):
    """The voltage the charger sees."""

    ResponseCode: ResponseCode
    DC_EVSEStatus: DC_EVSEStatus
    EVSEPresentVoltage: PhysicalValue


class CurrentDemandReq(_Message):
    """The car's turn in the DC charge loop."""

    DC_EVStatus: DC_EVStatus
    EVTargetCurrent: PhysicalValue
    EVMaximumVoltageLimit: PhysicalValue | None = None
    EVMaximumCurrentLimit: PhysicalValue | None = None
    EVMaximumPowerLimit: PhysicalValue | None = None
    BulkChargingComplete: bool | None = None
    ChargingComplete: bool
    RemainingTimeToFullSoC: PhysicalValue | None = None
    RemainingTimeToBulkSoC: PhysicalValue | None = None
    EVTargetVoltage: PhysicalValue


class CurrentDemandRes(_Message):
    """The charger's turn in the DC charge loop."""

    ResponseCode: ResponseCode
    DC_EVSEStatus: DC_EVSEStatus
    EVSEPresentVoltage: PhysicalValue
    EVSEPresentCurrent: PhysicalValue
    EVSECurrentLimitAchieved: bool
    EVSEVoltageLimitAchieved: bool
    EVSEPowerLimitAchieved: bool
    EVSEMaximumVoltageLimit: PhysicalValue | None = None
    EVSEMaximumCurrentLimit: PhysicalValue | None = None
    EVSEMaximumPowerLimit: PhysicalValue | None = None
    EVSEID: evseIDType
    SAScheduleTupleID: SAIDType
    MeterInfo: MeterInfo | None = None
    ReceiptRequired: bool | None = None


class WeldingDetectionReq(_Message):
    """The car asks for the voltage on the cable, its contactors open."""

    DC_EVStatus: DC_EVStatus


class WeldingDetectionRes(_Message):
    """The voltage the charger sees."""

    ResponseCode: ResponseCode
    DC_EVSEStatus: DC_EVSEStatus
    EVSEPresentVoltage: PhysicalValue


# --- the envelope ----------------------------------------------------------------------------
Message: TypeAlias = (
    AuthorizationReq
    | AuthorizationRes
    | CableCheckReq
    | CableCheckRes
    | CertificateInstallationReq
    | CertificateInstallationRes
    | CertificateUpdateReq
    | CertificateUpdateRes
    | ChargeParameterDiscoveryReq
    | ChargeParameterDiscoveryRes
    | ChargingStatusReq
    | ChargingStatusRes
    | CurrentDemandReq
    | CurrentDemandRes
    | MeteringReceiptReq
    | MeteringReceiptRes
    | PaymentDetailsReq
    | PaymentDetailsRes
    | PaymentServiceSelectionReq
    | PaymentServiceSelectionRes
    | PowerDeliveryReq
    | PowerDeliveryRes
    | PreChargeReq
    | PreChargeRes
    | ServiceDetailReq
    | ServiceDetailRes
    | ServiceDiscoveryReq
    | ServiceDiscoveryRes
    | SessionSetupReq
    | SessionSetupRes
    | SessionStopReq
    | SessionStopRes
    | WeldingDetectionReq
    | WeldingDetectionRes
)
"Every message that may stand in a Body."


class MessageHeader(ComplexType):
    """The header of every message."""

    namespace = MSG_HEADER

    SessionID: sessionIDType
    "As the SECC gave it; 0 to 8 octets, echoed as received."
    Notification: Notification | None = None
    Signature: SignatureElement = None


class Body(ComplexType):
    """The body of every message."""

    namespace = MSG_BODY

    BodyElement: Message | None = None


class V2G_Message(ComplexType):
    """What travels: one header, one body."""

    namespace = MSG_DEF

    Header: MessageHeader
    Body: Body


SCHEMA: Final = Schema(
    name="iso2",
    elements=(
        *Message.__args__,
        *xmldsig.ELEMENTS,
        AC_EVChargeParameter,
        AC_EVSEChargeParameter,
        AC_EVSEStatus,
        BodyElement,
        DC_EVChargeParameter,
        DC_EVPowerDeliveryParameter,
        DC_EVSEChargeParameter,
        DC_EVSEStatus,
        DC_EVStatus,
        EVChargeParameter,
        EVPowerDeliveryParameter,
        EVSEChargeParameter,
        EVSEStatus,
        EVStatus,
        Entry,
        PMaxScheduleEntry,
        RelativeTimeInterval,
        SAScheduleList,
        SASchedules,
        SalesTariffEntry,
        TimeInterval,
        V2G_Message,
    ),
    simple_elements=xmldsig.SIMPLE_ELEMENTS,
    roots=(V2G_Message,),
    fragments=(
        AuthorizationReq,
        CertificateInstallationReq,
        CertificateUpdateReq,
        ContractSignatureCertChain,
        ContractSignatureEncryptedPrivateKey,
        DHpublickey,
        MeteringReceiptReq,
        SalesTariff,
        xmldsig.SignedInfo,
        eMAID,
    ),
    abstract=(
        BodyElement,
        EVChargeParameter,
        EVPowerDeliveryParameter,
        EVSEChargeParameter,
        EVSEStatus,
        EVStatus,
        Entry,
        SASchedules,
        TimeInterval,
    ),
)
