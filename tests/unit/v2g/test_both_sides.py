"""EVCC and SECC against each other, over the real guard and the simulated plant.

What is judged is the plant's physical truth: no contactor closed on a gap, none opened under
current, the plug free of voltage when it is unlocked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from pyplc_fw import faults
from pyplc_fw.faults import Reason, Severity
from pyplc_fw.sim.battery import SimBattery
from pyplc_fw.sim.charger import SimSupply
from pyplc_fw.sim.pilot_line import PilotFault
from pyplc_fw.sim.plant import Plant, Truth
from pyplc_fw.sim.virtual_time import run_virtual
from pyplc_fw.terms import EndState
from pyplc_fw.v2g.evcc import Evcc
from pyplc_fw.v2g.secc import Secc
from pyplc_fw.v2g.session_end import SessionEnd
from pyplc_fw.vehicle.inlet import GuardedVehicle
from tests.unit.v2g.v2g_bench import MemoryStream, bench_log, checkpoints, stream_pair
from tests.unit.v2g.v2g_scripts import EVCCID, EVSEID, seeded

SHORT_SOC_PCT = 79.9
"A charge of seconds."
LONG_SOC_PCT = 50.0
"A charge that lasts until something ends it."


@dataclass
class Desk:
    """A car and a charger on one plant."""

    plant: Plant
    vehicle: GuardedVehicle
    evcc: Evcc
    secc: Secc
    car_end: MemoryStream
    charger_end: MemoryStream
    checkpoints: tuple[Callable[[], list[int]], Callable[[], list[int]]]


@dataclass
class Outcome:
    """How both sides and the plant ended."""

    car: SessionEnd
    charger: SessionEnd
    truth: Truth
    strains: list[str]
    desk: Desk


def desk(soc_pct: float) -> Desk:
    loop = asyncio.get_running_loop()
    plant = Plant(loop.time, battery=SimBattery(soc_pct=soc_pct), supply=SimSupply())
    plant.plug_in()
    plant.pilot.set_duty(5.0)
    car_log, car_logged = bench_log()
    charger_log, charger_logged = bench_log()
    guard_log, _ = bench_log()
    vehicle = GuardedVehicle(plant.inlet, plant.battery, guard_log)
    car_end, charger_end = stream_pair()
    return Desk(
        plant,
        vehicle,
        Evcc(vehicle, plant.battery, evccid=EVCCID, log=car_log),
        Secc(plant.supply, plant.pilot, evseid=EVSEID, log=charger_log, rng=seeded(1)),
        car_end,
        charger_end,
        (lambda: checkpoints(car_logged), lambda: checkpoints(charger_logged)),
    )


def run(
    soc_pct: float = SHORT_SOC_PCT,
    *,
    happens: Callable[[Desk], None] | None = None,
    at_s: float = 15.0,
) -> Outcome:
    """Run both sides; ``happens`` is done at ``at_s``, in the charge loop unless said otherwise."""

    async def session() -> Outcome:
        loop = asyncio.get_running_loop()
        bench = desk(soc_pct)
        if happens is not None:
            loop.call_at(at_s, happens, bench)
        charger = loop.create_task(bench.secc.serve(bench.charger_end))
        car = await bench.evcc.run(bench.car_end)
        ended = await charger
        await asyncio.sleep(5.0)
        bench.vehicle.close()
        strains = [strain.what for strain in bench.plant.strains]
        return Outcome(car, ended, bench.plant.truth(), strains, bench)

    return run_virtual(session())


def assert_off(outcome: Outcome) -> None:
    truth = outcome.truth
    assert not truth.s2
    assert not truth.supply_connected
    assert truth.current_a == 0.0
    assert truth.touchable_v < 60.0


def test_a_whole_charge_leaves_both_sides_safe_and_the_contactors_unharmed() -> None:
    outcome = run()
    assert_off(outcome)
    assert (outcome.car.reason, outcome.car.detail) == (faults.BATTERY_FULL, "")
    assert (outcome.charger.reason, outcome.charger.detail) == (faults.BATTERY_FULL, "")
    assert outcome.car.end_state is outcome.charger.end_state is EndState.SAFE
    assert outcome.strains == []
    assert outcome.truth.lock_position == 0.0
    assert outcome.truth.soc_pct == pytest.approx(80.0, abs=0.1)
    assert outcome.car.energy_wh == pytest.approx(outcome.charger.energy_wh, rel=0.01)
    car, charger = outcome.desk.checkpoints
    assert car() == [
        *(400, 403, 500, 506, 510, 520, 530, 540, 550, 555, 556, 560, 566, 570, 581, 582, 590),
        *(600, 700, 710, 800, 806, 810, 850, 900),
    ]
    assert charger() == [
        *(401, 402, 505, 515, 525, 536, 538, 545, 561, 565, 580, 575, 605, 705, 805, 855, 905)
    ]


def test_a_session_is_the_same_every_time() -> None:
    first, second = run(), run()
    assert first.car == second.car
    assert first.charger == second.charger


def test_a_stop_at_the_charger_and_one_by_the_owner_are_normal() -> None:
    stopped = run(LONG_SOC_PCT, happens=lambda bench: bench.secc.request_stop())
    assert stopped.car.reason is stopped.charger.reason is faults.STOPPED_BY_CHARGER
    by_owner = run(LONG_SOC_PCT, happens=lambda bench: bench.evcc.request_stop())
    assert by_owner.car.reason is faults.STOPPED_BY_OWNER
    assert by_owner.charger.reason is faults.STOPPED_BY_EV
    for outcome in (stopped, by_owner):
        assert_off(outcome)
        assert outcome.car.end_state is EndState.SAFE
        assert outcome.strains == []


def _pull(bench: Desk) -> None:
    bench.plant.plug_out(by_force=True)


def _inlet(**changes: Any) -> Callable[[Desk], None]:
    def change(bench: Desk) -> None:
        bench.plant.inlet.faults = replace(bench.plant.inlet.faults, **changes)

    return change


def _supply(**changes: Any) -> Callable[[Desk], None]:
    def change(bench: Desk) -> None:
        bench.plant.supply.faults = replace(bench.plant.supply.faults, **changes)

    return change


def _pilot(fault: PilotFault) -> Callable[[Desk], None]:
    return lambda bench: setattr(bench.plant.pilot, "fault", fault)


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (_pilot(PilotFault.OPEN), faults.PILOT_LOST),
        (_pilot(PilotFault.SHORT), faults.PILOT_LOST),
        (_inlet(proximity_open=True), faults.PROXIMITY_LOST),
        (_inlet(lock_says=(False, True)), faults.LOCK_LOST),
        (lambda bench: bench.secc.request_emergency_stop(), faults.CHARGER_EMERGENCY),
        (lambda bench: bench.charger_end.abort(), faults.LINK_LOST),
        (lambda bench: bench.car_end.abort(), faults.LINK_LOST),
    ],
    ids=["pilot open", "pilot short", "proximity", "lock", "emergency", "reset", "reset by us"],
)
def test_what_goes_wrong_under_current_ends_off(
    happens: Callable[[Desk], None], reason: Reason
) -> None:
    outcome = run(LONG_SOC_PCT, happens=happens)
    assert_off(outcome)
    assert outcome.car.reason is reason
    assert outcome.car.reason.severity is not Severity.NORMAL
    assert not outcome.truth.plus_closed
    assert not outcome.truth.minus_closed
    assert outcome.charger.end_state is EndState.SAFE
    assert "closed_on_gap" not in outcome.strains


def test_a_charger_that_cannot_reach_the_battery_closes_no_contactor() -> None:
    outcome = run(happens=_supply(stuck_at_v=200.0), at_s=1.0)
    assert_off(outcome)
    assert outcome.car.reason is faults.PRE_CHARGE_FAILED
    assert outcome.strains == []
    assert outcome.car.end_state is EndState.SAFE


def test_bad_insulation_ends_before_precharge() -> None:
    outcome = run(happens=_supply(isolation_bad=True), at_s=1.0)
    assert_off(outcome)
    assert outcome.car.reason is outcome.charger.reason is faults.CABLE_CHECK_FAILED
    assert outcome.car.end_state is EndState.SAFE


def test_a_welded_contactor_holds_the_plug() -> None:
    outcome = run(LONG_SOC_PCT, happens=_inlet(welded=(True, True)))
    assert outcome.car.end_state is EndState.HELD
    assert outcome.car.held_because is faults.CONTACTOR_WELDED
    assert outcome.truth.lock_position == 1.0
    assert not outcome.truth.s2
    assert outcome.truth.touchable_v == 0.0


def test_a_jammed_lock_lets_nothing_be_energised() -> None:
    outcome = run(happens=_inlet(lock_jammed=True), at_s=0.1)
    assert_off(outcome)
    assert outcome.car.reason is faults.LOCK_FAILED
    assert outcome.strains == []


def test_a_cancelled_car_leaves_both_sides_off() -> None:
    async def session() -> tuple[Truth, SessionEnd, list[str]]:
        loop = asyncio.get_running_loop()
        bench = desk(LONG_SOC_PCT)
        charger = loop.create_task(bench.secc.serve(bench.charger_end))
        car = loop.create_task(bench.evcc.run(bench.car_end))
        loop.call_at(15.0, car.cancel)
        with pytest.raises(asyncio.CancelledError):
            await car
        ended = await charger
        await asyncio.sleep(5.0)
        bench.vehicle.close()
        return bench.plant.truth(), ended, [strain.what for strain in bench.plant.strains]

    truth, charger, strains = run_virtual(session())
    assert not truth.s2
    assert not truth.plus_closed
    assert truth.lock_position == 0.0
    assert charger.end_state is EndState.SAFE
    assert strains == []
