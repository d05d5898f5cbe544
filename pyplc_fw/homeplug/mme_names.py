"""What an MMTYPE is called: by the standard (and our logs), and by tshark.

An MMTYPE is a base value and two bits for the kind: REQ, CNF, IND, RSP.
"""

from __future__ import annotations

from typing import Final

KINDS: Final = ("REQ", "CNF", "IND", "RSP")

BASE_NAMES: Final[dict[int, str]] = {
    0x0014: "CC_DISCOVER_LIST",
    0x6000: "CM_UNASSOCIATED_STA",
    0x6004: "CM_ENCRYPTED_PAYLOAD",
    0x6008: "CM_SET_KEY",
    0x600C: "CM_GET_KEY",
    0x6010: "CM_SC_JOIN",
    0x6014: "CM_CHAN_EST",
    0x6018: "CM_TM_UPDATE",
    0x601C: "CM_AMP_MAP",
    0x6020: "CM_BRG_INFO",
    0x6024: "CM_CONN_NEW",
    0x6028: "CM_CONN_REL",
    0x602C: "CM_CONN_MOD",
    0x6030: "CM_CONN_INFO",
    0x6034: "CM_STA_CAP",
    0x6038: "CM_NW_INFO",
    0x603C: "CM_GET_BEACON",
    0x6040: "CM_HFID",
    0x6044: "CM_MME_ERROR",
    0x6048: "CM_NW_STATS",
    0x604C: "CM_LINK_STATS",
    0x6064: "CM_SLAC_PARM",
    0x6068: "CM_START_ATTEN_CHAR",
    0x606C: "CM_ATTEN_CHAR",
    0x6070: "CM_PKCS_CERT",
    0x6074: "CM_MNBC_SOUND",
    0x6078: "CM_VALIDATE",
    0x607C: "CM_SLAC_MATCH",
    0x6080: "CM_SLAC_USER_DATA",
    0x6084: "CM_ATTEN_PROFILE",
    # Qualcomm's
    0xA000: "VS_SW_VER",
    0xA030: "VS_LNK_STATS",
    0xA038: "VS_NW_INFO",
    0xA048: "VS_FR_LBK",
    0xA068: "VS_OP_ATTRIBUTES",
    0xA06C: "VS_ENET_SETTINGS",
    0xA070: "VS_TX_TONE_MAP_CHAR",
    0xA090: "VS_RX_TONE_MAP_CHAR",
    0xA0B0: "VS_MODULE_OPERATION",
    0xA14C: "VS_ATTEN_CHAR",
}

TSHARK_BASE_NAMES: Final[dict[int, str]] = {
    base: name
    for base, name in BASE_NAMES.items()
    if name.startswith("C") and name not in ("CM_GET_KEY", "CM_NW_INFO")
} | {0x6064: "CM_SLAC_PARAM", 0xA000: "VS_SW_VER", 0xA038: "VS_NW_INFO"}
"What the tools that described our recordings have a name for; nothing for the others."

TSHARK_VENDOR_NAMES: Final[dict[int, str]] = {
    0x8002: "vendor, OUI 64:4d:70 (S/T IoTecha: CP state change and others)",
    0xA22E: "vendor",
}


def _with_kind(base_name: str, mmtype: int) -> str:
    return f"{base_name}.{KINDS[mmtype & 3]}"


def mme_name(mmtype: int) -> str:
    """Return the standard's name, such as ``CM_SLAC_PARM.REQ``, or ``MME 0x....`` if unknown."""
    base_name = BASE_NAMES.get(mmtype & ~3)
    return _with_kind(base_name, mmtype) if base_name else f"MME 0x{mmtype:04X}"


def tshark_name(mmtype: int) -> str:
    """Return the name that the descriptions of recordings use, or an empty string."""
    base_name = TSHARK_BASE_NAMES.get(mmtype & ~3)
    return _with_kind(base_name, mmtype) if base_name else TSHARK_VENDOR_NAMES.get(mmtype, "")
