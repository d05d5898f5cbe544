"""How long the program takes to start: median of whole processes, in milliseconds."""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median
from typing import Final, NamedTuple

from pyplc_fw.v2g.messages.schema import SCHEMAS

BOOT: Final = [name for name in ("app", "din", "iso2", "xmldsig") if name in SCHEMAS]
"The schemas that an appliance boots with."
IMPORT: Final = "import " + ", ".join(SCHEMAS[name] for name in BOOT)
DECODE: Final = "from pyplc_fw.v2g import exi; exi.decode('din', bytes.fromhex('809a0011f0'))"
"The shortest message of DIN 70121: what it takes is the decoder's making."
COMMANDS: Final = (
    ("an empty Python", ["-c", "pass"]),
    ("import of msgspec alone", ["-c", "import msgspec"]),
    (f"import of the messages: {', '.join(BOOT)}", ["-c", IMPORT]),
    ("... and of the codec", ["-c", f"{IMPORT}; import pyplc_fw.v2g.exi"]),
    ("... and the first DIN message decoded", ["-c", f"{IMPORT}; {DECODE}"]),
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


def _import_ms() -> float:
    """Return what ``-X importtime`` says of the imports after Python's own."""
    command = [sys.executable, "-X", "importtime", "-c", IMPORT]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stderr  # noqa: S603
    self_us = [line.split(":")[1].split("|")[0] for line in told.splitlines()[1:]]
    names = [line.split("|")[-1].strip() for line in told.splitlines()[1:]]
    return sum(map(int, self_us[names.index("site") + 1 :])) / 1000


def rows(repeats: int = 7) -> list[Row]:
    """Start each command ``repeats`` times; returns the medians."""
    measured = [
        Row(what, median(_ms(arguments) for _ in range(repeats))) for what, arguments in COMMANDS
    ]
    told = median(_import_ms() for _ in range(repeats))
    return [*measured, Row("the messages by -X importtime, without Python's own", told)]


def lines(measured: list[Row]) -> list[str]:
    """Return the table, with what each start takes over an empty Python's."""
    first = measured[0].ms
    head = f"{'start of a process':<54}{'ms':>8}{'over':>8}{'ratio':>8}"
    text = [
        f"{row.what:<54}{row.ms:>8.0f}{row.ms - first:>8.0f}{row.ms / first:>8.1f}"
        for row in measured[:-1]
    ]
    return [head, *text, f"{measured[-1].what:<54}{measured[-1].ms:>8.0f}"]
