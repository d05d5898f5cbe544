"""The process behind `pyplc evse`: a simulated charger on a real interface."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from math import inf

from structlog.typing import FilteringBoundLogger

from pyplc_fw.services import bench_run
from pyplc_fw.services.bench_run import BenchOptions, Wiring
from pyplc_fw.services.latency import Latencies
from pyplc_fw.session.evse import EvseSession
from pyplc_fw.session.timers import EvseTimers
from pyplc_fw.sim.lone_charger import LoneCharger
from pyplc_fw.timing import Timer
from pyplc_fw.v2g.secc import Secc
from pyplc_fw.v2g.secc_session import SeccState
from pyplc_fw.v2g.session_end import SessionEnd

EVSEID = b"ZZ00000"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvseBenchOptions(BenchOptions):
    """What `pyplc evse` understands; nothing besides what both do."""


async def run_evse(options: EvseBenchOptions) -> int:
    """Serve one car, or one after the other; returns the exit status."""
    log = bench_run.logger()
    async with bench_run.wired(options, log) as wiring:
        while True:
            wiring.network.latencies = Latencies()
            end = await _session(options, wiring, log)
            bench_run.tell(end, wiring.network.latencies)
            if options.once or end is None:
                return bench_run.exit_status(end)


async def _session(
    options: EvseBenchOptions, wiring: Wiring, log: FilteringBoundLogger
) -> SessionEnd | None:
    """Serve one car. Two processes have no pilot wire: the car's end follows the V2G messages."""
    charger = LoneCharger(asyncio.get_running_loop().time)

    def on_round() -> None:
        if secc.session is not None:
            charger.follow(secc.session.state)

    def stop() -> bool:
        if secc.session is None or secc.session.state is SeccState.ENDED:
            return False
        secc.request_stop()
        return True

    secc = Secc(
        charger.supply, charger.pilot, evseid=EVSEID, log=log, rng=wiring.rng, on_round=on_round
    )
    charger.plug_in()
    timers = EvseTimers(
        car_comes=Timer("EVSE_car_comes", options.search_s if options.once else inf)
    )
    session = EvseSession(
        wiring.link, wiring.network, charger.pilot, secc, rng=wiring.rng, log=log, timers=timers
    )
    return await bench_run.until_stopped(session.run(), stop, log)
