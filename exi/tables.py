"""Writes a schema's grammar as C tables; what the columns mean stands in ``src/grammar.h``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from itertools import chain
from typing import TypeAlias

from exi.grammar import (
    ANY,
    ATTRIBUTE,
    ELEMENT,
    END,
    MIXED,
    TEXT,
    Production,
    State,
    grammar_of,
    relaxed_grammar_of,
)
from pyplc_fw.v2g.messages.fields import DataType, Field, Kind, fields_of
from pyplc_fw.v2g.messages.schema import HEX, Binary, ComplexType, Integer, Schema, Text

MAX_NBIT_RANGE = 4096
"Integers of at most so many values are written in the fewest bits. Source: EXI 1.0, 7.1.5."
EVENTS = {
    ATTRIBUTE: "EXI_AT",
    ELEMENT: "EXI_SE",
    ANY: "EXI_ANY",
    END: "EXI_EE",
    TEXT: "EXI_CH",
    MIXED: "EXI_MIXED",
}
ROLES = {
    Kind.ATTRIBUTE: "EXI_ATTRIBUTE",
    Kind.ELEMENT: "EXI_ELEMENT",
    Kind.TEXT: "EXI_TEXT",
}
NO_TYPE = "EXI_NO_TYPE"
MOST_TEXT = 2**16
"A text's place has 16 bits."
FIRST_STATE_EMPTY_BITS, LATER_STATE_EMPTY_BITS = 3, 2
"Width of the second-level code where a value may be missing. Source: EXI 1.0, 8.5.4.4."


@dataclass(slots=True)
class Numbered:
    """Things in the order they were first named; naming again gives the same number."""

    numbers: dict[object, int] = field(default_factory=dict)

    def number(self, thing: object) -> int:
        return self.numbers.setdefault(thing, len(self.numbers))


@dataclass(frozen=True, slots=True)
class Element:
    """One element name of the schema, and the class that may stand there as a root."""

    name: str
    namespace: str
    cls: type[ComplexType] | None

    @property
    def qname(self) -> tuple[str, str]:
        return self.name, self.namespace


@dataclass(frozen=True, slots=True)
class Relaxed:
    """A class under the grammar of a fragment's element whose name has several types."""

    cls: type[ComplexType]


Complex: TypeAlias = type[ComplexType] | Relaxed


def _class_of(what: Complex) -> type[ComplexType]:
    return what.cls if isinstance(what, Relaxed) else what


class Tables:
    """The tables of one schema."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._types = Numbered()
        self._names = Numbered()
        self._values: list[str] = []
        self._states: list[str] = []
        self._productions: list[str] = []
        self._type_rows: list[str] = []
        self._fields: list[str] = []
        self._members: list[str] = []
        relaxed = [Relaxed(cls) for cls in ambiguous(schema)]
        self._classes: list[Complex] = [*_reachable(schema), *relaxed]
        self._grammars = {what: self._grammar(what) for what in self._classes}
        self._first_state = self._number_states()
        self._documents = self._roots(document_elements(schema))
        self._fragments = self._roots(fragment_elements(schema), fragment=True)
        self._build()

    def text(self) -> str:
        """Return the C source."""
        sections = [
            self._texts(),
            _array("struct exi_production", "productions", self._productions),
            _array("struct exi_state", "states", self._states),
            _array("struct exi_type", "types", self._type_rows),
            _array("struct exi_field", "fields", self._fields),
            _array("uint16_t", "members", self._members),
            _array("struct exi_root", "documents", self._documents),
            _array("struct exi_root", "fragments", self._fragments),
        ]
        return HEADER + "\n".join(sections) + self._schema_row()

    def _schema_row(self) -> str:
        document_bits = len(self._documents).bit_length()
        fragment_bits = (len(self._fragments) + 1).bit_length()
        documents = f"{len(self._documents)}, {_first_message(self._documents)}, {document_bits}"
        fragments = f"{len(self._fragments)}, {_first_message(self._fragments)}, {fragment_bits}"
        return (
            f"\nconst struct exi_schema {_identifier(self.schema.name)} = {{\n"
            f'    "{self.schema.name}", productions, states, types, fields, members,\n'
            f"    names, values, texts,\n"
            f"    {{documents, {documents}}},\n"
            f"    {{fragments, {fragments}}},\n}};\n"
        )

    def _texts(self) -> str:
        """Put each text down once, and where it stands for each name and value."""
        names = [name for name, _ in self._qnames()]
        places: dict[str, int] = {}
        size = 0
        for text in chain(names, self._values):
            if text not in places:
                places[text] = size
                size += len(text) + 2
        if size > MOST_TEXT:
            raise TypeError(f"{self.schema.name}: names and values of more than {MOST_TEXT} octets")
        pool = "\n".join(f'    "{_text(text)}"' for text in places)
        return "\n".join(
            (
                f"static const char texts[] =\n{pool};\n",
                _array("uint16_t", "names", [f"{places[name]}, /* {name} */" for name in names]),
                _array("uint16_t", "values", [f"{places[v]}, /* {v} */" for v in self._values]),
            )
        )

    def _qnames(self) -> Iterable[tuple[str, str]]:
        return (qname for qname in self._names.numbers if isinstance(qname, tuple))

    def _grammar(self, what: Complex) -> tuple[State, ...]:
        if not isinstance(what, Relaxed):
            return grammar_of(what)
        elements = len(fragment_elements(self.schema))
        return relaxed_grammar_of(what.cls, attribute_names(self.schema), elements)

    def _number_states(self) -> dict[Complex, int]:
        first: dict[Complex, int] = {}
        total = 0
        for cls in self._classes:
            first[cls] = total
            total += len(self._grammars[cls])
        return first

    def _build(self) -> None:
        for cls in self._classes:
            self._types.number(cls)
        for cls in self._classes:
            for number, state in enumerate(self._grammars[cls]):
                self._add_state(cls, number, state)
        self._type_rows = [self._type_row(datatype) for datatype in self._types.numbers]

    def _add_state(self, cls: Complex, number: int, state: State) -> None:
        empty = _empty_bits(number, state)
        row = f"{len(self._productions)}, {len(state.productions)}, {state.bits}, {empty}"
        self._states.append(f"{{{row}}}, /* {len(self._states)}: {_class_of(cls).__name__} */")
        self._productions += [self._production_row(cls, p) for p in state.productions]

    def _production_row(self, cls: Complex, production: Production) -> str:
        base = self._first_state[cls]
        entry = production.field
        name, type_number = 0, NO_TYPE
        if entry is not None:
            name = self._names.number(production.qname)
            type_number = str(self._types.number(production.member or entry.datatype))
        columns = (
            EVENTS[production.event],
            production.slot,
            name,
            type_number,
            base + production.next_state,
            base + production.full_state if production.maximum is not None else 0,
            production.maximum or 0,
            int(entry is not None and entry.repeated),
            self._bare(production),
        )
        comment = f"{_class_of(cls).__name__}: {production.event} {production.qname[0]}".rstrip()
        return f"{{{', '.join(map(str, columns))}}}, /* {comment} */"

    def _bare(self, production: Production) -> str:
        if production.member not in self.schema.abstract:
            return "EXI_NOT_BARE"
        return "EXI_BARE_REFUSED" if production.offers_head else "EXI_BARE_LENIENT"

    def _type_row(self, datatype: object) -> str:
        if isinstance(datatype, Relaxed):
            return self._complex_row(datatype)
        if isinstance(datatype, type) and issubclass(datatype, ComplexType):
            return self._complex_row(datatype)
        if isinstance(datatype, type) and issubclass(datatype, Enum):
            return self._enumeration_row(datatype)
        if datatype is bool:
            return _type_columns("EXI_BOOLEAN", bits=1)
        return _simple_row(datatype)

    def _complex_row(self, what: Complex) -> str:
        cls = _class_of(what)
        fields = fields_of(cls)
        if len(fields) > 32:
            raise TypeError(f"{cls.__name__}: more than 32 fields")
        return _type_columns(
            "EXI_COMPLEX",
            slots=len(fields),
            tagged=int(cls.__struct_config__.tag is not None),
            first=self._first_state[what],
            name=self._names.number((cls.__name__, cls.namespace)),
            fields=self._add_fields(cls, fields),
            repeated=sum(entry.repeated << slot for slot, entry in enumerate(fields)),
        )

    def _add_fields(self, cls: type[ComplexType], fields: tuple[Field, ...]) -> int:
        first = len(self._fields)
        for entry in fields:
            columns = ", ".join(map(str, self._field_columns(entry)))
            self._fields.append(f"{{{columns}}}, /* {cls.__name__}: {entry.name} */")
        return first

    def _field_columns(self, entry: Field) -> tuple[str, int, int, int, int, int]:
        occurs = int(entry.repeated), int(entry.minimum > 0)
        name = self._names.number((entry.name, entry.namespace))
        if not entry.members:
            return ROLES[entry.kind], *occurs, name, self._types.number(entry.datatype), 0
        first = len(self._members)
        self._members += [
            f"{self._types.number(cls)}, /* {cls.__name__} */" for cls in entry.members
        ]
        return "EXI_GROUP", *occurs, name, first, len(entry.members)

    def _enumeration_row(self, enumeration: type[Enum]) -> str:
        values = [str(member.value) for member in enumeration]
        first = len(self._values)
        self._values += values
        return _type_columns(
            "EXI_ENUM", bits=(len(values) - 1).bit_length(), first=first, count=len(values)
        )

    def _root_type(self, cls: type[ComplexType], fragment: bool) -> int:
        relaxed = Relaxed(cls)
        return self._classes.index(relaxed if fragment and relaxed in self._grammars else cls)

    def _roots(self, elements: Iterable[Element], *, fragment: bool = False) -> list[str]:
        rows = []
        for code, element in enumerate(elements):
            name = self._names.number(element.qname)
            number = NO_TYPE if element.cls is None else self._root_type(element.cls, fragment)
            rows.append(f"{{{name}, {number}}}, /* {code}: {element.name} */")
        return rows


def _first_message(rows: list[str]) -> int:
    """Return the code of the first element that may be a message, or how many rows there are."""
    return next((code for code, row in enumerate(rows) if NO_TYPE not in row), len(rows))


def _empty_bits(number: int, state: State) -> int:
    """Width of the code by which an element ends that should hold text; 0 where it cannot."""
    events = [production.event for production in state.productions]
    if events != [TEXT]:
        return 0
    return LATER_STATE_EMPTY_BITS if number else FIRST_STATE_EMPTY_BITS


def _type_columns(kind: str, minimum: int = 0, maximum: int | None = 0, **columns: int) -> str:
    names = ("bits", "slots", "tagged", "first", "count", "name", "fields", "repeated")
    row = ", ".join(str(columns.get(name, 0)) for name in names)
    return f"{{{kind}, {row}, {_signed(minimum)}, {_unsigned(maximum)}}},"


def _signed(value: int) -> str:
    return "INT64_MIN" if value == -(2**63) else str(value)


def _unsigned(value: int | None) -> str:
    if value is None:
        return "EXI_UNBOUNDED"
    return f"(uint64_t){value}" if value < 0 else f"{value}u"


def _simple_row(datatype: object) -> str:
    match datatype:
        case Integer(minimum, maximum):
            return _integer_row(minimum, maximum)
        case Text(maximum, minimum):
            return _type_columns("EXI_STRING", minimum, maximum)
        case Binary(encoding, maximum, minimum):
            digits = 16 if encoding == HEX else 64
            return _type_columns("EXI_BINARY", minimum, maximum, bits=digits)
    raise TypeError(f"{datatype!r}: no datatype of EXI")


def _integer_row(minimum: int | None, maximum: int | None) -> str:
    if minimum is None and maximum is None:
        return _type_columns("EXI_BIG", 0, None)
    if minimum is None or maximum is None:
        raise TypeError(f"an integer from {minimum} to {maximum} has only one bound")
    if maximum - minimum < MAX_NBIT_RANGE:
        bits = (maximum - minimum).bit_length()
        return _type_columns("EXI_NBIT", minimum, maximum, bits=bits)
    return _type_columns("EXI_INTEGER" if minimum < 0 else "EXI_UNSIGNED", minimum, maximum)


def _reachable(schema: Schema) -> Iterable[type[ComplexType]]:
    """Every class that a message of the schema may hold, roots first, each once."""
    found: dict[type[ComplexType], None] = {}
    waiting = [*schema.roots, *schema.fragments]
    while waiting:
        cls = waiting.pop(0)
        if cls in found:
            continue
        found[cls] = None
        for entry in fields_of(cls):
            waiting += classes_in(entry)
    return found


def classes_in(entry: Field) -> list[type[ComplexType]]:
    """List the classes that the field's elements may have, a group's head among them."""
    datatype: DataType | None = entry.datatype
    heads = [entry.head] if entry.head is not None else []
    if isinstance(datatype, type) and issubclass(datatype, ComplexType):
        return [datatype]
    return [*entry.members, *(head for head in heads if head not in entry.members)]


def document_elements(schema: Schema) -> list[Element]:
    """List the global elements in the order of their codes."""
    elements = [
        Element(cls.__name__, cls.namespace, cls if cls in schema.roots else None)
        for cls in schema.elements
    ]
    elements += [Element(name, namespace, None) for name, namespace in schema.simple_elements]
    return sorted(elements, key=lambda element: element.qname)


def fragment_elements(schema: Schema) -> list[Element]:
    """List every element name of the schema, global or local, in the order of their codes."""
    names = {element.qname for element in document_elements(schema)}
    for cls in _declared(schema):
        names |= set(chain.from_iterable(map(_element_names, fields_of(cls))))
    signed = {(cls.__name__, cls.namespace): cls for cls in schema.fragments}
    return [Element(*qname, signed.get(qname)) for qname in sorted(names)]


def attribute_names(schema: Schema) -> set[tuple[str, str]]:
    """List every attribute name of the schema."""
    fields = chain.from_iterable(map(fields_of, _declared(schema)))
    return {(entry.name, entry.namespace) for entry in fields if entry.kind is Kind.ATTRIBUTE}


def ambiguous(schema: Schema) -> list[type[ComplexType]]:
    """List the signed elements whose name stands for other types too."""
    types: dict[tuple[str, str], set[object]] = {}
    for entry in chain.from_iterable(map(fields_of, _declared(schema))):
        if entry.kind is Kind.ELEMENT and not entry.members:
            types.setdefault((entry.name, entry.namespace), set()).add(entry.datatype)
    return [
        cls for cls in schema.fragments if len(types.get((cls.__name__, cls.namespace), ())) > 1
    ]


def _declared(schema: Schema) -> Iterable[type[ComplexType]]:
    roots = (*schema.elements, *schema.types)
    everything = Schema(name=schema.name, elements=(), roots=roots)
    return _reachable(everything)


def _element_names(entry: Field) -> list[tuple[str, str]]:
    if entry.kind is not Kind.ELEMENT:
        return []
    if entry.members:
        return [(cls.__name__, cls.namespace) for cls in classes_in(entry)]
    return [(entry.name, entry.namespace)]


HEADER = """/* Generated by exi/generate.py from the message classes; do not edit. */
#include "grammar.h"

"""


def _identifier(schema: str) -> str:
    return "exi_schema_" + re.sub(r"\W", "_", schema)


def _text(value: str) -> str:
    """Write a text with its length before it and a NUL behind it."""
    if not value.isascii() or '"' in value or "\\" in value or len(value) > 255:
        raise TypeError(f"{value!r}: a name of ASCII characters without quotes is needed")
    return f"\\{len(value):03o}{value}\\0"


def _array(c_type: str, name: str, rows: list[str]) -> str:
    nothing = "{0}," if c_type.startswith("struct") else "0,"
    body = "\n".join(f"    {row}" for row in rows or [nothing])
    return f"static const {c_type} {name}[] = {{\n{body}\n}};\n"


def index_text(names: Iterable[str]) -> str:
    """Return the C source that lists all schemas."""
    each = list(names)
    externs = "\n".join(f"extern const struct exi_schema {_identifier(name)};" for name in each)
    rows = "\n".join(
        f"#ifndef {_left_out(name)}\n    &{_identifier(name)},\n#endif" for name in each
    )
    return (
        f"{HEADER}/* A build leaves one out by -D{_left_out(each[-1])} and without its file. */\n"
        f"{externs}\n\n"
        f"const struct exi_schema *const exi_schemas[] = {{\n{rows}\n}};\n"
        f"const unsigned exi_schema_count = sizeof exi_schemas / sizeof *exi_schemas;\n"
    )


def _left_out(schema: str) -> str:
    return "EXI_WITHOUT_" + re.sub(r"\W", "_", schema).upper()
