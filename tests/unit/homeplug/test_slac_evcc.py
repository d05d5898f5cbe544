"""Our car against a scripted charger: every timer at its limit, and everything foreign."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from pyplc_fw import faults
from pyplc_fw.errors import ProtocolTimeoutError, PyplcError, RemoteProtocolError
from pyplc_fw.homeplug.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmMnbcSoundInd,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    Mme,
    MmeFrame,
    encode_frame,
)
from pyplc_fw.homeplug.slac import SlacMatch
from pyplc_fw.homeplug.slac_evcc import SlacEvcc
from pyplc_fw.homeplug.timers import SlacTimers
from pyplc_fw.sim.virtual_time import run_virtual
from pyplc_fw.terms import BROADCAST, MacAddress, Nid, RunId
from pyplc_fw.timing import Timer
from tests.unit.homeplug.slac_wire import (
    EVSE,
    NID,
    NMK,
    OTHER_EVSE,
    PEV,
    STRANGER,
    Journal,
    Wire,
    rng,
)

HAIR_S = 1e-4
ONE_RUN = SlacTimers(tt_matching_repetition=Timer("one run", 0.0), c_conn_max_match=1)


@dataclasses.dataclass
class ScriptedEvse:
    """A charger that answers as late as it is told, and otherwise by the book."""

    wire: Wire
    mac: MacAddress = EVSE
    parm_cnf_after_s: float = 0.01
    report_after_s: float = 0.01
    "After the last sound."
    match_cnf_after_s: float = 0.01
    attenuation_db: bytes = bytes([10] * 58)
    num_sounds: int = 10
    change: Callable[[Mme], Mme] = lambda message: message
    "Alters what is sent."
    dst: MacAddress = PEV
    report_twice: bool = False

    def __post_init__(self) -> None:
        self.wire.listeners.append(self._hear)

    def _hear(self, frame: MmeFrame) -> None:
        match frame.message:
            case CmSlacParmReq(run_id=run_id):
                parameters = CmSlacParmCnf(run_id=run_id, forwarding_sta=PEV)
                self._say(self.parm_cnf_after_s, parameters)
            case CmMnbcSoundInd(run_id=run_id, remaining=0):
                report = CmAttenCharInd(
                    source_address=PEV,
                    run_id=run_id,
                    num_sounds=self.num_sounds,
                    attenuation_db=self.attenuation_db,
                )
                self._say(self.report_after_s, report)
                if self.report_twice:
                    self._say(self.report_after_s + 0.2, report)
            case CmSlacMatchReq(run_id=run_id, evse_mac=self.mac):
                answer = CmSlacMatchCnf(
                    pev_mac=PEV, evse_mac=self.mac, run_id=run_id, nid=NID, nmk=NMK
                )
                self._say(self.match_cnf_after_s, answer)
            case _:
                pass

    def _say(self, after_s: float, message: Mme) -> None:
        raw = encode_frame(self.dst, self.mac, self.change(message))
        asyncio.get_running_loop().call_later(after_s, self.wire.carry, raw)


class Bench:
    """A car on a wire, for one run of the matching."""

    def __init__(self, timers: SlacTimers = ONE_RUN) -> None:
        self.wire = Wire()
        self.journal = Journal()
        self.evcc = SlacEvcc(self.wire.link(PEV), rng(), self.journal.log, timers)

    def charger(self, **settings: Any) -> ScriptedEvse:
        return ScriptedEvse(self.wire, **settings)

    def match(self) -> SlacMatch:
        return run_virtual(self.evcc.match())

    def fail(self) -> PyplcError:
        """Match; return what was raised."""

        async def session() -> PyplcError:
            with pytest.raises((ProtocolTimeoutError, RemoteProtocolError)) as raised:
                await self.evcc.match()
            return raised.value

        return run_virtual(session())


# --- timers -----------------------------------------------------------------------------------


def test_parm_cnf_just_within_tt_match_response_is_taken() -> None:
    bench = Bench()
    bench.charger(parm_cnf_after_s=0.2 - HAIR_S)
    assert bench.match().evse_mac == EVSE
    assert len(bench.wire.times(CmSlacParmReq)) == 1


def test_parm_cnf_just_after_tt_match_response_answers_the_repeated_request() -> None:
    bench = Bench()
    bench.charger(parm_cnf_after_s=0.2 + HAIR_S)
    assert bench.match().evse_mac == EVSE
    assert bench.wire.times(CmSlacParmReq) == pytest.approx([0.0, 0.2])


def test_parm_cnf_too_late_for_the_last_request_is_no_answer() -> None:
    bench = Bench()
    bench.charger(parm_cnf_after_s=0.6 + HAIR_S)
    error = bench.fail()
    assert isinstance(error, ProtocolTimeoutError)
    assert (error.timer, error.limit_s) == ("TT_match_response", 0.2)
    assert error.reason is faults.SLAC_NO_ANSWER
    assert bench.wire.times(CmSlacParmReq) == pytest.approx([0.0, 0.2, 0.4])


def _report_delay_to_reach(after_first_start_s: float) -> float:
    """Return the delay after the last sound that reaches a time after the first announcement."""
    return after_first_start_s - 12 * 0.03


def test_a_report_just_within_tt_ev_atten_results_counts() -> None:
    bench = Bench()
    bench.charger(report_after_s=_report_delay_to_reach(1.2 - HAIR_S))
    assert bench.match().attenuation_db == 10.0


def test_a_report_just_after_tt_ev_atten_results_is_too_late() -> None:
    bench = Bench()
    bench.charger(report_after_s=_report_delay_to_reach(1.2 + HAIR_S))
    error = bench.fail()
    assert isinstance(error, ProtocolTimeoutError)
    assert (error.timer, error.limit_s) == ("TT_EV_atten_results", 1.2)
    assert error.reason is faults.SLAC_FAILED


def test_match_cnf_just_within_tt_match_response_is_taken() -> None:
    bench = Bench()
    bench.charger(match_cnf_after_s=0.2 - HAIR_S)
    assert bench.match().nmk == NMK
    assert len(bench.wire.times(CmSlacMatchReq)) == 1


def test_match_cnf_just_after_tt_match_response_answers_the_repeated_request() -> None:
    bench = Bench()
    bench.charger(match_cnf_after_s=0.2 + HAIR_S)
    assert bench.match().nmk == NMK
    assert len(bench.wire.times(CmSlacMatchReq)) == 2


def test_match_cnf_too_late_for_the_last_request_is_a_failure() -> None:
    bench = Bench()
    bench.charger(match_cnf_after_s=0.6 + HAIR_S)
    error = bench.fail()
    assert isinstance(error, ProtocolTimeoutError)
    assert error.timer == "TT_match_response"
    assert error.reason is faults.SLAC_FAILED
    assert len(bench.wire.times(CmSlacMatchReq)) == 3


def test_sounding_begins_within_tp_match_sequence_of_the_first_answer() -> None:
    bench = Bench()
    bench.charger()
    bench.charger(mac=OTHER_EVSE, parm_cnf_after_s=0.05)
    bench.match()
    first_answer = bench.wire.times(CmSlacParmCnf)[0]
    assert bench.wire.times(CmStartAttenCharInd)[0] - first_answer == pytest.approx(0.05)


def test_a_run_that_failed_is_repeated_after_tt_matching_rate_at_least_three_times() -> None:
    timers = SlacTimers(tt_matching_repetition=Timer("TT_matching_repetition", 0.1))
    bench = Bench(timers)
    assert bench.fail().reason is faults.SLAC_NO_ANSWER
    assert bench.wire.times(CmSlacParmReq) == pytest.approx(
        [0.0, 0.2, 0.4, 1.0, 1.2, 1.4, 2.0, 2.2, 2.4]
    )
    runs = [f.message.run_id for _, f in bench.wire.sent if isinstance(f.message, CmSlacParmReq)]
    assert len(set(runs)) == 3  # each run has a RunID of its own


def test_runs_stop_only_when_tt_matching_repetition_is_over() -> None:
    timers = SlacTimers(tt_matching_repetition=Timer("TT_matching_repetition", 4.0 + HAIR_S))
    bench = Bench(timers)
    bench.fail()
    assert len(bench.wire.times(CmSlacParmReq)) == 3 * 5


def test_a_charger_that_wakes_up_late_is_still_found() -> None:
    bench = Bench(SlacTimers())

    async def session() -> SlacMatch:
        asyncio.get_running_loop().call_later(8.9, bench.charger)
        return await bench.evcc.match()

    assert run_virtual(session()).evse_mac == EVSE


# --- results ----------------------------------------------------------------------------------


def test_every_report_is_answered_at_once_and_a_repeated_one_again() -> None:
    bench = Bench()
    bench.charger(report_twice=True)
    bench.match()
    assert bench.wire.times(CmAttenCharRsp) == bench.wire.times(CmAttenCharInd)
    answers = [f for _, f in bench.wire.sent if isinstance(f.message, CmAttenCharRsp)]
    assert [(f.src, f.dst) for f in answers] == [(PEV, EVSE)] * 2
    assert answers[0].message == answers[1].message


def test_a_report_that_comes_while_still_sounding_is_answered_at_once() -> None:
    bench = Bench()

    def early(frame: MmeFrame) -> None:
        message = frame.message
        if isinstance(message, CmMnbcSoundInd) and message.remaining == 5:
            report = CmAttenCharInd(
                source_address=PEV,
                run_id=message.run_id,
                num_sounds=5,
                attenuation_db=bytes([12] * 58),
            )
            bench.wire.say(EVSE, report, PEV)

    bench.wire.listeners.append(early)
    bench.charger()
    bench.match()
    (first, _) = bench.wire.times(CmAttenCharRsp)
    assert first == bench.wire.times(CmAttenCharInd)[0] < bench.wire.times(CmMnbcSoundInd)[-1]
    assert len(bench.wire.times(CmMnbcSoundInd)) == 10


@pytest.mark.parametrize("later_is_nearer", [False, True])
def test_the_least_mean_attenuation_wins_whoever_answers_first(later_is_nearer: bool) -> None:
    bench = Bench()
    db = (20, 10) if later_is_nearer else (10, 20)
    bench.charger(attenuation_db=bytes([db[0]] * 58))
    bench.charger(mac=OTHER_EVSE, report_after_s=0.7, attenuation_db=bytes([db[1]] * 58))
    match = bench.match()
    assert match.evse_mac == (OTHER_EVSE if later_is_nearer else EVSE)
    assert match.attenuation_db == 10.0


@pytest.mark.parametrize("worthless", [b"", bytes(58)], ids=["no groups", "all zeros"])
def test_a_charger_that_measures_nothing_loses_against_one_that_does(worthless: bytes) -> None:
    bench = Bench()
    bench.charger(mac=OTHER_EVSE, attenuation_db=worthless)
    bench.charger(report_after_s=0.5, attenuation_db=bytes([39] * 58))
    assert bench.match().evse_mac == EVSE


@pytest.mark.parametrize("worthless", [b"", bytes(58)], ids=["no groups", "all zeros"])
def test_a_charger_that_measures_nothing_is_taken_when_alone(worthless: bytes) -> None:
    bench = Bench()
    bench.charger(attenuation_db=worthless)
    match = bench.match()
    assert (match.evse_mac, match.attenuation_db) == (EVSE, None)


def test_a_charger_that_heard_no_sound_has_measured_nothing() -> None:
    bench = Bench()
    bench.charger(num_sounds=0)
    assert bench.match().attenuation_db is None


@pytest.mark.parametrize("groups", [1, 57, 59, 255])
def test_the_mean_is_over_the_groups_there_are(groups: int) -> None:
    bench = Bench()
    bench.charger(attenuation_db=bytes([7] * groups))
    assert bench.match().attenuation_db == 7.0


def test_a_charger_further_than_the_limit_is_not_the_one_we_are_plugged_into() -> None:
    bench = Bench()
    bench.charger(attenuation_db=bytes([40] * 57 + [41]))
    error = bench.fail()
    assert isinstance(error, RemoteProtocolError)
    assert error.reason is faults.SLAC_FAILED
    assert not bench.wire.times(CmSlacMatchReq)


def test_a_charger_at_the_limit_is_taken() -> None:
    bench = Bench()
    bench.charger(attenuation_db=bytes([40] * 58))
    assert bench.match().attenuation_db == 40.0


# --- what is not ours -------------------------------------------------------------------------

FOREIGN_RUN = RunId(b"foreign!")
FOREIGN_CHANGES: list[tuple[type[Mme], dict[str, Any], str]] = [
    (CmSlacParmCnf, {"run_id": FOREIGN_RUN}, "slac.no_answer"),
    (CmAttenCharInd, {"run_id": FOREIGN_RUN}, "slac.failed"),
    (CmAttenCharInd, {"source_address": STRANGER}, "slac.failed"),
    (CmSlacMatchCnf, {"run_id": FOREIGN_RUN}, "slac.failed"),
    (CmSlacMatchCnf, {"pev_mac": STRANGER}, "slac.failed"),
    (CmSlacMatchCnf, {"evse_mac": STRANGER}, "slac.failed"),
]


@pytest.mark.parametrize(
    ("kind", "changes", "reason"),
    FOREIGN_CHANGES,
    ids=[f"{kind.__name__} {next(iter(changes))}" for kind, changes, _ in FOREIGN_CHANGES],
)
def test_an_answer_of_another_run_or_to_another_car_is_none(
    kind: type[Mme], changes: dict[str, Any], reason: str
) -> None:
    def change(message: Any) -> Any:
        of_this_kind = type(message).__name__ == kind.__name__
        return dataclasses.replace(message, **changes) if of_this_kind else message

    bench = Bench()
    bench.charger(change=change)
    assert bench.fail().reason.id == reason


@pytest.mark.parametrize("dst", [BROADCAST, STRANGER])
def test_an_answer_not_sent_to_our_address_is_none(dst: MacAddress) -> None:
    bench = Bench()
    bench.charger(dst=dst)
    assert bench.fail().reason is faults.SLAC_NO_ANSWER


def test_the_neighbours_network_is_not_taken_for_ours() -> None:
    """By cross-talk every car hears the answer to another; pyPLC once took it."""
    bench = Bench()
    bench.charger()

    def cross_talk(frame: MmeFrame) -> None:
        message = frame.message
        if isinstance(message, CmSlacMatchReq):
            theirs = CmSlacMatchCnf(
                pev_mac=STRANGER,
                evse_mac=OTHER_EVSE,
                run_id=FOREIGN_RUN,
                nid=Nid(b"foreign"),
                nmk=NMK,
            )
            bench.wire.say(OTHER_EVSE, theirs, STRANGER)
            ours_but_not_asked = dataclasses.replace(theirs, pev_mac=PEV, run_id=message.run_id)
            bench.wire.say(OTHER_EVSE, ours_but_not_asked, PEV)

    bench.wire.listeners.append(cross_talk)
    assert bench.match().nid == NID


def test_garbage_and_unknown_messages_are_passed_over() -> None:
    bench = Bench()
    bench.charger()

    def garbage(frame: MmeFrame) -> None:
        if frame.src == PEV:
            bench.wire.deliver(encode_frame(PEV, EVSE, frame.message)[:19])
            bench.wire.deliver(b"")
            bench.wire.deliver(bytes(12) + b"\x88\xe1\x01\x99\x60" + bytes(43))

    bench.wire.listeners.append(garbage)
    assert bench.match().nid == NID
    assert "homeplug.malformed" in bench.journal.events()


def test_the_subscription_is_closed_after_success_and_after_failure() -> None:
    bench = Bench()
    charger = bench.charger()
    bench.match()
    assert not bench.wire.links[0].subscriptions
    bench.wire.listeners.remove(charger._hear)
    bench.fail()
    assert not bench.wire.links[0].subscriptions


def test_the_same_seed_gives_the_same_frames() -> None:
    def frames() -> list[tuple[float, MmeFrame]]:
        bench = Bench()
        bench.charger()
        bench.match()
        return bench.wire.sent

    assert frames() == frames()
