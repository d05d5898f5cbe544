"""Typed messages to EXI streams and back: the public face of ``exi/``.

The C machine knows bits and records only; msgspec turns records into typed messages and back.
``decode`` and ``encode`` raise CodecError, and nothing else, for whatever cannot be coded.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, Final, Literal, TypeAlias, Union, overload

import msgspec
import pyplc_exi

from pyplc_fw.errors import CodecError
from pyplc_fw.v2g.exi_json import from_json_of, read_json_text, to_json
from pyplc_fw.v2g.messages import app, din
from pyplc_fw.v2g.messages.fields import fields_of
from pyplc_fw.v2g.messages.schema import SCHEMAS, ComplexType, Schema, XsInteger

__all__ = [
    "Handshake",
    "Leniency",
    "contents_of",
    "decode",
    "decode_fragment",
    "decode_fragment_with_warnings",
    "decode_with_warnings",
    "encode",
    "encode_fragment",
    "from_json",
    "guess_schema",
    "read_json",
    "to_json",
]

Handshake: TypeAlias = app.supportedAppProtocolReq | app.supportedAppProtocolRes


class Leniency(msgspec.Struct, frozen=True):
    """Something that the sender should not have sent, and that was read all the same."""

    message: str
    "Where and what, in words."
    bit: int
    path: str = ""
    "Of the element; empty where it is about the whole."


SCHEMA_OF_BYTE_1: Final = {0x9A: "din", 0x98: "iso2"}
"The event codes of V2G_Message and Header, which differ between the schemas."


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
    """Read one message, and say what had to be overlooked: docs/exi.md, "What is overlooked".

    Raises CodecError, whose ``bit`` and ``path`` say where.
    """
    record, noted = _to_record(schema, data, pyplc_exi.LENIENT if lenient else 0)
    return _typed(_document_decoder(schema), record), noted


def decode_fragment(schema: str, data: bytes, *, lenient: bool = False) -> ComplexType:
    """Read one fragment stream: a signed element on its own. Raises CodecError."""
    return decode_fragment_with_warnings(schema, data, lenient=lenient)[0]


def decode_fragment_with_warnings(
    schema: str, data: bytes, *, lenient: bool = True
) -> tuple[ComplexType, list[Leniency]]:
    """Read one fragment stream, and say what had to be overlooked. Raises CodecError."""
    flags = pyplc_exi.FRAGMENT | (pyplc_exi.LENIENT if lenient else 0)
    record, noted = _to_record(schema, data, flags)
    return _typed(_fragment_decoder(schema), record), noted


def guess_schema(data: bytes) -> str:
    """Tell the schema of a message from its second byte: ``app``, ``din`` or ``iso2``.

    Raises CodecError for all others: ISO 15118-20 is told apart by the V2GTP payload type only.
    """
    if len(data) > 1:
        if data[1] < 0x80:
            return "app"
        if data[1] in SCHEMA_OF_BYTE_1:
            return SCHEMA_OF_BYTE_1[data[1]]
    raise CodecError(
        "neither a handshake nor DIN 70121 nor ISO 15118-2 by its second byte: name the schema "
        "(of ISO 15118-20, the V2GTP payload type tells it)"
    )


def _to_record(schema: str, data: bytes, flags: int) -> tuple[bytes, list[Leniency]]:
    _schema(schema)
    try:
        record, warnings = pyplc_exi.decode(schema, data, flags)
    except pyplc_exi.Error as error:
        raise _codec_error(error) from None
    return record, [Leniency(*warning) for warning in warnings]


def _typed(decoder: msgspec.msgpack.Decoder[Any], record: bytes) -> ComplexType:
    try:
        message: ComplexType = decoder.decode(record)
    except msgspec.MsgspecError as error:
        raise CodecError(f"the record does not fit the message classes: {error}") from error
    return message


def _codec_error(error: pyplc_exi.Error) -> CodecError:
    message, bit, path = error.args
    return CodecError(message if bit is None else f"{message} (at bit {bit})", bit=bit, path=path)


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
        raise _culprits().culprit(message, _ENCODER.encode) from error
    try:
        return pyplc_exi.encode(schema, type(message).__name__, record, flags)
    except pyplc_exi.Error as error:
        problem, _, path = error.args
        raise CodecError(_culprits().with_class(message, problem, path), path=path) from None


def _culprits() -> ModuleType:
    from pyplc_fw.v2g import exi_culprit  # noqa: PLC0415 -- 2 ms of every start, for errors only

    return exi_culprit


# --- JSON ------------------------------------------------------------------------------------
def read_json(text: bytes) -> object:
    """Read JSON for ``from_json``; raises CodecError, for half a character too."""
    if wrong := pyplc_exi.check_json(text):
        raise CodecError(wrong)
    return read_json_text(text.decode())


def from_json(schema: str, document: object, *, fragment: bool = False) -> ComplexType:
    """Make a message, or a fragment, of what ``to_json`` gives: one key, the root element.

    Raises CodecError for whatever is not the JSON form of a message; bounds are ``encode``'s.
    """
    roots = _schema(schema).fragments if fragment else _schema(schema).roots
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


def contents_of(schema: str) -> tuple[list[str], list[str]]:
    """Name the messages of a schema, those in a Body by themselves, and its fragments."""
    messages = [name for cls in _schema(schema).roots for name in _messages_of(cls)]
    return messages, [cls.__name__ for cls in _schema(schema).fragments]


def _messages_of(root: type[ComplexType]) -> list[str]:
    """Name what stands in the root's Body, or the root where it has none."""
    for field in fields_of(root):
        body = field.datatype
        if field.name == "Body" and isinstance(body, type) and issubclass(body, ComplexType):
            return [member.__name__ for member in fields_of(body)[0].members]
    return [root.__name__]


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
