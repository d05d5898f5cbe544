"""`make bench`: the codec, the frames, whole sessions and the start, side by side in one run.

`--quick` takes seconds, `--json` prints one object. Nothing here passes or fails.
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

from tests.bench import bench_exi, bench_frames, bench_session, bench_split, bench_start


class Measured(NamedTuple):
    """All rows of one run."""

    exi: list[bench_exi.Row]
    frames: list[bench_frames.Row]
    session: list[bench_session.Row]
    split: list[bench_split.Row]
    start: list[bench_start.Row]


# Rounds of EXI, rounds of frames, the session, how many of it, starts.
FULL: Final = (20, 5, bench_session.FORTY_MINUTES, 3, 7)
QUICK: Final = (2, 1, bench_session.QUICK, 1, 1)


def measure(*, quick: bool) -> Measured:
    """Measure everything, one after the other."""
    exi_rounds, frame_rounds, options, sessions, starts = QUICK if quick else FULL
    return Measured(
        exi=bench_exi.rows(exi_rounds),
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
        bench_frames.lines(measured.frames),
        bench_session.lines(measured.session),
        bench_split.lines(measured.split),
        bench_start.lines(measured.start),
    )
    return [line for part in parts for line in (*part, "")]


def _as_json(measured: Measured) -> dict[str, Any]:
    found = {name: [row._asdict() for row in rows] for name, rows in measured._asdict().items()}
    return {"environment": environment(), **found}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short runs: is anything very wrong?")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    args = parser.parse_args()
    measured = measure(quick=args.quick)
    lines = (
        [json.dumps(_as_json(measured))] if args.json else [environment(), "", *tables(measured)]
    )
    sys.stdout.write("\n".join(lines).rstrip() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
