"""A controller that asks for anything at any time, and sensors that say anything.

The rules are checked on what the guard was given and what it commanded, by code of its own: it
shares neither functions nor values with the guard.
"""

from __future__ import annotations

from math import inf
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pyplc_fw.vehicle.guard import Guard
from pyplc_fw.vehicle.ports import (
    GuardRules,
    Inputs,
    LockDrive,
    Outputs,
    Report,
    Request,
    VoltageSource,
)

STEP_S = 0.010
MARGIN_S = 1e-6


SPOILT_INPUTS: list[dict[str, Any]] = [
    {"plugged": False},
    {"pilot_duty_pct": 50.0},
    {"pilot_frequency_hz": 900.0},
    {"pilot_silent_since": 1e-9},
    {"locked": False},
    {"unlocked": True},
    {"plus_closed": True},
    {"plus_closed": None},
    {"minus_closed": None},
    {"inlet_v": 350.0},
    {"inlet_v": None},
]
SPOILT_REQUESTS: list[dict[str, Any]] = [
    {},
    {"session": False},
    {"state_c": False},
    {"battery_v": 395.0},
    {"battery_v_at": -inf},
    {"charger_v": 320.0},
    {"charger_v_at": -inf},
]


class History:
    """What the rules need to know about the past, kept beside the guard."""

    def __init__(self, now: float) -> None:
        self.pilot_bad_since: float | None = now
        self.s2_open_since = -inf
        self.plug_lost_since: float | None = None
        self.emergency_since: float | None = None
        self.open_proven_since: float | None = None
        self.dead_since: float | None = None
        self.low_reports = 0
        self.high_at = -inf
        self.report_at = -inf
        self.first_closed_at: float | None = None
        self.pole_since = {"plus": -inf, "minus": -inf}
        self.pole_arrived = {"plus": False, "minus": False}
        self.lock_was_seen = False

    def look(self, now: float, i: Inputs, r: Request, o: Outputs) -> None:
        """Take in what is given at ``now``, while ``o`` is still commanded."""
        digital = (
            i.pilot_duty_pct is not None
            and 3.0 <= i.pilot_duty_pct <= 7.0
            and i.pilot_frequency_hz is not None
            and 980.0 <= i.pilot_frequency_hz <= 1020.0
            and i.pilot_silent_since is None
        )
        if digital:
            self.pilot_bad_since = None
        elif self.pilot_bad_since is None:
            silent = i.pilot_silent_since
            self.pilot_bad_since = now if silent is None else silent
        for name, commanded, closed in (
            ("plus", o.plus, i.plus_closed),
            ("minus", o.minus, i.minus_closed),
        ):
            arrives = commanded and closed is not False
            self.pole_arrived[name] = self.pole_arrived[name] or arrives
        bad = self.pilot_bad_since
        lost = not i.plugged or (bad is not None and now >= bad + 0.020)
        live = o.s2 or o.plus or o.minus
        if live and lost:
            self.plug_lost_since = now if self.plug_lost_since is None else self.plug_lost_since
        if not live:
            self.plug_lost_since = None
        self._look_for_emergencies(now, i, r, o, live=live, lost=lost)
        self._look_at_reports(now, i, r, o)

    def _look_for_emergencies(
        self, now: float, i: Inputs, r: Request, o: Outputs, *, live: bool, lost: bool
    ) -> None:
        locked = i.locked and not i.unlocked
        self.lock_was_seen = live and (self.lock_was_seen or locked)
        trouble = (
            lost
            or (self.lock_was_seen and not locked)
            or now >= r.heartbeat_at + 0.3
            or self._contactor_trouble(now, i, o)
        )
        if not live:
            self.emergency_since = None
        elif trouble and self.emergency_since is None:
            self.emergency_since = now

    def _contactor_trouble(self, now: float, i: Inputs, o: Outputs) -> bool:
        pairs = (("plus", o.plus, i.plus_closed), ("minus", o.minus, i.minus_closed))
        return any(
            (commanded and closed is not True and now >= self.pole_since[name] + 0.5)
            or (not commanded and closed is True and now >= self.pole_since[name] + 0.2)
            for name, commanded, closed in pairs
        )

    def _look_at_reports(self, now: float, i: Inputs, r: Request, o: Outputs) -> None:
        proven = not o.plus and not o.minus and i.plus_closed is i.minus_closed is False
        if not proven:
            self.open_proven_since = self.dead_since = None
        else:
            self.open_proven_since = (
                now if self.open_proven_since is None else self.open_proven_since
            )
        if o.s2 or not proven:
            self.dead_since, self.low_reports = None, 0
        elif self.dead_since is None:
            self.dead_since = max(self.open_proven_since or -inf, self.s2_open_since)
        if r.charger_v_at > self.report_at:
            self.report_at = r.charger_v_at
            if r.charger_v >= 60.0:
                self.high_at, self.low_reports = r.charger_v_at, 0
            elif self.dead_since is not None:
                self.low_reports += 1

    def commanded(self, now: float, before: Outputs, o: Outputs) -> None:
        for name in ("plus", "minus"):
            if getattr(before, name) != getattr(o, name):
                self.pole_since[name] = now
                self.pole_arrived[name] = False


class HostileController(RuleBasedStateMachine):
    source = VoltageSource.CHARGER

    @initialize(charger=st.booleans())
    def begin(self, charger: bool) -> None:
        source = VoltageSource.CHARGER if charger else VoltageSource.MEASURED
        self.rules_ = GuardRules(voltage_source=source)
        self.guard = Guard(self.rules_)
        self.now = 1000.0
        self.inputs = Inputs(plus_closed=False, minus_closed=False)
        self.request = Request()
        self.outputs = Outputs()
        self.report = Report()
        self.history = History(self.now)
        self.obedient = True
        self.lives = True
        self.step()

    # --- the world ---------------------------------------------------------------------------

    def step(self) -> None:
        if self.lives:
            self.request = self.request._replace(heartbeat_at=self.now)
        for _ in range(4):
            before, wanted = self.outputs, self.inputs
            self.history.look(self.now, self.inputs, self.request, before)
            self.outputs, self.report = self.guard.step(self.now, self.inputs, self.request)
            if before.s2 and not self.outputs.s2:
                self.history.s2_open_since = self.now
            self.check(before)
            self.history.commanded(self.now, before, self.outputs)
            assert self.report.next_deadline > self.now
            if self.obedient:
                self.inputs = self.obey()
            if self.inputs == wanted:
                return

    def obey(self) -> Inputs:
        inputs = self.inputs._replace(
            plus_closed=self.outputs.plus, minus_closed=self.outputs.minus
        )
        drive = self.outputs.lock_drive
        if drive is not LockDrive.OFF:
            locking = drive is LockDrive.LOCK
            inputs = inputs._replace(locked=locking, unlocked=not locking)
        return inputs

    def sense(self, **changes: Any) -> None:
        self.inputs = self.inputs._replace(**changes)
        self.step()

    def ask(self, **changes: Any) -> None:
        self.request = self.request._replace(**changes)
        self.step()

    # --- the rules, in words of their own ----------------------------------------------------

    def check(self, before: Outputs) -> None:
        o = self.outputs
        if (o.plus and not before.plus) or (o.minus and not before.minus):
            self.check_closing(before)
        if (before.plus and not o.plus) or (before.minus and not o.minus):
            self.check_opening()
        if o.lock_drive is LockDrive.UNLOCK:
            self.check_unlock()
        if o.s2:
            self.check_s2(closes=not before.s2)
        self.check_deadlines()

    def check_closing(self, before: Outputs) -> None:
        i, r, o, now = self.inputs, self.request, self.outputs, self.now
        assert r.session
        assert r.contactors
        assert o.s2
        assert i.plugged
        assert i.locked
        assert not i.unlocked
        assert self.history.pilot_bad_since is None
        assert now - r.battery_v_at <= 0.5
        if self.rules_.voltage_source is VoltageSource.CHARGER:
            assert now - r.charger_v_at <= 0.5
            inlet_v: float | None = r.charger_v
        else:
            inlet_v = i.inlet_v
        assert inlet_v is not None
        assert abs(inlet_v - r.battery_v) < 20.0
        assert not (o.plus and o.minus and not before.plus and not before.minus)
        if o.plus and o.minus:
            first = "plus" if before.plus else "minus"
            assert now - self.history.pole_since[first] >= 0.0999
        else:
            assert i.plus_closed is i.minus_closed is False

    def check_opening(self) -> None:
        o, r, h, now = self.outputs, self.request, self.history, self.now
        assert not o.plus
        assert not o.minus
        known = now - r.charger_a_at <= 0.5 + MARGIN_S
        gone = now - r.charger_a_at <= 0.5 and abs(r.charger_a) < 5.0
        gone = gone and (r.stop_confirmed or (not o.s2 and r.charger_a_at > h.s2_open_since))
        open_s = -inf if o.s2 else now - h.s2_open_since
        by_time = open_s >= 1.9 or (r.stop_confirmed and open_s >= 0.999 and not known)
        # exactly at the edge of freshness both readings are right
        by_time = by_time or (r.stop_confirmed and open_s >= 0.999 and now - r.charger_a_at >= 0.5)
        never_joined = not all(h.pole_arrived.values())
        assert gone or by_time or never_joined or h.emergency_since is not None

    def check_unlock(self) -> None:
        i, o, h = self.inputs, self.outputs, self.history
        assert not o.plus
        assert not o.minus
        assert not o.s2
        assert i.plus_closed is i.minus_closed is False
        if self.rules_.voltage_source is VoltageSource.MEASURED:
            assert i.inlet_v is not None
            assert i.inlet_v < 60.0
            return
        quiet_since = max(h.dead_since or -inf, h.high_at)
        assert h.low_reports >= 2 or self.now >= quiet_since + 5.0 - MARGIN_S

    def check_s2(self, *, closes: bool) -> None:
        bad = self.history.pilot_bad_since
        assert self.request.session
        assert self.inputs.plugged
        assert bad is None or (not closes and self.now < bad + 0.020)
        assert self.now < self.request.heartbeat_at + 0.3

    def check_deadlines(self) -> None:
        """Whatever is commanded now has to fit the table, less the contactors' 30 ms and a step."""
        h, o, now = self.history, self.outputs, self.now
        energised = o.plus or o.minus
        open_by = inf
        if h.plug_lost_since is not None:
            open_by = h.plug_lost_since + 0.060
        if h.emergency_since is not None:
            assert not o.s2
            open_by = min(open_by, h.emergency_since + 1.960)
        if energised and not self.request.contactors:
            assert not o.s2
            open_by = min(open_by, h.s2_open_since + 1.960)
        if energised:
            assert now < open_by + MARGIN_S
            assert self.report.next_deadline <= open_by + MARGIN_S  # it will look in time
        if o.s2 and h.pilot_bad_since is not None:
            assert self.report.next_deadline <= h.pilot_bad_since + 0.020 + MARGIN_S

    # --- the rules by which hypothesis plays -------------------------------------------------

    @rule(
        seconds=st.one_of(
            st.sampled_from([0.001, 0.01, 0.0199, 0.02, 0.1, 0.3, 0.5, 1.0, 2.0, 5.0, 60.0]),
            st.floats(0.001, 10.0),
            st.floats(10.0, 600.0),
        ),
        lives=st.booleans(),
    )
    def time_passes(self, seconds: float, lives: bool) -> None:
        self.lives = lives
        if self.report.next_deadline <= self.now + STEP_S:
            seconds = min(seconds, 12.0)  # a measured voltage is being watched: many steps
        end = self.now + seconds
        while min(self.report.next_deadline, self.beat_due()) <= end:
            self.now = max(self.now, min(self.report.next_deadline, self.beat_due()))
            self.step()
        self.now = end
        self.step()
        self.lives = True

    def beat_due(self) -> float:
        """A living controller beats before its heartbeat is stale, where that matters."""
        if not self.lives or not (self.request.session or self.outputs.s2 or self.outputs.plus):
            return inf
        return self.request.heartbeat_at + 0.25

    @rule(plugged=st.booleans())
    def plug(self, plugged: bool) -> None:
        self.sense(plugged=plugged)

    @rule(
        duty_pct=st.sampled_from([5.0, 5.0, 3.0, 7.0, 2.9, 7.1, 50.0, None]),
        frequency_hz=st.sampled_from([1000.0, 1000.0, 995.0, 900.0, None]),
    )
    def pilot(self, duty_pct: float | None, frequency_hz: float | None) -> None:
        self.sense(
            pilot_duty_pct=duty_pct, pilot_frequency_hz=frequency_hz, pilot_silent_since=None
        )

    @rule(ago_s=st.sampled_from([0.0, 0.001, 0.0199, 0.02, 1.0]))
    def pilot_goes_silent(self, ago_s: float) -> None:
        if self.inputs.pilot_silent_since is None:
            self.sense(pilot_silent_since=self.now - ago_s)

    @rule(locked=st.booleans(), unlocked=st.booleans())
    def lock_feedback(self, locked: bool, unlocked: bool) -> None:
        self.sense(locked=locked, unlocked=unlocked)

    @rule(plus=st.sampled_from([True, False, None]), minus=st.sampled_from([True, False, None]))
    def aux_feedback(self, plus: bool | None, minus: bool | None) -> None:
        self.obedient = False
        self.sense(plus_closed=plus, minus_closed=minus)

    @rule()
    def hardware_obeys(self) -> None:
        self.obedient = True
        self.step()

    @rule(inlet_v=st.sampled_from([0.0, 59.0, 60.0, 370.0, 379.0, 400.0, None]))
    def inlet(self, inlet_v: float | None) -> None:
        self.sense(inlet_v=inlet_v)

    @rule(
        session=st.booleans(),
        state_c=st.booleans(),
        contactors=st.booleans(),
        lock=st.sampled_from([True, False, None]),
    )
    def controller_asks(
        self, session: bool, state_c: bool, contactors: bool, lock: bool | None
    ) -> None:
        self.ask(session=session, state_c=state_c, contactors=contactors, lock=lock)

    @rule(confirmed=st.booleans(), acknowledge=st.booleans())
    def controller_says(self, confirmed: bool, acknowledge: bool) -> None:
        self.ask(stop_confirmed=confirmed, acknowledge=acknowledge)
        self.request = self.request._replace(acknowledge=False)

    @rule(
        voltage_v=st.sampled_from([0.0, 59.0, 60.0, 370.0, 385.0, 450.0]),
        current_a=st.sampled_from([0.0, 4.9, 5.0, 100.0, -100.0]),
        battery_v=st.sampled_from([0.0, 375.0, 380.0]),
        age_s=st.sampled_from([0.0, 0.0, 0.4, 0.6]),
    )
    def charger_says(
        self, voltage_v: float, current_a: float, battery_v: float, age_s: float
    ) -> None:
        at = self.now - age_s
        self.ask(
            charger_v=voltage_v,
            charger_v_at=at,
            charger_a=current_a,
            charger_a_at=at,
            battery_v=battery_v,
            battery_v_at=at,
        )

    @rule(spoilt=st.sampled_from(SPOILT_INPUTS), later=st.booleans())
    def nearly_good_session(self, spoilt: dict[str, Any], later: bool) -> None:
        """Let one thing be wrong when a contactor is asked for, or when the second's turn comes."""
        self.prepare()
        if not later:
            self.obedient = not {"plus_closed", "minus_closed"} & set(spoilt)
            self.sense(**spoilt)
        self.ask(contactors=True)
        self.sense(**spoilt)
        self.time_passes(0.15, lives=True)

    @rule(
        spoilt=st.sampled_from(SPOILT_REQUESTS),
        age_s=st.sampled_from([0.0, 0.45, 0.6]),
        lock=st.booleans(),
    )
    def nearly_good_request(self, spoilt: dict[str, Any], age_s: float, lock: bool) -> None:
        self.prepare(lock=lock)
        self.charger_says(370.0, 0.0, 375.0, 0.0)
        self.time_passes(age_s, lives=True)
        self.ask(contactors=True, **spoilt)
        self.time_passes(0.15, lives=True)

    @rule(current_a=st.sampled_from([0.0, 100.0]))
    def good_session(self, current_a: float) -> None:
        """Get far: without it a random walk seldom closes a contactor."""
        self.prepare()
        self.charger_says(370.0, current_a, 375.0, 0.0)
        self.ask(contactors=True)
        self.time_passes(0.2, lives=True)

    @rule(
        confirmed=st.booleans(),
        low_reports=st.integers(0, 3),
        high_after_s=st.sampled_from([0.0, 0.0, 1.5, 3.0]),
    )
    def stop(self, confirmed: bool, low_reports: int, high_after_s: float) -> None:
        self.ask(state_c=False, contactors=False, stop_confirmed=confirmed)
        if high_after_s:
            self.time_passes(high_after_s, lives=True)
            self.charger_says(450.0, 0.0, 375.0, 0.0)
        for _ in range(low_reports):
            self.time_passes(0.05, lives=True)
            self.charger_says(20.0, 0.0, 375.0, 0.0)

    @rule(
        state_c=st.booleans(),
        plus=st.sampled_from([False, False, True, None]),
        minus=st.sampled_from([False, False, True, None]),
    )
    def unlock(self, state_c: bool, plus: bool | None, minus: bool | None) -> None:
        self.obedient = plus is minus is False
        if not self.obedient:
            self.sense(plus_closed=plus, minus_closed=minus, inlet_v=0.0)
        self.ask(lock=False, state_c=state_c)
        self.time_passes(6.0, lives=True)

    @rule(duty_pct=st.sampled_from([50.0, None]), session=st.booleans())
    def state_c_by_mistake(self, duty_pct: float | None, session: bool) -> None:
        self.prepare()
        self.ask(state_c=False)
        self.sense(pilot_duty_pct=duty_pct)
        self.ask(state_c=True, session=session)

    @rule()
    def cable_check(self) -> None:
        """Lock and go to state C, and let the charger say nothing for long."""
        self.prepare()
        self.time_passes(8.0, lives=True)

    def prepare(self, *, lock: bool = True) -> None:
        """Begin anew and come to where the contactors may be asked for."""
        self.obedient = True
        self.sense(locked=False, unlocked=True)
        self.ask(session=False, state_c=False, contactors=False, lock=None, acknowledge=True)
        self.request = self.request._replace(acknowledge=False)
        self.time_passes(3.0, lives=True)
        self.sense(
            plugged=True,
            pilot_duty_pct=5.0,
            pilot_frequency_hz=1000.0,
            pilot_silent_since=None,
            inlet_v=375.0,
        )
        self.ask(session=True, state_c=True, lock=lock or None, stop_confirmed=False)
        self.charger_says(370.0, 0.0, 375.0, 0.0)

    @invariant()
    def never_half_a_report(self) -> None:
        if not hasattr(self, "report"):
            return
        assert not (self.report.contactors_closed and self.report.contactors_open)
        if self.report.contactors_closed:
            assert self.outputs.plus
            assert self.outputs.minus


HostileController.TestCase.settings = settings(
    max_examples=120,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestHostileController: Any = HostileController.TestCase


def test_the_machine_gets_as_far_as_charging() -> None:
    machine = HostileController()
    machine.begin(charger=True)
    machine.good_session(100.0)
    assert machine.report.contactors_closed
    assert machine.outputs == Outputs(s2=True, plus=True, minus=True)
    machine.time_passes(0.4, lives=False)
    assert not machine.outputs.s2
    machine.outputs = Outputs(lock_drive=LockDrive.UNLOCK)
    with pytest.raises(AssertionError):
        machine.check_unlock()
