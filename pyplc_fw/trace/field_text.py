"""A message's fields as one readable line: schema names, values with units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

UNITS_BY_NAME: Final = (
    ("Voltage", "V"),
    ("Current", "A"),
    ("Power", "W"),
    ("PMax", "W"),
    ("Energy", "Wh"),
    ("SOC", "%"),
    ("RemainingTime", "s"),
    ("DepartureTime", "s"),
    ("NotificationMaxDelay", "s"),
    ("duration", "s"),
    ("start", "s"),
    ("time_out", "x 100 ms"),
    ("attenuation_db", "dB"),
)
"What a field is in where the message does not say: DIN 70121 lets senders leave the unit out."
MAX_VALUE_CHARACTERS: Final = 80


def fields_text(fields: Mapping[str, Any]) -> str:
    """Write ``fields`` on one line."""
    return ", ".join(_field(name, value) for name, value in fields.items())


def counted(number: int, noun: str) -> str:
    """Write a number of things: ``"1 frame"``, ``"2 frames"``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def quantity_text(quantity: Mapping[str, Any], name: str = "") -> str:
    """Write a PhysicalValue: ``"230 V"``."""
    unit = quantity.get("Unit") or _unit_of(name)
    return f"{quantity_si(quantity):.12g} {unit}".rstrip()


def quantity_si(quantity: Mapping[str, Any]) -> float:
    """Apply a PhysicalValue's multiplier."""
    value, multiplier = quantity["Value"], quantity["Multiplier"]
    return float(value * 10**multiplier if multiplier >= 0 else value / 10**-multiplier)


def is_quantity(value: Any) -> bool:
    """Tell whether a field's value is a PhysicalValue."""
    return isinstance(value, Mapping) and {"Multiplier", "Value"} <= value.keys()


def value_text(value: Any, name: str = "") -> str:
    """Write one value with its unit: ``"230 V"``, ``"yes"``, ``"(empty)"``."""
    if is_quantity(value):
        return quantity_text(value, name)
    if isinstance(value, (list, tuple)):
        return f"[{'; '.join(_element(one) for one in value)}]"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return f"{value} {_unit_of(name)}".rstrip()
    return _shortened(str(value)) if value != "" else "(empty)"


def _field(name: str, value: Any) -> str:
    if isinstance(value, Mapping) and not is_quantity(value):
        return f"{name}({fields_text(value)})"
    space = "" if isinstance(value, (list, tuple)) else " "
    return f"{name}{space}{value_text(value, name)}"


def _element(value: Any) -> str:
    return fields_text(value) if isinstance(value, Mapping) else _shortened(str(value))


def _shortened(text: str) -> str:
    if len(text) <= MAX_VALUE_CHARACTERS:
        return text
    return f"{text[: MAX_VALUE_CHARACTERS - 1]}… ({len(text)} characters)"


def _unit_of(name: str) -> str:
    return next((unit for part, unit in UNITS_BY_NAME if part in name), "")
