"""`pyplc exi` as a filter: one line out for each line in, whatever comes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pyplc_fw.cli.exi import STANDARDS
from pyplc_fw.v2g import exi
from pyplc_fw.v2g.messages import din
from pyplc_fw.v2g.messages.schema import SCHEMAS
from tests.unit.exi.bitwise import BARE_SCHEDULES, WORKED, din_message

MAIN = [sys.executable, "-m", "pyplc_fw.cli.main", "exi"]
ROOT = Path(__file__).parents[3]
RES = "80400040"
RES_JSON = '{"supportedAppProtocolRes":{"ResponseCode":"OK_SuccessfulNegotiation","SchemaID":1}}'


def pyplc_exi(arguments: str, lines: bytes) -> tuple[int, list[str], str]:
    """Run the command; return its exit status, the lines of standard output, standard error."""
    done = subprocess.run(  # noqa: S603 - our own program
        [*MAIN, *arguments.split()], input=lines, capture_output=True, check=False, cwd=ROOT
    )
    errors = done.stderr.decode()
    assert "Traceback" not in errors
    out = done.stdout.decode()
    assert out == "" or out.endswith("\n")
    return done.returncode, out.split("\n")[:-1], errors


def test_there_and_back() -> None:
    for schema in ("app", "din"):
        streams = [worked.stream.hex() for worked in WORKED if worked.schema == schema]
        status, documents, errors = pyplc_exi(
            f"decode --schema {schema}", "\n".join(streams).encode()
        )
        assert (status, errors) == (0, f"{len(streams)} decoded, 0 failed, 0 warnings\n")
        expected = [exi.to_json(worked.message) for worked in WORKED if worked.schema == schema]
        assert [json.loads(document) for document in documents] == expected
        status, again, errors = pyplc_exi(
            f"encode --schema {schema}", "\n".join(documents).encode()
        )
        assert (status, again) == (0, streams)
        assert errors == f"{len(streams)} encoded, 0 failed, 0 warnings\n"


def test_decoding_answers_every_line() -> None:
    lines = b"\n".join(
        [RES.encode(), b"", b"  80 40 00 40\r", b"xx", b"804", b"\xff\xfe", b"8040", b"\0", b" "]
    )
    status, out, errors = pyplc_exi("decode --schema app", lines)
    empty = '{"error":"an empty line","bit":null}'
    no_hex = '{"error":"not a line of hexadecimal digits","bit":null}'
    cut_off = "supportedAppProtocolRes: the stream ends too early; expected SchemaID or the end"
    cut = f'{{"error":"{cut_off} (at bit 15)","bit":15}}'
    assert out == [RES_JSON, empty, RES_JSON, no_hex, no_hex, no_hex, cut, no_hex, empty]
    assert (status, errors) == (1, "2 decoded, 7 failed, 0 warnings\n")


def test_encoding_answers_every_line() -> None:
    lines = [
        RES_JSON.encode(),
        b"",
        b"{",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"\xff",
        b"NaN",
        b'{"\\ud800":1}',
        b"1" * 5000,
        RES_JSON.replace("1}", "1e400}").encode(),
        RES_JSON.replace("1}", "256}").encode(),
        RES_JSON.replace("OK_", "\\ud800").encode(),
        RES_JSON.encode(),
    ]
    status, out, errors = pyplc_exi("encode --schema app", b"\n".join(lines))
    assert len(out) == len(lines)
    assert [out[0], out[-1]] == [RES, RES]
    for line in out[1:-1]:
        answer = json.loads(line)
        assert list(answer) == ["error", "bit"]
        assert answer["bit"] is None
    assert (status, errors) == (1, "2 encoded, 11 failed, 0 warnings\n")


def test_no_line_at_all_is_no_failure() -> None:
    assert pyplc_exi("decode --schema din", b"") == (0, [], "0 decoded, 0 failed, 0 warnings\n")


def test_warnings_name_the_line_and_go_to_standard_error() -> None:
    status, out, errors = pyplc_exi("decode --schema app", f"{RES}\n{RES}00\n".encode())
    assert (status, out) == (0, [RES_JSON, RES_JSON])
    assert errors == (
        "line 2: warning: 1 byte after the end of the message (at bit 32)\n"
        "2 decoded, 0 failed, 1 warnings\n"
    )


def test_lenient_decoding_reads_a_bare_head() -> None:
    stream = BARE_SCHEDULES.hex().encode()
    status, (answer,), _ = pyplc_exi("decode --schema din", stream)
    assert (status, list(json.loads(answer))) == (1, ["error", "bit"])
    status, (answer,), errors = pyplc_exi("decode --schema din --lenient", stream)
    body = json.loads(answer)["V2G_Message"]["Body"]["ChargeParameterDiscoveryRes"]
    assert (status, body["SASchedules"]) == (0, {})
    where = "ChargeParameterDiscoveryRes/SASchedules"
    assert f"line 1: warning: {where}: abstract head read as an empty element" in errors


def test_characters_that_end_a_line_elsewhere_are_escaped() -> None:
    text = "a\u2028b\x85c\u2029d\x0be"
    message = {"V2G_Message": {"Header": {"SessionID": ""}, "Body": {"PaymentDetailsRes": {
        "ResponseCode": "OK", "GenChallenge": text, "DateTimeNow": 0}}}}  # fmt: skip
    _, (stream,), _ = pyplc_exi("encode --schema din", json.dumps(message).encode())
    _, (document,), _ = pyplc_exi("decode --schema din", stream.encode())
    assert document.splitlines() == [document]
    assert json.loads(document) == message


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("decode", "--schema"),
        ("decode --schema iso3", "--schema: invalid choice: 'iso3' (there are app, din"),
        ("encode --schema auto", "invalid choice: 'auto'"),
        ("decode --schema auto --fragment", "--fragment: name the schema"),
        ("decode --schema din --format octal", "invalid choice: 'octal'"),
        ("schemas --all", "--all"),
        ("recode --schema din", "recode"),
        ("encode --schema din --lenient", "--lenient"),
        ("", "decode|encode"),
    ],
)
def test_wrong_usage_is_status_2(arguments: str, says: str) -> None:
    status, out, errors = pyplc_exi(arguments, b"")
    assert (status, out) == (2, [])
    assert says in errors


def test_each_line_is_answered_at_once() -> None:
    with subprocess.Popen(  # noqa: S603 - our own program
        [*MAIN, "decode", "--schema", "app"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT,
    ) as filter_:  # fmt: skip
        assert filter_.stdin is not None
        assert filter_.stdout is not None
        for _ in range(3):
            filter_.stdin.write(RES.encode() + b"\n")
            filter_.stdin.flush()
            assert filter_.stdout.readline().decode() == RES_JSON + "\n"
        filter_.stdin.close()
        assert filter_.wait() == 0


def test_an_interruption_is_no_traceback() -> None:
    with subprocess.Popen(  # noqa: S603 - our own program
        [*MAIN, "decode", "--schema", "app"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT,
    ) as filter_:  # fmt: skip
        assert filter_.stdin is not None
        assert filter_.stdout is not None
        assert filter_.stderr is not None
        filter_.stdin.write(RES.encode() + b"\n")
        filter_.stdin.flush()
        filter_.stdout.readline()
        filter_.send_signal(signal.SIGINT)
        assert b"Traceback" not in filter_.stderr.read()
        assert filter_.wait() == 130


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            [*MAIN, "decode", "--schema", "app"],
            input=(RES.encode() + b"\n") * 1000,
            stdout=write_end, stderr=subprocess.PIPE, check=False, cwd=ROOT,
        )  # fmt: skip
    finally:
        os.close(write_end)
    assert b"Traceback" not in done.stderr
    assert b"Exception" not in done.stderr


def test_a_key_that_stands_twice_is_refused() -> None:
    line = b'{"supportedAppProtocolRes":{"SchemaID":1,"ResponseCode":"OK","SchemaID":2}}'
    status, out, _ = pyplc_exi("encode --schema app", line)
    assert (status, out) == (
        1,
        ['{"error":"supportedAppProtocolRes/SchemaID: there is one already","bit":null}'],
    )


# --- schemas, forms, files -------------------------------------------------------------------
def test_schemas_lists_all_of_them() -> None:
    status, out, errors = pyplc_exi("schemas", b"")
    assert (status, errors) == (0, "")
    assert [line.split()[0] for line in out[1:]] == list(SCHEMAS)
    assert list(SCHEMAS) == [name for name in STANDARDS if name in SCHEMAS]
    assert {len(line) for line in out} == {len(out[0])}
    assert next(line for line in out if line.startswith("din")).split()[-2:] == ["34", "2"]


def test_auto_tells_messages_apart_by_their_second_byte() -> None:
    stop = exi.encode(din_message(din.SessionStopReq())).hex()
    status, out, _ = pyplc_exi("decode --schema auto", f"{RES}\n{stop}\n8091\n80\n".encode())
    assert out[0] == RES_JSON
    assert "SessionStopReq" in json.loads(out[1])["V2G_Message"]["Body"]
    for line in out[2:]:
        assert "name the schema" in json.loads(line)["error"]
    assert status == 1


def test_fragments_both_ways() -> None:
    document = {"MeteringReceiptReq": {"@Id": "i", "SessionID": "01", "SAScheduleTupleID": 1,
                "MeterInfo": {"MeterID": "m"}}}  # fmt: skip
    text = json.dumps(document).encode()
    _, (stream,), _ = pyplc_exi("encode --schema din --fragment", text)
    assert stream.startswith("807a")
    status, (line,), errors = pyplc_exi("decode --schema din --fragment", stream.encode())
    assert (status, json.loads(line)) == (0, document)
    assert errors == "1 decoded, 0 failed, 0 warnings\n"
    status, (line,), _ = pyplc_exi("encode --schema din", text)
    assert (status, json.loads(line)["error"]) == (
        1,
        '"MeteringReceiptReq" is no message; expected V2G_Message',
    )
    _, (line,), _ = pyplc_exi("encode --schema xmldsig", b'{"SignedInfo":{}}')
    assert json.loads(line)["error"] == (
        '"SignedInfo" is no message; the schema has fragments only'
    )


def test_trailing_bytes_of_a_fragment_are_a_warning() -> None:
    info = exi.encode_fragment("din", din.ContractAuthenticationReq(Id="i")).hex() + "00"
    status, _, errors = pyplc_exi("decode --schema din --fragment", info.encode())
    assert status == 0
    assert errors.startswith("line 1: warning: 1 byte after the end of the message (at bit ")


@pytest.mark.parametrize("form", ["hex", "base64", "raw"])
def test_forms_of_exi(form: str) -> None:
    encode = f"encode --schema app --format {form}"
    done = subprocess.run(  # noqa: S603 - our own program
        [*MAIN, *encode.split()], input=RES_JSON.encode(), capture_output=True, check=True, cwd=ROOT
    )
    assert done.stdout == {"hex": b"80400040\n", "base64": b"gEAAQA==\n", "raw": b"\x80@\0@"}[form]
    status, out, _ = pyplc_exi(f"decode --schema app --format {form}", done.stdout)
    assert (status, out) == (0, [RES_JSON])


def test_what_is_no_base64_is_refused() -> None:
    lines = b"gEAAQA\ngEAAQA===\n?\n\n"
    status, out, _ = pyplc_exi("decode --schema app --format base64", lines)
    no_base64 = '{"error":"not a line of base64","bit":null}'
    assert (status, out) == (1, [*3 * [no_base64], '{"error":"an empty line","bit":null}'])


def test_files_follow_each_other_and_their_lines_are_counted_through(tmp_path: Path) -> None:
    (tmp_path / "one").write_text(f"{RES}\n{RES}00")
    (tmp_path / "two").write_text(f"{RES}00\n")
    files = f"{tmp_path}/one - {tmp_path}/two"
    status, out, errors = pyplc_exi(f"decode --schema app {files}", RES.encode())
    assert (status, out) == (0, 4 * [RES_JSON])
    trailing = "warning: 1 byte after the end of the message (at bit 32)"
    assert errors.splitlines() == [
        f"line 2: {trailing}",
        f"line 4: {trailing}",
        "4 decoded, 0 failed, 2 warnings",
    ]


def test_a_file_may_be_one_message(tmp_path: Path) -> None:
    file = tmp_path / "message.json"
    file.write_text(json.dumps(json.loads(RES_JSON), indent=2))
    assert pyplc_exi(f"encode --schema app --file {file}", b"")[:2] == (0, [RES])
    (tmp_path / "message.exi").write_bytes(bytes.fromhex(RES) + b"\0")
    status, out, errors = pyplc_exi(f"decode --schema app --format raw {tmp_path}/message.exi", b"")
    assert (status, out) == (0, [RES_JSON])
    assert errors.startswith(f"{tmp_path}/message.exi: warning: 1 byte after")
    status, (line,), _ = pyplc_exi("decode --schema app --file", b" \n")
    assert (status, line) == (1, '{"error":"an empty file","bit":null}')
    status, (line,), _ = pyplc_exi("decode --schema app --file", b"80 4")
    assert (status, line) == (1, '{"error":"not a file of hexadecimal digits","bit":null}')


def test_a_file_that_cannot_be_read_is_status_3_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "there").write_text(RES)
    files = f"{tmp_path}/none {tmp_path}/there {tmp_path}"
    status, out, errors = pyplc_exi(f"decode --schema app {files}", b"")
    assert (status, out) == (3, [RES_JSON])
    assert errors.splitlines() == [
        f"pyplc exi: {tmp_path}/none: No such file or directory",
        f"pyplc exi: {tmp_path}: Is a directory",
        "1 decoded, 0 failed, 0 warnings",
    ]


def test_output_that_cannot_be_written_is_status_3() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            [*MAIN, "decode", "--schema", "app"], input=RES.encode(),
            stdout=full, stderr=subprocess.PIPE, check=False, cwd=ROOT,
        )  # fmt: skip
    finally:
        os.close(full)
    assert (done.returncode, done.stderr) == (
        3,
        b"pyplc exi: standard output: No space left on device\n",
    )


def test_a_line_that_is_too_long_is_refused_and_the_next_is_read() -> None:
    lines = b" " * (16 << 20) + RES.encode() + b"\n" + RES.encode()
    status, out, _ = pyplc_exi("decode --schema app", lines)
    assert (status, out) == (1, ['{"error":"more than 16 MiB","bit":null}', RES_JSON])


def test_a_number_of_any_length_is_out_of_range() -> None:
    line = RES_JSON.replace("1}", "-" + "7" * 9000 + "}").encode()
    status, (answer,), _ = pyplc_exi("encode --schema app", line)
    shown = "-" + "7" * 39
    assert (status, json.loads(answer)["error"]) == (
        1,
        f"supportedAppProtocolRes/SchemaID: {shown}... is outside 0 to 255",
    )
