from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from ipaddress import IPv6Address
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyplc_fw.errors import LinkError, LocalProtocolError
from pyplc_fw.net.packets import (
    ACK,
    ETHERTYPE_IPV6,
    FIN,
    NEXT_HEADER_TCP,
    PSH,
    RST,
    SYN,
    EthernetFrame,
    Ipv6Packet,
    TcpSegment,
    flag_names,
)
from pyplc_fw.sim.disturbances import Match, any_frame, delay, drop, duplicate, first, sometimes
from pyplc_fw.sim.tcp import TcpConnection, TcpState
from pyplc_fw.sim.tcp_halves import OUT_OF_ORDER_LIMIT, RECEIVE_WINDOW_BYTES, plus
from pyplc_fw.sim.virtual_time import run_virtual
from pyplc_fw.terms import Endpoint
from tests.unit.sim.line_bench import Bench, build_bench, seeded

PORT = 15118
Talk = Callable[[Bench, TcpConnection, TcpConnection], Awaitable[None]]


def segment_in(frame: bytes) -> TcpSegment | None:
    ethernet = EthernetFrame.decode(frame)
    if ethernet.ethertype != ETHERTYPE_IPV6:
        return None
    packet = Ipv6Packet.decode(ethernet.payload)
    return TcpSegment.decode(packet.payload) if packet.next_header == NEXT_HEADER_TCP else None


def recorded(bench: Bench) -> list[tuple[str, str, int]]:
    """Record all TCP segments of the bench: who, flags, length of payload."""
    seen: list[tuple[str, str, int]] = []

    def note(_t_s: float, interface: str, frame: bytes) -> None:
        segment = segment_in(frame)
        if segment is not None:
            seen.append((interface, flag_names(segment.flags), len(segment.payload)))

    bench.line.tap(note)
    return seen


async def connected(bench: Bench) -> tuple[TcpConnection, TcpConnection]:
    listener = bench.evse.network.listen(PORT)
    client = await bench.car.network.connect(Endpoint(bench.evse.network.address, PORT))
    return client, await listener.accept()


def talk(bench: Bench, conversation: Talk) -> float:
    """Connect, let both talk, and return how long it took."""

    async def main() -> float:
        client, server = await connected(bench)
        await conversation(bench, client, server)
        return asyncio.get_running_loop().time()

    return run_virtual(main())


async def receive_all(stream: TcpConnection) -> bytes:
    got = b""
    while data := await stream.receive():
        got += data
    return got


def test_request_and_response_cost_two_frames_and_the_whole_conversation_is_as_it_should() -> None:
    bench = build_bench()
    seen = recorded(bench)

    async def conversation(_: Bench, client: TcpConnection, server: TcpConnection) -> None:
        for _number in range(3):
            await client.send(b"request")
            assert await server.receive() == b"request"
            await asyncio.sleep(0.02)
            await server.send(b"response")
            assert await client.receive() == b"response"
            await asyncio.sleep(0.05)
        await client.close()
        assert await server.receive() == b""
        await server.close()

    talk(bench, conversation)
    pair = [("pev1", "PSH,ACK", 7), ("evse2", "PSH,ACK", 8)]
    assert seen == [
        ("pev1", "SYN", 0),
        ("evse2", "SYN,ACK", 0),
        ("pev1", "ACK", 0),
        *pair,
        *pair,
        *pair,
        ("pev1", "FIN,ACK", 0),
        ("evse2", "ACK", 0),
        ("evse2", "FIN,ACK", 0),
        ("pev1", "ACK", 0),
    ]


def test_an_acknowledgement_waits_for_an_answer_only_for_a_moment() -> None:
    bench = build_bench()
    seen = recorded(bench)

    async def conversation(_: Bench, client: TcpConnection, _server: TcpConnection) -> None:
        await client.send(b"request")
        await asyncio.sleep(1.0)

    talk(bench, conversation)
    assert seen[3:] == [("pev1", "PSH,ACK", 7), ("evse2", "ACK", 0)]


def test_both_ends_know_each_other() -> None:
    async def conversation(bench: Bench, client: TcpConnection, server: TcpConnection) -> None:
        assert client.peer == Endpoint(bench.evse.network.address, PORT)
        assert server.peer.address == bench.car.network.address

    talk(build_bench(), conversation)


def test_a_closed_port_refuses() -> None:
    async def main() -> float:
        bench = build_bench()
        with pytest.raises(LinkError, match="refused"):
            await bench.car.network.connect(Endpoint(bench.evse.network.address, PORT))
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) < 0.1


def test_a_listener_that_closed_refuses_and_resets_those_it_did_not_accept() -> None:
    async def main() -> None:
        bench = build_bench()
        listener = bench.evse.network.listen(PORT)
        peer = Endpoint(bench.evse.network.address, PORT)
        waiting = await bench.car.network.connect(peer)
        await asyncio.sleep(0.1)
        listener.close()
        with pytest.raises(LinkError, match="reset"):
            await waiting.receive()
        with pytest.raises(LinkError, match="refused"):
            await bench.car.network.connect(peer)
        with pytest.raises(LinkError):
            await listener.accept()

    run_virtual(main())


def test_a_host_that_is_not_there_is_unreachable() -> None:
    async def main() -> float:
        bench = build_bench()
        with pytest.raises(LinkError, match="nobody answers for fe80::99"):
            await bench.car.network.connect(Endpoint(IPv6Address("fe80::99"), PORT))
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == pytest.approx(3.0)


def test_a_connect_that_is_given_up_leaves_nothing_behind() -> None:
    async def main() -> None:
        bench = build_bench()
        listener = bench.evse.network.listen(PORT)
        bench.line.disturb(drop(lambda name, _: name == "evse2"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2.0):
                await bench.car.network.connect(Endpoint(bench.evse.network.address, PORT))
        await asyncio.sleep(100.0)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.0):
                await listener.accept()

    run_virtual(main())


@pytest.mark.parametrize("lost", range(3))
def test_each_lost_frame_of_the_handshake_is_made_good(lost: int) -> None:
    bench = build_bench()
    count = 0

    def nth(_name: str, frame: bytes) -> bool:
        nonlocal count
        if segment_in(frame) is None:
            return False
        count += 1
        return count == lost + 1

    bench.line.disturb(drop(nth))

    async def conversation(_: Bench, client: TcpConnection, server: TcpConnection) -> None:
        await client.send(b"request")
        assert await server.receive() == b"request"

    talk(bench, conversation)


def test_an_abort_resets_the_peer_and_ends_both() -> None:
    async def conversation(_: Bench, client: TcpConnection, server: TcpConnection) -> None:
        await client.send(b"last words")
        await asyncio.sleep(0.01)
        client.abort()
        client.abort()
        await asyncio.sleep(0.01)
        assert await server.receive() == b"last words"
        with pytest.raises(LinkError, match="reset"):
            await server.receive()
        with pytest.raises(LinkError, match="reset"):
            await server.send(b"too late")
        with pytest.raises(LinkError, match="dropped"):
            await client.receive()
        await server.close()

    talk(build_bench(), conversation)


def test_a_reset_wakes_who_waits() -> None:
    async def conversation(_: Bench, client: TcpConnection, server: TcpConnection) -> None:
        asyncio.get_running_loop().call_later(1.0, client.abort)
        with pytest.raises(LinkError, match="reset"):
            await server.receive()

    assert talk(build_bench(), conversation) < 1.1


def test_after_the_peers_fin_we_may_still_send() -> None:
    async def conversation(_: Bench, client: TcpConnection, server: TcpConnection) -> None:
        client._send_half.finish()  # as shutdown(SHUT_WR) does
        client._push()
        assert await server.receive() == b""
        await server.send(b"still here")
        assert await client.receive() == b"still here"
        await server.close()
        assert await client.receive() == b""

    talk(build_bench(), conversation)


def test_data_for_a_closed_connection_is_answered_with_a_reset() -> None:
    async def conversation(_: Bench, client: TcpConnection, server: TcpConnection) -> None:
        await client.close()
        await server.send(b"nobody reads this")
        await asyncio.sleep(0.1)
        with pytest.raises(LinkError, match="reset"):
            await server.send(b"nor this")

    talk(build_bench(), conversation)


def test_close_does_not_wait_for_ever() -> None:
    async def conversation(bench: Bench, client: TcpConnection, server: TcpConnection) -> None:
        bench.line.disturb(drop(any_frame))
        before = asyncio.get_running_loop().time()
        await client.close()
        await client.close()
        assert asyncio.get_running_loop().time() - before == pytest.approx(2.0)
        with pytest.raises(LinkError, match="closed"):
            await client.send(b"x")
        with pytest.raises(LinkError, match="closed"):
            await client.receive()

    talk(build_bench(), conversation)


def test_both_may_close_at_once() -> None:
    bench = build_bench()

    async def conversation(_: Bench, client: TcpConnection, server: TcpConnection) -> None:
        await asyncio.gather(client.close(), server.close())
        await asyncio.sleep(10.0)

    talk(bench, conversation)
    for host in (bench.car, bench.evse):
        assert not host.network._tcp._connections


def test_a_peer_that_vanished_is_noticed_by_the_retransmissions() -> None:
    async def conversation(bench: Bench, client: TcpConnection, _server: TcpConnection) -> None:
        bench.line.detach(bench.evse_modem)
        await client.send(b"anybody?")
        with pytest.raises(LinkError, match="does not answer"):
            await client.receive()

    assert 10.0 < talk(build_bench(), conversation) < 60.0


def test_a_peer_that_restarted_answers_with_a_reset() -> None:
    async def conversation(bench: Bench, client: TcpConnection, _server: TcpConnection) -> None:
        bench.evse.network._tcp._connections.clear()
        await client.send(b"remember me?")
        with pytest.raises(LinkError, match="reset"):
            await client.receive()

    talk(build_bench(), conversation)


def test_a_reset_from_elsewhere_does_not_end_the_connection() -> None:
    async def conversation(bench: Bench, client: TcpConnection, server: TcpConnection) -> None:
        away = (client._receive_half.nxt - 1000) & 0xFFFF_FFFF
        client.receive_segment(TcpSegment(PORT, client._local_port, away, 0, RST, 0))
        await client.send(b"still there")
        assert await server.receive() == b"still there"

    talk(build_bench(), conversation)


def test_a_reader_that_does_not_read_stops_the_writer_and_then_lets_it_go_on() -> None:
    size = 1_000_000

    async def conversation(_: Bench, client: TcpConnection, server: TcpConnection) -> None:
        writer = asyncio.create_task(client.send(bytes(size)))
        await asyncio.sleep(100.0)
        assert not writer.done()
        assert server._receive_half.window == 0
        got = 0
        while got < size:
            got += len(await server.receive())
        await writer
        assert got == size

    talk(build_bench(), conversation)


def test_a_port_is_used_once() -> None:
    bench = build_bench()
    listener = bench.evse.network.listen(PORT)
    assert listener.port == PORT
    with pytest.raises(LocalProtocolError):
        bench.evse.network.listen(PORT)
    listener.close()
    listener.close()
    assert bench.evse.network.listen(PORT).port == PORT
    assert bench.evse.network.listen().port >= 50000


def test_a_flood_of_half_open_connections_is_bounded() -> None:
    async def main() -> None:
        bench = build_bench()
        bench.evse.network.listen(PORT)
        network = bench.evse.network
        for number in range(1000):
            syn = TcpSegment(1000 + number, PORT, number, 0, SYN, 1000)
            network._tcp.receive_segment(bench.car.network.address, syn)
        assert len(network._tcp._connections) <= 16
        await asyncio.sleep(200.0)
        assert not network._tcp._connections

    run_virtual(main())


def test_segments_that_belong_nowhere_are_reset_but_never_a_reset() -> None:
    async def main() -> list[tuple[str, str, int]]:
        bench = build_bench()
        seen = recorded(bench)
        ports, car = bench.evse.network._tcp, bench.car.network.address
        for flags in (ACK, SYN, FIN | ACK, PSH | ACK, RST, RST | ACK):
            ports.receive_segment(car, TcpSegment(1, 2, 3, 4, flags, 5))
        await asyncio.sleep(1.0)
        return seen

    answers = run_virtual(main())
    assert answers == [
        ("evse2", "RST", 0),
        ("evse2", "RST,ACK", 0),
        ("evse2", "RST", 0),
        ("evse2", "RST", 0),
    ]


def is_segment(_interface: str, frame: bytes) -> bool:
    return segment_in(frame) is not None


def disturbed_bench(seed: int) -> Bench:
    """Return a bench that loses, doubles and delays segments, with the seed's luck."""
    bench = build_bench(seed)
    rng = seeded(seed)

    def share(most: float) -> Match:
        return sometimes(rng.uniform(0.0, most), rng, is_segment)

    bench.line.disturb(drop(share(0.15)))
    bench.line.disturb(duplicate(share(0.1), after_s=0.03))
    bench.line.disturb(delay(share(0.2), lambda: rng.uniform(0.0, 0.3)))
    return bench


@settings(max_examples=40)
@given(
    st.integers(0, 2**32),
    st.lists(st.integers(1, 6000), min_size=1, max_size=12),
    st.lists(st.integers(1, 6000), min_size=1, max_size=12),
)
def test_what_is_sent_arrives_whole_whatever_the_line_does(
    seed: int, up: list[int], down: list[int]
) -> None:
    rng = seeded(seed)
    upward = [rng.randbytes(size) for size in up]
    downward = [rng.randbytes(size) for size in down]

    async def write(stream: TcpConnection, blocks: list[bytes]) -> None:
        for block in blocks:
            await stream.send(block)
            await asyncio.sleep(rng.choice((0.0, 0.05, 0.5)))
        stream._send_half.finish()
        stream._push()

    async def conversation(_: Bench, client: TcpConnection, server: TcpConnection) -> None:
        *_wrote, at_server, at_client = await asyncio.gather(
            write(client, upward),
            write(server, downward),
            receive_all(server),
            receive_all(client),
        )
        assert (at_server, at_client) == (b"".join(upward), b"".join(downward))

    talk(disturbed_bench(seed), conversation)


def test_a_single_lost_segment_among_many_is_repeated_at_once() -> None:
    bench = build_bench()
    big = first(1, lambda _name, frame: len(frame) > 1000)
    bench.line.disturb(drop(big))

    async def conversation(_: Bench, client: TcpConnection, server: TcpConnection) -> None:
        await client.send(bytes(20_000))
        got = 0
        while got < 20_000:
            got += len(await server.receive())

    assert talk(bench, conversation) < 0.1


def test_a_conversation_repeats_exactly_under_its_seed() -> None:
    def run() -> list[tuple[float, str, bytes]]:
        bench = disturbed_bench(7)
        seen: list[tuple[float, str, bytes]] = []
        bench.line.tap(lambda t_s, name, frame: seen.append((t_s, name, frame)))

        async def conversation(_: Bench, client: TcpConnection, server: TcpConnection) -> None:
            for _number in range(20):
                await client.send(b"request")
                await server.receive()
                await server.send(b"response")
                await client.receive()

        talk(bench, conversation)
        return seen

    assert run() == run()


def any_segment(rng: Random, likely: TcpSegment) -> TcpSegment:
    """Return a segment near ``likely`` in some respects and far off in others."""

    def number(good: int) -> int:
        return rng.choice((good, good, plus(good, rng.randint(-3, 3)), rng.getrandbits(32)))

    return TcpSegment(
        likely.src_port,
        likely.dst_port,
        number(likely.seq),
        number(likely.ack),
        rng.choice((ACK, PSH | ACK, rng.getrandbits(8) & ~RST)),
        rng.choice((0, 1, 0xFFFF, rng.getrandbits(16))),
        rng.randbytes(rng.choice((0, 0, 1, 100))),
        rng.choice((b"", b"\2\4\0\0", rng.randbytes(4))),
    )


@pytest.mark.parametrize("seed", range(20))
def test_no_segment_whatever_breaks_the_machine_or_makes_it_grow(seed: int) -> None:
    rng = seeded(seed)

    async def conversation(bench: Bench, client: TcpConnection, server: TcpConnection) -> None:
        ports = bench.evse.network._tcp
        for _ in range(300):
            here, there = server._send_half, server._receive_half
            likely = TcpSegment(client._local_port, PORT, there.nxt, here.una, ACK, 0xFFFF)
            ports.receive_segment(bench.car.network.address, any_segment(rng, likely))
            if server.state is TcpState.OPEN and not server._closing:
                server._send_half.write(b"x")
                server._push()
            await asyncio.sleep(rng.choice((0.0, 0.01, 1.0)))
        assert len(server._receive_half._early) <= OUT_OF_ORDER_LIMIT
        assert len(server._receive_half._ready) <= RECEIVE_WINDOW_BYTES
        assert len(ports._connections) <= 1

    talk(build_bench(seed), conversation)
