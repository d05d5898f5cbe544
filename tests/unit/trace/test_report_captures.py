"""Every field of `report --json` against the description of the recordings beside the checkout.

What differs is listed here, each with its reason; anything else is a failure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from pyplc_fw.trace.conversation import read_conversation
from pyplc_fw.trace.report import build_report
from tests.helpers import SHARED

pytestmark = pytest.mark.skipif(SHARED is None, reason="needs ../shared")

MISSING, EXTRA = "not in our report", "only in our report"

ALLOWED: tuple[tuple[str, str, str], ...] = (
    # file, path (regular expressions), reason
    (".*", r"source|note", "where the recording comes from: for people"),
    (".*", r".*exi_decoders_agree|.*exi_note", "how the description was made, not what happened"),
    (".*", r".*exi_strict_decode_failures\.0\.meaning", "a sentence that names the tools used"),
    (
        "2023-04-26.*|2023-05-24.*",
        r"sessions\.0\.(evse_(max|min)_.*|evse_processing_last)",
        (
            "only in our report: the description leaves out the one response that its strict "
            "decoder refused; our lenient one reads it"
        ),
    ),
    (
        "2024-06-18.*",
        r"sessions\.0\.(secc|evcc)_latency_ms\.min",
        "0.001 ms: nanoseconds here, there float seconds since 1970, good for 0.2 µs",
    ),
    (
        "2025-01-21_listenMode_02.*",
        r"sessions\.0\.(evcc|secc|ended\.tcp_close\.0\.by)",
        (
            "the only message is a CableCheckRes: its sender is the charger; the description "
            "takes the first speaker for the car"
        ),
    ),
)


def recordings() -> list[dict[str, Any]]:
    if SHARED is None:
        return []
    lines = (SHARED / "captures" / "captures.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def differences(theirs: Any, ours: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in [*theirs, *(key for key in ours if key not in theirs)]:
            yield from differences(
                theirs.get(key, EXTRA), ours.get(key, MISSING), f"{path}.{key}".lstrip(".")
            )
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for index, (one, other) in enumerate(zip(theirs, ours, strict=True)):
            yield from differences(one, other, f"{path}.{index}")
    elif theirs != ours:
        yield path, theirs, ours


def allowed(file: str, path: str) -> bool:
    return any(
        re.fullmatch(files, file) and re.fullmatch(paths, path) for files, paths, _ in ALLOWED
    )


@pytest.mark.parametrize("described", recordings(), ids=lambda described: described["file"][:40])
def test_the_report_equals_the_description(described: dict[str, Any]) -> None:
    assert SHARED is not None
    conversation = read_conversation(SHARED / "captures" / described["file"])
    report = json.loads(json.dumps(build_report(conversation)))
    found = [
        difference
        for difference in differences(described, report)
        if not allowed(described["file"], difference[0])
    ]
    assert found == []
    assert conversation.warnings == []


def test_every_recording_is_described_and_every_reason_is_needed() -> None:
    used = set()
    for described in recordings():
        assert SHARED is not None
        conversation = read_conversation(SHARED / "captures" / described["file"])
        report = json.loads(json.dumps(build_report(conversation)))
        for path, _, _ in differences(described, report):
            used |= {
                (files, paths)
                for files, paths, _ in ALLOWED
                if re.fullmatch(files, described["file"]) and re.fullmatch(paths, path)
            }
    assert used == {(files, paths) for files, paths, _ in ALLOWED}


def test_keys_stand_in_the_same_order() -> None:
    for described in recordings():
        assert SHARED is not None
        report = build_report(read_conversation(SHARED / "captures" / described["file"]))
        common = [key for key in described if key in report]
        assert [key for key in report if key in described] == common
