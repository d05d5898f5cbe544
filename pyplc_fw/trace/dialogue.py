"""What was said on one recorded TCP connection: roles, TLS or V2GTP, handshake, messages.

The first EXI exchange is the handshake; the SchemaID it settles on decides how the rest is read.
Where the recording begins later, the payload's second byte tells DIN 70121 from ISO 15118-2.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any, Final, NamedTuple

from pyplc_fw.errors import CodecError
from pyplc_fw.terms import Endpoint
from pyplc_fw.trace.events import Dialogue, Event, TcpEvent, V2gEvent
from pyplc_fw.trace.exi_names import NAMESPACES, guess_schema, outline
from pyplc_fw.trace.tcp_streams import Connection
from pyplc_fw.trace.v2gtp_recorded import Payload, Splitter, count_tls_records, looks_like_tls
from pyplc_fw.v2g import exi
from pyplc_fw.v2g.messages import app
from pyplc_fw.v2g.v2gtp import PAYLOAD_EXI

CLASSES: Final = frozenset({"app", "din", "iso2"})
"Schemas whose messages can be decoded."
WARNINGS_SHOWN: Final = 10
"Of one connection; the rest is counted."


class _Said(NamedTuple):
    src: Endpoint
    payload: Payload


class Reading(NamedTuple):
    """A connection, read."""

    dialogue: Dialogue
    events: list[Event]
    "Unsorted."
    warnings: list[str]
    "What could not be read."
    notes: list[str]
    "What was read although the sender should not have sent it."


def build_dialogue(connection: Connection) -> Reading:
    """Read a connection."""
    streams = (
        (connection.client, connection.from_client),
        (connection.server, connection.from_server),
    )
    said: list[_Said] = []
    warnings: list[str] = []
    for src, half in streams:
        splitter = Splitter()
        for chunk in half.chunks:
            said += [_Said(src, payload) for payload in splitter.receive(chunk)]
        splitter.finish()
        warnings += [f"{src}: {note}" for note in splitter.notes]
        if half.stray_segments:
            warnings.append(f"{src}: {half.stray_segments} segments far outside the stream")
    said.sort(key=lambda s: s.payload.number)
    dialogue = _dialogue(connection, said)
    dialogue.tls_records = _tls_records(connection)
    events = _tcp_events(connection, dialogue)
    if not said:
        # Neither V2GTP nor damage of it: somebody else's connection, or an encrypted one.
        return Reading(dialogue, events, [], [])
    reader = _Reader(dialogue)
    dialogue.messages = [reader.read(*one) for one in said]
    warnings += reader.warnings
    events += dialogue.messages
    where = f"TCP {connection.client} to {connection.server}"
    return Reading(dialogue, events, _shortened(warnings, where), _shortened(reader.notes, where))


def _shortened(texts: list[str], where: str) -> list[str]:
    more = len(texts) - WARNINGS_SHOWN
    shown = [f"{where}: {text}" for text in texts[:WARNINGS_SHOWN]]
    return [*shown, f"{where}: and {more} more of this kind"] if more > 0 else shown


# --- roles -----------------------------------------------------------------------------------


def _dialogue(connection: Connection, said: list[_Said]) -> Dialogue:
    evcc, secc = connection.client, connection.server
    if not connection.opened and _spoken_by_secc(said, evcc):
        evcc, secc = secc, evcc
    return Dialogue(
        evcc=evcc,
        secc=secc,
        opened=connection.opened,
        accepted=connection.accepted is not None,
        first_ns=connection.first_ns,
    )


def _spoken_by_secc(said: list[_Said], speaker: Endpoint) -> bool:
    """Tell who answers, by the first message that can be named."""
    for one in said:
        name = _name(one.payload.data)
        if name:
            return name.endswith("Res") == (one.src == speaker)
    return False


def _name(data: bytes) -> str:
    """Name a message without decoding it; empty when that is impossible."""
    if guess_schema(data) == "app":
        return "supportedAppProtocolReq" if data[1] < 0x40 else "supportedAppProtocolRes"
    known = outline(data)
    return known.name if known else ""


# --- TCP and TLS -----------------------------------------------------------------------------


def _tls_records(connection: Connection) -> int:
    halves = (connection.from_client, connection.from_server)
    if not any(half.chunks and looks_like_tls(half.chunks[0].data) for half in halves):
        return 0
    return sum(count_tls_records(half.chunks) for half in halves)


def _tcp_events(connection: Connection, dialogue: Dialogue) -> list[Event]:
    client, server = connection.client, connection.server
    events: list[TcpEvent] = []

    def add(number: int, time_ns: int, msg: str, src: Endpoint, fields: dict[str, Any]) -> None:
        events.append(
            TcpEvent(
                number=number,
                time_ns=time_ns,
                msg=msg,
                fields=fields,
                src=src,
                dst=server if src == client else client,
                dialogue=dialogue,
            )
        )

    if connection.syn_seq is not None:
        add(connection.first_number, connection.first_ns, "SYN", client, {})
    if connection.accepted is not None:
        accepted = connection.accepted
        add(accepted.number, accepted.time_ns, "SYN-ACK", server, {})
    if dialogue.tls:
        chunks = connection.from_client.chunks + connection.from_server.chunks
        first = min(chunks, key=attrgetter("number"))
        dialogue.tls_first_ns = first.time_ns
        add(first.number, first.time_ns, "TLS", client, {"records": dialogue.tls_records})
    for close in connection.closes:
        add(close.number, close.time_ns, close.kind, close.by, {})
        dialogue.closes.append(events[-1])
    return list(events)


# --- messages --------------------------------------------------------------------------------


class _Reader:
    """Reads a connection's messages one after the other; learns the schema from the handshake."""

    def __init__(self, dialogue: Dialogue) -> None:
        self.warnings: list[str] = []
        self.notes: list[str] = []
        self._dialogue = dialogue
        self._offered: dict[int, str] = {}

    def read(self, src: Endpoint, payload: Payload) -> V2gEvent:
        """Read the next message."""
        schema = self._schema_of(payload.data)
        message, strict, overlooked, problem = _decode(schema, payload)
        known = outline(payload.data)
        name = _name(payload.data)
        fields: dict[str, Any] = {}
        body = None
        session_id = known.session_id if known else None
        if message is not None:
            body = message.Body.BodyElement if schema != "app" else message
            name = type(body).__name__ if body is not None else "V2G_Message"
            fields = body_fields(message)
            if schema != "app":
                session_id = message.Header.SessionID
        if problem:
            fields["error"] = problem
            self.warnings.append(_about(name or "EXI", problem, payload.number))
        if schema == "app" and message is not None:
            self._learn(message)
        self.notes += [_about(name, what, payload.number) for what in overlooked]
        return V2gEvent(
            number=payload.number,
            time_ns=payload.time_ns,
            msg=name or "undecodable",
            fields=fields,
            src=src,
            dst=self._dialogue.secc if src == self._dialogue.evcc else self._dialogue.evcc,
            dialogue=self._dialogue,
            schema=schema,
            session_id=session_id,
            message=message,
            body=body,
            payload=payload.data,
            strict=strict,
            overlooked=overlooked,
        )

    def _schema_of(self, data: bytes) -> str:
        """Tell the schema: by the handshake where there is one, else by the second byte."""
        guess = guess_schema(data) or ""
        if guess == "app":
            return guess
        return self._dialogue.chosen_schema or guess

    def _learn(self, message: Any) -> None:
        if isinstance(message, app.supportedAppProtocolReq):
            self._offered = {p.SchemaID: p.ProtocolNamespace for p in message.AppProtocol}
        elif message.SchemaID is not None:
            namespace = self._offered.get(message.SchemaID, "")
            self._dialogue.chosen_schema = NAMESPACES.get(namespace, "")


def _about(name: str, what: str, frame: int) -> str:
    """Say what is to be said of a message, which ``what`` may name already."""
    return f"frame {frame}: {what if what.startswith(name) else f'{name}: {what}'}"


def body_fields(message: Any) -> dict[str, Any]:
    """Return the body element's content, in the form of the schema's JSON."""
    (root,) = exi.to_json(message).values()
    if "Body" not in root:
        return dict(root)
    for content in root["Body"].values():
        return dict(content)
    return {}


class _Decoded(NamedTuple):
    message: Any = None
    strict: bool = True
    overlooked: tuple[str, ...] = ()
    problem: str = ""


def _decode(schema: str, payload: Payload) -> _Decoded:
    """Decode strictly if possible, else leniently, and say what is wrong."""
    if payload.payload_type != PAYLOAD_EXI:
        return _Decoded(problem=f"V2GTP payload type {payload.payload_type:04x}")
    if schema not in CLASSES:
        return _Decoded(problem="" if schema else "neither DIN 70121 nor ISO 15118-2")
    problem = ""
    for lenient in (False, True):
        try:
            message, noted = exi.decode_with_warnings(schema, payload.data, lenient=lenient)
        except CodecError as exc:
            problem = f"does not decode as {schema}: {exc}"
            continue
        overlooked = tuple(f"{one.message} (bit {one.bit})" for one in noted)
        return _Decoded(message, strict=not lenient, overlooked=overlooked)
    return _Decoded(strict=False, problem=problem)
