"""The pure step that alone may move contactors, lock and pilot.

How it works: ``step`` is given the time, what is measured and what the controller asks for and
reports, and answers what is commanded and why. It first brings its memory up to date (pilot,
contactors' feedback, reported voltages), then looks for emergencies, then decides S2, contactors
and lock, in this order, because each may rely on the one before. An emergency has a first cause,
which stays until the next session begins, and a latest time at which the contactors open, which
only comes nearer. A request is granted only while its rule (``g1`` to ``g4``) gives no reason
against it, and it is judged anew in each step; opening, once begun, is carried through. Every
rule that waits for a time notes it, and the earliest is ``Report.next_deadline``: stepped then,
and whenever an input or the request changed, the outcome is that of 100 steps a second.
Source: docs/architecture.md, "The guard".
"""

from __future__ import annotations

from math import inf
from typing import Final

from pyplc_fw import faults
from pyplc_fw.faults import Reason
from pyplc_fw.terms import CURRENT_FREE_A, TOUCH_SAFE_V
from pyplc_fw.vehicle import timers
from pyplc_fw.vehicle.pilot import is_digital
from pyplc_fw.vehicle.ports import (
    GuardRules,
    Inputs,
    LockDrive,
    Outputs,
    Report,
    Request,
    VoltageSource,
)

LOW_REPORTS_FOR_PROOF: Final = 2
"WeldingDetectionRes below 60 V that count as proof where the charger measures the inlet."


class _Pole:
    """One contactor as commanded and as seen."""

    __slots__ = ("arrived", "closed", "commanded", "since")

    def __init__(self) -> None:
        self.commanded = False
        self.since = -inf
        self.closed: bool | None = None
        self.arrived = False
        "Commanded, it may have closed: its feedback said so, or nothing."

    def command(self, now: float, *, close: bool) -> None:
        if close != self.commanded:
            self.commanded, self.since, self.arrived = close, now, False


class Guard:
    """The guard of a car's inlet."""

    def __init__(self, rules: GuardRules) -> None:
        self._rules = rules
        self._now = -inf
        self._due = inf
        self._inputs = Inputs()
        self._request = Request()
        self._pilot_valid = False
        self._pilot_bad_since: float | None = -inf
        self._s2 = False
        self._s2_since = -inf
        self._plus = _Pole()
        self._minus = _Pole()
        self._opening = False
        self._open_since: float | None = None
        self._low_reports = 0
        self._report_seen_at = -inf
        self._high_at = -inf
        self._emergency: Reason | None = None
        self._open_by = inf
        self._abandoned = False
        self._fault: Reason | None = None
        self._drive = LockDrive.OFF
        self._drive_since = -inf
        self._lock_seen = False
        self._lock_gave_up: bool | None = None
        self._unlock_asked_at: float | None = None
        self._state_c_refused: Reason | None = None
        self._contactors_refused: Reason | None = None
        self._lock_refused: Reason | None = None

    def step(self, now: float, inputs: Inputs, request: Request) -> tuple[Outputs, Report]:
        """Judge everything at ``now``; never goes back in time."""
        begins = request.session and not self._request.session
        self._now, self._due, self._inputs, self._request = now, inf, inputs, request
        if begins:
            self._begin_session()
        self._watch_pilot()
        self._watch_contactors()
        self._watch_reports()
        self._watch_for_emergencies()
        self._decide_opening()
        self._decide_s2()
        self._decide_contactors()
        self._decide_lock()
        self._keep_an_eye_on_the_voltage()
        outputs = Outputs(self._s2, self._plus.commanded, self._minus.commanded, self._drive)
        return outputs, self._report()

    def _report(self) -> Report:
        proven_open = self._open_since is not None
        touch_safe = proven_open and not self._s2 and self._touch_safe()
        return Report(
            self._due,
            self._confirmed_closed(),
            proven_open,
            touch_safe,
            self._emergency,
            self._fault,
            self._state_c_refused,
            self._contactors_refused,
            self._lock_refused,
        )

    # --- memory ------------------------------------------------------------------------------

    def _wake(self, when: float) -> None:
        """Note that something will have to be decided at ``when``."""
        self._due = min(self._due, when)

    def _begin_session(self) -> None:
        if self._s2 or self._energised():
            return  # the last one has not come to its end: its emergency stays
        self._emergency, self._open_by, self._abandoned = None, inf, False
        self._lock_gave_up = None
        if self._fault is not faults.CONTACTOR_WELDED:
            self._fault = None

    def _energised(self) -> bool:
        return self._plus.commanded or self._minus.commanded

    def _watch_pilot(self) -> None:
        i = self._inputs
        silent_since = i.pilot_silent_since
        self._pilot_valid = silent_since is None and is_digital(
            i.pilot_duty_pct, i.pilot_frequency_hz
        )
        if self._pilot_valid:
            self._pilot_bad_since = None
        elif self._pilot_bad_since is None:
            self._pilot_bad_since = self._now if silent_since is None else silent_since

    def _pilot_lost(self) -> bool:
        if self._pilot_bad_since is None:
            return False
        lost_at = self._pilot_bad_since + timers.PWM_LOST_S
        if self._now < lost_at:
            self._wake(lost_at)
        return self._now >= lost_at

    def _watch_contactors(self) -> None:
        self._watch_pole(self._plus, self._inputs.plus_closed)
        self._watch_pole(self._minus, self._inputs.minus_closed)
        if self._energised() or not (self._plus.closed is False and self._minus.closed is False):
            self._open_since = None
        elif self._open_since is None:
            self._open_since = self._now
        if self._request.acknowledge and self._open_since is not None:
            self._fault = self._lock_gave_up = None

    def _watch_pole(self, pole: _Pole, closed: bool | None) -> None:
        """Latch a contactor that stays closed although it is released: it is welded."""
        pole.closed = closed
        if pole.commanded:
            pole.arrived = pole.arrived or closed is not False
            return
        if closed is not True:
            return
        welded_at = pole.since + timers.CONTACTOR_OPEN_MAX_S
        if self._now >= welded_at:
            self._fault = faults.CONTACTOR_WELDED
        else:
            self._wake(welded_at)

    def _watch_reports(self) -> None:
        """Count the charger's voltages since S2 and contactors are open, so that none may come."""
        if self._s2 or self._open_since is None:
            self._low_reports = 0
        at = self._request.charger_v_at
        if not self._report_seen_at < at <= self._now:
            return
        self._report_seen_at = at
        if not abs(self._request.charger_v) < TOUCH_SAFE_V:  # also when it is not a number
            self._high_at, self._low_reports = at, 0
        elif self._open_since is not None and not self._s2:
            self._low_reports += 1

    def _fresh(self, at: float) -> bool:
        return 0.0 <= self._now - at <= timers.VALUE_FRESH_S  # the future says nothing

    def _inlet_v(self) -> float | None:
        """Return the inlet's voltage by the source that counts; None when absent or too old."""
        if self._rules.voltage_source is VoltageSource.MEASURED:
            return self._inputs.inlet_v
        return self._request.charger_v if self._fresh(self._request.charger_v_at) else None

    def _confirmed_closed(self) -> bool:
        return (
            self._plus.commanded
            and self._minus.commanded
            and self._plus.closed is True
            and self._minus.closed is True
        )

    # --- emergencies -------------------------------------------------------------------------

    def _raise(self, reason: Reason, open_within_s: float) -> None:
        if self._emergency is None:
            self._emergency = reason
        self._open_by = min(self._open_by, self._now + open_within_s)

    def _watch_for_emergencies(self) -> None:
        if self._fault is not None and (self._s2 or self._energised()):
            self._raise(self._fault, timers.EMERGENCY_OPEN_S)
        self._watch_heartbeat()
        if self._s2 or self._energised():
            self._watch_plug()
            self._watch_lock()
            self._watch_closing(self._plus)
            self._watch_closing(self._minus)
        else:
            self._lock_seen = False

    def _watch_plug(self) -> None:
        if not self._inputs.plugged:
            self._raise(faults.PROXIMITY_LOST, timers.PLUG_EMERGENCY_OPEN_S)
        if self._pilot_lost():
            self._raise(faults.PILOT_LOST, timers.PLUG_EMERGENCY_OPEN_S)

    def _watch_heartbeat(self) -> None:
        if not (self._request.session or self._s2 or self._energised()):
            return
        at = self._request.heartbeat_at
        stale_at = at + timers.HEARTBEAT_STALE_S
        if at <= self._now < stale_at:
            self._wake(stale_at)
        else:
            self._abandoned = True
            self._raise(faults.HEARTBEAT_LOST, timers.EMERGENCY_OPEN_S)

    def _watch_lock(self) -> None:
        """Once locked in state C, where voltage may come at any time, it has to stay locked."""
        if self._locked():
            self._lock_seen = True
        elif self._lock_seen:
            self._raise(faults.LOCK_LOST, timers.EMERGENCY_OPEN_S)

    def _watch_closing(self, pole: _Pole) -> None:
        if not pole.commanded or pole.closed is True:
            return
        late_at = pole.since + timers.CONTACTOR_CLOSE_MAX_S
        if self._now >= late_at:
            self._fault = self._fault or faults.CONTACTOR_NOT_CLOSED
            self._raise(faults.CONTACTOR_NOT_CLOSED, timers.EMERGENCY_OPEN_S)
        else:
            self._wake(late_at)

    # --- S2 ----------------------------------------------------------------------------------

    def _decide_s2(self) -> None:
        self._state_c_refused = self._g4_why_not_state_c() if self._request.state_c else None
        on = self._request.state_c and self._state_c_refused is None
        if on != self._s2:
            self._s2, self._s2_since = on, self._now

    def _g4_why_not_state_c(self) -> Reason | None:
        """G4: S2 closes only in a digital session; losing PWM or proximity opens it."""
        if not self._request.session:
            return faults.NO_SESSION
        if self._emergency is not None or self._fault is not None:
            return self._emergency or self._fault
        if self._opening:
            return faults.CURRENT_FLOWS
        if not self._inputs.plugged:
            return faults.NOT_PLUGGED
        if not self._pilot_valid and not (self._s2 and not self._pilot_lost()):
            return faults.PILOT_NOT_DIGITAL
        return None

    # --- contactors --------------------------------------------------------------------------

    def _decide_opening(self) -> None:
        """Begin to open as soon as anything but keeping closed is wanted; then carry it through."""
        r = self._request
        wanted = r.contactors and r.state_c and r.session
        if self._energised() and not (wanted and self._emergency is None):
            self._opening = True

    def _decide_contactors(self) -> None:
        if self._opening:
            self._contactors_refused = faults.CURRENT_FLOWS
            if self._g2_may_open():
                self._release()
        elif self._request.contactors and not (self._plus.commanded and self._minus.commanded):
            self._close_next()
        else:
            self._contactors_refused = None

    def _release(self) -> None:
        self._opening = False
        self._contactors_refused = None
        self._plus.command(self._now, close=False)
        self._minus.command(self._now, close=False)

    def _close_next(self) -> None:
        """Command the contactor in DC-, then, confirmed and staggered, the one in DC+."""
        self._contactors_refused = self._g1_why_not_close()
        if self._contactors_refused is not None:
            return
        if not self._minus.commanded:
            if self._open_since is None:
                self._contactors_refused = faults.CONTACTORS_NOT_OPEN
            else:
                self._minus.command(self._now, close=True)
                self._watch_closing(self._minus)
                self._wake(self._now + timers.CONTACTOR_STAGGER_S)
            return
        turn_at = self._minus.since + timers.CONTACTOR_STAGGER_S
        if self._now < turn_at:
            self._wake(turn_at)
        elif self._minus.closed is True and self._plus.closed is False:
            self._plus.command(self._now, close=True)
            self._watch_closing(self._plus)

    def _g1_why_not_close(self) -> Reason | None:
        """G1: what speaks against closing a contactor now."""
        r = self._request
        if not r.session:
            return faults.NO_SESSION
        if self._emergency is not None or self._fault is not None:
            return self._emergency or self._fault
        if not self._s2:
            return faults.NOT_STATE_C
        if not self._pilot_valid:
            return faults.PILOT_NOT_DIGITAL
        if not self._inputs.plugged:
            return faults.NOT_PLUGGED
        return self._g1_lock_and_voltage()

    def _g1_lock_and_voltage(self) -> Reason | None:
        if not self._locked():
            return faults.NOT_LOCKED
        inlet_v, battery_v = self._inlet_v(), self._request.battery_v
        known = self._fresh(self._request.battery_v_at) and battery_v >= TOUCH_SAFE_V
        if inlet_v is None or not known:
            return faults.VOLTAGE_UNKNOWN  # no battery is at 0 V: nobody has measured it yet
        gap_v = abs(inlet_v - battery_v)
        return None if gap_v < self._rules.pre_charge_limit_v else faults.PRE_CHARGE_GAP

    def _current_is_gone(self) -> bool:
        """Whether a fresh report says so; one from before S2 opened may be of a rising current."""
        r = self._request
        falling = r.stop_confirmed or (not self._s2 and r.charger_a_at > self._s2_since)
        low = abs(r.charger_a) < CURRENT_FREE_A
        return falling and low and self._fresh(r.charger_a_at)

    def _g2_may_open(self) -> bool:
        """G2: open without current, or in an emergency before its deadline.

        Until both have arrived none flows; one that is on its way must not find a cable that the
        charger is discharging.
        """
        if not (self._plus.arrived and self._minus.arrived):
            return True
        if self._current_is_gone() or self._now >= self._open_by:
            return True
        self._wake(self._open_by)
        if self._s2:
            return False
        gone_at = self._s2_since + timers.CURRENT_GONE_S
        if self._request.stop_confirmed:
            unknown_at = self._request.charger_a_at + timers.VALUE_FRESH_S
            gone_at = min(
                gone_at, max(unknown_at, self._s2_since + timers.CURRENT_GONE_AFTER_STOP_S)
            )
        if self._now < gone_at:
            self._wake(gone_at)
        return self._now >= gone_at

    # --- lock --------------------------------------------------------------------------------

    def _locked(self) -> bool:
        return self._inputs.locked and not self._inputs.unlocked

    def _decide_lock(self) -> None:
        wanted = False if self._abandoned else self._request.lock  # nobody is left to ask for it
        if wanted is not False:
            self._unlock_asked_at = None
        if wanted is None:
            self._lock_refused = None
            self._drive_lock(LockDrive.OFF)
        elif wanted:
            self._lock()
        else:
            self._unlock()

    def _lock(self) -> None:
        self._lock_refused = None
        if self._locked():
            self._drive_lock(LockDrive.OFF)
        elif not self._inputs.plugged:
            self._lock_refused = faults.NOT_PLUGGED
            self._drive_lock(LockDrive.OFF)
        else:
            self._drive_lock(LockDrive.LOCK)

    def _unlock(self) -> None:
        if self._inputs.unlocked and not self._inputs.locked:
            self._lock_refused = self._unlock_asked_at = None
            if self._fault is faults.UNLOCK_REFUSED:
                self._fault = None
            self._drive_lock(LockDrive.OFF)
            return
        self._lock_refused = self._g3_why_not_unlock()
        if self._lock_refused is None:
            self._drive_lock(LockDrive.UNLOCK)
        else:
            self._drive_lock(LockDrive.OFF)
            self._lose_patience()

    def _lose_patience(self) -> None:
        """Latch a fault when everything is off and still nothing proves that unlocking is safe."""
        if self._s2 or self._energised():
            self._unlock_asked_at = None
            return
        if self._unlock_asked_at is None:
            self._unlock_asked_at = self._now
        held_at = self._unlock_asked_at + timers.UNLOCK_PATIENCE_S
        if self._now < held_at:
            self._wake(held_at)
        else:
            self._fault = self._fault or faults.UNLOCK_REFUSED

    def _g3_why_not_unlock(self) -> Reason | None:
        """G3: unlock only with the contactors proven open and the inlet shown below 60 V.

        While S2 is closed the charger may apply voltage at any time, so that nothing shown now
        would still hold when the lock has turned.
        """
        if self._fault is faults.CONTACTOR_WELDED:
            return faults.CONTACTOR_WELDED
        if self._open_since is None:
            return faults.CONTACTORS_NOT_OPEN
        if self._s2:
            return faults.STILL_STATE_C
        return None if self._touch_safe() else faults.INLET_LIVE

    def _touch_safe(self) -> bool:
        """Whether the inlet is shown below 60 V; asked with S2 and contactors (proven) open."""
        if self._rules.voltage_source is VoltageSource.MEASURED:
            inlet_v = self._inputs.inlet_v
            return inlet_v is not None and abs(inlet_v) < TOUCH_SAFE_V
        if self._low_reports >= LOW_REPORTS_FOR_PROOF:
            return True
        if self._open_since is None:
            return False
        since = max(self._open_since, self._s2_since, self._high_at)
        settled_at = since + self._rules.settle_s
        if self._now < settled_at:
            self._wake(settled_at)
        return self._now >= settled_at

    def _drive_lock(self, drive: LockDrive) -> None:
        """Run the motor, but never longer than it may."""
        locking = drive is LockDrive.LOCK
        if drive is LockDrive.OFF or self._lock_gave_up is locking:
            self._drive = LockDrive.OFF
            return
        if drive is not self._drive:
            self._drive, self._drive_since = drive, self._now
        stop_at = self._drive_since + timers.LOCK_RUN_MAX_S
        if self._now < stop_at:
            self._wake(stop_at)
            return
        self._drive, self._lock_gave_up = LockDrive.OFF, locking
        self._fault = self._fault or faults.LOCK_FAILED
        if self._request.session and self._emergency is None:
            self._emergency = faults.LOCK_FAILED
        self._wake(self._now + timers.STEP_S)  # S2 has already been decided in this step

    # --- the clock ---------------------------------------------------------------------------

    def _keep_an_eye_on_the_voltage(self) -> None:
        """Look again soon while a measured voltage decides what may happen next."""
        if self._rules.voltage_source is not VoltageSource.MEASURED or self._energised():
            return
        if self._fault is faults.CONTACTOR_WELDED:
            return  # no voltage permits anything now
        inlet_v = self._inputs.inlet_v
        moving = inlet_v is not None and abs(inlet_v) >= TOUCH_SAFE_V
        if moving or self._contactors_refused is faults.PRE_CHARGE_GAP:
            self._wake(self._now + timers.STEP_S)
