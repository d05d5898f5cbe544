"""A simulated computer on the Ethernet port of a modem: raw frames, and IPv6 on top."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any, Self

from structlog.typing import FilteringBoundLogger

from pyplc_fw.errors import LinkError
from pyplc_fw.net.packets import ETHERTYPE_IPV6
from pyplc_fw.sim.ipv6 import SimNetwork
from pyplc_fw.sim.waiting import Mailbox
from pyplc_fw.terms import MacAddress, Role

if TYPE_CHECKING:
    from pyplc_fw.sim.modem import SimModem


class SimSubscription:
    """The frames of one EtherType; implements ``FrameSubscription``."""

    def __init__(self, forget: Callable[[SimSubscription], None]) -> None:
        self._forget = forget
        self.frames: Mailbox[bytes] = Mailbox()

    async def receive(self) -> bytes:
        """Wait for the next frame; raises LinkError once closed."""
        return await self.frames.get()

    def close(self) -> None:
        self._forget(self)
        self.frames.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class SimHost:
    """One side's computer: implements ``FrameLink``; ``network`` implements ``V2gNetwork``."""

    def __init__(
        self,
        name: str,
        mac: MacAddress,
        rng: Random,
        *,
        role: Role | None = None,
        log: FilteringBoundLogger | None = None,
    ) -> None:
        self.name = name
        "Names the interface in recordings."
        self.is_up = True
        "False: the cable to the modem is out."
        self.modem: SimModem[Any] | None = None
        self._mac = mac
        self._subscriptions: dict[int, list[SimSubscription]] = {}
        self.network = SimNetwork(self, rng, role=role, log=log)

    @property
    def mac(self) -> MacAddress:
        return self._mac

    def send(self, frame: bytes) -> None:
        """Send ``frame``; raises LinkError when the interface is down or has no modem."""
        if self.modem is None or not self.is_up:
            raise LinkError(f"{self.name}: the interface is down")
        self.modem.send_from_host(frame)

    def subscribe(self, ethertype: int) -> SimSubscription:
        """Begin to receive the frames of ``ethertype``."""
        subscriptions = self._subscriptions.setdefault(ethertype, [])
        subscription = SimSubscription(subscriptions.remove)
        subscriptions.append(subscription)
        return subscription

    def deliver(self, frame: bytes) -> None:
        """Take a frame from the modem."""
        if not self.is_up:
            return
        ethertype = int.from_bytes(frame[12:14], "big")
        for subscription in self._subscriptions.get(ethertype, ()):
            subscription.frames.put(frame)
        if ethertype == ETHERTYPE_IPV6 and (frame[0] & 1 or frame[:6] == self._mac):
            self.network.receive_frame(frame)
