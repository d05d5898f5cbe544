"""Reads from a V2G EXI payload what stands before the message's fields: its name and SessionID.

Enough to name and count a message that does not decode. Source: the schemas of DIN 70121 and
ISO 15118-2 under EXI's grammar rules.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from pyplc_fw.v2g.exi import SCHEMA_OF_BYTE_1

_COMMON: Final = (
    "CableCheck",
    "CertificateInstallation",
    "CertificateUpdate",
    "ChargeParameterDiscovery",
    "ChargingStatus",
    "CurrentDemand",
    "MeteringReceipt",
    "PaymentDetails",
    "PowerDelivery",
    "PreCharge",
    "ServiceDetail",
    "ServiceDiscovery",
    "SessionSetup",
    "SessionStop",
    "WeldingDetection",
)
_OWN: Final = {
    "din": ("ContractAuthentication", "ServicePaymentSelection"),
    "iso2": ("Authorization", "PaymentServiceSelection"),
}


def _body_elements(schema: str) -> tuple[str, ...]:
    """Every substitute of BodyElement and itself, in the order that gives the event codes."""
    pairs = (*_COMMON, *_OWN[schema])
    return tuple(sorted(["BodyElement", *(p + "Req" for p in pairs), *(p + "Res" for p in pairs)]))


BODY_ELEMENTS: Final = {schema: _body_elements(schema) for schema in _OWN}
"By schema: the body elements by event code."

NAMESPACES: Final = {
    "urn:din:70121:2012:MsgDef": "din",
    "urn:iso:15118:2:2013:MsgDef": "iso2",
}
"Protocol namespaces of supportedAppProtocol to schema."

_MAX_SESSION_ID_BYTES: Final = 8
_BODY_CODE_BITS: Final = 6


class Outline(NamedTuple):
    """What can be told of a payload without decoding its body."""

    schema: str
    session_id: bytes
    name: str


def guess_schema(payload: bytes) -> str | None:
    """Tell ``"app"``, ``"din"`` or ``"iso2"`` by the first two bytes; None for what is none."""
    if len(payload) < 2 or payload[0] != 0x80:
        return None
    if payload[1] < 0x80:
        return "app"
    return SCHEMA_OF_BYTE_1.get(payload[1])


def outline(payload: bytes) -> Outline | None:
    """Read name and SessionID of a DIN or ISO-2 message with a plain header; else None.

    A header with Notification or Signature is not plain.
    """
    schema = SCHEMA_OF_BYTE_1.get(payload[1]) if len(payload) > 3 else None
    if schema is None or payload[0] != 0x80:
        return None
    bits = int.from_bytes(payload[:16].ljust(16, b"\0"), "big")
    length = bits >> (128 - 26) & 0xFF
    if bits >> (128 - 18) & 0x3 or length > _MAX_SESSION_ID_BYTES:
        return None
    after = 26 + 8 * length
    session_id = (bits >> (128 - after) & ((1 << 8 * length) - 1)).to_bytes(length, "big")
    # EE(SessionID) 0, EE(Header) 10 of three ways to go on, SE(Body) 0, then the body's code.
    code = bits >> (128 - after - 4 - _BODY_CODE_BITS) & 0x3F
    if bits >> (128 - after - 4) & 0xF != 0b0100 or code >= len(BODY_ELEMENTS[schema]):
        return None
    return Outline(schema, session_id, BODY_ELEMENTS[schema][code])
