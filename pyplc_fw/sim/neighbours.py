"""Who has which address on the simulated link: asking, answering, remembering.

Source: RFC 4861 §7.2, reduced to two or three stations that do not move.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from ipaddress import IPv6Address
from typing import Final

from pyplc_fw.terms import MacAddress

MAX_MULTICAST_SOLICIT: Final = 3
RETRANS_TIMER_S: Final = 1.0
QUEUE_LIMIT: Final = 16
"So many packets wait for an answer; the oldest is lost when one more comes."


class NeighbourTable:
    """MAC addresses by IPv6 address, and the packets that wait for one.

    ``ask`` sends a solicitation; ``send`` sends a packet that waited; ``give_up`` is told of an
    address that nobody has.
    """

    def __init__(
        self,
        ask: Callable[[IPv6Address], None],
        send: Callable[[MacAddress, bytes], None],
        give_up: Callable[[IPv6Address], None],
    ) -> None:
        self._ask = ask
        self._send = send
        self._give_up = give_up
        self._macs: dict[IPv6Address, MacAddress] = {}
        self._waiting: dict[IPv6Address, list[bytes]] = {}

    def send(self, address: IPv6Address, packet: bytes) -> None:
        """Send ``packet`` to ``address``, as soon as its MAC is known."""
        mac = self._macs.get(address)
        if mac is not None:
            self._send(mac, packet)
            return
        asked = address in self._waiting
        queue = self._waiting.setdefault(address, [])
        queue.append(packet)
        del queue[:-QUEUE_LIMIT]
        if not asked:
            self._solicit(address, MAX_MULTICAST_SOLICIT)

    def learn(self, address: IPv6Address, mac: MacAddress) -> None:
        """Note ``mac`` and send what waited for it."""
        self._macs[address] = mac
        for packet in self._waiting.pop(address, ()):
            self._send(mac, packet)

    def _solicit(self, address: IPv6Address, tries_left: int) -> None:
        if address not in self._waiting:
            return
        if not tries_left:
            del self._waiting[address]
            self._give_up(address)
            return
        loop = asyncio.get_running_loop()
        loop.call_later(RETRANS_TIMER_S, self._solicit, address, tries_left - 1)
        self._ask(address)
