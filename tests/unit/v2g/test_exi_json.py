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


EVCCID = "V2G_Message/Body/SessionSetupReq/EVCCID: "

WRONG: dict[str, tuple[object, str]] = {
    "no object": (5, "one key, its root element"),
    "two roots": ({"a": {}, "b": {}}, "one key, its root element"),
    "unknown root": ({"Message": {}}, "Message: no message; there are V2G_Message"),
    "a number for an object": ({"V2G_Message": 5}, "V2G_Message: expected an object"),
    "a part is missing": ({"V2G_Message": {"Body": {}}}, "V2G_Message: Header is missing"),
    "unknown element": (
        body({"SessionStopReq": {"x": 1}}),
        "SessionStopReq/x: not known in SessionStopReq, which has nothing",
    ),
    "two messages": (
        body({"SessionStopReq": {}, "ChargingStatusReq": {}}),
        "Body/ChargingStatusReq: there is one already",
    ),
    "a number for hex": (setup(5), EVCCID + "expected str, found int"),
    "odd hex": (setup("123"), EVCCID + "Odd-length string"),
    "no hex": (setup("xx"), EVCCID + "Non-hexadecimal digit found"),
    "hex with blanks": (setup("00 11"), EVCCID),
    "true for a number": (
        body({"ServiceDetailReq": {"ServiceID": True}}),
        "ServiceDetailReq/ServiceID: expected int, found bool",
    ),
    "a fraction": (
        body({"ServiceDetailReq": {"ServiceID": 1.0}}),
        "ServiceDetailReq/ServiceID: expected int, found float",
    ),
    "null": (body({"ServiceDetailReq": {"ServiceID": None}}), "expected int, found NoneType"),
    "no enumeration value": (
        body({"SessionStopRes": {"ResponseCode": "Fine"}}),
        "SessionStopRes/ResponseCode: 'Fine' is none of ResponseCode",
    ),
    "a list for one": (body({"SessionStopReq": [{}]}), "SessionStopReq: expected an object"),
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
    "no base64": (
        body({"CertificateInstallationReq": {"OEMProvisioningCert": "?"}}),
        "CertificateInstallationReq/OEMProvisioningCert: ",
    ),
    "too much padding": (
        body({"CertificateInstallationReq": {"OEMProvisioningCert": "AAAA="}}),
        "CertificateInstallationReq/OEMProvisioningCert: not base64",
    ),
}


@pytest.mark.parametrize(("document", "says"), WRONG.values(), ids=WRONG)
def test_what_is_no_message_says_where(document: object, says: str) -> None:
    with pytest.raises(CodecError) as caught:
        exi.from_json("din", document)
    assert says in str(caught.value)
