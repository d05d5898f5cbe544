"""The manual's tables are those of the code."""

from __future__ import annotations

from pyplc_fw.checkpoints import CHECKPOINTS
from pyplc_fw.faults import CATALOGUE
from tools.manual_tables import MANUAL, with_tables


def test_the_manual_says_what_the_code_says() -> None:
    manual = MANUAL.read_text(encoding="utf-8")
    assert with_tables(manual) == manual


def test_every_checkpoint_and_every_fault_is_in_the_manual() -> None:
    manual = MANUAL.read_text(encoding="utf-8")
    assert [n for n in CHECKPOINTS if f"\n| {n} | " not in manual] == []
    assert [name for name in CATALOGUE if f"\n| `{name}` | " not in manual] == []


def test_what_stands_in_a_table_is_replaced() -> None:
    written = with_tables("before\n<!-- table: faults -->\nout of date\n<!-- end of table -->\nafter\n")
    head, *rows, last = written.splitlines()[2:-1]
    assert head == "| id | severity | what it means | what to do |"
    assert len(rows) == len(CATALOGUE) + 1
    assert last == "<!-- end of table -->"
    assert "out of date" not in written
    assert written.startswith("before\n")
    assert written.endswith("after\n")
