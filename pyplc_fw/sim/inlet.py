"""The car's inlet: contactors and lock that take their time, feedback, and what may break."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Final

from pyplc_fw.sim.pilot_line import PilotLine
from pyplc_fw.vehicle import proximity
from pyplc_fw.vehicle.ports import Inputs, LockDrive, Outputs

SWITCHES: Final = (0.03, 0.97)
"Below the first position the lock's feedback says unlocked, above the second locked."


@dataclass(frozen=True, slots=True, kw_only=True)
class InletFaults:
    """What may be wrong at the inlet; for the contactors ``(plus, minus)``."""

    welded: tuple[bool, bool] = (False, False)
    "The contact, once closed, stays closed."
    dead: tuple[bool, bool] = (False, False)
    "The coil is broken: the contact opens, or stays open."
    aux_stuck: tuple[bool | None, bool | None] = (None, None)
    "What the feedback says whatever the contact does."
    lock_jammed: bool = False
    "The motor turns, the bolt does not move."
    lock_says: tuple[bool, bool] | None = None
    "What the feedback says (locked, unlocked) wherever the bolt is."
    proximity_open: bool = False
    voltage_error_v: float = 0.0
    "Added to the measured inlet voltage."
    voltage_dead: bool = False
    "The measurement gives nothing."


class Contactor:
    """A contact that follows its coil after a delay."""

    __slots__ = ("_close_s", "_dead", "_open_s", "_welded", "closed", "coil", "moves_at")

    def __init__(self, close_s: float, open_s: float) -> None:
        self._close_s, self._open_s = close_s, open_s
        self._welded = self._dead = False
        self.coil = False
        self.closed = False
        self.moves_at = inf

    def drive(self, now: float, *, coil: bool) -> None:
        self.coil = coil
        self._follow(now)

    def break_it(self, now: float, *, welded: bool, dead: bool) -> None:
        self._welded, self._dead = welded, dead
        self._follow(now)

    def _follow(self, now: float) -> None:
        goes = (self.coil and not self._dead) or (self._welded and self.closed)
        if goes == self.closed:
            self.moves_at = inf
        elif self.moves_at == inf:
            self.moves_at = now + (self._close_s if goes else self._open_s)

    def move(self) -> None:
        self.closed, self.moves_at = not self.closed, inf


class Lock:
    """A bolt on a motor: 0 is unlocked, 1 locked."""

    __slots__ = ("_run_s", "_since", "_start", "drive", "jammed")

    def __init__(self, run_s: float) -> None:
        self._run_s = run_s
        self._start = 0.0
        self._since = 0.0
        self.drive = LockDrive.OFF
        self.jammed = False

    def position(self, now: float) -> float:
        if self.drive is LockDrive.OFF or self.jammed:
            return self._start
        way = (now - self._since) / self._run_s
        moved = self._start + way if self.drive is LockDrive.LOCK else self._start - way
        return min(max(moved, 0.0), 1.0)

    def feedback(self, now: float) -> tuple[bool, bool]:
        """Return (locked, unlocked); neither while the bolt is between the switches."""
        unlocked, locked = SWITCHES
        return self._is_above(locked, now), not self._is_above(unlocked, now)

    def _is_above(self, position: float, now: float) -> bool:
        """Whether the bolt is above ``position``, exact at the moment when it passes."""
        if self.drive is LockDrive.OFF or self.jammed:
            return self._start > position
        if self.drive is LockDrive.LOCK:
            return self._start > position or now >= self.passes_at(position)
        return self._start > position and now < self.passes_at(position)

    def passes_at(self, position: float) -> float:
        """When the bolt passes ``position``; inf where it does not move or has passed it."""
        if self.drive is LockDrive.OFF or self.jammed:
            return inf
        way = position - self._start if self.drive is LockDrive.LOCK else self._start - position
        return self._since + way * self._run_s if way >= 0.0 else inf

    def next_switch_at(self, after: float) -> float:
        """When a feedback switch will change next; inf when none will."""
        return min((at for at in map(self.passes_at, SWITCHES) if at > after), default=inf)

    def set(self, now: float, *, drive: LockDrive, jammed: bool) -> None:
        """Drive anew; a motor that is switched off at a switch coasts to the end."""
        locked, unlocked = self.feedback(now)
        self._start = 1.0 if locked else 0.0 if unlocked else self.position(now)
        self._since, self.drive, self.jammed = now, drive, jammed

    def put(self, now: float, position: float) -> None:
        """Move the bolt by hand."""
        self._start, self._since = position, now


class SimInlet:
    """The inlet plant; it is also the port ``VehicleIo``. A ``Plant`` gives it time and voltage."""

    def __init__(
        self,
        *,
        measures_voltage: bool = True,
        contactor_close_s: float = 0.025,
        contactor_open_s: float = 0.015,
        lock_run_s: float = 0.6,
        plug_ohm: float = proximity.CCS2_PLUG_OHM,
    ) -> None:
        self._measures_voltage = measures_voltage
        self._plug_ohm = plug_ohm
        self.plus = Contactor(contactor_close_s, contactor_open_s)
        self.minus = Contactor(contactor_close_s, contactor_open_s)
        self.lock = Lock(lock_run_s)
        self._faults = InletFaults()
        self._plugged = False
        self._listeners: list[Callable[[], None]] = []

    def attach(
        self, pilot: PilotLine, now: Callable[[], float], voltage_v: Callable[[], float]
    ) -> None:
        """Use ``now`` (which brings the plant up to date) and the true voltage at the inlet."""
        self._pilot, self._now, self._voltage_v = pilot, now, voltage_v
        pilot.subscribe(self.changed)

    # --- the port ----------------------------------------------------------------------------

    def read(self) -> Inputs:
        now = self._now()
        pilot, faults = self._pilot, self._faults
        aux_plus, aux_minus = faults.aux_stuck
        locked, unlocked = faults.lock_says or self.lock.feedback(now)
        return Inputs(
            proximity.ccs2(self.proximity_ohm).plugged,
            pilot.measured_duty_pct,
            pilot.measured_frequency_hz,
            pilot.silent_since,
            locked,
            unlocked,
            self.plus.closed if aux_plus is None else aux_plus,
            self.minus.closed if aux_minus is None else aux_minus,
            self._measured_v(),
        )

    def apply(self, outputs: Outputs) -> None:
        now = self._now()
        self.plus.drive(now, coil=outputs.plus)
        self.minus.drive(now, coil=outputs.minus)
        if outputs.lock_drive is not self.lock.drive:
            self.lock.set(now, drive=outputs.lock_drive, jammed=self._faults.lock_jammed)
        self._pilot.set_s2(closed=outputs.s2)

    def subscribe(self, changed: Callable[[], None]) -> None:
        self._listeners.append(changed)

    @property
    def next_change_at(self) -> float | None:
        """When a contact or the bolt arrives."""
        when = self.next_move_at(self._now())
        return None if when == inf else when

    # --- the truth ---------------------------------------------------------------------------

    @property
    def plugged(self) -> bool:
        return self._plugged

    @property
    def proximity_ohm(self) -> float | None:
        """What the car measures at its proximity contact; None is open."""
        return self._plug_ohm if self._plugged and not self._faults.proximity_open else None

    @property
    def poles_closed(self) -> bool:
        """Both contacts are closed, so that battery and cable are one."""
        return self.plus.closed and self.minus.closed

    def next_move_at(self, after: float) -> float:
        """When the next contact or the bolt arrives; inf when nothing is on its way."""
        return min(self.plus.moves_at, self.minus.moves_at, self.lock.next_switch_at(after))

    def move(self, now: float) -> None:
        """Let the contacts whose time has come arrive."""
        for contactor in (self.plus, self.minus):
            if contactor.moves_at <= now:
                contactor.move()

    # --- faults and the plug -----------------------------------------------------------------

    @property
    def faults(self) -> InletFaults:
        return self._faults

    @faults.setter
    def faults(self, faults: InletFaults) -> None:
        now = self._now()
        self._faults = faults
        for contactor, welded, dead in zip(
            (self.plus, self.minus), faults.welded, faults.dead, strict=True
        ):
            contactor.break_it(now, welded=welded, dead=dead)
        self.lock.set(now, drive=self.lock.drive, jammed=faults.lock_jammed)
        self.changed()

    def set_plugged(self, *, plugged: bool) -> None:
        """Put the plug in or out; the pilot's ``connect`` tells everyone."""
        self._now()
        self._plugged = plugged

    def changed(self) -> None:
        for listener in self._listeners:
            listener()

    def _measured_v(self) -> float | None:
        if not self._measures_voltage or self._faults.voltage_dead:
            return None
        return self._voltage_v() + self._faults.voltage_error_v
