"""Streams with their decoding: our own, and those of the reference material."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pyplc_fw.errors import CodecError
from pyplc_fw.v2g import exi
from pyplc_fw.v2g.messages import din
from pyplc_fw.v2g.messages.schema import ComplexType
from tests.helpers import SHARED

OWN = sorted((Path(__file__).parents[2] / "vectors").glob("exi_messages*.jsonl"))

needs_shared = pytest.mark.skipif(SHARED is None, reason="needs ../shared")


@cache
def own() -> list[dict[str, Any]]:
    return [json.loads(line) for path in OWN for line in lines_of(path)]


def lines_of(path: Path) -> list[str]:
    # Not splitlines: U+2028 may stand in a text.
    return path.read_text(encoding="utf-8").strip("\n").split("\n")


@cache
def reference() -> list[dict[str, Any]]:
    assert SHARED is not None
    paths = [SHARED / "exi" / name for name in ("vectors.jsonl", "vectors_iso20.jsonl")]
    return [json.loads(line) for path in paths for line in lines_of(path)]


def decode(vector: dict[str, Any]) -> ComplexType:
    schema: str = vector["schema"]
    stream = bytes.fromhex(vector["exi"])
    if vector.get("mode") == "fragment":
        return exi.decode_fragment(schema, stream)
    return exi.decode(schema, stream)


def encode(vector: dict[str, Any]) -> str:
    fragment = vector.get("mode") == "fragment"
    message = exi.from_json(vector["schema"], vector["json"], fragment=fragment)
    if fragment:
        return exi.encode_fragment(vector["schema"], message).hex()
    return exi.encode(message).hex()


@pytest.mark.parametrize("vector", own(), ids=lambda v: f"{v['schema']}-{v['msg']}")
def test_our_own_streams(vector: dict[str, Any]) -> None:
    # As text: the order of the keys is the order of the document.
    assert json.dumps(exi.to_json(decode(vector))) == json.dumps(vector["json"])
    assert encode(vector) == vector["exi"]


@needs_shared
def test_every_reference_stream_decodes_to_its_json() -> None:
    for vector in reference():
        if vector.get("expect") != "error":
            assert json.dumps(exi.to_json(decode(vector))) == json.dumps(vector["json"])


@needs_shared
def test_every_reference_json_encodes_to_its_stream() -> None:
    for vector in reference():
        if vector.get("expect") != "error":
            assert encode(vector) == vector.get("reencode", vector["exi"])


@needs_shared
@pytest.mark.parametrize("lenient", [False, True])
def test_every_wrong_reference_stream_is_refused(lenient: bool) -> None:
    for vector in reference():
        if vector.get("expect") == "error":
            with pytest.raises(CodecError) as caught:
                exi.decode(vector["schema"], bytes.fromhex(vector["exi"]), lenient=lenient)
            assert caught.value.bit is not None


def kind_of(vector: dict[str, Any]) -> str:
    if vector.get("expect") == "error":
        return "error"
    return "decode_only" if vector.get("decode_only") else "both"


@needs_shared
def test_as_many_reference_streams_as_we_know_of() -> None:
    kinds = Counter((v["schema"], v.get("mode", "document"), kind_of(v)) for v in reference())
    assert kinds == {
        ("app", "document", "both"): 35,
        ("app", "document", "error"): 4,
        ("din", "document", "both"): 2490,
        ("din", "document", "decode_only"): 5,
        ("din", "document", "error"): 17,
        ("iso2", "document", "both"): 867,
        ("iso2", "document", "decode_only"): 12,
        ("iso2", "document", "error"): 6,
        ("iso2", "fragment", "both"): 20,
        ("iso20-cm", "document", "both"): 855,
        ("iso20-cm", "fragment", "both"): 13,
        ("iso20-dc", "document", "both"): 519,
        ("iso20-dc", "fragment", "both"): 3,
        ("iso20-ac", "document", "both"): 571,
        ("iso20-ac", "fragment", "both"): 3,
        ("iso20-acdp", "document", "both"): 124,
        ("iso20-wpt", "document", "both"): 331,
        ("xmldsig", "fragment", "both"): 4,
    }


def strictly_refused() -> list[tuple[str, str]]:
    """List the recordings with a payload that a strict decoder refuses, and how it begins."""
    if SHARED is None:
        return []
    lines = (SHARED / "captures" / "captures.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        (capture["file"], failure["payload_starts"])
        for capture in map(json.loads, lines)
        for session in capture["sessions"]
        for failure in session.get("exi_strict_decode_failures", ())
    ]


@needs_shared
def test_lenient_decoding_reads_what_real_chargers_sent() -> None:
    assert SHARED is not None
    assert len(strictly_refused()) == 2
    for name, begins in strictly_refused():
        packed = (SHARED / "captures" / name).read_bytes()
        recording = gzip.decompress(packed) if name.endswith(".gz") else packed
        start = recording.index(bytes.fromhex(begins))
        size = int.from_bytes(recording[start - 4 : start])  # of the V2GTP header
        payload = recording[start : start + size]
        with pytest.raises(CodecError, match="SASchedules: the abstract head"):
            exi.decode("din", payload)
        message, noted = exi.decode_with_warnings("din", payload)
        assert isinstance(message.Body.BodyElement, din.ChargeParameterDiscoveryRes)
        assert message.Body.BodyElement.SASchedules == din.SASchedules()
        assert [entry.bit for entry in noted] == [112]
