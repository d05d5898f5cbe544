"""From frames to events: layers, order, roles, schema, gaps, damage."""

from __future__ import annotations

import io
import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyplc_fw.errors import CodecError
from pyplc_fw.net.packets import ACK, PSH
from pyplc_fw.terms import Endpoint
from pyplc_fw.trace.conversation import Conversation, conversation_of
from pyplc_fw.trace.events import V2gEvent
from pyplc_fw.trace.pcap import Capture
from pyplc_fw.trace.transcript import record_of, transcript
from pyplc_fw.v2g import exi
from pyplc_fw.v2g.messages import din, iso2
from tests.unit.trace.made import (
    CAR,
    CHARGER,
    CHARGER_MAC,
    SESSION_ID,
    Made,
    current_demand,
    handshake,
    setup,
    v2gtp,
    whole_session,
)

ISO2_BROKEN = bytes.fromhex(
    # SessionSetupRes of SessionID 01..08, OK_OldSessionJoined, then nonsense
    "809802004080c1014181c211e0400000"
)


def messages(conversation: Conversation) -> list[V2gEvent]:
    return [event for event in conversation.events if isinstance(event, V2gEvent)]


def names(conversation: Conversation) -> list[str]:
    return [event.msg for event in conversation.events]


def test_a_whole_session_in_order() -> None:
    conversation = whole_session().conversation()
    assert conversation.warnings == []
    assert conversation.notes == []
    assert [(event.layer, event.msg) for event in conversation.events[:12]] == [
        ("homeplug", "CM_SLAC_PARM.REQ"),
        ("homeplug", "CM_SLAC_PARM.CNF"),
        ("homeplug", "CM_ATTEN_CHAR.IND"),
        ("homeplug", "CM_SLAC_MATCH.REQ"),
        ("homeplug", "CM_SLAC_MATCH.CNF"),
        ("homeplug", "CM_SET_KEY.CNF"),
        ("sdp", "SECCDiscoveryReq"),
        ("sdp", "SECCDiscoveryRes"),
        ("tcp", "SYN"),
        ("tcp", "SYN-ACK"),
        ("v2g", "supportedAppProtocolReq"),
        ("v2g", "supportedAppProtocolRes"),
    ]
    assert names(conversation)[-3:] == ["SessionStopRes", "FIN", "FIN"]
    assert all(event.src != event.dst for event in conversation.events)


def test_an_event_as_json() -> None:
    conversation = whole_session().conversation()
    event = next(e for e in conversation.events if e.msg == "PreChargeRes")
    assert record_of(event, conversation) == {
        "t": pytest.approx(0.28),
        "layer": "v2g",
        "src": "[fe80::b]:55000",
        "dst": "[fe80::a]:50000",
        "msg": "PreChargeRes",
        "fields": {
            "ResponseCode": "OK",
            "DC_EVSEStatus": {
                "EVSEIsolationStatus": "Valid",
                "EVSEStatusCode": "EVSE_Ready",
                "NotificationMaxDelay": 0,
                "EVSENotification": "None",
            },
            "EVSEPresentVoltage": event.fields["EVSEPresentVoltage"],
        },
        "schema": "din",
        "session_id": "A1B2C3D4",
    }


def test_the_fields_are_the_schemas_json() -> None:
    request, _ = current_demand(12.5)
    conversation = whole_session().conversation()
    event = next(e for e in messages(conversation) if e.msg == "CurrentDemandReq")
    message = exi.decode("din", event.payload)
    body = exi.to_json(message)["V2G_Message"]["Body"]
    assert body == {"CurrentDemandReq": event.fields}
    assert set(event.fields) >= {"DC_EVStatus", "EVTargetVoltage", "EVTargetCurrent"}
    assert isinstance(request, din.CurrentDemandReq)


def test_addresses_are_shown_once_and_people_see_units() -> None:
    lines = list(transcript(whole_session().conversation()))
    text = "\n".join(lines)
    assert "  car      02:00:00:00:00:0a  fe80::a" in lines
    assert "  charger  02:00:00:00:00:0b  fe80::b" in lines
    assert "EVTargetVoltage 350 V" in text
    assert "EVRESSSOC 42 %" in text
    assert "car → charger   V2G  PreChargeReq" in text
    assert "modem → car" in text
    assert text.count("fe80::a") == 1


# --- TCP -------------------------------------------------------------------------------------


@given(st.data())
def test_messages_are_the_same_however_the_stream_is_cut(data: st.DataObject) -> None:
    request, _ = handshake()
    sent = v2gtp(request) + v2gtp(setup()[0]) + v2gtp(din.SessionStopReq())
    cuts = data.draw(st.lists(st.integers(1, len(sent) - 1), max_size=12))
    made = Made()
    made.open()
    at = made.seq[CAR]
    edges = sorted({0, len(sent), *cuts})
    pieces = [(a, sent[a:b]) for a, b in itertools.pairwise(edges)]
    for start, piece in data.draw(st.permutations(pieces)):
        made.tcp(CAR, PSH | ACK, piece, at + start)
    conversation = made.conversation()
    assert [m.msg for m in messages(conversation)] == [
        "supportedAppProtocolReq",
        "SessionSetupReq",
        "SessionStopReq",
    ]
    assert conversation.warnings == []


def test_behind_a_gap_reading_goes_on_at_the_next_header_and_tells() -> None:
    made = Made()
    made.open()
    made.say(CAR, handshake()[0])
    lost = v2gtp(setup()[0])
    made.seq[CAR] += 10  # ten bytes are not recorded
    made.tcp(CAR, PSH | ACK, lost[10:])
    made.say(CAR, din.SessionStopReq())
    conversation = made.conversation()
    assert [m.msg for m in messages(conversation)] == [
        "supportedAppProtocolReq",
        "SessionStopReq",
    ]
    (warning,) = conversation.warnings
    assert "10 bytes missing before frame 5" in warning


def test_what_is_no_v2gtp_between_messages_is_told_and_passed_over() -> None:
    made = Made()
    made.open()
    made.say(CAR, handshake()[0])
    made.tcp(CAR, PSH | ACK, b"garbage\x01\xfe and more\x01")
    made.say(CAR, din.SessionStopReq())
    conversation = made.conversation()
    assert [m.msg for m in messages(conversation)][1] == "SessionStopReq"
    assert "no V2GTP header where one should be, frame 5" in conversation.warnings[0]


def test_a_message_that_the_recording_cuts_is_told() -> None:
    made = Made()
    made.open()
    made.say(CAR, handshake()[0])
    made.tcp(CAR, PSH | ACK, v2gtp(setup()[0])[:-3])
    (warning,) = made.conversation().warnings
    assert "ends within a message" in warning


def test_without_the_beginning_roles_and_schema_come_from_the_messages() -> None:
    made = Made()
    made.say(CHARGER, current_demand(5.0)[1])
    made.say(CAR, din.SessionStopReq())
    conversation = made.conversation()
    (dialogue,) = conversation.dialogues
    assert (dialogue.evcc, dialogue.secc) == (CAR, CHARGER)
    assert not dialogue.opened
    assert dialogue.chosen_schema == ""
    assert [(m.msg, m.schema, m.is_request) for m in messages(conversation)] == [
        ("CurrentDemandRes", "din", False),
        ("SessionStopReq", "din", True),
    ]


def test_an_iso2_message_is_decoded() -> None:
    made = Made()
    made.open()
    code = iso2.ResponseCode.OK_OldSessionJoined
    response = iso2.SessionSetupRes(ResponseCode=code, EVSEID="DE*A1*E1", EVSETimeStamp=1)
    made.say(CHARGER, response)
    conversation = made.conversation()
    (message,) = messages(conversation)
    assert (message.msg, message.schema, message.fields) == (
        "SessionSetupRes",
        "iso2",
        {"ResponseCode": "OK_OldSessionJoined", "EVSEID": "DE*A1*E1", "EVSETimeStamp": 1},
    )
    assert message.session_id == SESSION_ID
    assert message.body == response
    assert conversation.warnings == []


def test_an_iso2_message_that_does_not_decode_has_its_name_and_session() -> None:
    made = Made()
    made.open()
    header = bytes.fromhex("01fe8001") + len(ISO2_BROKEN).to_bytes(4, "big")
    made.tcp(CHARGER, PSH | ACK, header + ISO2_BROKEN)
    conversation = made.conversation()
    (message,) = messages(conversation)
    assert (message.msg, message.schema, message.message) == ("SessionSetupRes", "iso2", None)
    assert message.session_id == bytes.fromhex("0102030405060708")
    assert "SessionSetupRes/EVSEID" in message.fields["error"]
    (warning,) = conversation.warnings
    assert "does not decode as iso2" in warning


def test_a_message_that_does_not_decode_keeps_its_name_and_is_told() -> None:
    made = Made()
    made.open()
    good = v2gtp(current_demand(5.0)[0])
    made.tcp(CAR, PSH | ACK, good[:-6] + b"\xff" * 6)
    conversation = made.conversation()
    (message,) = messages(conversation)
    assert message.msg == "CurrentDemandReq"
    assert "does not decode as din" in message.fields["error"]
    assert "frame 4: CurrentDemandReq" in conversation.warnings[0]


def test_tls_is_counted_and_not_read() -> None:
    made = Made()
    made.open()
    made.tcp(CAR, PSH | ACK, b"\x16\x03\x01\x00\x03abc\x17\x03\x03\x00\x01x")
    made.tcp(CHARGER, PSH | ACK, b"\x16\x03\x03\x00\x02hi")
    conversation = made.conversation()
    (dialogue,) = conversation.dialogues
    assert (dialogue.tls_records, dialogue.messages) == (3, [])
    assert names(conversation) == ["SYN", "SYN-ACK", "TLS"]
    assert conversation.warnings == []


def test_a_connection_of_somebody_else_is_passed_over_in_silence() -> None:
    made = Made()
    made.open()
    made.tcp(CAR, PSH | ACK, b"GET / HTTP/1.1\r\n\r\n")
    conversation = made.conversation()
    assert messages(conversation) == []
    assert conversation.warnings == []


def test_a_wrong_tcp_checksum_is_noted_and_read_all_the_same() -> None:
    made = Made()
    made.open()
    made.say(CAR, handshake()[0])
    time_ns, frame = made.frames[-1]
    made.frames[-1] = (time_ns, frame[:70] + b"\xde\xad" + frame[72:])
    conversation = made.conversation()
    assert [m.msg for m in messages(conversation)] == ["supportedAppProtocolReq"]
    assert conversation.notes == ["1 wrong TCP checksum from fe80::a"]
    assert conversation.warnings == []


# --- frames ----------------------------------------------------------------------------------


def test_what_two_interfaces_show_counts_once() -> None:
    made = whole_session()
    one, two = made.conversation(), made.conversation(interfaces=2)
    assert names(two) == names(one)
    assert two.frames == 2 * one.frames
    assert two.notes == ["8 frames on several interfaces"]


def test_a_mme_that_is_cut_is_still_counted() -> None:
    made = Made()
    made.slac()
    time_ns, frame = made.frames[2]
    made.frames[2] = (time_ns, frame[:100])
    conversation = made.conversation()
    event = conversation.events[2]
    assert event.msg == "CM_ATTEN_CHAR.IND"
    assert "need" in event.fields["error"]
    assert "frame 3: CM_ATTEN_CHAR.IND" in conversation.warnings[0]


def test_an_sdp_message_that_is_none_is_told() -> None:
    made = Made()
    made.udp(CAR, Endpoint(CHARGER.address, 15_118), b"\x01\xfe\x90\x00\x00\x00\x00\x01\x10")
    conversation = made.conversation()
    assert conversation.events == []
    assert "frame 1: " in conversation.warnings[0]


@given(st.randoms(use_true_random=False))
def test_mutated_recordings_never_raise(rng: random.Random) -> None:
    data = bytearray(whole_session().pcapng())
    for _ in range(rng.randrange(1, 30)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    try:
        conversation = conversation_of(Capture(io.BytesIO(bytes(data))))
    except CodecError:
        return
    for event in conversation.events:
        record_of(event, conversation)
    assert list(transcript(conversation))


def test_every_truncation_gives_a_beginning_of_the_conversation() -> None:
    whole = whole_session()
    all_names = names(whole.conversation())
    data = whole.pcapng()
    for length in range(120, len(data), 97):
        conversation = conversation_of(Capture(io.BytesIO(data[:length])))
        got = names(conversation)
        assert got == all_names[: len(got)]


def test_the_frames_of_a_silent_recording_are_counted() -> None:
    made = Made()
    made.add(bytes(CHARGER_MAC) * 2 + b"\x08\x00" + bytes(50))
    conversation = made.conversation()
    assert (conversation.frames, conversation.events) == (1, [])


def test_what_was_read_although_it_should_not_have_been_sent_is_noted() -> None:
    made = Made()
    made.open()
    wire = v2gtp(din.ContractAuthenticationReq())
    longer = wire[:4] + (len(wire) - 7).to_bytes(4, "big") + wire[8:] + b"\0"
    made.tcp(CAR, PSH | ACK, longer)
    conversation = made.conversation()
    (message,) = messages(conversation)
    assert message.strict
    assert message.overlooked[0].startswith("1 byte after the end of the message")
    assert "frame 4: ContractAuthenticationReq: 1 byte after the end" in conversation.notes[0]
    assert conversation.warnings == []
