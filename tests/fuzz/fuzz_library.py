"""libFuzzer on the library and the command: `python -m tests.fuzz.fuzz_library [SECONDS] [JOBS]`.

The address and undefined-behaviour sanitizers are on. The corpus is made of the test vectors, and
what a run finds beyond them stays in `exi/build/fuzzing` for the next one.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

from tests.fuzz import corpus

BUILD: Final = corpus.ROOT / "exi" / "build" / "fuzzing"
REGRESSIONS: Final = corpus.ROOT / "exi" / "fuzz" / "regressions"
KINDS: Final = corpus.KINDS | corpus.COMMAND_KINDS
DEFAULT_SECONDS: Final = 60
LIMITS: Final = (
    f"-max_len={corpus.LARGEST}",
    "-timeout=10",
    "-rss_limit_mb=1024",
    "-print_final_stats=1",
    "-close_fd_mask=1",  # the command's answers
)


class Run(NamedTuple):
    """How one target went."""

    target: str
    status: int
    executions: int
    per_second: int
    coverage: int
    inputs: int
    finding: str


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def build() -> None:
    """Compile the targets; raises CalledProcessError."""
    command = ["make", "--silent", "-C", str(corpus.ROOT / "exi"), "libfuzzer"]
    subprocess.run(command, check=True)  # noqa: S603 - our own Makefile


def program_of(target: str) -> str:
    """Return the program that has the target, from the project's folder."""
    return f"exi/build/libfuzzer{'-command' if target in corpus.COMMAND_KINDS else ''}"


def fuzz(target: str, seconds: int) -> Run:
    """Run one target for so long."""
    kept, seeds = BUILD / "found" / target, BUILD / "corpus" / KINDS[target]
    findings = BUILD / "findings"
    for folder in (kept, findings):
        folder.mkdir(parents=True, exist_ok=True)
    prefix = f"-artifact_prefix={findings}/{target}-"
    program = str(corpus.ROOT / program_of(target))
    command = [program, *LIMITS, f"-max_total_time={seconds}", prefix, str(kept), str(seeds)]
    known = [str(folder) for folder in (REGRESSIONS,) if folder.is_dir()]
    environment = {**os.environ, "FUZZ_TARGET": target}
    done = subprocess.run(  # noqa: S603 - our own program
        [*command, *known], capture_output=True, check=False, env=environment
    )
    return read(target, done.returncode, done.stderr.decode("utf-8", "replace"))


def read(target: str, status: int, output: str) -> Run:
    """Read what libFuzzer printed."""
    executions = re.search(r"stat::number_of_executed_units:\s+(\d+)", output)
    per_second = re.search(r"stat::average_exec_per_sec:\s+(\d+)", output)
    progress = re.findall(r"cov: (\d+) ft: \d+ corp: (\d+)/", output)
    coverage, inputs = progress[-1] if progress else ("0", "0")
    finding = re.search(r"Test unit written to (\S+)", output)
    lines = [line for line in output.splitlines() if "ERROR" in line or line.startswith("fuzz:")]
    words = f"{' '.join(lines[:2])} {finding.group(1) if finding else ''}".strip()
    return Run(
        target,
        status,
        int(executions.group(1)) if executions else 0,
        int(per_second.group(1)) if per_second else 0,
        int(coverage),
        int(inputs),
        words if status else "",
    )


def report(runs: list[Run], seconds: int) -> None:
    """Print the table, and how to repeat what was found."""
    say(f"{'target':<12}{'s':>6}{'executions':>14}{'each s':>9}{'edges':>8}{'inputs':>8}  finding")
    for run in runs:
        figures = f"{seconds:>6}{run.executions:>14,}{run.per_second:>9,}{run.coverage:>8,}"
        say(f"{run.target:<12}{figures}{run.inputs:>8,}  {run.finding or 'none'}")
    total = sum(run.executions for run in runs)
    say(f"{'all':<12}{seconds * len(runs):>6}{total:>14,}")
    for run in runs:
        if run.status:
            say(f"repeat: FUZZ_TARGET={run.target} {program_of(run.target)} FILE")


def main(seconds: int = DEFAULT_SECONDS, jobs: int = 1) -> int:
    """Run every target; return the exit status."""
    if shutil.which("clang") is None:
        say("fuzz_library: skipped, there is no clang (Debian packages clang, libclang-rt-14-dev)")
        return 0
    build()
    shutil.rmtree(BUILD / "corpus", ignore_errors=True)
    files = corpus.write(BUILD / "corpus")
    names = ", ".join(KINDS)
    say(f"fuzz_library: {names}; {files} files of seeds, {seconds} s each, sanitizers on")
    with ThreadPoolExecutor(jobs) as pool:
        runs = list(pool.map(lambda target: fuzz(target, seconds), KINDS))
    report(runs, seconds)
    return 1 if any(run.status for run in runs) else 0


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:3])))
