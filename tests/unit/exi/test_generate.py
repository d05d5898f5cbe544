"""The generated tables are what the classes say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from exi import generate

ROOT = Path(__file__).parents[3]


def test_the_committed_tables_are_what_the_classes_say() -> None:
    assert generate.differences() == []


def test_generating_twice_gives_the_same() -> None:
    assert generate.files() == generate.files()


def test_a_changed_a_missing_and_a_stray_table_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate, "OUTPUT", tmp_path / "generated")
    generate.write()
    (tmp_path / "generated" / "din.c").write_text("int x;\n")
    (tmp_path / "generated" / "app.c").unlink()
    (tmp_path / "generated" / "old.c").touch()
    assert generate.differences() == ["app.c", "din.c", "old.c"]
    generate.write()
    assert generate.differences() == []


def test_the_command_checks() -> None:
    command = [sys.executable, str(ROOT / "exi" / "generate.py"), "--check"]
    done = subprocess.run(command, capture_output=True, check=False, text=True)  # noqa: S603 - our own program
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
