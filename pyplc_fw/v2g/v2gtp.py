"""V2GTP: the header before every V2G payload, in TCP and in UDP."""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple

from pyplc_fw.errors import CodecError

V2GTP_HEADER: Final = Struct(">BBHI")
"Version, inverted version, payload type, payload length. Source: DIN 70121, V2GTP."
V2GTP_VERSION: Final = (0x01, 0xFE)
V2GTP_MAX_PAYLOAD_BYTES: Final = 65_536
"The standard allows 4 GiB; the longest message with certificates takes about 12 kB."

PAYLOAD_EXI: Final = 0x8001
PAYLOAD_SDP_REQUEST: Final = 0x9000
PAYLOAD_SDP_RESPONSE: Final = 0x9001


class V2gtpPayload(NamedTuple):
    """What followed one header."""

    payload_type: int
    data: bytes


def wrap(payload_type: int, data: bytes) -> bytes:
    """Put the header before ``data``; raises CodecError when it is too long to be read again."""
    if len(data) > V2GTP_MAX_PAYLOAD_BYTES:
        raise CodecError(f"V2GTP payload of {len(data)} bytes, max {V2GTP_MAX_PAYLOAD_BYTES}")
    return V2GTP_HEADER.pack(*V2GTP_VERSION, payload_type, len(data)) + data


def unwrap(datagram: bytes) -> V2gtpPayload:
    """Read a datagram that is one V2GTP message and nothing else; raises CodecError."""
    if len(datagram) < V2GTP_HEADER.size:
        raise CodecError(f"V2GTP: {len(datagram)} bytes, need {V2GTP_HEADER.size}")
    payload_type, length = _read_header(datagram)
    data = datagram[V2GTP_HEADER.size :]
    if len(data) != length:
        raise CodecError(f"V2GTP: {len(data)} bytes follow a header that says {length}")
    return V2gtpPayload(payload_type, data)


class V2gtpStream:
    """Cuts a TCP byte stream into V2GTP payloads. Source: DIN 70121, V2GTP.

    Feed ``receive_data`` whatever the socket gave, cut anywhere. It returns the payloads that
    are now complete. What follows a wrong header means nothing any more: the payloads before it
    are still returned, then every call raises the same CodecError.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._failure: CodecError | None = None

    @property
    def pending_bytes(self) -> int:
        """Bytes of a message that is not complete yet."""
        return len(self._buffer)

    def receive_data(self, data: bytes) -> list[V2gtpPayload]:
        """Take in ``data``; raises CodecError once the stream is lost."""
        complete: list[V2gtpPayload] = []
        if self._failure is None:
            self._buffer += data
            try:
                self._cut_into(complete)
            except CodecError as exc:
                self._failure = exc
                self._buffer.clear()
        if self._failure is not None and not complete:
            raise self._failure
        return complete

    def _cut_into(self, complete: list[V2gtpPayload]) -> None:
        while len(self._buffer) >= V2GTP_HEADER.size:
            payload_type, length = _read_header(self._buffer)
            end = V2GTP_HEADER.size + length
            if len(self._buffer) < end:
                return
            complete.append(
                V2gtpPayload(payload_type, bytes(self._buffer[V2GTP_HEADER.size : end]))
            )
            del self._buffer[:end]


def _read_header(data: bytes | bytearray) -> tuple[int, int]:
    version, inverse, payload_type, length = V2GTP_HEADER.unpack_from(data)
    if (version, inverse) != V2GTP_VERSION:
        raise CodecError(f"V2GTP version bytes {version:02x} {inverse:02x}, want 01 fe")
    if length > V2GTP_MAX_PAYLOAD_BYTES:
        raise CodecError(f"V2GTP payload of {length} bytes, max {V2GTP_MAX_PAYLOAD_BYTES}")
    return payload_type, length
