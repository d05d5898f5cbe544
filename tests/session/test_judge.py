"""The judge bites: a plant that is driven against each rule is found out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from pyplc_fw.sim.battery import SimBattery
from pyplc_fw.sim.charger import SimSupply
from pyplc_fw.sim.pilot_line import PilotFault
from pyplc_fw.sim.plant import Plant
from pyplc_fw.sim.virtual_time import run_virtual
from pyplc_fw.vehicle.ports import LockDrive, Outputs
from tests.session.judge import LOOKS_EVERY_S, Judge

ALL_ON = Outputs(s2=True, plus=True, minus=True, lock_drive=LockDrive.OFF)
READY = ALL_ON._replace(plus=False, minus=False)


class Rig:
    """A plant without any guard, and the judge."""

    def __init__(self, *, bolt_forced: bool = False) -> None:
        loop = asyncio.get_running_loop()
        self.plant = Plant(loop.time, battery=SimBattery(soc_pct=50.0), supply=SimSupply())
        self.judge = Judge(self.plant, owner_a=80.0, bolt_forced=bolt_forced)

    async def wait(self, seconds: float) -> None:
        for _ in range(round(seconds / LOOKS_EVERY_S)):
            self.judge.look()
            await asyncio.sleep(LOOKS_EVERY_S)
        self.judge.look()

    async def drive(self, outputs: Outputs, seconds: float = 0.1) -> None:
        self.judge.look()
        self.plant.inlet.apply(outputs)
        await self.wait(seconds)

    async def plug_in(self) -> None:
        self.plant.plug_in()
        self.plant.pilot.set_duty(5.0)
        self.judge.session = True
        await self.drive(Outputs(lock_drive=LockDrive.LOCK), 1.0)
        await self.drive(READY)

    async def charge(self, current_a: float = 50.0) -> None:
        """Do all that a good session does until power flows."""
        await self.plug_in()
        supply, battery = self.plant.supply, self.plant.battery
        supply.start_cable_check()
        await self.wait(7.0)
        supply.set_output(battery.voltage_v, 2.0)
        await self.wait(3.0)
        await self.drive(ALL_ON)
        supply.set_output(400.0, current_a)
        await self.wait(2.0)

    async def stop(self) -> None:
        """Do all that a good session does at its end."""
        self.plant.supply.disable()
        await self.wait(1.0)
        await self.drive(Outputs(), 2.0)
        await self.drive(Outputs(lock_drive=LockDrive.UNLOCK), 1.0)
        await self.drive(Outputs())
        self.judge.session = False
        await self.wait(0.1)


def found(play: Callable[[Rig], object], *, bolt_forced: bool = False) -> set[str]:
    """Return the rules that the judge found broken."""

    async def main() -> set[str]:
        rig = Rig(bolt_forced=bolt_forced)
        result = play(rig)
        assert asyncio.iscoroutine(result)
        await result
        return {finding.rule for finding in rig.judge.findings}

    return run_virtual(main())


def test_a_good_session_breaks_no_rule() -> None:
    async def play(rig: Rig) -> None:
        await rig.charge()
        await rig.stop()
        rig.judge.judge_end("safe")

    assert found(play) == set()


async def closes_on_a_gap(rig: Rig) -> None:
    await rig.plug_in()
    await rig.drive(ALL_ON)


async def closes_unlocked(rig: Rig) -> None:
    rig.plant.plug_in()
    rig.plant.pilot.set_duty(5.0)
    rig.judge.session = True
    await rig.drive(READY)
    rig.plant.supply.set_output(rig.plant.battery.voltage_v, 2.0)
    await rig.wait(2.0)
    await rig.drive(ALL_ON)


async def closes_in_state_b(rig: Rig) -> None:
    await rig.plug_in()
    rig.plant.supply.set_output(rig.plant.battery.voltage_v, 2.0)
    await rig.wait(2.0)
    await rig.drive(ALL_ON._replace(s2=False), 0.05)


async def opens_under_current(rig: Rig) -> None:
    await rig.charge()
    await rig.drive(READY)


async def keeps_closed_without_pilot(rig: Rig) -> None:
    await rig.charge()
    rig.plant.pilot.fault = PilotFault.OPEN
    await rig.drive(ALL_ON._replace(s2=False), 0.2)


async def keeps_closed_without_proximity(rig: Rig) -> None:
    await rig.charge()
    rig.plant.inlet.faults = replace(rig.plant.inlet.faults, proximity_open=True)
    await rig.drive(ALL_ON._replace(s2=False), 0.2)


async def keeps_closed_in_state_b(rig: Rig) -> None:
    await rig.charge()
    rig.plant.supply.disable()
    await rig.wait(1.0)
    await rig.drive(ALL_ON._replace(s2=False), 2.2)


async def unlocks_a_live_plug(rig: Rig) -> None:
    await rig.charge()
    await rig.drive(ALL_ON._replace(lock_drive=LockDrive.UNLOCK), 0.05)


async def live_and_unlocked(rig: Rig) -> None:
    rig.plant.plug_in()
    rig.plant.pilot.set_duty(5.0)
    rig.judge.session = True
    await rig.drive(READY)
    rig.plant.supply.set_output(400.0, 2.0)
    await rig.wait(2.0)


async def s2_without_session(rig: Rig) -> None:
    rig.plant.plug_in()
    rig.plant.pilot.set_duty(5.0)
    await rig.drive(READY)


async def s2_without_pilot(rig: Rig) -> None:
    await rig.plug_in()
    rig.plant.pilot.fault = PilotFault.SHORT
    await rig.wait(0.1)


async def more_than_the_owner_allows(rig: Rig) -> None:
    await rig.charge(current_a=100.0)


async def output_in_state_b(rig: Rig) -> None:
    await rig.plug_in()
    await rig.drive(Outputs())
    rig.plant.supply.set_output(400.0, 2.0)
    await rig.wait(0.1)


async def power_without_cable_check(rig: Rig) -> None:
    await rig.plug_in()
    supply = rig.plant.supply
    supply.set_output(rig.plant.battery.voltage_v, 2.0)
    await rig.wait(3.0)
    await rig.drive(ALL_ON)
    supply.set_output(400.0, 50.0)
    await rig.wait(1.0)


async def more_than_the_charger_may(rig: Rig) -> None:
    await rig.charge()
    rig.plant.supply.limits = replace(rig.plant.supply.limits, max_current_a=20.0)
    await rig.wait(0.1)


async def more_power_than_the_charger_may(rig: Rig) -> None:
    await rig.charge()
    rig.plant.supply.limits = replace(rig.plant.supply.limits, max_power_w=1000.0)
    rig.judge.look()


async def current_after_the_car_went(rig: Rig) -> None:
    await rig.charge()
    await rig.drive(ALL_ON._replace(s2=False), 0.2)


async def output_on_after_the_link_went(rig: Rig) -> None:
    await rig.charge(current_a=0.0)
    rig.judge.link_lost = True
    await rig.wait(2.5)


async def left_on(rig: Rig) -> None:
    await rig.charge()
    rig.judge.judge_end("safe")


async def called_held_and_is_free(rig: Rig) -> None:
    await rig.charge()
    await rig.stop()
    rig.judge.judge_end("held")


async def no_end_state(rig: Rig) -> None:
    rig.judge.judge_end("somewhere")


@pytest.mark.parametrize(
    ("play", "rule"),
    [
        (closes_on_a_gap, "G1"),
        (closes_unlocked, "G1"),
        (closes_in_state_b, "G1"),
        (opens_under_current, "G2"),
        (keeps_closed_without_pilot, "G2"),
        (keeps_closed_without_proximity, "G2"),
        (keeps_closed_in_state_b, "G2"),
        (unlocks_a_live_plug, "G3"),
        (live_and_unlocked, "G3"),
        (s2_without_session, "G4"),
        (s2_without_pilot, "G4"),
        (more_than_the_owner_allows, "S1"),
        (output_in_state_b, "E1"),
        (power_without_cable_check, "E1"),
        (more_than_the_charger_may, "E2"),
        (more_power_than_the_charger_may, "E2"),
        (current_after_the_car_went, "E3"),
        (output_on_after_the_link_went, "E3"),
        (left_on, "G5"),
        (left_on, "E3"),
        (called_held_and_is_free, "G5"),
        (no_end_state, "G5"),
    ],
)
def test_the_judge_finds(play: Callable[[Rig], object], rule: str) -> None:
    assert rule in found(play)
