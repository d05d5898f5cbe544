"""A simulated powerline modem of the QCA7420 class.

It answers its host's management messages, joins a private network (AVLN) with the modems that
have the same NID and NMK, and carries IPv6 only inside it. SLAC messages it carries to every modem
on the wire, for with them two strangers become acquainted.
"""

from __future__ import annotations

import asyncio
from math import sin
from typing import Any, Final, Generic, Protocol, TypeVar, assert_never

from pyplc_fw.errors import CodecError
from pyplc_fw.homeplug.mme import (
    CmAttenProfileInd,
    CmGetKeyCnf,
    CmGetKeyReq,
    CmMnbcSoundInd,
    CmSetKeyCnf,
    CmSetKeyReq,
    Mme,
    MmeFrame,
    VsSwVerCnf,
    VsSwVerReq,
    decode_frame,
    encode_frame,
)
from pyplc_fw.homeplug.mme_keys import EKS_NMK, GET_KEY_GRANTED, KEY_TYPE_NMK, SET_KEY_ACCEPTED
from pyplc_fw.homeplug.modem import LOCAL_MODEM
from pyplc_fw.net.packets import ETHERTYPE_HOMEPLUG
from pyplc_fw.sim.powerline import Powerline
from pyplc_fw.terms import BROADCAST, MacAddress, Nid, Nmk, Role

VERSION: Final = "MAC-QCA7420-1.4.0.20-00-20171027-CS"
SLAC_MMTYPES: Final = range(0x6064, 0x6084)
"What strangers may say to each other: CM_SLAC_PARM to CM_SLAC_USER_DATA."
ANSWER_DELAY_S: Final = 0.001
ATTENUATION_GROUPS: Final = 58
NONCE_BYTES: Final = 4
SET_KEY_IGNORED: Final = 0x00
GET_KEY_REFUSED: Final = 0x01
NEVER: Final = float("-inf")

_ETHERTYPE: Final = ETHERTYPE_HOMEPLUG.to_bytes(2, "big")
_SHAPE_DB: Final = tuple(0.3 * group + 2.5 * sin(group / 4) for group in range(ATTENUATION_GROUPS))
"A cable loses more at high frequencies, with waves from its reflections."


class ModemHost(Protocol):
    """What a modem sees at its Ethernet port: a simulated computer, or a real interface."""

    modem: SimModem[Any] | None
    name: str

    @property
    def mac(self) -> MacAddress:
        """Whom frames from the wire are for."""
        ...

    def deliver(self, frame: bytes) -> None:
        """Hand over a frame from the modem."""
        ...


HostT = TypeVar("HostT", bound=ModemHost)
ManagementReq = CmSetKeyReq | CmGetKeyReq | VsSwVerReq


class SimModem(Generic[HostT]):
    """One modem between ``host`` and ``line``; a charger's also measures the sounds it hears.

    After CM_SET_KEY it is deaf for ``restart_s`` (a real one: up to 5 s), and needs ``join_s``
    more until it is in the network of the others with its key.
    """

    def __init__(
        self,
        line: Powerline,
        host: HostT,
        mac: MacAddress,
        *,
        role: Role,
        version: str = VERSION,
        restart_s: float = 1.5,
        join_s: float = 0.5,
        tells_key: bool = True,
        measures: bool = True,
        knows_vendor: bool = True,
    ) -> None:
        """Make a modem; it may keep its key to itself, measure nothing, know no vendor messages."""
        self.mac = mac
        self.host = host
        self.nid = Nid(bytes([*line.rng.randbytes(6), 0x01]))
        self.nmk = Nmk(line.rng.randbytes(16))
        self.last_arrival_s = NEVER
        "When the last frame that was sent is heard; the next is not heard before it."
        self._line = line
        self._role = role
        self._version = version
        self._restart_s = restart_s
        self._join_s = join_s
        self._tells_key = tells_key
        self._measures = measures
        self._knows_vendor = knows_vendor
        self._deaf_until_s = NEVER
        self._joins_at_s = NEVER
        host.modem = self
        line.attach(self)

    def serves(self, mac: bytes) -> bool:
        """Tell whether a frame to ``mac`` is for this modem or its host."""
        return mac in (self.host.mac, self.mac)

    def shares_avln(self, other: SimModem[Any], now_s: float) -> bool:
        """Tell whether both are in the same private network now."""
        return (
            self._joins_at_s <= now_s >= other._joins_at_s
            and self.nid == other.nid
            and self.nmk == other.nmk
        )

    @property
    def is_deaf(self) -> bool:
        return asyncio.get_running_loop().time() < self._deaf_until_s

    def go_deaf(self, for_s: float) -> None:
        """Hear and send nothing ``for_s``, then join again."""
        self._deaf_until_s = asyncio.get_running_loop().time() + for_s
        self._joins_at_s = self._deaf_until_s + self._join_s

    def reset(self) -> None:
        """Restart; the key stays."""
        self.go_deaf(self._restart_s)

    # --- from the host ------------------------------------------------------------------------

    def send_from_host(self, frame: bytes) -> None:
        """Take a frame that the host sends."""
        self._line.produce(self.host.name, frame, self._take_from_host)

    def _take_from_host(self, frame: bytes) -> None:
        if self.is_deaf:
            return
        if frame[12:14] != _ETHERTYPE:
            self._line.carry(self, frame, within_avln=True)
        elif (mme := _mme(frame)) is not None:
            self._take_mme_from_host(frame, mme)

    def _take_mme_from_host(self, frame: bytes, mme: MmeFrame) -> None:
        message = mme.message
        is_for_us = mme.dst in (BROADCAST, LOCAL_MODEM, self.mac)
        if is_for_us and isinstance(message, ManagementReq) and self._answers(message):
            self._tell_host(mme.src, self._local_answer(message))
        if mme.dst not in (LOCAL_MODEM, self.mac):
            self._line.carry(self, frame, within_avln=mme.mmtype not in SLAC_MMTYPES)

    def _answers(self, req: ManagementReq) -> bool:
        return self._knows_vendor or not isinstance(req, VsSwVerReq)

    def _local_answer(self, req: ManagementReq) -> Mme:
        match req:
            case CmSetKeyReq():
                return self._set_key(req)
            case CmGetKeyReq():
                return self._get_key_cnf(req, granted=self._tells_key and req.nid == self.nid)
            case VsSwVerReq():
                return self._sw_ver_cnf()
            case _:
                assert_never(req)

    def _set_key(self, req: CmSetKeyReq) -> CmSetKeyCnf:
        is_valid = req.key_type == KEY_TYPE_NMK and req.new_eks == EKS_NMK and req.nid[6] < 0x40
        if is_valid:
            self.nid, self.nmk = req.nid, req.nmk
            self.go_deaf(ANSWER_DELAY_S + self._restart_s)
        return self._set_key_cnf(req, SET_KEY_ACCEPTED if is_valid else SET_KEY_IGNORED)

    def _tell_host(self, dst: MacAddress, message: Mme) -> None:
        frame = encode_frame(dst, self.mac, message)
        loop = asyncio.get_running_loop()
        loop.call_later(
            ANSWER_DELAY_S, self._line.produce, self.host.name, frame, self.host.deliver
        )

    # --- from the line ------------------------------------------------------------------------

    def hear(self, sender: SimModem[Any], frame: bytes) -> None:
        """Take a frame from the wire."""
        if self.is_deaf:
            return
        if frame[12:14] != _ETHERTYPE:
            self.host.deliver(frame)
        elif (mme := _mme(frame)) is not None:
            self._hear_mme(sender, frame, mme)

    def _hear_mme(self, sender: SimModem[Any], frame: bytes, mme: MmeFrame) -> None:
        message = mme.message
        if isinstance(message, ManagementReq):
            if mme.dst in (BROADCAST, self.mac) and self._answers(message):
                self._answer_remote(mme.src, message)
            return
        self.host.deliver(frame)
        if isinstance(message, CmMnbcSoundInd) and self._role is Role.EVSE and self._measures:
            self._tell_host(BROADCAST, self._measure(sender, mme.src))

    def _answer_remote(self, asker: MacAddress, req: ManagementReq) -> None:
        frame = encode_frame(asker, self.mac, self._remote_answer(req))
        loop = asyncio.get_running_loop()
        loop.call_later(
            ANSWER_DELAY_S, self._line.produce, self.host.name, frame, self._carry_to_avln
        )

    def _carry_to_avln(self, frame: bytes) -> None:
        self._line.carry(self, frame, within_avln=True)

    def _remote_answer(self, req: ManagementReq) -> Mme:
        match req:
            case CmSetKeyReq():
                return self._set_key_cnf(req, SET_KEY_IGNORED)
            case CmGetKeyReq():
                return self._get_key_cnf(req, granted=False)
            case VsSwVerReq():
                return self._sw_ver_cnf()
            case _:
                assert_never(req)

    def _measure(self, sender: SimModem[Any], pev_mac: MacAddress) -> CmAttenProfileInd:
        """Report how loud the sound was: the link's attenuation, the cable's shape, some noise."""
        link_db = self._line.attenuation_db(self, sender)
        noise_db = self._line.rng.random
        groups = (max(0, min(255, round(link_db + db + noise_db()))) for db in _SHAPE_DB)
        return CmAttenProfileInd(pev_mac=pev_mac, attenuation_db=bytes(groups))

    # --- answers ------------------------------------------------------------------------------

    def _set_key_cnf(self, req: CmSetKeyReq, result: int) -> CmSetKeyCnf:
        return CmSetKeyCnf(
            result=result,
            my_nonce=self._line.rng.randbytes(NONCE_BYTES),
            your_nonce=req.my_nonce,
            pid=req.pid,
            prn=req.prn,
            pmn=req.pmn,
        )

    def _get_key_cnf(self, req: CmGetKeyReq, *, granted: bool) -> CmGetKeyCnf:
        return CmGetKeyCnf(
            result=GET_KEY_GRANTED if granted else GET_KEY_REFUSED,
            nid=self.nid,
            nmk=self.nmk if granted else Nmk(bytes(Nmk.LENGTH)),
            my_nonce=self._line.rng.randbytes(NONCE_BYTES),
            your_nonce=req.my_nonce,
        )

    def _sw_ver_cnf(self) -> VsSwVerCnf:
        return VsSwVerCnf(version=self._version)


def _mme(frame: bytes) -> MmeFrame | None:
    """Read a management message; a damaged one is dropped, as the modem's checksum would."""
    try:
        return decode_frame(frame)
    except CodecError:
        return None
