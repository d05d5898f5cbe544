from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyplc_fw.vehicle.pilot import (
    STATE_B_OHM,
    STATE_C_OHM,
    Meaning,
    PilotState,
    ac_limit_a,
    is_digital,
    level_v,
    meaning_of,
    state_of,
)


@pytest.mark.parametrize(
    ("nominal_v", "state"), list(zip((12.0, 9.0, 6.0, 3.0, 0.0, -12.0), PilotState, strict=True))
)
def test_each_level_is_its_state_within_a_volt(nominal_v: float, state: PilotState) -> None:
    assert {state_of(nominal_v + error_v) for error_v in (-1.0, -0.5, 0.0, 0.5, 1.0)} == {state}


@given(st.floats(allow_nan=False))
def test_any_voltage_is_a_state(volts: float) -> None:
    assert state_of(volts) in PilotState


@given(st.floats(-20.0, 20.0), st.floats(-20.0, 20.0))
def test_more_volts_never_mean_a_later_state(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert state_of(high).value <= state_of(low).value


def test_the_cars_resistors_give_the_levels_of_b_and_c() -> None:
    assert level_v(None) == 12.0
    assert level_v(STATE_B_OHM) == pytest.approx(9.0, abs=0.1)
    assert level_v(STATE_C_OHM) == pytest.approx(6.0, abs=0.1)


@pytest.mark.parametrize(
    ("duty_pct", "meaning", "amps"),
    [
        (0.0, Meaning.FORBIDDEN, 0.0),
        (2.99, Meaning.FORBIDDEN, 0.0),
        (3.0, Meaning.DIGITAL, 0.0),
        (5.0, Meaning.DIGITAL, 0.0),
        (7.0, Meaning.DIGITAL, 0.0),
        (7.01, Meaning.FORBIDDEN, 0.0),
        (8.0, Meaning.AC, 6.0),
        (9.9, Meaning.AC, 6.0),
        (10.0, Meaning.AC, 6.0),
        (50.0, Meaning.AC, 30.0),
        (85.0, Meaning.AC, 51.0),
        (90.0, Meaning.AC, 65.0),
        (96.0, Meaning.AC, 80.0),
        (97.0, Meaning.AC, 80.0),
        (97.1, Meaning.FORBIDDEN, 0.0),
        (100.0, Meaning.FORBIDDEN, 0.0),
    ],
)
def test_what_a_duty_says(duty_pct: float, meaning: Meaning, amps: float) -> None:
    assert meaning_of(duty_pct) is meaning
    assert ac_limit_a(duty_pct) == pytest.approx(amps)


@pytest.mark.parametrize(
    ("duty_pct", "frequency_hz", "digital"),
    [
        (5.0, 1000.0, True),
        (3.0, 980.0, True),
        (7.0, 1020.0, True),
        (2.9, 1000.0, False),
        (7.1, 1000.0, False),
        (5.0, 979.0, False),
        (5.0, 1021.0, False),
        (None, 1000.0, False),
        (5.0, None, False),
        (math.nan, 1000.0, False),
        (5.0, math.nan, False),
    ],
)
def test_digital_needs_duty_and_frequency(
    duty_pct: float | None, frequency_hz: float | None, digital: bool
) -> None:
    assert is_digital(duty_pct, frequency_hz) is digital
