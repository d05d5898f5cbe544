"""The EVCC at a charger that answers as it should, and at chargers with habits of their own."""

from __future__ import annotations

from typing import Any

import pytest

from pyplc_fw import faults
from pyplc_fw.sim.virtual_time import run_virtual
from pyplc_fw.terms import EndState
from pyplc_fw.timing import Timer
from pyplc_fw.v2g import exi
from pyplc_fw.v2g.evcc import EvccSettings
from pyplc_fw.v2g.limits import LimitedBy, OwnerLimits
from pyplc_fw.v2g.messages import app, din
from pyplc_fw.v2g.secc_session import SeccState
from pyplc_fw.v2g.session_end import SessionEnd
from pyplc_fw.v2g.timers import EvccTimers
from pyplc_fw.v2g.v2gtp import PAYLOAD_EXI, wrap
from tests.unit.v2g.v2g_bench import checkpoints
from tests.unit.v2g.v2g_scripts import (
    EVSEID,
    SESSION_ID,
    EvccBench,
    name_of,
    requests_of,
    run_evcc,
    with_body,
    with_status,
)

Code = din.ResponseCode
Status = din.DC_EVSEStatusCode
Processing = din.EVSEProcessing

AGREEMENT = [
    "supportedAppProtocolReq",
    "SessionSetupReq",
    "ServiceDiscoveryReq",
    "ServicePaymentSelectionReq",
    "ContractAuthenticationReq",
    "ChargeParameterDiscoveryReq",
]
NORMAL_ORDER = [
    "begin",
    "state_c",
    "lock",
    "close",
    "confirmed_stop",
    "state_b",
    "open",
    "state_b",
    "open",
    "unlock",
    "end",
]
"State B and open come again as the energised part ends: once more does no harm."


def without_repeats(names: list[str]) -> list[str]:
    return [
        name for index, name in enumerate(names) if name not in names[max(index - 1, 0) : index]
    ]


def test_a_full_session_goes_through_every_message_in_order() -> None:
    bench, end = run_evcc()
    assert without_repeats(bench.secc.heard) == [
        *AGREEMENT,
        "CableCheckReq",
        "PreChargeReq",
        "PowerDeliveryReq",
        "CurrentDemandReq",
        "PowerDeliveryReq",
        "WeldingDetectionReq",
        "SessionStopReq",
    ]
    assert (end.reason, end.detail, end.end_state) == (faults.BATTERY_FULL, "", EndState.SAFE)
    assert bench.vehicle.safe
    assert bench.supply.off


def test_a_normal_stop_keeps_the_order() -> None:
    bench, _ = run_evcc()
    assert bench.vehicle.events == NORMAL_ORDER


def test_a_normal_stop_waits_300_ms_in_state_b_before_the_contactors_open() -> None:
    bench, _ = run_evcc()
    times = bench.vehicle.times
    assert times["open"] - times["state_b"] == pytest.approx(0.3)
    assert bench.vehicle.current_when_opened == 0.0


def test_the_plug_is_unlocked_before_session_stop() -> None:
    unlocked: list[bool] = []

    def watch(name: str, response: Any) -> Any:
        if name == "SessionStopRes":
            unlocked.append(not bench_of[0].vehicle.locked)
        return response

    bench_of: list[EvccBench] = []
    run_evcc(watch, bench_of.append)
    assert unlocked == [True]


def test_every_checkpoint_of_the_car_is_logged_once_and_in_order() -> None:
    def slow(name: str, response: Any) -> Any:
        if name == "PreChargeRes" and bench_of[0].secc.heard.count("PreChargeReq") < 4:
            return with_body(response, EVSEPresentVoltage=din.volts(100))
        return response

    bench_of: list[EvccBench] = []
    bench, _ = run_evcc(slow, bench_of.append)
    assert checkpoints(bench.logged) == [
        *(400, 403, 500, 506, 510, 520, 530, 540, 550, 555, 556, 560, 566, 570, 581, 582, 590),
        *(600, 700, 710, 800, 806, 810, 850, 900),
    ]


def test_the_session_end_says_what_happened() -> None:
    bench, end = run_evcc()
    assert end.session_id == SESSION_ID
    assert end.peer_id == EVSEID
    assert end.max_current_a == 100.0
    assert end.energy_wh == pytest.approx(400.0 * 100.0 * 4.0 / 3600.0)
    assert (end.soc_start_pct, end.soc_end_pct) == (50.0, 80.0)
    assert end.counts["CurrentDemandReq"] == end.counts["CurrentDemandRes"] == 21
    assert end.phases["CableCheck"] == pytest.approx(3.0)
    assert sum(end.phases.values()) == pytest.approx(end.duration_s)
    assert end.limited_by == {"battery": pytest.approx(4.0)}
    assert bench.car_end.closed


# --- what the requests say --------------------------------------------------------------------
def test_the_handshake_offers_din_70121() -> None:
    bench, _ = run_evcc()
    (offer,) = bench.secc.requests[0].AppProtocol
    assert offer == app.AppProtocol(
        ProtocolNamespace="urn:din:70121:2012:MsgDef",
        VersionNumberMajor=2,
        VersionNumberMinor=0,
        SchemaID=1,
        Priority=1,
    )


def test_the_car_says_ready_from_state_c_to_the_stop_and_not_else() -> None:
    bench, _ = run_evcc()
    assert not requests_of(bench, din.ChargeParameterDiscoveryReq)[
        0
    ].EVChargeParameter.DC_EVStatus.EVReady
    for kind in (din.CableCheckReq, din.PreChargeReq, din.CurrentDemandReq):
        assert all(request.DC_EVStatus.EVReady for request in requests_of(bench, kind))
    start, stop = requests_of(bench, din.PowerDeliveryReq)
    assert (start.ReadyToChargeState, stop.ReadyToChargeState) == (True, False)
    assert start.EVPowerDeliveryParameter.DC_EVStatus.EVReady
    assert not stop.EVPowerDeliveryParameter.DC_EVStatus.EVReady
    assert stop.EVPowerDeliveryParameter.ChargingComplete
    assert not requests_of(bench, din.WeldingDetectionReq)[0].DC_EVStatus.EVReady


def test_charge_parameters_are_the_batterys() -> None:
    bench, _ = run_evcc()
    parameter = requests_of(bench, din.ChargeParameterDiscoveryReq)[0].EVChargeParameter
    assert parameter.EVMaximumVoltageLimit.si == 410.0
    assert parameter.EVMaximumCurrentLimit.si == 200.0
    assert parameter.EVMaximumPowerLimit.si == 80_000.0
    assert parameter.EVEnergyCapacity.si == 40_000.0
    assert parameter.EVEnergyRequest.si == 12_000.0
    assert parameter.DC_EVStatus.EVRESSSOC == 50


def test_an_unlimited_battery_power_is_left_out() -> None:
    bench, _ = run_evcc(prepare=lambda bench: setattr(bench.battery, "max_power_w", float("inf")))
    parameter = requests_of(bench, din.ChargeParameterDiscoveryReq)[0].EVChargeParameter
    assert parameter.EVMaximumPowerLimit is None
    assert bench.vehicle.safe


def test_current_demand_always_carries_the_cars_limits_and_true_times() -> None:
    bench, _ = run_evcc()
    first = requests_of(bench, din.CurrentDemandReq)[0]
    assert first.EVTargetVoltage.si == 400.0
    assert first.EVTargetCurrent.si == 100.0
    assert first.EVMaximumVoltageLimit.si == 410.0
    assert first.EVMaximumCurrentLimit.si == 200.0
    # 20 kWh to full and 12 kWh to bulk at 350 V and 100 A
    assert first.RemainingTimeToFullSoC.si == pytest.approx(20_000 * 3600 / 35_000, abs=5)
    assert first.RemainingTimeToBulkSoC.si == pytest.approx(12_000 * 3600 / 35_000, abs=5)
    assert (first.ChargingComplete, first.BulkChargingComplete) == (False, False)


def test_requests_come_every_period() -> None:
    bench, end = run_evcc(settings=EvccSettings(current_demand_period_s=0.1))
    assert end.phases["CurrentDemand"] == pytest.approx(2.0)
    assert bench.secc.heard.count("CurrentDemandReq") == 21


def test_precharge_asks_for_the_batterys_voltage_and_2_a() -> None:
    bench, _ = run_evcc()
    for request in requests_of(bench, din.PreChargeReq):
        assert request.EVTargetVoltage.si == 350.0
        assert request.EVTargetCurrent.si == 2.0


def test_precharge_requests_go_on_until_both_contactors_are_confirmed() -> None:
    _, end = run_evcc()
    assert end.counts["PreChargeReq"] == 3  # the contactors take 0.3 s, a request comes every 0.1 s


# --- S1 ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("owner", "current_a", "limited_by"),
    [
        (OwnerLimits(max_current_a=32.0), 32.0, LimitedBy.OWNER_CURRENT),
        (OwnerLimits(max_power_w=7000.0), 17.5, LimitedBy.OWNER_POWER),
        (OwnerLimits(cable_current_a=63.0), 63.0, LimitedBy.CABLE),
    ],
)
def test_no_request_exceeds_the_owners_limits(
    owner: OwnerLimits, current_a: float, limited_by: LimitedBy
) -> None:
    bench, end = run_evcc(owner=owner)
    asked = [request.EVTargetCurrent.si for request in requests_of(bench, din.CurrentDemandReq)]
    assert asked[1] == current_a
    assert set(end.limited_by) == {limited_by.value}


def test_a_limit_that_the_charger_lowers_in_the_loop_is_followed_at_once() -> None:
    def lower(name: str, response: Any) -> Any:
        if name == "CurrentDemandRes" and bench_of[0].secc.heard.count("CurrentDemandReq") >= 5:
            return with_body(response, EVSEMaximumCurrentLimit=din.amps(40))
        return response

    bench_of: list[EvccBench] = []
    bench, _ = run_evcc(lower, bench_of.append)
    asked = [request.EVTargetCurrent.si for request in requests_of(bench, din.CurrentDemandReq)]
    assert asked == [100.0] * 5 + [40.0] * 15 + [0.0]


def test_a_hot_inlet_lowers_the_current() -> None:
    bench, _ = run_evcc(inlet_temperature_c=lambda: 85.0, owner=OwnerLimits(cable_current_a=80.0))
    asked = [request.EVTargetCurrent.si for request in requests_of(bench, din.CurrentDemandReq)]
    assert max(asked) == 40.0


def test_an_inlet_whose_sensor_is_silent_gets_no_current_and_ends_the_session() -> None:
    bench, end = run_evcc(
        prepare=lambda bench: setattr(bench, "rounds_until_full", 10_000),
        inlet_temperature_c=lambda: None,
    )
    assert all(
        request.EVTargetCurrent.si == 0.0 for request in requests_of(bench, din.CurrentDemandReq)
    )
    assert end.reason is faults.INLET_TOO_HOT
    assert bench.vehicle.safe


def test_a_battery_that_allows_no_current_ends_the_session() -> None:
    def prepare(bench: EvccBench) -> None:
        bench.battery.allowed_current_a = 0.0
        bench.rounds_until_full = 10_000

    bench, end = run_evcc(prepare=prepare)
    assert end.reason is faults.NO_CURRENT_ALLOWED
    assert end.phases["CurrentDemand"] == pytest.approx(60.0, abs=0.3)
    assert bench.vehicle.events == NORMAL_ORDER


# --- real chargers ----------------------------------------------------------------------------
@pytest.mark.parametrize("session_id", ["06ef0071", "00", "4142423030303036", ""])
def test_a_session_id_of_any_length_is_echoed(session_id: str) -> None:
    wanted = bytes.fromhex(session_id)
    bench, end = run_evcc(
        prepare=lambda bench: setattr(bench.secc.session, "session_id", wanted),
    )
    assert {request.Header.SessionID for request in bench.secc.requests[2:]} == {wanted}
    assert end.reason is faults.BATTERY_FULL


def test_an_abb_may_answer_session_setup_with_ok() -> None:
    def abb(name: str, response: Any) -> Any:
        return with_body(response, ResponseCode=Code.OK) if name == "SessionSetupRes" else response

    _, end = run_evcc(abb)
    assert end.reason is faults.BATTERY_FULL


def test_a_compleo_may_say_not_ready_with_finished() -> None:
    def compleo(name: str, response: Any) -> Any:
        if name in ("ChargeParameterDiscoveryRes", "CableCheckRes"):
            return with_status(response, EVSEStatusCode=Status.EVSE_NotReady)
        return response

    _, end = run_evcc(compleo)
    assert end.reason is faults.BATTERY_FULL


def test_a_handshake_without_schema_id_means_the_only_offer() -> None:
    def bare(name: str, response: Any) -> Any:
        return with_body(response, SchemaID=None) if name.startswith("supported") else response

    _, end = run_evcc(bare)
    assert end.reason is faults.BATTERY_FULL


def test_a_charger_that_needs_time_to_authorise_and_to_plan_is_waited_for() -> None:
    def busy(name: str, response: Any) -> Any:
        if name in ("ContractAuthenticationRes", "ChargeParameterDiscoveryRes"):
            secc = bench_of[0].secc
            if secc.heard.count(name.replace("Res", "Req")) < 5:
                secc.session.state = states[name]
                return with_body(response, EVSEProcessing=Processing.Ongoing)
        return response

    states = {
        "ContractAuthenticationRes": SeccState.CONTRACT_AUTHENTICATION,
        "ChargeParameterDiscoveryRes": SeccState.CHARGE_PARAMETER_DISCOVERY,
    }
    bench_of: list[EvccBench] = []
    _, end = run_evcc(busy, bench_of.append)
    assert end.counts["ContractAuthenticationReq"] == 5
    assert end.counts["ChargeParameterDiscoveryReq"] == 5
    assert end.phases["ContractAuthentication"] == pytest.approx(1.0)
    assert end.reason is faults.BATTERY_FULL


def test_trailing_bytes_are_read_and_logged_once() -> None:
    def tesla(name: str, response: Any) -> Any:
        if name.endswith("DiscoveryRes"):
            return wrap(PAYLOAD_EXI, exi.encode(response) + b"\0")
        return response

    bench, end = run_evcc(tesla)
    lenient = [entry for entry in bench.logged.entries if entry["event"] == "v2g.read_leniently"]
    assert len(lenient) == 1
    assert end.reason is faults.BATTERY_FULL


def test_messages_cut_and_joined_by_tcp_are_no_trouble() -> None:
    class Cutting(EvccBench):
        def cut(self) -> None:
            send = self.secc.stream.send

            async def send_in_pieces(data: bytes) -> None:
                for piece in (data[:3], data[3:9], data[9:]):
                    await send(piece)

            self.secc.stream.send = send_in_pieces  # type: ignore[method-assign]

    async def session() -> SessionEnd:
        bench = Cutting()
        bench.cut()
        return await bench.run()

    assert run_virtual(session()).reason is faults.BATTERY_FULL


# --- normal ends ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "changes",
    [
        {"EVSEStatusCode": Status.EVSE_Shutdown},
        {"EVSEStatusCode": Status.EVSE_UtilityInterruptEvent},
        {"EVSENotification": din.EVSENotification.StopCharging},
    ],
    ids=lambda changes: str(next(iter(changes.values())).value),
)
def test_a_charger_that_wants_to_stop_gets_a_normal_stop(changes: dict[str, Any]) -> None:
    def stop(name: str, response: Any) -> Any:
        if name == "CurrentDemandRes" and bench_of[0].secc.heard.count("CurrentDemandReq") >= 5:
            return with_status(response, **changes)
        return response

    bench_of: list[EvccBench] = []
    bench, end = run_evcc(stop, bench_of.append)
    assert end.reason is faults.STOPPED_BY_CHARGER
    assert end.end_state is EndState.SAFE
    assert bench.vehicle.events == NORMAL_ORDER
    assert end.counts["CurrentDemandReq"] == 6


@pytest.mark.parametrize(
    "at", ["ContractAuthenticationRes", "ChargeParameterDiscoveryRes", "CableCheckRes"]
)
def test_the_owner_can_stop_before_the_charge(at: str) -> None:
    def stop(name: str, response: Any) -> Any:
        if name == at:
            bench_of[0].evcc.request_stop()
        return response

    bench_of: list[EvccBench] = []
    bench, end = run_evcc(stop, bench_of.append)
    assert end.reason is faults.STOPPED_BY_OWNER
    assert end.end_state is EndState.SAFE
    assert bench.vehicle.safe
    assert "close" not in bench.vehicle.events
    assert bench.secc.heard[-1] == "SessionStopReq"


def test_the_owner_can_stop_the_charge_and_before_it_begins() -> None:
    def stop_in_loop(name: str, response: Any) -> Any:
        if name == "CurrentDemandRes":
            bench_of[0].evcc.request_stop()
        return response

    bench_of: list[EvccBench] = []
    bench, end = run_evcc(stop_in_loop, bench_of.append)
    assert (end.reason, bench.vehicle.events) == (faults.STOPPED_BY_OWNER, NORMAL_ORDER)

    bench, end = run_evcc(prepare=lambda bench: bench.evcc.request_stop())
    assert end.reason is faults.STOPPED_BY_OWNER
    assert bench.vehicle.events == []


def test_a_current_that_does_not_fall_delays_the_stop_by_2_s_at_most() -> None:
    def stubborn(name: str, response: Any) -> Any:
        if name == "CurrentDemandRes":
            return with_body(response, EVSEPresentCurrent=din.amps(90))
        return response

    bench, end = run_evcc(stubborn)
    times = bench.vehicle.times
    assert end.phases["CurrentDemand (0 A)"] == pytest.approx(2.0, abs=0.11)
    assert times["open"] - times["state_b"] == pytest.approx(2.0)
    assert end.end_state is EndState.SAFE


def test_welding_rounds_go_on_until_two_are_below_60_v() -> None:
    falling = [200.0, 59.0, 61.0, 50.0, 20.0]

    def fall(name: str, response: Any) -> Any:
        if name == "WeldingDetectionRes":
            return with_body(response, EVSEPresentVoltage=din.volts(falling.pop(0)))
        return response

    _, end = run_evcc(fall)
    assert falling == []
    assert (end.counts["WeldingDetectionReq"], end.detail) == (5, "")


def test_welding_rounds_are_bounded_and_do_not_keep_the_plug() -> None:
    def live(name: str, response: Any) -> Any:
        if name == "WeldingDetectionRes":
            return with_body(response, EVSEPresentVoltage=din.volts(350))
        return response

    bench, end = run_evcc(live)
    assert end.counts["WeldingDetectionReq"] == 10
    assert end.reason is faults.BATTERY_FULL
    assert end.detail == "WeldingDetection: still 350 V after 10 rounds"
    assert end.end_state is EndState.SAFE  # the guard let the plug go: it has its own proof
    assert bench.secc.heard[-1] == "SessionStopReq"


def test_a_charger_that_refuses_or_ignores_welding_detection_ends_normally() -> None:
    def refuse(name: str, response: Any) -> Any:
        if name == "WeldingDetectionRes":
            return with_body(response, ResponseCode=Code.FAILED)
        return response

    bench, end = run_evcc(refuse)
    assert (end.reason, end.end_state) == (faults.BATTERY_FULL, EndState.SAFE)
    assert end.detail == "WeldingDetection: WeldingDetectionRes: FAILED"
    assert bench.secc.heard[-1] == "SessionStopReq"

    bench, end = run_evcc(lambda name, res: None if name == "WeldingDetectionRes" else res)
    assert (end.reason, end.end_state) == (faults.BATTERY_FULL, EndState.SAFE)
    assert "V2G_EVCC_Msg_Timeout_WeldingDetectionReq" in end.detail
    assert bench.car_end.aborted


def test_timers_are_settings() -> None:
    timers = EvccTimers(cable_check=Timer("V2G_EVCC_CableCheck_Timeout", 2.0))
    _, end = run_evcc(timers=timers)
    assert end.reason is faults.CABLE_CHECK_FAILED
    assert end.detail == "V2G_EVCC_CableCheck_Timeout (2 s) ran out"


def test_names_of_messages_are_the_schemas() -> None:
    bench, _ = run_evcc()
    assert name_of(bench.secc.requests[0]) == "supportedAppProtocolReq"
