"""What a recording's conversation consists of: one event a HomePlug frame, SDP or V2G message."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from pyplc_fw.terms import Endpoint, MacAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened."""

    layer: ClassVar[str]
    "``homeplug``, ``sdp``, ``tcp`` or ``v2g``."

    number: int
    "Of the frame that completed it."
    time_ns: int
    "Nanoseconds since 1970."
    msg: str
    "Name of the message, or of the step of a TCP connection."
    fields: dict[str, Any]
    "Content in JSON's types."

    src: MacAddress | Endpoint
    "Who sent it."
    dst: MacAddress | Endpoint
    "To whom."


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeplugEvent(Event):
    """A HomePlug management message."""

    layer: ClassVar[str] = "homeplug"

    src: MacAddress
    dst: MacAddress
    mmtype: int
    mme: object | None
    "The message, where there is a class for it and its bytes decode."


@dataclass(frozen=True, slots=True, kw_only=True)
class _IpEvent(Event):
    src: Endpoint
    dst: Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class SdpEvent(_IpEvent):
    """An SDP request or response."""

    layer: ClassVar[str] = "sdp"

    is_request: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpEvent(_IpEvent):
    """A step of a TCP connection: ``SYN``, ``SYN-ACK``, ``FIN``, ``RST``, ``TLS``."""

    layer: ClassVar[str] = "tcp"

    dialogue: Dialogue


@dataclass(frozen=True, slots=True, kw_only=True)
class V2gEvent(_IpEvent):
    """A V2G message."""

    layer: ClassVar[str] = "v2g"

    dialogue: Dialogue
    schema: str
    '``"app"``, ``"din"``, ``"iso2"``, or empty when it could not be told.'
    session_id: bytes | None
    message: Any
    "The decoded message, whole; None where there are no classes for it or it does not decode."
    body: Any
    "Its body element, or the message itself in the handshake."
    payload: bytes
    strict: bool = True
    "A schema-strict decoder reads it too."
    overlooked: tuple[str, ...] = ()
    "What the sender should not have sent, and was read all the same."

    @property
    def is_request(self) -> bool:
        """It goes from EVCC to SECC."""
        return self.src == self.dialogue.evcc

    @property
    def exchange(self) -> str:
        """The name without Req or Res."""
        return self.msg.removesuffix("Req").removesuffix("Res")


@dataclass(slots=True, kw_only=True, eq=False)
class Dialogue:
    """What was said on one TCP connection."""

    evcc: Endpoint
    secc: Endpoint
    opened: bool
    "The recording shows its beginning."
    accepted: bool
    "The recording shows the SYN-ACK."
    first_ns: int
    tls_records: int = 0
    tls_first_ns: int = 0
    chosen_schema: str = ""
    "By the handshake's response; empty where the recording does not hold it."
    messages: list[V2gEvent] = field(default_factory=list)
    "In a conversation that is read whole; who reads live keeps none."
    closes: list[TcpEvent] = field(default_factory=list)
    "The same."

    @property
    def tls(self) -> bool:
        return self.tls_records > 0
