from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyplc_fw.sim.battery import SimBattery


def test_a_battery_at_rest_shows_its_open_circuit_voltage() -> None:
    assert SimBattery(soc_pct=0.0).voltage_v == 350.0
    assert SimBattery(soc_pct=100.0).voltage_v == 400.0


@given(st.floats(0.0, 100.0), st.floats(0.0, 100.0))
def test_more_charge_never_means_less_voltage(a: float, b: float) -> None:
    low, high = sorted((a, b))
    low_v, high_v = (SimBattery(soc_pct=soc_pct).voltage_v for soc_pct in (low, high))
    assert 350.0 <= low_v <= high_v <= 400.0


def test_current_raises_the_terminals_above_the_open_circuit_voltage() -> None:
    battery = SimBattery(soc_pct=50.0, resistance_ohm=0.1)
    battery.advance(0.0, 100.0)
    assert battery.voltage_v == pytest.approx(battery.open_circuit_v() + 10.0)


@given(st.floats(1.0, 120.0), st.floats(0.05, 1.0))
def test_the_charge_stored_is_the_energy_that_came_in(current_a: float, step_s: float) -> None:
    battery = SimBattery(soc_pct=30.0, capacity_wh=10_000.0)
    battery.advance(0.0, current_a)
    came_in_wh = 0.0
    for _ in range(500):
        came_in_wh += battery.open_circuit_v() * current_a * step_s / 3600.0
        battery.advance(step_s, current_a)
    stored_wh = (battery.soc_pct - 30.0) / 100.0 * battery.capacity_wh
    assert stored_wh == pytest.approx(came_in_wh, rel=0.001)


def test_the_allowed_current_tapers_and_ends_at_full() -> None:
    allowed = [SimBattery(soc_pct=soc_pct).allowed_current_a for soc_pct in range(0, 101, 5)]
    assert allowed == sorted(allowed, reverse=True)
    assert allowed[0] == 125.0
    assert 0.0 < allowed[-2] < 41.0
    assert allowed[-1] == 0.0


def test_power_and_end_voltage_limit_the_current_too() -> None:
    assert SimBattery(max_power_w=10_000.0).allowed_current_a < 29.0
    near = SimBattery(soc_pct=60.0, max_voltage_v=386.0, resistance_ohm=0.06)
    open_v = near.open_circuit_v()
    assert near.allowed_current_a == pytest.approx((386.0 - open_v) / 0.06)
    assert SimBattery(soc_pct=60.0, max_voltage_v=380.0).allowed_current_a == 0.0
