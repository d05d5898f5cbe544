"""Puts TCP segments of a recording back into byte streams, in both directions.

A recording is not an endpoint: it may begin in the middle, miss segments for ever, and show
them doubled or out of order. What is missing becomes a gap with its length, and reading goes on
behind it. All segments go in first, ``finish`` comes last; chunks carry the number of the frame
that made them complete, so that both directions can be merged.
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
MAX_PENDING_BYTES: Final = 1 << 20
MAX_PENDING_PIECES: Final = 1024
"More than this behind a hole, and the hole is taken for lost."
PIECES_TO_FIND_A_START: Final = 4
"So many segments are awaited where the SYN is not in the recording, then the lowest begins."
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


class Close(NamedTuple):
    """A FIN or RST, the first of its kind from its sender."""

    number: int
    time_ns: int
    by: Endpoint
    kind: str
    '``"FIN"`` or ``"RST"``.'


class _Piece(NamedTuple):
    start: int
    number: int
    time_ns: int
    data: bytes


class HalfStream:
    """One direction of a connection."""

    def __init__(self) -> None:
        self.chunks: list[Chunk] = []
        self.stray_segments = 0
        self._reference: int | None = None
        self._next: int | None = None
        self._pending: list[_Piece] = []
        self._pending_bytes = 0
        self._last_number = 0
        self._last_ns = 0

    def synchronise(self, seq: int) -> None:
        """Learn from a SYN that the stream begins behind ``seq``."""
        if self._reference is None:
            self._reference = seq
        if self._next is None:
            self._next = self._place(seq) + 1

    def receive(self, segment: Segment) -> None:
        """Take in a segment that carries data."""
        seq = segment.seq + (1 if segment.flags & SYN else 0)
        if self._reference is None:
            self._reference = seq
        piece = _Piece(self._place(seq), segment.number, segment.time_ns, segment.payload)
        if self._next is not None and piece.start > self._next + REACH_BYTES:
            self.stray_segments += 1
            return
        insort(self._pending, piece)
        self._pending_bytes += len(piece.data)
        if self._next is None and len(self._pending) >= PIECES_TO_FIND_A_START:
            self._next = self._pending[0].start
        self._deliver()
        if (
            len(self._pending) > MAX_PENDING_PIECES or self._pending_bytes > MAX_PENDING_BYTES
        ) and self._next is not None:
            self._give_up_hole()

    def finish(self) -> None:
        """Deliver what waits behind holes; nothing more will come to fill them."""
        while self._pending:
            self._give_up_hole()

    def _place(self, seq: int) -> int:
        """Where ``seq`` lies, counted without wrapping, nearest to what is expected."""
        assert self._reference is not None  # noqa: S101 -- set by both callers
        near = self._next if self._next is not None else _ORIGIN
        distance = (seq - self._reference - (near - _ORIGIN)) % SEQUENCE_SPAN
        if distance >= SEQUENCE_SPAN // 2:
            distance -= SEQUENCE_SPAN
        return near + distance

    def _deliver(self, missing: int = 0) -> None:
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
            self.chunks.append(Chunk(self._last_number, self._last_ns, missing, fresh))
            missing = 0
        del self._pending[:taken]

    def _give_up_hole(self) -> None:
        start = self._pending[0].start
        missing = max(0, start - self._next) if self._next is not None else 0
        self._next = max(start, self._next) if self._next is not None else start
        self._deliver(missing)


@dataclass(slots=True)
class Connection:
    """One TCP connection: who, both streams, how it opened and closed."""

    client: Endpoint
    server: Endpoint
    first_number: int
    first_ns: int
    syn_seq: int | None = None
    "Sequence number of the SYN; None where the recording does not hold it."
    accepted: Segment | None = None
    "The SYN-ACK."
    closes: list[Close] = field(default_factory=list)
    from_client: HalfStream = field(default_factory=HalfStream)
    from_server: HalfStream = field(default_factory=HalfStream)

    @property
    def opened(self) -> bool:
        """The recording shows its beginning, so that client and server are certain."""
        return self.syn_seq is not None or self.accepted is not None

    def half(self, src: Endpoint) -> HalfStream:
        """Return the stream that ``src`` sends."""
        return self.from_client if src == self.client else self.from_server


class Reassembler:
    """Sorts segments into connections."""

    def __init__(self) -> None:
        self.connections: list[Connection] = []
        self._current: dict[frozenset[Endpoint], Connection] = {}

    def receive(self, segment: Segment) -> None:
        """Take in one segment, in the order of the recording."""
        connection = self._connection_of(segment)
        half = connection.half(segment.src)
        if segment.flags & SYN:
            half.synchronise(segment.seq)
        if segment.payload:
            half.receive(segment)
        for flag, kind in ((FIN, "FIN"), (RST, "RST")):
            if segment.flags & flag:
                _note_close(connection, segment, kind)

    def finish(self) -> None:
        """No more segments: deliver what waits behind holes."""
        for connection in self.connections:
            connection.from_client.finish()
            connection.from_server.finish()

    def _connection_of(self, segment: Segment) -> Connection:
        key = frozenset((segment.src, segment.dst))
        connection = self._current.get(key)
        kind = segment.flags & (SYN | ACK)
        if connection is None or (kind == SYN and not _repeats(connection, segment)):
            connection = self._begin(segment, key)
        if kind == SYN | ACK and connection.accepted is None:
            connection.accepted = segment
        return connection

    def _begin(self, segment: Segment, key: frozenset[Endpoint]) -> Connection:
        client, server = segment.src, segment.dst
        if segment.flags & (SYN | ACK) == SYN | ACK:
            client, server = server, client
        connection = Connection(client, server, segment.number, segment.time_ns)
        if segment.flags & (SYN | ACK) == SYN:
            connection.syn_seq = segment.seq
        self._current[key] = connection
        self.connections.append(connection)
        return connection


def _repeats(connection: Connection, syn: Segment) -> bool:
    """Tell a SYN sent again from one that opens a new connection on the same ports."""
    return connection.client == syn.src and connection.syn_seq == syn.seq


def _note_close(connection: Connection, segment: Segment, kind: str) -> None:
    if all(close.by != segment.src or close.kind != kind for close in connection.closes):
        connection.closes.append(Close(segment.number, segment.time_ns, segment.src, kind))
