"""The MMEs with which a host gives its modem a network key, or asks for it.

Source: HomePlug AV 1.1; what modems really answer: recordings of QCA7420, INT6400.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Self

from pyplc_fw.homeplug.mme_base import MMV_AV_1_1, Layout
from pyplc_fw.terms import Nid, Nmk

KEY_TYPE_NMK: Final = 0x01
PID_HLE: Final = 0x04
"Protocol identifier: a higher layer entity sets the key."
EKS_NMK: Final = 0x01
SET_KEY_ACCEPTED: Final = 0x01
"What a QCA modem answers when it takes the key and restarts; the standard has it the other way."
GET_KEY_GRANTED: Final = 0x00
NO_NONCE: Final = bytes(4)


@dataclass(frozen=True, slots=True, kw_only=True)
class CmSetKeyReq:
    """CM_SET_KEY.REQ: the host gives its modem NID and NMK.

    Wire: 38 bytes.
    """

    MMTYPE: ClassVar[int] = 0x6008
    MMV: ClassVar[int] = MMV_AV_1_1
    LAYOUT: ClassVar[Layout] = Layout("CM_SET_KEY.REQ", "<B4s4sBHBB7sB16s")

    nid: Nid
    nmk: Nmk
    my_nonce: bytes
    "4 octets; the modem sends them back as `your_nonce`."
    your_nonce: bytes = NO_NONCE
    key_type: int = KEY_TYPE_NMK
    pid: int = PID_HLE
    prn: int = 0
    "Protocol run number, 2 octets."
    pmn: int = 0
    "Protocol message number."
    cco_capability: int = 0
    new_eks: int = EKS_NMK

    def encode(self) -> bytes:
        return self.LAYOUT.pack(
            self.key_type,
            self.my_nonce,
            self.your_nonce,
            self.pid,
            self.prn,
            self.pmn,
            self.cco_capability,
            self.nid,
            self.new_eks,
            self.nmk,
        )

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read ``payload``; raises CodecError if it is shorter than 38 bytes."""
        key_type, mine, yours, pid, prn, pmn, cco, nid, eks, nmk = cls.LAYOUT.unpack(payload)
        return cls(
            nid=Nid(nid),
            nmk=Nmk(nmk),
            my_nonce=mine,
            your_nonce=yours,
            key_type=key_type,
            pid=pid,
            prn=prn,
            pmn=pmn,
            cco_capability=cco,
            new_eks=eks,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CmSetKeyCnf:
    """CM_SET_KEY.CNF: the modem's answer; it restarts right after taking a key.

    Wire: 14 bytes.
    """

    MMTYPE: ClassVar[int] = 0x6009
    MMV: ClassVar[int] = MMV_AV_1_1
    LAYOUT: ClassVar[Layout] = Layout("CM_SET_KEY.CNF", "<B4s4sBHBB")

    result: int
    "A QCA modem says 1 when it takes the key; 0 is what a remote modem says, which does not."
    my_nonce: bytes
    "The modem's."
    your_nonce: bytes
    "The host's, sent back."
    pid: int = PID_HLE
    prn: int = 0
    pmn: int = 0
    cco_capability: int = 0

    def encode(self) -> bytes:
        return self.LAYOUT.pack(
            self.result,
            self.my_nonce,
            self.your_nonce,
            self.pid,
            self.prn,
            self.pmn,
            self.cco_capability,
        )

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read ``payload``; raises CodecError if it is shorter than 14 bytes."""
        result, mine, yours, pid, prn, pmn, cco = cls.LAYOUT.unpack(payload)
        return cls(
            result=result,
            my_nonce=mine,
            your_nonce=yours,
            pid=pid,
            prn=prn,
            pmn=pmn,
            cco_capability=cco,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CmGetKeyReq:
    """CM_GET_KEY.REQ: what key do you have? Many modems refuse; nothing here depends on it.

    Wire: 17 bytes.
    """

    MMTYPE: ClassVar[int] = 0x600C
    MMV: ClassVar[int] = MMV_AV_1_1
    LAYOUT: ClassVar[Layout] = Layout("CM_GET_KEY.REQ", "<BB7s4sBHB")

    nid: Nid
    my_nonce: bytes
    "4 octets; the modem sends them back as `your_nonce`."
    request_type: int = 0x00
    "0: direct."
    key_type: int = KEY_TYPE_NMK
    pid: int = PID_HLE
    prn: int = 0
    pmn: int = 0

    def encode(self) -> bytes:
        return self.LAYOUT.pack(
            self.request_type,
            self.key_type,
            self.nid,
            self.my_nonce,
            self.pid,
            self.prn,
            self.pmn,
        )

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read ``payload``; raises CodecError if it is shorter than 17 bytes."""
        request_type, key_type, nid, mine, pid, prn, pmn = cls.LAYOUT.unpack(payload)
        return cls(
            nid=Nid(nid),
            my_nonce=mine,
            request_type=request_type,
            key_type=key_type,
            pid=pid,
            prn=prn,
            pmn=pmn,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CmGetKeyCnf:
    """CM_GET_KEY.CNF: the modem's NID (even when it refuses) and its key.

    Wire: 38 bytes.
    """

    MMTYPE: ClassVar[int] = 0x600D
    MMV: ClassVar[int] = MMV_AV_1_1
    LAYOUT: ClassVar[Layout] = Layout("CM_GET_KEY.CNF", "<BB4s4s7sBBHB16s")

    result: int
    "0: granted; else refused (a remote modem, or another NID), with a key of zeros."
    nid: Nid
    nmk: Nmk
    my_nonce: bytes
    your_nonce: bytes
    key_type: int = KEY_TYPE_NMK
    eks: int = EKS_NMK
    pid: int = PID_HLE
    prn: int = 0
    pmn: int = 0

    def encode(self) -> bytes:
        return self.LAYOUT.pack(
            self.result,
            self.key_type,
            self.my_nonce,
            self.your_nonce,
            self.nid,
            self.eks,
            self.pid,
            self.prn,
            self.pmn,
            self.nmk,
        )

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read ``payload``; raises CodecError if it is shorter than 38 bytes."""
        result, key_type, mine, yours, nid, eks, pid, prn, pmn, nmk = cls.LAYOUT.unpack(payload)
        return cls(
            result=result,
            nid=Nid(nid),
            nmk=Nmk(nmk),
            my_nonce=mine,
            your_nonce=yours,
            key_type=key_type,
            eks=eks,
            pid=pid,
            prn=prn,
            pmn=pmn,
        )
