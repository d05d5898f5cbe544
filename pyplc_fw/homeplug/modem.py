"""The host's dealings with its powerline modem: find it, give it a key, see the link come up.

A modem that takes a key restarts and is deaf for some seconds. Whether car and charger are then
in one network (AVLN) is judged by evidence: a second modem answers VS_SW_VER.REQ, or a named
one does. CM_GET_KEY.REQ, which some modems refuse, is there to look at and nothing depends on it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from structlog.typing import FilteringBoundLogger

from pyplc_fw import faults
from pyplc_fw.errors import ModemError
from pyplc_fw.homeplug.link import MmeLink
from pyplc_fw.homeplug.mme import (
    CmGetKeyCnf,
    CmGetKeyReq,
    CmSetKeyCnf,
    CmSetKeyReq,
    VsSwVerCnf,
    VsSwVerReq,
)
from pyplc_fw.homeplug.mme_keys import GET_KEY_GRANTED, SET_KEY_ACCEPTED
from pyplc_fw.homeplug.ports import FrameLink
from pyplc_fw.homeplug.timers import MODEM_TIMERS, TT_MATCH_JOIN, ModemTimers
from pyplc_fw.terms import BROADCAST, MacAddress, Nid, Nmk, Role
from pyplc_fw.timing import Timer, timeout

LOCAL_MODEM: Final = MacAddress.parse("00:b0:52:00:00:01")
"The address that every Qualcomm modem takes as its own on its host side, and only there."
_NONCE_BITS: Final = 32


@dataclass(frozen=True, slots=True)
class ModemInfo:
    """A modem that answered VS_SW_VER.REQ."""

    mac: MacAddress
    version: str
    "Such as ``MAC-QCA7420-1.4.0.20-00-20171027-CS``."


@dataclass(frozen=True, slots=True)
class ModemKey:
    """What a modem said to CM_GET_KEY.REQ."""

    mac: MacAddress
    nid: Nid
    nmk: Nmk | None
    "None when the modem refuses to tell; a remote one always does."


class Modem:
    """The modem on our interface, and what it lets us see of others.

    ``role`` decides which numbered steps are logged: a charger's key is checkpoint 1, a car's
    170, with 180 for the restart and 190 for the link.
    """

    def __init__(
        self,
        link: FrameLink,
        rng: random.Random,
        log: FilteringBoundLogger,
        *,
        role: Role = Role.PEV,
        timers: ModemTimers = MODEM_TIMERS,
        accepted_results: Collection[int] = (SET_KEY_ACCEPTED,),
    ) -> None:
        self._link = link
        self._rng = rng
        self._log = log
        self._role = role
        self._timers = timers
        self._accepted_results = accepted_results
        "What CM_SET_KEY.CNF says for *taken*: Qualcomm modems 1, those true to the standard 0."

    async def find(self) -> list[ModemInfo]:
        """Return every modem that answers within the window, our own first as a rule."""
        return await self._ask_versions(lambda _: False)

    async def set_key(self, nid: Nid, nmk: Nmk) -> None:
        """Give the modem its key; it restarts then and is deaf for some seconds.

        Checkpoints 170 and 180 as a car, 1 as a charger. A silent modem is asked again,
        C_SET_KEY_RETRY times; raises ModemError when it stays silent or does not take the key.
        """
        self._log_step("modem.set_key", pev=170, evse=1, nid=str(nid))
        self._log.debug("modem.nmk", nmk=str(nmk))
        refusal: CmSetKeyCnf | None = None
        with MmeLink(self._link, self._log) as mmes:
            for _ in range(1 + self._timers.c_set_key_retry):
                mmes.send(LOCAL_MODEM, CmSetKeyReq(nid=nid, nmk=nmk, my_nonce=self._nonce()))
                answer = await self._set_key_cnf(mmes)
                if answer is not None and answer.result in self._accepted_results:
                    self._log_step("modem.restarting", pev=180)
                    return
                refusal = answer or refusal
        if refusal is not None:
            raise ModemError(f"the modem does not take the key: result {refusal.result}")
        raise ModemError("the modem does not answer CM_SET_KEY.REQ", reason=faults.MODEM_MISSING)

    async def wait_link_up(
        self, timer: Timer = TT_MATCH_JOIN, *, peer: MacAddress | None = None
    ) -> list[ModemInfo]:
        """Wait until a second modem, or the modem ``peer``, answers; checkpoint 190.

        Returns the modems of the network. Raises ProtocolTimeoutError; a modem that does not
        know Qualcomm's vendor MME never answers, so a caller may try SDP all the same.
        """

        def joined(found: Collection[MacAddress]) -> bool:
            return len(found) >= 2 or peer in found

        async with timeout(timer, reason=faults.SLAC_FAILED):
            while True:
                modems = await self._ask_versions(joined)
                if joined({modem.mac for modem in modems}):
                    macs = [str(modem.mac) for modem in modems]
                    self._log_step("modem.link_up", pev=190, modems=macs)
                    return modems

    async def get_key(self, nid: Nid) -> list[ModemKey]:
        """Ask what key the modems have; those that answer within the window, maybe none."""
        keys: dict[MacAddress, ModemKey] = {}
        with MmeLink(self._link, self._log) as mmes:
            mmes.send(BROADCAST, CmGetKeyReq(nid=nid, my_nonce=self._nonce()))
            deadline = self._deadline(self._timers.modem_answer)
            while (frame := await mmes.receive_before(deadline)) is not None:
                answer = frame.message
                if isinstance(answer, CmGetKeyCnf):
                    nmk = answer.nmk if answer.result == GET_KEY_GRANTED else None
                    keys[frame.src] = ModemKey(frame.src, answer.nid, nmk)
        return list(keys.values())

    async def _ask_versions(
        self, enough: Callable[[Collection[MacAddress]], bool]
    ) -> list[ModemInfo]:
        """Collect the answers to VS_SW_VER.REQ until the window is over, or there are enough."""
        found: dict[MacAddress, ModemInfo] = {}
        with MmeLink(self._link, self._log) as mmes:
            mmes.send(BROADCAST, VsSwVerReq())
            deadline = self._deadline(self._timers.modem_answer)
            while (frame := await mmes.receive_before(deadline)) is not None:
                if isinstance(frame.message, VsSwVerCnf):
                    found[frame.src] = ModemInfo(frame.src, frame.message.version)
                    if enough(found):
                        break
        return list(found.values())

    async def _set_key_cnf(self, mmes: MmeLink) -> CmSetKeyCnf | None:
        """Wait for the answer that takes the key; else return one that does not, or None.

        A remote modem in reach may answer too, with a 0, and before ours does.
        """
        refusal = None
        deadline = self._deadline(self._timers.set_key_cnf)
        while (frame := await mmes.receive_before(deadline)) is not None:
            answer = frame.message
            if isinstance(answer, CmSetKeyCnf):
                if answer.result in self._accepted_results:
                    return answer
                refusal = answer
        return refusal

    def _deadline(self, timer: Timer) -> float:
        return asyncio.get_running_loop().time() + timer.limit_s

    def _nonce(self) -> bytes:
        return self._rng.getrandbits(_NONCE_BITS).to_bytes(4, "big")

    def _log_step(
        self, event: str, *, pev: int | None = None, evse: int | None = None, **values: object
    ) -> None:
        """Log ``event``, with the number it has in our role."""
        checkpoint = {Role.PEV: pev, Role.EVSE: evse}.get(self._role)
        numbered = values if checkpoint is None else {"checkpoint": checkpoint, **values}
        self._log.info(event, **numbered)
