"""What is said on one TCP connection: roles, TLS or V2GTP, handshake, messages.

The first EXI exchange is the handshake; the SchemaID it settles on decides how the rest is read.
Where the recording begins later, the payload's second byte tells DIN 70121 from ISO 15118-2.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from pyplc_fw.errors import CodecError
from pyplc_fw.terms import Endpoint
from pyplc_fw.trace.events import Dialogue, Event, TcpEvent, V2gEvent
from pyplc_fw.trace.exi_names import NAMESPACES, guess_schema, outline
from pyplc_fw.trace.tcp_streams import Chunk, Connection, Step
from pyplc_fw.trace.v2gtp_recorded import Payload, Splitter, TlsCounter, looks_like_tls
from pyplc_fw.v2g import exi
from pyplc_fw.v2g.messages import app
from pyplc_fw.v2g.v2gtp import PAYLOAD_EXI

CLASSES: Final = frozenset({"app", "din", "iso2"})
"Schemas whose messages can be decoded."
TOLD: Final = 10
"Warnings, and notes, of one connection; the rest is counted."


class _Told:
    """Texts about one connection: the first few, and how many more there were."""

    def __init__(self, where: str, into: list[str]) -> None:
        self._where = where
        self._into = into
        self._held: list[str] | None = []
        self._count = 0

    def add(self, text: str) -> None:
        """Tell ``text``, or hold it back while it is not certain that it is of interest."""
        self._count += 1
        if self._count <= TOLD:
            (self._into if self._held is None else self._held).append(f"{self._where}: {text}")

    def release(self) -> None:
        """Tell what was held back, and from now on at once."""
        self._into += self._held or []
        self._held = None

    def finish(self) -> None:
        """Tell how many more there were."""
        if self._held is None and self._count > TOLD:
            more = self._count - TOLD
            self._into.append(f"{self._where}: and {more} more of this kind")


class _Half:
    """One direction, on its way from bytes to messages."""

    def __init__(self) -> None:
        self.splitter = Splitter()
        self.tls = TlsCounter()
        self.began = False


class DialogueReader:
    """Reads a connection step by step; what cannot be read goes into ``warnings`` at once.

    Of a connection that never carries V2GTP nothing is told: it is somebody else's, or encrypted.
    """

    def __init__(self, connection: Connection, warnings: list[str], notes: list[str]) -> None:
        self.dialogue = Dialogue(
            evcc=connection.client,
            secc=connection.server,
            opened=False,
            accepted=False,
            first_ns=connection.first_ns,
        )
        where = f"TCP {connection.client} to {connection.server}"
        self._connection = connection
        self._warnings = _Told(where, warnings)
        self._notes = _Told(where, notes)
        self._halves = {connection.client: _Half(), connection.server: _Half()}
        self._messages = _Messages(self.dialogue, self._warnings, self._notes)
        self._roles_known = False

    def receive(self, step: Step) -> list[Event]:
        """Take in what happened next; returns the events that it makes."""
        self.dialogue.opened = self._connection.opened
        self.dialogue.accepted = self._connection.accepted
        if step.kind == "END":
            self._finish()
            return []
        if step.chunk is not None:
            return self._receive_chunk(step.src, step.chunk)
        return [self._tcp_event(step.kind, step.src, step.number, step.time_ns)]

    def _receive_chunk(self, src: Endpoint, chunk: Chunk) -> list[Event]:
        half = self._halves[src]
        half.tls.receive(chunk)
        encrypted_before = self.dialogue.tls
        events: list[Event] = []
        if encrypted_before or (not half.began and looks_like_tls(chunk.data)):
            self.dialogue.tls_records = sum(one.tls.records for one in self._halves.values())
        if self.dialogue.tls and not encrypted_before:
            self.dialogue.tls_first_ns = chunk.time_ns
            client = self._connection.client
            events.append(self._tcp_event("TLS", client, chunk.number, chunk.time_ns))
        half.began = True
        for payload in self._payloads(src, half, chunk):
            self._learn_roles(src, payload)
            events.append(self._messages.read(src, payload))
        return events

    def _payloads(self, src: Endpoint, half: _Half, chunk: Chunk) -> list[Payload]:
        payloads = half.splitter.receive(chunk)
        self._warn_of(src, half)
        if payloads:
            self._warnings.release()
            self._notes.release()
        return payloads

    def _warn_of(self, src: Endpoint, half: _Half) -> None:
        for note in half.splitter.notes:
            self._warnings.add(f"{src}: {note}")
        half.splitter.notes.clear()

    def _finish(self) -> None:
        for src, half in self._halves.items():
            half.splitter.finish()
            self._warn_of(src, half)
            if stray := self._connection.half(src).stray_segments:
                self._warnings.add(f"{src}: {stray} segments far outside the stream")
        self._warnings.finish()
        self._notes.finish()

    # --- roles -------------------------------------------------------------------------------

    def _learn_roles(self, src: Endpoint, payload: Payload) -> None:
        """Tell who answers, by the first message that can be named, where no SYN tells it."""
        if self._roles_known:
            return
        name = _name(payload.data)
        self._roles_known = self.dialogue.opened or bool(name)
        if (
            not self.dialogue.opened
            and name
            and name.endswith("Res") == (src == self.dialogue.evcc)
        ):
            self.dialogue.evcc, self.dialogue.secc = self.dialogue.secc, self.dialogue.evcc

    # --- TCP ---------------------------------------------------------------------------------

    def _tcp_event(self, kind: str, src: Endpoint, number: int, time_ns: int) -> TcpEvent:
        client, server = self._connection.client, self._connection.server
        return TcpEvent(
            number=number,
            time_ns=time_ns,
            msg=kind,
            fields={},
            src=src,
            dst=server if src == client else client,
            dialogue=self.dialogue,
        )


def _name(data: bytes) -> str:
    """Name a message without decoding it; empty when that is impossible."""
    if guess_schema(data) == "app":
        return "supportedAppProtocolReq" if data[1] < 0x40 else "supportedAppProtocolRes"
    known = outline(data)
    return known.name if known else ""


# --- messages --------------------------------------------------------------------------------


class _Messages:
    """Reads a connection's messages one after the other; learns the schema from the handshake."""

    def __init__(self, dialogue: Dialogue, warnings: _Told, notes: _Told) -> None:
        self._warnings = warnings
        self._notes = notes
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
            self._warnings.add(_about(name or "EXI", problem, payload.number))
        if schema == "app" and message is not None:
            self._learn(message)
        for what in overlooked:
            self._notes.add(_about(name, what, payload.number))
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
