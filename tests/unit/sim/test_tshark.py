"""Wireshark's dissector as the independent judge of what the simulated stations send."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path

import pytest

from pyplc_fw.homeplug.mme import (
    CmGetKeyReq,
    CmMnbcSoundInd,
    CmSetKeyReq,
    Mme,
    VsSwVerReq,
    encode_frame,
)
from pyplc_fw.homeplug.modem import LOCAL_MODEM
from pyplc_fw.net.packets import ALL_NODES
from pyplc_fw.sim.host import SimHost
from pyplc_fw.sim.virtual_time import run_virtual
from pyplc_fw.terms import BROADCAST, Endpoint, MacAddress, RunId
from pyplc_fw.trace.pcapng_writer import PcapngWriter
from tests.unit.sim.line_bench import NID, NMK, Bench, build_bench

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="needs tshark")

PORT = 15118
CHECK = ("-o", "udp.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE")


def tshark(recording: Path, *arguments: str) -> list[str]:
    """Return what tshark prints, line by line."""
    command = ["tshark", "-r", str(recording), *CHECK, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - own arguments
    return done.stdout.splitlines()


def record(bench: Bench, path: Path) -> PcapngWriter:
    writer = PcapngWriter(path)
    interfaces = {host.name: writer.add_interface(host.name) for host in (bench.car, bench.evse)}
    bench.line.tap(
        lambda t_s, name, frame: writer.write(round(t_s * 1e9), frame, interface=interfaces[name])
    )
    return writer


def say(host: SimHost, dst: MacAddress, message: Mme) -> None:
    host.send(encode_frame(dst, host.mac, message))


async def meet(bench: Bench) -> None:
    """Let every kind of management message through."""
    say(bench.car, BROADCAST, VsSwVerReq())
    await asyncio.sleep(0.5)
    for host in (bench.car, bench.evse):
        say(host, LOCAL_MODEM, CmSetKeyReq(nid=NID, nmk=NMK, my_nonce=b"\xaa" * 4))
    await asyncio.sleep(3.0)
    say(bench.car, BROADCAST, VsSwVerReq())
    await asyncio.sleep(0.5)
    say(bench.car, BROADCAST, CmGetKeyReq(nid=NID, my_nonce=b"\xaa" * 4))
    await asyncio.sleep(0.5)
    run_id = RunId(b"RUNRUNRU")
    say(bench.car, BROADCAST, CmMnbcSoundInd(run_id=run_id, remaining=0, random=b"\xff" * 16))
    await asyncio.sleep(0.5)


async def find_charger(bench: Bench) -> Endpoint:
    with bench.evse.network.open_udp(PORT) as server, bench.car.network.open_udp() as client:
        client.send(bytes.fromhex("01fe9000000000021000"), Endpoint(ALL_NODES, PORT))
        _, asker = await server.receive()
        own = bench.evse.network.address.packed + PORT.to_bytes(2, "big") + bytes([0x10, 0])
        server.send(bytes.fromhex("01fe900100000014") + own, asker)
        await client.receive()
    return Endpoint(bench.evse.network.address, PORT)


async def charge(bench: Bench, charger: Endpoint) -> None:
    listener = bench.evse.network.listen(PORT)
    client = await bench.car.network.connect(charger)
    server = await listener.accept()
    for size in (1, 30, 59, 200, 5000):
        await client.send(bytes(size))
        got = 0
        while got < size:
            got += len(await server.receive())
        await asyncio.sleep(0.02)
        await server.send(bytes(size + 1))
        got = 0
        while got < size + 1:
            got += len(await client.receive())
        await asyncio.sleep(0.3)
    await client.close()
    assert await server.receive() == b""
    await server.close()


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tshark") / "simulated.pcapng"
    bench = build_bench(joined=False)

    async def session() -> None:
        await meet(bench)
        await charge(bench, await find_charger(bench))

    with record(bench, path):
        run_virtual(session())
    return path


def test_nothing_is_malformed_or_worth_a_warning(recording: Path) -> None:
    complaints = "_ws.malformed or _ws.expert.severity >= 6291456"
    assert tshark(recording, "-Y", complaints) == []


def test_all_checksums_are_right(recording: Path) -> None:
    wrong = "udp.checksum.status == 0 or tcp.checksum.status == 0 or icmpv6.checksum.status == 0"
    assert tshark(recording, "-Y", wrong) == []
    right = "udp.checksum.status == 1 or tcp.checksum.status == 1 or icmpv6.checksum.status == 1"
    assert len(tshark(recording, "-Y", right)) > 20


def test_tcp_shows_no_retransmission_or_other_oddity(recording: Path) -> None:
    assert tshark(recording, "-Y", "tcp.analysis.flags") == []


def test_the_management_messages_are_what_they_should_be(recording: Path) -> None:
    fields = ("-e", "frame.interface_name", "-e", "_ws.col.Info")
    lines = tshark(recording, "-Y", "homeplug-av", "-T", "fields", *fields)
    assert [
        line.replace("Qualcomm Atheros, ", "").split(" (")[0].split("\t") for line in lines
    ] == [
        ["pev1", "GET_SW.REQ"],
        ["pev1", "GET_SW.CNF"],
        ["pev1", "CM_SET_KEY.REQ"],
        ["evse2", "CM_SET_KEY.REQ"],
        ["pev1", "CM_SET_KEY.CNF"],
        ["evse2", "CM_SET_KEY.CNF"],
        ["pev1", "GET_SW.REQ"],
        ["pev1", "GET_SW.CNF"],
        ["evse2", "GET_SW.CNF"],
        ["pev1", "CM_GET_KEY.REQ"],
        ["pev1", "CM_GET_KEY.CNF"],
        ["evse2", "CM_GET_KEY.CNF"],
        ["pev1", "CM_MNBC_SOUND.IND"],
        ["evse2", "CM_ATTEN_PROFILE.IND"],
    ]


def test_the_modems_accept_their_keys(recording: Path) -> None:
    results = tshark(recording, "-T", "fields", "-e", "homeplug_av.cm_set_key_cnf.result")
    assert [result for result in results if result] == ["0x01", "0x01"]
