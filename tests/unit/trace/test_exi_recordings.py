"""Every EXI payload of the recordings decodes, and is written again alike or explained.

docs/exi.md lists them; this holds the lists.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from pyplc_fw.errors import CodecError
from pyplc_fw.trace.conversation import read_conversation
from pyplc_fw.v2g import exi
from pyplc_fw.v2g.messages.schema import SCHEMAS
from tests.helpers import SHARED

PAGE = Path(__file__).resolve().parents[3] / "docs" / "exi.md"
COLUMNS = ("app", "din", "iso2")

pytestmark = pytest.mark.skipif(SHARED is None, reason="needs ../shared")


class Reading(NamedTuple):
    """One payload, and what became of it."""

    recording: str
    frame: int
    schema: str
    name: str
    strict: bool
    "A strict decoder reads it."
    overlooked: tuple[str, ...]
    alike: bool
    "Encoding what was read gives the same bytes."


def read(schema: str, payload: bytes) -> tuple[bool, tuple[str, ...], bool]:
    try:
        message, noted = exi.decode_with_warnings(schema, payload, lenient=False)
        strict = True
    except CodecError:
        message, noted = exi.decode_with_warnings(schema, payload, lenient=True)
        strict = False
    try:
        alike = exi.encode(message) == payload
    except CodecError:
        alike = False
    return strict, tuple(entry.message for entry in noted), alike


@cache
def readings() -> list[Reading]:
    assert SHARED is not None
    files = sorted((SHARED / "captures").glob("*.pcapng*"))
    return [reading for file in files for reading in _readings(file)]


def _readings(file: Path) -> Iterator[Reading]:
    events = [e for dialogue in read_conversation(file).dialogues for e in dialogue.messages]
    if not {event.schema for event in events} <= set(SCHEMAS):
        return
    for event in events:
        strict, overlooked, alike = read(event.schema, event.payload)
        yield Reading(file.name, event.number, event.schema, event.msg, strict, overlooked, alike)


def table(name: str) -> list[list[str]]:
    """Return the rows of a table of the page: recordings of whose protocol we have the schema."""
    text = PAGE.read_text(encoding="utf-8").partition(f"<!-- {name} -->\n")[2]
    lines = text.partition("<!-- end -->")[0].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in rows if "iso2" in SCHEMAS or not row[0].startswith("ISO-2")]


def test_the_recordings_are_counted() -> None:
    counted = []
    for recording in dict.fromkeys(reading.recording for reading in readings()):
        mine = [reading for reading in readings() if reading.recording == recording]
        by_schema = [sum(one.schema == schema for one in mine) for schema in COLUMNS]
        counted.append([recording, *map(str, [*by_schema, sum(one.alike for one in mine)])])
    assert counted == table("recordings")


def test_what_is_not_written_again_alike_is_explained() -> None:
    explained = []
    for one in readings():
        if one.alike and one.strict and not one.overlooked:
            continue
        (what,) = one.overlooked
        need = "nothing" if one.strict else "lenient"
        explained.append(
            [one.recording, str(one.frame), one.name, need, what.removeprefix(f"{one.name}/")]
        )
    rows = table("explained")
    assert [row[:4] for row in rows] == [entry[:4] for entry in explained]
    for row, entry in zip(rows, explained, strict=True):
        assert row[4].partition(":")[0] == entry[4].removeprefix("SASchedules: ")
