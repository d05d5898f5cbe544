"""What errors say: where, at which bit, what is wrong, and what would have been right."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path

import pytest

from pyplc_fw.errors import CodecError
from pyplc_fw.v2g import exi
from pyplc_fw.v2g.messages import app, din
from pyplc_fw.v2g.messages.fields import fields_of
from tests.unit.exi.bitwise import DIN_ROOT, HEADER, PLAIN_START, stream_of
from tests.unit.exi.least import ALL_SITES

EXI = Path(__file__).resolve().parents[3] / "exi"

START = (*PLAIN_START, "010101")  # PreChargeReq
STATUS = "0 0 0 1 0 10 0 0000 0 0 0 0110111 0 0"  # DC_EVStatus
VOLTAGE = "0 0 0 011 0 00 0 0101 0"  # EVTargetVoltage up to Value
VALUE = "0 0 0 11111100 00000010"
CODES = (
    "OK, OK_NewSessionEstablished, OK_OldSessionJoined, OK_CertificateExpiresSoon, FAILED, "
    "FAILED_SequenceError, FAILED_ServiceIDInvalid, FAILED_UnknownSession or 15 others"
)
ERROR_CODES = (
    "NO_ERROR, FAILED_RESSTemperatureInhibit, FAILED_EVShiftPosition, "
    "FAILED_ChargerConnectorLockFault, FAILED_EVRESSMalfunction, "
    "FAILED_ChargingCurrentdifferential, FAILED_ChargingVoltageOutOfRange, Reserved_A, "
    "Reserved_B, Reserved_C, FAILED_ChargingSystemIncompatibility or NoData"
)
MESSAGES = (
    "CableCheckReq, CableCheckRes, CertificateInstallationReq, CertificateInstallationRes, "
    "CertificateUpdateReq, CertificateUpdateRes, ChargeParameterDiscoveryReq, "
    "ChargeParameterDiscoveryRes or 27 others"
)
PROTOCOL = "0 0 0 00000011 01101110 0 0 0 00000001 0 0 0 00000000 0 0 0 00000001 0 0 0"

# ^ is where it goes wrong.
SAID: dict[str, tuple[tuple[str, ...], str]] = {
    "nothing": (("^",), "the stream ends too early; expected a message"),
    "the header alone": ((HEADER, "^"), "the stream ends too early; expected a message"),
    "another header": (("^10000001 0",), "EXI header 0x81; expected 0x80"),
    "no element of the schema": (
        (HEADER, "^1111111 0"),
        "root element number 127; expected V2G_Message",
    ),
    "an element that is no message": (
        (HEADER, "^0010111 0"),
        "DC_EVStatus: no message; expected V2G_Message",
    ),
    "a value out of range": (
        (*START, "0 0 0 1 0 10 0 0000 0 0 0 ^1100101 0"),
        "PreChargeReq/DC_EVStatus/EVRESSSOC: 101 is outside 0 to 100",
    ),
    "a value below zero out of range": (
        (*START, STATUS, "0 0 0 ^111 0"),
        "PreChargeReq/EVTargetVoltage/Multiplier: 4 is outside -3 to 3",
    ),
    "a value that its enumeration does not have": (
        (*START, "0 0 0 1 0 10 0 ^1101 0"),
        (
            "PreChargeReq/DC_EVStatus/EVErrorCode: value number 13 is outside 0 to 11; "
            f"expected {ERROR_CODES}"
        ),
    ),
    "an enumeration too long to list": (
        (*PLAIN_START, "100000 0 0 ^11111 0"),
        f"SessionStopRes/ResponseCode: value number 31 is outside 0 to 22; expected {CODES}",
    ),
    "an event code that is none": (
        (*START, STATUS, VOLTAGE, VALUE, "0 0", "0 0 0 011 0 ^11 0"),
        "PreChargeReq/EVTargetCurrent: undeclared event code 3; expected Unit or Value",
    ),
    "undeclared content": (
        (*START, "^1 000"),
        "PreChargeReq: undeclared content; expected DC_EVStatus",
    ),
    "undeclared content in place of a value": (
        (*START, "0 0 ^1 001 0"),
        "PreChargeReq/DC_EVStatus/EVReady: undeclared content; expected a boolean",
    ),
    "undeclared content after a value": (
        (*START, "0 0 0 1 ^1"),
        "PreChargeReq/DC_EVStatus/EVReady: undeclared content; expected the end",
    ),
    "no message of that number": (
        (*PLAIN_START, "^111111"),
        f"Body: undeclared event code 63; expected {MESSAGES}",
    ),
    "a bare body": (
        (*PLAIN_START, "^000000"),
        (
            "BodyElement: the abstract head of a substitution group; expected CableCheckReq, "
            "CableCheckRes, CertificateInstallationReq, CertificateInstallationRes, "
            "CertificateUpdateReq, CertificateUpdateRes, ChargeParameterDiscoveryReq, "
            "ChargeParameterDiscoveryRes or 26 others"
        ),
    ),
    "a header too long": (
        (HEADER, DIN_ROOT, "0 0 0 ^00001001"),
        "Header/SessionID: 9 octets; expected at most 8",
    ),
    "cut before an event": (
        (*START, STATUS, VOLTAGE, VALUE, "0 0", "0 0 0 011 0 ^"),
        "PreChargeReq/EVTargetCurrent: the stream ends too early; expected Unit or Value",
    ),
    "cut in a value": (
        (*START, STATUS, VOLTAGE, "0 0 ^0 11111100"),
        "PreChargeReq/EVTargetVoltage/Value: the stream ends too early; expected an integer",
    ),
    "cut in a long text": (
        (*PLAIN_START, "010010 0 0 00000 0 0 0 ^10101110 00000010 01100001 01100001"),
        (
            "PaymentDetailsRes/GenChallenge: the stream ends too early; expected a text of 300 "
            "characters"
        ),
    ),
    "a number of more than 64 bits": (
        (*PLAIN_START, "010111 0 0 ^", "11111111" * 10),
        "ServiceDetailReq/ServiceID: a number of more than 64 bits is outside 0 to 65535",
    ),
    "a character that is none": (
        (*PLAIN_START, "010010 0 0 00000 0 0 0 ^00000011 10000000 10110000 00000011 0"),
        "PaymentDetailsRes/GenChallenge: U+D800 is no character",
    ),
    "a hit on nothing": (
        (*PLAIN_START, "010010 0 0 00000 0 0 0 ^00000001 0"),
        "PaymentDetailsRes/GenChallenge: a string table hit that points to nothing",
    ),
}


@pytest.mark.parametrize(("rows", "says"), SAID.values(), ids=SAID)
def test_what_a_stream_is_told(rows: tuple[str, ...], says: str) -> None:
    before, _, after = "".join(rows).replace(" ", "").partition("^")
    bits = before + after
    with pytest.raises(CodecError) as caught:
        exi.decode("din", stream_of(bits) if bits else b"")
    assert str(caught.value) == f"{says} (at bit {len(before)})"
    assert caught.value.bit == len(before)
    where, colon, _ = says.partition(": ")
    assert caught.value.path == (where if colon and " " not in where else "")


def test_items_of_a_list_are_numbered() -> None:
    wrong = PROTOCOL + " 11111 0 0"
    stream = stream_of(HEADER, "00", PROTOCOL, "00000 0 0", "0" + wrong)
    with pytest.raises(CodecError) as caught:
        exi.decode("app", stream)
    assert caught.value.path == "supportedAppProtocolReq/AppProtocol[2]/Priority"
    assert "32 is outside 1 to 20" in str(caught.value)


def test_the_end_of_a_fragment_is_named() -> None:
    stream = exi.encode_fragment("din", din.ContractAuthenticationReq())
    assert len(stream) == 4
    with pytest.raises(CodecError) as caught:
        exi.decode_fragment("din", stream[:2] + b"\x80\x40")
    assert str(caught.value) == (
        "undeclared event code 1; expected the end of the fragment (at bit 18)"
    )
    with pytest.raises(CodecError) as caught:
        exi.decode_fragment("din", stream[:3])
    assert str(caught.value) == (
        "the stream ends too early; expected the end of the fragment (at bit 18)"
    )


def test_a_message_within_itself_is_an_error_and_no_endless_search() -> None:
    header = din.MessageHeader(SessionID=b"")
    message: object = din.V2G_Message(Header=header, Body=din.Body())
    for _ in range(3000):
        message = din.V2G_Message(Header=message, Body=din.Body())  # type: ignore[arg-type] # on purpose
    assert isinstance(message, din.V2G_Message)
    with pytest.raises(CodecError, match="V2G_Message: more than 24 elements within each other"):
        exi.encode(message)


def test_what_stands_in_a_list_is_named_by_its_class() -> None:
    with pytest.raises(CodecError) as caught:
        exi.encode(app.supportedAppProtocolReq(AppProtocol=(din.Body(),)))  # type: ignore[arg-type] # on purpose
    assert str(caught.value) == (
        "supportedAppProtocolReq/AppProtocol[1]: expected an object (AppProtocol), found an "
        "object (Body)"
    )


def test_a_list_for_an_object_is_called_one() -> None:
    header = din.MessageHeader(SessionID=(b"",))  # type: ignore[arg-type] # on purpose
    with pytest.raises(CodecError) as caught:
        exi.encode(din.V2G_Message(Header=header, Body=din.Body()))
    assert str(caught.value) == (
        "Header/SessionID: expected a binary of at most 8 octets, found a list"
    )


def test_every_sentence_has_room() -> None:
    """The longest path, with the longest names in it, and the longest list of names after it."""
    constants = (EXI / "src" / "exi.h").read_text(encoding="utf-8")
    names = {step.name.partition("[")[0] for site in ALL_SITES for step in site.way}
    classes = {step.cls for site in ALL_SITES for step in site.way}
    kinds = [field.datatype for cls in classes for field in fields_of(cls)]
    enums = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Enum)]
    names |= {cls.__name__ for cls in classes} | {str(v.value) for enum in enums for v in enum}
    longest = max(map(len, names))
    depth, most, quoted = (
        int(re.findall(rf"#define EXI_MAX_{what} (\d+)", constants)[0])
        for what in ("DEPTH", "TEXT", "QUOTED")
    )
    path = (depth + 1) * (longest + len("[4294967295]/"))
    list_of_names = 12 * (longest + len("attribute , "))
    assert path + list_of_names + 4 * quoted + 200 < most


def test_an_unfinished_message_of_every_length_says_where_it_ends() -> None:
    stream = stream_of(*START, STATUS, VOLTAGE, VALUE, "0 0", "0 0 0 011 0 01 0 0 00000001 0 0 0")
    stream = exi.encode(exi.decode("din", stream + b"\0"))
    for size in range(len(stream)):
        with pytest.raises(CodecError, match="the stream ends too early; expected ") as caught:
            exi.decode("din", stream[:size])
        assert caught.value.bit is not None
        assert caught.value.bit <= 8 * size
