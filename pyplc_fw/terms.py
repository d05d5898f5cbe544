"""Value types in the standard's words, and two thresholds that car, charger and guard share."""

from __future__ import annotations

from enum import Enum
from ipaddress import IPv6Address
from typing import ClassVar, Final, NamedTuple, Self

TOUCH_SAFE_V: Final = 60.0
"A DC voltage below this may be touched. Source: IEC 61851-23; tables."
CURRENT_FREE_A: Final = 5.0
"Below this a contactor may open and an output counts as off. Source: docs/architecture.md, G2, E3."


class _Octets(bytes):
    """A fixed number of octets with a name."""

    LENGTH: ClassVar[int]
    SEPARATOR: ClassVar[str] = ":"
    __slots__ = ()

    def __new__(cls, octets: bytes) -> Self:
        if len(octets) != cls.LENGTH:
            raise ValueError(f"{cls.__name__} has {cls.LENGTH} octets, not {len(octets)}")
        return super().__new__(cls, octets)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``text``, hexadecimal with or without separators; raises ValueError."""
        return cls(bytes.fromhex(text.replace(":", "").replace("-", "")))

    def __str__(self) -> str:
        return self.hex(self.SEPARATOR) if self.SEPARATOR else self.hex()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class MacAddress(_Octets):
    """A MAC address; prints as ``aa:bb:cc:dd:ee:ff``."""

    LENGTH = 6
    __slots__ = ()


BROADCAST = MacAddress(b"\xff" * 6)


class RunId(_Octets):
    """Names one SLAC matching run; chosen by the EVCC. Source: ISO 15118-3 Annex A."""

    LENGTH = 8
    __slots__ = ()


class Nid(_Octets):
    """Network identifier of an AVLN; the two top bits of the last octet are zero."""

    LENGTH = 7
    __slots__ = ()


class Nmk(_Octets):
    """Network membership key of an AVLN: a secret, so that ``repr`` does not show it."""

    LENGTH = 16
    SEPARATOR = ""
    __slots__ = ()

    def __repr__(self) -> str:
        return "Nmk(…)"


class Endpoint(NamedTuple):
    """An IPv6 address and a port."""

    address: IPv6Address
    port: int

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}"


class Role(Enum):
    """What this unit is."""

    PEV = "pev"
    EVSE = "evse"
    LISTEN = "listen"


class EndState(Enum):
    """Where a session leaves the vehicle, or the charger's output. Source: docs, G5."""

    SAFE = "safe"
    "Car: S2 open, contactors proven open, inlet below 60 V, unlocked. Charger: no voltage left."
    PAUSED = "paused"
    "Car: the same, but locked."
    HELD = "held"
    "Car: S2 open, contactors commanded open, still locked. Charger: voltage is left."
