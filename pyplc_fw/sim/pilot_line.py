"""The control pilot between charger and car: 12 V or PWM at one end, resistors at the other."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final

from pyplc_fw.vehicle import pilot
from pyplc_fw.vehicle.waiters import Waiters

UNAVAILABLE_V: Final = -12.0


class PilotFault(Enum):
    """What may be wrong with the wire."""

    NONE = "none"
    OPEN = "open"
    "Broken: the charger sees no car, the car no pilot."
    SHORT = "short"
    "Connected to PE: both see 0 V."


class PilotLine:
    """Both ends of the pilot; the charger's end is the port ``EvsePilot``."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._waiters = Waiters()
        self._car_listeners: list[Callable[[], None]] = []
        self._duty_pct = pilot.STEADY_PCT
        self._available = True
        self._plugged = False
        self._s2 = False
        self._fault = PilotFault.NONE
        self._silent_since: float | None = clock()

    # --- the charger's end -------------------------------------------------------------------

    @property
    def state(self) -> str:
        return pilot.state_of(self.high_v).value

    @property
    def high_v(self) -> float:
        """Upper level at the charger's end."""
        if not self._available:
            return UNAVAILABLE_V
        if self._fault is PilotFault.SHORT:
            return 0.0
        if not self._plugged or self._fault is PilotFault.OPEN:
            return pilot.level_v(None)
        return pilot.level_v(pilot.STATE_C_OHM if self._s2 else pilot.STATE_B_OHM)

    @property
    def duty_pct(self) -> float:
        """Duty that the charger sends."""
        return self._duty_pct

    def set_duty(self, duty_pct: float) -> None:
        """Send PWM of ``duty_pct``; 100 for steady +12 V."""
        self._duty_pct, self._available = duty_pct, True
        self._changed()

    def set_unavailable(self) -> None:
        """Send steady -12 V: state F."""
        self._available = False
        self._changed()

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        await self._waiters.wait_for(condition)

    # --- the car's end -----------------------------------------------------------------------

    @property
    def s2(self) -> bool:
        return self._s2

    @property
    def measured_duty_pct(self) -> float | None:
        return None if self._silent_since is not None else self._duty_pct

    @property
    def measured_frequency_hz(self) -> float | None:
        return None if self._silent_since is not None else pilot.NOMINAL_FREQUENCY_HZ

    @property
    def silent_since(self) -> float | None:
        return self._silent_since

    def set_s2(self, *, closed: bool) -> None:
        if closed != self._s2:
            self._s2 = closed
            self._waiters.notify()

    def subscribe(self, changed: Callable[[], None]) -> None:
        """Have ``changed`` called whenever the car measures something else."""
        self._car_listeners.append(changed)

    # --- the plug and the wire ---------------------------------------------------------------

    def connect(self, *, plugged: bool) -> None:
        self._plugged = plugged
        self._changed()

    @property
    def fault(self) -> PilotFault:
        return self._fault

    @fault.setter
    def fault(self, fault: PilotFault) -> None:
        self._fault = fault
        self._changed()

    def _changed(self) -> None:
        wire = self._plugged and self._available and self._fault is PilotFault.NONE
        if wire and 0.0 < self._duty_pct < pilot.STEADY_PCT:
            self._silent_since = None
        elif self._silent_since is None:
            self._silent_since = self._clock()
        self._waiters.notify()
        for changed in self._car_listeners:
            changed()
