"""The charger's side of a DIN 70121 DC session: a table, and a loop that asks it.

``SECC_TABLE`` says for each state which requests may come, what handles them, the state after,
and the pilot state the request needs. ``answer`` is one step: request in, response out. What the
table does not list is answered with FAILED_SequenceError, a foreign SessionID with
FAILED_UnknownSession, and a handler may refuse with a code of its own; after any refusal the
output is off and only SessionStop is left.

``Secc.serve`` puts this on a connection: it waits for the pilot where a request needs it, watches
it while the output is on (E3), counts the sequence timer, and cuts the output whatever ends the
connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from structlog.typing import FilteringBoundLogger

from pyplc_fw import faults
from pyplc_fw.errors import HardwareError, LinkError, PyplcError, RemoteProtocolError
from pyplc_fw.faults import Reason
from pyplc_fw.terms import TOUCH_SAFE_V, EndState
from pyplc_fw.timing import timeout
from pyplc_fw.v2g import secc_handlers as on
from pyplc_fw.v2g.channel import V2gChannel
from pyplc_fw.v2g.message_codec import OWN_CODEC, MessageCodec
from pyplc_fw.v2g.messages import app, din
from pyplc_fw.v2g.ports import EvsePilot, PowerSupply, V2gStream
from pyplc_fw.v2g.secc_responses import REFUSALS
from pyplc_fw.v2g.secc_session import CONNECTED, Authorise, SeccSession, SeccState
from pyplc_fw.v2g.session_end import SessionEnd, SessionRecord
from pyplc_fw.v2g.timers import SeccTimers


@dataclass(frozen=True, slots=True)
class Row:
    """What one request does in one state."""

    handler: Callable[[SeccSession, Any], Any]
    state_after: SeccState
    "A handler may stay, or go elsewhere, by setting the session's state itself."
    pilot: str = ""
    "Pilot states one of which must be there within V2G_SECC_CPState_Detection_Timeout."


_STOP: Final = Row(on.on_session_stop_req, SeccState.ENDED)
_POWER_OFF: Final = Row(on.on_power_off_req, SeccState.WELDING_DETECTION)

SECC_TABLE: Final[Mapping[SeccState, Mapping[type, Row]]] = {
    SeccState.SUPPORTED_APP_PROTOCOL: {
        app.supportedAppProtocolReq: Row(on.on_supported_app_protocol_req, SeccState.SESSION_SETUP),
    },
    SeccState.SESSION_SETUP: {
        din.SessionSetupReq: Row(on.on_session_setup_req, SeccState.SERVICE_DISCOVERY),
    },
    SeccState.SERVICE_DISCOVERY: {
        din.ServiceDiscoveryReq: Row(
            on.on_service_discovery_req, SeccState.SERVICE_PAYMENT_SELECTION
        ),
        din.SessionStopReq: _STOP,
    },
    SeccState.SERVICE_PAYMENT_SELECTION: {
        din.ServicePaymentSelectionReq: Row(
            on.on_service_payment_selection_req, SeccState.CONTRACT_AUTHENTICATION
        ),
        din.SessionStopReq: _STOP,
    },
    SeccState.CONTRACT_AUTHENTICATION: {
        din.ContractAuthenticationReq: Row(
            on.on_contract_authentication_req, SeccState.CHARGE_PARAMETER_DISCOVERY
        ),
        din.SessionStopReq: _STOP,
    },
    SeccState.CHARGE_PARAMETER_DISCOVERY: {
        din.ChargeParameterDiscoveryReq: Row(
            on.on_charge_parameter_discovery_req, SeccState.CABLE_CHECK
        ),
        din.SessionStopReq: _STOP,
    },
    SeccState.CABLE_CHECK: {
        din.CableCheckReq: Row(on.on_cable_check_req, SeccState.PRE_CHARGE, CONNECTED),
        din.PowerDeliveryReq: _POWER_OFF,
        din.SessionStopReq: _STOP,
    },
    SeccState.PRE_CHARGE: {
        din.PreChargeReq: Row(on.on_pre_charge_req, SeccState.POWER_DELIVERY),
        din.PowerDeliveryReq: _POWER_OFF,
        din.SessionStopReq: _STOP,
    },
    SeccState.POWER_DELIVERY: {
        din.PreChargeReq: Row(on.on_pre_charge_req, SeccState.POWER_DELIVERY),
        din.PowerDeliveryReq: Row(on.on_power_delivery_req, SeccState.CURRENT_DEMAND),
        din.SessionStopReq: _STOP,
    },
    SeccState.CURRENT_DEMAND: {
        din.CurrentDemandReq: Row(on.on_current_demand_req, SeccState.CURRENT_DEMAND),
        din.PowerDeliveryReq: _POWER_OFF,
        din.SessionStopReq: _STOP,
    },
    SeccState.WELDING_DETECTION: {
        din.WeldingDetectionReq: Row(on.on_welding_detection_req, SeccState.WELDING_DETECTION, "B"),
        din.SessionStopReq: _STOP,
    },
    SeccState.FAILED: {
        din.SessionStopReq: _STOP,
    },
    SeccState.ENDED: {},
}


def answer(secc: SeccSession, request: Any) -> Any:
    """Answer ``request``, a whole message; returns a whole message.

    Raises RemoteProtocolError for what is no request, or not of the awaited schema.
    """
    if secc.state is SeccState.SUPPORTED_APP_PROTOCOL:
        if not isinstance(request, app.supportedAppProtocolReq):
            raise RemoteProtocolError(f"{type(request).__name__} instead of the handshake")
        secc.record.count("supportedAppProtocolReq")
        secc.record.count("supportedAppProtocolRes")
        return _handled(secc, request)
    body = request.Body.BodyElement
    refusal = REFUSALS.get(type(body))
    if refusal is None:
        raise RemoteProtocolError(f"{type(body).__name__} is no request")
    secc.record.count(type(body).__name__)
    try:
        _check_session(secc, body, request.Header.SessionID)
        response = _handled(secc, body)
    except on.RefusedError as exc:
        secc.refuse(exc.code.value, exc.reason)
        response = refusal(secc, exc.code)
    secc.record.count(type(response).__name__)
    header = din.MessageHeader(SessionID=secc.session_id)
    return din.V2G_Message(Header=header, Body=din.Body(BodyElement=response))


def _check_session(secc: SeccSession, body: object, session_id: bytes) -> None:
    """Refuse a foreign SessionID; SessionSetupReq comes with whatever the car likes."""
    if not isinstance(body, din.SessionSetupReq) and session_id != secc.session_id:
        raise on.RefusedError(din.ResponseCode.FAILED_UnknownSession)


def _handled(secc: SeccSession, body: object) -> Any:
    row = SECC_TABLE[secc.state].get(type(body))
    if row is None:
        raise on.RefusedError(din.ResponseCode.FAILED_SequenceError)
    secc.state = row.state_after
    return row.handler(secc, body)


def pilot_needed(secc: SeccSession, request: Any) -> str:
    """Return the pilot states one of which ``request`` needs to go well; empty for any."""
    body = request.Body.BodyElement if isinstance(request, din.V2G_Message) else request
    row = SECC_TABLE[secc.state].get(type(body))
    return "" if row is None else row.pilot


STANDARD_TIMERS: Final = SeccTimers()
SETTLE_STEP_S: Final = 0.05
SETTLE_STEPS: Final = 80
"The end waits 4 s for the cable to fall below 60 V: a car may take 2 s to let go of it."


class Secc:
    """Serves DC sessions of one output, one connection after the other."""

    def __init__(
        self,
        supply: PowerSupply,
        pilot: EvsePilot,
        *,
        evseid: bytes,
        log: FilteringBoundLogger,
        rng: Random,
        authorise: Authorise = lambda _: True,
        timers: SeccTimers = STANDARD_TIMERS,
        on_round: Callable[[], None] | None = None,
        codec: MessageCodec = OWN_CODEC,
    ) -> None:
        """``on_round`` is called after each response, for a display."""
        self.session: SeccSession | None = None
        "The running session, or the last one."
        self._supply = supply
        self._pilot = pilot
        self._evseid = evseid
        self._log = log
        self._rng = rng
        self._authorise = authorise
        self._timers = timers
        self._on_round = on_round
        self._codec = codec

    def request_stop(self, reason: Reason = faults.STOPPED_BY_CHARGER) -> None:
        """Stop at the charger: EVSE_Shutdown; after a grace time the output goes off."""
        session = self.session
        if session is None or session.stop_since_s is not None:
            return
        session.request_stop(reason)
        loop = asyncio.get_running_loop()
        loop.call_later(self._timers.stop_grace.limit_s, self._end_grace, session)

    def request_emergency_stop(self, reason: Reason = faults.CHARGER_EMERGENCY) -> None:
        """Cut the output at once: EVSE_EmergencyShutdown."""
        if self.session is not None:
            self.session.stop_at_once(reason)

    def _end_grace(self, session: SeccSession) -> None:
        if session.output_on:
            self._log.warning("v2g.stop_not_followed", grace_s=self._timers.stop_grace.limit_s)
            session.disable()

    def begin_session(self, session_id: bytes | None = None) -> SeccSession:
        """Make a session; ``answer`` can be asked with it without any connection."""
        clock = asyncio.get_running_loop().time
        record = SessionRecord("evse", self._log)
        record.begin(clock())
        self.session = SeccSession(
            self._supply,
            self._pilot,
            evseid=self._evseid,
            authorise=self._authorise,
            timers=self._timers,
            clock=clock,
            record=record,
            rng=self._rng,
            session_id=session_id,
        )
        return self.session

    async def serve(self, stream: V2gStream) -> SessionEnd:
        """Serve one session over ``stream``, close it, and say how it went.

        Whatever ends it, the output is off before anything else happens.
        """
        session = self.begin_session(self._codec.session_id)
        channel = V2gChannel(stream, session.record, self._codec)
        watch = asyncio.get_running_loop().create_task(self._watch_pilot(session))
        detail = ""
        try:
            await self._serve_requests(channel, session)
        except PyplcError as exc:
            if session.state is not SeccState.FAILED:
                session.ends_because(exc.reason)
            detail = str(exc)
        finally:
            watch.cancel()
            session.output_on = False
            if session.state is not SeccState.ENDED:
                with suppress(HardwareError):  # _settle tries again
                    self._supply.emergency_off()
            await channel.close()
        end_state = await self._settle()
        detail = session.refused or detail
        return session.record.end(session.clock(), session.end_reason, detail, end_state)

    async def _serve_requests(self, channel: V2gChannel, session: SeccSession) -> None:
        timers, record = self._timers, session.record
        while session.state is not SeccState.ENDED:
            handshake = session.state is SeccState.SUPPORTED_APP_PROTOCOL
            async with timeout(timers.sequence):
                request = await channel.receive("app" if handshake else "din")
            record.enter(_phase(request), session.clock())
            await self._await_pilot(session, request)
            response = answer(session, request)
            async with timeout(timers.response_taken):
                await channel.send(response)
            if self._on_round is not None:
                self._on_round()
        await self._await_close(channel)

    async def _await_pilot(self, session: SeccSession, request: Any) -> None:
        """Give the pilot V2G_SECC_CPState_Detection_Timeout to be where ``request`` needs it."""
        pilot = self._pilot
        needed = pilot_needed(session, request)
        if not needed or pilot.state in needed:
            return
        try:
            async with asyncio.timeout(self._timers.cp_state_detection.limit_s):
                await pilot.wait_for(lambda: pilot.state in needed)
        except TimeoutError:
            self._log.warning("pilot.state_not_there", state=pilot.state, needed=needed)

    async def _await_close(self, channel: V2gChannel) -> None:
        """Let the car close first."""
        try:
            async with timeout(self._timers.close):
                await channel.receive("din")
        except (LinkError, TimeoutError):
            return
        self._log.warning("v2g.request_after_session_stop")

    async def _watch_pilot(self, session: SeccSession) -> None:
        """E3: the output is cut when the pilot leaves C and D, or cannot be watched any more."""
        pilot = self._pilot
        try:
            while True:
                await pilot.wait_for(lambda: pilot.state not in CONNECTED)
                session.pilot_left()
                await pilot.wait_for(lambda: pilot.state in CONNECTED)
        except PyplcError as exc:
            session.stop_at_once(exc.reason)

    async def _settle(self) -> EndState:
        """Cut the output while a voltage is left; HELD where it does not go, or is not known."""
        for _ in range(SETTLE_STEPS):
            with suppress(HardwareError):
                if abs(self._supply.present_voltage_v) < TOUCH_SAFE_V:
                    return EndState.SAFE
                self._supply.emergency_off()
            await asyncio.sleep(SETTLE_STEP_S)
        return EndState.HELD


def _phase(request: Any) -> str:
    body = request.Body.BodyElement if isinstance(request, din.V2G_Message) else request
    if isinstance(body, din.PowerDeliveryReq):
        return f"PowerDelivery ({'start' if body.ReadyToChargeState else 'stop'})"
    name = type(body).__name__.removesuffix("Req")
    return name[:1].upper() + name[1:]
