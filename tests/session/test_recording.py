"""What the desk records: Wireshark has nothing to say against it, and our own reader agrees."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pyplc_fw.services.desk import EVSE, PEV, Desk, DeskOptions, DeskResult
from pyplc_fw.services.journal import Record
from pyplc_fw.services.recorder import LOG_INTERFACE
from pyplc_fw.services.syslog import text_of
from pyplc_fw.sim.virtual_time import run_virtual

OPTIONS = DeskOptions(soc_pct=50.0, target_soc_pct=51.0, battery_kwh=10.0, owner_max_a=60.0)
EPOCH_NS = 1_700_000_000 * 10**9
CHECK = ("-o", "udp.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE")
needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="needs tshark")
MMES = [
    *("CM_SET_KEY.REQ", "CM_SET_KEY.CNF"),
    *("VS_SW_VER.REQ", "VS_SW_VER.CNF"),
    *("CM_SLAC_PARM.REQ", "CM_SLAC_PARM.CNF"),
    *("CM_START_ATTEN_CHAR.IND", "CM_MNBC_SOUND.IND", "CM_ATTEN_PROFILE.IND"),
    *("CM_ATTEN_CHAR.IND", "CM_ATTEN_CHAR.RSP"),
    *("CM_SLAC_MATCH.REQ", "CM_SLAC_MATCH.CNF"),
]
"Each at its first appearance."


def record(path: Path, options: DeskOptions = OPTIONS) -> DeskResult:
    async def main() -> DeskResult:
        desk = Desk(options)
        recorder = desk.record_to(path, epoch_ns=EPOCH_NS)
        try:
            return await desk.run()
        finally:
            recorder.close()

    return run_virtual(main())


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DeskResult]:
    path = tmp_path_factory.mktemp("recording") / "session.pcapng"
    return path, record(path)


def logged(result: DeskResult) -> list[Record]:
    """Return what was logged while it was recorded; the guard speaks while the desk is built."""
    before = [record.event for record in result.records[:2]]
    assert before == ["guard.contactors_open", "guard.touch_safe"]
    return result.records[2:]


def output_of(*command: str) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - own arguments
    assert done.stderr in {
        "",
        'Running as user "root" and group "root". This could be dangerous.\n',
    }
    return done.stdout.splitlines()


def tshark(path: Path, *arguments: str) -> list[str]:
    return output_of("tshark", "-r", str(path), *CHECK, *arguments)


def pyplc(*arguments: str) -> list[str]:
    return output_of(sys.executable, "-m", "pyplc_fw.cli.main", *arguments)


def in_order_of_appearance(items: list[str]) -> list[str]:
    return list(dict.fromkeys(items))


# --- Wireshark -----------------------------------------------------------------------------------


@needs_tshark
@pytest.mark.parametrize(
    "complaint",
    [
        "_ws.malformed or _ws.expert.severity >= 6291456",
        "tcp.analysis.flags",
        "tcp.checksum.status == 0 or udp.checksum.status == 0 or icmpv6.checksum.status == 0",
    ],
)
def test_wireshark_has_no_complaint(recorded: tuple[Path, DeskResult], complaint: str) -> None:
    assert tshark(recorded[0], "-Y", complaint) == []


@needs_tshark
def test_wireshark_sees_every_frame_on_the_interface_of_its_side(
    recorded: tuple[Path, DeskResult],
) -> None:
    path, result = recorded
    sides = Counter(tshark(path, "-T", "fields", "-e", "frame.interface_name"))
    assert sides.keys() == {PEV, EVSE, LOG_INTERFACE}
    assert sides[PEV] + sides[EVSE] == result.frames
    assert sides[LOG_INTERFACE] == len(logged(result))


@needs_tshark
def test_wireshark_names_the_management_messages_in_order(
    recorded: tuple[Path, DeskResult],
) -> None:
    info = tshark(recorded[0], "-Y", "homeplug-av", "-T", "fields", "-e", "_ws.col.Info")
    words = [line.removeprefix("Qualcomm Atheros, ").split(" ")[0] for line in info]
    # Wireshark calls Qualcomm's VS_SW_VER GET_SW.
    named = [word.replace("GET_SW", "VS_SW_VER") for word in words]
    assert in_order_of_appearance(named) == MMES


@needs_tshark
def test_wireshark_sees_sdp_then_one_tcp_connection_from_handshake_to_fin(
    recorded: tuple[Path, DeskResult],
) -> None:
    path = recorded[0]
    assert len(tshark(path, "-Y", "udp.dstport == 15118 and ipv6.dst == ff02::1")) == 1
    assert len(tshark(path, "-Y", "udp.srcport == 15118")) == 1
    flags = [
        int(value, 16) & 0x07
        for value in tshark(path, "-Y", "tcp", "-T", "fields", "-e", "tcp.flags")
    ]
    assert flags[:2] == [0x02, 0x02]
    assert flags.count(0x02) == 2
    assert flags.count(0x01) == 2
    assert 0x04 not in flags


@needs_tshark
def test_wireshark_shows_each_checkpoint_as_a_comment(recorded: tuple[Path, DeskResult]) -> None:
    path, result = recorded
    lines = tshark(path, "-Y", "frame.comment", "-T", "fields", "-e", "frame.comment")
    shown = {int(word.split(":")[0]) for word in "\n".join(lines).split("checkpoint ")[1:]}
    logged = {record.checkpoint for record in result.records if record.checkpoint}
    assert shown == logged


@needs_tshark
def test_wireshark_shows_the_log_in_line(recorded: tuple[Path, DeskResult]) -> None:
    path, result = recorded
    lines = tshark(path, "-Y", "syslog", "-T", "fields", "-e", "syslog.msg")
    assert [line.removesuffix("\\000") for line in lines] == [text_of(r) for r in logged(result)]


# --- our own reader ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def report(recorded: tuple[Path, DeskResult]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads("\n".join(pyplc("report", "--json", str(recorded[0]))))
    return found


def test_the_report_agrees_with_what_happened(
    recorded: tuple[Path, DeskResult], report: dict[str, Any]
) -> None:
    result = recorded[1]
    pev, [session] = result.pev, report["sessions"]
    assert report["frames_total"] == result.frames + len(logged(result))
    assert report["start_epoch"] == pytest.approx(EPOCH_NS / 1e9, abs=0.001)
    assert session["protocol"] == "din"
    assert not session["tls"]
    assert session["counts"] == dict(pev.counts) == dict(result.evse.counts)
    assert (
        session["session_id"]
        == pev.session_id.hex().upper()
        == result.evse.session_id.hex().upper()
    )
    assert bytes.fromhex(session["evse_id"]) == pev.peer_id
    assert bytes.fromhex(session["evcc_id"]) == result.evse.peer_id
    assert (session["soc_first"], session["soc_last"]) == (50, 51)
    assert session["ended"]["last_message"] == "SessionStopRes"
    assert [close["flags"] for close in session["ended"]["tcp_close"]] == ["FIN", "FIN"]
    assert "warnings" not in report


def test_the_report_agrees_on_the_figures(
    recorded: tuple[Path, DeskResult], report: dict[str, Any]
) -> None:
    pev, [session] = recorded[1].pev, report["sessions"]
    assert session["evse_present_current_max"] == pytest.approx(pev.max_current_a, abs=0.1)
    assert session["ev_target_current_max"] == 60
    assert session["cable_check"]["length_s"] == pytest.approx(pev.phases["CableCheck"], abs=0.1)
    assert session["cable_check"]["requests"] == pev.counts["CableCheckReq"]
    names = {entry["name"]: entry["frames"] for entry in report["homeplug_frames"].values()}
    assert names["CM_MNBC_SOUND.IND"] == 10
    assert names["CM_SLAC_MATCH.CNF"] == 1
    assert len(report["slac_match"]) == 1
    assert (report["sdp_requests"], report["sdp_responses"]) == (1, 1)


@pytest.fixture(scope="module")
def events(recorded: tuple[Path, DeskResult]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in pyplc("decode", "--json", str(recorded[0]))]


def test_decoding_gives_the_whole_conversation_in_order(
    recorded: tuple[Path, DeskResult], events: list[dict[str, Any]]
) -> None:
    times = [event["t"] for event in events]
    assert times == sorted(times)
    layers = in_order_of_appearance([event["layer"] for event in events])
    assert layers == ["homeplug", "sdp", "tcp", "v2g"]
    names = [event["msg"] for event in events if event["layer"] == "homeplug"]
    assert sorted(set(names)) == sorted(MMES)
    assert in_order_of_appearance(names) == MMES
    v2g = Counter(event["msg"] for event in events if event["layer"] == "v2g")
    assert v2g == recorded[1].pev.counts


def test_what_flowed_by_the_wire_is_what_the_car_counted(
    recorded: tuple[Path, DeskResult], events: list[dict[str, Any]]
) -> None:
    rounds = [event for event in events if event["msg"] == "CurrentDemandRes"]
    powers = [
        (
            event["t"],
            si(event["fields"]["EVSEPresentVoltage"]) * si(event["fields"]["EVSEPresentCurrent"]),
        )
        for event in rounds
    ]
    energy_wh = sum(
        power_w * (later[0] - t_s) / 3600.0 for (t_s, power_w), later in pairwise(powers)
    )
    assert energy_wh == pytest.approx(recorded[1].pev.energy_wh, rel=0.01)


def test_no_request_on_the_wire_exceeds_a_limit(events: list[dict[str, Any]]) -> None:
    """S1: neither in precharge (2 A) nor in the charge loop (the owner's 60 A)."""
    most = {"PreChargeReq": 2.0, "CurrentDemandReq": 60.0}
    asked = [
        (event["msg"], si(event["fields"]["EVTargetCurrent"]))
        for event in events
        if event["msg"] in most
    ]
    assert len(asked) > 30
    assert all(0.0 <= current_a <= most[name] for name, current_a in asked)
    targets = [si(e["fields"]["EVTargetVoltage"]) for e in events if e["msg"] == "CurrentDemandReq"]
    assert set(targets) == {410.0}


def si(value: dict[str, Any]) -> float:
    number: float = value["Value"] * 10.0 ** value["Multiplier"]
    return number


def test_a_full_card_ends_the_recording_and_not_the_charge() -> None:
    ended: list[DeskResult] = []

    async def main() -> None:
        desk = Desk(OPTIONS)
        recorder = desk.record_to(Path("/dev/full"), epoch_ns=EPOCH_NS)
        ended.append(await desk.run())
        recorder.close()
        assert "No space left" in str(recorder.error)

    run_virtual(main())
    assert ended[0].normal
