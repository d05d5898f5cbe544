"""The desk of `pyplc demo`: runs the session for whoever watches, and can be interrupted."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from pyplc_fw.cli.demo_view import View
from pyplc_fw.services.command_codec import CodecMaker
from pyplc_fw.services.desk import Desk, DeskOptions, DeskResult
from pyplc_fw.services.journal import Record
from pyplc_fw.sim.plant import Truth
from pyplc_fw.sim.virtual_time import run_virtual
from pyplc_fw.trace.plot import ChargeSample


def play(
    options: DeskOptions,
    view: View,
    recording: Path | None,
    *,
    realtime: bool,
    car_codec: CodecMaker,
) -> DeskResult:
    """Run a session that ``view`` watches; an interrupt ends it safely, as KeyboardInterrupt."""
    main = partial(_watched, options, view, recording, car_codec)
    return asyncio.run(main()) if realtime else _run_virtual(main)


def _run_virtual(main: Callable[[], Coroutine[Any, Any, DeskResult]]) -> DeskResult:
    """Let Ctrl-C cancel the task, as asyncio.run does: it must not strike in the midst of a step.

    A SIGINT that was ignored, as under nohup, stays so.
    """

    async def interruptible() -> DeskResult:
        task, before = asyncio.current_task(), signal.getsignal(signal.SIGINT)
        if task is None or before is not signal.default_int_handler:
            return await main()
        signal.signal(signal.SIGINT, lambda *_: task.cancel())
        try:
            return await main()
        finally:
            signal.signal(signal.SIGINT, before)

    try:
        return run_virtual(interruptible())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


class _Audience:
    """Passes on what happens to a view; when that cannot write any more, the desk is stopped.

    Whoever watches must not disturb what is watched: an error of the view never enters the car.
    """

    def __init__(self, view: View, desk: asyncio.Task[Any] | None) -> None:
        self.error: OSError | None = None
        self._view = view
        self._desk = desk

    def on_record(self, record: Record) -> None:
        self._tell(lambda: self._view.on_record(record))

    def on_sample(self, sample: ChargeSample) -> None:
        self._tell(lambda: self._view.on_sample(sample))

    def _tell(self, tell: Callable[[], None]) -> None:
        if self.error is not None:
            return
        try:
            tell()
        except OSError as exc:
            self.error = exc
            if self._desk is not None:
                self._desk.cancel()


async def _watched(
    options: DeskOptions, view: View, recording: Path | None, car_codec: CodecMaker
) -> DeskResult:
    audience = _Audience(view, asyncio.current_task())
    desk = Desk(options, car_codec=car_codec)
    desk.watch(audience.on_record, audience.on_sample)
    recorder = None if recording is None else desk.record_to(recording, epoch_ns=time.time_ns())
    try:
        return await desk.run()
    except asyncio.CancelledError:
        if audience.error is not None:
            raise audience.error from None
        print(f"pyplc demo: interrupted; {_state(desk.plant.truth())}", file=sys.stderr)
        raise
    finally:
        if recorder is not None:
            recorder.close()
            if recorder.error is not None:
                raise recorder.error


def _state(truth: Truth) -> str:
    return (
        f"contactors {'closed' if truth.plus_closed or truth.minus_closed else 'open'}, "
        f"pilot {truth.pilot_state}, "
        f"connector {'unlocked' if truth.lock_position == 0.0 else 'locked'}"
    )
