"""The SECC on a connection: whole sessions, its timers, and every way a connection can end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from pyplc_fw import faults
from pyplc_fw.errors import HardwareError, LinkError
from pyplc_fw.faults import Reason
from pyplc_fw.sim.virtual_time import run_virtual
from pyplc_fw.terms import EndState
from pyplc_fw.v2g.messages import app, din
from pyplc_fw.v2g.session_end import SessionEnd
from pyplc_fw.v2g.v2gtp import PAYLOAD_EXI, wrap
from tests.unit.v2g import din_requests as req
from tests.unit.v2g.v2g_bench import checkpoints
from tests.unit.v2g.v2g_scripts import EPSILON_S, SeccBench

Code = din.ResponseCode
Status = din.DC_EVSEStatusCode
Processing = din.EVSEProcessing

Story = Callable[[SeccBench], Awaitable[None]]


def run(story: Story, **options: Any) -> tuple[SeccBench, SessionEnd]:
    """Let the car tell its story, then close; returns how the charger saw it."""

    async def session() -> tuple[SeccBench, SessionEnd]:
        bench = SeccBench(**options)
        await story(bench)
        if not bench.car_end.aborted:
            await bench.car_end.close()
        return bench, await bench.task

    return run_virtual(session())


async def agree(bench: SeccBench) -> None:
    for request in (
        req.HANDSHAKE,
        din.SessionSetupReq(EVCCID=bytes(6)),
        din.ServiceDiscoveryReq(),
        req.payment(),
        din.ContractAuthenticationReq(),
        req.charge_parameter_discovery(),
    ):
        response = await bench.car.ask(request)
        assert response.ResponseCode.name.startswith("OK")


async def until_precharge(bench: SeccBench) -> None:
    await agree(bench)
    bench.pilot.set("C")
    await bench.car.ask(req.cable_check())
    await asyncio.sleep(bench.supply.cable_check_s)
    assert (await bench.car.ask(req.cable_check())).EVSEProcessing is Processing.Finished
    assert (await bench.car.ask(req.pre_charge())).ResponseCode is Code.OK


async def until_charging(bench: SeccBench) -> None:
    await until_precharge(bench)
    assert (await bench.car.ask(req.power_delivery(start=True))).ResponseCode is Code.OK
    await bench.car.ask(req.current_demand())


async def finish(bench: SeccBench) -> None:
    await bench.car.ask(req.power_delivery(start=False, complete=True))
    bench.pilot.set("B")
    assert (await bench.car.ask(req.WELDING_DETECTION)).ResponseCode is Code.OK
    assert (await bench.car.ask(din.SessionStopReq())).ResponseCode is Code.OK


async def whole(bench: SeccBench) -> None:
    await until_charging(bench)
    for _ in range(36):
        await asyncio.sleep(0.1)
        await bench.car.ask(req.current_demand())
    await finish(bench)


def test_a_whole_session() -> None:
    bench, end = run(whole)
    assert (end.reason, end.detail, end.end_state) == (faults.BATTERY_FULL, "", EndState.SAFE)
    assert checkpoints(bench.logged) == [
        *(401, 402, 505, 515, 525, 536, 538, 545, 561, 565, 580, 575, 605, 705, 805, 855, 905)
    ]
    assert bench.supply.events == ["cable_check", "disable", "disable"]
    assert end.energy_wh == pytest.approx(40.0)
    assert end.max_current_a == 100.0
    assert end.peer_id == bytes(6)
    assert end.session_id == bench.car.session_id
    assert list(end.phases) == [
        "SupportedAppProtocol",
        "SessionSetup",
        "ServiceDiscovery",
        "ServicePaymentSelection",
        "ContractAuthentication",
        "ChargeParameterDiscovery",
        "CableCheck",
        "PreCharge",
        "PowerDelivery (start)",
        "CurrentDemand",
        "PowerDelivery (stop)",
        "WeldingDetection",
        "SessionStop",
    ]
    assert bench.charger_end.closed


def test_the_session_id_is_chances_and_the_seeds() -> None:
    ids = [run(whole)[1].session_id for _ in range(2)]
    assert ids[0] == ids[1]
    assert len(ids[0]) == 8
    assert any(ids[0])


def test_a_user_who_takes_a_while_is_seen_in_the_checkpoints() -> None:
    verdicts: list[bool | None] = [None, True]

    async def story(bench: SeccBench) -> None:
        for request in (
            req.HANDSHAKE,
            din.SessionSetupReq(EVCCID=bytes(6)),
            din.ServiceDiscoveryReq(),
            req.payment(),
            din.ContractAuthenticationReq(),
            din.ContractAuthenticationReq(),
        ):
            await bench.car.ask(request)

    bench, _ = run(story, authorise=lambda _: verdicts.pop(0))
    assert checkpoints(bench.logged)[-3:] == [535, 536, 538]


def test_no_common_protocol_ends_when_the_car_closes() -> None:
    async def story(bench: SeccBench) -> None:
        response = await bench.car.ask(req.offer(("urn:iso:15118:2:2013:MsgDef", 2, 0, 1, 1)))
        assert response.ResponseCode is app.ResponseCode.Failed_NoNegotiation

    _, end = run(story)
    assert (end.reason, end.detail) == (faults.NO_COMMON_PROTOCOL, "Failed_NoNegotiation")


# --- timers ------------------------------------------------------------------------------------
@pytest.mark.parametrize("hair_s", [-EPSILON_S, EPSILON_S])
def test_the_next_request_may_take_60_s(hair_s: float) -> None:
    async def story(bench: SeccBench) -> None:
        await until_charging(bench)
        await asyncio.sleep(60.0 + hair_s)
        if hair_s < 0.0:
            await finish(bench)

    bench, end = run(story)
    if hair_s < 0.0:
        assert end.reason is faults.BATTERY_FULL
    else:
        assert (end.reason, end.detail) == (
            faults.TIMEOUT,
            "V2G_SECC_Sequence_Timeout (60 s) ran out",
        )
        assert "emergency_off" in bench.supply.events


@pytest.mark.parametrize(("delay_s", "code"), [(1.5 - EPSILON_S, Code.OK), (1.6, Code.FAILED)])
def test_cable_check_waits_for_state_c_1_5_s(delay_s: float, code: din.ResponseCode) -> None:
    async def story(bench: SeccBench) -> None:
        await agree(bench)
        loop = asyncio.get_running_loop()
        began = loop.time()
        loop.call_later(delay_s, bench.pilot.set, "C")
        assert (await bench.car.ask(req.cable_check())).ResponseCode is code
        assert loop.time() - began == pytest.approx(min(delay_s, 1.5))

    run(story)


@pytest.mark.parametrize(("delay_s", "code"), [(1.5 - EPSILON_S, Code.OK), (1.6, Code.FAILED)])
def test_welding_detection_waits_for_state_b_1_5_s(delay_s: float, code: din.ResponseCode) -> None:
    async def story(bench: SeccBench) -> None:
        await until_charging(bench)
        await bench.car.ask(req.power_delivery(start=False))
        asyncio.get_running_loop().call_later(delay_s, bench.pilot.set, "B")
        assert (await bench.car.ask(req.WELDING_DETECTION)).ResponseCode is code

    run(story)


def test_a_car_that_stays_after_session_stop_is_closed_after_5_s() -> None:
    async def session() -> tuple[float, SeccBench]:
        bench = SeccBench()
        await whole(bench)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await bench.task
        return loop.time() - began, bench

    passed_s, bench = run_virtual(session())
    assert passed_s == pytest.approx(5.0)
    assert bench.charger_end.closed


# --- E3: what cuts the output ---------------------------------------------------------------------
@pytest.mark.parametrize("pilot", ["A", "B", "E", "F"])
@pytest.mark.parametrize("reach", [until_precharge, until_charging])
def test_a_pilot_that_leaves_c_cuts_the_output_at_once(reach: Story, pilot: str) -> None:
    async def story(bench: SeccBench) -> None:
        await reach(bench)
        bench.pilot.set(pilot)
        await asyncio.sleep(0.0)
        await asyncio.sleep(0.0)
        assert bench.supply.events[-1] == "emergency_off"
        assert bench.supply.off
        if reach is until_charging:
            response = await bench.car.ask(req.current_demand())
            assert response.DC_EVSEStatus.EVSEStatusCode is Status.EVSE_EmergencyShutdown
            assert bench.supply.off

    _, end = run(story)
    assert end.reason is faults.PILOT_LOST


def test_a_pilot_that_leaves_c_in_the_cable_check_cuts_the_output() -> None:
    async def story(bench: SeccBench) -> None:
        await agree(bench)
        bench.pilot.set("C")
        await bench.car.ask(req.cable_check())
        bench.pilot.set("A")
        await asyncio.sleep(0.0)
        await asyncio.sleep(0.0)
        assert bench.supply.events == ["cable_check", "emergency_off"]

    run(story)


@pytest.mark.parametrize("reach", [agree, until_precharge, until_charging])
@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("close", faults.LINK_LOST),
        ("abort", faults.LINK_LOST),
        ("noise", faults.MESSAGE_MALFORMED),
        ("no exi", faults.MESSAGE_MALFORMED),
        ("wrong payload", faults.PEER_BROKE_PROTOCOL),
        ("response", faults.PEER_BROKE_PROTOCOL),
        ("handshake", faults.MESSAGE_MALFORMED),
    ],
)
def test_a_connection_that_ends_cuts_the_output(reach: Story, how: str, reason: Reason) -> None:
    wires = {
        "noise": b"GET / HTTP/1.1\r\n",
        "no exi": wrap(PAYLOAD_EXI, b"\x80\xff\xff"),
        "wrong payload": wrap(0x8002, b""),
    }

    async def story(bench: SeccBench) -> None:
        await reach(bench)
        if how == "abort":
            bench.car_end.abort()
        elif how in wires:
            await bench.car_end.send(wires[how])
        elif how == "response":
            with pytest.raises(LinkError):
                await bench.car.ask(din.SessionStopRes(ResponseCode=Code.OK))
        elif how == "handshake":
            with pytest.raises(LinkError):
                await bench.car.ask(req.HANDSHAKE)
        await asyncio.sleep(0.01)

    bench, end = run(story)
    assert end.reason is reason
    assert end.detail
    assert bench.supply.events[-1] == "emergency_off"
    assert bench.supply.off
    assert end.end_state is EndState.SAFE


def test_cancellation_cuts_the_output() -> None:
    async def session() -> SeccBench:
        bench = SeccBench()
        await until_charging(bench)
        bench.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await bench.task
        return bench

    bench = run_virtual(session())
    assert bench.supply.events[-1] == "emergency_off"
    assert bench.charger_end.closed


def test_a_pilot_that_cannot_be_watched_any_more_cuts_the_output() -> None:
    async def session() -> tuple[SeccBench, SessionEnd]:
        bench = SeccBench()
        wait_for = bench.pilot.wait_for

        async def failing(condition: Callable[[], bool]) -> None:
            await asyncio.sleep(3.5)
            raise HardwareError("the ADC is gone")

        bench.pilot.wait_for = failing  # type: ignore[method-assign]
        await until_charging(bench)
        await asyncio.sleep(1.0)
        assert bench.supply.off
        bench.pilot.wait_for = wait_for  # type: ignore[method-assign]
        await bench.car_end.close()
        return bench, await bench.task

    _, end = run_virtual(session())
    assert end.reason is faults.HARDWARE_FAILED


def test_a_car_that_does_not_read_is_not_charged_for_ever() -> None:
    """Its requests keep coming; nobody would count the sequence timer while an answer is stuck."""

    async def session() -> tuple[float, SessionEnd, SeccBench]:
        async def stuck(data: bytes) -> None:
            await asyncio.Event().wait()

        bench = SeccBench()
        await until_charging(bench)
        bench.charger_end.send = stuck  # type: ignore[method-assign]
        began_s = asyncio.get_running_loop().time()
        asking = asyncio.get_running_loop().create_task(bench.car.ask(req.current_demand()))
        end = await bench.task
        asking.cancel()
        return asyncio.get_running_loop().time() - began_s, end, bench

    stuck_s, end, bench = run_virtual(session())
    assert end.reason is faults.TIMEOUT
    assert stuck_s <= 5.0 + EPSILON_S
    assert bench.supply.off


def test_an_output_that_still_comes_down_is_cut_when_the_pilot_is_lost() -> None:
    async def story(bench: SeccBench) -> None:
        await until_charging(bench)
        bench.supply.disable = lambda: None  # type: ignore[method-assign]  # a ramp that takes long
        await bench.car.ask(req.power_delivery(start=False))
        assert not bench.supply.off
        bench.pilot.set("A")
        await asyncio.sleep(0.001)
        assert bench.supply.off

    _, end = run(story)
    assert end.reason is faults.LINK_LOST


@pytest.mark.parametrize(("fails_s", "end_state"), [(1.0, EndState.SAFE), (9.0, EndState.HELD)])
def test_a_supply_that_does_not_listen_is_told_again_and_not_called_safe(
    fails_s: float, end_state: EndState
) -> None:
    async def session() -> tuple[SeccBench, SessionEnd]:
        bench = SeccBench()
        await until_charging(bench)
        emergency_off = bench.supply.emergency_off
        works_s = asyncio.get_running_loop().time() + fails_s

        def deaf() -> None:
            if asyncio.get_running_loop().time() < works_s:
                raise HardwareError("no answer on the CAN bus")
            emergency_off()

        bench.supply.emergency_off = deaf  # type: ignore[method-assign]
        bench.car_end.abort()
        return bench, await bench.task

    bench, end = run_virtual(session())
    assert (end.reason, end.end_state) == (faults.LINK_LOST, end_state)
    assert bench.charger_end.closed or bench.charger_end.aborted


# --- stopping at the charger --------------------------------------------------------------------
def test_a_stop_at_the_charger_is_told_to_the_car() -> None:
    async def story(bench: SeccBench) -> None:
        await until_charging(bench)
        bench.secc.request_stop()
        bench.secc.request_stop(faults.STOPPED_BY_OWNER)  # the first one counts
        response = await bench.car.ask(req.current_demand())
        assert response.DC_EVSEStatus.EVSEStatusCode is Status.EVSE_Shutdown
        await finish(bench)

    bench, end = run(story)
    assert end.reason is faults.STOPPED_BY_CHARGER
    assert 790 in checkpoints(bench.logged)


def test_a_car_that_goes_silent_after_a_stop_loses_the_output_after_10_s() -> None:
    async def story(bench: SeccBench) -> None:
        await until_charging(bench)
        bench.secc.request_stop()
        await asyncio.sleep(9.9)
        assert not bench.supply.off
        await asyncio.sleep(0.2)
        assert bench.supply.off

    run(story)


def test_an_emergency_stop_cuts_the_output_and_is_told() -> None:
    async def story(bench: SeccBench) -> None:
        await until_charging(bench)
        bench.secc.request_emergency_stop()
        assert bench.supply.off
        response = await bench.car.ask(req.current_demand())
        assert response.DC_EVSEStatus.EVSEStatusCode is Status.EVSE_EmergencyShutdown
        assert bench.supply.off

    _, end = run(story)
    assert end.reason is faults.CHARGER_EMERGENCY


def test_stops_without_a_session_do_nothing() -> None:
    async def session() -> None:
        bench = SeccBench()
        bench.task.cancel()
        bench.secc.request_stop()
        bench.secc.request_emergency_stop()
        assert bench.supply.events == []

    run_virtual(session())


def test_an_output_that_stays_live_is_not_called_safe() -> None:
    async def story(bench: SeccBench) -> None:
        await until_charging(bench)
        bench.supply.emergency_off = lambda: None  # type: ignore[method-assign]

    _, end = run(story)
    assert end.end_state is EndState.HELD
