"""How a message class says what its schema says: datatypes, bounds, occurrence, content model.

A complex type is a ``ComplexType`` whose fields stand in schema order, attributes first (sorted by
name), under the schema's names. ``Annotated`` metadata carries what Python's types cannot say.
From this, and from nothing else, ``exi/generate.py`` derives the grammar tables.

    bool                                  xs:boolean
    Annotated[int, Integer(0, 255)]       an integer with its inclusive range
    Annotated[bytes, Binary(HEX, 8)]      xs:hexBinary of at most 8 octets
    Annotated[str, Text(32)]              xs:string, xs:anyURI, xs:ID ... of at most 32 characters
    an Enum with string values            an enumeration, in schema order
    a ComplexType                         a complex type
    a union named after a group's head    a reference to that substitution group
    X | None = None                       minOccurs="0"
    Annotated[tuple[X, ...], Occurs(1)]   maxOccurs other than 1; no maximum means unbounded
    Annotated[X, Attribute()]             an attribute
    Annotated[X, Content()]               the text of an element with simple content
"""

# Without `from __future__ import annotations`: msgspec looks up an annotation that is a text anew
# for each subclass, which was 4 of the 11 ms until a schema's first message is decoded.

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, TypeAlias, dataclass_transform

from msgspec import Struct, StructMeta, field

HEX: Final = "hex"
"Text form of a binary in JSON: upper-case hexadecimal digits (xs:hexBinary)."
BASE64: Final = "base64"
"Text form of a binary in JSON: base64 (xs:base64Binary)."


class Integer(Struct, frozen=True):
    """An integer's inclusive range; None is unbounded. The range decides the encoding."""

    minimum: int | None = None
    maximum: int | None = None


class Text(Struct, frozen=True):
    """A string's length in characters; None is unbounded."""

    max_length: int | None = None
    min_length: int = 0


class Binary(Struct, frozen=True):
    """A binary's text form (``HEX``, ``BASE64``) and its length in octets; None is unbounded."""

    encoding: str
    max_length: int | None = None
    min_length: int = 0


class Occurs(Struct, frozen=True):
    """minOccurs and maxOccurs of a repeated element; None is unbounded."""

    minimum: int
    maximum: int | None = None


class Attribute(Struct, frozen=True):
    """Marks an attribute; ``namespace`` is empty for the usual unqualified one."""

    namespace: str = ""


class Content(Struct, frozen=True):
    """Marks the text of an element with simple content."""


class Global(Struct, frozen=True):
    """Marks an element that refers to a global element of another namespace."""

    namespace: str


# --- content models that are more than a sequence of the fields ------------------------------
class Item(Struct, frozen=True):
    """One element: the field of this name."""

    name: str
    minimum: int = 1
    maximum: int | None = 1


class Wildcard(Struct, frozen=True):
    """xs:any: counted in the width of event codes, refused when met."""

    minimum: int = 0
    maximum: int | None = None


class Sequence(Struct, frozen=True):
    """xs:sequence."""

    particles: "tuple[Particle, ...]"
    minimum: int = 1
    maximum: int | None = 1


class Choice(Struct, frozen=True):
    """xs:choice."""

    particles: "tuple[Particle, ...]"
    minimum: int = 1
    maximum: int | None = 1


Particle: TypeAlias = Item | Wildcard | Sequence | Choice


class _KeywordsOnly(StructMeta):
    """msgspec does not inherit ``kw_only``; message classes do."""

    def __new__(
        mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **config: Any
    ) -> Any:
        return super().__new__(mcls, name, bases, namespace, kw_only=True, **config)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
class ComplexType(
    Struct,
    metaclass=_KeywordsOnly,
    array_like=True,
    frozen=True,
    forbid_unknown_fields=True,
    repr_omit_defaults=True,
    gc=False,  # frozen trees: they cannot form a cycle
):
    """What all message classes share; the class variables describe the type, not a value."""

    namespace: ClassVar[str] = ""
    "Of the element, hence of its type."
    local_namespace: ClassVar[str | None] = None
    "Of the elements declared in the type; None: the same."
    content_model: ClassVar[Particle | None] = None
    "None: a sequence of the fields. A repeated choice is one field named ``content``."
    mixed: ClassVar[bool] = False
    "Text may stand between the elements: counted in the width of event codes, refused when met."


class XsInteger(int):
    """xs:integer without bounds: the one integer that may need more than 64 bits."""


class Schema(Struct, frozen=True):
    """One EXI grammar: every global element that its entry schema declares or imports."""

    name: str
    elements: tuple[type[ComplexType], ...]
    "Global elements; class and element have the same name."
    simple_elements: tuple[tuple[str, str], ...] = ()
    "Global elements of simple type: name and namespace; none of them can be a message."
    types: tuple[type[ComplexType], ...] = ()
    "Declared types that no element may have: in fragments, what is in them has its codes."
    roots: tuple[type[ComplexType], ...] = ()
    "The elements that may be a message: what else comes as document root is refused."
    fragments: tuple[type[ComplexType], ...] = ()
    "The elements that are signed, hence encoded as fragments."
    abstract: tuple[type[ComplexType], ...] = ()
    "Heads of substitution groups that no message may carry; a lenient decoder reads some."


# --- the built-in types of XML Schema --------------------------------------------------------
xs_byte: TypeAlias = Annotated[int, Integer(-128, 127)]
xs_short: TypeAlias = Annotated[int, Integer(-(2**15), 2**15 - 1)]
xs_int: TypeAlias = Annotated[int, Integer(-(2**31), 2**31 - 1)]
xs_long: TypeAlias = Annotated[int, Integer(-(2**63), 2**63 - 1)]
xs_unsignedByte: TypeAlias = Annotated[int, Integer(0, 255)]
xs_unsignedShort: TypeAlias = Annotated[int, Integer(0, 2**16 - 1)]
xs_unsignedInt: TypeAlias = Annotated[int, Integer(0, 2**32 - 1)]
xs_unsignedLong: TypeAlias = Annotated[int, Integer(0, 2**64 - 1)]
xs_integer: TypeAlias = Annotated[XsInteger, Integer()]
xs_string: TypeAlias = Annotated[str, Text()]
xs_anyURI: TypeAlias = Annotated[str, Text()]
xs_ID: TypeAlias = Annotated[str, Text()]
xs_IDREF: TypeAlias = Annotated[str, Text()]
xs_base64Binary: TypeAlias = Annotated[bytes, Binary(BASE64)]

SCHEMAS: Final[Mapping[str, str]] = {
    "app": "pyplc_fw.v2g.messages.app",
    "din": "pyplc_fw.v2g.messages.din",
    "iso2": "pyplc_fw.v2g.messages.iso2",
    "iso20-cm": "pyplc_fw.v2g.messages.iso20.common_messages",
    "iso20-dc": "pyplc_fw.v2g.messages.iso20.dc",
    "iso20-ac": "pyplc_fw.v2g.messages.iso20.ac",
    "iso20-acdp": "pyplc_fw.v2g.messages.iso20.acdp",
    "iso20-wpt": "pyplc_fw.v2g.messages.iso20.wpt",
    "xmldsig": "pyplc_fw.v2g.messages.xmldsig",
}
"Every schema and the module whose ``SCHEMA`` describes it."
