"""Cancellation, the guard and the vehicle's own faults: safe, or held with a reason."""

from __future__ import annotations

import asyncio
import math
from functools import partial
from typing import Any

import pytest

from pyplc_fw import faults
from pyplc_fw.errors import PyplcError
from pyplc_fw.faults import Reason
from pyplc_fw.sim.virtual_time import run_virtual
from pyplc_fw.terms import EndState
from pyplc_fw.v2g.messages import din
from tests.unit.v2g.v2g_bench import BenchBattery
from tests.unit.v2g.v2g_scripts import (
    ENERGISED,
    STEPS,
    EvccBench,
    Late,
    assert_safe,
    at,
    requests_of,
    run_evcc,
)

STOP = "SessionStopReq"


# --- cancelled, in every phase -------------------------------------------------------------------
@pytest.mark.parametrize("step", ["supportedAppProtocolRes", *STEPS, "WeldingDetectionRes"])
@pytest.mark.parametrize("times", [1, 3])
def test_cancellation_leaves_the_vehicle_safe(step: str, times: int) -> None:
    """Also when it comes again and again while the vehicle is brought into its end state."""

    async def session() -> EvccBench:
        def cancel(_: Any) -> None:
            for index in range(times):
                asyncio.get_running_loop().call_later(0.3 * index, task.cancel)

        bench = EvccBench(at(step, cancel))
        task = asyncio.get_running_loop().create_task(bench.run())
        with pytest.raises(asyncio.CancelledError):
            await task
        return bench

    bench = run_virtual(session())
    assert bench.vehicle.safe
    assert bench.car_end.closed or bench.car_end.aborted
    if bench.vehicle.events:
        assert bench.vehicle.events[-3:] == ["open", "unlock", "end"]


def test_cancellation_asks_for_state_b_before_anything_else_happens() -> None:
    async def session() -> tuple[float, float]:
        def cancel(_: Any) -> None:
            cancelled.append(asyncio.get_running_loop().time())
            task.cancel()

        cancelled: list[float] = []
        bench = EvccBench(at("CurrentDemandRes", cancel))
        task = asyncio.get_running_loop().create_task(bench.run())
        with pytest.raises(asyncio.CancelledError):
            await task
        return cancelled[0], bench.vehicle.times["state_b"]

    cancelled_s, state_b_s = run_virtual(session())
    assert state_b_s == cancelled_s


def test_an_error_of_the_program_itself_leaves_the_vehicle_safe() -> None:
    async def session() -> EvccBench:
        def fail() -> None:
            raise ZeroDivisionError

        bench = EvccBench()
        bench.evcc._on_round = fail
        with pytest.raises(ZeroDivisionError):
            await bench.run()
        bench.task.cancel()
        return bench

    bench = run_virtual(session())
    assert bench.vehicle.safe
    assert bench.vehicle.events[-3:] == ["open", "unlock", "end"]


# --- the guard takes over ------------------------------------------------------------------------
@pytest.mark.parametrize("reason", [faults.PILOT_LOST, faults.PROXIMITY_LOST, faults.LOCK_LOST])
@pytest.mark.parametrize("step", ENERGISED)
def test_the_guards_emergency_interrupts_a_wait_for_a_response(step: str, reason: Reason) -> None:
    """The response stays out for a while; the EVCC does not wait for it."""
    began: list[float] = []

    def emergency(response: Any) -> Any:
        if began:
            return response
        loop = asyncio.get_running_loop()
        began.append(loop.time())
        loop.call_later(0.05, bench_of[0].vehicle.raise_emergency, reason)
        return Late(0.2, response)

    bench_of: list[EvccBench] = []
    bench, end = run_evcc(at(step, emergency), bench_of.append)
    assert_safe(bench, end)
    assert end.reason is reason
    assert bench.vehicle.times["state_b"] == pytest.approx(began[0] + 0.05)
    assert bench.secc.heard[-1] == "SessionStopReq"


def test_the_guards_emergency_is_told_to_the_charger_with_0_a() -> None:
    def emergency(response: Any) -> Any:
        vehicle = bench_of[0].vehicle
        if vehicle.emergency is None and bench_of[0].secc.heard.count("CurrentDemandReq") == 5:
            vehicle.emergency = faults.LOCK_LOST
            vehicle._waiters.notify()
        return response

    bench_of: list[EvccBench] = []
    bench, end = run_evcc(at("CurrentDemandRes", emergency), bench_of.append)
    assert_safe(bench, end)
    last = [
        request.Body.BodyElement
        for request in bench.secc.requests[1:]
        if isinstance(request.Body.BodyElement, din.CurrentDemandReq)
    ][-1]
    assert last.EVTargetCurrent.si == 0.0
    assert last.DC_EVStatus.EVErrorCode is din.DC_EVErrorCode.FAILED_ChargerConnectorLockFault


def test_an_emergency_that_stands_already_lets_nothing_begin() -> None:
    def prepare(bench: EvccBench) -> None:
        bench.vehicle.emergency = faults.PILOT_LOST

    bench, end = run_evcc(prepare=prepare)
    assert_safe(bench, end)
    assert end.reason is faults.PILOT_LOST
    assert "CableCheckReq" not in bench.secc.heard


# --- the vehicle's own faults --------------------------------------------------------------------
def test_a_lock_that_does_not_confirm_ends_before_cable_check() -> None:
    bench, end = run_evcc(prepare=lambda bench: setattr(bench.vehicle, "lock_works", False))
    assert_safe(bench, end)
    assert end.reason is faults.LOCK_FAILED
    assert "CableCheckReq" not in bench.secc.heard


def test_a_pilot_that_does_not_go_to_c_ends_before_cable_check() -> None:
    bench, end = run_evcc(prepare=lambda bench: setattr(bench.vehicle, "state_c_works", False))
    assert_safe(bench, end)
    assert end.reason is faults.HARDWARE_FAILED
    assert "CableCheckReq" not in bench.secc.heard


def test_contactors_that_do_not_confirm_end_before_power() -> None:
    bench, end = run_evcc(prepare=lambda bench: setattr(bench.vehicle, "contactors_close", False))
    assert_safe(bench, end)
    assert end.reason is faults.CONTACTOR_NOT_CLOSED
    assert "PowerDeliveryReq" not in bench.secc.heard


def test_welded_contactors_hold_the_plug() -> None:
    bench, end = run_evcc(prepare=lambda bench: setattr(bench.vehicle, "contactors_work", False))
    assert (end.reason, end.end_state) == (faults.BATTERY_FULL, EndState.HELD)
    assert end.held_because is faults.CONTACTOR_WELDED
    assert bench.vehicle.locked
    assert bench.secc.heard[-1] == "SessionStopReq"
    assert end.duration_s < 60.0


def test_a_plug_that_the_guard_keeps_is_held() -> None:
    bench, end = run_evcc(prepare=lambda bench: setattr(bench.vehicle, "unlock_granted", False))
    assert (end.reason, end.end_state) == (faults.BATTERY_FULL, EndState.HELD)
    assert end.held_because is faults.UNLOCK_REFUSED
    assert bench.vehicle.events[-1] == "end"


def test_an_adapter_that_fails_ends_safely_with_its_own_reason() -> None:
    """Its watch on the guard breaks."""

    def prepare(bench: EvccBench) -> None:
        wait_for = bench.vehicle.wait_for

        async def broken(condition: Any) -> None:
            if "_interrupted_by_guard" in condition.__qualname__:
                raise PyplcError("socket closed", reason=faults.HARDWARE_FAILED)
            await wait_for(condition)

        bench.vehicle.wait_for = broken  # type: ignore[method-assign]

    bench, end = run_evcc(prepare=prepare)
    assert end.reason is faults.HARDWARE_FAILED
    assert bench.vehicle.safe


def test_an_adapter_that_fails_on_the_way_out_leaves_nothing_proven() -> None:
    def prepare(bench: EvccBench) -> None:
        wait_for = bench.vehicle.wait_for

        async def broken(condition: Any) -> None:
            if "state_b" in bench.vehicle.events:
                raise PyplcError("socket closed", reason=faults.HARDWARE_FAILED)
            await wait_for(condition)

        bench.vehicle.wait_for = broken  # type: ignore[method-assign]

    bench, end = run_evcc(prepare=prepare)
    assert (end.reason, end.end_state) == (faults.HARDWARE_FAILED, EndState.HELD)
    assert end.held_because is faults.HARDWARE_FAILED
    assert bench.vehicle.events[-1] == "end"


# --- the battery ---------------------------------------------------------------------------------
NONSENSE = [math.nan, math.inf, -math.inf, -5.0, 0.0, 1e9]
SAID = [name for name in BenchBattery.__dataclass_fields__ if name != "max_power_w"]


@pytest.mark.parametrize("name", SAID)
@pytest.mark.parametrize("step", ["SessionSetupRes", "CableCheckRes", "CurrentDemandRes"])
def test_a_battery_that_talks_nonsense_ends_safely_and_is_named(step: str, name: str) -> None:
    for value in NONSENSE:
        bench_of: list[EvccBench] = []

        def begin_to_rave(response: Any, bench_of: list[EvccBench], value: float) -> Any:
            setattr(bench_of[0].battery, name, value)
            return response

        tamper = at(step, partial(begin_to_rave, bench_of=bench_of, value=value))
        bench, end = run_evcc(tamper, bench_of.append)
        assert_safe(bench, end)
        assert end.reason is not faults.INTERNAL_ERROR
        assert end.reason is not faults.MESSAGE_MALFORMED
        if not math.isfinite(value) and name != "allowed_current_a":
            assert end.reason is faults.BATTERY_UNKNOWN


@pytest.mark.parametrize("silent_from", ["SessionSetupRes", "CurrentDemandRes"])
def test_a_silent_battery_gets_no_current_and_a_normal_stop(silent_from: str) -> None:
    def fall_silent(response: Any) -> Any:
        for name in BenchBattery.__dataclass_fields__:
            setattr(bench_of[0].battery, name, math.nan)
        return response

    bench_of: list[EvccBench] = []
    bench, end = run_evcc(at(silent_from, fall_silent), bench_of.append)
    assert_safe(bench, end)
    assert end.reason is faults.BATTERY_UNKNOWN
    if silent_from == "CurrentDemandRes":
        demands = requests_of(bench, din.CurrentDemandReq)
        assert [demand.EVTargetCurrent.si for demand in demands[1:]] == [0.0] * (len(demands) - 1)
        assert bench.secc.heard[-3:] == ["WeldingDetectionReq", "WeldingDetectionReq", STOP]


def test_what_goes_wrong_on_the_way_out_keeps_neither_contactors_nor_plug() -> None:
    """An error of the program, where 0 A are asked for once more."""

    async def session() -> EvccBench:
        async def fail() -> bool:
            raise ZeroDivisionError

        bench = EvccBench(at("CurrentDemandRes", lambda _: b"\x01\xfe\x80\x01\x00\x00\x00\x00"))
        bench.evcc._energised._zero_current = fail
        with pytest.raises(ZeroDivisionError):
            await bench.run()
        bench.task.cancel()
        return bench

    assert run_virtual(session()).vehicle.events[-3:] == ["open", "unlock", "end"]


def test_an_unlocked_plug_is_not_safe_while_its_voltage_is_not_shown_to_be_gone() -> None:
    bench, end = run_evcc(prepare=lambda bench: setattr(bench.vehicle, "touch_safe", False))
    assert (end.reason, end.end_state) == (faults.BATTERY_FULL, EndState.HELD)
    assert bench.vehicle.safe
