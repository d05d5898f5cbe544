"""`make bench`: the codec, the frames, whole sessions and the start, side by side in one run.

`--quick` takes seconds, `--json` prints one object, `--library` names libcbv2g as a shared library
to be measured beside our machine. Nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.bench import (
    bench_exi,
    bench_frames,
    bench_memory,
    bench_session,
    bench_size,
    bench_split,
    bench_start,
)


class Measured(NamedTuple):
    """All rows of one run."""

    exi: list[bench_exi.Row]
    memory: list[bench_memory.Row]
    size: list[bench_size.Row]
    frames: list[bench_frames.Row]
    session: list[bench_session.Row]
    split: list[bench_split.Row]
    start: list[bench_start.Row]


# Rounds of EXI, messages for memory, rounds of frames, the session, how many of it, starts.
FULL: Final = (20, bench_memory.MESSAGES, 5, bench_session.FORTY_MINUTES, 3, 7)
QUICK: Final = (2, 10_000, 1, bench_session.QUICK, 1, 1)


def measure(*, quick: bool, library: Path | None = None) -> Measured:
    """Measure everything, one after the other; with ``library`` also that, beside the machine."""
    exi_rounds, messages, frame_rounds, options, sessions, starts = QUICK if quick else FULL
    return Measured(
        exi=bench_exi.rows(exi_rounds, library),
        memory=bench_memory.rows(messages),
        size=bench_size.rows(),
        frames=bench_frames.rows(frame_rounds),
        session=bench_session.rows(options, sessions),
        split=bench_split.rows(options, sessions),
        start=bench_start.rows(starts),
    )


def environment() -> str:
    """Say what it was measured on, without naming the machine."""
    model = "unknown processor"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        names = [ln.split(":", 1)[1].strip() for ln in lines if ln.startswith("model name")]
        model = names[0] if names else platform.machine()
    return (
        f"{model}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, {_compiler()}"
    )


def _compiler() -> str:
    """Name the compiler that is here, which made the codec."""
    compiler = shutil.which("cc")
    if compiler is None:
        return "no C compiler"
    done = subprocess.run([compiler, "--version"], capture_output=True, check=True, text=True)  # noqa: S603 - asks a version
    return done.stdout.splitlines()[0]


def tables(measured: Measured) -> list[str]:
    """Return the lines of all tables."""
    parts = (
        bench_exi.lines(measured.exi),
        bench_memory.lines(measured.memory),
        bench_size.lines(measured.size),
        bench_frames.lines(measured.frames),
        bench_session.lines(measured.session),
        bench_split.lines(measured.split),
        bench_start.lines(measured.start),
    )
    return [line for part in parts for line in (*part, "")]


def _as_json(measured: Measured) -> dict[str, Any]:
    return {"environment": environment(), **_objects(measured)}


def _objects(value: Any) -> Any:
    """Turn named tuples into objects, at any depth."""
    if hasattr(value, "_asdict"):
        return {name: _objects(part) for name, part in value._asdict().items()}
    return [_objects(part) for part in value] if isinstance(value, list) else value


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short runs: is anything very wrong?")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--library", type=Path, metavar="FILE", help="libcbv2g, a shared library")
    args = parser.parse_args()
    if args.library is not None and not args.library.is_file():
        parser.error(f"there is no library {args.library}")
    return args


def main() -> int:
    """Measure and print; the exit status is 2 where a library cannot be measured."""
    args = _arguments()
    library = args.library.resolve() if args.library else None
    try:
        measured = measure(quick=args.quick, library=library)
    except bench_exi.BenchError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    lines = (
        [json.dumps(_as_json(measured))] if args.json else [environment(), "", *tables(measured)]
    )
    sys.stdout.write("\n".join(lines).rstrip() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
