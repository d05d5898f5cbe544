"""`pyplc evse`: one side of a session as a process of its own, a simulated charger."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from pyplc_fw.cli import bench_arguments
from pyplc_fw.errors import ConfigError


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Describe the command line."""
    parser = subparsers.add_parser(
        "evse",
        help="be a charger on a real interface",
        description="Serve whatever car is behind the interface from a simulated supply: SLAC, "
        f"SDP, TCP, DIN 70121. {bench_arguments.EXIT_TEXT}",
    )
    bench_arguments.add_arguments(parser, "--accept")
    parser.add_argument("--supply", choices=("sim",), default="sim", help="simulated, so far")


def run(args: argparse.Namespace) -> int:
    """Serve; returns the exit status."""
    from pyplc_fw.services.evse_bench import EvseBenchOptions, run_evse  # noqa: PLC0415 - see above

    try:
        options = EvseBenchOptions(**bench_arguments.common(args, args.accept))
    except ConfigError as exc:
        print(f"pyplc evse: {exc}", file=sys.stderr)
        return bench_arguments.EXIT_USAGE
    return bench_arguments.play("evse", lambda: run_evse(options))
