"""The benchmark runs and gives a figure for everything; how large it is, no test asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import bench_exi
from tests.bench.__main__ import environment, measure, tables


def test_the_benchmark_measures_everything() -> None:
    measured = measure(quick=True)
    times = [
        *(time for row in measured.exi for time in row.times),
        *(row.us for row in measured.frames),
        *(row.best_s for row in measured.session),
        *(row.ms for row in measured.start),
    ]
    assert all(time > 0 for time in times)
    assert sum(row.share_pct for row in measured.split) == pytest.approx(100.0)
    assert {len(rows) > 0 for rows in measured} == {True}
    assert "CurrentDemandRes" in "\n".join(tables(measured))
    assert "Python 3." in environment()


def test_a_library_that_is_no_exi_library_is_refused_by_name() -> None:
    with pytest.raises(bench_exi.BenchError, match="not libcbv2g"):
        bench_exi.rows(1, Path("libc.so.6"))


def test_a_library_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(bench_exi.BenchError, match=r"nothing\.so"):
        bench_exi.rows(1, tmp_path / "nothing.so")
