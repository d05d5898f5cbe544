"""The messages of a DC session that the benchmark codes, and how often each of them comes."""

from __future__ import annotations

from typing import NamedTuple

from pyplc_fw.v2g.messages import app, din
from pyplc_fw.v2g.messages.schema import ComplexType

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


def _handshake() -> tuple[ComplexType, ComplexType]:
    protocol = app.AppProtocol(
        ProtocolNamespace="urn:din:70121:2012:MsgDef",
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


def sessions() -> dict[str, list[Sample]]:
    """Return the messages of a session for each schema."""
    pairs = (_handshake(), _parameter_discovery(), _pre_charge(), _current_demand())
    return {"din": _session("din", *pairs)}
