"""The car's inlet behind the guard: the port ``Vehicle``, in process.

Heartbeat and freshness are two things. The heartbeat says that the controller lives: from
``begin_session`` to ``end_session`` it beats by itself, as long as the task that began the session
has not ended (``beats=False``: whoever drives it calls ``beat``). Freshness belongs to each value:
``charger_reports`` stamps voltage and current when they come, every beat stamps the battery's
voltage. Between two slow responses the session is alive while the charger's values are too old to
close a contactor on; PreChargeReq go on until both contactors are confirmed, so that they are not.

Inputs that cannot be read are as they were for 20 ms, then unknown; outputs that could not be
written are written again in the next step.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING

from pyplc_fw.errors import HardwareError
from pyplc_fw.faults import HARDWARE_FAILED, INTERNAL_ERROR, Reason
from pyplc_fw.terms import EndState
from pyplc_fw.v2g.ports import Battery
from pyplc_fw.vehicle import timers
from pyplc_fw.vehicle.guard import Guard
from pyplc_fw.vehicle.journal import Journal
from pyplc_fw.vehicle.ports import (
    GuardRules,
    Inputs,
    Outputs,
    Report,
    Request,
    VehicleIo,
    VoltageSource,
)
from pyplc_fw.vehicle.stop import StopProgram
from pyplc_fw.vehicle.waiters import Waiters

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


BLIND = Inputs(unlocked=False)
"Nothing is known."


class GuardedVehicle:
    """The vehicle as the guard lets it be used; see ``Vehicle`` for what the calls mean.

    The guard is stepped when an input, the request or a reported value changed and when a deadline
    of its own comes; with ``rate_hz`` at that rate and only then, as on the board. Build it within
    the running loop; ``close`` stops its timers and leaves the outputs as they are.
    """

    def __init__(
        self,
        io: VehicleIo,
        battery: Battery,
        log: FilteringBoundLogger,
        *,
        rules: GuardRules | None = None,
        beats: bool = True,
        rate_hz: float | None = None,
    ) -> None:
        self._io = io
        self._battery = battery
        self._rules = rules or GuardRules()
        self._guard = Guard(self._rules)
        self._log = log
        self._journal = Journal(log)
        self._stop = StopProgram(io, log)
        self._beats = beats
        self._period_s = None if rate_hz is None else 1.0 / rate_hz
        self._loop = asyncio.get_running_loop()
        self._waiters = Waiters()
        self._inputs = Inputs()
        self._outputs = self._applied = Outputs()
        self._report = Report()
        self._blind_since: float | None = None
        self._io_error = ""
        self._session = self._state_c = self._contactors = False
        self._stop_confirmed = self._acknowledge = False
        self._lock: bool | None = None
        self._heartbeat_at = -inf
        self._battery_v, self._battery_v_at = 0.0, -inf
        self._charger_v, self._charger_v_at = 0.0, -inf
        self._charger_a, self._charger_a_at = 0.0, -inf
        self._due = inf
        self._timer: asyncio.TimerHandle | None = None
        self._beat_timer: asyncio.TimerHandle | None = None
        self._stepping = self._again = False
        io.subscribe(self._changed)
        self._step()

    def close(self) -> None:
        """Stop the timers."""
        for timer in (self._timer, self._beat_timer):
            if timer is not None:
                timer.cancel()

    # --- what is ----------------------------------------------------------------------------

    @property
    def plugged_in(self) -> bool:
        return self._inputs.plugged

    @property
    def pilot_duty_pct(self) -> float | None:
        return self._inputs.pilot_duty_pct

    @property
    def state_c(self) -> bool:
        return self._outputs.s2

    @property
    def locked(self) -> bool:
        return self._inputs.locked and not self._inputs.unlocked

    @property
    def contactors_closed(self) -> bool:
        return self._report.contactors_closed

    @property
    def contactors_open(self) -> bool:
        return self._report.contactors_open

    @property
    def inlet_v(self) -> float | None:
        if self._rules.voltage_source is VoltageSource.MEASURED:
            return self._io.read().inlet_v
        fresh = self._loop.time() - self._charger_v_at <= timers.VALUE_FRESH_S
        return self._charger_v if fresh else None

    @property
    def emergency(self) -> Reason | None:
        """Why the guard ended the session by itself; it stays until the next one begins."""
        return self._report.emergency or self._report.fault

    @property
    def fault(self) -> Reason | None:
        return self._report.fault

    @property
    def report(self) -> Report:
        """How the guard sees the vehicle."""
        return self._report

    @property
    def end_state(self) -> EndState | None:
        """The end state in which the vehicle is; None while a session or an end is under way."""
        report = self._report
        if self._outputs.s2 or self._outputs.plus or self._outputs.minus:
            return None
        if report.contactors_open and report.touch_safe:
            if self._inputs.unlocked and not self._inputs.locked:
                return EndState.SAFE
            if self.locked and self._lock is not False:
                return EndState.PAUSED
        return EndState.HELD if report.fault is not None else None

    # --- what is wanted ---------------------------------------------------------------------

    def begin_session(self) -> None:
        """Begin a session; the calling task's life is the session's heartbeat."""
        self._session, self._stop_confirmed = True, False
        self._beat_now()
        if self._beats:
            self._keep_beating(asyncio.current_task(self._loop))
        self._step()  # also at a fixed rate: what the last session left is gone before this returns

    def end_session(self) -> None:
        self._session = self._state_c = self._contactors = False
        if self._beat_timer is not None:
            self._beat_timer.cancel()
            self._beat_timer = None
        self._step()

    def beat(self) -> None:
        """Say that the controller lives."""
        self._beat_now()
        self._changed()

    def charger_reports(self, voltage_v: float | None, current_a: float | None) -> None:
        """Pass on what the last response measured; None leaves the older value to its age."""
        now = self._beat_now()
        if voltage_v is not None:
            self._charger_v, self._charger_v_at = voltage_v, now
        if current_a is not None:
            self._charger_a, self._charger_a_at = current_a, now
        self._changed()

    def charger_confirmed_stop(self) -> None:
        self._stop_confirmed = True
        self._changed()

    def request_state_c(self) -> None:
        self._state_c = True
        self._changed()

    def request_state_b(self) -> None:
        self._state_c = False
        self._changed()

    def request_lock(self) -> None:
        self._lock = True
        self._changed()

    def request_unlock(self) -> None:
        self._lock = False
        self._changed()

    def request_contactors_closed(self) -> None:
        self._contactors = True
        self._changed()

    def request_contactors_open(self) -> None:
        self._contactors = False
        self._changed()

    def acknowledge(self) -> None:
        """Forget a latched fault whose cause is gone."""
        self._acknowledge = True
        self._changed()

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        await self._waiters.wait_for(condition)

    # --- heartbeat --------------------------------------------------------------------------

    def _beat_now(self) -> float:
        now = self._loop.time()
        self._heartbeat_at = self._battery_v_at = now
        self._battery_v = self._battery.voltage_v
        return now

    def _keep_beating(self, session: asyncio.Task[object] | None) -> None:
        """Beat while the session's task lives; a response's beat makes one of these spare."""
        if self._beat_timer is not None:
            self._beat_timer.cancel()
        if session is not None and session.done():
            return
        now = self._loop.time()
        due = self._heartbeat_at + timers.HEARTBEAT_PERIOD_S
        if now >= due:
            due = self._beat_now() + timers.HEARTBEAT_PERIOD_S
        self._beat_timer = self._loop.call_at(due, self._keep_beating, session)

    # --- stepping ---------------------------------------------------------------------------

    def _changed(self) -> None:
        """Step now, unless that is done at a fixed rate."""
        if self._period_s is None:
            self._step()

    def _step(self) -> None:
        """Step until nothing changes any more: what is applied may change an input at once."""
        self._again = True
        if self._stepping or self._stop.running:
            return
        self._stepping = True
        try:
            while self._again:
                self._again = False
                self._step_once()
        except BaseException:
            self._give_up()
            raise
        finally:
            self._stepping = False
        self._set_timer()
        self._waiters.notify()

    def _give_up(self) -> None:
        """Leave the vehicle to the stop program: what steps the guard is itself at fault."""
        self._outputs = Outputs()
        self._report = self._report._replace(
            contactors_closed=False,
            contactors_open=False,
            emergency=INTERNAL_ERROR,
            fault=INTERNAL_ERROR,
        )
        self._stop.begin(self._applied)
        self._loop.call_soon(self._waiters.notify)

    def _step_once(self) -> None:
        error_before, self._io_error = self._io_error, ""
        inputs = self._read()
        request = self._request()
        self._acknowledge = False
        outputs, report = self._guard.step(self._loop.time(), inputs, request)
        self._journal.note(inputs, outputs, report)
        self._inputs, self._outputs, self._report = inputs, outputs, report
        if outputs != self._applied:
            self._apply(outputs)
        if self._io_error != error_before:
            log = self._log.error if self._io_error else self._log.info
            log("guard.io", error=self._io_error, reason=HARDWARE_FAILED.id)

    def _read(self) -> Inputs:
        try:
            inputs = self._io.read()
        except HardwareError as exc:
            self._io_error, now = str(exc), self._loop.time()
            if self._blind_since is None:
                self._blind_since = now
            return self._inputs if now - self._blind_since < timers.PWM_LOST_S else BLIND
        self._blind_since = None
        return inputs

    def _apply(self, outputs: Outputs) -> None:
        try:
            self._io.apply(outputs)
        except HardwareError as exc:
            self._io_error = str(exc)
        else:
            self._applied = outputs

    def _request(self) -> Request:
        return Request(
            self._session,
            self._state_c,
            self._lock,
            self._contactors,
            self._stop_confirmed,
            self._acknowledge,
            self._heartbeat_at,
            self._battery_v,
            self._battery_v_at,
            self._charger_v,
            self._charger_v_at,
            self._charger_a,
            self._charger_a_at,
        )

    def _set_timer(self) -> None:
        """Wake up at the next deadline; a timer that is set for earlier may stay."""
        if self._period_s is not None:
            self._due = self._loop.time() + self._period_s
        else:
            change_at = self._io.next_change_at
            due = self._report.next_deadline
            self._due = due if change_at is None else min(due, change_at)
            if self._io_error:
                self._due = min(self._due, self._loop.time() + timers.STEP_S)
        timer = self._timer
        if timer is not None and timer.when() > self._due:
            timer.cancel()
            timer = None
        if timer is None:
            timer = self._arm()
        self._timer = timer

    def _arm(self) -> asyncio.TimerHandle | None:
        return None if self._due == inf else self._loop.call_at(self._due, self._wake)

    def _wake(self) -> None:
        self._timer = None
        if self._loop.time() < self._due:
            self._timer = self._arm()
        else:
            self._step()
