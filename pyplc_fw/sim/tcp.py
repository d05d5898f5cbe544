"""A TCP connection of the simulated network: one state machine over segments and timers.

The machine is RFC 9293's without what a link of two stations does not need (urgent data, window
scale, congestion control). Its two halves are in ``tcp_halves``; here are the handshake, the
acknowledgements, the retransmissions and the end. An acknowledgement waits a moment for an answer
that can carry it, so that a request and its response cost two frames.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum
from typing import Final

from pyplc_fw.errors import LinkError
from pyplc_fw.net.packets import ACK, FIN, PSH, RST, SYN, TcpSegment, mss_option
from pyplc_fw.sim.tcp_halves import Chunk, ReceiveHalf, SendHalf, distance, plus
from pyplc_fw.sim.tcp_timers import (
    CLOSE_WAIT_S,
    DELAYED_ACK_S,
    DUPLICATE_ACKS,
    FIN_WAIT_S,
    LINGER_S,
    MAX_RETRIES,
    RetransmissionTimeout,
)
from pyplc_fw.sim.waiting import LazyTimer, Signal
from pyplc_fw.terms import Endpoint

MSS_BYTES: Final = 1440
"An Ethernet frame without IPv6 and TCP header."
SEND_BUFFER_BYTES: Final = 0x40000


class TcpState(Enum):
    """Where the connection stands; once open, its halves say the rest."""

    SYN_SENT = "syn_sent"
    SYN_RECEIVED = "syn_received"
    OPEN = "open"
    CLOSED = "closed"


class TcpConnection:
    """One connection; implements ``V2gStream``.

    ``emit`` sends a segment, ``forget`` is called once when the connection needs no more of them,
    ``opened`` once when the handshake is done.
    """

    def __init__(
        self,
        local_port: int,
        peer: Endpoint,
        first_seq: int,
        *,
        emit: Callable[[TcpSegment], None],
        forget: Callable[[], None],
        opened: Callable[[], None] = lambda: None,
    ) -> None:
        self._local_port = local_port
        self._peer = peer
        self._first_seq = first_seq
        self._emit = emit
        self._forget = forget
        self._opened = opened
        self._state = TcpState.CLOSED
        self._error: LinkError | None = None
        self._closing = False
        self._send_half = SendHalf(plus(first_seq, 1))
        self._receive_half = ReceiveHalf(0)
        self._readable = Signal()
        self._progress = Signal()
        self._ack_timer = LazyTimer(self._ack_now)
        self._retransmit_timer = LazyTimer(self._on_retransmit_timer)
        self._end_timer = LazyTimer(self._end)
        self._rto = RetransmissionTimeout()
        self._timed: tuple[int, float] | None = None
        self._recover_until: int | None = None
        self._duplicate_acks = 0
        self._unacked_segments = 0
        self._advertised = 0

    @property
    def peer(self) -> Endpoint:
        return self._peer

    @property
    def state(self) -> TcpState:
        return self._state

    # --- what the user of the connection calls ----------------------------------------------

    async def open(self) -> None:
        """Connect; raises LinkError when it is refused or unanswered."""
        self._state = TcpState.SYN_SENT
        self._send_syn()
        while self._state is TcpState.SYN_SENT:
            try:
                await self._progress.wait()
            except asyncio.CancelledError:
                self.abort()
                raise
        self._require_alive()

    async def receive(self) -> bytes:
        """Wait for the next bytes; ``b""`` when the peer closed; raises LinkError."""
        while not self._receive_half.readable:
            if self._receive_half.finished and not self._closing:
                return b""
            self._require_alive()
            await self._readable.wait()
        data = self._receive_half.take()
        if self._advertised < MSS_BYTES and self._state is TcpState.OPEN:
            self._ack_now()  # the peer waits for room
        return data

    async def send(self, data: bytes) -> None:
        """Send all of ``data``; raises LinkError when the connection is gone."""
        self._require_alive()
        self._send_half.write(data)
        self._push()
        while self._send_half.unacked_bytes > SEND_BUFFER_BYTES:
            await self._progress.wait()
            self._require_alive()

    async def close(self) -> None:
        """Send a FIN behind all data and wait, not for ever, until the peer has it."""
        if self._state is not TcpState.OPEN or self._closing:
            return
        self._closing = True
        self._send_half.finish()
        self._push()
        self._end_timer.set(FIN_WAIT_S)
        self._readable.notify()
        try:
            async with asyncio.timeout(CLOSE_WAIT_S):
                while not self._send_half.fin_acked and self._state is TcpState.OPEN:
                    await self._progress.wait()
        except TimeoutError:
            return  # the retransmissions go on without us

    def abort(self) -> None:
        """Drop the connection at once (RST)."""
        if self._state is TcpState.CLOSED:
            return
        if self._state is not TcpState.SYN_SENT:
            self._transmit(RST | ACK, Chunk(self._send_half.nxt, b"", fin=False))
        self._fail(LinkError("we dropped the connection"))

    def _require_alive(self) -> None:
        if self._error is not None:
            raise LinkError(str(self._error), reason=self._error.reason)
        if self._closing or self._state is TcpState.CLOSED:
            raise LinkError("the connection was closed")

    # --- what the network calls ---------------------------------------------------------------

    def answer_syn(self, segment: TcpSegment) -> None:
        """Begin as the side that listens, with the peer's ``segment``."""
        self._state = TcpState.SYN_RECEIVED
        self._take_syn(segment)
        self._send_syn()

    def receive_segment(self, segment: TcpSegment) -> None:
        """Take what the peer sent."""
        if segment.flags & RST:
            self._on_rst(segment)
        elif self._state is TcpState.OPEN:
            self._on_segment(segment)
        elif self._state is TcpState.SYN_SENT:
            self._on_answer_to_syn(segment)
        elif self._state is TcpState.SYN_RECEIVED:
            self._on_handshake_end(segment)

    def unreachable(self, why: str) -> None:
        """Give up: nobody has the peer's address."""
        self._fail(LinkError(why))

    def _on_rst(self, segment: TcpSegment) -> None:
        if self._state is TcpState.SYN_SENT:
            if segment.flags & ACK and segment.ack == plus(self._first_seq, 1):
                self._fail(LinkError(f"{self._peer} refused the connection"))
            return
        offset = distance(segment.seq, self._receive_half.nxt)
        if 0 <= offset <= self._receive_half.window:
            self._fail(LinkError(f"{self._peer} reset the connection"))

    def _on_answer_to_syn(self, segment: TcpSegment) -> None:
        if segment.flags & (SYN | ACK) != SYN | ACK or segment.ack != plus(self._first_seq, 1):
            return
        self._take_syn(segment)
        self._become_open(segment)
        self._ack_now()
        self._progress.notify()

    def _on_handshake_end(self, segment: TcpSegment) -> None:
        if segment.flags & SYN:
            self._send_syn()
        elif segment.flags & ACK and segment.ack == plus(self._first_seq, 1):
            self._become_open(segment)
            self._opened()
            self._on_segment(segment)

    def _take_syn(self, segment: TcpSegment) -> None:
        self._receive_half = ReceiveHalf(plus(segment.seq, 1))
        self._send_half.mss = min(segment.max_segment_size or self._send_half.mss, MSS_BYTES)

    def _become_open(self, segment: TcpSegment) -> None:
        self._state = TcpState.OPEN
        self._send_half.window = segment.window
        self._rto.retries = 0
        self._retransmit_timer.stop()

    def _on_segment(self, segment: TcpSegment) -> None:
        if segment.flags & ACK:
            self._on_ack(segment)
        if segment.flags & SYN:
            self._ack_now()  # our last acknowledgement was lost
        elif segment.payload or segment.flags & FIN:
            self._on_content(segment)
        self._push()
        if self._send_half.fin_acked and self._receive_half.finished:
            self._end_timer.set(LINGER_S)

    def _on_content(self, segment: TcpSegment) -> None:
        end = plus(segment.seq, len(segment.payload))
        if self._closing and distance(end, self._receive_half.nxt) > 0:
            self.abort()  # nobody will read it. Source: RFC 9293 §3.6.1
            return
        fin = bool(segment.flags & FIN)
        moved = self._receive_half.accept(segment.seq, segment.payload, fin=fin)
        self._unacked_segments += 1
        if not moved or self._receive_half.finished or self._unacked_segments > 1:
            self._ack_now()
        else:
            self._ack_timer.set(DELAYED_ACK_S)
        if moved:
            self._readable.notify()

    # --- acknowledgements and retransmission --------------------------------------------------

    def _on_ack(self, segment: TcpSegment) -> None:
        half = self._send_half
        repeated = segment.ack == half.una and segment.window == half.window
        if distance(segment.ack, half.una) >= 0:
            half.window = segment.window
        if half.acknowledge(segment.ack):
            self._on_progress(segment.ack)
        elif repeated and half.in_flight and not segment.payload and not segment.flags & FIN:
            self._on_duplicate_ack()

    def _on_progress(self, ack: int) -> None:
        loop = asyncio.get_running_loop()
        if self._timed is not None and distance(ack, self._timed[0]) >= 0:
            self._rto.measured(loop.time() - self._timed[1])
            self._timed = None
        self._duplicate_acks = self._rto.retries = 0
        if self._send_half.in_flight:
            self._retransmit_timer.set(self._rto.delay_s)
            self._recover(ack)
        else:
            self._retransmit_timer.stop()
            self._recover_until = None
        self._progress.notify()

    def _recover(self, ack: int) -> None:
        """After a loss, send the next hole at once. Source: RFC 6582."""
        if self._recover_until is None:
            return
        if distance(ack, self._recover_until) >= 0:
            self._recover_until = None
        else:
            self._retransmit()

    def _on_duplicate_ack(self) -> None:
        if self._send_half.window == 0:
            self._rto.retries = 0  # it answers our probes: alive, but full
            return
        self._duplicate_acks += 1
        if self._duplicate_acks == DUPLICATE_ACKS and self._recover_until is None:
            self._recover_until = self._send_half.nxt
            self._retransmit()

    def _on_retransmit_timer(self) -> None:
        if self._rto.retries >= MAX_RETRIES:
            self._fail(LinkError(f"{self._peer} does not answer any more"))
            return
        self._rto.retries += 1
        if self._state is not TcpState.OPEN:
            self._send_syn()
        elif self._send_half.in_flight:
            self._recover_until = self._send_half.nxt
            self._retransmit()
        elif (probe := self._send_half.next_chunk(probe=True)) is not None:
            self._transmit_chunk(probe)
        self._retransmit_timer.set(self._rto.delay_s)

    def _retransmit(self) -> None:
        self._timed = None  # its acknowledgement could be either's. Source: RFC 6298 §3
        self._transmit_chunk(self._send_half.first_chunk())

    # --- sending ------------------------------------------------------------------------------

    def _send_syn(self) -> None:
        flags = SYN if self._state is TcpState.SYN_SENT else SYN | ACK
        syn = Chunk(self._first_seq, b"", fin=False)
        self._transmit(flags, syn, mss_option(MSS_BYTES))
        if not self._retransmit_timer.is_set:
            self._retransmit_timer.set(self._rto.delay_s)

    def _push(self) -> None:
        """Send what is new and may be sent."""
        if self._state is not TcpState.OPEN:
            return
        half = self._send_half
        while (chunk := half.next_chunk()) is not None:
            if self._timed is None:
                self._timed = (half.nxt, asyncio.get_running_loop().time())
            self._transmit_chunk(chunk)
        if (half.in_flight or half.pending) and not self._retransmit_timer.is_set:
            self._retransmit_timer.set(self._rto.delay_s)

    def _transmit_chunk(self, chunk: Chunk) -> None:
        flags = ACK
        if chunk.data:
            flags |= PSH
        if chunk.fin:
            flags |= FIN
        self._transmit(flags, chunk)

    def _ack_now(self) -> None:
        if self._state is TcpState.OPEN:
            self._transmit(ACK, Chunk(self._send_half.nxt, b"", fin=False))

    def _transmit(self, flags: int, chunk: Chunk, options: bytes = b"") -> None:
        half = self._receive_half
        if flags & ACK:
            self._ack_timer.stop()
            self._unacked_segments = 0
        self._advertised = half.window
        self._emit(
            TcpSegment(
                src_port=self._local_port,
                dst_port=self._peer.port,
                seq=chunk.seq,
                ack=half.nxt if flags & ACK else 0,
                flags=flags,
                window=self._advertised,
                payload=chunk.data,
                options=options,
            )
        )

    # --- the end ------------------------------------------------------------------------------

    def _fail(self, error: LinkError) -> None:
        self._error = error
        self._end()

    def _end(self) -> None:
        if self._state is TcpState.CLOSED:
            return
        self._state = TcpState.CLOSED
        for timer in (self._ack_timer, self._retransmit_timer, self._end_timer):
            timer.stop()
        self._readable.notify()
        self._progress.notify()
        self._forget()
