"""From frames to events as they come: HomePlug, SDP, TCP and V2G, with bounded memory.

An event is given out as soon as it is certain. So events come in the order of their frames, but
for two: what waited behind a hole of a TCP stream comes when the hole is filled or given up, and
bears the number and time of its own frame. Damage, gaps and what does not decode never stop the
reading: they become ``warnings``.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from pyplc_fw.errors import CodecError
from pyplc_fw.net.packets import (
    ETHERTYPE_HOMEPLUG,
    ETHERTYPE_IPV6,
    NEXT_HEADER_TCP,
    NEXT_HEADER_UDP,
    EthernetFrame,
    Ipv6Packet,
    TcpSegment,
    UdpDatagram,
    checksum_ok,
)
from pyplc_fw.terms import Endpoint
from pyplc_fw.trace.dialogue import DialogueReader
from pyplc_fw.trace.events import Event, SdpEvent
from pyplc_fw.trace.field_text import counted
from pyplc_fw.trace.frames import ETHERNET, NS_PER_S, Frame
from pyplc_fw.trace.homeplug_events import homeplug_event
from pyplc_fw.trace.tcp_streams import Connection, Reassembler, Segment, Step
from pyplc_fw.v2g import sdp
from pyplc_fw.v2g.sdp import SDP_PORT

MAX_WARNINGS_OF_A_KIND: Final = 20
MAX_KINDS: Final = 1000
"Of damage, or of senders of wrong checksums, that are counted apart."
OTHER_KINDS: Final = "of other kinds"
COPY_WINDOW_NS: Final = 10 * NS_PER_S
COPY_WINDOW_FRAMES: Final = 4096
"Within both, a frame that another interface has shown already is known for a copy."


class EventReader:
    """Takes in frames one by one, and the passing of time between them."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        "What could not be read, and where; whoever reads live takes them out."
        self.notes: list[str] = []
        "Peculiarities that cost nothing: wrong checksums, what was read leniently."
        self.connections_opened = 0
        "TCP connections asked for with a SYN."
        self._tcp = Reassembler()
        self._dialogues: dict[Connection, DialogueReader] = {}
        self._copies = _Copies()
        self._undecodable: Counter[str] = Counter()
        self._first_undecodable: dict[str, int] = {}
        self._wrong_checksums: Counter[str] = Counter()
        self._other_link_types = 0

    def receive(self, frame: Frame) -> list[Event]:
        """Take in the next frame; returns what is certain now."""
        events = self.pass_time(frame.time_ns)
        if frame.link_type != ETHERNET:
            self._other_link_types += 1
            return events
        try:
            events += self._receive_ethernet(frame)
        except CodecError as exc:
            self._note_undecodable(frame, exc)
        return events

    def pass_time(self, now_ns: int) -> list[Event]:
        """Give up holes that have waited too long, by the frames' clock."""
        return self._events(self._tcp.pass_time(now_ns))

    def finish(self) -> list[Event]:
        """No more frames: returns what waited, and sums up what could not be read."""
        events = self._events(self._tcp.finish())
        self._tell()
        return events

    # --- layers ------------------------------------------------------------------------------

    def _receive_ethernet(self, frame: Frame) -> list[Event]:
        ethernet = EthernetFrame.decode(frame.data)
        if ethernet.ethertype == ETHERTYPE_HOMEPLUG:
            return self._receive_homeplug(frame, ethernet)
        if ethernet.ethertype == ETHERTYPE_IPV6:
            packet = Ipv6Packet.decode(ethernet.payload)
            if packet.next_header == NEXT_HEADER_UDP:
                return self._receive_udp(frame, packet)
            if packet.next_header == NEXT_HEADER_TCP:
                return self._receive_tcp(frame, packet)
        return []

    def _receive_homeplug(self, frame: Frame, ethernet: EthernetFrame) -> list[Event]:
        if self._copies.is_one(frame):
            return []
        event = homeplug_event(frame, ethernet)
        if event.mme is None:
            self._note_undecodable(frame, CodecError(event.fields["error"]))
        return [event]

    def _receive_udp(self, frame: Frame, packet: Ipv6Packet) -> list[Event]:
        udp = UdpDatagram.decode(packet.payload)
        if SDP_PORT not in (udp.src_port, udp.dst_port) or self._copies.is_one(frame):
            return []
        self._check_sum(packet)
        src, dst = Endpoint(packet.src, udp.src_port), Endpoint(packet.dst, udp.dst_port)
        return [_sdp_event(frame, src, dst, sdp.decode(udp.payload))]

    def _receive_tcp(self, frame: Frame, packet: Ipv6Packet) -> list[Event]:
        tcp = TcpSegment.decode(packet.payload)
        self._check_sum(packet)
        segment = Segment(
            number=frame.number,
            time_ns=frame.time_ns,
            src=Endpoint(packet.src, tcp.src_port),
            dst=Endpoint(packet.dst, tcp.dst_port),
            seq=tcp.seq,
            ack=tcp.ack,
            flags=tcp.flags,
            payload=tcp.payload,
        )
        return self._events(self._tcp.receive(segment))

    def _events(self, steps: list[Step]) -> list[Event]:
        events: list[Event] = []
        for step in steps:
            self.connections_opened += step.kind == "SYN"
            reader = self._dialogues.get(step.connection)
            if reader is None:
                reader = DialogueReader(step.connection, self.warnings, self.notes)
                self._dialogues[step.connection] = reader
            events += reader.receive(step)
            if step.kind == "END":
                del self._dialogues[step.connection]
        return events

    # --- what is odd -------------------------------------------------------------------------

    def _check_sum(self, packet: Ipv6Packet) -> None:
        if not checksum_ok(packet):
            kind = "TCP" if packet.next_header == NEXT_HEADER_TCP else "UDP"
            _count(self._wrong_checksums, f"{kind} from {packet.src}", "TCP from others")

    def _note_undecodable(self, frame: Frame, error: CodecError) -> None:
        cut = len(frame.data) < frame.original_length
        what = f"captured in part only ({error})" if cut else str(error)
        self._first_undecodable.setdefault(
            _count(self._undecodable, what, OTHER_KINDS), frame.number
        )

    def _tell(self) -> None:
        for what, count in self._undecodable.most_common(MAX_WARNINGS_OF_A_KIND):
            more = f" and {count - 1} more" if count > 1 else ""
            self.warnings.append(f"frame {self._first_undecodable[what]}{more}: {what}")
        for who, count in self._wrong_checksums.items():
            self.notes.append(f"{counted(count, f'wrong {who[:3]} checksum')} {who[4:]}")
        if self._copies.count:
            self.notes.append(f"{counted(self._copies.count, 'frame')} on several interfaces")
        if self._other_link_types:
            self.warnings.append(
                f"{counted(self._other_link_types, 'frame')} passed over: not Ethernet"
            )


def _count(counter: Counter[str], kind: str, others: str) -> str:
    """Count ``kind``, or ``others`` where there are too many kinds; returns what was counted."""
    counted_as = kind if kind in counter or len(counter) < MAX_KINDS else others
    counter[counted_as] += 1
    return counted_as


class _Copies:
    """Knows frames that another interface of the same recording has shown already."""

    def __init__(self) -> None:
        self.count = 0
        self._seen: dict[bytes, Counter[str]] = {}
        "What was seen longest ago first."
        self._last_ns: dict[bytes, int] = {}

    def is_one(self, frame: Frame) -> bool:
        seen = self._seen.pop(frame.data, None)
        if seen is None or frame.time_ns - self._last_ns[frame.data] > COPY_WINDOW_NS:
            seen = Counter()
        self._seen[frame.data] = seen
        self._last_ns[frame.data] = frame.time_ns
        if len(self._seen) > COPY_WINDOW_FRAMES:
            oldest = next(iter(self._seen))
            del self._seen[oldest], self._last_ns[oldest]
        seen[frame.interface] += 1
        others = (count for interface, count in seen.items() if interface != frame.interface)
        copy = seen[frame.interface] <= max(others, default=0)
        self.count += copy
        return copy


def _sdp_event(
    frame: Frame, src: Endpoint, dst: Endpoint, message: sdp.SdpRequest | sdp.SdpResponse
) -> SdpEvent:
    fields: dict[str, object] = {
        "security": int(message.security),
        "transport": int(message.transport),
    }
    is_request = isinstance(message, sdp.SdpRequest)
    if isinstance(message, sdp.SdpResponse):
        fields = {"address": str(message.secc.address), "port": message.secc.port, **fields}
    return SdpEvent(
        number=frame.number,
        time_ns=frame.time_ns,
        msg="SECCDiscoveryReq" if is_request else "SECCDiscoveryRes",
        fields=fields,
        src=src,
        dst=dst,
        is_request=is_request,
    )
