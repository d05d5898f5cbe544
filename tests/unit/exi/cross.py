"""pyplc-exi for other processors, run here: `python -m tests.unit.exi.cross` is `make cross`.

Every vector goes through the cross-compiled, static program under qemu, both ways. The result is
compared with the vector, not with what another build of ours says.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from tests.unit.exi.command_run import EXI, Vector, dumps, vectors


class Target(NamedTuple):
    """A kind of processor."""

    name: str
    compiler: str
    emulator: str
    packages: str

    @property
    def missing(self) -> str:
        """What is not installed, or nothing."""
        programs = (self.compiler, self.emulator)
        return " ".join(program for program in programs if shutil.which(program) is None)


TARGETS: Final = (
    Target(
        "aarch64",
        "aarch64-linux-gnu-gcc",
        "qemu-aarch64",
        "gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user",
    ),
    Target(
        "armv7",
        "arm-linux-gnueabihf-gcc",
        "qemu-arm",
        "gcc-arm-linux-gnueabihf libc6-dev-armhf-cross qemu-user",
    ),
)


def build(target: Target, folder: Path) -> Path:
    """Compile the command; raises CalledProcessError."""
    make = ["make", "-s", "-C", str(EXI), "command", f"CC={target.compiler}", f"BUILD={folder}"]
    subprocess.run(make, check=True)  # noqa: S603 - our own Makefile
    return folder / "pyplc-exi"


def run(target: Target, program: Path, arguments: list[str], lines: list[str]) -> list[str]:
    """Run it as a filter; return what it prints."""
    done = subprocess.run(  # noqa: S603 - our own program
        [target.emulator, str(program), *arguments],
        input="".join(f"{line}\n" for line in lines).encode(),
        capture_output=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr.decode()
    return done.stdout.decode().split("\n")[:-1]


def check(target: Target, program: Path) -> dict[str, Counter[str]]:
    """Put every vector through it; returns the counts by schema. Raises AssertionError."""
    kinds: dict[tuple[str, bool], list[Vector]] = {}
    for vector in vectors():
        kinds.setdefault((vector.schema, vector.fragment), []).append(vector)
    counts: dict[str, Counter[str]] = {}
    for (schema, fragment), chosen in kinds.items():
        counts.setdefault(schema, Counter()).update(_check(target, program, chosen, fragment))
    return counts


def _check(target: Target, program: Path, chosen: list[Vector], fragment: bool) -> Counter[str]:
    options = ["--schema", chosen[0].schema] + ["--fragment"] * fragment
    streams = [vector.stream.hex() for vector in chosen]
    decoded = run(target, program, ["decode", *options], streams)
    good = [vector for vector in chosen if vector.document is not None]
    documents = [json.dumps(vector.document) for vector in good]
    encoded = run(target, program, ["encode", *options], documents)
    for vector, line in zip(chosen, decoded, strict=True):
        right = '{"error":' if vector.document is None else dumps(vector.document)
        assert line.startswith(right), (vector, line)
    exact = 0
    for vector, line in zip(good, encoded, strict=True):
        assert vector.reencode in (None, line), (vector, line)
        exact += vector.reencode is not None
    return Counter(decoded=len(good), refused=len(chosen) - len(good), encoded=exact)


def main() -> int:
    """Build and check each target; print the counts; 1 where one could not be built here."""
    status = 0
    for target in TARGETS:
        if target.missing:
            sys.stdout.write(
                f"{target.name}: skipped, there is no {target.missing} (Debian packages "
                f"{target.packages})\n"
            )
            status = 1
            continue
        with TemporaryDirectory() as folder:
            program = build(target, Path(folder))
            size = program.stat().st_size
            counts = check(target, program)
        sys.stdout.write(f"{target.name}: static program of {size:,} octets with its symbols\n")
        for schema, found in counts.items():
            figures = ", ".join(f"{found[what]} {what}" for what in ("decoded", "encoded"))
            sys.stdout.write(f"  {schema:<12}{figures}, {found['refused']} refused\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
