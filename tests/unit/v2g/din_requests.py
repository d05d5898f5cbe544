"""One good request of every kind."""

from __future__ import annotations

from typing import Any

from pyplc_fw.v2g.messages import app, din
from tests.unit.v2g.v2g_scripts import SESSION_ID

DIN = "urn:din:70121:2012:MsgDef"


def offer(*entries: tuple[str, int, int, int, int]) -> app.supportedAppProtocolReq:
    """Offer protocols: namespace, major, minor, SchemaID, priority."""
    return app.supportedAppProtocolReq(
        AppProtocol=tuple(
            app.AppProtocol(
                ProtocolNamespace=namespace,
                VersionNumberMajor=major,
                VersionNumberMinor=minor,
                SchemaID=schema_id,
                Priority=priority,
            )
            for namespace, major, minor, schema_id, priority in entries
        )
    )


HANDSHAKE = offer((DIN, 2, 0, 1, 1))


def ev_status(
    *, ready: bool = True, error: din.DC_EVErrorCode = din.DC_EVErrorCode.NO_ERROR
) -> din.DC_EVStatus:
    return din.DC_EVStatus(EVReady=ready, EVErrorCode=error, EVRESSSOC=50)


def charge_parameter_discovery(
    *,
    transfer: din.EVRequestedEnergyTransferType = din.EVRequestedEnergyTransferType.DC_extended,
    max_v: float = 410.0,
    max_a: float = 200.0,
    max_w: float | None = None,
) -> din.ChargeParameterDiscoveryReq:
    parameter = din.DC_EVChargeParameter(
        DC_EVStatus=ev_status(ready=False),
        EVMaximumCurrentLimit=din.amps(max_a),
        EVMaximumVoltageLimit=din.volts(max_v),
        EVMaximumPowerLimit=None if max_w is None else din.watts(max_w),
    )
    return din.ChargeParameterDiscoveryReq(
        EVRequestedEnergyTransferType=transfer, EVChargeParameter=parameter
    )


def cable_check(*, ready: bool = True) -> din.CableCheckReq:
    return din.CableCheckReq(DC_EVStatus=ev_status(ready=ready))


def pre_charge(
    voltage_v: float = 350.0, current_a: float = 2.0, *, status: din.DC_EVStatus | None = None
) -> din.PreChargeReq:
    return din.PreChargeReq(
        DC_EVStatus=status or ev_status(),
        EVTargetVoltage=din.volts(voltage_v),
        EVTargetCurrent=din.amps(current_a),
    )


def power_delivery(*, start: bool, complete: bool = False) -> din.PowerDeliveryReq:
    parameter = din.DC_EVPowerDeliveryParameter(
        DC_EVStatus=ev_status(ready=start), ChargingComplete=complete
    )
    return din.PowerDeliveryReq(ReadyToChargeState=start, EVPowerDeliveryParameter=parameter)


def current_demand(
    voltage_v: float = 400.0,
    current_a: float = 100.0,
    *,
    status: din.DC_EVStatus | None = None,
    **limits: Any,
) -> din.CurrentDemandReq:
    return din.CurrentDemandReq(
        DC_EVStatus=status or ev_status(),
        EVTargetCurrent=din.amps(current_a),
        ChargingComplete=False,
        EVTargetVoltage=din.volts(voltage_v),
        **limits,
    )


def payment(
    option: din.PaymentOption = din.PaymentOption.ExternalPayment, service_id: int = 1
) -> din.ServicePaymentSelectionReq:
    service = din.SelectedService(ServiceID=service_id)
    return din.ServicePaymentSelectionReq(
        SelectedPaymentOption=option,
        SelectedServiceList=din.SelectedServiceList(SelectedService=(service,)),
    )


WELDING_DETECTION = din.WeldingDetectionReq(DC_EVStatus=ev_status(ready=False))
_ROOTS = din.ListOfRootCertificateIDs(RootCertificateID=("root",))
_CHAIN = din.CertificateChain(Certificate=b"\1")

REQUESTS: list[din.Message] = [
    din.SessionSetupReq(EVCCID=bytes(6)),
    din.ServiceDiscoveryReq(),
    din.ServiceDetailReq(ServiceID=1),
    payment(),
    din.PaymentDetailsReq(ContractID="1", ContractSignatureCertChain=_CHAIN),
    din.ContractAuthenticationReq(),
    charge_parameter_discovery(),
    cable_check(),
    pre_charge(),
    power_delivery(start=True),
    power_delivery(start=False),
    current_demand(),
    WELDING_DETECTION,
    din.SessionStopReq(),
    din.ChargingStatusReq(),
    din.MeteringReceiptReq(SessionID=SESSION_ID, MeterInfo=din.MeterInfo(MeterID="1")),
    din.CertificateUpdateReq(
        ContractSignatureCertChain=_CHAIN,
        ContractID="1",
        ListOfRootCertificateIDs=_ROOTS,
        DHParams=b"",
    ),
    din.CertificateInstallationReq(
        OEMProvisioningCert=b"", ListOfRootCertificateIDs=_ROOTS, DHParams=b""
    ),
]


def envelope(request: din.Message, session_id: bytes = SESSION_ID) -> din.V2G_Message:
    header = din.MessageHeader(SessionID=session_id)
    return din.V2G_Message(Header=header, Body=din.Body(BodyElement=request))
