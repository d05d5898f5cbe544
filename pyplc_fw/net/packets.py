"""What travels on the modem's interface: Ethernet frames with IPv6, UDP and TCP inside.

Each class reads and writes one layer: ``decode`` takes the layer below's payload, ``encode``
gives it back. A checksum that covers the IPv6 addresses is written by ``encode(src, dst)`` and
checked by ``checksum_ok`` on the packet. What is too short or contradicts itself is a CodecError.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address
from struct import Struct
from typing import Final, Self

import msgspec

from pyplc_fw.errors import CodecError
from pyplc_fw.net.checksum import checksum
from pyplc_fw.terms import MacAddress

ETHERTYPE_HOMEPLUG: Final = 0x88E1
ETHERTYPE_IPV6: Final = 0x86DD
ETHERTYPES_VLAN: Final = (0x8100, 0x88A8)

NEXT_HEADER_TCP: Final = 6
NEXT_HEADER_UDP: Final = 17
NEXT_HEADER_ICMPV6: Final = 58
NEXT_HEADER_FRAGMENT: Final = 44
SKIPPED_HEADERS: Final = frozenset((0, 43, 60))
"Hop-by-hop options, routing, destination options: all begin with next header and length."

FIN: Final = 0x01
SYN: Final = 0x02
RST: Final = 0x04
PSH: Final = 0x08
ACK: Final = 0x10
URG: Final = 0x20
FLAG_NAMES: Final = {FIN: "FIN", SYN: "SYN", RST: "RST", PSH: "PSH", ACK: "ACK", URG: "URG"}

ALL_NODES: Final = IPv6Address("ff02::1")
MIN_FRAME_BYTES: Final = 60
"The least an Ethernet frame has, without FCS; shorter ones are padded."
MAX_PAYLOAD_BYTES: Final = 0xFFFF
TCP_OPTION_END: Final = 0
TCP_OPTION_NOP: Final = 1
TCP_OPTION_MSS: Final = 2

_ETHERNET: Final = Struct(">6s6sH")
_VLAN: Final = Struct(">HH")
_IPV6: Final = Struct(">IHBB16s16s")
_UDP: Final = Struct(">HHHH")
_TCP: Final = Struct(">HHIIBBHHH")

# A recording or a session meets the same few addresses over and over.
_mac = lru_cache(maxsize=1024)(MacAddress)
_address = lru_cache(maxsize=1024)(IPv6Address)


def link_local(mac: MacAddress) -> IPv6Address:
    """Return the link-local address that an interface with ``mac`` forms (modified EUI-64).

    Source: RFC 4291 Appendix A.
    """
    identifier = bytes([mac[0] ^ 0x02, *mac[1:3], 0xFF, 0xFE, *mac[3:]])
    return IPv6Address(b"\xfe\x80" + bytes(6) + identifier)


def multicast_mac(address: IPv6Address) -> MacAddress:
    """Return the MAC address to which a multicast is sent. Source: RFC 2464 §7."""
    return MacAddress(b"\x33\x33" + address.packed[12:])


def solicited_node(address: IPv6Address) -> IPv6Address:
    """Return the multicast address at which a neighbour is asked for. Source: RFC 4291 §2.7.1."""
    return IPv6Address(b"\xff\x02" + bytes(9) + b"\x01\xff" + address.packed[13:])


def flag_names(flags: int) -> str:
    """Spell TCP ``flags``: ``"SYN,ACK"``; bits without a name are left out."""
    return ",".join(name for bit, name in FLAG_NAMES.items() if flags & bit)


class EthernetFrame(msgspec.Struct, frozen=True, gc=False):
    """An Ethernet II frame without FCS, with or without one VLAN tag."""

    dst: MacAddress
    src: MacAddress
    ethertype: int
    payload: bytes
    "With the padding, if there is any: only the layer above knows its length."
    vlan: int | None = None
    "The tag's control field, or None where the frame has no tag."

    def encode(self) -> bytes:
        """Write the frame, padded to Ethernet's least length."""
        head = self.dst + self.src
        if self.vlan is not None:
            head += _VLAN.pack(ETHERTYPES_VLAN[0], self.vlan)
        return (head + self.ethertype.to_bytes(2, "big") + self.payload).ljust(
            MIN_FRAME_BYTES, b"\0"
        )

    @classmethod
    def decode(cls, frame: bytes) -> Self:
        """Read ``frame``, whole, from its destination address on; raises CodecError."""
        if len(frame) < _ETHERNET.size:
            raise CodecError(f"Ethernet: {len(frame)} bytes, need {_ETHERNET.size}")
        dst, src, ethertype = _ETHERNET.unpack_from(frame)
        if ethertype not in ETHERTYPES_VLAN:
            return cls(_mac(dst), _mac(src), ethertype, frame[_ETHERNET.size :])
        start = _ETHERNET.size + _VLAN.size
        if len(frame) < start:
            raise CodecError(f"Ethernet with VLAN tag: {len(frame)} bytes, need {start}")
        vlan, ethertype = _VLAN.unpack_from(frame, _ETHERNET.size)
        return cls(_mac(dst), _mac(src), ethertype, frame[start:], vlan)


class Ipv6Packet(msgspec.Struct, frozen=True, gc=False):
    """An IPv6 packet; extension headers are skipped by ``decode`` and not kept."""

    src: IPv6Address
    dst: IPv6Address
    next_header: int
    "The protocol of ``payload``: one of ``NEXT_HEADER_*``, or another."
    hop_limit: int
    payload: bytes

    def encode(self) -> bytes:
        """Write the packet; raises CodecError when the payload is longer than IPv6 can say."""
        if len(self.payload) > MAX_PAYLOAD_BYTES:
            raise CodecError(f"IPv6 payload of {len(self.payload)} bytes")
        return (
            _IPV6.pack(
                0x6000_0000,
                len(self.payload),
                self.next_header,
                self.hop_limit,
                self.src.packed,
                self.dst.packed,
            )
            + self.payload
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read an Ethernet payload, whose padding is cut off.

        Raises CodecError for what is no IPv6, cut short, or fragmented.
        """
        if len(data) < _IPV6.size:
            raise CodecError(f"IPv6: {len(data)} bytes, need {_IPV6.size}")
        first, length, next_header, hop_limit, src, dst = _IPV6.unpack_from(data)
        if first >> 28 != 6:
            raise CodecError(f"IPv6: version {first >> 28}")
        end = _IPV6.size + length
        if len(data) < end:
            raise CodecError(f"IPv6: {len(data) - _IPV6.size} bytes of payload, need {length}")
        start = _IPV6.size
        if next_header in SKIPPED_HEADERS or next_header == NEXT_HEADER_FRAGMENT:
            next_header, start = _skip_headers(data, next_header, start, end)
        return cls(_address(src), _address(dst), next_header, hop_limit, data[start:end])


def _skip_headers(data: bytes, next_header: int, start: int, end: int) -> tuple[int, int]:
    """Return the protocol behind the extension headers from ``start`` on, and where it begins."""
    while next_header in SKIPPED_HEADERS:
        if start + 8 > end:
            raise CodecError("IPv6: extension header cut short")
        next_header, start = data[start], start + 8 * (data[start + 1] + 1)
    if next_header == NEXT_HEADER_FRAGMENT:
        raise CodecError("IPv6: fragmented")
    if start > end:
        raise CodecError("IPv6: extension header longer than the packet")
    return next_header, start


class UdpDatagram(msgspec.Struct, frozen=True, gc=False):
    """A UDP datagram."""

    src_port: int
    dst_port: int
    payload: bytes

    def encode(self, src: IPv6Address, dst: IPv6Address) -> bytes:
        """Write the datagram as it travels from ``src`` to ``dst``; raises CodecError."""
        length = _UDP.size + len(self.payload)
        if length > MAX_PAYLOAD_BYTES:
            raise CodecError(f"UDP datagram of {length} bytes")
        unchecked = _UDP.pack(self.src_port, self.dst_port, length, 0) + self.payload
        # Zero would say "no checksum". Source: RFC 768.
        total = checksum(src, dst, NEXT_HEADER_UDP, unchecked) or 0xFFFF
        return _UDP.pack(self.src_port, self.dst_port, length, total) + self.payload

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read an IPv6 payload; raises CodecError."""
        if len(data) < _UDP.size:
            raise CodecError(f"UDP: {len(data)} bytes, need {_UDP.size}")
        src_port, dst_port, length, _ = _UDP.unpack_from(data)
        if not _UDP.size <= length <= len(data):
            raise CodecError(f"UDP: length {length} in {len(data)} bytes")
        return cls(src_port, dst_port, data[_UDP.size : length])


class TcpSegment(msgspec.Struct, frozen=True, gc=False):
    """A TCP segment."""

    src_port: int
    dst_port: int
    seq: int
    ack: int
    flags: int
    window: int
    "As in the header: an agreed scale is not applied."
    payload: bytes = b""
    options: bytes = b""
    "Raw, padded to a multiple of four."

    @property
    def max_segment_size(self) -> int | None:
        """The MSS option's value, or None where there is none."""
        options, position = self.options, 0
        while position < len(options) and options[position] != TCP_OPTION_END:
            if options[position] == TCP_OPTION_NOP:
                position += 1
                continue
            length = options[position + 1] if position + 1 < len(options) else 0
            if length < 2 or position + length > len(options):
                return None
            if options[position] == TCP_OPTION_MSS and length == 4:
                return int.from_bytes(options[position + 2 : position + 4], "big")
            position += length
        return None

    def encode(self, src: IPv6Address, dst: IPv6Address) -> bytes:
        """Write the segment as it travels from ``src`` to ``dst``; raises CodecError."""
        if len(self.options) % 4 or len(self.options) > 40:
            raise CodecError(f"TCP: {len(self.options)} bytes of options")
        offset = (_TCP.size + len(self.options)) << 2
        head = (self.src_port, self.dst_port, self.seq, self.ack, offset, self.flags, self.window)
        body = self.options + self.payload
        total = checksum(src, dst, NEXT_HEADER_TCP, _TCP.pack(*head, 0, 0) + body)
        return _TCP.pack(*head, total, 0) + body

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read an IPv6 payload; raises CodecError."""
        if len(data) < _TCP.size:
            raise CodecError(f"TCP: {len(data)} bytes, need {_TCP.size}")
        src_port, dst_port, seq, ack, offset, flags, window, _, _ = _TCP.unpack_from(data)
        start = offset >> 4 << 2
        if not _TCP.size <= start <= len(data):
            raise CodecError(f"TCP: header of {start} bytes in {len(data)}")
        options = data[_TCP.size : start]
        return cls(src_port, dst_port, seq, ack, flags, window, data[start:], options)


def mss_option(size: int) -> bytes:
    """Return the TCP option that announces the largest segment we take."""
    return bytes([TCP_OPTION_MSS, 4]) + size.to_bytes(2, "big")


def checksum_ok(packet: Ipv6Packet) -> bool:
    """Tell whether the UDP, TCP or ICMPv6 checksum in ``packet`` is right; others pass."""
    payload = packet.payload
    if packet.next_header == NEXT_HEADER_UDP:
        # Padding after the datagram is not part of it; zero means that none was made.
        length = int.from_bytes(payload[4:6], "big")
        payload = payload[:length]
        if length < _UDP.size or payload[6:8] == b"\0\0":
            return False
    elif packet.next_header not in (NEXT_HEADER_TCP, NEXT_HEADER_ICMPV6):
        return True
    return checksum(packet.src, packet.dst, packet.next_header, payload) == 0
