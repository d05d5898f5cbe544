"""The MMEs of SLAC after the attenuation result: validation and match.

Source: ISO 15118-3 Annex A, HomePlug Green PHY 1.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Self

from pyplc_fw.errors import CodecError
from pyplc_fw.homeplug.mme_base import MMV_AV_1_1, Layout
from pyplc_fw.homeplug.mme_slac import NO_STATION_ID
from pyplc_fw.terms import MacAddress, Nid, Nmk, RunId

VALIDATE_NOT_READY: Final = 0
VALIDATE_READY: Final = 1
VALIDATE_SUCCESS: Final = 2
VALIDATE_FAILURE: Final = 3
VALIDATE_NOT_REQUIRED: Final = 4


def _check_length_field(name: str, got: int, need: int) -> None:
    if got < need:
        raise CodecError(f"{name}: its length field says {got} bytes, need {need}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CmValidateReq:
    """CM_VALIDATE.REQ: the EV asks an EVSE to watch the control pilot for a BCB toggle.

    Wire: 3 bytes.
    """

    MMTYPE: ClassVar[int] = 0x6078
    MMV: ClassVar[int] = MMV_AV_1_1
    LAYOUT: ClassVar[Layout] = Layout("CM_VALIDATE.REQ", "<BBB")

    signal_type: int = 0x00
    "0: toggles on the control pilot."
    timer: int = 0
    "How long to watch: 0 is 100 ms, 1 is 200 ms and so on."
    result: int = VALIDATE_READY

    def encode(self) -> bytes:
        return self.LAYOUT.pack(self.signal_type, self.timer, self.result)

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read ``payload``; raises CodecError if it is shorter than 3 bytes."""
        signal_type, timer, result = cls.LAYOUT.unpack(payload)
        return cls(signal_type=signal_type, timer=timer, result=result)


@dataclass(frozen=True, slots=True, kw_only=True)
class CmValidateCnf:
    """CM_VALIDATE.CNF: the EVSE says whether it is ready to watch, or what it saw.

    Wire: 3 bytes.
    """

    MMTYPE: ClassVar[int] = 0x6079
    MMV: ClassVar[int] = MMV_AV_1_1
    LAYOUT: ClassVar[Layout] = Layout("CM_VALIDATE.CNF", "<BBB")

    signal_type: int = 0x00
    toggle_num: int = 0
    result: int = VALIDATE_NOT_REQUIRED

    def encode(self) -> bytes:
        return self.LAYOUT.pack(self.signal_type, self.toggle_num, self.result)

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read ``payload``; raises CodecError if it is shorter than 3 bytes."""
        signal_type, toggle_num, result = cls.LAYOUT.unpack(payload)
        return cls(signal_type=signal_type, toggle_num=toggle_num, result=result)


@dataclass(frozen=True, slots=True, kw_only=True)
class CmSlacMatchReq:
    """CM_SLAC_MATCH.REQ: the EV asks the EVSE it chose for its network.

    Wire: 66 bytes; the length field counts what follows it.
    """

    MMTYPE: ClassVar[int] = 0x607C
    MMV: ClassVar[int] = MMV_AV_1_1
    LAYOUT: ClassVar[Layout] = Layout("CM_SLAC_MATCH.REQ", "<BBH17s6s17s6s8s8s")
    MVF_LENGTH: ClassVar[int] = 0x003E

    pev_mac: MacAddress
    evse_mac: MacAddress
    run_id: RunId
    pev_id: bytes = NO_STATION_ID
    evse_id: bytes = NO_STATION_ID
    application_type: int = 0x00
    security_type: int = 0x00

    def encode(self) -> bytes:
        return self.LAYOUT.pack(
            self.application_type,
            self.security_type,
            self.MVF_LENGTH,
            self.pev_id,
            self.pev_mac,
            self.evse_id,
            self.evse_mac,
            self.run_id,
            bytes(8),
        )

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read ``payload``; raises CodecError if it is, or says it is, too short."""
        app, security, length, pev_id, pev, evse_id, evse, run, _ = cls.LAYOUT.unpack(payload)
        _check_length_field("CM_SLAC_MATCH.REQ", length, cls.MVF_LENGTH)
        return cls(
            pev_mac=MacAddress(pev),
            evse_mac=MacAddress(evse),
            run_id=RunId(run),
            pev_id=pev_id,
            evse_id=evse_id,
            application_type=app,
            security_type=security,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CmSlacMatchCnf:
    """CM_SLAC_MATCH.CNF: the EVSE hands out the NID and NMK of its network.

    Wire: 90 bytes; the length field counts what follows it.
    """

    MMTYPE: ClassVar[int] = 0x607D
    MMV: ClassVar[int] = MMV_AV_1_1
    LAYOUT: ClassVar[Layout] = Layout("CM_SLAC_MATCH.CNF", "<BBH17s6s17s6s8s8s7sB16s")
    MVF_LENGTH: ClassVar[int] = 0x0056

    pev_mac: MacAddress
    evse_mac: MacAddress
    run_id: RunId
    nid: Nid
    nmk: Nmk
    pev_id: bytes = NO_STATION_ID
    evse_id: bytes = NO_STATION_ID
    application_type: int = 0x00
    security_type: int = 0x00

    def encode(self) -> bytes:
        return self.LAYOUT.pack(
            self.application_type,
            self.security_type,
            self.MVF_LENGTH,
            self.pev_id,
            self.pev_mac,
            self.evse_id,
            self.evse_mac,
            self.run_id,
            bytes(8),
            self.nid,
            0,
            self.nmk,
        )

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read ``payload``; raises CodecError if it is, or says it is, too short."""
        unpacked = cls.LAYOUT.unpack(payload)
        app, security, length, pev_id, pev, evse_id, evse, run, _, nid, _, nmk = unpacked
        _check_length_field("CM_SLAC_MATCH.CNF", length, cls.MVF_LENGTH)
        return cls(
            pev_mac=MacAddress(pev),
            evse_mac=MacAddress(evse),
            run_id=RunId(run),
            nid=Nid(nid),
            nmk=Nmk(nmk),
            pev_id=pev_id,
            evse_id=evse_id,
            application_type=app,
            security_type=security,
        )
