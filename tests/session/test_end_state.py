"""What is called safe is safe at that moment, not a little later."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pyplc_fw import faults
from pyplc_fw.services.journal import Record
from pyplc_fw.sim.plant import Truth
from pyplc_fw.terms import EndState
from pyplc_fw.vehicle.ports import GuardRules, VoltageSource
from tests.session.bench import SHORT, Bench, judged


@pytest.mark.parametrize("source", VoltageSource)
def test_a_lock_that_slips_open_under_500_v_is_not_safe_before_the_voltage_is_gone(
    source: VoltageSource,
) -> None:
    """The bolt is open, so that nothing is left to unlock: the voltage has to be waited for."""
    called: list[Truth] = []

    def happens(bench: Bench) -> None:
        plant = bench.desk.plant

        def slip() -> None:
            plant.inlet.faults = replace(plant.inlet.faults, lock_says=(False, True))

        def note(record: Record) -> None:
            if record.event == "vehicle.end_state":
                called.append(plant.truth())

        bench.when(561, slip, after_s=3.0)
        bench.desk.journal.listen(note)

    outcome = judged(SHORT, happens, rules=GuardRules(voltage_source=source))
    assert outcome.pev is not None
    assert (outcome.pev.reason, outcome.pev.end_state) == (faults.LOCK_LOST, EndState.SAFE)
    assert [truth.inlet_v < 60.0 for truth in called] == [True]
