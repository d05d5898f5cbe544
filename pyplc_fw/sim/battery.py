"""A battery: open-circuit voltage over state of charge, resistance, taper."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import Final

_SHAPE: Final = ((0.0, 0.0), (0.1, 0.24), (0.5, 0.52), (0.9, 0.86), (1.0, 1.0))
"(stored part of the capacity, part of the way from the empty to the full voltage)."
_SHAPE_X: Final = tuple(x for x, _ in _SHAPE)
MIN_TAPER: Final = 0.1
"Part of the greatest current that the battery still takes when it is nearly full."


def _nothing() -> None:
    """Nothing has to be brought up to date: the battery stands alone."""


class SimBattery:
    """The battery plant; it is also the port ``Battery``.

    ``advance`` is its only law: energy in raises the state of charge. In a ``Plant`` the state is
    brought up to date whenever it is looked at.
    """

    def __init__(
        self,
        *,
        capacity_wh: float = 28_000.0,
        soc_pct: float = 20.0,
        target_soc_pct: float = 80.0,
        empty_v: float = 350.0,
        full_v: float = 400.0,
        max_voltage_v: float = 410.0,
        max_current_a: float = 125.0,
        max_power_w: float = 50_000.0,
        resistance_ohm: float = 0.06,
        taper_from_pct: float = 80.0,
    ) -> None:
        self.capacity_wh = capacity_wh
        self.target_soc_pct = target_soc_pct
        self.max_voltage_v = max_voltage_v
        self.max_current_a = max_current_a
        self.max_power_w = max_power_w
        self.resistance_ohm = resistance_ohm
        self._empty_v, self._full_v = empty_v, full_v
        self._taper_from_pct = taper_from_pct
        self._stored_wh = capacity_wh * soc_pct / 100.0
        self._current_a = 0.0
        self._open_v = self._curve_v()
        self._sync: Callable[[], None] = _nothing

    def attach(self, sync: Callable[[], None]) -> None:
        """Have ``sync`` called before the state is looked at."""
        self._sync = sync

    @property
    def target_voltage_v(self) -> float:
        return self.max_voltage_v

    @property
    def soc_pct(self) -> float:
        self._sync()
        return 100.0 * self._stored_wh / self.capacity_wh

    @property
    def current_a(self) -> float:
        """Current into the battery."""
        self._sync()
        return self._current_a

    @property
    def voltage_v(self) -> float:
        """Voltage at the terminals."""
        self._sync()
        return self.open_circuit_v() + self._current_a * self.resistance_ohm

    @property
    def allowed_current_a(self) -> float:
        """The least of the cells' current, power, taper and distance to the end voltage."""
        soc_pct = self.soc_pct
        if soc_pct >= 100.0:
            return 0.0
        open_v = self.open_circuit_v()
        room_a = (self.max_voltage_v - open_v) / self.resistance_ohm
        power_a = self.max_power_w / (open_v + self._current_a * self.resistance_ohm)
        return max(0.0, min(self._taper(soc_pct) * self.max_current_a, power_a, room_a))

    def _taper(self, soc_pct: float) -> float:
        over = (soc_pct - self._taper_from_pct) / (100.0 - self._taper_from_pct)
        return 1.0 - (1.0 - MIN_TAPER) * max(0.0, over)

    def open_circuit_v(self) -> float:
        """Voltage without current at the state of the last ``advance``."""
        return self._open_v

    def _curve_v(self) -> float:
        x = min(max(self._stored_wh / self.capacity_wh, 0.0), 1.0)
        i = min(bisect_right(_SHAPE_X, x), len(_SHAPE) - 1)
        (x0, y0), (x1, y1) = _SHAPE[i - 1], _SHAPE[i]
        y = y0 + (y1 - y0) * (x - x0) / (x1 - x0)
        return self._empty_v + (self._full_v - self._empty_v) * y

    def advance(self, dt_s: float, current_a: float) -> None:
        """Let ``dt_s`` pass in which the current goes evenly from its last value to this one."""
        mean_a = 0.5 * (self._current_a + current_a)
        if mean_a > 0.0:
            self._stored_wh += self._open_v * mean_a * dt_s / 3600.0
            self._open_v = self._curve_v()
        self._current_a = current_a
