"""Messages in JSON: elements by name in document order, as the project's test vectors have them.

Attributes are ``"@Id"``, the text of an element with attributes is ``"#"``, a repeated element is
a list, an enumeration its text, xs:hexBinary upper-case hexadecimal, xs:base64Binary base64.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, NamedTuple, TypeAlias

from pyplc_fw.errors import CodecError
from pyplc_fw.v2g.exi_words import error_at, found_in_json, member_names, names, quoted, wanted
from pyplc_fw.v2g.messages.fields import DataType, Field, Kind, fields_of
from pyplc_fw.v2g.messages.schema import HEX, Binary, ComplexType, Integer, Text, XsInteger

Json: TypeAlias = dict[str, Any]
MOST_DIGITS: Final = 400
"More than an integer of the largest field has."
Path: TypeAlias = tuple[str, ...]
"From the root element down; items of a list are numbered, ``Parameter[1]``."


# --- to JSON ---------------------------------------------------------------------------------
def to_json(message: ComplexType) -> Json:
    """Return the message as one key, its element, and what is in it."""
    return {type(message).__name__: _content(message)}


def _content(value: ComplexType) -> Any:
    fields = fields_of(type(value))
    if [field.kind for field in fields] == [Kind.TEXT]:
        return _plain(fields[0].datatype, getattr(value, fields[0].name))
    content: Json = {}
    for field in fields:
        _add(content, field, getattr(value, field.name))
    return content


def _add(content: Json, field: Field, value: Any) -> None:
    if value is None or value == ():
        return
    if not field.repeated:
        content[_key(field, value)] = _plain(field.datatype, value)
        return
    for item in value:
        content.setdefault(_key(field, item), []).append(_plain(field.datatype, item))


def _key(field: Field, value: object) -> str:
    if field.kind is Kind.ATTRIBUTE:
        return f"@{field.name}"
    if field.kind is Kind.TEXT:
        return "#"
    return type(value).__name__ if field.members else field.name


def _plain(datatype: DataType | None, value: Any) -> Any:
    if isinstance(value, ComplexType):
        return _content(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(datatype, Binary):
        return value.hex().upper() if datatype.encoding == HEX else b64encode(value).decode()
    return int(value) if type(value) is XsInteger else value


# --- from JSON -------------------------------------------------------------------------------
class JsonObject(dict[str, Any]):
    """An object as it was written: ``twice`` is a key that stands twice in it, if one does."""

    twice: str | None = None


def read_json_text(text: str) -> object:
    """Read JSON as ``from_json_of`` wants it; raises ValueError for what is none."""
    import json  # noqa: PLC0415 -- a session needs none

    return json.loads(text, object_pairs_hook=_json_object, parse_int=_json_integer)


def _json_integer(digits: str) -> int:
    """Read an integer, of one that no field can hold its beginning: Python limits their length."""
    return int(digits[:MOST_DIGITS])


def _json_object(pairs: list[tuple[str, Any]]) -> JsonObject:
    made = JsonObject(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        made.twice = next(key for n, key in enumerate(keys) if key in keys[:n])
    return made


class Entry(NamedTuple):
    """One key of an object, and what it means."""

    name: str
    "Of the element or attribute; empty for the text of an element."
    datatype: DataType
    value: object


def from_json_of(roots: Mapping[str, type[ComplexType]], document: object) -> ComplexType:
    """Make a message of the one element that ``document`` holds; raises CodecError."""
    if not isinstance(document, dict) or len(document) != 1 or _twice(document) is not None:
        raise CodecError("a message is an object with one key, its root element")
    ((name, content),) = document.items()
    if name not in roots:
        known = f"expected {names(list(roots))}" if roots else "the schema has fragments only"
        raise CodecError(f"{quoted(str(name))} is no message; {known}")
    return _object(roots[name], content, (str(name),))


def _twice(content: dict[str, Any]) -> str | None:
    return content.twice if isinstance(content, JsonObject) else None


def _object(cls: type[ComplexType], content: object, path: Path) -> ComplexType:
    fields = fields_of(cls)
    if [field.kind for field in fields] == [Kind.TEXT]:
        return cls(**{fields[0].name: _value(fields[0].datatype, content, path)})
    if not isinstance(content, dict):
        raise _wrong(wanted(cls), content, path)
    entries = _entries(cls, content, path)
    for field in fields:
        if field.minimum and not entries[field.name]:
            missing = names(member_names(field) or [_plain_name(field)])
            raise error_at(path, f"{missing} is missing")
    return cls(**{field.name: _field(field, entries[field.name], path) for field in fields
                  if entries[field.name]})  # fmt: skip


def _entries(cls: type[ComplexType], content: Json, path: Path) -> dict[str, list[Entry]]:
    """Sort the keys by the field that they belong to."""
    found: dict[str, list[Entry]] = {field.name: [] for field in fields_of(cls)}
    for key, value in content.items():
        field, entry = _meaning(cls, key, value, path)
        others = found[field.name]
        if (others and not field.repeated) or key == _twice(content):
            raise error_at(_way(path, entry.name), "there is one already")
        others.append(entry)
    return found


def _meaning(cls: type[ComplexType], key: str, value: object, path: Path) -> tuple[Field, Entry]:
    for field in fields_of(cls):
        for member in field.members:
            if key == member.__name__:
                return field, Entry(key, member, value)
        if field.datatype is not None and key == _key(field, None):
            name = "" if field.kind is Kind.TEXT else field.name
            return field, Entry(name, field.datatype, value)
    known = names(_known_keys(cls)) or "nothing"
    raise error_at(path, f"{quoted(key)} is unknown; expected {known}")


def _known_keys(cls: type[ComplexType]) -> list[str]:
    keys = []
    for field in fields_of(cls):
        keys += member_names(field) or [_key(field, None)]
    return keys


def _plain_name(field: Field) -> str:
    return "the text" if field.kind is Kind.TEXT else field.name


def _way(path: Path, name: str, item: int = 0) -> Path:
    if not name:
        return path
    return (*path, f"{name}[{item}]" if item else name)


def _field(field: Field, entries: list[Entry], path: Path) -> object:
    if not field.repeated:
        (entry,) = entries
        return _value(entry.datatype, entry.value, _way(path, entry.name))
    items: list[object] = []
    for name, datatype, value in entries:
        if not isinstance(value, list):
            raise _wrong("a list", value, _way(path, name))
        for item in value:
            items.append(_value(datatype, item, _way(path, name, len(items) + 1)))
    return tuple(items)


def _value(datatype: DataType | None, value: object, path: Path) -> object:
    match datatype:
        case Integer(minimum, _):
            number: int = _typed(int, datatype, value, path)
            return XsInteger(number) if minimum is None else number
        case Text():
            return _typed(str, datatype, value, path)
        case Binary(encoding):
            return _binary(encoding, _typed(str, datatype, value, path), path)
    assert isinstance(datatype, type)  # noqa: S101 - the fields of a group have entries of their own
    if issubclass(datatype, ComplexType):
        return _object(datatype, value, path)
    if issubclass(datatype, Enum):
        return _enumeration(datatype, _typed(str, datatype, value, path), path)
    return _typed(bool, datatype, value, path)


def _wrong(what: str, value: object, path: Path) -> CodecError:
    return error_at(path, f"expected {what}, found {found_in_json(value)}")


def _typed(kind: type, datatype: DataType, value: object, path: Path) -> Any:
    """Return the value if it is of exactly this type: true is no number, 5.0 no integer."""
    if type(value) is not kind:
        raise _wrong(wanted(datatype), value, path)
    return value


def _enumeration(enumeration: type[Enum], text: str, path: Path) -> Enum:
    try:
        return enumeration(text)
    except ValueError:
        values = [str(member.value) for member in enumeration]
        problem = f"{quoted(text)} is none of the {len(values)} values; expected {names(values)}"
        raise error_at(path, problem) from None


def _binary(encoding: str, text: str, path: Path) -> bytes:
    try:
        return binascii.unhexlify(text) if encoding == HEX else _from_base64(text)
    except ValueError:
        form = "in pairs of hexadecimal digits" if encoding == HEX else "base64"
        raise error_at(path, f"{quoted(text)} is not {form}") from None


def _from_base64(text: str) -> bytes:
    """Read base64 with exactly the padding that it needs: Python takes more. Raises ValueError."""
    binary = b64decode(text, validate=True)
    if len(text) != (len(binary) + 2) // 3 * 4:
        raise ValueError("not base64")
    return binary
