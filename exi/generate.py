"""Writes ``exi/generated/`` from the message classes; with ``--check`` compares instead."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from exi.tables import Tables, index_text  # noqa: E402 - the checkout's root is not installed
from pyplc_fw.v2g.messages.schema import SCHEMAS  # noqa: E402 - see above

OUTPUT = HERE / "generated"


def files() -> dict[str, str]:
    """Return every generated file by its name."""
    texts = {"schemas.c": index_text(SCHEMAS)}
    for name, module in SCHEMAS.items():
        texts[f"{name}.c"] = Tables(import_module(module).SCHEMA).text()
    return texts


def differences() -> list[str]:
    """Name the files of ``generated/`` that are not what the classes say."""
    texts = files()
    present = {path.name for path in OUTPUT.glob("*.c")}
    wrong = [name for name, text in texts.items() if not _is(OUTPUT / name, text)]
    return sorted({*wrong, *(present - texts.keys())})


def _is(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def write() -> None:
    """Write every file and remove what no schema makes."""
    OUTPUT.mkdir(exist_ok=True)
    texts = files()
    for stale in OUTPUT.glob("*.c"):
        if stale.name not in texts:
            stale.unlink()
    for name, text in texts.items():
        (OUTPUT / name).write_text(text, encoding="utf-8")


def main() -> int:
    """Run the command line; the exit status is 1 where ``--check`` finds a difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    if not parser.parse_args().check:
        write()
        return 0
    wrong = differences()
    for name in wrong:
        sys.stderr.write(f"exi/generated/{name} is not what the classes say: run exi/generate.py\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
