"""CommonMessages of ISO 15118-20: the session around every kind of energy transfer.

Source: its schema, urn:iso:std:iso:15118:-20:CommonMessages.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Final, TypeAlias

from pyplc_fw.v2g.messages import xmldsig
from pyplc_fw.v2g.messages.iso20 import common_types
from pyplc_fw.v2g.messages.iso20.common_types import (
    EVSEStatus,
    ListOfRootCertificateIDs,
    MeterInfo,
    Processing,
    RationalNumber,
    Receipt,
    V2GRequest,
    V2GResponse,
    descriptionType,
    identifierType,
    nameType,
    numericIDType,
    percentValueType,
    sessionIDType,
)
from pyplc_fw.v2g.messages.schema import (
    BASE64,
    Attribute,
    Binary,
    Choice,
    ComplexType,
    Integer,
    Item,
    Occurs,
    Schema,
    Sequence,
    Text,
    xs_byte,
    xs_ID,
    xs_int,
    xs_short,
    xs_unsignedByte,
    xs_unsignedInt,
    xs_unsignedLong,
    xs_unsignedShort,
)

COMMON_MESSAGES: Final = "urn:iso:std:iso:15118:-20:CommonMessages"

# --- simple types, under the schema's names --------------------------------------------------
genChallengeType: TypeAlias = Annotated[bytes, Binary(BASE64, 16, 16)]
serviceIDType: TypeAlias = xs_unsignedShort
maxSupportingPointsScheduleTupleType: TypeAlias = Annotated[int, Integer(12, 1024)]
currencyType: TypeAlias = Annotated[str, Text(3)]
languageType: TypeAlias = Annotated[str, Text(3)]
certificateType: TypeAlias = Annotated[bytes, Binary(BASE64, 1600)]
dhPublicKeyType: TypeAlias = Annotated[bytes, Binary(BASE64, 133, 133)]
secp521_EncryptedPrivateKeyType: TypeAlias = Annotated[bytes, Binary(BASE64, 94, 94)]
x448_EncryptedPrivateKeyType: TypeAlias = Annotated[bytes, Binary(BASE64, 84, 84)]
tpm_EncryptedPrivateKeyType: TypeAlias = Annotated[bytes, Binary(BASE64, 206, 206)]

IdAttribute: TypeAlias = Annotated[xs_ID, Attribute(COMMON_MESSAGES)]
OptionalIdAttribute: TypeAlias = Annotated[xs_ID | None, Attribute(COMMON_MESSAGES)]


# --- enumerations, in schema order: the order is the encoding --------------------------------
class Authorization(Enum):
    """authorizationType: external payment, or Plug and Charge."""

    EIM = "EIM"
    PnC = "PnC"


class ChargeProgress(Enum):
    """chargeProgressType."""

    Start = "Start"
    Stop = "Stop"
    Standby = "Standby"
    ScheduleRenegotiation = "ScheduleRenegotiation"


class ChannelSelection(Enum):
    """channelSelectionType."""

    Charge = "Charge"
    Discharge = "Discharge"


class ChargingSession(Enum):
    """chargingSessionType."""

    Pause = "Pause"
    Terminate = "Terminate"
    ServiceRenegotiation = "ServiceRenegotiation"


class EcdhCurve(Enum):
    """ecdhCurveType."""

    SECP521 = "SECP521"
    X448 = "X448"


class EVCheckInStatus(Enum):
    """evCheckInStatusType."""

    CheckIn = "CheckIn"
    Processing = "Processing"
    Completed = "Completed"


class EVCheckOutStatus(Enum):
    """evCheckOutStatusType."""

    CheckOut = "CheckOut"
    Processing = "Processing"
    Completed = "Completed"


class EVSECheckOutStatus(Enum):
    """evseCheckOutStatusType."""

    Scheduled = "Scheduled"
    Completed = "Completed"


class ParkingMethod(Enum):
    """parkingMethodType."""

    AutoParking = "AutoParking"
    MVGuideManual = "MVGuideManual"
    Manual = "Manual"


class PowerToleranceAcceptance(Enum):
    """powerToleranceAcceptanceType."""

    PowerToleranceNotConfirmed = "PowerToleranceNotConfirmed"
    PowerToleranceConfirmed = "PowerToleranceConfirmed"


class _Type(ComplexType):
    """A type of CommonMessages."""

    namespace = COMMON_MESSAGES


class _SignedType(_Type, tag=True):
    """A type whose elements are signed, hence encoded as fragments."""


# --- certificates ----------------------------------------------------------------------------
class SubCertificates(_Type):
    """The certificates between leaf and root."""

    Certificate: Annotated[tuple[certificateType, ...], Occurs(1, 3)]


class CertificateChain(_Type):
    """A certificate and those above it."""

    Certificate: certificateType
    SubCertificates: SubCertificates | None = None


class SignedCertificateChain(_Type):
    """A certificate and those above it, signed."""

    Id: IdAttribute
    Certificate: certificateType
    SubCertificates: SubCertificates | None = None


class ContractCertificateChain(_Type):
    """A contract's certificate and those above it, of which there are always some."""

    Certificate: certificateType
    SubCertificates: SubCertificates


class EMAIDList(_Type):
    """The contracts that the car asks for, the most wanted first."""

    EMAID: Annotated[tuple[identifierType, ...], Occurs(1, 8)]


class SignedInstallationData(_SignedType):
    """A contract certificate with its private key, encrypted for the car by one of three means."""

    content_model = Sequence(
        (
            Item("ContractCertificateChain"),
            Item("ECDHCurve"),
            Item("DHPublicKey"),
            Choice(
                (
                    Item("SECP521_EncryptedPrivateKey"),
                    Item("X448_EncryptedPrivateKey"),
                    Item("TPM_EncryptedPrivateKey"),
                )
            ),
        )
    )

    Id: IdAttribute
    ContractCertificateChain: ContractCertificateChain
    ECDHCurve: EcdhCurve
    DHPublicKey: dhPublicKeyType
    SECP521_EncryptedPrivateKey: secp521_EncryptedPrivateKeyType | None = None
    X448_EncryptedPrivateKey: x448_EncryptedPrivateKeyType | None = None
    TPM_EncryptedPrivateKey: tpm_EncryptedPrivateKeyType | None = None


# --- authorization ---------------------------------------------------------------------------
class SupportedProvidersList(_Type):
    """Whose contracts the charger takes."""

    ProviderID: Annotated[tuple[nameType, ...], Occurs(1, 128)]


class PnC_ASResAuthorizationMode(_Type):
    """Plug and Charge is offered: the challenge that the car signs."""

    GenChallenge: genChallengeType
    SupportedProviders: SupportedProvidersList | None = None


class EIM_ASResAuthorizationMode(_Type):
    """Payment outside of the session is offered."""


class PnC_AReqAuthorizationMode(_SignedType):
    """The car answers the challenge with its contract."""

    Id: IdAttribute
    GenChallenge: genChallengeType
    ContractCertificateChain: ContractCertificateChain


class EIM_AReqAuthorizationMode(_Type):
    """The car leaves payment to its driver."""


# --- services --------------------------------------------------------------------------------
class ServiceIDList(_Type):
    """The services that the car knows."""

    ServiceID: Annotated[tuple[serviceIDType, ...], Occurs(1, 16)]


class Service(_Type):
    """One service of the charger."""

    ServiceID: serviceIDType
    FreeService: bool


class ServiceList(_Type):
    """Services of the charger."""

    Service: Annotated[tuple[Service, ...], Occurs(1, 8)]


class SelectedService(_Type):
    """One service the car takes, with one of its parameter sets."""

    ServiceID: serviceIDType
    ParameterSetID: serviceIDType


class SelectedServiceList(_Type):
    """The services the car takes beside energy transfer."""

    SelectedService: Annotated[tuple[SelectedService, ...], Occurs(1, 16)]


class Parameter(_Type):
    """One named value: exactly one of the six elements is present."""

    content_model = Choice(
        (
            Item("boolValue"),
            Item("byteValue"),
            Item("shortValue"),
            Item("intValue"),
            Item("rationalNumber"),
            Item("finiteString"),
        )
    )

    Name: Annotated[nameType, Attribute(COMMON_MESSAGES)]
    boolValue: bool | None = None
    byteValue: xs_byte | None = None
    shortValue: xs_short | None = None
    intValue: xs_int | None = None
    rationalNumber: RationalNumber | None = None
    finiteString: nameType | None = None


class ParameterSet(_Type):
    """One set of a service's parameters."""

    ParameterSetID: serviceIDType
    Parameter: Annotated[tuple[Parameter, ...], Occurs(1, 32)]


class ServiceParameterList(_Type):
    """The parameter sets of a service."""

    ParameterSet: Annotated[tuple[ParameterSet, ...], Occurs(1, 32)]


# --- power over time -------------------------------------------------------------------------
class PowerScheduleEntry(_Type):
    """The power for one stretch of time: of all phases, or of each."""

    Duration: xs_unsignedInt
    "Seconds."
    Power: RationalNumber
    "Watts, as the two below."
    Power_L2: RationalNumber | None = None
    Power_L3: RationalNumber | None = None


class PowerScheduleEntryList(_Type):
    """Stretches of time, one after the other."""

    PowerScheduleEntry: Annotated[tuple[PowerScheduleEntry, ...], Occurs(1, 1024)]


class PowerSchedule(_Type):
    """The most power over time."""

    TimeAnchor: xs_unsignedLong
    "When the first entry begins, in seconds since 1970."
    AvailableEnergy: RationalNumber | None = None
    "Watt-hours."
    PowerTolerance: RationalNumber | None = None
    "Watts."
    PowerScheduleEntries: PowerScheduleEntryList


# --- prices over time ------------------------------------------------------------------------
class PriceLevelScheduleEntry(_Type):
    """The price level for one stretch of time."""

    Duration: xs_unsignedInt
    "Seconds."
    PriceLevel: xs_unsignedByte


class PriceLevelScheduleEntryList(_Type):
    """Stretches of time, one after the other."""

    PriceLevelScheduleEntry: Annotated[tuple[PriceLevelScheduleEntry, ...], Occurs(1, 1024)]


class _PriceSchedule(_SignedType):
    """What both kinds of price schedule begin with."""

    Id: OptionalIdAttribute = None
    TimeAnchor: xs_unsignedLong
    "When the first entry begins, in seconds since 1970."
    PriceScheduleID: numericIDType
    PriceScheduleDescription: descriptionType | None = None


class PriceLevelSchedule(_PriceSchedule):
    """Prices as levels, the lowest being the cheapest."""

    NumberOfPriceLevels: xs_unsignedByte
    PriceLevelScheduleEntries: PriceLevelScheduleEntryList


class TaxRule(_Type):
    """One tax, and what it applies to."""

    TaxRuleID: numericIDType
    TaxRuleName: nameType | None = None
    TaxRate: RationalNumber
    TaxIncludedInPrice: bool | None = None
    AppliesToEnergyFee: bool
    AppliesToParkingFee: bool
    AppliesToOverstayFee: bool
    AppliesMinimumMaximumCost: bool


class TaxRuleList(_Type):
    """The taxes."""

    TaxRule: Annotated[tuple[TaxRule, ...], Occurs(1, 10)]


class PriceRule(_Type):
    """What it costs from one power on."""

    EnergyFee: RationalNumber
    "For each kilowatt-hour."
    ParkingFee: RationalNumber | None = None
    ParkingFeePeriod: xs_unsignedInt | None = None
    "Seconds that ParkingFee is for."
    CarbonDioxideEmission: xs_unsignedShort | None = None
    "Grams for each kilowatt-hour."
    RenewableGenerationPercentage: xs_unsignedByte | None = None
    PowerRangeStart: RationalNumber
    "Watts."


class PriceRuleStack(_Type):
    """The prices for one stretch of time, by power."""

    Duration: xs_unsignedInt
    "Seconds."
    PriceRule: Annotated[tuple[PriceRule, ...], Occurs(1, 8)]


class PriceRuleStackList(_Type):
    """Stretches of time, one after the other."""

    PriceRuleStack: Annotated[tuple[PriceRuleStack, ...], Occurs(1, 1024)]


class OverstayRule(_Type):
    """What it costs to stay too long, from one time on."""

    OverstayRuleDescription: descriptionType | None = None
    StartTime: xs_unsignedInt
    "Seconds after the stay has become too long."
    OverstayFee: RationalNumber
    OverstayFeePeriod: xs_unsignedInt
    "Seconds that OverstayFee is for."


class OverstayRuleList(_Type):
    """When a stay is too long, and what that costs."""

    OverstayTimeThreshold: xs_unsignedInt | None = None
    "Seconds."
    OverstayPowerThreshold: RationalNumber | None = None
    "Watts."
    OverstayRule: Annotated[tuple[OverstayRule, ...], Occurs(1, 5)]


class AdditionalService(_Type):
    """What one further service costs."""

    ServiceName: nameType
    ServiceFee: RationalNumber


class AdditionalServiceList(_Type):
    """What further services cost."""

    AdditionalService: Annotated[tuple[AdditionalService, ...], Occurs(1, 5)]


class AbsolutePriceSchedule(_PriceSchedule):
    """Prices in money."""

    Currency: currencyType
    Language: languageType
    PriceAlgorithm: identifierType
    MinimumCost: RationalNumber | None = None
    MaximumCost: RationalNumber | None = None
    TaxRules: TaxRuleList | None = None
    PriceRuleStacks: PriceRuleStackList
    OverstayRules: OverstayRuleList | None = None
    AdditionalSelectedServices: AdditionalServiceList | None = None


# --- what the car offers ---------------------------------------------------------------------
class EVPowerScheduleEntry(_Type):
    """The power that the car offers for one stretch of time."""

    Duration: xs_unsignedInt
    "Seconds."
    Power: RationalNumber
    "Watts."


class EVPowerScheduleEntryList(_Type):
    """Stretches of time, one after the other."""

    EVPowerScheduleEntry: Annotated[tuple[EVPowerScheduleEntry, ...], Occurs(1, 1024)]


class EVPowerSchedule(_Type):
    """The power that the car offers over time."""

    TimeAnchor: xs_unsignedLong
    "When the first entry begins, in seconds since 1970."
    EVPowerScheduleEntries: EVPowerScheduleEntryList


class EVPriceRule(_Type):
    """What the car's energy costs from one power on."""

    EnergyFee: RationalNumber
    "For each kilowatt-hour."
    PowerRangeStart: RationalNumber
    "Watts."


class EVPriceRuleStack(_Type):
    """The car's prices for one stretch of time, by power."""

    Duration: xs_unsignedInt
    "Seconds."
    EVPriceRule: Annotated[tuple[EVPriceRule, ...], Occurs(1, 8)]


class EVPriceRuleStackList(_Type):
    """Stretches of time, one after the other."""

    EVPriceRuleStack: Annotated[tuple[EVPriceRuleStack, ...], Occurs(1, 1024)]


class EVAbsolutePriceSchedule(_Type):
    """The car's prices over time."""

    TimeAnchor: xs_unsignedLong
    "When the first entry begins, in seconds since 1970."
    Currency: currencyType
    PriceAlgorithm: identifierType
    EVPriceRuleStacks: EVPriceRuleStackList


class EVEnergyOffer(_Type):
    """The energy that the car would give back, and its price."""

    EVPowerSchedule: EVPowerSchedule
    EVAbsolutePriceSchedule: EVAbsolutePriceSchedule


# --- schedules -------------------------------------------------------------------------------
_PRICES: Final = Choice((Item("AbsolutePriceSchedule"), Item("PriceLevelSchedule")), 0)
"At most one of the two."


class ChargingSchedule(_Type):
    """Power over time, and what it costs."""

    content_model = Sequence((Item("PowerSchedule"), _PRICES))

    PowerSchedule: PowerSchedule
    AbsolutePriceSchedule: AbsolutePriceSchedule | None = None
    PriceLevelSchedule: PriceLevelSchedule | None = None


_Schedule: TypeAlias = ChargingSchedule
"Its name is that of an element below."


class ScheduleTuple(_Type):
    """One schedule the car may choose."""

    ScheduleTupleID: numericIDType
    ChargingSchedule: _Schedule
    DischargingSchedule: _Schedule | None = None


class Scheduled_SEReqControlMode(_Type):
    """What the car asks of a schedule; energies in watt-hours."""

    DepartureTime: xs_unsignedInt | None = None
    "Seconds from now."
    EVTargetEnergyRequest: RationalNumber | None = None
    EVMaximumEnergyRequest: RationalNumber | None = None
    EVMinimumEnergyRequest: RationalNumber | None = None
    EVEnergyOffer: EVEnergyOffer | None = None


class Scheduled_SEResControlMode(_Type):
    """The schedules the car may choose from."""

    ScheduleTuple: Annotated[tuple[ScheduleTuple, ...], Occurs(1, 3)]


class Dynamic_SEReqControlMode(_Type):
    """What the car needs while the charger decides; energies in watt-hours."""

    DepartureTime: xs_unsignedInt
    "Seconds from now."
    MinimumSOC: percentValueType | None = None
    TargetSOC: percentValueType | None = None
    EVTargetEnergyRequest: RationalNumber
    EVMaximumEnergyRequest: RationalNumber
    EVMinimumEnergyRequest: RationalNumber
    EVMaximumV2XEnergyRequest: RationalNumber | None = None
    EVMinimumV2XEnergyRequest: RationalNumber | None = None


class Dynamic_SEResControlMode(_Type):
    """What the charger makes of it."""

    content_model = Sequence(
        (Item("DepartureTime", 0), Item("MinimumSOC", 0), Item("TargetSOC", 0), _PRICES)
    )

    DepartureTime: xs_unsignedInt | None = None
    "Seconds from now."
    MinimumSOC: percentValueType | None = None
    TargetSOC: percentValueType | None = None
    AbsolutePriceSchedule: AbsolutePriceSchedule | None = None
    PriceLevelSchedule: PriceLevelSchedule | None = None


# --- the car's power profile -----------------------------------------------------------------
class EVPowerProfileEntryList(_Type):
    """Stretches of time, one after the other."""

    EVPowerProfileEntry: Annotated[tuple[PowerScheduleEntry, ...], Occurs(1, 2048)]


class Scheduled_EVPPTControlMode(_Type):
    """The schedule that the car follows."""

    SelectedScheduleTupleID: numericIDType
    PowerToleranceAcceptance: PowerToleranceAcceptance | None = None


class Dynamic_EVPPTControlMode(_Type):
    """The car follows the charger."""


class EVPowerProfile(_Type):
    """How the car will charge."""

    content_model = Sequence(
        (
            Item("TimeAnchor"),
            Choice((Item("Dynamic_EVPPTControlMode"), Item("Scheduled_EVPPTControlMode"))),
            Item("EVPowerProfileEntries"),
        )
    )

    TimeAnchor: xs_unsignedLong
    "When the first entry begins, in seconds since 1970."
    Dynamic_EVPPTControlMode: Dynamic_EVPPTControlMode | None = None
    Scheduled_EVPPTControlMode: Scheduled_EVPPTControlMode | None = None
    EVPowerProfileEntries: EVPowerProfileEntryList


# --- metering --------------------------------------------------------------------------------
class Scheduled_SMDTControlMode(_Type):
    """The schedule that was followed."""

    SelectedScheduleTupleID: numericIDType


class Dynamic_SMDTControlMode(_Type):
    """The charger decided."""


class SignedMeteringData(_SignedType):
    """What the car signs for."""

    content_model = Sequence(
        (
            Item("SessionID"),
            Item("MeterInfo"),
            Item("Receipt", 0),
            Choice((Item("Dynamic_SMDTControlMode"), Item("Scheduled_SMDTControlMode"))),
        )
    )

    Id: IdAttribute
    SessionID: sessionIDType
    MeterInfo: MeterInfo
    Receipt: Receipt | None = None
    Dynamic_SMDTControlMode: Dynamic_SMDTControlMode | None = None
    Scheduled_SMDTControlMode: Scheduled_SMDTControlMode | None = None


class TargetPosition(_Type):
    """Where the car should stand; a type that no message uses."""

    TargetOffsetX: xs_unsignedShort
    TargetOffsetY: xs_unsignedShort


# --- messages --------------------------------------------------------------------------------
class _Request(V2GRequest):
    """A request of CommonMessages."""

    namespace = COMMON_MESSAGES


class _Response(V2GResponse):
    """A response of CommonMessages."""

    namespace = COMMON_MESSAGES


class SessionSetupReq(_Request):
    """The car opens a session, or goes on with a paused one (by the header's id)."""

    EVCCID: identifierType


class SessionSetupRes(_Response):
    """The charger gives the session its id (in the header)."""

    EVSEID: identifierType


class AuthorizationSetupReq(_Request):
    """The car asks how it may be authorized."""


class AuthorizationSetupRes(_Response):
    """The charger says how; exactly one of the two modes is present."""

    content_model = Sequence(
        (
            Item("Header"),
            Item("ResponseCode"),
            Item("AuthorizationServices", 1, 2),
            Item("CertificateInstallationService"),
            Choice((Item("EIM_ASResAuthorizationMode"), Item("PnC_ASResAuthorizationMode"))),
        )
    )

    AuthorizationServices: Annotated[tuple[Authorization, ...], Occurs(1, 2)]
    CertificateInstallationService: bool
    EIM_ASResAuthorizationMode: EIM_ASResAuthorizationMode | None = None
    PnC_ASResAuthorizationMode: PnC_ASResAuthorizationMode | None = None


class AuthorizationReq(_Request):
    """The car asks to be authorized; exactly one of the two modes is present."""

    content_model = Sequence(
        (
            Item("Header"),
            Item("SelectedAuthorizationService"),
            Choice((Item("EIM_AReqAuthorizationMode"), Item("PnC_AReqAuthorizationMode"))),
        )
    )

    SelectedAuthorizationService: Authorization
    EIM_AReqAuthorizationMode: EIM_AReqAuthorizationMode | None = None
    PnC_AReqAuthorizationMode: PnC_AReqAuthorizationMode | None = None


class AuthorizationRes(_Response):
    """The charger says whether it is, or makes it wait."""

    EVSEProcessing: Processing


class ServiceDiscoveryReq(_Request):
    """The car asks what is offered."""

    SupportedServiceIDs: ServiceIDList | None = None


class ServiceDiscoveryRes(_Response):
    """The charger says what it offers: energy transfer, and value added services."""

    ServiceRenegotiationSupported: bool
    EnergyTransferServiceList: ServiceList
    VASList: ServiceList | None = None


class ServiceDetailReq(_Request):
    """The car asks for a service's parameters."""

    ServiceID: serviceIDType


class ServiceDetailRes(_Response):
    """The charger gives a service's parameters."""

    ServiceID: serviceIDType
    ServiceParameterList: ServiceParameterList


class ServiceSelectionReq(_Request):
    """The car chooses."""

    SelectedEnergyTransferService: SelectedService
    SelectedVASList: SelectedServiceList | None = None


class ServiceSelectionRes(_Response):
    """The charger agrees."""


class ScheduleExchangeReq(_Request):
    """The car says what it needs; exactly one of the two control modes is present."""

    content_model = Sequence(
        (
            Item("Header"),
            Item("MaximumSupportingPoints"),
            Choice((Item("Dynamic_SEReqControlMode"), Item("Scheduled_SEReqControlMode"))),
        )
    )

    MaximumSupportingPoints: maxSupportingPointsScheduleTupleType
    "Entries that a schedule for the car may have."
    Dynamic_SEReqControlMode: Dynamic_SEReqControlMode | None = None
    Scheduled_SEReqControlMode: Scheduled_SEReqControlMode | None = None


class ScheduleExchangeRes(_Response):
    """The charger says what it can do; exactly one of the two control modes is present."""

    content_model = Sequence(
        (
            Item("Header"),
            Item("ResponseCode"),
            Item("EVSEProcessing"),
            Item("GoToPause", 0),
            Choice((Item("Dynamic_SEResControlMode"), Item("Scheduled_SEResControlMode"))),
        )
    )

    EVSEProcessing: Processing
    GoToPause: bool | None = None
    Dynamic_SEResControlMode: Dynamic_SEResControlMode | None = None
    Scheduled_SEResControlMode: Scheduled_SEResControlMode | None = None


class PowerDeliveryReq(_Request):
    """The car starts, holds or ends the power transfer."""

    EVProcessing: Processing
    ChargeProgress: ChargeProgress
    EVPowerProfile: EVPowerProfile | None = None
    BPT_ChannelSelection: ChannelSelection | None = None


class PowerDeliveryRes(_Response):
    """The charger agrees."""

    EVSEStatus: EVSEStatus | None = None


class MeteringConfirmationReq(_Request):
    """The car signs for what it got."""

    SignedMeteringData: SignedMeteringData


class MeteringConfirmationRes(_Response):
    """The charger takes it."""


class SessionStopReq(_Request):
    """The car pauses or ends the session."""

    ChargingSession: ChargingSession
    EVTerminationCode: nameType | None = None
    EVTerminationExplanation: descriptionType | None = None


class SessionStopRes(_Response):
    """The charger agrees."""


class CertificateInstallationReq(_Request):
    """The car asks for contract certificates."""

    OEMProvisioningCertificateChain: SignedCertificateChain
    ListOfRootCertificateIDs: ListOfRootCertificateIDs
    MaximumContractCertificateChains: xs_unsignedByte
    PrioritizedEMAIDs: EMAIDList | None = None


class CertificateInstallationRes(_Response):
    """One contract certificate, and how many there are still."""

    EVSEProcessing: Processing
    CPSCertificateChain: CertificateChain
    SignedInstallationData: SignedInstallationData
    RemainingContractCertificateChains: xs_unsignedByte


class VehicleCheckInReq(_Request):
    """The car arrives and says how it will be parked."""

    EVCheckInStatus: EVCheckInStatus
    ParkingMethod: ParkingMethod
    VehicleFrame: xs_short | None = None
    DeviceOffset: xs_short | None = None
    VehicleTravel: xs_short | None = None


class VehicleCheckInRes(_Response):
    """The charger says where."""

    ParkingSpace: xs_short | None = None
    DeviceLocation: xs_short | None = None
    TargetDistance: xs_short | None = None


class VehicleCheckOutReq(_Request):
    """The car leaves."""

    EVCheckOutStatus: EVCheckOutStatus
    CheckOutTime: xs_unsignedLong
    "Seconds since 1970."


class VehicleCheckOutRes(_Response):
    """The charger agrees."""

    EVSECheckOutStatus: EVSECheckOutStatus


Message: TypeAlias = (
    AuthorizationReq
    | AuthorizationRes
    | AuthorizationSetupReq
    | AuthorizationSetupRes
    | CertificateInstallationReq
    | CertificateInstallationRes
    | MeteringConfirmationReq
    | MeteringConfirmationRes
    | PowerDeliveryReq
    | PowerDeliveryRes
    | ScheduleExchangeReq
    | ScheduleExchangeRes
    | ServiceDetailReq
    | ServiceDetailRes
    | ServiceDiscoveryReq
    | ServiceDiscoveryRes
    | ServiceSelectionReq
    | ServiceSelectionRes
    | SessionSetupReq
    | SessionSetupRes
    | SessionStopReq
    | SessionStopRes
    | VehicleCheckInReq
    | VehicleCheckInRes
    | VehicleCheckOutReq
    | VehicleCheckOutRes
)
"Every message of the set."

SCHEMA: Final = Schema(
    name="iso20-cm",
    elements=(
        *Message.__args__,
        *common_types.ELEMENTS,
        SignedInstallationData,
        SignedMeteringData,
    ),
    simple_elements=common_types.SIMPLE_ELEMENTS,
    types=(*common_types.TYPES, TargetPosition),
    roots=Message.__args__,
    fragments=(
        AbsolutePriceSchedule,
        CertificateInstallationReq,
        MeteringConfirmationReq,
        PnC_AReqAuthorizationMode,
        xmldsig.SignedInfo,
        SignedInstallationData,
        SignedMeteringData,
    ),
    abstract=common_types.ABSTRACT,
)
