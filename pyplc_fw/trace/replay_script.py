"""A recorded session as a script: who asked what, and what was answered after how long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from pyplc_fw.trace.events import Dialogue, V2gEvent
from pyplc_fw.trace.field_text import is_quantity, quantity_si

DEFAULT_DELAY_S: Final = 0.05
"Where the recording does not show how long an answer took."


class Key(NamedTuple):
    """What makes two requests the same step: the message, and start or stop of power."""

    exchange: str
    starts: bool | None = None

    def __str__(self) -> str:
        if self.starts is None:
            return self.exchange
        return f"{self.exchange} ({'start' if self.starts else 'stop'})"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its response; either may be missing."""

    key: Key
    request: V2gEvent | None
    response: V2gEvent | None

    @property
    def answer_delay_s(self) -> float:
        """How long the charger took."""
        if self.request is None or self.response is None:
            return DEFAULT_DELAY_S
        return (self.response.time_ns - self.request.time_ns) / 1e9


@dataclass(slots=True)
class Script:
    """The exchanges of a session and how the connection closed."""

    dialogue: Dialogue
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def charger_closed(self) -> bool:
        """The charger closed the connection before the car did."""
        closes = self.dialogue.closes
        return bool(closes) and closes[0].src == self.dialogue.secc

    def seconds_until_closed(self, event: V2gEvent) -> float:
        """How long after ``event`` the connection was closed; a default when it was not."""
        if not self.dialogue.closes:
            return DEFAULT_DELAY_S
        return max(0.0, (self.dialogue.closes[0].time_ns - event.time_ns) / 1e9)

    def of(self, exchange: str) -> list[Exchange]:
        """Every exchange of that name."""
        return [one for one in self.exchanges if one.key.exchange == exchange]

    def counts(self) -> Counter[Key]:
        """How many answers there are of each kind."""
        return Counter(one.key for one in self.exchanges if one.response is not None)


def script_of(dialogue: Dialogue) -> Script:
    """Pair the requests and responses of a connection."""
    pairs: list[tuple[V2gEvent | None, V2gEvent | None]] = []
    request: V2gEvent | None = None
    for message in dialogue.messages:
        if message.is_request:
            if request is not None:
                pairs.append((request, None))
            request = message
            continue
        asked = request if request is not None and request.exchange == message.exchange else None
        pairs.append((asked, message))
        request = None
    if request is not None:
        pairs.append((request, None))
    charges_until = max(
        (n for n, pair in enumerate(pairs) if _exchange(*pair) == "CurrentDemand"), default=-1
    )
    return Script(
        dialogue,
        [
            Exchange(_key(req, res, before_charge=n < charges_until), req, res)
            for n, (req, res) in enumerate(pairs)
        ],
    )


def _exchange(request: V2gEvent | None, response: V2gEvent | None) -> str:
    event = request or response
    return event.exchange if event is not None else ""


def _key(request: V2gEvent | None, response: V2gEvent | None, *, before_charge: bool) -> Key:
    """Tell which step a recorded exchange is.

    A PowerDelivery before the charge loop is a start: an early pyPLC said ReadyToChargeState
    false there.
    """
    exchange = _exchange(request, response)
    if exchange != "PowerDelivery":
        return Key(exchange)
    said_start = request is not None and request.fields.get("ReadyToChargeState") is True
    return Key(exchange, starts=said_start or before_charge)


# --- fields ----------------------------------------------------------------------------------


def flat(fields: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Walk through nested fields: dotted name and value; a PhysicalValue is one value."""
    for name, value in fields.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping) and not is_quantity(value):
            yield from flat(value, f"{path}.")
        elif isinstance(value, (list, tuple)) and value and isinstance(value[0], Mapping):
            for index, one in enumerate(value):
                yield from flat(one, f"{path}[{index}].")
        else:
            yield path, value


def same_value(ours: Any, theirs: Any) -> bool:
    """Compare two field values; a PhysicalValue by what it means, not by its multiplier."""
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        return quantity_si(ours) == quantity_si(theirs)
    return bool(ours == theirs)
