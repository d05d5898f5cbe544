from __future__ import annotations

import asyncio
import math
import random
from time import perf_counter
from typing import Any

import pytest
import structlog
from structlog.testing import CapturingLogger

from pyplc_fw import faults
from pyplc_fw.checkpoints import CHECKPOINTS, PEV
from pyplc_fw.errors import BusError
from pyplc_fw.sim.plant import Plant
from pyplc_fw.sim.virtual_time import run_virtual
from pyplc_fw.terms import EndState
from pyplc_fw.vehicle.inlet import GuardedVehicle
from pyplc_fw.vehicle.ports import GuardRules, Inputs, Outputs, VehicleIo, VoltageSource
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


def vehicle_on(
    plant: Plant, io: VehicleIo | None = None, **options: Any
) -> tuple[GuardedVehicle, CapturingLogger]:
    captured = CapturingLogger()
    log = structlog.wrap_logger(captured, processors=[])
    return GuardedVehicle(io or plant.inlet, plant.battery, log, **options), captured


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


class FailingIo:
    """An inlet whose bus fails so and so often."""

    def __init__(self, plant: Plant) -> None:
        self._inlet = plant.inlet
        self.failing_reads = self.failing_writes = 0.0
        self.defect: Exception | None = None
        "What a program error raises; an adapter is not supposed to."
        self.subscribe = plant.inlet.subscribe

    @property
    def next_change_at(self) -> float | None:
        return self._inlet.next_change_at

    def read(self) -> Inputs:
        if self.defect is not None:
            raise self.defect
        if self.failing_reads > 0:
            self.failing_reads -= 1
            raise BusError("no answer on the I2C bus")
        return self._inlet.read()

    def apply(self, outputs: Outputs) -> None:
        if self.failing_writes > 0:
            self.failing_writes -= 1
            raise BusError("no answer on the I2C bus")
        self._inlet.apply(outputs)


async def charge_on(plant: Plant, vehicle: GuardedVehicle) -> None:
    """Close the contactors of a vehicle whose inlet's voltage is measured."""
    plant.plug_in()
    plant.pilot.set_duty(5.0)
    vehicle.begin_session()
    vehicle.request_state_c()
    vehicle.request_lock()
    await vehicle.wait_for(lambda: vehicle.locked)
    plant.supply.set_output(plant.battery.voltage_v, 2.0)
    await asyncio.sleep(3.0)
    vehicle.request_contactors_closed()
    await vehicle.wait_for(lambda: vehicle.contactors_closed)


@pytest.mark.parametrize("rate_hz", [None, 100.0])
@pytest.mark.parametrize(
    ("reads", "writes", "open_s"),
    [(0, 1, 0.05), (0, 20, 0.25), (1, 0, None), (2, 0, None), (8, 0, 0.42), (math.inf, 0, 0.42)],
)
def test_a_bus_that_fails_is_tried_again_and_then_not_trusted(
    rate_hz: float | None, reads: float, writes: float, open_s: float | None
) -> None:
    """``open_s``: the contactors are open by then. None: a stutter ends no session."""

    async def session() -> None:
        plant = Plant(asyncio.get_running_loop().time)
        io = FailingIo(plant)
        rules = GuardRules(voltage_source=VoltageSource.MEASURED)
        vehicle, captured = vehicle_on(plant, io=io, rules=rules, rate_hz=rate_hz)
        await charge_on(plant, vehicle)
        io.failing_reads, io.failing_writes = reads, writes
        if writes:
            vehicle.charger_reports(None, 0.0)
            vehicle.charger_confirmed_stop()
            vehicle.request_state_b()
            vehicle.request_contactors_open()
        await asyncio.sleep(open_s or 1.0)
        assert plant.inlet.plus.closed is plant.inlet.minus.closed is (open_s is None)
        assert plant.pilot.state == ("C" if open_s is None else "B")
        errors = [call for call in captured.calls if call.kwargs["event"] == "guard.io"]
        assert 1 <= len(errors) <= 2
        vehicle.end_session()
        vehicle.close()

    run_virtual(session())


@pytest.mark.parametrize("failing_writes", [0, 1, 2])
@pytest.mark.parametrize("rate_hz", [None, 100.0])
def test_an_error_of_the_program_in_a_step_leaves_the_vehicle_to_the_stop_program(
    rate_hz: float | None, failing_writes: int
) -> None:
    async def session() -> None:
        plant = Plant(asyncio.get_running_loop().time)
        io = FailingIo(plant)
        rules = GuardRules(voltage_source=VoltageSource.MEASURED)
        vehicle, captured = vehicle_on(plant, io=io, rules=rules, rate_hz=rate_hz)
        await charge_on(plant, vehicle)
        io.defect, io.failing_writes = ZeroDivisionError("a defect"), failing_writes
        with pytest.raises(ZeroDivisionError):
            vehicle.end_session()
        await vehicle.wait_for(lambda: vehicle.emergency is faults.INTERNAL_ERROR)
        await asyncio.sleep(0.03)
        assert plant.pilot.state == "B"
        assert plant.inlet.plus.closed
        assert plant.inlet.minus.closed
        vehicle.request_state_c()
        vehicle.request_contactors_closed()
        vehicle.request_unlock()
        await asyncio.sleep(0.2)
        truth = plant.truth()
        assert (truth.plus_closed, truth.minus_closed, truth.s2) == (False, False, False)
        await asyncio.sleep(20.0)
        assert plant.truth().lock_position == 1.0
        assert vehicle.end_state is EndState.HELD
        assert vehicle.fault is faults.INTERNAL_ERROR
        assert not vehicle.contactors_open
        events = [call.kwargs["event"] for call in captured.calls]
        assert events.count("guard.stop_program") == 1
        assert events.count("guard.stop_program_failed") == failing_writes
        vehicle.close()

    run_virtual(session())


@pytest.mark.parametrize("rate_hz", [None, 100.0])
def test_the_emergency_of_the_last_session_does_not_reach_into_the_next(
    rate_hz: float | None,
) -> None:
    async def session() -> None:
        plant = Plant(asyncio.get_running_loop().time)
        vehicle, _ = vehicle_on(plant, rate_hz=rate_hz)
        for _ in range(2):
            plant.plug_in()
            plant.pilot.set_duty(5.0)
            await asyncio.sleep(0.1)
            vehicle.begin_session()
            assert vehicle.emergency is None
            vehicle.request_state_c()
            await asyncio.sleep(0.1)
            plant.plug_out(by_force=True)
            await asyncio.sleep(0.1)
            assert vehicle.emergency is faults.PROXIMITY_LOST
            vehicle.request_state_b()
            vehicle.end_session()
        vehicle.close()

    run_virtual(session())


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
