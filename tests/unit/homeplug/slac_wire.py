"""A tiny wire for the tests of the HomePlug procedures, and what they need around it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any, Self

import structlog
from structlog.typing import FilteringBoundLogger

from pyplc_fw.homeplug.mme import Mme, MmeFrame, decode_frame, encode_frame
from pyplc_fw.terms import BROADCAST, MacAddress, Nid, Nmk, RunId

PEV = MacAddress.parse("02:00:00:00:00:01")
EVSE = MacAddress.parse("02:00:00:00:00:02")
OTHER_EVSE = MacAddress.parse("02:00:00:00:00:03")
STRANGER = MacAddress.parse("02:00:00:00:00:04")
MODEM = MacAddress.parse("02:00:00:00:00:05")
REMOTE_MODEM = MacAddress.parse("02:00:00:00:00:06")
NMK = Nmk.parse("50d3e4933f855b7040784df815aa8db7")
NID = Nid.parse("b0f2e695666b03")
RUN_ID = RunId(b"TESLA EV")

Filter = Callable[[MmeFrame], bool]
"Tells whether a frame arrives."


class Subscription:
    def __init__(self, link: Link) -> None:
        self._link = link
        self.frames: asyncio.Queue[bytes] = asyncio.Queue()
        link.subscriptions.append(self)

    async def receive(self) -> bytes:
        return await self.frames.get()

    def close(self) -> None:
        if self in self._link.subscriptions:
            self._link.subscriptions.remove(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class Link:
    """One station's interface. Like a capture interface it shows every frame, also its own."""

    def __init__(self, wire: Wire, mac: MacAddress) -> None:
        self._wire = wire
        self.mac = mac
        self.subscriptions: list[Subscription] = []

    def send(self, frame: bytes) -> None:
        self._wire.carry(frame)

    def subscribe(self, ethertype: int) -> Subscription:
        assert ethertype == 0x88E1
        return Subscription(self)


class Wire:
    """Carries every frame to every station at once, but those that a filter holds back."""

    def __init__(self) -> None:
        self.links: list[Link] = []
        self.sent: list[tuple[float, MmeFrame]] = []
        "Every frame that was sent, lost ones too, with its time."
        self.arrives: Filter = lambda frame: True
        self.listeners: list[Callable[[MmeFrame], None]] = []

    def link(self, mac: MacAddress) -> Link:
        link = Link(self, mac)
        self.links.append(link)
        return link

    def carry(self, raw: bytes) -> None:
        frame = decode_frame(raw)
        self.sent.append((asyncio.get_running_loop().time(), frame))
        if self.arrives(frame):
            self.deliver(raw)
            for listener in self.listeners:
                listener(frame)

    def deliver(self, raw: bytes) -> None:
        for link in self.links:
            for subscription in link.subscriptions:
                subscription.frames.put_nowait(raw)

    def say(self, src: MacAddress, message: Mme, dst: MacAddress = BROADCAST) -> None:
        self.carry(encode_frame(dst, src, message))

    def names(self) -> list[str]:
        return [frame.name for _, frame in self.sent]

    def times(self, kind: type[Mme]) -> list[float]:
        return [t for t, frame in self.sent if isinstance(frame.message, kind)]


def lose(kind: type[Mme], count: int = 1) -> Filter:
    """Hold back the first ``count`` messages of ``kind``."""
    left = [count]

    def arrives(frame: MmeFrame) -> bool:
        if not isinstance(frame.message, kind) or not left[0]:
            return True
        left[0] -= 1
        return False

    return arrives


class Journal:
    """A logger and the entries it was given."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.log: FilteringBoundLogger = structlog.wrap_logger(
            None, processors=[self._keep], wrapper_class=structlog.make_filtering_bound_logger(0)
        )

    def _keep(self, _logger: object, level: str, event_dict: Any) -> Any:
        self.entries.append({"level": level, **event_dict})
        raise structlog.DropEvent

    def checkpoints(self) -> list[int]:
        return [entry["checkpoint"] for entry in self.entries if "checkpoint" in entry]

    def events(self) -> list[str]:
        return [entry["event"] for entry in self.entries]


def rng() -> random.Random:
    return random.Random(20221125)  # noqa: S311 - a test wants the same chance each time
