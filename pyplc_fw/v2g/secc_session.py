"""What the SECC remembers of one session, and the only way to its output."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from math import inf
from random import Random
from typing import Final

from pyplc_fw import faults
from pyplc_fw.faults import Reason
from pyplc_fw.terms import CURRENT_FREE_A
from pyplc_fw.v2g import secc_responses as responses
from pyplc_fw.v2g.messages import din
from pyplc_fw.v2g.ports import EvsePilot, PowerSupply
from pyplc_fw.v2g.session_end import SessionRecord
from pyplc_fw.v2g.timers import SeccTimers

SESSION_ID_BYTES: Final = 8
CONNECTED: Final = "CD"
"Pilot states in which the output may be on. Source: E1."

STATE_B: Final = "B"
"Pilot state of a car that is connected and not ready."

Authorise = Callable[[bytes], bool | None]
"Asked with the EVCCID at each ContractAuthenticationReq: True, False, or None for not yet."


class SeccState(Enum):
    """What is awaited."""

    SUPPORTED_APP_PROTOCOL = auto()
    SESSION_SETUP = auto()
    SERVICE_DISCOVERY = auto()
    SERVICE_PAYMENT_SELECTION = auto()
    CONTRACT_AUTHENTICATION = auto()
    CHARGE_PARAMETER_DISCOVERY = auto()
    CABLE_CHECK = auto()
    PRE_CHARGE = auto()
    POWER_DELIVERY = auto()
    "Precharged once: again, or the start."
    CURRENT_DEMAND = auto()
    WELDING_DETECTION = auto()
    FAILED = auto()
    "A request was refused: only SessionStop is left."
    ENDED = auto()


class SeccSession:
    """One session. It needs no connection: ``answer`` in secc.py is a step of it."""

    def __init__(
        self,
        supply: PowerSupply,
        pilot: EvsePilot,
        *,
        evseid: bytes,
        authorise: Authorise,
        timers: SeccTimers,
        clock: Callable[[], float],
        record: SessionRecord,
        rng: Random,
        session_id: bytes | None = None,
    ) -> None:
        """``clock`` gives monotonic seconds; ``session_id`` fixes the id, for a replay."""
        self.supply = supply
        self.pilot = pilot
        self.evseid = evseid
        self.authorise = authorise
        self.timers = timers
        self.clock = clock
        self.record = record
        self.session_id = session_id if session_id is not None else new_session_id(rng)
        self.state = SeccState.SUPPORTED_APP_PROTOCOL
        self.evccid = b""
        self.ev_max_voltage_v = self.ev_max_current_a = 0.0
        self.ev_max_power_w = inf
        self.authentication_since_s: float | None = None
        self.cable_check_since_s: float | None = None
        self.stop_since_s: float | None = None
        self.output_on = False
        "The output was asked for and not switched off since."
        self.emergency: Reason | None = None
        self.refused = ""
        "The response code of the first refusal."
        self.end_reason: Reason = faults.STOPPED_BY_EV

    # --- the output --------------------------------------------------------------------------
    @property
    def may_energise(self) -> bool:
        """E1: pilot C or D measured, nothing went wrong, and nobody stopped long ago."""
        connected = self.pilot.state in CONNECTED
        return connected and self.emergency is None and not self.stop_overdue

    def set_output(self, status: din.DC_EVStatus, voltage_v: float, current_a: float) -> None:
        """Move the output, within E1 and E2: never above what car and supply can do.

        A car that is not ready, or reports an error, gets 0 A, and no volt more than there are.
        """
        ready = status.EVReady and status.EVErrorCode is din.DC_EVErrorCode.NO_ERROR
        if not self.may_energise or not (ready or self.output_on):
            return
        limits = self.supply.limits
        voltage_v = max(min(voltage_v, self.ev_max_voltage_v, limits.max_voltage_v), 0.0)
        current_a = max(min(current_a, self.ev_max_current_a, limits.max_current_a), 0.0)
        power_w = max(min(limits.max_power_w, self.ev_max_power_w), 0.0)
        if voltage_v * current_a > power_w:
            current_a = power_w / voltage_v
        if not ready:
            voltage_v, current_a = min(voltage_v, self.supply.present_voltage_v), 0.0
        self.output_on = True
        self.supply.set_output(voltage_v, current_a)

    def disable(self) -> None:
        """Switch the output off in good order."""
        self.output_on = False
        self.supply.disable()

    def stop_at_once(self, reason: Reason) -> None:
        """Cut the output; every later response says EVSE_EmergencyShutdown."""
        self.output_on = False
        self.supply.emergency_off()
        if self.emergency is None:
            self.emergency = reason
            self.ends_because(reason)
            self.record.log.warning("v2g.emergency", reason=reason.id, pilot=self.pilot.state)

    def pilot_left(self) -> None:
        """E3: cut what is on, or has not come down yet, when the pilot leaves C and D."""
        if self.output_on:
            self.stop_at_once(faults.PILOT_LOST)
        elif abs(self.supply.present_current_a) >= CURRENT_FREE_A:
            self.supply.emergency_off()

    def refuse(self, code: str, reason: Reason) -> None:
        """Note that a request was refused: the output goes off, only SessionStop is left."""
        self.disable()
        self.state = SeccState.FAILED
        self.refused = self.refused or code
        self.ends_because(reason)
        self.record.log.warning("v2g.refused", code=code, reason=reason.id)

    def ends_because(self, reason: Reason) -> None:
        """Keep the first reason there is beside the car's wish."""
        if self.end_reason is faults.STOPPED_BY_EV:
            self.end_reason = reason

    # --- what is told ------------------------------------------------------------------------
    def dc_status(self, isolation: din.IsolationLevel | None = None) -> din.DC_EVSEStatus:
        """Return DC_EVSEStatus as it is now."""
        if isolation is None:
            ok = self.supply.isolation_ok
            isolation = din.IsolationLevel.Valid if ok else din.IsolationLevel.Invalid
        if self.emergency is not None:
            code = din.DC_EVSEStatusCode.EVSE_EmergencyShutdown
        elif self.stop_since_s is not None:
            code = din.DC_EVSEStatusCode.EVSE_Shutdown
            stop = din.EVSENotification.StopCharging
            return responses.dc_status(isolation, code, stop)
        else:
            code = din.DC_EVSEStatusCode.EVSE_Ready
        return responses.dc_status(isolation, code, din.EVSENotification.None_)

    def request_stop(self, reason: Reason) -> None:
        """Note that the user stops at the charger. Checkpoint 790."""
        if self.stop_since_s is None:
            self.stop_since_s = self.clock()
            self.ends_because(reason)
            self.record.reach(790, "v2g.stop_at_charger", reason=reason.id)

    @property
    def stop_overdue(self) -> bool:
        """The car did not follow EVSE_Shutdown in time."""
        return self.passed(self.stop_since_s, self.timers.stop_grace.limit_s)

    def passed(self, since_s: float | None, limit_s: float) -> bool:
        """Whether ``limit_s`` have passed since ``since_s``; never when that is None."""
        return since_s is not None and self.clock() - since_s >= limit_s

    def learn_limits(
        self,
        voltage: din.PhysicalValue | None,
        current: din.PhysicalValue | None,
        power: din.PhysicalValue | None,
    ) -> None:
        """Take in the car's limits; what it does not say stays as it was."""
        if voltage is not None:
            self.ev_max_voltage_v = voltage.si
        if current is not None:
            self.ev_max_current_a = current.si
        if power is not None:
            self.ev_max_power_w = power.si


def new_session_id(rng: Random) -> bytes:
    """Return eight random octets, not all zero: zero is how a car asks for a new session."""
    while not any(session_id := rng.randbytes(SESSION_ID_BYTES)):
        pass
    return session_id
