"""Random and mutated bytes into the V2GTP splitter and SDP: nothing but values and CodecErrors.

    python -m tests.fuzz.fuzz_v2gtp [N] [SEED]

prints one result line; the exit status is 1 when anything else came out.
"""

from __future__ import annotations

import sys
from collections import Counter
from ipaddress import IPv6Address
from random import Random

from pyplc_fw.errors import CodecError
from pyplc_fw.terms import Endpoint
from pyplc_fw.v2g import sdp
from pyplc_fw.v2g.v2gtp import PAYLOAD_EXI, V2GTP_MAX_PAYLOAD_BYTES, V2gtpStream, wrap

DEFAULT_INPUTS = 100_000
SEEDS = [
    wrap(PAYLOAD_EXI, bytes.fromhex("80400040")),
    wrap(PAYLOAD_EXI, bytes(60)) * 2,
    sdp.datagram(sdp.SdpRequest()),
    sdp.datagram(sdp.SdpResponse(Endpoint(IPv6Address("fe80::1"), 15118))),
    bytes.fromhex("01fe8001ffffffff"),
    bytes.fromhex("01fe800100010000") + bytes(300),
    b"",
]


def mutate(rng: Random, data: bytes) -> bytes:
    """Change a few things: bits, bytes, length, order."""
    out = bytearray(data)
    for _ in range(rng.randint(0, 4)):
        at = rng.randint(0, len(out))
        match rng.randint(0, 4):
            case 0:
                out[at:at] = rng.randbytes(rng.randint(1, 8))
            case 1:
                del out[at : at + rng.randint(1, 8)]
            case 2 if at < len(out):
                out[at] ^= 1 << rng.randint(0, 7)
            case 3:
                out += out[:at]
            case _:
                out[at : at + 1] = rng.choice((b"\0", b"\xff", b"\x01\xfe", b"\x80\x01"))
    return bytes(out)


def feed(rng: Random, data: bytes) -> str:
    """Feed the splitter in random cuts; whole and cut must agree."""
    whole, cut = V2gtpStream(), V2gtpStream()
    outcomes: list[tuple[list[object], bool]] = []
    for stream, pieces in ((whole, [data]), (cut, _cuts(rng, data))):
        got: list[object] = []
        failed = False
        try:
            for piece in [*pieces, b""]:
                got += stream.receive_data(piece)
        except CodecError:
            failed = True
        assert stream.pending_bytes <= V2GTP_MAX_PAYLOAD_BYTES + 8
        outcomes.append((got, failed))
    assert outcomes[0] == outcomes[1], "the cut changed the outcome"
    got, failed = outcomes[0]
    return "error" if failed else "payloads" if got else "waiting"


def _cuts(rng: Random, data: bytes) -> list[bytes]:
    size = rng.randint(1, 16)
    return [data[at : at + size] for at in range(0, len(data), size)]


def read_sdp(data: bytes) -> str:
    """Read a datagram; what reads must write the same bytes."""
    try:
        message = sdp.decode(data)
    except CodecError:
        return "sdp error"
    assert sdp.datagram(message) == data
    return "sdp message"


def main(arguments: list[str]) -> int:
    """Run, print the line, return the exit status."""
    count = int(arguments[0]) if arguments else DEFAULT_INPUTS
    seed = int(arguments[1]) if len(arguments) > 1 else 1
    rng = Random(seed)  # noqa: S311 - chance that can be repeated
    outcomes: Counter[str] = Counter()
    wrong = 0
    for index in range(count):
        data = rng.randbytes(rng.randint(0, 80)) if index % 4 == 0 else b""
        data = data or mutate(rng, rng.choice(SEEDS))
        try:
            outcomes[feed(rng, data)] += 1
            outcomes[read_sdp(data)] += 1
        except Exception as exc:  # noqa: BLE001 - that none comes is what is tested
            wrong += 1
            sys.stderr.write(f"{type(exc).__name__}: {exc} for {data.hex()}\n")
    told = ", ".join(f"{name} {number}" for name, number in sorted(outcomes.items()))
    sys.stdout.write(f"fuzz v2gtp: {count} inputs, seed {seed}, {told}, wrong {wrong}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
