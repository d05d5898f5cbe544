"""A car with broken wires, lock or contactors, and a controller that is cut off in any phase."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pyplc_fw import faults
from pyplc_fw.faults import Reason
from pyplc_fw.sim.pilot_line import PilotFault
from pyplc_fw.terms import EndState
from tests.session.bench import SHORT, Bench, Outcome, judged

BEFORE_SLAC, SLAC, AVLN, SDP, TCP, HANDSHAKE, PARAMETERS = 6, 103, 190, 200, 301, 400, 540
STATE_C, CABLE_CHECK, PRE_CHARGE, CLOSING, POWER, LOOP = 550, 560, 570, 590, 600, 710
STOPPING, STATE_B, WELDING, SESSION_STOP = 800, 810, 850, 900
UNENERGISED = [BEFORE_SLAC, SLAC, AVLN, SDP, TCP, HANDSHAKE]
ENERGISED = [STATE_C, CABLE_CHECK, PRE_CHARGE, CLOSING, POWER, LOOP]
AFTERWARDS = [STOPPING, STATE_B, WELDING, SESSION_STOP]
A_MOMENT_S = 0.013
CONTACTORS_MOVE_S = [0.0, 0.01, 0.02, 0.03, 0.05, 0.08, 0.099, 0.105, 0.11, 0.12, 0.13, 0.15]

Happening = Callable[[Bench], object]


def pilot(fault: PilotFault) -> Happening:
    return lambda bench: setattr(bench.desk.plant.pilot, "fault", fault)


def inlet(**broken: Any) -> Happening:
    def happens(bench: Bench) -> None:
        plant = bench.desk.plant
        plant.inlet.faults = replace(plant.inlet.faults, **broken)

    return happens


def cancel(bench: Bench) -> object:
    assert bench.pev_task is not None
    return bench.pev_task.cancel()


def happening(at: int, what: Happening, *, after_s: float = A_MOMENT_S, **options: Any) -> Outcome:
    def happens(bench: Bench) -> None:
        bench.when(at, lambda: what(bench), after_s=after_s)

    return judged(SHORT, happens, **options)


def assert_ends(outcome: Outcome, reason: Reason, held: Reason | None = None) -> None:
    assert outcome.findings == []
    assert outcome.pev is not None
    assert (outcome.pev.reason, outcome.pev.held_because) == (reason, held)
    assert outcome.pev.end_state is (EndState.SAFE if held is None else EndState.HELD)
    assert outcome.evse is not None


# --- the plug ------------------------------------------------------------------------------------

LOST = [
    (pilot(PilotFault.OPEN), faults.PILOT_LOST),
    (pilot(PilotFault.SHORT), faults.PILOT_LOST),
    (inlet(proximity_open=True), faults.PROXIMITY_LOST),
]


@pytest.mark.parametrize("at", UNENERGISED)
@pytest.mark.parametrize(("what", "_reason"), LOST)
def test_a_plug_lost_before_anything_is_energised_counts_as_unplugged(
    at: int, what: Happening, _reason: Reason
) -> None:
    assert_ends(happening(at, what), faults.UNPLUGGED)


@pytest.mark.parametrize("at", [PARAMETERS, *ENERGISED])
@pytest.mark.parametrize(("what", "reason"), LOST)
def test_a_plug_lost_while_energised_is_an_emergency(
    at: int, what: Happening, reason: Reason
) -> None:
    assert_ends(happening(at, what), reason)


@pytest.mark.parametrize("at", AFTERWARDS)
@pytest.mark.parametrize(("what", "_reason"), LOST)
def test_a_plug_lost_after_the_charge_changes_nothing(
    at: int, what: Happening, _reason: Reason
) -> None:
    assert_ends(happening(at, what), faults.BATTERY_FULL)


@pytest.mark.parametrize("after_s", CONTACTORS_MOVE_S)
@pytest.mark.parametrize(("what", "reason"), LOST)
def test_a_plug_lost_while_the_contactors_move(
    after_s: float, what: Happening, reason: Reason
) -> None:
    assert_ends(happening(CLOSING, what, after_s=after_s), reason)


def test_a_plug_that_is_torn_out_of_its_lock_under_current() -> None:
    def tear(bench: Bench) -> None:
        bench.desk.plant.plug_out(by_force=True)

    outcome = happening(LOOP, tear, bolt_forced=True)
    assert_ends(outcome, faults.PROXIMITY_LOST)
    assert outcome.truth.inlet_v == 0.0


# --- the lock ------------------------------------------------------------------------------------


def slip(bench: Bench) -> None:
    """Move the bolt to where neither switch is made."""
    plant = bench.desk.plant
    plant.inlet.lock.put(plant.truth().at, 0.5)
    plant.inlet.changed()


@pytest.mark.parametrize(
    ("at", "what", "reason", "held"),
    [
        (BEFORE_SLAC, inlet(lock_jammed=True), faults.LOCK_FAILED, None),
        (BEFORE_SLAC, inlet(lock_says=(False, False)), faults.LOCK_FAILED, faults.LOCK_FAILED),
        (BEFORE_SLAC, inlet(lock_says=(True, True)), faults.LOCK_FAILED, faults.LOCK_FAILED),
        (LOOP, inlet(lock_says=(False, True)), faults.LOCK_LOST, None),
        (LOOP, inlet(lock_says=(False, False)), faults.LOCK_LOST, faults.LOCK_FAILED),
        (LOOP, inlet(lock_jammed=True), faults.BATTERY_FULL, faults.LOCK_FAILED),
    ],
)
def test_a_lock_that_sticks_or_lies(
    at: int, what: Happening, reason: Reason, held: Reason | None
) -> None:
    assert_ends(happening(at, what), reason, held)


@pytest.mark.parametrize("at", [CABLE_CHECK, PRE_CHARGE, CLOSING, POWER, LOOP])
def test_a_lock_that_slips_open_ends_the_charge(at: int) -> None:
    assert_ends(happening(at, slip, bolt_forced=True), faults.LOCK_LOST)


# --- the contactors ------------------------------------------------------------------------------

WELDED, NOT_CLOSED = faults.CONTACTOR_WELDED, faults.CONTACTOR_NOT_CLOSED


@pytest.mark.parametrize(
    ("at", "what", "reason", "held"),
    [
        (LOOP, inlet(welded=(True, False)), WELDED, WELDED),
        (LOOP, inlet(welded=(False, True)), WELDED, WELDED),
        (LOOP, inlet(welded=(True, True)), WELDED, WELDED),
        (BEFORE_SLAC, inlet(dead=(True, False)), NOT_CLOSED, None),
        (BEFORE_SLAC, inlet(dead=(False, True)), NOT_CLOSED, None),
        (BEFORE_SLAC, inlet(dead=(True, True)), NOT_CLOSED, None),
        (LOOP, inlet(dead=(True, False)), NOT_CLOSED, None),
        (LOOP, inlet(dead=(False, True)), NOT_CLOSED, None),
        (BEFORE_SLAC, inlet(aux_stuck=(False, None)), NOT_CLOSED, None),
        (BEFORE_SLAC, inlet(aux_stuck=(None, False)), NOT_CLOSED, None),
        (BEFORE_SLAC, inlet(aux_stuck=(True, None)), WELDED, WELDED),
        (BEFORE_SLAC, inlet(aux_stuck=(None, True)), WELDED, WELDED),
        (LOOP, inlet(aux_stuck=(False, None)), NOT_CLOSED, None),
        (LOOP, inlet(aux_stuck=(None, False)), NOT_CLOSED, None),
        (LOOP, inlet(aux_stuck=(True, None)), WELDED, WELDED),
        (LOOP, inlet(aux_stuck=(None, True)), WELDED, WELDED),
    ],
)
def test_a_contactor_that_sticks_or_lies(
    at: int, what: Happening, reason: Reason, held: Reason | None
) -> None:
    assert_ends(happening(at, what), reason, held)


# --- the controller ------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [*UNENERGISED, PARAMETERS, *ENERGISED, *AFTERWARDS[:-1]])
@pytest.mark.parametrize("twice", [False, True])
def test_a_controller_that_is_cancelled_leaves_the_car_safe(at: int, twice: bool) -> None:
    def happens(bench: Bench) -> None:
        bench.when(at, lambda: cancel(bench), after_s=A_MOMENT_S)
        if twice:
            bench.when(at, lambda: cancel(bench), after_s=2 * A_MOMENT_S)

    outcome = judged(SHORT, happens)
    assert outcome.findings == []
    assert outcome.pev is None  # it was told to go, and says nothing more
    assert outcome.truth.lock_position == 0.0
    assert not outcome.truth.s2
    assert outcome.evse is not None
    assert outcome.evse.end_state is EndState.SAFE
