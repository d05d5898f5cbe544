"""Doing something only as long as a condition holds: the plug is in, the pilot says so."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
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
