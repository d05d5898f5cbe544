"""A charger whose car is another process: output, a stand-in for the battery, and the pilot.

The stand-in joins when the charge loop begins, at the voltage that precharge reached, and leaves
when the output has switched off. So that current flows as asked, its voltage gives way where the
car asks for a current that its target voltage could not drive.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pyplc_fw.sim.charger import DEFAULT_LIMITS, SimSupply
from pyplc_fw.sim.pilot_line import PilotLine
from pyplc_fw.sim.plant import MAX_STEP_S
from pyplc_fw.v2g.ports import SupplyLimits
from pyplc_fw.v2g.secc_session import SeccState

BATTERY_OHM: Final = 0.06
CABLE_CHECK_S: Final = 3.0
READY_STATES: Final = frozenset(
    {
        SeccState.CABLE_CHECK,
        SeccState.PRE_CHARGE,
        SeccState.POWER_DELIVERY,
        SeccState.CURRENT_DEMAND,
    }
)
"What is awaited from ChargeParameterDiscovery to PowerDelivery (stop): a real car is in state C."


class LoneSupply(SimSupply):
    """The simulated output, with a battery of its own behind the cable while it charges."""

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        limits: SupplyLimits = DEFAULT_LIMITS,
        cable_check_s: float = CABLE_CHECK_S,
    ) -> None:
        super().__init__(limits=limits, cable_check_s=cable_check_s)
        self._clock = clock
        self._at = clock()
        self._catching_up = False
        self._battery_v: float | None = None
        "Open-circuit voltage of the stand-in; None while it is not joined."
        self.attach(self._catch_up)

    def set_output(self, voltage_v: float, current_a: float) -> None:
        super().set_output(voltage_v, current_a)
        if self._battery_v is not None:
            driven_v = self._target_v - self._target_a * (BATTERY_OHM + self.cable_ohm)
            self._battery_v = max(0.0, min(self._battery_v, driven_v))

    def join(self) -> None:
        """Let the stand-in meet the cable, at the cable's voltage; once, until it has left."""
        if self._battery_v is None and self.connected:
            self._battery_v = self._cable_v

    def _catch_up(self) -> None:
        now = self._clock()
        if self._at >= now or self._catching_up:
            return
        self._catching_up = True
        try:
            while self._at < now:
                self._step(now)
        finally:
            self._catching_up = False

    def _step(self, now: float) -> None:
        end = min(now, self._at + self.next_change_s, self._at + MAX_STEP_S)
        battery = None if self._battery_v is None else (self._battery_v, BATTERY_OHM)
        self.advance(end - self._at, battery)
        self._at = end
        if self._battery_v is not None and not self.connected:
            self._battery_v = None
            self.connect_battery(None)


class LoneCharger:
    """The plant of one charger; ``supply`` is ``PowerSupply``, ``pilot`` is ``EvsePilot``."""

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        limits: SupplyLimits = DEFAULT_LIMITS,
        drives_pilot: bool = True,
    ) -> None:
        """``drives_pilot``: the car's end follows the V2G messages; else somebody else moves it."""
        self.pilot = PilotLine(clock)
        self.supply = LoneSupply(clock, limits=limits)
        self._drives_pilot = drives_pilot

    def plug_in(self) -> None:
        """Begin a session: a car is there, not ready yet (state B)."""
        if self._drives_pilot:
            self.pilot.set_s2(closed=False)
            self.pilot.connect(plugged=True)

    def follow(self, awaited: SeccState) -> None:
        """Be where a real car would be when the SECC awaits ``awaited``."""
        if self._drives_pilot:
            self.pilot.set_s2(closed=awaited in READY_STATES)
        if awaited is SeccState.CURRENT_DEMAND:
            self.supply.join()
