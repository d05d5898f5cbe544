"""What both sides of SLAC share: the result, the measure of attenuation, the numbered steps.

SLAC (signal level attenuation characterization) finds out which charger a car is plugged into.
Powerline signals leak from cable to cable, so every charger of a car park may hear the car; the
one it is plugged into hears it loudest. The matching, with pyPLC's checkpoint numbers:

    EV                                   EVSE
    CM_SLAC_PARM.REQ        100  --->         broadcast: who is there?
                            102  <---   101   CM_SLAC_PARM.CNF, from every EVSE in reach
    CM_START_ATTEN_CHAR.IND 103  --->         three times: I am going to sound
    CM_MNBC_SOUND.IND       104  --->         ten times; the EVSE's modem measures each
                                        110   CM_ATTEN_PROFILE.IND, from modem to EVSE
                            130  <---   120   CM_ATTEN_CHAR.IND: so much was lost on the way
    CM_ATTEN_CHAR.RSP       140  --->
    CM_SLAC_MATCH.REQ       150  --->         to the nearest EVSE: give me your network
                            160  <---   155   CM_SLAC_MATCH.CNF: NID and NMK

Source: ISO 15118-3 Annex A.
"""

from __future__ import annotations

from dataclasses import dataclass

from structlog.typing import FilteringBoundLogger

from pyplc_fw.terms import MacAddress, Nid, Nmk, RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class SlacMatch:
    """A car and a charger found each other; both modems are to use ``nid`` and ``nmk``."""

    pev_mac: MacAddress
    evse_mac: MacAddress
    nid: Nid
    nmk: Nmk
    run_id: RunId
    attenuation_db: float | None
    "The mean over all carrier groups; None when the charger's modem could not measure it."


def mean_attenuation_db(attenuation_db: bytes) -> float | None:
    """Return the mean over all groups, or None for no groups or all zeros.

    All zeros is what a charger reports whose modem measures nothing; a Hyundai Ioniq takes it as
    a defect. It must not win as the nearest.
    """
    if not any(attenuation_db):
        return None
    return sum(attenuation_db) / len(attenuation_db)


class StepLog:
    """Logs each numbered step once, when it happens first, and its repeats at debug level."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        self._log = log
        self._seen: set[int] = set()

    def step(self, event: str, checkpoint: int, **values: object) -> None:
        """Log ``event`` with its number, or without at debug level if it was logged before."""
        if checkpoint in self._seen:
            self._log.debug(event, **values)
            return
        self._seen.add(checkpoint)
        self._log.info(event, checkpoint=checkpoint, **values)
