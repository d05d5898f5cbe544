"""Hypothesis strategies for messages, made from the message classes' own metadata."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, TypeAlias

from hypothesis import strategies as st

from pyplc_fw.v2g.messages.fields import Field, Kind, fields_of
from pyplc_fw.v2g.messages.schema import (
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

Draw: TypeAlias = Callable[[st.SearchStrategy[Any]], Any]
MOST_ITEMS = 3
LONGEST = 80


def values(datatype: object) -> st.SearchStrategy[Any]:
    """Return every value of the datatype, the bounds included."""
    match datatype:
        case Integer(None, None):
            return st.integers(-(2**300), 2**300).map(XsInteger)
        case Integer(minimum, maximum):
            return st.sampled_from([minimum, maximum]) | st.integers(minimum, maximum)
        case Text(maximum, minimum):
            longest = LONGEST if maximum is None else maximum
            full = st.just("\U0001f600" * longest)
            return st.text(min_size=minimum, max_size=longest) | full
        case Binary(_, maximum, minimum):
            longest = LONGEST if maximum is None else maximum
            return st.binary(min_size=minimum, max_size=longest) | st.just(bytes(longest))
    if isinstance(datatype, type) and issubclass(datatype, ComplexType):
        return messages(datatype)
    if isinstance(datatype, type) and issubclass(datatype, Enum):
        return st.sampled_from(datatype)
    assert datatype is bool
    return st.booleans()


@st.composite
def messages(draw: Draw, cls: type[ComplexType]) -> ComplexType:
    """Return any message of the class that the schema allows."""
    found: dict[str, Any] = {}
    for entry in fields_of(cls):
        if entry.kind is not Kind.ELEMENT and (entry.minimum or draw(st.booleans())):
            found[entry.name] = draw(values(entry.datatype))
    _draw_particle(draw, cls, found, cls.content_model or _plain_sequence(cls))
    return cls(**found)


def _plain_sequence(cls: type[ComplexType]) -> Sequence:
    elements = [entry for entry in fields_of(cls) if entry.kind is Kind.ELEMENT]
    return Sequence(tuple(Item(e.name, e.minimum, e.maximum) for e in elements))


def _draw_particle(
    draw: Draw, cls: type[ComplexType], found: dict[str, Any], particle: Particle
) -> None:
    if isinstance(particle, Wildcard):
        return
    most = particle.minimum + MOST_ITEMS
    most = most if particle.maximum is None else min(most, particle.maximum)
    for _ in range(draw(st.integers(particle.minimum, most))):
        match particle:
            case Item(name):
                entry = next(e for e in fields_of(cls) if e.name == name)
                _add(found, entry, draw(_items(entry)))
            case Sequence(particles):
                for part in particles:
                    _draw_particle(draw, cls, found, part)
            case Choice(particles):
                real = [part for part in particles if not isinstance(part, Wildcard)]
                _draw_particle(draw, cls, found, draw(st.sampled_from(real)))


def _items(entry: Field) -> st.SearchStrategy[Any]:
    """Return what the element may be; never the bare head of a group, which nobody sends."""
    if not entry.members:
        return values(entry.datatype)
    return st.one_of([messages(cls) for cls in entry.members if cls is not entry.head])


def _add(found: dict[str, Any], entry: Field, value: Any) -> None:
    if entry.repeated:
        found[entry.name] = (*found.get(entry.name, ()), value)
    else:
        found[entry.name] = value
