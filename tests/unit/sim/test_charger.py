from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyplc_fw.sim.charger import SimSupply, SupplyFaults
from pyplc_fw.v2g.ports import CableCheck, SupplyLimits

BATTERY = (370.0, 0.08)


def run(supply: SimSupply, seconds: float, battery: tuple[float, float] | None = None) -> None:
    for _ in range(round(seconds / 0.01)):
        supply.advance(0.01, battery)


def test_the_voltage_moves_along_its_ramp() -> None:
    supply = SimSupply(ramp_v_per_s=100.0)
    supply.set_output(400.0, 2.0)
    run(supply, 2.0)
    assert supply.present_voltage_v == pytest.approx(200.0)
    run(supply, 3.0)
    assert supply.present_voltage_v == 400.0


def test_into_a_battery_the_current_rises_along_its_ramp_to_what_was_set() -> None:
    supply = SimSupply(ramp_up_a_per_s=50.0)
    supply.set_output(370.0, 2.0)
    run(supply, 3.0)
    supply.connect_battery(370.0)
    supply.set_output(410.0, 100.0)
    run(supply, 1.0, BATTERY)
    assert supply.present_current_a == pytest.approx(50.0, rel=0.1)
    run(supply, 2.0, BATTERY)
    assert supply.present_current_a == 100.0
    assert supply.present_voltage_v == pytest.approx(370.0 + 100.0 * (0.08 + 0.02))


def test_the_current_falls_along_its_ramp_and_never_flows_back() -> None:
    supply = SimSupply(ramp_up_a_per_s=1e6, ramp_down_a_per_s=100.0)
    supply.set_output(410.0, 100.0)
    run(supply, 3.0, BATTERY)
    supply.set_output(300.0, 0.0)
    run(supply, 0.5, BATTERY)
    assert 0.0 <= supply.present_current_a <= 50.0 + 1e-6
    run(supply, 3.0, BATTERY)
    assert supply.present_current_a == 0.0
    assert supply.present_voltage_v == 370.0


def test_the_set_voltage_limits_the_current() -> None:
    supply = SimSupply()
    supply.set_output(375.0, 125.0)
    run(supply, 5.0, BATTERY)
    assert supply.present_current_a == pytest.approx(5.0 / 0.1)
    assert supply.present_voltage_v == pytest.approx(375.0)


@given(
    st.floats(-100.0, 2000.0),
    st.floats(-100.0, 2000.0),
    st.floats(200.0, 450.0),
    st.floats(1.0, 60.0),
)
def test_no_request_takes_it_beyond_its_limits(
    voltage_v: float, current_a: float, open_v: float, seconds: float
) -> None:
    limits = SupplyLimits(
        max_voltage_v=460.0,
        min_voltage_v=150.0,
        max_current_a=90.0,
        min_current_a=0.0,
        max_power_w=20_000.0,
    )
    supply = SimSupply(limits=limits)
    supply.set_output(voltage_v, current_a)
    for _ in range(int(seconds / 0.1)):
        supply.advance(0.1, (open_v, 0.08))
        assert 0.0 <= supply.present_current_a <= 90.0
        assert supply.present_voltage_v <= 460.0
        assert supply.present_voltage_v * supply.present_current_a <= 20_000.0 * 1.01


def test_the_cable_check_takes_its_time_and_then_the_output_falls() -> None:
    supply = SimSupply(cable_check_s=6.0, cable_check_v=480.0)
    assert SimSupply().cable_check is CableCheck.IDLE
    supply.start_cable_check()
    run(supply, 5.9)
    before = (supply.cable_check, supply.isolation_ok, supply.present_voltage_v)
    assert before == (CableCheck.ONGOING, False, 480.0)
    run(supply, 0.2)
    assert supply.cable_check is CableCheck.PASSED
    assert supply.isolation_ok
    run(supply, 3.0)
    assert supply.present_voltage_v == 0.0


def test_bad_isolation_fails_the_cable_check() -> None:
    supply = SimSupply(cable_check_s=1.0)
    supply.faults = SupplyFaults(isolation_bad=True)
    supply.start_cable_check()
    run(supply, 1.1)
    assert supply.cable_check is CableCheck.FAILED
    assert not supply.isolation_ok


def test_a_cable_check_that_is_broken_off_is_not_passed() -> None:
    supply = SimSupply()
    supply.start_cable_check()
    supply.disable()
    run(supply, 60.0)
    assert supply.cable_check is CableCheck.FAILED


def test_disable_ramps_the_current_down_and_then_disconnects_and_bleeds() -> None:
    supply = SimSupply(ramp_up_a_per_s=1e6, ramp_down_a_per_s=100.0)
    supply.set_output(410.0, 100.0)
    run(supply, 3.0, BATTERY)
    supply.disable()
    run(supply, 0.9, BATTERY)
    assert supply.connected
    assert supply.present_current_a == pytest.approx(10.0, abs=1.1)
    run(supply, 0.2, BATTERY)
    assert not supply.connected
    supply.connect_battery(None)
    run(supply, 1.0)
    assert supply.present_voltage_v < 60.0


def test_emergency_off_cuts_the_current_in_milliseconds() -> None:
    supply = SimSupply(ramp_up_a_per_s=1e6)
    supply.set_output(410.0, 100.0)
    run(supply, 3.0, BATTERY)
    supply.emergency_off()
    supply.advance(supply.next_change_s, BATTERY)
    assert supply.present_current_a == 0.0
    assert not supply.connected


def test_faults_show() -> None:
    supply = SimSupply()
    supply.faults = SupplyFaults(
        stuck_at_v=200.0, ignores_stop=True, voltage_error_v=-30.0, current_error_a=7.0
    )
    supply.set_output(400.0, 2.0)
    run(supply, 5.0)
    supply.emergency_off()
    run(supply, 5.0)
    assert supply.cable_v == 200.0
    assert supply.present_voltage_v == 170.0
    assert supply.present_current_a == 7.0


def test_behind_its_own_relay_it_does_not_see_the_cable() -> None:
    supply = SimSupply(measures_behind_relay=True)
    run(supply, 1.0, BATTERY)
    assert supply.cable_v == 370.0
    assert supply.present_voltage_v == 0.0
