"""`pyplc decode`: the conversation in a recording, message by message."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyplc_fw.trace.conversation import Conversation

EXIT_OK, EXIT_DAMAGED, EXIT_UNREADABLE = 0, 1, 2


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Describe the command line."""
    parser = subparsers.add_parser(
        "decode",
        help="print the conversation in a recording",
        description="Print the conversation in a pcap or pcapng recording (also gzip-packed): "
        "SLAC, SDP, TCP, every V2G message with its fields. Exit status: 0 all could be read, "
        "1 parts could not (told on stderr), 2 no recording.",
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def run(args: argparse.Namespace) -> int:
    """Print it."""
    from pyplc_fw.trace.transcript import record_of, transcript  # noqa: PLC0415 -- slow to import

    conversation = read("decode", args.file)
    if conversation is None:
        return EXIT_UNREADABLE
    if args.json:
        import json  # noqa: PLC0415 -- only here

        for event in conversation.events:
            print(json.dumps(record_of(event, conversation)))
    else:
        for line in transcript(conversation):
            print(line)
    return tell_warnings(conversation)


def read(command: str, path: Path) -> Conversation | None:
    """Read a recording; what is none is told in one line on stderr."""
    from pyplc_fw.errors import CodecError  # noqa: PLC0415 -- slow to import
    from pyplc_fw.trace.conversation import read_conversation  # noqa: PLC0415 -- slow to import

    try:
        return read_conversation(path)
    except OSError as exc:
        print(f"pyplc {command}: {path}: {exc.strerror or exc}", file=sys.stderr)
    except CodecError as exc:
        print(f"pyplc {command}: {path}: {exc}", file=sys.stderr)
    return None


def tell_warnings(conversation: Conversation) -> int:
    """Print warnings on stderr; returns the exit status they mean."""
    sys.stdout.flush()
    for warning in conversation.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    for note in conversation.notes:
        print(f"note: {note}", file=sys.stderr)
    return EXIT_DAMAGED if conversation.warnings else EXIT_OK
