"""What the two sides log, as typed records: for the screen, the recording and the tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

from pyplc_fw.checkpoints import CHECKPOINTS


@dataclass(frozen=True, slots=True)
class Record:
    """One log line: when, which side, what, and its details."""

    t_s: float
    "Seconds on the loop's clock since the journal began."
    side: str
    level: str
    event: str
    checkpoint: int | None
    fields: dict[str, Any]

    @property
    def meaning(self) -> str:
        """The checkpoint in words, or the event's name."""
        return CHECKPOINTS[self.checkpoint].meaning if self.checkpoint else self.event


class Journal:
    """Collects the records of both sides in order and hands each on to its listeners."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._listeners: list[Callable[[Record], None]] = []
        self._began_s = asyncio.get_running_loop().time()

    def now_s(self) -> float:
        """Seconds since the journal began."""
        return asyncio.get_running_loop().time() - self._began_s

    def listen(self, listener: Callable[[Record], None]) -> None:
        """Call ``listener`` with every record from now on."""
        self._listeners.append(listener)

    def log(self, side: str) -> FilteringBoundLogger:
        """Return the logger of ``side``."""
        logger: FilteringBoundLogger = structlog.wrap_logger(
            None, processors=[self._take], wrapper_class=structlog.make_filtering_bound_logger(20)
        ).bind(side=side)
        return logger

    def checkpoints(self, side: str) -> list[int]:
        """Return the numbers that ``side`` has logged, in order."""
        return [r.checkpoint for r in self.records if r.side == side and r.checkpoint]

    def _take(self, _logger: WrappedLogger, level: str, event_dict: EventDict) -> EventDict:
        record = Record(
            t_s=self.now_s(),
            side=event_dict.pop("side"),
            level=level,
            event=event_dict.pop("event"),
            checkpoint=event_dict.pop("checkpoint", None),
            fields=dict(event_dict),
        )
        self.records.append(record)
        for listener in self._listeners:
            listener(record)
        raise structlog.DropEvent
