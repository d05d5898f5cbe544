"""The proximity contact in numbers: ohms to plugged, cable rating and latch.

The coding resistors are the standard's; where one value ends and the next begins is half way on a
logarithmic scale, so that tolerance and contact resistance have the same room on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

CCS2_PLUG_OHM: Final = 1500.0
"What a CCS2 charger's plug has between PP and PE."

_CCS2_CODES: Final = (
    (60.0, None),
    (148.0, 63.0),
    (387.0, 32.0),
    (1010.0, 20.0),
    (2225.0, 13.0),
)
"(upper end in ohm, rating in ampere) of 100, 220, 680 and 1500 ohm; below 60 ohm it is a short."

CCS1_LATCHED_OHM: Final = 150.0
CCS1_PRESSED_OHM: Final = 480.0


@dataclass(frozen=True, slots=True)
class Proximity:
    """What the proximity contact says."""

    plugged: bool
    cable_a: float | None = None
    "Rating of the AC cable; for a DC plug without meaning."


class Latch(Enum):
    """The latch of a CCS1 plug."""

    OUT = "out"
    "No plug, or a broken wire."
    PRESSED = "pressed"
    "Plugged, and somebody presses the release."
    LATCHED = "latched"


_UNPLUGGED: Final = Proximity(plugged=False)


def ccs2(ohm: float | None) -> Proximity:
    """Read the proximity of a CCS2 or Type 2 inlet; None, a short and an open contact: no plug.

    Source: IEC 61851-1 Annex B.
    """
    if ohm is None:
        return _UNPLUGGED
    for upper_ohm, rating_a in _CCS2_CODES:
        if ohm < upper_ohm:
            return _UNPLUGGED if rating_a is None else Proximity(plugged=True, cable_a=rating_a)
    return _UNPLUGGED


def ccs1(ohm: float | None) -> Latch:
    """Read the proximity of a CCS1 inlet, whose plug has a latch instead of our lock.

    Source: SAE J1772.
    """
    if ohm is None or not 60.0 <= ohm < 1140.0:
        return Latch.OUT
    return Latch.LATCHED if ohm < 268.0 else Latch.PRESSED
