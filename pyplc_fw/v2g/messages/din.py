"""The messages of DIN SPEC 70121, all of them. Source: its schema, urn:din:70121:2012."""

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
    Global,
    Integer,
    Item,
    Occurs,
    Schema,
    Text,
    xs_byte,
    xs_IDREF,
    xs_int,
    xs_long,
    xs_short,
    xs_string,
    xs_unsignedByte,
    xs_unsignedInt,
    xs_unsignedShort,
)

MSG_DEF: Final = "urn:din:70121:2012:MsgDef"
MSG_HEADER: Final = "urn:din:70121:2012:MsgHeader"
MSG_BODY: Final = "urn:din:70121:2012:MsgBody"
MSG_DATA_TYPES: Final = "urn:din:70121:2012:MsgDataTypes"

# --- simple types, under the schema's names --------------------------------------------------
sessionIDType: TypeAlias = Annotated[bytes, Binary(HEX, 8)]
evccIDType: TypeAlias = Annotated[bytes, Binary(HEX, 8)]
evseIDType: TypeAlias = Annotated[bytes, Binary(HEX, 32)]
serviceIDType: TypeAlias = xs_unsignedShort
serviceNameType: TypeAlias = Annotated[str, Text(32)]
serviceScopeType: TypeAlias = Annotated[str, Text(32)]
contractIDType: TypeAlias = Annotated[str, Text(24)]
meterIDType: TypeAlias = Annotated[str, Text(32)]
meterStatusType: TypeAlias = xs_short
faultMsgType: TypeAlias = Annotated[str, Text(64)]
genChallengeType: TypeAlias = xs_string
certificateType: TypeAlias = Annotated[bytes, Binary(BASE64, 1200)]
rootCertificateIDType: TypeAlias = Annotated[str, Text(40)]
dHParamsType: TypeAlias = Annotated[bytes, Binary(BASE64, 256)]
privateKeyType: TypeAlias = Annotated[bytes, Binary(BASE64, 128)]
sigMeterReadingType: TypeAlias = Annotated[bytes, Binary(BASE64, 32)]
percentValueType: TypeAlias = Annotated[int, Integer(0, 100)]
PMaxType: TypeAlias = xs_short
SAIDType: TypeAlias = xs_short
tariffDescriptionType: TypeAlias = Annotated[str, Text(32)]
unitMultiplierType: TypeAlias = Annotated[int, Integer(-3, 3)]


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
    FAILED_EVSEPresentVoltageToLow = "FAILED_EVSEPresentVoltageToLow"
    FAILED_MeteringSignatureNotValid = "FAILED_MeteringSignatureNotValid"
    FAILED_WrongEnergyTransferType = "FAILED_WrongEnergyTransferType"


class FaultCode(Enum):
    """faultCodeType."""

    ParsingError = "ParsingError"
    NoTLSRootCertificatAvailable = "NoTLSRootCertificatAvailable"
    UnknownError = "UnknownError"


class EVSEProcessing(Enum):
    """EVSEProcessingType."""

    Finished = "Finished"
    Ongoing = "Ongoing"


class EVSENotification(Enum):
    """EVSENotificationType."""

    None_ = "None"
    StopCharging = "StopCharging"
    ReNegotiation = "ReNegotiation"


class ServiceCategory(Enum):
    """serviceCategoryType."""

    EVCharging = "EVCharging"
    Internet = "Internet"
    ContractCertificate = "ContractCertificate"
    OtherCustom = "OtherCustom"


class EVSESupportedEnergyTransferType(Enum):
    """What a charger offers in ServiceDiscoveryRes."""

    AC_single_phase_core = "AC_single_phase_core"
    AC_three_phase_core = "AC_three_phase_core"
    DC_core = "DC_core"
    DC_extended = "DC_extended"
    DC_combo_core = "DC_combo_core"
    DC_dual = "DC_dual"
    AC_core1p_DC_extended = "AC_core1p_DC_extended"
    AC_single_DC_core = "AC_single_DC_core"
    AC_single_phase_three_phase_core_DC_extended = "AC_single_phase_three_phase_core_DC_extended"
    AC_core3p_DC_extended = "AC_core3p_DC_extended"


class EVRequestedEnergyTransferType(Enum):
    """What a car asks for in ChargeParameterDiscoveryReq."""

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


class ValueType(Enum):
    """valueType: which of a Parameter's six elements holds the value."""

    bool = "bool"
    byte = "byte"
    short = "short"
    int = "int"
    physicalValue = "physicalValue"
    string = "string"


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
    Ah = "Ah"
    V = "V"
    VA = "VA"
    W = "W"
    W_s = "W/s"
    Wh = "Wh"


class IsolationLevel(Enum):
    """isolationLevelType."""

    Invalid = "Invalid"
    Valid = "Valid"
    Warning = "Warning"
    Fault = "Fault"


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
    """A quantity: Value x 10^Multiplier in Unit, which many peers leave out."""

    Multiplier: unitMultiplierType
    Unit: UnitSymbol | None = None
    Value: xs_short

    @property
    def si(self) -> float:
        """The quantity without its prefix; hours and minutes in seconds, Wh stay Wh."""
        value = self.Value * _SECONDS.get(self.Unit, 1) if self.Unit else self.Value
        return in_si(value, self.Multiplier)


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


class ServiceTag(_DataType):
    """What names a service."""

    ServiceID: serviceIDType
    ServiceName: serviceNameType | None = None
    ServiceCategory: ServiceCategory
    ServiceScope: serviceScopeType | None = None


class Service(_DataType):
    """One service of the charger."""

    ServiceTag: ServiceTag
    FreeService: bool


class ServiceTagList(_DataType):
    """The services of the charger beside charging."""

    Service: Annotated[tuple[Service, ...], Occurs(1)]


class ServiceCharge(Service):
    """The charging service."""

    EnergyTransferType: EVSESupportedEnergyTransferType


class PaymentOptions(_DataType):
    """How the charger may be paid."""

    PaymentOption: Annotated[tuple[PaymentOption, ...], Occurs(1)]


class SelectedService(_DataType):
    """One service the car takes."""

    ServiceID: serviceIDType
    ParameterSetID: xs_short | None = None


class SelectedServiceList(_DataType):
    """The services the car takes."""

    SelectedService: Annotated[tuple[SelectedService, ...], Occurs(1)]


class Parameter(_DataType):
    """One named value: exactly one of the six elements is present."""

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

    Name: Annotated[xs_string, Attribute()]
    ValueType: Annotated[ValueType, Attribute()]
    boolValue: bool | None = None
    byteValue: xs_byte | None = None
    shortValue: xs_short | None = None
    intValue: xs_int | None = None
    physicalValue: PhysicalValue | None = None
    stringValue: xs_string | None = None


class ParameterSet(_DataType):
    """One set of a service's parameters."""

    ParameterSetID: xs_short
    Parameter: Annotated[tuple[Parameter, ...], Occurs(1)]


class ServiceParameterList(_DataType):
    """The parameter sets of a service."""

    ParameterSet: Annotated[tuple[ParameterSet, ...], Occurs(1)]


class SubCertificates(_DataType):
    """The certificates between leaf and root."""

    Certificate: Annotated[tuple[certificateType, ...], Occurs(1)]


class CertificateChain(_DataType):
    """A certificate and those above it."""

    Certificate: certificateType
    SubCertificates: SubCertificates | None = None


class ListOfRootCertificateIDs(_DataType):
    """The roots the car trusts."""

    RootCertificateID: Annotated[tuple[rootCertificateIDType, ...], Occurs(1)]


class MeterInfo(_DataType):
    """What the charger's meter shows."""

    MeterID: meterIDType
    MeterReading: PhysicalValue | None = None
    SigMeterReading: sigMeterReadingType | None = None
    MeterStatus: meterStatusType | None = None
    TMeter: xs_long | None = None


class Notification(_DataType):
    """A fault told in the header."""

    FaultCode: FaultCode
    FaultMsg: faultMsgType | None = None


# --- schedules and tariffs -------------------------------------------------------------------
class TimeInterval(_DataType, tag=True):
    """Head of a substitution group."""


class RelativeTimeInterval(TimeInterval):
    """Seconds from the message's time on."""

    start: xs_unsignedInt
    duration: xs_unsignedInt | None = None


class Entry(_DataType):
    """Head of a substitution group: what all schedule entries begin with."""

    TimeInterval: RelativeTimeInterval | TimeInterval


class PMaxScheduleEntry(Entry):
    """The most power from one time on."""

    PMax: PMaxType


class PMaxSchedule(_DataType):
    """The most power over time."""

    PMaxScheduleID: SAIDType
    PMaxScheduleEntry: Annotated[tuple[PMaxScheduleEntry, ...], Occurs(1)]


class Cost(_DataType):
    """One kind of cost."""

    costKind: CostKind
    amount: xs_unsignedInt
    amountMultiplier: unitMultiplierType | None = None


class ConsumptionCost(_DataType):
    """Costs from one power on."""

    startValue: xs_unsignedInt
    Cost: Annotated[tuple[Cost, ...], Occurs(0)] = ()


class SalesTariffEntry(Entry):
    """The price level from one time on."""

    EPriceLevel: xs_unsignedByte
    ConsumptionCost: Annotated[tuple[ConsumptionCost, ...], Occurs(0)] = ()


class SalesTariff(_DataType):
    """Prices over time."""

    Id: Annotated[xs_IDREF, Attribute()]
    SalesTariffID: SAIDType
    SalesTariffDescription: tariffDescriptionType | None = None
    NumEPriceLevels: xs_unsignedByte
    SalesTariffEntry: Annotated[tuple[SalesTariffEntry, ...], Occurs(1)]


class SAScheduleTuple(_DataType):
    """One schedule the car may choose."""

    SAScheduleTupleID: SAIDType
    PMaxSchedule: PMaxSchedule
    SalesTariff: SalesTariff | None = None


class SASchedules(_DataType, tag=True):
    """Head of a substitution group. An early pyPLC charger sends it bare."""


class SAScheduleList(SASchedules):
    """The schedules the car may choose from."""

    SAScheduleTuple: Annotated[tuple[SAScheduleTuple, ...], Occurs(1)]


class ProfileEntry(_DataType):
    """The most power the car will draw from one time on."""

    ChargingProfileEntryStart: xs_unsignedInt
    ChargingProfileEntryMaxPower: PMaxType


class ChargingProfile(_DataType):
    """How the car will charge."""

    SAScheduleTupleID: SAIDType
    ProfileEntry: Annotated[tuple[ProfileEntry, ...], Occurs(1)]


# --- status and charge parameters ------------------------------------------------------------
class EVStatus(_DataType, tag=True):
    """Head of a substitution group."""


class DC_EVStatus(EVStatus):
    """The car's state, in most of its requests."""

    EVReady: bool
    EVCabinConditioning: bool | None = None
    EVRESSConditioning: bool | None = None
    EVErrorCode: DC_EVErrorCode
    EVRESSSOC: percentValueType
    "State of charge in percent."


class EVSEStatus(_DataType, tag=True):
    """Head of a substitution group."""


class AC_EVSEStatus(EVSEStatus):
    """An AC charger's state."""

    PowerSwitchClosed: bool
    RCD: bool
    NotificationMaxDelay: xs_unsignedInt
    EVSENotification: EVSENotification


class DC_EVSEStatus(EVSEStatus):
    """A DC charger's state."""

    EVSEIsolationStatus: IsolationLevel | None = None
    EVSEStatusCode: DC_EVSEStatusCode
    NotificationMaxDelay: xs_unsignedInt
    "Seconds until the car must have followed EVSENotification."
    EVSENotification: EVSENotification


class EVChargeParameter(_DataType, tag=True):
    """Head of a substitution group."""


class AC_EVChargeParameter(EVChargeParameter):
    """What the car can take from an AC charger."""

    DepartureTime: xs_unsignedInt
    EAmount: PhysicalValue
    EVMaxVoltage: PhysicalValue
    EVMaxCurrent: PhysicalValue
    EVMinCurrent: PhysicalValue


class DC_EVChargeParameter(EVChargeParameter):
    """What the car can take from a DC charger."""

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
    """What an AC charger can give."""

    AC_EVSEStatus: AC_EVSEStatus
    EVSEMaxVoltage: PhysicalValue
    EVSEMaxCurrent: PhysicalValue
    EVSEMinCurrent: PhysicalValue


class DC_EVSEChargeParameter(EVSEChargeParameter):
    """What a DC charger can give."""

    DC_EVSEStatus: DC_EVSEStatus
    EVSEMaximumCurrentLimit: PhysicalValue
    EVSEMaximumPowerLimit: PhysicalValue | None = None
    EVSEMaximumVoltageLimit: PhysicalValue
    EVSEMinimumCurrentLimit: PhysicalValue
    EVSEMinimumVoltageLimit: PhysicalValue
    EVSECurrentRegulationTolerance: PhysicalValue | None = None
    EVSEPeakCurrentRipple: PhysicalValue
    EVSEEnergyToBeDelivered: PhysicalValue | None = None


class EVPowerDeliveryParameter(_DataType, tag=True):
    """Head of a substitution group."""


class DC_EVPowerDeliveryParameter(EVPowerDeliveryParameter):
    """The car's state as power delivery begins or ends."""

    DC_EVStatus: DC_EVStatus
    BulkChargingComplete: bool | None = None
    ChargingComplete: bool


# --- messages --------------------------------------------------------------------------------
class BodyElement(ComplexType, tag=True):
    """Head of the substitution group of all messages; never on the wire itself."""

    namespace = MSG_DEF


class _Message(BodyElement):
    """A message of MsgBody."""

    namespace = MSG_BODY


class SessionSetupReq(_Message):
    """The car opens a session."""

    EVCCID: evccIDType


class SessionSetupRes(_Message):
    """The charger gives the session its id (in the header)."""

    ResponseCode: ResponseCode
    EVSEID: evseIDType
    DateTimeNow: xs_long | None = None
    "Seconds since 1970."


class ServiceDiscoveryReq(_Message):
    """The car asks what is offered."""

    ServiceScope: serviceScopeType | None = None
    ServiceCategory: ServiceCategory | None = None


class ServiceDiscoveryRes(_Message):
    """The charger says what it offers."""

    ResponseCode: ResponseCode
    PaymentOptions: PaymentOptions
    ChargeService: ServiceCharge
    ServiceList: ServiceTagList | None = None


class ServiceDetailReq(_Message):
    """The car asks for a service's parameters."""

    ServiceID: serviceIDType


class ServiceDetailRes(_Message):
    """The charger gives a service's parameters."""

    ResponseCode: ResponseCode
    ServiceID: serviceIDType
    ServiceParameterList: ServiceParameterList | None = None


class ServicePaymentSelectionReq(_Message):
    """The car chooses payment and services."""

    SelectedPaymentOption: PaymentOption
    SelectedServiceList: SelectedServiceList


class ServicePaymentSelectionRes(_Message):
    """The charger agrees."""

    ResponseCode: ResponseCode


class PaymentDetailsReq(_Message):
    """The car shows its contract."""

    ContractID: contractIDType
    ContractSignatureCertChain: CertificateChain


class PaymentDetailsRes(_Message):
    """The charger challenges it."""

    ResponseCode: ResponseCode
    GenChallenge: genChallengeType
    DateTimeNow: xs_long
    "Seconds since 1970."


class ContractAuthenticationReq(_Message):
    """The car asks whether it may charge."""

    Id: Annotated[xs_IDREF | None, Attribute()] = None
    GenChallenge: genChallengeType | None = None


class ContractAuthenticationRes(_Message):
    """The charger says so, or makes it wait."""

    ResponseCode: ResponseCode
    EVSEProcessing: EVSEProcessing


class ChargeParameterDiscoveryReq(_Message):
    """The car says what it can take."""

    EVRequestedEnergyTransferType: EVRequestedEnergyTransferType
    EVChargeParameter: AC_EVChargeParameter | DC_EVChargeParameter | EVChargeParameter


class ChargeParameterDiscoveryRes(_Message):
    """The charger says what it can give, or makes it wait."""

    ResponseCode: ResponseCode
    EVSEProcessing: EVSEProcessing
    SASchedules: SAScheduleList | SASchedules
    EVSEChargeParameter: AC_EVSEChargeParameter | DC_EVSEChargeParameter | EVSEChargeParameter


class PowerDeliveryReq(_Message):
    """The car starts or ends the power transfer."""

    ReadyToChargeState: bool
    ChargingProfile: ChargingProfile | None = None
    EVPowerDeliveryParameter: DC_EVPowerDeliveryParameter | EVPowerDeliveryParameter | None = None


class PowerDeliveryRes(_Message):
    """The charger agrees."""

    ResponseCode: ResponseCode
    EVSEStatus: AC_EVSEStatus | DC_EVSEStatus | EVSEStatus


class ChargingStatusReq(_Message):
    """An AC car asks how it stands."""


class ChargingStatusRes(_Message):
    """An AC charger says how it stands."""

    ResponseCode: ResponseCode
    EVSEID: evseIDType
    SAScheduleTupleID: SAIDType
    EVSEMaxCurrent: PhysicalValue | None = None
    MeterInfo: MeterInfo | None = None
    ReceiptRequired: bool
    AC_EVSEStatus: AC_EVSEStatus


class MeteringReceiptReq(_Message):
    """The car signs for what it got."""

    Id: Annotated[xs_IDREF | None, Attribute()] = None
    SessionID: sessionIDType
    SAScheduleTupleID: SAIDType | None = None
    MeterInfo: MeterInfo


class MeteringReceiptRes(_Message):
    """The charger takes the receipt."""

    ResponseCode: ResponseCode
    AC_EVSEStatus: AC_EVSEStatus


class SessionStopReq(_Message):
    """The car ends the session."""


class SessionStopRes(_Message):
    """The charger agrees."""

    ResponseCode: ResponseCode


class CertificateUpdateReq(_Message):
    """The car asks for a new contract certificate."""

    Id: Annotated[xs_IDREF | None, Attribute()] = None
    ContractSignatureCertChain: CertificateChain
    ContractID: contractIDType
    ListOfRootCertificateIDs: ListOfRootCertificateIDs
    DHParams: dHParamsType


class CertificateUpdateRes(_Message):
    """The new contract certificate."""

    Id: Annotated[xs_IDREF, Attribute()]
    ResponseCode: ResponseCode
    ContractSignatureCertChain: CertificateChain
    ContractSignatureEncryptedPrivateKey: privateKeyType
    DHParams: dHParamsType
    ContractID: contractIDType
    RetryCounter: xs_short


class CertificateInstallationReq(_Message):
    """The car asks for its first contract certificate."""

    Id: Annotated[xs_IDREF | None, Attribute()] = None
    OEMProvisioningCert: certificateType
    ListOfRootCertificateIDs: ListOfRootCertificateIDs
    DHParams: dHParamsType


class CertificateInstallationRes(_Message):
    """The first contract certificate."""

    Id: Annotated[xs_IDREF, Attribute()]
    ResponseCode: ResponseCode
    ContractSignatureCertChain: CertificateChain
    ContractSignatureEncryptedPrivateKey: privateKeyType
    DHParams: dHParamsType
    ContractID: contractIDType


class CableCheckReq(_Message):
    """The car asks for the insulation test."""

    DC_EVStatus: DC_EVStatus


class CableCheckRes(_Message):
    """Where the insulation test stands."""

    ResponseCode: ResponseCode
    DC_EVSEStatus: DC_EVSEStatus
    EVSEProcessing: EVSEProcessing


class PreChargeReq(_Message):
    """The car asks for its battery's voltage."""

    DC_EVStatus: DC_EVStatus
    EVTargetVoltage: PhysicalValue
    EVTargetCurrent: PhysicalValue


class PreChargeRes(_Message):
    """The voltage the charger has reached."""

    ResponseCode: ResponseCode
    DC_EVSEStatus: DC_EVSEStatus
    EVSEPresentVoltage: PhysicalValue


class CurrentDemandReq(_Message):
    """The car asks for current, again and again."""

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
    """What the charger gives."""

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


class WeldingDetectionReq(_Message):
    """The car tests its contactors."""

    DC_EVStatus: DC_EVStatus


class WeldingDetectionRes(_Message):
    """The voltage the charger sees."""

    ResponseCode: ResponseCode
    DC_EVSEStatus: DC_EVSEStatus
    EVSEPresentVoltage: PhysicalValue


# --- the envelope ----------------------------------------------------------------------------
Message: TypeAlias = (
    CableCheckReq
    | CableCheckRes
    | CertificateInstallationReq
    | CertificateInstallationRes
    | CertificateUpdateReq
    | CertificateUpdateRes
    | ChargeParameterDiscoveryReq
    | ChargeParameterDiscoveryRes
    | ChargingStatusReq
    | ChargingStatusRes
    | ContractAuthenticationReq
    | ContractAuthenticationRes
    | CurrentDemandReq
    | CurrentDemandRes
    | MeteringReceiptReq
    | MeteringReceiptRes
    | PaymentDetailsReq
    | PaymentDetailsRes
    | PowerDeliveryReq
    | PowerDeliveryRes
    | PreChargeReq
    | PreChargeRes
    | ServiceDetailReq
    | ServiceDetailRes
    | ServiceDiscoveryReq
    | ServiceDiscoveryRes
    | ServicePaymentSelectionReq
    | ServicePaymentSelectionRes
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
    Signature: Annotated[xmldsig.Signature | None, Global(xmldsig.NAMESPACE)] = None


class Body(ComplexType):
    """The body of every message."""

    namespace = MSG_DEF

    BodyElement: Message | None = None


class V2G_Message(ComplexType):
    """What travels: one header, one body."""

    namespace = MSG_DEF

    Header: MessageHeader
    Body: Body


SCHEMA: Final = Schema(
    name="din",
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
        ServiceCharge,
        TimeInterval,
        V2G_Message,
    ),
    simple_elements=xmldsig.SIMPLE_ELEMENTS,
    roots=(V2G_Message,),
    fragments=(ContractAuthenticationReq, MeteringReceiptReq),
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
