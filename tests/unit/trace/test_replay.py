"""Our sides against a recording: in step, in time, and what is told where they are not."""

from __future__ import annotations

from dataclasses import fields

import pytest

from pyplc_fw import faults
from pyplc_fw.net.packets import ACK, FIN
from pyplc_fw.trace.conversation import read_conversation
from pyplc_fw.trace.events import Dialogue
from pyplc_fw.trace.replay import (
    MESSAGE_TIMERS,
    PHASE_TIMERS,
    replay_evcc,
    replay_secc,
    replayable,
)
from pyplc_fw.trace.replay_result import ReplayResult, Verdict
from pyplc_fw.trace.replay_script import Key, script_of
from pyplc_fw.v2g.messages import din
from pyplc_fw.v2g.timers import EvccTimers
from tests.helpers import SHARED
from tests.unit.trace.made import (
    CAR,
    CHARGER,
    Made,
    cable_check,
    current_demand,
    discovery,
    handshake,
    power_delivery,
    pre_charge,
    setup,
    stop,
    whole_session,
)

Code = din.DC_EVSEStatusCode
FINISHED = din.EVSEProcessing.Finished

FULL_SESSIONS = ("DIN_DC_DS5366_Josev", "2023-04-26", "2024-04-20", "2024-06-18")
"DIN recordings that reach SessionStop."


def dialogue(made: Made) -> Dialogue:
    (only,) = made.conversation().dialogues
    return only


def begun() -> Made:
    made = Made()
    made.open()
    made.talk([handshake(), setup(), *discovery(), *cable_check(FINISHED)])
    return made


def differing(result: ReplayResult) -> set[str]:
    return {f"{message}.{field}" for message, field in result.differences}


# --- our EVCC --------------------------------------------------------------------------------


def test_our_evcc_goes_through_a_whole_session() -> None:
    result = replay_evcc(dialogue(whole_session()))
    assert result.verdict is Verdict.THROUGH
    assert result.used == result.script.counts()
    assert not result.skipped
    assert not result.made_up
    assert result.end is not None
    assert result.end.reason is faults.STOPPED_BY_EV
    assert "PreChargeReq.EVTargetVoltage" not in differing(result)
    assert "CurrentDemandReq.EVTargetCurrent" not in differing(result)
    assert "ServiceDiscoveryReq.ServiceCategory" in differing(result)


def test_the_recorded_charger_ends_it() -> None:
    made = begun()
    made.talk([*pre_charge(345.0), power_delivery(start=True), current_demand(1.0)])
    made.talk([current_demand(1.0, Code.EVSE_EmergencyShutdown)] * 4)
    made.tcp(CHARGER, FIN | ACK)
    result = replay_evcc(dialogue(made))
    assert result.verdict is Verdict.PEER_ENDED
    assert result.end is not None
    assert result.end.reason is faults.CHARGER_EMERGENCY
    assert result.remarks["the recorded car went on after that (3 more)"] == 1


def test_a_request_that_was_never_answered_ends_where_the_charger_closed() -> None:
    made = begun()
    made.say(CAR, pre_charge(100.0)[0][0])
    made.tcp(CHARGER, FIN | ACK)
    result = replay_evcc(dialogue(made))
    assert result.verdict is Verdict.THROUGH
    assert result.end is not None
    assert result.end.reason is faults.LINK_LOST
    assert result.remarks["the recorded charger closed the connection there"] == 1


def test_where_the_recorded_car_stopped_in_precharge_ours_stops() -> None:
    made = begun()
    made.talk([*pre_charge(100.0, 200.0, 348.0), stop()[-1]])
    made.close()
    result = replay_evcc(dialogue(made))
    assert result.verdict is Verdict.THROUGH
    assert result.used[Key("PreCharge")] == 3
    assert not result.made_up


def test_what_the_recorded_car_never_asked_is_made_up_and_told() -> None:
    made = begun()
    made.talk([*pre_charge(345.0), power_delivery(start=True), current_demand(1.0)])
    made.talk([power_delivery(start=False), stop()[-1]])  # no WeldingDetection
    made.close()
    result = replay_evcc(dialogue(made))
    assert result.verdict is Verdict.THROUGH
    assert set(result.made_up) == {Key("WeldingDetection")}
    assert any("WeldingDetection" in line and "2" in line for line in result.lines())


def test_a_timer_that_the_recording_outlasts_is_told_and_made_longer() -> None:
    made = begun()
    for exchange in pre_charge(*([100.0] * 9), 345.0):
        made.now_ns += 1_000_000_000
        made.talk([exchange])
    made.talk([power_delivery(start=True), current_demand(1.0), *stop()])
    made.close()
    result = replay_evcc(dialogue(made))
    assert result.verdict is Verdict.THROUGH
    assert any("V2G_EVCC_PreCharge_Timeout is 7 s" in remark for remark in result.remarks)


def test_every_timer_that_a_recording_may_make_longer_exists() -> None:
    assert {f.name for f in fields(EvccTimers)} >= {*PHASE_TIMERS, *MESSAGE_TIMERS}


def test_a_start_that_said_false_is_still_a_start() -> None:
    made = begun()
    made.talk([*pre_charge(345.0), power_delivery(start=False), current_demand(1.0)])
    keys = [exchange.key for exchange in script_of(dialogue(made)).exchanges]
    assert Key("PowerDelivery", starts=True) in keys


# --- our SECC --------------------------------------------------------------------------------


def test_our_secc_answers_a_whole_session() -> None:
    result = replay_secc(dialogue(whole_session()))
    assert result.verdict is Verdict.CAR_STOPPED
    assert sum(result.used.values()) == 18
    assert result.end is not None
    assert result.end.reason is faults.STOPPED_BY_EV
    assert "SessionSetupRes.EVSEID" not in differing(result)
    assert "CurrentDemandRes.EVSEPresentVoltage" not in differing(result)


def test_a_recorded_car_that_leaves_out_a_step_is_refused() -> None:
    made = Made()
    made.open()
    made.talk([handshake(), setup(), *discovery()[:2], discovery()[3]])
    result = replay_secc(dialogue(made))
    assert result.verdict is Verdict.OUT_OF_STEP
    assert "our SECC refused ChargeParameterDiscovery: FAILED_SequenceError" in result.remarks
    assert "did not get to the end" in list(result.lines())[-1]


def test_repetitions_that_our_secc_makes_needless_are_passed_over() -> None:
    made = Made()
    made.open()
    req, res = discovery()[3]
    ongoing = din.ChargeParameterDiscoveryRes(
        ResponseCode=res.ResponseCode,
        EVSEProcessing=din.EVSEProcessing.Ongoing,
        EVSEChargeParameter=res.EVSEChargeParameter,
        SASchedules=res.SASchedules,
    )
    made.talk([handshake(), setup(), *discovery()[:3], (req, ongoing), (req, ongoing), (req, res)])
    made.talk([*cable_check(FINISHED), *pre_charge(345.0), stop()[-1]])
    result = replay_secc(dialogue(made))
    assert result.verdict is Verdict.CAR_STOPPED
    assert result.skipped == {Key("ChargeParameterDiscovery"): 2}


# --- recordings ------------------------------------------------------------------------------


def recorded(name: str) -> list[Dialogue]:
    assert SHARED is not None
    (path,) = (SHARED / "captures").glob(f"{name}*")
    return [d for d in read_conversation(path).dialogues if d.messages and replayable(d)]


@pytest.mark.skipif(SHARED is None, reason="needs ../shared")
@pytest.mark.parametrize("name", FULL_SESSIONS)
def test_our_evcc_goes_through_to_the_end_of_what_was_recorded(name: str) -> None:
    (one,) = recorded(name)
    result = replay_evcc(one)
    assert result.verdict is Verdict.THROUGH
    assert sum(result.used.values()) + sum(result.skipped.values()) == len(result.script.exchanges)


@pytest.mark.skipif(SHARED is None, reason="needs ../shared")
@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("2022-11-25_v0.2_ABB", [faults.LINK_LOST]),
        ("2022-12-13", [faults.CHARGER_EMERGENCY]),
        ("2022-12-20", [faults.RESPONSE_FAILED]),
        ("2023-04-19", [faults.CHARGER_EMERGENCY, faults.CHARGER_EMERGENCY]),
        ("2023-05-24", [faults.LINK_LOST]),
    ],
)
def test_a_failing_recording_ends_where_the_charger_ended_it(
    name: str, reasons: list[faults.Reason]
) -> None:
    results = [replay_evcc(one) for one in recorded(name)]
    assert all(result.in_step for result in results)
    assert [result.end.reason for result in results if result.end] == reasons


@pytest.mark.skipif(SHARED is None, reason="needs ../shared")
@pytest.mark.parametrize("name", [*FULL_SESSIONS, "2022", "2023-05-24"])
def test_our_secc_answers_every_recorded_car(name: str) -> None:
    assert SHARED is not None
    for path in sorted((SHARED / "captures").glob(f"{name}*")):
        for one in read_conversation(path).dialogues:
            if one.messages and replayable(one):
                assert replay_secc(one).in_step, path.name
