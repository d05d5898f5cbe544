"""What a recording tells, as one object: who, network, messages, times, how it ended.

Keys, spellings and nesting are those of the description of our recordings (`captures.jsonl`), so
that both can be compared; lists that grow without end are shortened as there.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from pyplc_fw.homeplug.mme import CmAttenCharInd, CmSlacMatchCnf, CmSlacParmReq, tshark_name
from pyplc_fw.trace.conversation import Conversation
from pyplc_fw.trace.events import HomeplugEvent, SdpEvent
from pyplc_fw.trace.report_session import report_session

PARAM_REQ_SHOWN: Final = 6
ATTEN_CHAR_SHOWN: Final = 10
SDP_SHOWN_WHOLE: Final = 8
"Up to so many SDP messages are listed in order; of more, the first of each kind."
SDP_RESPONSES_SHOWN: Final = 6
SDP_REQUESTS_SHOWN: Final = 2


def build_report(conversation: Conversation) -> dict[str, Any]:
    """Sum up a conversation."""
    homeplug = [e for e in conversation.events if isinstance(e, HomeplugEvent)]
    sdp = [e for e in conversation.events if isinstance(e, SdpEvent)]
    sessions = [
        report_session(dialogue, conversation)
        for dialogue in conversation.dialogues
        if dialogue.messages or dialogue.tls
    ]
    return {
        "file": conversation.file,
        "start_epoch": round(conversation.start_ns / 1e9, 6),
        "duration_s": round(conversation.seconds(conversation.end_ns), 3),
        "frames_total": conversation.frames,
        "homeplug_frames": _homeplug_frames(homeplug),
        **_slac(homeplug, conversation),
        "sdp": _sdp(sdp, conversation),
        "sdp_requests": sum(e.is_request for e in sdp),
        "sdp_responses": sum(not e.is_request for e in sdp),
        "tcp_connections_opened": conversation.connections_opened,
        "sessions": sessions,
        "exi_sessions": sum(not session["tls"] for session in sessions),
    }


def _homeplug_frames(events: list[HomeplugEvent]) -> dict[str, Any]:
    counts = Counter(event.mmtype for event in events)
    return {
        f"0x{mmtype:04x}": {"name": tshark_name(mmtype), "frames": counts[mmtype]}
        for mmtype in sorted(counts)
    }


# --- SLAC ------------------------------------------------------------------------------------


def _slac(events: list[HomeplugEvent], conversation: Conversation) -> dict[str, Any]:
    matches, requests, attenuations = [], [], []
    for event in events:
        t = {"t_rel_s": _nine_decimals(event.time_ns - conversation.start_ns)}
        mme = event.mme
        if isinstance(mme, CmSlacMatchCnf):
            matches.append(
                {**t, **_match(mme), "eth_src": str(event.src), "eth_dst": str(event.dst)}
            )
        elif isinstance(mme, CmSlacParmReq):
            requests.append({**t, "pev_mac": str(event.src), "run_id": str(mme.run_id)})
        elif isinstance(mme, CmAttenCharInd):
            attenuations.append({**t, "evse_mac": str(event.src), **_attenuation(mme)})
    return {
        "slac_match": matches,
        "slac_param_req": _shortened(requests),
        "atten_char_ind": attenuations[:ATTEN_CHAR_SHOWN],
    }


def _match(mme: CmSlacMatchCnf) -> dict[str, Any]:
    return {
        "pev_mac": str(mme.pev_mac),
        "evse_mac": str(mme.evse_mac),
        "run_id": str(mme.run_id),
        "nid": str(mme.nid),
        "nmk": str(mme.nmk),
    }


def _attenuation(mme: CmAttenCharInd) -> dict[str, Any]:
    groups = len(mme.attenuation_db)
    return {
        "sounds": str(mme.num_sounds),
        "groups": str(groups),
        "mean_attenuation_db": round(sum(mme.attenuation_db) / groups, 2) if groups else None,
    }


def _shortened(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    more = len(requests) - PARAM_REQ_SHOWN
    return requests[:PARAM_REQ_SHOWN] + ([{"more": more}] if more > 0 else [])


def _nine_decimals(time_ns: int) -> str:
    seconds, fraction = divmod(time_ns, 1_000_000_000)
    return f"{seconds}.{fraction:09d}"


# --- SDP -------------------------------------------------------------------------------------


def _sdp(events: list[SdpEvent], conversation: Conversation) -> list[dict[str, Any]]:
    if len(events) > SDP_SHOWN_WHOLE:
        responses = [e for e in events if not e.is_request][:SDP_RESPONSES_SHOWN]
        requests = [e for e in events if e.is_request][:SDP_REQUESTS_SHOWN]
        events = responses + requests
    return [_sdp_message(event, conversation) for event in events]


def _sdp_message(event: SdpEvent, conversation: Conversation) -> dict[str, Any]:
    message: dict[str, Any] = {
        "src": str(event.src.address),
        "sport": event.src.port,
        "dst": str(event.dst.address),
        "kind": "request" if event.is_request else "response",
    }
    if not event.is_request:
        message |= {"port": event.fields["port"], "address": event.fields["address"]}
    return {
        **message,
        "security": event.fields["security"],
        "transport": event.fields["transport"],
        "t_rel_s": round(conversation.seconds(event.time_ns), 4),
    }
