"""A car whose charger is another process: all it knows of the cable is what the charger says.

Battery, contactors, lock and pilot are the desk's. The inlet's voltage follows what the charger's
responses say, first order, and the battery's current likewise; the guard measures at the inlet and
decides as in any car. A charger that has said nothing for ``SILENT_S`` holds no voltage any more.

``bench`` is for chargers with toy physics: what they say of volts and amperes moves nothing. Three
PreChargeRes bring the inlet to the battery's voltage, and open contactors or state B take it away.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp
from typing import Final

from structlog.typing import FilteringBoundLogger

from pyplc_fw.sim.battery import SimBattery
from pyplc_fw.sim.inlet import SimInlet
from pyplc_fw.sim.pilot_line import PilotLine
from pyplc_fw.sim.plant import MAX_STEP_S
from pyplc_fw.vehicle.inlet import GuardedVehicle
from pyplc_fw.vehicle.ports import GuardRules, VoltageSource

CABLE_S: Final = 0.05
"Time constant of the inlet's voltage and of the battery's current."
SILENT_S: Final = 2.0
"What the charger said counts for so long: the longest that it may take for an answer."
BENCH_PRE_CHARGES: Final = 3
MEASURED: Final = GuardRules(voltage_source=VoltageSource.MEASURED)
"The guard believes the inlet's own measurement, not the charger's word."


class LoneCar:
    """The plant of one car; ``inlet`` is the port ``VehicleIo``, ``battery`` is ``Battery``."""

    def __init__(
        self, clock: Callable[[], float], *, battery: SimBattery | None = None, bench: bool = False
    ) -> None:
        self.pilot = PilotLine(clock)
        self.battery = battery or SimBattery()
        self.inlet = SimInlet()
        self._clock = clock
        self._at = clock()
        self._bench = bench
        self._syncing = False
        self._cable_v = self._current_a = 0.0
        self._said_v = self._said_a = 0.0
        self._silent_from = self._at
        self._pre_charges = 0
        self._were_closed = False
        self.battery.attach(self._sync)
        self.inlet.attach(self.pilot, self._now, self._inlet_v)

    @property
    def inlet_v(self) -> float:
        """The true voltage at the inlet."""
        self._sync()
        return self._inlet_v()

    @property
    def current_a(self) -> float:
        """The true current into the battery."""
        self._sync()
        return self._current_a

    # --- what happens to it ------------------------------------------------------------------

    def plug_in(self) -> None:
        self.inlet.set_plugged(plugged=True)
        self.pilot.connect(plugged=True)

    def plug_out(self) -> bool:
        """Pull the plug; return whether it came out. A lock that is not open holds it."""
        if not self.inlet.lock.feedback(self._now())[1]:
            return False
        self.inlet.set_plugged(plugged=False)
        self.pilot.connect(plugged=False)
        return True

    def begin_session(self) -> None:
        """Forget what the last session's charger said."""
        self._sync()
        self._said_v = self._said_a = 0.0
        self._pre_charges, self._were_closed = 0, False

    def charger_says(self, voltage_v: float | None, current_a: float | None) -> None:
        """Take in a response's values; without a current it is PreChargeRes or the welding test."""
        self._sync()
        if voltage_v is not None:
            self._said_v = voltage_v
        if current_a is not None:
            self._said_a = current_a
        elif not self._were_closed:
            self._pre_charges += 1
        self._silent_from = self._at + SILENT_S

    # --- the law -----------------------------------------------------------------------------

    def _sync(self) -> None:
        now = self._clock()
        if self._at >= now or self._syncing:
            return
        self._syncing = True
        try:
            while self._at < now:
                self._advance(now)
        finally:
            self._syncing = False

    def _now(self) -> float:
        self._sync()
        return self._at

    def _inlet_v(self) -> float:
        return self.battery.voltage_v if self.inlet.poles_closed else self._cable_v

    def _advance(self, now: float) -> None:
        """Do one step: to ``now``, or to where a contact moves or the charger counts as silent."""
        at, inlet, battery = self._at, self.inlet, self.battery
        moves_at = min(inlet.plus.moves_at, inlet.minus.moves_at)
        bends = [when for when in (moves_at, self._silent_from) if when > at]
        self._at = end = min(now, at + MAX_STEP_S, *bends)
        share = 1.0 - exp((at - end) / CABLE_S)
        if inlet.poles_closed:
            self._current_a += (self._asked_a() - self._current_a) * share
        else:
            self._current_a = 0.0
            self._cable_v += (self._held_v() - self._cable_v) * share
        battery.advance(end - at, self._current_a)
        if moves_at <= end:
            self._move(end)

    def _move(self, now: float) -> None:
        joined = self.inlet.poles_closed
        self.inlet.move(now)
        if self.inlet.poles_closed:
            self._were_closed = True
        elif joined:
            self._cable_v, self._current_a = self.battery.open_circuit_v(), 0.0
            self.battery.advance(0.0, 0.0)

    def _asked_a(self) -> float:
        return self._said_a if self._at <= self._silent_from else 0.0

    def _held_v(self) -> float:
        """Return the voltage that the charger holds on the cable."""
        if self._bench:
            ready = self._pre_charges >= BENCH_PRE_CHARGES and not self._were_closed
            return self.battery.open_circuit_v() if ready and self.pilot.s2 else 0.0
        return self._said_v if self._at <= self._silent_from else 0.0


class LoneVehicle(GuardedVehicle):
    """The guarded inlet of a lone car, who hears what the charger says before its guard does."""

    def __init__(self, car: LoneCar, log: FilteringBoundLogger) -> None:
        self._car = car
        super().__init__(car.inlet, car.battery, log, rules=MEASURED)

    def begin_session(self) -> None:
        self._car.begin_session()
        super().begin_session()

    def charger_reports(self, voltage_v: float | None, current_a: float | None) -> None:
        self._car.charger_says(voltage_v, current_a)
        super().charger_reports(voltage_v, current_a)
