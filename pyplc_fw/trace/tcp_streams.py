"""Puts recorded TCP segments back into byte streams, in both directions, as they come.

A recording is not an endpoint: it may begin in the middle, miss segments for ever, and show
them doubled or out of order. Bytes are given out as soon as they are next in order. A hole is
waited for; it is given up, told with its length, and reading goes on behind it, when the
receiver has acknowledged beyond it (it has the bytes, they will not be sent again), after
``HOLE_NS`` of the recording's time, or when too much waits. Chunks carry the number of the frame
that made them complete, so that both directions can be merged. Memory is bounded.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from pyplc_fw.net.packets import ACK, FIN, RST, SYN
from pyplc_fw.terms import Endpoint

SEQUENCE_SPAN: Final = 1 << 32
REACH_BYTES: Final = 1 << 24
"A segment further ahead than this belongs to something else."
MAX_PENDING_BYTES: Final = 1 << 18
MAX_PENDING_PIECES: Final = 1024
"More than this behind a hole, and the hole is taken for lost."
MAX_CONNECTIONS: Final = 64
"Of more, the one that was silent longest is let go."
PIECES_TO_FIND_A_START: Final = 4
"So many segments are awaited where the SYN is not in the recording, then the lowest begins."
HOLE_NS: Final = 2_000_000_000
"Longer than most of a session's messages may take: what comes later helps nobody."
ACKED_HOLE_NS: Final = 100_000_000
"Grace for captures that order their frames a little wrong."
_ORIGIN: Final = 1 << 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One TCP segment as captured."""

    number: int
    "Frame number in the recording."
    time_ns: int
    src: Endpoint
    dst: Endpoint
    seq: int
    ack: int
    flags: int
    payload: bytes


class Chunk(NamedTuple):
    """Bytes of one direction, next in order."""

    number: int
    time_ns: int
    missing: int
    "So many bytes before ``data`` are not in the recording."
    data: bytes


class Step(NamedTuple):
    """What happened on a connection."""

    connection: Connection
    kind: str
    """``"SYN"``, ``"SYN-ACK"``, ``"DATA"``, the first ``"FIN"`` or ``"RST"`` of a side, or
    ``"END"``: no more of this connection will be told."""
    src: Endpoint
    number: int
    time_ns: int
    chunk: Chunk | None = None


class _Piece(NamedTuple):
    start: int
    number: int
    time_ns: int
    data: bytes


class HalfStream:
    """One direction of a connection."""

    def __init__(self) -> None:
        self.stray_segments = 0
        self._reference: int | None = None
        self._next: int | None = None
        self._pending: list[_Piece] = []
        self._pending_bytes = 0
        self._deadline_ns: int | None = None
        self._last_number = 0
        self._last_ns = 0

    def synchronise(self, seq: int) -> None:
        """Learn from a SYN that the stream begins behind ``seq``."""
        if self._reference is None:
            self._reference = seq
        if self._next is None:
            self._next = self._place(seq) + 1

    def receive(self, segment: Segment) -> list[Chunk]:
        """Take in a segment that carries data; returns what is next in order now."""
        seq = segment.seq + (1 if segment.flags & SYN else 0)
        if self._reference is None:
            self._reference = seq
        piece = _Piece(self._place(seq), segment.number, segment.time_ns, segment.payload)
        if self._next is not None and piece.start > self._next + REACH_BYTES:
            self.stray_segments += 1
            return []
        insort(self._pending, piece)
        self._pending_bytes += len(piece.data)
        if self._next is None and len(self._pending) >= PIECES_TO_FIND_A_START:
            self._next = self._pending[0].start
        chunks = self._deliver()
        while len(self._pending) > MAX_PENDING_PIECES or self._pending_bytes > MAX_PENDING_BYTES:
            chunks += self._give_up_hole()
        if not self._pending:
            self._deadline_ns = None
        elif self._deadline_ns is None or chunks:
            self._deadline_ns = segment.time_ns + HOLE_NS
        return chunks

    def acknowledge(self, ack: int, time_ns: int) -> None:
        """Learn that the receiver has all before ``ack``: what is missing there stays so."""
        if self._deadline_ns is not None and self._place(ack) > self._pending[0].start:
            self._deadline_ns = min(self._deadline_ns, time_ns + ACKED_HOLE_NS)

    def pass_time(self, now_ns: int) -> list[Chunk]:
        """Give up the holes whose time is over."""
        if self._deadline_ns is None:
            return []
        # Never further away than this, also when the clock was set back.
        self._deadline_ns = min(self._deadline_ns, now_ns + HOLE_NS)
        if now_ns < self._deadline_ns:
            return []
        chunks = self._give_up_hole()
        self._deadline_ns = now_ns + HOLE_NS if self._pending else None
        return chunks

    def finish(self) -> list[Chunk]:
        """Deliver what waits behind holes; nothing more will come to fill them."""
        chunks: list[Chunk] = []
        while self._pending:
            chunks += self._give_up_hole()
        self._deadline_ns = None
        return chunks

    def _place(self, seq: int) -> int:
        """Where ``seq`` lies, counted without wrapping, nearest to what is expected."""
        assert self._reference is not None  # noqa: S101 -- set by all callers
        near = self._next if self._next is not None else _ORIGIN
        distance = (seq - self._reference - (near - _ORIGIN)) % SEQUENCE_SPAN
        if distance >= SEQUENCE_SPAN // 2:
            distance -= SEQUENCE_SPAN
        return near + distance

    def _deliver(self, missing: int = 0) -> list[Chunk]:
        chunks: list[Chunk] = []
        taken = 0
        for piece in self._pending:
            if self._next is None or piece.start > self._next:
                break
            taken += 1
            self._pending_bytes -= len(piece.data)
            fresh = piece.data[self._next - piece.start :]
            if not fresh:
                continue
            self._next += len(fresh)
            self._last_number = max(self._last_number, piece.number)
            self._last_ns = max(self._last_ns, piece.time_ns)
            chunks.append(Chunk(self._last_number, self._last_ns, missing, fresh))
            missing = 0
        del self._pending[:taken]
        return chunks

    def _give_up_hole(self) -> list[Chunk]:
        start = self._pending[0].start
        missing = max(0, start - self._next) if self._next is not None else 0
        self._next = max(start, self._next) if self._next is not None else start
        return self._deliver(missing)


@dataclass(slots=True, eq=False)
class Connection:
    """One TCP connection: who, both streams, how it opened."""

    client: Endpoint
    server: Endpoint
    first_ns: int
    syn_seq: int | None = None
    "Sequence number of the SYN; None where the recording does not hold it."
    accepted: bool = False
    "The SYN-ACK was seen."
    from_client: HalfStream = field(default_factory=HalfStream)
    from_server: HalfStream = field(default_factory=HalfStream)
    closes: set[tuple[Endpoint, str]] = field(default_factory=set)

    @property
    def opened(self) -> bool:
        """The recording shows its beginning, so that client and server are certain."""
        return self.syn_seq is not None or self.accepted

    def half(self, src: Endpoint) -> HalfStream:
        """Return the stream that ``src`` sends."""
        return self.from_client if src == self.client else self.from_server

    def other_half(self, src: Endpoint) -> HalfStream:
        """Return the stream that ``src`` receives."""
        return self.from_server if src == self.client else self.from_client

    def pass_time(self, now_ns: int) -> list[Step]:
        """Give up the holes whose time is over."""
        return [
            step
            for src, half in ((self.client, self.from_client), (self.server, self.from_server))
            for step in _data(self, src, half.pass_time(now_ns))
        ]

    def finish(self) -> list[Step]:
        """No more segments: deliver what waits behind holes, and end."""
        steps = _data(self, self.client, self.from_client.finish())
        steps += _data(self, self.server, self.from_server.finish())
        return [*steps, Step(self, "END", self.client, 0, 0)]


class Reassembler:
    """Sorts segments into connections, and tells what happens on each."""

    def __init__(self) -> None:
        self._current: dict[frozenset[Endpoint], Connection] = {}
        "The one that was silent longest first."

    def receive(self, segment: Segment) -> list[Step]:
        """Take in one segment, in the order of the recording."""
        steps: list[Step] = []
        connection = self._connection_of(segment, steps)
        steps += _opening(connection, segment)
        half = connection.half(segment.src)
        if segment.flags & SYN:
            half.synchronise(segment.seq)
        if segment.payload:
            steps += _data(connection, segment.src, half.receive(segment))
        if segment.flags & ACK:
            connection.other_half(segment.src).acknowledge(segment.ack, segment.time_ns)
        return steps + _closing(connection, segment)

    def pass_time(self, now_ns: int) -> list[Step]:
        """Give up the holes whose time is over by ``now_ns``, on the frames' clock."""
        return [step for one in self._current.values() for step in one.pass_time(now_ns)]

    def finish(self) -> list[Step]:
        """No more segments: end all connections."""
        steps = [step for connection in self._current.values() for step in connection.finish()]
        self._current.clear()
        return steps

    def _connection_of(self, segment: Segment, steps: list[Step]) -> Connection:
        key = frozenset((segment.src, segment.dst))
        connection = self._current.pop(key, None)
        if segment.flags & (SYN | ACK) == SYN and connection and not _repeats(connection, segment):
            steps += connection.finish()
            connection = None
        if connection is None:
            connection = _begin(segment)
            if len(self._current) >= MAX_CONNECTIONS:
                steps += self._current.pop(next(iter(self._current))).finish()
        self._current[key] = connection
        return connection


def _begin(segment: Segment) -> Connection:
    client, server = segment.src, segment.dst
    if segment.flags & (SYN | ACK) == SYN | ACK:
        client, server = server, client
    return Connection(client, server, segment.time_ns)


def _repeats(connection: Connection, syn: Segment) -> bool:
    """Tell a SYN sent again from one that opens a new connection on the same ports."""
    return connection.client == syn.src and connection.syn_seq == syn.seq


def _opening(connection: Connection, segment: Segment) -> list[Step]:
    kind = segment.flags & (SYN | ACK)
    if kind == SYN and connection.syn_seq is None:
        connection.syn_seq = segment.seq
        return [Step(connection, "SYN", connection.client, segment.number, segment.time_ns)]
    if kind == SYN | ACK and not connection.accepted:
        connection.accepted = True
        return [Step(connection, "SYN-ACK", connection.server, segment.number, segment.time_ns)]
    return []


def _data(connection: Connection, src: Endpoint, chunks: list[Chunk]) -> list[Step]:
    return [Step(connection, "DATA", src, chunk.number, chunk.time_ns, chunk) for chunk in chunks]


def _closing(connection: Connection, segment: Segment) -> list[Step]:
    steps: list[Step] = []
    for flag, kind in ((FIN, "FIN"), (RST, "RST")):
        if segment.flags & flag and (segment.src, kind) not in connection.closes:
            connection.closes.add((segment.src, kind))
            steps.append(Step(connection, kind, segment.src, segment.number, segment.time_ns))
    return steps
