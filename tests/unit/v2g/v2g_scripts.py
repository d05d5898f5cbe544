"""Scripted peers: a charger and a car that answer well, but for what a test does to them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import msgspec

from pyplc_fw.errors import LinkError
from pyplc_fw.sim.virtual_time import run_virtual
from pyplc_fw.terms import EndState, MacAddress
from pyplc_fw.timing import Timer
from pyplc_fw.v2g import exi
from pyplc_fw.v2g.evcc import Evcc
from pyplc_fw.v2g.messages import app, din
from pyplc_fw.v2g.secc import STANDARD_TIMERS, Secc, answer
from pyplc_fw.v2g.secc_session import SeccSession
from pyplc_fw.v2g.session_end import SessionEnd, SessionRecord
from pyplc_fw.v2g.timers import SeccTimers
from pyplc_fw.v2g.v2gtp import PAYLOAD_EXI, V2gtpStream, wrap
from tests.unit.v2g.v2g_bench import (
    BenchBattery,
    BenchPilot,
    BenchSupply,
    BenchVehicle,
    MemoryStream,
    bench_log,
    stream_pair,
)

EVCCID = MacAddress.parse("02:00:00:00:00:01")
EVSEID = b"ZZ00000"
SESSION_ID = bytes.fromhex("0102030405060708")
EPSILON_S = 1e-6


@dataclass(frozen=True)
class Late:
    """Send ``message``, so much later."""

    delay_s: float
    message: Any


Tamper = Callable[[str, Any], Any]
"""Gets the response's name and the whole response; returns what to send: a message, bytes, one of
them Late, or None for nothing at all."""


def untouched(_: str, response: Any) -> Any:
    return response


def with_body(message: Any, **changes: Any) -> Any:
    """Return ``message`` with fields of its body changed."""
    if not isinstance(message, din.V2G_Message):
        return msgspec.structs.replace(message, **changes)
    body = msgspec.structs.replace(message.Body.BodyElement, **changes)  # type: ignore[type-var]
    return din.V2G_Message(Header=message.Header, Body=din.Body(BodyElement=body))


def with_status(message: Any, **changes: Any) -> Any:
    """Return ``message`` with fields of its DC_EVSEStatus changed."""
    body = message.Body.BodyElement
    if isinstance(body, din.PowerDeliveryRes):
        status = msgspec.structs.replace(body.EVSEStatus, **changes)
        return with_body(message, EVSEStatus=status)
    if isinstance(body, din.ChargeParameterDiscoveryRes):
        parameter: Any = body.EVSEChargeParameter
        status = msgspec.structs.replace(parameter.DC_EVSEStatus, **changes)
        parameter = msgspec.structs.replace(parameter, DC_EVSEStatus=status)
        return with_body(message, EVSEChargeParameter=parameter)
    return with_body(message, DC_EVSEStatus=msgspec.structs.replace(body.DC_EVSEStatus, **changes))


def name_of(message: Any) -> str:
    body = message.Body.BodyElement if isinstance(message, din.V2G_Message) else message
    return type(body).__name__


def seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - chance that can be repeated


def bench_session(
    supply: BenchSupply,
    pilot: BenchPilot,
    *,
    timers: SeccTimers = STANDARD_TIMERS,
    session_id: bytes = SESSION_ID,
    authorise: Callable[[bytes], bool | None] = lambda _: True,
    clock: Callable[[], float] | None = None,
) -> SeccSession:
    log, _ = bench_log()
    record = SessionRecord("evse", log)
    return SeccSession(
        supply,
        pilot,
        evseid=EVSEID,
        authorise=authorise,
        timers=timers,
        clock=clock or asyncio.get_running_loop().time,
        record=record,
        rng=seeded(1),
        session_id=session_id,
    )


PATIENT = SeccTimers(ongoing=Timer("ongoing", 1e6), cable_check=Timer("cable check", 1e6))
"A charger that never gives up, so that the car's limits show."


@dataclass
class ScriptedSecc:
    """A charger that answers well, but for what ``tamper`` does to its answers."""

    stream: MemoryStream
    session: SeccSession
    tamper: Tamper = untouched
    heard: list[str] = field(default_factory=list)
    requests: list[Any] = field(default_factory=list)

    async def run(self) -> None:
        v2gtp = V2gtpStream()
        while data := await self._receive():
            for payload in v2gtp.receive_data(data):
                await self._answer(payload.data)

    async def _receive(self) -> bytes:
        try:
            return await self.stream.receive()
        except LinkError:
            return b""

    async def _answer(self, payload: bytes) -> None:
        schema = "din" if self.heard else "app"
        request: Any = exi.decode(schema, payload)
        self.heard.append(name_of(request))
        self.requests.append(request)
        response = answer(self.session, request)
        response = self.tamper(name_of(response), response)
        if isinstance(response, Late):
            await asyncio.sleep(response.delay_s)
            response = response.message
        if response is None or self.stream.other.closed or self.stream.other.aborted:
            return
        if not isinstance(response, bytes):
            response = wrap(PAYLOAD_EXI, exi.encode(response))
        await self.stream.send(response)


class EvccBench:
    """An EVCC at a scripted charger. Build it within the loop."""

    def __init__(self, tamper: Tamper = untouched, **evcc_options: Any) -> None:
        self.log, self.logged = bench_log()
        self.vehicle, self.battery, self.supply = BenchVehicle(), BenchBattery(), BenchSupply()
        self.pilot = BenchPilot(self.vehicle)
        self.car_end, charger_end = stream_pair()
        session = bench_session(self.supply, self.pilot, timers=PATIENT)
        self.secc = ScriptedSecc(charger_end, session, tamper)
        self.evcc = Evcc(self.vehicle, self.battery, evccid=EVCCID, log=self.log, **evcc_options)
        self.rounds_until_full = 20
        self.task = asyncio.get_running_loop().create_task(self.secc.run())
        self.evcc._on_round = self._charge

    def _charge(self) -> None:
        self.rounds_until_full -= 1
        if self.rounds_until_full <= 0:
            self.battery.soc_pct = self.battery.target_soc_pct

    async def run(self) -> SessionEnd:
        end = await self.evcc.run(self.car_end)
        self.task.cancel()
        return end


def run_evcc(
    tamper: Tamper = untouched,
    prepare: Callable[[EvccBench], None] = lambda _: None,
    **options: Any,
) -> tuple[EvccBench, SessionEnd]:
    """Run one session; ``prepare`` gets the bench before it begins."""

    async def session() -> tuple[EvccBench, SessionEnd]:
        bench = EvccBench(tamper, **options)
        prepare(bench)
        return bench, await bench.run()

    return run_virtual(session())


def requests_of(bench: EvccBench, kind: type) -> list[Any]:
    bodies = [request.Body.BodyElement for request in bench.secc.requests[1:]]
    return [body for body in bodies if isinstance(body, kind)]


class ScriptedEvcc:
    """A car that says what a test makes it say."""

    def __init__(self, stream: MemoryStream) -> None:
        self.stream = stream
        self.session_id = bytes(8)
        self._v2gtp = V2gtpStream()

    async def ask(self, request: Any, *, session_id: bytes | None = None) -> Any:
        """Send ``request``, return the response's body."""
        handshake = isinstance(request, app.supportedAppProtocolReq)
        if not handshake:
            given = self.session_id if session_id is None else session_id
            header = din.MessageHeader(SessionID=given)
            request = din.V2G_Message(Header=header, Body=din.Body(BodyElement=request))
        await self.stream.send(wrap(PAYLOAD_EXI, exi.encode(request)))
        payloads = self._v2gtp.receive_data(b"")
        while not payloads:
            data = await self.stream.receive()
            if not data:
                raise LinkError("closed")
            payloads = self._v2gtp.receive_data(data)
        response: Any = exi.decode("app" if handshake else "din", payloads[0].data)
        if handshake:
            return response
        self.session_id = response.Header.SessionID
        return response.Body.BodyElement


class SeccBench:
    """A SECC at a scripted car. Build it within the loop."""

    def __init__(self, **secc_options: Any) -> None:
        self.log, self.logged = bench_log()
        self.supply, self.pilot = BenchSupply(), BenchPilot()
        self.car_end, self.charger_end = stream_pair()
        self.car = ScriptedEvcc(self.car_end)
        self.secc = Secc(
            self.supply, self.pilot, evseid=EVSEID, log=self.log, rng=seeded(1), **secc_options
        )
        self.task = asyncio.get_running_loop().create_task(self.secc.serve(self.charger_end))


# Every response of a session, and whether it is the start's or the stop's PowerDeliveryRes.
AGREED = [
    "SessionSetupRes",
    "ServiceDiscoveryRes",
    "ServicePaymentSelectionRes",
    "ContractAuthenticationRes",
    "ChargeParameterDiscoveryRes",
]
ENERGISED = ["CableCheckRes", "PreChargeRes", "PowerDeliveryRes", "CurrentDemandRes"]
STEPS = [*AGREED, *ENERGISED, "PowerDeliveryRes stop"]
WITH_STATUS = ["ChargeParameterDiscoveryRes", *ENERGISED, "PowerDeliveryRes stop"]
MESSAGE_TIMERS = {
    "supportedAppProtocolRes": ("SupportedAppProtocolReq", 2.0),
    "SessionSetupRes": ("SessionSetupReq", 2.0),
    "ServiceDiscoveryRes": ("ServiceDiscoveryReq", 2.0),
    "ServicePaymentSelectionRes": ("ServicePaymentSelectionReq", 2.0),
    "ContractAuthenticationRes": ("ContractAuthenticationReq", 2.0),
    "ChargeParameterDiscoveryRes": ("ChargeParameterDiscoveryReq", 2.0),
    "CableCheckRes": ("CableCheckReq", 2.0),
    "PreChargeRes": ("PreChargeReq", 2.0),
    "PowerDeliveryRes": ("PowerDeliveryReq", 2.0),
    "CurrentDemandRes": ("CurrentDemandReq", 0.25),
    "PowerDeliveryRes stop": ("PowerDeliveryReq", 2.0),
}


def at(step: str, change: Any) -> Tamper:
    """Change the responses of ``step``: the name, with ``stop`` the second PowerDeliveryRes."""
    wanted, _, which = step.partition(" ")
    seen = 0

    def tamper(name: str, response: Any) -> Any:
        nonlocal seen
        if name != wanted:
            return response
        seen += 1
        if wanted == "PowerDeliveryRes" and (seen == 2) != bool(which):
            return response
        return change(response)

    return tamper


def assert_safe(bench: EvccBench, end: SessionEnd) -> None:
    """The invariants of every end: state B first, contactors under no current or after 2 s."""
    vehicle, times = bench.vehicle, bench.vehicle.times
    assert end.end_state is EndState.SAFE
    assert vehicle.safe
    assert bench.car_end.closed or bench.car_end.aborted
    if "begin" not in vehicle.events:
        assert vehicle.events == []
        return
    assert vehicle.events[-3:] == ["open", "unlock", "end"]
    assert "state_b" in vehicle.events
    current_a = vehicle.current_when_opened
    if "close" in vehicle.events and (current_a is None or abs(current_a) >= 5.0):
        assert times["open"] - times["state_b"] >= 2.0 - EPSILON_S or vehicle.emergency
    assert times["open"] - times["state_b"] <= 2.0 + EPSILON_S
