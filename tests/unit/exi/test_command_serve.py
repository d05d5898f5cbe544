"""`pyplc-exi serve`: one answer for each request, whatever comes."""

from __future__ import annotations

import json
import struct
import subprocess

import pytest

from pyplc_fw.v2g.messages.schema import SCHEMAS
from tests.unit.exi.bitwise import BARE_SCHEDULES
from tests.unit.exi.command_run import Command, Server, damaged, own_vectors

RES = "80400040"
RES_MESSAGE = {
    "supportedAppProtocolRes": {"ResponseCode": "OK_SuccessfulNegotiation", "SchemaID": 1}
}
GOOD = {"op": "decode", "schema": "app", "exi": RES}
ANSWER = {"message": RES_MESSAGE, "schema": "app", "warnings": []}
LIMIT = 16 << 20


def request(**changes: object) -> bytes:
    changed = {**GOOD, **changes}
    return json.dumps({key: value for key, value in changed.items() if value is not None}).encode()


def test_decoding_and_encoding(command: Command) -> None:
    with Server(command) as server:
        assert server.ask(**GOOD) == ANSWER
        assert server.ask(**{**GOOD, "schema": "auto"}) == ANSWER
        assert server.ask(op="encode", schema="app", message=RES_MESSAGE) == {"exi": RES}
        bare = {"op": "decode", "schema": "din", "exi": BARE_SCHEDULES.hex()}
        strict = server.ask(**bare)
        assert list(strict) == ["error", "bit"]
        assert isinstance(strict["bit"], int)
        lenient = server.ask(**bare, lenient=True)
        assert list(lenient) == ["message", "schema", "warnings"]
        (warning,) = lenient["warnings"]
        assert "SASchedules" in warning
        assert "(at bit " in warning


def test_every_vector_of_ours_and_fragments(command: Command) -> None:
    with Server(command) as server:
        for vector in own_vectors():
            common = {"schema": vector.schema, "fragment": vector.fragment}
            answer = server.ask(op="decode", exi=vector.stream.hex(), lenient=True, **common)
            assert answer.get("message") == vector.document
            if vector.reencode and vector.document is not None:
                again = server.ask(op="encode", message=vector.document, **common)
                assert again == {"exi": vector.reencode}


@pytest.mark.parametrize(
    "id_", [0, -1.5e3, "", 'a\u2028\n"', None, True, [1, {"a": [], "b c": {}}], 10**40]
)
def test_the_id_comes_back(command: Command, id_: object) -> None:
    good = json.dumps({"id": id_, **GOOD}, ensure_ascii=False).encode()
    late_and_laid_out = json.dumps({"op": "x", "y": 1, "id": id_}, indent=2).encode()
    with Server(command) as server:
        assert server.send(good) == {"id": id_, **ANSWER}
        answer = server.send(late_and_laid_out)
        assert (list(answer), answer["id"]) == (["id", "error", "bit"], id_)


WRONG = {
    "nothing": (b"", "an empty request"),
    "blanks": (b"  ", "an empty request"),
    "no JSON": (b"{", "not JSON: expected a key at octet 1"),
    "no UTF-8": (b'{"op":"\xff"}', "not JSON: octets that are no UTF-8"),
    "two values": (request() + b"{}", "not JSON: something after the value"),
    "no object": (b"[]", "a request is an object"),
    "no op": (request(op=None), "op is missing"),
    "an op that is no text": (request(op=1), "op: expected a text, found an integer"),
    "another op": (request(op="recode"), "op: there are decode, encode and schemas"),
    "an unknown key": (request(exl=RES), '"exl": no key of a request'),
    "a key twice": (b'{"op":"schemas","op":"schemas"}', "op stands twice in the request"),
    "no schema": (request(schema=None), "schema is missing"),
    "another schema": (request(schema="iso3"), "schema: no such schema"),
    "a schema that is no text": (request(schema=[]), "schema: expected a text, found a list"),
    "auto for fragments": (request(schema="auto", fragment=True), "schema: no such schema"),
    "auto for encoding": (
        b'{"op":"encode","schema":"auto","message":{}}',
        "schema: no such schema",
    ),
    "no stream": (request(exi=None), "exi is missing"),
    "a number for the stream": (request(exi=80), "exi: expected a text, found an integer"),
    "a stream that is no text": (request(exi="80x"), "exi: not a text of hexadecimal digits"),
    "a message to decode": (request(message={}), "message: not for decode"),
    "leniency that is none": (request(lenient=1), "lenient: expected true or false"),
    "lenient encoding": (
        b'{"op":"encode","schema":"app","message":{},"lenient":true}',
        "lenient: not for encode",
    ),
    "a schema for the schemas": (b'{"op":"schemas","schema":"app"}', "schema: not for schemas"),
    "a message that is none": (b'{"op":"encode","schema":"app","message":5}', "root element"),
}


@pytest.mark.parametrize(("sent", "says"), WRONG.values(), ids=WRONG)
def test_what_is_no_request_is_answered(command: Command, sent: bytes, says: str) -> None:
    with Server(command) as server:
        answer = server.send(sent)
        assert (list(answer), answer["bit"]) == (["error", "bit"], None)
        assert says in answer["error"]
        assert server.ask(**GOOD) == ANSWER


def test_schemas(command: Command) -> None:
    with Server(command) as server:
        schemas = server.ask(op="schemas")["schemas"]
    assert [schema["name"] for schema in schemas] == list(SCHEMAS)
    din = next(schema for schema in schemas if schema["name"] == "din")
    assert list(din) == ["name", "standard", "messages", "fragments"]
    assert din["standard"] == "DIN SPEC 70121:2014"
    assert din["fragments"] == ["ContractAuthenticationReq", "MeteringReceiptReq"]
    assert (len(din["messages"]), din["messages"][0]) == (34, "CableCheckReq")


def test_lines_are_answered_at_once_and_in_order(command: Command) -> None:
    with command.start("serve") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(3):
            process.stdin.write(request(id=number) + b"\n")
            process.stdin.flush()
            line = process.stdout.readline().decode()
            assert json.loads(line) == {"id": number, **ANSWER}
        process.stdin.write(b"\n \n{\n" + request(id="last"))
        process.stdin.close()
        left = [json.loads(line) for line in process.stdout]
        assert [list(answer) for answer in left[:3]] == [["error", "bit"]] * 3
        assert left[3:] == [{"id": "last", **ANSWER}]
        assert process.wait() == 0


def test_garbage_in_between_does_no_harm(command: Command) -> None:
    streams = damaged([request(id=1), b'{"op":"schemas"}', bytes.fromhex(RES)], 6, 300)
    for framing in ("lines", "length"):
        sent = b""
        for garbage in streams:
            data = garbage.replace(b"\n", b"") if framing == "lines" else garbage
            for part in (data, request(id=2)):
                sent += part + b"\n" if framing == "lines" else struct.pack(">I", len(part)) + part
        status, out, _ = command.raw("serve", "--framing", framing, given=sent)
        answers = _answers(framing, out)
        assert status == 0
        assert len(answers) == 2 * len(streams)
        assert answers[1::2] == [{"id": 2, **ANSWER}] * len(streams)


def _answers(framing: str, out: bytes) -> list[object]:
    if framing == "lines":
        return [json.loads(line) for line in out.splitlines()]
    answers = []
    while out:
        (size,) = struct.unpack_from(">I", out)
        answers.append(json.loads(out[4 : 4 + size]))
        out = out[4 + size :]
    return answers


@pytest.mark.parametrize("framing", ["lines", "length"])
def test_what_is_too_long_is_passed_over(static_command: Command, framing: str) -> None:
    long = b" " * (LIMIT + 1)
    just = request() + b" " * (LIMIT - len(request()))
    sent = b""
    for part in (long, just, request()):
        sent += part + b"\n" if framing == "lines" else struct.pack(">I", len(part)) + part
    status, out, _ = static_command.raw("serve", "--framing", framing, given=sent)
    too_long = {"error": "a request of more than 16 MiB", "bit": None}
    assert (status, _answers(framing, out)) == (0, [too_long, ANSWER, ANSWER])


@pytest.mark.parametrize("cut", [1, 3, 4, 10])
def test_an_end_within_a_request_is_status_3(command: Command, cut: int) -> None:
    whole = struct.pack(">I", len(request())) + request()
    status, out, errors = command.raw("serve", "--framing", "length", given=whole + whole[:cut])
    assert (status, _answers("length", out)) == (3, [ANSWER])
    assert b"ends within a request" in errors


def test_a_client_that_goes_away_is_status_3(command: Command) -> None:
    with command.start("serve") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stdin.write(request() + b"\n")
        process.stdin.flush()
        assert process.wait(10) == 3
        assert b"Broken pipe" in process.stderr.read()
        process.stdin.close()


def test_standard_input_that_cannot_be_read_is_status_3(command: Command) -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        ["/bin/sh", "-c", '"$0" serve < /', command.path], capture_output=True, check=False
    )
    assert done.returncode == 3
    assert b"standard input: Is a directory" in done.stderr
