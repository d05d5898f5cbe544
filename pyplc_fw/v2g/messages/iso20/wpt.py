"""The messages of ISO 15118-20 for wireless power transfer.

``LF`` is the low-frequency radio by which a car finds its place over the coil, ``LPE`` the low
power excitation of the coil. Source: its schema, urn:iso:std:iso:15118:-20:WPT.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Final, TypeAlias

from pyplc_fw.v2g.messages import xmldsig
from pyplc_fw.v2g.messages.iso20 import common_types
from pyplc_fw.v2g.messages.iso20.common_types import (
    ChargeLoopReq,
    ChargeLoopRes,
    ChargeParameterDiscoveryReq,
    ChargeParameterDiscoveryRes,
    Processing,
    RationalNumber,
    V2GRequest,
    V2GResponse,
    identifierType,
    numericIDType,
)
from pyplc_fw.v2g.messages.schema import (
    BASE64,
    Binary,
    Choice,
    ComplexType,
    Item,
    Occurs,
    Schema,
    Sequence,
    Text,
    xs_short,
    xs_unsignedByte,
    xs_unsignedShort,
)

WPT: Final = "urn:iso:std:iso:15118:-20:WPT"

# --- simple types, under the schema's names --------------------------------------------------
bssidType: TypeAlias = Annotated[str, Text(12)]
ipaddressType: TypeAlias = Annotated[str, Text(39)]
WPT_DataContainerType: TypeAlias = Annotated[bytes, Binary(BASE64, 256)]
DataContainers: TypeAlias = Annotated[tuple[WPT_DataContainerType, ...], Occurs(0, 16)]
"What a manufacturer has to say; each container of at most 256 octets."


# --- enumerations, in schema order: the order is the encoding --------------------------------
class WPT_FinePositioningMethod(Enum):
    """WPT_FinePositioningMethodType."""

    Manual = "Manual"
    LF_TxEV = "LF_TxEV"
    LF_TxPrimaryDevice = "LF_TxPrimaryDevice"
    LPE = "LPE"
    Proprietary = "Proprietary"


class WPT_PairingMethod(Enum):
    """WPT_PairingMethodType."""

    External_confirmation = "External confirmation"
    LPE = "LPE"
    LF_TxEV = "LF_TxEV"
    LF_TxPrimaryDevice = "LF_TxPrimaryDevice"
    Optical = "Optical"
    Proprietary = "Proprietary"


class WPT_AlignmentCheckMethod(Enum):
    """WPT_AlignmentCheckMethodType."""

    PowerCheck = "PowerCheck"
    LPE = "LPE"
    Proprietary = "Proprietary"


class WPT_EVPCChargeDiagnostics(Enum):
    """WPT_EVPCChargeDiagnosticsType: how the car's power circuit is."""

    EVPCNoIssue = "EVPCNoIssue"
    EVPCTempOverheatDetected = "EVPCTempOverheatDetected"
    EVPCPowerTransferAnomalyDetected = "EVPCPowerTransferAnomalyDetected"
    EVPCAnomalyDetected = "EVPCAnomalyDetected"


class WPT_SPCChargeDiagnostics(Enum):
    """WPT_SPCChargeDiagnosticsType: how the supply's power circuit is."""

    SPCNoIssue = "SPCNoIssue"
    SPCFODDetected = "SPCFODDetected"
    "A foreign object."
    SPCLOPDetected = "SPCLOPDetected"
    "A living object."
    SPCTempOverheatDetected = "SPCTempOverheatDetected"
    SPCPowerTransferAnomalyDetected = "SPCPowerTransferAnomalyDetected"
    SPCAnomalyDetected = "SPCAnomalyDetected"


class WPT_PowerClass(Enum):
    """WPT_PowerClassType."""

    MF_WPT1 = "MF-WPT1"
    MF_WPT2 = "MF-WPT2"
    MF_WPT3 = "MF-WPT3"
    MF_WPT4 = "MF-WPT4"


class WPT_EVResult(Enum):
    """WPT_EVResultType."""

    EVResultUnknown = "EVResultUnknown"
    EVResultSuccess = "EVResultSuccess"
    EVResultFailed = "EVResultFailed"


class _Type(ComplexType):
    """A type of the WPT messages."""

    namespace = WPT


# --- methods ---------------------------------------------------------------------------------
class WPT_FinePositioningMethodList(_Type):
    """The ways to find the place over the coil."""

    WPT_FinePositioningMethod: Annotated[tuple[WPT_FinePositioningMethod, ...], Occurs(1, 8)]


class WPT_PairingMethodList(_Type):
    """The ways to make sure that car and coil talk to each other."""

    WPT_PairingMethod: Annotated[tuple[WPT_PairingMethod, ...], Occurs(1, 8)]


class WPT_AlignmentCheckMethodList(_Type):
    """The ways to check that the car stands well."""

    WPT_AlignmentCheckMethod: Annotated[tuple[WPT_AlignmentCheckMethod, ...], Occurs(1, 8)]


# --- set-up of the low-frequency radio -------------------------------------------------------
class WPT_CoordinateXYZ(_Type):
    """A place or a direction."""

    Coord_X: xs_short
    Coord_Y: xs_short
    Coord_Z: xs_short


class WPT_TxRxSpecData(_Type):
    """One antenna."""

    TxRxIdentifier: numericIDType
    TxRxPosition: WPT_CoordinateXYZ
    TxRxOrientation: WPT_CoordinateXYZ


class WPT_TxRxPulseOrder(_Type):
    """When an antenna's turn is."""

    IndexNumber: xs_unsignedShort
    TxRxIdentifier: numericIDType


class WPT_TxRxPackageSpecData(_Type):
    """How the antennas take turns."""

    PulseSequenceOrder: Annotated[tuple[WPT_TxRxPulseOrder, ...], Occurs(2, 255)]
    PulseSeparationTime: xs_unsignedShort
    PulseDuration: xs_unsignedShort
    PackageSeparationTime: xs_unsignedShort


class WPT_LF_TransmitterData(_Type):
    """The transmitters."""

    NumberOfTransmitters: xs_unsignedByte
    SignalFrequency: RationalNumber
    "Hertz."
    TxSpecData: Annotated[tuple[WPT_TxRxSpecData, ...], Occurs(2, 255)]
    TxPackageSpecData: WPT_TxRxPackageSpecData | None = None


class WPT_LF_ReceiverData(_Type):
    """The receivers."""

    NumberOfReceivers: xs_unsignedByte
    RxSpecData: Annotated[tuple[WPT_TxRxSpecData, ...], Occurs(2, 255)]


class WPT_LF_SystemSetupData(_Type):
    """The sender's part of the radio: exactly one of the two is present."""

    content_model = Choice((Item("LF_TransmitterSetupData"), Item("LF_ReceiverSetupData")))

    LF_TransmitterSetupData: WPT_LF_TransmitterData | None = None
    LF_ReceiverSetupData: WPT_LF_ReceiverData | None = None


# --- measurements of the low-frequency radio -------------------------------------------------
class WPT_LF_TxData(_Type):
    """How strongly a transmitter sends."""

    TxIdentifier: numericIDType
    EIRP: RationalNumber


class WPT_LF_TxDataList(_Type):
    """The transmitter; by the schema there is exactly one."""

    WPT_LF_TxDataList: WPT_LF_TxData


class WPT_LF_RxRSSI(_Type):
    """How strongly a transmitter is received."""

    TxIdentifier: numericIDType
    RSSI: RationalNumber


class WPT_LF_RxRSSIList(_Type):
    """The transmitter received; by the schema there is exactly one."""

    RSSIDataList: WPT_LF_RxRSSI


class WPT_LF_RxData(_Type):
    """What a receiver receives."""

    RxIdentifier: numericIDType
    RSSIData: WPT_LF_RxRSSIList


class WPT_LF_RxDataList(_Type):
    """The receiver; by the schema there is exactly one."""

    WPT_LF_RxDataList: WPT_LF_RxData


class WPT_LF_DataPackage(_Type):
    """One measurement: exactly one of the two is present."""

    content_model = Sequence((Item("PackageIndex"), Choice((Item("LF_TxData"), Item("LF_RxData")))))

    PackageIndex: xs_unsignedByte
    LF_TxData: WPT_LF_TxDataList | None = None
    LF_RxData: WPT_LF_RxDataList | None = None


class WPT_LF_DataPackageList(_Type):
    """The measurement; by the schema there is exactly one, whatever NumPackages says."""

    NumPackages: xs_unsignedByte
    WPT_LF_DataPackage: WPT_LF_DataPackage


# --- control of the power circuits: amperes and volts ----------------------------------------
class WPT_EVPCPowerControlParameter(_Type):
    """The car's power circuit."""

    EVPCCoilCurrentRequest: RationalNumber
    EVPCCoilCurrentInformation: RationalNumber
    EVPCCurrentOutputInformation: RationalNumber
    EVPCVoltageOutputInformation: RationalNumber


class WPT_SPCPowerControlParameter(_Type):
    """The supply's power circuit."""

    SPCPrimaryDeviceCoilCurrentInformation: RationalNumber


# --- other chargers --------------------------------------------------------------------------
class AlternativeSECC(_Type):
    """Where another SECC is found."""

    SSID: identifierType | None = None
    BSSID: bssidType | None = None
    "MAC address of the access point, in upper-case hexadecimal digits."
    IPAddress: ipaddressType | None = None
    "IPv6 address of the SECC, with colons."
    Port: xs_unsignedShort | None = None


class AlternativeSECCList(_Type):
    """Where the car may be meant to be."""

    AlternativeSECC: Annotated[tuple[AlternativeSECC, ...], Occurs(1, 8)]


# --- messages --------------------------------------------------------------------------------
class _Request(V2GRequest):
    """A request of the WPT messages."""

    namespace = WPT


class _Response(V2GResponse):
    """A response of the WPT messages."""

    namespace = WPT


class WPT_FinePositioningSetupReq(_Request):
    """The car says how it can find its place."""

    EVProcessing: Processing
    EVDeviceFinePositioningMethodList: WPT_FinePositioningMethodList
    EVDevicePairingMethodList: WPT_PairingMethodList
    EVDeviceAlignmentCheckMethodList: WPT_AlignmentCheckMethodList
    NaturalOffset: xs_unsignedShort
    VendorSpecificDataContainer: DataContainers = ()
    LF_SystemSetupData: WPT_LF_SystemSetupData | None = None


class WPT_FinePositioningSetupRes(_Response):
    """The charger says how the car can."""

    PrimaryDeviceFinePositioningMethodList: WPT_FinePositioningMethodList
    PrimaryDevicePairingMethodList: WPT_PairingMethodList
    PrimaryDeviceAlignmentCheckMethodList: WPT_AlignmentCheckMethodList
    NaturalOffset: xs_unsignedShort
    VendorSpecificDataContainer: DataContainers = ()
    LF_SystemSetupData: WPT_LF_SystemSetupData | None = None


class WPT_FinePositioningReq(_Request):
    """The car finds its place, again and again."""

    EVProcessing: Processing
    EVResultCode: WPT_EVResult
    VendorSpecificDataContainer: DataContainers = ()
    WPT_LF_DataPackageList: WPT_LF_DataPackageList | None = None


class WPT_FinePositioningRes(_Response):
    """The charger helps."""

    EVSEProcessing: Processing
    VendorSpecificDataContainer: DataContainers = ()
    WPT_LF_DataPackageList: WPT_LF_DataPackageList | None = None


class WPT_PairingReq(_Request):
    """The car says which coil it is over."""

    EVProcessing: Processing
    ObservedIDCode: numericIDType | None = None
    EVResultCode: WPT_EVResult
    VendorSpecificDataContainer: DataContainers = ()


class WPT_PairingRes(_Response):
    """The charger says whether it is its own."""

    EVSEProcessing: Processing
    ObservedIDCode: numericIDType | None = None
    AlternativeSECCList: AlternativeSECCList | None = None
    VendorSpecificDataContainer: DataContainers = ()


class WPT_ChargeParameterDiscoveryReq(ChargeParameterDiscoveryReq):
    """The car says what it can take."""

    namespace = WPT

    EVPCMaxReceivablePower: RationalNumber
    "Watts."
    SDMaxGroundClearence: xs_unsignedShort
    SDMinGroundClearence: xs_unsignedShort
    EVPCNaturalFrequency: RationalNumber
    "Hertz."
    EVPCDeviceLocalControl: bool
    VendorSpecificDataContainer: DataContainers = ()


class WPT_ChargeParameterDiscoveryRes(ChargeParameterDiscoveryRes):
    """The charger says what it can give."""

    namespace = WPT

    PDInputPowerClass: WPT_PowerClass
    SDMinOutputPower: RationalNumber
    "Watts, as the one below."
    SDMaxOutputPower: RationalNumber
    SDMaxGroundClearanceSupport: xs_unsignedShort
    SDMinGroundClearanceSupport: xs_unsignedShort
    PDMinCoilCurrent: RationalNumber
    "Amperes, as the one below."
    PDMaxCoilCurrent: RationalNumber
    SDManufacturerSpecificDataContainer: DataContainers = ()


class WPT_AlignmentCheckReq(_Request):
    """The car asks whether it stands well."""

    EVProcessing: Processing
    TargetCoilCurrent: RationalNumber | None = None
    "Amperes."
    EVResultCode: WPT_EVResult
    VendorSpecificDataContainer: DataContainers = ()


class WPT_AlignmentCheckRes(_Response):
    """What the charger sees."""

    EVSEProcessing: Processing
    PowerTransmitted: RationalNumber | None = None
    "Watts."
    SupplyDeviceCurrent: RationalNumber | None = None
    "Amperes."
    VendorSpecificDataContainer: DataContainers = ()


class WPT_ChargeLoopReq(ChargeLoopReq):
    """The car asks for power, again and again: watts and hertz."""

    namespace = WPT

    EVPCPowerRequest: RationalNumber
    EVPCPowerOutput: RationalNumber
    EVPCChargeDiagnostics: WPT_EVPCChargeDiagnostics
    EVPCOperatingFrequency: RationalNumber | None = None
    EVPCPowerControlParameter: WPT_EVPCPowerControlParameter | None = None
    ManufacturerSpecificDataContainer: DataContainers = ()


class WPT_ChargeLoopRes(ChargeLoopRes):
    """What the charger gives: watts and hertz."""

    namespace = WPT

    EVPCPowerRequest: RationalNumber
    SDPowerInput: RationalNumber | None = None
    SPCMaxOutputPowerLimit: RationalNumber
    SPCMinOutputPowerLimit: RationalNumber
    SPCChargeDiagnostics: WPT_SPCChargeDiagnostics
    SPCOperatingFrequency: RationalNumber | None = None
    SPCPowerControlParameter: WPT_SPCPowerControlParameter | None = None
    ManufacturerSpecificDataContainer: DataContainers = ()


Message: TypeAlias = (
    WPT_AlignmentCheckReq
    | WPT_AlignmentCheckRes
    | WPT_ChargeLoopReq
    | WPT_ChargeLoopRes
    | WPT_ChargeParameterDiscoveryReq
    | WPT_ChargeParameterDiscoveryRes
    | WPT_FinePositioningReq
    | WPT_FinePositioningRes
    | WPT_FinePositioningSetupReq
    | WPT_FinePositioningSetupRes
    | WPT_PairingReq
    | WPT_PairingRes
)
"Every message of the set."

SCHEMA: Final = Schema(
    name="iso20-wpt",
    elements=(*Message.__args__, *common_types.ELEMENTS),
    simple_elements=common_types.SIMPLE_ELEMENTS,
    types=common_types.TYPES,
    roots=Message.__args__,
    fragments=(WPT_ChargeParameterDiscoveryRes, xmldsig.SignedInfo),
    abstract=common_types.ABSTRACT,
)
