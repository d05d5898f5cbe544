"""How a recorded session ended, in the words of the catalogue of reasons."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from pyplc_fw import faults
from pyplc_fw.faults import Reason
from pyplc_fw.homeplug.mme import CmSlacMatchCnf, CmSlacParmCnf, CmSlacParmReq
from pyplc_fw.trace.conversation import Conversation
from pyplc_fw.trace.events import Dialogue, SdpEvent, V2gEvent
from pyplc_fw.trace.field_text import counted

LAST_OF_SESSION: Final = "SessionStopRes"
_EMERGENCIES: Final = {
    "EVSE_EmergencyShutdown": faults.CHARGER_EMERGENCY,
    "EVSE_UtilityInterruptEvent": faults.CHARGER_MALFUNCTION,
    "EVSE_Malfunction": faults.CHARGER_MALFUNCTION,
}


class Ending(NamedTuple):
    """Why, where a reason can be told, and what was seen."""

    reason: Reason | None
    detail: str

    def __str__(self) -> str:
        return f"{self.reason.sentence} {self.detail}" if self.reason else self.detail


def session_ending(dialogue: Dialogue, conversation: Conversation) -> Ending:
    """Tell how one connection ended."""
    if dialogue.tls:
        return Ending(None, f"Encrypted. {_close_text(dialogue, conversation)}")
    last = dialogue.messages[-1]
    at = f"Last message: {last.msg} at {conversation.seconds(last.time_ns):.3f} s."
    reason, what = _reason(dialogue)
    close = _close_text(dialogue, conversation)
    return Ending(reason, " ".join(part for part in (what, at, close) if part))


def recording_ending(conversation: Conversation) -> Ending:
    """Tell how far a recording without any session came."""
    mmes = [getattr(event, "mme", None) for event in conversation.events]
    sdp = [event for event in conversation.events if isinstance(event, SdpEvent)]
    if conversation.connections_opened:
        return Ending(faults.LINK_LOST, "No TCP connection carried a V2G message.")
    if sdp and all(event.is_request for event in sdp):
        return Ending(faults.SDP_NO_ANSWER, f"{counted(len(sdp), 'SDP request')}.")
    if sdp:
        return Ending(None, "Ends after SDP: no TCP connection was opened.")
    if any(isinstance(mme, CmSlacMatchCnf) for mme in mmes):
        return Ending(None, "Matched; nothing of IPv6 follows in the recording.")
    if any(isinstance(mme, CmSlacParmCnf) for mme in mmes):
        return Ending(faults.SLAC_FAILED, "CM_SLAC_PARM.CNF was the last step.")
    if any(isinstance(mme, CmSlacParmReq) for mme in mmes):
        return Ending(faults.SLAC_NO_ANSWER, "")
    return Ending(None, "No charging communication in the recording.")


def _reason(dialogue: Dialogue) -> Ending:
    """Find the first cause: what the charger refused or reported, then who ended it."""
    for message in dialogue.messages:
        code = str(message.fields.get("ResponseCode", ""))
        if code == "Failed_NoNegotiation":
            return Ending(faults.NO_COMMON_PROTOCOL, "")
        if code.startswith("FAILED"):
            return Ending(faults.RESPONSE_FAILED, f"{message.msg}: {code}.")
        reported = _status_code(message)
        if reported in _EMERGENCIES:
            return Ending(_EMERGENCIES[reported], f"{reported}, first in {message.msg}.")
    if any(_status_code(message) == "EVSE_Shutdown" for message in dialogue.messages):
        return Ending(faults.STOPPED_BY_CHARGER, "")
    errors = sorted(set(_ev_errors(dialogue.messages)))
    if errors:
        return Ending(faults.STOPPED_BY_EV, f"It reported {', '.join(errors)}.")
    if any(message.fields.get("ChargingComplete") for message in dialogue.messages):
        return Ending(faults.BATTERY_FULL, "")
    if dialogue.messages[-1].msg == LAST_OF_SESSION:
        return Ending(faults.STOPPED_BY_EV, "")
    return Ending(faults.LINK_LOST if dialogue.closes else None, "")


def _status_code(message: V2gEvent) -> str:
    status: dict[str, Any] = message.fields.get("DC_EVSEStatus", {})
    return str(status.get("EVSEStatusCode", ""))


def _ev_errors(messages: list[V2gEvent]) -> Iterator[str]:
    for message in messages:
        status = message.fields.get("DC_EVStatus", {})
        code = status.get("EVErrorCode", "NO_ERROR")
        if code != "NO_ERROR":
            yield code


def _close_text(dialogue: Dialogue, conversation: Conversation) -> str:
    if not dialogue.closes:
        return "The connection is still open where the recording ends."
    first = dialogue.closes[0]
    who = "car" if first.src == dialogue.evcc else "charger"
    how = "closed the connection" if first.msg == "FIN" else "broke the connection off"
    return f"The {who} {how} ({first.msg}) at {conversation.seconds(first.time_ns):.3f} s."
