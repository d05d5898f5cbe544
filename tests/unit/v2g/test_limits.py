"""S1: the current asked for never exceeds the lowest of what is allowed."""

from __future__ import annotations

from dataclasses import fields, replace
from math import inf, isfinite, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyplc_fw.v2g.limits import (
    STEPS_PER_A,
    Allowed,
    Demand,
    LimitedBy,
    OwnerLimits,
    demand,
    inlet_current_a,
    pre_charge_demand,
)

ROOMY = Allowed(
    voltage_v=400.0,
    battery_current_a=100.0,
    battery_power_w=40_000.0,
    owner_current_a=100.0,
    owner_power_w=40_000.0,
    charger_current_a=100.0,
    charger_power_w=40_000.0,
    inlet_current_a=100.0,
    cable_current_a=100.0,
)
CURRENTS = {
    "battery_rated_a": LimitedBy.BATTERY_CURRENT,
    "battery_current_a": LimitedBy.BATTERY_CURRENT,
    "owner_current_a": LimitedBy.OWNER_CURRENT,
    "charger_current_a": LimitedBy.CHARGER_CURRENT,
    "inlet_current_a": LimitedBy.INLET_TEMPERATURE,
    "cable_current_a": LimitedBy.CABLE,
}
POWERS = {
    "battery_power_w": LimitedBy.BATTERY_POWER,
    "owner_power_w": LimitedBy.OWNER_POWER,
    "charger_power_w": LimitedBy.CHARGER_POWER,
}


@pytest.mark.parametrize(("field", "name"), CURRENTS.items())
def test_each_current_can_be_the_lowest(field: str, name: LimitedBy) -> None:
    assert demand(replace(ROOMY, **{field: 32.0})) == Demand(32.0, name)


@pytest.mark.parametrize(("field", "name"), POWERS.items())
def test_each_power_can_be_the_lowest(field: str, name: LimitedBy) -> None:
    assert demand(replace(ROOMY, **{field: 10_000.0})) == Demand(25.0, name)


def test_among_equals_the_first_is_named() -> None:
    assert demand(ROOMY) == Demand(100.0, LimitedBy.BATTERY_CURRENT)


@pytest.mark.parametrize(("field", "name"), [*CURRENTS.items(), *POWERS.items()])
@pytest.mark.parametrize("value", [0.0, -1.0, -inf, nan])
def test_nothing_negative_or_unknown_allows_anything(
    field: str, name: LimitedBy, value: float
) -> None:
    assert demand(replace(ROOMY, **{field: value})) == Demand(0.0, name)


@pytest.mark.parametrize("voltage_v", [0.0, -400.0, nan])
def test_without_a_voltage_a_power_limit_allows_nothing(voltage_v: float) -> None:
    assert demand(replace(ROOMY, voltage_v=voltage_v)).current_a == 0.0


def test_where_nobody_sets_a_limit_nothing_is_asked_for() -> None:
    assert demand(Allowed(voltage_v=400.0, battery_current_a=inf, charger_current_a=inf)) == Demand(
        0.0, LimitedBy.BATTERY_CURRENT
    )


anything = st.floats(allow_nan=True, allow_infinity=True)


@given(st.builds(Allowed, **{field.name: anything for field in fields(Allowed)}))
def test_the_demand_is_never_above_any_limit(allowed: Allowed) -> None:
    current_a, limited_by = demand(allowed)
    assert isfinite(current_a)
    assert current_a >= 0.0
    assert isinstance(limited_by, LimitedBy)
    for name in CURRENTS:
        assert current_a == 0.0 or current_a <= getattr(allowed, name)
    for name in POWERS:
        power_w = getattr(allowed, name)
        assert current_a == 0.0 or current_a <= power_w / allowed.voltage_v


@given(st.floats(0.0, 1000.0), st.sampled_from(sorted(CURRENTS)))
def test_the_demand_is_as_high_as_the_step_allows(limit_a: float, name: str) -> None:
    high: Any = dict.fromkeys(CURRENTS, 1000.0)
    allowed = Allowed(voltage_v=400.0, **{**high, name: limit_a})
    current_a = demand(allowed).current_a
    assert limit_a - 1 / STEPS_PER_A <= current_a <= limit_a + 1e-9


def test_precharge_asks_for_2_a_or_less() -> None:
    assert pre_charge_demand(ROOMY) == Demand(2.0, LimitedBy.PRE_CHARGE)
    low = replace(ROOMY, cable_current_a=1.5)
    assert pre_charge_demand(low) == Demand(1.5, LimitedBy.CABLE)


@pytest.mark.parametrize(
    ("temperature_c", "current_a"),
    [
        (-40.0, inf),
        (80.0, inf),
        (82.5, 75.0),
        (85.0, 50.0),
        (90.0, 0.0),
        (200.0, 0.0),
        (None, 0.0),
        (nan, 0.0),
        (inf, 0.0),
        (-inf, 0.0),
    ],
)
def test_a_warm_inlet_carries_less_and_an_unknown_one_nothing(
    temperature_c: float | None, current_a: float
) -> None:
    assert inlet_current_a(temperature_c, OwnerLimits(cable_current_a=100.0)) == current_a


def test_an_inlet_without_a_rating_is_derated_from_what_a_combo_2_carries() -> None:
    assert inlet_current_a(85.0, OwnerLimits()) == 100.0


@given(st.integers(0, 5000))
def test_a_whole_step_stays_what_it_is(tenths: int) -> None:
    limit_a = tenths / STEPS_PER_A
    allowed = Allowed(voltage_v=400.0, battery_current_a=limit_a, charger_current_a=1000.0)
    assert demand(allowed).current_a == limit_a
