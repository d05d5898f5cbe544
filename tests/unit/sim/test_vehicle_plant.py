from __future__ import annotations

import random
from time import perf_counter

import pytest

from pyplc_fw.sim.battery import SimBattery
from pyplc_fw.sim.inlet import InletFaults, SimInlet
from pyplc_fw.sim.pilot_line import PilotFault
from pyplc_fw.sim.plant import Plant
from pyplc_fw.sim.virtual_time import run_virtual
from pyplc_fw.v2g.ports import Battery, EvsePilot, PowerSupply
from pyplc_fw.vehicle.ports import LockDrive, Outputs, VehicleIo

CLOSED = Outputs(s2=True, plus=True, minus=True)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def desk(**parts: SimBattery | SimInlet) -> tuple[Clock, Plant]:
    clock = Clock()
    return clock, Plant(clock, **parts)  # type: ignore[arg-type]  # each goes to its own keyword


def test_the_parts_are_the_ports() -> None:
    _, plant = desk()
    ports: tuple[Battery, PowerSupply, EvsePilot, VehicleIo] = (
        plant.battery,
        plant.supply,
        plant.pilot,
        plant.inlet,
    )
    assert len(ports) == 4  # that they fit is for the type checker to say


def charging(soc_pct: float = 50.0) -> tuple[Clock, Plant]:
    """Return a plant in which 100 A flow."""
    clock, plant = desk(battery=SimBattery(soc_pct=soc_pct))
    plant.plug_in()
    plant.supply.set_output(plant.battery.voltage_v, 2.0)
    clock.now += 5.0
    plant.inlet.apply(CLOSED)
    clock.now += 0.1
    plant.supply.set_output(410.0, 100.0)
    clock.now += 5.0
    assert plant.truth().current_a == pytest.approx(100.0)
    return clock, plant


def test_the_pilot_tells_both_ends_what_happens() -> None:
    _, plant = desk()
    pilot = plant.pilot
    assert pilot.state == "A"
    plant.plug_in()
    assert pilot.state == "B"
    pilot.set_duty(5.0)
    assert (pilot.measured_duty_pct, pilot.silent_since) == (5.0, None)
    plant.inlet.apply(Outputs(s2=True))
    assert pilot.state == "C"
    plant.inlet.apply(Outputs())
    plant.plug_out()
    assert pilot.state == "A"
    assert pilot.measured_duty_pct is None


def test_a_broken_pilot_wire_is_state_a_there_and_silence_here() -> None:
    clock, plant = desk()
    plant.plug_in()
    plant.pilot.set_duty(5.0)
    clock.now = 7.0
    plant.pilot.fault = PilotFault.OPEN
    assert plant.pilot.state == "A"
    assert plant.inlet.read().pilot_silent_since == 7.0
    plant.pilot.fault = PilotFault.SHORT
    assert plant.pilot.state == "E"
    plant.pilot.fault = PilotFault.NONE
    assert plant.inlet.read().pilot_silent_since is None


def test_steady_12_v_and_minus_12_v_are_no_pwm() -> None:
    _, plant = desk()
    plant.plug_in()
    plant.pilot.set_duty(5.0)
    plant.pilot.set_duty(100.0)
    assert plant.pilot.measured_duty_pct is None
    plant.pilot.set_unavailable()
    assert plant.pilot.state == "F"


def test_the_chargers_end_wakes_those_who_wait_for_a_state() -> None:
    async def session() -> float:
        clock, plant = desk()
        plant.plug_in()
        plant.inlet.apply(Outputs(s2=True))
        await plant.pilot.wait_for(lambda: plant.pilot.state == "C")
        return clock.now

    assert run_virtual(session()) == 0.0


def test_contactors_follow_their_coils_after_a_delay() -> None:
    clock, plant = desk()
    plant.inlet.apply(CLOSED)
    assert plant.inlet.next_change_at == pytest.approx(0.025)
    clock.now = 0.024
    assert plant.inlet.read().plus_closed is False
    clock.now = 0.025
    assert plant.inlet.read().plus_closed is True
    plant.inlet.apply(Outputs())
    clock.now = 0.0399
    assert plant.inlet.read().minus_closed is True
    clock.now = 0.04
    assert plant.inlet.read().minus_closed is False
    assert plant.inlet.next_change_at is None


def test_a_coil_that_changes_its_mind_in_time_does_not_move_the_contact() -> None:
    clock, plant = desk()
    plant.inlet.apply(CLOSED)
    clock.now = 0.01
    plant.inlet.apply(Outputs())
    clock.now = 1.0
    assert not plant.inlet.poles_closed


def test_the_lock_runs_through_the_middle() -> None:
    clock, plant = desk()
    plant.plug_in()
    seen = []
    plant.inlet.apply(Outputs(lock_drive=LockDrive.LOCK))
    while (at := plant.inlet.next_change_at) is not None:
        clock.now = at
        inputs = plant.inlet.read()
        seen.append((round(at, 3), inputs.locked, inputs.unlocked))
    assert seen == [(0.018, False, False), (0.582, True, False)]
    plant.inlet.apply(Outputs())
    assert plant.truth().lock_position == 1.0


def test_the_plug_cannot_be_pulled_while_it_is_locked() -> None:
    clock, plant = desk()
    plant.plug_in()
    plant.inlet.apply(Outputs(lock_drive=LockDrive.LOCK))
    clock.now = 0.3
    assert not plant.plug_out()
    plant.inlet.apply(Outputs(lock_drive=LockDrive.UNLOCK))
    clock.now = 1.0
    assert plant.plug_out()


def test_energy_is_kept() -> None:
    clock, plant = charging(soc_pct=20.0)
    battery, supply = plant.battery, plant.supply
    stored_wh, given_wh = battery.soc_pct / 100.0 * battery.capacity_wh, supply.energy_wh
    heat_wh = 0.0
    rng = random.Random(3)  # noqa: S311 - to be repeatable, not to be secret
    for _ in range(6000):
        if rng.random() < 0.02:
            supply.set_output(rng.uniform(300.0, 410.0), rng.uniform(0.0, 125.0))
        before_a = supply.current_a
        clock.now += 0.1
        mean_square = (before_a**2 + before_a * supply.current_a + supply.current_a**2) / 3.0
        heat_wh += mean_square * (battery.resistance_ohm + supply.cable_ohm) * 0.1 / 3600.0
    stored_wh = battery.soc_pct / 100.0 * battery.capacity_wh - stored_wh
    assert stored_wh > 1000.0
    assert supply.energy_wh - given_wh == pytest.approx(stored_wh + heat_wh, rel=0.01)


def test_seldom_looked_at_gives_the_same_as_often_looked_at() -> None:
    states = []
    for step_s in (0.01, 0.1, 7.0):
        clock, plant = charging()
        start = clock.now
        for k in range(1, round(210.0 / step_s) + 1):
            clock.now = start + k * step_s
            plant.sync()
        plant.supply.disable()
        clock.now = start + 215.0
        states.append((plant.battery.soc_pct, plant.supply.energy_wh, plant.battery.voltage_v))
    assert states[1] == pytest.approx(states[0], rel=1e-4)
    assert states[2] == pytest.approx(states[0], rel=1e-4)


def test_opening_under_current_is_noted() -> None:
    clock, plant = charging()
    plant.inlet.apply(Outputs())
    clock.now += 0.1
    assert plant.truth().current_a == 0.0
    (strain,) = plant.strains
    assert strain.what == "opened_under_current"
    assert strain.value == pytest.approx(100.0)


def test_closing_on_a_gap_is_noted() -> None:
    clock, plant = desk()
    plant.plug_in()
    plant.inlet.apply(CLOSED)
    clock.now = 0.1
    plant.sync()
    assert [strain.what for strain in plant.strains] == ["closed_on_gap"]


def test_pulling_the_plug_by_force_parts_the_circuit() -> None:
    clock, plant = charging()
    plant.plug_out(by_force=True)
    clock.now += 0.001
    truth = plant.truth()
    assert truth.current_a == 0.0
    assert [strain.what for strain in plant.strains] == ["opened_under_current"]
    assert truth.touchable_v == pytest.approx(truth.battery_v)


def test_the_inlet_shows_battery_or_cable() -> None:
    clock, plant = charging()
    assert plant.inlet.read().inlet_v == pytest.approx(plant.battery.voltage_v)
    plant.supply.disable()
    clock.now += 1.0
    plant.inlet.apply(Outputs())
    clock.now += 1.0
    truth = plant.truth()
    assert truth.inlet_v == truth.cable_v < 60.0


def test_each_fault_shows() -> None:
    clock, plant = charging()
    plant.inlet.faults = InletFaults(welded=(True, False), voltage_error_v=-100.0)
    plant.inlet.apply(Outputs())
    clock.now += 1.0
    inputs = plant.inlet.read()
    assert (inputs.plus_closed, inputs.minus_closed) == (True, False)
    plant.inlet.faults = InletFaults(
        aux_stuck=(False, True),
        voltage_dead=True,
        lock_says=(True, True),
        proximity_open=True,
    )
    clock.now += 1.0
    inputs = plant.inlet.read()
    assert (inputs.plus_closed, inputs.minus_closed) == (False, True)
    assert (inputs.locked, inputs.unlocked) == (True, True)
    assert (inputs.inlet_v, inputs.plugged) == (None, False)


def test_a_dead_coil_and_a_jammed_lock_do_not_move() -> None:
    clock, plant = desk()
    plant.plug_in()
    plant.inlet.faults = InletFaults(dead=(False, True), lock_jammed=True)
    plant.inlet.apply(Outputs(plus=True, minus=True, lock_drive=LockDrive.LOCK))
    clock.now = 5.0
    inputs = plant.inlet.read()
    assert (inputs.plus_closed, inputs.minus_closed, inputs.locked) == (True, False, False)
    assert inputs.unlocked


def test_a_fault_is_announced() -> None:
    _, plant = desk()
    calls: list[int] = []
    plant.inlet.subscribe(lambda: calls.append(1))
    plant.inlet.faults = InletFaults(proximity_open=True)
    plant.pilot.set_duty(5.0)
    plant.plug_in()
    assert len(calls) == 3


def test_a_look_is_cheap() -> None:
    clock, plant = charging()
    best_s = 1.0
    for _ in range(5):
        begin = perf_counter()
        for _ in range(1000):
            clock.now += 0.1
            plant.inlet.read()
        best_s = min(best_s, (perf_counter() - begin) / 1000)
    assert best_s < 100e-6  # 20 aimed at; the machine may be busy
