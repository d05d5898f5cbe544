from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyplc_fw.homeplug.keys import (
    SECURITY_LEVEL_HS,
    nid_from_nmk,
    nmk_from_passphrase,
    random_nmk,
)
from pyplc_fw.terms import Nid, Nmk
from tests.unit.homeplug.slac_wire import rng


@pytest.mark.parametrize(
    ("passphrase", "nmk", "nid"),
    [
        (b"HomePlugAV", "50d3e4933f855b7040784df815aa8db7", "b0f2e695666b03"),
        (b"HomePlugAV0123", "b59319d7e8157ba001b018669ccee30d", "026bcba5354e08"),
    ],
)
def test_the_networks_that_modems_are_sold_with(passphrase: bytes, nmk: str, nid: str) -> None:
    assert nmk_from_passphrase(passphrase) == Nmk.parse(nmk)
    assert nid_from_nmk(Nmk.parse(nmk)) == Nid.parse(nid)


@pytest.mark.parametrize(
    ("nmk", "nid"),
    [
        ("3b1fe4cc1bb8f8b8484096dc2eb59e8b", "bc90751a5e390e"),
        ("d84a239554e7980bb73263f505734afd", "d5925cb82e6808"),
        ("c0e93e076fe0ea3850f88ac39b87dc2f", "4c53a6137fd300"),
    ],
    ids=["Alpitronic", "ABB", "Compleo"],
)
def test_real_chargers_derive_their_nid_so(nmk: str, nid: str) -> None:
    assert nid_from_nmk(Nmk.parse(nmk)) == Nid.parse(nid)


@given(st.binary(min_size=16, max_size=16).map(Nmk))
def test_the_two_top_bits_are_zero_and_the_next_two_are_the_security_level(nmk: Nmk) -> None:
    assert nid_from_nmk(nmk)[6] >> 4 == 0
    assert nid_from_nmk(nmk, SECURITY_LEVEL_HS)[6] >> 4 == 1
    assert nid_from_nmk(nmk, SECURITY_LEVEL_HS)[:6] == nid_from_nmk(nmk)[:6]


def test_a_seed_gives_the_same_key_and_the_next_draw_another() -> None:
    rng_a, rng_b = rng(), rng()
    first, second = random_nmk(rng_a), random_nmk(rng_a)
    assert first == random_nmk(rng_b)
    assert first != second
