"""SLAC as a charger: answers every car that sounds, until one of them is matched.

A charger cannot know which of the cars it hears is plugged into it: each car decides that. So it
keeps a run (`slac_evse_run.EvseRun`) for each car, and the first that asks for the network has
won. What a run answers to stands in its table.
"""

from __future__ import annotations

import asyncio
import math
from typing import Final

from structlog.typing import FilteringBoundLogger

from pyplc_fw.homeplug.link import MmeLink
from pyplc_fw.homeplug.mme import CmAttenProfileInd, CmSlacParmReq, MmeFrame
from pyplc_fw.homeplug.ports import FrameLink
from pyplc_fw.homeplug.slac import SlacMatch, StepLog
from pyplc_fw.homeplug.slac_evse_run import EvseRun, EvseState, parameters
from pyplc_fw.homeplug.timers import SLAC_TIMERS, SlacTimers
from pyplc_fw.terms import BROADCAST, MacAddress, Nid, Nmk

MAX_RUNS: Final = 8
"Cars that match at the same time within earshot; more of them are not answered."


class SlacEvse:
    """Lets the car that is plugged in find this charger, and hands it ``nid`` and ``nmk``.

    The charger's own modem must have this key already (`modem.Modem.set_key`).
    """

    def __init__(
        self,
        link: FrameLink,
        nid: Nid,
        nmk: Nmk,
        log: FilteringBoundLogger,
        timers: SlacTimers = SLAC_TIMERS,
    ) -> None:
        self._link = link
        self._network = (nid, nmk)
        self._log = log
        self._timers = timers
        self._runs: dict[MacAddress, EvseRun] = {}

    async def serve(self) -> SlacMatch:
        """Answer cars until one is matched, however long that takes; checkpoints 101 to 155.

        Cars that give up and start again, and several at once, are nothing special. It returns
        a little after CM_SLAC_MATCH.CNF, so that a car that missed it can ask once more.
        """
        self._runs.clear()
        steps = StepLog(self._log)
        now = asyncio.get_running_loop().time
        with MmeLink(self._link, self._log) as mmes:
            while True:
                deadline = min((run.deadline for run in self._runs.values()), default=math.inf)
                frame = await mmes.receive_before(deadline)
                if frame is not None:
                    self._take(frame, mmes, steps, now())
                self._expire(mmes, now())
                for run in self._remove_ended():
                    if run.state is EvseState.DONE:
                        return run.match()
                    self._log.info("slac.run_given_up", pev_mac=str(run.pev_mac))

    def _take(self, frame: MmeFrame, mmes: MmeLink, steps: StepLog, now: float) -> None:
        """Give ``frame`` to the run it belongs to, or begin one."""
        message = frame.message
        if frame.dst not in (self._link.mac, BROADCAST):
            return
        if isinstance(message, CmSlacParmReq):
            self._begin(message, frame.src, mmes, steps, now)
            return
        pev_mac = message.pev_mac if isinstance(message, CmAttenProfileInd) else frame.src
        run = self._runs.get(pev_mac)
        if run is not None:
            for answer in run.receive(message, now):
                mmes.send(run.pev_mac, answer)

    def _begin(
        self,
        request: CmSlacParmReq,
        pev_mac: MacAddress,
        mmes: MmeLink,
        steps: StepLog,
        now: float,
    ) -> None:
        """Begin a run; one that this car had before is over."""
        if request.application_type or request.security_type:
            self._log.warning("slac.unsupported_parm_req", pev_mac=str(pev_mac))
            return
        if pev_mac not in self._runs and len(self._runs) >= MAX_RUNS:
            self._log.warning("slac.too_many_cars", pev_mac=str(pev_mac))
            return
        run = EvseRun(
            request,
            pev_mac=pev_mac,
            evse_mac=self._link.mac,
            network=self._network,
            steps=steps,
            timers=self._timers,
            now=now,
        )
        self._runs[pev_mac] = run
        mmes.send(pev_mac, parameters(run))

    def _expire(self, mmes: MmeLink, now: float) -> None:
        for run in self._runs.values():
            if run.deadline <= now:
                for message in run.expire(now):
                    mmes.send(run.pev_mac, message)

    def _remove_ended(self) -> list[EvseRun]:
        ended = [run for run in self._runs.values() if run.ended]
        for run in ended:
            del self._runs[run.pev_mac]
        return ended
