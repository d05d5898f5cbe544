"""A judge of the plant's physical truth, who knows nothing of how the vehicle is controlled.

It looks at the plant at every frame, at every log record and every few milliseconds between, and
holds what it sees against the invariants of docs/architecture.md. It imports nothing of
``pyplc_fw.vehicle``: a mistake there cannot be made here as well.
"""

from __future__ import annotations

from collections import deque
from math import inf
from typing import Final, NamedTuple

from pyplc_fw.sim.plant import Plant, Truth

LOOKS_EVERY_S: Final = 0.005
LATE_S: Final = 0.011
"What two looks and a step of 100 Hz may add to a deadline."
TOUCH_SAFE_V: Final = 60.0
FREE_A: Final = 5.0
PRE_CHARGE_A: Final = 2.0
NOISE_A: Final = 0.2
NOISE_V: Final = 1.0
NOISE_SHARE: Final = 1.01
PWM_LOST_S: Final = 0.020
HAIR_S: Final = 1e-6
S2_OPENS_S: Final = 0.030
PLUG_LOST_OPENS_S: Final = 0.100
CURRENT_GONE_S: Final = 2.0
"From S2's opening to the contactors', whatever flows."
OUTPUT_OFF_S: Final = 0.100
OUTPUT_OFF_LINK_S: Final = 1.0
DISCONNECTED_S: Final = 1.0
LIMIT_FOLLOWS_S: Final = 1.0
"So much later than a limit the current may fall."


class Finding(NamedTuple):
    """One thing that must not be."""

    at_s: float
    rule: str
    what: str


class Judge:
    """Looks at ``plant``; what it finds wrong stands in ``findings``, each thing once."""

    def __init__(self, plant: Plant, *, owner_a: float = inf, bolt_forced: bool = False) -> None:
        """``bolt_forced``: somebody breaks the lock open, and the plug can be touched a while."""
        self.findings: list[Finding] = []
        self.session = False
        "A digital session is under way: S2 may be closed."
        self.link_lost = False
        "The connection is gone, and the charger can know it."
        self._plant = plant
        self._owner_a = owner_a
        self._bolt_forced = bolt_forced
        self._before = plant.truth()
        self._since: dict[str, float] = {}
        self._coils = (False, False)
        self._strains = 0
        self._limits_a: deque[tuple[float, float]] = deque()
        "The lowest limits of the last second, those only that nothing later exceeds."

    def look(self) -> Truth:
        """Judge what is now; returns it."""
        truth = self._plant.truth()
        self._judge_strains(truth)
        self._judge_closing(truth)
        self._judge_opening(truth)
        self._judge_lock(truth)
        self._judge_s2(truth)
        self._judge_current(truth)
        self._judge_output_on(truth)
        self._judge_output_limits(truth)
        self._judge_output_off(truth)
        self._before = truth
        return truth

    def judge_end(self, end_state: str) -> None:
        """Judge where the session left vehicle and charger."""
        truth, inlet = self.look(), self._plant.inlet
        unlocked = truth.lock_position == 0.0
        lied_to = inlet.faults.lock_says is not None  # where the bolt is, nobody can know
        free = not (truth.plus_closed or truth.minus_closed) and truth.inlet_v < TOUCH_SAFE_V
        if truth.s2 or inlet.plus.coil or inlet.minus.coil:
            self._find("G5", "the end left S2 or a coil on")
        if truth.supply_connected and not self._plant.supply.faults.ignores_stop:
            self._find("E3", "the end left the output on")
        if end_state == "safe" and not (free and (unlocked or lied_to)):
            self._find("G5", f"called safe: {truth}")
        if end_state == "held" and unlocked and not (self._bolt_forced or lied_to):
            self._find("G5", f"called held: {truth}")
        if end_state not in {"safe", "paused", "held"}:
            self._find("G5", f"called {end_state}")

    # --- how long, and what --------------------------------------------------------------------

    def _find(self, rule: str, what: str) -> None:
        if not any(found.rule == rule and found.what == what for found in self.findings):
            self.findings.append(Finding(self._plant.truth().at, rule, what))

    def _held(self, name: str, now: float, *, holds: bool) -> float:
        """Return for how long ``holds`` has been true without a break; 0 when it is not."""
        if not holds:
            self._since.pop(name, None)
            return 0.0
        return now - self._since.setdefault(name, now)

    @staticmethod
    def _pilot_lost(truth: Truth) -> bool:
        digital = 3.0 <= truth.pilot_duty_pct <= 7.0
        return not (truth.plugged and digital and truth.pilot_state in "BCD")

    def _plug_lost_s(self, truth: Truth) -> float:
        """For how long a car can know that pilot or proximity are lost.

        -0.02 when they are not: nobody knows of a pilot that was lost less than 20 ms ago.
        """
        pilot_lost = self._pilot_lost(truth)
        pilot_s = self._held("pilot lost", truth.at, holds=pilot_lost)
        proximity_lost = self._plant.inlet.proximity_ohm is None
        proximity_s = self._held("proximity lost", truth.at, holds=proximity_lost)
        if proximity_lost:
            return max(pilot_s - PWM_LOST_S, proximity_s)
        return pilot_s + HAIR_S - PWM_LOST_S if pilot_lost else -PWM_LOST_S

    def _on(self, truth: Truth) -> bool:
        """Whether a contactor is on that could be off: a welded one could not."""
        inlet = self._plant.inlet
        plus_welded, minus_welded = inlet.faults.welded
        return (
            inlet.plus.coil
            or inlet.minus.coil
            or (truth.plus_closed and not plus_welded)
            or (truth.minus_closed and not minus_welded)
        )

    # --- the car -------------------------------------------------------------------------------

    def _judge_strains(self, truth: Truth) -> None:
        """G1, G2: never closed on a gap; opened under current in an emergency only.

        Nobody is to blame in the 20 ms in which a lost pilot has not been noticed, nor for what
        a broken coil, a torn-out plug or a charger that lies about its current does.
        """
        new = self._plant.strains[self._strains :]
        self._strains += len(new)
        s2_open_s = self._held("S2 open", truth.at, holds=not truth.s2)
        unnoticed = -PWM_LOST_S < self._plug_lost_s(truth) <= LATE_S
        plug_lost = self._plug_lost_s(truth) > -PWM_LOST_S
        faults, supply = self._plant.inlet.faults, self._plant.supply
        unknown = any(faults.dead) or not truth.plugged or supply.faults.current_error_a < 0.0
        for strain in new:
            if strain.what == "closed_on_gap":
                if not unnoticed:
                    self._find("G1", f"closed on a gap of {strain.value:.0f} V")
            elif not (plug_lost or unknown or s2_open_s >= CURRENT_GONE_S - 0.1):
                self._find("G2", f"opened under {strain.value:.0f} A")

    def _judge_closing(self, truth: Truth) -> None:
        """G1: commanded with S2, a digital pilot, proximity and a bolt that is in."""
        inlet, before = self._plant.inlet, self._before
        coils = (inlet.plus.coil, inlet.minus.coil)
        newly = [now and not then for now, then in zip(coils, self._coils, strict=True)]
        self._coils = coils
        if any(newly) and not (
            before.s2
            and truth.s2
            and before.pilot_state in "CD"
            and self._plug_lost_s(truth) <= LATE_S
            and before.plugged
            and before.lock_position > 0.9
        ):
            self._find("G1", f"closes though {before}")

    def _judge_opening(self, truth: Truth) -> None:
        """G2: in time, whatever flows."""
        on = self._on(truth)
        if on and self._plug_lost_s(truth) > PLUG_LOST_OPENS_S + LATE_S:
            self._find("G2", "contactors on, long after pilot or proximity were lost")
        off_s = self._held("S2 open, contactors on", truth.at, holds=on and not truth.s2)
        if off_s > CURRENT_GONE_S + LATE_S:
            self._find("G2", "contactors on, long after S2 opened")

    def _judge_lock(self, truth: Truth) -> None:
        """G3: the motor never unlocks what is live; nobody can touch 60 V."""
        lock = self._plant.inlet.lock
        live = truth.plus_closed or truth.minus_closed or truth.inlet_v >= TOUCH_SAFE_V
        if lock.drive.value == "unlock" and (live or truth.s2):
            self._find("G3", "unlocks a plug that is live")
        if truth.touchable_v >= TOUCH_SAFE_V and not self._bolt_forced:
            self._find("G3", "a hand can touch 60 V")

    def _judge_s2(self, truth: Truth) -> None:
        """G4: in a session only, and not without PWM and proximity."""
        if truth.s2 and not self.session:
            self._find("G4", "S2 closed without a session")
        if truth.s2 and self._plug_lost_s(truth) > S2_OPENS_S + LATE_S:
            self._find("G4", "S2 closed, long after pilot or proximity were lost")

    def _judge_current(self, truth: Truth) -> None:
        """S1: never more than the lowest of what battery, owner and charger allow."""
        plant = self._plant
        limit_a = min(
            plant.battery.allowed_current_a, self._owner_a, plant.supply.limits.max_current_a
        )
        limits = self._limits_a
        while limits and limits[-1][1] <= limit_a:
            limits.pop()  # the later and higher one will outlast it
        limits.append((truth.at, limit_a))
        while limits[0][0] < truth.at - LIMIT_FOLLOWS_S:
            limits.popleft()
        if truth.current_a > NOISE_A + limits[0][1]:
            self._find("S1", "more current than the lowest limit")

    # --- the charger ---------------------------------------------------------------------------

    def _judge_output_on(self, truth: Truth) -> None:
        """E1: only for a car in C or D; real power only after a passed cable check."""
        before, supply = self._before, self._plant.supply
        ready = before.pilot_state in "CD" or truth.pilot_state in "CD"
        if truth.supply_connected and not before.supply_connected and not ready:
            self._find("E1", f"output on in pilot state {truth.pilot_state}")
        if truth.current_a > PRE_CHARGE_A + NOISE_A and supply.cable_check.value != "passed":
            self._find("E1", "current without a passed cable check")

    def _judge_output_limits(self, truth: Truth) -> None:
        """E2: never above the car's or the charger's own limits."""
        limits, battery = self._plant.supply.limits, self._plant.battery
        if truth.cable_v > limits.max_voltage_v + NOISE_V:
            self._find("E2", "more voltage than the charger may give")
        if truth.current_a > NOISE_A:
            if truth.cable_v > battery.max_voltage_v + NOISE_V:
                self._find("E2", "more voltage than the car allows")
            if truth.current_a > min(limits.max_current_a, battery.max_current_a) + NOISE_A:
                self._find("E2", "more current than charger and car allow")
            if truth.cable_v * truth.current_a > limits.max_power_w * NOISE_SHARE:
                self._find("E2", "more power than the charger may give")

    def _judge_output_off(self, truth: Truth) -> None:
        """E3: off in time when the car is gone, or the connection to it."""
        supply = self._plant.supply
        if supply.faults.ignores_stop:
            return
        gone = self._held("car gone", truth.at, holds=truth.pilot_state not in "CD")
        lost = self._held("link lost", truth.at, holds=self.link_lost)
        over_s = max(gone - OUTPUT_OFF_S, lost - OUTPUT_OFF_LINK_S) - LATE_S
        if over_s > 0.0 and supply.current_a >= FREE_A:
            self._find("E3", "current, long after pilot or connection were lost")
        if over_s > DISCONNECTED_S and supply.connected:
            self._find("E3", "output connected, long after pilot or connection were lost")
        joined = truth.plugged and truth.plus_closed and truth.minus_closed
        discharging = over_s > 0.0 and not supply.connected and not joined
        alone_s = self._held("output alone", truth.at, holds=discharging)
        if alone_s > DISCONNECTED_S and truth.cable_v >= TOUCH_SAFE_V:
            self._find("E3", "a disconnected output that stays live")
