"""Wireshark's dissector as a second opinion on every frame we emit."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from pyplc_fw.homeplug.mme import encode_frame, mme_name
from pyplc_fw.terms import BROADCAST
from tests.unit.homeplug.mme_samples import EVSE, NID, NMK, PEV, SAMPLES

TSHARK = shutil.which("tshark")
pytestmark = pytest.mark.skipif(TSHARK is None, reason="needs tshark (apt install tshark)")

TSHARK_SPELLING = {
    "VS_SW_VER.REQ": "Qualcomm Atheros, GET_SW.REQ",
    "VS_SW_VER.CNF": "Qualcomm Atheros, GET_SW.CNF",
}


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classic pcap file with one frame of each kind."""
    path = tmp_path_factory.mktemp("tshark") / "mmes.pcap"
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for second, message in enumerate(SAMPLES):
            frame = encode_frame(BROADCAST, PEV, message)
            file.write(struct.pack("<IIII", second, 0, len(frame), len(frame)) + frame)
    return path


def tshark(recording: Path, *arguments: str) -> list[list[str]]:
    command = [TSHARK or "", "-r", str(recording), "-T", "fields", *arguments]
    result = subprocess.run(  # noqa: S603 - our own arguments
        command, capture_output=True, text=True, check=True
    )
    return [line.split("\t") for line in result.stdout.splitlines()]


def test_tshark_knows_every_frame_by_its_name(recording: Path) -> None:
    names = [info.split(" (")[0] for (info,) in tshark(recording, "-e", "_ws.col.Info")]
    ours = [mme_name(message.MMTYPE) for message in SAMPLES]
    assert names == [TSHARK_SPELLING.get(name, name) for name in ours]


def test_tshark_finds_no_frame_malformed(recording: Path) -> None:
    bad = "_ws.malformed or _ws.expert.severity >= 6291456"
    assert tshark(recording, "-Y", bad, "-e", "frame.number", "-e", "_ws.expert.message") == []


def test_tshark_reads_the_match_as_we_wrote_it(recording: Path) -> None:
    prefix = "homeplug_av.gp.cm_slac_match."
    fields = [f"-e{prefix}{name}" for name in ("length", "pev_mac", "evse_mac", "nid", "nmk")]
    (match,) = tshark(recording, "-Y", prefix + "nid", *fields)
    length, *octets = [value.replace(":", "") for value in match]
    assert length == "0x0056"
    assert octets == [PEV.hex(), EVSE.hex(), NID.hex(), NMK.hex()]


def test_tshark_reads_countdown_and_groups_as_we_wrote_them(recording: Path) -> None:
    countdown = "homeplug_av.gp.cm_mnbc_sound.countdown"
    assert tshark(recording, "-Y", countdown, "-e", countdown) == [["9"]]
    counts = [f"-ehomeplug_av.gp.cm_atten_char.{name}_count" for name in ("sounds", "groups")]
    groups = "homeplug_av.gp.cm_atten_char.groups_count"
    assert tshark(recording, "-Y", groups, *counts) == [["10", "58"]]
