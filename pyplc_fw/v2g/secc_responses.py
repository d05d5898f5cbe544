"""The SECC's responses: one builder per request, with any response code.

A refusal carries the same elements as a good answer, as the schema demands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pyplc_fw.v2g.messages import din

if TYPE_CHECKING:
    from pyplc_fw.v2g.secc_session import SeccSession

SERVICE_ID: Final = 1
SCHEDULE_ID: Final = 1
SCHEDULE_DURATION_S: Final = 86_400
MOST_SHORT: Final = 32_767
CURRENT_TOLERANCE_A: Final = 1.0

Code = din.ResponseCode
Processing = din.EVSEProcessing

# The same few values are said again and again.
volts = lru_cache(maxsize=2048)(din.volts)
amps = lru_cache(maxsize=4096)(din.amps)
watts = lru_cache(maxsize=64)(din.watts)


@lru_cache(maxsize=64)
def dc_status(
    isolation: din.IsolationLevel, code: din.DC_EVSEStatusCode, notification: din.EVSENotification
) -> din.DC_EVSEStatus:
    """Return the charger's state as most responses carry it."""
    return din.DC_EVSEStatus(
        EVSEIsolationStatus=isolation,
        EVSEStatusCode=code,
        NotificationMaxDelay=0,
        EVSENotification=notification,
    )


def session_setup(secc: SeccSession, code: Code) -> din.SessionSetupRes:
    """Give the session to the car: the id is in the header."""
    return din.SessionSetupRes(ResponseCode=code, EVSEID=secc.evseid)


def service_discovery(_: SeccSession, code: Code) -> din.ServiceDiscoveryRes:
    """Offer charging by DC_extended, paid outside the protocol."""
    tag = din.ServiceTag(ServiceID=SERVICE_ID, ServiceCategory=din.ServiceCategory.EVCharging)
    return din.ServiceDiscoveryRes(
        ResponseCode=code,
        PaymentOptions=din.PaymentOptions(PaymentOption=(din.PaymentOption.ExternalPayment,)),
        ChargeService=din.ServiceCharge(
            ServiceTag=tag,
            FreeService=False,
            EnergyTransferType=din.EVSESupportedEnergyTransferType.DC_extended,
        ),
    )


def service_detail(_: SeccSession, code: Code) -> din.ServiceDetailRes:
    """Name the one service; it has no parameters."""
    return din.ServiceDetailRes(ResponseCode=code, ServiceID=SERVICE_ID)


def service_payment_selection(_: SeccSession, code: Code) -> din.ServicePaymentSelectionRes:
    """Agree to payment and services, or not."""
    return din.ServicePaymentSelectionRes(ResponseCode=code)


def payment_details(_: SeccSession, code: Code) -> din.PaymentDetailsRes:
    """Answer a contract, which is not served here."""
    return din.PaymentDetailsRes(ResponseCode=code, GenChallenge="", DateTimeNow=0)


def contract_authentication(
    _: SeccSession, code: Code, processing: Processing = Processing.Finished
) -> din.ContractAuthenticationRes:
    """Say whether the user is authorised."""
    return din.ContractAuthenticationRes(ResponseCode=code, EVSEProcessing=processing)


def charge_parameter_discovery(secc: SeccSession, code: Code) -> din.ChargeParameterDiscoveryRes:
    """Give limits and one schedule: a BMW iX3 and a Togg end the session without one."""
    limits = secc.supply.limits
    entry = din.PMaxScheduleEntry(
        TimeInterval=din.RelativeTimeInterval(start=0, duration=SCHEDULE_DURATION_S),
        PMax=min(round(limits.max_power_w), MOST_SHORT),
    )
    schedule = din.PMaxSchedule(PMaxScheduleID=SCHEDULE_ID, PMaxScheduleEntry=(entry,))
    choice = din.SAScheduleTuple(SAScheduleTupleID=SCHEDULE_ID, PMaxSchedule=schedule)
    parameter = din.DC_EVSEChargeParameter(
        DC_EVSEStatus=secc.dc_status(din.IsolationLevel.Invalid),
        EVSEMaximumCurrentLimit=amps(limits.max_current_a),
        EVSEMaximumPowerLimit=watts(limits.max_power_w),
        EVSEMaximumVoltageLimit=volts(limits.max_voltage_v),
        EVSEMinimumCurrentLimit=amps(limits.min_current_a),
        EVSEMinimumVoltageLimit=volts(limits.min_voltage_v),
        EVSECurrentRegulationTolerance=amps(CURRENT_TOLERANCE_A),
        EVSEPeakCurrentRipple=amps(limits.peak_current_ripple_a),
    )
    return din.ChargeParameterDiscoveryRes(
        ResponseCode=code,
        EVSEProcessing=Processing.Finished,
        SASchedules=din.SAScheduleList(SAScheduleTuple=(choice,)),
        EVSEChargeParameter=parameter,
    )


def cable_check(
    secc: SeccSession,
    code: Code,
    processing: Processing = Processing.Finished,
    isolation: din.IsolationLevel = din.IsolationLevel.Invalid,
) -> din.CableCheckRes:
    """Say where the insulation test stands."""
    return din.CableCheckRes(
        ResponseCode=code, DC_EVSEStatus=secc.dc_status(isolation), EVSEProcessing=processing
    )


def pre_charge(secc: SeccSession, code: Code) -> din.PreChargeRes:
    """Say what voltage the output has reached."""
    return din.PreChargeRes(
        ResponseCode=code,
        DC_EVSEStatus=secc.dc_status(),
        EVSEPresentVoltage=volts(round(secc.supply.present_voltage_v, 1)),
    )


def power_delivery(secc: SeccSession, code: Code) -> din.PowerDeliveryRes:
    """Agree to start or stop, or not."""
    return din.PowerDeliveryRes(ResponseCode=code, EVSEStatus=secc.dc_status())


def current_demand(
    secc: SeccSession,
    code: Code,
    *,
    present: tuple[float, float] | None = None,
    current_limited: bool = False,
    voltage_limited: bool = False,
    power_limited: bool = False,
) -> din.CurrentDemandRes:
    """Say what flows, what can flow, and which limit is reached."""
    limits = secc.supply.limits
    present_v, present_a = present or (
        secc.supply.present_voltage_v,
        secc.supply.present_current_a,
    )
    return din.CurrentDemandRes(
        ResponseCode=code,
        DC_EVSEStatus=secc.dc_status(),
        EVSEPresentVoltage=volts(round(present_v, 1)),
        EVSEPresentCurrent=amps(round(present_a, 1)),
        EVSECurrentLimitAchieved=current_limited,
        EVSEVoltageLimitAchieved=voltage_limited,
        EVSEPowerLimitAchieved=power_limited,
        EVSEMaximumVoltageLimit=volts(limits.max_voltage_v),
        EVSEMaximumCurrentLimit=amps(limits.max_current_a),
        EVSEMaximumPowerLimit=watts(limits.max_power_w),
    )


def welding_detection(secc: SeccSession, code: Code) -> din.WeldingDetectionRes:
    """Say what voltage is left."""
    return din.WeldingDetectionRes(
        ResponseCode=code,
        DC_EVSEStatus=secc.dc_status(),
        EVSEPresentVoltage=volts(round(secc.supply.present_voltage_v, 1)),
    )


def session_stop(_: SeccSession, code: Code) -> din.SessionStopRes:
    """Agree to the end."""
    return din.SessionStopRes(ResponseCode=code)


# --- what belongs to AC and to contracts, which this charger only refuses ----------------------
AC_STATUS: Final = din.AC_EVSEStatus(
    PowerSwitchClosed=False,
    RCD=False,
    NotificationMaxDelay=0,
    EVSENotification=din.EVSENotification.None_,
)
NO_CHAIN: Final = din.CertificateChain(Certificate=b"")


def charging_status(secc: SeccSession, code: Code) -> din.ChargingStatusRes:
    """Answer an AC car."""
    return din.ChargingStatusRes(
        ResponseCode=code,
        EVSEID=secc.evseid,
        SAScheduleTupleID=SCHEDULE_ID,
        ReceiptRequired=False,
        AC_EVSEStatus=AC_STATUS,
    )


def metering_receipt(_: SeccSession, code: Code) -> din.MeteringReceiptRes:
    """Answer a contract's receipt."""
    return din.MeteringReceiptRes(ResponseCode=code, AC_EVSEStatus=AC_STATUS)


def certificate_installation(_: SeccSession, code: Code) -> din.CertificateInstallationRes:
    """Answer with empty certificates."""
    return din.CertificateInstallationRes(
        Id="id1",
        ResponseCode=code,
        ContractSignatureCertChain=NO_CHAIN,
        ContractSignatureEncryptedPrivateKey=b"",
        DHParams=b"",
        ContractID="",
    )


def certificate_update(_: SeccSession, code: Code) -> din.CertificateUpdateRes:
    """Answer with empty certificates."""
    return din.CertificateUpdateRes(
        Id="id1",
        ResponseCode=code,
        ContractSignatureCertChain=NO_CHAIN,
        ContractSignatureEncryptedPrivateKey=b"",
        DHParams=b"",
        ContractID="",
        RetryCounter=0,
    )


REFUSALS: Final[Mapping[type, Callable[[SeccSession, Code], din.Message]]] = {
    din.SessionSetupReq: session_setup,
    din.ServiceDiscoveryReq: service_discovery,
    din.ServiceDetailReq: service_detail,
    din.ServicePaymentSelectionReq: service_payment_selection,
    din.PaymentDetailsReq: payment_details,
    din.ContractAuthenticationReq: contract_authentication,
    din.ChargeParameterDiscoveryReq: charge_parameter_discovery,
    din.CableCheckReq: cable_check,
    din.PreChargeReq: pre_charge,
    din.PowerDeliveryReq: power_delivery,
    din.ChargingStatusReq: charging_status,
    din.MeteringReceiptReq: metering_receipt,
    din.CurrentDemandReq: current_demand,
    din.WeldingDetectionReq: welding_detection,
    din.SessionStopReq: session_stop,
    din.CertificateInstallationReq: certificate_installation,
    din.CertificateUpdateReq: certificate_update,
}
"Every request of DIN 70121 and what builds the response that refuses it."
