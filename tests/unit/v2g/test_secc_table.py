"""The SECC's step: every request in every state, the handshake, and what is agreed on."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from pyplc_fw import faults
from pyplc_fw.errors import RemoteProtocolError
from pyplc_fw.v2g.messages import app, din
from pyplc_fw.v2g.secc import SECC_TABLE, answer
from pyplc_fw.v2g.secc_responses import REFUSALS
from pyplc_fw.v2g.secc_session import SeccState, new_session_id
from tests.unit.v2g import din_requests as req
from tests.unit.v2g.secc_step import ask, session_in
from tests.unit.v2g.v2g_scripts import SESSION_ID

Code = din.ResponseCode
Processing = din.EVSEProcessing
State = SeccState

WAITING = [state for state in State if state is not State.SUPPORTED_APP_PROTOCOL]


# --- every (state, request) pair -----------------------------------------------------------------
def allowed(state: SeccState, request: din.Message) -> bool:
    """What the standard allows, written down a second time."""
    order = {
        State.SESSION_SETUP: din.SessionSetupReq,
        State.SERVICE_DISCOVERY: din.ServiceDiscoveryReq,
        State.SERVICE_PAYMENT_SELECTION: din.ServicePaymentSelectionReq,
        State.CONTRACT_AUTHENTICATION: din.ContractAuthenticationReq,
        State.CHARGE_PARAMETER_DISCOVERY: din.ChargeParameterDiscoveryReq,
        State.CABLE_CHECK: din.CableCheckReq,
        State.PRE_CHARGE: din.PreChargeReq,
        State.POWER_DELIVERY: din.PreChargeReq,
        State.CURRENT_DEMAND: din.CurrentDemandReq,
        State.WELDING_DETECTION: din.WeldingDetectionReq,
    }
    if isinstance(request, din.SessionStopReq):
        return state not in (State.SESSION_SETUP, State.ENDED)
    if isinstance(request, din.PowerDeliveryReq):
        if request.ReadyToChargeState:
            return state is State.POWER_DELIVERY
        return state in (
            State.CABLE_CHECK,
            State.PRE_CHARGE,
            State.POWER_DELIVERY,
            State.CURRENT_DEMAND,
        )
    return type(request) is order.get(state)


@pytest.mark.parametrize("request_", req.REQUESTS, ids=lambda request: type(request).__name__)
@pytest.mark.parametrize("state", WAITING)
def test_every_request_in_every_state(state: SeccState, request_: din.Message) -> None:
    pilot = "B" if isinstance(request_, din.WeldingDetectionReq) else "C"
    secc, supply, _ = session_in(state, pilot=pilot)
    response = ask(secc, request_)
    assert type(response).__name__ == type(request_).__name__.replace("Req", "Res")
    if allowed(state, request_):
        assert response.ResponseCode.name.startswith("OK")
        assert secc.state is not State.FAILED
    else:
        assert response.ResponseCode is Code.FAILED_SequenceError
        assert secc.state is State.FAILED
        assert secc.refused == "FAILED_SequenceError"
        assert supply.off


@pytest.mark.parametrize("state", WAITING[1:])
@pytest.mark.parametrize("request_", req.REQUESTS[1:], ids=lambda request: type(request).__name__)
def test_a_foreign_session_id_is_refused_whatever_comes(
    state: SeccState, request_: din.Message
) -> None:
    secc, supply, _ = session_in(state)
    for session_id in (b"", b"\0", bytes(8), SESSION_ID[:4], SESSION_ID[::-1]):
        secc.state = state
        response = ask(secc, request_, session_id)
        assert response.ResponseCode is Code.FAILED_UnknownSession
        assert secc.state is State.FAILED
        assert supply.off


def test_every_request_of_the_schema_can_be_refused() -> None:
    every = {message for message in din.Message.__args__ if message.__name__.endswith("Req")}
    assert set(REFUSALS) == every
    assert {type(request) for request in req.REQUESTS} == every
    assert set(SECC_TABLE) == set(State)


@pytest.mark.parametrize(
    "body", [None, din.SessionStopRes(ResponseCode=Code.OK), din.BodyElement()]
)
def test_what_is_no_request_is_an_error(body: Any) -> None:
    secc, _, _ = session_in(State.CURRENT_DEMAND)
    header = din.MessageHeader(SessionID=SESSION_ID)
    with pytest.raises(RemoteProtocolError):
        answer(secc, din.V2G_Message(Header=header, Body=din.Body(BodyElement=body)))


# --- handshake -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("offered", "code", "schema_id"),
    [
        ([(req.DIN, 2, 0, 1, 1)], "OK_SuccessfulNegotiation", 1),
        ([(req.DIN, 2, 0, 0, 1)], "OK_SuccessfulNegotiation", 0),  # BMW iX3
        (
            [(req.DIN, 2, 0, 1, 2), ("urn:tesla:din:2018:MsgDef", 2, 0, 2, 1)],
            "OK_SuccessfulNegotiation",
            1,
        ),
        (
            [("urn:iso:15118:2:2013:MsgDef", 2, 0, 0, 1), (req.DIN, 2, 0, 1, 2)],
            "OK_SuccessfulNegotiation",
            1,
        ),
        ([(req.DIN, 2, 0, 7, 5), (req.DIN, 2, 0, 8, 3)], "OK_SuccessfulNegotiation", 8),
        ([(req.DIN, 2, 1, 4, 1)], "OK_SuccessfulNegotiationWithMinorDeviation", 4),
        ([(req.DIN, 3, 0, 4, 1)], "Failed_NoNegotiation", None),
        ([("urn:iso:15118:2:2013:MsgDef", 2, 0, 1, 1)], "Failed_NoNegotiation", None),
    ],
)
def test_the_handshake_chooses_what_we_speak_under_its_own_schema_id(
    offered: list[tuple[str, int, int, int, int]], code: str, schema_id: int | None
) -> None:
    secc, _, _ = session_in(State.SUPPORTED_APP_PROTOCOL)
    response = answer(secc, req.offer(*offered))
    assert response == app.supportedAppProtocolRes(
        ResponseCode=app.ResponseCode(code), SchemaID=schema_id
    )
    assert secc.state is (State.FAILED if schema_id is None else State.SESSION_SETUP)


def test_anything_before_the_handshake_is_an_error() -> None:
    secc, _, _ = session_in(State.SUPPORTED_APP_PROTOCOL)
    with pytest.raises(RemoteProtocolError):
        answer(secc, req.envelope(din.SessionStopReq()))


# --- agreeing ------------------------------------------------------------------------------------
def test_a_session_id_is_eight_octets_and_not_zero() -> None:
    class ZeroFirst(Random):
        """Chance that begins with zeros."""

        calls = 0

        def randbytes(self, n: int) -> bytes:
            self.calls += 1
            return bytes(n) if self.calls == 1 else b"\0\0\0\0\0\0\0\1"

    assert new_session_id(ZeroFirst()) == b"\0\0\0\0\0\0\0\1"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (req.payment(din.PaymentOption.Contract), Code.FAILED_PaymentSelectionInvalid),
        (req.payment(service_id=2), Code.FAILED_ServiceSelectionInvalid),
    ],
)
def test_what_was_not_offered_cannot_be_selected(
    request_: din.Message, code: din.ResponseCode
) -> None:
    secc, _, _ = session_in(State.SERVICE_PAYMENT_SELECTION)
    assert ask(secc, request_).ResponseCode is code
    assert secc.state is State.FAILED


def test_authorisation_is_ongoing_until_the_user_is_known() -> None:
    verdict: list[bool | None] = [None, None, True]
    secc, _, _ = session_in(State.CONTRACT_AUTHENTICATION, authorise=lambda _: verdict.pop(0))
    processing = [ask(secc, din.ContractAuthenticationReq()).EVSEProcessing for _ in range(3)]
    assert processing == [Processing.Ongoing, Processing.Ongoing, Processing.Finished]
    assert secc.state is State.CHARGE_PARAMETER_DISCOVERY


def test_a_user_that_is_refused_or_takes_55_s_is_not_authorised() -> None:
    secc, _, _ = session_in(State.CONTRACT_AUTHENTICATION, authorise=lambda _: False)
    assert ask(secc, din.ContractAuthenticationReq()).ResponseCode is Code.FAILED
    assert secc.end_reason is faults.NOT_AUTHORISED

    secc, _, clock = session_in(State.CONTRACT_AUTHENTICATION, authorise=lambda _: None)
    began = clock.now
    for passed_s, code in ((0.0, Code.OK), (54.999999, Code.OK), (55.0, Code.FAILED)):
        clock.now = began + passed_s
        assert ask(secc, din.ContractAuthenticationReq()).ResponseCode is code


def test_charge_parameters_carry_a_schedule_and_the_supplys_limits() -> None:
    secc, _, _ = session_in(State.CHARGE_PARAMETER_DISCOVERY)
    response = ask(secc, req.charge_parameter_discovery())
    assert response.ResponseCode is Code.OK
    (choice,) = response.SASchedules.SAScheduleTuple
    assert choice.PMaxSchedule.PMaxScheduleEntry[0].PMax == 32767
    limits = response.EVSEChargeParameter
    assert limits.EVSEMaximumVoltageLimit.si == 500.0
    assert limits.EVSEMaximumCurrentLimit.si == 125.0
    assert limits.EVSEMaximumPowerLimit.si == 50_000.0
    assert limits.EVSEMinimumVoltageLimit.si == 150.0


AC_PARAMETER = din.AC_EVChargeParameter(
    DepartureTime=0,
    EAmount=din.watt_hours(1),
    EVMaxVoltage=din.volts(230),
    EVMaxCurrent=din.amps(16),
    EVMinCurrent=din.amps(6),
)


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (
            req.charge_parameter_discovery(
                transfer=din.EVRequestedEnergyTransferType.AC_three_phase_core
            ),
            Code.FAILED_WrongEnergyTransferType,
        ),
        (
            din.ChargeParameterDiscoveryReq(
                EVRequestedEnergyTransferType=din.EVRequestedEnergyTransferType.DC_core,
                EVChargeParameter=AC_PARAMETER,
            ),
            Code.FAILED_WrongChargeParameter,
        ),
        (req.charge_parameter_discovery(max_v=149.0), Code.FAILED_WrongChargeParameter),
        (req.charge_parameter_discovery(max_a=0.9), Code.FAILED_WrongChargeParameter),
        (req.charge_parameter_discovery(max_w=-1.0), Code.FAILED_WrongChargeParameter),
        (req.charge_parameter_discovery(max_v=150.0, max_a=1.0), Code.OK),
    ],
)
def test_charge_parameters_that_do_not_fit_are_refused(
    request_: din.Message, code: din.ResponseCode
) -> None:
    secc, _, _ = session_in(State.CHARGE_PARAMETER_DISCOVERY)
    assert ask(secc, request_).ResponseCode is code


def test_after_a_refusal_only_session_stop_is_left() -> None:
    secc, _, _ = session_in(State.CURRENT_DEMAND)
    ask(secc, req.pre_charge())
    assert ask(secc, req.current_demand()).ResponseCode is Code.FAILED_SequenceError
    assert ask(secc, din.SessionStopReq()).ResponseCode is Code.OK
    assert secc.state is State.ENDED
    assert secc.end_reason is faults.PEER_BROKE_PROTOCOL


def test_every_message_is_counted() -> None:
    secc, _, _ = session_in(State.SUPPORTED_APP_PROTOCOL)
    answer(secc, req.HANDSHAKE)
    ask(secc, din.SessionSetupReq(EVCCID=bytes(6)), bytes(8))
    ask(secc, din.ServiceDiscoveryReq())
    assert secc.record.counts == {
        "supportedAppProtocolReq": 1,
        "supportedAppProtocolRes": 1,
        "SessionSetupReq": 1,
        "SessionSetupRes": 1,
        "ServiceDiscoveryReq": 1,
        "ServiceDiscoveryRes": 1,
    }
