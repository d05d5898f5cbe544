"""The two halves of a TCP connection, without any I/O: what we send and what we receive.

Sequence numbers count modulo 2**32. Source: RFC 9293 §3.4.
"""

from __future__ import annotations

from typing import Final, NamedTuple

RECEIVE_WINDOW_BYTES: Final = 0xFFFF
OUT_OF_ORDER_LIMIT: Final = 128
"So many segments that came too early are kept; more are lost and come again."


def plus(seq: int, count: int) -> int:
    """Return the sequence number ``count`` after ``seq``."""
    return (seq + count) & 0xFFFF_FFFF


def distance(later: int, earlier: int) -> int:
    """Return how far ``later`` lies after ``earlier``; negative when it lies before."""
    return ((later - earlier + 0x8000_0000) & 0xFFFF_FFFF) - 0x8000_0000


class Chunk(NamedTuple):
    """What one segment carries."""

    seq: int
    data: bytes
    fin: bool


class SendHalf:
    """Our bytes on their way: written, sent, acknowledged; and behind them, at last, a FIN."""

    def __init__(self, first_seq: int) -> None:
        self.una = first_seq
        "The first sequence number that is not acknowledged."
        self.window = 0
        "How much the peer takes, from ``una`` on."
        self.mss = 536
        self.in_flight = 0
        "What was sent and not acknowledged, the FIN counting as one."
        self.fin_acked = False
        self._unacked = bytearray()
        self._fin = 0

    @property
    def nxt(self) -> int:
        """The sequence number of what is sent next."""
        return plus(self.una, self.in_flight)

    @property
    def unacked_bytes(self) -> int:
        """Written and not acknowledged."""
        return len(self._unacked)

    @property
    def pending(self) -> bool:
        """Something waits to be sent for the first time."""
        return self.in_flight < len(self._unacked) + self._fin

    def write(self, data: bytes) -> None:
        self._unacked += data

    def finish(self) -> None:
        """Put a FIN behind what was written."""
        self._fin = 1

    def next_chunk(self, *, probe: bool = False) -> Chunk | None:
        """Take what may be sent now; a ``probe`` is one byte into a closed window."""
        if not self.pending:
            return None
        room = 1 if probe else self.window - self.in_flight
        waiting = len(self._unacked) - self.in_flight
        if room <= 0 < waiting:
            return None
        chunk = self._chunk(self.in_flight, min(waiting, self.mss, room), fin=True)
        self.in_flight += len(chunk.data) + chunk.fin
        return chunk

    def first_chunk(self) -> Chunk:
        """Return again what was sent first and is not acknowledged."""
        size = min(len(self._unacked), self.mss, self.in_flight)
        return self._chunk(0, size, fin=self.in_flight > len(self._unacked))

    def _chunk(self, start: int, size: int, *, fin: bool) -> Chunk:
        size = max(size, 0)
        data = bytes(self._unacked[start : start + size])
        at_end = start + size == len(self._unacked)
        return Chunk(plus(self.una, start), data, fin and at_end and bool(self._fin))

    def acknowledge(self, ack: int) -> int:
        """Drop what the peer has; returns how much that was, 0 for an old or wrong ``ack``."""
        count = distance(ack, self.una)
        if not 0 < count <= self.in_flight:
            return 0
        self.una = ack
        self.in_flight -= count
        data_bytes = min(count, len(self._unacked))
        del self._unacked[:data_bytes]
        if count > data_bytes:
            self._fin, self.fin_acked = 0, True
        return count


class ReceiveHalf:
    """The peer's bytes: put in order, each once, until its FIN."""

    def __init__(self, first_seq: int) -> None:
        self.nxt = first_seq
        "The sequence number that is expected next."
        self.finished = False
        "The peer's FIN was reached."
        self._ready = bytearray()
        self._early: dict[int, Chunk] = {}

    @property
    def window(self) -> int:
        """How much more we take."""
        return max(0, RECEIVE_WINDOW_BYTES - len(self._ready))

    @property
    def readable(self) -> bool:
        return bool(self._ready)

    def take(self) -> bytes:
        """Return all that is in order, and make room."""
        data = bytes(self._ready)
        self._ready.clear()
        return data

    def accept(self, seq: int, data: bytes, *, fin: bool) -> bool:
        """Take a segment's content; False when it moved nothing (early, or known already)."""
        before = self.nxt
        self._take_in_order(Chunk(seq, data, fin))
        while self.nxt != before and (chunk := self._next_early()) is not None:
            self._take_in_order(chunk)
        return self.nxt != before

    def _take_in_order(self, chunk: Chunk) -> None:
        known = distance(self.nxt, chunk.seq)
        if self.finished or known > len(chunk.data):
            return
        if known < 0:
            self._keep_early(chunk)
            return
        fresh = chunk.data[known : known + self.window]
        self._ready += fresh
        self.nxt = plus(self.nxt, len(fresh))
        if chunk.fin and known + len(fresh) == len(chunk.data):
            self.nxt = plus(self.nxt, 1)
            self.finished = True
            self._early.clear()

    def _keep_early(self, chunk: Chunk) -> None:
        if distance(plus(chunk.seq, len(chunk.data)), self.nxt) > self.window:
            return
        known = self._early.get(chunk.seq)
        if known is None and len(self._early) >= OUT_OF_ORDER_LIMIT:
            return
        if known is None or len(chunk.data) + chunk.fin > len(known.data) + known.fin:
            self._early[chunk.seq] = chunk

    def _next_early(self) -> Chunk | None:
        """Take an early segment whose time has come."""
        for seq in self._early:
            if distance(seq, self.nxt) <= 0:
                return self._early.pop(seq)
        return None
