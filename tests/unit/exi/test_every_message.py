"""Generated messages of every class go through the codec and come back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyplc_fw.errors import CodecError
from pyplc_fw.v2g import exi
from pyplc_fw.v2g.messages import din, iso2
from pyplc_fw.v2g.messages.schema import SCHEMAS, ComplexType
from tests.unit.exi.schemas import schema_of
from tests.unit.exi.strategies import messages

Cls = type[ComplexType]
ENVELOPES: dict[str, Any] = {"din": din, "iso2": iso2}
"Schemas whose messages stand in a Body."
DOCUMENTS: list[tuple[str, Cls]] = [
    (name, cls)
    for name in SCHEMAS
    for cls in (ENVELOPES[name].Message.__args__ if name in ENVELOPES else schema_of(name).roots)
]
FRAGMENTS: list[tuple[str, Cls]] = [
    (name, cls) for name in SCHEMAS for cls in schema_of(name).fragments
]

thorough = settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def named(pairs: list[tuple[str, Cls]]) -> pytest.MarkDecorator:
    ids = [f"{name}-{cls.__name__}" for name, cls in pairs]
    return pytest.mark.parametrize(("schema", "cls"), pairs, ids=ids)


def document(schema: str, body: ComplexType, session_id: bytes = b"12345678") -> ComplexType:
    """Return the whole message: in an envelope where the schema has one."""
    if schema not in ENVELOPES:
        return body
    module = ENVELOPES[schema]
    header = module.MessageHeader(SessionID=session_id)
    message: ComplexType = module.V2G_Message(Header=header, Body=module.Body(BodyElement=body))
    return message


def assert_returns(schema: str, message: ComplexType) -> None:
    stream = exi.encode(message)
    assert exi.decode(schema, stream) == message
    assert exi.decode_with_warnings(schema, stream) == (message, [])
    assert_json_returns(schema, message, fragment=False)


def assert_json_returns(schema: str, message: ComplexType, *, fragment: bool) -> None:
    said = exi.to_json(message)
    again = exi.from_json(schema, said, fragment=fragment)
    assert exi.to_json(again) == said
    assert again == message or "KeyInfo" in str(said)  # JSON sorts its choices by name


def test_there_are_as_many_messages_as_the_standards_have() -> None:
    counts = {name: sum(schema == name for schema, _ in DOCUMENTS) for name in SCHEMAS}
    assert counts == {
        "app": 2,
        "din": 34,
        "iso2": 34,
        "iso20-cm": 26,
        "iso20-dc": 10,
        "iso20-ac": 4,
        "iso20-acdp": 8,
        "iso20-wpt": 12,
        "xmldsig": 0,
    }


@named(DOCUMENTS)
@thorough
@given(data=st.data(), session_id=st.binary(max_size=8))
def test_message(schema: str, cls: Cls, data: st.DataObject, session_id: bytes) -> None:
    body = data.draw(messages(cls))
    assert_returns(schema, document(schema, body, session_id))


@named([("din", din.MessageHeader), ("iso2", iso2.MessageHeader)])
@thorough
@given(data=st.data())
def test_header(schema: str, cls: Cls, data: st.DataObject) -> None:
    module = ENVELOPES[schema]
    header = data.draw(messages(cls))
    assert_returns(schema, module.V2G_Message(Header=header, Body=module.Body()))


@named(FRAGMENTS)
@thorough
@given(data=st.data())
def test_fragment(schema: str, cls: Cls, data: st.DataObject) -> None:
    element = data.draw(messages(cls))
    stream = exi.encode_fragment(schema, element)
    assert exi.decode_fragment(schema, stream) == element
    assert exi.decode_fragment_with_warnings(schema, stream) == (element, [])
    assert_json_returns(schema, element, fragment=True)


# --- damaged streams -------------------------------------------------------------------------
@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), pair=st.sampled_from(DOCUMENTS))
def test_every_truncation_is_an_error(data: st.DataObject, pair: tuple[str, Cls]) -> None:
    schema, cls = pair
    stream = exi.encode(document(schema, data.draw(messages(cls))))
    for size in range(0, len(stream), 1 + len(stream) // 100):
        with pytest.raises(CodecError):
            exi.decode(schema, stream[:size], lenient=True)


@settings(max_examples=500)
@given(
    schema=st.sampled_from([name for name in SCHEMAS if name != "xmldsig"]),
    start=st.sampled_from([b"", b"\x80", b"\x80\x9a\x02", b"\x80\x9a\x00\x11", b"\x80\x98\x02"]),
    rest=st.binary(max_size=80),
    lenient=st.booleans(),
)
def test_any_bytes_give_a_message_or_a_codec_error(
    schema: str, start: bytes, rest: bytes, lenient: bool
) -> None:
    try:
        message = exi.decode(schema, start + rest, lenient=lenient)
    except CodecError:
        return
    try:
        stream = exi.encode(message)
    except CodecError:
        assert lenient  # a bare head is read, and never sent
        return
    assert exi.decode(schema, stream) == message
