"""The AC messages of ISO 15118-20. Source: its schema, urn:iso:std:iso:15118:-20:AC.

Of a quantity that exists for each phase, the one without a suffix is phase 1, or all of them.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from pyplc_fw.v2g.messages import xmldsig
from pyplc_fw.v2g.messages.iso20 import common_types
from pyplc_fw.v2g.messages.iso20.common_types import (
    ChargeLoopReq,
    ChargeLoopRes,
    ChargeParameterDiscoveryReq,
    ChargeParameterDiscoveryRes,
    Dynamic_CLReqControlMode,
    Dynamic_CLResControlMode,
    RationalNumber,
    Scheduled_CLReqControlMode,
    Scheduled_CLResControlMode,
)
from pyplc_fw.v2g.messages.schema import ComplexType, Schema

AC: Final = "urn:iso:std:iso:15118:-20:AC"


class _EnergyTransferMode(ComplexType, tag=True):
    """What the two sides tell of themselves before the transfer: watts and hertz."""

    namespace = AC


# --- charge parameters -----------------------------------------------------------------------
class AC_CPDReqEnergyTransferMode(_EnergyTransferMode):
    """What the car can take; also the head of a substitution group."""

    EVMaximumChargePower: RationalNumber
    EVMaximumChargePower_L2: RationalNumber | None = None
    EVMaximumChargePower_L3: RationalNumber | None = None
    EVMinimumChargePower: RationalNumber
    EVMinimumChargePower_L2: RationalNumber | None = None
    EVMinimumChargePower_L3: RationalNumber | None = None


class AC_CPDResEnergyTransferMode(_EnergyTransferMode):
    """What the charger can give; also the head of a substitution group."""

    EVSEMaximumChargePower: RationalNumber
    EVSEMaximumChargePower_L2: RationalNumber | None = None
    EVSEMaximumChargePower_L3: RationalNumber | None = None
    EVSEMinimumChargePower: RationalNumber
    EVSEMinimumChargePower_L2: RationalNumber | None = None
    EVSEMinimumChargePower_L3: RationalNumber | None = None
    EVSENominalFrequency: RationalNumber
    MaximumPowerAsymmetry: RationalNumber | None = None
    EVSEPowerRampLimitation: RationalNumber | None = None
    "Watts per second."
    EVSEPresentActivePower: RationalNumber | None = None
    EVSEPresentActivePower_L2: RationalNumber | None = None
    EVSEPresentActivePower_L3: RationalNumber | None = None


class BPT_AC_CPDReqEnergyTransferMode(AC_CPDReqEnergyTransferMode):
    """What the car can take and give back."""

    EVMaximumDischargePower: RationalNumber
    EVMaximumDischargePower_L2: RationalNumber | None = None
    EVMaximumDischargePower_L3: RationalNumber | None = None
    EVMinimumDischargePower: RationalNumber
    EVMinimumDischargePower_L2: RationalNumber | None = None
    EVMinimumDischargePower_L3: RationalNumber | None = None


class BPT_AC_CPDResEnergyTransferMode(AC_CPDResEnergyTransferMode):
    """What the charger can give and take back."""

    EVSEMaximumDischargePower: RationalNumber
    EVSEMaximumDischargePower_L2: RationalNumber | None = None
    EVSEMaximumDischargePower_L3: RationalNumber | None = None
    EVSEMinimumDischargePower: RationalNumber
    EVSEMinimumDischargePower_L2: RationalNumber | None = None
    EVSEMinimumDischargePower_L3: RationalNumber | None = None


# --- control modes of the charge loop: watts, volt-amperes reactive, watt-hours --------------
class Scheduled_AC_CLReqControlMode(Scheduled_CLReqControlMode):
    """What the car takes by its schedule."""

    namespace = AC

    EVMaximumChargePower: RationalNumber | None = None
    EVMaximumChargePower_L2: RationalNumber | None = None
    EVMaximumChargePower_L3: RationalNumber | None = None
    EVMinimumChargePower: RationalNumber | None = None
    EVMinimumChargePower_L2: RationalNumber | None = None
    EVMinimumChargePower_L3: RationalNumber | None = None
    EVPresentActivePower: RationalNumber
    EVPresentActivePower_L2: RationalNumber | None = None
    EVPresentActivePower_L3: RationalNumber | None = None
    EVPresentReactivePower: RationalNumber | None = None
    EVPresentReactivePower_L2: RationalNumber | None = None
    EVPresentReactivePower_L3: RationalNumber | None = None


class Scheduled_AC_CLResControlMode(Scheduled_CLResControlMode):
    """What the charger wants, under a schedule."""

    namespace = AC

    EVSETargetActivePower: RationalNumber | None = None
    EVSETargetActivePower_L2: RationalNumber | None = None
    EVSETargetActivePower_L3: RationalNumber | None = None
    EVSETargetReactivePower: RationalNumber | None = None
    EVSETargetReactivePower_L2: RationalNumber | None = None
    EVSETargetReactivePower_L3: RationalNumber | None = None
    EVSEPresentActivePower: RationalNumber | None = None
    EVSEPresentActivePower_L2: RationalNumber | None = None
    EVSEPresentActivePower_L3: RationalNumber | None = None


class BPT_Scheduled_AC_CLReqControlMode(Scheduled_AC_CLReqControlMode):
    """What the car takes or gives back by its schedule."""

    EVMaximumDischargePower: RationalNumber | None = None
    EVMaximumDischargePower_L2: RationalNumber | None = None
    EVMaximumDischargePower_L3: RationalNumber | None = None
    EVMinimumDischargePower: RationalNumber | None = None
    EVMinimumDischargePower_L2: RationalNumber | None = None
    EVMinimumDischargePower_L3: RationalNumber | None = None


class BPT_Scheduled_AC_CLResControlMode(Scheduled_AC_CLResControlMode):
    """What the charger wants either way, under a schedule."""


class Dynamic_AC_CLReqControlMode(Dynamic_CLReqControlMode):
    """What the car takes and could take, while the charger decides."""

    namespace = AC

    EVMaximumChargePower: RationalNumber
    EVMaximumChargePower_L2: RationalNumber | None = None
    EVMaximumChargePower_L3: RationalNumber | None = None
    EVMinimumChargePower: RationalNumber
    EVMinimumChargePower_L2: RationalNumber | None = None
    EVMinimumChargePower_L3: RationalNumber | None = None
    EVPresentActivePower: RationalNumber
    EVPresentActivePower_L2: RationalNumber | None = None
    EVPresentActivePower_L3: RationalNumber | None = None
    EVPresentReactivePower: RationalNumber
    EVPresentReactivePower_L2: RationalNumber | None = None
    EVPresentReactivePower_L3: RationalNumber | None = None


class Dynamic_AC_CLResControlMode(Dynamic_CLResControlMode):
    """What the charger wants, which it decides."""

    namespace = AC

    EVSETargetActivePower: RationalNumber
    EVSETargetActivePower_L2: RationalNumber | None = None
    EVSETargetActivePower_L3: RationalNumber | None = None
    EVSETargetReactivePower: RationalNumber | None = None
    EVSETargetReactivePower_L2: RationalNumber | None = None
    EVSETargetReactivePower_L3: RationalNumber | None = None
    EVSEPresentActivePower: RationalNumber | None = None
    EVSEPresentActivePower_L2: RationalNumber | None = None
    EVSEPresentActivePower_L3: RationalNumber | None = None


class BPT_Dynamic_AC_CLReqControlMode(Dynamic_AC_CLReqControlMode):
    """What the car takes or gives back and could, while the charger decides."""

    EVMaximumDischargePower: RationalNumber
    EVMaximumDischargePower_L2: RationalNumber | None = None
    EVMaximumDischargePower_L3: RationalNumber | None = None
    EVMinimumDischargePower: RationalNumber
    EVMinimumDischargePower_L2: RationalNumber | None = None
    EVMinimumDischargePower_L3: RationalNumber | None = None
    EVMaximumV2XEnergyRequest: RationalNumber | None = None
    EVMinimumV2XEnergyRequest: RationalNumber | None = None


class BPT_Dynamic_AC_CLResControlMode(Dynamic_AC_CLResControlMode):
    """What the charger wants either way, which it decides."""


# --- messages --------------------------------------------------------------------------------
class AC_ChargeParameterDiscoveryReq(ChargeParameterDiscoveryReq):
    """The car says what it can take."""

    namespace = AC

    AC_CPDReqEnergyTransferMode: AC_CPDReqEnergyTransferMode | BPT_AC_CPDReqEnergyTransferMode


class AC_ChargeParameterDiscoveryRes(ChargeParameterDiscoveryRes):
    """The charger says what it can give."""

    namespace = AC

    AC_CPDResEnergyTransferMode: AC_CPDResEnergyTransferMode | BPT_AC_CPDResEnergyTransferMode


class AC_ChargeLoopReq(ChargeLoopReq):
    """The car says what it takes, again and again."""

    namespace = AC

    CLReqControlMode: (
        BPT_Dynamic_AC_CLReqControlMode
        | BPT_Scheduled_AC_CLReqControlMode
        | Dynamic_AC_CLReqControlMode
        | Scheduled_AC_CLReqControlMode
    )


class AC_ChargeLoopRes(ChargeLoopRes):
    """The charger says what it wants."""

    namespace = AC

    EVSETargetFrequency: RationalNumber | None = None
    "Hertz."
    CLResControlMode: (
        BPT_Dynamic_AC_CLResControlMode
        | BPT_Scheduled_AC_CLResControlMode
        | Dynamic_AC_CLResControlMode
        | Scheduled_AC_CLResControlMode
    )


Message: TypeAlias = (
    AC_ChargeLoopReq
    | AC_ChargeLoopRes
    | AC_ChargeParameterDiscoveryReq
    | AC_ChargeParameterDiscoveryRes
)
"Every message of the set."

SCHEMA: Final = Schema(
    name="iso20-ac",
    elements=(
        *Message.__args__,
        *common_types.ELEMENTS,
        AC_CPDReqEnergyTransferMode,
        AC_CPDResEnergyTransferMode,
        BPT_AC_CPDReqEnergyTransferMode,
        BPT_AC_CPDResEnergyTransferMode,
        BPT_Dynamic_AC_CLReqControlMode,
        BPT_Dynamic_AC_CLResControlMode,
        BPT_Scheduled_AC_CLReqControlMode,
        BPT_Scheduled_AC_CLResControlMode,
        Dynamic_AC_CLReqControlMode,
        Dynamic_AC_CLResControlMode,
        Scheduled_AC_CLReqControlMode,
        Scheduled_AC_CLResControlMode,
    ),
    simple_elements=common_types.SIMPLE_ELEMENTS,
    types=common_types.TYPES,
    roots=Message.__args__,
    fragments=(AC_ChargeParameterDiscoveryRes, xmldsig.SignedInfo),
    abstract=common_types.ABSTRACT,
)
