"""The control pilot in numbers: volts to state, duty to meaning, both ways."""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Final

NOMINAL_FREQUENCY_HZ: Final = 1000.0
FREQUENCY_TOLERANCE_HZ: Final = 20.0
"""The charger keeps 0.5 %; the rest is room for our own measurement."""
DIGITAL_DUTY_PCT: Final = 5.0
DIGITAL_MIN_PCT: Final = 3.0
DIGITAL_MAX_PCT: Final = 7.0
STEADY_PCT: Final = 100.0

SOURCE_V: Final = 12.0
SOURCE_OHM: Final = 1000.0
DIODE_V: Final = 0.7
STATE_B_OHM: Final = 2740.0
STATE_C_OHM: Final = 882.0


class PilotState(StrEnum):
    """State of the control pilot. Source: IEC 61851-1 Annex A."""

    A = "A"
    "12 V: no car."
    B = "B"
    "9 V: a car, not ready."
    C = "C"
    "6 V: the car is ready."
    D = "D"
    "3 V: the car is ready and wants ventilation."
    E = "E"
    "0 V: short, or the charger is off."
    F = "F"
    "-12 V: the charger is not available."


_MIDDLES_V: Final = (
    (10.5, PilotState.A),
    (7.5, PilotState.B),
    (4.5, PilotState.C),
    (1.5, PilotState.D),
    (-6.0, PilotState.E),
)
"Half way between the nominal levels 12, 9, 6, 3, 0 and -12 V."


class Meaning(Enum):
    """What a duty of the pilot's PWM says. Source: IEC 61851-1 Annex A."""

    FORBIDDEN = "forbidden"
    DIGITAL = "digital"
    "Charging is negotiated by digital communication."
    AC = "ac"
    "AC charging at up to ``ac_limit_a``."


def state_of(high_v: float) -> PilotState:
    """Return the state whose nominal level is nearest to ``high_v``, the pilot's upper level."""
    for middle_v, state in _MIDDLES_V:
        if high_v >= middle_v:
            return state
    return PilotState.F


def meaning_of(duty_pct: float) -> Meaning:
    """Say what a duty means; a steady level (0 or 100 %) is forbidden like any other odd duty."""
    if DIGITAL_MIN_PCT <= duty_pct <= DIGITAL_MAX_PCT:
        return Meaning.DIGITAL
    return Meaning.AC if 8.0 <= duty_pct <= 97.0 else Meaning.FORBIDDEN


def ac_limit_a(duty_pct: float) -> float:
    """Amperes a phase that ``duty_pct`` allows; 0 where it allows no AC charging."""
    if meaning_of(duty_pct) is not Meaning.AC:
        return 0.0
    if duty_pct < 10.0:
        return 6.0
    if duty_pct <= 85.0:
        return duty_pct * 0.6
    return (min(duty_pct, 96.0) - 64.0) * 2.5


def is_digital(duty_pct: float | None, frequency_hz: float | None) -> bool:
    """Whether a measured PWM asks for digital communication; absent values never do."""
    return (
        duty_pct is not None
        and frequency_hz is not None
        and DIGITAL_MIN_PCT <= duty_pct <= DIGITAL_MAX_PCT
        and abs(frequency_hz - NOMINAL_FREQUENCY_HZ) <= FREQUENCY_TOLERANCE_HZ
    )


def level_v(car_ohm: float | None) -> float:
    """Upper level of the pilot with ``car_ohm`` behind the car's diode; None: no car."""
    if car_ohm is None:
        return SOURCE_V
    return DIODE_V + (SOURCE_V - DIODE_V) * car_ohm / (car_ohm + SOURCE_OHM)
