"""A guard on a bench: its inputs and requests are set by hand, its clock too."""

from __future__ import annotations

from typing import Any, Final

from pyplc_fw.vehicle.guard import Guard
from pyplc_fw.vehicle.ports import GuardRules, Inputs, LockDrive, Outputs, Report, Request

HAIR_S: Final = 1e-6

UNPLUGGED: Final = Inputs(plus_closed=False, minus_closed=False)
DIGITAL: Final = UNPLUGGED._replace(plugged=True, pilot_duty_pct=5.0, pilot_frequency_hz=1000.0)
LOCKED: Final = DIGITAL._replace(locked=True, unlocked=False)


class Bench:
    """Steps a guard; keeps the last outputs and report."""

    def __init__(self, rules: GuardRules | None = None, inputs: Inputs = UNPLUGGED) -> None:
        self.guard = Guard(rules or GuardRules())
        self.now = 100.0
        self.inputs = inputs
        self.request = Request()
        self.outputs = Outputs()
        self.report = Report()
        self.step()

    def step(self) -> None:
        self.outputs, self.report = self.guard.step(self.now, self.inputs, self.request)
        assert self.report.next_deadline > self.now

    def sense(self, **inputs: Any) -> None:
        self.inputs = self.inputs._replace(**inputs)
        self.step()

    def ask(self, **request: Any) -> None:
        self.request = self.request._replace(**request)
        self.step()

    def drive(self) -> LockDrive:
        return self.outputs.lock_drive

    def beat(self) -> None:
        self.ask(heartbeat_at=self.now)

    def charger_says(
        self, voltage_v: float, current_a: float = 0.0, battery_v: float = 0.0
    ) -> None:
        self.ask(
            heartbeat_at=self.now,
            charger_v=voltage_v,
            charger_v_at=self.now,
            charger_a=current_a,
            charger_a_at=self.now,
            battery_v=battery_v or self.request.battery_v,
            battery_v_at=self.now,
        )

    def pass_time(self, seconds: float, *, beating: bool = True) -> None:
        """Let time pass, stepping when the guard wants to be; the controller lives on."""
        end = self.now + seconds
        while self.report.next_deadline <= end:
            self.now = self.report.next_deadline
            if beating:
                self.request = self.request._replace(heartbeat_at=self.now)
            self.step()
        self.now = end
        if beating:
            self.request = self.request._replace(heartbeat_at=end)

    def obey(self) -> None:
        """Let contactors and lock do at once what is commanded."""
        self.sense(plus_closed=self.outputs.plus, minus_closed=self.outputs.minus)
        if self.outputs.lock_drive is not LockDrive.OFF:
            locking = self.outputs.lock_drive is LockDrive.LOCK
            self.sense(locked=locking, unlocked=not locking)


def ready_to_close(rules: GuardRules | None = None) -> Bench:
    """Return a bench in a session: state C, locked, precharged; nobody asked to close yet."""
    bench = Bench(rules, LOCKED)
    bench.ask(session=True, heartbeat_at=bench.now, state_c=True, lock=True)
    bench.charger_says(375.0, battery_v=380.0)
    bench.sense(inlet_v=375.0)
    assert bench.outputs.s2
    return bench


def charging(rules: GuardRules | None = None, current_a: float = 100.0) -> Bench:
    """Return a bench in the charge loop."""
    bench = ready_to_close(rules)
    bench.ask(contactors=True)
    bench.obey()
    bench.pass_time(0.2)
    bench.obey()
    assert bench.report.contactors_closed
    bench.sense(inlet_v=385.0)
    bench.charger_says(385.0, current_a, 384.0)
    return bench
