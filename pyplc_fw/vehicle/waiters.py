"""Coroutines that wait for a condition on a state that says when it changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Waiters:
    """Those who wait; whoever owns the state calls ``notify`` after each change."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until ``condition()`` holds, and still holds when the waiter gets its turn."""
        while not condition():
            entry = (condition, asyncio.get_running_loop().create_future())
            self._waiting.append(entry)
            try:
                await entry[1]
            finally:
                self._waiting.remove(entry)

    def notify(self) -> None:
        for condition, woken in self._waiting:
            if not woken.done() and condition():
                woken.set_result(None)
