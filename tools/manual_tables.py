"""Write the manual's tables from the code they describe, or check that they still say the same.

A table stands between two comments, ``<!-- table: NAME -->`` and ``<!-- end of table -->``; what
is between them is replaced.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from pyplc_fw.checkpoints import CHECKPOINTS
from pyplc_fw.faults import CATALOGUE

MANUAL: Final = Path(__file__).resolve().parents[1] / "docs" / "manual.md"
TABLE: Final = re.compile(
    r"(?P<begin><!-- table: (?P<name>[a-z]+) -->\n).*?(?P<end><!-- end of table -->)", re.DOTALL
)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    cells = [list(head), *map(list, rows)]
    cells.insert(1, ["---"] * len(cells[0]))
    return "".join(f"| {' | '.join(row)} |\n" for row in cells)


def checkpoints() -> str:
    """Return the numbered steps of a session as a table."""
    rows = ((str(c.number), c.side, c.meaning) for c in CHECKPOINTS.values())
    return _table(("number", "side", "what happens"), rows)


def faults() -> str:
    """Return the catalogue of faults and of reasons for an end as a table."""
    rows = ((f"`{r.id}`", r.severity.value, r.sentence, r.remedy) for r in CATALOGUE.values())
    return _table(("id", "severity", "what it means", "what to do"), rows)


TABLES: Final[dict[str, Callable[[], str]]] = {"checkpoints": checkpoints, "faults": faults}


def with_tables(manual: str) -> str:
    """Return ``manual`` with every table as the code has it; raises KeyError for an unknown one."""
    return TABLE.sub(lambda found: found["begin"] + TABLES[found["name"]]() + found["end"], manual)


def main() -> int:
    """Write the tables; with --check only compare them: exit status 1 if they differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only")
    checks_only = parser.parse_args().check
    manual = MANUAL.read_text(encoding="utf-8")
    wanted = with_tables(manual)
    if manual == wanted:
        return 0
    if checks_only:
        print("docs/manual.md does not say what the code says: make manual", file=sys.stderr)
        return 1
    MANUAL.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
