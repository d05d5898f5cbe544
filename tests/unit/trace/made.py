"""A small recording, made by hand: what tests of reading recordings begin with."""

from __future__ import annotations

import io
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any

from pyplc_fw.homeplug.mme import (
    CmAttenCharInd,
    CmSetKeyCnf,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    Mme,
    encode_frame,
)
from pyplc_fw.net.packets import (
    ACK,
    ETHERTYPE_IPV6,
    FIN,
    NEXT_HEADER_TCP,
    NEXT_HEADER_UDP,
    PSH,
    SYN,
    EthernetFrame,
    Ipv6Packet,
    TcpSegment,
    UdpDatagram,
)
from pyplc_fw.terms import BROADCAST, Endpoint, MacAddress, Nid, Nmk, RunId
from pyplc_fw.trace.conversation import Conversation, conversation_of
from pyplc_fw.trace.pcap import Capture, PcapngWriter
from pyplc_fw.v2g import exi, sdp
from pyplc_fw.v2g.messages import app, din, iso2
from pyplc_fw.v2g.v2gtp import PAYLOAD_EXI, wrap

START_NS = 1_700_000_000_000_000_000
CAR_MAC = MacAddress.parse("02:00:00:00:00:0a")
CHARGER_MAC = MacAddress.parse("02:00:00:00:00:0b")
MODEM_MAC = MacAddress.parse("02:00:00:00:00:0c")
CAR = Endpoint(IPv6Address("fe80::a"), 50_000)
CHARGER = Endpoint(IPv6Address("fe80::b"), 55_000)
RUN_ID = RunId(b"run-id-8")
NID = Nid(bytes(range(1, 8)))
NMK = Nmk(bytes(range(16)))
SESSION_ID = bytes.fromhex("A1B2C3D4")
CAR_ISN, CHARGER_ISN = 1000, 5000
READY = din.DC_EVStatus(EVReady=True, EVErrorCode=din.DC_EVErrorCode.NO_ERROR, EVRESSSOC=42)
OK = din.ResponseCode.OK


def status(
    code: din.DC_EVSEStatusCode = din.DC_EVSEStatusCode.EVSE_Ready,
    isolation: din.IsolationLevel | None = din.IsolationLevel.Valid,
) -> din.DC_EVSEStatus:
    return din.DC_EVSEStatus(
        EVSEIsolationStatus=isolation,
        EVSEStatusCode=code,
        NotificationMaxDelay=0,
        EVSENotification=din.EVSENotification.None_,
    )


class Made:
    """Frames with their times; each later by ``step_ms`` than the one before."""

    def __init__(self) -> None:
        self.frames: list[tuple[int, bytes]] = []
        self.now_ns = START_NS
        self.seq = {CAR: CAR_ISN, CHARGER: CHARGER_ISN}

    def add(self, frame: bytes, step_ms: int = 10) -> None:
        self.frames.append((self.now_ns, frame))
        self.now_ns += step_ms * 1_000_000

    # --- layers ------------------------------------------------------------------------------
    def mme(self, src: MacAddress, dst: MacAddress, message: Mme) -> None:
        self.add(encode_frame(dst, src, message))

    def ipv6(self, src: Endpoint, dst: Endpoint, next_header: int, payload: bytes) -> None:
        packet = Ipv6Packet(src.address, dst.address, next_header, 64, payload)
        macs = (CHARGER_MAC, CAR_MAC) if src.address == CAR.address else (CAR_MAC, CHARGER_MAC)
        self.add(EthernetFrame(*macs, ETHERTYPE_IPV6, packet.encode()).encode())

    def udp(self, src: Endpoint, dst: Endpoint, payload: bytes) -> None:
        datagram = UdpDatagram(src.port, dst.port, payload)
        self.ipv6(src, dst, NEXT_HEADER_UDP, datagram.encode(src.address, dst.address))

    def tcp(self, src: Endpoint, flags: int, payload: bytes = b"", seq: int | None = None) -> None:
        dst = CHARGER if src == CAR else CAR
        at = self.seq[src] if seq is None else seq
        segment = TcpSegment(src.port, dst.port, at % 2**32, 0, flags, 1000, payload)
        self.ipv6(src, dst, NEXT_HEADER_TCP, segment.encode(src.address, dst.address))
        if seq is None:
            self.seq[src] += len(payload) + bool(flags & (SYN | FIN))

    # --- steps -------------------------------------------------------------------------------
    def slac(self) -> None:
        self.mme(CAR_MAC, BROADCAST, CmSlacParmReq(run_id=RUN_ID))
        self.mme(CHARGER_MAC, CAR_MAC, CmSlacParmCnf(run_id=RUN_ID, forwarding_sta=CAR_MAC))
        self.mme(
            CHARGER_MAC,
            CAR_MAC,
            CmAttenCharInd(
                source_address=CAR_MAC,
                run_id=RUN_ID,
                num_sounds=10,
                attenuation_db=bytes([9] * 57 + [20]),
            ),
        )
        self.mme(
            CAR_MAC,
            CHARGER_MAC,
            CmSlacMatchReq(pev_mac=CAR_MAC, evse_mac=CHARGER_MAC, run_id=RUN_ID),
        )
        self.mme(
            CHARGER_MAC,
            CAR_MAC,
            CmSlacMatchCnf(pev_mac=CAR_MAC, evse_mac=CHARGER_MAC, run_id=RUN_ID, nid=NID, nmk=NMK),
        )
        self.mme(MODEM_MAC, CAR_MAC, CmSetKeyCnf(result=1, my_nonce=bytes(4), your_nonce=bytes(4)))

    def sdp(self) -> None:
        asker = Endpoint(CAR.address, 60_000)
        self.udp(asker, sdp.SDP_MULTICAST, sdp.datagram(sdp.SdpRequest()))
        answerer = Endpoint(CHARGER.address, sdp.SDP_PORT)
        self.udp(answerer, asker, sdp.datagram(sdp.SdpResponse(CHARGER)))

    def open(self) -> None:
        self.tcp(CAR, SYN)
        self.tcp(CHARGER, SYN | ACK)
        self.tcp(CAR, ACK)

    def close(self) -> None:
        self.tcp(CAR, FIN | ACK)
        self.tcp(CHARGER, FIN | ACK)

    def say(self, src: Endpoint, message: Any) -> None:
        self.tcp(src, PSH | ACK, v2gtp(message))

    def talk(self, exchanges: list[tuple[Any, Any]]) -> None:
        for request, response in exchanges:
            self.say(CAR, request)
            self.say(CHARGER, response)

    # --- reading -----------------------------------------------------------------------------
    def pcapng(self, interfaces: int = 1) -> bytes:
        target = io.BytesIO()
        with PcapngWriter(target) as writer:
            for n in range(interfaces):
                writer.add_interface(f"plc{n}")
            for time_ns, frame in self.frames:
                for n in range(interfaces):
                    writer.write(time_ns + n, frame, interface=n)
        return target.getvalue()

    def conversation(self, interfaces: int = 1) -> Conversation:
        return conversation_of(Capture(io.BytesIO(self.pcapng(interfaces))), "made.pcapng")

    def save(self, folder: Path) -> Path:
        path = folder / "made.pcapng"
        path.write_bytes(self.pcapng())
        return path


def v2gtp(message: Any) -> bytes:
    """Wrap a handshake message, or a body element behind the session's header."""
    if isinstance(message, iso2.Message):
        iso2_header = iso2.MessageHeader(SessionID=SESSION_ID)
        message = iso2.V2G_Message(Header=iso2_header, Body=iso2.Body(BodyElement=message))
    elif not isinstance(message, app.supportedAppProtocolReq | app.supportedAppProtocolRes):
        header = din.MessageHeader(SessionID=SESSION_ID)
        message = din.V2G_Message(Header=header, Body=din.Body(BodyElement=message))
    return wrap(PAYLOAD_EXI, exi.encode(message))


def handshake(namespace: str = "urn:din:70121:2012:MsgDef") -> tuple[Any, Any]:
    offer = app.AppProtocol(
        ProtocolNamespace=namespace,
        VersionNumberMajor=2,
        VersionNumberMinor=0,
        SchemaID=1,
        Priority=1,
    )
    return (
        app.supportedAppProtocolReq(AppProtocol=(offer,)),
        app.supportedAppProtocolRes(
            ResponseCode=app.ResponseCode.OK_SuccessfulNegotiation, SchemaID=1
        ),
    )


def setup() -> tuple[Any, Any]:
    return (
        din.SessionSetupReq(EVCCID=bytes(CAR_MAC)),
        din.SessionSetupRes(ResponseCode=din.ResponseCode.OK_NewSessionEstablished, EVSEID=b"\x5a"),
    )


def discovery() -> list[tuple[Any, Any]]:
    finished = din.EVSEProcessing.Finished
    tag = din.ServiceTag(ServiceID=1, ServiceCategory=din.ServiceCategory.EVCharging)
    payment = din.PaymentOption.ExternalPayment
    service = din.SelectedService(ServiceID=1)
    return [
        (
            din.ServiceDiscoveryReq(),
            din.ServiceDiscoveryRes(
                ResponseCode=OK,
                PaymentOptions=din.PaymentOptions(PaymentOption=(payment,)),
                ChargeService=din.ServiceCharge(
                    ServiceTag=tag,
                    FreeService=False,
                    EnergyTransferType=din.EVSESupportedEnergyTransferType.DC_extended,
                ),
            ),
        ),
        (
            din.ServicePaymentSelectionReq(
                SelectedPaymentOption=payment,
                SelectedServiceList=din.SelectedServiceList(SelectedService=(service,)),
            ),
            din.ServicePaymentSelectionRes(ResponseCode=OK),
        ),
        (
            din.ContractAuthenticationReq(),
            din.ContractAuthenticationRes(ResponseCode=OK, EVSEProcessing=finished),
        ),
        (
            din.ChargeParameterDiscoveryReq(
                EVRequestedEnergyTransferType=din.EVRequestedEnergyTransferType.DC_extended,
                EVChargeParameter=din.DC_EVChargeParameter(
                    DC_EVStatus=READY,
                    EVMaximumCurrentLimit=din.amps(100.0),
                    EVMaximumVoltageLimit=din.volts(400.0),
                ),
            ),
            din.ChargeParameterDiscoveryRes(
                ResponseCode=OK,
                EVSEProcessing=finished,
                EVSEChargeParameter=din.DC_EVSEChargeParameter(
                    DC_EVSEStatus=status(),
                    EVSEMaximumCurrentLimit=din.amps(125.0),
                    EVSEMaximumPowerLimit=din.watts(50_000.0),
                    EVSEMaximumVoltageLimit=din.volts(500.0),
                    EVSEMinimumCurrentLimit=din.amps(1.0),
                    EVSEMinimumVoltageLimit=din.volts(150.0),
                    EVSEPeakCurrentRipple=din.amps(1.0),
                ),
                SASchedules=din.SAScheduleList(SAScheduleTuple=(_schedule(),)),
            ),
        ),
    ]


def _schedule() -> din.SAScheduleTuple:
    entry = din.PMaxScheduleEntry(
        PMax=10_000, TimeInterval=din.RelativeTimeInterval(start=0, duration=86_400)
    )
    return din.SAScheduleTuple(
        SAScheduleTupleID=1,
        PMaxSchedule=din.PMaxSchedule(PMaxScheduleID=1, PMaxScheduleEntry=(entry,)),
    )


def cable_check(*processing: din.EVSEProcessing) -> list[tuple[Any, Any]]:
    return [
        (
            din.CableCheckReq(DC_EVStatus=READY),
            din.CableCheckRes(ResponseCode=OK, DC_EVSEStatus=status(), EVSEProcessing=done),
        )
        for done in processing
    ]


def pre_charge(*voltages: float) -> list[tuple[Any, Any]]:
    return [
        (
            din.PreChargeReq(
                DC_EVStatus=READY,
                EVTargetVoltage=din.volts(350.0),
                EVTargetCurrent=din.amps(1.0),
            ),
            din.PreChargeRes(
                ResponseCode=OK, DC_EVSEStatus=status(), EVSEPresentVoltage=din.volts(voltage)
            ),
        )
        for voltage in voltages
    ]


def power_delivery(*, start: bool) -> tuple[Any, Any]:
    return (
        din.PowerDeliveryReq(ReadyToChargeState=start),
        din.PowerDeliveryRes(ResponseCode=OK, EVSEStatus=status()),
    )


def current_demand(
    current_a: float, code: din.DC_EVSEStatusCode = din.DC_EVSEStatusCode.EVSE_Ready
) -> tuple[Any, Any]:
    return (
        din.CurrentDemandReq(
            DC_EVStatus=READY,
            EVTargetCurrent=din.amps(current_a),
            ChargingComplete=False,
            EVTargetVoltage=din.volts(360.0),
        ),
        din.CurrentDemandRes(
            ResponseCode=OK,
            DC_EVSEStatus=status(code),
            EVSEPresentVoltage=din.volts(351.0),
            EVSEPresentCurrent=din.amps(current_a),
            EVSECurrentLimitAchieved=False,
            EVSEVoltageLimitAchieved=False,
            EVSEPowerLimitAchieved=False,
        ),
    )


def stop() -> list[tuple[Any, Any]]:
    return [
        power_delivery(start=False),
        *(
            (
                din.WeldingDetectionReq(DC_EVStatus=READY),
                din.WeldingDetectionRes(
                    ResponseCode=OK, DC_EVSEStatus=status(), EVSEPresentVoltage=din.volts(v)
                ),
            )
            for v in (100.0, 20.0)
        ),
        (din.SessionStopReq(), din.SessionStopRes(ResponseCode=OK)),
    ]


def whole_session() -> Made:
    """SLAC to SessionStop, with a charge loop of three rounds."""
    made = Made()
    made.slac()
    made.sdp()
    made.open()
    made.talk([handshake(), setup(), *discovery()])
    made.talk(cable_check(din.EVSEProcessing.Ongoing, din.EVSEProcessing.Finished))
    made.talk([*pre_charge(100.0, 345.0), power_delivery(start=True)])
    made.talk([current_demand(current_a) for current_a in (0.0, 50.0, 99.5)])
    made.talk(stop())
    made.close()
    return made
