"""Random and mutated frames into the MME decoder: `python -m tests.fuzz.fuzz_mme [N] [SEED]`.

Prints one line; the exit status is 1 if anything but a value or a CodecError came out, or if a
decoded message did not encode and decode to itself.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter

from pyplc_fw.errors import CodecError
from pyplc_fw.homeplug.mme import MESSAGES, MmeFrame, UnknownMme, decode_frame, encode_frame
from pyplc_fw.terms import BROADCAST, MacAddress
from tests.unit.homeplug.mme_samples import SAMPLES

DEFAULT_CASES = 100_000
SRC = MacAddress.parse("02:00:00:00:00:01")


def random_frame(rng: random.Random) -> bytes:
    """Return random bytes, half of the time behind a good header."""
    tail = rng.randbytes(rng.randrange(150))
    if rng.random() < 0.2:
        return tail
    mmtype = rng.choice(sorted(MESSAGES)) if rng.random() < 0.8 else rng.getrandbits(16)
    header = bytes([rng.choice((0, 1, 1, 2))]) + mmtype.to_bytes(2, "little")
    oui = b"\x00\xb0\x52" if rng.random() < 0.5 else b""
    return rng.randbytes(12) + b"\x88\xe1" + header + oui + tail


def mutated_frame(rng: random.Random) -> bytes:
    """Return a good frame with a few bytes changed, cut out, put in, or cut off."""
    frame = bytearray(encode_frame(BROADCAST, SRC, rng.choice(SAMPLES)))
    for _ in range(rng.randrange(1, 5)):
        at = rng.randrange(len(frame) + 1)
        what = rng.randrange(4)
        if what == 0 and at < len(frame):
            frame[at] = rng.getrandbits(8)
        elif what == 1:
            del frame[at : at + rng.randrange(1, 9)]
        elif what == 2:
            frame[at:at] = rng.randbytes(rng.randrange(1, 9))
        else:
            del frame[rng.randrange(len(frame) + 1) :]
        if not frame:
            break
    return bytes(frame)


def outcome_of(frame: bytes) -> str:
    """Decode ``frame``; return what came out, in one word."""
    try:
        decoded = decode_frame(frame)
    except CodecError:
        return "codec errors"
    return "unknown" if isinstance(decoded.message, UnknownMme) else again(decoded)


def again(decoded: MmeFrame) -> str:
    """Encode the message and decode it again; raises AssertionError if it changed."""
    try:
        frame = encode_frame(decoded.dst, decoded.src, decoded.message, mmv=decoded.mmv)
    except CodecError:
        return "not encodable"
    assert decode_frame(frame).message == decoded.message
    return "messages"


def main(cases: int = DEFAULT_CASES, seed: int = 1) -> int:
    """Run ``cases`` cases; return the exit status."""
    rng = random.Random(seed)  # noqa: S311 - a test wants the same chance each time
    outcomes: Counter[str] = Counter()
    started = time.perf_counter()
    for _ in range(cases):
        frame = random_frame(rng) if rng.random() < 0.5 else mutated_frame(rng)
        try:
            outcomes[outcome_of(frame)] += 1
        except Exception as exc:  # noqa: BLE001 - finding every other exception is the purpose
            outcomes["failures"] += 1
            sys.stderr.write(f"{frame.hex()}: {exc!r}\n")
    counts = ", ".join(f"{count} {what}" for what, count in sorted(outcomes.items()))
    seconds = time.perf_counter() - started
    sys.stdout.write(f"fuzz_mme: {cases} cases, seed {seed}: {counts}; {seconds:.1f} s\n")
    return 1 if outcomes["failures"] else 0


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:3])))
