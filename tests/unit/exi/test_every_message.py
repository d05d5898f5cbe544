"""Generated messages of every class go through the codec and come back."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyplc_fw.errors import CodecError
from pyplc_fw.v2g import exi
from pyplc_fw.v2g.messages import app, din, xmldsig
from pyplc_fw.v2g.messages.schema import ComplexType
from tests.unit.exi.strategies import messages

BODIES: list[type[ComplexType]] = list(get_args(din.Message))
HANDSHAKES: list[type[ComplexType]] = [app.supportedAppProtocolReq, app.supportedAppProtocolRes]

thorough = settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def assert_returns(schema: str, message: ComplexType) -> None:
    stream = exi.encode(message)
    assert exi.decode(schema, stream) == message
    assert exi.decode_with_warnings(schema, stream) == (message, [])
    document = exi.to_json(message)
    again = exi.from_json(schema, document)
    assert exi.to_json(again) == document
    assert again == message or "KeyInfo" in str(document)  # JSON sorts its choices by name


def test_there_are_34_messages_of_din() -> None:
    assert len(BODIES) == 34


@pytest.mark.parametrize("cls", BODIES)
@thorough
@given(data=st.data(), session_id=st.binary(max_size=8))
def test_body(cls: type[din.Message], data: st.DataObject, session_id: bytes) -> None:
    body = data.draw(messages(cls))
    assert isinstance(body, cls)
    header = din.MessageHeader(SessionID=session_id)
    assert_returns("din", din.V2G_Message(Header=header, Body=din.Body(BodyElement=body)))


@thorough
@given(messages(din.MessageHeader))
def test_header(header: ComplexType) -> None:
    assert isinstance(header, din.MessageHeader)
    assert_returns("din", din.V2G_Message(Header=header, Body=din.Body()))


@pytest.mark.parametrize("cls", HANDSHAKES)
@thorough
@given(data=st.data())
def test_handshake(cls: type[ComplexType], data: st.DataObject) -> None:
    assert_returns("app", data.draw(messages(cls)))


@thorough
@given(messages(xmldsig.SignedInfo))
def test_signed_info_as_a_fragment(info: ComplexType) -> None:
    stream = exi.encode_fragment("xmldsig", info)
    assert exi.decode_fragment("xmldsig", stream) == info


@thorough
@given(messages(din.MeteringReceiptReq) | messages(din.ContractAuthenticationReq))
def test_signed_message_of_din_as_a_fragment(message: ComplexType) -> None:
    stream = exi.encode_fragment("din", message)
    assert exi.decode_fragment("din", stream) == message


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), cls=st.sampled_from(BODIES))
def test_every_truncation_is_an_error(data: st.DataObject, cls: type[din.Message]) -> None:
    body = data.draw(messages(cls))
    assert isinstance(body, cls)
    header = din.MessageHeader(SessionID=b"12345678")
    stream = exi.encode(din.V2G_Message(Header=header, Body=din.Body(BodyElement=body)))
    for size in range(0, len(stream), 1 + len(stream) // 100):
        with pytest.raises(CodecError):
            exi.decode("din", stream[:size], lenient=True)


@settings(max_examples=300)
@given(
    schema=st.sampled_from(["app", "din"]),
    start=st.sampled_from([b"", b"\x80", b"\x80\x9a\x02", b"\x80\x9a\x00\x11"]),
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
