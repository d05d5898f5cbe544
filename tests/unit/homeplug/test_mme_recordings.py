"""Every HomePlug frame of the recordings, against what other tools say is in them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pyplc_fw.homeplug.mme import (
    CmAttenCharInd,
    CmSlacMatchCnf,
    MmeFrame,
    UnknownMme,
    VsSwVerCnf,
    decode_frame,
    encode_frame,
    tshark_name,
)
from pyplc_fw.homeplug.slac import mean_attenuation_db
from pyplc_fw.trace.pcap import open_capture
from tests.helpers import SHARED

CAPTURES = (SHARED or Path()) / "captures"
TRUTH: list[dict[str, Any]] = (
    [json.loads(line) for line in (CAPTURES / "captures.jsonl").read_text().splitlines()]
    if SHARED is not None
    else []
)
pytestmark = pytest.mark.skipif(SHARED is None, reason="needs ../shared")
recordings = pytest.mark.parametrize("truth", TRUTH, ids=lambda truth: truth["file"][:40])


def raw_frames(truth: dict[str, Any]) -> list[bytes]:
    with open_capture(CAPTURES / truth["file"]) as capture:
        return [frame.data for frame in capture if frame.data[12:14] == b"\x88\xe1"]


def frames(truth: dict[str, Any]) -> list[MmeFrame]:
    return [decode_frame(raw) for raw in raw_frames(truth)]


@recordings
def test_every_frame_decodes_and_is_counted_under_its_name(truth: dict[str, Any]) -> None:
    counts = Counter(frame.mmtype for frame in frames(truth))
    ours = {
        f"0x{mmtype:04x}": {"name": tshark_name(mmtype), "frames": count}
        for mmtype, count in counts.items()
    }
    assert ours == truth["homeplug_frames"]


@recordings
def test_matches_are_read_as_others_read_them(truth: dict[str, Any]) -> None:
    matches = [
        (str(m.pev_mac), str(m.evse_mac), str(m.run_id), str(m.nid), str(m.nmk))
        for m in (frame.message for frame in frames(truth))
        if isinstance(m, CmSlacMatchCnf)
    ]
    keys = ("pev_mac", "evse_mac", "run_id", "nid", "nmk")
    assert matches == [tuple(match[key] for key in keys) for match in truth["slac_match"]]


@recordings
def test_attenuations_are_read_as_others_read_them(truth: dict[str, Any]) -> None:
    reports = [
        (str(frame.src), str(m.num_sounds), str(len(m.attenuation_db)), _mean(m))
        for frame in frames(truth)
        if isinstance(m := frame.message, CmAttenCharInd)
    ]
    keys = ("evse_mac", "sounds", "groups", "mean_attenuation_db")
    listed = [tuple(ind[key] for key in keys) for ind in truth["atten_char_ind"]]
    assert reports[:10] == listed  # the description stops after ten


@recordings
def test_every_known_message_encodes_to_the_recorded_bytes(truth: dict[str, Any]) -> None:
    for raw in raw_frames(truth):
        frame = decode_frame(raw)
        if isinstance(frame.message, UnknownMme | VsSwVerCnf):
            continue  # a modem leaves old memory behind its version
        encoded = encode_frame(frame.dst, frame.src, frame.message, mmv=frame.mmv)
        assert raw[: len(encoded)] == encoded
        assert not any(raw[len(encoded) :])


def _mean(report: CmAttenCharInd) -> float:
    mean = mean_attenuation_db(report.attenuation_db)
    assert mean is not None
    return round(mean, 2)
