"""Messages in JSON: elements by name in document order, as the project's test vectors have them.

Attributes are ``"@Id"``, the text of an element with attributes is ``"#"``, a repeated element is
a list, an enumeration its text, xs:hexBinary upper-case hexadecimal, xs:base64Binary base64.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeAlias

from pyplc_fw.errors import CodecError
from pyplc_fw.v2g.messages.fields import DataType, Field, Kind, fields_of
from pyplc_fw.v2g.messages.schema import HEX, Binary, ComplexType, Integer, XsInteger

Json: TypeAlias = dict[str, Any]


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
def from_json_of(roots: Mapping[str, type[ComplexType]], document: object) -> ComplexType:
    """Make a message of the one element that ``document`` holds; raises CodecError."""
    if not isinstance(document, dict) or len(document) != 1:
        raise CodecError("a message is an object with one key, its root element")
    ((name, content),) = document.items()
    if name not in roots:
        raise CodecError(f"{name}: no message; there are {', '.join(roots)}")
    return _object(roots[name], content, str(name))


def _object(cls: type[ComplexType], content: object, path: str) -> ComplexType:
    fields = fields_of(cls)
    if [field.kind for field in fields] == [Kind.TEXT]:
        return cls(**{fields[0].name: _value(fields[0], None, content, path)})
    if not isinstance(content, dict):
        raise CodecError(f"{path}: expected an object")
    values: Json = {}
    for key, value in content.items():
        _take(cls, values, key, value, f"{path}/{key}")
    for field in fields:
        if field.name not in values and field.minimum:
            raise CodecError(f"{path}: {field.name} is missing")
    return cls(**values)


def _take(cls: type[ComplexType], values: Json, key: str, value: object, path: str) -> None:
    field, member = _field_of(cls, key, path)
    if not field.repeated:
        if field.name in values:
            raise CodecError(f"{path}: there is one already")
        values[field.name] = _value(field, member, value, path)
        return
    if not isinstance(value, list):
        raise CodecError(f"{path}: expected a list")
    items = tuple(_value(field, member, item, f"{path}[{n}]") for n, item in enumerate(value, 1))
    values[field.name] = values.get(field.name, ()) + items


def _field_of(
    cls: type[ComplexType], key: str, path: str
) -> tuple[Field, type[ComplexType] | None]:
    for field in fields_of(cls):
        for member in field.members:
            if key == member.__name__:
                return field, member
        if not field.members and key == _key(field, None):
            return field, None
    known = ", ".join(_known_keys(cls)) or "nothing"
    raise CodecError(f"{path}: not known in {cls.__name__}, which has {known}")


def _known_keys(cls: type[ComplexType]) -> list[str]:
    keys = []
    for field in fields_of(cls):
        keys += [member.__name__ for member in field.members] or [_key(field, None)]
    return keys


def _value(field: Field, member: type[ComplexType] | None, value: object, path: str) -> object:
    datatype = member or field.datatype
    if isinstance(datatype, type):
        if issubclass(datatype, ComplexType):
            return _object(datatype, value, path)
        if issubclass(datatype, Enum):
            return _enumeration(datatype, value, path)
        return _typed(bool, value, path)
    if isinstance(datatype, Integer):
        return _integer(datatype, value, path)
    text: str = _typed(str, value, path)
    return _binary(datatype, text, path) if isinstance(datatype, Binary) else text


def _integer(datatype: Integer, value: object, path: str) -> int:
    number: int = _typed(int, value, path)
    return XsInteger(number) if datatype.minimum is None else number


def _typed(kind: type, value: object, path: str) -> Any:
    """Return the value if it is of exactly this type: true is no number, 5.0 no integer."""
    if type(value) is not kind:
        raise CodecError(f"{path}: expected {kind.__name__}, found {type(value).__name__}")
    return value


def _enumeration(enumeration: type[Enum], value: object, path: str) -> Enum:
    try:
        return enumeration(_typed(str, value, path))
    except ValueError as error:
        raise CodecError(f"{path}: {value!r} is none of {enumeration.__name__}") from error


def _binary(datatype: Binary, text: str, path: str) -> bytes:
    try:
        if datatype.encoding == HEX:
            return binascii.unhexlify(text)
        return _from_base64(text)
    except ValueError as error:
        raise CodecError(f"{path}: {error}") from error


def _from_base64(text: str) -> bytes:
    """Read base64 with exactly the padding that it needs: Python takes more. Raises ValueError."""
    binary = b64decode(text, validate=True)
    if len(text) != (len(binary) + 2) // 3 * 4:
        raise ValueError("not base64")
    return binary
