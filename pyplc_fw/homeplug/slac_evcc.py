"""SLAC as a car: straight phases, one method each, in the order of ISO 15118-3 Annex A.

Every received MME is checked for our run and our address before it counts: the car at the next
charger matches at the same time, and its messages reach us by cross-talk.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
from typing import Final, TypeVar

from structlog.typing import FilteringBoundLogger

from pyplc_fw import faults
from pyplc_fw.errors import ProtocolTimeoutError, RemoteProtocolError
from pyplc_fw.faults import Reason
from pyplc_fw.homeplug.link import MmeLink
from pyplc_fw.homeplug.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmMnbcSoundInd,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    MmeFrame,
)
from pyplc_fw.homeplug.ports import FrameLink
from pyplc_fw.homeplug.slac import SlacMatch, StepLog, mean_attenuation_db
from pyplc_fw.homeplug.timers import SLAC_TIMERS, SlacTimers
from pyplc_fw.terms import BROADCAST, MacAddress, RunId
from pyplc_fw.timing import timeout

_Answer = TypeVar("_Answer", CmSlacParmCnf, CmSlacMatchCnf)
_RUN_ID_BITS: Final = 64
_SOUND_RANDOM_BITS: Final = 128


class SlacEvcc:
    """Finds the charger that this car is plugged into."""

    def __init__(
        self,
        link: FrameLink,
        rng: random.Random,
        log: FilteringBoundLogger,
        timers: SlacTimers = SLAC_TIMERS,
    ) -> None:
        self._link = link
        self._rng = rng
        self._log = log
        self._timers = timers

    async def match(self) -> SlacMatch:
        """Run the matching until it succeeds, for TT_matching_repetition; checkpoints 100 to 160.

        At least C_conn_max_match runs are made. Raises ProtocolTimeoutError (SLAC_NO_ANSWER: no
        charger heard us; SLAC_FAILED: one broke off) or RemoteProtocolError (SLAC_FAILED: what
        answered is not the charger we are plugged into), each of the last run.
        """
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + self._timers.tt_matching_repetition.limit_s
        steps = StepLog(self._log)
        runs = 0
        while True:
            try:
                return await self._match_once(steps)
            except (ProtocolTimeoutError, RemoteProtocolError) as exc:
                runs += 1
                self._log.warning("slac.run_failed", run=runs, error=str(exc), why=exc.reason.id)
                next_at = loop.time() + self._timers.tt_matching_rate.limit_s
                if runs >= self._timers.c_conn_max_match and next_at >= give_up_at:
                    raise
            await asyncio.sleep(self._timers.tt_matching_rate.limit_s)

    async def _match_once(self, steps: StepLog) -> SlacMatch:
        with MmeLink(self._link, self._log) as mmes:
            run_id = RunId(self._rng.getrandbits(_RUN_ID_BITS).to_bytes(8, "big"))
            run = _MatchingRun(
                mmes, self._link.mac, run_id, rng=self._rng, steps=steps, timers=self._timers
            )
            return await run.perform()


class _MatchingRun:
    """One matching run, from CM_SLAC_PARM.REQ to CM_SLAC_MATCH.CNF."""

    def __init__(
        self,
        mmes: MmeLink,
        mac: MacAddress,
        run_id: RunId,
        *,
        rng: random.Random,
        steps: StepLog,
        timers: SlacTimers,
    ) -> None:
        self._mmes = mmes
        self._mac = mac
        self._run_id = run_id
        self._rng = rng
        self._steps = steps
        self._timers = timers
        self._results: dict[MacAddress, float | None] = {}
        self._choose_at = 0.0

    async def perform(self) -> SlacMatch:
        """Go through the phases; raises ProtocolTimeoutError or RemoteProtocolError."""
        await self._exchange_parameters()
        await self._announce_sounding()
        await self._sound()
        evse_mac = await self._choose_charger()
        return await self._pair(evse_mac)

    async def _exchange_parameters(self) -> None:
        """Ask every charger for its parameters; checkpoints 100 and 102.

        The first answer is enough: ours are the values that every charger accepts. We listen
        50 ms for more, well before TP_match_sequence, after which Tesla and Compleo chargers
        would ignore us.
        """
        request = CmSlacParmReq(run_id=self._run_id)
        self._steps.step("slac.parm_req", 100, run_id=str(self._run_id))
        evse_mac, answer = await self._ask(
            BROADCAST, request, CmSlacParmCnf, reason=faults.SLAC_NO_ANSWER
        )
        self._steps.step(
            "slac.parm_cnf",
            102,
            evse_mac=str(evse_mac),
            sounds=answer.num_sounds,
            time_out=answer.time_out,
        )
        await self._listen(self._timers.parm_cnf_collect.limit_s)

    async def _announce_sounding(self) -> None:
        """Send CM_START_ATTEN_CHAR.IND three times; TT_EV_atten_results starts. Checkpoint 103."""
        loop = asyncio.get_running_loop()
        self._choose_at = loop.time() + self._timers.tt_ev_atten_results.limit_s
        announcement = CmStartAttenCharInd(
            run_id=self._run_id,
            forwarding_sta=self._mac,
            num_sounds=self._timers.c_ev_match_mnbc,
            time_out=self._timers.time_out_coded,
        )
        for _ in range(self._timers.c_ev_start_atten_char_inds):
            self._steps.step("slac.start_atten_char", 103, sounds=announcement.num_sounds)
            self._mmes.send(BROADCAST, announcement)
            await self._listen(self._timers.tp_ev_batch_msg_interval.limit_s)

    async def _sound(self) -> None:
        """Send the sounds, counting down to 0; checkpoint 104."""
        for remaining in reversed(range(self._timers.c_ev_match_mnbc)):
            self._steps.step("slac.mnbc_sound", 104, remaining=remaining)
            noise = self._rng.getrandbits(_SOUND_RANDOM_BITS).to_bytes(16, "big")
            sound = CmMnbcSoundInd(run_id=self._run_id, remaining=remaining, random=noise)
            self._mmes.send(BROADCAST, sound)
            if remaining:
                await self._listen(self._timers.tp_ev_batch_msg_interval.limit_s)

    async def _choose_charger(self) -> MacAddress:
        """Wait for every charger's result, then choose the nearest; checkpoints 130 and 140.

        Chargers answer at once or after the full 600 ms, so TT_EV_atten_results is waited out
        even when one has answered: it might be the neighbour.
        """
        await self._listen(self._choose_at - asyncio.get_running_loop().time())
        if not self._results:
            timer = self._timers.tt_ev_atten_results
            raise ProtocolTimeoutError(timer.name, timer.limit_s, reason=faults.SLAC_FAILED)
        evse_mac = min(self._results, key=self._distance_db)
        distance_db = self._distance_db(evse_mac)
        if self._timers.attenuation_limit_db < distance_db < math.inf:
            raise RemoteProtocolError(
                f"the nearest charger is {distance_db:.0f} dB away", reason=faults.SLAC_FAILED
            )
        return evse_mac

    def _distance_db(self, evse_mac: MacAddress) -> float:
        """Return the measured attenuation; a charger that cannot measure counts as far away."""
        measured = self._results[evse_mac]
        return math.inf if measured is None else measured

    async def _pair(self, evse_mac: MacAddress) -> SlacMatch:
        """Ask the chosen charger for its network; checkpoints 150 and 160."""
        request = CmSlacMatchReq(pev_mac=self._mac, evse_mac=evse_mac, run_id=self._run_id)
        self._steps.step("slac.match_req", 150, evse_mac=str(evse_mac))
        _, answer = await self._ask(
            evse_mac, request, CmSlacMatchCnf, reason=faults.SLAC_FAILED, only_from=evse_mac
        )
        self._steps.step("slac.match_cnf", 160, evse_mac=str(evse_mac), nid=str(answer.nid))
        return SlacMatch(
            pev_mac=self._mac,
            evse_mac=evse_mac,
            nid=answer.nid,
            nmk=answer.nmk,
            run_id=self._run_id,
            attenuation_db=self._results[evse_mac],
        )

    # --- what the phases are made of -----------------------------------------------------------

    async def _ask(
        self,
        dst: MacAddress,
        request: CmSlacParmReq | CmSlacMatchReq,
        kind: type[_Answer],
        *,
        reason: Reason,
        only_from: MacAddress | None = None,
    ) -> tuple[MacAddress, _Answer]:
        """Send ``request`` and return who answered what.

        Without an answer within TT_match_response it is repeated, C_EV_match_retry times; then
        raises ProtocolTimeoutError with ``reason``.
        """
        for _ in range(self._timers.c_ev_match_retry):
            self._mmes.send(dst, request)
            with contextlib.suppress(ProtocolTimeoutError):
                return await self._answer(kind, reason, only_from)
        self._mmes.send(dst, request)
        return await self._answer(kind, reason, only_from)

    async def _answer(
        self, kind: type[_Answer], reason: Reason, only_from: MacAddress | None
    ) -> tuple[MacAddress, _Answer]:
        async with timeout(self._timers.tt_match_response, reason=reason):
            while True:
                frame = await self._mmes.receive()
                if isinstance(frame.message, kind):
                    if self._is_ours(frame) and frame.src == (only_from or frame.src):
                        return frame.src, frame.message
                else:
                    self._take_result(frame)

    async def _listen(self, seconds: float) -> None:
        """Let ``seconds`` pass, and answer every result that arrives meanwhile."""
        deadline = asyncio.get_running_loop().time() + seconds
        while (frame := await self._mmes.receive_before(deadline)) is not None:
            self._take_result(frame)

    def _take_result(self, frame: MmeFrame) -> None:
        """Answer a CM_ATTEN_CHAR.IND of our run; a repeated one too, our answer got lost."""
        result = frame.message
        if not isinstance(result, CmAttenCharInd) or not self._is_ours(frame):
            return
        measured = mean_attenuation_db(result.attenuation_db) if result.num_sounds else None
        self._results[frame.src] = measured
        self._steps.step(
            "slac.atten_char",
            130,
            evse_mac=str(frame.src),
            sounds=result.num_sounds,
            attenuation_db=measured,
        )
        self._steps.step("slac.atten_char_rsp", 140, evse_mac=str(frame.src))
        self._mmes.send(frame.src, CmAttenCharRsp(source_address=self._mac, run_id=self._run_id))

    def _is_ours(self, frame: MmeFrame) -> bool:
        """Tell whether ``frame`` is for us, about us, and of this run."""
        match frame.message:
            case CmSlacParmCnf(run_id=run_id):
                ours = run_id == self._run_id
            case CmAttenCharInd(run_id=run_id, source_address=pev_mac):
                ours = (run_id, pev_mac) == (self._run_id, self._mac)
            case CmSlacMatchCnf(run_id=run_id, pev_mac=pev_mac, evse_mac=evse_mac):
                ours = (run_id, pev_mac, evse_mac) == (self._run_id, self._mac, frame.src)
            case _:
                ours = False
        return ours and frame.dst == self._mac
