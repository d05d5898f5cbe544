"""What the kernel knows of a network interface, and when that changes.

An interface is what bears its name now: one that was deleted and made again under the same name
is the same to us, one that was renamed is gone.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from ipaddress import IPv6Address
from pathlib import Path
from typing import Final, Self

from pyplc_fw.terms import MacAddress

_SYSFS: Final = Path("/sys/class/net")
_IF_INET6: Final = Path("/proc/net/if_inet6")
_IFF_UP: Final = 0x1
_IFA_F_TENTATIVE: Final = 0x40
_RTMGRP_LINK: Final = 0x1
_RTMGRP_IPV6_IFADDR: Final = 0x100
_ANY_NOTICE: Final = 65536


def interfaces() -> list[str]:
    """Return the names of all interfaces but the loopback."""
    return sorted(name for _, name in socket.if_nameindex() if name != "lo")


def index_of(interface: str) -> int | None:
    """Return the kernel's number of ``interface``; None when there is none of that name."""
    try:
        return socket.if_nametoindex(interface)
    except OSError:
        return None


def mac_of(interface: str) -> MacAddress | None:
    """Return the address of ``interface``; None when there is no such interface."""
    try:
        return MacAddress.parse((_SYSFS / interface / "address").read_text().strip())
    except (OSError, ValueError):
        return None


def is_up(interface: str) -> bool:
    """Return whether ``interface`` exists and is switched on."""
    try:
        return bool(int((_SYSFS / interface / "flags").read_text(), 16) & _IFF_UP)
    except (OSError, ValueError):
        return False


def link_local_of(interface: str) -> IPv6Address | None:
    """Return the link-local address of ``interface`` that may be used; None while there is none.

    One whose uniqueness the kernel still tests (tentative) may not.
    """
    try:
        lines = _IF_INET6.read_text().splitlines()
    except OSError:
        return None  # the kernel has no IPv6
    for line in lines:
        digits, _, _, _, flags, name = line.split()
        address = IPv6Address(bytes.fromhex(digits))
        if name == interface and address.is_link_local and not int(flags, 16) & _IFA_F_TENTATIVE:
            return address
    return None


class InterfaceChanges:
    """Tells that some interface, or an address, has changed; what it was is then to be looked at.

    Source: rtnetlink(7).
    """

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, 0)
        self._changed = asyncio.Event()

    def __enter__(self) -> Self:
        self._socket.bind((0, _RTMGRP_LINK | _RTMGRP_IPV6_IFADDR))
        asyncio.get_running_loop().add_reader(self._socket, self._on_notice)
        return self

    def __exit__(self, *exc_info: object) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    async def wait(self, limit_s: float) -> None:
        """Wait for a change since the last call, for ``limit_s`` at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self._changed.wait()
        self._changed.clear()

    def _on_notice(self) -> None:
        with suppress(OSError):  # too many at once: that something changed is all that is wanted
            self._socket.recv(_ANY_NOTICE)
        self._changed.set()
