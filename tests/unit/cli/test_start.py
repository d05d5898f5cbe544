"""`pyplc` starts fast: what a command needs is imported when it runs, not before."""

from __future__ import annotations

import subprocess
import sys

import pytest

SLOW = {"asyncio", "msgspec", "structlog", "rich", "matplotlib", "pyplc_exi"}
BUILD = """
import sys
from pyplc_fw.cli.main import build_parser
build_parser()
print(*sys.modules)
"""


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """What building the parser imports in a fresh Python."""
    done = subprocess.run(  # noqa: S603 - own arguments
        [sys.executable, "-c", BUILD], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_the_parser_is_built_without_anything_slow(imported: set[str]) -> None:
    assert not SLOW & imported


def test_the_parser_imports_of_the_package_only_what_it_is_made_of(imported: set[str]) -> None:
    own = {name for name in imported if name.startswith("pyplc_fw.")}
    commands = {name for name in own if name.startswith("pyplc_fw.cli")}
    assert own - commands == {"pyplc_fw.errors", "pyplc_fw.faults"}
