"""Finding the SECC: requests, answers of every kind, and what a server answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from ipaddress import IPv6Address
from typing import Any, Self

import pytest

from pyplc_fw import faults
from pyplc_fw.errors import PyplcError
from pyplc_fw.sim.virtual_time import run_virtual
from pyplc_fw.terms import Endpoint
from pyplc_fw.v2g import sdp
from pyplc_fw.v2g.discovery import SeccFound, discover_secc, serve_sdp
from pyplc_fw.v2g.ports import V2gListener, V2gStream
from pyplc_fw.v2g.sdp import SdpRequest, SdpResponse, Security, Transport
from tests.unit.v2g.v2g_bench import bench_log, checkpoints

CAR = Endpoint(IPv6Address("fe80::1"), 50_000)
SECC = Endpoint(IPv6Address("fe80::2"), 51_110)
FROM = Endpoint(SECC.address, sdp.SDP_PORT)
GOOD = sdp.datagram(SdpResponse(SECC))


class BenchDatagrams:
    """A UDP port of which a test sees and says everything."""

    def __init__(self, port: int, hear: Callable[[BenchDatagrams, bytes, Endpoint], None]) -> None:
        self.port = port
        self.inbox: asyncio.Queue[tuple[bytes, Endpoint]] = asyncio.Queue()
        self.sent: list[tuple[float, bytes, Endpoint]] = []
        self.closed = False
        self._hear = hear

    async def receive(self) -> tuple[bytes, Endpoint]:
        return await self.inbox.get()

    def send(self, data: bytes, to: Endpoint) -> None:
        self.sent.append((asyncio.get_running_loop().time(), data, to))
        self._hear(self, data, to)

    def later(self, delay_s: float, data: bytes, sender: Endpoint = FROM) -> None:
        asyncio.get_running_loop().call_later(delay_s, self.inbox.put_nowait, (data, sender))

    def close(self) -> None:
        self.closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class BenchNetwork:
    """A network of one UDP port."""

    def __init__(
        self, hear: Callable[[BenchDatagrams, bytes, Endpoint], None] = lambda *_: None
    ) -> None:
        self.address = CAR.address
        self.udp: BenchDatagrams | None = None
        self._hear = hear

    def open_udp(self, port: int = 0) -> BenchDatagrams:
        self.udp = BenchDatagrams(port, self._hear)
        return self.udp

    async def connect(self, peer: Endpoint) -> V2gStream:
        raise NotImplementedError

    def listen(self, port: int = 0) -> V2gListener:
        raise NotImplementedError


def discover(hear: Callable[[BenchDatagrams, bytes, Endpoint], None]) -> dict[str, Any]:
    async def search() -> dict[str, Any]:
        network = BenchNetwork(hear)
        log, capture = bench_log()
        outcome: Any
        try:
            outcome = await discover_secc(network, log)
        except PyplcError as exc:
            outcome = exc
        assert network.udp is not None
        assert network.udp.closed
        return {
            "outcome": outcome,
            "sent": network.udp.sent,
            "checkpoints": checkpoints(capture),
            "logged": [entry["event"] for entry in capture.entries],
            "time_s": asyncio.get_running_loop().time(),
        }

    return run_virtual(search())


def test_the_first_answer_is_taken() -> None:
    seen = discover(lambda udp, *_: udp.later(0.05, GOOD))
    assert seen["outcome"] == SeccFound(SECC, Security.NONE)
    assert seen["sent"] == [(0.0, sdp.datagram(SdpRequest()), sdp.SDP_MULTICAST)]
    assert seen["checkpoints"] == [200, 203]
    assert seen["time_s"] == pytest.approx(0.05)


def test_requests_come_every_250_ms_and_a_late_answer_counts() -> None:
    def abb(udp: BenchDatagrams, *_: object) -> None:
        if len(udp.sent) == 1:
            udp.later(0.429, GOOD)

    seen = discover(abb)
    assert [time_s for time_s, _, _ in seen["sent"]] == pytest.approx([0.0, 0.25])
    assert seen["time_s"] == pytest.approx(0.429)


def test_50_requests_without_an_answer_are_enough() -> None:
    seen = discover(lambda *_: None)
    assert len(seen["sent"]) == 50
    assert seen["time_s"] == pytest.approx(12.5)
    assert seen["outcome"].reason is faults.SDP_NO_ANSWER
    assert (seen["outcome"].timer, seen["outcome"].limit_s) == ("V2G_EVCC_SDP", 12.5)


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"noise",
        sdp.datagram(SdpRequest()),
        GOOD[:-1],
        sdp.datagram(SdpResponse(SECC, Security.TLS)),
        sdp.datagram(SdpResponse(SECC, Security.NONE, Transport.UDP)),
        sdp.datagram(SdpResponse(Endpoint(IPv6Address("2001:db8::1"), 15118))),
        sdp.datagram(SdpResponse(Endpoint(SECC.address, 0))),
    ],
)
def test_an_answer_that_cannot_be_used_is_passed_over(wire: bytes) -> None:
    def first_bad(udp: BenchDatagrams, *_: object) -> None:
        udp.later(0.01, wire)
        udp.later(0.02, GOOD)

    assert discover(first_bad)["outcome"] == SeccFound(SECC, Security.NONE)

    never = discover(lambda udp, *_: udp.later(0.01, wire))
    assert never["outcome"].reason is faults.SDP_NO_ANSWER
    assert len(never["sent"]) == 50


def test_a_flood_of_useless_answers_does_not_stretch_the_search() -> None:
    def flood(udp: BenchDatagrams, *_: object) -> None:
        for index in range(100):
            udp.later(0.002 * index, b"noise")

    seen = discover(flood)
    assert seen["time_s"] == pytest.approx(12.5)
    assert seen["logged"] == ["sdp.request", "sdp.answer_unusable"]


def serve(*requests: tuple[bytes, Endpoint]) -> tuple[BenchDatagrams, list[int]]:
    async def session() -> tuple[BenchDatagrams, list[int]]:
        network = BenchNetwork()
        log, capture = bench_log()
        task = asyncio.get_running_loop().create_task(serve_sdp(network, SECC, log))
        await asyncio.sleep(0)
        assert network.udp is not None
        for request in requests:
            network.udp.inbox.put_nowait(request)
        await asyncio.sleep(1.0)
        task.cancel()
        await asyncio.wait((task,))
        assert network.udp.closed
        return network.udp, checkpoints(capture)

    return run_virtual(session())


@pytest.mark.parametrize("security", Security)
def test_a_request_is_answered_without_tls_whatever_it_asks(security: Security) -> None:
    udp, reached = serve((sdp.datagram(SdpRequest(security)), CAR))
    assert udp.port == 15118
    assert [(data, to) for _, data, to in udp.sent] == [(GOOD, CAR)]
    assert reached == [201, 202]


def test_each_request_is_answered_and_each_car_logged_once() -> None:
    request = sdp.datagram(SdpRequest())
    other = Endpoint(IPv6Address("fe80::3"), 1)
    udp, reached = serve((request, CAR), (request, CAR), (request, other))
    assert [to for _, _, to in udp.sent] == [CAR, CAR, other]
    assert reached == [201, 202, 201, 202]


@pytest.mark.parametrize(
    "wire",
    [b"", b"noise", GOOD, sdp.datagram(SdpRequest(Security.NONE, Transport.UDP))],
)
def test_what_is_no_request_for_tcp_gets_no_answer(wire: bytes) -> None:
    request = sdp.datagram(SdpRequest())
    udp, _ = serve((wire, CAR), (request, CAR))
    assert len(udp.sent) == 1


def test_many_cars_do_not_fill_the_log() -> None:
    request = sdp.datagram(SdpRequest())
    cars = [Endpoint(CAR.address, port) for port in range(1, 41)]
    udp, reached = serve(*((request, car) for car in cars))
    assert len(udp.sent) == 40
    assert len(reached) == 32
