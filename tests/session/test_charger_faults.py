"""A charger that answers wrongly, late, or not at all, and one that does not do what it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pyplc_fw import faults
from pyplc_fw.faults import Reason
from pyplc_fw.terms import EndState
from pyplc_fw.v2g.messages import din
from pyplc_fw.vehicle.ports import GuardRules, VoltageSource
from tests.session import tampering
from tests.session.bench import LONG, SHORT, Bench, Outcome, judged
from tests.session.tampering import RefusingNetwork, TamperedNetwork, Tampering

BEFORE_THE_END = [
    ("supportedAppProtocolRes", 1),
    ("SessionSetupRes", 1),
    ("ServiceDiscoveryRes", 1),
    ("ServicePaymentSelectionRes", 1),
    ("ContractAuthenticationRes", 1),
    ("ContractAuthenticationRes", 3),
    ("ChargeParameterDiscoveryRes", 1),
    ("CableCheckRes", 1),
    ("CableCheckRes", 5),
    ("PreChargeRes", 1),
    ("PreChargeRes", 3),
    ("PowerDeliveryRes", 1),
    ("CurrentDemandRes", 1),
    ("CurrentDemandRes", 10),
    ("PowerDeliveryRes", 2),
]
"Each response, by its name and which of them; a fault there is the session's reason."
AT_THE_END = [("WeldingDetectionRes", 1), ("SessionStopRes", 1)]
"A fault there is noted, and the session's reason stays what it was."
SILENT = [("missing", tampering.missing), ("late", tampering.late(2.5))]
MALFORMED = [
    ("garbage", tampering.garbage),
    ("truncated", tampering.truncated),
    ("other V2GTP", tampering.bad_v2gtp),
]
GONE = [("RST", tampering.reset), ("FIN", tampering.closed)]
WRONG = [
    *((what, tamper, faults.TIMEOUT) for what, tamper in SILENT),
    *((what, tamper, faults.MESSAGE_MALFORMED) for what, tamper in MALFORMED),
    *((what, tamper, faults.LINK_LOST) for what, tamper in GONE),
    ("FAILED", tampering.failed, faults.RESPONSE_FAILED),
]
FAILED = {
    "supportedAppProtocolRes": faults.NO_COMMON_PROTOCOL,
    "CableCheckRes": faults.CABLE_CHECK_FAILED,
}
"Where FAILED means something more precise."


def tampered(name: str, nth: int, tampering_: Tampering) -> Outcome:
    def happens(bench: Bench) -> None:
        bench.evse_network = TamperedNetwork(bench.evse_network, name, tampering_, nth=nth)

    return judged(SHORT, happens)


def assert_safe(outcome: Outcome) -> None:
    assert outcome.findings == []
    for end in (outcome.pev, outcome.evse):
        assert end is not None
        assert end.end_state is EndState.SAFE


@pytest.mark.parametrize(("name", "nth"), BEFORE_THE_END)
@pytest.mark.parametrize(("what", "tamper", "reason"), WRONG)
def test_a_wrong_response_ends_the_session_safely(
    name: str, nth: int, what: str, tamper: Tampering, reason: Reason
) -> None:
    outcome = tampered(name, nth, tamper)
    assert_safe(outcome)
    expected = FAILED.get(name, reason) if what == "FAILED" else reason
    assert outcome.reasons[0] is expected


@pytest.mark.parametrize(("name", "nth"), AT_THE_END)
@pytest.mark.parametrize(("what", "tamper", "_reason"), WRONG)
def test_a_wrong_response_at_the_end_changes_no_reason(
    name: str, nth: int, what: str, tamper: Tampering, _reason: Reason
) -> None:
    outcome = tampered(name, nth, tamper)
    assert_safe(outcome)
    assert outcome.reasons[0] is faults.BATTERY_FULL
    assert outcome.pev is not None
    assert outcome.pev.detail, what


@pytest.mark.parametrize(("name", "nth"), BEFORE_THE_END[1:])
def test_a_response_of_another_session_ends_this_one(name: str, nth: int) -> None:
    outcome = tampered(name, nth, tampering.other_session)
    assert_safe(outcome)
    assert outcome.reasons[0] in {faults.PEER_BROKE_PROTOCOL, faults.RESPONSE_FAILED}


@pytest.mark.parametrize(("name", "nth"), [*BEFORE_THE_END[::3], *AT_THE_END])
def test_a_response_in_single_octets_is_as_good_as_any(name: str, nth: int) -> None:
    outcome = tampered(name, nth, tampering.in_pieces)
    assert_safe(outcome)
    assert outcome.reasons == (faults.BATTERY_FULL, faults.BATTERY_FULL)


@pytest.mark.parametrize(("name", "nth"), [*BEFORE_THE_END, *AT_THE_END])
def test_a_slow_charger_that_keeps_to_the_timers_is_waited_for(name: str, nth: int) -> None:
    slow = tampering.late(0.2 if name == "CurrentDemandRes" else 1.9)
    outcome = tampered(name, nth, slow)
    assert_safe(outcome)
    assert outcome.reasons == (faults.BATTERY_FULL, faults.BATTERY_FULL)


# --- what a response says ------------------------------------------------------------------------

Code = din.DC_EVSEStatusCode
WITH_STATUS = [
    ("CableCheckRes", 2),
    ("PreChargeRes", 2),
    ("PowerDeliveryRes", 1),
    ("CurrentDemandRes", 10),
    ("PowerDeliveryRes", 2),
    ("WeldingDetectionRes", 1),
]
EMERGENCIES = [
    (tampering.status(Code.EVSE_EmergencyShutdown), faults.CHARGER_EMERGENCY),
    (tampering.status(Code.EVSE_Malfunction), faults.CHARGER_MALFUNCTION),
    (tampering.status(Code.Reserved_C), faults.CHARGER_MALFUNCTION),
    (
        tampering.status(Code.EVSE_Ready, isolation=din.IsolationLevel.Fault),
        faults.ISOLATION_FAULT,
    ),
]


@pytest.mark.parametrize(("name", "nth"), WITH_STATUS)
@pytest.mark.parametrize(("tamper", "reason"), EMERGENCIES)
def test_an_emergency_status_ends_the_session_at_once(
    name: str, nth: int, tamper: Tampering, reason: Reason
) -> None:
    outcome = tampered(name, nth, tamper)
    assert_safe(outcome)
    assert outcome.reasons[0] is reason


@pytest.mark.parametrize(("name", "nth"), WITH_STATUS)
@pytest.mark.parametrize("code", [Code.EVSE_Shutdown, Code.EVSE_UtilityInterruptEvent])
def test_a_charger_that_wants_to_stop_is_followed(name: str, nth: int, code: Any) -> None:
    outcome = tampered(name, nth, tampering.status(code))
    assert_safe(outcome)
    too_late = (name, nth) in WITH_STATUS[-2:]
    assert outcome.reasons[0] is (faults.BATTERY_FULL if too_late else faults.STOPPED_BY_CHARGER)


@pytest.mark.parametrize(("name", "nth"), WITH_STATUS)
def test_a_charger_that_says_not_ready_is_worked_with(name: str, nth: int) -> None:
    outcome = tampered(name, nth, tampering.status(Code.EVSE_NotReady))
    assert_safe(outcome)
    assert outcome.reasons[0] is faults.BATTERY_FULL


@pytest.mark.parametrize("at", [560, 570, 590, 600, 710])
def test_an_emergency_stop_at_the_charger_cuts_the_output(at: int) -> None:
    outcome = judged(
        SHORT, lambda bench: bench.when(at, bench.desk.secc.request_emergency_stop, after_s=0.05)
    )
    assert_safe(outcome)
    assert outcome.reasons[1] is faults.CHARGER_EMERGENCY
    assert outcome.reasons[0] in {
        faults.CHARGER_EMERGENCY,
        faults.RESPONSE_FAILED,
        faults.CABLE_CHECK_FAILED,
    }


# --- what the output does ------------------------------------------------------------------------


def supply_fault(at: int, **broken: Any) -> Callable[[Bench], None]:
    def happens(bench: Bench) -> None:
        supply = bench.desk.plant.supply
        bench.when(
            at, lambda: setattr(supply, "faults", replace(supply.faults, **broken)), after_s=0.013
        )

    return happens


FROM_THE_START, IN_THE_LOOP = 4, 710


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (supply_fault(FROM_THE_START, stuck_at_v=0.0), faults.PRE_CHARGE_FAILED),
        (supply_fault(FROM_THE_START, stuck_at_v=200.0), faults.PRE_CHARGE_FAILED),
        (supply_fault(FROM_THE_START, voltage_error_v=40.0), faults.PRE_CHARGE_FAILED),
        (supply_fault(FROM_THE_START, voltage_error_v=-40.0), faults.PRE_CHARGE_FAILED),
        (supply_fault(FROM_THE_START, isolation_bad=True), faults.CABLE_CHECK_FAILED),
        (supply_fault(570, isolation_bad=True), faults.CHARGER_EMERGENCY),
        (supply_fault(IN_THE_LOOP, isolation_bad=True), faults.CHARGER_EMERGENCY),
        (supply_fault(IN_THE_LOOP, voltage_error_v=40.0), faults.BATTERY_FULL),
        (supply_fault(IN_THE_LOOP, voltage_error_v=-40.0), faults.BATTERY_FULL),
        (supply_fault(IN_THE_LOOP, current_error_a=20.0), faults.BATTERY_FULL),
        (supply_fault(IN_THE_LOOP, current_error_a=-50.0), faults.BATTERY_FULL),
    ],
)
def test_a_broken_output_ends_safely(happens: Callable[[Bench], None], reason: Reason) -> None:
    outcome = judged(SHORT, happens)
    assert_safe(outcome)
    assert outcome.reasons[0] is reason


def test_a_charger_that_gives_nothing_may_be_left_by_the_owner() -> None:
    def happens(bench: Bench) -> None:
        supply_fault(IN_THE_LOOP, stuck_at_v=0.0)(bench)
        bench.when(IN_THE_LOOP, bench.desk.evcc.request_stop, after_s=5.0)

    outcome = judged(LONG, happens)
    assert_safe(outcome)
    assert outcome.reasons[0] is faults.STOPPED_BY_OWNER


def test_a_measured_inlet_holds_the_plug_of_a_charger_that_does_not_switch_off() -> None:
    rules = GuardRules(voltage_source=VoltageSource.MEASURED)
    outcome = judged(SHORT, supply_fault(IN_THE_LOOP, ignores_stop=True), rules=rules)
    assert outcome.findings == []
    assert outcome.pev is not None
    assert outcome.pev.end_state is EndState.HELD
    assert outcome.pev.held_because is faults.UNLOCK_REFUSED
    assert outcome.truth.lock_position == 1.0
    assert outcome.evse is not None
    assert outcome.evse.end_state is EndState.HELD


def test_a_charger_nobody_answers_stops_by_itself_after_its_grace_time() -> None:
    """The car's requests say nothing of a stop: they are the same ones, again and again."""

    def happens(bench: Bench) -> None:
        bench.evse_network = TamperedNetwork(
            bench.evse_network, "CurrentDemandRes", tampering.status(Code.EVSE_Ready), nth=0
        )
        bench.when(IN_THE_LOOP, bench.desk.secc.request_stop, after_s=1.0)

    outcome = judged(LONG, happens)
    assert_safe(outcome)
    assert outcome.reasons[1] is faults.STOPPED_BY_CHARGER


# --- a connection that does not come about -------------------------------------------------------


def test_a_refused_connection_is_tried_until_the_setup_time_is_over() -> None:
    def happens(bench: Bench) -> None:
        bench.evse_network = RefusingNetwork(bench.evse_network)

    outcome = judged(SHORT, happens)
    assert_safe(outcome)
    assert outcome.reasons[0] is faults.TIMEOUT
    assert outcome.events("pev").count("tcp.connect_failed") > 10


HALF_OPEN = [103, 160, 200, 301, 400, 530, 540, 560, 570, 590, 600, 710, 800, 850, 900]


@pytest.mark.parametrize("at", HALF_OPEN)
@pytest.mark.parametrize("side", ["charger", "car"])
def test_a_side_that_is_heard_no_more_ends_the_session_safely(at: int, side: str) -> None:
    def happens(bench: Bench) -> None:
        host = bench.desk.charger if side == "charger" else bench.desk.car
        bench.when(at, lambda: setattr(host, "is_up", False))

    outcome = judged(SHORT, happens)
    assert_safe(outcome)
    if at in {850, 900}:
        expected = {faults.BATTERY_FULL}
    elif at in {103, 160, 200, 301}:  # up to the connection the search goes on
        expected = {faults.SLAC_NO_ANSWER, faults.SDP_NO_ANSWER, faults.LINK_LOST}
    else:
        expected = {faults.TIMEOUT}
    assert outcome.reasons[0] in expected
