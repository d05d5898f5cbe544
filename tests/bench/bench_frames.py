"""How long the parts below EXI take for each frame: best of several rounds, in microseconds."""

from __future__ import annotations

import timeit
from collections.abc import Callable
from ipaddress import IPv6Address
from typing import NamedTuple

from pyplc_fw.homeplug.mme import CmMnbcSoundInd, decode_frame, encode_frame
from pyplc_fw.net.packets import ACK, PSH, EthernetFrame, Ipv6Packet, TcpSegment
from pyplc_fw.terms import BROADCAST, MacAddress, RunId
from pyplc_fw.v2g.v2gtp import PAYLOAD_EXI, V2gtpStream, wrap

MAC = MacAddress.parse("02:00:00:00:00:01")
PAYLOAD = bytes(range(42))
CALLS = 2000


class Row(NamedTuple):
    """One part: the time for one frame or message."""

    what: str
    us: float


def _best_us(work: Callable[[], object], rounds: int) -> float:
    return min(timeit.repeat(work, number=CALLS, repeat=rounds)) / CALLS * 1e6


def rows(rounds: int = 5) -> list[Row]:
    """Time each part ``rounds`` times; returns the best of each."""
    sound = CmMnbcSoundInd(remaining=9, run_id=RunId(bytes(8)), random=bytes(16))
    mme = encode_frame(BROADCAST, MAC, sound)
    here, there = IPv6Address("fe80::1"), IPv6Address("fe80::2")
    segment = TcpSegment(50000, 15118, seq=1, ack=1, flags=ACK | PSH, window=65535, payload=PAYLOAD)

    def encode_packet() -> bytes:
        tcp = segment.encode(here, there)
        packet = Ipv6Packet(here, there, next_header=6, hop_limit=64, payload=tcp)
        return EthernetFrame(MAC, MAC, 0x86DD, packet.encode()).encode()

    frame = encode_packet()

    def decode_packet() -> TcpSegment:
        packet = Ipv6Packet.decode(EthernetFrame.decode(frame).payload)
        return TcpSegment.decode(packet.payload)

    v2gtp = wrap(PAYLOAD_EXI, PAYLOAD)
    return [
        Row(
            "MME encode (CM_MNBC_SOUND.IND)",
            _best_us(lambda: encode_frame(BROADCAST, MAC, sound), rounds),
        ),
        Row("MME decode", _best_us(lambda: decode_frame(mme), rounds)),
        Row("Ethernet, IPv6, TCP encode with checksum", _best_us(encode_packet, rounds)),
        Row("Ethernet, IPv6, TCP decode", _best_us(decode_packet, rounds)),
        Row("V2GTP wrap", _best_us(lambda: wrap(PAYLOAD_EXI, PAYLOAD), rounds)),
        Row("V2GTP split", _best_us(lambda: V2gtpStream().receive_data(v2gtp), rounds)),
    ]


def lines(measured: list[Row]) -> list[str]:
    """Return the table, with each part in relation to the first."""
    first = measured[0].us
    head = f"{'part, for one frame':<44}{'µs':>8}{'ratio':>8}"
    return [head, *(f"{row.what:<44}{row.us:>8.2f}{row.us / first:>8.1f}" for row in measured)]
