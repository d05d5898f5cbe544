"""Our car against our charger over a wire: the whole matching, and each frame lost."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from itertools import pairwise

import pytest

from pyplc_fw import faults
from pyplc_fw.errors import ProtocolTimeoutError
from pyplc_fw.homeplug.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmAttenProfileInd,
    CmMnbcSoundInd,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    Mme,
    MmeFrame,
)
from pyplc_fw.homeplug.slac import SlacMatch
from pyplc_fw.homeplug.slac_evcc import SlacEvcc
from pyplc_fw.homeplug.slac_evse import SlacEvse
from pyplc_fw.sim.virtual_time import run_virtual
from pyplc_fw.terms import BROADCAST, MacAddress, Nid, Nmk
from tests.unit.homeplug.slac_wire import (
    EVSE,
    MODEM,
    NID,
    NMK,
    OTHER_EVSE,
    PEV,
    STRANGER,
    Filter,
    Journal,
    Wire,
    lose,
    rng,
)


class Desk:
    """A wire with a car and a charger on it."""

    def __init__(self) -> None:
        self.wire = Wire()
        self.pev_journal = Journal()
        self.evse_journal = Journal()
        self.evcc = SlacEvcc(self.wire.link(PEV), rng(), self.pev_journal.log)
        self.evse = SlacEvse(self.wire.link(EVSE), NID, NMK, self.evse_journal.log)

    async def match(self) -> tuple[SlacMatch, SlacMatch]:
        """Let both sides match; return what the car and what the charger have."""
        serving = asyncio.create_task(self.evse.serve())
        await asyncio.sleep(0)  # the charger is there first
        try:
            return await self.evcc.match(), await serving
        finally:
            serving.cancel()

    def run(self) -> tuple[SlacMatch, SlacMatch]:
        return run_virtual(self.match())


def measuring_modem(
    wire: Wire, profile: Callable[[CmMnbcSoundInd], bytes], mac: MacAddress = MODEM
) -> None:
    """Put a modem on the wire that reports each sound, as a charger's does."""

    def on_frame(frame: MmeFrame) -> None:
        if isinstance(frame.message, CmMnbcSoundInd):
            groups = profile(frame.message)
            wire.say(mac, CmAttenProfileInd(pev_mac=frame.src, attenuation_db=groups))

    wire.listeners.append(on_frame)


def test_car_and_charger_match_and_have_the_same_network() -> None:
    desk = Desk()
    measuring_modem(desk.wire, lambda _: bytes([11] * 58))
    car, charger = desk.run()
    assert car == charger
    assert (car.pev_mac, car.evse_mac, car.nid, car.nmk) == (PEV, EVSE, NID, NMK)
    assert car.attenuation_db == 11.0


def test_the_messages_go_in_the_standards_order_and_with_its_gaps() -> None:
    desk = Desk()
    desk.run()
    assert desk.wire.names() == [
        "CM_SLAC_PARM.REQ",
        "CM_SLAC_PARM.CNF",
        *["CM_START_ATTEN_CHAR.IND"] * 3,
        *["CM_MNBC_SOUND.IND"] * 10,
        "CM_ATTEN_CHAR.IND",
        "CM_ATTEN_CHAR.RSP",
        "CM_SLAC_MATCH.REQ",
        "CM_SLAC_MATCH.CNF",
    ]
    (answered,) = desk.wire.times(CmSlacParmCnf)
    batch = desk.wire.times(CmStartAttenCharInd) + desk.wire.times(CmMnbcSoundInd)
    assert 0 < batch[0] - answered <= 0.1
    assert all(0.0199 < later - earlier < 0.0501 for earlier, later in pairwise(batch))
    (asked,) = desk.wire.times(CmSlacMatchReq)
    assert asked - batch[0] == pytest.approx(1.2)


def test_the_fields_are_those_that_every_charger_accepts() -> None:
    desk = Desk()
    car, _ = desk.run()
    for _, frame in desk.wire.sent:
        match frame.message:
            case CmStartAttenCharInd() as start:
                assert (start.num_sounds, start.time_out, start.resp_type) == (10, 6, 1)
                assert (start.forwarding_sta, start.run_id) == (PEV, car.run_id)
                assert frame.dst == BROADCAST
            case CmSlacParmCnf() as parameters:
                assert (parameters.forwarding_sta, parameters.run_id) == (PEV, car.run_id)
                assert frame.dst == PEV
            case _:
                pass
    sounds = [f.message for _, f in desk.wire.sent if isinstance(f.message, CmMnbcSoundInd)]
    assert [sound.remaining for sound in sounds] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert len({sound.random for sound in sounds}) == 10


def test_each_checkpoint_is_logged_once_on_its_side() -> None:
    desk = Desk()
    measuring_modem(desk.wire, lambda _: bytes([11] * 58))
    desk.run()
    assert desk.pev_journal.checkpoints() == [100, 102, 103, 104, 130, 140, 150, 160]
    assert desk.evse_journal.checkpoints() == [101, 110, 120, 155]


def test_the_key_is_in_no_log_above_debug() -> None:
    desk = Desk()
    desk.run()
    for entry in desk.pev_journal.entries + desk.evse_journal.entries:
        assert entry["level"] == "debug" or NMK.hex() not in str(entry)


def test_the_charger_reports_the_mean_of_what_its_modem_measured() -> None:
    desk = Desk()
    measuring_modem(desk.wire, lambda sound: bytes([10 + sound.remaining % 2, 20, 0] * 19))
    car, _ = desk.run()
    (report,) = [f.message for _, f in desk.wire.sent if isinstance(f.message, CmAttenCharInd)]
    assert report.attenuation_db == bytes([11, 20, 0] * 19)
    assert report.num_sounds == 10
    assert car.attenuation_db == pytest.approx(31 / 3)
    (reported,) = desk.wire.times(CmAttenCharInd)
    assert reported == desk.wire.times(CmMnbcSoundInd)[-1]  # at once after the last sound


@pytest.mark.parametrize(
    ("profile"), [b"", bytes(58)], ids=["no groups (AR7420)", "zeros (defect)"]
)
def test_a_modem_that_measures_nothing_is_reported_as_plausible(profile: bytes) -> None:
    desk = Desk()
    measuring_modem(desk.wire, lambda _: profile)
    desk.run()
    (report,) = [f.message for _, f in desk.wire.sent if isinstance(f.message, CmAttenCharInd)]
    assert len(report.attenuation_db) == 58
    assert all(5 < attenuation_db < 40 for attenuation_db in report.attenuation_db)


LOSSES: list[tuple[type[Mme], int]] = [
    (CmSlacParmReq, 1),
    (CmSlacParmReq, 2),
    (CmSlacParmCnf, 1),
    (CmSlacParmCnf, 2),
    (CmStartAttenCharInd, 1),
    (CmStartAttenCharInd, 2),
    (CmStartAttenCharInd, 3),
    (CmMnbcSoundInd, 1),
    (CmMnbcSoundInd, 9),
    (CmAttenCharInd, 1),
    (CmAttenCharInd, 2),
    (CmAttenCharRsp, 1),
    (CmAttenCharRsp, 2),
    (CmSlacMatchReq, 1),
    (CmSlacMatchReq, 2),
    (CmSlacMatchCnf, 1),
    (CmSlacMatchCnf, 2),
]


@pytest.mark.parametrize(
    ("kind", "count"), LOSSES, ids=[f"{count} {kind.__name__}" for kind, count in LOSSES]
)
def test_a_few_lost_frames_are_mended_within_the_run(kind: type[Mme], count: int) -> None:
    desk = Desk()
    desk.wire.arrives = lose(kind, count)
    car, charger = desk.run()
    assert (car.nid, car.nmk, car.run_id) == (NID, NMK, charger.run_id)
    assert "slac.run_failed" not in desk.pev_journal.events()


MORE_LOSSES: list[tuple[type[Mme], int]] = [
    (CmSlacParmReq, 3),
    (CmSlacParmCnf, 3),
    (CmMnbcSoundInd, 10),
    (CmAttenCharInd, 3),
    (CmSlacMatchReq, 3),
]


@pytest.mark.parametrize(
    ("kind", "count"), MORE_LOSSES, ids=[f"{count} {kind.__name__}" for kind, count in MORE_LOSSES]
)
def test_more_lost_frames_fail_the_run_and_the_next_one_matches(
    kind: type[Mme], count: int
) -> None:
    desk = Desk()
    desk.wire.arrives = lose(kind, count)
    car, charger = desk.run()
    assert (car.nid, car.nmk, car.run_id) == (NID, NMK, charger.run_id)
    assert desk.pev_journal.events().count("slac.run_failed") == 1
    assert desk.pev_journal.checkpoints()[-1] == 160


def test_a_car_that_never_got_its_answer_is_matched_when_the_charger_serves_again() -> None:
    """The charger believes in the match; that no link comes up shows it the truth."""

    async def session() -> tuple[SlacMatch, SlacMatch, SlacMatch]:
        desk = Desk()
        desk.wire.arrives = lose(CmSlacMatchCnf, 3)
        matching = asyncio.create_task(desk.evcc.match())
        believed = await desk.evse.serve()
        return believed, await desk.evse.serve(), await matching

    believed, charger, car = run_virtual(session())
    assert car.run_id == charger.run_id != believed.run_id


def test_the_last_sound_lost_means_the_report_comes_after_600_ms() -> None:
    desk = Desk()

    def arrives(frame: MmeFrame) -> bool:
        return not (isinstance(frame.message, CmMnbcSoundInd) and frame.message.remaining == 0)

    desk.wire.arrives = arrives
    desk.run()
    (reported,) = desk.wire.times(CmAttenCharInd)
    assert reported - desk.wire.times(CmStartAttenCharInd)[0] == pytest.approx(0.6)
    (report,) = [f.message for _, f in desk.wire.sent if isinstance(f.message, CmAttenCharInd)]
    assert report.num_sounds == 9


def test_a_charger_that_lost_all_announcements_measures_the_sounds_all_the_same() -> None:
    desk = Desk()
    desk.wire.arrives = lose(CmStartAttenCharInd, 3)
    desk.run()
    (report,) = [f.message for _, f in desk.wire.sent if isinstance(f.message, CmAttenCharInd)]
    assert report.num_sounds == 10


@pytest.mark.parametrize("seed", range(40))
def test_one_frame_in_ten_lost_at_random_still_ends_in_a_match(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same losses each time
    desk = Desk()
    desk.wire.arrives = lambda _: chance.random() >= 0.1
    car, charger = desk.run()
    assert (car.nid, car.nmk, car.run_id) == (NID, NMK, charger.run_id)


def test_every_frame_doubled_changes_nothing() -> None:
    desk = Desk()
    plain = Desk()
    doubling = desk.wire
    deliver = doubling.deliver

    def twice(raw: bytes) -> None:
        deliver(raw)
        deliver(raw)

    doubling.deliver = twice  # type: ignore[method-assign]
    car, charger = desk.run()
    assert (car, charger) == plain.run()


@pytest.mark.parametrize(("near_db", "far_db"), [(9, 10), (25, 39), (9, 55)])
def test_of_two_chargers_the_nearest_is_chosen(near_db: int, far_db: int) -> None:
    async def session() -> tuple[SlacMatch, bool]:
        desk = Desk()
        stranger_log = Journal().log
        far_nid, far_nmk = Nid(b"far nid"), Nmk(b"far charger's nm")
        far = SlacEvse(desk.wire.link(OTHER_EVSE), far_nid, far_nmk, stranger_log)
        desk.wire.arrives = _each_modem_reports_to_its_own_charger(desk, near_db, far_db)
        far_serving = asyncio.create_task(far.serve())
        car, charger = await desk.match()
        assert car.run_id == charger.run_id
        await asyncio.sleep(20)
        far_waits = not far_serving.done()
        far_serving.cancel()
        return car, far_waits

    car, far_waits = run_virtual(session())
    assert (car.evse_mac, car.nid, car.attenuation_db) == (EVSE, NID, float(near_db))
    assert far_waits


def _each_modem_reports_to_its_own_charger(desk: Desk, near_db: int, far_db: int) -> Filter:
    """Replace the chargers' fallback reports by measured ones: the wire itself measures."""
    db_of = {EVSE: near_db, OTHER_EVSE: far_db}

    def arrives(frame: MmeFrame) -> bool:
        message = frame.message
        if isinstance(message, CmAttenCharInd) and len(set(message.attenuation_db)) > 1:
            measured = CmAttenCharInd(
                source_address=message.source_address,
                run_id=message.run_id,
                num_sounds=message.num_sounds,
                attenuation_db=bytes([db_of[frame.src]] * 58),
            )
            desk.wire.say(frame.src, measured, frame.dst)
            return False
        return True

    return arrives


def test_two_cars_at_one_charger_do_not_disturb_each_other() -> None:
    """A neighbour's car is heard too; it matches with its own charger."""

    async def session() -> tuple[SlacMatch, SlacMatch]:
        desk = Desk()
        measuring_modem(desk.wire, lambda _: bytes([30] * 58))
        neighbour = SlacEvcc(desk.wire.link(STRANGER), random.Random(5), Journal().log)  # noqa: S311

        def arrives(frame: MmeFrame) -> bool:  # the neighbour chooses another charger
            return not (frame.src == STRANGER and isinstance(frame.message, CmSlacMatchReq))

        desk.wire.arrives = arrives
        neighbour_task = asyncio.create_task(neighbour.match())
        await asyncio.sleep(0.3)
        car, charger = await desk.match()
        neighbour_task.cancel()
        return car, charger

    car, charger = run_virtual(session())
    assert car == charger
    assert car.pev_mac == PEV


def test_without_a_charger_the_car_gives_up_after_ten_seconds() -> None:
    async def session() -> float:
        wire = Wire()
        evcc = SlacEvcc(wire.link(PEV), rng(), Journal().log)
        loop = asyncio.get_running_loop()
        with pytest.raises(ProtocolTimeoutError) as raised:
            await evcc.match()
        assert raised.value.reason is faults.SLAC_NO_ANSWER
        assert raised.value.timer == "TT_match_response"
        assert len(wire.times(CmSlacParmReq)) == 3 * 10
        return loop.time()

    assert run_virtual(session()) == pytest.approx(9.6)
