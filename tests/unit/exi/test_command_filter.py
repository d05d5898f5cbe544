"""pyplc-exi as a filter: the lines of `pyplc exi`, whatever comes."""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from pyplc_fw.v2g.messages.schema import SCHEMAS
from tests.unit.exi.bitwise import BARE_SCHEDULES
from tests.unit.exi.command_run import (
    EXI,
    ROOT,
    Command,
    Vector,
    damaged,
    decoded,
    dumps,
    encoded,
    vectors,
)

RES = "80400040"
RES_JSON = '{"supportedAppProtocolRes":{"ResponseCode":"OK_SuccessfulNegotiation","SchemaID":1}}'
PYTHON = [sys.executable, "-m", "pyplc_fw.cli.main", "exi"]
VECTORS = vectors()
KINDS = sorted({(vector.schema, vector.fragment) for vector in VECTORS})


def of_kind(kind: tuple[str, bool]) -> list[Vector]:
    return [vector for vector in VECTORS if (vector.schema, vector.fragment) == kind]


def arguments(kind: tuple[str, bool]) -> str:
    return f"--schema {kind[0]}" + " --fragment" * kind[1]


def python(arguments: str, given: bytes) -> tuple[int, list[str], str]:
    done = subprocess.run(  # noqa: S603 - our own program
        [*PYTHON, *arguments.split()], input=given, capture_output=True, check=False, cwd=ROOT
    )
    return done.returncode, done.stdout.decode().split("\n")[:-1], done.stderr.decode()


# --- vectors ---------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", KINDS, ids=arguments)
def test_every_vector_decodes(command: Command, kind: tuple[str, bool]) -> None:
    chosen = of_kind(kind)
    given = "".join(vector.stream.hex() + "\n" for vector in chosen)
    status, lines, _ = command(f"decode {arguments(kind)} --lenient", given)
    assert len(lines) == len(chosen)
    wrong = []
    for vector, line in zip(chosen, lines, strict=True):
        right = dumps(vector.document) if vector.document is not None else '{"error":'
        if not line.startswith(right):
            wrong.append((vector, line))
    assert wrong == []
    assert status == int(any(vector.document is None for vector in chosen))


@pytest.mark.parametrize("kind", KINDS, ids=arguments)
def test_every_vector_encodes(command: Command, kind: tuple[str, bool]) -> None:
    chosen = [vector for vector in of_kind(kind) if vector.document is not None]
    given = "".join(json.dumps(vector.document) + "\n" for vector in chosen)
    status, lines, errors = command(f"encode {arguments(kind)}", given)
    expected = [vector.reencode or line for vector, line in zip(chosen, lines, strict=True)]
    assert lines == expected
    assert (status, errors) == (0, f"{len(chosen)} encoded, 0 failed, 0 warnings\n")


@pytest.mark.parametrize("lenient", [False, True])
@pytest.mark.parametrize("schema", [schema for schema, fragment in KINDS if not fragment])
def test_damaged_streams_give_what_python_says(
    command: Command, schema: str, lenient: bool
) -> None:
    good = [vector.stream for vector in of_kind((schema, False))]
    streams = [*damaged(good, 4, 600), *(b"\x80" + bytes([n]) * 9 for n in range(256))]
    owed = [decoded(schema, stream, lenient=lenient) for stream in streams]
    warnings = [f"line {n}: warning: {w}" for n, (_, w_) in enumerate(owed, 1) for w in w_]
    option = "--lenient" if lenient else ""
    given = "".join(stream.hex() + "\n" for stream in streams)
    status, lines, errors = command(f"decode --schema {schema} {option}", given)
    assert lines == [line for line, _ in owed]
    assert errors.splitlines()[:-1] == warnings
    failed = sum(line.startswith('{"error"') for line in lines)
    counts = f"{len(lines) - failed} decoded, {failed} failed, {len(warnings)} warnings"
    assert errors.splitlines()[-1] == counts
    assert status == 1


def test_the_python_command_gives_the_same(command: Command) -> None:
    streams = [vector.stream for vector in of_kind(("din", False))][:40]
    odd = [
        b"",
        b"  80 9A\r",
        b"xx",
        b"809",
        b"\xff\xfe",
        b"\0",
        b" ",
        BARE_SCHEDULES.hex().encode(),
    ]
    lines = [stream.hex().encode() for stream in [*streams, *damaged(streams, 5, 100)]] + odd
    for options in ("decode --schema din", "decode --schema din --lenient"):
        given = b"\n".join(lines)
        assert command(options, given) == python(options, given)
    documents = "\n".join(dumps(vector.document) for vector in of_kind(("din", False))[:40])
    given = documents.encode() + b"\n\n{\n[1,]\n\xff\n" + b'{"a":1,"a":1}\n"\\ud800"\n' + b"[" * 70
    assert command("encode --schema din", given) == python("encode --schema din", given)


def test_the_python_command_gives_the_same_of_files_and_forms(
    command: Command, tmp_path: Path
) -> None:
    (tmp_path / "json").write_text(json.dumps(json.loads(RES_JSON), indent=1))
    (tmp_path / "raw").write_bytes(bytes.fromhex(RES) + b"\0")
    (tmp_path / "base64").write_text("gEAAQA==\ngEAAQA===\n\ngEAAQAA=")
    for options in (
        f"encode --schema app --file {tmp_path}/json -",
        f"encode --schema app --format base64 --file {tmp_path}/json",
        f"decode --schema app --format raw {tmp_path}/raw -",
        f"decode --schema auto --format base64 {tmp_path}/base64 - {tmp_path}/raw",
        f"decode --schema app --file {tmp_path}/raw {tmp_path}/none {tmp_path}",
        "decode --schema xmldsig --fragment",
        "decode --schema din --fragment --lenient",
        "encode --schema xmldsig",
        "schemas",
    ):
        for given in (b"", b" \n", b"807a0000", b"8091\n80\n", b'{"SignedInfo":{}}'):
            status, lines, errors = python(options, given)
            errors = errors.replace("pyplc exi: ", "pyplc-exi: ")
            assert command(options, given) == (status, lines, errors), (options, given)


# --- lines -----------------------------------------------------------------------------------
def test_every_line_is_answered(command: Command) -> None:
    lines = [RES.encode(), b"", b"  80 40 00 40\r", b"xx", b"804", b"80 4", b"8040", b"\0", b" "]
    status, out, errors = command("decode --schema app", b"\n".join(lines))
    empty = '{"error":"an empty line","bit":null}'
    no_hex = '{"error":"not a line of hexadecimal digits","bit":null}'
    assert out[:6] == [RES_JSON, empty, RES_JSON, no_hex, no_hex, no_hex]
    assert out[7:] == [no_hex, empty]
    cut = json.loads(out[6])
    assert cut["error"].startswith("supportedAppProtocolRes")
    assert cut["error"].endswith("(at bit 15)")
    assert cut["bit"] == 15
    assert (status, errors) == (1, "2 decoded, 7 failed, 0 warnings\n")


def test_no_line_at_all_is_no_failure(command: Command) -> None:
    assert command("decode --schema din") == (0, [], "0 decoded, 0 failed, 0 warnings\n")


def test_a_line_may_be_long(command: Command) -> None:
    blanks = " " * 4_000_000
    long_text = json.dumps({"supportedAppProtocolRes": {"ResponseCode": "x" * 3_000_000}})
    assert command("decode --schema app", RES + blanks + "\n" + RES).lines == [RES_JSON] * 2
    status, lines, _ = command("encode --schema app", long_text + "\n" + blanks + RES_JSON)
    assert (status, len(lines), lines[1]) == (1, 2, RES)
    assert "supportedAppProtocolRes/ResponseCode" in lines[0]


def test_a_line_that_is_too_long_is_passed_over(static_command: Command) -> None:
    given = RES.encode() + b"\n" + b"80" * (8 << 20) + b"00\n" + RES.encode()
    status, lines, _ = static_command("decode --schema app", given)
    assert lines == [RES_JSON, '{"error":"more than 16 MiB","bit":null}', RES_JSON]
    assert status == 1


def test_a_large_message_goes_through(command: Command) -> None:
    entry = {"ProtocolNamespace": "\U0001f600" * 100, "VersionNumberMajor": 1,
             "VersionNumberMinor": 2, "SchemaID": 3, "Priority": 4}  # fmt: skip
    document = {"supportedAppProtocolReq": {"AppProtocol": [entry] * 20}}
    given = json.dumps(document)  # escapes, surrogate pairs
    (stream,) = command("encode --schema app", given).lines
    assert stream == encoded("app", document)
    assert command("decode --schema app", stream).lines == [dumps(document)]


def test_output_larger_than_the_first_buffers(command: Command) -> None:
    names = {"KeyName": ["k" * 500] * 200, "X509Data": [{"X509SubjectName": ["é" * 400] * 50}]}
    signature = {"SignedInfo": _signed_info(), "SignatureValue": {"#": "AA=="},
                 "KeyInfo": names}  # fmt: skip
    document = {"V2G_Message": {"Header": {"SessionID": "", "Signature": signature}, "Body": {}}}
    (stream,) = command("encode --schema din", dumps(document)).lines
    assert stream == encoded("din", document)
    assert command("decode --schema din", stream).lines == [dumps(document)]


def _signed_info() -> dict[str, object]:
    algorithm = {"@Algorithm": "a"}
    reference = {"DigestMethod": algorithm, "DigestValue": ""}
    return {"CanonicalizationMethod": algorithm, "SignatureMethod": algorithm,
            "Reference": [reference]}  # fmt: skip


def test_characters_that_end_a_line_elsewhere_are_escaped(command: Command) -> None:
    text = 'a\u2028b\x85c\u2029d\x0be\t"\\/\x7f\x00\u20ac\U0001f600'
    body = {"PaymentDetailsRes": {"ResponseCode": "OK", "GenChallenge": text, "DateTimeNow": -1}}
    message = {"V2G_Message": {"Header": {"SessionID": ""}, "Body": body}}
    (stream,) = command("encode --schema din", json.dumps(message)).lines
    (document,) = command("decode --schema din", stream).lines
    assert document == dumps(message)
    assert document.splitlines() == [document]


def test_each_line_is_answered_at_once(command: Command) -> None:
    with command.start("decode", "--schema", "app") as filter_:
        assert filter_.stdin is not None
        assert filter_.stdout is not None
        for _ in range(3):
            filter_.stdin.write(RES.encode() + b"\n")
            filter_.stdin.flush()
            assert filter_.stdout.readline().decode() == RES_JSON + "\n"
        filter_.stdin.close()
        assert filter_.wait() == 0


# --- schemas, forms, files -------------------------------------------------------------------
def test_auto_tells_the_handshake_from_messages(command: Command) -> None:
    messages = [vector for vector in VECTORS if vector.schema in ("app", "din", "iso2")]
    chosen = [v for v in messages if v.document is not None and not v.fragment][:500]
    given = "".join(vector.stream.hex() + "\n" for vector in chosen)
    _, lines, _ = command("decode --schema auto --lenient", given)
    assert lines == [dumps(vector.document) for vector in chosen]


def test_auto_says_what_to_do_where_it_cannot_tell(command: Command) -> None:
    _, lines, _ = command("decode --schema auto", "8091\n80\n80ff")
    for line in lines:
        answer = json.loads(line)
        assert "schema" in answer["error"]
        assert answer["bit"] is None


def test_forms_of_exi(command: Command, tmp_path: Path) -> None:
    stream = bytes.fromhex(RES)
    file = tmp_path / "message.exi"
    file.write_bytes(stream)
    coded = base64.b64encode(stream).decode()
    raw = command.raw("encode", "--schema", "app", "--format", "raw", given=RES_JSON.encode())
    assert raw == (0, stream, b"1 encoded, 0 failed, 0 warnings\n")
    for form, given in (("base64", coded), ("hex", RES)):
        assert command(f"encode --schema app --format {form}", RES_JSON).lines == [given]
        assert command(f"decode --schema app --format={form}", given).lines == [RES_JSON]
    assert command(f"decode --schema app --format raw {file} {file}").lines == [RES_JSON] * 2
    given = "\n".join(["gEAAQA", "gEAAQA=", "gEAA QA==", "*", "gEAAQA===", "====", "gE==AAQA"])
    no_base64 = '{"error":"not a line of base64","bit":null}'
    assert command("decode --schema app --format base64", given).lines == [no_base64] * 7


def test_the_lines_of_files_are_counted_through(command: Command, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text(f"{RES}\n{RES}00\n")
    second.write_text(f"{RES}00")
    status, lines, errors = command(f"decode --schema app {first} - {second}", RES + "00\n")
    assert (status, lines) == (0, [RES_JSON] * 4)
    places = [line.split(": warning: ")[0] for line in errors.splitlines()]
    assert places == ["line 2", "line 3", "line 4", "4 decoded, 0 failed, 3 warnings"]


def test_a_file_may_be_one_message(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "message.json"
    file.write_text(json.dumps(json.loads(RES_JSON), indent=4) + "\n")
    assert command(f"encode --schema app --file {file}").lines == [RES]
    assert command("encode --schema app --file", file.read_text()).lines == [RES]
    hexadecimal = tmp_path / "message.hex"
    hexadecimal.write_text("80 40\n00 40\n")
    assert command(f"decode --schema app --file {hexadecimal}").lines == [RES_JSON]
    status, (line,), _ = command("decode --schema app --file", "\n")
    assert (status, list(json.loads(line))) == (1, ["error", "bit"])


def test_a_file_that_cannot_be_read_is_status_3(command: Command, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text(RES)
    status, lines, errors = command(f"decode --schema app {tmp_path}/none {there} {tmp_path}")
    assert (status, lines) == (3, [RES_JSON])
    assert f"{tmp_path}/none: No such file or directory" in errors
    assert f"{tmp_path}: Is a directory" in errors


def test_output_that_nobody_reads_is_status_3(command: Command) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        for sink, reason in ((write_end, "Broken pipe"), (full, "No space left on device")):
            for arguments in (["decode", "--schema", "app"], ["schemas"], ["serve"]):
                done = subprocess.run(  # noqa: S603 - our own program
                    [command.path, *arguments], input=(RES + "\n").encode() * 1000,
                    stdout=sink, stderr=subprocess.PIPE, check=False,
                )  # fmt: skip
                assert done.returncode == 3
                assert reason in done.stderr.decode()
    finally:
        os.close(write_end)
        os.close(full)


# --- usage -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("", "usage:"),
        ("recode --schema din", "recode"),
        ("decode", "--schema"),
        ("decode --schema", "--schema"),
        ("decode --schema iso3", "iso3"),
        ("encode --schema auto", "auto"),
        ("encode --schema din --lenient", "--lenient"),
        ("decode --schema din --format octal", "octal"),
        ("decode --schema din --file=yes", "--file"),
        ("decode --schema auto --fragment", "--fragment"),
        ("serve --framing words", "words"),
        ("serve file", "file"),
        ("schemas --all", "--all"),
    ],
)
def test_wrong_usage_is_status_2(command: Command, arguments: str, says: str) -> None:
    status, out, errors = command(arguments)
    assert (status, out) == (2, [])
    assert says in errors


def test_help_names_every_option_and_the_manual_page_too(command: Command) -> None:
    status, lines, errors = command("--help")
    assert (status, errors) == (0, "")
    page = (EXI / "man" / "pyplc-exi.1").read_text(encoding="utf-8")
    text = "\n".join(lines)
    for name in ("schema", "fragment", "lenient", "format", "file", "framing", "help", "version"):
        assert f"--{name}" in text
        assert f"Fl -{name}" in page
    for name in ("decode", "encode", "schemas", "serve"):
        assert f"pyplc-exi {name}" in text
        assert f".Cm {name}" in page
    for arguments in ("-h", "decode --help", "serve -h"):
        assert command(arguments).lines == lines


def test_the_version_is_that_of_the_package(command: Command) -> None:
    project = (EXI / "pyproject.toml").read_text(encoding="utf-8")
    version = next(line for line in project.splitlines() if line.startswith("version")).split('"')
    assert command("--version") == (0, [f"pyplc-exi {version[1]}"], "")


def test_schemas_lists_all_of_them(command: Command) -> None:
    status, lines, errors = command("schemas")
    assert (status, errors) == (0, "")
    assert [line.split()[0] for line in lines[1:]] == list(SCHEMAS)
    assert len({len(line) for line in lines}) == 1
    din = next(line for line in lines if line.startswith("din"))
    assert din.split() == ["din", "DIN", "SPEC", "70121:2014", "34", "2"]
    assert all(any(letter.isupper() for letter in line[12:47]) for line in lines[1:])


# --- the program as it is given out ----------------------------------------------------------
def test_it_is_one_static_file(static_command: Command) -> None:
    program = static_command.path.read_bytes()
    (first,) = struct.unpack_from("<Q", program, 32)  # program header; 64-bit ELF
    size, count = struct.unpack_from("<HH", program, 54)
    kinds = [struct.unpack_from("<I", program, first + n * size)[0] for n in range(count)]
    assert program.startswith(b"\x7fELF\x02")
    assert 1 in kinds  # PT_LOAD
    assert 3 not in kinds  # PT_INTERP: what would load libraries
    assert static_command("decode --schema app", RES).lines == [RES_JSON]


@pytest.mark.skipif(shutil.which("mandoc") is None, reason="needs the Debian package mandoc")
def test_the_manual_page_is_clean() -> None:
    mandoc = shutil.which("mandoc")
    assert mandoc is not None
    page = str(EXI / "man" / "pyplc-exi.1")
    done = subprocess.run(  # noqa: S603 - a formatter, on our own file
        [mandoc, "-T", "lint", "-W", "warning", page], capture_output=True, check=False
    )
    assert done.stdout == b""


def test_blocks_of_the_manual_page_are_what_the_command_does(
    command: Command, tmp_path: Path
) -> None:
    (tmp_path / "pyplc-exi").symlink_to(command.path)
    page = (EXI / "man" / "pyplc-exi.1").read_text(encoding="utf-8").splitlines()
    start = page.index("#!/bin/bash")
    script = "\n".join(itertools.takewhile(lambda line: line != ".Ed", page[start:]))
    environment = {**command.environment, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(  # noqa: S603 - the example of our own manual
        ["/bin/bash", "-c", script], capture_output=True, check=True, env=environment
    )
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert first["message"] == json.loads(RES_JSON)
    assert list(second["message"]["V2G_Message"]["Body"]) == ["SessionStopReq"]
