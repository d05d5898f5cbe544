"""EXI streams written by hand, bit by bit, each with its message.

The bits are those that the EXI specification and the schemas ask for, worked out on paper: a row
is an event code or value, in the order of the stream. The last byte is filled with zeros.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from pyplc_fw.v2g.messages import app, din, xmldsig
from pyplc_fw.v2g.messages.schema import ComplexType, XsInteger


def stream_of(*rows: str) -> bytes:
    """Join the bits and fill the last byte with zeros."""
    bits = "".join("".join(row.split()) for row in rows)
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


class Worked(NamedTuple):
    """One worked example."""

    name: str
    schema: str
    message: ComplexType
    rows: tuple[str, ...]

    @property
    def stream(self) -> bytes:
        return stream_of(*self.rows)


def octets(data: bytes) -> str:
    return "".join(f"{byte:08b}" for byte in data)


HEADER: Final = "10000000"
DIN_ROOT: Final = "1001101"  # V2G_Message is number 77 of 82


def din_message(
    body: din.Message,
    session_id: bytes = b"\x2a",
    notification: din.Notification | None = None,
    signature: xmldsig.Signature | None = None,
) -> din.V2G_Message:
    header = din.MessageHeader(SessionID=session_id, Notification=notification, Signature=signature)
    return din.V2G_Message(Header=header, Body=din.Body(BodyElement=body))


PLAIN_START: Final = (
    HEADER,
    DIN_ROOT,
    "0 0 0",  # SE Header, SE SessionID, CH
    "00000001 00101010",  # one octet, 2A
    "0",  # EE SessionID
    "10",  # Notification 0, Signature 1, EE 2
    "0",  # SE Body
)
END_BODY_AND_MESSAGE: Final = "0 0"

WORKED: Final = (
    Worked(
        "handshake refused",
        "app",
        app.supportedAppProtocolRes(ResponseCode=app.ResponseCode.Failed_NoNegotiation),
        (
            HEADER,
            "01",  # root 1 of 3
            "0 0",  # SE ResponseCode, CH
            "10",  # value 2 of 3
            "0",  # EE
            "01",  # SchemaID 0, EE 1
        ),
    ),
    Worked(
        "handshake with two protocols",
        "app",
        app.supportedAppProtocolReq(
            AppProtocol=(
                app.AppProtocol(
                    ProtocolNamespace="u:d",
                    VersionNumberMajor=2,
                    VersionNumberMinor=300,
                    SchemaID=7,
                    Priority=1,
                ),
                app.AppProtocol(
                    ProtocolNamespace="",
                    VersionNumberMajor=0,
                    VersionNumberMinor=0,
                    SchemaID=255,
                    Priority=20,
                ),
            )
        ),
        (
            HEADER,
            "00",  # root 0
            "0",  # SE AppProtocol
            "0 0",  # SE ProtocolNamespace, CH
            "00000101",  # three characters: 3 + 2
            octets(b"u:d"),
            "0",
            "0 0 00000010 0",  # VersionNumberMajor 2
            "0 0 10101100 00000010 0",  # VersionNumberMinor 300 = 44 + 2 x 128
            "0 0 00000111 0",  # SchemaID, 8 bits
            "0 0 00000 0",  # Priority 1 - 1, 5 bits
            "0",  # EE AppProtocol
            "00",  # AppProtocol 0, EE 1
            "0 0 00000010 0",  # empty text: 0 + 2
            "0 0 00000000 0",
            "0 0 00000000 0",
            "0 0 11111111 0",
            "0 0 10011 0",  # Priority 20 - 1
            "0",
            "01",  # EE
        ),
    ),
    Worked(
        "empty message",
        "din",
        din_message(din.SessionStopReq()),
        (
            *PLAIN_START,
            "011111",  # SessionStopReq is body element 31
            "0",  # EE SessionStopReq
            END_BODY_AND_MESSAGE,
        ),
    ),
    Worked(
        "empty body",
        "din",
        din.V2G_Message(Header=din.MessageHeader(SessionID=b""), Body=din.Body()),
        (
            HEADER,
            DIN_ROOT,
            "0 0 0",
            "00000000",  # no octet
            "0",
            "10",
            "0",
            "100011",  # EE is number 35
            "0",
        ),
    ),
    Worked(
        "notification with characters beyond ASCII",
        "din",
        din_message(
            din.SessionStopRes(ResponseCode=din.ResponseCode.FAILED_WrongEnergyTransferType),
            notification=din.Notification(FaultCode=din.FaultCode.UnknownError, FaultMsg="é€"),
        ),
        (
            HEADER,
            DIN_ROOT,
            "0 0 0",
            "00000001 00101010",
            "0",
            "00",  # SE Notification
            "0 0 10 0",  # FaultCode 2 of 3
            "00",  # FaultMsg 0, EE 1
            "0",  # CH
            "00000100",  # two characters
            "11101001 00000001",  # U+00E9 = 105 + 1 x 128
            "10101100 01000001",  # U+20AC = 44 + 65 x 128
            "0",  # EE FaultMsg
            "0",  # EE Notification
            "01",  # Signature 0, EE 1
            "0",
            "100000",  # SessionStopRes is 32
            "0 0 10110 0",  # ResponseCode 22
            "0",
            END_BODY_AND_MESSAGE,
        ),
    ),
    Worked(
        "values below zero and left out",
        "din",
        din_message(
            din.PreChargeReq(
                DC_EVStatus=din.DC_EVStatus(
                    EVReady=True,
                    EVRESSConditioning=False,
                    EVErrorCode=din.DC_EVErrorCode.NoData,
                    EVRESSSOC=100,
                ),
                EVTargetVoltage=din.PhysicalValue(
                    Multiplier=-3, Unit=din.UnitSymbol.Wh, Value=-32768
                ),
                EVTargetCurrent=din.PhysicalValue(Multiplier=3, Value=32767),
            )
        ),
        (
            *PLAIN_START,
            "010101",  # PreChargeReq is 21
            "0",  # SE DC_EVStatus
            "0 0 1 0",  # EVReady
            "01",  # EVCabinConditioning 0, EVRESSConditioning 1, EVErrorCode 2
            "0 0 0",  # CH, false, EE
            "0",  # SE EVErrorCode
            "0 1011 0",  # 11 of 12
            "0 0 1100100 0",  # EVRESSSOC, 7 bits
            "0",  # EE DC_EVStatus
            "0",  # SE EVTargetVoltage
            "0 0 000 0",  # Multiplier -3 + 3
            "00",  # Unit 0, Value 1
            "0 1001 0",  # Wh is 9 of 10
            "0 0",  # SE Value, CH
            "1 11111111 11111111 00000001 0",  # 32767 = 127 + 127 x 128 + 1 x 16384, below zero
            "0",
            "0",  # SE EVTargetCurrent
            "0 0 110 0",
            "01",  # Value
            "0 0 11111111 11111111 00000001 0",
            "0 0",
            END_BODY_AND_MESSAGE,
        ),
    ),
    Worked(
        "attributes and a choice",
        "din",
        din_message(
            din.ServiceDetailRes(
                ResponseCode=din.ResponseCode.OK,
                ServiceID=128,
                ServiceParameterList=din.ServiceParameterList(
                    ParameterSet=(
                        din.ParameterSet(
                            ParameterSetID=-1,
                            Parameter=(
                                din.Parameter(
                                    Name="a", ValueType=din.ValueType.byte, byteValue=-128
                                ),
                                din.Parameter(
                                    Name="b", ValueType=din.ValueType.string, stringValue=""
                                ),
                            ),
                        ),
                    )
                ),
            )
        ),
        (
            *PLAIN_START,
            "011000",  # ServiceDetailRes is 24
            "0 0 00000 0",
            "0 0 10000000 00000001 0",  # ServiceID 128
            "00",  # ServiceParameterList 0, EE 1
            "0",  # SE ParameterSet
            "0 0 1 00000000 0",  # ParameterSetID -1
            "0",  # SE Parameter
            "0 00000011 01100001",  # AT Name
            "0 001",  # AT ValueType 1 of 6
            "001",  # byteValue is 1 of 6
            "0 00000000 0",  # -128 + 128
            "0",  # EE Parameter
            "00",  # Parameter 0, EE 1
            "0 00000011 01100010",
            "0 101",
            "101",
            "0 00000010 0",
            "0",
            "01",  # EE ParameterSet
            "01",  # EE ServiceParameterList
            "0",
            END_BODY_AND_MESSAGE,
        ),
    ),
    Worked(
        "schedules with a tariff",
        "din",
        din_message(
            din.ChargeParameterDiscoveryRes(
                ResponseCode=din.ResponseCode.OK,
                EVSEProcessing=din.EVSEProcessing.Ongoing,
                SASchedules=din.SAScheduleList(
                    SAScheduleTuple=(
                        din.SAScheduleTuple(
                            SAScheduleTupleID=1,
                            PMaxSchedule=din.PMaxSchedule(
                                PMaxScheduleID=2,
                                PMaxScheduleEntry=(
                                    din.PMaxScheduleEntry(
                                        TimeInterval=din.RelativeTimeInterval(
                                            start=0, duration=86400
                                        ),
                                        PMax=50,
                                    ),
                                ),
                            ),
                            SalesTariff=din.SalesTariff(
                                Id="t",
                                SalesTariffID=3,
                                NumEPriceLevels=1,
                                SalesTariffEntry=(
                                    din.SalesTariffEntry(
                                        TimeInterval=din.RelativeTimeInterval(start=5),
                                        EPriceLevel=1,
                                        ConsumptionCost=(
                                            din.ConsumptionCost(
                                                startValue=4,
                                                Cost=(
                                                    din.Cost(
                                                        costKind=din.CostKind.CarbonDioxideEmission,
                                                        amount=6,
                                                        amountMultiplier=-1,
                                                    ),
                                                ),
                                            ),
                                            din.ConsumptionCost(startValue=9),
                                        ),
                                    ),
                                ),
                            ),
                        ),
                    )
                ),
                EVSEChargeParameter=din.AC_EVSEChargeParameter(
                    AC_EVSEStatus=din.AC_EVSEStatus(
                        PowerSwitchClosed=False,
                        RCD=True,
                        NotificationMaxDelay=0,
                        EVSENotification=din.EVSENotification.ReNegotiation,
                    ),
                    EVSEMaxVoltage=din.PhysicalValue(Multiplier=0, Value=0),
                    EVSEMaxCurrent=din.PhysicalValue(Multiplier=0, Value=0),
                    EVSEMinCurrent=din.PhysicalValue(Multiplier=0, Value=0),
                ),
            )
        ),
        (
            *PLAIN_START,
            "001000",  # ChargeParameterDiscoveryRes is 8
            "0 0 00000 0",
            "0 0 1 0",  # Ongoing
            "00",  # SAScheduleList 0, SASchedules (the head) 1
            "0",  # SE SAScheduleTuple
            "0 0 0 00000001 0",  # SAScheduleTupleID
            "0",  # SE PMaxSchedule
            "0 0 0 00000010 0",  # PMaxScheduleID
            "0",  # SE PMaxScheduleEntry
            "00",  # RelativeTimeInterval 0, TimeInterval (the head) 1
            "0 0 00000000 0",  # start
            "00",  # duration 0, EE 1
            "0 10000000 10100011 00000101 0",  # 86400 = 0 + 35 x 128 + 5 x 16384
            "0",  # EE RelativeTimeInterval
            "0 0 0 00110010 0",  # PMax 50
            "0",  # EE PMaxScheduleEntry
            "01",  # PMaxScheduleEntry 0, EE 1
            "00",  # SalesTariff 0, EE 1
            "0 00000011 01110100",  # AT Id
            "0 0 0 00000011 0",  # SalesTariffID
            "01",  # SalesTariffDescription 0, NumEPriceLevels 1
            "0 00000001 0",
            "0",  # SE SalesTariffEntry
            "00",
            "0 0 00000101 0",  # start
            "01",  # no duration
            "0 0 00000001 0",  # EPriceLevel, 8 bits
            "00",  # ConsumptionCost 0, EE 1
            "0 0 00000100 0",  # startValue
            "00",  # Cost 0, EE 1
            "0 0 10 0",  # costKind
            "0 0 00000110 0",  # amount
            "00",  # amountMultiplier 0, EE 1
            "0 010 0",  # -1 + 3
            "0",  # EE Cost
            "01",  # EE ConsumptionCost
            "00",  # another ConsumptionCost
            "0 0 00001001 0",
            "01",  # no Cost
            "01",  # EE SalesTariffEntry
            "01",  # EE SalesTariff
            "0",  # EE SAScheduleTuple
            "01",  # SAScheduleTuple 0, EE 1
            "00",  # AC_ 0, DC_ 1, the head 2
            "0",  # SE AC_EVSEStatus
            "0 0 0 0",  # PowerSwitchClosed
            "0 0 1 0",  # RCD
            "0 0 00000000 0",  # NotificationMaxDelay
            "0 0 10 0",  # EVSENotification
            "0",
            *(3 * ("0 0 0 011 0 01 0 0 00000000 0 0",)),  # three times nought without unit
            "0",  # EE AC_EVSEChargeParameter
            "0",
            END_BODY_AND_MESSAGE,
        ),
    ),
    Worked(
        "signature",
        "din",
        din_message(
            din.SessionStopReq(),
            signature=xmldsig.Signature(
                SignedInfo=xmldsig.SignedInfo(
                    Id="s",
                    CanonicalizationMethod=xmldsig.CanonicalizationMethod(Algorithm="c"),
                    SignatureMethod=xmldsig.SignatureMethod(Algorithm="m"),
                    Reference=(
                        xmldsig.Reference(
                            URI="#",
                            Transforms=xmldsig.Transforms(
                                Transform=(xmldsig.Transform(Algorithm="t"),)
                            ),
                            DigestMethod=xmldsig.DigestMethod(Algorithm="d"),
                            DigestValue=b"\xff",
                        ),
                    ),
                ),
                SignatureValue=xmldsig.SignatureValue(value=b"\x0f"),
                KeyInfo=xmldsig.KeyInfo(
                    content=(
                        xmldsig.X509Data(
                            content=(
                                xmldsig.X509Certificate(value=b"\x01"),
                                xmldsig.X509IssuerSerial(
                                    X509IssuerName="i", X509SerialNumber=XsInteger(1 << 70)
                                ),
                            )
                        ),
                        xmldsig.KeyName(value="k"),
                    )
                ),
            ),
        ),
        (
            HEADER,
            DIN_ROOT,
            "0 0 0 00000001 00101010 0",
            "01",  # Signature
            "01",  # Id 0, SignedInfo 1
            "00",  # Id 0, CanonicalizationMethod 1
            "00000011 01110011",
            "0",  # SE CanonicalizationMethod
            "0 00000011 01100011",  # AT Algorithm
            "01",  # any element 0, EE 1, text 2
            "0",  # SE SignatureMethod
            "0 00000011 01101101",
            "010",  # HMACOutputLength 0, any element 1, EE 2, text 3
            "0",  # SE Reference
            "010",  # Id 0, Type 1, URI 2, Transforms 3, DigestMethod 4
            "00000011 00100011",
            "00",  # Transforms 0, DigestMethod 1
            "0",  # SE Transform
            "0 00000011 01110100",
            "010",  # XPath 0, any element 1, EE 2, text 3
            "01",  # Transform 0, EE 1
            "0",  # SE DigestMethod
            "0 00000011 01100100",
            "01",
            "0 0 00000001 11111111 0",  # DigestValue
            "0",  # EE Reference
            "01",  # Reference 0, EE 1
            "0",  # SE SignatureValue
            "01",  # Id 0, CH 1
            "00000001 00001111",
            "0",
            "00",  # KeyInfo 0, Object 1, EE 2
            "0100",  # Id 0, KeyName 1, KeyValue 2, RetrievalMethod 3, X509Data 4 ... of 10
            "011",  # X509IssuerSerial 0, X509SKI 1, X509SubjectName 2, X509Certificate 3 ... of 6
            "0 00000001 00000001 0",
            "000",  # X509IssuerSerial
            "0 0 00000011 01101001 0",  # X509IssuerName
            "0 0 0",  # SE X509SerialNumber, CH, not below zero
            "10000000" * 10,  # ten groups of seven zeros ...
            "00000001",  # ... and 2 to the 70th
            "0",
            "0",  # EE X509IssuerSerial
            "110",  # EE is 6 of 7
            "0000",  # KeyName
            "0 00000011 01101011 0",
            "1000",  # EE is 8 of 10
            "01",  # Object 0, EE 1
            "0",  # EE Header
            "0",
            "011111",
            "0",
            END_BODY_AND_MESSAGE,
        ),
    ),
)

BARE_SCHEDULES: Final = stream_of(
    *PLAIN_START,
    "001000",  # ChargeParameterDiscoveryRes
    "0 0 00000 0",
    "0 0 0 0",
    "01 0",  # SASchedules itself, and its end
    "00 0",  # AC_EVSEChargeParameter
    "0 0 0 0  0 0 1 0  0 0 00000000 0  0 0 00 0  0",
    *(3 * ("0 0 0 011 0 01 0 0 00000000 0 0",)),
    "0 0",
    END_BODY_AND_MESSAGE,
)
"What an early charger sent in place of a list of schedules: the head of the group."
