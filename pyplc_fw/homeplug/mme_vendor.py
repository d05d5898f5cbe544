"""Qualcomm's vendor MME that asks a modem for its software version.

A vendor MME begins with the vendor's OUI. Source: open-plc-utils' names, recordings of QCA7420,
QCA7005 and INT6400 modems.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Self

from pyplc_fw.errors import CodecError
from pyplc_fw.homeplug.mme_base import MMV_AV_1_0, Layout

OUI_QUALCOMM: Final = bytes.fromhex("00b052")
VERSION_FIELD_BYTES: Final = 64
DEVICE_ID_QCA7420: Final = 0x20


def _check_oui(name: str, oui: bytes) -> None:
    if oui != OUI_QUALCOMM:
        raise CodecError(f"{name}: OUI {oui.hex(':')}, want {OUI_QUALCOMM.hex(':')}")


@dataclass(frozen=True, slots=True, kw_only=True)
class VsSwVerReq:
    """VS_SW_VER.REQ: which modem are you, with what software? Every modem in reach answers.

    Wire: the OUI, 3 bytes.
    """

    MMTYPE: ClassVar[int] = 0xA000
    MMV: ClassVar[int] = MMV_AV_1_0
    LAYOUT: ClassVar[Layout] = Layout("VS_SW_VER.REQ", "<3s")

    def encode(self) -> bytes:
        return self.LAYOUT.pack(OUI_QUALCOMM)

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read ``payload``; raises CodecError if it does not begin with Qualcomm's OUI."""
        (oui,) = cls.LAYOUT.unpack(payload)
        _check_oui("VS_SW_VER.REQ", oui)
        return cls()


@dataclass(frozen=True, slots=True, kw_only=True)
class VsSwVerCnf:
    """VS_SW_VER.CNF: a modem's software version; each answer shows that a modem is there.

    Wire: OUI, status, device, length, then the version in a field of 64 bytes and one flag.
    """

    MMTYPE: ClassVar[int] = 0xA001
    MMV: ClassVar[int] = MMV_AV_1_0
    LAYOUT: ClassVar[Layout] = Layout("VS_SW_VER.CNF", "<3sBBB")

    version: str
    "ASCII, at most 63 characters, such as ``MAC-QCA7420-1.4.0.20-00-20171027-CS``."
    status: int = 0x00
    device_id: int = DEVICE_ID_QCA7420

    def encode(self) -> bytes:
        text = self.version.encode("latin-1", errors="replace") + b"\x00"
        if len(text) > VERSION_FIELD_BYTES:
            raise CodecError(f"VS_SW_VER.CNF: version of {len(text) - 1} characters, at most 63")
        head = self.LAYOUT.pack(OUI_QUALCOMM, self.status, self.device_id, len(text))
        upgradable = b"\x00"
        return head + text.ljust(VERSION_FIELD_BYTES, b"\x00") + upgradable

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read ``payload``; raises CodecError if the version is not all there."""
        oui, status, device_id, length = cls.LAYOUT.unpack(payload)
        _check_oui("VS_SW_VER.CNF", oui)
        text = cls.LAYOUT.tail(payload, length).split(b"\x00")[0]
        version = text.decode("latin-1")  # total; ASCII is what modems send
        return cls(version=version, status=status, device_id=device_id)
