"""An event loop whose clock jumps: a simulated charge of 40 minutes takes seconds.

While something is ready it runs, and the clock stands still. When nothing is, the clock jumps to
the next timer. No thread, socket or wall clock has a part in it, so that a session with seeded
chance runs the same way every time. Written for speed: a hundred frames a simulated second and
everything that hangs on them go through ``_run``.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio import events
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextvars import Context, copy_context
from heapq import heappop, heappush
from math import inf
from typing import Any, Final, TypeVar, TypeVarTuple
from weakref import WeakKeyDictionary

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

LIVELOCK_STEPS: Final = 1_000_000
"So many callbacks without the clock moving on are a loop that waits for nothing."


class DeadlockError(AssertionError):
    """Nothing is ready and no timer is set: everyone waits for someone else, for ever.

    Not a PyplcError, so that no session takes it for something to end safely from.
    """


class LivelockError(AssertionError):
    """Something is always ready at once, so that the clock cannot move on."""


class _Handle(asyncio.Handle):
    """A callback that is ready. As light as asyncio lets it be."""

    __slots__ = ()

    def __init__(self, callback: Callable[..., object], args: Any, context: Context) -> None:
        self._callback: Any = callback
        self._args = args
        self._context = context
        self._cancelled = False

    def cancel(self) -> None:
        self._cancelled = True
        self._callback = None
        self._args = ()

    def cancelled(self) -> bool:
        return self._cancelled


class _TimerHandle(_Handle, asyncio.TimerHandle):
    """A callback with a time. A cancelled one stays in the heap until its time comes."""

    __slots__ = ()

    def __init__(
        self, when: float, callback: Callable[..., object], args: Any, context: Context
    ) -> None:
        self._when = when
        self._callback: Any = callback
        self._args = args
        self._context = context
        self._cancelled = False

    def when(self) -> float:
        return self._when


class VirtualTimeLoop(asyncio.AbstractEventLoop):
    """The loop; use ``run_virtual``. An exception that leaves a callback leaves the loop too."""

    def __init__(self, start_s: float = 0.0) -> None:
        self._now_s = start_s
        self._ready: deque[asyncio.Handle] = deque()
        self._timers: list[tuple[float, int, _TimerHandle]] = []
        self._timer_count = 0
        self._running = False
        self._stopping = False
        self._closed = False
        self._tasks: WeakKeyDictionary[asyncio.Task[Any], None] = WeakKeyDictionary()
        self._failed: list[asyncio.Task[Any]] = []
        self._complaints: list[BaseException] = []

    def time(self) -> float:
        return self._now_s

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        handle = _Handle(callback, args, copy_context() if context is None else context)
        self._ready.append(handle)
        return handle

    def call_later(
        self,
        delay: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        return self.call_at(self._now_s + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        context = copy_context() if context is None else context
        handle = _TimerHandle(when, callback, args, context)
        self._timer_count += 1
        heappush(self._timers, (when, self._timer_count, handle))
        return handle

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, **options: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=self, **options)
        task.add_done_callback(self._note_failure)
        self._tasks[task] = None
        return task

    def unfinished(self) -> list[asyncio.Task[Any]]:
        """Return the tasks that are not done, in order of their creation."""
        return [task for task in self._tasks if not task.done()]

    def _note_failure(self, task: asyncio.Task[Any]) -> None:
        if task._log_traceback:  # noqa: SLF001 - to ask by exception() would count as hearing it
            self._failed.append(task)

    def unheard(self) -> list[BaseException]:
        """Return what went wrong and nobody asked for, such as a failed task's exception."""
        tasks = [task for task in self._failed if task._log_traceback]  # noqa: SLF001 - as above
        failures = [exception for task in tasks if (exception := task.exception())]
        return failures + self._complaints

    def run_until_complete(self, future: Any) -> Any:
        """Run until ``future`` is done and return its result; raises DeadlockError."""
        future = asyncio.ensure_future(future, loop=self)
        future.add_done_callback(self._stop_with)
        try:
            self._run()
        finally:
            future.remove_done_callback(self._stop_with)
        return future.result()

    def _stop_with(self, _: asyncio.Future[Any]) -> None:
        self._stopping = True

    def stop(self) -> None:
        self._stopping = True

    def _run(self) -> None:
        hooks = sys.get_asyncgen_hooks()
        self._running, self._stopping = True, False
        sys.set_asyncgen_hooks(firstiter=None, finalizer=self._finish_generator)
        events._set_running_loop(self)  # noqa: SLF001 - the documented way for another loop
        try:
            while not self._stopping:
                self._run_ready()
                if not self._stopping:
                    self._jump()
        finally:
            self._running = False
            events._set_running_loop(None)  # noqa: SLF001
            sys.set_asyncgen_hooks(*hooks)

    def _run_ready(self) -> None:
        """Run what is ready, and what gets ready by that, and what is due by now."""
        ready, timers, now_s = self._ready, self._timers, self._now_s
        for _ in range(LIVELOCK_STEPS):
            if timers and timers[0][0] <= now_s:
                ready.append(heappop(timers)[2])
            if not ready or self._stopping:
                return
            handle = ready.popleft()
            if not handle._cancelled:  # noqa: SLF001 - a call would cost as much as the rest
                handle._context.run(handle._callback, *handle._args)  # type: ignore[attr-defined]  # noqa: SLF001
        raise LivelockError(f"the clock stands at {now_s} s: {self._waiting()}")

    def _jump(self) -> None:
        """Move the clock to the next timer and make ready all that is due then."""
        timers = self._timers
        while timers and timers[0][2]._cancelled:  # noqa: SLF001 - as above
            heappop(timers)
        if not timers or timers[0][0] == inf:
            raise DeadlockError(f"nothing can happen any more: {self._waiting()}")
        self._now_s = now_s = max(self._now_s, timers[0][0])
        while timers and timers[0][0] <= now_s:
            self._ready.append(heappop(timers)[2])

    def _waiting(self) -> str:
        return "; ".join(map(_where, self.unfinished())) or "no task is left"

    def _finish_generator(self, generator: AsyncGenerator[Any, Any]) -> None:
        if not self._closed:
            self.create_task(generator.aclose())

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Keep what asyncio complains of, such as a task that was lost while it waited."""
        self._complaints.append(context.get("exception") or RuntimeError(context["message"]))

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return self._running

    def is_closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        self._closed = True
        self._ready.clear()
        self._timers.clear()


def _where(task: asyncio.Task[Any]) -> str:
    """Say which task waits where."""
    frames = task.get_stack(limit=1)
    place = f"{frames[-1].f_code.co_qualname}:{frames[-1].f_lineno}" if frames else "nowhere"
    return f"{task.get_name()} in {place}"


def run_virtual(coro: Coroutine[Any, Any, T], *, start_s: float = 0.0) -> T:
    """Run ``coro`` in virtual time that begins at ``start_s`` and return its result.

    Raises what it raises; DeadlockError when everything waits and no timer is set, LivelockError
    when the clock cannot move on; and what a background callback or a task that nobody awaited
    raised. Tasks that are left over at the end are cancelled.
    """
    loop = VirtualTimeLoop(start_s)  # type: ignore[abstract]  # no sockets, threads, processes
    try:
        result: T = loop.run_until_complete(loop.create_task(coro, name="main"))
    except BaseException as exc:
        _cancel_leftovers(loop)
        for unheard in loop.unheard():
            exc.add_note(f"nobody heard of: {unheard!r}")
        raise
    else:
        _cancel_leftovers(loop)
    finally:
        loop.close()
    for unheard in loop.unheard():
        raise unheard
    return result


def _cancel_leftovers(loop: VirtualTimeLoop) -> None:
    tasks = loop.unfinished()
    if tasks:
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.wait(tasks))
