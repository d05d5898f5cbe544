"""A bench for both sides: a connection in memory, and plain objects that stand for the world."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address

import structlog
from structlog.testing import LogCapture
from structlog.typing import FilteringBoundLogger

from pyplc_fw.errors import LinkError
from pyplc_fw.faults import Reason
from pyplc_fw.terms import Endpoint, EndState
from pyplc_fw.v2g.ports import CableCheck, SupplyLimits

PEER = Endpoint(IPv6Address("fe80::2"), 15118)


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
        self.fault: Reason | None = None
        self.lock_works = self.contactors_close = self.contactors_work = True
        self.state_c_works = self.unlock_granted = self.touch_safe = True
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

    @property
    def end_state(self) -> EndState | None:
        return EndState.SAFE if self.safe and self.touch_safe else None

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
