"""What holds for every test: nothing is left open, and a failing example can be had again."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.helpers import SHARED

# Started in the background, a shell hands down SIGINT as ignored, and our children with it; tests
# that interrupt a program would then wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("desk", deadline=None, max_examples=100)
settings.register_profile("ci", deadline=None, max_examples=100, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")


def pytest_report_header() -> list[str]:
    """Say what of the surroundings is there: without it some tests are skipped."""
    shared = "present" if SHARED else "absent: tests against recordings and vectors are skipped"
    tshark = "present" if shutil.which("tshark") else "absent: tests with it are skipped"
    return [f"reference material (../shared): {shared}", f"tshark: {tshark}"]


def _open_files() -> dict[str, str]:
    """Return this process's file descriptors with what they point to."""
    found = {}
    for link in Path("/proc/self/fd").iterdir():
        try:
            found[link.name] = str(link.readlink())
        except FileNotFoundError:  # the descriptor with which the folder itself was read
            continue
    return found


class _Complaints(logging.Handler):
    """Collects what asyncio says of tasks that nobody awaited and callbacks that failed."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record.getMessage())


@pytest.fixture(autouse=True)
def _nothing_is_left_open() -> Iterator[None]:
    """Fail a test that leaves a file descriptor, an event loop or a task behind.

    An event loop shows by its descriptors; a task shows when it is destroyed unfinished.
    """
    before = _open_files()
    complaints = _Complaints()
    logging.getLogger("asyncio").addHandler(complaints)
    yield
    gc.collect(1)  # the young objects only, which takes no time: a lost task is a cycle
    left = _left_open(before)
    if left:  # an older cycle may hold what nobody uses any more
        gc.collect()
        left = _left_open(before)
    logging.getLogger("asyncio").removeHandler(complaints)
    assert left + complaints.heard == [], "the test left something behind"


def _left_open(before: dict[str, str]) -> list[str]:
    return [what for number, what in _open_files().items() if before.get(number) != what]
