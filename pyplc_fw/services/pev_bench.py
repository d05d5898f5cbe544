"""The process behind `pyplc pev`: a simulated car on a real interface."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from structlog.typing import FilteringBoundLogger

from pyplc_fw.services import bench_run
from pyplc_fw.services.bench_run import BenchOptions, Wiring
from pyplc_fw.services.latency import Latencies
from pyplc_fw.session.pev import PevSession
from pyplc_fw.session.timers import PevTimers
from pyplc_fw.sim.battery import SimBattery
from pyplc_fw.sim.lone_car import LoneCar, LoneVehicle
from pyplc_fw.timing import Timer
from pyplc_fw.v2g.evcc import Evcc
from pyplc_fw.v2g.session_end import SessionEnd

DIGITAL_PCT = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PevOptions(BenchOptions):
    """What `pyplc pev` understands besides."""

    charge_s: float = 10.0
    "The owner asks for a stop so long after the charge loop began."
    soc_pct: float = 20.0
    target_soc_pct: float = 80.0


async def run_pev(options: PevOptions) -> int:
    """Run one session, or one after the other; returns the exit status."""
    log = bench_run.logger()
    async with bench_run.wired(options, log) as wiring:
        while True:
            wiring.network.latencies = Latencies()
            end = await _session(options, wiring, log)
            bench_run.tell(end, wiring.network.latencies)
            if options.once or end is None:
                return bench_run.exit_status(end)


async def _session(
    options: PevOptions, wiring: Wiring, log: FilteringBoundLogger
) -> SessionEnd | None:
    """Plug in, charge, and say how it went. Two processes have no pilot wire: 5 % PWM is there."""
    loop = asyncio.get_running_loop()
    battery = SimBattery(soc_pct=options.soc_pct, target_soc_pct=options.target_soc_pct)
    car = LoneCar(loop.time, battery=battery)
    car.pilot.set_duty(DIGITAL_PCT)
    car.plug_in()
    vehicle = LoneVehicle(car, log)
    charging = False

    def on_round() -> None:
        nonlocal charging
        if not charging:
            charging = True
            loop.call_later(options.charge_s, evcc.request_stop)

    def stop() -> bool:
        if not evcc.record.phase:
            return False
        evcc.request_stop()
        return True

    evcc = Evcc(vehicle, battery, evccid=wiring.mac, log=log, on_round=on_round)
    timers = PevTimers(search=Timer("PEV_search", options.search_s))
    session = PevSession(
        wiring.link, wiring.network, vehicle, evcc, rng=wiring.rng, log=log, timers=timers
    )
    try:
        return await bench_run.until_stopped(session.run(), stop, log)
    finally:
        vehicle.close()
