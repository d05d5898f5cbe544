"""IPv6 on a real interface through the kernel's sockets: the port ``V2gNetwork``.

Everything is bound to the one interface, whatever else is up: link-local addresses mean nothing
without it. Neighbour discovery, retransmission and checksums are the kernel's.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from contextlib import suppress
from ipaddress import IPv6Address
from typing import Any, Final, Self

from structlog.typing import FilteringBoundLogger

from pyplc_fw.errors import LinkError
from pyplc_fw.net import interface as kernel
from pyplc_fw.terms import Endpoint

ALL_NODES: Final = IPv6Address("ff02::1")
MULTICAST_HOPS: Final = 10
"What real cars put into their SDP requests."
KEEPALIVE_IDLE_S: Final = 5
KEEPALIVE_INTERVAL_S: Final = 2
KEEPALIVE_PROBES: Final = 3
"A peer that vanished is noticed after 5 + 3 x 2 s of silence: long before the SECC's 60 s."
USER_TIMEOUT_MS: Final = 10_000
"So long may what was sent stay unacknowledged."
BACKLOG: Final = 4
RECEIVE_AT_ONCE: Final = 65536
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


def _in_words(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else str(error)


class KernelStream:
    """One TCP connection; implements ``V2gStream``."""

    def __init__(self, connected: socket.socket, peer: Endpoint) -> None:
        self._socket = connected
        self._peer = peer
        self._loop = asyncio.get_running_loop()
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_IDLE_S)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, KEEPALIVE_PROBES)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)

    @property
    def peer(self) -> Endpoint:
        return self._peer

    async def receive(self) -> bytes:
        """Wait for the next bytes; ``b""`` when the peer closed; raises LinkError on a reset."""
        try:
            return await self._loop.sock_recv(self._socket, RECEIVE_AT_ONCE)
        except OSError as exc:
            raise LinkError(f"TCP with {self._peer}: {_in_words(exc)}") from exc

    async def send(self, data: bytes) -> None:
        """Send all of ``data``; raises LinkError when the connection is gone."""
        try:
            await self._loop.sock_sendall(self._socket, data)
        except OSError as exc:
            raise LinkError(f"TCP with {self._peer}: {_in_words(exc)}") from exc

    async def close(self) -> None:
        """Close in good order (FIN); never raises for a connection that is gone already."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        self._socket.close()

    def abort(self) -> None:
        """Drop the connection at once (RST)."""
        with suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._socket.close()


class KernelListener:
    """A TCP port that waits for connections; implements ``V2gListener``."""

    def __init__(self, listening: socket.socket) -> None:
        self._socket = listening
        self.port: int = listening.getsockname()[1]

    async def accept(self) -> KernelStream:
        """Wait for the next connection; raises LinkError once the port is closed."""
        loop = asyncio.get_running_loop()
        try:
            accepted, address = await loop.sock_accept(self._socket)
        except OSError as exc:
            raise LinkError(f"TCP port {self.port}: {_in_words(exc)}") from exc
        return KernelStream(accepted, _endpoint(address))

    def close(self) -> None:
        self._socket.close()


class KernelDatagrams:
    """One UDP port; implements ``Datagrams``."""

    def __init__(self, opened: socket.socket, index: int) -> None:
        self._socket = opened
        self._index = index
        self._loop = asyncio.get_running_loop()
        self.port: int = opened.getsockname()[1]

    async def receive(self) -> tuple[bytes, Endpoint]:
        """Wait for the next datagram; raises LinkError when the interface is gone."""
        try:
            data, address = await self._loop.sock_recvfrom(self._socket, RECEIVE_AT_ONCE)
        except OSError as exc:
            raise LinkError(f"UDP port {self.port}: {_in_words(exc)}") from exc
        return data, _endpoint(address)

    def send(self, data: bytes, to: Endpoint) -> None:
        """Send ``data``; raises LinkError when the interface is gone.

        What the kernel has no room for just now is lost, as a datagram may be.
        """
        try:
            self._socket.sendto(data, (str(to.address), to.port, 0, self._index))
        except BlockingIOError:
            return
        except OSError as exc:
            raise LinkError(f"UDP to {to}: {_in_words(exc)}") from exc

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class KernelNetwork:
    """IPv6 on ``interface``. Each call raises LinkError where the interface cannot do it now."""

    def __init__(self, interface: str, log: FilteringBoundLogger) -> None:
        self._interface = interface
        self._log = log

    @property
    def address(self) -> IPv6Address:
        """Our link-local address; raises LinkError while there is none."""
        address = kernel.link_local_of(self._interface)
        if address is None:
            raise LinkError(
                f"{self._interface}: no link-local IPv6 address; is the interface up, and "
                f"net.ipv6.conf.{self._interface}.disable_ipv6 = 0?"
            )
        return address

    def open_udp(self, port: int = 0) -> KernelDatagrams:
        """Open ``port`` (0: any free one); it also receives what is sent to ff02::1."""
        opened, index = self._open(socket.SOCK_DGRAM)
        try:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, MULTICAST_HOPS)
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)
            group = ALL_NODES.packed + struct.pack("@I", index)
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
            opened.bind(("::", port))
        except OSError as exc:
            opened.close()
            raise LinkError(f"{self._interface}: UDP port {port}: {_in_words(exc)}") from exc
        return KernelDatagrams(opened, index)

    async def connect(self, peer: Endpoint) -> KernelStream:
        """Open a TCP connection; raises LinkError when it is refused or unanswered."""
        opened, index = self._open(socket.SOCK_STREAM)
        try:
            opened.bind((str(self.address), 0, 0, index))
            await asyncio.get_running_loop().sock_connect(
                opened, (str(peer.address), peer.port, 0, index)
            )
            return KernelStream(opened, peer)
        except OSError as exc:
            opened.close()
            raise LinkError(f"TCP to {peer}: {_in_words(exc)}") from exc
        except BaseException:
            opened.close()
            raise

    def listen(self, port: int = 0) -> KernelListener:
        """Wait for TCP connections on ``port`` (0: any free one)."""
        opened, index = self._open(socket.SOCK_STREAM)
        try:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind((str(self.address), port, 0, index))
            opened.listen(BACKLOG)
        except OSError as exc:
            opened.close()
            raise LinkError(f"{self._interface}: TCP port {port}: {_in_words(exc)}") from exc
        except LinkError:
            opened.close()
            raise
        return KernelListener(opened)

    def _open(self, kind: socket.SocketKind) -> tuple[socket.socket, int]:
        """Make a socket that knows no other interface; returns the interface's number too."""
        index = kernel.index_of(self._interface)
        if index is None:
            raise LinkError(f"{self._interface}: there is no such interface")
        opened = socket.socket(socket.AF_INET6, kind | socket.SOCK_NONBLOCK)
        try:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            opened.setsockopt(
                socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self._interface.encode() + b"\0"
            )
        except OSError as exc:
            opened.close()
            raise LinkError(f"{self._interface}: {_in_words(exc)}") from exc
        return opened, index


def _endpoint(address: Any) -> Endpoint:
    """Turn what the kernel says (``fe80::1%plc0``, port, …) into an address and a port."""
    return Endpoint(IPv6Address(str(address[0]).partition("%")[0]), int(address[1]))
