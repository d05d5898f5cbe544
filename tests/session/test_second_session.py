"""What one session leaves behind is good enough for the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from pyplc_fw import faults
from pyplc_fw.faults import Reason
from pyplc_fw.sim.virtual_time import run_virtual
from tests.session.bench import SHORT, Bench, Outcome

PLENTY = replace(SHORT, battery_kwh=60.0, soc_pct=79.9)


def pull(bench: Bench) -> object:
    return bench.desk.plant.plug_out()


def cancel(bench: Bench) -> object:
    assert bench.pev_task is not None
    return bench.pev_task.cancel()


def reset_modems(bench: Bench) -> None:
    for host in (bench.desk.car, bench.desk.charger):
        assert host.modem is not None
        host.modem.reset()


def two_sessions(at: int, action: Callable[[Bench], object]) -> tuple[Outcome, Outcome]:
    async def main() -> tuple[Outcome, Outcome]:
        bench = Bench(PLENTY)
        bench.when(at, lambda: action(bench))
        try:
            first = await bench.session()
            bench.renew_evcc()
            return first, await bench.session()
        finally:
            bench.close()

    return run_virtual(main())


@pytest.mark.parametrize(
    ("at", "action", "reason"),
    [
        (4, pull, None),  # before the charger asked for digital communication
        (6, pull, faults.UNPLUGGED),
        (104, pull, faults.UNPLUGGED),
        (160, pull, faults.UNPLUGGED),
        (200, pull, faults.UNPLUGGED),
        (301, pull, faults.UNPLUGGED),
        (530, pull, faults.UNPLUGGED),
        (104, cancel, None),
        (301, cancel, None),
        (560, cancel, None),
        (710, cancel, None),
        (710, reset_modems, faults.TIMEOUT),
    ],
)
def test_after_a_session_that_broke_off_the_next_one_charges(
    at: int, action: Callable[[Bench], object], reason: Reason | None
) -> None:
    first, second = two_sessions(at, action)
    assert first.reasons[0] is reason
    assert first.evse is not None
    assert second.findings == []
    assert second.reasons == (faults.BATTERY_FULL, faults.BATTERY_FULL)


def test_the_second_session_has_a_key_and_a_session_id_of_its_own() -> None:
    first, second = two_sessions(900, lambda _: None)
    assert second.reasons == (faults.BATTERY_FULL, faults.BATTERY_FULL)
    assert first.pev is not None
    assert second.pev is not None
    assert first.pev.session_id != second.pev.session_id
    nids = {r.fields["nid"] for r in second.records if r.checkpoint == 155}
    assert len(nids) == 2
