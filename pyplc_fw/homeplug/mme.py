"""Whole Ethernet frames that carry one HomePlug management message entry (MME).

    destination 6 | source 6 | 88 E1 | MMV 1 | MMTYPE 2, little endian | FMI 2 | payload | padding

The fragmentation field (FMI) exists from MMV 1 (HomePlug AV 1.1) on. In vendor MMEs
(MMTYPE 0x8000 to 0xBFFF) the payload begins with the vendor's OUI. Short frames are padded with
zeros to 60 bytes, so a payload may be longer than its message.

Decoding is total: any bytes give an `MmeFrame` or raise CodecError. An MMTYPE without a class of
its own, another vendor's, or a fragment, gives an `UnknownMme`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pyplc_fw.errors import CodecError
from pyplc_fw.homeplug.mme_base import MMV_AV_1_0, MMV_AV_1_1, Layout, Mme
from pyplc_fw.homeplug.mme_keys import CmGetKeyCnf, CmGetKeyReq, CmSetKeyCnf, CmSetKeyReq
from pyplc_fw.homeplug.mme_match import (
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmValidateCnf,
    CmValidateReq,
)
from pyplc_fw.homeplug.mme_names import mme_name, tshark_name
from pyplc_fw.homeplug.mme_slac import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmAttenProfileInd,
    CmMnbcSoundInd,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
)
from pyplc_fw.homeplug.mme_vendor import OUI_QUALCOMM, VsSwVerCnf, VsSwVerReq
from pyplc_fw.terms import MacAddress

__all__ = [
    "ETHERTYPE_HOMEPLUG_AV",
    "MESSAGES",
    "CmAttenCharInd",
    "CmAttenCharRsp",
    "CmAttenProfileInd",
    "CmGetKeyCnf",
    "CmGetKeyReq",
    "CmMnbcSoundInd",
    "CmSetKeyCnf",
    "CmSetKeyReq",
    "CmSlacMatchCnf",
    "CmSlacMatchReq",
    "CmSlacParmCnf",
    "CmSlacParmReq",
    "CmStartAttenCharInd",
    "CmValidateCnf",
    "CmValidateReq",
    "Mme",
    "MmeFrame",
    "UnknownMme",
    "VsSwVerCnf",
    "VsSwVerReq",
    "decode_frame",
    "encode_frame",
    "mme_name",
    "tshark_name",
]

ETHERTYPE_HOMEPLUG_AV: Final = 0x88E1
MIN_FRAME_BYTES: Final = 60
"The shortest Ethernet frame, without its checksum."
OUI_BYTES: Final = 3
VENDOR_MMTYPES: Final = range(0x8000, 0xC000)

_ETHERNET: Final = Layout("MME frame", ">6s6sH")
_HEADER: Final = Layout("MME header", "<BH")
_FMI: Final = Layout("MME fragmentation field", "<H")
_FRAGMENTS_MASK: Final = 0x000F
"FMI, first octet, low nibble: how many fragments there are besides the first."

MESSAGES: Final[dict[int, type[Mme]]] = {
    message.MMTYPE: message
    for message in (
        CmSetKeyReq,
        CmSetKeyCnf,
        CmGetKeyReq,
        CmGetKeyCnf,
        CmSlacParmReq,
        CmSlacParmCnf,
        CmStartAttenCharInd,
        CmAttenCharInd,
        CmAttenCharRsp,
        CmMnbcSoundInd,
        CmValidateReq,
        CmValidateCnf,
        CmSlacMatchReq,
        CmSlacMatchCnf,
        CmAttenProfileInd,
        VsSwVerReq,
        VsSwVerCnf,
    )
}
"Every MME with a class of its own; the vendor ones are Qualcomm's."


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownMme:
    """An MME that has no class here: kept as it came, padding included."""

    mmtype: int
    payload: bytes
    "What follows the header, and the OUI in a vendor MME."
    oui: bytes | None = None
    "The vendor, 3 octets, in a vendor MME."

    def encode(self) -> bytes:
        return (self.oui or b"") + self.payload


@dataclass(frozen=True, slots=True, kw_only=True)
class MmeFrame:
    """One received frame, taken apart."""

    dst: MacAddress
    src: MacAddress
    mmv: int
    mmtype: int
    fmi: int
    "0 in a message that is not fragmented, and where the header has no such field."
    message: Mme | UnknownMme

    @property
    def name(self) -> str:
        """The standard's name of the message."""
        return mme_name(self.mmtype)


def encode_frame(
    dst: MacAddress, src: MacAddress, message: Mme | UnknownMme, *, mmv: int | None = None
) -> bytes:
    """Build the frame that carries ``message``; raises CodecError if a field does not fit.

    ``mmv`` replaces the header version that the message's class uses (1 for an `UnknownMme`).
    """
    if isinstance(message, UnknownMme):
        version, mmtype = MMV_AV_1_1, message.mmtype
    else:
        version, mmtype = message.MMV, message.MMTYPE
    version = version if mmv is None else mmv
    header = _HEADER.pack(version, mmtype)
    fmi = _FMI.pack(0) if version != MMV_AV_1_0 else b""
    ethernet = _ETHERNET.pack(dst, src, ETHERTYPE_HOMEPLUG_AV)
    return (ethernet + header + fmi + message.encode()).ljust(MIN_FRAME_BYTES, b"\x00")


def decode_frame(frame: bytes) -> MmeFrame:
    """Take ``frame`` apart, from its destination address on; raises CodecError."""
    dst, src, ethertype = _ETHERNET.unpack(frame)
    if ethertype != ETHERTYPE_HOMEPLUG_AV:
        raise CodecError(f"EtherType 0x{ethertype:04x} is not HomePlug AV")
    rest = frame[_ETHERNET.size :]
    mmv, mmtype = _HEADER.unpack(rest)
    rest, fmi = rest[_HEADER.size :], 0
    if mmv != MMV_AV_1_0:
        (fmi,) = _FMI.unpack(rest)
        rest = rest[_FMI.size :]
    return MmeFrame(
        dst=MacAddress(dst),
        src=MacAddress(src),
        mmv=mmv,
        mmtype=mmtype,
        fmi=fmi,
        message=_decode_message(mmtype, rest, fragmented=bool(fmi & _FRAGMENTS_MASK)),
    )


def _decode_message(mmtype: int, payload: bytes, *, fragmented: bool) -> Mme | UnknownMme:
    oui = None
    if mmtype in VENDOR_MMTYPES:
        oui = payload[:OUI_BYTES]
        if len(oui) < OUI_BYTES:
            raise CodecError(f"{mme_name(mmtype)}: ends in the OUI")
    known = MESSAGES.get(mmtype)
    if known is not None and not fragmented and oui in (None, OUI_QUALCOMM):
        return known.decode(payload)
    return UnknownMme(mmtype=mmtype, payload=payload[len(oui or b"") :], oui=oui)
