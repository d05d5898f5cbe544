"""What can happen to a frame on its way: lost, late, doubled, corrupted.

A disturbance is asked once for each frame that a host or a modem produced. It returns None for
one that it leaves alone, else what arrives instead, each with how much later than usual.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TypeAlias

Late: TypeAlias = tuple[float, bytes]
"Seconds later than usual, and a frame."
Disturbance: TypeAlias = Callable[[str, bytes], list[Late] | None]
"Called with the name of the interface that produced the frame, and the frame."
Match: TypeAlias = Callable[[str, bytes], bool]


def any_frame(_interface: str, _frame: bytes) -> bool:
    """Match every frame."""
    return True


def first(count: int, match: Match) -> Match:
    """Match the first ``count`` frames that ``match`` does."""
    left = count

    def matches(interface: str, frame: bytes) -> bool:
        nonlocal left
        if left and match(interface, frame):
            left -= 1
            return True
        return False

    return matches


def sometimes(probability: float, rng: Random, match: Match = any_frame) -> Match:
    """Match a random share of the frames that ``match`` does."""
    return lambda interface, frame: match(interface, frame) and rng.random() < probability


def drop(match: Match) -> Disturbance:
    """Lose the frame."""
    return lambda interface, frame: [] if match(interface, frame) else None


def delay(match: Match, by_s: float | Callable[[], float]) -> Disturbance:
    """Let the frame arrive ``by_s`` later, and so perhaps after its successors."""
    late_s = by_s if callable(by_s) else lambda: by_s
    return lambda interface, frame: [(late_s(), frame)] if match(interface, frame) else None


def duplicate(match: Match, after_s: float = 0.0) -> Disturbance:
    """Let the frame arrive once more, ``after_s`` later."""
    return lambda interface, frame: (
        [(0.0, frame), (after_s, frame)] if match(interface, frame) else None
    )


def corrupt(match: Match, rng: Random, *, from_byte: int = 14) -> Disturbance:
    """Turn one bit over, at ``from_byte`` or behind: past the Ethernet header, that is."""

    def corrupted(interface: str, frame: bytes) -> list[Late] | None:
        if not match(interface, frame):
            return None
        changed = bytearray(frame)
        changed[rng.randrange(from_byte, len(frame))] ^= 1 << rng.randrange(8)
        return [(0.0, bytes(changed))]

    return corrupted
