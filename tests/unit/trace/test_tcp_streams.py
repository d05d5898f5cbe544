"""TCP out of a recording: whatever order the segments have, the streams are what was sent."""

from __future__ import annotations

import itertools
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyplc_fw.net.packets import ACK, FIN, RST, SYN
from pyplc_fw.terms import Endpoint
from pyplc_fw.trace.tcp_streams import (
    HOLE_NS,
    MAX_CONNECTIONS,
    MAX_PENDING_BYTES,
    Chunk,
    Connection,
    Reassembler,
    Segment,
    Step,
)

CAR = Endpoint(IPv6Address("fe80::1"), 50_000)
CHARGER = Endpoint(IPv6Address("fe80::2"), 15_118)
SPAN = 1 << 32


class Recording:
    """Segments in the order in which they are recorded, and what comes out meanwhile."""

    def __init__(self) -> None:
        self.reassembler = Reassembler()
        self.steps: list[Step] = []
        self._number = 0

    def add(
        self, src: Endpoint, seq: int, payload: bytes = b"", flags: int = ACK, ack: int = 0
    ) -> list[Step]:
        self._number += 1
        steps = self.reassembler.receive(
            Segment(
                number=self._number,
                time_ns=self._number * 1000,
                src=src,
                dst=CHARGER if src == CAR else CAR,
                seq=seq % SPAN,
                ack=ack % SPAN,
                flags=flags,
                payload=payload,
            )
        )
        self.steps += steps
        return steps

    def pass_time(self, now_ns: int) -> list[Step]:
        steps = self.reassembler.pass_time(now_ns)
        self.steps += steps
        return steps

    def open(self, car_isn: int = 100, charger_isn: int = 900) -> None:
        self.add(CAR, car_isn, flags=SYN)
        self.add(CHARGER, charger_isn, flags=SYN | ACK)

    def connections(self) -> list[Connection]:
        self.steps += self.reassembler.finish()
        return list(dict.fromkeys(step.connection for step in self.steps))

    def only(self) -> Connection:
        (connection,) = self.connections()
        return connection

    def chunks(self, src: Endpoint, connection: Connection | None = None) -> list[Chunk]:
        return [
            step.chunk
            for step in self.steps
            if step.chunk and step.src == src and connection in (None, step.connection)
        ]

    def stream(self, src: Endpoint, connection: Connection | None = None) -> bytes:
        return b"".join(chunk.data for chunk in self.chunks(src, connection))

    def missing(self, src: Endpoint) -> list[int]:
        return [chunk.missing for chunk in self.chunks(src) if chunk.missing]


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
    recording.only()
    assert recording.stream(CAR) == sent
    assert recording.missing(CAR) == []
    numbers = [chunk.number for chunk in recording.chunks(CAR)]
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
    assert (recording.stream(CAR), recording.stream(CHARGER)) == (there, back)
    assert (connection.client, connection.server) == (CAR, CHARGER)
    assert connection.opened


def test_a_segment_that_waited_is_delivered_at_the_frame_that_filled_the_hole() -> None:
    recording = Recording()
    recording.open()
    recording.add(CAR, 104, b"def")
    recording.add(CAR, 101, b"abc")
    chunks = recording.chunks(CAR)
    assert [(c.number, c.time_ns, c.data) for c in chunks] == [(4, 4000, b"abc"), (4, 4000, b"def")]


def test_what_is_missing_for_ever_is_a_gap_with_its_length() -> None:
    recording = Recording()
    recording.open()
    recording.add(CAR, 101, b"abc")
    recording.add(CAR, 109, b"ijk")
    recording.only()
    assert recording.stream(CAR) == b"abcijk"
    assert recording.missing(CAR) == [5]


def test_a_hole_behind_which_too_much_waits_is_given_up_at_once() -> None:
    recording = Recording()
    recording.open()
    for n in range(1100):
        recording.add(CAR, 201 + 10 * n, bytes(10))
    chunks = recording.chunks(CAR)
    assert sum(len(chunk.data) for chunk in chunks) > 10_000
    assert chunks[0].missing == 100


def test_a_connection_whose_beginning_is_not_recorded_begins_with_its_lowest_segment() -> None:
    recording = Recording()
    for start in (3, 0, 6, 9):
        recording.add(CAR, 5_000 + start, b"abcdefghijkl"[start : start + 3])
    connection = recording.only()
    assert recording.stream(CAR) == b"abcdefghijkl"
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
    recording.only()
    assert recording.stream(CAR) == bytes(range(6))


def test_a_syn_sent_again_opens_nothing_new_but_another_one_on_the_same_ports_does() -> None:
    recording = Recording()
    recording.open()
    recording.add(CAR, 100, flags=SYN)
    recording.add(CAR, 101, b"first")
    recording.add(CAR, 106, flags=FIN | ACK)
    recording.open(car_isn=70_000, charger_isn=80_000)
    recording.add(CAR, 70_001, b"second")
    first, second = recording.connections()
    assert recording.stream(CAR, first) == b"first"
    assert recording.stream(CAR, second) == b"second"


def test_each_kind_of_close_is_told_once_a_side() -> None:
    recording = Recording()
    recording.open()
    for flags in (FIN | ACK, FIN | ACK, RST):
        recording.add(CHARGER, 901, flags=flags)
    recording.add(CAR, 101, flags=FIN | ACK)
    closes = [(s.src, s.kind) for s in recording.steps if s.kind in {"FIN", "RST"}]
    assert closes == [(CHARGER, "FIN"), (CHARGER, "RST"), (CAR, "FIN")]


def test_a_segment_far_outside_the_stream_is_counted_and_left_out() -> None:
    recording = Recording()
    recording.open()
    recording.add(CAR, 101, b"abc")
    recording.add(CAR, 101 + (1 << 25), b"stray")
    connection = recording.only()
    assert recording.stream(CAR) == b"abc"
    assert connection.half(CAR).stray_segments == 1


def test_a_keep_alive_adds_nothing() -> None:
    recording = Recording()
    recording.open()
    recording.add(CAR, 101, b"abc")
    recording.add(CAR, 103, b"\0")
    recording.add(CAR, 104, b"def")
    recording.only()
    assert recording.stream(CAR) == b"abcdef"


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
    recording.connections()
    got = len(recording.stream(CAR)) + len(recording.stream(CHARGER))
    assert got <= sent


# --- as it comes ---------------------------------------------------------------------------------


def test_what_is_in_order_is_given_out_with_its_own_segment() -> None:
    recording = Recording()
    recording.open()
    for n in range(5):
        (step,) = recording.add(CAR, 101 + n, bytes([n]))
        assert (step.kind, step.chunk) == ("DATA", Chunk(n + 3, (n + 3) * 1000, 0, bytes([n])))


def test_a_hole_is_given_up_when_its_time_is_over_and_not_before() -> None:
    recording = Recording()
    recording.open()
    assert recording.add(CAR, 111, b"late") == []
    assert recording.pass_time(3000 + HOLE_NS - 1) == []
    (step,) = recording.pass_time(3000 + HOLE_NS)
    assert step.chunk == Chunk(3, 3000, 10, b"late")
    assert recording.pass_time(10 * HOLE_NS) == []


def test_a_hole_that_the_receiver_does_not_have_any_more_is_given_up_soon() -> None:
    recording = Recording()
    recording.open()
    recording.add(CAR, 111, b"late")
    recording.add(CHARGER, 901, ack=105)  # says nothing of the hole's end
    assert recording.pass_time(1_000_000_000) == []
    recording.add(CHARGER, 901, ack=115)
    (step,) = recording.pass_time(1_000_000_000)
    assert step.chunk is not None
    assert (step.chunk.missing, step.chunk.data) == (10, b"late")


def test_a_clock_that_was_set_back_holds_nothing_up() -> None:
    recording = Recording()
    recording.open()
    for _ in range(10_000):  # the frames' clock stands at 10 s when the hole begins
        recording.add(CAR, 101)
    recording.add(CAR, 111, b"late")
    assert recording.pass_time(0) == []
    assert len(recording.pass_time(HOLE_NS)) == 1


@given(st.data())
def test_with_segments_lost_the_rest_is_given_out_in_order(data: st.DataObject) -> None:
    sent = bytes(range(200))
    size = data.draw(st.integers(1, 20))
    pieces = [(at, sent[at : at + size]) for at in range(0, len(sent), size)]
    lost = data.draw(st.sets(st.integers(0, len(pieces) - 1)))
    kept = [piece for n, piece in enumerate(pieces) if n not in lost]
    recording = Recording()
    recording.open()
    for start, payload in kept:
        recording.add(CAR, 101 + start, payload)
        recording.pass_time(data.draw(st.integers(0, 3 * HOLE_NS)))
    recording.only()
    assert recording.stream(CAR) == b"".join(payload for _, payload in kept)
    ends = kept[-1][0] + len(kept[-1][1]) if kept else 0
    assert sum(recording.missing(CAR)) == ends - len(recording.stream(CAR))


def test_more_connections_than_are_kept_end_the_one_that_was_silent_longest() -> None:
    reassembler = Reassembler()
    ended = []
    for n in range(MAX_CONNECTIONS + 10):
        src = Endpoint(IPv6Address("fe80::1"), 1000 + n)
        segment = Segment(
            number=n, time_ns=n, src=src, dst=CHARGER, seq=1, ack=0, flags=SYN, payload=b""
        )
        ended += [s.connection.client.port for s in reassembler.receive(segment) if s.kind == "END"]
    assert ended == list(range(1000, 1010))
    assert len(reassembler.finish()) == MAX_CONNECTIONS


def test_what_waits_behind_a_hole_is_bounded() -> None:
    recording = Recording()
    recording.open()
    waiting = 0
    for n in range(2000):
        waiting += 1400 - sum(
            len(s.chunk.data) for s in recording.add(CAR, 999 + n * 2800, bytes(1400)) if s.chunk
        )
        assert waiting <= MAX_PENDING_BYTES
