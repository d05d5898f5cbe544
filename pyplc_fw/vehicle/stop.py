"""The way out when the guard itself is broken: no rules, no measurements, only time.

S2 opens and the lock motor stops at once, the contactors open a moment later, when the charger has
had its chance to take the current away; the plug stays locked. Source: docs/architecture.md, the
deadlines of a guard that is gone.
"""

from __future__ import annotations

import asyncio

from structlog.typing import FilteringBoundLogger

from pyplc_fw.vehicle import timers
from pyplc_fw.vehicle.ports import Outputs, VehicleIo


class StopProgram:
    """Commands everything off, in order, and does not give up on an adapter that fails."""

    def __init__(self, io: VehicleIo, log: FilteringBoundLogger) -> None:
        self._io = io
        self._log = log
        self._loop = asyncio.get_running_loop()
        self.running = False
        "It has begun; it never ends: a broken guard has no say any more."

    def begin(self, applied: Outputs) -> None:
        """Begin from what is ``applied`` now; once only."""
        if self.running:
            return
        self.running = True
        self._log.error("guard.stop_program")
        self._command(Outputs(plus=applied.plus, minus=applied.minus))
        self._loop.call_later(timers.STOP_CONTACTORS_S, self._command, Outputs())

    def _command(self, outputs: Outputs) -> None:
        try:
            self._io.apply(outputs)
        except Exception as exc:  # noqa: BLE001 -- whatever it is: what counts is the next try
            self._log.error("guard.stop_program_failed", error=repr(exc))
            self._loop.call_later(timers.STEP_S, self._command, outputs)
