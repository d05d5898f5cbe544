"""What EVCC and SECC need from the outside: a network, a vehicle and a battery, or a supply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv6Address
from typing import Protocol, Self

from pyplc_fw.faults import Reason
from pyplc_fw.terms import Endpoint, EndState


class V2gStream(Protocol):
    """One TCP connection."""

    @property
    def peer(self) -> Endpoint: ...

    async def receive(self) -> bytes:
        """Wait for the next bytes; ``b""`` when the peer closed; raises LinkError on a reset."""
        ...

    async def send(self, data: bytes) -> None:
        """Send all of ``data``; raises LinkError when the connection is gone."""
        ...

    async def close(self) -> None:
        """Close in good order (FIN); never raises for a connection that is gone already."""
        ...

    def abort(self) -> None:
        """Drop the connection at once (RST)."""
        ...


class V2gListener(Protocol):
    """A TCP port that waits for connections."""

    @property
    def port(self) -> int: ...

    async def accept(self) -> V2gStream: ...

    def close(self) -> None: ...


class Datagrams(Protocol):
    """One UDP port."""

    @property
    def port(self) -> int: ...

    async def receive(self) -> tuple[bytes, Endpoint]: ...

    def send(self, data: bytes, to: Endpoint) -> None: ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc_info: object) -> None: ...


class V2gNetwork(Protocol):
    """IPv6 on the powerline interface."""

    @property
    def address(self) -> IPv6Address:
        """Our link-local address."""
        ...

    def open_udp(self, port: int = 0) -> Datagrams:
        """Open ``port`` (0: any free one); a port also receives what is sent to ff02::1."""
        ...

    async def connect(self, peer: Endpoint) -> V2gStream:
        """Open a TCP connection; raises LinkError when it is refused or unanswered."""
        ...

    def listen(self, port: int = 0) -> V2gListener:
        """Wait for TCP connections on ``port`` (0: any free one)."""
        ...


class Vehicle(Protocol):
    """The car's inlet as the guard lets it be used: pilot, lock and contactors.

    The calls say what is wanted and return at once. The guard grants it when, and only as long
    as, its invariants hold; ``wait_for`` waits until it shows in the measured state.
    """

    @property
    def plugged_in(self) -> bool: ...

    @property
    def pilot_duty_pct(self) -> float | None:
        """Measured duty of the pilot's PWM; None while there is none."""
        ...

    @property
    def state_c(self) -> bool:
        """S2 is closed: the pilot is in state C."""
        ...

    @property
    def locked(self) -> bool:
        """The lock's feedback says locked."""
        ...

    @property
    def contactors_closed(self) -> bool:
        """Both contactors are confirmed closed."""
        ...

    @property
    def contactors_open(self) -> bool:
        """Both contactors are proven open."""
        ...

    @property
    def inlet_v(self) -> float | None:
        """Voltage at the inlet: measured, or the charger's while fresh; None when unknown."""
        ...

    @property
    def emergency(self) -> Reason | None:
        """Why the guard is bringing the vehicle into its safe end by itself; else None."""
        ...

    @property
    def end_state(self) -> EndState | None:
        """The end state in which the guard says the vehicle is; None while it is in none."""
        ...

    @property
    def fault(self) -> Reason | None:
        """What the guard found broken, and what keeps the vehicle held; else None."""
        ...

    def begin_session(self) -> None:
        """Begin a digital (DC) session, in which S2 may close; ``end_session`` ends it."""
        ...

    def end_session(self) -> None: ...

    def charger_reports(self, voltage_v: float | None, current_a: float | None) -> None:
        """Pass on what the charger's last response measured; this is also the heartbeat."""
        ...

    def charger_confirmed_stop(self) -> None:
        """Note that PowerDeliveryRes (stop) came with OK."""
        ...

    def request_state_c(self) -> None: ...

    def request_state_b(self) -> None: ...

    def request_lock(self) -> None: ...

    def request_unlock(self) -> None: ...

    def request_contactors_closed(self) -> None: ...

    def request_contactors_open(self) -> None: ...

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until ``condition()`` holds; it is asked whenever the vehicle's state changed."""
        ...


class Battery(Protocol):
    """What the battery management system tells and asks for, now.

    What it has not said for 0.5 s, or never, is not a number (NaN): nothing old is passed off as
    new.
    """

    @property
    def voltage_v(self) -> float: ...

    @property
    def soc_pct(self) -> float: ...

    @property
    def target_soc_pct(self) -> float:
        """Where the owner wants the charge to end."""
        ...

    @property
    def capacity_wh(self) -> float: ...

    @property
    def target_voltage_v(self) -> float:
        """Voltage asked for in the charge loop; at most ``max_voltage_v``."""
        ...

    @property
    def allowed_current_a(self) -> float:
        """The most current the battery takes now; 0 when it takes none."""
        ...

    @property
    def max_voltage_v(self) -> float: ...

    @property
    def max_current_a(self) -> float: ...

    @property
    def max_power_w(self) -> float: ...


class CableCheck(Enum):
    """Where the charger's insulation test stands."""

    IDLE = "idle"
    ONGOING = "ongoing"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyLimits:
    """What the charger's DC output can do."""

    max_voltage_v: float
    min_voltage_v: float
    max_current_a: float
    min_current_a: float
    max_power_w: float
    peak_current_ripple_a: float = 1.0


class PowerSupply(Protocol):
    """The charger's DC output."""

    @property
    def limits(self) -> SupplyLimits: ...

    @property
    def present_voltage_v(self) -> float: ...

    @property
    def present_current_a(self) -> float: ...

    @property
    def cable_check(self) -> CableCheck: ...

    @property
    def isolation_ok(self) -> bool:
        """The insulation monitor's verdict since the last cable check."""
        ...

    def start_cable_check(self) -> None: ...

    def set_output(self, voltage_v: float, current_a: float) -> None:
        """Move towards ``voltage_v`` at ``current_a`` or less."""
        ...

    def disable(self) -> None:
        """Bring current, then voltage, to zero, and disconnect."""
        ...

    def emergency_off(self) -> None:
        """Cut the output at once."""
        ...


class EvsePilot(Protocol):
    """The control pilot at the charger's end."""

    @property
    def state(self) -> str:
        """``"A"`` to ``"F"``, as measured. Source: IEC 61851-1 Annex A."""
        ...

    def set_duty(self, duty_pct: float) -> None:
        """5 for digital communication, 100 for steady +12 V."""
        ...

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until ``condition()`` holds; it is asked whenever the state changed."""
        ...
