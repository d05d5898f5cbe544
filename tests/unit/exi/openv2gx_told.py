"""What OpenV2Gx's program prints of a message, as we learnt it from its answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, Final, TypeAlias

from pyplc_fw.v2g.messages import din
from pyplc_fw.v2g.messages.fields import Kind, fields_of
from pyplc_fw.v2g.messages.schema import ComplexType

Answer: TypeAlias = dict[str, str]


def place(value: Any) -> str:
    """Return the place of an enumeration's value in the schema, 0 for an absent one."""
    members: list[Any] = [] if value is None else list(value.__class__)
    return str(members.index(value)) if members else "0"


def number(value: int | None) -> str:
    return str(int(value or 0))


def used(value: object) -> str:
    return str(int(value is not None))


def unit(value: Any) -> str:
    """Return a unit's name; an absent one is called h, the first of them."""
    return "h" if value is None or value.Unit is None else value.Unit.value.replace("/", "_")


def quantity(name: str, value: Any) -> Answer:
    return {
        f"{name}.Multiplier": number(value and value.Multiplier),
        f"{name}.Value": number(value and value.Value),
        f"{name}.Unit": unit(value),
    }


def optional_quantity(name: str, value: Any) -> Answer:
    return {} if value is None else quantity(name, value)


def told_quantity(name: str, value: Any) -> Answer:
    return {f"{name}_isUsed": used(value)} | optional_quantity(name, value)


def limit(name: str, value: Any, unit_is_optional: bool) -> Answer:
    absent = value is None or value.Unit is None
    answer = {
        f"{name}.Value": number(value and value.Value),
        f"{name}.Multiplier": number(value and value.Multiplier),
        f"{name}.Unit": "0" if absent else place(value.Unit),
    }
    return answer | ({f"{name}.Unit_isUsed": number(not absent)} if unit_is_optional else {})


def response(body: Any) -> Answer:
    return {"ResponseCode": body.ResponseCode.value}


def processing(body: Any) -> Answer:
    return response(body) | {"EVSEProcessing": body.EVSEProcessing.value}


def ev_status(status: Any) -> Answer:
    return {
        "DC_EVStatus.EVReady": number(status.EVReady),
        "DC_EVStatus.EVErrorCode": place(status.EVErrorCode),
        "DC_EVErrorCodeText": status.EVErrorCode.value,
        "DC_EVStatus.EVRESSSOC": number(status.EVRESSSOC),
    }


def evse_status(status: Any) -> Answer:
    code = status.EVSEStatusCode.value
    return {
        "DC_EVSEStatus.EVSEIsolationStatus": place(status.EVSEIsolationStatus),
        "DC_EVSEStatus.EVSEIsolationStatus_isUsed": used(status.EVSEIsolationStatus),
        "DC_EVSEStatus.EVSEStatusCode": place(status.EVSEStatusCode),
        "EVSEStatusCode_text": "UNKNOWN_STATUS" if code.startswith("Reserved") else code,
        "DC_EVSEStatus.NotificationMaxDelay": number(status.NotificationMaxDelay),
        "DC_EVSEStatus.EVSENotification": place(status.EVSENotification),
    }


def session_setup_res(body: Any) -> Answer:
    if isinstance(body.EVSEID, str):
        length, text = "charactersLen", body.EVSEID.encode().hex()
    else:
        length, text = "bytesLen", body.EVSEID.hex()
    return response(body) | {f"EVSEID.{length}": number(len(body.EVSEID)), "EVSEID": text}


def service_discovery_req(body: Any) -> Answer:
    answer = {}
    if body.ServiceScope is not None:
        answer["ServiceScope_isUsed"] = "True"
        answer["ServiceScope.charactersLen"] = number(len(body.ServiceScope))
    if body.ServiceCategory is not None:
        answer["ServiceCategory_isUsed"] = "True"
    return answer


def payment_selection_req(body: Any) -> Answer:
    services = body.SelectedServiceList.SelectedService
    return {
        "SelectedPaymentOption": body.SelectedPaymentOption.value,
        "SelectedService.arrayLen": number(len(services)),
        "SelectedService.array": f"{len(services) - 1}:{services[-1].ServiceID}",
    }


def conditioning(status: Any) -> Answer:
    if not isinstance(status, din.DC_EVStatus):
        return {}
    return {
        "EVCabinConditioning_isUsed": used(status.EVCabinConditioning),
        "EVRESSConditioning_isUsed": used(status.EVRESSConditioning),
    }


def charge_parameter_req(body: Any) -> Answer:
    if hasattr(body, "RequestedEnergyTransferMode"):
        kind = {"RequestedEnergyTransferMode": place(body.RequestedEnergyTransferMode)}
    else:
        kind = {"EVRequestedEnergyTransferType": place(body.EVRequestedEnergyTransferType)}
    parameter = body.EVChargeParameter
    is_dc = type(parameter).__name__ == "DC_EVChargeParameter"
    answer = kind | {"EVChargeParameter_isUsed": "0", "DC_EVChargeParameter_isUsed": number(is_dc)}
    if not is_dc:
        return answer
    status = parameter.DC_EVStatus
    answer |= {
        "DC_EVStatus.EVRESSSOC": number(status.EVRESSSOC),
        "DC_EVStatus.EVReady": number(status.EVReady),
        "EVErrorCode": place(status.EVErrorCode),
        "DC_EVErrorCodeText": status.EVErrorCode.value,
    } | conditioning(status)
    is_din = isinstance(status, din.DC_EVStatus)
    for name in ("EVMaximumCurrentLimit", "EVMaximumVoltageLimit"):
        answer |= limit(name, getattr(parameter, name), is_din)
    for name in ("EVMaximumPowerLimit", "EVEnergyCapacity", "EVEnergyRequest"):
        value = getattr(parameter, name)
        answer |= {f"{name}_isUsed": used(value)} | limit(name, value, is_din)
    for name in ("FullSOC", "BulkSOC"):
        value = getattr(parameter, name)
        answer |= {f"{name}_isUsed": used(value), name: number(value)}
    return answer


def schedule(schedules: Any) -> Answer:
    if not hasattr(schedules, "SAScheduleTuple"):
        return {"SAScheduleList_isUsed": "0"}
    entries = schedules.SAScheduleTuple[0].PMaxSchedule.PMaxScheduleEntry
    interval, power = entries[0].TimeInterval, entries[0].PMax
    first = "SchedTuple0.PMaxSchedule.PMaxScheduleEntry.array[0]"
    answer = {
        "SAScheduleList_isUsed": "1",
        "SAScheduleList.SAScheduleTuple.arrayLen": number(len(schedules.SAScheduleTuple)),
        "SchedTuple0.PMaxSchedule.PMaxScheduleEntry.arrayLen": number(len(entries)),
        f"{first}.TimeInterval_isUsed": "0",
        f"{first}.RelativeTimeInterval_isUsed": "1",
        f"{first}.RelativeTimeInterval.start": number(interval.start),
        f"{first}.RelativeTimeInterval.duration_isUsed": used(interval.duration),
        f"{first}.PMax": number(power if isinstance(power, int) else power.Value),
    }
    if interval.duration is not None:
        answer[f"{first}.RelativeTimeInterval.duration"] = number(interval.duration)
    return answer


def charge_parameter_res(body: Any) -> Answer:
    answer = processing(body) | schedule(body.SASchedules)
    parameter = body.EVSEChargeParameter
    if type(parameter).__name__ != "DC_EVSEChargeParameter":
        return answer
    answer |= evse_status(parameter.DC_EVSEStatus)
    for name in ("MaximumCurrent", "MaximumVoltage", "MinimumCurrent", "MinimumVoltage"):
        answer |= quantity(f"EVSE{name}Limit", getattr(parameter, f"EVSE{name}Limit"))
    power = parameter.EVSEMaximumPowerLimit
    if isinstance(parameter, din.DC_EVSEChargeParameter):
        answer["EVSEMaximumPowerLimit_isUsed"] = used(power)
    return answer | quantity("EVSEMaximumPowerLimit", power)


def pre_charge_req(body: Any) -> Answer:
    return (
        ev_status(body.DC_EVStatus)
        | quantity("EVTargetVoltage", body.EVTargetVoltage)
        | quantity("EVTargetCurrent", body.EVTargetCurrent)
    )


def voltage_res(body: Any) -> Answer:
    present = quantity("EVSEPresentVoltage", body.EVSEPresentVoltage)
    return response(body) | evse_status(body.DC_EVSEStatus) | present


def power_delivery_req(body: Any) -> Answer:
    if hasattr(body, "ReadyToChargeState"):
        ready = body.ReadyToChargeState
        answer = {
            "ReadyToChargeState": number(ready),
            "ReadyToChargeState_Text": "true" if ready else "false",
        }
    else:
        progress = place(body.ChargeProgress)
        answer = {"ChargeProgress": progress}
        answer |= {"ChargeProgress_Text": progress} if progress in "01" else {}
    parameter = body.EVPowerDeliveryParameter
    answer |= {
        "ChargingProfile_isUsed": used(body.ChargingProfile),
        "EVPowerDeliveryParameter_isUsed": "0",
        "DC_EVPowerDeliveryParameter_isUsed": used(parameter),
    }
    if parameter is None:
        return answer
    status = parameter.DC_EVStatus
    answer |= {
        "EVReady": number(status.EVReady),
        "EVErrorCode": place(status.EVErrorCode),
        "DC_EVErrorCodeText": status.EVErrorCode.value,
        "EVRESSSOC": number(status.EVRESSSOC),
        "BulkChargingComplete_isUsed": used(parameter.BulkChargingComplete),
        "ChargingComplete": number(parameter.ChargingComplete),
    } | conditioning(status)
    for name, value in (
        ("BulkChargingComplete", parameter.BulkChargingComplete),
        ("EVCabinConditioning", getattr(status, "EVCabinConditioning", None)),
        ("EVRESSConditioning", getattr(status, "EVRESSConditioning", None)),
    ):
        answer |= {} if value is None else {name: number(value)}
    return answer


def power_delivery_res(body: Any) -> Answer:
    is_dc = type(body.EVSEStatus).__name__ == "DC_EVSEStatus"
    return response(body) | (evse_status(body.EVSEStatus) if is_dc else {})


def current_demand_req(body: Any) -> Answer:
    answer = pre_charge_req(body) | {"ChargingComplete": number(body.ChargingComplete)}
    for name in ("EVMaximumVoltageLimit", "EVMaximumCurrentLimit", "EVMaximumPowerLimit"):
        answer |= told_quantity(name, getattr(body, name))
    return answer


def current_demand_res(body: Any) -> Answer:
    answer = voltage_res(body) | quantity("EVSEPresentCurrent", body.EVSEPresentCurrent)
    for name in ("Current", "Voltage", "Power"):
        answer[f"EVSE{name}LimitAchieved"] = number(getattr(body, f"EVSE{name}LimitAchieved"))
    for name in ("EVSEMaximumCurrentLimit", "EVSEMaximumPowerLimit"):
        answer |= optional_quantity(name, getattr(body, name))
    return answer | quantity("EVSEMaximumVoltageLimit", body.EVSEMaximumVoltageLimit)


TOLD: Final[dict[str, Callable[[Any], Answer]]] = {
    "SessionSetupReq": lambda body: {
        "EVCCID.bytesLen": number(len(body.EVCCID)),
        "EVCCID": body.EVCCID.hex(),
    },
    "SessionSetupRes": session_setup_res,
    "ServiceDiscoveryReq": service_discovery_req,
    "ServiceDiscoveryRes": response,
    "ServicePaymentSelectionReq": payment_selection_req,
    "ServicePaymentSelectionRes": response,
    "PaymentServiceSelectionReq": payment_selection_req,
    "PaymentServiceSelectionRes": response,
    "ContractAuthenticationReq": lambda body: {},
    "ContractAuthenticationRes": processing,
    "AuthorizationReq": lambda body: {},
    "AuthorizationRes": processing,
    "ChargeParameterDiscoveryReq": charge_parameter_req,
    "ChargeParameterDiscoveryRes": charge_parameter_res,
    "CableCheckReq": lambda body: {
        "DC_EVStatus.EVRESSSOC": number(body.DC_EVStatus.EVRESSSOC),
        "DC_EVStatus.EVReady": number(body.DC_EVStatus.EVReady),
    },
    "CableCheckRes": lambda body: processing(body) | evse_status(body.DC_EVSEStatus),
    "PreChargeReq": pre_charge_req,
    "PreChargeRes": voltage_res,
    "PowerDeliveryReq": power_delivery_req,
    "PowerDeliveryRes": power_delivery_res,
    "CurrentDemandReq": current_demand_req,
    "CurrentDemandRes": current_demand_res,
    "WeldingDetectionReq": lambda body: ev_status(body.DC_EVStatus),
    "WeldingDetectionRes": voltage_res,
    "SessionStopReq": lambda body: {},
    "SessionStopRes": response,
}
"What is printed of each message that the dialect knows; of others all that is in them."


# --- messages that the dialect does not know ---
def everything(value: ComplexType, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the plain values of a message, with dots between names."""
    for field in fields_of(type(value)):
        inside = getattr(value, field.name)
        items = enumerate(inside) if field.repeated else [(0, inside)]
        for position, item in items:
            own = "" if field.kind is Kind.TEXT else field.name
            own = type(item).__name__ if field.members else own
            name = f"{path}.{own}" if path and own else path or own
            name = f"{name}[{position}]" if field.repeated else name
            if isinstance(item, ComplexType):
                yield from everything(item, name)
            elif item is not None:
                yield name, plain(item)


def plain(value: Any) -> str:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Enum):
        return str(value.value)
    return str(int(value) if isinstance(value, int) else value)
