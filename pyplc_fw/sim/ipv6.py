"""The IPv6 side of a simulated host: neighbours, UDP and TCP over real frames."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv6Address
from random import Random
from typing import Final, Self

from structlog.typing import FilteringBoundLogger

from pyplc_fw.errors import CodecError, LinkError, LocalProtocolError
from pyplc_fw.homeplug.ports import FrameLink
from pyplc_fw.net import neighbour
from pyplc_fw.net.neighbour import NeighbourAdvertisement, NeighbourSolicitation
from pyplc_fw.net.packets import (
    ALL_NODES,
    ETHERTYPE_IPV6,
    NEXT_HEADER_ICMPV6,
    NEXT_HEADER_TCP,
    NEXT_HEADER_UDP,
    EthernetFrame,
    Ipv6Packet,
    TcpSegment,
    UdpDatagram,
    checksum_ok,
    link_local,
    multicast_mac,
    solicited_node,
)
from pyplc_fw.sim.neighbours import NeighbourTable
from pyplc_fw.sim.tcp import TcpConnection
from pyplc_fw.sim.tcp_ports import TcpListener, TcpPorts, free_port
from pyplc_fw.sim.waiting import Mailbox
from pyplc_fw.terms import Endpoint, MacAddress, Role

HOP_LIMIT: Final = 64
MULTICAST_HOP_LIMIT: Final = 1
MAX_DATAGRAM_BYTES: Final = 1452
"An Ethernet frame without IPv6 and UDP header; we do not fragment."


class SimDatagrams:
    """One UDP port; implements ``Datagrams``."""

    def __init__(
        self,
        port: int,
        emit: Callable[[UdpDatagram, IPv6Address], None],
        forget: Callable[[int], None],
    ) -> None:
        self._port = port
        self._emit = emit
        self._forget = forget
        self.arrived: Mailbox[tuple[bytes, Endpoint]] = Mailbox()

    @property
    def port(self) -> int:
        return self._port

    async def receive(self) -> tuple[bytes, Endpoint]:
        """Wait for the next datagram; raises LinkError once closed."""
        return await self.arrived.get()

    def send(self, data: bytes, to: Endpoint) -> None:
        """Send ``data``; raises LocalProtocolError when it is longer than a frame takes."""
        if len(data) > MAX_DATAGRAM_BYTES:
            raise LocalProtocolError(f"datagram of {len(data)} bytes")
        self._emit(UdpDatagram(self._port, to.port, data), to.address)

    def close(self) -> None:
        self._forget(self._port)
        self.arrived.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class SimNetwork:
    """IPv6 on one interface; implements ``V2gNetwork``.

    A neighbour that speaks to all is remembered from its frame, as small stacks do; so a charger
    answers an SDP request without asking for the car first. Checkpoints 204 and 205.
    """

    def __init__(
        self,
        link: FrameLink,
        rng: Random,
        *,
        role: Role | None = None,
        log: FilteringBoundLogger | None = None,
    ) -> None:
        self._link = link
        self._rng = rng
        self._role = role
        self._log = log
        self._mac = link.mac
        self._address = link_local(link.mac)
        self._udp: dict[int, SimDatagrams] = {}
        self._tcp = TcpPorts(rng, self._send_tcp)
        self._neighbours = NeighbourTable(self._solicit, self._send_frame, self._unreachable)
        self._groups = frozenset((ALL_NODES, solicited_node(self._address)))
        self._handlers = {
            NEXT_HEADER_TCP: self._on_tcp,
            NEXT_HEADER_UDP: self._on_udp,
            NEXT_HEADER_ICMPV6: self._on_icmpv6,
        }

    @property
    def address(self) -> IPv6Address:
        return self._address

    def open_udp(self, port: int = 0) -> SimDatagrams:
        """Open ``port`` (0: any free one); raises LocalProtocolError when it is in use."""
        port = port or free_port(self._rng, self._udp.__contains__)
        if port in self._udp:
            raise LocalProtocolError(f"UDP port {port} is in use")
        datagrams = SimDatagrams(port, self._send_udp, self._close_udp)
        self._udp[port] = datagrams
        return datagrams

    async def connect(self, peer: Endpoint) -> TcpConnection:
        """Open a TCP connection; raises LinkError when it is refused or unanswered."""
        return await self._tcp.connect(peer)

    def listen(self, port: int = 0) -> TcpListener:
        """Wait for TCP connections on ``port`` (0: any free one); raises LocalProtocolError."""
        return self._tcp.listen(port)

    # --- receiving ----------------------------------------------------------------------------

    def receive_frame(self, frame: bytes) -> None:
        """Take a frame from the link; what is damaged or not for us is dropped."""
        try:
            ethernet = EthernetFrame.decode(frame)
            packet = Ipv6Packet.decode(ethernet.payload)
            if self._is_for_us(packet.dst) and checksum_ok(packet):
                if packet.dst.is_multicast:
                    self._neighbours.learn(packet.src, ethernet.src)
                handler = self._handlers.get(packet.next_header)
                if handler is not None:
                    handler(packet)
        except CodecError:
            return  # as every stack does

    def _is_for_us(self, dst: IPv6Address) -> bool:
        return dst == self._address or dst in self._groups

    def _on_tcp(self, packet: Ipv6Packet) -> None:
        if packet.dst == self._address:
            self._tcp.receive_segment(packet.src, TcpSegment.decode(packet.payload))

    def _on_udp(self, packet: Ipv6Packet) -> None:
        datagram = UdpDatagram.decode(packet.payload)
        receiver = self._udp.get(datagram.dst_port)
        if receiver is not None:
            receiver.arrived.put((datagram.payload, Endpoint(packet.src, datagram.src_port)))

    def _on_icmpv6(self, packet: Ipv6Packet) -> None:
        if packet.hop_limit != neighbour.HOP_LIMIT or not packet.payload:
            return
        if packet.payload[0] == NeighbourSolicitation.TYPE:
            self._on_solicitation(packet.src, NeighbourSolicitation.decode(packet.payload))
        elif packet.payload[0] == NeighbourAdvertisement.TYPE:
            answer = NeighbourAdvertisement.decode(packet.payload)
            if answer.mac is not None:
                self._neighbours.learn(answer.target, answer.mac)

    def _on_solicitation(self, src: IPv6Address, question: NeighbourSolicitation) -> None:
        if question.target != self._address:
            return
        self._checkpoint("net.neighbour_advertisement", 205, Role.EVSE)
        if question.mac is not None:
            self._neighbours.learn(src, question.mac)
        answer = NeighbourAdvertisement(self._address, self._mac)
        self._send_icmpv6(src, answer.encode(self._address, src))

    # --- sending ------------------------------------------------------------------------------

    def _send_tcp(self, dst: IPv6Address, segment: TcpSegment) -> None:
        self._send(dst, NEXT_HEADER_TCP, HOP_LIMIT, segment.encode(self._address, dst))

    def _send_udp(self, datagram: UdpDatagram, dst: IPv6Address) -> None:
        hop_limit = MULTICAST_HOP_LIMIT if dst.is_multicast else HOP_LIMIT
        self._send(dst, NEXT_HEADER_UDP, hop_limit, datagram.encode(self._address, dst))

    def _send_icmpv6(self, dst: IPv6Address, message: bytes) -> None:
        self._send(dst, NEXT_HEADER_ICMPV6, neighbour.HOP_LIMIT, message)

    def _send(self, dst: IPv6Address, next_header: int, hop_limit: int, payload: bytes) -> None:
        packet = Ipv6Packet(self._address, dst, next_header, hop_limit, payload).encode()
        if dst.is_multicast:
            self._send_frame(multicast_mac(dst), packet)
        else:
            self._neighbours.send(dst, packet)

    def _send_frame(self, dst: MacAddress, packet: bytes) -> None:
        frame = EthernetFrame(dst, self._mac, ETHERTYPE_IPV6, packet)
        try:
            self._link.send(frame.encode())
        except LinkError:
            return  # a cable that is out loses packets; whoever sent them notices by his timers

    def _solicit(self, target: IPv6Address) -> None:
        self._checkpoint("net.neighbour_solicitation", 204, Role.PEV)
        question = NeighbourSolicitation(target, self._mac)
        group = solicited_node(target)
        self._send_icmpv6(group, question.encode(self._address, group))

    def _unreachable(self, address: IPv6Address) -> None:
        self._tcp.unreachable(address, f"nobody answers for {address}")

    def _close_udp(self, port: int) -> None:
        self._udp.pop(port, None)

    def _checkpoint(self, event: str, number: int, role: Role) -> None:
        """Log a step of ``role`` when it happens for the first time."""
        if self._role is role and self._log is not None:
            self._log.info(event, checkpoint=number, address=str(self._address))
            self._log = None
