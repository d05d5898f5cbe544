from __future__ import annotations

from math import exp

import pytest

from pyplc_fw.sim.battery import SimBattery
from pyplc_fw.sim.lone_car import CABLE_S, SILENT_S, LoneCar
from pyplc_fw.vehicle.ports import LockDrive, Outputs

CLOSED = Outputs(s2=True, plus=True, minus=True)
READY = Outputs(s2=True)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def lone_car(*, bench: bool = False) -> tuple[Clock, LoneCar]:
    clock = Clock()
    car = LoneCar(clock, battery=SimBattery(soc_pct=50.0), bench=bench)
    car.plug_in()
    car.begin_session()
    car.inlet.apply(READY)
    return clock, car


def pass_time(clock: Clock, seconds: float, car: LoneCar, said: tuple[float, float | None]) -> None:
    """Let time pass in which the charger repeats itself every 0.1 s."""
    for _ in range(round(seconds * 10.0)):
        car.charger_says(*said)
        clock.now += 0.1


def charging(*, bench: bool = False) -> tuple[Clock, LoneCar]:
    clock, car = lone_car(bench=bench)
    pass_time(clock, 1.0, car, (car.battery.voltage_v, None))
    car.inlet.apply(CLOSED)
    pass_time(clock, 1.0, car, (car.battery.voltage_v, 100.0))
    return clock, car


def test_the_inlet_follows_the_charger_s_voltage_in_the_first_order() -> None:
    clock, car = lone_car()
    assert car.inlet.read().inlet_v == 0.0
    car.charger_says(300.0, None)
    clock.now += CABLE_S
    assert car.inlet.read().inlet_v == pytest.approx(300.0 * (1.0 - exp(-1.0)))
    clock.now += 10.0 * CABLE_S
    assert car.inlet.read().inlet_v == pytest.approx(300.0, abs=0.02)


def test_the_battery_s_current_follows_the_charger_s_and_fills_the_battery() -> None:
    _, car = charging()
    assert car.current_a == pytest.approx(100.0, abs=0.1)
    assert car.inlet_v == car.battery.voltage_v
    assert car.battery.current_a == pytest.approx(100.0, abs=0.1)
    before = car.battery.soc_pct
    clock, car = charging()
    pass_time(clock, 60.0, car, (380.0, 100.0))
    energy_wh = car.battery.voltage_v * 100.0 * 60.0 / 3600.0
    grown = (car.battery.soc_pct - before) / 100.0 * car.battery.capacity_wh
    assert grown == pytest.approx(energy_wh, rel=0.05)


def test_open_contactors_part_the_battery_and_the_inlet_follows_the_charger_again() -> None:
    clock, car = charging()
    car.inlet.apply(READY)
    clock.now += 0.05
    assert car.current_a == 0.0
    pass_time(clock, 0.5, car, (20.0, None))
    assert car.inlet_v == pytest.approx(20.0, abs=0.1)


def test_a_charger_that_has_fallen_silent_gives_no_current_and_holds_no_voltage() -> None:
    clock, car = charging()
    clock.now += SILENT_S - 0.2
    assert car.current_a == pytest.approx(100.0, abs=0.1)
    clock.now += 1.0
    assert car.current_a == pytest.approx(0.0, abs=0.1)
    car.inlet.apply(Outputs())
    clock.now += 1.0
    assert car.inlet_v == pytest.approx(0.0, abs=0.1)


def test_with_a_charger_of_toy_physics_the_third_pre_charge_response_counts() -> None:
    clock, car = lone_car(bench=True)
    for said_v in (1.0, -5.0):
        car.charger_says(said_v, None)
        clock.now += 1.0
        assert car.inlet_v == 0.0
    car.charger_says(1e6, None)
    clock.now += 1.0
    assert car.inlet_v == pytest.approx(car.battery.voltage_v, abs=0.1)
    clock.now += 60.0
    assert car.inlet_v == pytest.approx(car.battery.voltage_v, abs=0.1)
    car.inlet.apply(Outputs())
    clock.now += 1.0
    assert car.inlet_v == pytest.approx(0.0, abs=0.1)


def test_with_toy_physics_the_inlet_is_the_battery_s_then_nothing_whatever_is_said() -> None:
    clock, car = charging(bench=True)
    assert car.inlet_v == car.battery.voltage_v
    car.inlet.apply(READY)
    pass_time(clock, 1.0, car, (380.0, None))
    assert car.inlet_v == pytest.approx(0.0, abs=0.1)


def test_the_next_session_begins_with_nothing_said() -> None:
    clock, car = charging(bench=True)
    car.inlet.apply(READY)
    clock.now += 1.0
    car.begin_session()
    for _ in range(2):
        car.charger_says(380.0, None)
        clock.now += 1.0
    assert car.inlet_v == pytest.approx(0.0, abs=0.1)
    car.charger_says(380.0, None)
    clock.now += 1.0
    assert car.inlet_v == pytest.approx(car.battery.voltage_v, abs=0.1)


def test_a_locked_plug_does_not_come_out() -> None:
    clock, car = lone_car()
    car.inlet.apply(Outputs(lock_drive=LockDrive.LOCK))
    clock.now += 1.0
    assert not car.plug_out()
    car.inlet.apply(Outputs(lock_drive=LockDrive.UNLOCK))
    clock.now += 1.0
    assert car.plug_out()
    assert not car.inlet.read().plugged
