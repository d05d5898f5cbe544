"""Cuts a recorded TCP stream into V2GTP messages, across gaps and damage; tells TLS from it.

A session closes the connection at the first wrong header. A recording goes on: the next header
that makes sense begins the next message, and what lies between is told.
"""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple

from pyplc_fw.trace.tcp_streams import Chunk
from pyplc_fw.v2g.v2gtp import (
    PAYLOAD_EXI,
    PAYLOAD_SDP_REQUEST,
    PAYLOAD_SDP_RESPONSE,
    V2GTP_HEADER,
    V2GTP_MAX_PAYLOAD_BYTES,
    V2GTP_VERSION,
)

KNOWN_TYPES: Final = frozenset(
    {PAYLOAD_EXI, 0x8002, 0x8003, 0x8004, 0x8101, PAYLOAD_SDP_REQUEST, PAYLOAD_SDP_RESPONSE}
)
"Also those of ISO 15118-20."
_VERSION: Final = bytes(V2GTP_VERSION)

_TLS_HEADER: Final = Struct(">BBBH")
_TLS_CONTENT_TYPES: Final = range(20, 25)
_TLS_MAX_RECORD_BYTES: Final = (1 << 14) + 2048


class Payload(NamedTuple):
    """One V2GTP message."""

    number: int
    "Of the frame that completed it."
    time_ns: int
    payload_type: int
    data: bytes


class Splitter:
    """One direction's chunks in, messages out; ``notes`` tell what was lost and where."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self._buffer = bytearray()
        self._searching = False

    def receive(self, chunk: Chunk) -> list[Payload]:
        """Take in the next chunk; returns what is complete now."""
        if chunk.missing:
            self._note_gap(chunk)
        self._buffer += chunk.data
        complete: list[Payload] = []
        while len(self._buffer) >= V2GTP_HEADER.size:
            *version, payload_type, length = V2GTP_HEADER.unpack_from(self._buffer)
            if (
                tuple(version) != V2GTP_VERSION
                or payload_type not in KNOWN_TYPES
                or length > V2GTP_MAX_PAYLOAD_BYTES
            ):
                self._search(chunk)
                continue
            self._searching = False
            end = V2GTP_HEADER.size + length
            if len(self._buffer) < end:
                break
            data = bytes(self._buffer[V2GTP_HEADER.size : end])
            complete.append(Payload(chunk.number, chunk.time_ns, payload_type, data))
            del self._buffer[:end]
        return complete

    def finish(self) -> None:
        """No more chunks: an unfinished message is told."""
        if self._buffer and not self._searching:
            self.notes.append(f"ends within a message, {len(self._buffer)} bytes of it are there")

    def _note_gap(self, chunk: Chunk) -> None:
        lost = f", with them {len(self._buffer)} of an unfinished message" if self._buffer else ""
        self.notes.append(
            f"{chunk.missing} bytes missing before frame {chunk.number}{lost}; "
            "reading goes on at the next V2GTP header"
        )
        self._buffer.clear()
        self._searching = True

    def _search(self, chunk: Chunk) -> None:
        """Drop bytes up to the next place where a header may begin."""
        if not self._searching:
            self.notes.append(f"no V2GTP header where one should be, frame {chunk.number}")
            self._searching = True
        place = self._buffer.find(_VERSION, 1)
        if place < 0:
            place = len(self._buffer) - (1 if self._buffer.endswith(_VERSION[:1]) else 0)
        del self._buffer[:place]


def looks_like_tls(start: bytes) -> bool:
    """Tell whether a stream that begins with ``start`` is TLS. Source: RFC 8446 §5.1."""
    if len(start) < _TLS_HEADER.size:
        return False
    content, major, minor, length = _TLS_HEADER.unpack_from(start)
    return (
        content in _TLS_CONTENT_TYPES
        and major == 3
        and minor <= 4
        and 0 < length <= _TLS_MAX_RECORD_BYTES
    )


class TlsCounter:
    """Counts the TLS records that begin in one direction, up to a gap or damage."""

    def __init__(self) -> None:
        self.records = 0
        self._buffer = b""
        self._to_skip = 0
        self._lost = False

    def receive(self, chunk: Chunk) -> None:
        """Take in the next chunk."""
        self._lost = self._lost or chunk.missing > 0
        data = self._buffer + chunk.data
        self._buffer = b""
        while data and not self._lost:
            skipped = min(self._to_skip, len(data))
            data = data[skipped:]
            self._to_skip -= skipped
            if len(data) < _TLS_HEADER.size:
                self._buffer = data
                return
            if not looks_like_tls(data):
                self._lost = True
                return
            self.records += 1
            self._to_skip = _TLS_HEADER.size + _TLS_HEADER.unpack_from(data)[3]
