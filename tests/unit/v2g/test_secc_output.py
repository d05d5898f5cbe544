"""The SECC's step: cable check, the output (E1, E2), and stopping."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyplc_fw import faults
from pyplc_fw.v2g.messages import din
from pyplc_fw.v2g.ports import CableCheck
from pyplc_fw.v2g.secc import pilot_needed
from pyplc_fw.v2g.secc_session import SeccState
from tests.unit.v2g import din_requests as req
from tests.unit.v2g.secc_step import ask, session_in
from tests.unit.v2g.v2g_bench import BenchPilot

Code = din.ResponseCode
Status = din.DC_EVSEStatusCode
Processing = din.EVSEProcessing
Isolation = din.IsolationLevel
State = SeccState


# --- cable check ---------------------------------------------------------------------------------
def test_cable_check_is_ongoing_until_it_passed() -> None:
    secc, supply, _ = session_in(State.CABLE_CHECK)
    supply.start_cable_check = lambda: setattr(  # type: ignore[method-assign]
        supply, "cable_check", CableCheck.ONGOING
    )
    first = ask(secc, req.cable_check())
    assert (first.ResponseCode, first.EVSEProcessing) == (Code.OK, Processing.Ongoing)
    assert first.DC_EVSEStatus.EVSEStatusCode is Status.EVSE_IsolationMonitoringActive
    assert first.DC_EVSEStatus.EVSEIsolationStatus is Isolation.Invalid
    supply._finish()
    last = ask(secc, req.cable_check())
    assert (last.ResponseCode, last.EVSEProcessing) == (Code.OK, Processing.Finished)
    assert last.DC_EVSEStatus.EVSEStatusCode is Status.EVSE_Ready
    assert last.DC_EVSEStatus.EVSEIsolationStatus is Isolation.Valid
    assert secc.state is State.PRE_CHARGE


def test_cable_check_waits_for_a_car_that_is_not_ready() -> None:
    secc, supply, _ = session_in(State.CABLE_CHECK)
    assert ask(secc, req.cable_check(ready=False)).EVSEProcessing is Processing.Ongoing
    assert supply.events == []
    assert ask(secc, req.cable_check()).EVSEProcessing is Processing.Finished


def test_cable_check_without_state_c_is_refused() -> None:
    secc, supply, _ = session_in(State.CABLE_CHECK, pilot="B")
    assert ask(secc, req.cable_check()).ResponseCode is Code.FAILED
    assert "cable_check" not in supply.events


def test_a_failed_cable_check_is_refused() -> None:
    secc, supply, _ = session_in(State.CABLE_CHECK)
    supply.cable_check_result = CableCheck.FAILED
    assert ask(secc, req.cable_check()).ResponseCode is Code.FAILED
    assert secc.end_reason is faults.CABLE_CHECK_FAILED
    assert supply.off


def test_a_cable_check_of_38_s_is_too_long() -> None:
    secc, supply, clock = session_in(State.CABLE_CHECK)
    supply.start_cable_check = lambda: setattr(  # type: ignore[method-assign]
        supply, "cable_check", CableCheck.ONGOING
    )
    began = clock.now
    for passed_s, code in ((0.0, Code.OK), (37.999999, Code.OK), (38.0, Code.FAILED)):
        clock.now = began + passed_s
        assert ask(secc, req.cable_check()).ResponseCode is code


# --- the output: E1 and E2 -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("current_a", "given_a"), [(0.0, 2.0), (1.0, 1.0), (2.0, 2.0), (50.0, 2.0)]
)
def test_precharge_gives_2_a_at_most(current_a: float, given_a: float) -> None:
    secc, supply, _ = session_in(State.PRE_CHARGE)
    response = ask(secc, req.pre_charge(350.0, current_a))
    assert response.EVSEPresentVoltage.si == 350.0
    assert response.DC_EVSEStatus.EVSEStatusCode is Status.EVSE_Ready
    assert supply.asked == [(350.0, given_a)]


def test_a_start_needs_precharge_and_leads_to_the_charge_loop() -> None:
    secc, _, _ = session_in(State.PRE_CHARGE)
    assert ask(secc, req.power_delivery(start=True)).ResponseCode is Code.FAILED_SequenceError
    secc, _, _ = session_in(State.PRE_CHARGE)
    assert ask(secc, req.pre_charge()).ResponseCode is Code.OK
    assert ask(secc, req.pre_charge()).ResponseCode is Code.OK
    assert ask(secc, req.power_delivery(start=True)).ResponseCode is Code.OK
    assert secc.state is State.CURRENT_DEMAND
    assert ask(secc, req.power_delivery(start=True)).ResponseCode is Code.FAILED_SequenceError


@pytest.mark.parametrize("state", [State.CABLE_CHECK, State.PRE_CHARGE, State.CURRENT_DEMAND])
def test_a_stop_switches_the_output_off(state: SeccState) -> None:
    secc, supply, _ = session_in(state)
    assert ask(secc, req.power_delivery(start=False)).ResponseCode is Code.OK
    assert supply.events == ["disable"]
    assert secc.state is State.WELDING_DETECTION
    assert ask(secc, req.current_demand()).ResponseCode is Code.FAILED_SequenceError


def test_current_demand_is_given_as_asked_within_the_limits() -> None:
    secc, supply, _ = session_in(State.CURRENT_DEMAND)
    response = ask(secc, req.current_demand(400.0, 100.0))
    assert supply.asked == [(400.0, 100.0)]
    assert (response.EVSEPresentVoltage.si, response.EVSEPresentCurrent.si) == (400.0, 100.0)
    assert response.EVSEMaximumCurrentLimit.si == 125.0
    assert not response.EVSECurrentLimitAchieved
    assert not response.EVSEPowerLimitAchieved


@pytest.mark.parametrize(
    ("request_", "asked", "flag"),
    [
        (req.current_demand(300.0, 150.0), (300.0, 125.0), "EVSECurrentLimitAchieved"),
        (
            req.current_demand(600.0, 10.0, EVMaximumVoltageLimit=din.volts(700)),
            (500.0, 10.0),
            "EVSEVoltageLimitAchieved",
        ),
        (
            req.current_demand(500.0, 120.0, EVMaximumVoltageLimit=din.volts(500)),
            (500.0, 100.0),
            "EVSEPowerLimitAchieved",
        ),
        (req.current_demand(450.0, 10.0), (410.0, 10.0), None),  # above the car's own limit
        (
            req.current_demand(400.0, 50.0, EVMaximumCurrentLimit=din.amps(20)),
            (400.0, 20.0),
            None,
        ),
        (
            req.current_demand(400.0, 50.0, EVMaximumPowerLimit=din.watts(4000)),
            (400.0, 10.0),
            None,
        ),
        (req.current_demand(-5.0, -5.0), (0.0, 0.0), None),
    ],
)
def test_requests_beyond_a_limit_are_clamped_and_flagged(
    request_: din.Message, asked: tuple[float, float], flag: str | None
) -> None:
    secc, supply, _ = session_in(State.CURRENT_DEMAND)
    response = ask(secc, request_)
    assert supply.asked == [pytest.approx(asked)]
    if flag is not None:
        assert getattr(response, flag)


@pytest.mark.parametrize(
    "status",
    [
        req.ev_status(ready=False),
        req.ev_status(error=din.DC_EVErrorCode.FAILED_EVRESSMalfunction),
    ],
)
def test_a_car_that_is_not_ready_or_has_an_error_gets_no_current(status: din.DC_EVStatus) -> None:
    secc, supply, _ = session_in(State.CURRENT_DEMAND)
    ask(secc, req.current_demand(400.0, 100.0))
    response = ask(secc, req.current_demand(400.0, 100.0, status=status))
    assert supply.asked[-1] == (400.0, 0.0)
    assert response.EVSEPresentCurrent.si == 0.0


def test_a_car_that_is_not_ready_in_precharge_gets_no_volt_more() -> None:
    secc, supply, _ = session_in(State.PRE_CHARGE)
    ask(secc, req.pre_charge(200.0))
    ask(secc, req.pre_charge(350.0, status=req.ev_status(ready=False)))
    assert supply.asked == [(200.0, 2.0), (200.0, 0.0)]


@given(
    pilot=st.sampled_from("ABCDEF"),
    ready=st.booleans(),
    voltage_v=st.floats(-1000, 1000),
    current_a=st.floats(-1000, 1000),
    limit_v=st.floats(-1000, 1000),
    limit_a=st.floats(-1000, 1000),
    limit_w=st.floats(-1000, 200_000),
)
def test_no_output_without_state_c_nor_above_any_limit(
    *,
    pilot: str,
    ready: bool,
    voltage_v: float,
    current_a: float,
    limit_v: float,
    limit_a: float,
    limit_w: float,
) -> None:
    secc, supply, _ = session_in(State.CURRENT_DEMAND, pilot=pilot)
    limits = {
        "EVMaximumVoltageLimit": din.volts(limit_v),
        "EVMaximumCurrentLimit": din.amps(limit_a),
        "EVMaximumPowerLimit": din.watts(limit_w),
    }
    status = req.ev_status(ready=ready)
    ask(secc, req.current_demand(voltage_v, current_a, status=status, **limits))
    if pilot not in "CD" or not ready:
        assert supply.asked == []
        assert supply.off
    for set_v, set_a in supply.asked:
        assert 0.0 <= set_v <= max(min(500.0, limits["EVMaximumVoltageLimit"].si), 0.0)
        assert 0.0 <= set_a <= max(min(125.0, limits["EVMaximumCurrentLimit"].si), 0.0)
        limit = max(min(50_000.0, limits["EVMaximumPowerLimit"].si), 0.0)
        assert set_v * set_a <= limit * (1 + 1e-9)


@given(st.lists(st.one_of(st.sampled_from(req.REQUESTS), st.sampled_from("ABCDEF")), max_size=30))
def test_no_order_of_requests_and_pilot_states_gets_output_where_it_must_not(
    steps: list[din.Message | str],
) -> None:
    secc, supply, _ = session_in(State.CABLE_CHECK)
    pilot = secc.pilot
    assert isinstance(pilot, BenchPilot)
    for step in steps:
        asked, tested = len(supply.asked), supply.events.count("cable_check")
        if isinstance(step, str):
            pilot.set(step)
            continue
        before = secc.state
        ask(secc, step)
        if pilot.state not in "CD" or before in (State.FAILED, State.ENDED):
            assert len(supply.asked) == asked
            assert supply.events.count("cable_check") == tested
        for _, set_a in supply.asked[asked:]:
            assert supply.cable_check is CableCheck.PASSED
            assert set_a <= (125.0 if before is State.CURRENT_DEMAND else 2.0)
        if secc.state in (State.FAILED, State.ENDED, State.WELDING_DETECTION):
            assert supply.off


@pytest.mark.parametrize("pilot", ["A", "B", "E", "F"])
@pytest.mark.parametrize(
    ("state", "request_", "code"),
    [
        (State.PRE_CHARGE, req.pre_charge(), Code.FAILED),
        (State.POWER_DELIVERY, req.pre_charge(), Code.FAILED),
        (State.POWER_DELIVERY, req.power_delivery(start=True), Code.FAILED),
        (State.CURRENT_DEMAND, req.current_demand(), Code.OK),
    ],
)
def test_a_pilot_that_left_c_gets_no_output(
    pilot: str, state: SeccState, request_: din.Message, code: din.ResponseCode
) -> None:
    secc, supply, _ = session_in(state, pilot=pilot)
    assert ask(secc, request_).ResponseCode is code
    assert supply.asked == []
    if code is Code.OK:
        response = ask(secc, request_)
        assert response.DC_EVSEStatus.EVSEStatusCode is Status.EVSE_EmergencyShutdown


def test_an_insulation_that_fails_in_the_charge_is_an_emergency() -> None:
    secc, supply, _ = session_in(State.CURRENT_DEMAND)
    supply.isolation_ok = False
    response = ask(secc, req.current_demand())
    assert response.DC_EVSEStatus.EVSEStatusCode is Status.EVSE_EmergencyShutdown
    assert supply.events == ["emergency_off"]
    assert secc.end_reason is faults.ISOLATION_FAULT
    supply.isolation_ok = True
    ask(secc, req.current_demand())
    assert supply.asked == []  # an emergency stays


# --- stopping ------------------------------------------------------------------------------------
def test_a_stop_at_the_charger_is_told_and_enforced_after_10_s() -> None:
    secc, supply, clock = session_in(State.CURRENT_DEMAND)
    ask(secc, req.current_demand())
    secc.request_stop(faults.STOPPED_BY_CHARGER)
    began = clock.now
    clock.now = began + 9.999999
    response = ask(secc, req.current_demand())
    assert response.ResponseCode is Code.OK
    assert response.DC_EVSEStatus.EVSEStatusCode is Status.EVSE_Shutdown
    assert response.DC_EVSEStatus.EVSENotification is din.EVSENotification.StopCharging
    clock.now = began + 10.0
    assert ask(secc, req.current_demand()).ResponseCode is Code.FAILED
    assert supply.off
    assert secc.end_reason is faults.STOPPED_BY_CHARGER


@pytest.mark.parametrize(
    ("state", "request_"),
    [
        (State.CABLE_CHECK, req.cable_check()),
        (State.PRE_CHARGE, req.pre_charge()),
        (State.POWER_DELIVERY, req.pre_charge()),
        (State.POWER_DELIVERY, req.power_delivery(start=True)),
        (State.CURRENT_DEMAND, req.current_demand()),
    ],
)
def test_a_car_that_goes_on_long_after_a_stop_gets_nothing_any_more(
    state: SeccState, request_: din.Message
) -> None:
    secc, supply, clock = session_in(state)
    secc.request_stop(faults.STOPPED_BY_OWNER)
    clock.now += 10.0
    assert ask(secc, request_).ResponseCode is Code.FAILED
    assert (supply.asked, supply.events) == ([], ["disable"])
    assert secc.end_reason is faults.STOPPED_BY_OWNER


def test_welding_detection_needs_state_b() -> None:
    secc, _, _ = session_in(State.WELDING_DETECTION, pilot="B")
    assert ask(secc, req.WELDING_DETECTION).ResponseCode is Code.OK
    secc, _, _ = session_in(State.WELDING_DETECTION, pilot="C")
    assert ask(secc, req.WELDING_DETECTION).ResponseCode is Code.FAILED


@pytest.mark.parametrize(
    ("state", "request_", "needed"),
    [
        (State.CABLE_CHECK, req.cable_check(), "CD"),
        (State.WELDING_DETECTION, req.WELDING_DETECTION, "B"),
        (State.CURRENT_DEMAND, req.current_demand(), ""),
        (State.ENDED, req.current_demand(), ""),
    ],
)
def test_the_pilot_state_that_a_request_needs(
    state: SeccState, request_: din.Message, needed: str
) -> None:
    secc, _, _ = session_in(state)
    assert pilot_needed(secc, req.envelope(request_)) == needed
