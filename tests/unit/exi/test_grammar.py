"""The grammars derived from the message classes."""

from __future__ import annotations

import json
from functools import cache
from typing import Annotated, Any

import pytest

from exi.grammar import Production, State, grammar_of, relaxed_grammar_of
from exi.tables import ambiguous, attribute_names, document_elements, fragment_elements
from pyplc_fw.errors import CodecError
from pyplc_fw.v2g import exi
from pyplc_fw.v2g.messages import din, iso2, xmldsig
from pyplc_fw.v2g.messages.fields import Field, fields_of
from pyplc_fw.v2g.messages.schema import (
    SCHEMAS,
    Attribute,
    Choice,
    ComplexType,
    Item,
    Occurs,
    Schema,
)
from tests.helpers import SHARED
from tests.unit.exi.schemas import schema_of

each_schema = pytest.mark.parametrize("schema", [schema_of(name) for name in SCHEMAS], ids=SCHEMAS)
needs_shared = pytest.mark.skipif(SHARED is None, reason="needs ../shared")

Label = tuple[str, str]


def label_of(production: Any) -> Label:
    event = "CH" if production.event.startswith("CH") else production.event
    return event, production.qname[0] if event in {"SE", "AT"} else ""


def reference_label(production: list[Any]) -> Label:
    event = production[0]
    return event, production[1] if event in {"SE", "AT"} else ""


def assert_same_behaviour(ours: tuple[State, ...], reference: list[dict[str, Any]]) -> None:
    """Walk both automata side by side.

    The reference unrolls bounded repetition, up to a number of states; ours counts the items.
    """
    seen: set[tuple[int, int, int]] = set()
    waiting = [(0, 0, 0)]
    while waiting:
        state, items, theirs = waiting.pop()
        if (state, items, theirs) in seen or theirs >= len(reference):
            continue
        seen.add((state, items, theirs))
        productions, expected = ours[state].productions, reference[theirs]
        assert [label_of(p) for p in productions] == [reference_label(p) for p in expected["prods"]]
        assert ours[state].bits == expected["bits"]
        for mine, yours in zip(productions, expected["prods"], strict=True):
            if mine.event != "EE":
                waiting.append((*after(ours, mine, items), yours[-1]))


def after(ours: tuple[State, ...], production: Production, items: int) -> tuple[int, int]:
    """Return the state after the event, and the items of the bounded list that is open there."""
    if production.maximum is not None and items + 1 == production.maximum:
        return production.full_state, 0
    following = ours[production.next_state].productions
    goes_on = any(p.maximum is not None and p.slot == production.slot for p in following)
    return production.next_state, items + 1 if goes_on else 0


@cache
def reference_of(name: str) -> dict[str, Any]:
    assert SHARED is not None
    text = (SHARED / "exi" / "grammars" / f"{name}.json").read_text()
    reference: dict[str, Any] = json.loads(text)
    return reference


def reachable(schema: Schema) -> dict[str, type[ComplexType]]:
    found: dict[str, type[ComplexType]] = {}
    waiting = [*schema.elements, *schema.types]
    while waiting:
        cls = waiting.pop()
        if cls.__name__ in found:
            continue
        found[cls.__name__] = cls
        for entry in fields_of(cls):
            waiting += classes_in(entry)
    return found


def classes_in(entry: Field) -> list[type[ComplexType]]:
    plain = [entry.datatype] if isinstance(entry.datatype, type) else []
    return [*entry.members, *(c for c in plain if issubclass(c, ComplexType))]


OTHER_NAMES = {"SessionStopType": "SessionStopReq", "BodyBaseType": "BodyElement"}
"Reference types whose class has the name of their element."
OTHER_NAMES |= {"IntervalType": "TimeInterval", "ServiceChargeType": "ServiceCharge"}
OTHER_NAMES |= {"DiffieHellmanPublickeyType": "DHpublickey", "EMAIDType": "eMAID"}


@needs_shared
@each_schema
def test_every_type_has_the_states_of_the_reference(schema: Schema) -> None:
    classes = reachable(schema)
    compared = 0
    for name, reference in reference_of(schema.name)["complex"].items():
        plain = name.removesuffix(" (ds)").removeprefix("anonymous:")
        cls = classes[OTHER_NAMES.get(plain, plain.removesuffix("Type"))]
        assert_same_behaviour(grammar_of(cls), reference["states"])
        compared += 1
    assert compared == len(reference_of(schema.name)["complex"])


@needs_shared
@each_schema
def test_the_element_names_have_the_codes_of_the_reference(schema: Schema) -> None:
    reference = reference_of(schema.name)
    assert [element.name for element in document_elements(schema)] == reference["document"]
    assert [element.name for element in fragment_elements(schema)] == reference["fragment"]


def test_the_root_element_of_din_is_number_77() -> None:
    names = [element.name for element in document_elements(din.SCHEMA)]
    assert (len(names), names.index("V2G_Message")) == (81, 77)


def shape_of(cls: type[ComplexType]) -> list[list[str]]:
    return [
        [f"{p.event} {p.qname[0]}".strip() for p in state.productions] for state in grammar_of(cls)
    ]


def test_an_optional_element_adds_what_may_follow_to_its_state() -> None:
    assert shape_of(din.PhysicalValue) == [
        ["SE Multiplier"],
        ["SE Unit", "SE Value"],
        ["SE Value"],
        ["EE"],
    ]


def test_a_group_stands_for_its_members_and_its_head_sorted_by_name() -> None:
    assert shape_of(din.PowerDeliveryReq)[1] == [
        "SE ChargingProfile",
        "SE DC_EVPowerDeliveryParameter",
        "SE EVPowerDeliveryParameter",
        "EE",
    ]


def test_attributes_come_first_and_mixed_text_last() -> None:
    assert shape_of(xmldsig.SignatureMethod) == [
        ["AT Algorithm"],
        ["SE HMACOutputLength", "SE(*)", "EE", "CH untyped"],
        ["SE(*)", "EE", "CH untyped"],
    ]


class Bounded(ComplexType):
    first: Annotated[tuple[bool, ...], Occurs(2, 4)]
    second: bool | None = None


def test_bounded_repetition_counts_after_the_required_items() -> None:
    states = grammar_of(Bounded)
    assert [[p.qname[0] or p.event for p in s.productions] for s in states] == [
        ["first"],
        ["first"],
        ["first", "second", "EE"],
        ["second", "EE"],
        ["EE"],
    ]
    again = states[2].productions[0]
    assert (again.maximum, again.next_state, again.full_state) == (4, 2, 3)


class Repeated(ComplexType):
    content_model = Choice((Item("a"), Item("b")), 2, 3)

    a: Annotated[tuple[bool, ...], Occurs(0)] = ()
    b: Annotated[tuple[bool, ...], Occurs(0)] = ()


def test_a_bounded_choice_is_unrolled() -> None:
    states = grammar_of(Repeated)
    assert [[p.qname[0] or p.event for p in s.productions] for s in states] == [
        ["a", "b"],
        ["a", "b"],
        ["a", "b", "EE"],
        ["EE"],
    ]


class Unsorted(ComplexType):
    b: Annotated[bool, Attribute()]
    a: Annotated[bool, Attribute()]


def test_attributes_out_of_order_are_a_mistake_in_the_class() -> None:
    with pytest.raises(TypeError, match="attributes come first, sorted by name"):
        grammar_of(Unsorted)


def test_a_name_with_two_types_follows_the_relaxed_grammar_as_a_fragment() -> None:
    assert ambiguous(iso2.SCHEMA) == [iso2.eMAID]
    start, rest = relaxed_grammar_of(iso2.eMAID, attribute_names(iso2.SCHEMA), 243)
    assert (len(start.productions), start.bits) == (257, 9)
    assert (len(rest.productions), rest.bits) == (246, 8)
    taken = [code for code, p in enumerate(start.productions) if p.event != "SE(*)"]
    assert taken == [4, 256]  # Id of MsgDataTypes, and the text


def test_the_fragment_of_an_emaid_is_what_other_codecs_make_of_it() -> None:
    stream = bytes.fromhex("80ec0202b4b219c0029111505090cc4c8cfd3d00")
    element = iso2.eMAID(Id="id3", value="DEABC123")
    assert exi.encode_fragment("iso2", element) == stream
    assert exi.decode_fragment("iso2", stream) == element


def test_an_emaid_without_text_or_with_an_element_inside_is_refused() -> None:
    whole = bytes.fromhex("80ec0202b4b219c0029111505090cc4c8cfd3d00")
    bits = f"{int.from_bytes(whole):0{8 * len(whole)}b}"
    text = bits.index("100000000", 17 + 8)  # the code of the text, behind the Id
    for code in (255, 100):
        wrong = bits[:text] + f"{code:09b}" + bits[text + 9 :]
        with pytest.raises(CodecError):
            exi.decode_fragment("iso2", int(wrong, 2).to_bytes(len(whole)))
    with pytest.raises(CodecError, match="missing"):
        exi.encode_fragment("iso2", iso2.eMAID(Id="id3", value=None))  # type: ignore[arg-type]
