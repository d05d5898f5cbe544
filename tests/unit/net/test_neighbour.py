from __future__ import annotations

from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyplc_fw.errors import CodecError
from pyplc_fw.net.neighbour import NeighbourAdvertisement, NeighbourSolicitation
from pyplc_fw.net.packets import EthernetFrame, Ipv6Packet, checksum_ok, solicited_node
from pyplc_fw.terms import MacAddress

CAR_MAC = MacAddress.parse("02:00:00:00:00:01")
EVSE_MAC = MacAddress.parse("02:00:00:00:00:02")
CAR = IPv6Address("fe80::ff:fe00:1")
EVSE = IPv6Address("fe80::ff:fe00:2")

# Written by hand; Wireshark 4.0 finds their checksums correct.
SOLICITATION = bytes.fromhex(
    "3333ff000002 020000000001 86dd"
    "60000000 0020 3a ff fe80000000000000000000fffe000001 ff0200000000000000000001ff000002"
    "87 00 7c97 00000000 fe80000000000000000000fffe000002 0101 020000000001"
)
ADVERTISEMENT = bytes.fromhex(
    "020000000001 020000000002 86dd"
    "60000000 0020 3a ff fe80000000000000000000fffe000002 fe80000000000000000000fffe000001"
    "88 00 1b1a 60000000 fe80000000000000000000fffe000002 0201 020000000002"
)


def message_in(frame: bytes) -> bytes:
    packet = Ipv6Packet.decode(EthernetFrame.decode(frame).payload)
    assert checksum_ok(packet)
    return packet.payload


def test_question_and_answer_decode_to_their_parts() -> None:
    asked = NeighbourSolicitation.decode(message_in(SOLICITATION))
    assert asked == NeighbourSolicitation(EVSE, CAR_MAC)
    answered = NeighbourAdvertisement.decode(message_in(ADVERTISEMENT))
    assert answered == NeighbourAdvertisement(EVSE, EVSE_MAC)


def test_question_and_answer_encode_to_the_same_bytes() -> None:
    group = solicited_node(EVSE)
    asked = NeighbourSolicitation(EVSE, CAR_MAC).encode(CAR, group)
    assert asked == message_in(SOLICITATION)
    answered = NeighbourAdvertisement(EVSE, EVSE_MAC).encode(EVSE, CAR)
    assert answered == message_in(ADVERTISEMENT)


@pytest.mark.parametrize("message", [NeighbourSolicitation, NeighbourAdvertisement])
@given(mac=st.none() | st.binary(min_size=6, max_size=6).map(MacAddress))
def test_round_trip(
    message: type[NeighbourSolicitation | NeighbourAdvertisement], mac: MacAddress | None
) -> None:
    sent = message(EVSE, mac)
    assert message.decode(sent.encode(CAR, EVSE)) == sent


def test_every_truncation_is_refused_or_lacks_the_option() -> None:
    message = message_in(SOLICITATION)
    for length in range(len(message)):
        if length == 24:
            assert NeighbourSolicitation.decode(message[:length]).mac is None
            continue
        with pytest.raises(CodecError):
            NeighbourSolicitation.decode(message[:length])


def test_other_options_are_skipped_and_one_of_length_zero_is_refused() -> None:
    message = message_in(ADVERTISEMENT)
    other = bytes([14, 2, *bytes(14)])
    assert NeighbourAdvertisement.decode(message[:24] + other + message[24:]).mac == EVSE_MAC
    with pytest.raises(CodecError, match="option of 0 bytes"):
        NeighbourAdvertisement.decode(message[:24] + bytes([14, 0]) + message[24:])


def test_another_message_is_refused() -> None:
    with pytest.raises(CodecError, match="type 136"):
        NeighbourSolicitation.decode(message_in(ADVERTISEMENT))
