"""Named timers: a wait that runs out says which timer of the standard it was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pyplc_fw.errors import ProtocolTimeoutError
from pyplc_fw.faults import Reason


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer of a standard: its name there and its value."""

    name: str
    limit_s: float


@asynccontextmanager
async def timeout(
    timer: Timer, *, since_s: float | None = None, reason: Reason | None = None
) -> AsyncIterator[None]:
    """Give what is inside ``timer.limit_s`` seconds; raises ProtocolTimeoutError.

    ``since_s``, on the loop's clock, is when the timer began: now, unless said otherwise.
    """
    began_s = asyncio.get_running_loop().time() if since_s is None else since_s
    try:
        async with asyncio.timeout_at(began_s + timer.limit_s) as scope:
            yield
    except TimeoutError as exc:
        if isinstance(exc, ProtocolTimeoutError) or not scope.expired():
            raise  # an inner timer's, which already has a name
        raise ProtocolTimeoutError(timer.name, timer.limit_s, reason=reason) from exc
