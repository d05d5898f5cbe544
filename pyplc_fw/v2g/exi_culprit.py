"""Finds the field of a message that cannot be encoded, and says what is in it.

The library sees records only: what MessagePack cannot hold never reaches it, and of an object of
a wrong class it sees the values, not the class.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from pyplc_fw.errors import CodecError
from pyplc_fw.v2g.exi_words import ENVELOPE, error_at, member_names, names, number, wanted
from pyplc_fw.v2g.messages.fields import Field, fields_of
from pyplc_fw.v2g.messages.schema import ComplexType, Integer

NOT_A_VALUE: Final = ("an object of another class", "a sequence or object")
"What the library says of records that it does not know."
MOST_DEPTH: Final = 24
"Elements within each other; more is no message of any schema."


class Part(NamedTuple):
    """What stands in a field, or one item of it."""

    path: tuple[str, ...]
    field: Field
    value: object


def culprit(message: ComplexType, writes: Callable[[object], object]) -> CodecError:
    """Find the field that ``writes`` refuses, and make the error that names it."""
    path: tuple[str, ...] = (type(message).__name__,)
    value: object = message
    part: Part | None = None
    while isinstance(value, ComplexType) and len(path) <= MOST_DEPTH:
        refused = (one for one in _parts(value, path) if not _taken(one.value, writes))
        part = next(refused, None)
        if part is None:
            return error_at(path, "cannot be written")
        path, value = part.path, part.value
    if part is None or isinstance(value, ComplexType):
        return error_at(path[:1], f"more than {MOST_DEPTH} elements within each other")
    return error_at(path, _problem(part))


def _parts(value: ComplexType, path: tuple[str, ...]) -> Iterator[Part]:
    for field in fields_of(type(value)):
        content = getattr(value, field.name)
        if not isinstance(content, tuple | list):
            yield Part((*path, _name(field, content)), field, content)
            continue
        for item, one in enumerate(content, 1):
            yield Part((*path, f"{_name(field, one)}[{item}]"), field, one)


def _name(field: Field, value: object) -> str:
    return type(value).__name__ if field.members else field.name


def _taken(value: object, writes: Callable[[object], object]) -> bool:
    try:
        writes(value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return False
    return True


def _problem(part: Part) -> str:
    datatype, value = part.field.datatype, part.value
    if type(value) is int and isinstance(datatype, Integer):
        return f"{number(value)} is outside {datatype.minimum} to {datatype.maximum}"
    if isinstance(value, str):
        half = next((c for c in value if "\ud800" <= c <= "\udfff"), None)
        if half is not None:
            return f"U+{ord(half):04X} is no character"
    what = wanted(datatype) if datatype is not None else names(member_names(part.field))
    return f"expected {what}, found {given(value)}"


def given(value: object) -> str:
    """Name what was given where something else was wanted."""
    if isinstance(value, ComplexType):
        return f"an object ({type(value).__name__})"
    return (
        "a list" if isinstance(value, tuple | list) else f"a value of type {type(value).__name__}"
    )


# --- what the library does not know ----------------------------------------------------------
def with_class(message: ComplexType, problem: str, path: str) -> str:
    """Put the class of what stands at ``path`` into what the library says of it."""
    for unknown in NOT_A_VALUE:
        start = problem.removesuffix(f"found {unknown}")
        if start != problem:
            value = _value_at(message, path)
            return problem if value is None else f"{start}found {given(value)}"
    return problem


def _value_at(message: Any, path: str) -> object:
    """Return what an error's path leads to; None where that cannot be told."""
    steps = [re.fullmatch(r"(\w+)(?:\[(\d+)\])?", step) for step in path.split("/")]
    value: object = message
    around = (ENVELOPE[0], *message.__struct_fields__)
    if type(message).__name__ == ENVELOPE[0] and steps[0] and steps[0][1] not in around:
        value = message.Body  # left out of the path, as what is in it says which message it is
    if steps[0] and steps[0][1] == type(value).__name__:
        steps = steps[1:]
    for step in steps:
        if step is None or not isinstance(value, ComplexType):
            return None
        value = _content(value, step[1], step[2])
    return value


def _content(value: ComplexType, name: str, item: str | None) -> object:
    for field in fields_of(type(value)):
        if name == field.name or name in member_names(field):
            content = getattr(value, field.name)
            if item and isinstance(content, tuple | list):
                return content[int(item) - 1]
            return content
    return None
