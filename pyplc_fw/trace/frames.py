"""What a recording consists of: frames, each with its time, interface and place in the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Final

ETHERNET: Final = 1
"Link type of Ethernet frames. Source: tcpdump.org, link-layer header types."
MAX_FRAME_BYTES: Final = 262_144
"The longest captured frame that is believed; libpcap's own limit."
RESYNC_WINDOWS_BYTES: Final = (1 << 12, 1 << 16, 1 << 20)
"How far a damaged file is searched for the next block that makes sense: near first, then far."
MAX_WARNINGS: Final = 100

NS_PER_S: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One captured frame."""

    number: int
    "Counts from 1 through the file, as Wireshark does."
    time_ns: int
    "Nanoseconds since 1970-01-01T00:00Z."
    interface: str
    "Name of the interface it was captured on; ``if<n>`` where the recording names none."
    data: bytes
    "From the destination address on, without FCS; shorter than ``original_length`` when cut."
    original_length: int
    link_type: int = ETHERNET
    comment: str = ""

    @property
    def t(self) -> float:
        """Seconds since 1970; a float is good for microseconds only."""
        return self.time_ns / NS_PER_S


class Source:
    """Reads a stream forward with a bounded look-ahead and knows its offset."""

    def __init__(self, stream: BinaryIO, read_errors: tuple[type[Exception], ...]) -> None:
        self._stream = stream
        self._read_errors = read_errors
        self._buffer = bytearray()
        self.offset = 0
        self.error: Exception | None = None
        "What ended the stream before its end, e.g. a damaged gzip."

    def peek(self, count: int) -> bytes:
        """Look at the next ``count`` bytes; fewer where the stream ends."""
        while len(self._buffer) < count and self.error is None:
            try:
                chunk = self._stream.read(max(count - len(self._buffer), 65_536))
            except self._read_errors as exc:
                self.error = exc
                break
            if not chunk:
                break
            self._buffer += chunk
        return bytes(self._buffer[:count])

    def take(self, count: int) -> bytes:
        """Read up to ``count`` bytes and move on."""
        data = self.peek(count)
        del self._buffer[: len(data)]
        self.offset += len(data)
        return data

    def skip_to(self, plausible: Callable[[bytes, int], bool], step: int) -> int | None:
        """Move on to the first place where ``plausible(window, index)`` holds.

        Places are tried every ``step`` bytes from one step ahead. Returns how many bytes were
        passed over, or None when nothing in the window looks right; the window is gone then.
        """
        for size in RESYNC_WINDOWS_BYTES:
            window = self.peek(size)
            for index in range(step, len(window), step):
                if plausible(window, index):
                    self.take(index)
                    return index
            if len(window) < size:
                break
        self.take(len(window))
        return None


class Warnings(list[str]):
    """What could not be read; a file that is nothing but damage does not fill the memory."""

    def append(self, warning: str) -> None:
        if len(self) < MAX_WARNINGS:
            super().append(warning)
        elif len(self) == MAX_WARNINGS:
            super().append("further damage is not listed")
