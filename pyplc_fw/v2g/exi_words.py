"""What the codec's errors say, for what goes wrong before a message reaches the library.

``exi/src/describe.c`` says the same of records and streams, in the same words: an error reads
alike wherever it was found.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final

from pyplc_fw.errors import CodecError
from pyplc_fw.v2g.messages.fields import DataType, Field
from pyplc_fw.v2g.messages.schema import Binary, ComplexType, Integer, Text

MOST_NAMES: Final = 12
"Of what would have been right; of more, ``FEW_NAMES`` are named and the rest counted."
FEW_NAMES: Final = 8
MOST_QUOTED: Final = 40
"Octets of a text, or digits of a number."
ENVELOPE: Final = ("V2G_Message", "Body")
"What stands around messages, and is left out of their paths."


def error_at(path: Sequence[str], problem: str) -> CodecError:
    """Make the error of an element: the way to it begins with its message's name."""
    where = path_text(path)
    return CodecError(f"{where}: {problem}" if where else problem, path=where)


def path_text(path: Sequence[str]) -> str:
    """Write a path from the root element down."""
    hidden = 0
    if len(path) > 1 and path[0] == ENVELOPE[0]:
        hidden = 2 if len(path) > 2 and path[1] == ENVELOPE[1] else 1
    return "/".join(path[hidden:])


def names(words: Sequence[str]) -> str:
    """List what may come, in short where that is much."""
    if len(words) > MOST_NAMES:
        return f"{', '.join(words[:FEW_NAMES])} or {len(words) - FEW_NAMES} others"
    return " or ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def member_names(field: Field) -> list[str]:
    """List the elements of a group, but not its empty head, which nobody sends."""
    return [
        member.__name__
        for member in field.members
        if member.__name__ != field.name or member.__struct_fields__
    ]


def quoted(text: str) -> str:
    """Quote the beginning of a text, in ASCII."""
    octets = text.encode("utf-8", "surrogatepass")
    shown = "".join(map(_shown, octets[:MOST_QUOTED]))
    return f'"{shown}..."' if len(octets) > MOST_QUOTED else f'"{shown}"'


def _shown(octet: int) -> str:
    if octet < 0x20 or octet > 0x7E:
        return f"\\x{octet:02x}"
    return f"\\{octet:c}" if octet in b'"\\' else f"{octet:c}"


def number(value: int) -> str:
    """Write a number, the beginning of one that is very long."""
    digits = str(value)
    return digits if len(digits) <= MOST_QUOTED else f"{digits[:MOST_QUOTED]}..."


def wanted(datatype: DataType) -> str:
    """Name what a field takes, with its bounds."""
    match datatype:
        case Integer(None, _) | Integer(_, None):
            return "an integer"
        case Integer(minimum, maximum):
            return f"an integer from {minimum} to {maximum}"
        case Text(maximum, minimum):
            return f"a text{_lengths(minimum, maximum, 'character')}"
        case Binary(_, maximum, minimum):
            return f"a binary{_lengths(minimum, maximum, 'octet')}"
    if issubclass(datatype, ComplexType):
        return f"an object ({datatype.__name__})"
    if issubclass(datatype, Enum):
        return names([str(member.value) for member in datatype])
    return "a boolean"


def _lengths(minimum: int, maximum: int | None, unit: str) -> str:
    units = unit if maximum == 1 else f"{unit}s"
    if minimum == maximum:
        return f" of {minimum} {units}"
    if maximum is None:
        return f" of at least {minimum} {units}" if minimum else ""
    return f" of {minimum} to {maximum} {units}" if minimum else f" of at most {maximum} {units}"


def found_in_json(value: object) -> str:
    """Name a value of JSON; texts and integers are shown."""
    match value:
        case dict():
            return "an object"
        case list():
            return "a list"
        case str():
            return f"the text {quoted(value)}"
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return f"the integer {number(value)}"
    return "a number that is no integer"
