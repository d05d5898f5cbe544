"""Puts one of our sides against the other side of a recording, in virtual time."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from dataclasses import replace
from random import Random
from typing import Any, Final, NoReturn

import structlog
from structlog.typing import FilteringBoundLogger

from pyplc_fw import faults
from pyplc_fw.sim.virtual_time import run_virtual
from pyplc_fw.terms import MacAddress
from pyplc_fw.timing import Timer
from pyplc_fw.trace.events import Dialogue
from pyplc_fw.trace.field_text import fields_text
from pyplc_fw.trace.replay_car import RecordedCar, ShownPilot, ShownSupply
from pyplc_fw.trace.replay_charger import RecordedCharger
from pyplc_fw.trace.replay_result import ReplayResult, Verdict
from pyplc_fw.trace.replay_script import Exchange, Script, script_of
from pyplc_fw.trace.replay_vehicle import FollowingBattery, FollowingVehicle
from pyplc_fw.v2g.evcc import Evcc, EvccSettings
from pyplc_fw.v2g.secc import Secc
from pyplc_fw.v2g.session_end import SessionEnd
from pyplc_fw.v2g.timers import EvccTimers

DEFAULT_EVCCID: Final = MacAddress.parse("02:00:00:00:00:01")
PATIENCE: Final = 1.5
"A recorded time times this is what a timer of the replay allows, where the standard allows less."
IDLE_LIMIT_S: Final = 86_400.0
PHASE_TIMERS: Final = {"pre_charge": "PreCharge", "cable_check": "CableCheck"}
MESSAGE_TIMERS: Final = {
    "supported_app_protocol": "supportedAppProtocol",
    "session_setup": "SessionSetup",
    "service_discovery": "ServiceDiscovery",
    "service_payment_selection": "ServicePaymentSelection",
    "contract_authentication": "ContractAuthentication",
    "charge_parameter_discovery": "ChargeParameterDiscovery",
    "cable_check_message": "CableCheck",
    "pre_charge_message": "PreCharge",
    "power_delivery": "PowerDelivery",
    "current_demand": "CurrentDemand",
    "welding_detection_message": "WeldingDetection",
    "session_stop": "SessionStop",
}
CHARGER_ENDED: Final = frozenset(
    {
        faults.CHARGER_EMERGENCY.id,
        faults.CHARGER_MALFUNCTION.id,
        faults.RESPONSE_FAILED.id,
        faults.CABLE_CHECK_FAILED.id,
        faults.NO_COMMON_PROTOCOL.id,
    }
)
"Ends that the charger's own words bring about."


def replayable(dialogue: Dialogue) -> bool:
    """Tell whether a connection holds a DIN 70121 session with both sides."""
    schema = dialogue.chosen_schema or next((m.schema for m in dialogue.messages[2:]), "")
    sides = {message.is_request for message in dialogue.messages}
    return schema == "din" and len(sides) == 2


# --- our EVCC --------------------------------------------------------------------------------


def replay_evcc(dialogue: Dialogue) -> ReplayResult:
    """Let our EVCC run against the recorded charger."""
    script = script_of(dialogue)
    result = ReplayResult("evcc", script)
    result.end = run_virtual(_run_evcc(script, result))
    return result


async def _run_evcc(script: Script, result: ReplayResult) -> SessionEnd:
    charger = RecordedCharger(script, result)
    evcc = Evcc(
        FollowingVehicle(charger),
        FollowingBattery(charger, script),
        evccid=_evccid(script),
        log=_log("pev", result),
        timers=_timers_for(script, result),
        settings=EvccSettings(idle_limit_s=IDLE_LIMIT_S),
    )
    charger.on_stop = lambda: evcc.request_stop(faults.STOPPED_BY_EV)
    end = await evcc.run(charger)
    result.verdict = _verdict(charger, end)
    left = len(script.exchanges) - charger.position
    if result.verdict is Verdict.PEER_ENDED and left:
        result.remark(f"the recorded car went on after that ({left} more)")
    if charger.ended:
        how = "closed the connection" if script.charger_closed else "said nothing more"
        result.remark(f"the recorded charger {how} there")
    return end


def _verdict(charger: RecordedCharger, end: SessionEnd) -> Verdict:
    if charger.next_key is None:
        return Verdict.THROUGH
    if charger.ended or end.reason.id in CHARGER_ENDED:
        return Verdict.PEER_ENDED
    return Verdict.OUT_OF_STEP


def _evccid(script: Script) -> MacAddress:
    """Return the recorded EVCCID where it is a MAC address."""
    for exchange in script.of("SessionSetup"):
        evccid = getattr(exchange.request and exchange.request.body, "EVCCID", b"")
        if len(evccid) == MacAddress.LENGTH:
            return MacAddress(evccid)
    return DEFAULT_EVCCID


def _timers_for(script: Script, result: ReplayResult) -> EvccTimers:
    """Allow what the recording needs: a timer that would have run out is told and made longer."""
    timers = EvccTimers()
    needed = {name: _length_s(script.of(phase)) for name, phase in PHASE_TIMERS.items()}
    for name, exchange in MESSAGE_TIMERS.items():
        needed[name] = max((e.answer_delay_s for e in script.of(exchange)), default=0.0)
    # The contactors follow the recorded precharge, which may take longer than real ones.
    contactors_s = timers.contactors_close.limit_s + PATIENCE * needed["pre_charge"]
    changed: dict[str, Any] = {
        "contactors_close": Timer(timers.contactors_close.name, contactors_s)
    }
    for name, recorded_s in needed.items():
        timer: Timer = getattr(timers, name)
        if recorded_s * PATIENCE > timer.limit_s:
            changed[name] = Timer(timer.name, recorded_s * PATIENCE)
        if recorded_s > timer.limit_s:
            result.remark(
                f"{timer.name} is {timer.limit_s:g} s, the recording took {recorded_s:.3g} s: "
                "our EVCC would have given up there; here it was given the time"
            )
    return replace(timers, **changed)


def _length_s(exchanges: list[Exchange]) -> float:
    times = [
        message.time_ns
        for exchange in exchanges
        for message in (exchange.request, exchange.response)
        if message is not None
    ]
    return (max(times) - min(times)) / 1e9 if times else 0.0


# --- our SECC --------------------------------------------------------------------------------


def replay_secc(dialogue: Dialogue) -> ReplayResult:
    """Let the recorded car run against our SECC."""
    script = script_of(dialogue)
    result = ReplayResult("secc", script)
    result.end = run_virtual(_run_secc(script, result))
    return result


async def _run_secc(script: Script, result: ReplayResult) -> SessionEnd:
    car = RecordedCar(script, result)
    supply, pilot = ShownSupply(script), ShownPilot()
    secc = Secc(
        supply,
        pilot,
        evseid=_evseid(script),
        log=_log("evse", result),
        rng=_RecordedId(script),
        authorise=lambda _: _was_authorised(car.present),
    )

    def follow(exchange: Exchange) -> None:
        supply.follow(exchange)
        pilot.follow(exchange)
        if _says_shutdown(exchange):
            secc.request_stop()

    car.on_request = follow
    end = await secc.serve(car)
    if car.refused_at:
        result.remark(f"our SECC refused {car.refused_at}")
    result.verdict = (
        Verdict.CAR_STOPPED if car.finished and not car.refused_at else Verdict.OUT_OF_STEP
    )
    return end


class _RecordedId(Random):
    """Chance that gives the recorded SessionID, so that the recorded requests fit."""

    def __init__(self, script: Script) -> None:
        super().__init__(0)
        messages = script.dialogue.messages
        self._id = next((m.session_id for m in messages if m.msg == "SessionSetupRes"), None)

    def randbytes(self, n: int) -> bytes:
        return self._id or super().randbytes(n)


def _evseid(script: Script) -> bytes:
    for exchange in script.of("SessionSetup"):
        if exchange.response is not None:
            return bytes(getattr(exchange.response.body, "EVSEID", b"\0"))
    return b"\0"


def _was_authorised(exchange: Exchange | None) -> bool | None:
    """Authorise when the recorded charger did."""
    response = exchange.response if exchange is not None else None
    if response is None or response.fields.get("EVSEProcessing") == "Finished":
        return True
    return None


def _says_shutdown(exchange: Exchange) -> bool:
    fields = exchange.response.fields if exchange.response is not None else {}
    status = fields.get("DC_EVSEStatus", {})
    return bool(status.get("EVSEStatusCode") == "EVSE_Shutdown")


def _log(side: str, result: ReplayResult) -> FilteringBoundLogger:
    """Return a log whose warnings become remarks; the rest is dropped."""

    def remark(_: Any, __: str, event: MutableMapping[str, Any]) -> NoReturn:
        what = event.pop("event")
        shown = {name: value for name, value in event.items() if name not in ("side", "exi")}
        result.remark(f"our log says {what}: {fields_text(shown)}")
        raise structlog.DropEvent

    log: FilteringBoundLogger = structlog.wrap_logger(
        None,
        processors=[remark],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        side=side,
    )
    return log
