"""The MMEs of SLAC up to the attenuation result: parameters, sounding, attenuation.

Each class is what follows the MME header on the wire, in wire order. All numbers are one octet,
attenuations are dB. Source: ISO 15118-3 Annex A, HomePlug Green PHY 1.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Self

from pyplc_fw.errors import CodecError
from pyplc_fw.homeplug.mme_base import MMV_AV_1_1, Layout
from pyplc_fw.terms import BROADCAST, MacAddress, RunId

NO_STATION_ID: Final = bytes(17)
"Station identifiers (VIN, EVSEID) are 17 octets and sent as zeros by everyone recorded."
RESP_TYPE_OTHER_STATION: Final = 1
"The result goes to another Green PHY station; the only value ISO 15118-3 allows."


def _groups(name: str, attenuation_db: bytes) -> int:
    if len(attenuation_db) > 255:
        raise CodecError(f"{name}: {len(attenuation_db)} attenuation groups, at most 255")
    return len(attenuation_db)


@dataclass(frozen=True, slots=True, kw_only=True)
class CmSlacParmReq:
    """CM_SLAC_PARM.REQ: the EV asks every EVSE in reach for its SLAC parameters.

    Wire: 10 bytes.
    """

    MMTYPE: ClassVar[int] = 0x6064
    MMV: ClassVar[int] = MMV_AV_1_1
    LAYOUT: ClassVar[Layout] = Layout("CM_SLAC_PARM.REQ", "<BB8s")

    run_id: RunId
    "Names this matching run; repeated in every later MME of the run."
    application_type: int = 0x00
    security_type: int = 0x00

    def encode(self) -> bytes:
        return self.LAYOUT.pack(self.application_type, self.security_type, self.run_id)

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read ``payload``; raises CodecError if it is shorter than 10 bytes."""
        application_type, security_type, run_id = cls.LAYOUT.unpack(payload)
        return cls(
            run_id=RunId(run_id), application_type=application_type, security_type=security_type
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CmSlacParmCnf:
    """CM_SLAC_PARM.CNF: an EVSE answers how it wants the sounding done.

    Wire: 25 bytes.
    """

    MMTYPE: ClassVar[int] = 0x6065
    MMV: ClassVar[int] = MMV_AV_1_1
    LAYOUT: ClassVar[Layout] = Layout("CM_SLAC_PARM.CNF", "<6sBBB6sBB8s")

    run_id: RunId
    forwarding_sta: MacAddress
    "The EV's address: where the attenuation result goes."
    msound_target: MacAddress = BROADCAST
    num_sounds: int = 10
    time_out: int = 6
    "Units of 100 ms."
    resp_type: int = RESP_TYPE_OTHER_STATION
    application_type: int = 0x00
    security_type: int = 0x00

    def encode(self) -> bytes:
        return self.LAYOUT.pack(
            self.msound_target,
            self.num_sounds,
            self.time_out,
            self.resp_type,
            self.forwarding_sta,
            self.application_type,
            self.security_type,
            self.run_id,
        )

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read ``payload``; raises CodecError if it is shorter than 25 bytes."""
        target, sounds, time_out, resp_type, sta, app, security, run = cls.LAYOUT.unpack(payload)
        return cls(
            run_id=RunId(run),
            forwarding_sta=MacAddress(sta),
            msound_target=MacAddress(target),
            num_sounds=sounds,
            time_out=time_out,
            resp_type=resp_type,
            application_type=app,
            security_type=security,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CmStartAttenCharInd:
    """CM_START_ATTEN_CHAR.IND: the EV announces its sounds, three times.

    Wire: 19 bytes.
    """

    MMTYPE: ClassVar[int] = 0x606A
    MMV: ClassVar[int] = MMV_AV_1_1
    LAYOUT: ClassVar[Layout] = Layout("CM_START_ATTEN_CHAR.IND", "<BBBBB6s8s")

    run_id: RunId
    forwarding_sta: MacAddress
    "The EV's own address."
    num_sounds: int = 10
    time_out: int = 6
    "Units of 100 ms; a Compleo charger ignores the message when it is not 6."
    resp_type: int = RESP_TYPE_OTHER_STATION
    application_type: int = 0x00
    security_type: int = 0x00

    def encode(self) -> bytes:
        return self.LAYOUT.pack(
            self.application_type,
            self.security_type,
            self.num_sounds,
            self.time_out,
            self.resp_type,
            self.forwarding_sta,
            self.run_id,
        )

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read ``payload``; raises CodecError if it is shorter than 19 bytes."""
        app, security, sounds, time_out, resp_type, sta, run = cls.LAYOUT.unpack(payload)
        return cls(
            run_id=RunId(run),
            forwarding_sta=MacAddress(sta),
            num_sounds=sounds,
            time_out=time_out,
            resp_type=resp_type,
            application_type=app,
            security_type=security,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CmMnbcSoundInd:
    """CM_MNBC_SOUND.IND: one sound, sent robustly (multi-network broadcast) to every EVSE.

    Wire: 52 bytes, 8 of them reserved after the run.
    """

    MMTYPE: ClassVar[int] = 0x6076
    MMV: ClassVar[int] = MMV_AV_1_1
    LAYOUT: ClassVar[Layout] = Layout("CM_MNBC_SOUND.IND", "<BB17sB8s8s16s")

    run_id: RunId
    remaining: int
    "How many sounds still follow: 9 down to 0."
    random: bytes
    "16 octets, different in each sound."
    sender_id: bytes = NO_STATION_ID
    application_type: int = 0x00
    security_type: int = 0x00

    def encode(self) -> bytes:
        return self.LAYOUT.pack(
            self.application_type,
            self.security_type,
            self.sender_id,
            self.remaining,
            self.run_id,
            bytes(8),
            self.random,
        )

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read ``payload``; raises CodecError if it is shorter than 52 bytes."""
        app, security, sender, remaining, run, _reserved, random = cls.LAYOUT.unpack(payload)
        return cls(
            run_id=RunId(run),
            remaining=remaining,
            random=random,
            sender_id=sender,
            application_type=app,
            security_type=security,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CmAttenProfileInd:
    """CM_ATTEN_PROFILE.IND: a charger's modem tells its host how it heard one sound.

    Wire: 8 bytes and one for each group. A QCA7005 reports 58 groups, an AR7420 none.
    """

    MMTYPE: ClassVar[int] = 0x6086
    MMV: ClassVar[int] = MMV_AV_1_1
    LAYOUT: ClassVar[Layout] = Layout("CM_ATTEN_PROFILE.IND", "<6sBB")

    pev_mac: MacAddress
    "Who sounded."
    attenuation_db: bytes
    "One octet for each carrier group."

    def encode(self) -> bytes:
        groups = _groups("CM_ATTEN_PROFILE.IND", self.attenuation_db)
        return self.LAYOUT.pack(self.pev_mac, groups, 0) + self.attenuation_db

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read ``payload``; raises CodecError if its groups are not all there."""
        pev_mac, groups, _reserved = cls.LAYOUT.unpack(payload)
        return cls(pev_mac=MacAddress(pev_mac), attenuation_db=cls.LAYOUT.tail(payload, groups))


@dataclass(frozen=True, slots=True, kw_only=True)
class CmAttenCharInd:
    """CM_ATTEN_CHAR.IND: an EVSE tells the EV how it heard the sounds, averaged.

    Wire: 52 bytes and one for each group, of which there are 58 as a rule.
    """

    MMTYPE: ClassVar[int] = 0x606E
    MMV: ClassVar[int] = MMV_AV_1_1
    LAYOUT: ClassVar[Layout] = Layout("CM_ATTEN_CHAR.IND", "<BB6s8s17s17sBB")

    source_address: MacAddress
    "The EV that sounded."
    run_id: RunId
    num_sounds: int
    "How many sounds the EVSE heard."
    attenuation_db: bytes
    "One octet for each carrier group."
    source_id: bytes = NO_STATION_ID
    resp_id: bytes = NO_STATION_ID
    application_type: int = 0x00
    security_type: int = 0x00

    def encode(self) -> bytes:
        fixed = self.LAYOUT.pack(
            self.application_type,
            self.security_type,
            self.source_address,
            self.run_id,
            self.source_id,
            self.resp_id,
            self.num_sounds,
            _groups("CM_ATTEN_CHAR.IND", self.attenuation_db),
        )
        return fixed + self.attenuation_db

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read ``payload``; raises CodecError if its groups are not all there."""
        app, security, source, run, source_id, resp_id, sounds, groups = cls.LAYOUT.unpack(payload)
        return cls(
            source_address=MacAddress(source),
            run_id=RunId(run),
            num_sounds=sounds,
            attenuation_db=cls.LAYOUT.tail(payload, groups),
            source_id=source_id,
            resp_id=resp_id,
            application_type=app,
            security_type=security,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CmAttenCharRsp:
    """CM_ATTEN_CHAR.RSP: the EV tells an EVSE that its result has arrived.

    Wire: 51 bytes.
    """

    MMTYPE: ClassVar[int] = 0x606F
    MMV: ClassVar[int] = MMV_AV_1_1
    LAYOUT: ClassVar[Layout] = Layout("CM_ATTEN_CHAR.RSP", "<BB6s8s17s17sB")

    source_address: MacAddress
    "The EV that sounded."
    run_id: RunId
    result: int = 0x00
    "0 is success."
    source_id: bytes = NO_STATION_ID
    resp_id: bytes = NO_STATION_ID
    application_type: int = 0x00
    security_type: int = 0x00

    def encode(self) -> bytes:
        return self.LAYOUT.pack(
            self.application_type,
            self.security_type,
            self.source_address,
            self.run_id,
            self.source_id,
            self.resp_id,
            self.result,
        )

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read ``payload``; raises CodecError if it is shorter than 51 bytes."""
        app, security, source, run, source_id, resp_id, result = cls.LAYOUT.unpack(payload)
        return cls(
            source_address=MacAddress(source),
            run_id=RunId(run),
            result=result,
            source_id=source_id,
            resp_id=resp_id,
            application_type=app,
            security_type=security,
        )
