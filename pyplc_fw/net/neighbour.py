"""Neighbour solicitation and advertisement: whose MAC has this address? Source: RFC 4861 §4."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address
from struct import Struct
from typing import ClassVar, Final, Self

from pyplc_fw.errors import CodecError
from pyplc_fw.net.checksum import checksum
from pyplc_fw.net.packets import NEXT_HEADER_ICMPV6
from pyplc_fw.terms import MacAddress

HOP_LIMIT: Final = 255
"Neighbours' messages that passed a router are ignored. Source: RFC 4861 §7.1."
SOLICITED: Final = 0x4000_0000
OVERRIDE: Final = 0x2000_0000

_BODY: Final = Struct(">BBHI16s")
_OPTION_UNIT_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class NeighbourSolicitation:
    """The question; ``mac`` is the asker's own, so that the answer finds its way."""

    TYPE: ClassVar[int] = 135
    OPTION: ClassVar[int] = 1

    target: IPv6Address
    mac: MacAddress | None = None

    def encode(self, src: IPv6Address, dst: IPv6Address) -> bytes:
        """Write the message as it travels from ``src`` to ``dst``."""
        return _with_checksum(_body(self.TYPE, 0, self.target, self.OPTION, self.mac), src, dst)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read an ICMPv6 payload; raises CodecError."""
        _, target, mac = _decode(cls.TYPE, cls.OPTION, data)
        return cls(target, mac)


@dataclass(frozen=True, slots=True)
class NeighbourAdvertisement:
    """The answer: ``target`` is reached at ``mac``."""

    TYPE: ClassVar[int] = 136
    OPTION: ClassVar[int] = 2

    target: IPv6Address
    mac: MacAddress | None = None
    flags: int = SOLICITED | OVERRIDE

    def encode(self, src: IPv6Address, dst: IPv6Address) -> bytes:
        """Write the message as it travels from ``src`` to ``dst``."""
        body = _body(self.TYPE, self.flags, self.target, self.OPTION, self.mac)
        return _with_checksum(body, src, dst)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read an ICMPv6 payload; raises CodecError."""
        flags, target, mac = _decode(cls.TYPE, cls.OPTION, data)
        return cls(target, mac, flags)


def _body(kind: int, flags: int, target: IPv6Address, option: int, mac: MacAddress | None) -> bytes:
    """Return the message with its checksum still zero."""
    options = b"" if mac is None else bytes([option, 1]) + mac
    return _BODY.pack(kind, 0, 0, flags, target.packed) + options


def _with_checksum(body: bytes, src: IPv6Address, dst: IPv6Address) -> bytes:
    total = checksum(src, dst, NEXT_HEADER_ICMPV6, body)
    return body[:2] + total.to_bytes(2, "big") + body[4:]


def _decode(kind: int, option: int, data: bytes) -> tuple[int, IPv6Address, MacAddress | None]:
    if len(data) < _BODY.size:
        raise CodecError(f"ICMPv6: {len(data)} bytes, need {_BODY.size}")
    got, code, _, flags, target = _BODY.unpack_from(data)
    if (got, code) != (kind, 0):
        raise CodecError(f"ICMPv6: type {got} code {code}, want {kind} code 0")
    return flags, IPv6Address(target), _link_layer_address(data[_BODY.size :], option)


def _link_layer_address(options: bytes, wanted: int) -> MacAddress | None:
    """Return the MAC in the option ``wanted``; raises CodecError when the options break off."""
    mac = None
    while options:
        length = _OPTION_UNIT_BYTES * options[1] if len(options) > 1 else 0
        if not 0 < length <= len(options):
            raise CodecError(f"ICMPv6: option of {length} bytes in {len(options)}")
        if options[0] == wanted:
            mac = MacAddress(options[2:8])
        options = options[length:]
    return mac
