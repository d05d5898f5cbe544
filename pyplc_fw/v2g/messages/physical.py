"""Quantities as messages write them: Value x 10^Multiplier, where Value is a short."""

from __future__ import annotations

import math

from pyplc_fw.errors import CodecError


def in_si(value: int, multiplier: int) -> float:
    """Return the quantity without its prefix."""
    if multiplier < 0:
        return value / 10.0**-multiplier
    return float(value * 10**multiplier)


def fit(value: float, unit: str) -> tuple[int, int]:
    """Return Multiplier and Value; raises CodecError, which names the unit, where none fits.

    Whole numbers get Multiplier 0 where they fit, all others the finest that fits.
    """
    if not math.isfinite(value):
        raise CodecError(f"{value} {unit} is no physical value")
    for multiplier in range(-3, 4):
        scaled = round(value * 10**-multiplier) if multiplier < 0 else round(value / 10**multiplier)
        if -32768 <= scaled <= 32767:
            return _plainest(multiplier, scaled)
    raise CodecError(f"{value} {unit} is beyond what a physical value can say")


def _plainest(multiplier: int, scaled: int) -> tuple[int, int]:
    if multiplier < 0 and scaled % 10**-multiplier == 0:
        return 0, scaled // 10**-multiplier
    return multiplier, scaled
