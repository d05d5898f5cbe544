"""The house rules that no other tool checks."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

TOP: Final = Path(__file__).resolve().parents[2]
MODULE_LINES: Final = 500
FUNCTION_LINES: Final = 40

SOURCES: Final = sorted(
    path
    for folder in ("pyplc_fw", "exi", "tools")
    for path in (TOP / folder).rglob("*.py")
    if "build" not in path.parts and "messages" not in path.parts
)
SCRIPTS: Final = [TOP / "tools" / "setup", TOP / "tools" / "lock", TOP / ".ci" / "run"]


def _functions(source: str) -> Iterator[tuple[str, int, int]]:
    """Yield name, first line and length of every function, its docstring not counted."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            docstring = ast.get_docstring(node, clean=False) or ""
            length = node.end_lineno - node.lineno - docstring.count("\n")
            yield node.name, node.lineno, length + (0 if docstring else 1)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(TOP)))
def test_module_and_its_functions_are_small(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert source.count("\n") <= MODULE_LINES
    assert [f for f in _functions(source) if f[2] > FUNCTION_LINES] == []


def test_every_target_for_people_is_in_the_help() -> None:
    makefile = (TOP / "Makefile").read_text(encoding="utf-8")
    phony = {
        name for line in re.findall(r"^\.PHONY: (.*)", makefile, re.M) for name in line.split()
    }
    described = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.M))
    parts = {name for name in phony if name.startswith("check-")} | {"setup-test"}
    assert described == phony - parts


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_script_can_be_run_and_stops_at_unset_names(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert os.access(path, os.X_OK)
    assert text.startswith("#!/usr/bin/env bash\n")
    assert re.search(r"^set -E?e?u", text, re.M)
    assert str(path.relative_to(TOP)) in (TOP / "Makefile").read_text(encoding="utf-8")


def test_the_readme_leads_to_a_session_and_to_the_tests() -> None:
    readme = (TOP / "README.md").read_text(encoding="utf-8")
    assert "\nmake demo\n" in readme
    assert "\nmake test\n" in readme
    linked = re.findall(r"\]\((?!https?:)([^)#]+)", readme)
    assert [name for name in linked if not (TOP / name).exists()] == []
