"""What the HomePlug procedures need from the outside."""

from __future__ import annotations

from typing import Protocol, Self

from pyplc_fw.terms import MacAddress


class FrameSubscription(Protocol):
    """The frames of one EtherType, in order of arrival, from the moment of subscribing."""

    async def receive(self) -> bytes:
        """Wait for the next frame, whole, from its destination address on."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc_info: object) -> None: ...


class FrameLink(Protocol):
    """Raw Ethernet frames on the modem's interface."""

    @property
    def mac(self) -> MacAddress:
        """The interface's own address."""
        ...

    def send(self, frame: bytes) -> None:
        """Send ``frame``, whole, without FCS; raises LinkError when the interface is gone."""
        ...

    def subscribe(self, ethertype: int) -> FrameSubscription:
        """Begin to receive the frames of ``ethertype`` that reach this interface."""
        ...
