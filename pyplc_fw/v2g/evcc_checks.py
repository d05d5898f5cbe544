"""What an EVCC reads out of the charger's responses, and what it does not put up with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, isfinite
from typing import Final, Self

from pyplc_fw import faults
from pyplc_fw.errors import BusError, PyplcError, RemoteProtocolError
from pyplc_fw.faults import Reason
from pyplc_fw.terms import TOUCH_SAFE_V
from pyplc_fw.v2g.energised import EmergencyStopError
from pyplc_fw.v2g.evcc_messages import OFFERED_SCHEMA_ID
from pyplc_fw.v2g.messages import app, din
from pyplc_fw.v2g.ports import Battery

OVER: Final = 1.1
"Source: IEC 61851-23 has a charger cut its output at 110 % of the car's voltage limit; tables."
OVER_A: Final = 5.0
"What measuring a small current may be wrong by."
OK_CODES: Final = frozenset(code for code in din.ResponseCode if code.name.startswith("OK"))
"Whichever of them comes: an ABB answers SessionSetupReq with a plain OK."

NO_STOP: Final = frozenset(
    {
        din.DC_EVSEStatusCode.EVSE_NotReady,  # a Compleo says so with Finished, a charger is at it
        din.DC_EVSEStatusCode.EVSE_Ready,
        din.DC_EVSEStatusCode.EVSE_IsolationMonitoringActive,
    }
)
NORMAL_STOP: Final = frozenset(
    {
        din.DC_EVSEStatusCode.EVSE_Shutdown,
        din.DC_EVSEStatusCode.EVSE_UtilityInterruptEvent,
    }
)

DC_TRANSFERS: Final = {
    din.EVSESupportedEnergyTransferType.DC_core: din.EVRequestedEnergyTransferType.DC_core,
    din.EVSESupportedEnergyTransferType.DC_combo_core: (
        din.EVRequestedEnergyTransferType.DC_combo_core
    ),
}
"What to ask for where it is not DC_extended."
AC_ONLY: Final = frozenset(
    {
        din.EVSESupportedEnergyTransferType.AC_single_phase_core,
        din.EVSESupportedEnergyTransferType.AC_three_phase_core,
    }
)

EV_ERRORS: Final = {
    faults.LOCK_LOST.id: din.DC_EVErrorCode.FAILED_ChargerConnectorLockFault,
    faults.LOCK_FAILED.id: din.DC_EVErrorCode.FAILED_ChargerConnectorLockFault,
    faults.PROXIMITY_LOST.id: din.DC_EVErrorCode.FAILED_ChargerConnectorLockFault,
    faults.CHARGER_OVERVOLTAGE.id: din.DC_EVErrorCode.FAILED_ChargingVoltageOutOfRange,
    faults.CHARGER_OVERCURRENT.id: din.DC_EVErrorCode.FAILED_ChargingCurrentdifferential,
}


def is_ok(code: din.ResponseCode) -> bool:
    """Return whether a response code is one of the good ones."""
    return code is din.ResponseCode.OK or code in OK_CODES


def check_chosen_protocol(res: app.supportedAppProtocolRes) -> None:
    """Raise RemoteProtocolError unless the charger chose what was offered.

    The SchemaID is optional: without it, the only protocol offered is meant.
    """
    if res.ResponseCode is app.ResponseCode.Failed_NoNegotiation:
        raise RemoteProtocolError(
            "the charger speaks none of the offered protocols", reason=faults.NO_COMMON_PROTOCOL
        )
    if res.SchemaID not in (OFFERED_SCHEMA_ID, None):
        raise RemoteProtocolError(f"the charger chose SchemaID {res.SchemaID}, never offered")


def requested_transfer(
    offered: din.EVSESupportedEnergyTransferType,
) -> din.EVRequestedEnergyTransferType:
    """Return what to ask for; raises RemoteProtocolError for an AC charger."""
    if offered in AC_ONLY:
        raise RemoteProtocolError(
            f"the charger offers {offered.value} only", reason=faults.CHARGER_INCOMPATIBLE
        )
    return DC_TRANSFERS.get(offered, din.EVRequestedEnergyTransferType.DC_extended)


def judge(response: object) -> Reason | None:
    """Return why the charger wants a normal stop, or None.

    Raises EmergencyStopError for an emergency status, RemoteProtocolError for a FAILED response
    code, whatever else the response says: a Supercharger says FAILED together with Finished.
    """
    status = _status_of(response)
    stop = None if status is None else _stop_of(status)
    code = response.ResponseCode  # type: ignore[attr-defined]  # every response has one
    if is_ok(code):
        return stop
    name = type(response).__name__
    failed_test = isinstance(response, din.CableCheckRes) and code is din.ResponseCode.FAILED
    raise RemoteProtocolError(
        f"{name}: {code.value}",
        response_code=code.value,
        reason=faults.CABLE_CHECK_FAILED if failed_test else faults.RESPONSE_FAILED,
    )


def _status_of(response: object) -> din.DC_EVSEStatus | None:
    status = getattr(response, "DC_EVSEStatus", None)
    if status is None and isinstance(response, din.PowerDeliveryRes):
        status = response.EVSEStatus
    if status is None and isinstance(response, din.ChargeParameterDiscoveryRes):
        status = getattr(response.EVSEChargeParameter, "DC_EVSEStatus", None)
    return status if isinstance(status, din.DC_EVSEStatus) else None


def _stop_of(status: din.DC_EVSEStatus) -> Reason | None:
    code = status.EVSEStatusCode
    if code is din.DC_EVSEStatusCode.EVSE_EmergencyShutdown:
        raise EmergencyStopError("EVSE_EmergencyShutdown", reason=faults.CHARGER_EMERGENCY)
    if code not in NO_STOP and code not in NORMAL_STOP:  # EVSE_Malfunction and the reserved ones
        raise EmergencyStopError(code.value, reason=faults.CHARGER_MALFUNCTION)
    if status.EVSEIsolationStatus is din.IsolationLevel.Fault:
        raise EmergencyStopError("EVSEIsolationStatus Fault", reason=faults.ISOLATION_FAULT)
    if status.EVSENotification is din.EVSENotification.StopCharging or code in NORMAL_STOP:
        return faults.STOPPED_BY_CHARGER
    return None


def cable_is_good(res: din.CableCheckRes) -> bool:
    """Return whether the test is finished; raises RemoteProtocolError when it did not pass.

    Finished with EVSE_NotReady passes (Compleo), and so does one without an isolation status
    (early pyPLC); Finished with Invalid does not.
    """
    if res.EVSEProcessing is din.EVSEProcessing.Ongoing:
        return False
    isolation = res.DC_EVSEStatus.EVSEIsolationStatus
    if isolation is din.IsolationLevel.Invalid:
        raise RemoteProtocolError(
            "CableCheckRes: Finished, isolation Invalid", reason=faults.CABLE_CHECK_FAILED
        )
    return True


def error_code_of(emergency: Reason) -> din.DC_EVErrorCode:
    """Return what to tell the charger about an emergency of ours."""
    return EV_ERRORS.get(emergency.id, din.DC_EVErrorCode.FAILED_EVRESSMalfunction)


def battery_is_known(battery: Battery) -> bool:
    """Return whether what is said to the charger about the battery can be true."""
    said = (
        battery.soc_pct,
        battery.target_soc_pct,
        battery.capacity_wh,
        battery.target_voltage_v,
        battery.max_voltage_v,
        battery.max_current_a,
    )
    # No traction battery is at 0 V: that is what a variable says before anyone has written it.
    return TOUCH_SAFE_V <= battery.voltage_v < inf and all(isfinite(value) for value in said)


def require_known(battery: Battery) -> None:
    """Raise BusError unless ``battery_is_known``."""
    if not battery_is_known(battery):
        raise BusError(
            f"battery at {battery.voltage_v:.1f} V, SoC {battery.soc_pct:.1f} %",
            reason=faults.BATTERY_UNKNOWN,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratings:
    """What the car said that it can take; the charger may give a tenth more, and 5 A."""

    max_voltage_v: float = inf
    max_current_a: float = inf

    def exceeded_by(self, voltage_v: float, current_a: float) -> Reason | None:
        """Return what is wrong with what the charger gives: nothing, or one of two emergencies."""
        if not voltage_v <= OVER * self.max_voltage_v:
            return faults.CHARGER_OVERVOLTAGE
        if not abs(current_a) <= OVER * self.max_current_a + OVER_A:
            return faults.CHARGER_OVERCURRENT
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargerLimits:
    """What the charger said last that it can do; nothing before it said anything."""

    max_voltage_v: float = 0.0
    min_voltage_v: float = 0.0
    max_current_a: float = 0.0
    max_power_w: float = inf

    @classmethod
    def of(cls, res: din.ChargeParameterDiscoveryRes) -> Self:
        """Read the limits; raises RemoteProtocolError when they are not a DC charger's."""
        parameter = res.EVSEChargeParameter
        if not isinstance(parameter, din.DC_EVSEChargeParameter):
            raise RemoteProtocolError(f"{type(parameter).__name__} from a DC charger")
        power = parameter.EVSEMaximumPowerLimit
        return cls(
            max_voltage_v=parameter.EVSEMaximumVoltageLimit.si,
            min_voltage_v=parameter.EVSEMinimumVoltageLimit.si,
            max_current_a=parameter.EVSEMaximumCurrentLimit.si,
            max_power_w=inf if power is None else power.si,
        )

    def updated(self, res: din.CurrentDemandRes) -> ChargerLimits:
        """Return the limits after ``res``, which may lower and raise them."""
        volts, amps = res.EVSEMaximumVoltageLimit, res.EVSEMaximumCurrentLimit
        watts = res.EVSEMaximumPowerLimit
        voltage_v = self.max_voltage_v if volts is None else volts.si
        current_a = self.max_current_a if amps is None else amps.si
        power_w = self.max_power_w if watts is None else watts.si
        if (voltage_v, current_a, power_w) == (
            self.max_voltage_v,
            self.max_current_a,
            self.max_power_w,
        ):
            return self
        return replace(self, max_voltage_v=voltage_v, max_current_a=current_a, max_power_w=power_w)

    def require_fit(self, battery: Battery) -> None:
        """Raise PyplcError when the charger's voltage range does not hold the battery's voltage."""
        battery_v = battery.voltage_v
        if not self.min_voltage_v <= battery_v <= self.max_voltage_v:
            raise PyplcError(
                f"battery at {battery_v:.1f} V, "
                f"charger from {self.min_voltage_v:g} to {self.max_voltage_v:g} V",
                reason=faults.CHARGER_INCOMPATIBLE,
            )
