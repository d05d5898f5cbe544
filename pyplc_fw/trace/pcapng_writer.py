"""Writes pcapng files, one whole block at a time, so that what was flushed can be read.

Source: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html
"""

from __future__ import annotations

from pathlib import Path
from struct import Struct
from types import TracebackType
from typing import BinaryIO, Final, Self

from pyplc_fw.trace.frames import ETHERNET, MAX_FRAME_BYTES
from pyplc_fw.trace.pcapng import (
    BYTE_ORDER_MAGIC,
    ENHANCED_PACKET,
    IF_NAME,
    IF_TSRESOL,
    INTERFACE_DESCRIPTION,
    INTERFACE_STATISTICS,
    OPT_COMMENT,
    SECTION_HEADER,
)

_BLOCK_HEAD: Final = Struct("<II")
_LENGTH: Final = Struct("<I")
_SECTION_BODY: Final = Struct("<IHHq")
_INTERFACE_BODY: Final = Struct("<HHI")
_PACKET_HEAD: Final = Struct("<IIIIIII")
_STATISTICS_BODY: Final = Struct("<III")
_COUNTER: Final = Struct("<Q")
_OPTION_HEAD: Final = Struct("<HH")
_USER_APPLICATION: Final = 4
_RECEIVED, _DROPPED, _DROPPED_BY_SYSTEM = 4, 5, 7
_FLAGS: Final = 2
_DIRECTIONS: Final = {"in": b"\x01\0\0\0", "out": b"\x02\0\0\0"}
_MAX_OPTION_BYTES: Final = 0xFFFC
_PADDING: Final = (b"", b"\0\0\0", b"\0\0", b"\0")


class PcapngBlocks:
    """Makes the blocks of one section: ``section`` first, then interfaces, then packets."""

    def __init__(self) -> None:
        self._unit_ns: list[int] = []

    def section(self, application: str = "pyplc") -> bytes:
        """Begin a section."""
        body = _SECTION_BODY.pack(BYTE_ORDER_MAGIC, 1, 0, -1)
        return _block(SECTION_HEADER, body + _options({_USER_APPLICATION: application.encode()}))

    def interface(
        self, name: str, *, link_type: int = ETHERNET, microseconds: bool = False
    ) -> bytes:
        """Describe the next interface, from 0 on. Times are kept in ns unless told."""
        resolution = b"\x06" if microseconds else b"\x09"
        options = _options({IF_NAME: name.encode(), IF_TSRESOL: resolution})
        self._unit_ns.append(1_000 if microseconds else 1)
        return _block(INTERFACE_DESCRIPTION, _INTERFACE_BODY.pack(link_type, 0, 0) + options)

    def packet(
        self,
        time_ns: int,
        data: bytes,
        *,
        interface: int = 0,
        comment: str = "",
        direction: str = "",
    ) -> bytes:
        """Hold one frame, whole and without FCS; ``time_ns`` counts from 1970.

        ``direction`` is ``"in"``, ``"out"`` or empty when it is not known. Raises ValueError for
        an interface that was not described, or a frame that is too long.
        """
        size = len(data)
        if size > MAX_FRAME_BYTES:
            raise ValueError(f"a frame of {size} bytes, max {MAX_FRAME_BYTES}")
        high, low = self._units(time_ns, interface)
        values = {OPT_COMMENT: comment.encode()} if comment else {}
        if direction:
            values[_FLAGS] = _DIRECTIONS[direction]
        options = _options(values) if values else b""
        padding = _PADDING[size % 4]
        length = _PACKET_HEAD.size + size + len(padding) + len(options) + _LENGTH.size
        head = _PACKET_HEAD.pack(ENHANCED_PACKET, length, interface, high, low, size, size)
        return b"".join((head, data, padding, options, _LENGTH.pack(length)))

    def statistics(
        self, time_ns: int, *, interface: int, received: int, dropped: int, by_system: int = 0
    ) -> bytes:
        """Sum up an interface: frames received, and of them dropped by us and by the system."""
        high, low = self._units(time_ns, interface)
        counters = {_RECEIVED: received, _DROPPED: dropped, _DROPPED_BY_SYSTEM: by_system}
        options = _options({code: _COUNTER.pack(count) for code, count in counters.items()})
        return _block(INTERFACE_STATISTICS, _STATISTICS_BODY.pack(interface, high, low) + options)

    def _units(self, time_ns: int, interface: int) -> tuple[int, int]:
        if not 0 <= interface < len(self._unit_ns):
            raise ValueError(f"interface {interface} was not added")
        units = time_ns // self._unit_ns[interface]
        return units >> 32, units & 0xFFFFFFFF


class PcapngWriter:
    """A pcapng file that grows: name interfaces first, then write frames.

    ``target`` is a path, or a binary file that stays the caller's to close.
    """

    def __init__(self, target: Path | str | BinaryIO, *, application: str = "pyplc") -> None:
        self._owns_file = isinstance(target, (Path, str))
        self._file: BinaryIO = (
            Path(target).open("wb")  # noqa: SIM115 -- close() or the with-block closes it
            if isinstance(target, (Path, str))
            else target
        )
        self._blocks = PcapngBlocks()
        self._interfaces = 0
        self._file.write(self._blocks.section(application))

    def add_interface(
        self, name: str, *, link_type: int = ETHERNET, microseconds: bool = False
    ) -> int:
        """Describe an interface; returns its number. Times are kept in ns unless told."""
        self._file.write(
            self._blocks.interface(name, link_type=link_type, microseconds=microseconds)
        )
        self._interfaces += 1
        return self._interfaces - 1

    def write(self, time_ns: int, data: bytes, *, interface: int = 0, comment: str = "") -> None:
        """Write one frame, whole and without FCS; ``time_ns`` counts from 1970.

        Raises ValueError for an interface that was not added, or a frame that is too long.
        """
        self._file.write(self._blocks.packet(time_ns, data, interface=interface, comment=comment))

    def flush(self) -> None:
        """Hand everything written so far to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Flush, and close the file if it was opened here."""
        if self._owns_file:
            self._file.close()
        else:
            self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _block(kind: int, body: bytes) -> bytes:
    length = _BLOCK_HEAD.size + len(body) + _LENGTH.size
    return _BLOCK_HEAD.pack(kind, length) + body + _LENGTH.pack(length)


def _options(values: dict[int, bytes]) -> bytes:
    """Encode options and their end; what is longer than an option can be is cut."""
    parts = []
    for code, value in values.items():
        kept = value[:_MAX_OPTION_BYTES]
        parts.append(_OPTION_HEAD.pack(code, len(kept)) + kept + _PADDING[len(kept) % 4])
    return b"".join(parts) + _OPTION_HEAD.pack(0, 0)
