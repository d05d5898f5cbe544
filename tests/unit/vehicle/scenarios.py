"""Whole charges on the simulated plant, with a fault at any moment, driven as a session would."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog
from structlog.testing import CapturingLogger

from pyplc_fw.faults import Reason
from pyplc_fw.sim.battery import SimBattery
from pyplc_fw.sim.charger import SimSupply
from pyplc_fw.sim.inlet import InletFaults, SimInlet
from pyplc_fw.sim.pilot_line import PilotFault
from pyplc_fw.sim.plant import Plant, Strain, Truth
from pyplc_fw.sim.virtual_time import run_virtual
from pyplc_fw.terms import EndState
from pyplc_fw.v2g.ports import CableCheck
from pyplc_fw.vehicle.inlet import GuardedVehicle
from pyplc_fw.vehicle.ports import GuardRules, Inputs, Outputs, VoltageSource

ROUND_S: Final = 0.1
END_S: Final = 45.0
"By then every session has ended and every proof was given or refused."


@dataclass
class Story:
    """What happened."""

    moves: list[tuple[float, Outputs]] = field(default_factory=list)
    "Each change of what was commanded."
    truths: list[Truth] = field(default_factory=list)
    strains: list[Strain] = field(default_factory=list)
    end_state: EndState | None = None
    reasons: tuple[str | None, str | None] = (None, None)
    "Emergency and latched fault."
    outcome: str = ""
    steps: int = 0


class Recorder:
    """The inlet's port, written down."""

    def __init__(self, plant: Plant, clock: Callable[[], float], story: Story) -> None:
        self._plant, self._clock, self._story = plant, clock, story

    def read(self) -> Inputs:
        self._story.steps += 1
        return self._plant.inlet.read()

    def apply(self, outputs: Outputs) -> None:
        self._story.moves.append((self._clock(), outputs))
        self._plant.inlet.apply(outputs)

    def subscribe(self, changed: Callable[[], None]) -> None:
        self._plant.inlet.subscribe(changed)

    @property
    def next_change_at(self) -> float | None:
        return self._plant.inlet.next_change_at


class SessionFailed(Exception):  # noqa: N818 - it is how a session ends, not a mistake
    """The driver gave up and goes to its safe end."""


class Driver:
    """A session without a protocol: what EVCC and SECC do, in the same order."""

    def __init__(self, plant: Plant, vehicle: GuardedVehicle) -> None:
        self.plant, self.vehicle = plant, vehicle

    async def round(self) -> None:
        """One request and its response; a charger reacts to the pilot at once."""
        await asyncio.sleep(ROUND_S)
        supply, vehicle = self.plant.supply, self.vehicle
        if vehicle.emergency is not None:
            raise SessionFailed(vehicle.emergency.id)
        vehicle.charger_reports(supply.present_voltage_v, supply.present_current_a)

    async def charge(self, seconds: float) -> None:
        plant, vehicle = self.plant, self.vehicle
        vehicle.begin_session()
        await self.until(lambda: vehicle.pilot_duty_pct is not None, 10.0)
        vehicle.request_state_c()
        vehicle.request_lock()
        await self.until(lambda: vehicle.state_c and vehicle.locked, 5.0)
        plant.supply.start_cable_check()
        while plant.supply.cable_check is CableCheck.ONGOING:
            await self.round()
        await self.pre_charge()
        for _ in range(round(seconds / ROUND_S)):
            plant.supply.set_output(410.0, plant.battery.allowed_current_a)
            await self.round()
        for _ in range(12):
            plant.supply.set_output(410.0, 0.0)
            await self.round()
        plant.supply.disable()
        await asyncio.sleep(0.05)
        vehicle.charger_confirmed_stop()

    async def pre_charge(self) -> None:
        plant, vehicle = self.plant, self.vehicle
        for _ in range(70):
            target_v = plant.battery.voltage_v
            plant.supply.set_output(target_v, 2.0)
            await self.round()
            inlet_v = vehicle.inlet_v
            if inlet_v is not None and abs(inlet_v - target_v) < 10.0:
                vehicle.request_contactors_closed()
            if vehicle.contactors_closed:
                return
        raise SessionFailed("pre_charge")

    async def until(self, condition: Callable[[], bool], limit_s: float) -> None:
        vehicle = self.vehicle
        try:
            async with asyncio.timeout(limit_s):
                await vehicle.wait_for(lambda: condition() or vehicle.emergency is not None)
        except TimeoutError:
            raise SessionFailed("timeout") from None

    async def end(self) -> None:
        vehicle, plant = self.vehicle, self.plant
        vehicle.request_state_b()
        vehicle.request_contactors_open()
        plant.supply.disable()
        for _ in range(30):
            await asyncio.sleep(ROUND_S)
            vehicle.charger_reports(plant.supply.present_voltage_v, None)
        vehicle.request_unlock()
        await asyncio.sleep(12.0)
        vehicle.end_session()


async def watch_pilot(plant: Plant) -> None:
    """Be a charger that cuts its output 50 ms after the pilot leaves C, as E3 wants it."""
    while True:
        await plant.pilot.wait_for(lambda: plant.pilot.state == "C")
        await plant.pilot.wait_for(lambda: plant.pilot.state != "C")
        await asyncio.sleep(0.05)
        if plant.pilot.state != "C":
            plant.supply.emergency_off()


Fault = Callable[[Plant], None]


def _inlet(plant: Plant, faults: InletFaults) -> None:
    plant.inlet.faults = faults


def _tear_out(plant: Plant) -> None:
    plant.plug_out(by_force=True)


FAULTS: Final[dict[str, Fault]] = {
    "none": lambda _: None,
    "pilot_open": lambda p: setattr(p.pilot, "fault", PilotFault.OPEN),
    "pilot_short": lambda p: setattr(p.pilot, "fault", PilotFault.SHORT),
    "pwm_off": lambda p: p.pilot.set_duty(100.0),
    "duty_odd": lambda p: p.pilot.set_duty(50.0),
    "charger_unavailable": lambda p: p.pilot.set_unavailable(),
    "proximity": lambda p: _inlet(p, InletFaults(proximity_open=True)),
    "plug_torn_out": _tear_out,
    "weld_plus": lambda p: _inlet(p, InletFaults(welded=(True, False))),
    "weld_both": lambda p: _inlet(p, InletFaults(welded=(True, True))),
    "dead_plus": lambda p: _inlet(p, InletFaults(dead=(True, False))),
    "dead_minus": lambda p: _inlet(p, InletFaults(dead=(False, True))),
    "aux_stuck_open": lambda p: _inlet(p, InletFaults(aux_stuck=(None, False))),
    "aux_stuck_closed": lambda p: _inlet(p, InletFaults(aux_stuck=(True, None))),
    "lock_jammed": lambda p: _inlet(p, InletFaults(lock_jammed=True)),
    "lock_slips": lambda p: _inlet(p, InletFaults(lock_says=(False, False))),
    "lock_says_both": lambda p: _inlet(p, InletFaults(lock_says=(True, True))),
    "measurement_dead": lambda p: _inlet(p, InletFaults(voltage_dead=True)),
}


def play(
    fault: str = "none",
    at_s: float = 0.0,
    *,
    source: VoltageSource = VoltageSource.CHARGER,
    rate_hz: float | None = None,
    controller_dies: bool = False,
) -> Story:
    """Run one charge of 10 s in which ``fault`` comes at ``at_s``; return what happened."""

    async def session() -> Story:
        loop = asyncio.get_running_loop()
        story = Story()
        plant = Plant(
            loop.time,
            battery=SimBattery(soc_pct=50.0),
            supply=SimSupply(cable_check_s=2.0),
            inlet=SimInlet(measures_voltage=True),
        )
        vehicle = GuardedVehicle(
            Recorder(plant, loop.time, story),
            plant.battery,
            structlog.wrap_logger(CapturingLogger(), processors=[]),
            rules=GuardRules(voltage_source=source),
            rate_hz=rate_hz,
        )
        charger = asyncio.create_task(watch_pilot(plant))
        loop.call_at(0.2, plant.plug_in)
        loop.call_at(0.4, plant.pilot.set_duty, 5.0)
        car = asyncio.create_task(drive(plant, vehicle, story))
        loop.call_at(at_s, FAULTS[fault], plant)
        if controller_dies:
            loop.call_at(at_s, car.cancel)
        while loop.time() < END_S:
            await asyncio.sleep(0.02 if loop.time() < 40.0 else 1.0)
            story.truths.append(plant.truth())
        await asyncio.gather(car, return_exceptions=True)
        charger.cancel()
        vehicle.close()
        story.end_state = vehicle.end_state
        report = vehicle.report
        story.reasons = (_id(report.emergency), _id(report.fault))
        story.strains = plant.strains
        return story

    return run_virtual(session())


def _id(reason: Reason | None) -> str | None:
    return None if reason is None else reason.id


async def drive(plant: Plant, vehicle: GuardedVehicle, story: Story) -> None:
    driver = Driver(plant, vehicle)
    await vehicle.wait_for(lambda: vehicle.plugged_in)
    try:
        await driver.charge(10.0)
        story.outcome = "charged"
    except SessionFailed as exc:
        story.outcome = str(exc)
    await driver.end()
