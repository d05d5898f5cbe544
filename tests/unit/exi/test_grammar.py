"""The grammars derived from the message classes."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from exi.grammar import State, grammar_of
from pyplc_fw.v2g.messages import app, din, xmldsig
from pyplc_fw.v2g.messages.fields import Field, fields_of
from pyplc_fw.v2g.messages.schema import ComplexType, Schema
from tests.helpers import SHARED

needs_shared = pytest.mark.skipif(SHARED is None, reason="needs ../shared")

Label = tuple[str, str]


def label_of(production: Any) -> Label:
    event = "CH" if production.event.startswith("CH") else production.event
    return event, production.qname[0] if event in {"SE", "AT"} else ""


def reference_label(production: list[Any]) -> Label:
    event = production[0]
    return event, production[1] if event in {"SE", "AT"} else ""


def assert_same_behaviour(ours: tuple[State, ...], reference: list[dict[str, Any]]) -> int:
    """Walk both automata side by side; bounded repetition of ours is unrolled by counting."""
    seen = set()
    waiting = [(0, 0, 0)]
    while waiting:
        pair = waiting.pop()
        if pair in seen:
            continue
        seen.add(pair)
        state, items, theirs = pair
        if theirs >= len(reference):
            continue  # the reference cuts long unrolled arrays
        productions = ours[state].productions
        assert [label_of(p) for p in productions] == [
            reference_label(p) for p in reference[theirs]["prods"]
        ]
        assert ours[state].bits == reference[theirs]["bits"]
        for mine, yours in zip(productions, reference[theirs]["prods"], strict=True):
            if mine.event == "EE":
                continue
            number = items + 1 if mine.maximum or mine.next_state != state else 0
            full = mine.maximum is not None and number == mine.maximum
            after = mine.full_state if full else mine.next_state
            counting = any(p.maximum for p in ours[after].productions) and not full
            waiting.append((after, number if counting else 0, yours[-1]))
    return len(seen)


@cache
def reference_of(name: str) -> dict[str, Any]:
    assert SHARED is not None
    text = (SHARED / "exi" / "grammars" / f"{name}.json").read_text()
    reference: dict[str, Any] = json.loads(text)
    return reference


def reachable(schema: Schema) -> dict[str, type[ComplexType]]:
    found: dict[str, type[ComplexType]] = {}
    waiting = list(schema.elements)
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


@needs_shared
@pytest.mark.parametrize("schema", [app.SCHEMA, din.SCHEMA, xmldsig.SCHEMA], ids=lambda s: s.name)
def test_every_type_has_the_states_of_the_reference(schema: Schema) -> None:
    classes = reachable(schema)
    compared = 0
    for name, reference in reference_of(schema.name)["complex"].items():
        plain = name.removesuffix(" (ds)").removeprefix("anonymous:")
        cls = classes[OTHER_NAMES.get(plain, plain.removesuffix("Type"))]
        assert_same_behaviour(grammar_of(cls), reference["states"])
        compared += 1
    assert compared == len(reference_of(schema.name)["complex"])
