"""How long a side takes from what it received to what it sends next, measured at its sockets."""

from __future__ import annotations

import asyncio
from ipaddress import IPv6Address
from typing import Final

from pyplc_fw.terms import Endpoint
from pyplc_fw.v2g.ports import Datagrams, V2gListener, V2gNetwork, V2gStream

MOST_KEPT: Final = 100_000
"More than a day of charging; later ones are not counted."


class Latencies:
    """Seconds from bytes in hand to bytes handed over."""

    def __init__(self) -> None:
        self._seconds: list[float] = []

    def add(self, seconds: float) -> None:
        if len(self._seconds) < MOST_KEPT:
            self._seconds.append(seconds)

    def summary(self) -> dict[str, float | int]:
        """Return count, median and 99th percentile in ms; only a count of 0 where there is none."""
        ordered = sorted(self._seconds)
        if not ordered:
            return {"count": 0}
        last = len(ordered) - 1
        return {
            "count": len(ordered),
            "median_ms": round(1000 * ordered[last // 2], 3),
            "p99_ms": round(1000 * ordered[round(0.99 * last)], 3),
        }


class _TimedStream:
    """A TCP connection, timed."""

    def __init__(self, stream: V2gStream, latencies: Latencies) -> None:
        self._stream = stream
        self._latencies = latencies
        self._now = asyncio.get_running_loop().time
        self._received_s: float | None = None

    @property
    def peer(self) -> Endpoint:
        return self._stream.peer

    async def receive(self) -> bytes:
        data = await self._stream.receive()
        self._received_s = self._now()
        return data

    async def send(self, data: bytes) -> None:
        if self._received_s is not None:
            self._latencies.add(self._now() - self._received_s)
            self._received_s = None
        await self._stream.send(data)

    async def close(self) -> None:
        await self._stream.close()

    def abort(self) -> None:
        self._stream.abort()


class _TimedListener:
    """A TCP port whose connections are timed."""

    def __init__(self, listener: V2gListener, latencies: Latencies) -> None:
        self._listener = listener
        self._latencies = latencies

    @property
    def port(self) -> int:
        return self._listener.port

    async def accept(self) -> V2gStream:
        return _TimedStream(await self._listener.accept(), self._latencies)

    def close(self) -> None:
        self._listener.close()


class TimedNetwork:
    """A network whose TCP connections are timed; else the one that it is given."""

    def __init__(self, network: V2gNetwork) -> None:
        self.latencies = Latencies()
        "Since the last session began; whoever begins one replaces it."
        self._network = network

    @property
    def address(self) -> IPv6Address:
        return self._network.address

    def open_udp(self, port: int = 0) -> Datagrams:
        return self._network.open_udp(port)

    async def connect(self, peer: Endpoint) -> V2gStream:
        return _TimedStream(await self._network.connect(peer), self.latencies)

    def listen(self, port: int = 0) -> V2gListener:
        return _TimedListener(self._network.listen(port), self.latencies)
