"""Several things at once: work that ends with a condition, or the first of several."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from pyplc_fw.errors import PyplcError

ResultT = TypeVar("ResultT")


async def unless(
    work: Coroutine[Any, Any, ResultT], ends: Coroutine[Any, Any, None], error: PyplcError
) -> ResultT:
    """Return what ``work`` returns; raises ``error`` when ``ends`` returns before that.

    Neither goes on after this has returned or raised.
    """
    loop = asyncio.get_running_loop()
    working, ending = loop.create_task(work), loop.create_task(ends)
    try:
        await asyncio.wait((working, ending), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        ending.result()
        raise error
    finally:
        for task in (working, ending):
            task.cancel()
        await asyncio.wait((working, ending))


async def first(works: Sequence[Coroutine[Any, Any, ResultT]]) -> ResultT:
    """Return what the first of ``works`` to end returns, or raise what it raises.

    The others do not go on after that; of several that ended at once the foremost counts.
    """
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(task for task in tasks if task.done()).result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
