"""A powerline that loses, doubles, delays and damages frames; modems that restart or are absent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from pyplc_fw import faults
from pyplc_fw.homeplug.mme import CmSetKeyCnf, CmSetKeyReq, Mme, VsSwVerCnf
from pyplc_fw.net.packets import (
    ETHERTYPE_HOMEPLUG,
    ETHERTYPE_IPV6,
    NEXT_HEADER_TCP,
    NEXT_HEADER_UDP,
)
from pyplc_fw.services.desk import EVSE, PEV
from pyplc_fw.sim.disturbances import (
    Disturbance,
    Match,
    corrupt,
    delay,
    drop,
    duplicate,
    first,
    sometimes,
)
from pyplc_fw.terms import EndState
from tests.session.bench import SHORT, Bench, Outcome, judged

LOCAL = {CmSetKeyReq.MMTYPE, CmSetKeyCnf.MMTYPE}
MME_HEADER, IPV6_HEADER, TCP_HEADER, TCP_PAYLOAD = 14, 14, 54, 74
BROKEN_OFF = {
    faults.TIMEOUT,
    faults.LINK_LOST,
    faults.SLAC_FAILED,
    faults.SLAC_NO_ANSWER,
    faults.SDP_NO_ANSWER,
    faults.MODEM_MISSING,
    faults.RESPONSE_FAILED,
}
"What a bad line may end a session with; it never looks like a fault of car or charger."
SEEDS = range(1, 6)


def is_homeplug(frame: bytes) -> bool:
    return int.from_bytes(frame[12:14], "big") == ETHERTYPE_HOMEPLUG


def is_mme(_interface: str, frame: bytes) -> bool:
    """Match what strangers say to each other; the cable between host and modem is a good one."""
    return is_homeplug(frame) and int.from_bytes(frame[15:17], "little") not in LOCAL


def on_the_line(interface: str, frame: bytes) -> bool:
    return is_mme(interface, frame) or frame[12:14] == ETHERTYPE_IPV6.to_bytes(2, "big")


def _carries(next_header: int, side: str | None = None) -> Match:
    def matches(interface: str, frame: bytes) -> bool:
        ipv6 = int.from_bytes(frame[12:14], "big") == ETHERTYPE_IPV6
        return ipv6 and frame[20] == next_header and side in (None, interface)

    return matches


is_tcp, is_udp = _carries(NEXT_HEADER_TCP), _carries(NEXT_HEADER_UDP)


def with_payload(interface: str, frame: bytes) -> bool:
    return is_tcp(interface, frame) and len(frame) > TCP_PAYLOAD


def disturbed(
    seed: int, make: Callable[[Random], Disturbance], *, battery_kwh: float = SHORT.battery_kwh
) -> Outcome:
    def happens(bench: Bench) -> None:
        bench.desk.powerline.disturb(make(Random(1000 + seed)))  # noqa: S311 - repeatable

    return judged(replace(SHORT, seed=seed, battery_kwh=battery_kwh), happens)


def assert_safe(outcome: Outcome) -> bool:
    """Check that all is safe; returns whether it was a whole charge."""
    assert outcome.findings == []
    assert outcome.pev is not None
    assert outcome.pev.end_state is EndState.SAFE
    assert outcome.evse is None or outcome.evse.end_state is EndState.SAFE
    charged = outcome.pev.reason is faults.BATTERY_FULL
    assert charged or outcome.pev.reason in BROKEN_OFF
    return charged


@pytest.mark.parametrize(("share", "at_least"), [(0.01, 2), (0.05, 0), (0.1, 0)])
def test_lost_frames_are_sent_again_or_the_session_ends_safely(share: float, at_least: int) -> None:
    outcomes = [
        disturbed(seed, lambda rng: drop(sometimes(share, rng, on_the_line))) for seed in SEEDS
    ]
    assert sum(map(assert_safe, outcomes)) >= at_least


@pytest.mark.parametrize("seed", SEEDS)
def test_a_matching_with_a_tenth_of_its_messages_lost_comes_about(seed: int) -> None:
    outcome = disturbed(seed, lambda rng: drop(sometimes(0.1, rng, is_mme)))
    assert assert_safe(outcome)


@pytest.mark.parametrize("seed", SEEDS)
def test_doubled_frames_change_nothing(seed: int) -> None:
    outcome = disturbed(
        seed, lambda rng: duplicate(sometimes(0.3, rng, on_the_line), after_s=0.004)
    )
    assert assert_safe(outcome)


@pytest.mark.parametrize("seed", SEEDS)
def test_frames_that_overtake_each_other_change_nothing(seed: int) -> None:
    outcome = disturbed(
        seed, lambda rng: delay(sometimes(0.3, rng, on_the_line), lambda: 0.04 * rng.random())
    )
    assert assert_safe(outcome)


@pytest.mark.parametrize("seed", SEEDS[:3])
@pytest.mark.parametrize(
    ("match", "from_byte"),
    [
        (is_mme, MME_HEADER),
        (is_udp, IPV6_HEADER),
        (is_tcp, IPV6_HEADER),
        (is_tcp, TCP_HEADER),
        (with_payload, TCP_PAYLOAD),
    ],
    ids=["MME", "UDP", "IPv6", "TCP header", "TCP payload"],
)
def test_damaged_frames_are_dropped_and_end_at_worst_safely(
    seed: int, match: Match, from_byte: int
) -> None:
    outcome = disturbed(
        seed, lambda rng: corrupt(sometimes(0.05, rng, match), rng, from_byte=from_byte)
    )
    assert_safe(outcome)


# --- modems and interfaces -----------------------------------------------------------------------

BEFORE_TCP = [100, 103, 160, 190, 200]
IN_THE_SESSION = [400, 530, 540, 560, 570, 590, 600, 710, 800]
AFTER_POWER = [850, 900]


@pytest.mark.parametrize("at", [*BEFORE_TCP, *IN_THE_SESSION, *AFTER_POWER])
@pytest.mark.parametrize("side", [PEV, EVSE])
def test_a_modem_that_restarts(at: int, side: str) -> None:
    def happens(bench: Bench) -> None:
        modem = (bench.desk.car if side == PEV else bench.desk.charger).modem
        assert modem is not None
        bench.when(at, modem.reset)

    outcome = judged(SHORT, happens)
    assert assert_safe(outcome) is (at not in IN_THE_SESSION)


@pytest.mark.parametrize("side", [PEV, EVSE])
@pytest.mark.parametrize("answer", [CmSetKeyCnf, VsSwVerCnf])
def test_a_lost_answer_of_the_own_modem_is_asked_for_again(side: str, answer: type[Mme]) -> None:
    """After CM_SET_KEY it restarts all the same, and is deaf for a while."""

    def is_answer(interface: str, frame: bytes) -> bool:
        mmtype = int.from_bytes(frame[15:17], "little")
        return interface == side and is_homeplug(frame) and mmtype == answer.MMTYPE

    def happens(bench: Bench) -> None:
        bench.desk.powerline.disturb(drop(first(1, is_answer)))

    assert assert_safe(judged(SHORT, happens))


@pytest.mark.parametrize("restart_s", [1.5, 5.0])
def test_a_modem_that_is_still_starting_when_the_plug_comes_is_waited_for(restart_s: float) -> None:
    def happens(bench: Bench) -> None:
        modem = bench.desk.car.modem
        assert modem is not None
        bench.when(5, lambda: modem.go_deaf(restart_s))

    assert assert_safe(judged(SHORT, happens))


def without(match: Match) -> Callable[[Bench], object]:
    return lambda bench: bench.desk.powerline.disturb(drop(match))


def test_no_charger_on_the_line() -> None:
    def happens(bench: Bench) -> None:
        assert bench.desk.charger.modem is not None
        bench.desk.powerline.detach(bench.desk.charger.modem)

    outcome = judged(SHORT, happens)
    assert not assert_safe(outcome)
    assert outcome.reasons[0] is faults.SLAC_NO_ANSWER


def test_no_modem_in_the_car() -> None:
    outcome = judged(SHORT, without(lambda interface, _: interface == PEV))
    assert not assert_safe(outcome)
    assert outcome.reasons[0] is faults.MODEM_MISSING


def test_no_modem_in_the_charger_never_asks_for_digital_communication() -> None:
    outcome = judged(SHORT, without(lambda interface, _: interface == EVSE))
    assert outcome.findings == []
    assert outcome.reasons == (None, faults.MODEM_MISSING)
    assert outcome.truth.pilot_duty_pct == 100.0


def test_no_sdp_answer() -> None:
    outcome = judged(SHORT, without(_carries(NEXT_HEADER_UDP, EVSE)))
    assert not assert_safe(outcome)
    assert outcome.reasons[0] is faults.SDP_NO_ANSWER


def test_no_answer_to_tcp() -> None:
    outcome = judged(SHORT, without(_carries(NEXT_HEADER_TCP, EVSE)))
    assert not assert_safe(outcome)
    assert outcome.reasons[0] is faults.TIMEOUT


def test_a_neighbours_charger_that_is_louder_than_our_own_is_not_taken() -> None:
    """Only one charger answers, and it is 45 dB away: that is not the one we are plugged into."""

    def happens(bench: Bench) -> None:
        car, charger = bench.desk.car.modem, bench.desk.charger.modem
        assert car is not None
        assert charger is not None
        bench.desk.powerline.set_attenuation(car, charger, 45.0)

    outcome = judged(SHORT, happens)
    assert not assert_safe(outcome)
    assert outcome.reasons[0] is faults.SLAC_FAILED
