"""A network whose connections tamper with one response of the charger."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from ipaddress import IPv6Address
from typing import Any, Final, TypeAlias

import msgspec

from pyplc_fw.terms import Endpoint
from pyplc_fw.v2g import exi
from pyplc_fw.v2g.messages import app, din
from pyplc_fw.v2g.ports import Datagrams, V2gListener, V2gNetwork, V2gStream
from pyplc_fw.v2g.v2gtp import PAYLOAD_EXI, V2GTP_HEADER, wrap

Tampering: TypeAlias = Callable[[V2gStream, bytes], Awaitable[None]]
"Sends what it likes instead of the V2GTP message that it is given."
HANDSHAKE: Final = "supportedAppProtocolRes"


class TamperedStream:
    """One connection of the charger; the ``nth`` response called ``name`` is tampered with.

    With 0 each of them is.
    """

    def __init__(self, stream: V2gStream, name: str, nth: int, tampering: Tampering) -> None:
        self._stream = stream
        self._name = name
        self._nth, self._seen = nth, 0
        self._tampering = tampering

    @property
    def peer(self) -> Endpoint:
        return self._stream.peer

    async def receive(self) -> bytes:
        return await self._stream.receive()

    async def send(self, data: bytes) -> None:
        if name_of(data) == self._name and self._is_the_one():
            await self._tampering(self._stream, data)
        else:
            await self._stream.send(data)

    def _is_the_one(self) -> bool:
        self._seen += 1
        return self._nth in (0, self._seen)

    async def close(self) -> None:
        await self._stream.close()

    def abort(self) -> None:
        self._stream.abort()


class TamperedListener:
    """A port whose connections are tampered with."""

    def __init__(self, inner: V2gListener, change: Callable[[V2gStream], V2gStream]) -> None:
        self._inner = inner
        self._change = change

    @property
    def port(self) -> int:
        return self._inner.port

    async def accept(self) -> V2gStream:
        return self._change(await self._inner.accept())

    def close(self) -> None:
        self._inner.close()


class TamperedNetwork:
    """The charger's network, with one response tampered with; implements ``V2gNetwork``."""

    def __init__(self, inner: V2gNetwork, name: str, tampering: Tampering, *, nth: int = 1) -> None:
        self._inner = inner
        self._change = lambda stream: TamperedStream(stream, name, nth, tampering)

    @property
    def address(self) -> IPv6Address:
        return self._inner.address

    def open_udp(self, port: int = 0) -> Datagrams:
        return self._inner.open_udp(port)

    async def connect(self, peer: Endpoint) -> V2gStream:
        return await self._inner.connect(peer)

    def listen(self, port: int = 0) -> V2gListener:
        return TamperedListener(self._inner.listen(port), self._change)


class RefusingNetwork:
    """A network that announces a port on which nobody listens; implements ``V2gNetwork``."""

    def __init__(self, inner: V2gNetwork) -> None:
        self._inner = inner

    @property
    def address(self) -> IPv6Address:
        return self._inner.address

    def open_udp(self, port: int = 0) -> Datagrams:
        return self._inner.open_udp(port)

    async def connect(self, peer: Endpoint) -> V2gStream:
        return await self._inner.connect(peer)

    def listen(self, port: int = 0) -> V2gListener:
        return WrongPort(self._inner.listen(port + 1), port)


class WrongPort(TamperedListener):
    """Listens on another port than it says."""

    def __init__(self, inner: V2gListener, port: int) -> None:
        super().__init__(inner, lambda stream: stream)
        self._port = port

    @property
    def port(self) -> int:
        return self._port


def message_of(data: bytes) -> Any:
    """Decode a V2GTP message, of whichever schema it is."""
    payload = data[V2GTP_HEADER.size :]
    if payload[:2] == b"\x80\x40":  # the two schemas' event codes differ in the second octet
        message = exi.decode("app", payload)
        if isinstance(message, app.supportedAppProtocolRes):
            return message
    return exi.decode("din", payload)


def name_of(data: bytes) -> str:
    """Return the name of the response in a V2GTP message."""
    message = message_of(data)
    body = message.Body.BodyElement if isinstance(message, din.V2G_Message) else message
    return type(body).__name__


# --- what may be done to a response ------------------------------------------------------------


async def missing(_stream: V2gStream, _data: bytes) -> None:
    """Say nothing."""


def late(by_s: float) -> Tampering:
    """Answer, but ``by_s`` later."""

    async def tamper(stream: V2gStream, data: bytes) -> None:
        await asyncio.sleep(by_s)
        await stream.send(data)

    return tamper


async def garbage(stream: V2gStream, data: bytes) -> None:
    """Answer with octets that are no EXI of ours."""
    await stream.send(wrap(PAYLOAD_EXI, b"\xff" * (len(data) - V2GTP_HEADER.size)))


async def truncated(stream: V2gStream, data: bytes) -> None:
    """Answer with half a message that says it is a whole one."""
    exi_bytes = data[V2GTP_HEADER.size :]
    await stream.send(wrap(PAYLOAD_EXI, exi_bytes[: len(exi_bytes) // 2]))


async def bad_v2gtp(stream: V2gStream, data: bytes) -> None:
    """Answer with another version of V2GTP."""
    await stream.send(b"\x02\xfd" + data[2:])


async def in_pieces(stream: V2gStream, data: bytes) -> None:
    """Answer one octet a segment: nothing is wrong with that."""
    for at in range(len(data)):
        await stream.send(data[at : at + 1])


async def reset(stream: V2gStream, _data: bytes) -> None:
    """Reset the connection instead of an answer."""
    stream.abort()


async def closed(stream: V2gStream, _data: bytes) -> None:
    """Close the connection instead of an answer."""
    await stream.close()


async def failed(stream: V2gStream, data: bytes) -> None:
    """Answer FAILED."""
    message = message_of(data)
    if isinstance(message, app.supportedAppProtocolRes):
        refusal = app.supportedAppProtocolRes(ResponseCode=app.ResponseCode.Failed_NoNegotiation)
        await stream.send(wrap(PAYLOAD_EXI, exi.encode(refusal)))
    else:
        await _send_changed(stream, message, ResponseCode=din.ResponseCode.FAILED)


async def other_session(stream: V2gStream, data: bytes) -> None:
    """Answer in the name of a session that nobody has."""
    message = message_of(data)
    header = msgspec.structs.replace(message.Header, SessionID=b"\x0b\xad" * 4)
    changed = msgspec.structs.replace(message, Header=header)
    await stream.send(wrap(PAYLOAD_EXI, exi.encode(changed)))


def status(
    code: din.DC_EVSEStatusCode, *, isolation: din.IsolationLevel | None = None
) -> Tampering:
    """Answer with another EVSEStatusCode, and perhaps isolation status."""

    async def tamper(stream: V2gStream, data: bytes) -> None:
        message = message_of(data)
        body = message.Body.BodyElement
        field = "EVSEStatus" if isinstance(body, din.PowerDeliveryRes) else "DC_EVSEStatus"
        told = getattr(body, field)
        changed = msgspec.structs.replace(
            told,
            EVSEStatusCode=code,
            EVSEIsolationStatus=told.EVSEIsolationStatus if isolation is None else isolation,
        )
        await _send_changed(stream, message, **{field: changed})

    return tamper


async def _send_changed(stream: V2gStream, message: Any, **changes: Any) -> None:
    body = msgspec.structs.replace(message.Body.BodyElement, **changes)
    changed = msgspec.structs.replace(message, Body=din.Body(BodyElement=body))
    await stream.send(wrap(PAYLOAD_EXI, exi.encode(changed)))
