"""Reads classic pcap files, microseconds and nanoseconds, both byte orders.

Source: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import Final, NamedTuple

from pyplc_fw.trace.frames import MAX_FRAME_BYTES, NS_PER_S, Frame, Source

MAGICS: Final[dict[bytes, tuple[str, int]]] = {
    b"\xa1\xb2\xc3\xd4": (">", 1_000),
    b"\xd4\xc3\xb2\xa1": ("<", 1_000),
    b"\xa1\xb2\x3c\x4d": (">", 1),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
}
"First four bytes of a file: byte order and nanoseconds in one unit of its fractions."
HEADER_BYTES: Final = 24
RECORD_BYTES: Final = 16
RESYNC_MAX_STEP_S: Final = 86_400
"After damage, a record is believed when its time is this near to the last good one."


class _Record(NamedTuple):
    seconds: int
    fraction: int
    captured: int
    original: int


class ClassicReader:
    """Iterates over the frames of a classic pcap file; collects ``warnings``."""

    def __init__(self, source: Source, warnings: list[str]) -> None:
        self._source = source
        self._warnings = warnings
        order, self._unit_ns = MAGICS[source.peek(4)]
        self._record = Struct(order + "IIII")
        header = source.take(HEADER_BYTES)
        self._link_type = 0
        if len(header) < HEADER_BYTES:
            warnings.append(f"file header cut after {len(header)} bytes")
        else:
            self._link_type = Struct(order + "I").unpack_from(header, 20)[0] & 0xFFFF
        self._last_seconds: int | None = None

    def frames(self) -> Iterator[Frame]:
        """Yield what can be read."""
        number = 0
        while head := self._source.peek(RECORD_BYTES):
            number += 1
            place = f"frame {number} at byte {self._source.offset}"
            if len(head) < RECORD_BYTES:
                self._warnings.append(f"{place}: header cut after {len(head)} bytes")
                return
            record = _Record._make(self._record.unpack(head))
            if not self._makes_sense(record):
                number -= 1
                if not self._resynchronise(place):
                    return
                continue
            self._source.take(RECORD_BYTES)
            data = self._source.take(record.captured)
            self._last_seconds = record.seconds
            yield self._frame(number, record, data)
            if len(data) < record.captured:
                self._warnings.append(f"{place}: cut, {len(data)} of {record.captured} bytes")
                return

    def _frame(self, number: int, record: _Record, data: bytes) -> Frame:
        return Frame(
            number=number,
            time_ns=record.seconds * NS_PER_S + record.fraction * self._unit_ns,
            interface="if0",
            data=data,
            original_length=record.original,
            link_type=self._link_type,
        )

    def _makes_sense(self, record: _Record) -> bool:
        return (
            record.captured <= MAX_FRAME_BYTES
            and record.captured <= record.original
            and record.fraction * self._unit_ns < NS_PER_S
        )

    def _resynchronise(self, place: str) -> bool:
        passed = self._source.skip_to(self._plausible, 1)
        if passed is None:
            self._warnings.append(f"{place}: damaged, nothing readable after it")
            return False
        self._warnings.append(f"{place}: damaged, {passed} bytes passed over")
        return True

    def _plausible(self, window: bytes, index: int) -> bool:
        """Two records in a row that make sense, or one that ends the file."""
        if not self._record_at(window, index):
            return False
        after = index + RECORD_BYTES + self._record.unpack_from(window, index)[2]
        return after == len(window) or self._record_at(window, after)

    def _record_at(self, window: bytes, index: int) -> bool:
        if index + RECORD_BYTES > len(window):
            return False
        record = _Record._make(self._record.unpack_from(window, index))
        near = (
            self._last_seconds is None
            or abs(record.seconds - self._last_seconds) <= RESYNC_MAX_STEP_S
        )
        return near and record.captured > 0 and self._makes_sense(record)
