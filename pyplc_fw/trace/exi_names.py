"""Reads from a V2G EXI payload what stands before the message's fields: its name and SessionID.

Enough to count the messages of a schema whose classes are not there yet, and to name one that
does not decode. Source: the schemas of DIN 70121 and ISO 15118-2 under EXI's grammar rules.
"""

from __future__ import annotations

from typing import Final, NamedTuple

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

SCHEMA_OF_BYTE_1: Final = {0x9A: "din", 0x98: "iso2"}
"Event code of V2G_Message and SE(Header), which differ between the schemas."
NAMESPACES: Final = {
    "urn:din:70121:2012:MsgDef": "din",
    "urn:iso:15118:2:2013:MsgDef": "iso2",
}
"Protocol namespaces of supportedAppProtocol to schema."

RESPONSE_CODES_ISO2: Final = (
    "OK",
    "OK_NewSessionEstablished",
    "OK_OldSessionJoined",
    "OK_CertificateExpiresSoon",
    "FAILED",
    "FAILED_SequenceError",
    "FAILED_ServiceIDInvalid",
    "FAILED_UnknownSession",
    "FAILED_ServiceSelectionInvalid",
    "FAILED_PaymentSelectionInvalid",
    "FAILED_CertificateExpired",
    "FAILED_SignatureError",
    "FAILED_NoCertificateAvailable",
    "FAILED_CertChainError",
    "FAILED_ChallengeInvalid",
    "FAILED_ContractCanceled",
    "FAILED_WrongChargeParameter",
    "FAILED_PowerDeliveryNotApplied",
    "FAILED_TariffSelectionInvalid",
    "FAILED_ChargingProfileInvalid",
    "FAILED_MeteringSignatureNotValid",
    "FAILED_NoChargeServiceSelected",
    "FAILED_WrongEnergyTransferMode",
    "FAILED_ContactorError",
    "FAILED_CertificateNotAllowedAtThisEVSE",
    "FAILED_CertificateRevoked",
)
"In the order of ISO 15118-2's responseCodeType, which is the encoding."

_MAX_SESSION_ID_BYTES: Final = 8
_BODY_CODE_BITS: Final = 6
_RESPONSE_CODE_BITS: Final = 5


class Outline(NamedTuple):
    """What can be told of a payload without decoding its body."""

    schema: str
    session_id: bytes
    name: str
    response_code: str = ""
    "Of an ISO-2 response, where it is the first element of every body."


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
    name = BODY_ELEMENTS[schema][code]
    if schema != "iso2" or not name.endswith("Res"):
        return Outline(schema, session_id, name)
    # SE(ResponseCode) 0, CH 0, then the enumeration.
    response = bits >> (128 - after - 4 - _BODY_CODE_BITS - 2 - _RESPONSE_CODE_BITS) & 0x7F
    known = response < len(RESPONSE_CODES_ISO2)
    return Outline(schema, session_id, name, RESPONSE_CODES_ISO2[response] if known else "")
