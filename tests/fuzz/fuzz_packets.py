"""Random and mutated frames into the packet codec: ``python -m tests.fuzz.fuzz_packets [N]``."""

from __future__ import annotations

import sys
from collections import Counter
from ipaddress import IPv6Address
from random import Random

from pyplc_fw.errors import CodecError
from pyplc_fw.net.neighbour import NeighbourAdvertisement, NeighbourSolicitation
from pyplc_fw.net.packets import (
    ACK,
    ETHERTYPE_IPV6,
    EthernetFrame,
    Ipv6Packet,
    TcpSegment,
    UdpDatagram,
    checksum_ok,
    mss_option,
)
from pyplc_fw.terms import MacAddress

MAC = MacAddress.parse("02:00:00:00:00:01")
A, B = IPv6Address("fe80::1"), IPv6Address("fe80::2")


def seeds() -> list[bytes]:
    """Return good frames of every kind to begin with."""
    payloads = [
        (6, TcpSegment(1, 2, 3, 4, ACK, 5, b"payload", mss_option(1440)).encode(A, B)),
        (17, UdpDatagram(1, 2, b"payload").encode(A, B)),
        (58, NeighbourSolicitation(B, MAC).encode(A, B)),
        (58, NeighbourAdvertisement(B, MAC).encode(A, B)),
        (0, bytes([60, 0, *bytes(6), 17, 1, *bytes(14)]) + UdpDatagram(1, 2, b"x").encode(A, B)),
    ]
    packets = [Ipv6Packet(A, B, kind, 255, payload).encode() for kind, payload in payloads]
    return [
        EthernetFrame(MAC, MAC, ETHERTYPE_IPV6, packet, vlan).encode()
        for packet in packets
        for vlan in (None, 5)
    ]


def mutate(frame: bytes, rng: Random) -> bytes:
    """Return ``frame`` with some octets changed, cut out or put in; or pure noise."""
    if rng.random() < 0.1:
        return rng.randbytes(rng.randrange(120))
    data = bytearray(frame)
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(12):
            case 0:
                del data[at:]
            case 1:
                data[at:at] = rng.randbytes(rng.randrange(9))
            case 2:
                del data[at : at + rng.randrange(9)]
            case _:
                data[at : at + 1] = bytes([rng.choice((0, 1, 44, 60, 255, rng.randrange(256)))])
    return bytes(data)


def read_all(frame: bytes) -> str:
    """Decode ``frame`` as far as it goes; returns how far that was."""
    try:
        packet = Ipv6Packet.decode(EthernetFrame.decode(frame).payload)
        checksum_ok(packet)
    except CodecError:
        return "refused"
    read = 0
    for layer in (UdpDatagram, TcpSegment, NeighbourSolicitation, NeighbourAdvertisement):
        try:
            value = layer.decode(packet.payload)
            read += 1
        except CodecError:
            continue
        if isinstance(value, TcpSegment):
            _ = value.max_segment_size
            TcpSegment.encode(value, packet.src, packet.dst)
    return "read" if read else "packet"


def run(count: int, seed: int) -> Counter[str]:
    """Decode ``count`` frames; anything but a value or a CodecError leaves here."""
    rng = Random(seed)  # noqa: S311 - the same frames every time
    frames = seeds()
    return Counter(read_all(mutate(rng.choice(frames), rng)) for _ in range(count))


if __name__ == "__main__":
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    sys.stdout.write(f"{total} frames: {dict(run(total, 1))}\n")
