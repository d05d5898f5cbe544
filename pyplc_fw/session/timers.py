"""What a session waits for outside the standards' layers, and how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pyplc_fw.homeplug.timers import SLAC_TIMERS, TT_MATCH_JOIN, SlacTimers
from pyplc_fw.timing import Timer
from pyplc_fw.v2g.timers import (
    V2G_EVCC_COMMUNICATION_SETUP_TIMEOUT,
    V2G_SECC_CP_OSCILLATOR_RETAIN_TIME,
)

PEV_MATCHING: Final = Timer("PEV_matching", 60.0)
"Ours: a Supercharger stayed silent for up to 20 requests, longer than TT_matching_repetition."
PEV_MODEM_FOUND: Final = Timer("PEV_modem_found", 6.0)
"Ours: a modem that restarts is deaf for up to 5 s, and an answer may be lost."
EVSE_CAR_CONNECTS: Final = Timer(
    "EVSE_car_connects", TT_MATCH_JOIN.limit_s + V2G_EVCC_COMMUNICATION_SETUP_TIMEOUT.limit_s
)
"Ours: a car may use all of its own two timers, from CM_SLAC_MATCH.CNF to TCP."


@dataclass(frozen=True, slots=True, kw_only=True)
class PevTimers:
    """What a car's session runs with, besides the EVCC's own timers."""

    slac: SlacTimers = SLAC_TIMERS
    link_up: Timer = TT_MATCH_JOIN
    modem_found: Timer = PEV_MODEM_FOUND
    matching: Timer = PEV_MATCHING
    communication_setup: Timer = V2G_EVCC_COMMUNICATION_SETUP_TIMEOUT
    "From the link to SessionSetupRes; SDP and TCP take their part of it."


@dataclass(frozen=True, slots=True, kw_only=True)
class EvseTimers:
    """What a charger's session runs with, besides the SECC's own timers."""

    slac: SlacTimers = SLAC_TIMERS
    car_connects: Timer = EVSE_CAR_CONNECTS
    oscillator_retain: Timer = V2G_SECC_CP_OSCILLATOR_RETAIN_TIME
