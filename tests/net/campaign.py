"""Whole sessions over a bad powerline, in real time: `make campaign-net`.

Each run has its own namespaces, its own simulated powerline and its own two programs, started by
their commands, and a seed. The table says how they ended; a run that ended otherwise than
complete or safe leaves its logs behind.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final

from tests.net.netns import Namespace, Running, line

PLC_NETWORK: Final = Path(__file__).resolve().parents[2] / "rootfs-overlay/usr/sbin/plc-network"
CHARGE_S: Final = 5.0
LIMIT_S: Final = 150.0
"Whatever happens, both programs have ended by then."
RESET_AFTER_S: Final = (1.0, 15.0)
"A modem's reset comes at a moment between these two after the car's start."
EXIT_NORMAL, EXIT_SAFE_ABORT, EXIT_NO_PEER = 0, 3, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One row of the table: how bad the line is."""

    name: str
    loss_pct: float = 0.0
    reset: bool = False
    "One of the two modems restarts in the middle."


CASES: Final = (
    Case(name="clean line"),
    Case(name="loss 1 %", loss_pct=1.0),
    Case(name="loss 5 %", loss_pct=5.0),
    Case(name="loss 10 %", loss_pct=10.0),
    Case(name="modem reset", reset=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """How one program ended."""

    status: int
    result: dict[str, Any]
    log: str = field(repr=False)

    @property
    def ended_safe(self) -> bool:
        """It says so, and its status agrees."""
        if self.status == EXIT_NO_PEER:
            return True  # nothing was ever energised
        return (
            self.status in (EXIT_NORMAL, EXIT_SAFE_ABORT) and self.result.get("end_state") == "safe"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one run ended."""

    case: Case
    seed: int
    pev: Side
    evse: Side
    wall_s: float

    @property
    def verdict(self) -> str:
        """``complete``, ``safe``, or ``UNSAFE``: one that is neither."""
        if not (self.pev.ended_safe and self.evse.ended_safe):
            return "UNSAFE"
        return "complete" if self.pev.status == self.evse.status == EXIT_NORMAL else "safe"


def run_one(case: Case, seed: int, programs: Path) -> Outcome:
    """Run one session from start to end."""
    rng = Random(seed)  # noqa: S311 - a run is to be repeatable, not secret
    began_s = time.monotonic()
    with line("car", "chg") as net:
        modem = _start_modem(net, case, seed, programs)
        for host in ("car", "chg"):
            net[host].popen(PLC_NETWORK).wait_line("rto_min")
        common = ("--interface", "plc0", "--once", "--seed", str(seed))
        evse = net["chg"].popen(programs / "pyplc", "evse", *common)
        pev = net["car"].popen(programs / "pyplc", "pev", *common, "--charge-s", str(CHARGE_S))
        if case.reset:
            time.sleep(rng.uniform(*RESET_AFTER_S))
            modem.say(f"reset {rng.choice(('m0', 'm1'))}")
        sides = [_wait(program, began_s + LIMIT_S) for program in (pev, evse)]
    return Outcome(
        case=case, seed=seed, pev=sides[0], evse=sides[1], wall_s=time.monotonic() - began_s
    )


def _start_modem(net: Mapping[str, Namespace], case: Case, seed: int, programs: Path) -> Running:
    interfaces = ("--interface", "m0:pev", "--interface", "m1:evse")
    loss = ("--loss", str(case.loss_pct), "--seed", str(seed))
    modem = net["line"].popen(programs / "pyplc", "sim", "modem", *interfaces, *loss)
    modem.wait_line("ready:")
    return modem


def _wait(program: Running, end_s: float) -> Side:
    status = program.wait(max(0.1, end_s - time.monotonic()))
    lines = program.stdout.splitlines()
    try:
        result = json.loads(lines[-1])
    except (IndexError, ValueError):
        result = {}
    return Side(status=status, result=result, log=program.stderr)


# --- the table -----------------------------------------------------------------------------------


def tell(case: Case, outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield the table's row for ``case``, and what ended those that are not complete."""
    verdicts = Counter(outcome.verdict for outcome in outcomes)
    walls = sorted(outcome.wall_s for outcome in outcomes)
    share = 100.0 * verdicts["complete"] / len(outcomes)
    yield (
        f"{case.name:<14}{len(outcomes):>6}{verdicts['complete']:>10}{share:>8.1f}%"
        f"{verdicts['safe']:>7}{verdicts['UNSAFE']:>8}{walls[len(walls) // 2]:>10.1f}"
    )
    broken = [outcome for outcome in outcomes if outcome.verdict != "complete"]
    reasons = Counter(
        (str(o.pev.result.get("reason", "-")), str(o.evse.result.get("reason", "-")))
        for o in broken
    )
    for (pev, evse), count in reasons.most_common():
        yield f"{'':<14}{count:>6} x  car: {pev}, charger: {evse}"


HEAD: Final = (
    f"{'line':<14}{'runs':>6}{'complete':>10}{'':>9}{'safe':>7}{'UNSAFE':>8}{'median s':>10}"
)


def keep_logs(outcome: Outcome, folder: Path) -> Path:
    """Write what both programs said to ``folder``; returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{outcome.case.name.replace(' ', '-')}-{outcome.seed}.log"
    parts = []
    for name, side in (("car", outcome.pev), ("charger", outcome.evse)):
        parts.append(f"--- {name}: exit {side.status}\n{side.log}\n{json.dumps(side.result)}\n")
    file.write_text("".join(parts), encoding="utf-8")
    return file


def campaign(
    cases: Sequence[Case], runs: int, jobs: int, first_seed: int, programs: Path
) -> list[Outcome]:
    """Run everything, ``jobs`` at a time, and print the table as it grows."""
    outcomes: list[Outcome] = []
    logs = Path(tempfile.mkdtemp(prefix="campaign-"))
    print(HEAD, flush=True)
    with ThreadPoolExecutor(jobs) as pool:
        for case in cases:
            run = partial(run_one, case, programs=programs)
            done = list(pool.map(run, range(first_seed, first_seed + runs)))
            print("\n".join(tell(case, done)), flush=True)
            for outcome in done:
                if outcome.verdict != "complete":
                    file = keep_logs(outcome, logs)
                    if outcome.verdict == "UNSAFE":
                        print(f"{'':<14}  see {file}", flush=True)
            outcomes += done
    print(f"logs of what did not complete: {logs}")
    return outcomes


def main() -> int:
    """Run the campaign; the exit status is 1 if any run ended neither complete nor safe."""
    parser = argparse.ArgumentParser(prog="python -m tests.net.campaign", description=__doc__)
    parser.add_argument("--runs", type=int, default=100, help="of each row (100)")
    parser.add_argument("--jobs", type=int, default=6, help="runs at a time (6)")
    parser.add_argument("--first-seed", type=int, default=1, metavar="N")
    parser.add_argument("--only", metavar="TEXT", default="", help="rows whose name has this in it")
    args = parser.parse_args()
    cases = [case for case in CASES if args.only in case.name]
    programs = Path(sys.executable).parent
    outcomes = campaign(cases, args.runs, args.jobs, args.first_seed, programs)
    return int(any(outcome.verdict == "UNSAFE" for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
