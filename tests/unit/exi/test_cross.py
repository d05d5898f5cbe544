"""pyplc-exi compiled for the boards' processors, under qemu."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyplc_fw.v2g.messages.schema import SCHEMAS
from tests.unit.exi.cross import TARGETS, Target, build, check


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_every_vector_goes_both_ways(target: Target, tmp_path: Path) -> None:
    if target.missing:
        pytest.skip(f"no {target.missing} (Debian packages {target.packages})")
    counts = check(target, build(target, tmp_path))
    assert set(counts) == set(SCHEMAS)
    assert all(found["decoded"] for found in counts.values())
