"""What `pyplc pev` and `pyplc evse` share: the interface, the log, signals, the result.

Each is one side of a session as a process of its own, over a real interface, with a simulated
vehicle or supply behind it. Logs go to stderr; stdout gets one JSON object a session.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from random import Random, SystemRandom
from typing import Any, Final

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

from pyplc_fw.errors import ConfigError
from pyplc_fw.faults import Severity
from pyplc_fw.net import interface as kernel
from pyplc_fw.net.kernel import KernelNetwork
from pyplc_fw.net.raw_link import RawLink
from pyplc_fw.services.latency import Latencies, TimedNetwork
from pyplc_fw.terms import EndState, MacAddress
from pyplc_fw.v2g.session_end import SessionEnd

EXIT_NORMAL, EXIT_OTHER, EXIT_SAFE_ABORT, EXIT_NO_PEER = 0, 1, 3, 4
INFO: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchOptions:
    """What both commands understand."""

    interface: str
    slac: bool = True
    "False: the peer is wired to us, without modems."
    mac: MacAddress | None = None
    "Told to the peer as our own (EVCCID); None for the interface's."
    once: bool = False
    search_s: float = 60.0
    "With ``once``: so long is a peer searched for."
    seed: int | None = None
    "Makes keys, RunIDs and nonces repeatable; None for unpredictable ones."

    def random(self) -> Random:
        return SystemRandom() if self.seed is None else Random(self.seed)  # noqa: S311 - asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What a session of either side runs on."""

    link: RawLink | None
    network: TimedNetwork
    rng: Random
    mac: MacAddress
    log: FilteringBoundLogger


def logger() -> FilteringBoundLogger:
    """Return a logger that writes lines to stderr; whoever does not read them harms nothing."""
    began_s = time.monotonic()

    def write(_logger: WrappedLogger, level: str, entry: EventDict) -> EventDict:
        event, number = entry.pop("event"), entry.pop("checkpoint", None)
        values = " ".join(f"{name}={value}" for name, value in entry.items())
        step = "   " if number is None else f"{number:3}"
        with suppress(OSError, ValueError):
            sys.stderr.write(
                f"{time.monotonic() - began_s:9.3f} {level:7} {step} {event} {values}".rstrip()
                + "\n"
            )
            sys.stderr.flush()
        raise structlog.DropEvent

    made: FilteringBoundLogger = structlog.wrap_logger(
        None, processors=[write], wrapper_class=structlog.make_filtering_bound_logger(INFO)
    )
    return made


@asynccontextmanager
async def wired(options: BenchOptions, log: FilteringBoundLogger) -> AsyncIterator[Wiring]:
    """Open the interface; raises ConfigError where there is none, HardwareError as RawLink does."""
    mac = options.mac or kernel.mac_of(options.interface)
    if kernel.index_of(options.interface) is None or mac is None:
        there = ", ".join(kernel.interfaces()) or "none"
        raise ConfigError(f"there is no interface {options.interface} (there are: {there})")
    network = TimedNetwork(KernelNetwork(options.interface, log))
    if not options.slac:
        yield Wiring(link=None, network=network, rng=options.random(), mac=mac, log=log)
        return
    async with RawLink(options.interface, log) as link:
        yield Wiring(link=link, network=network, rng=options.random(), mac=mac, log=log)


async def until_stopped(
    run: Awaitable[SessionEnd], stop: Callable[[], bool], log: FilteringBoundLogger
) -> SessionEnd | None:
    """Run a session; SIGTERM and SIGINT end it in good order, None if it had not begun.

    ``stop`` asks a session that talks for its end, and returns False where there is nothing to
    ask yet. A second signal changes nothing: what is energised takes its time to become safe.
    """
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(run)
    stopped = False

    def on_signal() -> None:
        nonlocal stopped
        log.warning("signal", what="already stopping" if stopped else "stopping")
        if not stopped and not stop():
            task.cancel()
        stopped = True

    signals = (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        loop.add_signal_handler(number, on_signal)
    try:
        return await task
    except asyncio.CancelledError:
        if not stopped:
            raise
        return None
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def exit_status(end: SessionEnd | None) -> int:
    """Return what the process says of ``end``; None is a search that was stopped."""
    if end is None or (not end.counts and end.end_state is EndState.SAFE):
        return EXIT_NO_PEER
    if end.end_state is not EndState.SAFE:
        return EXIT_OTHER
    return EXIT_NORMAL if end.reason.severity is Severity.NORMAL else EXIT_SAFE_ABORT


def tell(end: SessionEnd | None, latencies: Latencies) -> None:
    """Print the session's one line on stdout; nobody there to read it is no error."""
    with suppress(OSError, ValueError):
        sys.stdout.write(json.dumps(_result(end, latencies)) + "\n")
        sys.stdout.flush()


def _result(end: SessionEnd | None, latencies: Latencies) -> dict[str, Any]:
    if end is None:
        return {"ended": "stopped", "reason": None, "protocol": None}
    words = {EXIT_NORMAL: "normally", EXIT_SAFE_ABORT: "broken off", EXIT_NO_PEER: "no peer"}
    return {
        "ended": words.get(exit_status(end), "not safe"),
        "reason": end.reason.id,
        "sentence": end.reason.sentence,
        "detail": end.detail,
        "protocol": "din" if end.counts else None,
        "energy_wh": round(end.energy_wh, 2),
        "duration_s": round(end.duration_s, 3),
        "end_state": end.end_state.value,
        "held_because": end.held_because.id if end.held_because else None,
        "phases": {name: round(seconds, 3) for name, seconds in end.phases.items()},
        "messages": sum(end.counts.values()),
        "soc_start_pct": end.soc_start_pct,
        "soc_end_pct": end.soc_end_pct,
        "latencies": latencies.summary(),
    }
