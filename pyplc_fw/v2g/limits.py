"""S1: the one function that decides the current asked for.

Every current in a request to the charger is the result of ``demand``: the lowest of what the
battery, the owner, the charger, the inlet's temperature and the cable allow.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import floor, inf, isfinite
from typing import Final, NamedTuple

STEPS_PER_A: Final = 10
"Currents are rounded down to 0.1 A: the wire's rounding must not lift one above its limit."
ROUNDING_NOISE: Final = 1e-9
"What a float may be short of a whole step and still count as one: 4.3 A stay 4.3 A."
PRE_CHARGE_CURRENT_A: Final = 2.0
"Source: DIN 70121 and IEC 61851-23, precharge."


class LimitedBy(Enum):
    """What keeps the current from being higher."""

    BATTERY_CURRENT = "battery"
    BATTERY_POWER = "battery power"
    OWNER_CURRENT = "owner"
    OWNER_POWER = "owner power"
    CHARGER_CURRENT = "charger"
    CHARGER_POWER = "charger power"
    INLET_TEMPERATURE = "inlet temperature"
    CABLE = "cable"
    PRE_CHARGE = "precharge"


class Demand(NamedTuple):
    """The current to ask for, and what it is limited by."""

    current_a: float
    limited_by: LimitedBy


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerLimits:
    """What the owner set: wishes, and the ratings of what the owner built in."""

    max_current_a: float = inf
    max_power_w: float = inf
    cable_current_a: float = inf
    "Rating of the inlet and of the cable behind it."
    inlet_warm_c: float = 80.0
    "The current begins to be lowered at this temperature of the inlet."
    inlet_hot_c: float = 90.0
    "No current at or above this one."


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What each of them allows now; infinite where it sets no limit."""

    voltage_v: float
    "The higher of battery and charger voltage: turns power into current."
    battery_current_a: float
    battery_rated_a: float = inf
    battery_power_w: float = inf
    owner_current_a: float = inf
    owner_power_w: float = inf
    charger_current_a: float
    charger_power_w: float = inf
    inlet_current_a: float = inf
    cable_current_a: float = inf


def demand(allowed: Allowed) -> Demand:
    """Return the lowest of what is allowed; what is negative or not a number allows nothing."""
    volts = allowed.voltage_v
    lowest, limited_by = inf, LimitedBy.BATTERY_CURRENT
    for limit_a, name in (
        (allowed.battery_current_a, LimitedBy.BATTERY_CURRENT),
        (allowed.battery_rated_a, LimitedBy.BATTERY_CURRENT),
        (_current(allowed.battery_power_w, volts), LimitedBy.BATTERY_POWER),
        (allowed.owner_current_a, LimitedBy.OWNER_CURRENT),
        (_current(allowed.owner_power_w, volts), LimitedBy.OWNER_POWER),
        (allowed.charger_current_a, LimitedBy.CHARGER_CURRENT),
        (_current(allowed.charger_power_w, volts), LimitedBy.CHARGER_POWER),
        (allowed.inlet_current_a, LimitedBy.INLET_TEMPERATURE),
        (allowed.cable_current_a, LimitedBy.CABLE),
    ):
        if not limit_a >= 0.0:  # also when it is not a number
            return Demand(0.0, name)
        if limit_a < lowest:
            lowest, limited_by = limit_a, name
    return Demand(_round_down(lowest), limited_by)


def pre_charge_demand(allowed: Allowed) -> Demand:
    """Return what to ask for in precharge: never more than 2 A, and never more than ``demand``."""
    full = demand(allowed)
    if full.current_a <= PRE_CHARGE_CURRENT_A:
        return full
    return Demand(PRE_CHARGE_CURRENT_A, LimitedBy.PRE_CHARGE)


def inlet_current_a(temperature_c: float | None, owner: OwnerLimits) -> float:
    """Return what the inlet's temperature allows: the rating, falling to 0 A between warm and hot.

    A fitted sensor that gives nothing (None, not a number) allows nothing.
    """
    if temperature_c is None or not isfinite(temperature_c) or temperature_c >= owner.inlet_hot_c:
        return 0.0
    if temperature_c <= owner.inlet_warm_c:
        return inf
    rated_a = min(owner.cable_current_a, owner.max_current_a)
    if not isfinite(rated_a):
        rated_a = UNRATED_INLET_A
    share = (owner.inlet_hot_c - temperature_c) / (owner.inlet_hot_c - owner.inlet_warm_c)
    return rated_a * share


UNRATED_INLET_A: Final = 200.0
"Where no rating was set, derating begins from what a Combo 2 inlet without cooling carries."


def _current(power_w: float, voltage_v: float) -> float:
    if power_w == inf:
        return inf
    return power_w / voltage_v if voltage_v > 0.0 else 0.0


def _round_down(current_a: float) -> float:
    if current_a == inf:
        return 0.0  # nobody set a limit: nobody may be asked for anything
    return floor(current_a * STEPS_PER_A + ROUNDING_NOISE) / STEPS_PER_A
