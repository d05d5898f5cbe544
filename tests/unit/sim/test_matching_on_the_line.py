"""The HomePlug procedures of both sides over the simulated modems."""

from __future__ import annotations

import asyncio

import pytest
import structlog
from structlog.typing import FilteringBoundLogger

from pyplc_fw.homeplug.modem import Modem
from pyplc_fw.homeplug.slac import SlacMatch
from pyplc_fw.homeplug.slac_evcc import SlacEvcc
from pyplc_fw.homeplug.slac_evse import SlacEvse
from pyplc_fw.sim.host import SimHost
from pyplc_fw.sim.modem import SimModem
from pyplc_fw.sim.virtual_time import run_virtual
from pyplc_fw.terms import Endpoint, Nid, Nmk, Role
from tests.unit.sim.line_bench import Bench, add_station, build_bench, seeded

LOG: FilteringBoundLogger = structlog.get_logger()


async def be_a_charger(modem: SimModem[SimHost], bench: Bench) -> SlacMatch:
    host, rng = modem.host, bench.line.rng
    nid, nmk = Nid(bytes([*rng.randbytes(6), 0])), Nmk(rng.randbytes(16))
    await Modem(host, rng, LOG, role=Role.EVSE).set_key(nid, nmk)
    await asyncio.sleep(3.0)
    return await SlacEvse(host, nid, nmk, LOG).serve()


async def be_a_car(bench: Bench) -> SlacMatch:
    modem = Modem(bench.car, bench.line.rng, LOG)
    assert len(await modem.find()) == 1
    match = await SlacEvcc(bench.car, bench.line.rng, LOG).match()
    await modem.set_key(match.nid, match.nmk)
    assert len(await modem.wait_link_up()) == 2
    return match


@pytest.mark.parametrize("seed", range(3))
def test_a_car_among_several_chargers_is_matched_with_its_own(seed: int) -> None:
    async def main() -> None:
        bench = build_bench(seed, joined=False)
        neighbour = add_station(bench.line, 3, Role.EVSE)
        bench.line.set_attenuation(bench.car_modem, neighbour, 40.0)
        beside = asyncio.create_task(be_a_charger(neighbour, bench))
        own = asyncio.create_task(be_a_charger(bench.evse_modem, bench))
        await asyncio.sleep(5.0)
        match = await be_a_car(bench)
        assert match == await own
        assert match.evse_mac == bench.evse.mac
        assert not beside.done()
        listener = bench.evse.network.listen(15118)
        await bench.car.network.connect(Endpoint(bench.evse.network.address, listener.port))

    with structlog.testing.capture_logs():
        run_virtual(main())


@pytest.mark.parametrize("seed", range(50))
def test_the_nearest_of_three_chargers_is_chosen_while_a_neighbour_matches(seed: int) -> None:
    """All hear each other: the others are 4 to 25 dB further away, and answer in any order."""

    async def main() -> None:
        bench = build_bench(seed, joined=False)
        rng, line = seeded(1000 + seed), bench.line
        second, third = (add_station(line, number, Role.EVSE) for number in (3, 4))
        neighbour = add_station(line, 5, Role.PEV)
        chargers = [bench.evse_modem, second, third]
        rng.shuffle(chargers)
        near, beside, _ = chargers
        for car, own in ((bench.car_modem, near), (neighbour, beside)):
            for charger in chargers:
                far_db = 0.0 if charger is own else rng.uniform(4.0, 25.0)
                line.set_attenuation(car, charger, 8.0 + far_db)
        serving = {modem: asyncio.create_task(be_a_charger(modem, bench)) for modem in chargers}
        await asyncio.sleep(5.0)
        foreign = asyncio.create_task(SlacEvcc(neighbour.host, line.rng, LOG).match())
        await asyncio.sleep(rng.uniform(0.0, 0.5))
        match = await SlacEvcc(bench.car, line.rng, LOG).match()
        assert match == await serving[near]
        assert match.evse_mac == near.host.mac
        assert await foreign == await serving[beside]
        assert (await foreign).evse_mac == beside.host.mac
        assert match.nmk != (await foreign).nmk
        serving[chargers[2]].cancel()

    with structlog.testing.capture_logs():
        run_virtual(main())
