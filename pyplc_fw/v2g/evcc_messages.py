"""The EVCC's requests, built from what is true at that moment."""

from __future__ import annotations

from functools import lru_cache
from math import isfinite
from typing import Final

from pyplc_fw.terms import MacAddress
from pyplc_fw.v2g.messages import app, din
from pyplc_fw.v2g.ports import Battery
from pyplc_fw.v2g.protocols import DIN_NAMESPACE, DIN_VERSION

OFFERED_SCHEMA_ID: Final = 1
FULL_SOC_PCT: Final = 100
BULK_SOC_PCT: Final = 80
"Where chargers and cars count bulk charging as done."
MOST_SECONDS: Final = 32_767
"The most a charger is told: nine hours; also what is said when there is no end in sight."
SECONDS_STEP: Final = 10
SECONDS_PER_HOUR: Final = 3600.0

MOST_SI: Final = 32_767e3
"The greatest number that a PhysicalValue can say."


def _sayable(value: float, most: float = MOST_SI) -> float:
    """Return ``value`` from 0 to ``most``, and 0 for what is not a number.

    A battery that says nothing any more must not keep the car from asking for 0 A.
    """
    return min(value, most) if value > 0.0 else 0.0


# The same few values are said again and again.
@lru_cache(maxsize=1024)
def _volts(value_v: float) -> din.PhysicalValue:
    return din.volts(_sayable(value_v))


@lru_cache(maxsize=4096)
def _amps(value_a: float) -> din.PhysicalValue:
    return din.amps(_sayable(value_a))


@lru_cache(maxsize=64)
def _watts(value_w: float) -> din.PhysicalValue:
    return din.watts(_sayable(value_w))


_seconds = lru_cache(maxsize=4096)(din.seconds)


class EvccMessages:
    """Builds the requests of one session."""

    def __init__(self, battery: Battery, evccid: MacAddress) -> None:
        self._battery = battery
        self.evccid = evccid
        self.ready = False
        "Whether the car is ready: state C and locked."
        self.error = din.DC_EVErrorCode.NO_ERROR
        self.session_id = bytes(8)

    @property
    def session_id(self) -> bytes:
        """The SessionID of the header, of the length that the charger chose."""
        return self._header.SessionID

    @session_id.setter
    def session_id(self, session_id: bytes) -> None:
        self._header = din.MessageHeader(SessionID=session_id)

    def envelope(self, request: din.Message) -> din.V2G_Message:
        """Put ``request`` behind the session's header."""
        return din.V2G_Message(Header=self._header, Body=din.Body(BodyElement=request))

    def supported_app_protocol(self) -> app.supportedAppProtocolReq:
        major, minor = DIN_VERSION
        din_protocol = app.AppProtocol(
            ProtocolNamespace=DIN_NAMESPACE,
            VersionNumberMajor=major,
            VersionNumberMinor=minor,
            SchemaID=OFFERED_SCHEMA_ID,
            Priority=1,
        )
        return app.supportedAppProtocolReq(AppProtocol=(din_protocol,))

    def session_setup(self) -> din.SessionSetupReq:
        return din.SessionSetupReq(EVCCID=bytes(self.evccid))

    def service_discovery(self) -> din.ServiceDiscoveryReq:
        return din.ServiceDiscoveryReq(ServiceCategory=din.ServiceCategory.EVCharging)

    def service_payment_selection(self, service_id: int) -> din.ServicePaymentSelectionReq:
        service = din.SelectedService(ServiceID=service_id)
        return din.ServicePaymentSelectionReq(
            SelectedPaymentOption=din.PaymentOption.ExternalPayment,
            SelectedServiceList=din.SelectedServiceList(SelectedService=(service,)),
        )

    def charge_parameter_discovery(
        self, transfer: din.EVRequestedEnergyTransferType
    ) -> din.ChargeParameterDiscoveryReq:
        battery = self._battery
        parameter = din.DC_EVChargeParameter(
            DC_EVStatus=self._status(),
            EVMaximumCurrentLimit=_amps(battery.max_current_a),
            EVMaximumPowerLimit=self._max_power,
            EVMaximumVoltageLimit=_volts(battery.max_voltage_v),
            EVEnergyCapacity=din.watt_hours(_sayable(battery.capacity_wh)),
            EVEnergyRequest=din.watt_hours(self._energy_wh(battery.target_soc_pct)),
            FullSOC=FULL_SOC_PCT,
            BulkSOC=BULK_SOC_PCT,
        )
        return din.ChargeParameterDiscoveryReq(
            EVRequestedEnergyTransferType=transfer, EVChargeParameter=parameter
        )

    def cable_check(self) -> din.CableCheckReq:
        return din.CableCheckReq(DC_EVStatus=self._status())

    def pre_charge(self, voltage_v: float, current_a: float) -> din.PreChargeReq:
        return din.PreChargeReq(
            DC_EVStatus=self._status(),
            EVTargetVoltage=_volts(round(voltage_v, 1)),
            EVTargetCurrent=_amps(current_a),
        )

    def power_delivery(self, *, start: bool) -> din.PowerDeliveryReq:
        parameter = din.DC_EVPowerDeliveryParameter(
            DC_EVStatus=self._status(),
            BulkChargingComplete=self._bulk_complete,
            ChargingComplete=self.charging_complete,
        )
        return din.PowerDeliveryReq(ReadyToChargeState=start, EVPowerDeliveryParameter=parameter)

    def current_demand(
        self, voltage_v: float, current_a: float, power_w: float
    ) -> din.CurrentDemandReq:
        """Ask for ``current_a``; ``power_w`` is what then flows, for the times that remain."""
        battery = self._battery
        soc_pct, capacity_wh = battery.soc_pct, battery.capacity_wh
        return din.CurrentDemandReq(
            DC_EVStatus=_ev_status(self.ready, self.error, _whole_pct(soc_pct)),
            EVTargetCurrent=_amps(current_a),
            # A Plugit HUBE S refuses requests without these two.
            EVMaximumVoltageLimit=_volts(battery.max_voltage_v),
            EVMaximumCurrentLimit=_amps(battery.max_current_a),
            EVMaximumPowerLimit=self._max_power,
            BulkChargingComplete=soc_pct >= BULK_SOC_PCT,
            ChargingComplete=soc_pct >= battery.target_soc_pct,
            RemainingTimeToFullSoC=_remaining(FULL_SOC_PCT - soc_pct, capacity_wh, power_w),
            RemainingTimeToBulkSoC=_remaining(BULK_SOC_PCT - soc_pct, capacity_wh, power_w),
            EVTargetVoltage=_volts(round(voltage_v, 1)),
        )

    def welding_detection(self) -> din.WeldingDetectionReq:
        return din.WeldingDetectionReq(DC_EVStatus=self._status())

    @property
    def charging_complete(self) -> bool:
        """Whether the battery is where the owner wants it."""
        return self._battery.soc_pct >= self._battery.target_soc_pct

    @property
    def _max_power(self) -> din.PhysicalValue | None:
        power_w = self._battery.max_power_w
        return _watts(power_w) if isfinite(power_w) else None

    @property
    def _bulk_complete(self) -> bool:
        return self._battery.soc_pct >= BULK_SOC_PCT

    def _status(self) -> din.DC_EVStatus:
        return _ev_status(self.ready, self.error, _whole_pct(self._battery.soc_pct))

    def _energy_wh(self, soc_pct: float) -> float:
        share = _sayable(soc_pct - self._battery.soc_pct, 100.0) / 100.0
        return round(_sayable(share * self._battery.capacity_wh))


def _whole_pct(soc_pct: float) -> int:
    return int(_sayable(soc_pct, 100.0))


def _remaining(missing_pct: float, capacity_wh: float, power_w: float) -> din.PhysicalValue:
    """Return the time until ``missing_pct`` are charged; the most that can be said without end."""
    if missing_pct <= 0.0:
        return _seconds(0)
    energy_ws = missing_pct / 100.0 * capacity_wh * SECONDS_PER_HOUR
    if not 0.0 <= energy_ws < power_w * MOST_SECONDS:  # also when it is not a number
        return _seconds(MOST_SECONDS)
    return _seconds(SECONDS_STEP * round(energy_ws / power_w / SECONDS_STEP))


@lru_cache(maxsize=512)
def _ev_status(ready: bool, error: din.DC_EVErrorCode, soc_pct: int) -> din.DC_EVStatus:
    return din.DC_EVStatus(EVReady=ready, EVErrorCode=error, EVRESSSOC=soc_pct)
