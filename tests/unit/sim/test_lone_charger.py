from __future__ import annotations

import pytest

from pyplc_fw.sim.lone_charger import CABLE_CHECK_S, READY_STATES, LoneCharger
from pyplc_fw.v2g.ports import CableCheck
from pyplc_fw.v2g.secc_session import SeccState


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def lone_charger() -> tuple[Clock, LoneCharger]:
    clock = Clock()
    charger = LoneCharger(clock)
    charger.plug_in()
    return clock, charger


def charging(target_v: float = 410.0, target_a: float = 100.0) -> tuple[Clock, LoneCharger]:
    clock, charger = lone_charger()
    charger.supply.set_output(370.0, 2.0)
    clock.now += 5.0
    charger.follow(SeccState.CURRENT_DEMAND)
    charger.supply.set_output(target_v, target_a)
    clock.now += 5.0
    return clock, charger


def test_a_car_is_there_at_once_and_ready_from_charge_parameters_to_the_stop() -> None:
    _, charger = lone_charger()
    assert charger.pilot.state == "B"
    for state in SeccState:
        charger.follow(state)
        assert charger.pilot.state == ("C" if state in READY_STATES else "B")
    charger.follow(SeccState.CURRENT_DEMAND)
    charger.plug_in()
    assert charger.pilot.state == "B"


def test_a_pilot_that_somebody_else_moves_is_left_alone() -> None:
    charger = LoneCharger(Clock(), drives_pilot=False)
    charger.plug_in()
    assert charger.pilot.state == "A"
    charger.pilot.connect(plugged=True)
    charger.follow(SeccState.CURRENT_DEMAND)
    assert charger.pilot.state == "B"


def test_the_cable_check_takes_five_seconds_at_most() -> None:
    clock, charger = lone_charger()
    charger.supply.start_cable_check()
    seen = []
    for passed_s in (CABLE_CHECK_S - 0.1, 0.2):
        clock.now += passed_s
        seen.append(charger.supply.cable_check)
    assert seen == [CableCheck.ONGOING, CableCheck.PASSED]
    assert CABLE_CHECK_S < 5.0


def test_current_flows_as_asked_and_the_voltage_is_that_of_the_battery_and_the_way_to_it() -> None:
    _, charger = charging()
    assert charger.supply.present_current_a == pytest.approx(100.0)
    assert charger.supply.present_voltage_v == pytest.approx(370.0 + 100.0 * 0.08)


def test_a_car_that_asks_for_current_at_the_voltage_of_pre_charge_gets_it() -> None:
    _, charger = charging(target_v=370.0, target_a=80.0)
    assert charger.supply.present_current_a == pytest.approx(80.0)
    assert charger.supply.present_voltage_v == pytest.approx(370.0)


@pytest.mark.parametrize("at_once", [False, True])
def test_the_battery_leaves_when_the_output_is_off_and_the_voltage_goes(at_once: bool) -> None:
    clock, charger = charging()
    if at_once:
        charger.supply.emergency_off()
    else:
        charger.supply.disable()
    clock.now += 0.1
    assert at_once == (charger.supply.present_current_a == 0.0)
    clock.now += 2.0
    assert charger.supply.present_current_a == 0.0
    assert charger.supply.present_voltage_v < 1.0


def test_without_an_output_there_is_nothing_to_join() -> None:
    clock, charger = lone_charger()
    charger.follow(SeccState.CURRENT_DEMAND)
    charger.supply.set_output(400.0, 100.0)
    clock.now += 5.0
    assert charger.supply.present_current_a == 0.0
