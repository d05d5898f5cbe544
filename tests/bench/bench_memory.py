"""What a million round trips leave behind: Python's own count of its memory, before and after."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple

import pyplc_exi

from pyplc_fw.errors import CodecError
from pyplc_fw.v2g import exi
from tests.bench.exi_messages import Sample, sessions

MESSAGES: Final = 1_000_000
EMPTY_RECORD: Final = b"\x90"


class Row(NamedTuple):
    """One kind of work, done many times."""

    what: str
    messages: int
    kept_bytes: int
    "Still there at the end; the counter itself and the loop keep some hundred."
    peak_bytes: int
    "The most that was there at once."


def trip(sample: Sample) -> None:
    """Code one message to bytes and back."""
    exi.decode(sample.schema, exi.encode(sample.message))


def refused(sample: Sample) -> None:
    """Decode a stream that lacks its end, and encode what is no message: two errors."""
    stream = exi.encode(sample.message)
    with suppress(CodecError):
        exi.decode(sample.schema, stream[:-1])
    with suppress(pyplc_exi.Error):
        pyplc_exi.encode(sample.schema, sample.root, EMPTY_RECORD, 0)


def measure(what: str, work: Callable[[Sample], None], messages: int) -> Row:
    """Do the work for so many messages of the sessions; the first of each kind do not count."""
    samples = [sample for session in sessions().values() for sample in session]
    for sample in samples:
        work(sample)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(messages):
            work(samples[number % len(samples)])
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return Row(what, messages, after - before, peak - before)


def rows(messages: int = MESSAGES) -> list[Row]:
    """Measure what good messages leave behind, and what a tenth as many bad ones do."""
    return [
        measure("typed message to bytes and back", trip, messages),
        measure("refused, both ways", refused, messages // 10),
    ]


def lines(measured: list[Row]) -> list[str]:
    """Return the table."""
    head = f"{'memory of Python':40}{'messages':>10}{'kept bytes':>12}{'peak bytes':>12}"
    return [
        head,
        *(f"{r.what:40}{r.messages:>10}{r.kept_bytes:>12}{r.peak_bytes:>12}" for r in measured),
    ]
