"""SDP: golden datagrams, round trip, every truncation, any bytes."""

from __future__ import annotations

from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyplc_fw.errors import CodecError
from pyplc_fw.terms import Endpoint
from pyplc_fw.v2g import sdp
from pyplc_fw.v2g.sdp import SdpRequest, SdpResponse, Security, Transport

REQUEST = bytes.fromhex("01fe9000000000021000")
RESPONSE = bytes.fromhex("01fe900100000014fe800000000000000000000000000002c7a61000")
SECC = Endpoint(IPv6Address("fe80::2"), 0xC7A6)


def test_golden_datagrams() -> None:
    assert sdp.datagram(SdpRequest()) == REQUEST
    assert sdp.datagram(SdpResponse(SECC)) == RESPONSE
    assert sdp.decode(REQUEST) == SdpRequest(Security.NONE, Transport.TCP)
    assert sdp.decode(RESPONSE) == SdpResponse(SECC, Security.NONE, Transport.TCP)


messages = st.one_of(
    st.builds(SdpRequest, st.sampled_from(Security), st.sampled_from(Transport)),
    st.builds(
        SdpResponse,
        st.builds(Endpoint, st.ip_addresses(v=6), st.integers(0, 0xFFFF)),
        st.sampled_from(Security),
        st.sampled_from(Transport),
    ),
)


@given(messages)
def test_round_trip(message: SdpRequest | SdpResponse) -> None:
    assert sdp.decode(sdp.datagram(message)) == message


@pytest.mark.parametrize("whole", [REQUEST, RESPONSE])
def test_every_truncation_and_every_surplus_is_an_error(whole: bytes) -> None:
    for wire in [whole[:length] for length in range(len(whole))] + [whole + b"\0"]:
        with pytest.raises(CodecError):
            sdp.decode(wire)


@pytest.mark.parametrize(
    "wire",
    [
        "01fe9000000000021100",  # security reserved
        "01fe9000000000021001",  # transport reserved
        "01fe900000000003100000",  # three bytes of payload
        "01fe8001000000021000",  # not SDP
        "01fe900100000014fe800000000000000000000000000002c7a61101",
    ],
)
def test_what_the_standard_reserves_is_an_error(wire: str) -> None:
    with pytest.raises(CodecError):
        sdp.decode(bytes.fromhex(wire))


@given(
    st.one_of(st.binary(max_size=40), st.binary(max_size=24).map(lambda tail: REQUEST[:6] + tail))
)
def test_any_bytes_give_a_message_or_a_codec_error(wire: bytes) -> None:
    try:
        message = sdp.decode(wire)
    except CodecError:
        return
    assert sdp.datagram(message) == wire
