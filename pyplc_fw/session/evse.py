"""One session as a charger: from a fresh key in the modem to a plug that may be pulled.

    key  ->  pilot: plug seen, 5 % PWM  ->  SLAC  ->  SDP, TCP  ->  SECC  ->  pilot steady

The output is the SECC's. What ends the session before that leaves it as it was: off.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from random import Random
from typing import Final

from structlog.typing import FilteringBoundLogger

from pyplc_fw import faults
from pyplc_fw.errors import LinkError, PyplcError
from pyplc_fw.homeplug.keys import nid_from_nmk, random_nmk
from pyplc_fw.homeplug.modem import Modem
from pyplc_fw.homeplug.ports import FrameLink
from pyplc_fw.homeplug.slac_evse import SlacEvse
from pyplc_fw.session.timers import EvseTimers
from pyplc_fw.session.watch import unless
from pyplc_fw.terms import Endpoint, EndState, Nid, Nmk, Role
from pyplc_fw.timing import timeout
from pyplc_fw.v2g.discovery import serve_sdp
from pyplc_fw.v2g.ports import EvsePilot, V2gListener, V2gNetwork, V2gStream
from pyplc_fw.v2g.secc import Secc
from pyplc_fw.v2g.session_end import SessionEnd, SessionRecord

DIGITAL_DUTY_PCT: Final = 5.0
STEADY_PCT: Final = 100.0
V2G_TCP_PORT: Final = 15118


STANDARD_TIMERS: Final = EvseTimers()


class EvseSession:
    """Serves one car at the output behind ``secc``, from an empty plug on."""

    def __init__(
        self,
        link: FrameLink,
        network: V2gNetwork,
        pilot: EvsePilot,
        secc: Secc,
        *,
        rng: Random,
        log: FilteringBoundLogger,
        timers: EvseTimers = STANDARD_TIMERS,
        port: int = V2G_TCP_PORT,
    ) -> None:
        self._link = link
        self._network = network
        self._pilot = pilot
        self._secc = secc
        self._rng = rng
        self._log = log
        self._timers = timers
        self._port = port
        self._modem = Modem(link, rng, log, role=Role.EVSE)
        self._record = SessionRecord("evse", log)

    async def run(self) -> SessionEnd:
        """Give the modem a fresh key, wait for a car, serve it.

        The pilot is steady again afterwards. Only CancelledError and errors of the program itself
        leave it.
        """
        self._record.begin(_now())
        try:
            nid, nmk = await self._fresh_key()
            await self._wait_for_plug()
            unplugged = LinkError("the plug is out", reason=faults.UNPLUGGED)
            stream = await unless(self._reach_evcc(nid, nmk), self._plug_out(), unplugged)
            phases = self._record.close_phases(_now())
            end = await self._secc.serve(stream)
            await asyncio.sleep(self._timers.oscillator_retain.limit_s)
        except PyplcError as exc:
            return self._record.end(_now(), exc.reason, str(exc), EndState.SAFE)
        finally:
            self._pilot.set_duty(STEADY_PCT)
        return replace(end, phases={**phases, **end.phases})

    async def _fresh_key(self) -> tuple[Nid, Nmk]:
        """Make a private network that nobody knows yet. Checkpoint 1."""
        self._enter("Modem")
        nmk = random_nmk(self._rng)
        nid = nid_from_nmk(nmk)
        await self._modem.set_key(nid, nmk)
        return nid, nmk

    async def _wait_for_plug(self) -> None:
        """Wait for state B and ask for digital communication. Checkpoints 2 and 5."""
        pilot = self._pilot
        pilot.set_duty(STEADY_PCT)
        if pilot.state == "A":
            self._log.info("pilot.state_a", checkpoint=2)
        await pilot.wait_for(lambda: pilot.state == "B")
        self._log.info("pilot.digital", checkpoint=5, duty_pct=DIGITAL_DUTY_PCT)
        pilot.set_duty(DIGITAL_DUTY_PCT)

    async def _plug_out(self) -> None:
        pilot = self._pilot
        await pilot.wait_for(lambda: pilot.state not in ("B", "C", "D"))

    @asynccontextmanager
    async def _sdp_and_tcp(self) -> AsyncIterator[V2gListener]:
        """Listen for one car, and tell it where. Checkpoints 300, 201 and 202."""
        listener = self._network.listen(self._port)
        self._log.info("tcp.listen", checkpoint=300, port=listener.port)
        secc = Endpoint(self._network.address, listener.port)
        sdp = asyncio.get_running_loop().create_task(serve_sdp(self._network, secc, self._log))
        try:
            yield listener
        finally:
            sdp.cancel()
            listener.close()
            await asyncio.wait((sdp,))

    async def _reach_evcc(self, nid: Nid, nmk: Nmk) -> V2gStream:
        """Match with the car and take its connection; a car that does not come may match again."""
        slac = SlacEvse(self._link, nid, nmk, self._log, self._timers.slac)
        while True:
            self._enter("SLAC")
            match = await slac.serve()
            self._log.info("session.matched", pev=str(match.pev_mac))
            self._enter("SDP and TCP")
            async with self._sdp_and_tcp() as listener:
                stream = await self._accept(listener)
            if stream is not None:
                return stream

    async def _accept(self, listener: V2gListener) -> V2gStream | None:
        """Return the car's connection, or None when it does not come. Checkpoint 302."""
        try:
            async with timeout(self._timers.car_connects):
                stream = await listener.accept()
        except TimeoutError as exc:
            self._log.warning("tcp.nobody_came", error=str(exc))
            return None
        self._log.info("tcp.accepted", checkpoint=302, evcc=str(stream.peer))
        return stream

    def _enter(self, phase: str) -> None:
        self._record.enter(phase, _now())


def _now() -> float:
    return asyncio.get_running_loop().time()
