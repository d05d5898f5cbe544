"""The host and its modem: finding, keys, and the evidence of a link."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from pyplc_fw import faults
from pyplc_fw.errors import ModemError, ProtocolTimeoutError
from pyplc_fw.homeplug.mme import (
    CmGetKeyCnf,
    CmGetKeyReq,
    CmSetKeyCnf,
    CmSetKeyReq,
    Mme,
    MmeFrame,
    VsSwVerCnf,
    VsSwVerReq,
    encode_frame,
)
from pyplc_fw.homeplug.modem import LOCAL_MODEM, Modem, ModemInfo, ModemKey
from pyplc_fw.sim.virtual_time import run_virtual
from pyplc_fw.terms import BROADCAST, MacAddress, Nmk, Role
from pyplc_fw.timing import Timer
from tests.unit.homeplug.slac_wire import (
    MODEM,
    NID,
    NMK,
    PEV,
    REMOTE_MODEM,
    Journal,
    Wire,
    rng,
)

HAIR_S = 1e-4


@dataclass
class FakeModem:
    """Answers as a QCA modem does, from ``there_from_s`` on."""

    wire: Wire
    mac: MacAddress = MODEM
    version: str = "MAC-QCA7420"
    local: bool = True
    answer_after_s: float = 0.001
    there_from_s: float = 0.0
    set_key_result: int | None = 1
    "None: silent."
    keys: list[tuple[bytes, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.wire.listeners.append(self._hear)

    def _hear(self, frame: MmeFrame) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() < self.there_from_s or frame.src != PEV:
            return
        if frame.dst == LOCAL_MODEM and not self.local:
            return
        answer = self._answer(frame)
        if answer is not None:
            raw = encode_frame(frame.src, self.mac, answer)
            loop.call_later(self.answer_after_s, self.wire.carry, raw)

    def _answer(self, frame: MmeFrame) -> Mme | None:
        match frame.message:
            case VsSwVerReq():
                return VsSwVerCnf(version=self.version)
            case CmSetKeyReq() as request if self.set_key_result is not None:
                self.keys.append((request.nid, request.nmk))
                return CmSetKeyCnf(
                    result=self.set_key_result, my_nonce=bytes(4), your_nonce=request.my_nonce
                )
            case CmGetKeyReq() as request:
                return CmGetKeyCnf(
                    result=0 if self.local else 1,
                    nid=NID,
                    nmk=NMK if self.local else Nmk(bytes(16)),
                    my_nonce=bytes(4),
                    your_nonce=request.my_nonce,
                )
            case _:
                return None


class Bench:
    def __init__(self, role: Role = Role.PEV, accepted_results: tuple[int, ...] = (1,)) -> None:
        self.wire = Wire()
        self.journal = Journal()
        self.modem = Modem(
            self.wire.link(PEV),
            rng(),
            self.journal.log,
            role=role,
            accepted_results=accepted_results,
        )

    def fake(self, **settings: Any) -> FakeModem:
        return FakeModem(self.wire, **settings)


# --- find -------------------------------------------------------------------------------------


def test_find_lists_every_modem_that_answers_in_order() -> None:
    bench = Bench()
    bench.fake(version="MAC-QCA7420-1.4.0.20-00-20171027-CS")
    bench.fake(mac=REMOTE_MODEM, version="MAC-QCA7000", local=False, answer_after_s=0.1)
    assert run_virtual(bench.modem.find()) == [
        ModemInfo(MODEM, "MAC-QCA7420-1.4.0.20-00-20171027-CS"),
        ModemInfo(REMOTE_MODEM, "MAC-QCA7000"),
    ]
    question = bench.wire.sent[0][1]
    assert (question.dst, question.mmv) == (BROADCAST, 0)


def test_find_without_a_modem_is_an_empty_list_after_the_window() -> None:
    async def session() -> float:
        assert await Bench().modem.find() == []
        return asyncio.get_running_loop().time()

    assert run_virtual(session()) == pytest.approx(0.5)


@pytest.mark.parametrize(("after_s", "count"), [(0.5 - HAIR_S, 1), (0.5 + HAIR_S, 0)])
def test_answers_count_until_the_window_is_over(after_s: float, count: int) -> None:
    bench = Bench()
    bench.fake(answer_after_s=after_s)
    assert len(run_virtual(bench.modem.find())) == count


def test_a_modem_that_answers_twice_is_one_modem() -> None:
    bench = Bench()
    bench.fake()
    bench.fake()
    assert len(run_virtual(bench.modem.find())) == 1


# --- set_key ----------------------------------------------------------------------------------


def test_set_key_gives_the_modem_nid_and_nmk_and_nobody_else() -> None:
    bench = Bench()
    fake = bench.fake()
    run_virtual(bench.modem.set_key(NID, NMK))
    assert fake.keys == [(NID, NMK)]
    (_, request), (_, _) = bench.wire.sent
    assert request.dst == LOCAL_MODEM


@pytest.mark.parametrize(("role", "checkpoints"), [(Role.PEV, [170, 180]), (Role.EVSE, [1])])
def test_set_key_is_logged_with_the_number_of_our_side(role: Role, checkpoints: list[int]) -> None:
    bench = Bench(role)
    bench.fake()
    run_virtual(bench.modem.set_key(NID, NMK))
    assert bench.journal.checkpoints() == checkpoints
    for entry in bench.journal.entries:
        assert entry["level"] == "debug" or NMK.hex() not in str(entry)


@pytest.mark.parametrize(
    ("answer_after_s", "requests"), [(0.5 - HAIR_S, 1), (0.5 + HAIR_S, 2), (1.0 + HAIR_S, 3)]
)
def test_a_late_answer_comes_after_repeats(answer_after_s: float, requests: int) -> None:
    bench = Bench()
    bench.fake(answer_after_s=answer_after_s)
    run_virtual(bench.modem.set_key(NID, NMK))
    assert len(bench.wire.times(CmSetKeyReq)) == requests


def set_key_error(bench: Bench) -> ModemError:
    async def session() -> ModemError:
        with pytest.raises(ModemError) as raised:
            await bench.modem.set_key(NID, NMK)
        return raised.value

    return run_virtual(session())


def test_a_silent_modem_is_asked_for_longer_than_a_restart_takes_and_then_missing() -> None:
    bench = Bench()
    bench.fake(set_key_result=None)
    assert set_key_error(bench).reason is faults.MODEM_MISSING
    assert bench.wire.times(CmSetKeyReq) == pytest.approx([0.5 * n for n in range(12)])
    assert 180 not in bench.journal.checkpoints()


def test_a_modem_that_says_0_has_not_taken_the_key() -> None:
    bench = Bench()
    bench.fake(set_key_result=0)
    assert "result 0" in str(set_key_error(bench))


def test_a_modem_true_to_the_standard_can_be_configured() -> None:
    bench = Bench(accepted_results=(0,))
    bench.fake(set_key_result=0)
    run_virtual(bench.modem.set_key(NID, NMK))
    assert bench.journal.checkpoints() == [170, 180]


def test_a_remote_modems_0_does_not_hide_our_modems_1() -> None:
    bench = Bench()
    bench.fake(mac=REMOTE_MODEM, set_key_result=0)
    bench.fake(answer_after_s=0.2)
    run_virtual(bench.modem.set_key(NID, NMK))
    assert bench.journal.checkpoints() == [170, 180]


# --- wait_link_up -----------------------------------------------------------------------------


def wait_link_up(bench: Bench, peer: MacAddress | None = None) -> tuple[list[ModemInfo], float]:
    async def session() -> tuple[list[ModemInfo], float]:
        modems = await bench.modem.wait_link_up(peer=peer)
        return modems, asyncio.get_running_loop().time()

    return run_virtual(session())


def test_the_link_is_up_when_a_second_modem_answers() -> None:
    bench = Bench()
    bench.fake(there_from_s=1.7)
    bench.fake(mac=REMOTE_MODEM, local=False, there_from_s=4.2)
    modems, at_s = wait_link_up(bench)
    assert [modem.mac for modem in modems] == [MODEM, REMOTE_MODEM]
    assert at_s == pytest.approx(4.501)  # at the first question that both could hear
    assert bench.journal.checkpoints() == [190]


def test_the_link_is_up_when_the_named_modem_answers_alone() -> None:
    bench = Bench()
    bench.fake(mac=REMOTE_MODEM, local=False)
    modems, at_s = wait_link_up(bench, peer=REMOTE_MODEM)
    assert [modem.mac for modem in modems] == [REMOTE_MODEM]
    assert at_s == pytest.approx(0.001)


def test_one_modem_is_no_link_and_tt_match_join_runs_out() -> None:
    bench = Bench()
    bench.fake()

    async def session() -> float:
        with pytest.raises(ProtocolTimeoutError) as raised:
            await bench.modem.wait_link_up()
        assert (raised.value.timer, raised.value.limit_s) == ("TT_match_join", 12.0)
        return asyncio.get_running_loop().time()

    assert run_virtual(session()) == pytest.approx(12.0)
    assert bench.journal.checkpoints() == []


@pytest.mark.parametrize(("there_from_s", "up"), [(2.0, True), (2.0 + HAIR_S, False)])
def test_the_limit_of_the_wait_is_the_timer_given(there_from_s: float, up: bool) -> None:
    bench = Bench()
    bench.fake()
    bench.fake(mac=REMOTE_MODEM, there_from_s=there_from_s)

    async def session() -> bool:
        try:
            await bench.modem.wait_link_up(Timer("short", 2.4))
        except ProtocolTimeoutError:
            return False
        return True

    assert run_virtual(session()) == up


def test_the_charger_logs_the_link_without_a_number() -> None:
    bench = Bench(Role.EVSE)
    bench.fake()
    bench.fake(mac=REMOTE_MODEM)
    wait_link_up(bench)
    assert bench.journal.events() == ["modem.link_up"]
    assert bench.journal.checkpoints() == []


# --- get_key ----------------------------------------------------------------------------------


def test_get_key_tells_ours_and_that_the_remote_one_refuses() -> None:
    bench = Bench()
    bench.fake()
    bench.fake(mac=REMOTE_MODEM, local=False, answer_after_s=0.01)
    assert run_virtual(bench.modem.get_key(NID)) == [
        ModemKey(MODEM, NID, NMK),
        ModemKey(REMOTE_MODEM, NID, None),
    ]


def test_get_key_of_silent_modems_is_an_empty_list() -> None:
    assert run_virtual(Bench().modem.get_key(NID)) == []
