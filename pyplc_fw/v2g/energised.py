"""The part of a car's session in which something is energised, and the safe way out of it.

``async with energised.session():`` holds everything from state C to the plug's release. Whatever
happens inside (an end, an error, a cancellation, an emergency that the guard began), nothing
leaves before the vehicle is in an end state:

1. state B, before anything is waited for;
2. the contactors open when less than 5 A flow, and 2 s later whatever flows;
3. the plug is unlocked, as far as the guard lets it be: *safe*; else it stays locked: *held*.

The guard is stricter than this and acts by itself; here is what the controller wants. Its heartbeat
is the vehicle adapter's business: it beats while the task that began the session lives.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

from structlog.typing import FilteringBoundLogger

from pyplc_fw import faults
from pyplc_fw.errors import PyplcError
from pyplc_fw.faults import Reason
from pyplc_fw.terms import CURRENT_FREE_A, EndState
from pyplc_fw.timing import Timer
from pyplc_fw.v2g.ports import Vehicle
from pyplc_fw.v2g.timers import EvccTimers

FRESH_S: Final = 0.5
"What the charger reported counts for so long. Source: docs/architecture.md, the guard."


class EmergencyStopError(PyplcError):
    """The session must end at once: the charger or the guard said so."""


class ChargerReports:
    """What the charger measured last, passed on to the guard as it comes."""

    def __init__(self, vehicle: Vehicle) -> None:
        self._vehicle = vehicle
        self._current_a: float | None = None
        self._measured_s = 0.0
        self.ramped_down = False
        "The charger was asked for 0 A and followed: what it reported then stays true."

    def forget(self) -> None:
        """Begin a session: nothing is known."""
        self._current_a = None
        self.ramped_down = False

    def take(self, voltage_v: float, current_a: float | None) -> None:
        """Pass on a response's values; a current of None was not measured."""
        if current_a is not None:
            self._measured_s = _now()
            self._current_a = current_a
        self._vehicle.charger_reports(voltage_v, current_a)

    @property
    def current_is_off(self) -> bool:
        """A fresh report says that less than 5 A flow; an unknown current flows."""
        if self.ramped_down:
            return True
        if self._current_a is None or _now() - self._measured_s > FRESH_S:
            return False
        return abs(self._current_a) < CURRENT_FREE_A


class Energised:
    """One vehicle, energised for one session at a time."""

    def __init__(
        self,
        vehicle: Vehicle,
        timers: EvccTimers,
        log: FilteringBoundLogger,
        *,
        zero_current: Callable[[], Awaitable[bool]],
    ) -> None:
        """``zero_current`` asks the charger for 0 A once; False when it cannot be asked."""
        self._vehicle = vehicle
        self._timers = timers
        self._log = log
        self._zero_current = zero_current
        self._state_b_s: float | None = None
        self.reports = ChargerReports(vehicle)
        self.end_state = EndState.SAFE
        self.held_because: Reason | None = None
        self.emergency: Reason | None = None
        "Why the guard took over in this session, if it did."

    @asynccontextmanager
    async def session(self) -> AsyncIterator[None]:
        """Hold what is energised; raises EmergencyStopError into it when the guard takes over."""
        self._state_b_s = None
        self.reports.forget()
        self._vehicle.begin_session()
        self.end_state, self.held_because = EndState.HELD, faults.HARDWARE_FAILED  # until shown
        try:
            async with self._interrupted_by_guard():
                yield
        finally:
            self.state_b()
            try:
                await unskippable(self._reach_end_state())
            finally:
                self._vehicle.end_session()

    def state_b(self) -> None:
        """Ask for state B; the time of the first call counts."""
        if self._state_b_s is None:
            self._state_b_s = _now()
        self._vehicle.request_state_b()

    async def open_contactors(self, settle: Timer | None = None) -> bool:
        """Open when less than 5 A flow and ``settle`` has passed, 2 s after state B at the latest.

        Returns whether both are proven open.
        """
        vehicle, timers = self._vehicle, self._timers
        if settle is not None:
            await asyncio.sleep(max(self._state_b_until(settle) - _now(), 0.0))
        try:
            if not vehicle.contactors_open:
                await self._current_gone()
        finally:
            vehicle.request_contactors_open()
        return await self.within(timers.contactors_open, lambda: vehicle.contactors_open)

    async def within(self, timer: Timer, condition: Callable[[], bool]) -> bool:
        """Wait until ``condition`` holds, ``timer`` at most; returns whether it does."""
        try:
            async with asyncio.timeout(timer.limit_s):
                await self._vehicle.wait_for(condition)
        except TimeoutError:
            self._log.warning("vehicle.too_slow", timer=timer.name, limit_s=timer.limit_s)
        return condition()

    @asynccontextmanager
    async def _interrupted_by_guard(self) -> AsyncIterator[None]:
        vehicle = self._vehicle
        loop = asyncio.get_running_loop()
        watch = loop.create_task(vehicle.wait_for(lambda: vehicle.emergency is not None))
        try:
            async with asyncio.timeout(None) as scope:

                def interrupt(_: asyncio.Task[None]) -> None:
                    scope.reschedule(loop.time())

                watch.add_done_callback(interrupt)
                try:
                    yield
                finally:
                    watch.remove_done_callback(interrupt)
        except TimeoutError as exc:
            if not scope.expired() or isinstance(exc, PyplcError):
                raise
            watch.result()  # an adapter that failed says so itself
            reason = vehicle.emergency or faults.INTERNAL_ERROR
            raise EmergencyStopError(f"the guard: {reason.sentence}", reason=reason) from exc
        finally:
            watch.cancel()

    async def _reach_end_state(self) -> None:
        vehicle = self._vehicle
        try:
            await self.open_contactors()
        finally:
            self.emergency = vehicle.emergency
            vehicle.request_unlock()
        if await self.within(self._timers.unlock, lambda: vehicle.end_state is EndState.SAFE):
            self.end_state, self.held_because = EndState.SAFE, None
        else:
            self.end_state, self.held_because = EndState.HELD, self._why_held()
        self._log.info("vehicle.end_state", end_state=self.end_state.value)

    def _why_held(self) -> Reason:
        vehicle = self._vehicle
        if vehicle.fault is not None:
            return vehicle.fault
        return faults.UNLOCK_REFUSED if vehicle.contactors_open else faults.CONTACTOR_WELDED

    async def _current_gone(self) -> None:
        vehicle = self._vehicle
        end_s = self._state_b_until(self._timers.current_gone)
        try:
            async with asyncio.timeout_at(end_s):
                while not self._may_open():
                    if not await self._zero_current():
                        await vehicle.wait_for(self._may_open)
        except TimeoutError:
            self._log.warning("vehicle.current_not_gone", limit_s=self._timers.current_gone.limit_s)

    def _may_open(self) -> bool:
        return self.reports.current_is_off or self._vehicle.contactors_open

    def _state_b_until(self, timer: Timer) -> float:
        since_s = _now() if self._state_b_s is None else self._state_b_s
        return since_s + timer.limit_s


async def unskippable(work: Coroutine[Any, Any, None]) -> None:
    """Do ``work`` to its end, however often the caller is cancelled meanwhile."""
    task = asyncio.get_running_loop().create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError as exc:
            cancelled = exc
    task.result()
    if cancelled is not None:
        raise cancelled


def _now() -> float:
    return asyncio.get_running_loop().time()
