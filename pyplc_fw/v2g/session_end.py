"""How a V2G session went: what both sides write down, and what is left of it at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from structlog.typing import FilteringBoundLogger

from pyplc_fw.faults import Reason
from pyplc_fw.terms import EndState

SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnd:
    """One V2G session, from the TCP connection to its end."""

    side: str
    "``pev`` or ``evse``."
    reason: Reason
    "Why it ended."
    detail: str
    "What exactly happened: the error's text, or the timer that ran out; may be empty."
    end_state: EndState
    held_because: Reason | None = None
    "What kept the plug locked, when ``end_state`` is HELD."
    session_id: bytes = b""
    peer_id: bytes = b""
    "EVSEID, or EVCCID."
    duration_s: float
    phases: Mapping[str, float]
    "Seconds per phase, in order."
    counts: Mapping[str, int]
    "Messages per name, sent and received."
    energy_wh: float
    first_voltage_v: float | None
    "At the begin of the charge loop."
    last_voltage_v: float | None
    max_voltage_v: float
    max_current_a: float
    max_power_w: float
    soc_start_pct: float | None
    soc_end_pct: float | None
    limited_by: Mapping[str, float] = field(default_factory=dict)
    "Seconds of the charge loop per limiting element; the car's side only."


class SessionRecord:
    """Collects what becomes the ``SessionEnd``, and logs each checkpoint once."""

    def __init__(self, side: str, log: FilteringBoundLogger) -> None:
        self.side = side
        self.log = log
        self.phase = ""
        self.session_id = b""
        self.peer_id = b""
        self.counts: dict[str, int] = {}
        self.present_voltage_v: float | None = None
        self.present_current_a: float | None = None
        self.energy_wh = 0.0
        self.soc_start_pct: float | None = None
        self.soc_pct: float | None = None
        self.limited_by: dict[str, float] = {}
        self._phases: dict[str, float] = {}
        self._began_s = self._phase_began_s = 0.0
        self._seen: set[int] = set()
        self._first_voltage_v: float | None = None
        self._max_voltage_v = self._max_current_a = self._max_power_w = 0.0
        self._measured_s: float | None = None

    def begin(self, now: float, soc_pct: float | None = None) -> None:
        """Start the session's clock."""
        self._began_s = self._phase_began_s = now
        if soc_pct is not None:
            self.soc(soc_pct)

    def reach(self, checkpoint: int, event: str, **facts: object) -> None:
        """Log ``event`` with its checkpoint, the first time only."""
        if checkpoint not in self._seen:
            self._seen.add(checkpoint)
            self.log.info(event, checkpoint=checkpoint, **facts)

    def enter(self, phase: str, now: float) -> None:
        """Begin ``phase``; a phase entered again goes on."""
        if phase == self.phase:
            return
        self._close_phase(now)
        self.phase = phase

    def _close_phase(self, now: float) -> None:
        if self.phase:
            spent_s = now - self._phase_began_s
            self._phases[self.phase] = self._phases.get(self.phase, 0.0) + spent_s
        self._phase_began_s = now

    def close_phases(self, now: float) -> dict[str, float]:
        """Return the seconds of each phase so far, and close the running one."""
        self.enter("", now)
        return dict(self._phases)

    def count(self, name: str) -> None:
        self.counts[name] = self.counts.get(name, 0) + 1

    def measured(
        self, now: float, voltage_v: float, current_a: float, limited_by: str | None = None
    ) -> None:
        """Take in one round of the charge loop; energy is what flowed since the last one."""
        if self._measured_s is None:
            self._first_voltage_v = voltage_v
        elif self.present_voltage_v is not None and self.present_current_a is not None:
            passed_s = now - self._measured_s
            power_w = self.present_voltage_v * self.present_current_a
            self.energy_wh += power_w * passed_s / SECONDS_PER_HOUR
            if limited_by is not None:
                self.limited_by[limited_by] = self.limited_by.get(limited_by, 0.0) + passed_s
        self._measured_s = now
        self.present_voltage_v, self.present_current_a = voltage_v, current_a
        self._max_voltage_v = max(self._max_voltage_v, voltage_v)
        self._max_current_a = max(self._max_current_a, current_a)
        self._max_power_w = max(self._max_power_w, voltage_v * current_a)

    def soc(self, soc_pct: float) -> None:
        if self.soc_start_pct is None:
            self.soc_start_pct = soc_pct
        self.soc_pct = soc_pct

    def end(
        self,
        now: float,
        reason: Reason,
        detail: str,
        end_state: EndState,
        held_because: Reason | None = None,
    ) -> SessionEnd:
        """Close the record and log the end."""
        phases = self.close_phases(now)
        self.log.info(
            "v2g.session_end",
            reason=reason.id,
            severity=reason.severity.value,
            detail=detail,
            end_state=end_state.value,
            held_because=held_because.id if held_because else None,
            energy_wh=round(self.energy_wh, 1),
        )
        return SessionEnd(
            side=self.side,
            reason=reason,
            detail=detail,
            end_state=end_state,
            held_because=held_because,
            session_id=self.session_id,
            peer_id=self.peer_id,
            duration_s=now - self._began_s,
            phases=phases,
            counts=dict(self.counts),
            energy_wh=self.energy_wh,
            first_voltage_v=self._first_voltage_v,
            last_voltage_v=self.present_voltage_v,
            max_voltage_v=self._max_voltage_v,
            max_current_a=self._max_current_a,
            max_power_w=self._max_power_w,
            soc_start_pct=self.soc_start_pct,
            soc_end_pct=self.soc_pct,
            limited_by=dict(self.limited_by),
        )
