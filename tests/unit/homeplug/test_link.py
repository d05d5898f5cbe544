from __future__ import annotations

import asyncio
import math

from pyplc_fw.homeplug.link import MmeLink
from pyplc_fw.homeplug.mme import CmSlacParmReq, VsSwVerReq
from pyplc_fw.sim.virtual_time import run_virtual
from pyplc_fw.terms import BROADCAST
from tests.unit.homeplug.slac_wire import EVSE, PEV, RUN_ID, Journal, Wire


def test_our_own_frames_and_garbage_are_passed_over_and_the_rest_waits_in_order() -> None:
    async def session() -> None:
        wire = Wire()
        with MmeLink(wire.link(PEV), Journal().log) as mmes:
            mmes.send(BROADCAST, VsSwVerReq())
            wire.deliver(b"garbage")
            wire.say(EVSE, CmSlacParmReq(run_id=RUN_ID))
            wire.say(EVSE, VsSwVerReq())
            first = await mmes.receive()
            assert (first.src, first.message) == (EVSE, CmSlacParmReq(run_id=RUN_ID))
            second = await mmes.receive_before(math.inf)
            assert second is not None
            assert second.message == VsSwVerReq()
        assert not wire.links[0].subscriptions

    run_virtual(session())


def test_receive_before_ends_at_the_deadline_and_loses_no_frame() -> None:
    async def session() -> None:
        wire = Wire()
        loop = asyncio.get_running_loop()
        with MmeLink(wire.link(PEV), Journal().log) as mmes:
            assert await mmes.receive_before(1.0) is None
            assert loop.time() == 1.0
            loop.call_at(2.0, wire.say, EVSE, VsSwVerReq())
            assert await mmes.receive_before(1.9) is None
            assert (await mmes.receive()).src == EVSE
            wire.say(EVSE, VsSwVerReq())
            waiting = await mmes.receive_before(0.5)  # long over, but the frame is there
            assert waiting is not None

    run_virtual(session())
