"""The dialect of OpenV2Gx's command line, without any command."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyplc_fw.errors import CodecError, ExternalCodecError
from pyplc_fw.v2g.messages import app, din
from pyplc_fw.v2g.openv2g_answers import message_of
from pyplc_fw.v2g.openv2g_arguments import argument_of
from pyplc_fw.v2g.openv2g_check import check_sent

SESSION_ID = bytes.fromhex("a1b2c3d4")
STATUS = din.DC_EVStatus(EVReady=True, EVErrorCode=din.DC_EVErrorCode.NO_ERROR, EVRESSSOC=55)
EVSE_STATUS = din.DC_EVSEStatus(
    EVSEIsolationStatus=din.IsolationLevel.Valid,
    EVSEStatusCode=din.DC_EVSEStatusCode.EVSE_Shutdown,
    NotificationMaxDelay=0,
    EVSENotification=din.EVSENotification.None_,
)
OK = din.ResponseCode.OK


def message(body: din.Message, session_id: bytes = SESSION_ID) -> din.V2G_Message:
    header = din.MessageHeader(SessionID=session_id)
    return din.V2G_Message(Header=header, Body=din.Body(BodyElement=body))


DEMAND = din.CurrentDemandReq(
    DC_EVStatus=STATUS,
    EVTargetCurrent=din.amps(99.9),
    EVMaximumVoltageLimit=din.volts(410.0),
    ChargingComplete=False,
    EVTargetVoltage=din.volts(380.0),
)
PARAMETER = din.DC_EVChargeParameter(
    DC_EVStatus=STATUS, EVMaximumCurrentLimit=din.amps(125), EVMaximumVoltageLimit=din.volts(410)
)
DISCOVERY = din.ChargeParameterDiscoveryReq(
    EVRequestedEnergyTransferType=din.EVRequestedEnergyTransferType.DC_extended,
    EVChargeParameter=PARAMETER,
)


@pytest.mark.parametrize(
    ("body", "argument"),
    [
        (din.SessionSetupReq(EVCCID=bytes.fromhex("020000000001")), "EDA_020000000001"),
        (din.ContractAuthenticationReq(), "EDL_a1b2c3d4"),
        (DISCOVERY, "EDE_a1b2c3d4_55"),
        (din.CableCheckReq(DC_EVStatus=STATUS), "EDF_a1b2c3d4_55"),
        (DEMAND, "EDI_a1b2c3d4_55_99_380"),
        (din.SessionStopReq(), "EDK_a1b2c3d4"),
        (
            din.CurrentDemandRes(
                ResponseCode=OK,
                DC_EVSEStatus=EVSE_STATUS,
                EVSEPresentVoltage=din.volts(380.5),
                EVSEPresentCurrent=din.amps(12.0),
                EVSECurrentLimitAchieved=False,
                EVSEVoltageLimitAchieved=False,
                EVSEPowerLimitAchieved=False,
            ),
            "EDi_380_12_2",
        ),
    ],
    ids=lambda value: "" if isinstance(value, str) else type(value).__name__,
)
def test_a_message_becomes_the_argument(body: din.Message, argument: str) -> None:
    assert argument_of(message(body)) == argument


def test_a_message_that_the_command_does_not_have_is_refused() -> None:
    with pytest.raises(ExternalCodecError, match="ServiceDetailReq: the command does not have"):
        argument_of(message(din.ServiceDetailReq(ServiceID=1)))


# --- what it made ----------------------------------------------------------------------------
def changed(body: Any, **changes: Any) -> din.V2G_Message:
    return message(msgspec.structs.replace(body, **changes))


def test_the_same_is_no_difference() -> None:
    assert check_sent(message(DEMAND), message(DEMAND)) == []


def test_a_physical_value_may_be_written_otherwise() -> None:
    other = din.PhysicalValue(Multiplier=1, Value=38)
    assert check_sent(message(DEMAND), changed(DEMAND, EVTargetVoltage=other)) == []


def test_a_cut_fraction_and_what_informs_only_are_listed() -> None:
    sent = changed(DEMAND, EVTargetCurrent=din.amps(99), EVMaximumVoltageLimit=None)
    assert check_sent(message(DEMAND), sent) == [
        "CurrentDemandReq/EVTargetCurrent: 99 instead of 99.9",
        "CurrentDemandReq/EVMaximumVoltageLimit: nothing instead of 410",
    ]


@pytest.mark.parametrize("current_a", [100.0, 98.8, -99.9])
def test_another_target_current_is_an_error(current_a: float) -> None:
    with pytest.raises(ExternalCodecError, match=r"Req/EVTargetCurrent: .* of 99\.9"):
        check_sent(message(DEMAND), changed(DEMAND, EVTargetCurrent=din.amps(current_a)))


def test_another_session_or_message_part_is_an_error() -> None:
    with pytest.raises(ExternalCodecError, match="Header/SessionID: 01 instead of a1b2c3d4"):
        check_sent(message(DEMAND), message(DEMAND, b"\x01"))


@pytest.mark.parametrize(("volts", "fine"), [(398.0, True), (410.0, True), (410.1, False)])
def test_the_limit_of_the_battery_may_be_tighter_never_looser(volts: float, fine: bool) -> None:
    parameter = msgspec.structs.replace(PARAMETER, EVMaximumVoltageLimit=din.volts(volts))
    sent = changed(DISCOVERY, EVChargeParameter=parameter)
    if fine:
        assert len(check_sent(message(DISCOVERY), sent)) == (volts != 410.0)
        return
    with pytest.raises(ExternalCodecError, match=r"VoltageLimit: 410\.1 instead of 410"):
        check_sent(message(DISCOVERY), sent)


def test_a_failure_that_is_sent_as_ok_is_an_error() -> None:
    meant = din.SessionStopRes(ResponseCode=din.ResponseCode.FAILED_SequenceError)
    with pytest.raises(ExternalCodecError, match="ResponseCode: OK instead of FAILED_Sequence"):
        check_sent(message(meant), message(din.SessionStopRes(ResponseCode=OK)))


# --- answers ---------------------------------------------------------------------------------
DEMAND_RES = {
    "msgName": "CurrentDemandRes",
    "header.SessionID": "a1b2c3d4",
    "ResponseCode": "OK",
    "DC_EVSEStatus.EVSEIsolationStatus": "1",
    "DC_EVSEStatus.EVSEIsolationStatus_isUsed": "1",
    "DC_EVSEStatus.EVSEStatusCode": "2",
    "EVSEStatusCode_text": "EVSE_Shutdown",
    "DC_EVSEStatus.NotificationMaxDelay": "0",
    "DC_EVSEStatus.EVSENotification": "0",
    "EVSEPresentVoltage.Multiplier": "-1",
    "EVSEPresentVoltage.Value": "3805",
    "EVSEPresentCurrent.Multiplier": "0",
    "EVSEPresentCurrent.Value": "-12",
    "EVSECurrentLimitAchieved": "0",
    "EVSEVoltageLimitAchieved": "1",
    "EVSEPowerLimitAchieved": "0",
    "EVSEMaximumVoltageLimit.Multiplier": "0",
    "EVSEMaximumVoltageLimit.Value": "0",
}


def test_a_unit_that_may_not_have_been_sent_is_none() -> None:
    """The command prints hours for an absent unit: 380.5 V are no 1,369,800."""
    found, _ = message_of({**DEMAND_RES, "EVSEPresentVoltage.Unit": "h"})
    assert isinstance(found, din.V2G_Message)
    body = found.Body.BodyElement
    assert isinstance(body, din.CurrentDemandRes)
    assert (body.EVSEPresentVoltage.Unit, body.EVSEPresentVoltage.si) == (None, 380.5)


def test_a_unit_that_was_sent_counts() -> None:
    answer = {
        "msgName": "ChargeParameterDiscoveryReq",
        "EVRequestedEnergyTransferType": "3",
        "DC_EVChargeParameter_isUsed": "1",
        "DC_EVStatus.EVRESSSOC": "55",
        "DC_EVStatus.EVReady": "1",
        "EVErrorCode": "0",
        "EVMaximumCurrentLimit.Multiplier": "0",
        "EVMaximumCurrentLimit.Unit_isUsed": "1",
        "EVMaximumCurrentLimit.Unit": "3",
        "EVMaximumCurrentLimit.Value": "125",
        "EVMaximumVoltageLimit.Multiplier": "0",
        "EVMaximumVoltageLimit.Unit_isUsed": "0",
        "EVMaximumVoltageLimit.Unit": "0",
        "EVMaximumVoltageLimit.Value": "410",
    }
    parameter = msgspec.structs.replace(
        PARAMETER, EVMaximumVoltageLimit=din.PhysicalValue(Multiplier=0, Value=410)
    )
    expected = msgspec.structs.replace(DISCOVERY, EVChargeParameter=parameter)
    assert message_of(answer) == (message(expected, b""), [])


def test_an_answer_becomes_the_message() -> None:
    assert message_of(DEMAND_RES) == (
        message(
            din.CurrentDemandRes(
                ResponseCode=OK,
                DC_EVSEStatus=EVSE_STATUS,
                EVSEPresentVoltage=din.PhysicalValue(Multiplier=-1, Value=3805),
                EVSEPresentCurrent=din.PhysicalValue(Multiplier=0, Value=-12),
                EVSECurrentLimitAchieved=False,
                EVSEVoltageLimitAchieved=True,
                EVSEPowerLimitAchieved=False,
            )
        ),
        [],
    )


@pytest.mark.parametrize("key", [key for key in DEMAND_RES if "Used" not in key])
def test_without_a_required_value_there_is_no_message(key: str) -> None:
    answer = {name: text for name, text in DEMAND_RES.items() if name != key}
    optional = key.startswith(("EVSEStatusCode_", "header", "DC_EVSEStatus.EVSEIso"))
    if optional:
        message_of(answer)
        return
    with pytest.raises(ExternalCodecError):
        message_of(answer)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("EVSEPresentVoltage.Value", "12x"),
        ("EVSEPresentVoltage.Value", "٣"),
        ("EVSEPresentVoltage.Value", ""),
        ("EVSEVoltageLimitAchieved", "2"),
        ("DC_EVSEStatus.EVSEStatusCode", "99"),
        ("DC_EVSEStatus.EVSEStatusCode", "-1"),
        ("EVSEPresentVoltage.Multiplier", "4"),
        ("EVSEPresentVoltage.Value", "40000"),
        ("ResponseCode", "UNKNOWN_ERROR_CODE"),
        ("header.SessionID", "zz"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(key: str, text: str) -> None:
    with pytest.raises(ExternalCodecError, match=key.rpartition(".")[2]):
        message_of({**DEMAND_RES, key: text})


def test_what_is_not_told_is_assumed_and_said() -> None:
    answer = {"msgName": "CableCheckReq", "DC_EVStatus.EVRESSSOC": "55", "DC_EVStatus.EVReady": "1"}
    found, assumed = message_of(answer)
    assert found == message(din.CableCheckReq(DC_EVStatus=STATUS), b"")
    assert assumed == ["CableCheckReq/EVErrorCode"]


def test_a_list_that_is_printed_line_by_line() -> None:
    answer = {
        "msgName": "ServicePaymentSelectionReq",
        "SelectedPaymentOption": "ExternalPayment",
        "SelectedService.array": "0:1\n1:4711",
    }
    found, _ = message_of(answer)
    assert isinstance(found, din.V2G_Message)
    body = found.Body.BodyElement
    assert isinstance(body, din.ServicePaymentSelectionReq)
    services = body.SelectedServiceList.SelectedService
    assert [service.ServiceID for service in services] == [1, 4711]


def test_the_handshake_both_ways() -> None:
    request = {
        "msgName": "supportedAppProtocolReq",
        "AppProtocol_arrayLen": "1",
        "NameSpace_0": "urn:din:70121:2012:MsgDef",
        "Version_0": "2.0",
        "SchemaID_0": "7",
        "Priority_0": "1",
    }
    offer = app.AppProtocol(
        ProtocolNamespace="urn:din:70121:2012:MsgDef",
        VersionNumberMajor=2,
        VersionNumberMinor=0,
        SchemaID=7,
        Priority=1,
    )
    assert message_of(request)[0] == app.supportedAppProtocolReq(AppProtocol=(offer,))
    result = "ResponseCode 1, SchemaID_isUsed 1, SchemaID 7"
    response, _ = message_of({"msgName": "supportedAppProtocolRes", "result": result})
    code = app.ResponseCode.OK_SuccessfulNegotiationWithMinorDeviation
    assert response == app.supportedAppProtocolRes(ResponseCode=code, SchemaID=7)


@given(
    st.sampled_from(["CurrentDemandRes", "PreChargeReq", "supportedAppProtocolReq", "", "x"]),
    st.dictionaries(
        st.sampled_from([*DEMAND_RES, "AppProtocol_arrayLen", "Version_0"]) | st.text(),
        st.text(max_size=12) | st.integers().map(str),
    ),
)
def test_any_answer_gives_a_message_or_a_codec_error(name: str, answer: dict[str, str]) -> None:
    try:
        message_of({**DEMAND_RES, **answer, "msgName": name})
    except CodecError:
        return
