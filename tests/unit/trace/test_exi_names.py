"""Names of messages without decoding them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyplc_fw.trace.exi_names import BODY_ELEMENTS, guess_schema, outline
from pyplc_fw.v2g import exi
from pyplc_fw.v2g.messages import din
from tests.helpers import SHARED
from tests.unit.trace.made import handshake, v2gtp, whole_session

ROOTS = {"din": 0b1001101, "iso2": 0b1001100}


def payload(schema: str, session_id: bytes, body_code: int) -> bytes:
    """Write the bits of a plain header and a body's code."""
    bits = f"{0x80:08b}{ROOTS[schema]:07b}000{len(session_id):08b}"
    bits += "".join(f"{octet:08b}" for octet in session_id)
    bits += f"0100{body_code:06b}0000000"
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


@pytest.mark.parametrize("schema", ["din", "iso2"])
@pytest.mark.parametrize("length", [0, 1, 4, 8])
def test_every_body_element_is_named(schema: str, length: int) -> None:
    session_id = bytes(range(200, 200 + length))
    for code, name in enumerate(BODY_ELEMENTS[schema]):
        found = outline(payload(schema, session_id, code))
        assert found is not None
        assert (found.schema, found.session_id, found.name) == (schema, session_id, name)
    assert outline(payload(schema, session_id, 35)) is None  # the empty body


def test_names_agree_with_the_codec() -> None:
    seen = 0
    for dialogue in whole_session().conversation().dialogues:
        for message in dialogue.messages:
            if message.schema == "din":
                found = outline(message.payload)
                assert found is not None
                assert (found.name, found.session_id) == (message.msg, message.session_id)
                seen += 1
    assert seen == 34


def test_schemas_are_told_by_their_first_bytes() -> None:
    assert guess_schema(v2gtp(handshake()[0])[8:]) == "app"
    assert guess_schema(v2gtp(din.SessionStopReq())[8:]) == "din"
    assert guess_schema(bytes.fromhex("8098")) == "iso2"
    assert guess_schema(b"\x80\xff") is None
    assert guess_schema(b"\x80") is None


def test_a_header_with_a_notification_is_not_plain() -> None:
    header = din.MessageHeader(
        SessionID=b"\1", Notification=din.Notification(FaultCode=din.FaultCode.ParsingError)
    )
    body = din.Body(BodyElement=din.SessionStopReq())
    assert outline(exi.encode(din.V2G_Message(Header=header, Body=body))) is None


@given(st.binary(max_size=40))
def test_any_bytes_have_a_name_or_none(data: bytes) -> None:
    outline(data)
    outline(b"\x80\x98" + data)
    guess_schema(data)


@pytest.mark.skipif(SHARED is None, reason="needs ../shared")
def test_names_of_the_vectors() -> None:
    assert SHARED is not None
    named = 0
    for line in (SHARED / "exi" / "vectors.jsonl").read_text().splitlines():
        vector = json.loads(line)
        if vector["schema"] not in BODY_ELEMENTS or "json" not in vector or "mode" in vector:
            continue
        root = vector["json"].get("V2G_Message", {"Header": {}, "Body": {}})
        found = outline(bytes.fromhex(vector["exi"]))
        if found is None:
            continue
        assert found.name == vector["msg"]
        assert found.session_id.hex().upper() == root["Header"]["SessionID"]
        named += 1
    assert named > 3000
