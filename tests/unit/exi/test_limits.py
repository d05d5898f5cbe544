"""The C library at its edges, and under the sanitizers that only clang has.

`exi/fuzz/limits.c` calls it with nothing, with every size of the output and every cut of the input.
Clang's sanitizers then see what the others do not: values read that nobody wrote, and conversions
that change a number.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from pyplc_fw.v2g.messages.schema import SCHEMAS
from tests.fuzz import corpus

EXI: Final = corpus.ROOT / "exi"
MOST_DIGITS: Final = 200
"Of a stream: each is converted as often as it has octets, and its JSON has."
MUTATIONS: Final = 10_000
SEEDS: Final = 200
WIDTHS: Final = "-fsanitize=undefined,implicit-conversion,nullability,local-bounds"
needs_clang = pytest.mark.skipif(
    shutil.which("clang") is None, reason="needs clang (Debian package clang)"
)


def build(folder: Path, main: tuple[str, ...], compiler: str, *sanitizers: str) -> Path:
    """Compile the library and a program around it; skips where the compiler cannot."""
    program = folder / Path(main[-1]).stem
    sources = [EXI / "fuzz" / name for name in main]
    sources += sorted((EXI / "src").glob("*.c")) + sorted((EXI / "generated").glob("*.c"))
    options = ["-std=c11", "-O1", "-g", *sanitizers, "-fno-sanitize-recover=all"]
    command = [compiler, *options, f"-I{EXI / 'src'}", "-o", str(program), *map(str, sources)]
    done = subprocess.run(command, capture_output=True, check=False, text=True)  # noqa: S603 - ours
    if "libclang_rt" in done.stderr:
        pytest.skip("needs clang's runtime (Debian package libclang-rt-14-dev)")
    assert done.returncode == 0, done.stderr
    return program


@cache
def streams() -> dict[str, list[str]]:
    """Return our own vectors that the schema takes without a warning, in hex."""
    found: dict[str, list[str]] = {schema: [] for schema in SCHEMAS}
    for path in (corpus.ROOT / "tests" / "vectors").glob("exi_messages*.jsonl"):
        for vector in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            if "mode" not in vector and "json" in vector and len(vector["exi"]) <= MOST_DIGITS:
                found[vector["schema"]].append(vector["exi"])
    return {schema: every for schema, every in found.items() if every}


def check_limits(program: Path) -> None:
    for schema, every in streams().items():
        command = [str(program), schema, *every]
        done = subprocess.run(command, capture_output=True, check=False, text=True)  # noqa: S603
        assert (done.returncode, done.stderr) == (0, ""), schema
        assert done.stdout == f"{len(every)} messages\n"


def test_the_edges_are_kept(tmp_path: Path) -> None:
    assert sum(map(len, streams().values())) > 50
    check_limits(build(tmp_path, ("limits.c",), "gcc", "-fsanitize=address,undefined"))


def test_what_does_not_hold_is_told(tmp_path: Path) -> None:
    program = build(tmp_path, ("limits.c",), "gcc")
    done = subprocess.run(  # noqa: S603 - our own program
        [str(program), "app", "80488000"], capture_output=True, check=False, text=True
    )
    assert done.returncode == 1
    assert done.stderr == "limits: app: took a part for the whole\n"


@needs_clang
def test_the_edges_are_kept_by_other_rules(tmp_path: Path) -> None:
    check_limits(build(tmp_path, ("limits.c",), "clang", "-fsanitize=address", WIDTHS))


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    corpus.write(folder)
    return folder


@needs_clang
@pytest.mark.parametrize("sanitizer", ["-fsanitize=memory", WIDTHS])
def test_mutations_read_nothing_unwritten_and_lose_no_bits(
    tmp_path: Path, seeds: Path, sanitizer: str
) -> None:
    program = build(tmp_path, ("target.c", "drive.c"), "clang", sanitizer)
    for target, kind in corpus.KINDS.items():
        files = sorted(map(str, (seeds / kind).iterdir()))
        chosen = files[:: max(1, len(files) // SEEDS)]
        done = subprocess.run(  # noqa: S603 - our own program
            [str(program), "-n", str(MUTATIONS), *chosen],
            capture_output=True,
            check=False,
            text=True,
            env={**os.environ, "FUZZ_TARGET": target},
        )
        assert (done.returncode, done.stderr) == (0, ""), target
