"""The fixture that watches every test does bite."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

LEAKS = """
import asyncio
import os

KEPT = []

def test_descriptor():
    os.open("/dev/null", os.O_RDONLY)

def test_event_loop():
    KEPT.append(asyncio.new_event_loop())

def test_task():
    loop = asyncio.new_event_loop()
    loop.create_task(asyncio.sleep(9))
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()

def test_clean():
    with open("/dev/null") as file:
        KEPT.append(file)
    asyncio.run(asyncio.sleep(0))
"""


def test_what_a_test_leaves_behind_is_found(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
    pytester.makeconftest("from tests.conftest import _nothing_is_left_open\n")
    pytester.makepyfile(LEAKS)
    result = pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=4, errors=3)
    result.stdout.fnmatch_lines(
        ["ERROR *::test_descriptor*", "ERROR *::test_event_loop*", "ERROR *::test_task*"]
    )
