"""The charger of a recording as a connection: it answers our EVCC with what it said then.

A request gets the next recorded answer of its kind, after the time it took then. Recorded
answers in between are passed over. Where our EVCC asks once more than the recorded car, it gets
the last answer again; where it asks what that car never asked, an answer is made up from what the
charger said before. All of this is counted.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

from pyplc_fw.errors import LinkError
from pyplc_fw.terms import Endpoint
from pyplc_fw.trace.dialogue import body_fields
from pyplc_fw.trace.exi_names import guess_schema
from pyplc_fw.trace.replay_result import ReplayResult
from pyplc_fw.trace.replay_script import DEFAULT_DELAY_S, Exchange, Key, Script
from pyplc_fw.v2g import exi
from pyplc_fw.v2g.messages import din
from pyplc_fw.v2g.v2gtp import PAYLOAD_EXI, V2gtpStream, wrap

ENDS_SESSION: Final = frozenset({Key("SessionStop"), Key("PowerDelivery", starts=False)})
"Where the recorded car's next step is one of these, it wanted to stop."
NEVER_A_LAST_STEP: Final = frozenset({Key("ContractAuthentication")})
"An early pyPLC left it out; it is made up, so that the charger's last word can be reached."


class RecordedCharger:
    """A V2gStream with the recorded charger at its end."""

    def __init__(self, script: Script, result: ReplayResult) -> None:
        self.on_stop: Callable[[], None] = lambda: None
        "Called when the recorded car's next step is to stop."
        self.position = 0
        "Index of the next recorded exchange."
        self.ended = False
        "The recorded charger closed the connection, or fell silent."
        self._script = script
        self._result = result
        self._places: dict[str, list[int]] = {}
        for place, exchange in enumerate(script.exchanges):
            self._places.setdefault(exchange.key.exchange, []).append(place)
        self._requests = V2gtpStream()
        self._answers: asyncio.Queue[bytes] = asyncio.Queue()
        self._last_given: dict[Key, Exchange] = {}
        self._status: din.DC_EVSEStatus | None = None
        self._closed = False

    # --- V2gStream ---------------------------------------------------------------------------
    @property
    def peer(self) -> Endpoint:
        return self._script.dialogue.secc

    async def receive(self) -> bytes:
        if self._closed:
            return b""
        data = await self._answers.get()
        self._closed = self._closed or not data
        return data

    async def send(self, data: bytes) -> None:
        if self._closed:
            raise LinkError("the recorded charger closed the connection")
        for payload in self._requests.receive_data(data):
            self._asked(payload.data)

    async def close(self) -> None:
        self._closed = True

    def abort(self) -> None:
        self._closed = True

    # --- what lies ahead ---------------------------------------------------------------------
    def remaining(self) -> Iterator[Exchange]:
        """Go through the exchanges that lie ahead."""
        return islice(self._script.exchanges, self.position, None)

    def ahead(self, exchange: str) -> Exchange | None:
        """Return the next recorded exchange of that name, or None."""
        places = self._places.get(exchange, [])
        index = bisect_left(places, self.position)
        return self._script.exchanges[places[index]] if index < len(places) else None

    @property
    def next_key(self) -> Key | None:
        """The recorded car's next step; None at the end."""
        exchanges = self._script.exchanges
        return exchanges[self.position].key if self.position < len(exchanges) else None

    # --- answering ---------------------------------------------------------------------------
    def _asked(self, payload: bytes) -> None:
        message = exi.decode("app" if guess_schema(payload) == "app" else "din", payload)
        body = message.Body.BodyElement if isinstance(message, din.V2G_Message) else message
        key = Key(
            type(body).__name__.removesuffix("Req"), getattr(body, "ReadyToChargeState", None)
        )
        place = self._find(key)
        if place is not None:
            self._give_recorded(place, message, type(body).__name__)
        elif self._nothing_left and self._script.charger_closed and key not in NEVER_A_LAST_STEP:
            self._end(DEFAULT_DELAY_S)
        elif key in self._last_given:
            self._result.repeated[key] += 1
            self._answer(self._last_given[key])
        else:
            self._make_up(key)

    def _find(self, key: Key) -> int | None:
        exchanges = self._script.exchanges
        places = range(self.position, len(exchanges))
        return next((place for place in places if exchanges[place].key == key), None)

    @property
    def _nothing_left(self) -> bool:
        return all(one.response is None for one in self.remaining())

    def _give_recorded(self, place: int, message: Any, name: str) -> None:
        exchange = self._script.exchanges[place]
        for passed in self._script.exchanges[self.position : place]:
            self._result.skipped[passed.key] += 1
        self.position = place + 1
        self._result.used[exchange.key] += 1
        self._result.compare(name, body_fields(message), exchange.request)
        if exchange.response is None:
            event = exchange.request
            self._end(self._script.seconds_until_closed(event) if event else DEFAULT_DELAY_S)
            return
        self._last_given[exchange.key] = exchange
        self._status = getattr(exchange.response.body, "DC_EVSEStatus", self._status)
        self._answer(exchange)
        if self.next_key in ENDS_SESSION or (
            self.next_key is None and not self._script.charger_closed
        ):
            self.on_stop()

    def _answer(self, exchange: Exchange) -> None:
        assert exchange.response is not None  # noqa: S101 -- callers give answered exchanges
        self._later(exchange.answer_delay_s, wrap(PAYLOAD_EXI, exchange.response.payload))

    def _end(self, delay_s: float) -> None:
        """Do what the recorded charger did: close, or say nothing any more."""
        self.ended = True
        if self._script.charger_closed:
            self._later(delay_s, b"")

    def _make_up(self, key: Key) -> None:
        body = self._made_up_body(key)
        if body is None:
            self._result.remark(f"{key}: the recording has no answer to give")
            self.ended = True
            return
        self._result.made_up[key] += 1
        session_id = next(
            (m.session_id for m in self._script.dialogue.messages if m.msg == "SessionSetupRes"),
            None,
        )
        message = din.V2G_Message(
            Header=din.MessageHeader(SessionID=session_id or bytes(8)),
            Body=din.Body(BodyElement=body),
        )
        self._later(DEFAULT_DELAY_S, wrap(PAYLOAD_EXI, exi.encode(message)))

    def _made_up_body(self, key: Key) -> Any:
        ok, status = din.ResponseCode.OK, self._status
        if key.exchange == "ContractAuthentication":
            finished = din.EVSEProcessing.Finished
            return din.ContractAuthenticationRes(ResponseCode=ok, EVSEProcessing=finished)
        if key.exchange == "SessionStop":
            return din.SessionStopRes(ResponseCode=ok)
        if key.exchange == "WeldingDetection" and status is not None:
            return din.WeldingDetectionRes(
                ResponseCode=ok, DC_EVSEStatus=status, EVSEPresentVoltage=din.volts(0.0)
            )
        if key.exchange == "PowerDelivery" and status is not None:
            return din.PowerDeliveryRes(ResponseCode=ok, EVSEStatus=status)
        return None

    def _later(self, delay_s: float, data: bytes) -> None:
        asyncio.get_running_loop().call_later(delay_s, self._answers.put_nowait, data)
