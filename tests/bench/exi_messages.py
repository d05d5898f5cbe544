"""The messages of a DC session that the benchmark codes, and how often each of them comes."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from pyplc_fw.v2g import exi
from pyplc_fw.v2g.messages import app, din
from pyplc_fw.v2g.messages.schema import SCHEMAS, ComplexType

SESSION_ID = bytes.fromhex("5a7e0c11d2e3f405")
OK = din.ResponseCode.OK


class Sample(NamedTuple):
    """One message of a session."""

    schema: str
    message: ComplexType
    share: float
    "How many of 100 messages of a session are of this kind."

    @property
    def root(self) -> str:
        """Name of the element that travels."""
        return type(self.message).__name__

    @property
    def name(self) -> str:
        """Name of the message: of what stands in the body, where there is one."""
        body = getattr(self.message, "Body", None)
        return self.root if body is None else type(body.BodyElement).__name__


def _din(body: din.Message) -> din.V2G_Message:
    header = din.MessageHeader(SessionID=SESSION_ID)
    return din.V2G_Message(Header=header, Body=din.Body(BodyElement=body))


def _ev_status(soc: int) -> din.DC_EVStatus:
    return din.DC_EVStatus(EVReady=True, EVErrorCode=din.DC_EVErrorCode.NO_ERROR, EVRESSSOC=soc)


EVSE_STATUS = din.DC_EVSEStatus(
    EVSEIsolationStatus=din.IsolationLevel.Valid,
    EVSEStatusCode=din.DC_EVSEStatusCode.EVSE_Ready,
    NotificationMaxDelay=0,
    EVSENotification=din.EVSENotification.None_,
)


def _handshake(namespace: str) -> tuple[ComplexType, ComplexType]:
    protocol = app.AppProtocol(
        ProtocolNamespace=namespace,
        VersionNumberMajor=2,
        VersionNumberMinor=0,
        SchemaID=1,
        Priority=1,
    )
    return app.supportedAppProtocolReq(AppProtocol=(protocol,)), app.supportedAppProtocolRes(
        ResponseCode=app.ResponseCode.OK_SuccessfulNegotiation, SchemaID=1
    )


def _parameter_discovery() -> tuple[ComplexType, ComplexType]:
    request = din.ChargeParameterDiscoveryReq(
        EVRequestedEnergyTransferType=din.EVRequestedEnergyTransferType.DC_extended,
        EVChargeParameter=din.DC_EVChargeParameter(
            DC_EVStatus=_ev_status(41),
            EVMaximumCurrentLimit=din.amps(150),
            EVMaximumPowerLimit=din.watts(50_000),
            EVMaximumVoltageLimit=din.volts(410),
            EVEnergyCapacity=din.watt_hours(28_000),
        ),
    )
    entry = din.PMaxScheduleEntry(
        TimeInterval=din.RelativeTimeInterval(start=0, duration=86400), PMax=20_000
    )
    schedule = din.PMaxSchedule(PMaxScheduleID=1, PMaxScheduleEntry=(entry,))
    response = din.ChargeParameterDiscoveryRes(
        ResponseCode=OK,
        EVSEProcessing=din.EVSEProcessing.Finished,
        SASchedules=din.SAScheduleList(
            SAScheduleTuple=(din.SAScheduleTuple(SAScheduleTupleID=1, PMaxSchedule=schedule),)
        ),
        EVSEChargeParameter=din.DC_EVSEChargeParameter(
            DC_EVSEStatus=EVSE_STATUS,
            EVSEMaximumCurrentLimit=din.amps(125),
            EVSEMaximumPowerLimit=din.watts(60_000),
            EVSEMaximumVoltageLimit=din.volts(500),
            EVSEMinimumCurrentLimit=din.amps(0),
            EVSEMinimumVoltageLimit=din.volts(150),
            EVSEPeakCurrentRipple=din.amps(1.5),
        ),
    )
    return _din(request), _din(response)


def _pre_charge() -> tuple[ComplexType, ComplexType]:
    request = din.PreChargeReq(
        DC_EVStatus=_ev_status(41), EVTargetVoltage=din.volts(362), EVTargetCurrent=din.amps(1)
    )
    response = din.PreChargeRes(
        ResponseCode=OK, DC_EVSEStatus=EVSE_STATUS, EVSEPresentVoltage=din.volts(351.5)
    )
    return _din(request), _din(response)


def _current_demand() -> tuple[ComplexType, ComplexType]:
    request = din.CurrentDemandReq(
        DC_EVStatus=_ev_status(57),
        EVTargetCurrent=din.amps(118.5),
        EVMaximumVoltageLimit=din.volts(410),
        EVMaximumCurrentLimit=din.amps(150),
        EVMaximumPowerLimit=din.watts(50_000),
        BulkChargingComplete=False,
        ChargingComplete=False,
        RemainingTimeToFullSoC=din.seconds(1320),
        RemainingTimeToBulkSoC=din.seconds(780),
        EVTargetVoltage=din.volts(403),
    )
    response = din.CurrentDemandRes(
        ResponseCode=OK,
        DC_EVSEStatus=EVSE_STATUS,
        EVSEPresentVoltage=din.volts(379.5),
        EVSEPresentCurrent=din.amps(117.9),
        EVSECurrentLimitAchieved=False,
        EVSEVoltageLimitAchieved=False,
        EVSEPowerLimitAchieved=False,
        EVSEMaximumVoltageLimit=din.volts(500),
        EVSEMaximumCurrentLimit=din.amps(125),
        EVSEMaximumPowerLimit=din.watts(60_000),
    )
    return _din(request), _din(response)


SHARES = (0.5, 1.0, 8.5, 40.0)
"Of each request, and of each response: handshake, limits, PreCharge, CurrentDemand."


def _session(schema: str, *pairs: tuple[ComplexType, ComplexType]) -> list[Sample]:
    schemas = ("app", schema, schema, schema)
    return [
        Sample(name, message, share)
        for name, pair, share in zip(schemas, pairs, SHARES, strict=True)
        for message in pair
    ]


# --- the same for ISO 15118-2, whose fields differ: as JSON ----------------------------------
def _quantity(value: int, unit: str, multiplier: int = 0) -> dict[str, Any]:
    return {"Multiplier": multiplier, "Unit": unit, "Value": value}


def _iso2(body: dict[str, Any]) -> ComplexType:
    message = {"Header": {"SessionID": SESSION_ID.hex().upper()}, "Body": body}
    return exi.from_json("iso2", {"V2G_Message": message})


ISO2_EV_STATUS: Final = {"EVReady": True, "EVErrorCode": "NO_ERROR", "EVRESSSOC": 57}
ISO2_EVSE_STATUS: Final = {
    "NotificationMaxDelay": 0,
    "EVSENotification": "None",
    "EVSEIsolationStatus": "Valid",
    "EVSEStatusCode": "EVSE_Ready",
}
ISO2_EV_LIMITS: Final = {
    "EVMaximumCurrentLimit": _quantity(150, "A"),
    "EVMaximumPowerLimit": _quantity(5000, "W", 1),
    "EVMaximumVoltageLimit": _quantity(410, "V"),
}
ISO2_EVSE_LIMITS: Final = {
    "EVSEMaximumCurrentLimit": _quantity(125, "A"),
    "EVSEMaximumPowerLimit": _quantity(6000, "W", 1),
    "EVSEMaximumVoltageLimit": _quantity(500, "V"),
}


def _iso2_parameter_discovery() -> tuple[ComplexType, ComplexType]:
    entry = {
        "RelativeTimeInterval": {"start": 0, "duration": 86400},
        "PMax": _quantity(2000, "W", 1),
    }
    schedule = {"SAScheduleTupleID": 1, "PMaxSchedule": {"PMaxScheduleEntry": [entry]}}
    request = {
        "RequestedEnergyTransferMode": "DC_extended",
        "DC_EVChargeParameter": {
            "DC_EVStatus": ISO2_EV_STATUS,
            **ISO2_EV_LIMITS,
            "EVEnergyCapacity": _quantity(28_000, "Wh"),
        },
    }
    response = {
        "ResponseCode": "OK",
        "EVSEProcessing": "Finished",
        "SAScheduleList": {"SAScheduleTuple": [schedule]},
        "DC_EVSEChargeParameter": {
            "DC_EVSEStatus": ISO2_EVSE_STATUS,
            **ISO2_EVSE_LIMITS,
            "EVSEMinimumCurrentLimit": _quantity(0, "A"),
            "EVSEMinimumVoltageLimit": _quantity(150, "V"),
            "EVSEPeakCurrentRipple": _quantity(15, "A", -1),
        },
    }
    return (
        _iso2({"ChargeParameterDiscoveryReq": request}),
        _iso2({"ChargeParameterDiscoveryRes": response}),
    )


def _iso2_pre_charge() -> tuple[ComplexType, ComplexType]:
    request = {
        "DC_EVStatus": ISO2_EV_STATUS,
        "EVTargetVoltage": _quantity(362, "V"),
        "EVTargetCurrent": _quantity(1, "A"),
    }
    response = {
        "ResponseCode": "OK",
        "DC_EVSEStatus": ISO2_EVSE_STATUS,
        "EVSEPresentVoltage": _quantity(3515, "V", -1),
    }
    return _iso2({"PreChargeReq": request}), _iso2({"PreChargeRes": response})


def _iso2_current_demand() -> tuple[ComplexType, ComplexType]:
    request = {
        "DC_EVStatus": ISO2_EV_STATUS,
        "EVTargetCurrent": _quantity(1185, "A", -1),
        **ISO2_EV_LIMITS,
        "BulkChargingComplete": False,
        "ChargingComplete": False,
        "RemainingTimeToFullSoC": _quantity(1320, "s"),
        "RemainingTimeToBulkSoC": _quantity(780, "s"),
        "EVTargetVoltage": _quantity(403, "V"),
    }
    response = {
        "ResponseCode": "OK",
        "DC_EVSEStatus": ISO2_EVSE_STATUS,
        "EVSEPresentVoltage": _quantity(3795, "V", -1),
        "EVSEPresentCurrent": _quantity(1179, "A", -1),
        "EVSECurrentLimitAchieved": False,
        "EVSEVoltageLimitAchieved": False,
        "EVSEPowerLimitAchieved": False,
        **ISO2_EVSE_LIMITS,
        "EVSEID": "DE*ABC*E1234*1",
        "SAScheduleTupleID": 1,
    }
    return _iso2({"CurrentDemandReq": request}), _iso2({"CurrentDemandRes": response})


def sessions() -> dict[str, list[Sample]]:
    """Return the messages of a session for each schema."""
    handshake = _handshake("urn:din:70121:2012:MsgDef")
    din_pairs = (handshake, _parameter_discovery(), _pre_charge(), _current_demand())
    found = {"din": _session("din", *din_pairs)}
    if "iso2" in SCHEMAS:
        handshake = _handshake("urn:iso:15118:2:2013:MsgDef")
        pairs = (_iso2_parameter_discovery(), _iso2_pre_charge(), _iso2_current_demand())
        found["iso2"] = _session("iso2", handshake, *pairs)
    return found
