"""Sessions in which nothing is wrong: every checkpoint, every limit, and what flowed where."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pyplc_fw import faults
from pyplc_fw.checkpoints import CHECKPOINTS
from pyplc_fw.faults import Reason
from pyplc_fw.services.desk import EVSE, PEV, Desk, DeskOptions, DeskResult
from pyplc_fw.sim.virtual_time import run_virtual
from pyplc_fw.terms import EndState
from tests.session.bench import LONG, SHORT, Bench, Outcome, judged

ONLY_WHEN_STOPPED_AT_CHARGER = 790
STORED_WH = 500.0


def assert_charged(outcome: Outcome, reason: Reason = faults.BATTERY_FULL) -> None:
    assert outcome.findings == []
    assert outcome.reasons[0] is reason
    for end in (outcome.pev, outcome.evse):
        assert end is not None
        assert (end.end_state, end.held_because, end.detail) == (EndState.SAFE, None, "")
    truth = outcome.truth
    on = (truth.s2, truth.plus_closed, truth.minus_closed, truth.supply_connected)
    assert not any(on)
    assert (truth.pilot_state, truth.lock_position, truth.current_a) == ("B", 0.0, 0.0)
    assert outcome.checkpoints(PEV)[-1] == 900
    assert outcome.checkpoints(EVSE)[-1] == 905


def stopped_at_the_charger(bench: Bench) -> None:
    bench.when(710, bench.desk.secc.request_stop, after_s=1.0)


def test_each_checkpoint_is_logged_once_and_on_its_own_side() -> None:
    whole, stopped = judged(SHORT), judged(LONG, stopped_at_the_charger)
    for outcome in (whole, stopped):
        for side in (PEV, EVSE):
            numbers = outcome.checkpoints(side)
            assert len(numbers) == len(set(numbers))
            assert {CHECKPOINTS[number].side for number in numbers} == {side}
    seen = {n for outcome in (whole, stopped) for s in (PEV, EVSE) for n in outcome.checkpoints(s)}
    assert seen == set(CHECKPOINTS)
    assert set(whole.checkpoints(EVSE)) ^ set(stopped.checkpoints(EVSE)) == {
        ONLY_WHEN_STOPPED_AT_CHARGER
    }


@pytest.mark.parametrize("side", [PEV, EVSE])
def test_checkpoints_come_in_the_order_of_their_numbers(side: str) -> None:
    numbers = judged(SHORT).checkpoints(side)
    # The charger listens before it may be asked where; it moves its output before it says so. The
    # car asks for the neighbour's MAC when the first segment needs it.
    late = {PEV: {204}, EVSE: {300, 580}}[side]
    rest = [number for number in numbers if number not in late]
    assert rest == sorted(rest)


def test_a_session_ends_with_everything_off_and_the_plug_free() -> None:
    assert_charged(judged(SHORT))


def test_a_stop_at_the_charger_is_followed() -> None:
    outcome = judged(LONG, stopped_at_the_charger)
    assert_charged(outcome, faults.STOPPED_BY_CHARGER)
    assert outcome.reasons[1] is faults.STOPPED_BY_CHARGER


def test_the_owner_may_stop_at_any_time() -> None:
    def happens(bench: Bench) -> None:
        bench.when(710, bench.desk.evcc.request_stop, after_s=1.0)

    outcome = judged(LONG, happens)
    assert_charged(outcome, faults.STOPPED_BY_OWNER)
    assert outcome.reasons[1] is faults.STOPPED_BY_EV


@pytest.mark.parametrize("at", [100, 200, 400, 530, 556, 560, 570])
def test_the_owner_may_stop_before_the_charge(at: int) -> None:
    outcome = judged(LONG, lambda bench: bench.when(at, bench.desk.evcc.request_stop))
    assert outcome.findings == []
    assert outcome.reasons[0] is faults.STOPPED_BY_OWNER
    assert outcome.pev is not None
    assert outcome.pev.end_state is EndState.SAFE
    assert 700 not in outcome.checkpoints(PEV)


@pytest.mark.parametrize(
    ("options", "limited_by", "most_a"),
    [
        (replace(LONG, owner_max_a=32.0), "owner", 32.0),
        (replace(LONG, charger_max_a=40.0), "charger", 40.0),
        (replace(LONG, charger_max_kw=10.0), "charger power", 10_000.0 / 410.0),
        (replace(LONG, battery_max_a=50.0), "battery", 50.0),
    ],
)
def test_the_lowest_limit_decides(options: DeskOptions, limited_by: str, most_a: float) -> None:
    options = replace(options, target_soc_pct=31.0, battery_kwh=15.0)
    outcome = judged(options)
    assert_charged(outcome)
    assert outcome.pev is not None
    limited = outcome.pev.limited_by
    assert max(limited, key=lambda name: limited[name]) == limited_by
    assert most_a * 0.9 < outcome.pev.max_current_a <= most_a + 0.1


def test_both_sides_agree_on_the_energy_and_the_battery_got_it() -> None:
    outcome = judged(DeskOptions(soc_pct=50.0, target_soc_pct=55.0, battery_kwh=10.0))
    assert_charged(outcome)
    pev, evse, battery = outcome.pev, outcome.evse, outcome.desk.plant.battery
    assert pev is not None
    assert evse is not None
    stored_wh = (outcome.truth.soc_pct - 50.0) / 100.0 * battery.capacity_wh
    assert stored_wh == pytest.approx(STORED_WH, rel=0.01)
    # Each counts from its own samples at the charger's terminals: battery and cable take 2 %.
    assert pev.energy_wh == pytest.approx(evse.energy_wh, rel=0.01)
    assert 1.0 < pev.energy_wh / stored_wh < 1.04
    assert pev.energy_wh == pytest.approx(outcome.desk.plant.supply.energy_wh, rel=0.01)
    assert (pev.session_id, pev.soc_start_pct) == (evse.session_id, 50.0)
    assert pev.soc_end_pct == pytest.approx(outcome.truth.soc_pct, abs=0.1)


def test_the_same_seed_gives_the_same_frames_to_the_bit() -> None:
    assert judged(SHORT).frames == judged(SHORT).frames


@pytest.mark.parametrize("seed", range(2, 7))
def test_another_seed_charges_as_well(seed: int) -> None:
    outcome = judged(replace(SHORT, seed=seed))
    assert_charged(outcome)
    assert outcome.frames != judged(SHORT).frames


def test_the_desk_itself_says_how_it_went() -> None:
    async def main() -> DeskResult:
        return await Desk(SHORT).run()

    result = run_virtual(main())
    assert result.normal
    assert result.safe
    assert (result.pev.reason, result.evse.reason) == (faults.BATTERY_FULL, faults.BATTERY_FULL)
    assert result.strains == []
