from __future__ import annotations

import asyncio
from statistics import mean

import pytest

from pyplc_fw.homeplug.mme import (
    CmAttenProfileInd,
    CmGetKeyCnf,
    CmGetKeyReq,
    CmMnbcSoundInd,
    CmSetKeyCnf,
    CmSetKeyReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    CmValidateReq,
    Mme,
    MmeFrame,
    VsSwVerCnf,
    VsSwVerReq,
    decode_frame,
    encode_frame,
)
from pyplc_fw.homeplug.modem import LOCAL_MODEM
from pyplc_fw.net.packets import ETHERTYPE_HOMEPLUG
from pyplc_fw.sim.host import SimHost
from pyplc_fw.sim.modem import VERSION, SimModem
from pyplc_fw.sim.powerline import Powerline
from pyplc_fw.sim.virtual_time import run_virtual
from pyplc_fw.terms import BROADCAST, Endpoint, MacAddress, Nid, Nmk, Role, RunId
from tests.unit.sim.line_bench import (
    NID,
    NMK,
    Bench,
    add_station,
    build_bench,
    modem_mac,
    seeded,
)

RUN_ID = RunId(b"RUNRUNRU")
NONCE = b"\xaa" * 4
OTHER_NID = Nid(bytes.fromhex("11121314151617"))
OTHER_NMK = Nmk(bytes(range(100, 116)))


def set_key_req(nid: Nid = NID, nmk: Nmk = NMK) -> CmSetKeyReq:
    return CmSetKeyReq(nid=nid, nmk=nmk, my_nonce=NONCE)


def say(host: SimHost, dst: MacAddress, message: Mme) -> None:
    host.send(encode_frame(dst, host.mac, message))


async def ask(
    host: SimHost, dst: MacAddress, message: Mme, *, within_s: float = 0.1
) -> list[MmeFrame]:
    """Send ``message`` and return all MMEs that reach ``host`` in the next moment."""
    with host.subscribe(ETHERTYPE_HOMEPLUG) as subscription:
        say(host, dst, message)
        await asyncio.sleep(within_s)
        return [decode_frame(frame) for frame in subscription.frames.close()]


async def carries_ipv6(bench: Bench) -> bool:
    """Tell whether a datagram gets from the car to the charger."""
    with bench.evse.network.open_udp(1000) as there, bench.car.network.open_udp() as here:
        here.send(b"hello", Endpoint(bench.evse.network.address, 1000))
        try:
            async with asyncio.timeout(5.0):
                return (await there.receive())[0] == b"hello"
        except TimeoutError:
            return False


@pytest.mark.parametrize("dst", [BROADCAST, LOCAL_MODEM, modem_mac(1)])
def test_a_modem_tells_its_version(dst: MacAddress) -> None:
    bench = build_bench(joined=False)
    (answer,) = run_virtual(ask(bench.car, dst, VsSwVerReq()))
    assert answer.message == VsSwVerCnf(version=VERSION)
    assert (answer.src, answer.dst) == (modem_mac(1), bench.car.mac)


def test_once_joined_both_modems_answer_a_broadcast() -> None:
    bench = build_bench()
    answers = run_virtual(ask(bench.car, BROADCAST, VsSwVerReq()))
    assert [answer.src for answer in answers] == [modem_mac(1), modem_mac(2)]
    (local,) = run_virtual(ask(bench.car, LOCAL_MODEM, VsSwVerReq()))
    assert local.src == modem_mac(1)
    (remote,) = run_virtual(ask(bench.car, modem_mac(2), VsSwVerReq()))
    assert remote.src == modem_mac(2)


def test_a_charger_does_not_hear_of_the_cars_management() -> None:
    async def main() -> list[bytes]:
        bench = build_bench()
        with bench.evse.subscribe(ETHERTYPE_HOMEPLUG) as subscription:
            await ask(bench.car, BROADCAST, VsSwVerReq())
            return subscription.frames.close()

    assert run_virtual(main()) == []


def test_a_modem_takes_a_key_says_one_and_restarts() -> None:
    async def main() -> None:
        bench = build_bench(joined=False)
        (answer,) = await ask(bench.car, LOCAL_MODEM, set_key_req())
        message = answer.message
        assert isinstance(message, CmSetKeyCnf)
        assert (message.result, message.your_nonce) == (1, NONCE)
        assert (bench.car_modem.nid, bench.car_modem.nmk) == (NID, NMK)
        assert bench.car_modem.is_deaf
        assert await ask(bench.car, LOCAL_MODEM, VsSwVerReq(), within_s=1.0) == []
        await asyncio.sleep(0.5)
        assert not bench.car_modem.is_deaf
        assert len(await ask(bench.car, LOCAL_MODEM, VsSwVerReq())) == 1

    run_virtual(main())


@pytest.mark.parametrize(
    "req",
    [
        CmSetKeyReq(nid=Nid(b"\0" * 6 + b"\x40"), nmk=NMK, my_nonce=NONCE),
        CmSetKeyReq(nid=NID, nmk=NMK, my_nonce=NONCE, key_type=2),
        CmSetKeyReq(nid=NID, nmk=NMK, my_nonce=NONCE, new_eks=2),
    ],
)
def test_a_key_that_cannot_be_is_answered_with_zero_and_changes_nothing(req: CmSetKeyReq) -> None:
    async def main() -> None:
        bench = build_bench(joined=False)
        before = (bench.car_modem.nid, bench.car_modem.nmk)
        (answer,) = await ask(bench.car, LOCAL_MODEM, req)
        assert isinstance(answer.message, CmSetKeyCnf)
        assert answer.message.result == 0
        assert (bench.car_modem.nid, bench.car_modem.nmk) == before
        assert not bench.car_modem.is_deaf

    run_virtual(main())


def test_a_remote_modem_does_not_take_a_key() -> None:
    async def main() -> list[tuple[MacAddress, int]]:
        bench = build_bench()
        answers = await ask(bench.car, BROADCAST, set_key_req(OTHER_NID, OTHER_NMK))
        assert (bench.evse_modem.nid, bench.evse_modem.nmk) == (NID, NMK)
        return [
            (answer.src, answer.message.result)
            for answer in answers
            if isinstance(answer.message, CmSetKeyCnf)
        ]

    # The own one is already out of the old network when the other's answer comes.
    assert run_virtual(main()) == [(modem_mac(1), 1)]


def test_get_key_tells_the_own_key_for_the_right_nid_and_only_the_nid_otherwise() -> None:
    async def main() -> list[tuple[MacAddress, int, Nid, Nmk]]:
        bench = build_bench()
        right = CmGetKeyReq(nid=NID, my_nonce=NONCE)
        wrong = CmGetKeyReq(nid=OTHER_NID, my_nonce=NONCE)
        answers = [
            *await ask(bench.car, BROADCAST, right),
            *await ask(bench.car, LOCAL_MODEM, wrong),
        ]
        return [
            (answer.src, answer.message.result, answer.message.nid, answer.message.nmk)
            for answer in answers
            if isinstance(answer.message, CmGetKeyCnf)
        ]

    nothing = Nmk(bytes(16))
    assert run_virtual(main()) == [
        (modem_mac(1), 0, NID, NMK),
        (modem_mac(2), 1, NID, nothing),
        (modem_mac(1), 1, NID, nothing),
    ]


@pytest.mark.parametrize(
    ("nid", "nmk", "joined"),
    [
        (NID, NMK, True),
        (OTHER_NID, NMK, False),
        (NID, OTHER_NMK, False),
        (OTHER_NID, OTHER_NMK, False),
    ],
)
def test_modems_join_only_with_the_same_nid_and_nmk(nid: Nid, nmk: Nmk, joined: bool) -> None:
    async def main() -> tuple[bool, int]:
        bench = build_bench(joined=False)
        say(bench.car, LOCAL_MODEM, set_key_req())
        say(bench.evse, LOCAL_MODEM, set_key_req(nid, nmk))
        await asyncio.sleep(3.0)
        modems = await ask(bench.car, BROADCAST, VsSwVerReq())
        return await carries_ipv6(bench), len(modems)

    assert run_virtual(main()) == (joined, 1 + joined)


def test_joining_takes_restart_and_join_time_of_the_slower_one() -> None:
    async def main() -> list[bool]:
        line = Powerline(seeded())
        modems = [
            SimModem(
                line,
                SimHost(role.value, MacAddress(bytes(5) + bytes([number])), line.rng),
                modem_mac(number),
                role=role,
                restart_s=5.0 * number,
                join_s=2.0,
            )
            for number, role in ((1, Role.PEV), (2, Role.EVSE))
        ]
        for modem in modems:
            say(modem.host, LOCAL_MODEM, set_key_req())
        joined = []
        for _ in range(14):
            await asyncio.sleep(1.0)
            joined.append(modems[0].shares_avln(modems[1], asyncio.get_running_loop().time()))
        return joined

    assert run_virtual(main()) == [False] * 12 + [True] * 2


def test_a_reset_keeps_the_key_and_the_network_forms_again() -> None:
    async def main() -> None:
        bench = build_bench()
        assert await carries_ipv6(bench)
        bench.evse_modem.reset()
        assert bench.evse_modem.is_deaf
        assert await ask(bench.car, BROADCAST, VsSwVerReq()) != []
        await asyncio.sleep(2.0)
        assert await carries_ipv6(bench)

    run_virtual(main())


def test_a_deaf_modem_says_and_hears_nothing() -> None:
    async def main() -> bool:
        bench = build_bench()
        bench.evse_modem.go_deaf(float("inf"))
        return await carries_ipv6(bench)

    assert not run_virtual(main())


SLAC_MESSAGES: list[Mme] = [
    CmSlacParmReq(run_id=RUN_ID),
    CmStartAttenCharInd(run_id=RUN_ID, forwarding_sta=BROADCAST),
    CmValidateReq(timer=0, result=0),
    CmSlacParmCnf(run_id=RUN_ID, forwarding_sta=BROADCAST),
]


@pytest.mark.parametrize("message", SLAC_MESSAGES, ids=lambda message: type(message).__name__)
@pytest.mark.parametrize("to_all", [True, False])
def test_slac_travels_between_strangers(message: Mme, to_all: bool) -> None:
    async def main() -> list[MmeFrame]:
        bench = build_bench(joined=False)
        with bench.evse.subscribe(ETHERTYPE_HOMEPLUG) as subscription:
            say(bench.car, BROADCAST if to_all else bench.evse.mac, message)
            await asyncio.sleep(0.1)
            return [decode_frame(frame) for frame in subscription.frames.close()]

    assert [frame.message for frame in run_virtual(main())] == [message]


def sound(remaining: int = 0) -> CmMnbcSoundInd:
    return CmMnbcSoundInd(run_id=RUN_ID, remaining=remaining, random=b"\xff" * 16)


def profiles_of(frames: list[bytes]) -> list[CmAttenProfileInd]:
    messages = [decode_frame(frame).message for frame in frames]
    return [message for message in messages if isinstance(message, CmAttenProfileInd)]


def test_a_chargers_modem_measures_each_sound_and_a_cars_does_not() -> None:
    async def main() -> tuple[list[bytes], list[bytes]]:
        bench = build_bench(joined=False)
        other_car = add_station(bench.line, 3, Role.PEV).host
        with (
            bench.evse.subscribe(ETHERTYPE_HOMEPLUG) as at_evse,
            other_car.subscribe(ETHERTYPE_HOMEPLUG) as at_car,
        ):
            for remaining in (1, 0):
                say(bench.car, BROADCAST, sound(remaining))
                await asyncio.sleep(0.02)
            return at_evse.frames.close(), at_car.frames.close()

    at_evse, at_car = run_virtual(main())
    assert [decode_frame(frame).mmtype for frame in at_evse] == [0x6076, 0x6086] * 2
    assert [decode_frame(frame).mmtype for frame in at_car] == [0x6076] * 2
    for profile in profiles_of(at_evse):
        assert profile.pev_mac == MacAddress.parse("02:00:00:00:00:01")
        assert len(profile.attenuation_db) == 58
        assert 0 < min(profile.attenuation_db) <= max(profile.attenuation_db) < 60


def test_of_several_chargers_on_the_line_the_near_one_hears_best() -> None:
    async def main() -> list[float]:
        bench = build_bench(joined=False)
        far = add_station(bench.line, 3, Role.EVSE)
        bench.line.set_attenuation(bench.car_modem, far, 45.0)
        averages = []
        with (
            bench.evse.subscribe(ETHERTYPE_HOMEPLUG) as near_frames,
            far.host.subscribe(ETHERTYPE_HOMEPLUG) as far_frames,
        ):
            say(bench.car, BROADCAST, sound())
            await asyncio.sleep(0.1)
            for subscription in (near_frames, far_frames):
                (profile,) = profiles_of(subscription.frames.close())
                averages.append(mean(profile.attenuation_db))
        return averages

    near_db, far_db = run_virtual(main())
    assert far_db - near_db == pytest.approx(37.0, abs=1.0)


def test_a_damaged_management_message_is_dropped() -> None:
    async def main() -> list[bytes]:
        bench = build_bench()
        with bench.evse.subscribe(ETHERTYPE_HOMEPLUG) as subscription:
            frame = encode_frame(BROADCAST, bench.car.mac, sound())
            bench.car.send(frame[:30])
            await asyncio.sleep(0.1)
            return subscription.frames.close()

    assert run_virtual(main()) == []


def test_messages_that_the_modem_does_not_know_travel_inside_the_network_only() -> None:
    async def main(*, joined: bool) -> list[bytes]:
        bench = build_bench(joined=joined)
        frame = encode_frame(
            BROADCAST, bench.car.mac, CmSetKeyCnf(result=0, my_nonce=NONCE, your_nonce=NONCE)
        )
        with bench.evse.subscribe(ETHERTYPE_HOMEPLUG) as subscription:
            bench.car.send(frame)
            await asyncio.sleep(0.1)
            return subscription.frames.close()

    assert len(run_virtual(main(joined=True))) == 1
    assert run_virtual(main(joined=False)) == []
