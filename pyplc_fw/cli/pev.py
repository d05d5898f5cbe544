"""`pyplc pev`: one side of a session as a process of its own, a simulated car."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from pyplc_fw.cli import bench_arguments
from pyplc_fw.errors import ConfigError


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Describe the command line."""
    parser = subparsers.add_parser(
        "pev",
        help="be a car on a real interface",
        description="Charge a simulated car at whatever charger is behind the interface: SLAC, "
        f"SDP, TCP, DIN 70121. {bench_arguments.EXIT_TEXT}",
    )
    bench_arguments.add_arguments(parser, "--offer")
    parser.add_argument("--vehicle", choices=("sim",), default="sim", help="simulated, so far")
    parser.add_argument(
        "--charge-s", type=float, default=10.0, metavar="S", help="stop so long into the loop (10)"
    )
    parser.add_argument("--soc", type=float, default=20.0, metavar="PCT", help="at first (20)")
    parser.add_argument("--target", type=float, default=80.0, metavar="PCT", help="stop at (80)")


def run(args: argparse.Namespace) -> int:
    """Charge; returns the exit status."""
    from pyplc_fw.services.pev_bench import PevOptions, run_pev  # noqa: PLC0415 - starts fast

    try:
        for name, value, high in (
            ("--charge-s", args.charge_s, 86400.0),
            ("--soc", args.soc, 100.0),
            ("--target", args.target, 100.0),
        ):
            if not 0.0 <= value <= high:
                raise ConfigError(f"{name} is {value:g}; it must be from 0 to {high:g}")
        options = PevOptions(
            **bench_arguments.common(args, args.offer),
            charge_s=args.charge_s,
            soc_pct=args.soc,
            target_soc_pct=args.target,
        )
    except ConfigError as exc:
        print(f"pyplc pev: {exc}", file=sys.stderr)
        return bench_arguments.EXIT_USAGE
    return bench_arguments.play("pev", lambda: run_pev(options))
