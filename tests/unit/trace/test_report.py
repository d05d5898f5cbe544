"""Reports of recordings made by hand: every key, and how it ended in words."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from pyplc_fw.homeplug.mme import CmSlacParmReq
from pyplc_fw.net.packets import ACK, FIN, PSH, RST, SYN
from pyplc_fw.terms import BROADCAST, RunId
from pyplc_fw.trace.report import build_report
from pyplc_fw.trace.report_page import WIDTH, report_page
from pyplc_fw.v2g.messages import app, din, iso2
from tests.unit.trace.made import (
    CAR,
    CAR_MAC,
    CHARGER,
    Made,
    current_demand,
    handshake,
    power_delivery,
    pre_charge,
    setup,
    stop,
    whole_session,
)

Code = din.DC_EVSEStatusCode


def test_the_whole_report_of_a_whole_session() -> None:
    report = json.loads(json.dumps(build_report(whole_session().conversation())))
    (session,) = report.pop("sessions")
    assert report == {
        "file": "made.pcapng",
        "start_epoch": 1_700_000_000.0,
        "duration_s": 0.48,
        "frames_total": 49,
        "homeplug_frames": {
            "0x6009": {"name": "CM_SET_KEY.CNF", "frames": 1},
            "0x6064": {"name": "CM_SLAC_PARAM.REQ", "frames": 1},
            "0x6065": {"name": "CM_SLAC_PARAM.CNF", "frames": 1},
            "0x606e": {"name": "CM_ATTEN_CHAR.IND", "frames": 1},
            "0x607c": {"name": "CM_SLAC_MATCH.REQ", "frames": 1},
            "0x607d": {"name": "CM_SLAC_MATCH.CNF", "frames": 1},
        },
        "slac_match": [
            {
                "t_rel_s": "0.040000000",
                "pev_mac": "02:00:00:00:00:0a",
                "evse_mac": "02:00:00:00:00:0b",
                "run_id": "72:75:6e:2d:69:64:2d:38",
                "nid": "01:02:03:04:05:06:07",
                "nmk": "000102030405060708090a0b0c0d0e0f",
                "eth_src": "02:00:00:00:00:0b",
                "eth_dst": "02:00:00:00:00:0a",
            }
        ],
        "slac_param_req": [
            {
                "t_rel_s": "0.000000000",
                "pev_mac": "02:00:00:00:00:0a",
                "run_id": "72:75:6e:2d:69:64:2d:38",
            }
        ],
        "atten_char_ind": [
            {
                "t_rel_s": "0.020000000",
                "evse_mac": "02:00:00:00:00:0b",
                "sounds": "10",
                "groups": "58",
                "mean_attenuation_db": 9.19,
            }
        ],
        "sdp": [
            {
                "src": "fe80::a",
                "sport": 60000,
                "dst": "ff02::1",
                "kind": "request",
                "security": 16,
                "transport": 0,
                "t_rel_s": 0.06,
            },
            {
                "src": "fe80::b",
                "sport": 15118,
                "dst": "fe80::a",
                "kind": "response",
                "port": 55000,
                "address": "fe80::b",
                "security": 16,
                "transport": 0,
                "t_rel_s": 0.07,
            },
        ],
        "sdp_requests": 1,
        "sdp_responses": 1,
        "tcp_connections_opened": 1,
        "exi_sessions": 1,
    }
    latency = {"min": 10.0, "p50": 10.0, "p95": 10.0, "p99": 10.0, "max": 10.0}
    counts = session.pop("counts")
    assert counts["CurrentDemandReq"] == counts["CurrentDemandRes"] == 3
    assert session == {
        "first_frame_t_rel_s": 0.11,
        "tls": False,
        "offered": [
            {
                "namespace": "urn:din:70121:2012:MsgDef",
                "version": "2.0",
                "schema_id": 1,
                "priority": 1,
            }
        ],
        "handshake_code": "OK_SuccessfulNegotiation",
        "schema_id": 1,
        "chosen": "urn:din:70121:2012:MsgDef",
        "protocol": "din",
        "evcc_id": "02000000000A",
        "session_id": "A1B2C3D4",
        "evse_id": "5A",
        "requested_energy_mode": "DC_extended",
        "ev_max_voltage": 400.0,
        "ev_max_current": 100.0,
        "ev_energy_capacity_wh": None,
        "evse_max_voltage": 500.0,
        "evse_max_current": 125.0,
        "evse_max_power": 50_000.0,
        "evse_min_voltage": 150.0,
        "evse_processing_last": "Finished",
        "evcc": "[fe80::a]:50000",
        "secc": "[fe80::b]:55000",
        "secc_latency_ms": {"n": 18, **latency},
        "evcc_latency_ms": {"n": 17, **latency},
        "duration_s": 0.35,
        "sequence": [
            "supportedAppProtocol 1/1",
            "SessionSetup 1/1",
            "ServiceDiscovery 1/1",
            "ServicePaymentSelection 1/1",
            "ContractAuthentication 1/1",
            "ChargeParameterDiscovery 1/1",
            "CableCheck 2/2",
            "PreCharge 2/2",
            "PowerDelivery 1/1",
            "CurrentDemand 3/3",
            "PowerDelivery 1/1",
            "WeldingDetection 2/2",
            "SessionStop 1/1",
        ],
        "evse_present_voltage_first": 100.0,
        "evse_present_voltage_last": 20.0,
        "evse_present_voltage_max": 351.0,
        "evse_present_current_max": 99.5,
        "ev_target_voltage_last": 360.0,
        "ev_target_voltage_max": 360.0,
        "ev_target_current_max": 99.5,
        "soc_first": 42,
        "soc_last": 42,
        "cable_check": {"t_rel_s": 0.23, "length_s": 0.03, "requests": 2, "last": "Finished"},
        "pre_charge": {
            "t_rel_s": 0.27,
            "length_s": 0.03,
            "requests": 2,
            "present_voltage": [100.0, 345.0],
            "target_voltage": 350.0,
        },
        "current_demand": {"t_rel_s": 0.33, "length_s": 0.05, "requests": 3},
        "evse_isolation_and_status": {"Valid/EVSE_Ready": 11},
        "ended": {
            "last_message": "SessionStopRes",
            "last_t_rel_s": 0.46,
            "tcp_close": [
                {"by": "evcc", "flags": "FIN", "t_rel_s": 0.47},
                {"by": "secc", "flags": "FIN", "t_rel_s": 0.48},
            ],
        },
        "codes_other_than_plain_ok": {
            "supportedAppProtocolRes:OK_SuccessfulNegotiation": 1,
            "SessionSetupRes:OK_NewSessionEstablished": 1,
        },
    }


def test_long_lists_are_shortened_and_the_numbers_are_not() -> None:
    made = Made()
    for _ in range(9):
        made.mme(CAR_MAC, BROADCAST, CmSlacParmReq(run_id=RunId(bytes(8))))
    for _ in range(7):
        made.sdp()
    report = build_report(made.conversation())
    assert len(report["slac_param_req"]) == 7
    assert report["slac_param_req"][-1] == {"more": 3}
    assert [entry["kind"] for entry in report["sdp"]] == ["response"] * 6 + ["request"] * 2
    assert (report["sdp_requests"], report["sdp_responses"]) == (7, 7)


def test_an_empty_recording_has_a_report() -> None:
    report = build_report(Made().conversation())
    assert (report["frames_total"], report["sessions"], report["homeplug_frames"]) == (0, [], {})


# --- how it ended ----------------------------------------------------------------------------


def _only_requests() -> Made:
    made = Made()
    made.mme(CAR_MAC, BROADCAST, CmSlacParmReq(run_id=RunId(bytes(8))))
    return made


def _matched() -> Made:
    made = Made()
    made.slac()
    return made


def _no_sdp_answer() -> Made:
    made = _matched()
    made.sdp()
    made.frames.pop()
    return made


def _refused() -> Made:
    made = _matched()
    made.sdp()
    made.tcp(CAR, SYN)
    made.tcp(CHARGER, RST | ACK)
    return made


def _session(*exchanges: tuple[object, object]) -> Made:
    made = Made()
    made.open()
    made.talk([handshake(), setup(), *exchanges])
    return made


def _no_common_protocol() -> Made:
    made = Made()
    made.open()
    refusal = app.supportedAppProtocolRes(ResponseCode=app.ResponseCode.Failed_NoNegotiation)
    made.talk([(handshake()[0], refusal)])
    return made


def _failed_response() -> Made:
    failed = din.PowerDeliveryRes(
        ResponseCode=din.ResponseCode.FAILED_PowerDeliveryNotApplied,
        EVSEStatus=power_delivery(start=True)[1].EVSEStatus,
    )
    return _session(*pre_charge(350.0), (power_delivery(start=True)[0], failed))


def _emergency() -> Made:
    made = _session(current_demand(5.0, Code.EVSE_EmergencyShutdown))
    made.tcp(CHARGER, FIN | ACK)
    return made


def _car_reports_error() -> Made:
    request, response = current_demand(5.0)
    status = din.DC_EVStatus(
        EVReady=True,
        EVErrorCode=din.DC_EVErrorCode.FAILED_ChargingCurrentdifferential,
        EVRESSSOC=5,
    )
    wrong = din.CurrentDemandReq(
        DC_EVStatus=status,
        EVTargetCurrent=request.EVTargetCurrent,
        ChargingComplete=False,
        EVTargetVoltage=request.EVTargetVoltage,
    )
    return _session((wrong, response))


def _full() -> Made:
    request, response = current_demand(5.0)
    full = din.CurrentDemandReq(
        DC_EVStatus=request.DC_EVStatus,
        EVTargetCurrent=request.EVTargetCurrent,
        ChargingComplete=True,
        EVTargetVoltage=request.EVTargetVoltage,
    )
    return _session((full, response))


def _tls() -> Made:
    made = Made()
    made.open()
    made.tcp(CAR, PSH | ACK, b"\x16\x03\x01\x00\x03abc")
    return made


@pytest.mark.parametrize(
    ("made", "sentences"),
    [
        (Made, ["No charging communication in the recording."]),
        (_only_requests, ["No charger answered the SLAC requests."]),
        (_matched, ["Matched; nothing of IPv6 follows"]),
        (_no_sdp_answer, ["The charger did not answer the SDP requests. 1 SDP request."]),
        (_refused, ["The connection to the other side was lost.", "No TCP connection carried"]),
        (_no_common_protocol, ["Car and charger share no application protocol."]),
        (
            _failed_response,
            ["answered with a FAILED response code. PowerDeliveryRes: FAILED_PowerDeliveryNot"],
        ),
        (
            _emergency,
            [
                (
                    "The charger reported an emergency shutdown. EVSE_EmergencyShutdown, first in "
                    "CurrentDemandRes."
                ),
                "The charger closed the connection (FIN)",
            ],
        ),
        (lambda: _session(current_demand(5.0, Code.EVSE_Malfunction)), ["a malfunction."]),
        (lambda: _session(current_demand(5.0, Code.EVSE_Shutdown)), ["asked to stop"]),
        (_car_reports_error, ["The car ended the session. It reported FAILED_ChargingCurrent"]),
        (_full, ["The battery reached its target state of charge."]),
        (lambda: _session(*stop()), ["The car ended the session.", "still open where the"]),
        (_session, ["Last message: SessionSetupRes"]),
        (_tls, ["Encrypted."]),
        (whole_session, ["The car ended the session. Last message: SessionStopRes at 0.460 s."]),
    ],
)
def test_how_it_ended_in_words(made: Callable[[], Made], sentences: list[str]) -> None:
    lines = list(report_page(made().conversation()))
    text = " ".join(" ".join(lines).split())
    for sentence in sentences:
        assert sentence in text


def test_the_page_keeps_to_its_width() -> None:
    lines = list(report_page(whole_session().conversation()))
    assert max(len(line) for line in lines) <= WIDTH
    assert any("NID 01:02:03:04:05:06:07   NMK 000102" in line for line in lines)
    assert any("precharge" in line and "100 to 345 V, target 350 V" in line for line in lines)
    assert any("SoC" in line and "42 % to 42 %" in line for line in lines)


def test_a_session_of_iso_15118_2() -> None:
    ready = iso2.DC_EVStatus(EVReady=True, EVErrorCode=iso2.DC_EVErrorCode.NO_ERROR, EVRESSSOC=41)
    good = iso2.DC_EVSEStatus(
        NotificationMaxDelay=0,
        EVSENotification=iso2.EVSENotification.None_,
        EVSEIsolationStatus=iso2.IsolationLevel.Valid,
        EVSEStatusCode=iso2.DC_EVSEStatusCode.EVSE_Ready,
    )
    ok = iso2.ResponseCode.OK
    limits = iso2.DC_EVSEChargeParameter(
        DC_EVSEStatus=good,
        EVSEMaximumCurrentLimit=iso2.amps(300),
        EVSEMaximumPowerLimit=iso2.watts(150_000),
        EVSEMaximumVoltageLimit=iso2.volts(920),
        EVSEMinimumCurrentLimit=iso2.amps(1),
        EVSEMinimumVoltageLimit=iso2.volts(150),
        EVSEPeakCurrentRipple=iso2.amps(1),
    )
    parameter = iso2.DC_EVChargeParameter(
        DC_EVStatus=ready,
        EVMaximumCurrentLimit=iso2.amps(250),
        EVMaximumVoltageLimit=iso2.volts(410),
    )
    made = Made()
    made.open()
    made.talk(
        [
            handshake("urn:iso:15118:2:2013:MsgDef"),
            (
                iso2.SessionSetupReq(EVCCID=bytes(CAR_MAC)),
                iso2.SessionSetupRes(
                    ResponseCode=iso2.ResponseCode.OK_NewSessionEstablished, EVSEID="DE*A1*E1"
                ),
            ),
            (
                iso2.ChargeParameterDiscoveryReq(
                    RequestedEnergyTransferMode=iso2.EnergyTransferMode.DC_extended,
                    EVChargeParameter=parameter,
                ),
                iso2.ChargeParameterDiscoveryRes(
                    ResponseCode=ok,
                    EVSEProcessing=iso2.EVSEProcessing.Finished,
                    EVSEChargeParameter=limits,
                ),
            ),
            (
                iso2.CurrentDemandReq(
                    DC_EVStatus=ready,
                    EVTargetCurrent=iso2.amps(120.5),
                    ChargingComplete=False,
                    EVTargetVoltage=iso2.volts(400),
                ),
                iso2.CurrentDemandRes(
                    ResponseCode=ok,
                    DC_EVSEStatus=good,
                    EVSEPresentVoltage=iso2.volts(398.5),
                    EVSEPresentCurrent=iso2.amps(119.5),
                    EVSECurrentLimitAchieved=False,
                    EVSEVoltageLimitAchieved=False,
                    EVSEPowerLimitAchieved=False,
                    EVSEID="DE*A1*E1",
                    SAScheduleTupleID=1,
                ),
            ),
        ]
    )
    made.close()
    conversation = made.conversation()
    (session,) = build_report(conversation)["sessions"]
    expected = {
        "protocol": "iso2",
        "evse_id": "DE*A1*E1",
        "requested_energy_mode": "DC_extended",
        "ev_max_voltage": 410,
        "evse_max_power": 150_000,
        "evse_present_current_max": 119.5,
        "ev_target_current_max": 120.5,
        "soc_last": 41,
        "evse_isolation_and_status": {"Valid/EVSE_Ready": 1},
    }
    assert {key: session[key] for key in expected} == expected
    assert any("ISO 15118-2" in line for line in report_page(conversation))
