"""The least message that has a certain field, and every field that a message can have."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any, NamedTuple, Self

from pyplc_fw.v2g import exi
from pyplc_fw.v2g.exi_words import path_text
from pyplc_fw.v2g.messages.fields import DataType, Field, Kind, fields_of
from pyplc_fw.v2g.messages.schema import (
    SCHEMAS,
    Binary,
    Choice,
    ComplexType,
    Integer,
    Item,
    Particle,
    Sequence,
    Text,
    Wildcard,
    XsInteger,
)
from tests.unit.exi.schemas import schema_of


class Step(NamedTuple):
    """One element on the way to a field."""

    cls: type[ComplexType]
    field: Field
    member: type[ComplexType] | None
    "Of a group."

    @property
    def name(self) -> str:
        if self.field.kind is Kind.TEXT:
            return ""
        name = self.member.__name__ if self.member is not None else self.field.name
        return f"{name}[1]" if self.field.repeated else name

    def filled(self, value: object) -> object:
        """Return what the field holds where ``value`` is its first item, or its only one."""
        if not self.field.repeated:
            return value
        others = max(self.field.minimum - 1, 0)
        return (value, *(some(self.member or _datatype(self.field)) for _ in range(others)))


class Site(NamedTuple):
    """One field of simple type: where it is, in which schema."""

    schema: str
    fragment: bool
    way: tuple[Step, ...]

    @property
    def field(self) -> Field:
        return self.way[-1].field

    @property
    def datatype(self) -> DataType:
        assert self.field.datatype is not None
        return self.field.datatype

    @property
    def path(self) -> str:
        root = self.way[0].cls.__name__
        return path_text((root, *filter(None, (step.name for step in self.way))))

    def message(self, value: object) -> ComplexType:
        """Return the least message that has ``value`` in this place."""
        for step in reversed(self.way):
            value = least(step.cls, step.field, step.filled(value))
        assert isinstance(value, ComplexType)
        return value

    def with_items(self, count: int) -> ComplexType:
        """Return the least message with so many items of the list, one of them enough."""
        *outer, last = self.way
        inner = least(last.cls, last.field, (some(last.member or self.datatype),) * count)
        return Site(self.schema, self.fragment, tuple(outer)).message(inner) if outer else inner

    def encode(self, message: ComplexType) -> bytes:
        if self.fragment:
            return exi.encode_fragment(self.schema, message)
        return exi.encode(message)

    def decode(self, stream: bytes, *, lenient: bool = False) -> ComplexType:
        if self.fragment:
            return exi.decode_fragment(self.schema, stream, lenient=lenient)
        return exi.decode(self.schema, stream, lenient=lenient)


# --- the least message -----------------------------------------------------------------------
def some(datatype: DataType) -> Any:
    """Return a value of the datatype, the least where that says something."""
    match datatype:
        case Integer(None, None):
            return XsInteger(0)
        case Integer(minimum, _):
            return minimum
        case Text(_, minimum):
            return "a" * minimum
        case Binary(_, _, minimum):
            return bytes(minimum)
    assert isinstance(datatype, type)
    if issubclass(datatype, ComplexType):
        return least(datatype)
    return next(iter(datatype)) if issubclass(datatype, Enum) else False


def least(cls: type[ComplexType], wanted: Field | None = None, value: object = None) -> ComplexType:
    """Make an object of the required fields, and of ``wanted`` with its value."""
    fields = fields_of(cls)
    found: dict[str, Any] = {
        field.name: some(field.datatype)
        for field in fields
        if field.kind is not Kind.ELEMENT and field.minimum and field.datatype is not None
    }
    elements = [field for field in fields if field.kind is Kind.ELEMENT]
    items = tuple(Item(field.name, field.minimum, field.maximum) for field in elements)
    _fill(found, fields, cls.content_model or Sequence(items), wanted)
    if wanted is not None:
        found[wanted.name] = value
    return cls(**found)


def _fill(
    found: dict[str, Any], fields: tuple[Field, ...], particle: Particle, wanted: Field | None
) -> None:
    if isinstance(particle, Wildcard):
        return
    if not particle.minimum and not _holds(particle, wanted):
        return
    match particle:
        case Item(name, minimum):
            field = next(field for field in fields if field.name == name)
            one = least(_member(field)) if field.members else some(_datatype(field))
            found[name] = (one,) * max(minimum, 1) if field.repeated else one
        case Sequence(particles):
            for part in particles:
                _fill(found, fields, part, wanted)
        case Choice(particles):
            parts = [part for part in particles if not isinstance(part, Wildcard)]
            chosen = next((part for part in parts if _holds(part, wanted)), parts[0])
            _fill(found, fields, chosen, wanted)


def _holds(particle: Particle, wanted: Field | None) -> bool:
    if isinstance(particle, Item):
        return wanted is not None and particle.name == wanted.name
    if isinstance(particle, Wildcard):
        return False
    return any(_holds(part, wanted) for part in particle.particles)


def _datatype(field: Field) -> DataType:
    assert field.datatype is not None
    return field.datatype


def _member(field: Field) -> type[ComplexType]:
    return next(member for member in field.members if not is_bare(field, member))


def is_bare(field: Field, member: type[ComplexType]) -> bool:
    """Tell an abstract head from what may stand for it."""
    return member is field.head and not member.__struct_fields__


# --- every field -----------------------------------------------------------------------------
class _Seen:
    """Types of one message that have had their turn; those around it have it once a schema."""

    def __init__(self) -> None:
        self.always: set[type[ComplexType]] = set()
        self.now: set[type[ComplexType]] = set()

    def first_time(self, cls: type[ComplexType], *, shared: bool) -> bool:
        if cls in self.always or cls in self.now:
            return False
        (self.always if shared else self.now).add(cls)
        return True

    def next_message(self) -> Self:
        self.now = set()
        return self


def sites(schema: str) -> Iterator[Site]:
    """Give each simple field of each type of each message; headers and signatures once."""
    seen = _Seen()
    for fragment, roots in ((False, schema_of(schema).roots), (True, schema_of(schema).fragments)):
        for root in roots:
            seen.next_message()
            for way in _ways(root, (), seen, shared=False):
                yield Site(schema, fragment, way)


def _ways(
    cls: type[ComplexType], before: tuple[Step, ...], seen: _Seen, *, shared: bool
) -> Iterator[tuple[Step, ...]]:
    for field in fields_of(cls):
        in_header = shared or field.name == "Header"
        for step in _steps(cls, field):
            way = (*before, step)
            inner = step.member or field.datatype
            if not isinstance(inner, type) or not issubclass(inner, ComplexType):
                yield way
                continue
            if cls.__name__ == "Body":
                seen.next_message()
            if seen.first_time(inner, shared=in_header):
                yield from _ways(inner, way, seen, shared=in_header)


def _steps(cls: type[ComplexType], field: Field) -> list[Step]:
    if not field.members:
        return [Step(cls, field, None)]
    return [Step(cls, field, member) for member in field.members if not is_bare(field, member)]


def lists(found: list[Site]) -> Iterator[Site]:
    """Give each bounded list on the way to these fields once."""
    seen = set()
    for site in found:
        for depth, step in enumerate(site.way, 1):
            key = (site.schema, step.cls, step.field.name)
            if step.field.repeated and step.field.maximum is not None and key not in seen:
                seen.add(key)
                yield Site(site.schema, site.fragment, site.way[:depth])


ALL_SITES = [site for schema in SCHEMAS for site in sites(schema)]
ALL_LISTS = list(lists(ALL_SITES))
