"""The C library under the sanitizers: every vector, what once was a finding, and mutations of both.

`make fuzz` does the same for longer, and with libFuzzer.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.fuzz import corpus, coverage
from tests.fuzz.fuzz_library import REGRESSIONS, program_of, read

MUTATIONS = 40_000


def build(folder: Path, *flags: str) -> Path:
    """Compile the target with its own driver and the sanitizers."""
    program = folder / "drive"
    exi = corpus.ROOT / "exi"
    sources = [exi / "fuzz" / "target.c", exi / "fuzz" / "drive.c"]
    sources += sorted((exi / "src").glob("*.c")) + sorted((exi / "generated").glob("*.c"))
    sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    options = ["-std=c11", "-O1", "-g", *sanitizers, *flags, f"-I{exi / 'src'}"]
    command = ["gcc", *options, "-o", str(program), *map(str, sources)]
    subprocess.run(command, check=True)  # noqa: S603 - the compiler, on our own sources
    return program


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    assert corpus.write(folder) > 500
    return folder


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("fuzz"))


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build it for 32 bits, where sizes wrap sooner."""
    folder = tmp_path_factory.mktemp("narrow")
    (folder / "probe.c").write_text("#include <stdio.h>\nint main(void) { return 0; }\n")
    probe = ["gcc", "-m32", "-fsanitize=address", "-o", str(folder / "p"), str(folder / "probe.c")]
    if subprocess.run(probe, capture_output=True, check=False).returncode:  # noqa: S603
        pytest.skip("no 32-bit compiler (Debian package gcc-multilib)")
    return build(folder, "-m32")


def drive(program: Path, target: str, seeds: Path, mutations: int) -> None:
    files = sorted((seeds / corpus.KINDS[target]).iterdir())[: corpus.MOST_FILES]
    known = sorted(REGRESSIONS.glob(f"{target}-*"))
    command = [str(program), "-n", str(mutations), *map(str, known), *map(str, files)]
    done = subprocess.run(  # noqa: S603 - our own program
        command,
        capture_output=True,
        check=False,
        text=True,
        env={**os.environ, "FUZZ_TARGET": target},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{len(known) + len(files)} files, {mutations} mutations\n"


@pytest.mark.parametrize("target", corpus.TARGETS)
def test_nothing_is_found(program: Path, seeds: Path, target: str) -> None:
    drive(program, target, seeds, MUTATIONS)


@pytest.mark.parametrize("target", corpus.TARGETS)
def test_nothing_is_found_with_32_bits(narrow: Path, seeds: Path, target: str) -> None:
    drive(narrow, target, seeds, MUTATIONS // 4)


def test_every_target_has_a_corpus_of_every_schema(seeds: Path) -> None:
    for kind in set(corpus.KINDS.values()):
        first = {path.read_bytes()[0] % 9 for path in (seeds / kind).iterdir()}
        assert first == set(range(9))


def test_a_finding_is_seen(program: Path, tmp_path: Path) -> None:
    """A target that does not exist ends the program: silence is no success."""
    (tmp_path / "input").write_bytes(bytes(10))
    done = subprocess.run(  # noqa: S603 - our own program
        [str(program), str(tmp_path / "input")],
        capture_output=True,
        check=False,
        env={**os.environ, "FUZZ_TARGET": "nothing"},
    )
    assert done.returncode == 2


@pytest.mark.skipif(shutil.which("clang") is None, reason="needs clang (Debian package clang)")
def test_libfuzzer_runs(tmp_path: Path) -> None:
    exi = corpus.ROOT / "exi"
    make = ["make", "-s", "-C", str(exi), "libfuzzer", f"BUILD={tmp_path}"]
    built = subprocess.run(make, capture_output=True, check=False, text=True)  # noqa: S603 - ours
    if "libclang_rt" in built.stderr:
        pytest.skip("needs clang's runtime (Debian package libclang-rt-14-dev)")
    assert built.returncode == 0, built.stderr
    for target in ("round", "serve", "dialect"):
        program = tmp_path / Path(program_of(target)).name
        done = subprocess.run(  # noqa: S603 - our own program
            [str(program), "-runs=2000", "-print_final_stats=1", "-close_fd_mask=1"],
            capture_output=True,
            check=False,
            text=True,
            env={**os.environ, "FUZZ_TARGET": target},
        )
        run = read(target, done.returncode, done.stderr)
        assert (run.status, run.finding) == (0, "")
        assert run.executions >= 2000


@pytest.mark.skipif(shutil.which("gcov") is None, reason="needs gcov, which comes with gcc")
def test_nearly_every_line_is_reached(capsys: pytest.CaptureFixture[str]) -> None:
    assert coverage.main() == 0
    assert "src/decode.c" in capsys.readouterr().out
