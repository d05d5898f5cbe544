"""Typed messages over one TCP connection: V2GTP and EXI, for both sides."""

from __future__ import annotations

from collections import deque
from typing import Any

from pyplc_fw.errors import LinkError, PyplcError, RemoteProtocolError
from pyplc_fw.timing import Timer, timeout
from pyplc_fw.v2g.message_codec import MessageCodec
from pyplc_fw.v2g.ports import V2gStream
from pyplc_fw.v2g.session_end import SessionRecord
from pyplc_fw.v2g.v2gtp import PAYLOAD_EXI, V2gtpPayload, V2gtpStream, wrap


class V2gChannel:
    """Sends and receives messages; after an error the connection is lost (``usable`` is False)."""

    def __init__(self, stream: V2gStream, record: SessionRecord, codec: MessageCodec) -> None:
        self._stream = stream
        self._codec = codec
        self._record = record
        self._v2gtp = V2gtpStream()
        self._waiting: deque[V2gtpPayload] = deque()
        self._response_owed = False
        self._read_leniently = False
        self.usable = True

    async def ask(self, schema: str, request: Any, timer: Timer) -> Any:
        """Send ``request``, return the response.

        Raises ProtocolTimeoutError after ``timer``, LinkError, CodecError, RemoteProtocolError.

        A wait that was cut short left a response on its way; it is taken in first, because a
        request must not overtake it.
        """
        try:
            async with timeout(timer):
                if self._response_owed:
                    await self.receive(schema)
                self._require_silence()
                self.usable, self._response_owed = False, True  # half a request spoils the stream
                await self.send(request)
                self.usable = True
                response = await self.receive(schema)
        except PyplcError:
            self.usable = False
            raise
        self._response_owed = False
        return response

    def _require_silence(self) -> None:
        """Take no answer from before the question: what it says would be old."""
        if self._waiting or self._v2gtp.pending_bytes:
            raise RemoteProtocolError("more came than the response to the last request")

    async def send(self, message: Any) -> None:
        """Send one message; raises LinkError, CodecError."""
        await self._stream.send(wrap(PAYLOAD_EXI, await self._codec.encode(message)))

    async def receive(self, schema: str) -> Any:
        """Wait for one message; raises LinkError, CodecError, RemoteProtocolError."""
        waiting = self._waiting
        while not waiting:
            # An error behind the last whole message shows before more is waited for.
            waiting.extend(self._v2gtp.receive_data(b""))
            data = await self._stream.receive()
            if not data:
                cut = self._v2gtp.pending_bytes
                raise LinkError(f"closed inside a message ({cut} bytes)" if cut else "closed")
            waiting.extend(self._v2gtp.receive_data(data))
        payload_type, payload = waiting.popleft()
        if payload_type != PAYLOAD_EXI:
            raise RemoteProtocolError(f"V2GTP payload type {payload_type:04x} in TCP, want 8001")
        return await self._decode(schema, payload)

    async def _decode(self, schema: str, payload: bytes) -> Any:
        message, overlooked = await self._codec.decode(schema, payload)
        if overlooked and not self._read_leniently:
            self._read_leniently = True
            what = [f"{entry.message} (bit {entry.bit})" for entry in overlooked]
            self._record.log.warning("v2g.read_leniently", overlooked=what, exi=payload.hex())
        return message

    async def close(self) -> None:
        """Close in good order while the connection is good, else drop it."""
        if self.usable:
            await self._stream.close()
        else:
            self._stream.abort()
