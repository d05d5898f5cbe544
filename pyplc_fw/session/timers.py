"""What a session waits for outside the standards' layers, and how long."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Final

from pyplc_fw.homeplug.timers import SLAC_TIMERS, TT_MATCH_JOIN, SlacTimers
from pyplc_fw.timing import Timer
from pyplc_fw.v2g.timers import (
    V2G_EVCC_COMMUNICATION_SETUP_TIMEOUT,
    V2G_SECC_CP_OSCILLATOR_RETAIN_TIME,
)

PEV_PLUG_IN: Final = Timer("PEV_plug_in", inf)
"Ours: waiting for a plug and 5 % PWM; as long as it takes, where nobody wants it otherwise."
PEV_SEARCH: Final = Timer("PEV_search", 60.0)
"Ours: a Supercharger stayed silent for up to 20 requests, longer than TT_matching_repetition."
PEV_MODEM_FOUND: Final = Timer("PEV_modem_found", 6.0)
"Ours: a modem that restarts is deaf for up to 5 s, and an answer may be lost."
EVSE_CAR_COMES: Final = Timer("EVSE_car_comes", inf)
"Ours: waiting for a car; as long as it takes, where nobody wants it otherwise."
EVSE_RETRY: Final = Timer("EVSE_retry", 60.0)
"Ours: a modem or an interface that is away may come back."
EVSE_CAR_CONNECTS: Final = Timer(
    "EVSE_car_connects", TT_MATCH_JOIN.limit_s + V2G_EVCC_COMMUNICATION_SETUP_TIMEOUT.limit_s
)
"Ours: a car may use all of its own two timers, from CM_SLAC_MATCH.CNF to TCP."


@dataclass(frozen=True, slots=True, kw_only=True)
class PevTimers:
    """What a car's session runs with, besides the EVCC's own timers."""

    slac: SlacTimers = SLAC_TIMERS
    plug_in: Timer = PEV_PLUG_IN
    search: Timer = PEV_SEARCH
    "From the plug to the TCP connection, whatever fails in between; then the last error counts."
    link_up: Timer = TT_MATCH_JOIN
    modem_found: Timer = PEV_MODEM_FOUND
    communication_setup: Timer = V2G_EVCC_COMMUNICATION_SETUP_TIMEOUT
    "From the link to SessionSetupRes; SDP and TCP take their part of it."


@dataclass(frozen=True, slots=True, kw_only=True)
class EvseTimers:
    """What a charger's session runs with, besides the SECC's own timers."""

    slac: SlacTimers = SLAC_TIMERS
    car_comes: Timer = EVSE_CAR_COMES
    retry: Timer = EVSE_RETRY
    "From the first error to the last try."
    car_connects: Timer = EVSE_CAR_CONNECTS
    oscillator_retain: Timer = V2G_SECC_CP_OSCILLATOR_RETAIN_TIME
