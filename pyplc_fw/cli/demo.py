"""`pyplc demo`: a whole charging session on the desk, to watch and to play with."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pyplc_fw.errors import ConfigError

if TYPE_CHECKING:
    from pyplc_fw.services.command_codec import CodecMaker
    from pyplc_fw.services.desk import DeskOptions, DeskResult

EXIT_NORMAL: Final = 0
EXIT_OTHER: Final = 1
EXIT_USAGE: Final = 2
EXIT_SAFE_ABORT: Final = 3

CHARGE_BEGINS: Final = 700
MARKS: Final[dict[int | None, str]] = {
    100: "SLAC",
    200: "SDP, TCP",
    560: "CableCheck",
    570: "PreCharge",
    CHARGE_BEGINS: "CurrentDemand",
    800: "PowerDelivery (stop)",
}
"Moments that the picture names, by checkpoint."

EPILOG: Final = """\
exit status: 0 the session ended normally; 3 it was broken off and everything is safe;
1 anything else; 2 an option makes no sense.

examples:
  pyplc demo --soc 55 --target 90
  pyplc demo --charger-max-a 40              watch the charger limit the current
  pyplc demo --stop-after 60                 the owner stops after a minute of charging
  pyplc demo --break-pilot-after 60          the pilot wire breaks: see the guard act
  pyplc demo --realtime --target 21          watch it live"""


def add_parser(subparsers: Any) -> None:
    """Add `demo` to the command's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "demo",
        help="a car and a charger charge on the desk, no hardware needed",
        description="A car and a charger find each other over a simulated powerline and charge.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--soc", type=float, default=20.0, metavar="PCT", help="SoC at the start (20)")
    add("--target", type=float, default=80.0, metavar="PCT", help="SoC to charge to (80)")
    add("--battery-kwh", type=float, default=40.0, metavar="KWH", help="its size (40)")
    add("--battery-max-a", type=float, default=125.0, metavar="A", help="what it takes (125)")
    add("--owner-max-a", type=float, default=float("inf"), metavar="A", help="the owner's limit")
    add("--charger-max-v", type=float, default=500.0, metavar="V", help="(500)")
    add("--charger-max-a", type=float, default=100.0, metavar="A", help="(100)")
    add("--charger-max-kw", type=float, default=50.0, metavar="KW", help="(50)")
    add("--period", type=float, default=0.2, metavar="S", help="between CurrentDemandReq (0.2)")
    add("--stop-after", type=float, metavar="S", help="the owner stops S seconds into the charge")
    add("--charger-stop-after", type=float, metavar="S", help="somebody stops at the charger")
    add("--break-pilot-after", type=float, metavar="S", help="the pilot wire breaks")
    add("--seed", type=int, default=1, help="chance is the same for the same seed (1)")
    add("--realtime", action="store_true", help="at the pace of a real charge")
    add("--out", type=Path, default=Path("demo"), metavar="DIR", help="where the files go (demo)")
    add("--no-recording", action="store_true", help="write no recording and no picture")
    add("--config", type=Path, metavar="FILE", help="the car's pyplc.toml: its table [exi]")
    add("--json", action="store_true", help="one JSON object a line, for machines")


def run(args: argparse.Namespace) -> int:
    """Run the demo; returns the exit status."""
    from pyplc_fw.config import Config, load  # noqa: PLC0415 - `pyplc` starts fast
    from pyplc_fw.services.command_codec import codec_maker  # noqa: PLC0415 - see above
    from pyplc_fw.services.desk import DeskOptions  # noqa: PLC0415 - see above

    try:
        config = load(args.config) if args.config else Config()
        car_codec = codec_maker(config.exi, blocking=not args.realtime)
        options = DeskOptions(
            soc_pct=args.soc,
            target_soc_pct=args.target,
            battery_kwh=args.battery_kwh,
            battery_max_a=args.battery_max_a,
            charger_max_v=args.charger_max_v,
            charger_max_a=args.charger_max_a,
            charger_max_kw=args.charger_max_kw,
            owner_max_a=args.owner_max_a,
            period_s=args.period,
            stop_after_s=args.stop_after,
            charger_stop_after_s=args.charger_stop_after,
            break_pilot_after_s=args.break_pilot_after,
            seed=args.seed,
        )
    except ConfigError as exc:
        print(f"pyplc demo: {exc}", file=sys.stderr)
        return EXIT_USAGE
    return _demo(args, options, car_codec)


def _demo(args: argparse.Namespace, options: DeskOptions, car_codec: CodecMaker) -> int:
    from pyplc_fw.cli import demo_desk, demo_view  # noqa: PLC0415

    recording = None if args.no_recording else args.out / "session.pcapng"
    if recording is not None:
        args.out.mkdir(parents=True, exist_ok=True)
    view = demo_view.choose(options, json=args.json, realtime=args.realtime)
    began_s = time.monotonic()
    with view:
        result = demo_desk.play(
            options, view, recording, realtime=args.realtime, car_codec=car_codec
        )
    wall_s = time.monotonic() - began_s
    files = _files(args, options, result)
    view.summary(_summary(result, wall_s, files))
    if result.normal:
        return EXIT_NORMAL
    return EXIT_SAFE_ABORT if result.safe else EXIT_OTHER


def _files(args: argparse.Namespace, options: DeskOptions, result: DeskResult) -> dict[str, str]:
    """Draw the picture; returns what was written."""
    if args.no_recording:
        return {}
    from pyplc_fw.trace.plot import plot_charge  # noqa: PLC0415

    moments = [(r.t_s, MARKS[r.checkpoint]) for r in result.records if r.checkpoint in MARKS]
    soc = f"SoC {options.soc_pct:.1f} % to {result.truth.soc_pct:.1f} %"
    title = f"{soc}. {result.pev.reason.sentence}"
    picture = args.out / "session.png"
    begins = [r.t_s for r in result.records if r.checkpoint == CHARGE_BEGINS]
    charge_from_s = begins[0] if begins else None
    files = {"recording": str(args.out / "session.pcapng")}
    try:
        plot_charge(result.samples, moments, title, picture, charge_from_s=charge_from_s)
    except ModuleNotFoundError:
        print("pyplc demo: no picture, matplotlib is not installed", file=sys.stderr)
        return files
    return {**files, "picture": str(picture)}


def _summary(result: DeskResult, wall_s: float, files: Mapping[str, str]) -> dict[str, Any]:
    """Return all that the summary shows, in JSON's types."""
    pev, truth = result.pev, result.truth
    return {
        "ended": "normally" if result.normal else "broken off",
        "reason": pev.reason.id,
        "sentence": pev.reason.sentence,
        "detail": pev.detail,
        "remedy": pev.reason.remedy,
        "end_state": pev.end_state.value,
        "held_because": pev.held_because.id if pev.held_because else None,
        "contactors": "closed" if truth.plus_closed or truth.minus_closed else "open",
        "pilot": truth.pilot_state,
        "connector": "unlocked" if truth.lock_position == 0.0 else "locked",
        "strains": [strain._asdict() for strain in result.strains],
        "phases": {name: round(seconds, 3) for name, seconds in pev.phases.items()},
        "limited_by": {name: round(seconds, 1) for name, seconds in pev.limited_by.items()},
        "energy_wh": round(pev.energy_wh, 1),
        "max_voltage_v": round(pev.max_voltage_v, 1),
        "max_current_a": round(pev.max_current_a, 1),
        "max_power_w": round(pev.max_power_w),
        "soc_start_pct": pev.soc_start_pct,
        "soc_end_pct": pev.soc_end_pct,
        "messages": sum(pev.counts.values()),
        "counts": dict(pev.counts),
        "charger_reason": result.evse.reason.id,
        "charger_end_state": result.evse.end_state.value,
        "session_id": pev.session_id.hex(),
        "frames": result.frames,
        "simulated_s": round(result.duration_s, 3),
        "wall_s": round(wall_s, 3),
        "files": dict(files),
    }
