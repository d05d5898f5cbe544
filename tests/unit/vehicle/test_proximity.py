from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyplc_fw.vehicle.proximity import Latch, Proximity, ccs1, ccs2


@pytest.mark.parametrize(
    ("nominal_ohm", "rating_a"), [(1500.0, 13.0), (680.0, 20.0), (220.0, 32.0), (100.0, 63.0)]
)
@pytest.mark.parametrize("tolerance", [0.8, 1.0, 1.25])
def test_a_type_2_plug_says_its_rating(
    nominal_ohm: float, rating_a: float, tolerance: float
) -> None:
    assert ccs2(nominal_ohm * tolerance) == Proximity(plugged=True, cable_a=rating_a)


@pytest.mark.parametrize("ohm", [None, -1.0, 0.0, 59.9, 3300.0, 1e6, math.inf, math.nan])
def test_open_short_and_nonsense_are_no_plug(ohm: float | None) -> None:
    assert ccs2(ohm) == Proximity(plugged=False)
    assert ccs1(ohm) is Latch.OUT


@pytest.mark.parametrize(
    ("ohm", "latch"), [(150.0, Latch.LATCHED), (480.0, Latch.PRESSED), (2700.0, Latch.OUT)]
)
def test_the_latch_of_a_ccs1_plug(ohm: float, latch: Latch) -> None:
    assert {ccs1(ohm * tolerance) for tolerance in (0.8, 1.0, 1.2)} == {latch}


@given(st.floats())
def test_any_resistance_is_read(ohm: float) -> None:
    assert isinstance(ccs2(ohm), Proximity)
    assert isinstance(ccs1(ohm), Latch)
