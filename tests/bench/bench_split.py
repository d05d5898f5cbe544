"""Where the time of a session goes: a look at the stack every few milliseconds of CPU time.

Looking from outside slows nothing down, unlike counting calls; each look belongs to the innermost
function of ours, and with it whatever that called in C or in the standard library.
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final, NamedTuple

import pyplc_fw
from pyplc_fw.services.desk import Desk, DeskOptions
from pyplc_fw.sim.virtual_time import run_virtual

LOOK_EVERY_S: Final = 0.004
"As often as most kernels look at their timers."
OURS: Final = f"{Path(pyplc_fw.__file__).parent}/"
REST: Final = "the rest: samples, log, begin and end of the session"
PARTS: Final = {
    "EXI and V2GTP": ("v2g/exi", "v2g/v2gtp", "v2g/messages/"),
    "EVCC and SECC": ("v2g/", "session/"),
    "guard, inlet, battery, charger plant": (
        "vehicle/",
        "sim/battery",
        "sim/charger",
        "sim/inlet",
        "sim/pilot_line",
        "sim/plant",
    ),
    "event loop in virtual time, waits": ("sim/virtual_time", "sim/waiting", "timing"),
    "TCP, IPv6, modems, powerline": ("sim/", "net/", "homeplug/", "terms"),
}
"Files by how their path in the package begins; the first that fits counts."


class Row(NamedTuple):
    """One part and its share of the looks."""

    what: str
    looks: int
    share_pct: float


def _part(frame: FrameType | None) -> str:
    """Name the part to which the innermost function of ours belongs."""
    while frame is not None and not frame.f_code.co_filename.startswith(OURS):
        frame = frame.f_back
    if frame is None:
        return REST
    file = frame.f_code.co_filename.removeprefix(OURS)
    return next((part for part, begins in PARTS.items() if file.startswith(begins)), REST)


@contextmanager
def _looking(looks: Counter[str]) -> Iterator[None]:
    """Count in ``looks`` what runs meanwhile."""

    def look(_number: int, frame: FrameType | None) -> None:
        looks[_part(frame)] += 1

    before = signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, LOOK_EVERY_S, LOOK_EVERY_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)


async def _session(options: DeskOptions) -> None:
    await Desk(options).run()


def rows(options: DeskOptions, repeats: int) -> list[Row]:
    """Watch ``repeats`` sessions that are not recorded; returns the parts, largest first."""
    looks: Counter[str] = Counter(dict.fromkeys((*PARTS, REST), 0))
    with _looking(looks):
        for _ in range(repeats):
            run_virtual(_session(options))
    total = max(looks.total(), 1)
    return [Row(part, count, 100.0 * count / total) for part, count in looks.most_common()]


def lines(measured: list[Row]) -> list[str]:
    """Return the table."""
    head = f"{'where the time of a session goes':<56}{'%':>6}{'looks':>8}"
    return [head, *(f"{row.what:<56}{row.share_pct:>6.0f}{row.looks:>8}" for row in measured)]
