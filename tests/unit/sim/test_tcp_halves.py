from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from pyplc_fw.sim.tcp_halves import (
    OUT_OF_ORDER_LIMIT,
    RECEIVE_WINDOW_BYTES,
    Chunk,
    ReceiveHalf,
    SendHalf,
    distance,
    plus,
)

sequence_numbers = st.integers(0, 0xFFFF_FFFF)


@given(sequence_numbers, st.integers(-(2**31) + 1, 2**31 - 1))
def test_distance_is_right_across_the_wrap(seq: int, step: int) -> None:
    assert distance(plus(seq, step), seq) == step


def sending(first_seq: int, data: bytes, *, mss: int = 4, window: int = 100) -> SendHalf:
    half = SendHalf(first_seq)
    half.mss, half.window = mss, window
    half.write(data)
    return half


def test_data_is_cut_into_segments_and_the_fin_rides_on_the_last() -> None:
    half = sending(0xFFFF_FFFE, b"abcdef")
    half.finish()
    assert half.next_chunk() == Chunk(0xFFFF_FFFE, b"abcd", fin=False)
    assert half.next_chunk() == Chunk(2, b"ef", fin=True)
    assert half.next_chunk() is None
    assert (half.nxt, half.in_flight) == (5, 7)


def test_a_fin_alone_is_a_chunk_too() -> None:
    half = sending(10, b"ab")
    assert half.next_chunk() == Chunk(10, b"ab", fin=False)
    half.finish()
    assert half.next_chunk() == Chunk(12, b"", fin=True)
    assert half.acknowledge(12) == 2
    assert half.first_chunk() == Chunk(12, b"", fin=True)
    assert half.acknowledge(13) == 1
    assert half.fin_acked
    assert half.in_flight == 0
    assert not half.pending


def test_no_more_is_sent_than_the_window_takes() -> None:
    half = sending(0, b"abcdef", window=5)
    assert [half.next_chunk(), half.next_chunk(), half.next_chunk()] == [
        Chunk(0, b"abcd", fin=False),
        Chunk(4, b"e", fin=False),
        None,
    ]
    half.acknowledge(4)
    assert half.next_chunk() == Chunk(5, b"f", fin=False)


def test_a_closed_window_is_probed_with_one_byte() -> None:
    half = sending(0, b"ab", window=0)
    assert half.next_chunk() is None
    assert half.next_chunk(probe=True) == Chunk(0, b"a", fin=False)


def test_old_and_wrong_acknowledgements_move_nothing() -> None:
    half = sending(100, b"abcd")
    half.next_chunk()
    assert [half.acknowledge(ack) for ack in (100, 99, 105, 100 + 2**31)] == [0, 0, 0, 0]
    assert half.acknowledge(102) == 2
    assert half.first_chunk() == Chunk(102, b"cd", fin=False)


@given(
    sequence_numbers,
    st.binary(min_size=1, max_size=60),
    st.lists(st.tuples(st.integers(0, 59), st.integers(1, 20)), max_size=60),
    st.randoms(use_true_random=False),
)
def test_any_order_and_overlap_of_segments_gives_the_bytes_once(
    first_seq: int,
    data: bytes,
    cuts: list[tuple[int, int]],
    rng: Random,
) -> None:
    half = ReceiveHalf(first_seq)
    whole = [(start, 7) for start in range(0, len(data), 7)]
    pieces = [piece for piece in cuts if piece[0] < len(data)] + whole
    rng.shuffle(pieces)
    got = b""
    for start, size in [*pieces, *whole]:
        piece = data[start : start + size]
        fin = start + size >= len(data)
        half.accept(plus(first_seq, start), piece, fin=fin)
        got += half.take()
    assert got == data
    assert half.finished
    assert half.nxt == plus(first_seq, len(data) + 1)


def test_what_is_kept_too_early_is_bounded() -> None:
    half = ReceiveHalf(0)
    for number in range(2 * OUT_OF_ORDER_LIMIT):
        assert not half.accept(2 * number + 1, b"x", fin=False)
    assert half.accept(0, b"x", fin=False)
    assert half.take() == b"xx"
    for number in range(1, 2 * OUT_OF_ORDER_LIMIT):
        half.accept(2 * number, b"y", fin=False)
    assert half.take() == b"yx" * (OUT_OF_ORDER_LIMIT - 1) + b"y"


def test_no_more_is_taken_than_the_window_has() -> None:
    half = ReceiveHalf(0)
    assert half.accept(0, bytes(RECEIVE_WINDOW_BYTES - 1), fin=False)
    assert half.accept(RECEIVE_WINDOW_BYTES - 1, b"ab", fin=True)
    assert half.window == 0
    assert not half.finished
    assert not half.accept(RECEIVE_WINDOW_BYTES, b"b", fin=True)
    half.take()
    assert half.accept(RECEIVE_WINDOW_BYTES, b"b", fin=True)
    assert half.finished


def test_nothing_comes_after_the_fin() -> None:
    half = ReceiveHalf(0)
    half.accept(0, b"ab", fin=True)
    assert not half.accept(3, b"c", fin=False)
    assert half.take() == b"ab"
