"""A powerline in memory: what one modem sends, the others hear a moment later.

Every frame that a host or a modem produces passes ``produce`` once: there it is recorded, and
there it may be disturbed. Which modem may hear what is the modems' business (``modem.py``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from pyplc_fw.sim.disturbances import Disturbance, Late

if TYPE_CHECKING:
    from pyplc_fw.sim.modem import SimModem

Tap: TypeAlias = Callable[[float, str, bytes], object]
"Called with the time in seconds, the producing interface's name, and the frame."

NEAR_DB: Final = 8.0
"Attenuation between a car and the charger that it is plugged into."
FRAME_GAP_S: Final = 1e-6
"Two frames of one modem never arrive at once: a loop may run simultaneous timers in any order."


class Powerline:
    """The wire. ``delay_s`` and up to ``jitter_s`` more pass until a frame is heard, in order."""

    def __init__(self, rng: Random, *, delay_s: float = 0.002, jitter_s: float = 0.001) -> None:
        self.rng = rng
        self.delay_s = delay_s
        self.jitter_s = jitter_s
        self.frames = 0
        "How many frames were produced."
        self._modems: list[SimModem[Any]] = []
        self._taps: list[Tap] = []
        self._disturbances: list[Disturbance] = []
        self._attenuation_db: dict[frozenset[SimModem[Any]], float] = {}

    def attach(self, modem: SimModem[Any]) -> None:
        """Couple ``modem`` to the wire."""
        self._modems.append(modem)

    def detach(self, modem: SimModem[Any]) -> None:
        """Take ``modem`` off the wire: the plug is out."""
        self._modems.remove(modem)

    def tap(self, callback: Tap) -> None:
        """Show every frame to ``callback``, once, on the interface that produced it."""
        self._taps.append(callback)

    def disturb(self, disturbance: Disturbance) -> Callable[[], None]:
        """Apply ``disturbance`` from now on; returns what ends it."""
        self._disturbances.append(disturbance)
        return lambda: self._disturbances.remove(disturbance)

    def set_attenuation(
        self, one: SimModem[Any], other: SimModem[Any], attenuation_db: float
    ) -> None:
        """Say how far ``one`` and ``other`` are apart; ``NEAR_DB`` where nothing was said."""
        self._attenuation_db[frozenset((one, other))] = attenuation_db

    def attenuation_db(self, one: SimModem[Any], other: SimModem[Any]) -> float:
        return self._attenuation_db.get(frozenset((one, other)), NEAR_DB)

    def produce(self, interface: str, frame: bytes, arrive: Callable[[bytes], None]) -> None:
        """Record ``frame`` and let it ``arrive``, as the disturbances allow."""
        self.frames += 1
        loop = asyncio.get_running_loop()
        for tap in self._taps:
            tap(loop.time(), interface, frame)
        for late_s, arriving in self._disturbed(interface, frame):
            if late_s:
                loop.call_later(late_s, arrive, arriving)
            else:
                arrive(arriving)

    def _disturbed(self, interface: str, frame: bytes) -> list[Late]:
        for disturbance in self._disturbances:
            changed = disturbance(interface, frame)
            if changed is not None:
                return changed
        return [(0.0, frame)]

    def carry(self, sender: SimModem[Any], frame: bytes, *, within_avln: bool) -> None:
        """Bring ``frame`` to the modems it is for: all that hear it, or only ``sender``'s AVLN."""
        loop = asyncio.get_running_loop()
        if sender not in self._modems:
            return
        now_s = loop.time()
        arrival_s = now_s + self.delay_s + self.jitter_s * self.rng.random()
        sender.last_arrival_s = arrival_s = max(arrival_s, sender.last_arrival_s + FRAME_GAP_S)
        for modem in self._modems:
            if (
                modem is not sender
                and (frame[0] & 1 or modem.serves(frame[:6]))
                and (not within_avln or modem.shares_avln(sender, now_s))
            ):
                loop.call_at(arrival_s, modem.hear, sender, frame)
