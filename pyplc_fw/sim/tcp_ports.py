"""The TCP ports of one simulated host: which connection or listener a segment belongs to."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv6Address
from random import Random
from typing import Final

from pyplc_fw.errors import LocalProtocolError
from pyplc_fw.net.packets import ACK, FIN, RST, SYN, TcpSegment
from pyplc_fw.sim.tcp import TcpConnection
from pyplc_fw.sim.tcp_halves import plus
from pyplc_fw.sim.waiting import Mailbox
from pyplc_fw.terms import Endpoint

EPHEMERAL_PORTS: Final = range(50000, 54000)
"A part of the dynamic ports of RFC 6335 that Wireshark takes for no protocol of its own."
BACKLOG: Final = 16
"So many connections may wait to be accepted; more are not answered, and come again."


def free_port(rng: Random, used: Callable[[int], bool]) -> int:
    """Return a port that is not ``used``."""
    while used(port := rng.choice(EPHEMERAL_PORTS)):
        pass
    return port


class TcpListener:
    """A port that waits for connections; implements ``V2gListener``."""

    def __init__(self, port: int, forget: Callable[[int], None]) -> None:
        self._port = port
        self._forget = forget
        self._accepted: Mailbox[TcpConnection] = Mailbox(BACKLOG)
        self.half_open: dict[TcpConnection, None] = {}
        "Those whose handshake is not done, in order."

    @property
    def port(self) -> int:
        return self._port

    async def accept(self) -> TcpConnection:
        """Wait for the next connection; raises LinkError once the port is closed."""
        return await self._accepted.get()

    def opened(self, connection: TcpConnection) -> None:
        """Take a connection whose handshake is done."""
        self.half_open.pop(connection, None)
        if not self._accepted.put(connection):
            connection.abort()

    def close(self) -> None:
        """Wait no longer; connections that nobody accepted are reset."""
        self._forget(self._port)
        for connection in [*self.half_open, *self._accepted.close()]:
            connection.abort()


class TcpPorts:
    """All connections and listeners of a host. ``emit`` sends a segment to an address."""

    def __init__(self, rng: Random, emit: Callable[[IPv6Address, TcpSegment], None]) -> None:
        self._rng = rng
        self._emit = emit
        self._connections: dict[tuple[int, int, IPv6Address], TcpConnection] = {}
        self._listeners: dict[int, TcpListener] = {}

    async def connect(self, peer: Endpoint) -> TcpConnection:
        """Open a connection; raises LinkError when it is refused or unanswered."""
        port = free_port(
            self._rng, lambda port: (port, peer.port, peer.address) in self._connections
        )
        connection = self._add(port, peer)
        await connection.open()
        return connection

    def listen(self, port: int) -> TcpListener:
        """Wait for connections on ``port`` (0: any free one); raises LocalProtocolError."""
        port = port or free_port(self._rng, self._listeners.__contains__)
        if port in self._listeners:
            raise LocalProtocolError(f"TCP port {port} is in use")
        listener = TcpListener(port, self._drop_listener)
        self._listeners[port] = listener
        return listener

    def _drop_listener(self, port: int) -> None:
        self._listeners.pop(port, None)

    def receive_segment(self, src: IPv6Address, segment: TcpSegment) -> None:
        """Hand ``segment`` to where it belongs; what belongs nowhere is answered with RST."""
        connection = self._connections.get((segment.dst_port, segment.src_port, src))
        if connection is not None:
            connection.receive_segment(segment)
            return
        listener = self._listeners.get(segment.dst_port)
        if listener is not None and segment.flags & (SYN | ACK | RST) == SYN:
            self._on_syn(listener, src, segment)
        elif not segment.flags & RST:
            self._refuse(src, segment)

    def unreachable(self, address: IPv6Address, why: str) -> None:
        """End every connection with ``address``: nobody has it."""
        for (_, _, peer), connection in list(self._connections.items()):
            if peer == address:
                connection.unreachable(why)

    def _add(
        self, port: int, peer: Endpoint, opened: Callable[[], None] = lambda: None
    ) -> TcpConnection:
        key = (port, peer.port, peer.address)
        connection = self._connections[key] = TcpConnection(
            port,
            peer,
            self._rng.getrandbits(32),
            emit=lambda segment: self._emit(peer.address, segment),
            forget=lambda: self._drop(key),
            opened=opened,
        )
        return connection

    def _drop(self, key: tuple[int, int, IPv6Address]) -> None:
        connection = self._connections.pop(key)
        listener = self._listeners.get(key[0])
        if listener is not None:
            listener.half_open.pop(connection, None)

    def _on_syn(self, listener: TcpListener, src: IPv6Address, segment: TcpSegment) -> None:
        if len(listener.half_open) >= BACKLOG:
            return
        peer = Endpoint(src, segment.src_port)
        connection = self._add(listener.port, peer, lambda: listener.opened(connection))
        listener.half_open[connection] = None
        connection.answer_syn(segment)

    def _refuse(self, dst: IPv6Address, segment: TcpSegment) -> None:
        """Reset what nobody waits for. Source: RFC 9293 §3.5.2."""
        seq, ack, flags = segment.ack, 0, RST
        if not segment.flags & ACK:
            length = len(segment.payload) + bool(segment.flags & SYN) + bool(segment.flags & FIN)
            seq, ack, flags = 0, plus(segment.seq, length), RST | ACK
        self._emit(dst, TcpSegment(segment.dst_port, segment.src_port, seq, ack, flags, 0))
