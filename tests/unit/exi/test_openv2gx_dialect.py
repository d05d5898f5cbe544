"""pyplc-exi in the place of OpenV2Gx's program: its arguments, its answers."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pyplc_fw.v2g import exi
from pyplc_fw.v2g.messages import app, din
from pyplc_fw.v2g.messages.fields import fields_of
from pyplc_fw.v2g.messages.schema import SCHEMAS, ComplexType
from tests.unit.exi.openv2gx_said import SAID, SESSION, WRONG
from tests.unit.exi.openv2gx_told import TOLD, Answer, everything
from tests.unit.exi.strategies import messages

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "tests" / "vectors" / "openv2gx_answers.txt"
LONGEST_STREAM = 60_000
"Octets; Linux passes no longer arguments."
Program: TypeAlias = Callable[..., subprocess.CompletedProcess[str]]

SCHEMA_OF = {"H": "app", "h": "app", "D": "din", "1": "iso2"}
"What the dialect's schema letters stand for."
MODULES: dict[str, Any] = {
    letter: import_module(SCHEMAS[SCHEMA_OF[letter]])
    for letter in "D1"
    if SCHEMA_OF[letter] in SCHEMAS
}
"The messages of each letter."


def classes_of(message: type[ComplexType]) -> dict[str, Any]:
    """Return the class of each field; of a group, those of all that is not its head."""
    return {
        field.name: [cls for cls in field.members if cls is not field.head] or field.datatype
        for field in fields_of(message)
    }


ENVELOPES = {letter: classes_of(module.V2G_Message) for letter, module in MODULES.items()}
BODIES = [
    (letter, cls)
    for letter, envelope in ENVELOPES.items()
    for cls in classes_of(envelope["Body"])["BodyElement"]
]
MESSAGE_NAMES = [cls.__name__ for _, cls in BODIES] + [
    "supportedAppProtocolReq",
    "supportedAppProtocolRes",
]

often = settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Build the command with sanitizers; a finding of theirs ends in exit status 99."""
    path = tmp_path_factory.mktemp("openv2gx") / "pyplc-exi"
    sources = [
        str(source)
        for folder in ("src", "generated", "command")
        for source in sorted((ROOT / "exi" / folder).glob("*.c"))
    ]
    sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    flags = ["-std=c11", "-O1", "-D_POSIX_C_SOURCE=200809L", f"-I{ROOT / 'exi' / 'src'}"]
    command = ["gcc", *flags, *sanitizers, "-o", str(path), *sources]
    subprocess.run(command, check=True)  # noqa: S603 -- the compiler, on our own sources
    options = "exitcode=99:abort_on_error=0:detect_leaks=0"

    def run(*arguments: str, name: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 -- our own program
            [name or str(path), *arguments],
            executable=path,
            capture_output=True,
            encoding="utf-8",
            check=False,
            env={"ASAN_OPTIONS": options, "UBSAN_OPTIONS": options},
        )

    return run


def answer_of(program: Program, *arguments: str) -> Answer:
    done = program(*arguments)
    assert done.stderr == ""  # pyPLC takes anything there for a failure
    answer: Answer = json.loads(done.stdout)
    assert list(answer)[:4] == ["msgName", "info", "error", "result"]
    assert all(isinstance(value, str) for value in answer.values())
    assert done.returncode == (1 if answer["error"] else 0)
    return answer


def good_answer(program: Program, *arguments: str) -> Answer:
    answer = answer_of(program, *arguments)
    assert answer["error"] == ""
    return answer


def sent(program: Program, argument: str) -> Any:
    """Return what our own codec reads in the message that the argument makes."""
    return exi.decode(
        SCHEMA_OF[argument[1]], bytes.fromhex(good_answer(program, argument)["result"])
    )


# --- golden answers --------------------------------------------------------------------------
def golden() -> Iterator[tuple[str, str]]:
    """Yield arguments and answers: a line ``$ argument``, then the answer to the letter."""
    for block in re.split(r"^\$ ", GOLDEN.read_text(encoding="ascii"), flags=re.MULTILINE)[1:]:
        argument, _, answer = block.partition("\n")
        yield argument, answer.removesuffix("\n")


GOLDEN_ANSWERS = [said for said in golden() if said[0][1:2] != "1" or "1" in MODULES]


@pytest.mark.parametrize(("argument", "answer"), GOLDEN_ANSWERS)
def test_answer_to_the_letter(program: Program, argument: str, answer: str) -> None:
    assert program(argument).stdout == answer


def test_golden_answers_have_every_message_of_a_session_both_ways() -> None:
    encoded = {argument[:3] for argument, _ in GOLDEN_ANSWERS if argument[0] == "E"}
    letters = "ABCEFGHIJKL"
    letters += letters.lower()
    assert encoded >= {"EH_", "Eh_"} | {
        f"E{schema}{letter}" for schema in MODULES for letter in letters
    }
    decoded = {
        json.loads(text)["msgName"] for argument, text in GOLDEN_ANSWERS if argument[0] == "D"
    }
    beside = re.compile("Cert|Metering|PaymentD|ServiceDet|ChargingS")
    assert decoded >= {name for name in MESSAGE_NAMES if not beside.match(name)}


# --- decoding: what the answer says is what our own decoder says -----------------------------
def envelope(letter: str, session_id: bytes, body: Any) -> Any:
    header = ENVELOPES[letter]["Header"](SessionID=session_id)
    content = ENVELOPES[letter]["Body"](BodyElement=body)
    return MODULES[letter].V2G_Message(Header=header, Body=content)


def header_of(letter: str, session_id: bytes) -> Answer:
    return {
        "schema": {"D": "DIN", "1": "ISO1"}[letter],
        "g_errn": "0",
        "header.SessionID": session_id.hex(),
        "header.Notification_isUsed": "0",
        "header.Signature_isUsed": "0",
    }


@pytest.mark.parametrize(("letter", "cls"), BODIES)
@often
@given(data=st.data(), session_id=st.binary(max_size=8))
def test_what_is_decoded_is_what_the_message_says(
    program: Program, letter: str, cls: Any, data: st.DataObject, session_id: bytes
) -> None:
    body = data.draw(messages(cls))
    message = envelope(letter, session_id, body)
    stream = exi.encode(message)
    assume(len(stream) < LONGEST_STREAM)
    answer = good_answer(program, f"D{letter}{stream.hex()}")
    head = {
        "msgName": cls.__name__,
        "info": f"{len(stream)} bytes to convert",
        "error": "",
        "result": "",
        **header_of(letter, session_id),
        "debug": "",
    }
    told = TOLD[cls.__name__](body) if cls.__name__ in TOLD else dict(everything(body))
    assert answer == head | told


@often
@given(messages(app.supportedAppProtocolReq))
def test_a_decoded_handshake_request_lists_its_offers(program: Program, request: Any) -> None:
    answer = good_answer(program, f"DH{exi.encode(request).hex()}")
    offers = request.AppProtocol
    assert answer["msgName"] == "supportedAppProtocolReq"
    assert answer["schema"] == "appHandshake"
    assert answer["AppProtocol_arrayLen"] == str(len(offers))
    texts = [f"Vehicle supports {len(offers)} protocols. "]
    for position, offer in enumerate(offers):
        version = f"{offer.VersionNumberMajor}.{offer.VersionNumberMinor}"
        assert answer[f"NameSpace_{position}"] == offer.ProtocolNamespace
        assert answer[f"Version_{position}"] == version
        assert answer[f"SchemaID_{position}"] == str(offer.SchemaID)
        assert answer[f"Priority_{position}"] == str(offer.Priority)
        texts.append(
            f"ProtocolEntry#{position + 1} ProtocolNamespace={offer.ProtocolNamespace}"
            f" Version={version} SchemaID={offer.SchemaID} Priority={offer.Priority} "
        )
    assert answer["result"] == "".join(texts)


@pytest.mark.parametrize("letter", "Hh")
@often
@given(response=messages(app.supportedAppProtocolRes))
def test_a_decoded_handshake_response(program: Program, letter: str, response: Any) -> None:
    answer = good_answer(program, f"D{letter}{exi.encode(response).hex()}")
    code = list(app.ResponseCode).index(response.ResponseCode)
    has_id, schema_id = int(response.SchemaID is not None), response.SchemaID or 0
    assert answer == {
        "msgName": "supportedAppProtocolRes",
        "info": f"{len(exi.encode(response))} bytes to convert",
        "error": "",
        "result": f"ResponseCode {code}, SchemaID_isUsed {has_id}, SchemaID {schema_id}",
        "schema": "appHandshake",
        "debug": "",
    }


def test_header_says_what_it_carries(program: Program) -> None:
    fault = din.Notification(FaultCode=din.FaultCode.UnknownError)
    header = din.MessageHeader(SessionID=b"", Notification=fault)
    message = din.V2G_Message(Header=header, Body=din.Body(BodyElement=din.SessionStopReq()))
    answer = good_answer(program, f"DD{exi.encode(message).hex()}")
    assert answer["header.Notification_isUsed"] == "1"
    assert answer["header.SessionID"] == ""


def test_a_body_without_a_message_has_no_name(program: Program) -> None:
    header = din.MessageHeader(SessionID=bytes(8))
    message = din.V2G_Message(Header=header, Body=din.Body())
    answer = good_answer(program, f"DD{exi.encode(message).hex()}")
    assert answer["msgName"] == ""
    assert answer["header.SessionID"] == "00" * 8


def test_numbers_beyond_31_bits_stay_what_they_are(program: Program) -> None:
    status = din.DC_EVSEStatus(
        EVSEStatusCode=din.DC_EVSEStatusCode.EVSE_Ready,
        NotificationMaxDelay=2**32 - 1,
        EVSENotification=din.EVSENotification.None_,
    )
    body = din.PowerDeliveryRes(ResponseCode=din.ResponseCode.OK, EVSEStatus=status)
    answer = good_answer(program, f"DD{exi.encode(envelope('D', b'', body)).hex()}")
    assert answer["DC_EVSEStatus.NotificationMaxDelay"] == "4294967295"


def test_what_real_peers_send_is_read_and_said(program: Program) -> None:
    """An early pyPLC charger sends the head of a substitution group."""
    answer = good_answer(
        program,
        "DD809a02004080c1014181c21080004820400000c99002062050193080c0c802064c8010190140c80a20",
    )
    assert answer["msgName"] == "ChargeParameterDiscoveryRes"
    assert answer["SAScheduleList_isUsed"] == "0"
    assert answer["EVSEMaximumVoltageLimit.Value"] == "450"
    assert "abstract head" in answer["debug"]


# --- decoding what cannot be read ------------------------------------------------------------
PRE_CHARGE_REQ = "809a02004080c1014181c21151400dc0c143f00808a260"


def has_name(text: str) -> bool:
    return any(name in text for name in MESSAGE_NAMES)


@pytest.mark.parametrize("size", range(len(PRE_CHARGE_REQ) // 2))
def test_what_is_cut_off_names_no_message(program: Program, size: int) -> None:
    """pyPLC answers a request when it finds its name anywhere in the text."""
    done = program(f"DD{PRE_CHARGE_REQ[: 2 * size]}")
    answer = json.loads(done.stdout)
    assert answer["error"]
    assert done.returncode == 1
    assert not has_name(done.stdout)


@often
@given(stream=st.binary(max_size=80), letter=st.sampled_from(["H", "h", *MODULES]))
def test_any_bytes_have_an_answer(program: Program, stream: bytes, letter: str) -> None:
    answer = answer_of(program, f"D{letter}{stream.hex()}")
    assert answer["info"] == f"{len(stream)} bytes to convert"
    if answer["error"]:
        assert not has_name(str(answer))


@often
@given(data=st.data())
def test_damaged_messages_have_an_answer(program: Program, data: st.DataObject) -> None:
    stream = bytearray.fromhex(PRE_CHARGE_REQ)
    for _ in range(data.draw(st.integers(1, 3))):
        stream[data.draw(st.integers(1, len(stream) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    answer = answer_of(program, f"DD{stream.hex()}")
    if answer["error"]:
        assert answer["msgName"] == ""
        assert answer["g_errn"] == "-1"
        assert not has_name(str(answer))


def test_an_error_says_where_and_what(program: Program) -> None:
    soc_101 = PRE_CHARGE_REQ.replace("51400dc0", "51401940")
    answer = answer_of(program, f"DD{soc_101}")
    assert answer["error"] == (
        "PreCharge-Req/DC_EVStatus/EVRESSSOC: 101 is outside 0 to 100 (at bit 115)"
    )


# --- encoding --------------------------------------------------------------------------------
def own_session_id(letter: str) -> str:
    """Return the session id of a message whose arguments have none: zeros ask for one."""
    return "00" * 8 if letter == "A" else SESSION


@pytest.mark.parametrize(
    ("schema", "rest", "name", "content"),
    [(letter, *said) for letter in MODULES for said in SAID[letter]],
)
def test_encoded_message_says_its_parameters_and_constants(
    program: Program, schema: str, rest: str, name: str, content: Any
) -> None:
    answer = good_answer(program, f"E{schema}{rest}")
    stream = bytes.fromhex(answer["result"])
    message = exi.decode(SCHEMA_OF[schema], stream)
    header = {"SessionID": own_session_id(rest[0])}
    assert exi.to_json(message) == {"V2G_Message": {"Header": header, "Body": {name: content}}}
    stem, kind = name[:-3], {"Req": "Request", "Res": "Response"}[name[-3:]]
    assert answer == {
        "msgName": "",
        "info": f"encode{stem}{kind} finished",
        "error": "",
        "result": stream.hex(),
        **{f"parameter{n}": text for n, text in enumerate(rest.split("_")[1:])},
        "debug": "",
    }


@pytest.mark.parametrize("session_id", ["4142423030303036", "3bc13513", "00"])
def test_requests_carry_the_session_id_they_are_given(program: Program, session_id: str) -> None:
    for rest in ("B_{}", "F_{}_0", "G_{}_100_0", "H_{}_1_0", "I_{}_1_2_3", "K_{}_", "L_{}"):
        for schema in MODULES:
            message = sent(program, f"E{schema}{rest.format(session_id)}")
            assert message.Header.SessionID.hex() == session_id


@pytest.mark.parametrize(
    ("text", "value"),
    {
        "380": 380,
        "-20": -20,
        "20.9": 20,
        "-20.9": -20,
        "3.2e-05": 0,
        "1e3": 1000,
        "-32768": -32768,
        "32767": 32767,
        "+7": 7,
        "00": 0,
    }.items(),
)
def test_numbers_are_cut_to_whole_ones(program: Program, text: str, value: int) -> None:
    body = sent(program, f"EDg_{text}").Body.BodyElement
    assert body.EVSEPresentVoltage.Value == value


@pytest.mark.parametrize("place", range(12))
def test_current_demand_res_has_every_status_code(program: Program, place: int) -> None:
    body = sent(program, f"EDi_1_2_{place}").Body.BodyElement
    assert body.DC_EVSEStatus.EVSEStatusCode is list(din.DC_EVSEStatusCode)[place]


def offer(namespace: str, schema_id: int, priority: int) -> app.AppProtocol:
    return app.AppProtocol(
        ProtocolNamespace=namespace,
        VersionNumberMajor=2,
        VersionNumberMinor=0,
        SchemaID=schema_id,
        Priority=priority,
    )


def test_handshake(program: Program) -> None:
    din_name, iso_name = "urn:din:70121:2012:MsgDef", "urn:iso:15118:2:2013:MsgDef"
    assert sent(program, "EH__0").AppProtocol == (offer(din_name, 0, 1),)
    assert sent(program, "EH__1").AppProtocol == (offer(iso_name, 0, 1),)
    both = (offer(din_name, 0, 2), offer(iso_name, 1, 1))
    assert sent(program, "EH__2").AppProtocol == both
    for schema_id in (0, 1, 255):
        response = sent(program, f"Eh__{schema_id}")
        assert response.SchemaID == schema_id
        assert response.ResponseCode is app.ResponseCode.OK_SuccessfulNegotiation


@pytest.mark.parametrize(
    ("short", "whole"),
    {
        "Eh": "Eh__1",
        "EDf": "EDf_0",
        "EDi_230_9": "EDi_230_9_1",
        "EDj": "EDj_0",
        "EDl": "EDl_1",
    }.items(),
)
def test_an_earlier_pyplc_is_understood_and_told(program: Program, short: str, whole: str) -> None:
    answer = answer_of(program, short)
    assert answer["result"] == good_answer(program, whole)["result"]
    assert "as of old" in answer["error"]


# --- arguments that are wrong ----------------------------------------------------------------
@pytest.mark.parametrize(("argument", "said"), WRONG.items())
def test_wrong_arguments_get_an_error_and_no_result(
    program: Program, argument: str, said: str
) -> None:
    answer = answer_of(program, argument)
    assert said in answer["error"]
    assert answer["result"] == ""
    assert answer["msgName"] == ""


@often
@given(st.text("EDHh1ABCGILabfil_0129.-x", min_size=1, max_size=40))
def test_any_argument_has_an_answer(program: Program, rest: str) -> None:
    for first in "DE":
        answer = answer_of(program, first + rest)
        assert answer["error"] or answer["result"] or answer["msgName"] or "schema" in answer


def test_arguments_of_any_length_have_an_answer(program: Program) -> None:
    for argument in ("DD" + "80" * 60_000, "EDG" + "_1" * 50_000, "EDF_00_" + "1" * 100_000):
        answer = answer_of(program, argument)
        assert answer["error"]


def test_under_the_name_of_that_program_all_is_its_dialect(program: Program) -> None:
    for arguments in ([], ["decode"], ["--help"], ["EDa", "EDb"]):
        done = program(*arguments, name="/opt/OpenV2Gx/Release/OpenV2G.exe")
        assert json.loads(done.stdout)["error"]
        assert done.returncode == 1


def test_quotes_and_line_feeds_are_escaped(program: Program) -> None:
    namespace = 'a"b\\c\nd\x7f\N{DEGREE SIGN}'
    request = app.supportedAppProtocolReq(AppProtocol=(offer(namespace, 1, 1),))
    answer = good_answer(program, f"DH{exi.encode(request).hex()}")
    assert answer["NameSpace_0"] == namespace
    assert namespace in answer["result"]
