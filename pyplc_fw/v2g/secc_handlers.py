"""What the SECC does for each request, where its table lets it come."""

from __future__ import annotations

from typing import Final

from pyplc_fw import faults
from pyplc_fw.errors import PyplcError
from pyplc_fw.faults import Reason
from pyplc_fw.v2g import secc_responses as responses
from pyplc_fw.v2g.limits import PRE_CHARGE_CURRENT_A
from pyplc_fw.v2g.messages import app, din
from pyplc_fw.v2g.ports import CableCheck
from pyplc_fw.v2g.protocols import DIN_NAMESPACE, DIN_VERSION
from pyplc_fw.v2g.secc_session import CONNECTED, STATE_B, SeccSession, SeccState

Code = din.ResponseCode
Processing = din.EVSEProcessing
Isolation = din.IsolationLevel

ACCEPTED_TRANSFERS: Final = frozenset(
    {
        din.EVRequestedEnergyTransferType.DC_core,
        din.EVRequestedEnergyTransferType.DC_extended,
    }
)


class RefusedError(PyplcError):
    """A request is refused: ``code`` is what the response says."""

    default_reason = faults.PEER_BROKE_PROTOCOL

    def __init__(self, code: Code, *, reason: Reason | None = None) -> None:
        super().__init__(code.value, reason=reason)
        self.code = code


def on_supported_app_protocol_req(
    secc: SeccSession, req: app.supportedAppProtocolReq
) -> app.supportedAppProtocolRes:
    """Choose DIN 70121 under the SchemaID the car gave it. Checkpoints 401 and 402.

    Only namespaces we speak count, of these the best (lowest) priority: a Tesla offers its own
    protocol with a better one than DIN, a BMW iX3 offers DIN under SchemaID 0.
    """
    record = secc.record
    record.reach(401, "v2g.supportedAppProtocolReq", offered=_offered(req))
    ours = [
        entry
        for entry in req.AppProtocol
        if entry.ProtocolNamespace == DIN_NAMESPACE and entry.VersionNumberMajor == DIN_VERSION[0]
    ]
    if not ours:
        secc.refuse(app.ResponseCode.Failed_NoNegotiation.value, faults.NO_COMMON_PROTOCOL)
        return app.supportedAppProtocolRes(ResponseCode=app.ResponseCode.Failed_NoNegotiation)
    chosen = min(ours, key=lambda entry: entry.Priority)
    same = chosen.VersionNumberMinor == DIN_VERSION[1]
    record.reach(402, "v2g.supportedAppProtocolRes", schema_id=chosen.SchemaID)
    return app.supportedAppProtocolRes(
        ResponseCode=app.ResponseCode.OK_SuccessfulNegotiation
        if same
        else app.ResponseCode.OK_SuccessfulNegotiationWithMinorDeviation,
        SchemaID=chosen.SchemaID,
    )


def _offered(req: app.supportedAppProtocolReq) -> list[str]:
    return [
        f"{entry.ProtocolNamespace} {entry.VersionNumberMajor}.{entry.VersionNumberMinor}"
        for entry in req.AppProtocol
    ]


def on_session_setup_req(secc: SeccSession, req: din.SessionSetupReq) -> din.SessionSetupRes:
    """Give the session its id. Checkpoint 505."""
    secc.evccid = secc.record.peer_id = req.EVCCID
    secc.record.session_id = secc.session_id
    secc.record.reach(
        505, "v2g.SessionSetupRes", session_id=secc.session_id.hex(), evccid=req.EVCCID.hex()
    )
    return responses.session_setup(secc, Code.OK_NewSessionEstablished)


def on_service_discovery_req(
    secc: SeccSession, _: din.ServiceDiscoveryReq
) -> din.ServiceDiscoveryRes:
    """Say what is offered. Checkpoint 515."""
    secc.record.reach(515, "v2g.ServiceDiscoveryRes")
    return responses.service_discovery(secc, Code.OK)


def on_service_payment_selection_req(
    secc: SeccSession, req: din.ServicePaymentSelectionReq
) -> din.ServicePaymentSelectionRes:
    """Agree to external payment for the charging service. Checkpoint 525."""
    if req.SelectedPaymentOption is not din.PaymentOption.ExternalPayment:
        raise RefusedError(Code.FAILED_PaymentSelectionInvalid)
    services = {service.ServiceID for service in req.SelectedServiceList.SelectedService}
    if services != {responses.SERVICE_ID}:
        raise RefusedError(Code.FAILED_ServiceSelectionInvalid)
    secc.record.reach(525, "v2g.ServicePaymentSelectionRes")
    return responses.service_payment_selection(secc, Code.OK)


def on_contract_authentication_req(
    secc: SeccSession, _: din.ContractAuthenticationReq
) -> din.ContractAuthenticationRes:
    """Let the user authorise, 55 s at most. Checkpoints 535, 536, 538."""
    if secc.authentication_since_s is None:
        secc.authentication_since_s = secc.clock()
    authorised = secc.authorise(secc.evccid)
    if authorised:
        secc.record.reach(536, "v2g.authorised")
        secc.record.reach(538, "v2g.ContractAuthenticationRes", processing="Finished")
        return responses.contract_authentication(secc, Code.OK, Processing.Finished)
    too_late = secc.passed(secc.authentication_since_s, secc.timers.ongoing.limit_s)
    if authorised is False or too_late:
        raise RefusedError(Code.FAILED, reason=faults.NOT_AUTHORISED)
    secc.record.reach(535, "v2g.ContractAuthenticationRes", processing="Ongoing")
    secc.state = SeccState.CONTRACT_AUTHENTICATION
    return responses.contract_authentication(secc, Code.OK, Processing.Ongoing)


def on_charge_parameter_discovery_req(
    secc: SeccSession, req: din.ChargeParameterDiscoveryReq
) -> din.ChargeParameterDiscoveryRes:
    """Exchange limits. Checkpoint 545."""
    if req.EVRequestedEnergyTransferType not in ACCEPTED_TRANSFERS:
        raise RefusedError(Code.FAILED_WrongEnergyTransferType)
    car, limits = req.EVChargeParameter, secc.supply.limits
    if not isinstance(car, din.DC_EVChargeParameter):
        raise RefusedError(Code.FAILED_WrongChargeParameter)
    secc.learn_limits(car.EVMaximumVoltageLimit, car.EVMaximumCurrentLimit, car.EVMaximumPowerLimit)
    if (
        secc.ev_max_voltage_v < limits.min_voltage_v
        or secc.ev_max_current_a < limits.min_current_a
        or secc.ev_max_power_w < 0.0
    ):
        raise RefusedError(Code.FAILED_WrongChargeParameter)
    secc.record.soc(car.DC_EVStatus.EVRESSSOC)
    secc.record.reach(545, "v2g.ChargeParameterDiscoveryRes", soc_pct=car.DC_EVStatus.EVRESSSOC)
    return responses.charge_parameter_discovery(secc, Code.OK)


def on_cable_check_req(secc: SeccSession, req: din.CableCheckReq) -> din.CableCheckRes:
    """Test the insulation. Checkpoints 561 and 565.

    Ongoing says IsolationMonitoringActive and Invalid, Finished says Ready and Valid: an Audi Q4
    takes nothing else. A car that is not ready yet makes the test wait.
    """
    _require_connected(secc)
    if secc.passed(secc.cable_check_since_s, secc.timers.cable_check.limit_s):
        raise RefusedError(Code.FAILED, reason=faults.CABLE_CHECK_FAILED)
    if secc.cable_check_since_s is None:
        if not req.DC_EVStatus.EVReady:
            secc.state = SeccState.CABLE_CHECK
            return _cable_check_ongoing(secc)
        secc.cable_check_since_s = secc.clock()
        secc.output_on = True
        secc.supply.start_cable_check()
        secc.record.reach(561, "v2g.cable_check")
    secc.record.reach(565, "v2g.CableCheckRes")
    if secc.supply.cable_check is CableCheck.PASSED and secc.supply.isolation_ok:
        return responses.cable_check(secc, Code.OK, Processing.Finished, Isolation.Valid)
    if secc.supply.cable_check is CableCheck.ONGOING:
        secc.state = SeccState.CABLE_CHECK
        return _cable_check_ongoing(secc)
    raise RefusedError(Code.FAILED, reason=faults.CABLE_CHECK_FAILED)


def _cable_check_ongoing(secc: SeccSession) -> din.CableCheckRes:
    status = secc.dc_status(Isolation.Invalid)
    if status.EVSEStatusCode is din.DC_EVSEStatusCode.EVSE_Ready:
        active = din.DC_EVSEStatusCode.EVSE_IsolationMonitoringActive
        status = responses.dc_status(Isolation.Invalid, active, status.EVSENotification)
    return din.CableCheckRes(
        ResponseCode=Code.OK, DC_EVSEStatus=status, EVSEProcessing=Processing.Ongoing
    )


def on_pre_charge_req(secc: SeccSession, req: din.PreChargeReq) -> din.PreChargeRes:
    """Bring the output to the car's target voltage at 2 A or less. Checkpoints 575 and 580.

    A car that asks for 0 A gets 2 A: a Polestar 2 begins so, and nothing would move.
    """
    _require_connected(secc)
    current_a = min(req.EVTargetCurrent.si, PRE_CHARGE_CURRENT_A) or PRE_CHARGE_CURRENT_A
    secc.set_output(req.DC_EVStatus, req.EVTargetVoltage.si, current_a)
    secc.record.reach(580, "v2g.precharge", target_v=req.EVTargetVoltage.si)
    secc.record.reach(575, "v2g.PreChargeRes", present_v=round(secc.supply.present_voltage_v, 1))
    return responses.pre_charge(secc, Code.OK)


def on_power_delivery_req(secc: SeccSession, req: din.PowerDeliveryReq) -> din.PowerDeliveryRes:
    """Start after precharge, or stop. Checkpoint 605."""
    if not req.ReadyToChargeState:
        return on_power_off_req(secc, req)
    _require_connected(secc)
    secc.record.reach(605, "v2g.PowerDeliveryRes", start=True)
    return responses.power_delivery(secc, Code.OK)


def on_power_off_req(secc: SeccSession, req: din.PowerDeliveryReq) -> din.PowerDeliveryRes:
    """Stop; where only that is allowed, a start is refused. Checkpoint 805."""
    if req.ReadyToChargeState:
        raise RefusedError(Code.FAILED_SequenceError)
    secc.disable()
    secc.state = SeccState.WELDING_DETECTION
    parameter = req.EVPowerDeliveryParameter
    if isinstance(parameter, din.DC_EVPowerDeliveryParameter) and parameter.ChargingComplete:
        secc.ends_because(faults.BATTERY_FULL)
    secc.record.reach(805, "v2g.PowerDeliveryRes", start=False)
    return responses.power_delivery(secc, Code.OK)


def on_current_demand_req(secc: SeccSession, req: din.CurrentDemandReq) -> din.CurrentDemandRes:
    """Give what is asked for, within the limits of both. Checkpoint 705."""
    if secc.stop_overdue:
        raise RefusedError(Code.FAILED, reason=faults.STOPPED_BY_CHARGER)
    record, supply = secc.record, secc.supply
    if not supply.isolation_ok:
        secc.stop_at_once(faults.ISOLATION_FAULT)
    if secc.pilot.state not in CONNECTED:
        secc.stop_at_once(faults.PILOT_LOST)
    secc.learn_limits(req.EVMaximumVoltageLimit, req.EVMaximumCurrentLimit, req.EVMaximumPowerLimit)
    target_v, target_a = req.EVTargetVoltage.si, req.EVTargetCurrent.si
    secc.set_output(req.DC_EVStatus, target_v, target_a)
    record.soc(req.DC_EVStatus.EVRESSSOC)
    present_v, present_a = supply.present_voltage_v, supply.present_current_a
    record.measured(secc.clock(), present_v, present_a)
    record.reach(705, "v2g.CurrentDemandRes", target_v=target_v, target_a=target_a)
    limits = supply.limits
    return responses.current_demand(
        secc,
        Code.OK,
        present=(present_v, present_a),
        current_limited=target_a >= limits.max_current_a,
        voltage_limited=max(target_v, present_v) >= limits.max_voltage_v,
        power_limited=present_v * target_a >= limits.max_power_w,
    )


def on_welding_detection_req(
    secc: SeccSession, _: din.WeldingDetectionReq
) -> din.WeldingDetectionRes:
    """Say what voltage is left; the pilot must be back in B. Checkpoint 855."""
    if secc.pilot.state != STATE_B:
        raise RefusedError(Code.FAILED)
    secc.record.reach(855, "v2g.WeldingDetectionRes", present_v=secc.supply.present_voltage_v)
    return responses.welding_detection(secc, Code.OK)


def on_session_stop_req(secc: SeccSession, _: din.SessionStopReq) -> din.SessionStopRes:
    """End the session. Checkpoint 905."""
    secc.disable()
    secc.record.reach(905, "v2g.SessionStopRes")
    return responses.session_stop(secc, Code.OK)


def _require_connected(secc: SeccSession) -> None:
    """E1: no output without pilot C or D, nor after an emergency, nor long after a stop."""
    if not secc.may_energise:
        why = faults.STOPPED_BY_CHARGER if secc.stop_overdue else faults.PILOT_LOST
        raise RefusedError(Code.FAILED, reason=secc.emergency or why)
