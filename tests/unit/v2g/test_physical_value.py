"""Physical values of DIN 70121: the way in and out."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyplc_fw.errors import CodecError
from pyplc_fw.v2g.messages.din import (
    PhysicalValue,
    UnitSymbol,
    amps,
    seconds,
    volts,
    watt_hours,
    watts,
)


@pytest.mark.parametrize(
    ("value", "multiplier", "number"),
    [
        (380, 0, 380),
        (380.0, 0, 380),
        (0, 0, 0),
        (-0.0, 0, 0),
        (350.5, -1, 3505),
        (32.5, -3, 32500),
        (-2.25, -3, -2250),
        (125.25, -2, 12525),
        (32767, 0, 32767),
        (-32768, 0, -32768),
        (32768, 1, 3277),
        (50000, 1, 5000),
        (350_000, 2, 3500),
        (4_000_000, 3, 4000),
        (380.0000001, 0, 380),
    ],
)
def test_whole_numbers_plain_and_others_as_fine_as_they_fit(
    value: float, multiplier: int, number: int
) -> None:
    expected = PhysicalValue(Multiplier=multiplier, Unit=UnitSymbol.V, Value=number)
    assert volts(value) == expected


def test_each_helper_has_its_unit() -> None:
    values = [volts(1), amps(1), watts(1), watt_hours(1), seconds(1)]
    units = [value.Unit.value for value in values if value.Unit is not None]
    assert units == ["V", "A", "W", "Wh", "s"]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 32_767_501.0, -4e7])
def test_what_no_multiplier_fits_is_an_error(value: float) -> None:
    with pytest.raises(CodecError):
        amps(value)


@given(st.floats(-32_767_000, 32_767_000))
def test_the_value_comes_back_as_fine_as_it_could_be_said(value: float) -> None:
    said = watts(value)
    step = 10.0**said.Multiplier
    assert abs(said.si - value) <= max(step, 0.001) / 2 * 1.000001
    assert -3 <= said.Multiplier <= 3
    assert -32768 <= said.Value <= 32767


@pytest.mark.parametrize(
    ("unit", "si"),
    [(None, 12.0), (UnitSymbol.V, 12.0), (UnitSymbol.Wh, 12.0), (UnitSymbol.s, 12.0)],
)
def test_si_is_the_value_without_prefix(unit: UnitSymbol | None, si: float) -> None:
    assert PhysicalValue(Multiplier=0, Unit=unit, Value=12).si == si
    assert PhysicalValue(Multiplier=-1, Unit=unit, Value=3505).si == 350.5
    assert PhysicalValue(Multiplier=3, Unit=unit, Value=50).si == 50000.0


def test_hours_and_minutes_become_seconds() -> None:
    assert PhysicalValue(Multiplier=0, Unit=UnitSymbol.h, Value=2).si == 7200.0
    assert PhysicalValue(Multiplier=-1, Unit=UnitSymbol.m, Value=15).si == 90.0
