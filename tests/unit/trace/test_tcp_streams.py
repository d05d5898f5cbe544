"""TCP out of a recording: whatever order the segments have, the streams are what was sent."""

from __future__ import annotations

import itertools
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyplc_fw.net.packets import ACK, FIN, RST, SYN
from pyplc_fw.terms import Endpoint
from pyplc_fw.trace.tcp_streams import Connection, Reassembler, Segment

CAR = Endpoint(IPv6Address("fe80::1"), 50_000)
CHARGER = Endpoint(IPv6Address("fe80::2"), 15_118)
SPAN = 1 << 32


class Recording:
    """Segments in the order in which they are recorded."""

    def __init__(self) -> None:
        self.reassembler = Reassembler()
        self._number = 0

    def add(self, src: Endpoint, seq: int, payload: bytes = b"", flags: int = ACK) -> None:
        self._number += 1
        self.reassembler.receive(
            Segment(
                number=self._number,
                time_ns=self._number * 1000,
                src=src,
                dst=CHARGER if src == CAR else CAR,
                seq=seq % SPAN,
                ack=0,
                flags=flags,
                payload=payload,
            )
        )

    def open(self, car_isn: int = 100, charger_isn: int = 900) -> None:
        self.add(CAR, car_isn, flags=SYN)
        self.add(CHARGER, charger_isn, flags=SYN | ACK)

    def connections(self) -> list[Connection]:
        self.reassembler.finish()
        return self.reassembler.connections

    def only(self) -> Connection:
        (connection,) = self.connections()
        return connection


def stream(connection: Connection, src: Endpoint) -> bytes:
    return b"".join(chunk.data for chunk in connection.half(src).chunks)


def missing(connection: Connection, src: Endpoint) -> list[int]:
    return [chunk.missing for chunk in connection.half(src).chunks if chunk.missing]


@given(st.data(), st.binary(min_size=1, max_size=300), st.integers(0, SPAN - 1))
def test_shuffled_doubled_and_overlapping_segments_give_the_stream(
    data: st.DataObject, sent: bytes, isn: int
) -> None:
    places = st.integers(0, len(sent) - 1)
    extra = data.draw(st.lists(st.tuples(places, st.integers(1, 60)), max_size=20))
    cuts = sorted({0, len(sent), *data.draw(st.lists(places, max_size=10))})
    whole = [(a, b - a) for a, b in itertools.pairwise(cuts)]
    order = data.draw(st.permutations(whole + extra))

    recording = Recording()
    recording.open(car_isn=isn)
    for start, length in order:
        recording.add(CAR, isn + 1 + start, sent[start : start + length])
    connection = recording.only()
    assert stream(connection, CAR) == sent
    assert missing(connection, CAR) == []
    numbers = [chunk.number for chunk in connection.half(CAR).chunks]
    assert numbers == sorted(numbers)


@given(st.binary(min_size=3, max_size=50), st.binary(min_size=3, max_size=50))
def test_both_directions_are_kept_apart(there: bytes, back: bytes) -> None:
    recording = Recording()
    recording.open()
    for n in range(max(len(there), len(back))):
        if n < len(there):
            recording.add(CAR, 101 + n, there[n : n + 1])
        if n < len(back):
            recording.add(CHARGER, 901 + n, back[n : n + 1])
    connection = recording.only()
    assert (stream(connection, CAR), stream(connection, CHARGER)) == (there, back)
    assert (connection.client, connection.server) == (CAR, CHARGER)
    assert connection.opened


def test_a_segment_that_waited_is_delivered_at_the_frame_that_filled_the_hole() -> None:
    recording = Recording()
    recording.open()
    recording.add(CAR, 104, b"def")
    recording.add(CAR, 101, b"abc")
    chunks = recording.only().half(CAR).chunks
    assert [(c.number, c.time_ns, c.data) for c in chunks] == [(4, 4000, b"abc"), (4, 4000, b"def")]


def test_what_is_missing_for_ever_is_a_gap_with_its_length() -> None:
    recording = Recording()
    recording.open()
    recording.add(CAR, 101, b"abc")
    recording.add(CAR, 109, b"ijk")
    connection = recording.only()
    assert stream(connection, CAR) == b"abcijk"
    assert missing(connection, CAR) == [5]


def test_a_hole_behind_which_too_much_waits_is_given_up_at_once() -> None:
    recording = Recording()
    recording.open()
    for n in range(1100):
        recording.add(CAR, 201 + 10 * n, bytes(10))
    half = recording.reassembler.connections[0].half(CAR)
    assert sum(len(chunk.data) for chunk in half.chunks) > 10_000
    assert half.chunks[0].missing == 100


def test_a_connection_whose_beginning_is_not_recorded_begins_with_its_lowest_segment() -> None:
    recording = Recording()
    for start in (3, 0, 6, 9):
        recording.add(CAR, 5_000 + start, b"abcdefghijkl"[start : start + 3])
    connection = recording.only()
    assert stream(connection, CAR) == b"abcdefghijkl"
    assert not connection.opened
    assert connection.syn_seq is None


def test_the_answer_to_a_syn_that_is_not_recorded_tells_who_is_who() -> None:
    recording = Recording()
    recording.add(CHARGER, 900, flags=SYN | ACK)
    connection = recording.only()
    assert (connection.client, connection.server) == (CAR, CHARGER)
    assert connection.opened


def test_sequence_numbers_wrap() -> None:
    recording = Recording()
    recording.open(car_isn=SPAN - 3)
    for n in range(6):
        recording.add(CAR, SPAN - 2 + n, bytes([n]))
    assert stream(recording.only(), CAR) == bytes(range(6))


def test_a_syn_sent_again_opens_nothing_new_but_another_one_on_the_same_ports_does() -> None:
    recording = Recording()
    recording.open()
    recording.add(CAR, 100, flags=SYN)
    recording.add(CAR, 101, b"first")
    recording.add(CAR, 106, flags=FIN | ACK)
    recording.open(car_isn=70_000, charger_isn=80_000)
    recording.add(CAR, 70_001, b"second")
    first, second = recording.connections()
    assert stream(first, CAR) == b"first"
    assert stream(second, CAR) == b"second"


def test_each_kind_of_close_is_told_once_a_side() -> None:
    recording = Recording()
    recording.open()
    for flags in (FIN | ACK, FIN | ACK, RST):
        recording.add(CHARGER, 901, flags=flags)
    recording.add(CAR, 101, flags=FIN | ACK)
    closes = recording.only().closes
    assert [(c.by, c.kind) for c in closes] == [(CHARGER, "FIN"), (CHARGER, "RST"), (CAR, "FIN")]


def test_a_segment_far_outside_the_stream_is_counted_and_left_out() -> None:
    recording = Recording()
    recording.open()
    recording.add(CAR, 101, b"abc")
    recording.add(CAR, 101 + (1 << 25), b"stray")
    connection = recording.only()
    assert stream(connection, CAR) == b"abc"
    assert connection.half(CAR).stray_segments == 1


def test_a_keep_alive_adds_nothing() -> None:
    recording = Recording()
    recording.open()
    recording.add(CAR, 101, b"abc")
    recording.add(CAR, 103, b"\0")
    recording.add(CAR, 104, b"def")
    assert stream(recording.only(), CAR) == b"abcdef"


@pytest.mark.parametrize("flags", [SYN, SYN | ACK, FIN, RST, ACK, 0, 0xFF])
def test_any_single_segment_is_taken(flags: int) -> None:
    recording = Recording()
    recording.add(CAR, 0xFFFF_FFFF, b"x", flags)
    assert len(recording.connections()) == 1


@given(
    st.lists(
        st.tuples(
            st.sampled_from([CAR, CHARGER]),
            st.integers(0, SPAN - 1),
            st.binary(max_size=5),
            st.integers(0, 63),
        ),
        max_size=40,
    )
)
def test_any_segments_give_connections(
    segments: list[tuple[Endpoint, int, bytes, int]],
) -> None:
    recording = Recording()
    for src, seq, payload, flags in segments:
        recording.add(src, seq, payload, flags)
    sent = sum(len(payload) for _, _, payload, _ in segments)
    got = sum(
        len(stream(connection, src))
        for connection in recording.connections()
        for src in (CAR, CHARGER)
    )
    assert got <= sent
