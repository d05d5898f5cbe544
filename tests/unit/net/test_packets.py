from __future__ import annotations

from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyplc_fw.errors import CodecError
from pyplc_fw.net.packets import (
    ACK,
    ALL_NODES,
    ETHERTYPE_HOMEPLUG,
    ETHERTYPE_IPV6,
    NEXT_HEADER_TCP,
    NEXT_HEADER_UDP,
    PSH,
    SYN,
    EthernetFrame,
    Ipv6Packet,
    TcpSegment,
    UdpDatagram,
    checksum_ok,
    flag_names,
    link_local,
    mss_option,
    multicast_mac,
    solicited_node,
)
from pyplc_fw.terms import MacAddress

CAR_MAC = MacAddress.parse("02:00:00:00:00:01")
EVSE_MAC = MacAddress.parse("02:00:00:00:00:02")
CAR = IPv6Address("fe80::ff:fe00:1")
EVSE = IPv6Address("fe80::ff:fe00:2")

# Written by hand; Wireshark 4.0 finds their checksums correct.
SDP_REQUEST = bytes.fromhex(
    "333300000001 020000000001 86dd"
    "60000000 0012 11 01 fe80000000000000000000fffe000001 ff020000000000000000000000000001"
    "c370 3b0e 0012 62c5 01fe9000000000021000"
)
TCP_SYN = bytes.fromhex(
    "020000000002 020000000001 86dd"
    "60000000 0018 06 40 fe80000000000000000000fffe000001 fe80000000000000000000fffe000002"
    "c030 3b0e 11223344 00000000 60 02 ffff 5d91 0000 020405a0"
)
TCP_ODD = bytes.fromhex(
    "020000000002 020000000001 86dd"
    "60000000 0017 06 40 fe80000000000000000000fffe000001 fe80000000000000000000fffe000002"
    "c030 3b0e 11223345 aabbccdd 50 18 ffff 2a21 0000 6f6464"
)

addresses = st.binary(min_size=16, max_size=16).map(IPv6Address)
macs = st.binary(min_size=6, max_size=6).map(MacAddress)
ports = st.integers(0, 0xFFFF)
numbers = st.integers(0, 0xFFFF_FFFF)


def packet_in(frame: bytes) -> Ipv6Packet:
    return Ipv6Packet.decode(EthernetFrame.decode(frame).payload)


def slow_checksum(src: IPv6Address, dst: IPv6Address, next_header: int, payload: bytes) -> int:
    """RFC 1071, word by word as it is printed there."""
    pseudo = src.packed + dst.packed + len(payload).to_bytes(4, "big") + bytes([0, 0, 0])
    data = pseudo + bytes([next_header]) + payload + bytes(len(payload) % 2)
    total = sum(data[i] << 8 | data[i + 1] for i in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def test_an_sdp_request_decodes_to_its_parts() -> None:
    ethernet = EthernetFrame.decode(SDP_REQUEST)
    assert (ethernet.dst, ethernet.src) == (MacAddress.parse("333300000001"), CAR_MAC)
    assert (ethernet.ethertype, ethernet.vlan) == (ETHERTYPE_IPV6, None)
    packet = Ipv6Packet.decode(ethernet.payload)
    assert packet == Ipv6Packet(CAR, ALL_NODES, NEXT_HEADER_UDP, 1, SDP_REQUEST[54:])
    assert checksum_ok(packet)
    datagram = UdpDatagram.decode(packet.payload)
    assert datagram == UdpDatagram(50032, 15118, bytes.fromhex("01fe9000000000021000"))


def test_an_sdp_request_encodes_to_the_same_bytes() -> None:
    udp = UdpDatagram(50032, 15118, bytes.fromhex("01fe9000000000021000")).encode(CAR, ALL_NODES)
    packet = Ipv6Packet(CAR, ALL_NODES, NEXT_HEADER_UDP, 1, udp).encode()
    frame = EthernetFrame(multicast_mac(ALL_NODES), CAR_MAC, ETHERTYPE_IPV6, packet).encode()
    assert frame == SDP_REQUEST


@pytest.mark.parametrize(
    ("frame", "segment"),
    [
        (
            TCP_SYN,
            TcpSegment(49200, 15118, 0x11223344, 0, SYN, 0xFFFF, b"", mss_option(1440)),
        ),
        (
            TCP_ODD,
            TcpSegment(49200, 15118, 0x11223345, 0xAABBCCDD, PSH | ACK, 0xFFFF, b"odd"),
        ),
    ],
)
def test_tcp_segments_decode_and_encode(frame: bytes, segment: TcpSegment) -> None:
    packet = packet_in(frame)
    assert checksum_ok(packet)
    assert TcpSegment.decode(packet.payload) == segment
    again = Ipv6Packet(CAR, EVSE, NEXT_HEADER_TCP, 64, segment.encode(CAR, EVSE))
    assert EthernetFrame(EVSE_MAC, CAR_MAC, ETHERTYPE_IPV6, again.encode()).encode() == frame


def test_every_single_turned_bit_behind_the_ethernet_header_is_noticed() -> None:
    for position in range(22 * 8, len(TCP_ODD) * 8):  # from the addresses on
        damaged = bytearray(TCP_ODD)
        damaged[position // 8] ^= 1 << position % 8
        assert not checksum_ok(packet_in(bytes(damaged)))


@given(
    macs, macs, st.integers(0, 0xFFFF), st.binary(max_size=64), st.none() | st.integers(0, 0xFFFF)
)
def test_ethernet_round_trip(
    dst: MacAddress, src: MacAddress, ethertype: int, payload: bytes, vlan: int | None
) -> None:
    if ethertype in {0x8100, 0x88A8}:
        ethertype = ETHERTYPE_HOMEPLUG
    wire = EthernetFrame(dst, src, ethertype, payload, vlan).encode()
    assert len(wire) >= 60
    got = EthernetFrame.decode(wire)
    assert (got.dst, got.src, got.ethertype, got.vlan) == (dst, src, ethertype, vlan)
    assert got.payload.rstrip(b"\0") == payload.rstrip(b"\0")
    assert got.payload.startswith(payload)


@given(addresses, addresses, ports, ports, st.binary(max_size=200))
def test_udp_round_trip_with_a_checksum_as_the_rfc_has_it(
    src: IPv6Address, dst: IPv6Address, src_port: int, dst_port: int, payload: bytes
) -> None:
    datagram = UdpDatagram(src_port, dst_port, payload)
    wire = datagram.encode(src, dst)
    assert UdpDatagram.decode(wire) == datagram
    assert slow_checksum(src, dst, NEXT_HEADER_UDP, wire) == 0
    assert wire[6:8] != b"\0\0"
    packet = Ipv6Packet(src, dst, NEXT_HEADER_UDP, 64, wire)
    assert checksum_ok(packet)
    assert Ipv6Packet.decode(packet.encode() + b"padding") == packet


segments = st.builds(
    TcpSegment,
    ports,
    ports,
    numbers,
    numbers,
    st.integers(0, 255),
    ports,
    st.binary(max_size=200),
    st.sampled_from((b"", mss_option(1440))),
)


@given(addresses, addresses, segments)
def test_tcp_round_trip_with_a_checksum_as_the_rfc_has_it(
    src: IPv6Address, dst: IPv6Address, segment: TcpSegment
) -> None:
    wire = segment.encode(src, dst)
    assert TcpSegment.decode(wire) == segment
    assert slow_checksum(src, dst, NEXT_HEADER_TCP, wire) == 0
    assert checksum_ok(Ipv6Packet(src, dst, NEXT_HEADER_TCP, 64, wire))


def test_a_udp_checksum_of_zero_is_written_as_ones_and_refused_when_missing() -> None:
    # This payload makes the sum come out as zero.
    probe = UdpDatagram(1, 2, b"\0\0").encode(CAR, EVSE)
    payload = probe[6:8]
    wire = UdpDatagram(1, 2, payload).encode(CAR, EVSE)
    assert wire[6:8] == b"\xff\xff"
    assert checksum_ok(Ipv6Packet(CAR, EVSE, NEXT_HEADER_UDP, 64, wire))
    without = wire[:6] + b"\0\0" + wire[8:]
    assert not checksum_ok(Ipv6Packet(CAR, EVSE, NEXT_HEADER_UDP, 64, without))


def test_a_vlan_tag_is_read_over() -> None:
    tagged = SDP_REQUEST[:12] + bytes.fromhex("81000064") + SDP_REQUEST[12:]
    frame = EthernetFrame.decode(tagged)
    assert frame.vlan == 100
    assert (frame.ethertype, frame.payload) == (ETHERTYPE_IPV6, SDP_REQUEST[14:])


def test_extension_headers_are_skipped() -> None:
    udp = UdpDatagram(1, 2, b"x").encode(CAR, EVSE)
    hop_by_hop = bytes([60, 0, *bytes(6)])
    destination = bytes([43, 1, *bytes(14)])
    routing = bytes([NEXT_HEADER_UDP, 0, *bytes(6)])
    packet = Ipv6Packet(CAR, EVSE, 0, 64, hop_by_hop + destination + routing + udp)
    got = Ipv6Packet.decode(packet.encode())
    assert got == Ipv6Packet(CAR, EVSE, NEXT_HEADER_UDP, 64, udp)
    assert checksum_ok(got)


@pytest.mark.parametrize(
    ("next_header", "payload", "complaint"),
    [
        (44, bytes([6, 0, *bytes(6)]), "fragmented"),
        (0, bytes([44, 0, *bytes(6)]), "fragmented"),
        (0, bytes(7), "cut short"),
        (0, bytes([6, 1, *bytes(6)]), "longer than the packet"),
    ],
)
def test_fragments_and_broken_extension_headers_are_refused(
    next_header: int, payload: bytes, complaint: str
) -> None:
    with pytest.raises(CodecError, match=complaint):
        Ipv6Packet.decode(Ipv6Packet(CAR, EVSE, next_header, 64, payload).encode())


def test_every_truncation_of_a_frame_is_refused_at_some_layer() -> None:
    for length in range(len(TCP_ODD)):
        with pytest.raises(CodecError):
            TcpSegment.decode(packet_in(TCP_ODD[:length]).payload)


@pytest.mark.parametrize("length", range(20))
def test_every_truncation_of_a_tcp_header_is_refused(length: int) -> None:
    with pytest.raises(CodecError):
        TcpSegment.decode(packet_in(TCP_ODD).payload[:length])


@pytest.mark.parametrize("data", [bytes(7), bytes(8), bytes([0, 1, 0, 2, 0, 9, 0, 0])])
def test_udp_with_a_length_that_cannot_be_is_refused(data: bytes) -> None:
    with pytest.raises(CodecError):
        UdpDatagram.decode(data)


@pytest.mark.parametrize("offset", [0x00, 0x40, 0xF0])
def test_tcp_with_a_header_length_that_cannot_be_is_refused(offset: int) -> None:
    data = bytearray(packet_in(TCP_ODD).payload)
    data[12] = offset
    with pytest.raises(CodecError):
        TcpSegment.decode(bytes(data))


def test_what_does_not_fit_is_not_encoded() -> None:
    with pytest.raises(CodecError):
        Ipv6Packet(CAR, EVSE, NEXT_HEADER_UDP, 64, bytes(65536)).encode()
    with pytest.raises(CodecError):
        UdpDatagram(1, 2, bytes(65528)).encode(CAR, EVSE)
    with pytest.raises(CodecError):
        TcpSegment(1, 2, 3, 4, ACK, 5, b"", b"\1\1").encode(CAR, EVSE)


@pytest.mark.parametrize(
    ("options", "size"),
    [
        (b"", None),
        (mss_option(1220), 1220),
        (b"\1\1\x08\x0a" + bytes(8) + mss_option(1440), 1440),
        (b"\0" + mss_option(1440) + b"\0\0\0", None),
        (b"\1\1\1\2", None),
        (b"\x08\x00\x02\x04", None),
        (b"\x08\x09\x02\x04", None),
    ],
)
def test_the_mss_option_is_found_among_others(options: bytes, size: int | None) -> None:
    assert TcpSegment(1, 2, 3, 4, SYN, 5, b"", options).max_segment_size == size


def test_addresses_are_formed_as_the_standards_say() -> None:
    assert link_local(MacAddress.parse("00:11:22:aa:bb:cc")) == IPv6Address(
        "fe80::211:22ff:feaa:bbcc"
    )
    assert link_local(CAR_MAC) == CAR
    assert multicast_mac(ALL_NODES) == MacAddress.parse("33:33:00:00:00:01")
    assert solicited_node(CAR) == IPv6Address("ff02::1:ff00:1")


def test_flags_have_names() -> None:
    assert flag_names(SYN | ACK) == "SYN,ACK"
    assert flag_names(0) == ""


def test_any_bytes_give_packets_or_codec_errors() -> None:
    from tests.fuzz.fuzz_packets import run  # noqa: PLC0415 - the fuzz target is also a program

    assert sum(run(5_000, 1).values()) == 5_000
