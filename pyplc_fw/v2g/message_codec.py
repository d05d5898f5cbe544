"""Who turns messages into EXI and back: our own codec, or another that the owner names."""

from __future__ import annotations

from typing import Any, Final, Protocol

from pyplc_fw.v2g import exi
from pyplc_fw.v2g.exi import Leniency


class MessageCodec(Protocol):
    """Encodes and decodes one connection's messages."""

    @property
    def session_id(self) -> bytes | None:
        """The SessionID of every response, where the codec has no choice; None: any."""
        ...

    async def encode(self, message: Any) -> bytes:
        """Return the EXI stream; raises CodecError."""
        ...

    async def decode(self, schema: str, data: bytes) -> tuple[Any, list[Leniency]]:
        """Return the message and what had to be overlooked; raises CodecError."""
        ...


class OwnCodec:
    """The compiled codec."""

    session_id: bytes | None = None

    async def encode(self, message: Any) -> bytes:
        return exi.encode(message)

    async def decode(self, schema: str, data: bytes) -> tuple[Any, list[Leniency]]:
        return exi.decode_with_warnings(schema, data, lenient=True)


OWN_CODEC: Final = OwnCodec()
