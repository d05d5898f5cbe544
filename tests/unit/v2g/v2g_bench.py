"""A bench for both sides: a connection in memory, and plain objects that stand for the world."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from random import Random
from typing import Any

import msgspec
import structlog
from structlog.testing import LogCapture
from structlog.typing import FilteringBoundLogger

from pyplc_fw.errors import LinkError
from pyplc_fw.faults import Reason
from pyplc_fw.terms import Endpoint, MacAddress
from pyplc_fw.v2g import exi
from pyplc_fw.v2g.evcc import Evcc
from pyplc_fw.v2g.messages import app, din
from pyplc_fw.v2g.ports import CableCheck, SupplyLimits
from pyplc_fw.v2g.secc import STANDARD_TIMERS, Secc, SeccSession, answer
from pyplc_fw.v2g.session_end import SessionEnd, SessionRecord
from pyplc_fw.v2g.timers import SeccTimers
from pyplc_fw.v2g.v2gtp import PAYLOAD_EXI, V2gtpStream, wrap

EVCCID = MacAddress.parse("02:00:00:00:00:01")
EVSEID = b"ZZ00000"
PEER = Endpoint(IPv6Address("fe80::2"), 15118)
SESSION_ID = bytes.fromhex("0102030405060708")


def bench_log() -> tuple[FilteringBoundLogger, LogCapture]:
    """Return a logger and what it logged."""
    capture = LogCapture()
    log = structlog.wrap_logger(
        None, processors=[capture], wrapper_class=structlog.make_filtering_bound_logger(0)
    )
    return log, capture


def checkpoints(capture: LogCapture) -> list[int]:
    return [entry["checkpoint"] for entry in capture.entries if "checkpoint" in entry]


class Waiters:
    """``wait_for`` as the ports want it."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        if condition():
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((condition, future))
        await future

    def notify(self) -> None:
        for condition, future in self._waiting:
            if not future.done() and condition():
                future.set_result(None)
        self._waiting = [entry for entry in self._waiting if not entry[1].done()]


class MemoryStream:
    """One end of a connection in memory."""

    def __init__(self) -> None:
        self.other: MemoryStream
        self.closed = self.aborted = False
        self._inbox: deque[bytes] = deque()
        self._waiters = Waiters()

    @property
    def peer(self) -> Endpoint:
        return PEER

    async def receive(self) -> bytes:
        await self._waiters.wait_for(lambda: bool(self._inbox) or self._gone)
        if self._inbox:
            return self._inbox.popleft()
        if self.other.aborted:
            raise LinkError("reset")
        return b""

    @property
    def _gone(self) -> bool:
        return self.other.closed or self.other.aborted

    async def send(self, data: bytes) -> None:
        if self._gone:
            raise LinkError("gone")
        self.other._inbox.append(data)
        self.other._waiters.notify()

    async def close(self) -> None:
        self.closed = True
        self.other._waiters.notify()

    def abort(self) -> None:
        self.aborted = True
        self.other._waiters.notify()


def stream_pair() -> tuple[MemoryStream, MemoryStream]:
    one, two = MemoryStream(), MemoryStream()
    one.other, two.other = two, one
    return one, two


@dataclass
class BenchBattery:
    """A battery whose values a test sets."""

    voltage_v: float = 350.0
    soc_pct: float = 50.0
    target_soc_pct: float = 80.0
    capacity_wh: float = 40_000.0
    target_voltage_v: float = 400.0
    allowed_current_a: float = 100.0
    max_voltage_v: float = 410.0
    max_current_a: float = 200.0
    max_power_w: float = 80_000.0


class BenchVehicle:
    """A vehicle that does what it is asked, a little later, and writes it down.

    It refuses what the guard would: contactors do not open under known current in the first 2 s,
    the lock does not open while a contactor is closed.
    """

    def __init__(self) -> None:
        self.events: list[str] = []
        self.plugged_in = True
        self.pilot_duty_pct: float | None = 5.0
        self.state_c = self.locked = self.contactors_closed = False
        self.contactors_open = True
        self.inlet_v: float | None = None
        self.emergency: Reason | None = None
        self.lock_works = self.contactors_close = self.contactors_work = True
        self.state_c_works = self.unlock_granted = True
        self.reports: list[tuple[float, float | None, float | None]] = []
        self.times: dict[str, float] = {}
        self.current_when_opened: float | None = None
        self._waiters = Waiters()

    def _note(self, event: str) -> None:
        if event not in self.events[-1:]:
            self.events.append(event)
        self.times.setdefault(event, asyncio.get_running_loop().time())

    def _later(self, delay_s: float, action: Callable[[], None]) -> None:
        def act() -> None:
            action()
            self._waiters.notify()

        asyncio.get_running_loop().call_later(delay_s, act)

    def begin_session(self) -> None:
        self._note("begin")

    def end_session(self) -> None:
        self._note("end")

    def charger_reports(self, voltage_v: float | None, current_a: float | None) -> None:
        self.reports.append((asyncio.get_running_loop().time(), voltage_v, current_a))
        if voltage_v is not None:
            self.inlet_v = voltage_v
        self._waiters.notify()

    def charger_confirmed_stop(self) -> None:
        self._note("confirmed_stop")

    def request_state_c(self) -> None:
        self._note("state_c")
        self.state_c = self.state_c_works
        self._waiters.notify()

    def request_state_b(self) -> None:
        self._note("state_b")
        self.state_c = False
        self._waiters.notify()

    def request_lock(self) -> None:
        self._note("lock")
        if self.lock_works:
            self._later(0.5, lambda: setattr(self, "locked", True))

    def request_unlock(self) -> None:
        self._note("unlock")
        if self.unlock_granted and self.contactors_open:
            self._later(0.5, lambda: setattr(self, "locked", False))

    def request_contactors_closed(self) -> None:
        self._note("close")
        self.contactors_open = False
        if self.contactors_close:
            self._later(0.3, self._closed)

    def _closed(self) -> None:
        self.contactors_closed = self.events[-1:] == ["close"]

    def request_contactors_open(self) -> None:
        self._note("open")
        measured = [a for _, _, a in self.reports if a is not None]
        self.current_when_opened = measured[-1] if measured else None
        self.contactors_closed = False
        if self.contactors_work:
            self._later(0.02, lambda: setattr(self, "contactors_open", True))

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        await self._waiters.wait_for(condition)

    def raise_emergency(self, reason: Reason) -> None:
        """Do as the guard: emergency, state B, contactors open at once."""
        self.emergency = reason
        self.state_c = self.contactors_closed = False
        self._later(0.05, lambda: setattr(self, "contactors_open", True))
        self._waiters.notify()

    @property
    def safe(self) -> bool:
        return not (self.state_c or self.locked) and self.contactors_open


class BenchSupply:
    """A DC output that is where it is told to be at once."""

    def __init__(self) -> None:
        self.limits = SupplyLimits(
            max_voltage_v=500.0,
            min_voltage_v=150.0,
            max_current_a=125.0,
            min_current_a=1.0,
            max_power_w=50_000.0,
        )
        self.events: list[str] = []
        self.present_voltage_v = self.present_current_a = 0.0
        self.isolation_ok = False
        self.cable_check = CableCheck.IDLE
        self.cable_check_result = CableCheck.PASSED
        self.cable_check_s = 3.0
        self.reachable_v = 1000.0
        self.asked: list[tuple[float, float]] = []

    def start_cable_check(self) -> None:
        self.events.append("cable_check")
        self.cable_check = CableCheck.ONGOING
        if self.cable_check_s == 0.0:
            self._finish()
        else:
            asyncio.get_running_loop().call_later(self.cable_check_s, self._finish)

    def _finish(self) -> None:
        self.cable_check = self.cable_check_result
        self.isolation_ok = self.cable_check is CableCheck.PASSED

    def set_output(self, voltage_v: float, current_a: float) -> None:
        self.asked.append((voltage_v, current_a))
        self.present_voltage_v = min(voltage_v, self.reachable_v)
        self.present_current_a = current_a if current_a > 2.0 else 0.0

    def disable(self) -> None:
        self.events.append("disable")
        self.present_voltage_v = self.present_current_a = 0.0

    def emergency_off(self) -> None:
        self.events.append("emergency_off")
        self.present_voltage_v = self.present_current_a = 0.0

    @property
    def off(self) -> bool:
        return self.present_voltage_v == 0.0 and self.present_current_a == 0.0


class BenchPilot:
    """The charger's end of the pilot; a vehicle may drive it."""

    def __init__(self, vehicle: BenchVehicle | None = None, state: str = "B") -> None:
        self._vehicle = vehicle
        self._state = state
        self._waiters = Waiters() if vehicle is None else vehicle._waiters
        self.duty_pct = 5.0

    @property
    def state(self) -> str:
        if self._vehicle is not None and self._state == "B":
            return "C" if self._vehicle.state_c else "B"
        return self._state

    def set(self, state: str) -> None:
        self._state = state
        self._waiters.notify()

    def set_duty(self, duty_pct: float) -> None:
        self.duty_pct = duty_pct

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        await self._waiters.wait_for(condition)


Tamper = Callable[[str, Any], Any]
"""Gets the response's name and the whole response; returns what to send: a message, bytes, or None
for nothing at all."""


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
        rng=Random(1),
        session_id=session_id,
    )


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
        session = bench_session(self.supply, self.pilot)
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
        while not (payloads := self._v2gtp.receive_data(await self.stream.receive())):
            pass
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
            self.supply, self.pilot, evseid=EVSEID, log=self.log, rng=Random(1), **secc_options
        )
        self.task = asyncio.get_running_loop().create_task(self.secc.serve(self.charger_end))
