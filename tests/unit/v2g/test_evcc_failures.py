"""Whatever goes wrong, at whatever moment: the vehicle ends safe, or held with a reason."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pyplc_fw import faults
from pyplc_fw.errors import LocalProtocolError
from pyplc_fw.faults import Reason
from pyplc_fw.sim.virtual_time import run_virtual
from pyplc_fw.v2g import exi
from pyplc_fw.v2g.messages import app, din
from pyplc_fw.v2g.secc_session import SeccState
from pyplc_fw.v2g.timers import EvccTimers
from pyplc_fw.v2g.v2gtp import PAYLOAD_EXI, wrap
from tests.unit.v2g.v2g_scripts import (
    EPSILON_S,
    MESSAGE_TIMERS,
    STEPS,
    WITH_STATUS,
    EvccBench,
    Late,
    assert_safe,
    at,
    requests_of,
    run_evcc,
    with_body,
    with_status,
)

Code = din.ResponseCode
Status = din.DC_EVSEStatusCode
Processing = din.EVSEProcessing

FAILED = [code for code in Code if code.name.startswith("FAILED")]


# --- every failing response code in every response -----------------------------------------------
@pytest.mark.parametrize("code", FAILED, ids=lambda code: code.value)
@pytest.mark.parametrize("step", STEPS)
def test_a_failed_response_ends_safely_with_nothing_more_than_session_stop(
    step: str, code: din.ResponseCode
) -> None:
    bench, end = run_evcc(at(step, lambda response: with_body(response, ResponseCode=code)))
    assert_safe(bench, end)
    failed_test = step == "CableCheckRes" and code is Code.FAILED
    assert end.reason is (faults.CABLE_CHECK_FAILED if failed_test else faults.RESPONSE_FAILED)
    assert code.value in end.detail
    assert bench.secc.heard[-2] == step.partition(" ")[0].replace("Res", "Req")
    assert bench.secc.heard[-1] == "SessionStopReq"


@pytest.mark.parametrize("code", FAILED, ids=lambda code: code.value)
def test_failed_together_with_finished_is_still_failed(code: din.ResponseCode) -> None:
    def supercharger(response: Any) -> Any:
        return with_body(response, ResponseCode=code, EVSEProcessing=Processing.Finished)

    bench, end = run_evcc(at("CableCheckRes", supercharger))
    assert_safe(bench, end)
    assert "close" not in bench.vehicle.events
    assert end.counts["CableCheckReq"] == 1


def test_a_failed_session_stop_changes_nothing() -> None:
    change = at("SessionStopRes", lambda response: with_body(response, ResponseCode=Code.FAILED))
    bench, end = run_evcc(change)
    assert_safe(bench, end)
    assert end.reason is faults.BATTERY_FULL
    assert end.detail == "SessionStop: SessionStopRes: FAILED"


# --- emergency statuses --------------------------------------------------------------------------
EMERGENCIES = [
    ({"EVSEStatusCode": Status.EVSE_EmergencyShutdown}, faults.CHARGER_EMERGENCY),
    ({"EVSEStatusCode": Status.EVSE_Malfunction}, faults.CHARGER_MALFUNCTION),
    ({"EVSEStatusCode": Status.Reserved_8}, faults.CHARGER_MALFUNCTION),
    ({"EVSEStatusCode": Status.Reserved_C}, faults.CHARGER_MALFUNCTION),
    ({"EVSEIsolationStatus": din.IsolationLevel.Fault}, faults.ISOLATION_FAULT),
]


@pytest.mark.parametrize(
    ("changes", "reason"), EMERGENCIES, ids=lambda value: getattr(value, "id", None)
)
@pytest.mark.parametrize("step", WITH_STATUS)
def test_an_emergency_status_ends_at_once(
    step: str, changes: dict[str, Any], reason: Reason
) -> None:
    bench, end = run_evcc(at(step, lambda response: with_status(response, **changes)))
    assert_safe(bench, end)
    assert end.reason is reason
    if step != "PowerDeliveryRes stop":
        assert "confirmed_stop" not in bench.vehicle.events


def test_an_emergency_under_current_asks_for_0_a_until_it_is_gone() -> None:
    falling = [100.0, 100.0, 80.0, 40.0, 3.0]

    def emergency(response: Any) -> Any:
        current = din.amps(falling.pop(0) if falling else 0)
        response = with_body(response, EVSEPresentCurrent=current)
        if len(falling) < 3:
            response = with_status(response, EVSEStatusCode=Status.EVSE_EmergencyShutdown)
        return response

    bench, end = run_evcc(at("CurrentDemandRes", emergency))
    assert_safe(bench, end)
    asked = [
        request.Body.BodyElement
        for request in bench.secc.requests[1:]
        if isinstance(request.Body.BodyElement, din.CurrentDemandReq)
    ]
    assert [request.EVTargetCurrent.si for request in asked] == [100.0, 100.0, 100.0, 0.0, 0.0]
    assert [request.DC_EVStatus.EVReady for request in asked] == [True, True, True, False, False]
    assert bench.vehicle.current_when_opened == 3.0
    assert bench.secc.heard[-1] == "SessionStopReq"


def test_an_emergency_whose_current_stays_opens_the_contactors_after_2_s() -> None:
    def emergency(response: Any) -> Any:
        response = with_body(response, EVSEPresentCurrent=din.amps(90))
        return with_status(response, EVSEStatusCode=Status.EVSE_EmergencyShutdown)

    bench, end = run_evcc(at("CurrentDemandRes", emergency))
    assert_safe(bench, end)
    times = bench.vehicle.times
    assert times["open"] - times["state_b"] == pytest.approx(2.0)


def test_an_isolation_test_that_finishes_invalid_failed() -> None:
    def invalid(response: Any) -> Any:
        return with_status(response, EVSEIsolationStatus=din.IsolationLevel.Invalid)

    bench, end = run_evcc(at("CableCheckRes", invalid))
    assert_safe(bench, end)
    assert end.reason is faults.CABLE_CHECK_FAILED


# --- no answer, and answers a hair before and after the limit ------------------------------------
@pytest.mark.parametrize("step", MESSAGE_TIMERS)
def test_a_missing_response_runs_into_the_named_timer(step: str) -> None:
    bench, end = run_evcc(at(step, lambda _: None))
    assert_safe(bench, end)
    name, limit_s = MESSAGE_TIMERS[step]
    assert end.reason is faults.TIMEOUT
    assert end.detail == f"V2G_EVCC_Msg_Timeout_{name} ({limit_s:g} s) ran out"
    assert bench.car_end.aborted


@pytest.mark.parametrize("step", MESSAGE_TIMERS)
def test_a_response_a_hair_before_the_limit_is_in_time(step: str) -> None:
    once: list[int] = []

    def late(response: Any) -> Any:
        if once:
            return response
        once.append(1)
        return Late(MESSAGE_TIMERS[step][1] - EPSILON_S, response)

    bench, end = run_evcc(at(step, late))
    assert_safe(bench, end)
    assert end.reason is faults.BATTERY_FULL


@pytest.mark.parametrize("step", MESSAGE_TIMERS)
def test_a_response_a_hair_after_the_limit_is_too_late(step: str) -> None:
    late = at(step, lambda response: Late(MESSAGE_TIMERS[step][1] + EPSILON_S, response))
    bench, end = run_evcc(late)
    assert_safe(bench, end)
    assert end.reason is faults.TIMEOUT


@pytest.mark.parametrize(
    ("step", "state", "timer", "reason"),
    [
        (
            "ContractAuthenticationRes",
            SeccState.CONTRACT_AUTHENTICATION,
            "V2G_EVCC_Ongoing_Timeout (60 s)",
            faults.TIMEOUT,
        ),
        (
            "ChargeParameterDiscoveryRes",
            SeccState.CHARGE_PARAMETER_DISCOVERY,
            "V2G_EVCC_Ongoing_Timeout (60 s)",
            faults.TIMEOUT,
        ),
        (
            "CableCheckRes",
            SeccState.CABLE_CHECK,
            "V2G_EVCC_CableCheck_Timeout (40 s)",
            faults.CABLE_CHECK_FAILED,
        ),
    ],
)
@pytest.mark.parametrize("hair_s", [-EPSILON_S, EPSILON_S])
def test_ongoing_ends_at_its_limit(
    step: str, state: SeccState, timer: str, reason: Reason, hair_s: float
) -> None:
    """One second after the other Ongoing; the last answer comes a hair before or after."""
    limit_s = float(timer.partition("(")[2].split(maxsplit=1)[0])
    began: list[float] = []

    def ongoing(response: Any) -> Any:
        now = asyncio.get_running_loop().time()
        began.append(now)
        left_s = began[0] + limit_s - now
        if left_s < 1.5:
            return Late(left_s + hair_s, response)
        bench_of[0].secc.session.state = state
        return with_body(response, EVSEProcessing=Processing.Ongoing)

    bench_of: list[EvccBench] = []
    bench, end = run_evcc(at(step, ongoing), bench_of.append)
    assert_safe(bench, end)
    if hair_s < 0.0:
        assert end.reason is faults.BATTERY_FULL
    else:
        assert (end.reason, end.detail) == (reason, f"{timer} ran out")


@pytest.mark.parametrize("hair_s", [-0.11, EPSILON_S])
def test_precharge_that_meets_late_or_never(hair_s: float) -> None:
    began: list[float] = []

    def slow(response: Any) -> Any:
        now = asyncio.get_running_loop().time()
        began.append(now)
        if now - began[0] < 7.0 + hair_s:
            return with_body(response, EVSEPresentVoltage=din.volts(300))
        return response

    bench, end = run_evcc(at("PreChargeRes", slow))
    assert_safe(bench, end)
    if hair_s < 0.0:
        assert end.reason is faults.BATTERY_FULL
    else:
        assert end.reason is faults.PRE_CHARGE_FAILED
        assert end.detail == "V2G_EVCC_PreCharge_Timeout (7 s) ran out"
        assert "close" not in bench.vehicle.events
        assert bench.secc.heard[-1] == "SessionStopReq"


def test_a_slow_handshake_runs_into_the_communication_setup_timer() -> None:
    timers = EvccTimers(
        communication_setup=EvccTimers().communication_setup.__class__("setup", 1.0)
    )
    change = at("SessionSetupRes", lambda response: Late(1.5, response))
    bench, end = run_evcc(change, timers=timers)
    assert_safe(bench, end)
    assert end.detail == "setup (1 s) ran out"


def test_a_charger_that_takes_150_s_until_power_is_left() -> None:
    """Authorisation 59 s, parameters 59 s, cable check 39 s: each in time, together too long."""
    limits = {
        "ContractAuthenticationRes": (SeccState.CONTRACT_AUTHENTICATION, 59.0),
        "ChargeParameterDiscoveryRes": (SeccState.CHARGE_PARAMETER_DISCOVERY, 59.0),
        "CableCheckRes": (SeccState.CABLE_CHECK, 39.0),
    }
    began: dict[str, float] = {}

    def slow(name: str, response: Any) -> Any:
        if name in limits:
            state, limit_s = limits[name]
            now = asyncio.get_running_loop().time()
            if now - began.setdefault(name, now) < limit_s:
                bench_of[0].secc.session.state = state
                return with_body(response, EVSEProcessing=Processing.Ongoing)
        return response

    bench_of: list[EvccBench] = []
    bench, end = run_evcc(slow, bench_of.append)
    assert_safe(bench, end)
    assert end.detail == "V2G_EVCC_ReadyToCharge_Timeout (150 s) ran out"


# --- answers that are none -----------------------------------------------------------------------
@pytest.mark.parametrize("step", ["supportedAppProtocolRes", *STEPS])
def test_bytes_that_are_no_message_end_safely(step: str) -> None:
    for wire in (
        b"\x01\xfe\x80\x01\0\0\0\x02\x80\xff",
        b"HTTP/1.1 400 Bad Request\r\n",
        b"\x01\xfe",
    ):
        bench, end = run_evcc(at(step, lambda _, wire=wire: wire))
        assert_safe(bench, end)
        assert end.reason in (faults.MESSAGE_MALFORMED, faults.TIMEOUT)
        assert bench.car_end.aborted


@pytest.mark.parametrize("step", STEPS)
def test_a_response_of_the_wrong_type_ends_safely(step: str) -> None:
    def wrong(response: Any) -> Any:
        body = din.Body(BodyElement=din.ServiceDetailRes(ResponseCode=Code.OK, ServiceID=1))
        return din.V2G_Message(Header=response.Header, Body=body)

    bench, end = run_evcc(at(step, wrong))
    assert_safe(bench, end)
    assert end.reason is faults.PEER_BROKE_PROTOCOL
    assert end.detail.startswith("ServiceDetailRes instead of")


@pytest.mark.parametrize("step", STEPS)
def test_an_empty_body_ends_safely(step: str) -> None:
    def empty(response: Any) -> Any:
        return din.V2G_Message(Header=response.Header, Body=din.Body())

    bench, end = run_evcc(at(step, empty))
    assert_safe(bench, end)
    assert end.reason is faults.PEER_BROKE_PROTOCOL


@pytest.mark.parametrize("step", STEPS[1:])
def test_a_foreign_session_id_ends_safely(step: str) -> None:
    def foreign(response: Any) -> Any:
        header = din.MessageHeader(SessionID=b"\xff" * 8)
        return din.V2G_Message(Header=header, Body=response.Body)

    bench, end = run_evcc(at(step, foreign))
    assert_safe(bench, end)
    assert end.detail == "foreign SessionID ffffffffffffffff in the response"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ResponseCode": app.ResponseCode.Failed_NoNegotiation}, faults.NO_COMMON_PROTOCOL),
        ({"SchemaID": 2}, faults.PEER_BROKE_PROTOCOL),
    ],
)
def test_a_handshake_that_chose_nothing_of_ours_ends(
    changes: dict[str, Any], reason: Reason
) -> None:
    change = at("supportedAppProtocolRes", lambda response: with_body(response, **changes))
    bench, end = run_evcc(change)
    assert_safe(bench, end)
    assert end.reason is reason


def test_a_handshake_answered_with_a_request_ends() -> None:
    entry = app.AppProtocol(
        ProtocolNamespace="x",
        VersionNumberMajor=1,
        VersionNumberMinor=0,
        SchemaID=1,
        Priority=1,
    )
    echo = app.supportedAppProtocolReq(AppProtocol=(entry,))
    bench, end = run_evcc(at("supportedAppProtocolRes", lambda _: echo))
    assert_safe(bench, end)
    assert end.reason is faults.PEER_BROKE_PROTOCOL


@pytest.mark.parametrize(("low_v", "high_v"), [(360, 500), (150, 340)])
def test_a_charger_whose_range_misses_the_battery_is_left(low_v: int, high_v: int) -> None:
    def narrow(response: Any) -> Any:
        parameter = response.Body.BodyElement.EVSEChargeParameter
        parameter = din.DC_EVSEChargeParameter(
            DC_EVSEStatus=parameter.DC_EVSEStatus,
            EVSEMaximumCurrentLimit=parameter.EVSEMaximumCurrentLimit,
            EVSEMaximumVoltageLimit=din.volts(high_v),
            EVSEMinimumCurrentLimit=parameter.EVSEMinimumCurrentLimit,
            EVSEMinimumVoltageLimit=din.volts(low_v),
            EVSEPeakCurrentRipple=parameter.EVSEPeakCurrentRipple,
        )
        return with_body(response, EVSEChargeParameter=parameter)

    bench, end = run_evcc(at("ChargeParameterDiscoveryRes", narrow))
    assert_safe(bench, end)
    assert end.reason is faults.CHARGER_INCOMPATIBLE
    assert bench.secc.heard[-1] == "SessionStopReq"


def test_an_ac_charger_is_left() -> None:
    def ac(response: Any) -> Any:
        service = response.Body.BodyElement.ChargeService
        service = din.ServiceCharge(
            ServiceTag=service.ServiceTag,
            FreeService=True,
            EnergyTransferType=din.EVSESupportedEnergyTransferType.AC_three_phase_core,
        )
        return with_body(response, ChargeService=service)

    bench, end = run_evcc(at("ServiceDiscoveryRes", ac))
    assert_safe(bench, end)
    assert end.reason is faults.CHARGER_INCOMPATIBLE


# --- the connection ------------------------------------------------------------------------------
@pytest.mark.parametrize("how", ["close", "abort"])
@pytest.mark.parametrize("step", ["supportedAppProtocolRes", *STEPS])
def test_a_connection_that_goes_ends_safely(step: str, how: str) -> None:
    def gone(_: Any) -> Any:
        stream = bench_of[0].secc.stream
        if how == "abort":
            stream.abort()
        else:
            stream.closed = True
            stream.other._waiters.notify()

    bench_of: list[EvccBench] = []
    bench, end = run_evcc(at(step, gone), bench_of.append)
    assert_safe(bench, end)
    assert end.reason is faults.LINK_LOST


def test_current_that_nobody_can_measure_any_more_keeps_the_contactors_closed_for_2_s() -> None:
    def gone(response: Any) -> Any:
        if bench_of[0].secc.heard.count("CurrentDemandReq") <= 5:
            return response
        bench_of[0].secc.stream.abort()
        return None

    bench_of: list[EvccBench] = []
    bench, end = run_evcc(at("CurrentDemandRes", gone), bench_of.append)
    assert_safe(bench, end)
    times = bench.vehicle.times
    assert bench.vehicle.current_when_opened == 100.0
    assert times["open"] - times["state_b"] == pytest.approx(2.0)


# --- more than was asked for ---------------------------------------------------------------------
@pytest.mark.parametrize("step", STEPS[:-1])
@pytest.mark.parametrize("surplus", [b"\x01", b"\x01\xfe\x80\x01\x00\x00\x00\x01\x80"])
def test_what_comes_with_a_response_and_before_the_next_request_is_no_answer(
    step: str, surplus: bytes
) -> None:
    def more(response: Any) -> bytes:
        return wrap(PAYLOAD_EXI, exi.encode(response)) + surplus

    bench, end = run_evcc(at(step, more))
    assert_safe(bench, end)
    assert end.reason is faults.PEER_BROKE_PROTOCOL
    assert "more came" in end.detail


def test_a_flood_of_answers_does_not_charge_on_without_a_charger() -> None:
    """Six hundred CurrentDemandRes at once, then the charger is dead."""
    flooded: list[float] = []

    def flood(response: Any) -> bytes:
        flooded.append(asyncio.get_running_loop().time())
        return wrap(PAYLOAD_EXI, exi.encode(response)) * 600

    bench, end = run_evcc(at("CurrentDemandRes", flood))
    assert_safe(bench, end)
    assert len(flooded) == 1
    assert bench.vehicle.times["state_b"] - flooded[0] <= 0.2 + EPSILON_S


def test_an_evcc_runs_one_session_and_no_other() -> None:
    async def session() -> None:
        bench = EvccBench()
        await bench.run()
        with pytest.raises(LocalProtocolError):
            await bench.evcc.run(bench.car_end)

    run_virtual(session())


# --- more than the car can take ------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "reason", "error"),
    [
        ({"EVSEPresentVoltage": din.volts(451.0)}, None, "NO_ERROR"),
        (
            {"EVSEPresentVoltage": din.volts(451.1)},
            faults.CHARGER_OVERVOLTAGE,
            "FAILED_ChargingVoltageOutOfRange",
        ),
        ({"EVSEPresentCurrent": din.amps(225.0)}, None, "NO_ERROR"),
        (
            {"EVSEPresentCurrent": din.amps(225.1)},
            faults.CHARGER_OVERCURRENT,
            "FAILED_ChargingCurrentdifferential",
        ),
        (
            {"EVSEPresentCurrent": din.amps(-225.1)},
            faults.CHARGER_OVERCURRENT,
            "FAILED_ChargingCurrentdifferential",
        ),
    ],
)
def test_a_charger_that_gives_a_tenth_more_than_the_car_can_take_is_an_emergency(
    changes: dict[str, Any], reason: Reason | None, error: str
) -> None:
    bench, end = run_evcc(at("CurrentDemandRes", lambda res: with_body(res, **changes)))
    assert_safe(bench, end)
    assert end.reason is (reason or faults.BATTERY_FULL)
    said = requests_of(bench, din.CurrentDemandReq)
    assert said[-1].EVTargetCurrent.si == 0.0
    assert said[-1].DC_EVStatus.EVErrorCode.value == error
    assert (reason is None) == ("WeldingDetectionReq" in bench.secc.heard)
