"""How long the program takes to start: median of whole processes, in milliseconds."""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median
from typing import NamedTuple

COMMANDS = (
    ("an empty Python", ["-c", "pass"]),
    ("import of the DIN messages", ["-c", "import pyplc_fw.v2g.messages.din"]),
    (
        "import of the codec, ready to decode DIN",
        ["-c", "from pyplc_fw.v2g import exi; exi.decode"],
    ),
    ("pyplc --version", ["-m", "pyplc_fw.cli.main", "--version"]),
    ("pyplc --help", ["-m", "pyplc_fw.cli.main", "--help"]),
    ("pyplc exi --help", ["-m", "pyplc_fw.cli.main", "exi", "--help"]),
    ("pyplc demo --help", ["-m", "pyplc_fw.cli.main", "demo", "--help"]),
)


class Row(NamedTuple):
    """One command."""

    what: str
    ms: float


def _ms(arguments: list[str]) -> float:
    began_s = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    return (time.perf_counter() - began_s) * 1000


def rows(repeats: int = 7) -> list[Row]:
    """Start each command ``repeats`` times; returns the medians."""
    return [
        Row(what, median(_ms(arguments) for _ in range(repeats))) for what, arguments in COMMANDS
    ]


def lines(measured: list[Row]) -> list[str]:
    """Return the table, with each start in relation to an empty Python's."""
    first = measured[0].ms
    head = f"{'start of a process':<44}{'ms':>8}{'ratio':>8}"
    return [head, *(f"{row.what:<44}{row.ms:>8.0f}{row.ms / first:>8.1f}" for row in measured)]
