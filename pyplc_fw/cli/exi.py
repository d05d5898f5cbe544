"""`pyplc exi`: the codec as a filter, hexadecimal lines to JSON lines and back."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any, BinaryIO, Final, TypeAlias

from pyplc_fw.errors import CodecError

SCHEMAS: Final = ("app", "din")
"The schemas that have messages."

Converted: TypeAlias = tuple[str, list[str]]
"A line of output without its end, and warnings."

LINE_BREAKS: Final = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}
"Characters that some readers take for the end of a line; JSON may escape them."

EXIT_OK: Final = 0
EXIT_FAILED: Final = 1


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Describe the command line."""
    parser = subparsers.add_parser(
        "exi",
        help="decode and encode EXI",
        description="Decode and encode EXI: for each line on standard input exactly one line on "
        'standard output, {"error": ..., "bit": ...} for what fails. Warnings and counts go to '
        "standard error; the exit status is 1 if any line failed.",
    )
    directions = parser.add_subparsers(dest="direction", required=True, metavar="decode|encode")
    decode = directions.add_parser("decode", help="hexadecimal lines to JSON lines")
    encode = directions.add_parser("encode", help="JSON lines to hexadecimal lines")
    for direction in (decode, encode):
        direction.add_argument(
            "--schema", required=True, choices=SCHEMAS, help="app is the handshake"
        )
    decode.add_argument(
        "--lenient", action="store_true", help="read also what peers should not send, with warnings"
    )


def run(args: argparse.Namespace) -> int:
    """Convert standard input; the exit status is 1 if any line failed."""
    if sys.stdin is None or sys.stdout is None:
        raise OSError("standard input and output are needed")
    convert = _decoder(args) if args.direction == "decode" else _encoder(args)
    return _filter(convert, f"{args.direction}d", sys.stdin.buffer, sys.stdout.buffer)


def _filter(
    convert: Callable[[bytes], Converted], done: str, source: BinaryIO, sink: BinaryIO
) -> int:
    good = failed = warned = 0
    for number, line in enumerate(source, 1):
        try:
            text, warnings = convert(line.strip())
            good += 1
        except CodecError as error:
            text, warnings = _dumps({"error": str(error), "bit": error.bit}), []
            failed += 1
        sink.write(text.encode("utf-8", "backslashreplace") + b"\n")
        sink.flush()
        for warning in warnings:
            print(f"line {number}: warning: {warning}", file=sys.stderr)
        warned += len(warnings)
    print(f"{good} {done}, {failed} failed, {warned} warnings", file=sys.stderr)
    return EXIT_FAILED if failed else EXIT_OK


def _dumps(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.translate(LINE_BREAKS)


def _decoder(args: argparse.Namespace) -> Callable[[bytes], Converted]:
    from pyplc_fw.v2g import exi  # noqa: PLC0415 -- heavy imports wait for the command

    def convert(line: bytes) -> Converted:
        data = _from_hex(line)
        message, noted = exi.decode_with_warnings(args.schema, data, lenient=args.lenient)
        return _dumps(exi.to_json(message)), [f"{n.message} (at bit {n.bit})" for n in noted]

    return convert


def _encoder(args: argparse.Namespace) -> Callable[[bytes], Converted]:
    from pyplc_fw.v2g import exi  # noqa: PLC0415 -- heavy imports wait for the command

    def convert(line: bytes) -> Converted:
        return exi.encode(exi.from_json(args.schema, _from_json(line))).hex(), []

    return convert


def _from_hex(line: bytes) -> bytes:
    if not line:
        raise CodecError("an empty line")
    try:
        return bytes.fromhex(line.decode("ascii"))
    except ValueError:
        raise CodecError("not a line of hexadecimal digits") from None


def _from_json(line: bytes) -> object:
    if not line:
        raise CodecError("an empty line")
    try:
        return json.loads(line.decode("utf-8"), object_pairs_hook=_object)
    except UnicodeDecodeError as error:
        raise CodecError(f"not UTF-8: {error}") from None
    except RecursionError:
        raise CodecError("not JSON of a message: nested too deeply") from None
    except ValueError as error:
        raise CodecError(f"not JSON: {error}") from None


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Make an object; what is said twice is refused, because only one of them could be sent."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for n, (key, _) in enumerate(pairs) if key in dict(pairs[:n]))
        raise ValueError(f"{twice} stands twice in one object")
    return found
