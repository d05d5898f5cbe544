"""No place that a generated table names lies outside the table it points into.

The C machine believes its tables: it checks what comes from outside, never a number of its own.
So here every one of them is checked, as it stands in the C source that is compiled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from pyplc_fw.v2g.messages.schema import SCHEMAS

GENERATED: Final = Path(__file__).parents[3] / "exi" / "generated"
NO_TYPE: Final = 0xFFFF
NUMBERS: Final = {"EXI_NO_TYPE": NO_TYPE, "EXI_UNBOUNDED": 2**64 - 1, "INT64_MIN": -(2**63)}
WITH_VALUE: Final = {"EXI_AT", "EXI_SE", "EXI_CH"}
WITHOUT_VALUE: Final = {"EXI_EE", "EXI_ANY", "EXI_MIXED"}
MOST_SLOTS: Final = 32
"Bits of `exi_type.repeated`, and JSON_MAX_SLOTS."
MOST_MEMBERS: Final = 64
"Bits by which JSON is written name by name."
MOST_BITS: Final = 32
"Of one read or write: with the events around it, a value of fixed width has two fewer."
LARGEST: Final = {8: 2**8 - 1, 16: 2**16 - 1, 32: 2**32 - 1}


class Production(NamedTuple):
    event: str
    slot: int
    name: int
    type: int
    next: int
    full: int
    maximum: int
    repeated: int
    bare: str


class State(NamedTuple):
    first: int
    many: int
    bits: int
    empty_bits: int


class Type(NamedTuple):
    kind: str
    bits: int
    slots: int
    tagged: int
    first: int
    many: int
    name: int
    fields: int
    repeated: int
    minimum: int
    maximum: int


class Field(NamedTuple):
    role: str
    repeated: int
    required: int
    name: int
    type: int
    members: int


class Root(NamedTuple):
    name: int
    type: int


def number(column: str) -> int | str:
    """Read one column; an enumeration's constant stays a word."""
    text = column.strip().removeprefix("(uint64_t)").removesuffix("u")
    if text in NUMBERS:
        return NUMBERS[text]
    return text if text.startswith("EXI_") else int(text)


class Tables:
    """The tables of one schema, read from the C source."""

    def __init__(self, schema: str) -> None:
        source = (GENERATED / f"{schema}.c").read_text(encoding="ascii")
        self.source = re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)

    def body(self, array: str) -> str:
        found = re.search(rf" {array}\[\] =\s*\{{?\n(.*?)\n?(?:\}};|;)\n", self.source, re.DOTALL)
        assert found, array
        return found.group(1)

    def rows(self, array: str) -> list[list[int | str]]:
        rows = re.findall(r"\{(.*?)\},", self.body(array))
        found = [[number(column) for column in row.split(",")] for row in rows]
        return [] if found == [[0]] else found  # what stands where there is nothing

    def numbers(self, array: str) -> list[int]:
        return [int(place) for place in self.body(array).replace("\n", " ").split(",")[:-1]]

    @cached_property
    def productions(self) -> list[Production]:
        return [Production(*row) for row in self.rows("productions")]  # type: ignore[arg-type]

    @cached_property
    def states(self) -> list[State]:
        return [State(*row) for row in self.rows("states")]  # type: ignore[arg-type]

    @cached_property
    def types(self) -> list[Type]:
        return [Type(*row) for row in self.rows("types")]  # type: ignore[arg-type]

    @cached_property
    def fields(self) -> list[Field]:
        return [Field(*row) for row in self.rows("fields")]  # type: ignore[arg-type]

    @cached_property
    def places(self) -> set[int]:
        """Return where a text begins: at its length, after which come its characters and a NUL."""
        found, at = set(), 0
        for length, text in re.findall(r'"\\(\d{3})([^"\\]*)\\0"', self.body("texts")):
            assert int(length, 8) == len(text)
            found.add(at)
            at += len(text) + 2
        return found

    def of(self, state: State) -> list[Production]:
        return self.productions[state.first : state.first + state.many]

    def slots_of(self, what: Type) -> list[Field]:
        return self.fields[what.fields : what.fields + what.slots]

    def reached(self, what: Type) -> Iterable[State]:
        """Go through every state that an element of the type can be in."""
        found: set[int] = set()
        waiting = {what.first}
        while waiting:
            place = waiting.pop()
            found.add(place)
            for production in self.of(self.states[place]):
                waiting |= {production.next} - found
                waiting |= ({production.full} if production.maximum else set()) - found
        return [self.states[place] for place in sorted(found)]


@pytest.fixture(params=SCHEMAS)
def tables(request: pytest.FixtureRequest) -> Tables:
    return Tables(request.param)


def test_names_and_values_are_texts(tables: Tables) -> None:
    assert len(tables.places) > 1
    assert set(tables.numbers("names")) <= tables.places
    if any(what.kind == "EXI_ENUM" for what in tables.types):
        assert set(tables.numbers("values")) <= tables.places
    assert max(tables.places) <= LARGEST[16]


def test_states_have_their_productions_and_codes_wide_enough(tables: Tables) -> None:
    for state in tables.states:
        assert state.first + state.many <= len(tables.productions)
        assert state.bits == state.many.bit_length()
        assert state.bits + 1 <= MOST_BITS
        assert state.many <= LARGEST[16]
        only_text = [production.event for production in tables.of(state)] == ["EXI_CH"]
        assert state.empty_bits in ((2, 3) if only_text else (0,))


def test_productions_point_into_the_tables(tables: Tables) -> None:
    names = len(tables.numbers("names"))
    for production in tables.productions:
        assert production.name < names
        assert production.next < len(tables.states)
        assert production.full < len(tables.states)
        assert production.maximum <= LARGEST[16]
        if production.event in WITHOUT_VALUE:
            assert (production.type, production.repeated, production.maximum) == (NO_TYPE, 0, 0)
            assert production.bare == "EXI_NOT_BARE"
        else:
            assert production.event in WITH_VALUE
            is_complex = tables.types[production.type].kind == "EXI_COMPLEX"
            assert production.event == "EXI_SE" or not is_complex
            assert production.event == "EXI_SE" or not production.repeated
        assert production.repeated or not production.maximum


def test_an_element_never_leaves_the_slots_of_its_record(tables: Tables) -> None:
    for what in tables.types:
        if what.kind != "EXI_COMPLEX":
            continue
        fields = tables.slots_of(what)
        for state in tables.reached(what):
            for production in tables.of(state):
                if production.event not in WITH_VALUE:
                    continue
                assert production.repeated == fields[production.slot].repeated
                grouped = fields[production.slot].role == "EXI_GROUP"
                assert production.bare == "EXI_NOT_BARE" or grouped


def test_classes_have_their_fields(tables: Tables) -> None:
    names = len(tables.numbers("names"))
    for what in tables.types:
        if what.kind != "EXI_COMPLEX":
            continue
        assert what.slots <= MOST_SLOTS
        assert what.first < len(tables.states)
        assert what.name < names
        assert what.fields + what.slots <= len(tables.fields)
        repeated = [slot for slot, entry in enumerate(tables.slots_of(what)) if entry.repeated]
        assert what.repeated == sum(1 << slot for slot in repeated)


def test_simple_types_hold_what_their_bits_can_say(tables: Tables) -> None:
    for what in tables.types:
        low, high, bits = what.minimum, what.maximum, what.bits
        match what.kind:
            case "EXI_COMPLEX" | "EXI_BIG":
                pass
            case "EXI_BOOLEAN":
                assert bits == 1
            case "EXI_ENUM":
                assert what.first + what.many <= len(tables.numbers("values"))
                assert 0 < what.many <= LARGEST[16]
                assert bits == (what.many - 1).bit_length()
            case "EXI_NBIT":
                assert bits == (high - low).bit_length() <= 12
                assert -(2**63) <= low <= high <= 2**63 - 2**12
            case "EXI_UNSIGNED":
                assert 0 <= low <= high < 2**64
            case "EXI_INTEGER":  # the decoder looks at one bound only, by the sign
                assert -(2**63) <= low < 0 <= high < 2**63
            case "EXI_STRING" | "EXI_BINARY":
                assert 0 <= low <= high < 2**64
                assert bits in ((16, 64) if what.kind == "EXI_BINARY" else (0,))
            case kind:
                raise AssertionError(kind)


def test_fields_have_types_and_groups_have_members(tables: Tables) -> None:
    names = len(tables.numbers("names"))
    members = tables.numbers("members")
    for entry in tables.fields:
        assert entry.name < names
        if entry.role != "EXI_GROUP":
            assert entry.type < len(tables.types)
            assert entry.members == 0
            continue
        assert 0 < entry.members <= MOST_MEMBERS
        assert entry.type + entry.members <= len(members)
        for member in members[entry.type : entry.type + entry.members]:
            assert tables.types[member].kind == "EXI_COMPLEX"
            assert tables.types[member].tagged


@pytest.mark.parametrize("array", ["documents", "fragments"])
def test_roots_are_messages_or_none(tables: Tables, array: str) -> None:
    roots = [Root(*row) for row in tables.rows(array)]  # type: ignore[arg-type]
    row = re.search(rf"\{{{array}, (\d+), (\d+), (\d+)\}}", tables.source)
    assert row
    count, first, bits = map(int, row.groups())
    assert count == len(roots)
    assert first == next((code for code, root in enumerate(roots) if root.type != NO_TYPE), count)
    events = count if array == "documents" else count + 1  # a fragment may end
    assert bits == events.bit_length() <= MOST_BITS
    for root in roots:
        assert root.name < len(tables.numbers("names"))
        assert root.type == NO_TYPE or tables.types[root.type].kind == "EXI_COMPLEX"
