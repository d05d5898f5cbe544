"""One session as a charger: from a fresh key in the modem to a plug that may be pulled.

    key  ->  pilot: plug seen, 5 % PWM  ->  SLAC  ->  SDP, TCP  ->  SECC  ->  pilot steady

Without a link (a wired peer, no modems) there are no key and no SLAC. An interface or a modem that
is away is waited for. The output is the SECC's; what ends the session before that leaves it off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from math import inf
from random import Random
from typing import Any, Final

from structlog.typing import FilteringBoundLogger

from pyplc_fw import faults
from pyplc_fw.errors import LinkError, ModemError, ProtocolTimeoutError, PyplcError
from pyplc_fw.homeplug.keys import nid_from_nmk, random_nmk
from pyplc_fw.homeplug.modem import Modem
from pyplc_fw.homeplug.ports import FrameLink
from pyplc_fw.homeplug.slac import SlacMatch
from pyplc_fw.homeplug.slac_evse import SlacEvse
from pyplc_fw.session.timers import EvseTimers
from pyplc_fw.session.watch import first, unless
from pyplc_fw.terms import Endpoint, EndState, Nid, Nmk, Role
from pyplc_fw.timing import timeout
from pyplc_fw.v2g.discovery import serve_sdp
from pyplc_fw.v2g.ports import EvsePilot, V2gNetwork, V2gStream
from pyplc_fw.v2g.secc import Secc
from pyplc_fw.v2g.session_end import SessionEnd, SessionRecord

DIGITAL_DUTY_PCT: Final = 5.0
STEADY_PCT: Final = 100.0
V2G_TCP_PORT: Final = 15118
RETRY_S: Final = 0.5
"From one error on the way to a car to the next try."


STANDARD_TIMERS: Final = EvseTimers()


class EvseSession:
    """Serves one car at the output behind ``secc``, from an empty plug on."""

    def __init__(
        self,
        link: FrameLink | None,
        network: V2gNetwork,
        pilot: EvsePilot,
        secc: Secc,
        *,
        rng: Random,
        log: FilteringBoundLogger,
        timers: EvseTimers = STANDARD_TIMERS,
        port: int = V2G_TCP_PORT,
    ) -> None:
        """``link`` leads to the modem; None where the peer is wired without modems."""
        self._link = link
        self._network = network
        self._pilot = pilot
        self._secc = secc
        self._rng = rng
        self._log = log
        self._timers = timers
        self._port = port
        self._record = SessionRecord("evse", log)
        self._began_s = 0.0

    async def run(self) -> SessionEnd:
        """Give the modem a fresh key, wait for a car, serve it.

        The pilot is steady again afterwards. Only CancelledError and errors of the program itself
        leave it.
        """
        self._began_s = _now()
        self._record.begin(self._began_s)
        try:
            stream = await self._search()
            phases = self._record.close_phases(_now())
            end = await self._secc.serve(stream)
            await asyncio.sleep(self._timers.oscillator_retain.limit_s)
        except PyplcError as exc:
            return self._record.end(_now(), exc.reason, str(exc), EndState.SAFE)
        finally:
            self._pilot.set_duty(STEADY_PCT)
        return replace(end, phases={**phases, **end.phases})

    async def _search(self) -> V2gStream:
        """Wait for a car's connection; what fails is tried again for EVSE_retry, then raised."""
        retry_s = self._timers.retry.limit_s
        failing_since_s = inf
        while True:
            tried_s = _now()
            try:
                return await self._serve_link()
            except (LinkError, ModemError) as exc:
                now = _now()
                worked = now - tried_s >= retry_s
                failing_since_s = now if worked else min(failing_since_s, now)
                give_up_s = min(failing_since_s + retry_s, self._car_comes_by_s)
                if exc.reason is faults.UNPLUGGED or now + RETRY_S >= give_up_s:
                    raise
                self._log.warning("session.search_goes_on", error=str(exc), why=exc.reason.id)
            await asyncio.sleep(RETRY_S)

    @property
    def _car_comes_by_s(self) -> float:
        return self._began_s + self._timers.car_comes.limit_s

    async def _serve_link(self) -> V2gStream:
        """Get ready, then wait for a car's connection for as long as the plug is in."""
        slac = None
        if self._link is not None:
            nid, nmk = await self._fresh_key(self._link)
            slac = SlacEvse(self._link, nid, nmk, self._log, self._timers.slac)
        async with self._until_a_car_comes():
            await self._wait_for_plug()
        unplugged = LinkError("the plug is out", reason=faults.UNPLUGGED)
        return await unless(self._reach_evcc(slac), self._plug_out(), unplugged)

    async def _fresh_key(self, link: FrameLink) -> tuple[Nid, Nmk]:
        """Make a private network that nobody knows yet. Checkpoint 1."""
        self._enter("Modem")
        nmk = random_nmk(self._rng)
        nid = nid_from_nmk(nmk)
        await Modem(link, self._rng, self._log, role=Role.EVSE).set_key(nid, nmk)
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

    async def _reach_evcc(self, slac: SlacEvse | None) -> V2gStream:
        """Match with the car and take its connection; a car that does not come may match again."""
        if slac is not None:
            await self._match(slac)
        while True:
            self._enter("SDP and TCP")
            came = await self._sdp_and_tcp(slac)
            if isinstance(came, SlacMatch):
                self._log.info("session.matched", pev=str(came.pev_mac))
            elif came is not None:
                return came
            elif slac is not None:
                await self._match(slac)

    async def _match(self, slac: SlacEvse) -> None:
        self._enter("SLAC")
        async with self._until_a_car_comes():
            match = await slac.serve()
        self._log.info("session.matched", pev=str(match.pev_mac))

    def _until_a_car_comes(self) -> AbstractAsyncContextManager[None]:
        return timeout(self._timers.car_comes, since_s=self._began_s, reason=faults.NO_CAR)

    def _until_a_car_connects(self, slac: SlacEvse | None) -> AbstractAsyncContextManager[None]:
        """Limit the wait: a car that has matched comes soon, a wired one when it likes."""
        return self._until_a_car_comes() if slac is None else timeout(self._timers.car_connects)

    async def _sdp_and_tcp(self, slac: SlacEvse | None) -> V2gStream | SlacMatch | None:
        """Listen for one car, and tell it where. Checkpoints 300, 201, 202 and 302.

        Returns its connection, or the match of a car that began anew instead, or None when none
        came.
        """
        listener = self._network.listen(self._port)
        try:
            self._log.info("tcp.listen", checkpoint=300, port=listener.port)
            secc = Endpoint(self._network.address, listener.port)
            async with self._until_a_car_connects(slac):
                waits: list[Coroutine[Any, Any, V2gStream | SlacMatch | None]] = [
                    listener.accept(),
                    serve_sdp(self._network, secc, self._log),
                ]
                if slac is not None:
                    waits.append(slac.serve())
                came = await first(waits)
        except ProtocolTimeoutError as exc:
            if slac is None:
                raise
            self._log.warning("tcp.nobody_came", error=str(exc))
            return None
        finally:
            listener.close()
        if came is not None and not isinstance(came, SlacMatch):
            self._log.info("tcp.accepted", checkpoint=302, evcc=str(came.peer))
        return came

    def _enter(self, phase: str) -> None:
        self._record.enter(phase, _now())


def _now() -> float:
    return asyncio.get_running_loop().time()
