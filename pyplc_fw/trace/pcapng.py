"""Reads pcapng files: sections of both byte orders, all kinds of packet blocks.

Source: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from struct import Struct
from typing import Final, NamedTuple

from pyplc_fw.trace.frames import ETHERNET, MAX_FRAME_BYTES, NS_PER_S, Frame, Source

SECTION_HEADER: Final = 0x0A0D0D0A
INTERFACE_DESCRIPTION: Final = 1
PACKET: Final = 2
"Obsolete, but written by old tools."
SIMPLE_PACKET: Final = 3
INTERFACE_STATISTICS: Final = 5
ENHANCED_PACKET: Final = 6
KNOWN_BLOCKS: Final = frozenset(
    {SECTION_HEADER, INTERFACE_DESCRIPTION, PACKET, SIMPLE_PACKET, 4, INTERFACE_STATISTICS}
    | {ENHANCED_PACKET, 10}
)
"With name resolution (4) and secrets (10): where a damaged file may go on."

BYTE_ORDER_MAGIC: Final = 0x1A2B3C4D
MAX_BLOCK_BYTES: Final = 1 << 24
MAX_PACKET_BLOCK_BYTES: Final = MAX_FRAME_BYTES + 65_536 + 64
"A frame and its options."
MAX_INTERFACES: Final = 1024
_SKIP_CHUNK_BYTES: Final = 65_536

OPT_END, OPT_COMMENT, IF_NAME, IF_TSRESOL, IF_TSOFFSET = 0, 1, 2, 9, 14


@dataclass(frozen=True, slots=True)
class _Interface:
    name: str
    link_type: int = ETHERNET
    snap_length: int = 0
    units_per_s: int = 1_000_000
    offset_s: int = 0

    def time_ns(self, high: int, low: int) -> int:
        """Convert a block's two halves of a timestamp."""
        return (high << 32 | low) * NS_PER_S // self.units_per_s + self.offset_s * NS_PER_S


class _Packet(NamedTuple):
    interface: _Interface
    time_ns: int
    captured: int
    original: int
    start: int
    "Where the frame begins in the block's body."


@dataclass(slots=True)
class _Section:
    order: str
    interfaces: list[_Interface] = field(default_factory=list)

    def unpack(self, layout: str, data: bytes, offset: int = 0) -> tuple[int, ...]:
        return Struct(self.order + layout).unpack_from(data, offset)

    def options(self, data: bytes) -> dict[int, bytes]:
        """Read the options in ``data``; of repeated ones the first. Stops at what is cut."""
        found: dict[int, bytes] = {}
        place = 0
        while place + 4 <= len(data):
            code, length = self.unpack("HH", data, place)
            if code == OPT_END or place + 4 + length > len(data):
                break
            found.setdefault(code, data[place + 4 : place + 4 + length])
            place += 4 + length + (-length % 4)
        return found


class PcapngReader:
    """Iterates over the frames of a pcapng file; collects ``warnings``."""

    def __init__(self, source: Source, warnings: list[str]) -> None:
        self._source = source
        self._warnings = warnings
        self._section = _Section("<")
        self._number = 0
        self._last_ns = 0

    def frames(self) -> Iterator[Frame]:
        """Yield what can be read."""
        while head := self._source.peek(12):
            place = f"block at byte {self._source.offset}, after frame {self._number}"
            if len(head) < 12:
                self._warnings.append(f"{place}: cut after {len(head)} bytes")
                return
            kind, length = self._block_head(head)
            fault = self._fault_in(kind, length)
            if fault:
                if not self._resynchronise(f"{place}: {fault}"):
                    return
                continue
            if kind not in (SECTION_HEADER, INTERFACE_DESCRIPTION) and not _is_packet(kind):
                self._skip(place, length)
                continue
            frame = self._read(place, kind, length)
            if frame is not None:
                yield frame

    # --- blocks ------------------------------------------------------------------------------

    def _block_head(self, head: bytes) -> tuple[int, int]:
        """Kind and length of the block; a section header sets the byte order first."""
        if head[:4] == SECTION_HEADER.to_bytes(4, "big"):
            for order in "<>":
                if Struct(order + "I").unpack_from(head, 8)[0] == BYTE_ORDER_MAGIC:
                    self._section = _Section(order)
        kind, length = self._section.unpack("II", head)
        return kind, length

    def _fault_in(self, kind: int, length: int) -> str:
        """Say what is wrong with a block, judged by its length at both ends; empty when good."""
        if not _length_possible(kind, length):
            return f"impossible length {length}"
        if length > MAX_PACKET_BLOCK_BYTES:
            return ""  # of no interest: skipped without a look at its end
        block = self._source.peek(length)
        if len(block) == length and self._section.unpack("I", block, length - 4)[0] != length:
            return "its two lengths differ"
        return ""

    def _resynchronise(self, what: str) -> bool:
        passed = self._source.skip_to(self._plausible, 4)
        if passed is None:
            self._warnings.append(f"{what}; nothing readable after it")
            return False
        self._warnings.append(f"{what}; {passed} bytes passed over")
        return True

    def _plausible(self, window: bytes, index: int) -> bool:
        if index + 12 > len(window):
            return False
        kind, length = self._section.unpack("II", window, index)
        if kind not in KNOWN_BLOCKS or not _length_possible(kind, length):
            return False
        end = index + length
        return end <= len(window) and self._section.unpack("I", window, end - 4)[0] == length

    def _skip(self, place: str, length: int) -> None:
        left = length
        while left and (chunk := self._source.take(min(left, _SKIP_CHUNK_BYTES))):
            left -= len(chunk)
        if left:
            self._warnings.append(f"{place}: cut, {length - left} of {length} bytes")

    def _read(self, place: str, kind: int, length: int) -> Frame | None:
        block = self._source.take(length)
        if len(block) < length:
            self._warnings.append(f"{place}: cut, {len(block)} of {length} bytes")
            body = block[8:]
        else:
            body = block[8:-4]
        if kind == SECTION_HEADER:
            return None
        if kind == INTERFACE_DESCRIPTION:
            self._add_interface(place, body)
            return None
        return self._read_packet(place, kind, body)

    def _add_interface(self, place: str, body: bytes) -> None:
        interfaces = self._section.interfaces
        if len(body) < 8 or len(interfaces) >= MAX_INTERFACES:
            self._warnings.append(f"{place}: interface description that cannot be used")
            return
        link_type, _, snap_length = self._section.unpack("HHI", body)
        options = self._section.options(body[8:])
        name = options.get(IF_NAME, b"").rstrip(b"\0").decode("utf-8", "replace")
        resolution = options.get(IF_TSRESOL) or b"\x06"
        offset = options.get(IF_TSOFFSET, b"")
        interfaces.append(
            _Interface(
                name or f"if{len(interfaces)}",
                link_type,
                snap_length,
                _units_per_s(resolution[0]),
                self._section.unpack("q", offset)[0] if len(offset) == 8 else 0,
            )
        )

    # --- packets -----------------------------------------------------------------------------

    def _read_packet(self, place: str, kind: int, body: bytes) -> Frame | None:
        packet = self._packet_head(kind, body)
        self._number += 1
        if packet is None:
            self._warnings.append(f"{place}: packet block that cannot be used")
            return None
        end = packet.start + packet.captured
        data = body[packet.start : end]
        if len(data) < packet.captured:
            self._warnings.append(
                f"{place}: frame {self._number} cut, {len(data)} of {packet.captured} bytes"
            )
        options = {} if kind == SIMPLE_PACKET else self._section.options(body[end + (-end % 4) :])
        self._last_ns = packet.time_ns
        return Frame(
            number=self._number,
            time_ns=packet.time_ns,
            interface=packet.interface.name,
            data=data,
            original_length=packet.original,
            link_type=packet.interface.link_type,
            comment=options.get(OPT_COMMENT, b"").decode("utf-8", "replace"),
        )

    def _packet_head(self, kind: int, body: bytes) -> _Packet | None:
        """Read the fields before the frame; a simple packet has the time of the one before."""
        if len(body) < (4 if kind == SIMPLE_PACKET else 20):
            return None
        if kind == SIMPLE_PACKET:
            return self._simple_head(body)
        layout = "IIIII" if kind == ENHANCED_PACKET else "HxxIIII"
        index, high, low, captured, original = self._section.unpack(layout, body)
        interface = self._interface(index)
        if interface is None or captured > MAX_FRAME_BYTES:
            return None
        return _Packet(interface, interface.time_ns(high, low), captured, original, 20)

    def _simple_head(self, body: bytes) -> _Packet | None:
        interface = self._interface(0)
        if interface is None:
            return None
        original = self._section.unpack("I", body)[0]
        captured = min(original, len(body) - 4, interface.snap_length or MAX_FRAME_BYTES)
        return _Packet(interface, self._last_ns, captured, original, 4)

    def _interface(self, index: int) -> _Interface | None:
        interfaces = self._section.interfaces
        return interfaces[index] if index < len(interfaces) else None


def _length_possible(kind: int, length: int) -> bool:
    limit = MAX_PACKET_BLOCK_BYTES if _is_packet(kind) else MAX_BLOCK_BYTES
    return 12 <= length <= limit and length % 4 == 0


def _is_packet(kind: int) -> bool:
    return kind in (PACKET, SIMPLE_PACKET, ENHANCED_PACKET)


def _units_per_s(resolution: int) -> int:
    """Units of time in a second: a power of two when the top bit is set, else of ten."""
    exponent = resolution & 0x7F
    return int(2**exponent) if resolution & 0x80 else int(10**exponent)
