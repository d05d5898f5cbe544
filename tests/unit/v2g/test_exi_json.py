"""The JSON form of messages."""

from __future__ import annotations

import pytest

from pyplc_fw.errors import CodecError
from pyplc_fw.v2g import exi
from pyplc_fw.v2g.messages import din, xmldsig
from tests.unit.exi.bitwise import WORKED, din_message


def test_the_form() -> None:
    example = next(worked for worked in WORKED if worked.name == "attributes and a choice")
    parameters = [
        {"@Name": "a", "@ValueType": "byte", "byteValue": -128},
        {"@Name": "b", "@ValueType": "string", "stringValue": ""},
    ]
    assert exi.to_json(example.message) == {
        "V2G_Message": {
            "Header": {"SessionID": "2A"},
            "Body": {
                "ServiceDetailRes": {
                    "ResponseCode": "OK",
                    "ServiceID": 128,
                    "ServiceParameterList": {
                        "ParameterSet": [{"ParameterSetID": -1, "Parameter": parameters}]
                    },
                }
            },
        }
    }


def test_text_beside_attributes_and_a_repeated_choice() -> None:
    info = xmldsig.KeyInfo(
        content=(
            xmldsig.KeyName(value="k"),
            xmldsig.X509Data(content=(xmldsig.X509SKI(value=b"s"),)),
        )
    )
    value = xmldsig.SignatureValue(Id="v", value=b"\xff")
    assert exi.to_json(info) == {"KeyInfo": {"KeyName": ["k"], "X509Data": [{"X509SKI": ["cw=="]}]}}
    assert exi.to_json(value) == {"SignatureValue": {"@Id": "v", "#": "/w=="}}


def test_an_empty_message_is_an_empty_object() -> None:
    message = din_message(din.SessionStopReq())
    assert exi.to_json(message)["V2G_Message"]["Body"] == {"SessionStopReq": {}}


def body(content: object) -> object:
    return {"V2G_Message": {"Header": {"SessionID": "01"}, "Body": content}}


def setup(evccid: object) -> object:
    return body({"SessionSetupReq": {"EVCCID": evccid}})


EVCCID = "SessionSetupReq/EVCCID: "
NUMBER = "ServiceDetailReq/ServiceID: expected an integer from 0 to 65535, found "

CODES = (
    "OK, OK_NewSessionEstablished, OK_OldSessionJoined, OK_CertificateExpiresSoon, FAILED, "
    "FAILED_SequenceError, FAILED_ServiceIDInvalid, FAILED_UnknownSession or 15 others"
)
INFO = {
    "CanonicalizationMethod": {"@Algorithm": ""},
    "SignatureMethod": {"@Algorithm": ""},
    "Reference": [{"DigestMethod": {"@Algorithm": ""}, "DigestValue": ""}],
}
DIGEST = "Header/Signature/SignatureValue: "


def signed(value: str) -> object:
    signature = {"SignedInfo": INFO, "SignatureValue": {"#": value}}
    return {"V2G_Message": {"Header": {"SessionID": "", "Signature": signature}, "Body": {}}}


WRONG: dict[str, tuple[object, str]] = {
    "no object": (5, "one key, its root element"),
    "two roots": ({"a": {}, "b": {}}, "one key, its root element"),
    "unknown root": ({"Message": {}}, '"Message" is no message; expected V2G_Message'),
    "a number for an object": (
        {"V2G_Message": 5},
        "V2G_Message: expected an object (V2G_Message), found the integer 5",
    ),
    "a part is missing": ({"V2G_Message": {"Body": {}}}, "V2G_Message: Header is missing"),
    "unknown element": (
        body({"SessionStopReq": {"x": 1}}),
        'SessionStopReq: "x" is unknown; expected nothing',
    ),
    "two messages": (
        body({"SessionStopReq": {}, "ChargingStatusReq": {}}),
        "ChargingStatusReq: there is one already",
    ),
    "a number for hex": (
        setup(5),
        EVCCID + "expected a binary of at most 8 octets, found the integer 5",
    ),
    "odd hex": (setup("123"), EVCCID + '"123" is not in pairs of hexadecimal digits'),
    "no hex": (setup("xx"), EVCCID + '"xx" is not in pairs of hexadecimal digits'),
    "hex with blanks": (setup("00 11"), EVCCID + '"00 11" is not in pairs of hexadecimal digits'),
    "true for a number": (
        body({"ServiceDetailReq": {"ServiceID": True}}),
        NUMBER + "true",
    ),
    "a fraction": (
        body({"ServiceDetailReq": {"ServiceID": 1.0}}),
        NUMBER + "a number that is no integer",
    ),
    "null": (body({"ServiceDetailReq": {"ServiceID": None}}), NUMBER + "null"),
    "no enumeration value": (
        body({"SessionStopRes": {"ResponseCode": "Fine"}}),
        f'SessionStopRes/ResponseCode: "Fine" is none of the 23 values; expected {CODES}',
    ),
    "a list for one": (
        body({"SessionStopReq": [{}]}),
        "SessionStopReq: expected an object (SessionStopReq), found a list",
    ),
    "one for a list": (
        body(
            {
                "ServicePaymentSelectionReq": {
                    "SelectedPaymentOption": "Contract",
                    "SelectedServiceList": {"SelectedService": {"ServiceID": 1}},
                }
            }
        ),
        "SelectedServiceList/SelectedService: expected a list",
    ),
    "no base64": (signed("?"), DIGEST + '"?" is not base64'),
    "too much padding": (signed("AAAA="), DIGEST + '"AAAA=" is not base64'),
    "a long text": (signed("?" * 41), DIGEST + f'"{"?" * 40}..." is not base64'),
    "characters that tear a line": (
        signed('"\\\n\u20ac'),
        DIGEST + r'"\"\\\x0a\xe2\x82\xac" is not base64',
    ),
    "nothing for text beside attributes": (
        {"V2G_Message": {"Header": {"SessionID": "", "Signature": {
            "SignedInfo": INFO, "SignatureValue": {"@Id": "i"}}}, "Body": {}}},
        "Header/Signature/SignatureValue: the text is missing",
    ),
    "no choice of a group": (
        body({"ChargeParameterDiscoveryReq": {"EVRequestedEnergyTransferType": "DC_core"}}),
        "ChargeParameterDiscoveryReq: AC_EVChargeParameter or DC_EVChargeParameter is missing",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("document", "says"), WRONG.values(), ids=WRONG)
def test_what_is_no_message_says_where(document: object, says: str) -> None:
    with pytest.raises(CodecError) as caught:
        exi.from_json("din", document)
    assert says in str(caught.value)
    assert str(caught.value).startswith(caught.value.path)
