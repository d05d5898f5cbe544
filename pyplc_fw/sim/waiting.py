"""How simulated things wait: a signal, a mailbox and a timer that is cheap to set again."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from pyplc_fw.errors import LinkError

T = TypeVar("T")

MAILBOX_LIMIT: Final = 1024
"More than this unread is lost, as in a socket's buffer."


class Signal:
    """Wakes everyone who waits; each then looks for itself whether its condition holds."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []

    async def wait(self) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        await future

    def notify(self) -> None:
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            for future in waiting:
                if not future.done():
                    future.set_result(None)


class Mailbox(Generic[T]):
    """A bounded queue that can be closed."""

    def __init__(self, limit: int = MAILBOX_LIMIT) -> None:
        self._items: deque[T] = deque()
        self._limit = limit
        self._arrived = Signal()
        self._closed = False

    def put(self, item: T) -> bool:
        """Add ``item``; False when the box is full or closed and the item is lost."""
        if self._closed or len(self._items) >= self._limit:
            return False
        self._items.append(item)
        self._arrived.notify()
        return True

    async def get(self) -> T:
        """Wait for the next item; raises LinkError once the box is closed."""
        while not self._items:
            if self._closed:
                raise LinkError("closed")
            await self._arrived.wait()
        return self._items.popleft()

    def close(self) -> list[T]:
        """Take no more items; returns those that nobody read."""
        self._closed = True
        unread = list(self._items)
        self._items.clear()
        self._arrived.notify()
        return unread


class LazyTimer:
    """A timer that is set and stopped for every segment, but rarely runs out.

    Setting it costs an attribute: the loop's timer that is already running looks, when its time
    comes, whether it was meant to be later.
    """

    def __init__(self, action: Callable[[], None]) -> None:
        self._action = action
        self._deadline: float | None = None
        self._running_until: float | None = None

    @property
    def is_set(self) -> bool:
        return self._deadline is not None

    def set(self, delay_s: float) -> None:
        """Call the action in ``delay_s``, and not when it was to be called before."""
        loop = asyncio.get_running_loop()
        self._deadline = deadline = loop.time() + delay_s
        if self._running_until is None or deadline < self._running_until:
            self._running_until = deadline
            loop.call_at(deadline, self._look, deadline)

    def stop(self) -> None:
        self._deadline = None

    def _look(self, started_for: float) -> None:
        if started_for != self._running_until:
            return  # an earlier one was started since
        self._running_until = None
        if self._deadline is None:
            return
        loop = asyncio.get_running_loop()
        if self._deadline > loop.time():
            self._running_until = self._deadline
            loop.call_at(self._deadline, self._look, self._deadline)
            return
        self._deadline = None
        self._action()
