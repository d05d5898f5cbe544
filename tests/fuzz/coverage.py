"""Which lines of the C library its tests reach: `python -m tests.fuzz.coverage`.

Every vector and some mutations of it go through each operation of `exi/fuzz/target.c`, compiled to
count; gcov reads the counts. The exit status is 1 where a line in twenty is not reached.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from tests.fuzz import corpus

EXI: Final = corpus.ROOT / "exi"
BUILD: Final = EXI / "build" / "coverage"
MUTATIONS: Final = 100_000
ENOUGH_PCT: Final = 95.0


class Counts(NamedTuple):
    """Of one source file."""

    lines: int
    reached: int
    branches: int
    taken: int
    missed: tuple[int, ...]
    "The lines that nothing reached."


def run_all() -> None:
    """Compile, and run every target; raises CalledProcessError."""
    shutil.rmtree(BUILD, ignore_errors=True)
    make = ["make", "--silent", "-C", str(EXI), "coverage"]
    subprocess.run(make, check=True)  # noqa: S603 - our own Makefile
    with TemporaryDirectory() as folder:
        corpus.write(Path(folder))
        for target, kind in corpus.KINDS.items():
            files = sorted(map(str, (Path(folder) / kind).iterdir()))[: corpus.MOST_FILES]
            drive = [str(BUILD / "drive"), "-n", str(MUTATIONS), *files]
            environment = {**os.environ, "FUZZ_TARGET": target}
            subprocess.run(drive, check=True, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603


def counts() -> dict[str, Counts]:
    """Read what was counted, by the file's name."""
    notes = sorted(map(str, BUILD.glob("*.gcda")))
    command = ["gcov", "--branch-probabilities", "--json-format", *notes]
    subprocess.run(command, check=True, cwd=BUILD, stdout=subprocess.DEVNULL)  # noqa: S603
    lines: dict[str, dict[int, int]] = defaultdict(dict)
    branches: dict[str, dict[tuple[int, int], int]] = defaultdict(dict)
    for path in BUILD.glob("*.gcov.json.gz"):
        for file in json.loads(gzip.decompress(path.read_bytes()))["files"]:
            name = file["file"]
            for line in file["lines"]:
                number = line["line_number"]
                lines[name][number] = lines[name].get(number, 0) + line["count"]
                for place, branch in enumerate(line["branches"]):
                    key = number, place
                    branches[name][key] = branches[name].get(key, 0) + branch["count"]
    return {
        name: Counts(
            len(found),
            sum(count > 0 for count in found.values()),
            len(branches[name]),
            sum(count > 0 for count in branches[name].values()),
            tuple(number for number, count in sorted(found.items()) if not count),
        )
        for name, found in sorted(lines.items())
        if name.startswith("src/")
    }


def percent(part: int, whole: int) -> float:
    return 100.0 * part / whole if whole else 100.0


def main() -> int:
    """Print the table; return the exit status."""
    run_all()
    say = sys.stdout.write
    say(f"{'file':<26}{'lines':>7}{'reached':>10}{'branches':>10}{'taken':>8}  not reached\n")
    found = counts()
    for name, file in found.items():
        part, both = percent(file.reached, file.lines), percent(file.taken, file.branches)
        missed = " ".join(map(str, file.missed[:12])) + (" ..." if len(file.missed) > 12 else "")
        say(f"{name:<26}{file.lines:>7}{part:>9.1f}%{file.branches:>10}{both:>7.1f}%  {missed}\n")
    lines, reached = sum(f.lines for f in found.values()), sum(f.reached for f in found.values())
    branches, taken = sum(f.branches for f in found.values()), sum(f.taken for f in found.values())
    whole, both = percent(reached, lines), percent(taken, branches)
    say(f"{'all':<26}{lines:>7}{whole:>9.1f}%{branches:>10}{both:>7.1f}%\n")
    return 0 if whole >= ENOUGH_PCT else 1


if __name__ == "__main__":
    sys.exit(main())
