"""From a recording to the conversation in it: HomePlug, SDP, TCP and V2G events in order.

Frames are read once; TCP is put together at the end, because only then it is certain which
bytes are missing. Damage, gaps and what does not decode never stop the reading: they become
``warnings``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
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
from pyplc_fw.trace.dialogue import build_dialogue
from pyplc_fw.trace.events import Dialogue, Event, SdpEvent
from pyplc_fw.trace.field_text import counted
from pyplc_fw.trace.frames import ETHERNET, Frame
from pyplc_fw.trace.homeplug_events import homeplug_event
from pyplc_fw.trace.pcap import Capture, open_capture
from pyplc_fw.trace.tcp_streams import Reassembler, Segment
from pyplc_fw.v2g import sdp
from pyplc_fw.v2g.sdp import SDP_PORT

MAX_WARNINGS_OF_A_KIND: Final = 20


@dataclass(slots=True)
class Conversation:
    """A whole recording, read."""

    file: str
    events: list[Event] = field(default_factory=list)
    dialogues: list[Dialogue] = field(default_factory=list)
    "One a TCP connection that the recording shows, in order."
    frames: int = 0
    start_ns: int = 0
    "Time of the first frame."
    end_ns: int = 0
    connections_opened: int = 0
    "TCP connections asked for with a SYN."
    warnings: list[str] = field(default_factory=list)
    "What could not be read, and where."
    notes: list[str] = field(default_factory=list)
    "Peculiarities that cost nothing: wrong checksums, what was read leniently."

    @property
    def start(self) -> str:
        """When it was recorded, for people."""
        try:
            moment = datetime.fromtimestamp(self.start_ns // 10**9, UTC)
        except (ValueError, OverflowError, OSError):
            return "an impossible time"
        return f"{moment:%Y-%m-%d %H:%M:%S} UTC"

    def seconds(self, time_ns: int) -> float:
        """Return ``time_ns`` as seconds since the first frame."""
        return (time_ns - self.start_ns) / 1e9


def read_conversation(path: Path | str) -> Conversation:
    """Read a recording; raises OSError, or CodecError when the file is no capture."""
    with open_capture(path) as capture:
        return conversation_of(capture, Path(path).name)


def conversation_of(capture: Capture, name: str = "") -> Conversation:
    """Read an open recording."""
    reader = _Reader(Conversation(name))
    for frame in capture:
        reader.receive(frame)
    return reader.finish(capture.warnings)


class _Reader:
    """Takes in frames one by one."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._tcp = Reassembler()
        self._undecodable: Counter[str] = Counter()
        self._first_undecodable: dict[str, int] = {}
        self._wrong_checksums: Counter[str] = Counter()
        self._other_link_types = 0
        self._seen: dict[bytes, Counter[str]] = {}
        self._copies = 0

    def receive(self, frame: Frame) -> None:
        """Take in the next frame."""
        conversation = self._conversation
        conversation.frames += 1
        if conversation.frames == 1:
            conversation.start_ns = frame.time_ns
        conversation.end_ns = frame.time_ns
        if frame.link_type != ETHERNET:
            self._other_link_types += 1
            return
        try:
            self._receive_ethernet(frame)
        except CodecError as exc:
            self._note_undecodable(frame, exc)

    def finish(self, capture_warnings: list[str]) -> Conversation:
        """No more frames: put TCP together and sort."""
        conversation = self._conversation
        self._tcp.finish()
        for connection in self._tcp.connections:
            conversation.connections_opened += connection.syn_seq is not None
            reading = build_dialogue(connection)
            conversation.dialogues.append(reading.dialogue)
            conversation.events += reading.events
            conversation.warnings += reading.warnings
            conversation.notes += reading.notes
        conversation.events.sort(key=lambda event: event.number)
        conversation.warnings[:0] = capture_warnings
        self._tell()
        return conversation

    def _receive_ethernet(self, frame: Frame) -> None:
        ethernet = EthernetFrame.decode(frame.data)
        if ethernet.ethertype == ETHERTYPE_HOMEPLUG:
            if not self._is_copy(frame):
                self._receive_homeplug(frame, ethernet)
        elif ethernet.ethertype == ETHERTYPE_IPV6:
            packet = Ipv6Packet.decode(ethernet.payload)
            if packet.next_header == NEXT_HEADER_UDP:
                self._receive_udp(frame, packet)
            elif packet.next_header == NEXT_HEADER_TCP:
                self._receive_tcp(frame, packet)

    def _receive_homeplug(self, frame: Frame, ethernet: EthernetFrame) -> None:
        event = homeplug_event(frame, ethernet)
        self._conversation.events.append(event)
        if event.mme is None:
            self._note_undecodable(frame, CodecError(event.fields["error"]))

    def _receive_udp(self, frame: Frame, packet: Ipv6Packet) -> None:
        udp = UdpDatagram.decode(packet.payload)
        if SDP_PORT not in (udp.src_port, udp.dst_port):
            return
        if self._is_copy(frame):
            return
        self._check_sum(packet)
        message = sdp.decode(udp.payload)
        self._conversation.events.append(
            _sdp_event(
                frame,
                Endpoint(packet.src, udp.src_port),
                Endpoint(packet.dst, udp.dst_port),
                message,
            )
        )

    def _receive_tcp(self, frame: Frame, packet: Ipv6Packet) -> None:
        tcp = TcpSegment.decode(packet.payload)
        self._check_sum(packet)
        self._tcp.receive(
            Segment(
                number=frame.number,
                time_ns=frame.time_ns,
                src=Endpoint(packet.src, tcp.src_port),
                dst=Endpoint(packet.dst, tcp.dst_port),
                seq=tcp.seq,
                ack=tcp.ack,
                flags=tcp.flags,
                payload=tcp.payload,
            )
        )

    def _is_copy(self, frame: Frame) -> bool:
        """Tell whether another interface of the same recording has shown this frame already."""
        seen = self._seen.setdefault(frame.data, Counter())
        seen[frame.interface] += 1
        others = (count for interface, count in seen.items() if interface != frame.interface)
        copy = seen[frame.interface] <= max(others, default=0)
        self._copies += copy
        return copy

    def _check_sum(self, packet: Ipv6Packet) -> None:
        if not checksum_ok(packet):
            kind = "TCP" if packet.next_header == NEXT_HEADER_TCP else "UDP"
            self._wrong_checksums[f"{kind} from {packet.src}"] += 1

    def _note_undecodable(self, frame: Frame, error: CodecError) -> None:
        cut = len(frame.data) < frame.original_length
        what = f"captured in part only ({error})" if cut else str(error)
        self._undecodable[what] += 1
        self._first_undecodable.setdefault(what, frame.number)

    def _tell(self) -> None:
        conversation = self._conversation
        for what, count in self._undecodable.most_common(MAX_WARNINGS_OF_A_KIND):
            more = f" and {count - 1} more" if count > 1 else ""
            conversation.warnings.append(f"frame {self._first_undecodable[what]}{more}: {what}")
        for who, count in self._wrong_checksums.items():
            conversation.notes.append(f"{counted(count, f'wrong {who[:3]} checksum')} {who[4:]}")
        if self._copies:
            conversation.notes.append(f"{counted(self._copies, 'frame')} on several interfaces")
        if self._other_link_types:
            conversation.warnings.append(
                f"{counted(self._other_link_types, 'frame')} passed over: not Ethernet"
            )


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
