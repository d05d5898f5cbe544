"""How large the C machine is: a stripped shared library with some of the schemas, in bytes."""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from exi.tables import index_text
from pyplc_fw.v2g.messages.schema import SCHEMAS

EXI: Final = Path(__file__).parents[2] / "exi"
CHARGING: Final = ("app", "din", "iso2")
"What a charging session of today needs."
BUILD: Final = ("cc", "-std=c11", "-O2", "-fPIC", "-shared", "-s", f"-I{EXI / 'src'}")


class Row(NamedTuple):
    """One library."""

    what: str
    file_bytes: int
    text_bytes: int
    "Code and tables."
    data_bytes: int
    "Tables with addresses in them, which the loader must write."


def _built(names: tuple[str, ...], folder: Path) -> Path:
    """Build a library with these schemas only."""
    index, library = folder / "schemas.c", folder / "libexi.so"
    index.write_text(index_text(names), encoding="utf-8")
    tables = [EXI / "generated" / f"{name}.c" for name in names]
    sources = [*sorted((EXI / "src").glob("*.c")), *tables, index]
    subprocess.run([*BUILD, "-o", library, *sources], check=True)  # noqa: S603 - our own sources
    return library


def _row(what: str, names: tuple[str, ...]) -> Row:
    with TemporaryDirectory() as folder:
        library = _built(names, Path(folder))
        told = subprocess.run(["size", library], capture_output=True, check=True, text=True)  # noqa: S603, S607 - binutils, beside cc
        text, data, bss = (int(column) for column in told.stdout.splitlines()[1].split()[:3])
        return Row(what, library.stat().st_size, text, data + bss)


def rows() -> list[Row]:
    """Build and measure: nothing but the machine, with a session's schemas, with all of them."""
    charging = tuple(name for name in CHARGING if name in SCHEMAS)
    return [
        _row("app", ("app",)),
        _row(", ".join(charging), charging),
        _row("every schema there is", tuple(SCHEMAS)),
    ]


def lines(measured: list[Row]) -> list[str]:
    """Return the table."""
    head = f"{'stripped C library with these schemas':40}{'bytes':>10}{'text':>10}{'data':>10}"
    return [
        head,
        *(f"{r.what:40}{r.file_bytes:10}{r.text_bytes:10}{r.data_bytes:10}" for r in measured),
    ]
