"""The words that `pyplc demo` puts a record's details into."""

from __future__ import annotations

from pyplc_fw.cli.demo_view import details


def test_details_have_units_and_say_nothing_twice() -> None:
    fields = {"start": False, "attenuation_db": 17.34, "tls": False, "nid": "", "present_v": 365.5}
    assert details(fields) == "attenuation 17.3 dB, tls no, present 365.5 V"
