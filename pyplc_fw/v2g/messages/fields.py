"""What the annotations of a message class say, field by field; see ``schema`` for the words."""

from __future__ import annotations

from enum import Enum
from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeAlias, Union, get_args, get_origin, get_type_hints

from msgspec import Struct

from pyplc_fw.v2g.messages.schema import (
    Attribute,
    Binary,
    ComplexType,
    Content,
    Global,
    Integer,
    Occurs,
    Text,
)

DataType: TypeAlias = type[bool] | Integer | Text | Binary | type[Enum] | type[ComplexType]
"How one value is written."

CONTENT_FIELD = "content"
"The name of the field that holds a repeated choice, in document order."


class Kind(Enum):
    """What a field is in the document."""

    ATTRIBUTE = "attribute"
    ELEMENT = "element"
    TEXT = "text"


class Field(Struct, frozen=True):
    """One field of a message class."""

    name: str
    kind: Kind
    datatype: DataType | None
    "None for a substitution group or a repeated choice."
    members: tuple[type[ComplexType], ...]
    "Of a group or repeated choice, in the order of the annotation."
    head: type[ComplexType] | None
    "Of a substitution group."
    repeated: bool
    minimum: int
    maximum: int | None
    namespace: str
    "Of the attribute or element; a group's members have their own."


class _Found(Struct):
    """What unwrapping an annotation has brought to light so far."""

    marks: dict[type, Any]
    members: tuple[Any, ...] = ()
    optional: bool = False
    repeated: bool = False


@cache
def fields_of(cls: type[ComplexType]) -> tuple[Field, ...]:
    """Return the fields of ``cls`` in schema order."""
    hints = get_type_hints(cls, include_extras=True)
    return tuple(_field(cls, name, hints[name]) for name in cls.__struct_fields__)


def _field(cls: type[ComplexType], name: str, annotation: Any) -> Field:
    found = _unwrap(annotation, _Found(marks={}))
    plain, members = _datatype(found)
    occurs = found.marks.get(Occurs, Occurs(0 if found.optional else 1, 1))
    return Field(
        name=name,
        kind=_kind(found),
        datatype=plain,
        members=members,
        head=_head(name, members),
        repeated=found.repeated,
        minimum=occurs.minimum,
        maximum=occurs.maximum,
        namespace=_namespace(cls, name, found),
    )


def _unwrap(annotation: Any, found: _Found) -> _Found:
    origin = get_origin(annotation)
    if origin is Annotated:
        annotation, *marks = get_args(annotation)
        found.marks.update({type(mark): mark for mark in marks})
    elif origin in (Union, UnionType):
        alternatives = tuple(arg for arg in get_args(annotation) if arg is not type(None))
        found.optional = len(alternatives) < len(get_args(annotation))
        if len(alternatives) > 1:
            found.members = alternatives
            return found
        (annotation,) = alternatives
    elif origin is tuple:
        found.repeated = True
        annotation = get_args(annotation)[0]
    else:
        found.members = (annotation,)
        return found
    return _unwrap(annotation, found)


def _datatype(found: _Found) -> tuple[DataType | None, tuple[type[ComplexType], ...]]:
    for mark in (Integer, Text, Binary):
        if mark in found.marks:
            return found.marks[mark], ()
    if len(found.members) > 1:
        return None, found.members
    return found.members[0], ()


def _kind(found: _Found) -> Kind:
    if Attribute in found.marks:
        return Kind.ATTRIBUTE
    return Kind.TEXT if Content in found.marks else Kind.ELEMENT


def _head(name: str, members: tuple[type[ComplexType], ...]) -> type[ComplexType] | None:
    """Find the class that the field of a substitution group is named after."""
    if not members or name == CONTENT_FIELD:
        return None
    for base in members[0].__mro__:
        if base.__name__ == name and issubclass(base, ComplexType):
            return base
    raise TypeError(f"{name}: no member's base is the head of the group")


def _namespace(cls: type[ComplexType], name: str, found: _Found) -> str:
    for mark in (Attribute, Global):
        if mark in found.marks:
            return str(found.marks[mark].namespace)
    declaring = next(base for base in cls.__mro__ if name in base.__annotations__)
    assert issubclass(declaring, ComplexType)  # noqa: S101 - fields come from message classes only
    local = declaring.local_namespace
    return declaring.namespace if local is None else local
