"""Reading as it comes: the same events as of the whole file, at once, and without growing."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterable, Iterator
from ipaddress import IPv6Address
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyplc_fw.net.packets import ACK, PSH
from pyplc_fw.terms import Endpoint
from pyplc_fw.trace.conversation import Conversation, read_conversation
from pyplc_fw.trace.events import Event, TcpEvent
from pyplc_fw.trace.frames import Frame
from pyplc_fw.trace.pcap import open_capture
from pyplc_fw.trace.reading import MAX_KINDS, EventReader
from pyplc_fw.trace.transcript import Parties, line_of, record_of
from pyplc_fw.v2g.messages import din
from tests.helpers import SHARED
from tests.unit.trace.made import (
    CAR,
    CHARGER,
    START_NS,
    Made,
    current_demand,
    handshake,
    setup,
    v2gtp,
    whole_session,
)

RECORDINGS = sorted((SHARED / "captures").glob("*.pcapng*")) if SHARED else []
NUMBER_OF_RECORDINGS = 19


def frames_of(made: Made, interface: str = "plc0") -> Iterator[Frame]:
    for number, (time_ns, data) in enumerate(made.frames, 1):
        yield Frame(
            number=number,
            time_ns=time_ns,
            interface=interface,
            data=data,
            original_length=len(data),
        )


def live(frames: Iterable[Frame]) -> Iterator[tuple[int, Event]]:
    """Yield each event with the number of the frame at which it came out."""
    reader = EventReader()
    number = 0
    for frame in frames:
        number = frame.number
        yield from ((number, event) for event in reader.receive(frame))
    yield from ((number + 1, event) for event in reader.finish())


def records(events: Iterable[Event], start_ns: int = START_NS) -> list[dict[str, object]]:
    conversation = Conversation("", start_ns=start_ns)
    return [record_of(event, conversation) for event in events]


def names(made: Made) -> list[str]:
    return [event.msg for _, event in live(frames_of(made))]


@pytest.mark.skipif(SHARED is None, reason="the recordings of ../shared are not here")
def test_every_recording_is_there() -> None:
    assert len(RECORDINGS) == NUMBER_OF_RECORDINGS


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.name)
def test_a_recording_read_as_it_comes_gives_the_events_of_the_whole(path: object) -> None:
    conversation = read_conversation(str(path))
    with open_capture(str(path)) as capture:
        came = list(live(capture))
    in_order = sorted((event for _, event in came), key=lambda event: event.number)
    assert records(in_order, 0) == records(conversation.events, 0)
    late = [(at, event.number) for at, event in came if at != event.number]
    # What comes late waited behind a hole of TCP; nothing else does.
    assert len(late) <= 1 + len(came) // 20
    assert all(at > number for at, number in late)
    assert not any(
        at != event.number for at, event in came if event.layer in {"homeplug", "sdp", "tcp"}
    )


def test_every_event_of_a_whole_session_comes_with_its_own_frame() -> None:
    made = whole_session()
    came = list(live(frames_of(made)))
    assert [at for at, _ in came] == [event.number for _, event in came]
    assert records(event for _, event in came) == records(made.conversation().events)


def test_lines_are_those_of_the_whole_once_everybody_is_known() -> None:
    made = whole_session()
    conversation = made.conversation()
    parties = Parties()
    for event in conversation.events:
        parties.learn(event)
    told = [line_of(event, conversation, parties) for event in conversation.events]
    parties, lines = Parties(), []
    for _, event in live(frames_of(made)):
        parties.learn(event)
        lines.append(line_of(event, conversation, parties))
    assert [line[40:] for line in lines] == [line[40:] for line in told]
    assert lines[10:] == told[10:]


def test_what_waits_behind_a_hole_comes_after_two_seconds_without_any_frame() -> None:
    made = Made()
    made.open()
    made.seq[CAR] += 10
    made.say(CAR, handshake()[0])
    reader = EventReader()
    for frame in frames_of(made):
        assert all(isinstance(event, TcpEvent) for event in reader.receive(frame))
    assert reader.pass_time(made.now_ns + 1_000_000_000) == []
    (event,) = reader.pass_time(made.now_ns + 2_000_000_000)
    assert (event.msg, event.number) == ("supportedAppProtocolReq", 4)
    assert "10 bytes missing before frame 4" in reader.warnings[0]


def test_a_response_whose_acknowledgement_tells_that_bytes_are_lost_frees_what_waits() -> None:
    made = Made()
    made.open()
    made.seq[CAR] += 10
    made.say(CAR, setup()[0])
    made.say(CAR, din.SessionStopReq())
    assert names(made)[-2:] == ["SessionSetupReq", "SessionStopReq"]


def test_a_dialogue_read_as_it_comes_keeps_no_messages() -> None:
    made = whole_session()
    dialogues = {
        event.dialogue for _, event in live(frames_of(made)) if isinstance(event, TcpEvent)
    }
    assert [dialogue.messages for dialogue in dialogues] == [[]]


def test_somebody_elses_connection_is_not_told_even_live() -> None:
    made = Made()
    made.open()
    made.tcp(CAR, PSH | ACK, b"GET / HTTP/1.1\r\n\r\n")
    reader = EventReader()
    for frame in frames_of(made):
        reader.receive(frame)
    reader.finish()
    assert (reader.warnings, reader.notes) == ([], [])


def test_a_warning_is_told_when_it_happens() -> None:
    made = Made()
    made.open()
    made.say(CAR, handshake()[0])
    reader = EventReader()
    for frame in frames_of(made):
        reader.receive(frame)
    assert reader.warnings == []
    good = v2gtp(current_demand(5.0)[0])
    made.tcp(CAR, PSH | ACK, good[:-6] + b"\xff" * 6)
    reader.receive(list(frames_of(made))[-1])
    assert "frame 5: CurrentDemandReq" in reader.warnings[0]


def hostile_frames(rng: random.Random) -> Iterator[Frame]:
    """Frames that an ill-willed neighbour sends: whole ones, changed ones, connections, holes."""
    seed = whole_session()
    seed.tcp(CAR, PSH | ACK, b"\x16\x03\x01\x00\x03abc")
    seed.tcp(CHARGER, PSH | ACK, b"\x01\xfe\x80\x01\x00\x00\xff\xff" + bytes(900))
    samples = [frame for _, frame in seed.frames]
    time_ns = START_NS
    for number in count(1):
        data = bytearray(rng.choice(samples))
        for _ in range(rng.choice((0, 1, 1, 2, 8))):
            data[rng.randrange(min(len(data), 74) if rng.random() < 0.8 else len(data))] = (
                rng.randrange(256)
            )
        time_ns += rng.choice((0, 1_000_000, 50_000_000, -1_000_000, 3_000_000_000))
        yield Frame(
            number=number,
            time_ns=max(0, time_ns),
            interface=rng.choice(("plc0", "plc1")),
            data=bytes(data[: rng.choice((len(data), len(data), rng.randrange(len(data) + 1)))]),
            original_length=len(data),
            link_type=rng.choice((1, 1, 1, 113)),
        )


@given(st.randoms(use_true_random=False), st.integers(1, 150))
def test_any_frames_are_taken(rng: random.Random, how_many: int) -> None:
    reader, parties, conversation = EventReader(), Parties(), Conversation("")
    for frame, _ in zip(hostile_frames(rng), range(how_many), strict=False):
        conversation.see(frame.time_ns)
        for event in reader.receive(frame):
            parties.learn(event)
            record_of(event, conversation)
            assert line_of(event, conversation, parties)
    reader.finish()


def test_hostile_frames_without_end_do_not_fill_the_memory() -> None:
    reader, parties = EventReader(), Parties()
    frames = hostile_frames(random.Random(1))  # noqa: S311 - a test's dice
    sizes = []
    tracemalloc.start()
    try:
        for _ in range(3):
            for frame, _ in zip(frames, range(1500), strict=False):
                for event in reader.receive(frame):
                    parties.learn(event)
                reader.warnings.clear()
                reader.notes.clear()
            sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert sizes[2] - sizes[1] < 2_500_000
    assert sizes[2] < 12_000_000


def test_endless_senders_of_wrong_checksums_are_counted_together() -> None:
    reader = EventReader()
    made = Made()
    for n in range(MAX_KINDS + 50):
        made.seq[src := Endpoint(IPv6Address(f"fe80::{n + 99:x}"), 1)] = 1
        made.tcp(src, ACK)
        time_ns, data = made.frames[-1]
        made.frames[-1] = (time_ns, data[:70] + b"\xde\xad" + data[72:])
    for frame in frames_of(made):
        reader.receive(frame)
    reader.finish()
    assert len(reader.notes) == MAX_KINDS + 1
    assert reader.notes[-1] == "50 wrong TCP checksums from others"
