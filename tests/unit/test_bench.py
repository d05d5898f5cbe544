"""The benchmark runs and gives a figure for everything; how large it is, no test asks."""

from __future__ import annotations

import pytest

from tests.bench.__main__ import environment, measure, tables


def test_the_benchmark_measures_everything() -> None:
    measured = measure(quick=True)
    times = [
        *(us for row in measured.exi for us in row.numbers),
        *(row.us for row in measured.frames),
        *(row.best_s for row in measured.session),
        *(row.ms for row in measured.start),
    ]
    assert all(time > 0 for time in times)
    assert sum(row.share_pct for row in measured.split) == pytest.approx(100.0)
    assert {len(rows) > 0 for rows in measured} == {True}
    assert "CurrentDemandRes" in "\n".join(tables(measured))
    assert "Python 3." in environment()
