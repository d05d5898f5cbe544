"""The `pyplc` command: finds the subcommand, runs it, turns errors into one clear line."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from pyplc_fw import __version__
from pyplc_fw.errors import PyplcError

COMMANDS: Final = ("demo", "decode", "report", "replay", "exi", "pev", "evse", "sim")
EXIT_OK: Final = 0
EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2
EXIT_INTERRUPTED: Final = 130


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of `pyplc` with all its subcommands."""
    parser = argparse.ArgumentParser(
        prog="pyplc", description="CCS fast charging for cars that never had it."
    )
    parser.add_argument("--version", action="version", version=f"pyplc {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        import_module(f"pyplc_fw.cli.{name}").add_parser(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run `pyplc` with ``argv`` (default: the process's); returns the exit status."""
    _print_whatever_comes()
    args = build_parser().parse_args(argv)
    try:
        status: int = import_module(f"pyplc_fw.cli.{args.command}").run(args)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read us has gone (`| head`): no news, and nothing more to print.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except (PyplcError, OSError) as exc:
        print(f"pyplc {args.command}: {exc}", file=sys.stderr)
        return EXIT_FAILED
    return status


def _print_whatever_comes() -> None:
    """Show as `?` what the terminal's encoding lacks, and what of a file's name is no text."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


if __name__ == "__main__":
    sys.exit(main())
