"""How long EXI takes for the messages of a DC session: C machine and typed Python, side by side.

`python -m tests.bench.bench_exi [LIBCBV2G]` prints the tables; ``rows()`` returns them. With the
path of a reference library its times for the same messages are taken in turn with the machine's.
Best of several rounds: that is the codec's cost, the rest is what else the computer did.
"""

from __future__ import annotations

import subprocess
import sys
import time
import timeit
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from pyplc_fw.v2g import exi
from tests.bench.exi_messages import Sample, sessions

ROOT: Final = Path(__file__).parents[2]
MACHINE_ROUNDS: Final = 50
"The machine's rounds for one of Python's: both then find quiet moments in about as much time."
TRIPS: Final = 50
"Round trips for each round and each of the hundred messages that a session is thought to have."


class Times(NamedTuple):
    """Best times of the two directions; the unit stands with the row's column."""

    decode: float
    encode: float


class Trips(NamedTuple):
    """Typed message to bytes and back, one by one."""

    median_us: float
    p99_us: float


class Row(NamedTuple):
    """One message, or the mean of a session."""

    schema: str
    message: str
    share: float
    "How many of 100 messages of a session are of this kind."
    size_bytes: int
    c_ns: Times
    "EXI to record and back, in C."
    library_ns: Times | None
    "The same for the reference library; None where none was named."
    python_us: Times
    "Bytes to typed message and back."
    trips: Trips

    @property
    def times(self) -> tuple[float, ...]:
        """Every time that was taken."""
        return (*self.c_ns, *(self.library_ns or ()), *self.python_us, *self.trips)


class BenchError(Exception):
    """The C benchmark cannot do what it was asked for; the text says why."""


def build() -> Path:
    """Build the C benchmark and return its program."""
    subprocess.run(["make", "--silent", "-C", str(ROOT / "exi"), "bench"], check=True)  # noqa: S603, S607 - our own Makefile
    return ROOT / "exi" / "build" / "bench"


def _machine_ns(
    samples: list[Sample], rounds: int, library: Path | None
) -> list[tuple[Times, Times | None]]:
    """Let the C benchmark time the machine on its own; raises BenchError for a bad library."""
    lines = "".join(f"{s.schema} {s.root} {exi.encode(s.message).hex()}\n" for s in samples)
    command = [str(build()), str(rounds), *([str(library)] if library else [])]
    done = subprocess.run(command, input=lines, capture_output=True, check=False, text=True)  # noqa: S603 - our own program
    if done.returncode:
        raise BenchError(done.stderr.strip() or f"it ended with status {done.returncode}")
    return [_columns([float(ns) for ns in line.split()]) for line in done.stdout.splitlines()]


def _columns(ns: list[float]) -> tuple[Times, Times | None]:
    return Times(*ns[:2]), Times(*ns[2:]) if ns[2:] else None


def _python_us(sample: Sample, rounds: int) -> Times:
    schema, message, stream = sample.schema, sample.message, exi.encode(sample.message)
    number = 500
    decode = timeit.repeat(lambda: exi.decode(schema, stream), number=number, repeat=rounds)
    encode = timeit.repeat(lambda: exi.encode(message), number=number, repeat=rounds)
    return Times(min(decode) / number * 1e6, min(encode) / number * 1e6)


def _trips_us(sample: Sample, rounds: int) -> list[float]:
    """Time single round trips, as many as the message's share is."""
    schema, message, trips = sample.schema, sample.message, []
    for _ in range(int(sample.share * rounds * TRIPS)):
        started_ns = time.perf_counter_ns()
        exi.decode(schema, exi.encode(message))
        trips.append((time.perf_counter_ns() - started_ns) / 1000)
    return trips


def _spread(trips_us: list[float]) -> Trips:
    ordered = sorted(trips_us)
    return Trips(ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100])


def rows(rounds: int = 20, library: Path | None = None) -> list[Row]:
    """Measure the messages of every session; after each session the mean by the shares.

    Raises BenchError where ``library`` cannot be loaded, or does not code as we do.
    """
    return [
        row
        for schema, samples in sessions().items()
        for row in _session_rows(schema, samples, rounds, library)
    ]


def _session_rows(
    schema: str, samples: list[Sample], rounds: int, library: Path | None
) -> list[Row]:
    machine = _machine_ns(samples, MACHINE_ROUNDS * rounds, library)
    python = [_python_us(sample, rounds) for sample in samples]
    trips = [_trips_us(sample, rounds) for sample in samples]
    measured = [
        Row(
            schema,
            sample.name,
            sample.share,
            len(exi.encode(sample.message)),
            *ns,
            python_us,
            _spread(trips_us),
        )
        for sample, ns, python_us, trips_us in zip(samples, machine, python, trips, strict=True)
    ]
    pooled = [trip_us for trips_us in trips for trip_us in trips_us]
    return [*measured, _mean(measured, pooled)]


def _mean(measured: list[Row], trips_us: list[float]) -> Row:
    """Return what a message of the session takes on average, by the shares."""
    library = [row.library_ns for row in measured if row.library_ns]
    shares = [row.share for row in measured]
    size = sum(row.size_bytes * row.share for row in measured) / sum(shares)
    return Row(
        measured[0].schema,
        "mean of a session",
        sum(shares),
        round(size),
        _mean_times([row.c_ns for row in measured], shares),
        _mean_times(library, shares) if library else None,
        _mean_times([row.python_us for row in measured], shares),
        _spread(trips_us),
    )


def _mean_times(times: list[Times], shares: list[float]) -> Times:
    def mean(values: Iterable[float]) -> float:
        weighted = zip(values, shares, strict=True)
        return sum(value * share for value, share in weighted) / sum(shares)

    return Times(mean(each.decode for each in times), mean(each.encode for each in times))


# --- the tables ------------------------------------------------------------------------------
def lines(measured: list[Row]) -> list[str]:
    """Return the tables as text: C, then Python."""
    return [*_machine_lines(measured), "", *_python_lines(measured)]


def _head(what: str, *columns: str) -> str:
    return f"{what:32}{'of 100':>7}{'bytes':>6}" + "".join(f"{name:>9}" for name in columns)


def _begin(row: Row) -> str:
    return f"{row.schema:5}{row.message:27}{row.share:7.1f}{row.size_bytes:6}"


def _machine_lines(measured: list[Row]) -> list[str]:
    more = ("lib dec", "lib enc", "C/lib d", "C/lib e") if measured[0].library_ns else ()
    return [
        _head("EXI in C, ns", "C dec", "C enc", *more),
        *(f"{_begin(row)}{_machine_columns(row)}" for row in measured),
    ]


def _machine_columns(row: Row) -> str:
    columns = f"{row.c_ns.decode:9.0f}{row.c_ns.encode:9.0f}"
    if row.library_ns is None:
        return columns
    ratios = (row.c_ns.decode / row.library_ns.decode, row.c_ns.encode / row.library_ns.encode)
    columns += f"{row.library_ns.decode:9.0f}{row.library_ns.encode:9.0f}"
    return columns + f"{ratios[0]:9.2f}{ratios[1]:9.2f}"


def _python_lines(measured: list[Row]) -> list[str]:
    return [
        _head("EXI from Python, µs", "decode", "encode", "trip 50%", "trip 99%"),
        *(
            _begin(row) + "".join(f"{us:9.2f}" for us in (*row.python_us, *row.trips))
            for row in measured
        ),
    ]


def main() -> int:
    """Print the tables."""
    library = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    sys.stdout.write("\n".join(lines(rows(library=library))) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
