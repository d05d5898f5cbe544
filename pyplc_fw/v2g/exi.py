"""Typed messages to EXI streams and back: the public face of ``exi/``.

The C machine knows bits and records only; msgspec turns records into typed messages and back.
``decode`` and ``encode`` raise CodecError, and nothing else, for whatever cannot be coded.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any, Final, Literal, TypeAlias, Union, overload

import msgspec
import pyplc_exi

from pyplc_fw.errors import CodecError
from pyplc_fw.v2g.exi_json import from_json_of, to_json
from pyplc_fw.v2g.messages import app, din
from pyplc_fw.v2g.messages.fields import fields_of
from pyplc_fw.v2g.messages.schema import SCHEMAS, ComplexType, Schema, XsInteger

__all__ = [
    "Handshake",
    "Leniency",
    "decode",
    "decode_fragment",
    "decode_with_warnings",
    "encode",
    "encode_fragment",
    "from_json",
    "to_json",
]

Handshake: TypeAlias = app.supportedAppProtocolReq | app.supportedAppProtocolRes


class Leniency(msgspec.Struct, frozen=True):
    """Something that the sender should not have sent, and that was read all the same."""

    message: str
    bit: int


FULL_LIST_MESSAGE: Final = "a full list ends like one that is not full"


# --- decoding --------------------------------------------------------------------------------
@overload
def decode(schema: Literal["app"], data: bytes, *, lenient: bool = False) -> Handshake: ...
@overload
def decode(schema: Literal["din"], data: bytes, *, lenient: bool = False) -> din.V2G_Message: ...
@overload
def decode(schema: str, data: bytes, *, lenient: bool = False) -> ComplexType: ...
def decode(schema: str, data: bytes, *, lenient: bool = False) -> ComplexType:
    """Read one message; ``lenient`` takes what a strict decoder refuses but real peers send.

    Raises CodecError, whose ``bit`` says where.
    """
    return decode_with_warnings(schema, data, lenient=lenient)[0]


@overload
def decode_with_warnings(
    schema: Literal["app"], data: bytes, *, lenient: bool = True
) -> tuple[Handshake, list[Leniency]]: ...
@overload
def decode_with_warnings(
    schema: Literal["din"], data: bytes, *, lenient: bool = True
) -> tuple[din.V2G_Message, list[Leniency]]: ...
@overload
def decode_with_warnings(
    schema: str, data: bytes, *, lenient: bool = True
) -> tuple[ComplexType, list[Leniency]]: ...
def decode_with_warnings(
    schema: str, data: bytes, *, lenient: bool = True
) -> tuple[ComplexType, list[Leniency]]:
    """Read one message, and say what had to be overlooked (trailing bytes are always reported).

    Source of the leniencies: what real cars and chargers sent, and what other stacks encode.
    """
    record, noted = _to_record(schema, data, lenient=lenient)
    return _typed(_document_decoder(schema), record), noted


def decode_fragment(schema: str, data: bytes) -> ComplexType:
    """Read one fragment stream: a signed element on its own."""
    _schema(schema)
    try:
        record, _, _ = pyplc_exi.decode(schema, data, pyplc_exi.FRAGMENT)
    except pyplc_exi.Error as error:
        raise _codec_error(error) from None
    return _typed(_fragment_decoder(schema), record)


def _to_record(schema: str, data: bytes, *, lenient: bool) -> tuple[bytes, list[Leniency]]:
    _schema(schema)
    try:
        record, warnings, _ = pyplc_exi.decode(schema, data, pyplc_exi.LENIENT if lenient else 0)
    except pyplc_exi.Error as error:
        if lenient and (found := _with_full_lists(schema, data)):
            return found
        raise _codec_error(error) from None
    return record, [Leniency(*warning) for warning in warnings]


def _with_full_lists(schema: str, data: bytes) -> tuple[bytes, list[Leniency]] | None:
    """Read it as libcbv2g sends full lists; None where that does not help."""
    try:
        record, warnings, full_lists = pyplc_exi.decode(
            schema, data, pyplc_exi.LENIENT | pyplc_exi.FULL_LISTS
        )
    except pyplc_exi.Error:
        return None
    if not full_lists:
        return None
    return record, [Leniency(FULL_LIST_MESSAGE, 0), *(Leniency(*entry) for entry in warnings)]


def _typed(decoder: msgspec.msgpack.Decoder[Any], record: bytes) -> ComplexType:
    try:
        message: ComplexType = decoder.decode(record)
    except msgspec.MsgspecError as error:
        raise CodecError(f"the record does not fit the message classes: {error}") from error
    return message


def _codec_error(error: pyplc_exi.Error) -> CodecError:
    message, bit = error.args
    return CodecError(message if bit is None else f"{message} (at bit {bit})", bit=bit)


# --- encoding --------------------------------------------------------------------------------
def encode(message: ComplexType) -> bytes:
    """Write one message; its class says which schema. Raises CodecError, naming the field."""
    schema = _document_schema(type(message))
    if schema is None:
        raise CodecError(f"{type(message).__name__} is no message of any schema")
    return _from_message(schema, message, 0)


def encode_fragment(schema: str, element: ComplexType) -> bytes:
    """Write a signed element on its own, as ``schema`` has it."""
    if type(element) not in _schema(schema).fragments:
        raise CodecError(f"{type(element).__name__} is no signed element of {schema}")
    return _from_message(schema, element, pyplc_exi.FRAGMENT)


def _from_message(schema: str, message: ComplexType, flags: int) -> bytes:
    try:
        record = _ENCODER.encode(message)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise CodecError(f"{_culprit(message)}: {error}") from error
    try:
        return pyplc_exi.encode(schema, type(message).__name__, record, flags)
    except pyplc_exi.Error as error:
        raise _codec_error(error) from None


def _culprit(message: ComplexType) -> str:
    """Name the way to the field that cannot be written."""
    path = [type(message).__name__]
    part: object = message
    while isinstance(part, ComplexType):
        name, part = next(_unwritable(part), ("", None))
        path.append(name)
    return "/".join(path)


def _unwritable(value: ComplexType) -> Iterator[tuple[str, object]]:
    for field in fields_of(type(value)):
        for part in _parts(getattr(value, field.name)):
            if not _writable(part):
                yield type(part).__name__ if field.members else field.name, part


def _parts(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def _writable(value: object) -> bool:
    try:
        _ENCODER.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return False
    return True


# --- JSON ------------------------------------------------------------------------------------
def from_json(schema: str, document: object) -> ComplexType:
    """Make a message of what ``to_json`` gives: one key, the root element.

    Raises CodecError for whatever is not the JSON form of a message; bounds are ``encode``'s.
    """
    roots = _schema(schema).roots or _schema(schema).fragments
    return from_json_of({cls.__name__: cls for cls in roots}, document)


# --- records ---------------------------------------------------------------------------------
def _to_native(value: object) -> object:
    """Turn an integer without bounds into what a record can hold."""
    if not isinstance(value, XsInteger):
        raise TypeError(f"a value of type {type(value).__name__} cannot be written")
    if -(2**63) <= value < 2**64:
        return int(value)
    return value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True)


def _from_native(kind: type, value: Any) -> object:
    if kind is not XsInteger:
        raise NotImplementedError(f"a field of type {kind.__name__}")
    return XsInteger(int.from_bytes(value, "big", signed=True) if type(value) is bytes else value)


_ENCODER: Final = msgspec.msgpack.Encoder(enc_hook=_to_native)


@cache
def _schema(name: str) -> Schema:
    if name not in SCHEMAS:
        raise CodecError(f"no schema is named {name!r}, there are {', '.join(SCHEMAS)}")
    schema: Schema = import_module(SCHEMAS[name]).SCHEMA
    return schema


@cache
def _document_schema(cls: type) -> str | None:
    """Name the schema whose message ``cls`` is; the others stay unimported while it is its own."""
    own_first = sorted(SCHEMAS, key=lambda name: SCHEMAS[name] != cls.__module__)
    return next((name for name in own_first if cls in _schema(name).roots), None)


@cache
def _document_decoder(schema: str) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(Union[_schema(schema).roots], dec_hook=_from_native)  # noqa: UP007 - of a tuple


@cache
def _fragment_decoder(schema: str) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(Union[_schema(schema).fragments], dec_hook=_from_native)  # noqa: UP007 - of a tuple
