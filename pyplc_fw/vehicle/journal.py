"""What the guard saw and did, as log events: one for each change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pyplc_fw.faults import Reason, Severity
from pyplc_fw.vehicle import pilot
from pyplc_fw.vehicle.ports import Inputs, Outputs, Report

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

_LOUD: Final = (Severity.FAULT, Severity.EMERGENCY)


class Journal:
    """Compares each step with the one before. Checkpoints 3, 4 and 6 come once for each plug."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        self._log = log
        self._inputs = Inputs()
        self._outputs = Outputs()
        self._report = Report()
        self._pilot_seen = False

    def note(self, inputs: Inputs, outputs: Outputs, report: Report) -> None:
        if outputs != self._outputs:
            self._note_outputs(outputs)
        before, self._report = self._report, report
        if report[1:] != before[1:]:
            self._note_report(before, report)
        self._note_inputs(inputs)

    def _note_outputs(self, outputs: Outputs) -> None:
        before, self._outputs = self._outputs, outputs
        if outputs.s2 != before.s2:
            self._log.info("guard.pilot", state="C" if outputs.s2 else "B")
        if outputs.minus != before.minus:
            self._log.info("guard.contactor", pole="minus", close=outputs.minus)
        if outputs.plus != before.plus:
            self._log.info("guard.contactor", pole="plus", close=outputs.plus)
        if outputs.lock_drive is not before.lock_drive:
            self._log.info("guard.lock_motor", drive=outputs.lock_drive.value)

    def _note_report(self, before: Report, report: Report) -> None:
        if report.contactors_closed and not before.contactors_closed:
            self._log.info("guard.contactors_closed")
        if report.contactors_open and not before.contactors_open:
            self._log.info("guard.contactors_open")
        if report.touch_safe and not before.touch_safe:
            self._log.info("guard.touch_safe")
        self._note_trouble("guard.emergency", before.emergency, report.emergency)
        self._note_trouble("guard.fault", before.fault, report.fault)
        self._note_refusal("state_c", before.state_c_refused, report.state_c_refused)
        self._note_refusal("contactors", before.contactors_refused, report.contactors_refused)
        self._note_refusal("lock", before.lock_refused, report.lock_refused)

    def _note_trouble(self, event: str, before: Reason | None, now: Reason | None) -> None:
        if now is before:
            return
        if now is None:
            self._log.info(f"{event}_cleared")
            return
        log = self._log.error if now.severity in _LOUD else self._log.warning
        log(event, reason=now.id, sentence=now.sentence, remedy=now.remedy)

    def _note_refusal(self, what: str, before: Reason | None, now: Reason | None) -> None:
        if now is not before and now is not None:
            self._log.info("guard.refused", what=what, reason=now.id, sentence=now.sentence)

    def _note_inputs(self, inputs: Inputs) -> None:
        before, self._inputs = self._inputs, inputs
        if inputs.plugged != before.plugged:
            self._note_plug(plugged=inputs.plugged)
        if inputs.locked != before.locked:
            self._log.info("vehicle.lock_feedback", locked=inputs.locked)
        if inputs.pilot_duty_pct == before.pilot_duty_pct:
            return
        self._log.info("vehicle.pilot_duty", duty_pct=inputs.pilot_duty_pct)
        digital = pilot.is_digital(inputs.pilot_duty_pct, inputs.pilot_frequency_hz)
        if digital and inputs.plugged and not self._pilot_seen:
            self._pilot_seen = True
            self._log.info("vehicle.pwm_5_pct", checkpoint=6, duty_pct=inputs.pilot_duty_pct)

    def _note_plug(self, *, plugged: bool) -> None:
        if plugged:
            self._log.info("vehicle.plugged_in", checkpoint=3)
            self._log.info("vehicle.state_b", checkpoint=4)
        else:
            self._pilot_seen = False
            self._log.info("vehicle.plugged_out")
