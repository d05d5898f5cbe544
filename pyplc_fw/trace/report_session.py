"""What one recorded TCP connection tells: protocol, identities, limits, phases, end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final, NamedTuple

from pyplc_fw.trace.conversation import Conversation
from pyplc_fw.trace.events import Dialogue, V2gEvent

PAYLOAD_START_BYTES: Final = 20
"So much of a payload that a strict decoder refuses is shown."
PLAIN_OK: Final = "OK"
NO_ERROR: Final = "NO_ERROR"
_WITH_STATUS: Final = ("DC_EVChargeParameter", "DC_EVPowerDeliveryParameter")
"Elements of requests that hold DC_EVStatus where the body does not."
_ENERGY_MODE: Final = ("EVRequestedEnergyTransferType", "RequestedEnergyTransferMode")
"As DIN 70121 and ISO 15118-2 call it."


def report_session(dialogue: Dialogue, conversation: Conversation) -> dict[str, Any]:
    """Sum up a connection that carried V2GTP or TLS."""
    if dialogue.tls:
        return {
            "first_frame_t_rel_s": round(conversation.seconds(dialogue.tls_first_ns), 4),
            "tls": True,
            "tls_records": dialogue.tls_records,
            "client": str(dialogue.evcc),
            "server": str(dialogue.secc),
        }
    messages = dialogue.messages
    first, last = messages[0], messages[-1]
    return {
        "first_frame_t_rel_s": round(conversation.seconds(first.time_ns), 4),
        "tls": False,
        **_handshake(messages),
        **_protocol(dialogue),
        **_identities(messages),
        **_limits(messages),
        "evcc": str(dialogue.evcc),
        "secc": str(dialogue.secc),
        "secc_latency_ms": _latency(messages, of_requests=False),
        "evcc_latency_ms": _latency(messages, of_requests=True),
        "duration_s": _seconds(last.time_ns - first.time_ns),
        "sequence": _sequence(messages),
        "counts": dict(Counter(m.msg for m in messages)),
        **_measurements(messages),
        **_phases(messages, conversation),
        **_status(messages),
        "ended": _ended(dialogue, conversation),
        "codes_other_than_plain_ok": _codes(messages),
        **_refused_by_strict(messages),
    }


# --- who and what ----------------------------------------------------------------------------


def _handshake(messages: list[V2gEvent]) -> dict[str, Any]:
    req = _fields_of_first(messages, "supportedAppProtocolReq")
    res = _fields_of_first(messages, "supportedAppProtocolRes")
    found: dict[str, Any] = {}
    offered = [
        {
            "namespace": offer["ProtocolNamespace"],
            "version": f"{offer['VersionNumberMajor']}.{offer['VersionNumberMinor']}",
            "schema_id": offer["SchemaID"],
            "priority": offer["Priority"],
        }
        for offer in (req or {}).get("AppProtocol", ())
    ]
    if offered:
        found["offered"] = offered
    if res is not None and "ResponseCode" in res:
        schema_id = res.get("SchemaID")
        found["handshake_code"] = res["ResponseCode"]
        found["schema_id"] = schema_id
        chosen = (o["namespace"] for o in offered if o["schema_id"] == schema_id)
        found["chosen"] = next(chosen, None)
    return found


def _protocol(dialogue: Dialogue) -> dict[str, Any]:
    if dialogue.chosen_schema:
        return {"protocol": dialogue.chosen_schema}
    guesses = (m.schema for m in dialogue.messages if m.schema not in ("", "app"))
    return {"protocol_guess": next(guesses, None)}


def _identities(messages: list[V2gEvent]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for message in messages:
        if message.msg == "SessionSetupReq":
            _take(found, "evcc_id", message.fields, "EVCCID")
        elif message.msg == "SessionSetupRes":
            if message.session_id is not None:
                found["session_id"] = message.session_id.hex().upper()
            _take(found, "evse_id", message.fields, "EVSEID")
    return found


def _limits(messages: list[V2gEvent]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for message in messages:
        if message.msg == "ChargeParameterDiscoveryReq" and message.message is not None:
            found |= _ev_limits(message.fields)
        elif message.msg == "ChargeParameterDiscoveryRes" and message.message is not None:
            found |= _evse_limits(message.fields)
    return found


def _ev_limits(fields: dict[str, Any]) -> dict[str, Any]:
    ev = fields.get("DC_EVChargeParameter", {})
    return {
        "requested_energy_mode": next((fields[n] for n in _ENERGY_MODE if n in fields), None),
        "ev_max_voltage": _si(ev.get("EVMaximumVoltageLimit")),
        "ev_max_current": _si(ev.get("EVMaximumCurrentLimit")),
        "ev_energy_capacity_wh": _si(ev.get("EVEnergyCapacity")),
    }


def _evse_limits(fields: dict[str, Any]) -> dict[str, Any]:
    evse = fields.get("DC_EVSEChargeParameter", {})
    return {
        "evse_max_voltage": _si(evse.get("EVSEMaximumVoltageLimit")),
        "evse_max_current": _si(evse.get("EVSEMaximumCurrentLimit")),
        "evse_max_power": _si(evse.get("EVSEMaximumPowerLimit")),
        "evse_min_voltage": _si(evse.get("EVSEMinimumVoltageLimit")),
        "evse_processing_last": fields.get("EVSEProcessing"),
    }


# --- times -----------------------------------------------------------------------------------


def _latency(messages: list[V2gEvent], *, of_requests: bool) -> dict[str, Any] | None:
    """Sum up the times to the messages of one side, each from the other side's message before."""
    gaps = sorted(
        (after.time_ns - before.time_ns) / 1e6
        for before, after in pairwise(messages)
        if before.is_request != after.is_request and after.is_request == of_requests
    )
    if not gaps:
        return None
    count = len(gaps)

    def quantile(percent: int) -> float:
        return round(gaps[min(count * percent // 100, count - 1)], 3)

    return {
        "n": count,
        "min": round(gaps[0], 3),
        "p50": quantile(50),
        "p95": quantile(95),
        "p99": quantile(99),
        "max": round(gaps[-1], 3),
    }


def _sequence(messages: list[V2gEvent]) -> list[str]:
    """Name runs of the same exchange: ``"PreCharge 15/15"`` is requests/responses."""
    runs: list[tuple[str, list[int]]] = []
    for message in messages:
        name = message.exchange
        if not runs or runs[-1][0] != name:
            runs.append((name, [0, 0]))
        runs[-1][1][0 if message.is_request else 1] += 1
    return [f"{name} {requests}/{responses}" for name, (requests, responses) in runs]


class _Phase(NamedTuple):
    summary: dict[str, Any]
    messages: list[V2gEvent]


def _phase(messages: list[V2gEvent], exchange: str, conversation: Conversation) -> _Phase | None:
    of_phase = [m for m in messages if m.exchange == exchange]
    if not of_phase:
        return None
    summary = {
        "t_rel_s": _seconds(of_phase[0].time_ns - conversation.start_ns),
        "length_s": _seconds(of_phase[-1].time_ns - of_phase[0].time_ns),
        "requests": sum(m.is_request for m in of_phase),
    }
    return _Phase(summary, of_phase)


def _phases(messages: list[V2gEvent], conversation: Conversation) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if check := _phase(messages, "CableCheck", conversation):
        _take_last(check.summary, "last", _values(check.messages, "EVSEProcessing"))
        found["cable_check"] = check.summary
    if pre := _phase(messages, "PreCharge", conversation):
        voltages = list(_quantities(pre.messages, "EVSEPresentVoltage"))
        if voltages:
            pre.summary["present_voltage"] = [voltages[0], voltages[-1]]
        _take_last(pre.summary, "target_voltage", _quantities(pre.messages, "EVTargetVoltage"))
        found["pre_charge"] = pre.summary
    if demand := _phase(messages, "CurrentDemand", conversation):
        found["current_demand"] = demand.summary
    return found


# --- what was measured and reported ----------------------------------------------------------


def _measurements(messages: list[V2gEvent]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    voltages = list(_quantities(messages, "EVSEPresentVoltage"))
    targets = list(_quantities(messages, "EVTargetVoltage"))
    if voltages:
        found["evse_present_voltage_first"] = voltages[0]
        found["evse_present_voltage_last"] = voltages[-1]
        found["evse_present_voltage_max"] = max(voltages)
    if currents := list(_quantities(messages, "EVSEPresentCurrent")):
        found["evse_present_current_max"] = max(currents)
    if targets:
        found["ev_target_voltage_last"] = targets[-1]
        found["ev_target_voltage_max"] = max(targets)
    if currents := list(_quantities(messages, "EVTargetCurrent")):
        found["ev_target_current_max"] = max(currents)
    if soc := [status["EVRESSSOC"] for status in _ev_statuses(messages)]:
        found["soc_first"], found["soc_last"] = soc[0], soc[-1]
    return found


def _ev_statuses(messages: list[V2gEvent]) -> Iterator[dict[str, Any]]:
    for message in messages:
        for holder in (message.fields, *(message.fields.get(name, {}) for name in _WITH_STATUS)):
            if "DC_EVStatus" in holder:
                yield holder["DC_EVStatus"]


def _status(messages: list[V2gEvent]) -> dict[str, Any]:
    """Count isolation and status as in the responses' own DC_EVSEStatus; None where unreadable."""
    if not any(m.message is not None for m in messages if m.schema != "app"):
        return {}
    counts = Counter(
        f"{status.get('EVSEIsolationStatus')}/{status['EVSEStatusCode']}"
        for status in _values(messages, "DC_EVSEStatus")
    )
    return {"evse_isolation_and_status": dict(counts)}


def _codes(messages: list[V2gEvent]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for message in messages:
        code = message.fields.get("ResponseCode", PLAIN_OK)
        if code != PLAIN_OK:
            counts[f"{message.msg}:{code}"] += 1
    for status in _ev_statuses(messages):
        if status["EVErrorCode"] != NO_ERROR:
            counts[f"EVErrorCode:{status['EVErrorCode']}"] += 1
    return dict(counts)


def _refused_by_strict(messages: list[V2gEvent]) -> dict[str, Any]:
    refused = [m for m in messages if m.message is not None and not m.strict]
    if not refused:
        return {}
    by_name: dict[str, list[V2gEvent]] = {}
    for message in refused:
        by_name.setdefault(message.msg, []).append(message)
    return {
        "exi_strict_decode_failures": [
            {
                "count": len(group),
                "message_by_lenient_decoder": name,
                "payload_starts": group[0].payload[:PAYLOAD_START_BYTES].hex(),
                "meaning": "the published schema refuses this payload; a lenient decoder reads it",
            }
            for name, group in by_name.items()
        ]
    }


def _ended(dialogue: Dialogue, conversation: Conversation) -> dict[str, Any]:
    last = dialogue.messages[-1]
    return {
        "last_message": last.msg,
        "last_t_rel_s": _seconds(last.time_ns - conversation.start_ns),
        "tcp_close": [
            {
                "by": "evcc" if close.src == dialogue.evcc else "secc",
                "flags": close.msg,
                "t_rel_s": _seconds(close.time_ns - conversation.start_ns),
            }
            for close in dialogue.closes
        ],
    }


# --- small tools -----------------------------------------------------------------------------


def _seconds(time_ns: int) -> float:
    return round(time_ns / 1e9, 3)


def _si(quantity: dict[str, Any] | None) -> float | None:
    """Apply a PhysicalValue's multiplier; whole numbers stay whole."""
    if quantity is None:
        return None
    value, multiplier = quantity["Value"], quantity["Multiplier"]
    return int(value * 10**multiplier) if multiplier >= 0 else float(value / 10**-multiplier)


def _values(messages: list[V2gEvent], name: str) -> Iterator[Any]:
    for message in messages:
        if name in message.fields:
            yield message.fields[name]


def _quantities(messages: list[V2gEvent], name: str) -> Iterator[float]:
    for quantity in _values(messages, name):
        value = _si(quantity)
        if value is not None:
            yield value


def _fields_of_first(messages: list[V2gEvent], name: str) -> dict[str, Any] | None:
    return next((m.fields for m in messages if m.msg == name), None)


def _take(found: dict[str, Any], key: str, fields: dict[str, Any], name: str) -> None:
    if name in fields:
        found[key] = fields[name]


def _take_last(summary: dict[str, Any], key: str, values: Iterator[Any]) -> None:
    for value in values:
        summary[key] = value
