"""A conversation as text: one line an event, with time, direction and content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Final

from pyplc_fw.homeplug.mme import (
    CmAttenCharInd,
    CmAttenProfileInd,
    CmGetKeyCnf,
    CmMnbcSoundInd,
    CmSetKeyCnf,
    CmSlacMatchCnf,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    UnknownMme,
    VsSwVerCnf,
)
from pyplc_fw.homeplug.mme_vendor import OUI_QUALCOMM
from pyplc_fw.terms import BROADCAST, Endpoint, MacAddress
from pyplc_fw.trace.conversation import Conversation
from pyplc_fw.trace.events import Event, HomeplugEvent, SdpEvent, TcpEvent, V2gEvent
from pyplc_fw.trace.field_text import counted, fields_text

CAR: Final = "car"
CHARGER: Final = "charger"
MODEM: Final = "modem"
EVERYONE: Final = "all"
LOCAL_MODEM: Final = "00:b0:52:00:00:01"
"The address at which a Qualcomm modem listens to its own host, whatever its own is."
MAX_PARTIES: Final = 1000
"Who comes later keeps its address for a name."
_SENT_BY_CAR: Final = (CmSlacParmReq, CmStartAttenCharInd, CmMnbcSoundInd)
_SENT_BY_CHARGER: Final = (CmSlacParmCnf, CmAttenCharInd, CmSlacMatchCnf)
_SENT_BY_MODEM: Final = (CmSetKeyCnf, CmGetKeyCnf, CmAttenProfileInd, VsSwVerCnf)
_TCP_WORDS: Final = {
    "SYN": "asks for a connection to port {port}",
    "SYN-ACK": "accepts the connection",
    "FIN": "closes the connection (FIN)",
    "RST": "breaks the connection off (RST)",
    "TLS": "speaks TLS from here on, encrypted",
}


def record_of(event: Event, conversation: Conversation) -> dict[str, Any]:
    """Return an event as the object that `pyplc decode --json` prints."""
    record: dict[str, Any] = {
        "t": round(conversation.seconds(event.time_ns), 6),
        "layer": event.layer,
        "src": str(event.src),
        "dst": str(event.dst),
        "msg": event.msg,
        "fields": event.fields,
    }
    if isinstance(event, V2gEvent):
        record["schema"] = event.schema
        if event.session_id is not None:
            record["session_id"] = event.session_id.hex().upper()
        if event.overlooked:
            record["overlooked"] = list(event.overlooked)
    return record


def transcript(conversation: Conversation) -> Iterator[str]:
    """Write a conversation, line by line."""
    parties = Parties()
    # MAC addresses first, as they are told first.
    for event in sorted(conversation.events, key=lambda one: one.layer != HomeplugEvent.layer):
        parties.learn(event)
    yield from _heading(conversation, parties)
    for event in conversation.events:
        yield line_of(event, conversation, parties)


class Parties:
    """Who is car, charger or modem, by what they said; the second of a kind is ``car2``."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {str(BROADCAST): EVERYONE, LOCAL_MODEM: MODEM}
        self._count: Counter[str] = Counter()

    def learn(self, event: Event) -> None:
        """Learn from what was said."""
        if len(self._names) >= MAX_PARTIES:
            return
        if isinstance(event, HomeplugEvent):
            self._learn_homeplug(event)
        elif isinstance(event, SdpEvent):
            if event.src.address.is_link_local:
                self._names.setdefault(str(event.src.address), CAR if event.is_request else CHARGER)
        elif isinstance(event, V2gEvent) or (isinstance(event, TcpEvent) and event.dialogue.tls):
            self._names[str(event.dialogue.evcc.address)] = CAR
            self._names[str(event.dialogue.secc.address)] = CHARGER

    def name(self, address: str) -> str:
        """Return ``car``, ``charger``, ``modem``, ``all``, or the address of somebody else."""
        return self._names.get(address, address)

    def addresses(self) -> dict[str, list[str]]:
        """Everybody who was told apart, with MAC and IPv6 addresses."""
        found: dict[str, list[str]] = {}
        for address, name in self._names.items():
            if address not in (str(BROADCAST), LOCAL_MODEM):
                found.setdefault(name, []).append(address)
        return found

    def _learn_homeplug(self, event: HomeplugEvent) -> None:
        if isinstance(event.mme, _SENT_BY_CAR):
            self._add(str(event.src), CAR)
        elif isinstance(event.mme, _SENT_BY_CHARGER):
            self._add(str(event.src), CHARGER)
            if event.dst != BROADCAST:
                self._add(str(event.dst), CAR)
        elif isinstance(event.mme, _SENT_BY_MODEM):
            self._add(str(event.src), MODEM)

    def _add(self, address: str, role: str) -> None:
        if address not in self._names:
            self._count[role] += 1
            number = self._count[role]
            self._names[address] = role if number == 1 else f"{role}{number}"


def _heading(conversation: Conversation, parties: Parties) -> Iterator[str]:
    if not conversation.frames:
        yield f"{conversation.file}: no frames"
        return
    yield (
        f"{conversation.file}: {counted(conversation.frames, 'frame')} in "
        f"{conversation.seconds(conversation.end_ns):.1f} s from {conversation.start}"
    )
    for name, addresses in sorted(parties.addresses().items()):
        yield f"  {name:<8} {'  '.join(addresses)}"
    yield ""


def line_of(event: Event, conversation: Conversation, parties: Parties) -> str:
    """Write one event: time since the first frame, who to whom, what."""
    src, dst = parties.name(_host(event.src)), parties.name(_host(event.dst))
    t = conversation.seconds(event.time_ns)
    return f"{t:11.6f}  {src:>8} → {dst:<8}  {_what(event)}".rstrip()


def _host(end: MacAddress | Endpoint) -> str:
    if isinstance(end, MacAddress):
        return str(end)
    return EVERYONE if end.address.is_multicast else str(end.address)


def _what(event: Event) -> str:
    if isinstance(event, TcpEvent):
        words = _TCP_WORDS[event.msg].format(port=event.dst.port)
        return f"TCP  {words}"
    if isinstance(event, SdpEvent):
        return f"SDP  {event.msg:<27} {_sdp_text(event)}"
    if isinstance(event, HomeplugEvent):
        return f"HPGP {event.msg:<27} {fields_text(_worth_showing(event))}"
    return f"V2G  {event.msg:<27} {fields_text(event.fields)}"


def _sdp_text(event: SdpEvent) -> str:
    security = "TLS" if event.fields["security"] == 0 else "no TLS"
    if event.is_request:
        return security
    return f"[{event.fields['address']}]:{event.fields['port']}, {security}"


def _worth_showing(event: HomeplugEvent) -> dict[str, Any]:
    """Leave out what has its usual value, and write the attenuation as its mean."""
    mme = event.mme
    shown = dict(event.fields)
    if isinstance(mme, UnknownMme):
        return {"oui": shown["oui"]} if mme.oui not in (None, OUI_QUALCOMM) else {}
    if is_dataclass(mme) and not isinstance(mme, type):
        for f in fields(mme):
            if f.default is not MISSING and getattr(mme, f.name) == f.default:
                shown.pop(f.name, None)
        attenuation = getattr(mme, "attenuation_db", b"")
        if attenuation:
            shown["attenuation_db"] = round(sum(attenuation) / len(attenuation), 2)
            shown["groups"] = len(attenuation)
    return shown
