"""One EVCC's requests and the charger's responses: envelope, SessionID, codes, counts."""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

from pyplc_fw.errors import PyplcError, RemoteProtocolError
from pyplc_fw.faults import Reason
from pyplc_fw.timing import Timer
from pyplc_fw.v2g.channel import V2gChannel
from pyplc_fw.v2g.evcc_checks import is_ok, judge
from pyplc_fw.v2g.evcc_messages import EvccMessages
from pyplc_fw.v2g.message_codec import MessageCodec
from pyplc_fw.v2g.messages import app, din
from pyplc_fw.v2g.ports import V2gStream
from pyplc_fw.v2g.session_end import SessionRecord

ResponseT = TypeVar("ResponseT")


class StopRequestedError(PyplcError):
    """Someone asked for a normal end before the charge loop."""


class Dialogue:
    """Asks the charger; remembers whether more may be asked, and whether someone wants to stop."""

    def __init__(
        self,
        stream: V2gStream,
        messages: EvccMessages,
        record: SessionRecord,
        codec: MessageCodec,
    ) -> None:
        self._channel = V2gChannel(stream, record, codec)
        self._messages = messages
        self._record = record
        self.failed = False
        "The charger answered FAILED: nothing more is asked of it but SessionStop."
        self.stop_reason: Reason | None = None
        "Why a normal end is wanted; the first reason counts."

    @property
    def usable(self) -> bool:
        """Whether the connection still carries a request."""
        return self._channel.usable

    def want_stop(self, reason: Reason) -> None:
        if self.stop_reason is None:
            self.stop_reason = reason

    def heed_stop(self) -> None:
        """Raise StopRequestedError when a normal end is wanted."""
        if self.stop_reason is not None:
            raise StopRequestedError("stopped before the charge", reason=self.stop_reason)

    async def handshake(self, timer: Timer) -> app.supportedAppProtocolRes:
        """Offer the protocols, return the answer."""
        request = self._messages.supported_app_protocol()
        self._record.count("supportedAppProtocolReq")
        response = await self._channel.ask("app", request, timer)
        if not isinstance(response, app.supportedAppProtocolRes):
            raise self._unexpected(response, "supportedAppProtocolRes")
        self._record.count("supportedAppProtocolRes")
        return response

    async def ask(
        self, request: din.Message, response_type: type[ResponseT], timer: Timer
    ) -> ResponseT:
        """Send ``request``, return the response; ``judge`` has its codes judged.

        Raises ProtocolTimeoutError, LinkError, CodecError, and RemoteProtocolError for a response
        of the wrong type or of another session.
        """
        self._record.count(type(request).__name__)
        message = await self._channel.ask("din", self._messages.envelope(request), timer)
        body = self._opened(message, response_type)
        self._record.count(response_type.__name__)
        if not is_ok(body.ResponseCode):  # type: ignore[attr-defined]  # all have one
            self.failed = True
        return body

    async def ask_ok(
        self, request: din.Message, response_type: type[ResponseT], timer: Timer
    ) -> ResponseT:
        """Like ``ask``, and judge the codes: raises RemoteProtocolError, EmergencyStopError."""
        body = await self.ask(request, response_type, timer)
        self.judge(body)
        return body

    def judge(self, response: object) -> None:
        """Raise what its codes demand, or note that the charger wants to stop."""
        if (reason := judge(response)) is not None:
            self.want_stop(reason)

    async def close(self) -> None:
        await self._channel.close()

    def _opened(self, message: Any, response_type: type[ResponseT]) -> ResponseT:
        body = message.Body.BodyElement
        if type(body) is not response_type:
            raise self._unexpected(body, response_type.__name__)
        session_id = message.Header.SessionID
        if response_type is din.SessionSetupRes:
            self._messages.session_id = self._record.session_id = session_id
        elif session_id != self._messages.session_id:
            self._channel.usable = False
            raise RemoteProtocolError(f"foreign SessionID {session_id.hex()} in the response")
        if message.Header.Notification is not None:
            self._record.log.warning("v2g.notification", fault=str(message.Header.Notification))
        return body

    def _unexpected(self, message: object, wanted: str) -> RemoteProtocolError:
        self._channel.usable = False
        return RemoteProtocolError(f"{type(message).__name__} instead of {wanted}")


def now() -> float:
    """Return the loop's time."""
    return asyncio.get_running_loop().time()


async def pace(since_s: float, period_s: float) -> None:
    """Wait until ``period_s`` have passed since ``since_s``."""
    wait_s = since_s + period_s - now()
    if wait_s > 0.0:
        await asyncio.sleep(wait_s)
