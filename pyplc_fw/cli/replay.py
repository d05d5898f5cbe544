"""`pyplc replay`: our EVCC against a recorded charger, or our SECC against a recorded car."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from pyplc_fw.cli.decode import EXIT_OK, EXIT_UNREADABLE, read, tell_warnings

EXIT_OUT_OF_STEP = 1


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Describe the command line."""
    parser = subparsers.add_parser(
        "replay",
        help="run our side against the other side of a recording",
        description="Run our EVCC against the charger of a recorded DIN 70121 session, or our SECC "
        "against its car, in virtual time. Shows how far it went in step and where the fields "
        "differ. Exit status: 0 through to the end of what was recorded (or where the recorded "
        "charger ended it), 1 not, 2 nothing to replay.",
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument(
        "--side", choices=("evcc", "secc", "both"), default="both", help="which side is ours"
    )


def run(args: argparse.Namespace) -> int:
    """Replay every DIN session of the recording."""
    from pyplc_fw.trace.replay import replay_evcc, replay_secc, replayable  # noqa: PLC0415

    conversation = read("replay", args.file)
    if conversation is None:
        return EXIT_UNREADABLE
    tell_warnings(conversation)
    dialogues = [d for d in conversation.dialogues if d.messages and replayable(d)]
    if not dialogues:
        print(f"pyplc replay: {args.file}: no DIN 70121 session to replay", file=sys.stderr)
        return EXIT_UNREADABLE
    print(f"{conversation.file}: {len(dialogues)} DIN 70121 session{'s' * (len(dialogues) > 1)}")
    in_step = True
    for number, dialogue in enumerate(dialogues, 1):
        t = conversation.seconds(dialogue.messages[0].time_ns)
        for side, replay in (("evcc", replay_evcc), ("secc", replay_secc)):
            if args.side not in (side, "both"):
                continue
            against = "charger" if side == "evcc" else "car"
            print(f"\nsession {number} at {t:.3f} s: our {side.upper()}, the recorded {against}")
            result = replay(dialogue)
            for line in result.lines():
                print(line)
            in_step = in_step and result.in_step
    return EXIT_OK if in_step else EXIT_OUT_OF_STEP
