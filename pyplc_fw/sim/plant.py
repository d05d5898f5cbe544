"""Battery, inlet, cable, pilot and charger as one physical thing.

Nothing ticks: the state is brought up to ``clock()`` when it is looked at or changed, in steps
that end where a contact moves and are otherwise at most ``MAX_STEP_S`` long.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from pyplc_fw.sim.battery import SimBattery
from pyplc_fw.sim.charger import SimSupply
from pyplc_fw.sim.inlet import SimInlet
from pyplc_fw.sim.pilot_line import PilotLine

MAX_STEP_S: Final = 0.25
GAP_LIMIT_V: Final = 25.0
"A contactor that closes on more than this suffers."
BREAK_LIMIT_A: Final = 5.0
"A contactor that opens under more than this suffers."


class Strain(NamedTuple):
    """A contactor closed on a voltage gap or opened under current."""

    at: float
    what: str
    "``closed_on_gap`` (value in V) or ``opened_under_current`` (value in A)."
    value: float


class Truth(NamedTuple):
    """How things really are, for a judge."""

    at: float
    plugged: bool
    pilot_state: str
    "At the charger's end."
    pilot_duty_pct: float
    "As the charger sends it."
    s2: bool
    lock_position: float
    "0 is unlocked, 1 locked."
    plus_closed: bool
    minus_closed: bool
    inlet_v: float
    battery_v: float
    cable_v: float
    current_a: float
    touchable_v: float
    "Voltage on contacts that a hand could reach: plug out, or plug in and not locked."
    soc_pct: float
    supply_connected: bool


class Plant:
    """The joined plant. ``clock`` is the loop's ``time``; the parts may be replaced by others.

    ``plant.inlet`` is the port ``VehicleIo``, ``plant.pilot`` is ``EvsePilot``, ``plant.supply``
    is ``PowerSupply`` and ``plant.battery`` is ``Battery``.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        battery: SimBattery | None = None,
        supply: SimSupply | None = None,
        inlet: SimInlet | None = None,
    ) -> None:
        self._clock = clock
        self._at = clock()
        self._syncing = False
        self.pilot = PilotLine(clock)
        self.battery = battery or SimBattery()
        self.supply = supply or SimSupply()
        self.inlet = inlet or SimInlet()
        self.strains: list[Strain] = []
        self.battery.attach(self.sync)
        self.supply.attach(self.sync)
        self.inlet.attach(self.pilot, self._now, self._inlet_v)

    def plug_in(self) -> None:
        self._move_plug(plugged=True)

    def plug_out(self, *, by_force: bool = False) -> bool:
        """Pull the plug; return whether it came out. A lock that is not open holds it."""
        held = not self.inlet.lock.feedback(self._now())[1]
        if held and not by_force:
            return False
        self._move_plug(plugged=False)
        return True

    def truth(self) -> Truth:
        """Look at everything."""
        now = self._now()
        inlet, lock = self.inlet, self.inlet.lock.position(now)
        inlet_v = self._inlet_v()
        return Truth(
            now,
            inlet.plugged,
            self.pilot.state,
            self.pilot.duty_pct,
            self.pilot.s2,
            lock,
            inlet.plus.closed,
            inlet.minus.closed,
            inlet_v,
            self.battery.voltage_v,
            self.supply.cable_v,
            self.battery.current_a,
            0.0 if inlet.plugged and lock > 0.5 else inlet_v,
            self.battery.soc_pct,
            self.supply.connected,
        )

    def sync(self) -> None:
        """Bring the state up to the clock; the parts, looked at on the way, ask for it again."""
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
        self.sync()
        return self._at

    def _joined(self) -> bool:
        return self.inlet.plugged and self.inlet.poles_closed

    def _inlet_v(self) -> float:
        """Return the true voltage at the inlet; the state is up to date."""
        if self.inlet.poles_closed:
            return self.battery.voltage_v
        return self.supply.cable_v if self.inlet.plugged else 0.0

    def _advance(self, now: float) -> None:
        """Do one step: to ``now``, or to where a contact moves, or as long as a step may be."""
        at = self._at
        moves_at = min(self.inlet.plus.moves_at, self.inlet.minus.moves_at)
        end = max(at, min(now, moves_at, at + self.supply.next_change_s, at + MAX_STEP_S))
        dt_s = end - at
        self._at = end
        battery = self.battery
        if self._joined():
            current_a = self.supply.advance(
                dt_s, (battery.open_circuit_v(), battery.resistance_ohm)
            )
        else:
            self.supply.advance(dt_s, None)
            current_a = 0.0
        battery.advance(dt_s, current_a)
        if moves_at <= end:
            self._rearrange(lambda: self.inlet.move(end))

    def _move_plug(self, *, plugged: bool) -> None:
        self.sync()
        self._rearrange(lambda: self.inlet.set_plugged(plugged=plugged))
        self.pilot.connect(plugged=plugged)

    def _rearrange(self, action: Callable[[], None]) -> None:
        """Do what may join battery and cable, or part them."""
        joined = self._joined()
        action()
        if self._joined() == joined:
            return
        open_v = self.battery.open_circuit_v()
        if joined:
            self._note("opened_under_current", self.supply.current_a, BREAK_LIMIT_A)
            self.supply.connect_battery(None)
            self.battery.advance(0.0, 0.0)
        else:
            self._note("closed_on_gap", abs(self.supply.cable_v - open_v), GAP_LIMIT_V)
            self.supply.connect_battery(open_v)

    def _note(self, what: str, value: float, limit: float) -> None:
        if value > limit:
            self.strains.append(Strain(self._at, what, value))
