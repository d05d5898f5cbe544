"""The car's side of a DIN 70121 DC session, from supportedAppProtocol to SessionStop.

Each phase is one method, named after its message and read in order. What is energised lives
inside ``Energised.session``, which nothing leaves before the vehicle is in an end state.

How it ends:

- *normally* (battery full, owner, EVSE_Shutdown): 0 A, PowerDelivery (stop), state B, contactors,
  WeldingDetection, unlock, SessionStop;
- *at once* (emergency status, the guard, an error, cancellation): state B, contactors when the
  current is gone or after 2 s, unlock as far as the guard lets it be. To a charger that answered
  FAILED nothing more is said than SessionStop.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import inf
from typing import Final

from structlog.typing import FilteringBoundLogger

from pyplc_fw import faults
from pyplc_fw.errors import (
    LinkError,
    LocalProtocolError,
    LockError,
    PilotError,
    ProtocolTimeoutError,
    PyplcError,
)
from pyplc_fw.faults import Reason
from pyplc_fw.terms import CURRENT_FREE_A, TOUCH_SAFE_V, MacAddress
from pyplc_fw.timing import timeout
from pyplc_fw.v2g.energised import EmergencyStopError, Energised
from pyplc_fw.v2g.evcc_agreement import Agreement
from pyplc_fw.v2g.evcc_checks import (
    ChargerLimits,
    Ratings,
    battery_is_known,
    cable_is_good,
    error_code_of,
    require_known,
)
from pyplc_fw.v2g.evcc_dialogue import Dialogue, now, pace
from pyplc_fw.v2g.evcc_messages import EvccMessages
from pyplc_fw.v2g.limits import (
    Allowed,
    Demand,
    LimitedBy,
    OwnerLimits,
    demand,
    inlet_current_a,
    pre_charge_demand,
)
from pyplc_fw.v2g.message_codec import OWN_CODEC, MessageCodec
from pyplc_fw.v2g.messages import din
from pyplc_fw.v2g.ports import Battery, V2gStream, Vehicle
from pyplc_fw.v2g.session_end import SessionEnd, SessionRecord
from pyplc_fw.v2g.timers import EvccTimers

WELDING_ROUNDS: Final = 10
WELDING_ROUNDS_BELOW: Final = 2
"So many responses in a row must show a safe voltage; the guard counts two as well."
NO_OWNER_LIMITS: Final = OwnerLimits()
STANDARD_TIMERS: Final = EvccTimers()


@dataclass(frozen=True, slots=True, kw_only=True)
class EvccSettings:
    """What is the car's choice, not the standard's."""

    current_demand_period_s: float = 0.2
    "From one CurrentDemandReq to the next; 0.1 to 0.25 keeps the charger's values fresh."
    pre_charge_period_s: float = 0.1
    "Short enough for the charger's voltage to stay fresh for the guard."
    u_delta_max_v: float = 10.0
    "Inlet and battery may differ so much when the contactors are asked to close."
    idle_limit_s: float = 60.0
    "The session ends when no current was allowed for so long."


STANDARD_SETTINGS: Final = EvccSettings()


class Evcc:
    """Runs one DC session of a vehicle."""

    def __init__(
        self,
        vehicle: Vehicle,
        battery: Battery,
        *,
        evccid: MacAddress,
        log: FilteringBoundLogger,
        owner: OwnerLimits = NO_OWNER_LIMITS,
        timers: EvccTimers = STANDARD_TIMERS,
        settings: EvccSettings = STANDARD_SETTINGS,
        inlet_temperature_c: Callable[[], float | None] | None = None,
        on_round: Callable[[], None] | None = None,
        codec: MessageCodec = OWN_CODEC,
    ) -> None:
        """``inlet_temperature_c`` reads the fitted sensor; None where none is fitted.

        ``on_round`` is called after each round of the charge loop, for a display.
        """
        self.owner = owner
        "May be replaced at any time."
        self.demand = Demand(0.0, LimitedBy.BATTERY_CURRENT)
        "What was asked for last, and what limited it."
        self.charger = ChargerLimits()
        "What the charger said last that it can do."
        self.record = SessionRecord("pev", log)
        "Phase, measurements and counts so far."
        self._vehicle = vehicle
        self._battery = battery
        self._evccid = evccid
        self._log = log
        self._timers = timers
        self._settings = settings
        self._inlet_temperature_c = inlet_temperature_c
        self._on_round = on_round
        self._codec = codec
        self._messages = EvccMessages(battery, evccid)
        self._energised = Energised(vehicle, timers, log, zero_current=self._ask_for_zero)
        self._stop_reason: Reason | None = None
        self._dialogue: Dialogue | None = None
        self._rated = Ratings()
        self._charging = False
        self._detail = ""

    def request_stop(self, reason: Reason = faults.STOPPED_BY_OWNER) -> None:
        """End the session normally at its next step; the first reason counts."""
        if self._dialogue is not None:
            self._dialogue.want_stop(reason)
        elif self._stop_reason is None:
            self._stop_reason = reason

    async def run(self, stream: V2gStream, *, link_up_s: float | None = None) -> SessionEnd:
        """Run the session over ``stream``, close it, and say how it went.

        ``link_up_s`` is when the powerline link came up (now, unless said otherwise): from then on
        V2G_EVCC_CommunicationSetup_Timeout runs.

        Whatever ends it, the vehicle is in an end state before this returns or raises. Only
        CancelledError and errors of the program itself leave it.
        """
        if self._dialogue is not None:
            raise LocalProtocolError("an EVCC runs one session; the next one needs a new EVCC")
        self.record.begin(now(), self._battery.soc_pct)
        self._dialogue = self._ask = Dialogue(stream, self._messages, self.record, self._codec)
        self._ask.stop_reason = self._stop_reason
        try:
            try:
                reason = await self._session(link_up_s)
            except PyplcError as exc:
                reason, self._detail = exc.reason, str(exc)
            await self.session_stop()
        finally:
            await self._ask.close()
        self.record.soc(self._battery.soc_pct)
        vehicle = self._energised
        if vehicle.emergency is not None and vehicle.emergency is not reason:
            self._detail += f"; the guard: {vehicle.emergency.sentence}"
        return self.record.end(now(), reason, self._detail, vehicle.end_state, vehicle.held_because)

    async def _session(self, link_up_s: float | None) -> Reason:
        agreement = Agreement(self._ask, self._messages, self._battery, self.record, self._timers)
        async with timeout(self._timers.communication_setup, since_s=link_up_s):
            await agreement.supported_app_protocol()
            await agreement.session_setup()
        ready_by_s = now() + self._timers.ready_to_charge.limit_s
        async with self._ready_to_charge(ready_by_s):
            await agreement.service_discovery()
            await agreement.service_payment_selection()
            await agreement.contract_authentication()
            self.charger = await agreement.charge_parameter_discovery()
        self._rated = Ratings(
            max_voltage_v=self._battery.max_voltage_v, max_current_a=self._battery.max_current_a
        )
        async with self._energised.session():
            async with self._ready_to_charge(ready_by_s):
                await self.connect()
                await self.cable_check()
                await self.pre_charge()
                await self.power_delivery_start()
            reason = await self.charge_loop()
            await self.normal_stop()
        return reason

    # --- energised ---------------------------------------------------------------------------
    async def connect(self) -> None:
        """State C, and the plug locked. Checkpoints 550, 555, 556."""
        self._enter("ConnectorLock")
        self._ask.heed_stop()
        self._require_plug()
        vehicle = self._vehicle
        vehicle.request_state_c()
        self.record.reach(550, "vehicle.state_c")
        vehicle.request_lock()
        self.record.reach(555, "vehicle.lock")
        if not await self._energised.within(self._timers.connector_lock, lambda: vehicle.locked):
            self._require_plug()
            raise LockError("the lock's feedback does not say locked", reason=faults.LOCK_FAILED)
        if not await self._energised.within(self._timers.state_c, lambda: vehicle.state_c):
            self._require_plug()
            raise PilotError("state C does not come", reason=faults.HARDWARE_FAILED)
        self.record.reach(556, "vehicle.locked")
        self._messages.ready = True

    def _require_plug(self) -> None:
        """Until state C the guard has nothing to cut, and says nothing of a plug that is out."""
        if not self._vehicle.plugged_in or self._vehicle.pilot_duty_pct is None:
            raise LinkError("the plug or the pilot is gone", reason=faults.UNPLUGGED)

    async def cable_check(self) -> None:
        """Let the charger test the insulation until Finished. Checkpoints 560 and 566."""
        self._enter("CableCheck")
        self.record.reach(560, "v2g.CableCheckReq")
        timer = self._timers.cable_check_message
        async with timeout(self._timers.cable_check, reason=faults.CABLE_CHECK_FAILED):
            while True:
                self._ask.heed_stop()
                sent_s = now()
                request = self._messages.cable_check()
                res = await self._ask.ask_ok(request, din.CableCheckRes, timer)
                if cable_is_good(res):
                    break
                await pace(sent_s, self._timers.ongoing_period_s)
        self.record.reach(566, "v2g.CableCheckRes")

    async def pre_charge(self) -> None:
        """PreCharge until inlet and battery meet, then close. Checkpoints 570 to 590.

        PreChargeReq go on until both contactors are confirmed, so that the charger's voltage
        stays fresh for the guard. When they do not come, it may be that the voltage went away.
        """
        self._enter("PreCharge")
        self.record.reach(570, "v2g.PreChargeReq", target_v=round(self._battery.voltage_v, 1))
        vehicle = self._vehicle
        async with timeout(self._timers.pre_charge, reason=faults.PRE_CHARGE_FAILED):
            while not await self._pre_charge_round():
                self.record.reach(582, "v2g.precharge_again", inlet_v=vehicle.inlet_v)
        timer = self._timers.contactors_close
        end_s = now() + timer.limit_s
        while not vehicle.contactors_closed:
            meet = await self._pre_charge_round()
            if now() >= end_s:
                reason = faults.CONTACTOR_NOT_CLOSED if meet else faults.PRE_CHARGE_FAILED
                raise ProtocolTimeoutError(timer.name, timer.limit_s, reason=reason)

    async def _pre_charge_round(self) -> bool:
        """Ask once, compare, ask for the contactors; returns whether the voltages meet."""
        self._ask.heed_stop()
        require_known(self._battery)
        sent_s = now()
        battery_v = self._battery.voltage_v
        self.demand = pre_charge_demand(self._allowed())
        request = self._messages.pre_charge(battery_v, self.demand.current_a)
        res = await self._ask.ask_ok(request, din.PreChargeRes, self._timers.pre_charge_message)
        self._energised.reports.take(res.EVSEPresentVoltage.si, None)
        self.record.reach(581, "v2g.precharge_compare", battery_v=round(battery_v, 1))
        inlet_v = self._vehicle.inlet_v
        meet = inlet_v is not None and abs(inlet_v - battery_v) < self._settings.u_delta_max_v
        if meet:
            self._vehicle.request_contactors_closed()
            self.record.reach(590, "vehicle.contactors_close", inlet_v=inlet_v)
        if not self._vehicle.contactors_closed:
            await pace(sent_s, self._settings.pre_charge_period_s)
        return meet

    async def power_delivery_start(self) -> None:
        """Ask for power. Checkpoint 600."""
        self._enter("PowerDelivery (start)")
        self.record.reach(600, "v2g.PowerDeliveryReq", start=True)
        request = self._messages.power_delivery(start=True)
        await self._ask.ask_ok(request, din.PowerDeliveryRes, self._timers.power_delivery)

    async def charge_loop(self) -> Reason:
        """Charge until there is a reason to stop; returns it. Checkpoints 700 and 710."""
        self._enter("CurrentDemand")
        self.record.reach(700, "v2g.CurrentDemandReq")
        self._charging = True
        allowed_s = now()
        while (reason := self._reason_to_stop(allowed_s)) is None:
            sent_s = now()
            self.demand = demand(self._allowed())
            if self.demand.current_a > 0.0:
                allowed_s = sent_s
            await self._current_demand(self.demand.current_a)
            if self._on_round is not None:
                self._on_round()
            await pace(sent_s, self._settings.current_demand_period_s)
            self.record.reach(710, "v2g.CurrentDemandReq_again")
        self._log.info("v2g.stopping", reason=reason.id)
        return reason

    def _reason_to_stop(self, allowed_s: float) -> Reason | None:
        if self._ask.stop_reason is not None:
            return self._ask.stop_reason
        if not battery_is_known(self._battery):
            return faults.BATTERY_UNKNOWN
        if self._messages.charging_complete:
            return faults.BATTERY_FULL
        if now() - allowed_s < self._settings.idle_limit_s:
            return None
        hot = self.demand.limited_by is LimitedBy.INLET_TEMPERATURE
        return faults.INLET_TOO_HOT if hot else faults.NO_CURRENT_ALLOWED

    async def _current_demand(self, current_a: float) -> None:
        """Ask for ``current_a``, which came out of ``demand`` or is 0."""
        battery = self._battery
        target_v = min(battery.target_voltage_v, battery.max_voltage_v, self.charger.max_voltage_v)
        power_w = current_a * (self.record.present_voltage_v or battery.voltage_v)
        request = self._messages.current_demand(target_v, current_a, power_w)
        res = await self._ask.ask(request, din.CurrentDemandRes, self._timers.current_demand)
        present_v, present_a = res.EVSEPresentVoltage.si, res.EVSEPresentCurrent.si
        self._energised.reports.take(present_v, present_a)
        self._energised.reports.ramped_down = current_a == 0.0 and abs(present_a) < CURRENT_FREE_A
        self.record.soc(battery.soc_pct)
        self.record.measured(now(), present_v, present_a, self.demand.limited_by.value)
        self.charger = self.charger.updated(res)
        if (over := self._rated.exceeded_by(present_v, present_a)) is not None:
            self._messages.error = error_code_of(over)
            raise EmergencyStopError(f"{present_v:g} V, {present_a:g} A", reason=over)
        self._ask.judge(res)

    def _allowed(self) -> Allowed:
        battery, owner, charger = self._battery, self.owner, self.charger
        sensor = self._inlet_temperature_c
        return Allowed(
            voltage_v=max(battery.voltage_v, self.record.present_voltage_v or 0.0),
            battery_current_a=battery.allowed_current_a,
            battery_rated_a=battery.max_current_a,
            battery_power_w=battery.max_power_w,
            owner_current_a=owner.max_current_a,
            owner_power_w=owner.max_power_w,
            charger_current_a=charger.max_current_a,
            charger_power_w=charger.max_power_w,
            inlet_current_a=inf if sensor is None else inlet_current_a(sensor(), owner),
            cable_current_a=owner.cable_current_a,
        )

    # --- stopping ----------------------------------------------------------------------------
    async def normal_stop(self) -> None:
        """Leave the charge loop in good order. Checkpoints 800, 806, 810, 850."""
        await self._ramp_down()
        await self.power_delivery_stop()
        self._energised.state_b()
        self.record.reach(810, "vehicle.state_b")
        await self._energised.open_contactors(self._timers.state_b_settle)
        await self.welding_detection()

    async def _ramp_down(self) -> None:
        """Ask for 0 A until less than 5 A flow, 2 s at most."""
        self._enter("CurrentDemand (0 A)")
        self.demand = Demand(0.0, self.demand.limited_by)
        end_s = now() + self._timers.current_ramp.limit_s
        while not self._energised.reports.ramped_down and now() < end_s:
            sent_s = now()
            await self._current_demand(0.0)
            if not self._energised.reports.ramped_down:
                await pace(sent_s, self._settings.pre_charge_period_s)

    async def power_delivery_stop(self) -> None:
        """Ask for the end of power. Checkpoints 800 and 806."""
        self._enter("PowerDelivery (stop)")
        self.record.reach(800, "v2g.PowerDeliveryReq", start=False)
        self._charging = False
        self._messages.ready = False
        request = self._messages.power_delivery(start=False)
        await self._ask.ask_ok(request, din.PowerDeliveryRes, self._timers.power_delivery)
        self._vehicle.charger_confirmed_stop()
        self.record.reach(806, "v2g.PowerDeliveryRes", start=False)

    async def welding_detection(self) -> None:
        """Watch the voltage fall behind the open contactors. Checkpoint 850.

        The plug's release does not hang on it (the guard has its own proof), so that what goes
        wrong here is noted, not raised: an ABB was seen not to answer, an Alpitronic to refuse.
        """
        self._enter("WeldingDetection")
        self.record.reach(850, "v2g.WeldingDetectionReq")
        try:
            async with timeout(self._timers.welding_detection):
                await self._welding_rounds()
        except EmergencyStopError:
            raise
        except PyplcError as exc:
            self._note(f"WeldingDetection: {exc}")

    async def _welding_rounds(self) -> None:
        below, timer = 0, self._timers.welding_detection_message
        for _ in range(WELDING_ROUNDS):
            sent_s = now()
            request = self._messages.welding_detection()
            res = await self._ask.ask(request, din.WeldingDetectionRes, timer)
            voltage_v = res.EVSEPresentVoltage.si
            self._energised.reports.take(voltage_v, None)
            self._ask.judge(res)
            below = below + 1 if abs(voltage_v) < TOUCH_SAFE_V else 0
            if below >= WELDING_ROUNDS_BELOW:
                return
            await pace(sent_s, self._timers.ongoing_period_s)
        # Some chargers never show the drop: it is told, but the aux contacts are the proof.
        self._log.warning(
            "v2g.voltage_stays", reason=faults.WELDING_SUSPECTED.id, present_v=voltage_v
        )
        self._note(f"WeldingDetection: still {voltage_v:.0f} V after {WELDING_ROUNDS} rounds")

    async def session_stop(self) -> None:
        """End the session where the connection still allows it. Checkpoint 900."""
        if not (self._ask.usable and self.record.session_id):
            return
        self._enter("SessionStop")
        self.record.reach(900, "v2g.SessionStopReq")
        timer = self._timers.session_stop
        try:
            await self._ask.ask_ok(din.SessionStopReq(), din.SessionStopRes, timer)
        except PyplcError as exc:
            self._note(f"SessionStop: {exc}")

    async def _ask_for_zero(self) -> bool:
        """Ask for 0 A once on the way out; False when the charger cannot be asked."""
        if not self._charging or self._ask.failed or not self._ask.usable:
            return False
        sent_s = now()
        self._messages.ready = False
        if self._vehicle.emergency is not None:
            self._messages.error = error_code_of(self._vehicle.emergency)
        try:
            await self._current_demand(0.0)
        except EmergencyStopError:
            pass  # known already; what counts is the current that the response reports
        except PyplcError as exc:
            self._log.warning("v2g.zero_current_refused", why=str(exc))
            return False
        await pace(sent_s, self._settings.pre_charge_period_s)
        return True

    # --- small things ------------------------------------------------------------------------
    def _enter(self, phase: str) -> None:
        self.record.enter(phase, now())

    def _note(self, what: str) -> None:
        """Keep what went wrong on the way out; the reason stays the first one."""
        self._log.warning("v2g.end_disturbed", what=what)
        self._detail = self._detail or what

    @asynccontextmanager
    async def _ready_to_charge(self, end_s: float) -> AsyncIterator[None]:
        timer = self._timers.ready_to_charge
        try:
            async with asyncio.timeout_at(end_s) as scope:
                yield
        except TimeoutError as exc:
            if isinstance(exc, ProtocolTimeoutError) or not scope.expired():
                raise
            raise ProtocolTimeoutError(timer.name, timer.limit_s) from exc
