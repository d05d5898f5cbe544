"""Random and mutated inputs into the EXI codec: `python -m tests.fuzz.fuzz_exi [N] [SEED]`.

The C library runs alone under the address and undefined-behaviour sanitizers, each operation that
`exi/fuzz/target.c` has. The typed face is then fed random bytes in Python. `fuzz_library` does the
first better, where there is clang.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from pyplc_fw.errors import CodecError
from pyplc_fw.v2g import exi
from tests.fuzz import corpus

ROOT = Path(__file__).parents[2]
DEFAULT_CASES = 100_000


def fuzz_machine(cases: int, seed: int) -> int:
    """Build the target with its own driver and run each operation; returns the exit status."""
    build = ["make", "--silent", "-C", str(ROOT / "exi"), "fuzz"]
    subprocess.run(build, check=True)  # noqa: S603 - our own Makefile
    driver = [str(ROOT / "exi" / "build" / "fuzz-drive"), "-n", str(cases), "-s", str(seed)]
    status = 0
    with TemporaryDirectory() as folder:
        corpus.write(Path(folder))
        for target, kind in corpus.KINDS.items():
            files = sorted(map(str, (Path(folder) / kind).iterdir()))[: corpus.MOST_FILES]
            started = time.perf_counter()
            done = subprocess.run(  # noqa: S603 - our own program
                [*driver, *files],
                capture_output=True,
                check=False,
                text=True,
                env={**os.environ, "FUZZ_TARGET": target},
            )
            sys.stdout.write(
                f"fuzz_exi: {target}, sanitizers on: {done.stdout.strip() or 'failed'}"
            )
            sys.stdout.write(f"; {time.perf_counter() - started:.1f} s\n")
            sys.stderr.write(done.stderr)
            status = status or done.returncode
    return status


def mutated(rng: random.Random, stream: bytes) -> bytes:
    """Return the stream with some bits turned, and sometimes cut off."""
    data = bytearray(stream)
    for _ in range(rng.randrange(1, 5)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data[: rng.randrange(1, len(data) + 1)] if rng.random() < 0.2 else data)


def outcome_of(schema: str, stream: bytes, *, lenient: bool) -> str:
    """Decode; return what came out, in one word."""
    try:
        message = exi.decode(schema, stream, lenient=lenient)
    except CodecError:
        return "codec errors"
    if not lenient:
        document = exi.to_json(message)
        assert exi.to_json(exi.decode(schema, exi.encode(exi.from_json(schema, document)))) == (
            document
        )
    return "messages"


def fuzz_face(cases: int, seed: int) -> int:
    """Feed the Python face; returns 1 if anything but a message or a CodecError came out."""
    rng = random.Random(seed)  # noqa: S311 - a test wants the same chance each time
    streams = [
        (vector["schema"], bytes.fromhex(vector["exi"]))
        for vector in corpus.vectors()
        if "mode" not in vector
    ]
    outcomes: Counter[str] = Counter()
    started = time.perf_counter()
    for _ in range(cases):
        schema, stream = rng.choice(streams)
        data = mutated(rng, stream) if rng.random() < 0.7 else stream[:3] + rng.randbytes(40)
        try:
            outcomes[outcome_of(schema, data, lenient=rng.random() < 0.3)] += 1
        except Exception as exc:  # noqa: BLE001 - finding every other exception is the purpose
            outcomes["failures"] += 1
            sys.stderr.write(f"{schema} {data.hex()}: {exc!r}\n")
    counts = ", ".join(f"{count} {what}" for what, count in sorted(outcomes.items()))
    seconds = time.perf_counter() - started
    sys.stdout.write(
        f"fuzz_exi: typed face: {cases} cases, seed {seed}: {counts}; {seconds:.1f} s\n"
    )
    return 1 if outcomes["failures"] else 0


def main(cases: int = DEFAULT_CASES, seed: int = 1) -> int:
    """Run both; return the exit status."""
    return fuzz_machine(cases, seed) or fuzz_face(cases, seed)


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:3])))
