"""How long a whole session on the desk takes, with and without a recording, in one run."""

from __future__ import annotations

import gc
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import NamedTuple

from pyplc_fw.services.desk import Desk, DeskOptions, DeskResult
from pyplc_fw.sim.virtual_time import run_virtual

FORTY_MINUTES = DeskOptions()
"The demo's own session: 20 to 80 %, a request every 0.2 s."
QUICK = DeskOptions(soc_pct=79.0)


class Row(NamedTuple):
    """One kind of session."""

    what: str
    simulated_s: float
    wall_s: float
    "Median of the repeats."
    best_s: float
    frames: int
    messages: int

    @property
    def frames_per_s(self) -> float:
        return self.frames / self.wall_s

    @property
    def pairs_per_s(self) -> float:
        """Requests with their responses."""
        return self.messages / 2 / self.wall_s

    @property
    def us_per_round(self) -> float:
        """Of one request and its response, both sides and the plant."""
        return self.wall_s / (self.messages / 2) * 1e6


async def _session(options: DeskOptions, recording: Path | None) -> DeskResult:
    desk = Desk(options)
    if recording is None:
        return await desk.run()
    recorder = desk.record_to(recording, epoch_ns=0)
    try:
        return await desk.run()
    finally:
        recorder.close()


def _row(what: str, options: DeskOptions, recording: Path | None, repeats: int) -> Row:
    walls: list[float] = []
    for _ in range(repeats):
        gc.collect()
        began_s = time.perf_counter()
        result = run_virtual(_session(options, recording))
        walls.append(time.perf_counter() - began_s)
    messages = sum(result.pev.counts.values())
    return Row(what, result.duration_s, median(walls), min(walls), result.frames, messages)


def rows(options: DeskOptions = FORTY_MINUTES, repeats: int = 3) -> list[Row]:
    """Run sessions without and with recording, and one with twice the requests."""
    dense = replace(options, period_s=0.1)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "session.pcapng"
        return [
            _row("not recorded, a request every 0.2 s", options, None, repeats),
            _row("recorded, a request every 0.2 s", options, file, repeats),
            _row("recorded, a request every 0.1 s", dense, file, repeats),
        ]


def lines(measured: list[Row]) -> list[str]:
    """Return the table, with the wall time in relation to the first row's."""
    head = (
        f"{'whole session on the desk':<38}{'simulated':>10}{'median':>9}{'best':>9}{'ratio':>7}"
        f"{'x real time':>13}{'frames/s':>10}{'pairs/s':>9}{'µs/round':>10}"
    )
    first = measured[0].wall_s
    return [
        head,
        *(
            f"{row.what:<38}{row.simulated_s:>8.0f} s{row.wall_s:>7.2f} s{row.best_s:>7.2f} s"
            f"{row.wall_s / first:>7.2f}{row.simulated_s / row.wall_s:>13.0f}"
            f"{row.frames_per_s:>10.0f}{row.pairs_per_s:>9.0f}{row.us_per_round:>10.0f}"
            for row in measured
        ),
    ]
