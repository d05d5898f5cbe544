"""The arguments that `pyplc pev` and `pyplc evse` have in common."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Coroutine
from typing import Any, Final

from pyplc_fw.errors import ConfigError, HardwareError

EXIT_USAGE: Final = 2
PROTOCOLS: Final = "din"
EXIT_TEXT: Final = (
    "Exit status: 0 normal end, 3 broken off but safe, 4 no peer, 2 usage, interface or "
    "permission, 1 anything else. Logs go to stderr, the last line of stdout is one JSON object."
)


def add_arguments(parser: argparse.ArgumentParser, protocols: str) -> None:
    """Describe what both understand; ``protocols`` is the option that names those spoken."""
    parser.add_argument("--interface", required=True, metavar="IF", help="the modem's interface")
    parser.add_argument(
        "--slac",
        choices=("on", "off"),
        default="on",
        help="off: the peer is wired to us, without modems",
    )
    parser.add_argument("--mac", metavar="MAC", help="our address towards the peer (EVCCID)")
    parser.add_argument("--once", action="store_true", help="end after one session")
    parser.add_argument(
        "--search-s", type=float, default=60.0, metavar="S", help="search so long for a peer (60)"
    )
    parser.add_argument(protocols, default=PROTOCOLS, metavar="LIST", help="din, so far")
    parser.add_argument("--seed", type=int, help="repeatable keys and RunIDs; for tests only")


def common(args: argparse.Namespace, protocols: str) -> dict[str, Any]:
    """Return the options of ``BenchOptions``; raises ConfigError."""
    from pyplc_fw.terms import MacAddress  # noqa: PLC0415 - `pyplc` starts fast

    if protocols != PROTOCOLS:
        raise ConfigError(f"{protocols}: only din is spoken, sessions of ISO 15118-2 are to come")
    if not 1.0 <= args.search_s <= 3600.0:
        raise ConfigError(f"--search-s is {args.search_s:g}; it must be from 1 to 3600")
    try:
        mac = MacAddress.parse(args.mac) if args.mac else None
    except ValueError:
        raise ConfigError(f"--mac {args.mac}: it is 12 hexadecimal digits") from None
    return {
        "interface": args.interface,
        "slac": args.slac == "on",
        "mac": mac,
        "once": args.once,
        "search_s": args.search_s,
        "seed": args.seed,
    }


def play(command: str, main: Callable[[], Coroutine[Any, Any, int]]) -> int:
    """Run ``main``; what cannot even begin is told in one line."""
    import asyncio  # noqa: PLC0415 - `pyplc` starts fast

    try:
        return asyncio.run(main())
    except (ConfigError, HardwareError) as exc:
        print(f"pyplc {command}: {exc}", file=sys.stderr)
        return EXIT_USAGE
