"""A charger's DC output: ramps, limits, cable check, bleeding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, inf
from typing import Final

from pyplc_fw.v2g.ports import CableCheck, SupplyLimits

DEFAULT_LIMITS: Final = SupplyLimits(
    max_voltage_v=500.0,
    min_voltage_v=150.0,
    max_current_a=125.0,
    min_current_a=0.0,
    max_power_w=50_000.0,
)

CUT_A_PER_S: Final = 50_000.0
"How fast the current falls when the output is cut."
MIN_STEP_S: Final = 1e-6


def _nothing() -> None:
    """Nothing has to be brought up to date: the supply stands alone."""


def _towards(value: float, target: float, up: float, down: float) -> float:
    """Move ``value`` towards ``target`` by at most ``up`` or ``down``."""
    return min(value + up, target) if value < target else max(value - down, target)


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyFaults:
    """What may be wrong with the supply."""

    stuck_at_v: float | None = None
    "The output never gets above this voltage."
    ignores_stop: bool = False
    "``disable``, ``emergency_off`` and lower targets do nothing."
    voltage_error_v: float = 0.0
    "Added to the voltage it says."
    current_error_a: float = 0.0
    "Added to the current it says."
    isolation_bad: bool = False
    "The cable check fails."


class SimSupply:
    """The charger plant; it is also the port ``PowerSupply``.

    ``advance`` is its only law: the reference voltage and current move along their ramps; into a
    battery the current is the least of the reference, what the voltage drives and the power limit;
    without one the output follows the reference voltage; disconnected it bleeds down.
    """

    def __init__(
        self,
        *,
        limits: SupplyLimits = DEFAULT_LIMITS,
        ramp_v_per_s: float = 300.0,
        ramp_up_a_per_s: float = 60.0,
        ramp_down_a_per_s: float = 200.0,
        cable_check_s: float = 6.0,
        cable_check_v: float = 500.0,
        cable_ohm: float = 0.02,
        bleed_s: float = 0.2,
        measures_behind_relay: bool = False,
    ) -> None:
        self.limits = limits
        self.cable_ohm = cable_ohm
        self.faults = SupplyFaults()
        self._ramp_v, self._up_a, self._down_a = ramp_v_per_s, ramp_up_a_per_s, ramp_down_a_per_s
        self._cable_check_s = cable_check_s
        self._cable_check_v = min(cable_check_v, limits.max_voltage_v)
        self._bleed_s = bleed_s
        self._measures_behind_relay = measures_behind_relay
        self._cable_check = CableCheck.IDLE
        self._check_left_s = inf
        self._connected = False
        self._stopping = False
        self._cutting = False
        self._target_v = self._target_a = 0.0
        self._stage_v = self._cable_v = self._current_a = 0.0
        self._energy_wh = 0.0
        self._sync: Callable[[], None] = _nothing

    def attach(self, sync: Callable[[], None]) -> None:
        """Have ``sync`` called before the state is looked at or changed."""
        self._sync = sync

    # --- the port ----------------------------------------------------------------------------

    @property
    def present_voltage_v(self) -> float:
        self._sync()
        true_v = self._stage_v if self._measures_behind_relay else self._cable_v
        return max(0.0, true_v + self.faults.voltage_error_v)

    @property
    def present_current_a(self) -> float:
        self._sync()
        return self._current_a + self.faults.current_error_a

    @property
    def cable_check(self) -> CableCheck:
        self._sync()
        return self._cable_check

    @property
    def isolation_ok(self) -> bool:
        self._sync()
        return self._cable_check is CableCheck.PASSED and not self.faults.isolation_bad

    def start_cable_check(self) -> None:
        self._sync()
        self._cable_check, self._check_left_s = CableCheck.ONGOING, self._cable_check_s
        self._connected, self._stopping, self._cutting = True, False, False
        self._target_v, self._target_a = self._cable_check_v, 0.0

    def set_output(self, voltage_v: float, current_a: float) -> None:
        self._sync()
        self._connected, self._stopping, self._cutting = True, False, False
        self._target_v = min(max(0.0, voltage_v), self.limits.max_voltage_v)
        self._target_a = min(max(0.0, current_a), self.limits.max_current_a)

    def disable(self) -> None:
        self._sync()
        if not self.faults.ignores_stop:
            self._target_a, self._stopping = 0.0, True
            self._end_cable_check()
            self._disconnect_if_idle()

    def emergency_off(self) -> None:
        self._sync()
        if not self.faults.ignores_stop:
            self._target_a = 0.0
            self._stopping = self._cutting = True
            self._end_cable_check()
            self._disconnect_if_idle()

    def _end_cable_check(self) -> None:
        """Fail a cable check that is broken off."""
        self._check_left_s = inf
        if self._cable_check is CableCheck.ONGOING:
            self._cable_check = CableCheck.FAILED

    # --- the truth ---------------------------------------------------------------------------

    @property
    def cable_v(self) -> float:
        """Voltage on the cable, beyond the output's relay."""
        self._sync()
        return self._cable_v

    @property
    def current_a(self) -> float:
        self._sync()
        return self._current_a

    @property
    def energy_wh(self) -> float:
        """Energy given since the beginning, at the charger's terminals."""
        self._sync()
        return self._energy_wh

    @property
    def connected(self) -> bool:
        """Whether the output's relay is closed."""
        self._sync()
        return self._connected

    # --- the law -----------------------------------------------------------------------------

    @property
    def next_change_s(self) -> float:
        """How long a step may be without running over a bend: end of a check or of a ramp."""
        left_s = self._check_left_s
        if self._current_a > self._target_a:
            left_s = min(left_s, (self._current_a - self._target_a) / self._fall())
        return max(left_s, MIN_STEP_S)

    def advance(self, dt_s: float, battery: tuple[float, float] | None) -> float:
        """Let ``dt_s`` pass with ``battery`` (open-circuit V, ohm) joined; return the current."""
        self._check_left_s -= dt_s
        if self._check_left_s <= 0.0:
            self._finish_cable_check()
        before_w = self._cable_v * self._current_a
        if not self._connected:
            self._bleed(dt_s, battery)
        else:
            self._regulate(dt_s, battery)
        if before_w or self._current_a:
            mean_w = 0.5 * (before_w + self._cable_v * self._current_a)
            self._energy_wh += mean_w * dt_s / 3600.0
        return self._current_a

    def connect_battery(self, open_v: float | None) -> None:
        """Let the cable meet (or, None, leave) the battery at once: the contactors moved."""
        if open_v is None:
            self._current_a = 0.0
        else:
            self._cable_v = open_v
        self._disconnect_if_idle()

    def _finish_cable_check(self) -> None:
        self._check_left_s, self._target_v = inf, 0.0
        bad = self.faults.isolation_bad
        self._cable_check = CableCheck.FAILED if bad else CableCheck.PASSED

    def _bleed(self, dt_s: float, battery: tuple[float, float] | None) -> None:
        left = exp(-dt_s / self._bleed_s)
        self._stage_v *= left
        self._cable_v = self._cable_v * left if battery is None else battery[0]
        self._current_a = 0.0

    def _regulate(self, dt_s: float, battery: tuple[float, float] | None) -> None:
        target_v = self._target_v
        if self.faults.stuck_at_v is not None:
            target_v = min(target_v, self.faults.stuck_at_v)
        self._stage_v = _towards(self._stage_v, target_v, self._ramp_v * dt_s, self._ramp_v * dt_s)
        if battery is None:
            self._cable_v, self._current_a = self._stage_v, 0.0
        else:
            self._feed(dt_s, *battery)
        self._disconnect_if_idle()

    def _feed(self, dt_s: float, open_v: float, battery_ohm: float) -> None:
        loop_ohm = battery_ohm + self.cable_ohm
        up, down = self._up_a * dt_s, self._fall() * dt_s
        ramped_a = _towards(self._current_a, self._target_a, up, down)
        driven_a = (self._stage_v - open_v) / loop_ohm
        power_a = self.limits.max_power_w / (open_v + self._current_a * loop_ohm)
        self._current_a = max(0.0, min(ramped_a, driven_a, power_a))
        self._cable_v = open_v + self._current_a * loop_ohm

    def _fall(self) -> float:
        return CUT_A_PER_S if self._cutting else self._down_a

    def _disconnect_if_idle(self) -> None:
        if self._stopping and self._current_a <= 0.0:
            self._connected = self._stopping = self._cutting = False
