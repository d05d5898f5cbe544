"""`pyplc sim modem`: a powerline with simulated modems, whose hosts sit behind real interfaces."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from pyplc_fw.errors import ConfigError, HardwareError

EXIT_OK, EXIT_USAGE = 0, 2


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Describe the command line."""
    parser = subparsers.add_parser("sim", help="simulated hardware on real interfaces")
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    modem = kinds.add_parser(
        "modem",
        help="a powerline with modems",
        description="Simulate a powerline and its modems (QCA7420) in one process: each "
        "--interface is the Ethernet port of one modem. Standard input takes commands, one a "
        "line: reset IF, loss PCT, unplug IF, plug IF, attenuation IF:IF=DB. Needs root or "
        "CAP_NET_RAW. Ends with SIGTERM or Ctrl-C.",
    )
    modem.add_argument(
        "--interface", action="append", required=True, metavar="IF:pev|evse", help="once a modem"
    )
    modem.add_argument("--loss", type=float, default=0.0, metavar="PCT", help="frames lost")
    modem.add_argument("--duplicate", type=float, default=0.0, metavar="PCT", help="doubled")
    modem.add_argument("--reorder", type=float, default=0.0, metavar="PCT", help="5 ms late")
    modem.add_argument("--delay-ms", type=float, default=2.0, help="on the wire (2)")
    modem.add_argument("--jitter-ms", type=float, default=1.0, help="up to so much more (1)")
    modem.add_argument("--deaf-ms", type=float, default=1500.0, help="after CM_SET_KEY (1500)")
    modem.add_argument("--join-ms", type=float, default=500.0, help="until in the AVLN (500)")
    modem.add_argument("--refuse-get-key", action="store_true", help="never tell the key")
    modem.add_argument("--no-atten-profile", action="store_true", help="measure no sounds")
    modem.add_argument("--no-vendor", action="store_true", help="do not answer VS_SW_VER")
    modem.add_argument(
        "--attenuation", action="append", default=[], metavar="IF:IF=DB", help="between two modems"
    )
    modem.add_argument("--seed", type=int, default=1)


def run(args: argparse.Namespace) -> int:
    """Simulate until a signal comes."""
    import asyncio  # noqa: PLC0415 - `pyplc` starts fast

    from pyplc_fw.services.sim_modem import simulate  # noqa: PLC0415 - see above

    try:
        asyncio.run(simulate(args))
    except (ConfigError, HardwareError) as exc:
        print(f"pyplc sim modem: {exc}", file=sys.stderr)
        return EXIT_USAGE
    return EXIT_OK
