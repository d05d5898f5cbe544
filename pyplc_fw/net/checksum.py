"""The Internet checksum over an IPv6 pseudo header. Source: RFC 1071, RFC 8200 §8.1."""

from __future__ import annotations

from ipaddress import IPv6Address


def checksum(src: IPv6Address, dst: IPv6Address, next_header: int, payload: bytes) -> int:
    """Return what belongs into the checksum field of ``payload``, in which that field is zero.

    Over a payload with its checksum in place the result is zero when that checksum is right.
    """
    # A ones' complement sum of 16-bit words is the number they form, modulo 0xFFFF; and as
    # every part has a whole number of words, the parts can be added as numbers.
    words = int.from_bytes(payload, "big")
    if len(payload) % 2:
        words <<= 8
    total = int(src) + int(dst) + len(payload) + next_header + words
    remainder = total % 0xFFFF
    if remainder:
        return 0xFFFF - remainder
    return 0 if total else 0xFFFF
