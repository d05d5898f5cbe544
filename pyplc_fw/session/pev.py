"""One session as a car: from the pilot's 5 % PWM to the end of the V2G session.

    pilot  ->  modem  ->  SLAC  ->  AVLN  ->  SDP  ->  TCP  ->  EVCC

Up to TCP nothing is energised, and the plug may be pulled at any time. What fails on the way, an
interface that is away included, is tried again from the beginning, for PEV_search. Without a link
(a wired peer, no modems) the way begins at SDP. What comes after TCP is the EVCC's, with the guard
behind it. This is the one place where an error becomes a session's end.
"""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from random import Random
from typing import Final

from structlog.typing import FilteringBoundLogger

from pyplc_fw import faults
from pyplc_fw.errors import (
    LinkError,
    ModemError,
    ProtocolError,
    ProtocolTimeoutError,
    PyplcError,
)
from pyplc_fw.faults import Reason
from pyplc_fw.homeplug.modem import Modem
from pyplc_fw.homeplug.ports import FrameLink
from pyplc_fw.homeplug.slac import SlacMatch
from pyplc_fw.homeplug.slac_evcc import SlacEvcc
from pyplc_fw.session.timers import PevTimers
from pyplc_fw.session.watch import unless
from pyplc_fw.terms import Endpoint, EndState, Role
from pyplc_fw.timing import timeout
from pyplc_fw.v2g.discovery import discover_secc
from pyplc_fw.v2g.evcc import Evcc
from pyplc_fw.v2g.ports import V2gNetwork, V2gStream, Vehicle
from pyplc_fw.v2g.session_end import SessionEnd, SessionRecord
from pyplc_fw.vehicle.pilot import Meaning, meaning_of

TCP_RETRY_S: Final = 0.5
SEARCH_RETRY_S: Final = 0.5
"From one error on the way to the charger to the next try."


STANDARD_TIMERS: Final = PevTimers()


class PevSession:
    """Runs one session of the car behind ``vehicle``, from plug-in on."""

    def __init__(
        self,
        link: FrameLink | None,
        network: V2gNetwork,
        vehicle: Vehicle,
        evcc: Evcc,
        *,
        rng: Random,
        log: FilteringBoundLogger,
        timers: PevTimers = STANDARD_TIMERS,
    ) -> None:
        """``link`` leads to the modem; None where the peer is wired without modems."""
        self._network = network
        self._vehicle = vehicle
        self._evcc = evcc
        self._log = log
        self._timers = timers
        self._modem = self._slac = None
        if link is not None:
            self._modem = Modem(link, rng, log, role=Role.PEV)
            self._slac = SlacEvcc(link, rng, log, timers.slac)
        self._record = SessionRecord("pev", log)
        self._search_began_s = 0.0

    async def run(self) -> SessionEnd:
        """Wait for the plug and a charger that asks for digital communication, then charge.

        Only CancelledError and errors of the program itself leave it, and never from an energised
        state.
        """
        self._record.begin(_now())
        unplugged = LinkError("the plug or the pilot is gone", reason=faults.UNPLUGGED)
        try:
            async with timeout(self._timers.plug_in, reason=faults.NO_PILOT):
                await self._vehicle.wait_for(self._charger_is_there)
            self._record.begin(_now())
            stream, link_up_s = await unless(
                self._search(), self._vehicle.wait_for(self._charger_is_gone), unplugged
            )
        except PyplcError as exc:
            return self._record.end(_now(), exc.reason, str(exc), EndState.SAFE)
        link_phases = self._record.close_phases(_now())
        end = await self._evcc.run(stream, link_up_s=link_up_s)
        return replace(end, phases={**link_phases, **end.phases})

    def _charger_is_there(self) -> bool:
        duty_pct = self._vehicle.pilot_duty_pct
        if not self._vehicle.plugged_in or duty_pct is None:
            return False
        return meaning_of(duty_pct) is Meaning.DIGITAL

    def _charger_is_gone(self) -> bool:
        return not self._charger_is_there()

    async def _search(self) -> tuple[V2gStream, float]:
        """Reach the SECC, however often that has to be tried; raises the last try's error."""
        self._search_began_s = _now()
        give_up_s = self._search_began_s + self._timers.search.limit_s
        last: PyplcError | None = None
        while True:
            try:
                return await self._reach_secc()
            except (LinkError, ModemError, ProtocolError) as exc:
                if last is None or not self._search_ran_out(exc):
                    last = exc
                if _now() + SEARCH_RETRY_S >= give_up_s:
                    raise last from None
                self._log.warning("session.search_goes_on", error=str(exc), why=exc.reason.id)
            await asyncio.sleep(SEARCH_RETRY_S)

    async def _reach_secc(self) -> tuple[V2gStream, float]:
        """Return the connection to the SECC, and when the link below came up."""
        if self._modem is not None and self._slac is not None:
            await self._reach_avln(self._modem, self._slac)
        link_up_s = _now()
        async with timeout(self._timers.communication_setup):
            self._enter("SDP")
            async with self._while_searching(faults.SDP_NO_ANSWER):
                found = await discover_secc(self._network, self._log)
            self._log.info("session.addresses_clear", checkpoint=210, secc=str(found.endpoint))
            self._enter("TCP")
            return await self._connect(found.endpoint), link_up_s

    async def _reach_avln(self, modem: Modem, slac: SlacEvcc) -> None:
        """Enter the network of the charger that we are plugged into."""
        self._enter("Modem")
        await self._find_modem(modem)
        self._enter("SLAC")
        async with self._while_searching(faults.SLAC_NO_ANSWER):
            match = await slac.match()
        self._enter("AVLN")
        await self._join(modem, match)

    def _search_ran_out(self, error: PyplcError) -> bool:
        """Whether ``error`` says no more than that the time is over."""
        name = self._timers.search.name
        return isinstance(error, ProtocolTimeoutError) and error.timer == name

    def _while_searching(self, reason: Reason) -> AbstractAsyncContextManager[None]:
        return timeout(self._timers.search, since_s=self._search_began_s, reason=reason)

    async def _find_modem(self, modem: Modem) -> None:
        """Make sure that a modem is there before it is needed. Checkpoint 7."""
        give_up_s = _now() + self._timers.modem_found.limit_s
        while not (modems := await modem.find()):
            if _now() >= give_up_s:
                raise ModemError("no modem answers VS_SW_VER.REQ")
        own = modems[0]
        self._log.info("modem.found", checkpoint=7, mac=str(own.mac), version=own.version)

    async def _join(self, modem: Modem, match: SlacMatch) -> None:
        """Enter the charger's network. Checkpoints 170 to 190.

        Some chargers' modems never answer Qualcomm's messages (Circontrol): then SDP will tell.
        """
        await modem.set_key(match.nid, match.nmk)
        try:
            await modem.wait_link_up(self._timers.link_up)
        except ProtocolTimeoutError as exc:
            self._log.warning("modem.link_not_seen", error=str(exc))

    async def _connect(self, secc: Endpoint) -> V2gStream:
        """Open the TCP connection; a charger may refuse while it gets ready. 301 and 303."""
        self._log.info("tcp.connect", checkpoint=301, secc=str(secc))
        while True:
            try:
                stream = await self._network.connect(secc)
            except LinkError as exc:
                self._log.warning("tcp.connect_failed", error=str(exc))
                await asyncio.sleep(TCP_RETRY_S)
                continue
            self._log.info("tcp.connected", checkpoint=303)
            return stream

    def _enter(self, phase: str) -> None:
        self._record.enter(phase, _now())


def _now() -> float:
    return asyncio.get_running_loop().time()
