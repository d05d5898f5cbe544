from __future__ import annotations

import math
from typing import Any

import pytest

from pyplc_fw import faults
from pyplc_fw.faults import Reason
from pyplc_fw.vehicle.ports import GuardRules, LockDrive, Outputs, VoltageSource
from tests.unit.vehicle.bench import (
    DIGITAL,
    HAIR_S,
    LOCKED,
    UNPLUGGED,
    Bench,
    charging,
    ready_to_close,
)

MEASURED = GuardRules(voltage_source=VoltageSource.MEASURED)
SAFE_OUTPUTS = Outputs()


def test_a_fresh_guard_commands_nothing() -> None:
    assert Bench().outputs == SAFE_OUTPUTS


# --- G1 ------------------------------------------------------------------------------------------


def test_contactors_close_one_after_the_other_and_are_then_confirmed() -> None:
    bench = ready_to_close()
    bench.ask(contactors=True)
    assert (bench.outputs.minus, bench.outputs.plus) == (True, False)
    bench.obey()
    bench.pass_time(0.1 - HAIR_S)
    assert not bench.outputs.plus
    bench.pass_time(2 * HAIR_S)
    assert bench.outputs.plus
    assert not bench.report.contactors_closed
    bench.obey()
    assert bench.report.contactors_closed


@pytest.mark.parametrize(
    ("inputs", "request_changes", "reason"),
    [
        ({"plugged": False}, {}, faults.PROXIMITY_LOST),
        ({"pilot_duty_pct": 2.9}, {}, faults.PILOT_NOT_DIGITAL),
        ({"pilot_duty_pct": 7.1}, {}, faults.PILOT_NOT_DIGITAL),
        ({"pilot_frequency_hz": 900.0}, {}, faults.PILOT_NOT_DIGITAL),
        ({"pilot_frequency_hz": None}, {}, faults.PILOT_NOT_DIGITAL),
        ({"pilot_silent_since": 99.999}, {}, faults.PILOT_NOT_DIGITAL),
        ({"locked": False}, {}, faults.LOCK_LOST),
        ({"unlocked": True}, {}, faults.LOCK_LOST),
        ({}, {"state_c": False}, faults.NOT_STATE_C),
        ({}, {"session": False}, faults.NO_SESSION),
        ({}, {"charger_v": 360.0}, faults.PRE_CHARGE_GAP),
        ({}, {"charger_v": 400.0}, faults.PRE_CHARGE_GAP),
        ({}, {"charger_v_at": 99.4}, faults.VOLTAGE_UNKNOWN),
        ({}, {"battery_v_at": 99.4}, faults.VOLTAGE_UNKNOWN),
        ({"plus_closed": None}, {}, faults.CONTACTORS_NOT_OPEN),
        ({"minus_closed": None}, {}, faults.CONTACTORS_NOT_OPEN),
        ({"plus_closed": True}, {}, faults.CONTACTOR_WELDED),
    ],
)
def test_g1_refuses_to_close_without(
    inputs: dict[str, Any], request_changes: dict[str, Any], reason: Reason
) -> None:
    bench = ready_to_close()
    bench.sense(**inputs)
    bench.ask(contactors=True, **request_changes)
    assert not bench.outputs.minus
    assert not bench.outputs.plus
    assert bench.report.contactors_refused is reason


def test_g1_refuses_to_close_before_the_lock_was_ever_confirmed() -> None:
    bench = Bench(inputs=DIGITAL)
    bench.ask(session=True, heartbeat_at=bench.now, state_c=True)
    bench.charger_says(375.0, battery_v=380.0)
    bench.ask(contactors=True)
    assert bench.outputs == Outputs(s2=True)
    assert bench.report.contactors_refused is faults.NOT_LOCKED


@pytest.mark.parametrize(("charger_v", "closes"), [(360.001, True), (360.0, False), (399.9, True)])
def test_the_precharge_limit_is_exact(charger_v: float, closes: bool) -> None:
    bench = ready_to_close()
    bench.ask(charger_v=charger_v, contactors=True)
    assert bench.outputs.minus is closes


@pytest.mark.parametrize(("age_s", "closes"), [(0.4999, True), (0.5001, False)])
def test_values_older_than_half_a_second_are_absent(age_s: float, closes: bool) -> None:
    bench = ready_to_close()
    bench.pass_time(age_s)
    bench.ask(contactors=True, battery_v_at=bench.now)
    assert bench.outputs.minus is closes
    bench.charger_says(375.0)
    assert bench.outputs.minus


def test_the_second_contactor_is_judged_when_its_turn_comes() -> None:
    bench = ready_to_close()
    bench.ask(contactors=True)
    bench.obey()
    bench.charger_says(300.0)
    bench.pass_time(0.2)
    assert bench.outputs == Outputs(s2=True, minus=True)
    assert bench.report.contactors_refused is faults.PRE_CHARGE_GAP
    bench.charger_says(375.0)
    assert bench.outputs.plus


def test_a_stale_charger_value_keeps_the_second_contactor_open_until_the_next_response() -> None:
    bench = ready_to_close()
    bench.pass_time(0.45)
    bench.ask(contactors=True, battery_v_at=bench.now)
    bench.obey()
    bench.pass_time(0.2)
    assert not bench.outputs.plus
    bench.charger_says(376.0)
    assert bench.outputs.plus


def test_the_second_contactor_waits_for_the_first_to_confirm() -> None:
    bench = ready_to_close()
    bench.ask(contactors=True)
    bench.pass_time(0.3)
    assert not bench.outputs.plus


def test_with_a_measurement_the_chargers_value_does_not_count() -> None:
    bench = ready_to_close(MEASURED)
    bench.sense(inlet_v=300.0)
    bench.ask(contactors=True)
    assert bench.report.contactors_refused is faults.PRE_CHARGE_GAP
    bench.sense(inlet_v=None)
    assert bench.report.contactors_refused is faults.VOLTAGE_UNKNOWN
    bench.sense(inlet_v=379.0)
    assert bench.outputs.minus


# --- G4 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "session", "reason"),
    [
        ({}, False, faults.NO_SESSION),
        ({"plugged": False}, True, faults.NOT_PLUGGED),
        ({"pilot_duty_pct": None}, True, faults.PILOT_NOT_DIGITAL),
        ({"pilot_duty_pct": 50.0}, True, faults.PILOT_NOT_DIGITAL),
        ({"pilot_silent_since": 99.9999}, True, faults.PILOT_NOT_DIGITAL),
    ],
)
def test_g4_refuses_state_c_without(inputs: dict[str, Any], session: bool, reason: Reason) -> None:
    bench = Bench(inputs=DIGITAL)
    bench.sense(**inputs)
    bench.ask(session=session, heartbeat_at=bench.now, state_c=True)
    assert not bench.outputs.s2
    assert bench.report.state_c_refused is reason


def test_the_end_of_the_session_opens_s2() -> None:
    bench = ready_to_close()
    bench.ask(session=False)
    assert not bench.outputs.s2


def test_s2_opens_20_ms_after_the_last_edge_and_not_before() -> None:
    bench = ready_to_close()
    bench.sense(pilot_silent_since=bench.now)
    bench.pass_time(0.020 - HAIR_S)
    assert bench.outputs.s2
    bench.pass_time(2 * HAIR_S)
    assert not bench.outputs.s2
    assert bench.report.emergency is faults.PILOT_LOST


def test_pwm_that_comes_back_in_time_is_forgiven() -> None:
    bench = ready_to_close()
    bench.sense(pilot_duty_pct=12.0)
    bench.pass_time(0.019)
    bench.sense(pilot_duty_pct=5.0)
    bench.pass_time(1.0)
    assert bench.outputs.s2


def test_s2_opens_at_once_when_the_proximity_is_lost() -> None:
    bench = ready_to_close()
    bench.sense(plugged=False)
    assert not bench.outputs.s2
    assert bench.report.emergency is faults.PROXIMITY_LOST


def test_an_emergency_lasts_until_the_next_session_begins() -> None:
    bench = ready_to_close()
    bench.sense(plugged=False)
    bench.sense(plugged=True)
    bench.pass_time(10.0)
    assert not bench.outputs.s2
    bench.ask(session=False)
    assert bench.report.emergency is faults.PROXIMITY_LOST
    bench.ask(session=True, heartbeat_at=bench.now)
    assert bench.report.emergency is None
    assert bench.outputs.s2


# --- deadlines -----------------------------------------------------------------------------------

LOST = [
    ({"plugged": False}, 0.0, faults.PROXIMITY_LOST),
    ({"pilot_duty_pct": None, "pilot_silent_since": 0.0}, 0.020, faults.PILOT_LOST),
    ({"pilot_duty_pct": 100.0}, 0.020, faults.PILOT_LOST),
]


@pytest.mark.parametrize(("lost", "detected_s", "reason"), LOST)
def test_plug_lost_under_current_opens_the_contactors_within_100_ms_of_detection(
    lost: dict[str, Any], detected_s: float, reason: Reason
) -> None:
    bench = charging()
    if "pilot_silent_since" in lost:
        lost = {**lost, "pilot_silent_since": bench.now}
    bench.sense(**lost)
    bench.pass_time(detected_s + HAIR_S)
    assert not bench.outputs.s2
    assert bench.outputs.plus
    bench.pass_time(0.060 - 2 * HAIR_S)  # 100 ms less the contactors' 30 ms and one step
    assert bench.outputs.plus
    bench.pass_time(2 * HAIR_S)
    assert bench.outputs == SAFE_OUTPUTS
    assert bench.report.emergency is reason


@pytest.mark.parametrize(("lost", "detected_s", "reason"), LOST)
def test_plug_lost_opens_the_contactors_as_soon_as_the_current_is_reported_gone(
    lost: dict[str, Any], detected_s: float, reason: Reason
) -> None:
    bench = charging(current_a=4.9)
    if "pilot_silent_since" in lost:
        lost = {**lost, "pilot_silent_since": bench.now}
    bench.sense(**lost)
    bench.pass_time(detected_s + HAIR_S)
    assert bench.outputs.plus  # the 4.9 A are from before S2 opened: it may have been rising
    bench.charger_says(385.0, 5.0)
    assert bench.outputs.plus
    bench.pass_time(0.01)
    bench.charger_says(385.0, 4.9)
    assert bench.outputs == SAFE_OUTPUTS
    assert bench.report.emergency is reason


def test_a_heartbeat_is_stale_after_300_ms() -> None:
    bench = charging()
    bench.pass_time(0.3 - HAIR_S, beating=False)
    assert bench.outputs.s2
    bench.pass_time(2 * HAIR_S, beating=False)
    assert not bench.outputs.s2
    assert bench.report.emergency is faults.HEARTBEAT_LOST
    bench.pass_time(1.96 - 2 * HAIR_S, beating=False)  # 2 s less 30 ms and one step
    assert bench.outputs.plus
    bench.pass_time(2 * HAIR_S, beating=False)
    assert bench.outputs == SAFE_OUTPUTS


def test_a_heartbeat_that_comes_back_does_not_revive_the_session() -> None:
    bench = charging()
    bench.pass_time(0.31, beating=False)
    bench.pass_time(60.0)
    assert bench.outputs == SAFE_OUTPUTS


def test_without_a_controller_the_guard_unlocks_by_itself() -> None:
    bench = charging()
    bench.pass_time(2.5, beating=False)
    bench.obey()
    bench.pass_time(5.0, beating=False)
    assert bench.drive() is LockDrive.UNLOCK


@pytest.mark.parametrize("broken", [{"locked": False}, {"unlocked": True}])
def test_a_lost_lock_ends_the_charge(broken: dict[str, Any]) -> None:
    bench = charging()
    bench.sense(**broken)
    assert not bench.outputs.s2
    assert bench.outputs.plus
    assert bench.report.emergency is faults.LOCK_LOST
    bench.pass_time(0.1)
    bench.charger_says(385.0, 4.0)
    assert not bench.outputs.plus


def test_a_lock_lost_during_the_cable_check_opens_s2() -> None:
    bench = ready_to_close()
    bench.sense(locked=False)
    assert not bench.outputs.s2
    assert bench.report.emergency is faults.LOCK_LOST


def test_the_first_cause_stays_and_the_nearest_deadline_wins() -> None:
    bench = charging()
    bench.sense(locked=False)
    bench.pass_time(0.5)
    bench.sense(plugged=False)
    bench.charger_says(385.0, 100.0)
    bench.pass_time(0.061)
    assert bench.outputs == SAFE_OUTPUTS._replace(lock_drive=bench.drive())
    assert bench.report.emergency is faults.LOCK_LOST


# --- G2 ------------------------------------------------------------------------------------------


def stop(bench: Bench, *, confirmed: bool) -> None:
    bench.ask(state_c=False, contactors=False, stop_confirmed=confirmed)


def test_contactors_open_at_once_after_a_confirmed_stop_at_no_current() -> None:
    bench = charging(current_a=4.9)
    stop(bench, confirmed=True)
    assert bench.outputs == SAFE_OUTPUTS


def test_a_low_current_from_before_s2_opened_may_have_been_rising() -> None:
    bench = charging(current_a=0.0)
    stop(bench, confirmed=False)
    assert bench.outputs == Outputs(plus=True, minus=True)
    bench.pass_time(0.1)
    bench.charger_says(385.0, 0.0)
    assert bench.outputs == SAFE_OUTPUTS


@pytest.mark.parametrize(("confirmed", "limit_s"), [(True, 1.0), (False, 1.96)])
def test_unknown_current_counts_as_flowing(confirmed: bool, limit_s: float) -> None:
    bench = charging()
    bench.pass_time(0.6)
    stop(bench, confirmed=confirmed)
    assert bench.outputs.plus
    assert not bench.outputs.s2
    bench.pass_time(limit_s - HAIR_S)
    assert bench.outputs.plus
    bench.pass_time(2 * HAIR_S)
    assert bench.outputs == SAFE_OUTPUTS


def test_known_current_holds_the_contactors_for_2_s_even_after_a_confirmed_stop() -> None:
    bench = charging()
    stop(bench, confirmed=True)
    for _ in range(19):
        bench.pass_time(0.1)
        bench.charger_says(385.0, 100.0)
        assert bench.outputs.plus
    bench.pass_time(0.1)
    assert bench.outputs == SAFE_OUTPUTS


def test_asking_to_open_under_current_opens_s2_first() -> None:
    bench = charging()
    bench.ask(contactors=False)
    assert not bench.outputs.s2
    assert bench.outputs.plus
    assert bench.report.contactors_refused is faults.CURRENT_FLOWS


def test_a_contactor_on_its_way_is_released_at_once_before_the_charger_opens_a_gap() -> None:
    bench = ready_to_close()
    bench.ask(contactors=True)
    bench.obey()
    bench.pass_time(0.1)
    assert bench.outputs.plus
    bench.pass_time(0.01)
    bench.ask(state_c=False)
    assert bench.outputs == SAFE_OUTPUTS
    bench.obey()
    assert bench.report.contactors_open


def test_contactors_without_feedback_may_carry_current() -> None:
    bench = charging(current_a=100.0)
    bench.sense(plus_closed=None, minus_closed=None)
    bench.ask(contactors=False)
    assert bench.outputs.plus
    assert bench.outputs.minus


def test_opening_once_begun_is_carried_through() -> None:
    bench = charging()
    bench.ask(contactors=False)
    bench.ask(contactors=True)
    bench.pass_time(0.1)
    bench.charger_says(385.0, 0.0)
    assert not bench.outputs.plus


def test_the_end_of_the_session_opens_the_contactors_by_the_same_rule() -> None:
    bench = charging()
    bench.ask(session=False)
    assert bench.outputs.plus
    bench.pass_time(1.97)
    assert bench.outputs == SAFE_OUTPUTS


# --- contactor faults ----------------------------------------------------------------------------


def test_a_contactor_that_does_not_confirm_in_time_is_a_fault() -> None:
    bench = ready_to_close()
    bench.ask(contactors=True)
    bench.pass_time(0.5 - HAIR_S)
    assert bench.outputs.minus
    assert bench.report.fault is None
    bench.pass_time(2 * HAIR_S)
    assert not bench.outputs.s2
    assert bench.report.fault is faults.CONTACTOR_NOT_CLOSED
    assert bench.report.emergency is faults.CONTACTOR_NOT_CLOSED


def test_a_contactor_that_drops_out_ends_the_charge() -> None:
    bench = charging()
    bench.pass_time(1.0)
    bench.sense(plus_closed=False)
    assert not bench.outputs.s2
    assert bench.report.emergency is faults.CONTACTOR_NOT_CLOSED


def test_a_welded_contactor_is_found_after_200_ms_and_holds_the_lock() -> None:
    bench = charging(current_a=0.0)
    stop(bench, confirmed=True)
    bench.sense(minus_closed=False)
    bench.pass_time(0.2 - HAIR_S)
    assert bench.report.fault is None
    bench.pass_time(2 * HAIR_S)
    assert bench.report.fault is faults.CONTACTOR_WELDED
    bench.ask(lock=False)
    bench.charger_says(0.0)
    bench.pass_time(3600.0)
    bench.charger_says(0.0)
    assert bench.outputs == SAFE_OUTPUTS
    assert bench.report.lock_refused is faults.CONTACTOR_WELDED


def test_a_weld_outlasts_sessions_until_it_is_acknowledged_and_gone() -> None:
    bench = charging(current_a=0.0)
    stop(bench, confirmed=True)
    bench.pass_time(1.0)
    bench.ask(session=False)
    bench.ask(session=True, heartbeat_at=bench.now, state_c=True)
    assert bench.report.state_c_refused is faults.CONTACTOR_WELDED
    bench.ask(acknowledge=True)
    assert bench.report.fault is faults.CONTACTOR_WELDED
    bench.sense(plus_closed=False, minus_closed=False)
    assert bench.report.fault is None
    assert bench.outputs.s2


def test_a_contactor_found_closed_at_the_start_is_welded() -> None:
    bench = Bench(inputs=UNPLUGGED._replace(plus_closed=True))
    assert bench.report.fault is faults.CONTACTOR_WELDED


# --- G3 and the lock -----------------------------------------------------------------------------


def ended(rules: GuardRules | None = None) -> Bench:
    """Return a bench after a charge: contactors proven open, unlock not yet asked for."""
    bench = charging(rules, current_a=0.0)
    stop(bench, confirmed=True)
    bench.obey()
    assert bench.report.contactors_open
    return bench


def test_the_lock_is_driven_until_it_confirms() -> None:
    bench = Bench(inputs=DIGITAL)
    bench.ask(lock=True)
    assert bench.drive() is LockDrive.LOCK
    bench.sense(unlocked=False)
    assert bench.drive() is LockDrive.LOCK
    bench.sense(locked=True)
    assert bench.drive() is LockDrive.OFF


def test_nothing_is_locked_without_a_plug() -> None:
    bench = Bench()
    bench.ask(lock=True)
    assert bench.drive() is LockDrive.OFF
    assert bench.report.lock_refused is faults.NOT_PLUGGED


def test_the_motor_gives_up_after_its_longest_run() -> None:
    bench = Bench(inputs=DIGITAL)
    bench.ask(lock=True)
    bench.pass_time(2.0 - HAIR_S)
    assert bench.drive() is LockDrive.LOCK
    bench.pass_time(2 * HAIR_S)
    assert bench.drive() is LockDrive.OFF
    assert bench.report.fault is faults.LOCK_FAILED
    bench.pass_time(60.0)
    assert bench.drive() is LockDrive.OFF


def test_a_measured_inlet_unlocks_below_60_v() -> None:
    bench = ended(MEASURED)
    bench.sense(inlet_v=60.0)
    bench.ask(lock=False)
    assert bench.drive() is LockDrive.OFF
    assert bench.report.lock_refused is faults.INLET_LIVE
    bench.sense(inlet_v=59.9)
    assert bench.drive() is LockDrive.UNLOCK
    bench.sense(inlet_v=70.0)
    assert bench.drive() is LockDrive.OFF


def test_a_dead_measurement_never_unlocks() -> None:
    bench = ended(MEASURED)
    bench.sense(inlet_v=None)
    bench.ask(lock=False)
    bench.pass_time(3600.0)
    assert bench.drive() is LockDrive.OFF
    assert bench.report.fault is faults.UNLOCK_REFUSED


def test_an_unproven_contactor_never_unlocks() -> None:
    bench = ended(MEASURED)
    bench.sense(inlet_v=0.0, plus_closed=None)
    bench.ask(lock=False)
    bench.pass_time(3600.0)
    assert bench.drive() is LockDrive.OFF
    assert bench.report.lock_refused is faults.CONTACTORS_NOT_OPEN


def test_state_c_never_unlocks() -> None:
    bench = ready_to_close(MEASURED)
    bench.sense(inlet_v=0.0)
    bench.ask(lock=False)
    bench.pass_time(60.0)
    assert bench.outputs == Outputs(s2=True)
    assert bench.report.lock_refused is faults.STILL_STATE_C


def test_two_low_reports_of_the_charger_unlock() -> None:
    bench = ended()
    bench.ask(lock=False)
    bench.pass_time(0.5)
    bench.charger_says(59.0)
    assert bench.drive() is LockDrive.OFF
    bench.pass_time(0.5)
    bench.charger_says(20.0)
    assert bench.drive() is LockDrive.UNLOCK


def test_a_high_report_between_two_low_ones_counts() -> None:
    bench = ended()
    bench.ask(lock=False)
    for voltage_v in (50.0, 65.0, 50.0):
        bench.pass_time(0.5)
        bench.charger_says(voltage_v)
    assert bench.drive() is LockDrive.OFF


def test_low_reports_from_before_the_opening_prove_nothing() -> None:
    bench = ready_to_close()
    for _ in range(5):
        bench.pass_time(0.1)
        bench.charger_says(10.0)
    bench.ask(state_c=False, lock=False)
    assert bench.drive() is LockDrive.OFF


def test_low_reports_from_before_state_c_prove_nothing_after_it() -> None:
    bench = Bench(inputs=LOCKED)
    for _ in range(3):
        bench.pass_time(0.1)
        bench.charger_says(10.0)
    bench.ask(session=True, heartbeat_at=bench.now, state_c=True)
    bench.pass_time(8.0)  # a cable check: 500 V, and no response says so
    bench.ask(state_c=False, lock=False)
    assert bench.outputs == SAFE_OUTPUTS
    bench.pass_time(4.9)
    assert bench.outputs == SAFE_OUTPUTS
    bench.pass_time(0.2)
    assert bench.drive() is LockDrive.UNLOCK


def test_a_silent_charger_counts_as_discharged_after_the_settling_time() -> None:
    bench = ended()
    bench.ask(lock=False)
    bench.pass_time(5.0 - HAIR_S)
    assert bench.drive() is LockDrive.OFF
    bench.pass_time(2 * HAIR_S)
    assert bench.drive() is LockDrive.UNLOCK


def test_each_high_report_starts_the_settling_anew() -> None:
    bench = ended()
    bench.ask(lock=False)
    for _ in range(10):
        bench.pass_time(2.0)
        bench.charger_says(300.0)
    bench.pass_time(4.99)
    assert bench.drive() is LockDrive.OFF
    bench.pass_time(0.02)
    assert bench.drive() is LockDrive.UNLOCK


def test_an_unlock_that_stays_refused_is_held_after_10_s_and_freed_by_the_proof() -> None:
    bench = ended(MEASURED)
    bench.sense(inlet_v=300.0)
    bench.ask(lock=False)
    bench.pass_time(10.0 - HAIR_S)
    assert bench.report.fault is None
    bench.pass_time(2 * HAIR_S)
    assert bench.report.fault is faults.UNLOCK_REFUSED
    bench.sense(inlet_v=10.0)
    bench.obey()
    assert bench.report.fault is None
    assert bench.report.touch_safe


def test_a_measured_voltage_is_watched_every_10_ms_while_it_decides() -> None:
    bench = ended(MEASURED)
    bench.sense(inlet_v=300.0)
    assert bench.report.next_deadline == pytest.approx(bench.now + 0.01)


def test_a_locked_guard_that_starts_anew_unlocks_only_when_asked() -> None:
    bench = Bench(inputs=LOCKED)
    bench.pass_time(60.0)
    assert bench.drive() is LockDrive.OFF
    bench.ask(lock=False)
    assert bench.drive() is LockDrive.UNLOCK


# --- nonsense ------------------------------------------------------------------------------------


@pytest.mark.parametrize("charger_v", [-400.0, math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("source", VoltageSource)
def test_a_voltage_that_makes_no_sense_proves_nothing(
    source: VoltageSource, charger_v: float
) -> None:
    bench = Bench(GuardRules(voltage_source=source), LOCKED)
    bench.sense(inlet_v=charger_v)
    bench.ask(session=True, lock=False)
    for _ in range(40):
        bench.charger_says(charger_v)
        bench.pass_time(0.25)
    assert bench.drive() is LockDrive.OFF
    assert not bench.report.touch_safe


@pytest.mark.parametrize("voltage_v", [0.0, 59.9, -380.0, math.nan])
def test_no_contactor_closes_on_a_battery_whose_voltage_nobody_has_measured(
    voltage_v: float,
) -> None:
    bench = ready_to_close()
    bench.ask(charger_v=voltage_v, battery_v=voltage_v, contactors=True)
    assert not bench.outputs.minus
    assert bench.report.contactors_refused is faults.VOLTAGE_UNKNOWN


@pytest.mark.parametrize("ahead_s", [HAIR_S, 3600.0, math.inf, math.nan])
def test_times_that_have_not_come_yet_are_no_times(ahead_s: float) -> None:
    bench = ready_to_close()
    for value in ("charger_v_at", "battery_v_at"):
        bench.ask(contactors=True, **{value: bench.now + ahead_s})
        assert not bench.outputs.minus
        bench.ask(contactors=False, **{value: bench.now})
    bench.ask(heartbeat_at=bench.now + ahead_s)
    assert bench.report.emergency is faults.HEARTBEAT_LOST
    assert not bench.outputs.s2


def test_a_report_of_no_time_is_no_report() -> None:
    bench = Bench(None, LOCKED)
    bench.ask(session=True, heartbeat_at=bench.now, lock=False)
    for _ in range(5):
        bench.ask(charger_v=1.0, charger_v_at=math.nan)
    assert bench.drive() is LockDrive.OFF
