"""`pyplc exi`: messages between EXI and JSON, as a filter. `pyplc-exi` in C is the same command."""

from __future__ import annotations

import argparse
import binascii
import json
import os
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeAlias

from pyplc_fw.errors import CodecError

AUTO: Final = "auto"
HEX, BASE64, RAW = "hex", "base64", "raw"
STANDARD_INPUT: Final = "-"
MAX_MESSAGE_BYTES: Final = 16 << 20
"Of a line or file; far more than V2GTP carries."
STANDARDS: Final = {
    "app": "DIN 70121, ISO 15118: handshake",
    "din": "DIN SPEC 70121:2014",
    "iso2": "ISO 15118-2:2014",
    "iso20-cm": "ISO 15118-20:2022, common messages",
    "iso20-dc": "ISO 15118-20:2022, DC",
    "iso20-ac": "ISO 15118-20:2022, AC",
    "iso20-acdp": "ISO 15118-20:2022, ACDP",
    "iso20-wpt": "ISO 15118-20:2022, WPT",
    "xmldsig": "W3C XML Signature",
}
LINE_BREAKS: Final = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}
"Characters that some readers take for the end of a line; JSON may escape them."

EXIT_OK: Final = 0
EXIT_FAILED: Final = 1
EXIT_FILES: Final = 3

Converted: TypeAlias = tuple[bytes, list[str]]
"A line of output, or raw EXI, and warnings."
Convert: TypeAlias = Callable[[bytes], Converted]


# --- the command line ------------------------------------------------------------------------
def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Describe the command line."""
    parser = subparsers.add_parser(
        "exi",
        help="decode and encode EXI",
        description="Decode and encode EXI, the binary XML in which electric vehicles and "
        "chargers talk.",
    )
    directions = parser.add_subparsers(
        dest="direction", required=True, metavar="decode|encode|schemas"
    )
    filters = [
        directions.add_parser(name, help=what, description=_description(name), epilog=_EPILOG)
        for name, what in (("decode", "EXI to JSON"), ("encode", "JSON to EXI"))
    ]
    for direction in filters:
        _add_options(direction)
        direction.set_defaults(usage_error=direction.error, lenient=False)
    filters[0].add_argument(
        "--lenient", action="store_true", help="read also what peers should not send, with warnings"
    )
    directions.add_parser("schemas", help="list the schemas and what is in them")


_EPILOG: Final = (
    "Exit status: 0 all went well, 1 something could not be converted, 2 wrong usage, 3 a file "
    "could not be read or the output not be written."
)


def _description(direction: str) -> str:
    return (
        f"{direction.capitalize()}: each line of the FILEs is a message and gives exactly one line "
        'of output, {"error": ..., "bit": ...} for what fails. Warnings and counts go to standard '
        "error."
    )


def _add_options(direction: argparse.ArgumentParser) -> None:
    direction.add_argument(
        "--schema",
        required=True,
        metavar="NAME",
        help="grammar of the messages, see `pyplc exi schemas`; app is the handshake, auto (when "
        "decoding) tells app, din and iso2 apart",
    )
    direction.add_argument(
        "--fragment", action="store_true", help="fragments, as they are signed, not documents"
    )
    direction.add_argument(
        "--format",
        choices=(HEX, BASE64, RAW),
        default=HEX,
        help="how EXI is written (default: hex); raw implies --file",
    )
    direction.add_argument(
        "--file",
        action="store_true",
        dest="whole_files",
        help="each FILE is one message, whose JSON may have several lines",
    )
    direction.add_argument("files", nargs="*", metavar="FILE", help="- or none: standard input")


def run(args: argparse.Namespace) -> int:
    """Convert the files; the exit status is 1 if anything failed, 3 if a file was not there."""
    if sys.stdin is None or sys.stdout is None:
        raise OSError("standard input and output are needed")
    try:
        return _print_schemas() if args.direction == "schemas" else _filter(args)
    except _OutputError as error:
        print(f"pyplc exi: standard output: {error}", file=sys.stderr)
        # What is left in the buffer must not be tried again at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FILES


def _check(args: argparse.Namespace) -> None:
    """See to what argparse cannot: the schemas are known when the codec is loaded."""
    from pyplc_fw.v2g.messages.schema import SCHEMAS  # noqa: PLC0415 -- heavy, waits for the command

    automatic = args.schema == AUTO and args.direction == "decode"
    if args.schema not in SCHEMAS and not automatic:
        known = ", ".join([*SCHEMAS, *[AUTO][: args.direction == "decode"]])
        args.usage_error(f"--schema: invalid choice: {args.schema!r} (there are {known})")
    if automatic and args.fragment:
        args.usage_error("--fragment: name the schema, auto tells documents apart")
    args.whole_files |= args.format == RAW


# --- files and lines -------------------------------------------------------------------------
class _OutputError(Exception):
    """Standard output takes no more."""


def _write(data: bytes) -> None:
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except OSError as error:
        raise _OutputError(error.strerror) from error


class _Counts:
    def __init__(self) -> None:
        self.good = self.failed = self.warned = 0
        self.unreadable = False  # one of the files


def _filter(args: argparse.Namespace) -> int:
    _check(args)
    convert = _decoder(args) if args.direction == "decode" else _encoder(args)
    counts = _Counts()
    for where, data in _messages(args, counts):
        _answer(convert, where, data, counts)
    done = f"{counts.good} {args.direction}d"
    print(f"{done}, {counts.failed} failed, {counts.warned} warnings", file=sys.stderr)
    if counts.unreadable:
        return EXIT_FILES
    return EXIT_FAILED if counts.failed else EXIT_OK


def _answer(convert: Convert, where: str, data: bytes, counts: _Counts) -> None:
    warnings: list[str] = []
    try:
        if len(data) > MAX_MESSAGE_BYTES:
            raise CodecError("more than 16 MiB")
        output, warnings = convert(data)
        counts.good += 1
    except CodecError as error:
        output = _line({"error": str(error), "bit": error.bit})
        counts.failed += 1
    _write(output)
    for warning in warnings:
        print(f"{where}: warning: {warning}", file=sys.stderr)
    counts.warned += len(warnings)


def _messages(args: argparse.Namespace, counts: _Counts) -> Iterator[tuple[str, bytes]]:
    """Give every message with its place; what cannot be read is told on standard error."""
    number = 0
    for name in args.files or [STANDARD_INPUT]:
        shown = "standard input" if name == STANDARD_INPUT else name
        try:
            with _open(name) as source:
                if args.whole_files:
                    yield shown, source.read(MAX_MESSAGE_BYTES + 1)
                    continue
                for line in _lines(source):
                    number += 1
                    yield f"line {number}", line
        except OSError as error:
            print(f"pyplc exi: {shown}: {error.strerror}", file=sys.stderr)
            counts.unreadable = True


@contextmanager
def _open(name: str) -> Iterator[BinaryIO]:
    if name == STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    with Path(name).open("rb") as source:
        yield source


def _lines(source: BinaryIO) -> Iterator[bytes]:
    """Give the lines without their ends; of one that is too long, more than is allowed."""
    while line := source.readline(MAX_MESSAGE_BYTES + 1):
        rest = line
        while len(rest) > MAX_MESSAGE_BYTES and not rest.endswith(b"\n"):
            rest = source.readline(MAX_MESSAGE_BYTES + 1)
        yield line.removesuffix(b"\n")


# --- one message -----------------------------------------------------------------------------
def _line(value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.translate(LINE_BREAKS).encode("utf-8", "backslashreplace") + b"\n"


def _decoder(args: argparse.Namespace) -> Convert:
    from pyplc_fw.v2g import exi  # noqa: PLC0415 -- heavy imports wait for the command

    read = exi.decode_fragment_with_warnings if args.fragment else exi.decode_with_warnings

    def convert(text: bytes) -> Converted:
        data = _from_form(args, text)
        schema = exi.guess_schema(data) if args.schema == AUTO else args.schema
        message, noted = read(schema, data, lenient=args.lenient)
        return _line(exi.to_json(message)), [f"{n.message} (at bit {n.bit})" for n in noted]

    return convert


def _encoder(args: argparse.Namespace) -> Convert:
    from pyplc_fw.v2g import exi  # noqa: PLC0415 -- heavy imports wait for the command

    def convert(text: bytes) -> Converted:
        document = exi.read_json(_not_empty(args, text.strip()))
        message = exi.from_json(args.schema, document, fragment=args.fragment)
        if args.fragment:
            return _to_form(args.format, exi.encode_fragment(args.schema, message)), []
        return _to_form(args.format, exi.encode(message)), []

    return convert


def _not_empty(args: argparse.Namespace, text: bytes) -> bytes:
    if not text:
        raise CodecError("an empty file" if args.whole_files else "an empty line")
    return text


def _from_form(args: argparse.Namespace, text: bytes) -> bytes:
    if args.format == RAW:
        return _not_empty(args, text)
    what = "hexadecimal digits" if args.format == HEX else "base64"
    text = _not_empty(args, text.strip())
    try:
        return bytes.fromhex(text.decode("ascii")) if args.format == HEX else _from_base64(text)
    except ValueError:
        unit = "file" if args.whole_files else "line"
        raise CodecError(f"not a {unit} of {what}") from None


def _from_base64(text: bytes) -> bytes:
    """Read base64 with exactly the padding that it needs: Python takes more. Raises ValueError."""
    data = b64decode(text, validate=True)
    if len(text) != (len(data) + 2) // 3 * 4:
        raise binascii.Error("too much padding")
    return data


def _to_form(form: str, data: bytes) -> bytes:
    if form == RAW:
        return data
    text = data.hex().encode() if form == HEX else b64encode(data)
    return text + b"\n"


# --- schemas ---------------------------------------------------------------------------------
def _print_schemas() -> int:
    from pyplc_fw.v2g.exi import contents_of  # noqa: PLC0415 -- heavy imports wait for the command
    from pyplc_fw.v2g.messages.schema import SCHEMAS  # noqa: PLC0415

    rows = [f"{'NAME':<10}  {'STANDARD':<35}  {'MESSAGES':>8}  {'FRAGMENTS':>9}"]
    for name in SCHEMAS:
        messages, fragments = contents_of(name)
        counts = f"{len(messages):>8}  {len(fragments):>9}"
        rows.append(f"{name:<10}  {STANDARDS[name]:<35}  {counts}")
    _write("".join(f"{row}\n" for row in rows).encode())
    return EXIT_OK
