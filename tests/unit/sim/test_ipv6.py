from __future__ import annotations

import asyncio
from contextlib import suppress
from ipaddress import IPv6Address

import pytest
import structlog

from pyplc_fw.errors import LinkError, LocalProtocolError
from pyplc_fw.homeplug.ports import FrameLink
from pyplc_fw.net.neighbour import NeighbourAdvertisement, NeighbourSolicitation
from pyplc_fw.net.packets import (
    ALL_NODES,
    ETHERTYPE_IPV6,
    NEXT_HEADER_ICMPV6,
    NEXT_HEADER_UDP,
    EthernetFrame,
    Ipv6Packet,
    UdpDatagram,
    checksum_ok,
    multicast_mac,
)
from pyplc_fw.sim.disturbances import drop, first
from pyplc_fw.sim.powerline import Powerline
from pyplc_fw.sim.virtual_time import run_virtual
from pyplc_fw.terms import Endpoint, Role
from pyplc_fw.v2g.ports import V2gNetwork
from tests.fuzz.fuzz_packets import mutate
from tests.unit.sim.line_bench import NID, NMK, Bench, add_station, build_bench, host_mac, seeded

PORT = 15118


def recorded(bench: Bench) -> list[tuple[str, Ipv6Packet]]:
    """Record all IPv6 packets of the bench; each must have a good checksum."""
    seen: list[tuple[str, Ipv6Packet]] = []

    def note(_t_s: float, name: str, frame: bytes) -> None:
        ethernet = EthernetFrame.decode(frame)
        if ethernet.ethertype == ETHERTYPE_IPV6:
            packet = Ipv6Packet.decode(ethernet.payload)
            assert checksum_ok(packet)
            if packet.dst.is_multicast:
                assert ethernet.dst == multicast_mac(packet.dst)
            seen.append((name, packet))

    bench.line.tap(note)
    return seen


def kinds(seen: list[tuple[str, Ipv6Packet]]) -> list[tuple[str, int]]:
    """Return who sent what: an ICMPv6 type, or 0 for UDP."""
    return [
        (name, packet.payload[0] if packet.next_header == NEXT_HEADER_ICMPV6 else 0)
        for name, packet in seen
    ]


def test_the_host_is_what_the_procedures_ask_for() -> None:
    host = build_bench().car
    link: FrameLink = host
    network: V2gNetwork = host.network  # that it fits is the type checker's to say
    assert link.mac == host_mac(1)
    assert network.address == host.network.address


def test_addresses_are_formed_from_the_macs() -> None:
    bench = build_bench()
    assert bench.car.network.address == IPv6Address("fe80::ff:fe00:1")
    assert bench.evse.network.address == IPv6Address("fe80::ff:fe00:2")


def test_a_question_to_all_is_answered_to_the_asker() -> None:
    async def main() -> list[tuple[str, int]]:
        bench = build_bench()
        seen = recorded(bench)
        with bench.evse.network.open_udp(PORT) as server, bench.car.network.open_udp() as client:
            client.send(b"anybody?", Endpoint(ALL_NODES, PORT))
            question, asker = await server.receive()
            assert (question, asker) == (
                b"anybody?",
                Endpoint(bench.car.network.address, client.port),
            )
            server.send(b"me", asker)
            answer, peer = await client.receive()
            assert (answer, peer) == (b"me", Endpoint(bench.evse.network.address, PORT))
        return kinds(seen)

    # The charger knows the asker from his question and need not ask who he is.
    assert run_virtual(main()) == [("pev1", 0), ("evse2", 0)]


def test_before_the_first_unicast_the_neighbour_is_asked_for_once() -> None:
    async def main() -> list[tuple[str, int]]:
        bench = build_bench()
        seen = recorded(bench)
        with bench.evse.network.open_udp(PORT) as server, bench.car.network.open_udp() as client:
            for _ in range(2):
                client.send(b"hello", Endpoint(bench.evse.network.address, PORT))
            for _ in range(2):
                assert (await server.receive())[0] == b"hello"
        return kinds(seen)

    assert run_virtual(main()) == [
        ("pev1", NeighbourSolicitation.TYPE),
        ("evse2", NeighbourAdvertisement.TYPE),
        ("pev1", 0),
        ("pev1", 0),
    ]


def test_a_lost_solicitation_is_repeated_and_then_given_up() -> None:
    async def main(lost: int) -> float:
        bench = build_bench()
        seen = recorded(bench)
        bench.line.disturb(drop(first(lost, lambda name, _: name == "pev1")))
        peer = Endpoint(bench.evse.network.address, PORT)
        bench.evse.network.listen(PORT)
        with suppress(LinkError):
            await bench.car.network.connect(peer)
        asked = [kind for kind in kinds(seen) if kind[1] == NeighbourSolicitation.TYPE]
        assert len(asked) == 3
        return asyncio.get_running_loop().time()

    assert run_virtual(main(2)) == pytest.approx(2.0, abs=0.05)
    assert run_virtual(main(3)) == pytest.approx(3.0)


def test_checkpoints_204_and_205_are_logged_once_on_the_side_they_belong_to() -> None:
    with structlog.testing.capture_logs() as logs:
        log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

        async def main() -> None:
            line = Powerline(seeded())
            stations = [
                add_station(line, 1, Role.PEV, log=log.bind(side="pev")),
                add_station(line, 2, Role.EVSE, log=log.bind(side="evse")),
                add_station(line, 3, Role.EVSE, log=log.bind(side="evse3")),
            ]
            for station in stations:
                station.nid, station.nmk = NID, NMK
            networks = [station.host.network for station in stations]
            with networks[0].open_udp() as car, networks[1].open_udp() as evse:
                for target in (networks[1], networks[2], networks[1]):
                    car.send(b"x", Endpoint(target.address, PORT))
                    await asyncio.sleep(1.0)
                evse.send(b"x", Endpoint(networks[2].address, PORT))
                await asyncio.sleep(1.0)

        run_virtual(main())
    assert [(entry["side"], entry["checkpoint"], entry["event"]) for entry in logs] == [
        ("pev", 204, "net.neighbour_solicitation"),
        ("evse", 205, "net.neighbour_advertisement"),
        ("evse3", 205, "net.neighbour_advertisement"),
    ]


@pytest.mark.parametrize("position", [20, 60, 65])
def test_a_damaged_datagram_is_dropped(position: int) -> None:
    async def main() -> None:
        bench = build_bench()
        car, evse = bench.car.network.address, ALL_NODES
        wire = UdpDatagram(1, PORT, b"payload").encode(car, evse)
        packet = Ipv6Packet(car, evse, NEXT_HEADER_UDP, 1, wire).encode()
        frame = bytearray(
            EthernetFrame(multicast_mac(evse), host_mac(1), ETHERTYPE_IPV6, packet).encode()
        )
        with bench.evse.network.open_udp(PORT) as server:
            frame[position] ^= 1
            bench.car.send(bytes(frame))
            await asyncio.sleep(1.0)
            frame[position] ^= 1
            bench.car.send(bytes(frame))
            assert (await server.receive())[0] == b"payload"

    run_virtual(main())


def test_what_is_for_another_address_or_port_is_not_received() -> None:
    async def main() -> None:
        bench = build_bench()
        car = bench.car.network.address
        with bench.evse.network.open_udp(PORT) as server:
            for dst, port in ((IPv6Address("fe80::77"), PORT), (ALL_NODES, PORT + 1)):
                wire = UdpDatagram(1, port, b"x").encode(car, dst)
                packet = Ipv6Packet(car, dst, NEXT_HEADER_UDP, 1, wire).encode()
                frame = EthernetFrame(bench.evse.mac, bench.car.mac, ETHERTYPE_IPV6, packet)
                bench.car.send(frame.encode())
            await asyncio.sleep(1.0)
            assert server.arrived.close() == []

    run_virtual(main())


def test_a_neighbours_message_that_passed_a_router_is_ignored() -> None:
    async def main() -> list[tuple[str, int]]:
        bench = build_bench()
        seen = recorded(bench)
        car, evse = bench.car.network.address, bench.evse.network.address
        question = NeighbourSolicitation(evse, bench.car.mac).encode(car, evse)
        packet = Ipv6Packet(car, evse, NEXT_HEADER_ICMPV6, 254, question).encode()
        frame = EthernetFrame(bench.evse.mac, bench.car.mac, ETHERTYPE_IPV6, packet)
        bench.car.send(frame.encode())
        await asyncio.sleep(1.0)
        return kinds(seen)

    assert run_virtual(main()) == [("pev1", NeighbourSolicitation.TYPE)]


def test_a_port_is_used_once_and_free_again_after_closing() -> None:
    network = build_bench().car.network
    with network.open_udp(PORT) as datagrams:
        assert datagrams.port == PORT
        with pytest.raises(LocalProtocolError):
            network.open_udp(PORT)
    network.open_udp(PORT).close()
    assert network.open_udp().port >= 50000


def test_a_datagram_longer_than_a_frame_is_refused() -> None:
    with (
        build_bench().car.network.open_udp() as datagrams,
        pytest.raises(LocalProtocolError),
    ):
        datagrams.send(bytes(1453), Endpoint(ALL_NODES, PORT))


def test_a_cable_that_is_out_loses_datagrams_silently() -> None:
    async def main() -> None:
        bench = build_bench()
        bench.car.is_up = False
        with bench.car.network.open_udp() as datagrams:
            datagrams.send(b"x", Endpoint(ALL_NODES, PORT))
        await asyncio.sleep(1.0)

    run_virtual(main())


def test_waiting_for_a_datagram_ends_when_the_port_is_closed() -> None:
    async def main() -> None:
        datagrams = build_bench().car.network.open_udp()
        asyncio.get_running_loop().call_later(1.0, datagrams.close)
        with pytest.raises(LinkError):
            await datagrams.receive()

    run_virtual(main())


def test_no_frame_whatever_breaks_a_host() -> None:
    rng = seeded()

    async def main() -> None:
        bench = build_bench()
        frames: list[bytes] = []
        bench.line.tap(lambda _t_s, _name, frame: frames.append(frame))
        listener = bench.evse.network.listen(PORT)
        client = await bench.car.network.connect(Endpoint(bench.evse.network.address, PORT))
        server = await listener.accept()
        await client.send(b"request")
        assert await server.receive() == b"request"
        seen = list(frames)
        for _ in range(5000):
            bench.evse.deliver(mutate(rng.choice(seen), rng))
        await asyncio.sleep(1.0)
        await client.send(b"again")
        assert await server.receive() == b"again"

    run_virtual(main())
