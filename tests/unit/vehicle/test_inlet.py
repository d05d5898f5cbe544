from __future__ import annotations

import asyncio
import random
from time import perf_counter
from typing import Any

import pytest
import structlog
from structlog.testing import CapturingLogger

from pyplc_fw.checkpoints import CHECKPOINTS, PEV
from pyplc_fw.sim.plant import Plant
from pyplc_fw.sim.virtual_time import run_virtual
from pyplc_fw.terms import EndState
from pyplc_fw.vehicle.inlet import GuardedVehicle
from pyplc_fw.vehicle.ports import Outputs, VoltageSource
from tests.unit.vehicle.scenarios import FAULTS, Story, play

HELD = {"weld_plus", "weld_both", "aux_stuck_closed", "lock_jammed", "lock_says_both"}
"Faults after which the proof is impossible, or the lock cannot show that it opened."

# plug 0.2 s, PWM 0.4, locked 1.0, precharge 3.1, closing 3.4, stop 14.8, unlock 17.8, off 18.4
MOMENTS = {
    "waiting": 0.3,
    "locking": 0.7,
    "cable check": 2.0,
    "precharge": 3.2,
    "closing": 3.45,
    "charging": 9.0,
    "stopping": 14.81,
    "opened": 16.0,
    "unlocking": 18.1,
}
PAIRS = [
    ("locking", VoltageSource.MEASURED),
    ("cable check", VoltageSource.CHARGER),
    ("closing", VoltageSource.MEASURED),
    ("charging", VoltageSource.CHARGER),
    ("unlocking", VoltageSource.MEASURED),
]


def check_truth(story: Story, fault: str) -> None:
    """Hold the story against the invariants, on what really was."""
    assert not [truth for truth in story.truths if truth.touchable_v >= 60.0] or fault in {
        "plug_torn_out",  # nothing that the car can do about the plug's own contacts
        "lock_jammed",
    }
    last = story.truths[-1]
    assert not last.s2
    assert last.current_a == 0.0
    commanded = ([Outputs()] + [outputs for _, outputs in story.moves])[-1]
    assert not commanded.plus
    assert not commanded.minus


def test_a_good_charge_ends_safe() -> None:
    story = play()
    assert story.outcome == "charged"
    assert story.end_state is EndState.SAFE
    assert story.reasons == (None, None)
    assert story.strains == []
    check_truth(story, "none")
    assert [outputs for _, outputs in story.moves][-1] == Outputs()
    assert max(truth.current_a for truth in story.truths) > 100.0


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("moment", "source"), PAIRS)
def test_stepped_when_needed_is_the_same_as_a_hundred_times_a_second(
    fault: str, moment: str, source: VoltageSource
) -> None:
    at_s = MOMENTS[moment]
    stories = [play(fault, at_s, source=source, rate_hz=rate) for rate in (None, 100.0)]
    compare(*stories)
    for story in stories:
        check_truth(story, fault)
    if fault in HELD and moment in {"charging", "precharge"}:
        assert stories[0].end_state is not EndState.SAFE


@pytest.mark.parametrize("moment", MOMENTS)
def test_without_its_controller_the_vehicle_ends_safe_at_either_rate(moment: str) -> None:
    at_s = MOMENTS[moment]
    stories = [play(at_s=at_s, rate_hz=rate, controller_dies=True) for rate in (None, 100.0)]
    compare(*stories)
    for story in stories:
        check_truth(story, "none")
        assert story.end_state is EndState.SAFE


@pytest.mark.parametrize("seed", range(8))
def test_random_moments_make_no_difference_either(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - the same moments every time
    for _ in range(3):
        fault, at_s = rng.choice(list(FAULTS)), rng.uniform(0.0, 25.0)
        source = rng.choice(list(VoltageSource))
        dies = rng.random() < 0.2
        stories = [
            play(fault, at_s, source=source, rate_hz=rate, controller_dies=dies)
            for rate in (None, 100.0)
        ]
        compare(*stories)
        check_truth(stories[0], fault)


def compare(one: Story, other: Story) -> None:
    """Expect the same commands in the same order, nearly at the same time, and the same end."""
    for field in Outputs._fields:
        ours, theirs = settled(one, field), settled(other, field)
        assert [value for _, value in ours] == [value for _, value in theirs], field
        for (our_at, _), (their_at, _) in zip(ours, theirs, strict=True):
            assert their_at == pytest.approx(our_at, abs=0.15)  # a round of the session at most
    assert (one.outcome, one.end_state, one.reasons) == (
        other.outcome,
        other.end_state,
        other.reasons,
    )
    assert len(one.strains) == len(other.strains)
    assert one.steps < other.steps / 3


def settled(story: Story, field: str) -> list[tuple[float, Any]]:
    """Return the changes of one output, without those that lasted less than two steps."""
    values: list[tuple[float, Any]] = [(0.0, getattr(Outputs(), field))]
    for at, outputs in story.moves:
        value = getattr(outputs, field)
        if value == values[-1][1]:
            continue
        if at - values[-1][0] <= 0.02 and len(values) > 1:
            values.pop()
        if value != values[-1][1]:
            values.append((at, value))
    return values


def vehicle_on(plant: Plant, **options: Any) -> tuple[GuardedVehicle, CapturingLogger]:
    captured = CapturingLogger()
    log = structlog.wrap_logger(captured, processors=[])
    return GuardedVehicle(plant.inlet, plant.battery, log, **options), captured


def test_what_is_asked_for_and_granted_shows_at_once() -> None:
    async def session() -> None:
        plant = Plant(asyncio.get_running_loop().time)
        vehicle, _ = vehicle_on(plant)
        vehicle.request_state_c()
        assert not vehicle.state_c
        plant.plug_in()
        assert vehicle.plugged_in
        plant.pilot.set_duty(5.0)
        assert vehicle.pilot_duty_pct == 5.0
        vehicle.begin_session()
        assert vehicle.state_c
        assert plant.pilot.state == "C"
        vehicle.end_session()
        assert plant.pilot.state == "B"
        vehicle.close()

    run_virtual(session())


def test_the_session_beats_as_long_as_its_task_lives() -> None:
    async def begin_and_wait(vehicle: GuardedVehicle, seconds: float) -> None:
        vehicle.begin_session()
        vehicle.request_state_c()
        await asyncio.sleep(seconds)

    async def session() -> float:
        loop = asyncio.get_running_loop()
        plant = Plant(loop.time)
        vehicle, _ = vehicle_on(plant)
        plant.plug_in()
        plant.pilot.set_duty(5.0)
        task = asyncio.create_task(begin_and_wait(vehicle, 30.0))
        await task
        assert vehicle.state_c
        await vehicle.wait_for(lambda: not vehicle.state_c)
        assert vehicle.emergency is not None
        assert vehicle.emergency.id == "guard.heartbeat_lost"
        return loop.time() - 30.0

    assert 0.2 <= run_virtual(session()) <= 0.5


def test_without_beats_of_its_own_the_caller_has_to_beat() -> None:
    async def session() -> None:
        plant = Plant(asyncio.get_running_loop().time)
        vehicle, _ = vehicle_on(plant, beats=False)
        plant.plug_in()
        plant.pilot.set_duty(5.0)
        vehicle.begin_session()
        vehicle.request_state_c()
        for _ in range(20):
            await asyncio.sleep(0.2)
            vehicle.beat()
        assert vehicle.state_c
        await asyncio.sleep(0.31)
        assert not vehicle.state_c

    run_virtual(session())


def test_a_charger_value_grows_old() -> None:
    async def session() -> None:
        plant = Plant(asyncio.get_running_loop().time)
        vehicle, _ = vehicle_on(plant)
        assert vehicle.inlet_v is None
        vehicle.charger_reports(123.0, None)
        await asyncio.sleep(0.4)
        vehicle.charger_reports(None, 1.0)
        assert vehicle.inlet_v == 123.0
        await asyncio.sleep(0.2)
        assert vehicle.inlet_v is None

    run_virtual(session())


def test_checkpoints_3_4_and_6_are_logged_once_for_each_plug() -> None:
    async def session() -> list[int]:
        loop = asyncio.get_running_loop()
        plant = Plant(loop.time)
        _, captured = vehicle_on(plant)
        for _ in range(2):
            await asyncio.sleep(1.0)
            plant.plug_in()
            for duty_pct in (5.0, 100.0, 5.0):
                plant.pilot.set_duty(duty_pct)
                await asyncio.sleep(0.1)
            plant.plug_out()
        return [call.kwargs["checkpoint"] for call in captured.calls if "checkpoint" in call.kwargs]

    seen = run_virtual(session())
    assert seen == [3, 4, 6, 3, 4, 6]
    assert {CHECKPOINTS[number].side for number in seen} == {PEV}


def test_a_heartbeat_is_cheap() -> None:
    async def session() -> float:
        loop = asyncio.get_running_loop()
        plant = Plant(loop.time)
        vehicle, _ = vehicle_on(plant)
        plant.plug_in()
        plant.pilot.set_duty(5.0)
        vehicle.begin_session()
        vehicle.request_state_c()
        best_s = 1.0
        for _ in range(5):
            spent_s = 0.0
            for _ in range(500):
                await asyncio.sleep(0.1)
                begin = perf_counter()
                vehicle.charger_reports(380.0, 0.0)
                spent_s += perf_counter() - begin
            best_s = min(best_s, spent_s / 500)
        return best_s

    assert run_virtual(session()) < 150e-6  # 30 aimed at; the machine may be busy
