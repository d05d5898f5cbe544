"""The catalogue of what went wrong, and of every reason for which a session ends.

Logs, status, console, reports and the manual draw from it; nothing prints a reason that is not
in it.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple


class Severity(Enum):
    """How bad it is."""

    NORMAL = "normal"
    "An end as it should be."
    WARNING = "warning"
    "Ended early and safely; the next session may go well."
    FAULT = "fault"
    "Something must be mended before it goes well."
    EMERGENCY = "emergency"
    "The outputs had to be cut at once."


class Reason(NamedTuple):
    """One entry of the catalogue."""

    id: str
    "Stable name, ``area.what``; never renamed."
    severity: Severity
    sentence: str
    "For people."
    remedy: str
    "What to do about it; empty where nothing needs doing."


CATALOGUE: Final[dict[str, Reason]] = {}


def _reason(identifier: str, severity: Severity, sentence: str, remedy: str = "") -> Reason:
    reason = Reason(identifier, severity, sentence, remedy)
    CATALOGUE[identifier] = reason
    return reason


_NORMAL, _WARNING = Severity.NORMAL, Severity.WARNING
_FAULT, _EMERGENCY = Severity.FAULT, Severity.EMERGENCY

# --- normal ends -----------------------------------------------------------------------------
BATTERY_FULL: Final = _reason(
    "session.battery_full", _NORMAL, "The battery reached its target state of charge."
)
STOPPED_BY_OWNER: Final = _reason(
    "session.stopped_by_owner", _NORMAL, "The owner stopped the charge."
)
STOPPED_BY_CHARGER: Final = _reason(
    "session.stopped_by_charger", _NORMAL, "The charger asked to stop (EVSE_Shutdown)."
)
STOPPED_BY_EV: Final = _reason("session.stopped_by_ev", _NORMAL, "The car ended the session.")

# --- the protocol ----------------------------------------------------------------------------
INTERNAL_ERROR: Final = _reason(
    "program.internal_error",
    _FAULT,
    "The program met a situation it was not written for.",
    "Please report it with the log and the recording of this session.",
)
CONFIG_INVALID: Final = _reason(
    "config.invalid",
    _FAULT,
    "A setting is unknown, missing or out of range.",
    "Correct the named setting.",
)
MESSAGE_MALFORMED: Final = _reason(
    "v2g.message_malformed",
    _WARNING,
    "The other side sent bytes that are no valid message.",
    "Try again; if it repeats, report it with the recording.",
)
EXI_COMMAND_FAILED: Final = _reason(
    "v2g.exi_command_failed",
    _FAULT,
    "The program that the configuration names for EXI failed, or cannot say what is meant.",
    'The detail says which; backend = "own" in the table [exi] needs no such program.',
)
PEER_BROKE_PROTOCOL: Final = _reason(
    "v2g.peer_broke_protocol",
    _WARNING,
    "The other side sent a valid message that the protocol does not allow here.",
    "Try again; if it repeats, report it with the recording.",
)
RESPONSE_FAILED: Final = _reason(
    "v2g.response_failed",
    _WARNING,
    "The charger answered with a FAILED response code.",
    "Unplug, plug in again; if it repeats, try another charger and report it with the recording.",
)
TIMEOUT: Final = _reason(
    "v2g.timeout",
    _WARNING,
    "The other side did not answer in time.",
    "Unplug, plug in again; if it repeats, report it with the recording.",
)
NO_COMMON_PROTOCOL: Final = _reason(
    "v2g.no_common_protocol",
    _WARNING,
    "Car and charger share no application protocol.",
    "This charger cannot charge this car.",
)
LINK_LOST: Final = _reason(
    "link.lost",
    _WARNING,
    "The connection to the other side was lost.",
    "Check the plug; unplug, plug in again.",
)
MODEM_MISSING: Final = _reason(
    "modem.missing",
    _FAULT,
    "The powerline modem does not answer.",
    "Check its supply and its Ethernet cable.",
)
UNPLUGGED: Final = _reason(
    "session.unplugged",
    _WARNING,
    "The plug was pulled, or the pilot went away, before the charge began.",
    "Plug in again.",
)
NO_PILOT: Final = _reason(
    "session.no_pilot",
    _WARNING,
    "No control pilot asked for digital communication (5 % PWM) in time.",
    "Plug in at a DC charger; check the control pilot's wiring.",
)
NO_CAR: Final = _reason(
    "session.no_car",
    _WARNING,
    "No car came, or none that connected, in time.",
    "Plug in; check the coupling of the modem to the control pilot.",
)
SLAC_NO_ANSWER: Final = _reason(
    "slac.no_answer",
    _WARNING,
    "No charger answered the SLAC requests.",
    "Check the plug and the coupling of the modem to the control pilot.",
)
SLAC_FAILED: Final = _reason(
    "slac.failed",
    _WARNING,
    "The matching with the charger broke off.",
    "Unplug, plug in again.",
)
SDP_NO_ANSWER: Final = _reason(
    "sdp.no_answer",
    _WARNING,
    "The charger did not answer the SDP requests.",
    "Unplug, plug in again; keep other network services off the powerline interface.",
)
HARDWARE_FAILED: Final = _reason(
    "hardware.failed", _FAULT, "A piece of hardware failed.", "See the log for which."
)

# --- the charger -----------------------------------------------------------------------------
CHARGER_EMERGENCY: Final = _reason(
    "session.charger_emergency",
    _EMERGENCY,
    "The charger reported an emergency shutdown.",
    "Look at the charger; do not touch the plug until it is unlocked.",
)
CHARGER_MALFUNCTION: Final = _reason(
    "session.charger_malfunction",
    _EMERGENCY,
    "The charger reported a malfunction.",
    "Use another charger.",
)
CHARGER_OVERVOLTAGE: Final = _reason(
    "session.charger_overvoltage",
    _EMERGENCY,
    "The charger gave a higher voltage than the car allows.",
    "Use another charger; have the battery checked.",
)
CHARGER_OVERCURRENT: Final = _reason(
    "session.charger_overcurrent",
    _EMERGENCY,
    "The charger gave more current than the car allows.",
    "Use another charger; have the battery checked.",
)
CABLE_CHECK_FAILED: Final = _reason(
    "session.cable_check_failed",
    _WARNING,
    "The charger's insulation test of the cable failed.",
    "Check the inlet and the insulation of the high-voltage side; isolation monitors must be off.",
)
PRE_CHARGE_FAILED: Final = _reason(
    "session.pre_charge_failed",
    _WARNING,
    "The charger did not reach the battery's voltage.",
    "Check that the charger's range covers the battery's voltage; try again.",
)
CHARGER_INCOMPATIBLE: Final = _reason(
    "session.charger_incompatible",
    _WARNING,
    "The charger's limits do not fit this battery.",
    "Use another charger.",
)
WELDING_SUSPECTED: Final = _reason(
    "session.welding_suspected",
    _FAULT,
    "The inlet's voltage did not fall after the contactors were opened.",
    "Have the contactors checked before the next charge.",
)

ISOLATION_FAULT: Final = _reason(
    "session.isolation_fault",
    _EMERGENCY,
    "The charger's insulation monitor reported a fault during the session.",
    "Check the insulation of the high-voltage side before the next charge.",
)
NO_CURRENT_ALLOWED: Final = _reason(
    "session.no_current_allowed",
    _WARNING,
    "The battery, or a limit of the car, allowed no current for too long.",
    "Look at the battery management system, and at the limit that is named.",
)
INLET_TOO_HOT: Final = _reason(
    "session.inlet_too_hot",
    _WARNING,
    "The inlet was too hot, or its temperature unknown, for too long.",
    "Let it cool down; check the contacts of plug and inlet, and the sensor.",
)

BATTERY_UNKNOWN: Final = _reason(
    "session.battery_unknown",
    _FAULT,
    "The battery management system says nothing, or nothing that makes sense.",
    "Check the battery management system and its bus.",
)
NOT_AUTHORISED: Final = _reason(
    "session.not_authorised",
    _WARNING,
    "The user was not authorised to charge.",
    "Authorise at the charger, then unplug and plug in again.",
)

# --- the guard -------------------------------------------------------------------------------
PILOT_LOST: Final = _reason(
    "guard.pilot_lost",
    _EMERGENCY,
    "The control pilot's signal was lost.",
    "Check the plug and the control pilot's wiring.",
)
PROXIMITY_LOST: Final = _reason(
    "guard.proximity_lost",
    _EMERGENCY,
    "The proximity contact says that the plug is out.",
    "Check the plug and the proximity contact.",
)
HEARTBEAT_LOST: Final = _reason(
    "guard.heartbeat_lost",
    _EMERGENCY,
    "The controller stopped talking to the guard.",
    "The controller restarts by itself; if it repeats, report it with the log.",
)
LOCK_FAILED: Final = _reason(
    "guard.lock_failed",
    _FAULT,
    "The connector lock did not confirm.",
    "Check the lock motor, its fuse and its feedback.",
)
LOCK_LOST: Final = _reason(
    "guard.lock_lost",
    _EMERGENCY,
    "The connector lock slipped open during the charge.",
    "Check the lock motor and its feedback.",
)
CONTACTOR_NOT_CLOSED: Final = _reason(
    "guard.contactor_not_closed",
    _FAULT,
    "A contactor was commanded and did not confirm that it closed.",
    "Check the contactor, its driver and its feedback.",
)
CONTACTOR_WELDED: Final = _reason(
    "guard.contactor_welded",
    _FAULT,
    "A contactor did not open.",
    "Do not drive or charge. Use the manual release for the plug and have the contactors replaced.",
)
UNLOCK_REFUSED: Final = _reason(
    "guard.unlock_refused",
    _FAULT,
    "The plug stays locked: that it is free of voltage could not be shown.",
    "Wait; if it stays, use the manual release after the charger shows that it is off.",
)
NO_SESSION: Final = _reason(
    "guard.no_session", _WARNING, "Refused: there is no session of digital communication."
)
NOT_PLUGGED: Final = _reason(
    "guard.not_plugged",
    _WARNING,
    "Refused: the proximity contact says that no plug is in.",
    "Check the plug and the proximity contact.",
)
PILOT_NOT_DIGITAL: Final = _reason(
    "guard.pilot_not_digital",
    _WARNING,
    "Refused: the control pilot does not ask for digital communication (5 % PWM).",
    "Check the control pilot's wiring; an AC charger cannot charge by DC.",
)
NOT_STATE_C: Final = _reason(
    "guard.not_state_c", _WARNING, "Refused: the car is not ready (control pilot not in state C)."
)
STILL_STATE_C: Final = _reason(
    "guard.still_state_c",
    _WARNING,
    "Refused: the car still says that it is ready (control pilot in state C).",
)
NOT_LOCKED: Final = _reason(
    "guard.not_locked", _WARNING, "Refused: the connector lock is not confirmed."
)
VOLTAGE_UNKNOWN: Final = _reason(
    "guard.voltage_unknown",
    _WARNING,
    "Refused: the voltage of the inlet or of the battery is unknown or too old.",
    "Check the measurement, or the battery management system's bus.",
)
PRE_CHARGE_GAP: Final = _reason(
    "guard.pre_charge_gap",
    _WARNING,
    "Refused: the voltages of inlet and battery are too far apart to close a contactor.",
)
CONTACTORS_NOT_OPEN: Final = _reason(
    "guard.contactors_not_open",
    _WARNING,
    "Refused: that both contactors are open is not proven.",
    "Check the contactors' feedback.",
)
INLET_LIVE: Final = _reason(
    "guard.inlet_live",
    _WARNING,
    "Refused: that the inlet is below 60 V is not shown.",
    "Wait until the charger has discharged its output.",
)
CURRENT_FLOWS: Final = _reason(
    "guard.current_flows",
    _WARNING,
    "Put off: the contactors stay closed until the current is gone.",
)
