"""Random and mutated recordings into the readers: ``python -m tests.fuzz.fuzz_pcap [N]``.

Every input goes through the frame reader, every fifth on to conversation, report and text.
"""

from __future__ import annotations

import gzip
import io
import struct
import sys
import time
from collections import Counter
from random import Random
from typing import Final

from pyplc_fw.errors import CodecError
from pyplc_fw.trace.conversation import conversation_of
from pyplc_fw.trace.pcap import Capture
from pyplc_fw.trace.report_page import report_page
from pyplc_fw.trace.transcript import record_of, transcript
from tests.unit.trace.made import Made, current_demand, handshake, setup

WHOLE_EVERY: Final = 5


def seeds() -> list[bytes]:
    """Return good recordings of every kind to begin with."""
    made = Made()
    made.slac()
    made.sdp()
    made.open()
    made.talk([handshake(), setup(), current_demand(5.0)])
    made.close()
    pcapng = made.pcapng()
    records = [
        struct.pack("<IIII", time_ns // 10**9, time_ns // 1000 % 10**6, len(frame), len(frame))
        + frame
        for time_ns, frame in made.frames
    ]
    classic = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + b"".join(records)
    return [pcapng, made.pcapng(interfaces=2), classic, gzip.compress(pcapng)]


def mutate(recording: bytes, rng: Random) -> bytes:
    """Return ``recording`` with some octets changed, cut out or put in; or pure noise."""
    if rng.random() < 0.02:
        return recording[:4] + rng.randbytes(rng.randrange(200))
    data = bytearray(recording)
    for _ in range(rng.randrange(1, 9)):
        at = rng.randrange(4, len(data) + 1) if len(data) > 4 else 0
        match rng.randrange(16):
            case 0:
                del data[at:]
            case 1:
                data[at:at] = rng.randbytes(rng.randrange(20))
            case 2:
                del data[at : at + rng.randrange(40)]
            case 3:
                data[at : at + 4] = rng.choice((bytes(4), b"\xff" * 4, rng.randbytes(4)))
            case _:
                data[at : at + 1] = bytes([rng.choice((0, 1, 6, 255, rng.randrange(256)))])
    return bytes(data)


def read_all(recording: bytes, *, whole: bool) -> str:
    """Read as far as it goes; anything but values and a CodecError leaves here."""
    try:
        capture = Capture(io.BytesIO(recording))
        if not whole:
            frames = list(capture)
            return "damaged" if capture.warnings else f"read {min(len(frames), 1)}"
        conversation = conversation_of(capture)
    except CodecError:
        return "refused"
    for event in conversation.events:
        record_of(event, conversation)
    list(transcript(conversation))
    list(report_page(conversation))
    return "whole, damaged" if conversation.warnings else "whole"


def run(count: int, seed: int) -> Counter[str]:
    """Read ``count`` recordings."""
    rng = Random(seed)  # noqa: S311 - the same recordings every time
    recordings = seeds()
    return Counter(
        read_all(mutate(rng.choice(recordings), rng), whole=n % WHOLE_EVERY == 0)
        for n in range(count)
    )


if __name__ == "__main__":
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    begun = time.perf_counter()
    outcome = dict(run(total, 1))
    sys.stdout.write(f"{total} recordings in {time.perf_counter() - begun:.0f} s: {outcome}\n")
