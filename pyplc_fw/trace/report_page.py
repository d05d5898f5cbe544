"""The report as a page for people: who, network, what was agreed, phases, how it ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pyplc_fw.trace.conversation import Conversation
from pyplc_fw.trace.endings import recording_ending, session_ending
from pyplc_fw.trace.field_text import counted
from pyplc_fw.trace.report import build_report

WIDTH: Final = 96
LABEL: Final = 14
PROTOCOLS: Final = {"din": "DIN 70121", "iso2": "ISO 15118-2"}


def report_page(conversation: Conversation) -> Iterator[str]:
    """Write the page, line by line."""
    report = build_report(conversation)
    yield "━" * WIDTH
    yield report["file"]
    yield _extent(report, conversation)
    yield "━" * WIDTH
    yield from _network(report)
    shown = [d for d in conversation.dialogues if d.messages or d.tls]
    for number, (dialogue, session) in enumerate(zip(shown, report["sessions"], strict=True), 1):
        yield ""
        yield _rule(f"session {number} of {len(shown)}" if len(shown) > 1 else "session")
        yield from _session(session)
        yield from _wrapped("ended", str(session_ending(dialogue, conversation)))
    if not shown:
        yield ""
        yield from _wrapped("ended", str(recording_ending(conversation)))
    yield "━" * WIDTH


def _extent(report: dict[str, Any], conversation: Conversation) -> str:
    if not conversation.frames:
        return "holds no frames"
    return (
        f"recorded {conversation.start}, {_duration(report['duration_s'])}, "
        f"{counted(conversation.frames, 'frame')}"
    )


# --- network ---------------------------------------------------------------------------------


def _network(report: dict[str, Any]) -> Iterator[str]:
    if kinds := report["homeplug_frames"]:
        frames = sum(entry["frames"] for entry in kinds.values())
        text = f"{counted(frames, 'frame')} of {counted(len(kinds), 'kind')}"
        yield _row("HomePlug", text)
    requests = report["slac_param_req"]
    if requests:
        count = len(requests) + (requests[-1]["more"] - 1 if "more" in requests[-1] else 0)
        times = "once" if count == 1 else f"{count} times"
        yield _row("SLAC", f"car {requests[0]['pev_mac']} asked {times} (CM_SLAC_PARM.REQ)")
    for entry in _loudest(report["atten_char_ind"]):
        yield _row(
            "attenuation",
            f"{entry['mean_attenuation_db']} dB at charger {entry['evse_mac']} "
            f"({entry['sounds']} sounds, {entry['groups']} groups)",
        )
    for match in report["slac_match"]:
        yield _row(
            "matched",
            f"at {float(match['t_rel_s']):.3f} s: car {match['pev_mac']}, "
            f"charger {match['evse_mac']}",
        )
        yield _row("", f"NID {match['nid']}   NMK {match['nmk']}")
    yield from _sdp(report)
    if opened := report["tcp_connections_opened"]:
        yield _row("TCP", f"{counted(opened, 'connection')} asked for")


def _loudest(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the first entry of each charger."""
    first: dict[str, dict[str, Any]] = {}
    for entry in entries:
        first.setdefault(entry["evse_mac"], entry)
    return list(first.values())


def _sdp(report: dict[str, Any]) -> Iterator[str]:
    if not report["sdp"]:
        return
    requests, responses = report["sdp_requests"], report["sdp_responses"]
    text = f"{counted(requests, 'request')}, {counted(responses, 'response')}"
    answers = [entry for entry in report["sdp"] if entry["kind"] == "response"]
    if answers:
        security = "TLS" if answers[-1]["security"] == 0 else "no TLS"
        text += f": [{answers[-1]['address']}]:{answers[-1]['port']}, {security}"
    yield _row("SDP", text)


# --- a session -------------------------------------------------------------------------------


def _session(session: dict[str, Any]) -> Iterator[str]:
    if session["tls"]:
        yield _row("protocol", f"TLS, {counted(session['tls_records'], 'record')}: stays encrypted")
        yield _row("car", session["client"])
        yield _row("charger", session["server"])
        return
    yield _row("protocol", _protocol(session))
    yield from _wrapped("car", _car(session))
    yield from _wrapped("charger", _charger(session))
    if "session_id" in session:
        yield _row("SessionID", session["session_id"])
    yield from _phases(session)
    yield from _values(session)
    yield from _latencies(session)
    yield from _wrapped("messages", ", ".join(session["sequence"]))
    yield from _peculiarities(session)


def _protocol(session: dict[str, Any]) -> str:
    if "protocol" in session:
        name = PROTOCOLS[session["protocol"]]
        offered = ", ".join(offer["namespace"] for offer in session.get("offered", ()))
        return f"{name} (SchemaID {session['schema_id']}; offered: {offered})"
    guess = PROTOCOLS.get(session["protocol_guess"] or "", "unknown")
    return f"{guess} by its looks; the handshake is not in the recording"


def _car(session: dict[str, Any]) -> str:
    parts = [session["evcc"]]
    if session.get("evcc_id"):
        parts.append(f"EVCCID {session['evcc_id']}")
    if session.get("requested_energy_mode"):
        parts.append(f"wants {session['requested_energy_mode']}")
    limits = _limits(session, ("ev_max_voltage", "V"), ("ev_max_current", "A"))
    if limits:
        parts.append(f"at most {limits}")
    if session.get("ev_energy_capacity_wh"):
        parts.append(f"battery {session['ev_energy_capacity_wh'] / 1000:g} kWh")
    return ", ".join(parts)


def _charger(session: dict[str, Any]) -> str:
    parts = [session["secc"]]
    if session.get("evse_id"):
        parts.append(f"EVSEID {session['evse_id']}")
    limits = _limits(
        session, ("evse_max_voltage", "V"), ("evse_max_current", "A"), ("evse_max_power", "W")
    )
    if limits:
        parts.append(f"at most {limits}")
    if session.get("evse_min_voltage") is not None:
        parts.append(f"from {session['evse_min_voltage']:g} V")
    return ", ".join(parts)


def _limits(session: dict[str, Any], *keys: tuple[str, str]) -> str:
    found = ((session.get(key), unit) for key, unit in keys)
    return " ".join(f"{value:g} {unit}" for value, unit in found if value is not None)


def _phases(session: dict[str, Any]) -> Iterator[str]:
    if check := session.get("cable_check"):
        last = f", last {check['last']}" if "last" in check else ""
        yield _row("cable check", f"{_times(check)}{last}")
    if pre := session.get("pre_charge"):
        text = _times(pre)
        if "present_voltage" in pre:
            first, last = pre["present_voltage"]
            text += f", {first:g} to {last:g} V"
        if "target_voltage" in pre:
            text += f", target {pre['target_voltage']:g} V"
        yield _row("precharge", text)
    if demand := session.get("current_demand"):
        yield _row("charge loop", _times(demand))


def _times(phase: dict[str, Any]) -> str:
    length = _duration(phase["length_s"])
    return f"{length} from {phase['t_rel_s']:.3f} s, {counted(phase['requests'], 'request')}"


def _values(session: dict[str, Any]) -> Iterator[str]:
    if "evse_present_voltage_first" in session:
        text = (
            f"first {session['evse_present_voltage_first']:g} V, "
            f"last {session['evse_present_voltage_last']:g} V, "
            f"highest {session['evse_present_voltage_max']:g} V"
        )
        if "evse_present_current_max" in session:
            text += f", highest current {session['evse_present_current_max']:g} A"
        yield _row("output", text)
    if "ev_target_voltage_max" in session:
        yield _row(
            "asked for",
            f"at most {session['ev_target_voltage_max']:g} V "
            f"{session.get('ev_target_current_max', 0):g} A",
        )
    if "soc_first" in session:
        yield _row("SoC", f"{session['soc_first']} % to {session['soc_last']} %")


def _latencies(session: dict[str, Any]) -> Iterator[str]:
    for key, who in (("secc_latency_ms", "charger"), ("evcc_latency_ms", "car")):
        latency = session[key]
        if latency:
            yield _row(
                "" if key.startswith("evcc") else "answer times",
                f"{who:<8} median {latency['p50']:.0f} ms, 95 % {latency['p95']:.0f} ms, "
                f"longest {latency['max']:.0f} ms",
            )


def _peculiarities(session: dict[str, Any]) -> Iterator[str]:
    codes = session["codes_other_than_plain_ok"]
    if codes:
        yield from _wrapped("codes", ", ".join(f"{code} x {n}" for code, n in codes.items()))
    status = session.get("evse_isolation_and_status")
    if status:
        yield from _wrapped("status", ", ".join(f"{code} x {n}" for code, n in status.items()))
    for failure in session.get("exi_strict_decode_failures", ()):
        yield _row(
            "not by schema",
            f"{failure['message_by_lenient_decoder']} x {failure['count']}, read leniently",
        )


# --- layout ----------------------------------------------------------------------------------


def _rule(title: str) -> str:
    return f"── {title} ".ljust(WIDTH, "─")


def _row(label: str, text: str) -> str:
    return f"  {label:<{LABEL}}{text}"


def _wrapped(label: str, text: str) -> Iterator[str]:
    """Break ``text`` between words to the page's width."""
    line = ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > WIDTH - LABEL - 2:
            yield _row(label, line)
            label, line = "", word
        else:
            line = f"{line} {word}" if line else word
    yield _row(label, line)


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.3g} s" if seconds < 10 else f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {seconds % 60:.0f} s"
