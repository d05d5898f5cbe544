"""HomePlug AV keys: network membership key (NMK) and network identifier (NID).

A charger draws a fresh NMK for each matching and derives the NID from it; recorded Alpitronic,
ABB and Compleo chargers do. Others hand out a NID of their own, so a car takes NID and NMK as
CM_SLAC_MATCH.CNF gives them and never derives one.
"""

from __future__ import annotations

import random
from hashlib import sha256
from typing import Final

from pyplc_fw.terms import Nid, Nmk

NMK_SALT: Final = bytes.fromhex("08856daf7cf58186")
NMK_HASH_ROUNDS: Final = 1000
NID_HASH_ROUNDS: Final = 5
SECURITY_LEVEL_SC: Final = 0
"Simple connect; the level of every recorded charger."
SECURITY_LEVEL_HS: Final = 1
"High security."


def _iterated_sha256(data: bytes, rounds: int) -> bytes:
    for _ in range(rounds):
        data = sha256(data).digest()
    return data


def nid_from_nmk(nmk: Nmk, security_level: int = SECURITY_LEVEL_SC) -> Nid:
    """Derive the NID: 52 bits of the hash of ``nmk``, then the 2 bits of ``security_level``.

    Source: HomePlug AV, NID offset generation (SHA-256 five times over).
    """
    digest = _iterated_sha256(nmk, NID_HASH_ROUNDS)
    return Nid(digest[:6] + bytes([digest[6] >> 4 | (security_level & 0x03) << 4]))


def nmk_from_passphrase(passphrase: bytes) -> Nmk:
    """Derive the NMK that powerline tools make of a network password.

    Source: HomePlug AV, password-based NMK (PBKDF1 with SHA-256).
    """
    return Nmk(_iterated_sha256(passphrase + NMK_SALT, NMK_HASH_ROUNDS)[:16])


def random_nmk(rng: random.Random) -> Nmk:
    """Draw a fresh NMK; in the car park ``rng`` is a ``random.SystemRandom``."""
    return Nmk(rng.getrandbits(128).to_bytes(16, "big"))
