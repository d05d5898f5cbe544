"""`pyplc report`: what a recording tells, as a page or as one JSON object."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from pyplc_fw.cli.decode import EXIT_UNREADABLE, read, tell_warnings


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Describe the command line."""
    parser = subparsers.add_parser(
        "report",
        help="sum up a recording",
        description="Sum up a pcap or pcapng recording (also gzip-packed): who, network, protocol, "
        "phases, voltages, how it ended. Exit status as of `pyplc decode`.",
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(args: argparse.Namespace) -> int:
    """Print it."""
    conversation = read("report", args.file)
    if conversation is None:
        return EXIT_UNREADABLE
    if args.json:
        import json  # noqa: PLC0415 -- only here

        from pyplc_fw.trace.report import build_report  # noqa: PLC0415 -- slow to import

        print(json.dumps(build_report(conversation), indent=1))
    else:
        from pyplc_fw.trace.report_page import report_page  # noqa: PLC0415 -- slow to import

        for line in report_page(conversation):
            print(line)
    return tell_warnings(conversation)
