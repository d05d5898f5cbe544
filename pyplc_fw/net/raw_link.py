"""Raw Ethernet frames through libpcap: the port ``FrameLink`` on a real interface.

The kernel passes on HomePlug frames only (a listener takes everything); they arrive through the
event loop, nothing polls. An interface that goes down, is unplugged, deleted or renamed costs the
frames of that time and no more: the link is opened again when the name is there again.
"""

from __future__ import annotations

import asyncio
import os
import stat
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Self, TypeAlias

from structlog.typing import FilteringBoundLogger

from pyplc_fw import faults
from pyplc_fw.errors import HardwareError, LinkError
from pyplc_fw.net import interface as kernel
from pyplc_fw.net.interface import InterfaceChanges
from pyplc_fw.net.packets import ETHERTYPE_HOMEPLUG
from pyplc_fw.terms import MacAddress

Tap: TypeAlias = Callable[[int, str, bytes], object]
"Called with the time (ns since 1970), ``in`` or ``out``, and the frame."

FIRST_RETRY_S: Final = 0.1
LAST_RETRY_S: Final = 2.0
QUEUE_LIMIT: Final = 1024
"So many frames may wait for one subscriber; more are dropped and counted."
READ_AT_ONCE: Final = 64
"Frames between two looks at the loop's other work."
BUFFER_BYTES: Final = 1 << 20
_ETHERTYPE: Final = slice(12, 14)


class RawSubscription:
    """The frames of one EtherType; implements ``FrameSubscription``."""

    def __init__(self, forget: Callable[[RawSubscription], None]) -> None:
        self.dropped = 0
        self._forget = forget
        self._frames: deque[bytes] = deque()
        self._arrived = asyncio.Event()
        self._closed = False

    async def receive(self) -> bytes:
        """Wait for the next frame; raises LinkError once closed."""
        while not self._frames:
            if self._closed:
                raise LinkError("closed")
            self._arrived.clear()
            await self._arrived.wait()
        return self._frames.popleft()

    def put(self, frame: bytes) -> None:
        """Add a frame; one too many is dropped."""
        if len(self._frames) >= QUEUE_LIMIT:
            self.dropped += 1
            return
        self._frames.append(frame)
        self._arrived.set()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._forget(self)
            self._arrived.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class RawLink:
    """Frames on ``interface``, open for as long as its ``async with`` block lasts.

    ``everything`` takes all frames, also those for others and our own; else only HomePlug frames
    that come in. Entering raises HardwareError when frames may not be read at all (permission,
    no libpcap); an interface that is not there yet is waited for.
    """

    def __init__(
        self, interface: str, log: FilteringBoundLogger, *, everything: bool = False
    ) -> None:
        self.interface = interface
        self._log = log
        self._everything = everything
        self._pcap: Any = None
        self._fd = self._index = -1
        self._mac: MacAddress | None = None
        self._up = asyncio.Event()
        self._why_down = "it was never open"
        self._subscriptions: dict[int, list[RawSubscription]] = {}
        self._taps: list[Tap] = []
        self._frames = self._dropped = self._kernel_dropped = 0
        self._keeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._try_to_open()
        self._keeper = asyncio.get_running_loop().create_task(self._keep_open())
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait((self._keeper,))
        self._close()
        for subscriptions in list(self._subscriptions.values()):
            for subscription in list(subscriptions):
                subscription.close()
        self._log.info(
            "link.closed",
            interface=self.interface,
            frames=self._frames,
            dropped=self._dropped,
            dropped_by_kernel=self._kernel_dropped,
        )

    # --- the port ----------------------------------------------------------------------------

    @property
    def mac(self) -> MacAddress:
        """The interface's own address; raises LinkError while it was never there."""
        if self._mac is None:
            raise LinkError(self._down())
        return self._mac

    @property
    def is_up(self) -> bool:
        return self._pcap is not None

    async def wait_up(self) -> None:
        """Wait until frames can be sent and received."""
        await self._up.wait()

    def send(self, frame: bytes) -> None:
        """Send ``frame``; raises LinkError while the interface is away."""
        if self._pcap is None:
            raise LinkError(self._down())
        try:
            self._pcap.sendpacket(frame)
        except OSError as exc:
            raise LinkError(f"{self.interface}: {exc}") from exc
        for tap in self._taps:  # the kernel does not show a socket what it sent itself
            tap(time.time_ns(), "out", frame)

    def subscribe(self, ethertype: int) -> RawSubscription:
        """Begin to receive the frames of ``ethertype``, whenever the interface is there."""
        subscriptions = self._subscriptions.setdefault(ethertype, [])
        subscription = RawSubscription(lambda closed: self._forget(subscriptions, closed))
        subscriptions.append(subscription)
        return subscription

    def tap(self, callback: Tap) -> None:
        """Show every frame to ``callback``, sent and received."""
        self._taps.append(callback)

    def _forget(self, subscriptions: list[RawSubscription], closed: RawSubscription) -> None:
        subscriptions.remove(closed)
        self._dropped += closed.dropped

    def _down(self) -> str:
        return f"{self.interface}: no frames can be sent: {self._why_down}"

    # --- open, lost, open again --------------------------------------------------------------

    async def _keep_open(self) -> None:
        """Open the link again whenever the interface is there and it is not open."""
        retry_s = FIRST_RETRY_S
        with InterfaceChanges() as changes:
            while True:
                await changes.wait(LAST_RETRY_S if self.is_up else retry_s)
                if self.is_up:
                    self._look_after()
                if self.is_up:
                    retry_s = FIRST_RETRY_S
                    continue
                with suppress(HardwareError):  # the permission may come back, too
                    self._try_to_open()
                retry_s = min(2 * retry_s, LAST_RETRY_S)

    def _look_after(self) -> None:
        """Notice what an open socket does not tell: that the name means another interface now."""
        index = kernel.index_of(self.interface)
        if index != self._index:
            self._lose("it was removed" if index is None else "another took its name")
        elif not kernel.is_up(self.interface):
            self._lose("it is switched off")

    def _try_to_open(self) -> None:
        index = kernel.index_of(self.interface)
        if index is None:
            there = ", ".join(kernel.interfaces()) or "none"
            self._say_down(f"there is no such interface (there are: {there})")
        elif not kernel.is_up(self.interface):
            self._say_down(f"it is switched off; switch it on: ip link set {self.interface} up")
        else:
            self._open(index)

    def _open(self, index: int) -> None:
        pcap = _libpcap()
        try:
            handle = pcap.pcap(
                name=self.interface,
                promisc=self._everything,
                immediate=True,
                timestamp_in_ns=True,
                buffer_size=BUFFER_BYTES,
            )
            if not self._everything:
                handle.setfilter(f"ether proto {ETHERTYPE_HOMEPLUG:#06x}")
                handle.setdirection(pcap.PCAP_D_IN)
            handle.setnonblock()
        except OSError as exc:
            if os.geteuid() != 0 and "ermi" in str(exc):
                raise HardwareError(_no_permission(self.interface)) from exc
            self._say_down(str(exc))
            return
        fd = handle.fileno()
        if fd < 0 or not stat.S_ISSOCK(os.fstat(fd).st_mode):
            handle.close()
            raise HardwareError(
                f"{self.interface}: a file of that name lies in the working directory and would be "
                "read in the interface's place; start elsewhere"
            )
        self._pcap, self._fd, self._index = handle, fd, index
        self._mac = kernel.mac_of(self.interface)
        asyncio.get_running_loop().add_reader(fd, self._on_readable)
        self._why_down = ""
        self._up.set()
        self._log.info("link.up", interface=self.interface, mac=str(self._mac))

    def _say_down(self, why: str) -> None:
        """Log why there is no link, once for each reason."""
        if why != self._why_down:
            self._log.warning("link.down", interface=self.interface, why=why)
        self._why_down = why

    def _lose(self, why: str) -> None:
        self._close()
        self._say_down(why)

    def _close(self) -> None:
        handle, self._pcap = self._pcap, None
        self._up.clear()
        if handle is None:
            return
        asyncio.get_running_loop().remove_reader(self._fd)
        with suppress(OSError):
            self._kernel_dropped += handle.stats()[1]
        handle.close()

    # --- frames ------------------------------------------------------------------------------

    def _on_readable(self) -> None:
        try:
            count = self._pcap.dispatch(READ_AT_ONCE, self._take)
        except OSError as exc:
            self._lose(str(exc))
            return
        if count < 0 and self._pcap is not None:
            self._lose(self._pcap.geterr() or "it went away")

    def _take(self, time_ns: int, frame: bytes) -> None:
        self._frames += 1
        for tap in self._taps:
            tap(time_ns, "out" if frame[6:12] == self._mac else "in", frame)
        ethertype = int.from_bytes(frame[_ETHERTYPE], "big")
        for subscription in self._subscriptions.get(ethertype, ()):
            subscription.put(frame)


def _libpcap() -> Any:
    """Import pcap-ct, which needs libpcap; raises HardwareError with the remedy."""
    try:
        import pcap  # noqa: PLC0415 - 90 ms, and only programs with a real interface need it
    except (ImportError, OSError) as exc:
        raise HardwareError(
            f"raw frames need pcap-ct and libpcap (Debian package libpcap0.8): {exc}",
            reason=faults.CONFIG_INVALID,
        ) from exc
    return pcap


def _no_permission(interface: str) -> str:
    program = os.path.realpath(sys.executable)
    return (
        f"{interface}: raw frames need the capability CAP_NET_RAW. Run as root, or give it to this "
        f"Python: sudo setcap cap_net_raw+ep {program}"
    )
