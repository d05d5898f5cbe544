"""The JSON of pyplc-exi is that of Python: the same taken, the same refused, the same written."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, TypeAlias, get_args

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pyplc_fw.errors import CodecError
from pyplc_fw.v2g import exi
from pyplc_fw.v2g.messages import app, din
from pyplc_fw.v2g.messages.schema import ComplexType
from tests.unit.exi.bitwise import din_message
from tests.unit.exi.command_run import (
    Command,
    Server,
    chance_of,
    dumps,
    encoded,
    encoded_or_error,
    own_vectors,
)
from tests.unit.exi.strategies import messages

Change: TypeAlias = Callable[[random.Random, Any], object]

DOCUMENTS = [
    (vector.schema, vector.document)
    for vector in own_vectors()
    if vector.document is not None and not vector.fragment and vector.schema in ("app", "din")
]
BODIES: list[type[ComplexType]] = list(get_args(din.Message))

brief = settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture(scope="module")
def server(command: Command) -> Iterator[Server]:
    with Server(command) as asked:
        yield asked


def strictly(text: bytes) -> object:
    """Read JSON as `pyplc exi` does: no key twice. Raises ValueError."""

    def pairs(found: list[tuple[str, object]]) -> dict[str, object]:
        if len(dict(found)) < len(found):
            raise ValueError("a key that stands twice")
        return dict(found)

    return json.loads(text.decode(), object_pairs_hook=pairs)


def of_python(schema: str, text: bytes) -> str | None:
    try:
        return encoded(schema, strictly(text))
    except (ValueError, RecursionError):
        return None


# --- messages --------------------------------------------------------------------------------
@brief
@given(st.one_of([messages(cls) for cls in BODIES]), st.booleans(), st.randoms())
def test_any_message_both_ways(
    server: Server, body: din.Message, ascii_only: bool, chance: random.Random
) -> None:
    document = exi.to_json(din_message(body))
    text = json.dumps(_shuffled(chance, document), ensure_ascii=ascii_only, indent=1).encode()
    stream = exi.encode(exi.from_json("din", document)).hex()
    assert server.encode_text("din", text) == {"exi": stream}
    answer = server.ask(op="decode", schema="din", exi=stream)
    assert dumps(answer["message"]) == dumps(document)


@brief
@given(messages(din.MessageHeader))
def test_any_header_both_ways(server: Server, header: ComplexType) -> None:
    assert isinstance(header, din.MessageHeader)
    document = exi.to_json(din.V2G_Message(Header=header, Body=din.Body()))
    stream = exi.encode(exi.from_json("din", document)).hex()
    assert server.ask(op="encode", schema="din", message=document) == {"exi": stream}
    answer = server.ask(op="decode", schema="din", exi=stream)
    assert dumps(answer["message"]) == dumps(document)


@brief
@given(messages(app.supportedAppProtocolReq))
def test_any_handshake_both_ways(server: Server, message: ComplexType) -> None:
    document = exi.to_json(message)
    stream = exi.encode(exi.from_json("app", document)).hex()
    assert server.ask(op="encode", schema="app", message=document) == {"exi": stream}
    answer = server.ask(op="decode", schema="app", exi=stream)
    assert dumps(answer["message"]) == dumps(document)


def _shuffled(chance: random.Random, value: Any) -> Any:
    """Put the keys of every object in another order, those of a repeated choice excepted."""
    if isinstance(value, list):
        return [_shuffled(chance, item) for item in value]
    if not isinstance(value, dict):
        return value
    keys = list(value)
    chance.shuffle(keys)
    return {key: _shuffled(chance, value[key]) for key in keys}


def test_keys_of_a_repeated_choice_keep_their_order(server: Server) -> None:
    document = json.loads(serial_number("1"))
    info: dict[str, object] = {
        "X509Data": [{"X509SKI": ["AA=="]}, {"X509SubjectName": ["x"], "X509CRL": [""]}],
        "@Id": "i",
        "KeyName": ["a", "b"],
        "MgmtData": [],
        "SPKIData": [{"SPKISexp": ["", "Ag=="]}],
    }
    streams = set()
    for order in (list(info), list(reversed(info))):
        signature = document["V2G_Message"]["Header"]["Signature"]
        signature["KeyInfo"] = {key: info[key] for key in order}
        right = encoded("din", document)
        assert right is not None
        assert server.ask(op="encode", schema="din", message=document) == {"exi": right}
        streams.add(right)
    assert len(streams) == 2


# --- documents with something wrong ----------------------------------------------------------
ODD_VALUES: list[object] = [
    None, True, False, 0, -1, 1, 128, 256, 2**31, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1,
    10**200, 1.5, "", "OK", "00", "0", "AA==", "x" * 300, "\x00", "\u20ac", [], [[]], {}, [{}],
    {"x": 1},
]  # fmt: skip


def _places(value: Any) -> list[tuple[Any, Any]]:
    """List every place of a document: container and key."""
    found: list[tuple[Any, Any]] = []
    keys = list(value) if isinstance(value, dict) else range(len(value))
    for key in keys:
        found.append((value, key))
        if isinstance(value[key], dict | list):
            found += _places(value[key])
    return found


def _another_value(chance: random.Random, document: Any) -> None:
    container, key = chance.choice(_places(document))
    container[key] = chance.choice(ODD_VALUES)


def _another_key(chance: random.Random, document: Any) -> None:
    container, key = chance.choice([p for p in _places(document) if isinstance(p[0], dict)])
    names = [k for _, k in _places(document) if isinstance(k, str)]
    new = chance.choice([*names, "x", "", "#", "@Id", f"@{key}", f"{key} "])
    container[new] = container.pop(key)


def _one_less(chance: random.Random, document: Any) -> None:
    container, key = chance.choice(_places(document))
    del container[key]


def _one_more(chance: random.Random, document: Any) -> None:
    container, key = chance.choice(_places(document))
    if isinstance(container, list):
        container += deepcopy(container) * chance.randrange(1, 20)
    else:
        container[chance.choice(["x", "SessionStopReq", "Header"])] = deepcopy(container[key])


def _other_case(chance: random.Random, document: Any) -> None:
    container, key = chance.choice(_places(document))
    if isinstance(container[key], str):
        container[key] = container[key].swapcase()


CHANGES: list[Change] = [_another_value, _another_key, _one_less, _one_more, _other_case]


@pytest.mark.parametrize("change", CHANGES)
def test_changed_documents_are_taken_or_refused_alike(server: Server, change: Change) -> None:
    chance = chance_of(change.__name__)
    taken = refused = 0
    for _ in range(250):
        schema, original = chance.choice(DOCUMENTS)
        document = deepcopy(original)
        change(chance, document)
        right, error = encoded_or_error(schema, document)
        answer = server.ask(op="encode", schema=schema, message=document)
        assert (answer.get("exi"), answer.get("error")) == (right, error), document
        taken += right is not None
        refused += right is None
    assert refused > 5
    assert taken or change is _another_key  # which hardly ever gives another good one


def test_damaged_texts_are_taken_or_refused_alike(server: Server) -> None:
    chance = chance_of(8)
    pieces = [b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b" ", b"\\u0041", b"\\ud83d\\ude00",
              b"\\ud800", b"\xc3\xa9", b"\xff", b"0", b"-", b".", b"e1", b"true", b"null", b"\t",
              b"\x00", b"\x7f", b"NaN", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"]  # fmt: skip
    taken = 0
    for _ in range(700):
        schema, document = chance.choice(DOCUMENTS)
        text = bytearray(dumps(document).encode())
        for _ in range(chance.randrange(1, 3)):
            start = chance.randrange(len(text))
            text[start : start + chance.randrange(3)] = chance.choice(pieces)
        right = of_python(schema, bytes(text))
        taken += right is not None
        assert server.encode_text(schema, bytes(text)).get("exi") == right, bytes(text)
    assert taken > 3


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@brief
@given(values)
@example([[[]]])
def test_any_json_is_answered(server: Server, value: object) -> None:
    text = json.dumps(value).encode()
    answer = server.encode_text("din", text)
    assert (list(answer), answer["bit"]) == (["error", "bit"], None)


# --- JSON to the letter ----------------------------------------------------------------------
NOT_JSON = [
    b"", b" ", b"{", b"[", b'"', b"}", b"{]", b"[}", b"[1,]", b"[,1]", b'{"a":1,}', b'{"a"}',
    b'{"a" 1}', b"{a:1}", b"{1:1}", b"01", b"-", b"+1", b".5", b"5.", b"1e", b"1e+", b"--1", b"0x1",
    b"tru", b"True", b"nul", b"falsey", b"NaN", b"Infinity", b"-Infinity", b"'a'", b'"\\x"',
    b'"\\u12"', b'"\\u12g4"', b'"\t"', b'"\n"', b'"\x00"', b'"\\ud800"', b'"\\ud800\\n"',
    b'"\\ud800\\u0041"', b'"\\udc00"', b'"\xff"', b'"\xc0\x80"', b'"\xed\xa0\x80"',
    b'"\xf4\x90\x80\x80"', b'"\xe2\x82"', b"1 2", b"1,", b"[1 2]", b"\xef\xbb\xbf1", b"\x0b1",
    b"\xc2\xa01", b"/**/1", b"1//", b'"a', b'"\\', b'"\\u', b"[" * 65 + b"]" * 65,
]  # fmt: skip
JSON = [
    b" \t\r\n0 ", b"-0", b"0.5", b"-1.5E+10", b"1e-400", b"12345678901234567890123", b"true",
    b"null", b'""', b'"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00"', b'"\xf0\x9f\x98\x80\x7f"',
    b"[]", b"[ ]", b"{}", b"{ }", b'[1,[2,{"a":[{}]}], "]" ]', b"[" * 62 + b"]" * 62,
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_JSON)
def test_what_is_no_json_is_refused(command: Command, server: Server, text: bytes) -> None:
    answer = server.send(b'{"id":' + text + b',"op":"schemas"}')
    assert list(answer) in (["error", "bit"], ["id", "error", "bit"])
    status, (line,), _ = command("encode --schema app --file", text or b"[")
    assert status == 1
    if text.strip(b" \x0b\n") and not text.startswith(b"\x0b"):
        assert json.loads(line)["error"].startswith("not JSON: ")


@pytest.mark.parametrize("text", JSON)
def test_what_is_json_is_read(server: Server, text: bytes) -> None:
    answer = server.send(b'{"id":' + text + b',"op":"schemas"}')
    assert list(answer) == ["id", "schemas"]
    assert answer["id"] == json.loads(text)


def serial_number(number: str) -> bytes:
    """Return a message with this X509SerialNumber, which need not be a number."""
    algorithm = {"@Algorithm": ""}
    reference = {"DigestMethod": algorithm, "DigestValue": ""}
    signature = {
        "SignedInfo": {
            "CanonicalizationMethod": algorithm,
            "SignatureMethod": algorithm,
            "Reference": [reference],
        },
        "SignatureValue": {"#": ""},
        "KeyInfo": {"X509Data": [{"X509IssuerSerial": [ISSUER_SERIAL]}]},
    }
    header = {"SessionID": "", "Signature": signature}
    text = dumps({"V2G_Message": {"Header": header, "Body": {}}})
    return text.replace('"here"', number).encode()


ISSUER_SERIAL = {"X509IssuerName": "", "X509SerialNumber": "here"}
EDGES = [0, 1, 2**7, 2**8, 2**63, 2**64, 2**71, 2**72, 2**500, 2**511, 2**512, 10**155, 10**1000]


@given(st.integers(-(2**520), 2**520) | st.sampled_from(EDGES).flatmap(
    lambda edge: st.sampled_from([n + s * edge for n in (-1, 0, 1) for s in (-1, 1)])
))  # fmt: skip
def test_an_integer_may_be_long(server: Server, number: int) -> None:
    text = serial_number(str(number))
    right = of_python("din", text)
    answer = server.encode_text("din", text)
    assert answer.get("exi") == right
    assert (right is None) == (number.bit_length() // 8 + 1 > 64)
    if right is not None:
        message = server.ask(op="decode", schema="din", exi=right)["message"]
        assert message == json.loads(text)


def test_minus_zero_is_zero(server: Server) -> None:
    assert server.encode_text("din", serial_number("-0")) == (
        server.encode_text("din", serial_number("0"))
    )
    for number in ("0.0", "1e0", "1E2", "-0.0", '"1"'):
        assert "X509SerialNumber" in server.encode_text("din", serial_number(number))["error"]


@settings(max_examples=300)
@given(st.text("AB9/+= \n-_g\x00é", max_size=9) | st.text("AQg/=", max_size=12))
def test_binaries_are_read_as_python_reads_them(server: Server, text: str) -> None:
    documents: list[dict[str, object]] = [
        {"SessionSetupReq": {"EVCCID": text}},
        {"CertificateInstallationReq": {"OEMProvisioningCert": text, "DHParams": text,
         "ListOfRootCertificateIDs": {"RootCertificateID": ["a"]}}},
    ]  # fmt: skip
    for body in documents:
        message = {"V2G_Message": {"Header": {"SessionID": ""}, "Body": body}}
        answer = server.ask(op="encode", schema="din", message=message)
        assert answer.get("exi") == encoded("din", message)


# --- what is said of errors ------------------------------------------------------------------
def body_of(content: object) -> str:
    return dumps({"V2G_Message": {"Header": {"SessionID": "01"}, "Body": content}})


def selection(services: object) -> str:
    content = {"SelectedService": services}
    chosen = {"SelectedPaymentOption": "Contract", "SelectedServiceList": content}
    return body_of({"ServicePaymentSelectionReq": chosen})


SETUP = "SessionSetupReq"
SELECTION = "ServicePaymentSelectionReq/SelectedServiceList"
SAID: dict[str, tuple[str, str, str]] = {
    "no object": ("5", "", "root element"),
    "two roots": ('{"a":{},"b":{}}', "", "root element"),
    "unknown root": ('{"Message":{}}', "", "Message"),
    "a number for an object": ('{"V2G_Message":5}', "V2G_Message", "found"),
    "a part is missing": ('{"V2G_Message":{"Body":{}}}', "V2G_Message", "Header"),
    "unknown element": (
        body_of({"SessionStopReq": {"x": 1}}),
        "SessionStopReq",
        '"x" is unknown; expected nothing',
    ),
    "two messages": (
        body_of({"SessionStopReq": {}, "ChargingStatusReq": {}}),
        "ChargingStatusReq",
        "there is one already",
    ),
    "a key twice": (
        '{"V2G_Message":{"Header":{"SessionID":"","SessionID":""},"Body":{}}}',
        "Header/SessionID",
        "there is one already",
    ),
    "a number for hex": (body_of({"SessionSetupReq": {"EVCCID": 5}}), f"{SETUP}/EVCCID", "found"),
    "odd hex": (body_of({"SessionSetupReq": {"EVCCID": "123"}}), f"{SETUP}/EVCCID", "hex"),
    "no enumeration value": (
        body_of({"SessionStopRes": {"ResponseCode": "Fine"}}),
        "SessionStopRes/ResponseCode",
        "Fine",
    ),
    "one for a list": (
        selection({"ServiceID": 1}),
        f"{SELECTION}/SelectedService",
        "expected a list",
    ),
    "an item of a list": (
        selection([{"ServiceID": 1}, {"ServiceID": ""}]),
        f"{SELECTION}/SelectedService[2]/ServiceID",
        "found",
    ),
    "an attribute": (
        body_of({"ContractAuthenticationReq": {"@Id": 1}}),
        "ContractAuthenticationReq/Id",
        "found",
    ),
    "out of range": (
        body_of({"ServiceDetailReq": {"ServiceID": 70000}}),
        "ServiceDetailReq/ServiceID",
        "65535",
    ),
    "far out of range": (
        body_of({"ServiceDetailReq": {"ServiceID": 10**30}}),
        "ServiceDetailReq/ServiceID",
        f"{10**30} is outside 0 to 65535",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "path", "says"), SAID.values(), ids=SAID)
def test_an_error_says_where_and_what(server: Server, text: str, path: str, says: str) -> None:
    error = server.encode_text("din", text.encode())["error"]
    assert error.startswith(path)
    assert says in error
    with pytest.raises(CodecError) as caught:
        exi.encode(exi.from_json("din", exi.read_json(text.encode())))
    assert str(caught.value) == error
