"""Our charger's side: every state with every MME, every timer at its limit, several cars."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest

from pyplc_fw.homeplug.mme import (
    MESSAGES,
    CmAttenCharInd,
    CmAttenCharRsp,
    CmAttenProfileInd,
    CmMnbcSoundInd,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    CmValidateCnf,
    CmValidateReq,
    Mme,
    UnknownMme,
    mme_name,
)
from pyplc_fw.homeplug.slac import SlacMatch, StepLog
from pyplc_fw.homeplug.slac_evse import MAX_RUNS, SlacEvse
from pyplc_fw.homeplug.slac_evse_run import (
    ON_EXPIRY,
    PLAUSIBLE_PROFILE,
    TABLE,
    EvseRun,
    EvseState,
    average_profile,
)
from pyplc_fw.homeplug.timers import SLAC_TIMERS
from pyplc_fw.sim.virtual_time import run_virtual
from pyplc_fw.terms import BROADCAST, MacAddress, RunId
from tests.unit.homeplug.mme_samples import SAMPLES
from tests.unit.homeplug.slac_wire import (
    EVSE,
    MODEM,
    NID,
    NMK,
    OTHER_EVSE,
    PEV,
    RUN_ID,
    STRANGER,
    Journal,
    Wire,
)

HAIR_S = 1e-4
FOREIGN_RUN = RunId(b"foreign!")
START = CmStartAttenCharInd(run_id=RUN_ID, forwarding_sta=PEV)
SOUND = CmMnbcSoundInd(run_id=RUN_ID, remaining=9, random=bytes(16))
LAST_SOUND = CmMnbcSoundInd(run_id=RUN_ID, remaining=0, random=bytes(16))
PROFILE = CmAttenProfileInd(pev_mac=PEV, attenuation_db=bytes([11] * 58))
RSP = CmAttenCharRsp(source_address=PEV, run_id=RUN_ID)
MATCH = CmSlacMatchReq(pev_mac=PEV, evse_mac=EVSE, run_id=RUN_ID)
MATCH_CNF = CmSlacMatchCnf(pev_mac=PEV, evse_mac=EVSE, run_id=RUN_ID, nid=NID, nmk=NMK)

PATHS: dict[EvseState, list[Mme]] = {
    EvseState.WAIT_START_ATTEN_CHAR: [],
    EvseState.SOUNDING: [START],
    EvseState.AVERAGING: [START, SOUND, LAST_SOUND],
    EvseState.WAIT_ATTEN_CHAR_RSP: [START, SOUND, PROFILE, LAST_SOUND, PROFILE],
    EvseState.WAIT_MATCH_REQ: [START, SOUND, PROFILE, LAST_SOUND, PROFILE, RSP],
    EvseState.MATCHED: [START, SOUND, PROFILE, LAST_SOUND, PROFILE, RSP, MATCH],
    EvseState.GIVEN_UP: [],
    EvseState.DONE: [],
}
"How a good run gets into each state."
ENDED = (EvseState.GIVEN_UP, EvseState.DONE)


def new_run() -> EvseRun:
    return EvseRun(
        CmSlacParmReq(run_id=RUN_ID),
        pev_mac=PEV,
        evse_mac=EVSE,
        network=(NID, NMK),
        steps=StepLog(Journal().log),
        timers=SLAC_TIMERS,
        now=0.0,
    )


def run_in(state: EvseState) -> EvseRun:
    run = new_run()
    for message in PATHS[state]:
        run.receive(message, 0.0)
    if state in ENDED:
        run.enter(state, 0.0)
    assert run.state is state
    return run


# --- the table --------------------------------------------------------------------------------

ANSWERED: dict[tuple[EvseState, type], tuple[Mme, EvseState, list[Mme]]] = {
    (EvseState.WAIT_START_ATTEN_CHAR, CmStartAttenCharInd): (START, EvseState.SOUNDING, []),
    (EvseState.WAIT_START_ATTEN_CHAR, CmMnbcSoundInd): (SOUND, EvseState.SOUNDING, []),
    (EvseState.SOUNDING, CmMnbcSoundInd): (LAST_SOUND, EvseState.AVERAGING, []),
    (EvseState.SOUNDING, CmAttenProfileInd): (PROFILE, EvseState.SOUNDING, []),
    (EvseState.AVERAGING, CmAttenProfileInd): (PROFILE, EvseState.AVERAGING, []),
    (EvseState.WAIT_ATTEN_CHAR_RSP, CmAttenCharRsp): (RSP, EvseState.WAIT_MATCH_REQ, []),
    (EvseState.WAIT_ATTEN_CHAR_RSP, CmSlacMatchReq): (MATCH, EvseState.MATCHED, [MATCH_CNF]),
    (EvseState.WAIT_MATCH_REQ, CmValidateReq): (
        CmValidateReq(),
        EvseState.WAIT_MATCH_REQ,
        [CmValidateCnf(result=4)],
    ),
    (EvseState.WAIT_MATCH_REQ, CmSlacMatchReq): (MATCH, EvseState.MATCHED, [MATCH_CNF]),
    (EvseState.MATCHED, CmSlacMatchReq): (MATCH, EvseState.MATCHED, [MATCH_CNF]),
}
"All that is answered or taken note of: message, state after, answer."

OURS: dict[type, Mme] = {type(m): m for m in (START, SOUND, PROFILE, RSP, MATCH)}
EVERY_MME: list[Mme | UnknownMme] = [
    *(OURS.get(type(sample), sample) for sample in SAMPLES),
    UnknownMme(mmtype=0x6081, payload=bytes(40)),
]


def test_the_expectation_covers_the_whole_table() -> None:
    rows = {(state, kind) for state, row in TABLE.items() for kind in row}
    assert rows == set(ANSWERED)
    assert set(ON_EXPIRY) == set(EvseState) - set(ENDED)
    assert {m.MMTYPE for m in EVERY_MME if not isinstance(m, UnknownMme)} == set(MESSAGES)


@pytest.mark.parametrize("state", EvseState, ids=lambda state: state.name)
@pytest.mark.parametrize(
    "message",
    EVERY_MME,
    ids=lambda m: mme_name(m.mmtype if isinstance(m, UnknownMme) else m.MMTYPE),
)
def test_each_state_with_each_mme(state: EvseState, message: Mme | UnknownMme) -> None:
    run = run_in(state)
    before = run.deadline
    row = ANSWERED.get((state, type(message)))
    if row is None:
        assert run.receive(message, 0.05) == []
        assert (run.state, run.deadline) == (state, before)
        return
    sent, state_after, answers = row
    assert run.receive(sent, 0.05) == answers
    assert run.state is state_after


def test_a_car_prolongs_its_run_by_its_retries_and_no_further() -> None:
    run = run_in(EvseState.MATCHED)
    for _ in range(SLAC_TIMERS.c_ev_match_retry):
        before = run.deadline
        assert run.receive(MATCH, before - 0.01) == [MATCH_CNF]
        assert run.deadline > before
    last = run.deadline
    for _ in range(3):
        assert run.receive(MATCH, last - 0.01) == [MATCH_CNF]
    assert run.deadline == last


FOREIGN: list[tuple[EvseState, Mme]] = [
    (
        EvseState.WAIT_START_ATTEN_CHAR,
        CmStartAttenCharInd(run_id=FOREIGN_RUN, forwarding_sta=PEV),
    ),
    *(
        (state, CmMnbcSoundInd(run_id=FOREIGN_RUN, remaining=0, random=bytes(16)))
        for state in (EvseState.WAIT_START_ATTEN_CHAR, EvseState.SOUNDING)
    ),
    (
        EvseState.WAIT_ATTEN_CHAR_RSP,
        CmAttenCharRsp(source_address=PEV, run_id=FOREIGN_RUN),
    ),
    (
        EvseState.WAIT_ATTEN_CHAR_RSP,
        CmAttenCharRsp(source_address=STRANGER, run_id=RUN_ID),
    ),
    *(
        (state, CmSlacMatchReq(pev_mac=pev, evse_mac=evse, run_id=run_id))
        for state in (
            EvseState.WAIT_ATTEN_CHAR_RSP,
            EvseState.WAIT_MATCH_REQ,
            EvseState.MATCHED,
        )
        for pev, evse, run_id in (
            (PEV, EVSE, FOREIGN_RUN),
            (STRANGER, EVSE, RUN_ID),
            (PEV, OTHER_EVSE, RUN_ID),
        )
    ),
]


@pytest.mark.parametrize(("state", "message"), FOREIGN)
def test_a_message_of_another_run_car_or_charger_is_passed_over(
    state: EvseState, message: Mme
) -> None:
    run = run_in(state)
    assert run.receive(message, 0.1) == []
    assert run.state is state


def test_a_car_that_reports_failure_ends_the_run() -> None:
    run = run_in(EvseState.WAIT_ATTEN_CHAR_RSP)
    run.receive(CmAttenCharRsp(source_address=PEV, run_id=RUN_ID, result=1), 0.1)
    assert run.ended


def test_a_doubled_sound_counts_once() -> None:
    run = run_in(EvseState.SOUNDING)
    for message in (SOUND, SOUND, LAST_SOUND):
        run.receive(message, 0.1)
    (report,) = run.expire(0.2)
    assert isinstance(report, CmAttenCharInd)
    assert report.num_sounds == 2


def test_profiles_cannot_grow_without_limit() -> None:
    run = run_in(EvseState.SOUNDING)
    for _ in range(1000):
        run.receive(PROFILE, 0.1)
    assert len(run.profiles) == 256


def test_averages_are_rounded_to_the_nearest_and_over_like_profiles_only() -> None:
    assert average_profile([bytes([10, 20]), bytes([11, 20])]) == bytes([11, 20])
    assert average_profile([bytes([10, 20]), bytes([10, 21]), bytes([10, 20])]) == bytes([10, 20])
    assert average_profile([b"", bytes([5, 7]), bytes([99])]) == bytes([5, 7])
    assert average_profile([bytes([255] * 58)] * 10) == bytes([255] * 58)
    assert average_profile([]) == average_profile([b""]) == PLAUSIBLE_PROFILE
    assert average_profile([bytes(58)]) == PLAUSIBLE_PROFILE


# --- the charger on a wire ----------------------------------------------------------------------


class Bench:
    """A charger on a wire; the car's frames are sent by hand."""

    def __init__(self) -> None:
        self.wire = Wire()
        self.journal = Journal()
        self.evse = SlacEvse(self.wire.link(EVSE), NID, NMK, self.journal.log)

    def play(self, *script: tuple[float, Mme], src: MacAddress = PEV) -> list[tuple[float, Mme]]:
        """Send each message at its time; return what the charger sent within 60 s."""
        run_virtual(self._play(script, src))
        return [(t, self._known(f.message)) for t, f in self.wire.sent if f.src == EVSE]

    def match(self, *script: tuple[float, Mme]) -> SlacMatch | None:
        return run_virtual(self._play(script, PEV))

    @staticmethod
    def _known(message: Mme | UnknownMme) -> Mme:
        assert not isinstance(message, UnknownMme)
        return message

    async def _play(
        self, script: tuple[tuple[float, Mme], ...], src: MacAddress
    ) -> SlacMatch | None:
        serving = asyncio.create_task(self.evse.serve())
        await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        for at, message in script:
            is_for_us = isinstance(message, CmAttenCharRsp | CmSlacMatchReq | CmValidateReq)
            sender = MODEM if isinstance(message, CmAttenProfileInd) else src
            dst = EVSE if is_for_us else BROADCAST
            loop.call_at(at, self.wire.say, sender, message, dst)
        await asyncio.wait([serving], timeout=60.0)
        if serving.done():
            return serving.result()
        serving.cancel()
        return None


PARM = CmSlacParmReq(run_id=RUN_ID)
PARM_CNF = CmSlacParmCnf(run_id=RUN_ID, forwarding_sta=PEV)


def report(num_sounds: int, profile: bytes = PLAUSIBLE_PROFILE) -> CmAttenCharInd:
    return CmAttenCharInd(
        source_address=PEV, run_id=RUN_ID, num_sounds=num_sounds, attenuation_db=profile
    )


def approx(t: float) -> Any:
    return pytest.approx(t, abs=1e-6)


def test_parm_req_is_answered_at_once_with_its_run_id() -> None:
    assert Bench().play((1.0, PARM)) == [(approx(1.0), PARM_CNF)]


def test_parm_req_of_another_application_or_with_security_is_not_answered() -> None:
    for odd in (
        CmSlacParmReq(run_id=RUN_ID, application_type=1),
        CmSlacParmReq(run_id=RUN_ID, security_type=1),
    ):
        bench = Bench()
        assert bench.play((1.0, odd)) == []
        assert "slac.unsupported_parm_req" in bench.journal.events()


@pytest.mark.parametrize(("after_s", "heard"), [(0.4 - HAIR_S, True), (0.4 + HAIR_S, False)])
def test_tt_match_sequence_from_parm_cnf_to_start(after_s: float, heard: bool) -> None:
    sent = Bench().play((0.0, PARM), (after_s, START), (after_s, LAST_SOUND))
    reports = [message for _, message in sent if isinstance(message, CmAttenCharInd)]
    assert bool(reports) == heard


@pytest.mark.parametrize(("after_s", "sounds"), [(0.6 - HAIR_S, 2), (0.6 + HAIR_S, 1)])
def test_tt_evse_match_mnbc_from_first_start_to_report(after_s: float, sounds: int) -> None:
    late = CmMnbcSoundInd(run_id=RUN_ID, remaining=8, random=bytes(16))
    sent = Bench().play(
        (0.0, PARM), (0.1, START), (0.13, START), (0.2, SOUND), (0.1 + after_s, late)
    )
    assert sent[1] == (approx(0.7), report(sounds))


def test_no_sound_at_all_means_no_report() -> None:
    assert Bench().play((0.0, PARM), (0.1, START)) == [(approx(0.0), PARM_CNF)]


def test_with_all_measurements_there_the_report_follows_the_last_sound_at_once() -> None:
    sent = Bench().play(
        (0.0, PARM), (0.1, START), (0.2, SOUND), (0.2, PROFILE), (0.3, LAST_SOUND), (0.301, PROFILE)
    )
    assert sent[1] == (approx(0.301), report(2, PROFILE.attenuation_db))


@pytest.mark.parametrize("measured", [False, True])
def test_tp_evse_avg_atten_calc_is_the_longest_wait_for_measurements(measured: bool) -> None:
    script: list[tuple[float, Mme]] = [(0.0, PARM), (0.1, START), (0.2, SOUND), (0.3, LAST_SOUND)]
    if measured:
        script.insert(3, (0.25, PROFILE))
    sent = Bench().play(*script)
    profile = PROFILE.attenuation_db if measured else PLAUSIBLE_PROFILE
    assert sent[1] == (approx(0.4), report(2, profile))


def test_tt_match_response_without_rsp_the_report_is_repeated_twice() -> None:
    sent = Bench().play((0.0, PARM), (0.1, START), (0.2, LAST_SOUND))
    times = [t for t, message in sent if message == report(1)]
    assert times == [approx(0.3), approx(0.5), approx(0.7)]


@pytest.mark.parametrize(
    ("after_s", "reports"),
    [(0.2 - HAIR_S, 1), (0.2 + HAIR_S, 2), (0.6 - HAIR_S, 3), (0.6 + HAIR_S, 3)],
)
def test_tt_match_response_just_before_and_after(after_s: float, reports: int) -> None:
    bench = Bench()
    sent = bench.play(
        (0.0, PARM),
        (0.1, START),
        (0.2, LAST_SOUND),
        (0.3 + after_s, RSP),
        (2.0, MATCH),
    )
    assert [m for _, m in sent].count(report(1)) == reports
    assert (MATCH_CNF in [m for _, m in sent]) == (after_s < 0.6)


@pytest.mark.parametrize(("after_s", "matched"), [(10 - HAIR_S, True), (10 + HAIR_S, False)])
def test_tt_evse_match_session_from_rsp_to_match_req(after_s: float, matched: bool) -> None:
    match = Bench().match(
        (0.0, PARM), (0.1, START), (0.2, LAST_SOUND), (0.31, RSP), (0.31 + after_s, MATCH)
    )
    assert (match is not None) == matched


GOOD_RUN: tuple[tuple[float, Mme], ...] = (
    (0.0, PARM),
    (0.1, START),
    (0.2, SOUND),
    (0.2, PROFILE),
    (0.3, LAST_SOUND),
    (0.3, PROFILE),
    (0.31, RSP),
    (1.3, MATCH),
)


def test_a_good_run_ends_with_the_match() -> None:
    bench = Bench()
    assert bench.match(*GOOD_RUN) == SlacMatch(
        pev_mac=PEV, evse_mac=EVSE, nid=NID, nmk=NMK, run_id=RUN_ID, attenuation_db=11.0
    )
    assert bench.journal.checkpoints() == [101, 110, 120, 155]
    assert not bench.wire.links[0].subscriptions


@pytest.mark.parametrize(("after_s", "answers"), [(0.25 - HAIR_S, 2), (0.25 + HAIR_S, 1)])
def test_a_match_req_repeated_a_little_later_is_answered_again(
    after_s: float, answers: int
) -> None:
    bench = Bench()
    sent = bench.play(*GOOD_RUN, (1.3 + after_s, MATCH))
    assert [message for _, message in sent].count(MATCH_CNF) == answers


def test_serve_returns_soon_after_match_cnf() -> None:
    async def session() -> float:
        bench = Bench()
        await bench._play(GOOD_RUN, PEV)
        return asyncio.get_running_loop().time()

    assert run_virtual(session()) == approx(1.3 + 0.25)


@pytest.mark.parametrize("until", range(1, len(GOOD_RUN) + 1))
def test_a_car_that_starts_over_at_any_point_is_served(until: int) -> None:
    """A Taycan sends PARM.REQ up to three times an attempt; an Ioniq keeps its RunID."""
    restarted = [(1.4 + at, message) for at, message in GOOD_RUN]
    match = Bench().match(*GOOD_RUN[:until], *restarted)
    assert match is not None
    assert match.run_id == RUN_ID


def test_sounds_27_us_apart_are_all_heard() -> None:
    sounds = [
        (0.1 + 27e-6 * i, CmMnbcSoundInd(run_id=RUN_ID, remaining=9 - i, random=bytes(16)))
        for i in range(10)
    ]
    profiles = [(0.1005 + 27e-6 * i, PROFILE) for i in range(10)]
    starts = [(0.05 + 20e-6 * i, START) for i in range(3)]
    sent = Bench().play((0.0, PARM), *starts, *sounds, *profiles)
    assert sent[1] == (approx(0.1005 + 27e-6 * 9), report(10, PROFILE.attenuation_db))


def test_frames_of_another_run_id_do_not_advance_the_run() -> None:
    foreign: list[Mme] = [
        CmStartAttenCharInd(run_id=FOREIGN_RUN, forwarding_sta=PEV),
        CmMnbcSoundInd(run_id=FOREIGN_RUN, remaining=0, random=bytes(16)),
        CmSlacMatchReq(pev_mac=PEV, evse_mac=EVSE, run_id=FOREIGN_RUN),
    ]
    sent = Bench().play((0.0, PARM), *((0.1, message) for message in foreign))
    assert sent == [(approx(0.0), PARM_CNF)]


def test_a_car_that_did_not_ask_first_gets_no_answer() -> None:
    assert Bench().play(*GOOD_RUN[1:]) == []


def test_messages_to_another_station_are_none_of_ours() -> None:
    bench = Bench()

    async def session() -> None:
        serving = asyncio.create_task(bench.evse.serve())
        await asyncio.sleep(0)
        bench.wire.say(PEV, PARM, OTHER_EVSE)
        await asyncio.sleep(1.0)
        serving.cancel()

    run_virtual(session())
    assert [f.name for _, f in bench.wire.sent] == ["CM_SLAC_PARM.REQ"]


def test_more_cars_than_it_can_hold_are_not_answered_until_others_gave_up() -> None:
    bench = Bench()
    macs = [MacAddress(b"\x02\xaa\x00\x00\x00" + bytes([n])) for n in range(MAX_RUNS + 1)]

    async def session() -> None:
        serving = asyncio.create_task(bench.evse.serve())
        await asyncio.sleep(0)
        for mac in macs:
            bench.wire.say(mac, PARM)
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.5)
        bench.wire.say(macs[-1], PARM)
        await asyncio.sleep(0.5)
        serving.cancel()

    run_virtual(session())
    answered = [f.dst for _, f in bench.wire.sent if f.src == EVSE]
    assert answered == [*macs[:-1], macs[-1]]
    assert "slac.too_many_cars" in bench.journal.events()
    assert bench.journal.events().count("slac.run_given_up") == MAX_RUNS + 1


def test_an_idle_charger_sets_no_timer() -> None:
    run = run_in(EvseState.GIVEN_UP)
    assert run.deadline == math.inf
