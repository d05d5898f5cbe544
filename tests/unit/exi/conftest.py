"""The command pyplc-exi, built once: as people get it, and with sanitizers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.unit.exi.command_run import EXI, Command


@pytest.fixture(scope="session")
def command(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """Build it with the address and undefined behaviour sanitizers: a finding is status 99."""
    path = tmp_path_factory.mktemp("command") / "pyplc-exi"
    folders = ("command", "src", "generated")
    sources = [str(source) for folder in folders for source in sorted((EXI / folder).glob("*.c"))]
    sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    flags = ["-std=c11", "-O1", "-g", f"-I{EXI / 'src'}"]
    compile_it = ["gcc", *flags, *sanitizers, "-o", str(path), *sources]
    subprocess.run(compile_it, check=True)  # noqa: S603 - the compiler, on our own sources
    return Command(path)


@pytest.fixture(scope="session")
def static_command(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """Build it as `make -C exi command` does, only with less optimisation."""
    folder: Path = tmp_path_factory.mktemp("static")
    make = shutil.which("make")
    assert make is not None
    arguments = ["-s", "-C", str(EXI), "command", f"BUILD={folder}", "CC=gcc", "CFLAGS=-O1"]
    subprocess.run([make, *arguments], check=True)  # noqa: S603 - on our own Makefile
    return Command(folder / "pyplc-exi")
