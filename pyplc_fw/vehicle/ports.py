"""What the guard measures, is asked for, commands and reports, and the port it works through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from math import inf
from typing import NamedTuple, Protocol

from pyplc_fw.faults import Reason


class LockDrive(Enum):
    """What the lock motor does."""

    OFF = "off"
    LOCK = "lock"
    UNLOCK = "unlock"


class Inputs(NamedTuple):
    """What is measured at the vehicle; None is unknown, and unknown never permits anything."""

    plugged: bool = False
    "Proximity in the window of a plug that is in."
    pilot_duty_pct: float | None = None
    pilot_frequency_hz: float | None = None
    pilot_silent_since: float | None = None
    "When the last edge pair came; None while they keep coming."
    locked: bool = False
    "The feedback for locked."
    unlocked: bool = True
    "The feedback for unlocked; a lock on its way, or a broken feedback, is neither or both."
    plus_closed: bool | None = None
    "Feedback of the contactor in DC+."
    minus_closed: bool | None = None
    "Feedback of the contactor in DC-."
    inlet_v: float | None = None
    "Own measurement at the inlet, where one is wired."


class Outputs(NamedTuple):
    """What the guard commands."""

    s2: bool = False
    "Pull the pilot to state C."
    plus: bool = False
    minus: bool = False
    lock_drive: LockDrive = LockDrive.OFF


class VoltageSource(Enum):
    """Whose measurement counts as the inlet's voltage."""

    MEASURED = "measured"
    CHARGER = "charger"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardRules:
    """What the installation decides."""

    voltage_source: VoltageSource = VoltageSource.CHARGER
    pre_charge_limit_v: float = 20.0
    "Inlet and battery must be nearer than this for a contactor to close."
    settle_s: float = 5.0
    """Without a measurement, the inlet counts as discharged this long after the contactors were
    proven open and no charger's report of 60 V or more came since; above the 2 s that an answer
    may take, so that the rounds of welding detection are over by then."""


class Request(NamedTuple):
    """What the controller asks for, and what it reports; times are those of ``step``."""

    session: bool = False
    "A digital (DC) session is on."
    state_c: bool = False
    lock: bool | None = None
    "True: lock, False: unlock, None: leave it as it is."
    contactors: bool = False
    "True: close both."
    stop_confirmed: bool = False
    "The charger confirmed the stop (PowerDeliveryRes OK)."
    acknowledge: bool = False
    "Forget a latched fault whose cause is gone."
    heartbeat_at: float = -inf
    battery_v: float = 0.0
    battery_v_at: float = -inf
    charger_v: float = 0.0
    charger_v_at: float = -inf
    charger_a: float = 0.0
    charger_a_at: float = -inf


class Report(NamedTuple):
    """How the guard sees the vehicle."""

    next_deadline: float = inf
    "Step again at this time at the latest."
    contactors_closed: bool = False
    "Both are commanded and confirmed closed."
    contactors_open: bool = False
    "Both are released and proven open."
    touch_safe: bool = False
    "The inlet is shown to be below 60 V, by what the rules count as proof."
    emergency: Reason | None = None
    fault: Reason | None = None
    state_c_refused: Reason | None = None
    contactors_refused: Reason | None = None
    lock_refused: Reason | None = None


class VehicleIo(Protocol):
    """The vehicle's inputs and outputs; ``read`` and ``apply`` raise HardwareError."""

    def read(self) -> Inputs: ...

    def apply(self, outputs: Outputs) -> None: ...

    def subscribe(self, changed: Callable[[], None]) -> None:
        """Have ``changed`` called whenever an input changed (not for each volt of the inlet)."""
        ...

    @property
    def next_change_at(self) -> float | None:
        """When an input will change by itself, if that is known beforehand (in simulation)."""
        ...
