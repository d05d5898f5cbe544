"""V2GTP: any cut of the stream gives the same payloads, and any bytes a payload or a CodecError."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyplc_fw.errors import CodecError
from pyplc_fw.v2g.v2gtp import (
    PAYLOAD_EXI,
    PAYLOAD_SDP_REQUEST,
    V2GTP_MAX_PAYLOAD_BYTES,
    V2gtpPayload,
    V2gtpStream,
    unwrap,
    wrap,
)

HANDSHAKE = bytes.fromhex("01fe80010000000480400040")
"A supportedAppProtocolRes as it was sent: OK_SuccessfulNegotiation, SchemaID 1."
SDP_REQUEST = bytes.fromhex("01fe9000000000021000")


def test_golden_headers() -> None:
    assert wrap(PAYLOAD_EXI, bytes.fromhex("80400040")) == HANDSHAKE
    assert wrap(PAYLOAD_SDP_REQUEST, b"\x10\0") == SDP_REQUEST
    assert unwrap(SDP_REQUEST) == V2gtpPayload(PAYLOAD_SDP_REQUEST, b"\x10\0")


payloads = st.lists(
    st.builds(V2gtpPayload, st.integers(0, 0xFFFF), st.binary(max_size=64)), max_size=5
)


@given(payloads, st.data())
def test_the_stream_gives_the_same_payloads_however_cut(
    sent: list[V2gtpPayload], data: st.DataObject
) -> None:
    wire = b"".join(wrap(*payload) for payload in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=8)))
    stream = V2gtpStream()
    got: list[V2gtpPayload] = []
    for start, end in zip([0, *cuts], [*cuts, len(wire)], strict=True):
        got += stream.receive_data(wire[start:end])
    assert got == sent
    assert stream.pending_bytes == 0


@given(payloads, st.integers(1, 80))
def test_payloads_before_a_wrong_header_are_the_same_however_cut(
    sent: list[V2gtpPayload], chunk: int
) -> None:
    wire = b"".join(wrap(*payload) for payload in sent) + b"\x02\xfd" + bytes(100)
    stream = V2gtpStream()
    got: list[V2gtpPayload] = []
    for start in range(0, len(wire), chunk):
        try:
            got += stream.receive_data(wire[start : start + chunk])
        except CodecError:
            break
    with pytest.raises(CodecError):
        stream.receive_data(b"")
    assert got == sent


def test_every_truncation_is_a_wait_and_no_result() -> None:
    for length in range(len(HANDSHAKE)):
        stream = V2gtpStream()
        assert stream.receive_data(HANDSHAKE[:length]) == []
        assert stream.pending_bytes == length
        assert len(stream.receive_data(HANDSHAKE[length:])) == 1


def test_every_truncation_of_a_datagram_is_an_error() -> None:
    for length in range(len(SDP_REQUEST)):
        with pytest.raises(CodecError):
            unwrap(SDP_REQUEST[:length])
    with pytest.raises(CodecError):
        unwrap(SDP_REQUEST + b"\0")


@pytest.mark.parametrize("header", ["02fe8001", "01fd8001", "fe018001"])
def test_a_wrong_version_loses_the_stream_for_good(header: str) -> None:
    stream = V2gtpStream()
    with pytest.raises(CodecError):
        stream.receive_data(bytes.fromhex(header) + bytes(4))
    with pytest.raises(CodecError):
        stream.receive_data(HANDSHAKE)
    with pytest.raises(CodecError):
        stream.receive_data(b"")


def test_the_longest_payload_fits_and_one_more_byte_does_not() -> None:
    longest = bytes(V2GTP_MAX_PAYLOAD_BYTES)
    stream = V2gtpStream()
    assert stream.receive_data(wrap(PAYLOAD_EXI, longest)) == [V2gtpPayload(PAYLOAD_EXI, longest)]
    with pytest.raises(CodecError):
        wrap(PAYLOAD_EXI, longest + b"\0")
    with pytest.raises(CodecError):
        stream.receive_data(bytes.fromhex("01fe800100010001"))


def test_a_peer_cannot_make_the_buffer_grow() -> None:
    stream = V2gtpStream()
    stream.receive_data(bytes.fromhex("01fe800100010000"))
    for _ in range(65):
        stream.receive_data(bytes(1023))
    assert stream.pending_bytes < V2GTP_MAX_PAYLOAD_BYTES + 8
    for _ in range(100):
        with suppress(CodecError):
            stream.receive_data(bytes(1023))
    assert stream.pending_bytes == 0


@given(st.lists(st.binary(max_size=40), max_size=10))
def test_any_bytes_give_payloads_or_a_codec_error(chunks: list[bytes]) -> None:
    stream = V2gtpStream()
    try:
        for chunk in chunks:
            for payload in stream.receive_data(chunk):
                assert len(payload.data) <= V2GTP_MAX_PAYLOAD_BYTES
    except CodecError:
        assert stream.pending_bytes == 0
