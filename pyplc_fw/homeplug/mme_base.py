"""What all MMEs share: a checked layout, and what a message class offers."""

from __future__ import annotations

import struct
from typing import Any, ClassVar, Final, Protocol, Self

from pyplc_fw.errors import CodecError

MMV_AV_1_0: Final = 0
"HomePlug AV 1.0: no fragmentation field in the header. Vendor MMEs of Qualcomm use it."
MMV_AV_1_1: Final = 1


class Layout:
    """The fixed part of a message: packs and unpacks it, and raises nothing but CodecError."""

    def __init__(self, message: str, fields: str) -> None:
        self._message = message
        self._struct = struct.Struct(fields)

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self._struct.size

    def pack(self, *values: object) -> bytes:
        """Pack ``values``; raises CodecError for a value too large or octets of another length."""
        try:
            packed = self._struct.pack(*values)
        except struct.error as exc:
            raise CodecError(f"{self._message}: {exc}") from exc
        if self._struct.unpack(packed) != values:  # struct cuts and fills octets without a word
            raise CodecError(f"{self._message}: a field of {values!r} has the wrong length")
        return packed

    def unpack(self, payload: bytes) -> tuple[Any, ...]:
        """Unpack the beginning of ``payload``; raises CodecError if it is too short."""
        if len(payload) < self.size:
            raise CodecError(f"{self._message}: {len(payload)} bytes, need {self.size}")
        return self._struct.unpack_from(payload)

    def tail(self, payload: bytes, length: int) -> bytes:
        """Return the ``length`` bytes after the fixed part; raises CodecError if cut short."""
        if len(payload) < self.size + length:
            raise CodecError(f"{self._message}: {len(payload)} bytes, need {self.size + length}")
        return payload[self.size : self.size + length]


class Mme(Protocol):
    """A management message entry: its class knows its MMTYPE and its layout."""

    MMTYPE: ClassVar[int]
    MMV: ClassVar[int]

    def encode(self) -> bytes:
        """Return what follows the MME header, without padding; raises CodecError."""
        ...

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read what follows the MME header; raises CodecError if it is cut short."""
        ...
