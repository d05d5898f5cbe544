"""Whether what OpenV2Gx's command made is what was meant: nothing is taken on trust."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import Final

from pyplc_fw.errors import ExternalCodecError
from pyplc_fw.v2g.messages import din
from pyplc_fw.v2g.messages.fields import fields_of
from pyplc_fw.v2g.messages.schema import ComplexType


class Rule(Enum):
    """How far what is sent may differ from what was meant."""

    FREE = "informs only"
    NOT_ABOVE = "a limit may be tighter, never looser"
    NOT_BELOW = "the same for a lower limit"
    FRACTION_CUT = "the fraction is cut"


RULES: Final[tuple[tuple[str, Rule], ...]] = (
    (r"AppProtocol\[1\]/SchemaID", Rule.FREE),  # translated back in the answer
    (r"ServiceDiscoveryReq/ServiceCategory", Rule.FREE),
    (r"(EVReady|EVErrorCode|EVCabinConditioning|EVRESSConditioning)$", Rule.FREE),
    (r"(BulkChargingComplete|ChargingComplete|FullSOC|BulkSOC)$", Rule.FREE),
    (r"(RemainingTimeTo(Full|Bulk)SoC|EVEnergyCapacity|EVEnergyRequest)$", Rule.FREE),
    (r"CurrentDemandReq/EVMaximum(Voltage|Current|Power)Limit$", Rule.FREE),  # said before
    (r"EVMaximumPowerLimit$", Rule.FREE),  # volts and amperes are what is asked for
    (r"EVMaximum(Voltage|Current)Limit$", Rule.NOT_ABOVE),
    (r"PreChargeReq/EVTargetCurrent$", Rule.NOT_ABOVE),
    (r"(EVTargetVoltage|EVTargetCurrent)$", Rule.FRACTION_CUT),
    (r"(EVSEID|ServiceName|ServiceScope|FreeService|SAScheduleList/.*)$", Rule.FREE),
    (r"CurrentDemandRes/EVSE(Maximum\w+Limit|\w+LimitAchieved)$", Rule.FREE),
    (r"EVSEMaximum(Voltage|Current|Power)Limit$", Rule.NOT_ABOVE),
    (r"EVSEMinimum(Voltage|Current)Limit$", Rule.NOT_BELOW),
    (r"(EVSECurrentRegulationTolerance|EVSEPeakCurrentRipple|EVSEEnergyToBeDelivered)$", Rule.FREE),
    (r"(EVSEPresentVoltage|EVSEPresentCurrent)$", Rule.FRACTION_CUT),
    (r"ChargeParameterDiscoveryRes/.*(EVSEIsolationStatus|EVSEStatusCode)$", Rule.FREE),
    (r"WeldingDetectionRes/DC_EVSEStatus/.*$", Rule.FREE),
)
"By the end of a value's path; the first that fits decides, what none fits must be the same."


def check_sent(meant: ComplexType, sent: ComplexType) -> list[str]:
    """Compare what the command made with what was meant; list the harmless differences.

    Raises ExternalCodecError for a difference that is not harmless.
    """
    wanted, made = dict(_values(meant)), dict(_values(sent))
    differences = []
    for path in dict.fromkeys((*wanted, *made)):
        want, have = wanted.get(path), made.get(path)
        if _same(want, have):
            continue
        text = f"{path}: {_said(have)} instead of {_said(want)}"
        if not _allowed(_rule(path), want, have):
            raise ExternalCodecError(f"the command cannot say it: {text}")
        differences.append(text)
    return differences


def _values(message: ComplexType, path: str = "") -> Iterator[tuple[str, object]]:
    """Yield every value with its path; a physical value is one value."""
    for field in fields_of(type(message)):
        value = getattr(message, field.name)
        items = list(value) if field.repeated else [value]
        for number, item in enumerate(items, 1):
            if item is None:
                continue
            name = type(item).__name__ if field.members else field.name
            here = f"{path}/{name}[{number}]" if field.repeated else f"{path}/{name}"
            if isinstance(item, ComplexType) and not isinstance(item, din.PhysicalValue):
                yield from _values(item, here)
            else:
                yield here.removeprefix("/").removeprefix("Body/"), item


def _rule(path: str) -> Rule | None:
    return next((rule for pattern, rule in RULES if re.search(pattern, path)), None)


def _allowed(rule: Rule | None, want: object, have: object) -> bool:
    if rule is None or rule is Rule.FREE:
        return rule is Rule.FREE
    if not isinstance(want, din.PhysicalValue) or not isinstance(have, din.PhysicalValue):
        return want is None and rule is Rule.NOT_ABOVE  # a limit where none was meant
    if rule is Rule.NOT_ABOVE:
        return have.si <= want.si
    if rule is Rule.NOT_BELOW:
        return have.si >= want.si
    towards_zero = min(want.si, 0.0) <= have.si <= max(want.si, 0.0)
    return towards_zero and abs(want.si - have.si) < 1.0


def _same(want: object, have: object) -> bool:
    if isinstance(want, din.PhysicalValue) and isinstance(have, din.PhysicalValue):
        return want.si == have.si
    return want == have


def _said(value: object) -> str:
    if isinstance(value, din.PhysicalValue):
        return f"{value.si:g}"
    if isinstance(value, bytes):
        return value.hex() or "nothing"
    return str(value.value if isinstance(value, Enum) else "nothing" if value is None else value)
