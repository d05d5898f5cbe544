"""The numbered steps of a charging session: pyPLC's checkpoints, 1 to 905.

One number marks one step on one side, in log, report and manual alike. A step that repeats
(sounding, precharge, the charge loop) is logged when it happens first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PEV: Final = "pev"
EVSE: Final = "evse"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One step: its number, the side it belongs to, and what happens."""

    number: int
    side: str
    meaning: str


def _table(*rows: tuple[int, str, str]) -> dict[int, Checkpoint]:
    return {number: Checkpoint(number, side, meaning) for number, side, meaning in rows}


CHECKPOINTS: Final[dict[int, Checkpoint]] = _table(
    (1, EVSE, "CM_SET_KEY: the charger gives its modem a fresh NID and NMK"),
    (2, EVSE, "CP state A: 12 V on the control pilot"),
    (3, PEV, "the plug is in: proximity seen"),
    (4, PEV, "CP state B: the car pulls the control pilot to 9 V"),
    (5, EVSE, "CP 5 % PWM: the charger asks for digital communication"),
    (6, PEV, "CP 5 % PWM seen: EVCC and modem wake up"),
    (7, PEV, "the car's modem answers: HomePlug may begin"),
    (100, PEV, "CM_SLAC_PARM.REQ: the car starts the matching (SLAC)"),
    (101, EVSE, "CM_SLAC_PARM.CNF: the charger answers with its SLAC parameters"),
    (102, PEV, "CM_SLAC_PARM.CNF received"),
    (103, PEV, "CM_START_ATTEN_CHAR.IND: the car announces its sounding"),
    (104, PEV, "CM_MNBC_SOUND.IND: the car sounds"),
    (110, EVSE, "CM_ATTEN_PROFILE.IND: the charger's modem measured a sound"),
    (120, EVSE, "CM_ATTEN_CHAR.IND: the charger reports the attenuation"),
    (130, PEV, "CM_ATTEN_CHAR.IND received: the car chooses the nearest charger"),
    (140, PEV, "CM_ATTEN_CHAR.RSP: the car thanks the chosen charger"),
    (150, PEV, "CM_SLAC_MATCH.REQ: the car wants to pair"),
    (155, EVSE, "CM_SLAC_MATCH.CNF: the charger hands out NID and NMK"),
    (160, PEV, "CM_SLAC_MATCH.CNF received: NID and NMK known"),
    (170, PEV, "CM_SET_KEY.REQ: the car gives NID and NMK to its modem"),
    (180, PEV, "the car's modem restarts with the new key"),
    (190, PEV, "AVLN formed: both modems are in one private network"),
    (200, PEV, "SDP request: is there a charger in this network?"),
    (201, EVSE, "SDP request received"),
    (202, EVSE, "SDP response: the charger's address and port"),
    (203, PEV, "SDP response received: the SECC's address is known"),
    (204, PEV, "neighbour solicitation: whose MAC has this address?"),
    (205, EVSE, "neighbour advertisement: mine"),
    (210, PEV, "addresses are clear on both sides"),
    (300, EVSE, "TCP: the charger listens on the announced port"),
    (301, PEV, "TCP: the car connects"),
    (302, EVSE, "TCP: the charger accepts"),
    (303, PEV, "TCP: connected"),
    (400, PEV, "supportedAppProtocolReq: the car offers its protocols"),
    (401, EVSE, "supportedAppProtocolReq received: the charger chooses"),
    (402, EVSE, "supportedAppProtocolRes: the charger's choice"),
    (403, PEV, "supportedAppProtocolRes received: the protocol is agreed"),
    (500, PEV, "SessionSetupReq: the car asks for a session"),
    (505, EVSE, "SessionSetupRes: the charger gives the SessionID"),
    (506, PEV, "SessionSetupRes received: the SessionID is known"),
    (510, PEV, "ServiceDiscoveryReq: what do you offer?"),
    (515, EVSE, "ServiceDiscoveryRes: charging services and payment options"),
    (520, PEV, "ServicePaymentSelectionReq: external payment"),
    (525, EVSE, "ServicePaymentSelectionRes"),
    (530, PEV, "ContractAuthenticationReq: may we charge?"),
    (535, EVSE, "ContractAuthenticationRes: the user must authorise first (Ongoing)"),
    (536, EVSE, "the user is authorised"),
    (538, EVSE, "ContractAuthenticationRes: authorised (Finished)"),
    (540, PEV, "ChargeParameterDiscoveryReq: the car's limits"),
    (545, EVSE, "ChargeParameterDiscoveryRes: the charger's limits"),
    (550, PEV, "CP state C: the car is ready"),
    (555, PEV, "the lock motor turns: lock"),
    (556, PEV, "the connector lock is confirmed"),
    (560, PEV, "CableCheckReq: please test the insulation"),
    (561, EVSE, "cable check: the charger applies voltage and measures the insulation"),
    (565, EVSE, "CableCheckRes"),
    (566, PEV, "CableCheckRes Finished: the insulation is good"),
    (570, PEV, "PreChargeReq: please bring the output to the battery's voltage"),
    (575, EVSE, "PreChargeRes: the present voltage"),
    (580, EVSE, "precharge: the output moves to the car's target voltage"),
    (581, PEV, "precharge: inlet and battery voltage are compared"),
    (582, PEV, "precharge: not equal yet, again"),
    (590, PEV, "the contactors close"),
    (600, PEV, "PowerDeliveryReq (start)"),
    (605, EVSE, "PowerDeliveryRes (start)"),
    (700, PEV, "CurrentDemandReq: the charge loop begins"),
    (705, EVSE, "CurrentDemandRes: voltage, current and limits"),
    (710, PEV, "CurrentDemandReq, CurrentDemandRes: again and again while charging"),
    (790, EVSE, "the user stops at the charger"),
    (800, PEV, "PowerDeliveryReq (stop)"),
    (805, EVSE, "PowerDeliveryRes (stop)"),
    (806, PEV, "PowerDeliveryRes (stop) received: the current is off"),
    (810, PEV, "CP state B: the car is no longer ready"),
    (850, PEV, "WeldingDetectionReq: did the contactors open?"),
    (855, EVSE, "WeldingDetectionRes: the voltage left on the cable"),
    (900, PEV, "SessionStopReq"),
    (905, EVSE, "SessionStopRes"),
)
