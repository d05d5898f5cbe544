"""SDP: the EVCC asks the network where the SECC is. Source: DIN 70121, SECC discovery."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv6Address
from struct import Struct
from typing import ClassVar, Final, Self

from pyplc_fw.errors import CodecError
from pyplc_fw.terms import Endpoint
from pyplc_fw.v2g import v2gtp

SDP_PORT: Final = 15118
SDP_MULTICAST: Final = Endpoint(IPv6Address("ff02::1"), SDP_PORT)


class Security(IntEnum):
    """How the TCP connection is to be secured."""

    TLS = 0x00
    NONE = 0x10


class Transport(IntEnum):
    """The transport protocol asked for."""

    TCP = 0x00
    UDP = 0x10


@dataclass(frozen=True, slots=True)
class SdpRequest:
    """SECC Discovery Request: who serves this line, and how secured? Wire: 2 bytes."""

    PAYLOAD_TYPE: ClassVar[int] = v2gtp.PAYLOAD_SDP_REQUEST
    LAYOUT: ClassVar[Struct] = Struct(">BB")

    security: Security = Security.NONE
    transport: Transport = Transport.TCP

    def encode(self) -> bytes:
        return self.LAYOUT.pack(self.security, self.transport)

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read ``payload``, exactly 2 bytes; raises CodecError."""
        security, transport = _unpack("SDP request", cls.LAYOUT, payload)
        return cls(_security(security), _transport(transport))


@dataclass(frozen=True, slots=True)
class SdpResponse:
    """SECC Discovery Response: the SECC's address and port. Wire: 20 bytes."""

    PAYLOAD_TYPE: ClassVar[int] = v2gtp.PAYLOAD_SDP_RESPONSE
    LAYOUT: ClassVar[Struct] = Struct(">16sHBB")

    secc: Endpoint
    security: Security = Security.NONE
    transport: Transport = Transport.TCP

    def encode(self) -> bytes:
        address, port = self.secc
        return self.LAYOUT.pack(address.packed, port, self.security, self.transport)

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read ``payload``, exactly 20 bytes; raises CodecError."""
        address, port, security, transport = _unpack("SDP response", cls.LAYOUT, payload)
        secc = Endpoint(IPv6Address(address), port)
        return cls(secc, _security(security), _transport(transport))


def datagram(message: SdpRequest | SdpResponse) -> bytes:
    """Return ``message`` as it travels: with its V2GTP header."""
    return v2gtp.wrap(message.PAYLOAD_TYPE, message.encode())


def decode(data: bytes) -> SdpRequest | SdpResponse:
    """Read one datagram; raises CodecError when it is anything but one whole SDP message."""
    payload_type, payload = v2gtp.unwrap(data)
    if payload_type == SdpRequest.PAYLOAD_TYPE:
        return SdpRequest.decode(payload)
    if payload_type == SdpResponse.PAYLOAD_TYPE:
        return SdpResponse.decode(payload)
    raise CodecError(f"SDP: payload type {payload_type:04x}")


def _unpack(name: str, layout: Struct, payload: bytes) -> tuple[int, ...]:
    if len(payload) != layout.size:
        raise CodecError(f"{name}: {len(payload)} bytes, need {layout.size}")
    return layout.unpack(payload)


def _security(value: int) -> Security:
    if value not in (Security.TLS, Security.NONE):
        raise CodecError(f"SDP: security {value:02x} is reserved")
    return Security(value)


def _transport(value: int) -> Transport:
    if value not in (Transport.TCP, Transport.UDP):
        raise CodecError(f"SDP: transport {value:02x} is reserved")
    return Transport(value)
