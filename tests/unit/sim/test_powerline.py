from __future__ import annotations

import asyncio

import pytest

from pyplc_fw.errors import LinkError
from pyplc_fw.net.packets import EthernetFrame
from pyplc_fw.sim.disturbances import (
    any_frame,
    corrupt,
    delay,
    drop,
    duplicate,
    first,
    sometimes,
)
from pyplc_fw.sim.virtual_time import run_virtual
from pyplc_fw.terms import BROADCAST, MacAddress, Role
from tests.unit.sim.line_bench import Bench, add_station, build_bench, host_mac, seeded

ETHERTYPE = 0x88B5
"For local experiments: the modems carry it like any traffic of their network."


def frame_to(dst: MacAddress, text: bytes, src: MacAddress | None = None) -> bytes:
    return EthernetFrame(dst, src or host_mac(1), ETHERTYPE, text).encode()


def send_and_collect(bench: Bench, *frames: bytes) -> list[bytes]:
    """Send ``frames`` from the car at once; return what the charger received, in order."""

    async def main() -> list[bytes]:
        with bench.evse.subscribe(ETHERTYPE) as subscription:
            for frame in frames:
                bench.car.send(frame)
            await asyncio.sleep(10.0)
            return subscription.frames.close()

    return run_virtual(main())


def test_frames_arrive_in_order_a_moment_later() -> None:
    bench = build_bench()
    frames = [frame_to(host_mac(2), bytes([number]) * 50) for number in range(100)]
    assert send_and_collect(bench, *frames) == frames
    assert bench.line.frames == 100


def test_a_frame_takes_its_time() -> None:
    async def main() -> float:
        bench = build_bench()
        with bench.evse.subscribe(ETHERTYPE) as subscription:
            bench.car.send(frame_to(BROADCAST, b"x"))
            await subscription.receive()
        return asyncio.get_running_loop().time()

    assert 0.002 <= run_virtual(main()) <= 0.003


def test_unicast_reaches_only_its_station_and_broadcast_all_but_the_sender() -> None:
    async def main() -> list[int]:
        bench = build_bench()
        third = add_station(bench.line, 3, Role.LISTEN)
        third.nid, third.nmk = bench.car_modem.nid, bench.car_modem.nmk
        hosts = (bench.car, bench.evse, third.host)
        subscriptions = [host.subscribe(ETHERTYPE) for host in hosts]
        bench.car.send(frame_to(BROADCAST, b"all"))
        bench.car.send(frame_to(host_mac(2), b"one"))
        bench.car.send(frame_to(host_mac(9), b"none"))
        await asyncio.sleep(1.0)
        return [len(subscription.frames.close()) for subscription in subscriptions]

    assert run_virtual(main()) == [0, 2, 1]


def test_the_tap_sees_every_frame_once_on_the_side_that_produced_it() -> None:
    bench = build_bench()
    seen: list[tuple[float, str, bytes]] = []
    bench.line.tap(lambda t_s, name, frame: seen.append((t_s, name, frame)))
    bench.line.disturb(duplicate(any_frame))
    frame = frame_to(BROADCAST, b"x")
    assert send_and_collect(bench, frame) == [frame, frame]
    assert seen == [(0.0, "pev1", frame)]


def test_a_dropped_frame_is_recorded_and_does_not_arrive() -> None:
    bench = build_bench()
    seen: list[bytes] = []
    bench.line.tap(lambda _t, _name, frame: seen.append(frame))
    bench.line.disturb(drop(first(1, any_frame)))
    frames = [frame_to(BROADCAST, b"1"), frame_to(BROADCAST, b"2")]
    assert send_and_collect(bench, *frames) == frames[1:]
    assert seen == frames


def test_a_delayed_frame_is_overtaken() -> None:
    bench = build_bench()
    bench.line.disturb(delay(first(1, any_frame), 0.5))
    frames = [frame_to(BROADCAST, b"1"), frame_to(BROADCAST, b"2")]
    assert send_and_collect(bench, *frames) == frames[::-1]


def test_a_corrupted_frame_differs_in_one_bit_behind_its_header() -> None:
    bench = build_bench()
    bench.line.disturb(corrupt(any_frame, seeded()))
    frame = frame_to(BROADCAST, b"1")
    (got,) = send_and_collect(bench, frame)
    assert got[:14] == frame[:14]
    assert (int.from_bytes(got, "big") ^ int.from_bytes(frame, "big")).bit_count() == 1


def test_a_disturbance_may_depend_on_who_sends_and_ends_when_told() -> None:
    bench = build_bench()
    end = bench.line.disturb(drop(lambda name, _: name == "pev1"))
    frame = frame_to(BROADCAST, b"1")
    assert send_and_collect(bench, frame) == []
    end()
    assert send_and_collect(bench, frame) == [frame]


def test_a_share_of_the_frames_is_lost() -> None:
    bench = build_bench()
    bench.line.disturb(drop(sometimes(0.3, seeded(5))))
    got = send_and_collect(bench, *[frame_to(BROADCAST, b"1")] * 1000)
    assert 600 < len(got) < 800


def test_a_station_that_is_unplugged_or_whose_cable_is_out_hears_and_says_nothing() -> None:
    bench = build_bench()
    frame = frame_to(BROADCAST, b"1")
    bench.line.detach(bench.car_modem)
    assert send_and_collect(bench, frame) == []
    bench.line.attach(bench.car_modem)
    bench.evse.is_up = False
    assert send_and_collect(bench, frame) == []
    bench.car.is_up = False
    with pytest.raises(LinkError, match="down"):
        bench.car.send(frame)


def test_reading_ends_when_the_subscription_is_closed() -> None:
    async def main() -> None:
        bench = build_bench()
        subscription = bench.car.subscribe(ETHERTYPE)
        asyncio.get_running_loop().call_later(1.0, subscription.close)
        with pytest.raises(LinkError):
            await subscription.receive()

    run_virtual(main())
