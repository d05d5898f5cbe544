"""The vehicle and battery for a replay against a recorded charger: they follow the recorded car.

The battery asks for what the recorded car asked for next. The contactors confirm when the
recorded car's precharge is over, so that there are as many rounds as there were then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from pyplc_fw.faults import Reason
from pyplc_fw.terms import EndState
from pyplc_fw.trace.events import V2gEvent
from pyplc_fw.trace.field_text import quantity_si
from pyplc_fw.trace.replay_charger import RecordedCharger
from pyplc_fw.trace.replay_script import Script

FALLBACK_VOLTAGE_V: Final = 350.0
"Where the recording shows no precharge."
FALLBACK_CURRENT_A: Final = 100.0
FALLBACK_CAPACITY_WH: Final = 50_000.0
FALLBACK_SOC_PCT: Final = 50.0
NEVER_FULL_PCT: Final = 101.0
"The charge ends where the recorded car ended it, not by the state of charge."


class FollowingVehicle:
    """The Vehicle port; lock and pilot follow at once, the contactors follow the recording."""

    def __init__(self, charger: RecordedCharger) -> None:
        self.plugged_in = True
        self.pilot_duty_pct: float | None = 5.0
        self.state_c = False
        self.locked = False
        self.contactors_closed = False
        self.inlet_v: float | None = None
        self.emergency: Reason | None = None
        self.fault: Reason | None = None
        self._charger = charger
        self._want_closed = False
        self._changed = asyncio.Event()

    @property
    def contactors_open(self) -> bool:
        return not self.contactors_closed

    @property
    def end_state(self) -> EndState | None:
        return None if self.locked or self.state_c or self.contactors_closed else EndState.SAFE

    def begin_session(self) -> None:
        """Nothing to do: nothing is energised here."""

    def end_session(self) -> None:
        """Nothing to do: nothing is energised here."""

    def charger_reports(self, voltage_v: float | None, current_a: float | None) -> None:
        self.inlet_v = voltage_v
        self._follow()

    def charger_confirmed_stop(self) -> None:
        """Nothing to do: no current flows here."""

    def request_state_c(self) -> None:
        self.state_c = True
        self._follow()

    def request_state_b(self) -> None:
        self.state_c = False
        self._follow()

    def request_lock(self) -> None:
        self.locked = True
        self._follow()

    def request_unlock(self) -> None:
        self.locked = False
        self._follow()

    def request_contactors_closed(self) -> None:
        self._want_closed = True
        self._follow()

    def request_contactors_open(self) -> None:
        self._want_closed = False
        self._follow()

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await self._changed.wait()

    def _follow(self) -> None:
        self.contactors_closed = self._want_closed and self._car_closed_then()
        self._changed.set()
        self._changed = asyncio.Event()

    def _car_closed_then(self) -> bool:
        """Tell whether the recorded car's contactors were closed at this place of the recording."""
        if self._charger.ahead("PreCharge") is not None:
            return False
        power = self._charger.ahead("PowerDelivery")
        return self.contactors_closed or (power is not None and power.key.starts is True)


class FollowingBattery:
    """The Battery port: what the recorded car said next."""

    def __init__(self, charger: RecordedCharger, script: Script) -> None:
        self._charger = charger
        limits: dict[str, Any] = next(
            (
                e.request.fields.get("DC_EVChargeParameter", {})
                for e in script.of("ChargeParameterDiscovery")
                if e.request is not None
            ),
            {},
        )
        self.max_voltage_v = _quantity(limits, "EVMaximumVoltageLimit", FALLBACK_VOLTAGE_V * 1.2)
        self.max_current_a = _quantity(limits, "EVMaximumCurrentLimit", FALLBACK_CURRENT_A)
        self.max_power_w = _quantity(
            limits, "EVMaximumPowerLimit", self.max_voltage_v * self.max_current_a
        )
        self.capacity_wh = _quantity(limits, "EVEnergyCapacity", FALLBACK_CAPACITY_WH)
        self._after_pre_charge_v = _last_pre_charge_v(script)
        self._soc_pct = FALLBACK_SOC_PCT

    @property
    def target_soc_pct(self) -> float:
        return NEVER_FULL_PCT

    @property
    def voltage_v(self) -> float:
        """The target of the recorded car's next PreChargeReq; then what precharge had reached."""
        request = self._next("PreCharge")
        if request is not None:
            return _quantity(request.fields, "EVTargetVoltage", self._after_pre_charge_v)
        return self._after_pre_charge_v

    @property
    def target_voltage_v(self) -> float:
        request = self._next("CurrentDemand")
        return _quantity(request.fields if request else {}, "EVTargetVoltage", self.voltage_v)

    @property
    def allowed_current_a(self) -> float:
        """What the recorded car asked for next, in precharge or in the charge loop."""
        request = self._next("PreCharge") or self._next("CurrentDemand")
        return _quantity(request.fields if request else {}, "EVTargetCurrent", 0.0)

    @property
    def soc_pct(self) -> float:
        """The recorded car's state of charge in its next request that says it."""
        for exchange in self._charger.remaining():
            fields = exchange.request.fields if exchange.request is not None else {}
            for holder in (fields, *(v for v in fields.values() if isinstance(v, dict))):
                if "DC_EVStatus" in holder:
                    self._soc_pct = float(holder["DC_EVStatus"]["EVRESSSOC"])
                    return self._soc_pct
        return self._soc_pct

    def _next(self, exchange: str) -> V2gEvent | None:
        ahead = self._charger.ahead(exchange)
        return ahead.request if ahead is not None else None


def _quantity(fields: Mapping[str, Any], name: str, default: float) -> float:
    return quantity_si(fields[name]) if name in fields else default


def _last_pre_charge_v(script: Script) -> float:
    reached = [
        quantity_si(e.response.fields["EVSEPresentVoltage"])
        for e in script.of("PreCharge")
        if e.response is not None and "EVSEPresentVoltage" in e.response.fields
    ]
    return reached[-1] if reached else FALLBACK_VOLTAGE_V
