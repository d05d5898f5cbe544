"""The manual's tables are made from the code."""

from __future__ import annotations

from pyplc_fw.checkpoints import CHECKPOINTS
from pyplc_fw.faults import CATALOGUE
from tools.manual_tables import with_tables


def test_what_stands_in_a_table_is_replaced() -> None:
    before = "before\n<!-- table: faults -->\nout of date\n<!-- end of table -->\nafter\n"
    written = with_tables(before)
    first, begin, head, _, *rows, end, last = written.splitlines()
    assert (first, last) == ("before", "after")
    assert (begin, end) == ("<!-- table: faults -->", "<!-- end of table -->")
    assert head == "| id | severity | what it means | what to do |"
    assert [row.split("`")[1] for row in rows] == list(CATALOGUE)
    assert with_tables(written) == written


def test_every_checkpoint_is_a_row() -> None:
    written = with_tables("<!-- table: checkpoints -->\n<!-- end of table -->\n")
    _, _, _, *rows, _ = written.splitlines()
    assert [int(row.split()[1]) for row in rows] == list(CHECKPOINTS)
    assert rows[0] == f"| 1 | evse | {CHECKPOINTS[1].meaning} |"
