"""Every timer of DIN 70121's discovery and message layers, one a line.

The values are the standard's as public implementations carry them, named after "Source": *both*
means Josev (EcoG-io/iso15118) and pyPLC or EVerest, *tables* that only the standard's tables do.
``EvccTimers`` and ``SeccTimers`` are the sets a session runs with, so that a configuration can
replace any of them.

What real peers need, from recordings: a Compleo takes 1.5 s for its first CableCheckRes and 0.9 s
for PowerDeliveryRes (inside the 2 s); precharge took up to 8.4 s at chargers (longer than 7 s); a
car never enforced the 250 ms of CurrentDemand on answers of 100 to 210 ms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pyplc_fw.timing import Timer

# --- discovery -------------------------------------------------------------------------------
SDP_RESPONSE: Final = Timer("V2G_EVCC_SDP_Response_Timeout", 0.25)
"EVCC: an SDP request until the next one. Source: DIN 70121; Josev."
SDP_ATTEMPTS: Final = 50
"EVCC: requests before it gives up, 50 at most. Source: DIN 70121; tables."
V2G_EVCC_COMMUNICATION_SETUP_TIMEOUT: Final = Timer("V2G_EVCC_CommunicationSetup_Timeout", 20.0)
"EVCC: link up until SessionSetupRes. Source: DIN 70121; both."
V2G_SECC_COMMUNICATION_SETUP_PERFORMANCE_TIME: Final = Timer(
    "V2G_SECC_CommunicationSetup_Performance_Time", 18.0
)
"SECC: link up until SessionSetupRes. Source: DIN 70121; EVerest."


# --- one request, one response ---------------------------------------------------------------
def _message(name: str, limit_s: float) -> Timer:
    return Timer(f"V2G_EVCC_Msg_Timeout_{name}Req", limit_s)


V2G_EVCC_MSG_TIMEOUT_SUPPORTED_APP_PROTOCOL: Final = _message("SupportedAppProtocol", 2.0)
"Source, for this and the next eleven: DIN 70121, message timeouts of the EVCC; both."
V2G_EVCC_MSG_TIMEOUT_SESSION_SETUP: Final = _message("SessionSetup", 2.0)
V2G_EVCC_MSG_TIMEOUT_SERVICE_DISCOVERY: Final = _message("ServiceDiscovery", 2.0)
V2G_EVCC_MSG_TIMEOUT_SERVICE_PAYMENT_SELECTION: Final = _message("ServicePaymentSelection", 2.0)
V2G_EVCC_MSG_TIMEOUT_CONTRACT_AUTHENTICATION: Final = _message("ContractAuthentication", 2.0)
V2G_EVCC_MSG_TIMEOUT_CHARGE_PARAMETER_DISCOVERY: Final = _message("ChargeParameterDiscovery", 2.0)
"pyPLC gives 5 s: some chargers need over 1 s."
V2G_EVCC_MSG_TIMEOUT_CABLE_CHECK: Final = _message("CableCheck", 2.0)
"Compleo: 1.5 s for the first one."
V2G_EVCC_MSG_TIMEOUT_PRE_CHARGE: Final = _message("PreCharge", 2.0)
V2G_EVCC_MSG_TIMEOUT_POWER_DELIVERY: Final = _message("PowerDelivery", 2.0)
"Compleo: 0.9 s; pyPLC gives 6 s."
V2G_EVCC_MSG_TIMEOUT_CURRENT_DEMAND: Final = _message("CurrentDemand", 0.25)
"pyPLC and Clara give 5 s."
V2G_EVCC_MSG_TIMEOUT_WELDING_DETECTION: Final = _message("WeldingDetection", 2.0)
V2G_EVCC_MSG_TIMEOUT_SESSION_STOP: Final = _message("SessionStop", 2.0)

V2G_SECC_MSG_PERFORMANCE_TIME: Final = Timer("V2G_SECC_Msg_Performance_Time", 1.5)
"SECC: every response but the next one's. Source: DIN 70121; tables."
V2G_SECC_MSG_PERFORMANCE_TIME_CURRENT_DEMAND: Final = Timer(
    "V2G_SECC_Msg_Performance_Time_CurrentDemandRes", 0.025
)
"SECC: CurrentDemandRes. Source: DIN 70121; tables."

# --- sequences and loops ---------------------------------------------------------------------
V2G_SECC_SEQUENCE_TIMEOUT: Final = Timer("V2G_SECC_Sequence_Timeout", 60.0)
"SECC: a response until the next request. Source: DIN 70121; both."
V2G_EVCC_SEQUENCE_PERFORMANCE_TIME: Final = Timer("V2G_EVCC_Sequence_Performance_Time", 40.0)
"EVCC: a response until its next request. Source: DIN 70121; tables."
V2G_EVCC_ONGOING_TIMEOUT: Final = Timer("V2G_EVCC_Ongoing_Timeout", 60.0)
"EVCC: EVSEProcessing stays Ongoing. Source: DIN 70121; both."
V2G_SECC_ONGOING_PERFORMANCE_TIME: Final = Timer("V2G_SECC_Ongoing_Performance_Time", 55.0)
"SECC: EVSEProcessing stays Ongoing. Source: DIN 70121; both."
V2G_EVCC_CABLE_CHECK_TIMEOUT: Final = Timer("V2G_EVCC_CableCheck_Timeout", 40.0)
"EVCC: first CableCheckReq until Finished. Source: DIN 70121; Josev. pyPLC waits about 60 s."
V2G_SECC_CABLE_CHECK_PERFORMANCE_TIME: Final = Timer("V2G_SECC_CableCheck_Performance_Time", 38.0)
"SECC: the same. Source: DIN 70121; tables."
V2G_EVCC_PRE_CHARGE_TIMEOUT: Final = Timer("V2G_EVCC_PreCharge_Timeout", 7.0)
"EVCC: first PreChargeReq until the voltage fits. Source: DIN 70121; Josev."
V2G_SECC_PRE_CHARGE_PERFORMANCE_TIME: Final = Timer("V2G_SECC_PreCharge_Performance_Time", 5.0)
"SECC: the same. Source: DIN 70121; tables."
V2G_EVCC_READY_TO_CHARGE_TIMEOUT: Final = Timer("V2G_EVCC_ReadyToCharge_Timeout", 150.0)
"EVCC: SessionSetupRes until PowerDeliveryRes (start). Source: DIN 70121; Josev."

# --- pilot and connection --------------------------------------------------------------------
V2G_SECC_CP_STATE_DETECTION_TIMEOUT: Final = Timer("V2G_SECC_CPState_Detection_Timeout", 1.5)
"SECC: a request that needs a pilot state until that state is there. Source: DIN 70121; both."
V2G_SECC_CP_OSCILLATOR_RETAIN_TIME: Final = Timer("V2G_SECC_CPOscillator_Retain_Time", 1.5)
"SECC: keeps the 5 % PWM after SessionStopRes. Source: DIN 70121; Josev."

# --- our own, where no standard gives a value ------------------------------------------------
STATE_C: Final = Timer("state C", 2.0)
"EVCC: asking the guard for S2 until the pilot shows it."
CONNECTOR_LOCK: Final = Timer("connector lock", 5.0)
"EVCC: the lock motor turns until the feedback confirms."
CONTACTORS_CLOSE: Final = Timer("contactors close", 5.0)
"EVCC: the voltage fits until both contactors are confirmed."
CURRENT_RAMP: Final = Timer("current ramp", 2.0)
"EVCC: the target is 0 A until less than 5 A flow. Source: IEC 61851-23 asks for 100 A/s or more."
STATE_B_SETTLE: Final = Timer("state B settle", 0.3)
"EVCC: state B until the contactors may open at the earliest. Clara waits the same."
CURRENT_GONE: Final = Timer("current gone", 2.0)
"EVCC: state B until the contactors open whatever flows. Source: docs/architecture.md, G2."
CONTACTORS_OPEN: Final = Timer("contactors open", 3.0)
"EVCC: asking the guard until both are proven open."
WELDING_DETECTION: Final = Timer("welding detection", 10.0)
"EVCC: all rounds together; cars do 2 to 4, some chargers never show the voltage drop."
UNLOCK: Final = Timer("connector unlock", 12.0)
"EVCC: asking the guard until the feedback shows unlocked; the guard gives up after 10 s."
STOP_GRACE: Final = Timer("stop grace", 10.0)
"SECC: EVSE_Shutdown until it stops by itself. An Alpitronic waits 10 s."
RESPONSE_TAKEN: Final = Timer("response taken", 5.0)
"SECC: a response until the connection took it; a car that does not read stops the sequence timer."
SECC_CLOSE: Final = Timer("connection close", 5.0)
"SECC: SessionStopRes until it closes by itself; cars close within 70 ms."


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoveryTimers:
    """What ``discover_secc`` runs with."""

    response: Timer = SDP_RESPONSE
    attempts: int = SDP_ATTEMPTS


@dataclass(frozen=True, slots=True, kw_only=True)
class EvccTimers:
    """What an EVCC runs with; the defaults are the standard's."""

    communication_setup: Timer = V2G_EVCC_COMMUNICATION_SETUP_TIMEOUT
    ready_to_charge: Timer = V2G_EVCC_READY_TO_CHARGE_TIMEOUT
    ongoing: Timer = V2G_EVCC_ONGOING_TIMEOUT

    supported_app_protocol: Timer = V2G_EVCC_MSG_TIMEOUT_SUPPORTED_APP_PROTOCOL
    session_setup: Timer = V2G_EVCC_MSG_TIMEOUT_SESSION_SETUP
    service_discovery: Timer = V2G_EVCC_MSG_TIMEOUT_SERVICE_DISCOVERY
    service_payment_selection: Timer = V2G_EVCC_MSG_TIMEOUT_SERVICE_PAYMENT_SELECTION
    contract_authentication: Timer = V2G_EVCC_MSG_TIMEOUT_CONTRACT_AUTHENTICATION
    charge_parameter_discovery: Timer = V2G_EVCC_MSG_TIMEOUT_CHARGE_PARAMETER_DISCOVERY
    cable_check_message: Timer = V2G_EVCC_MSG_TIMEOUT_CABLE_CHECK
    pre_charge_message: Timer = V2G_EVCC_MSG_TIMEOUT_PRE_CHARGE
    power_delivery: Timer = V2G_EVCC_MSG_TIMEOUT_POWER_DELIVERY
    current_demand: Timer = V2G_EVCC_MSG_TIMEOUT_CURRENT_DEMAND
    welding_detection_message: Timer = V2G_EVCC_MSG_TIMEOUT_WELDING_DETECTION
    session_stop: Timer = V2G_EVCC_MSG_TIMEOUT_SESSION_STOP

    cable_check: Timer = V2G_EVCC_CABLE_CHECK_TIMEOUT
    pre_charge: Timer = V2G_EVCC_PRE_CHARGE_TIMEOUT

    ongoing_period_s: float = 0.25
    "From one request to the next while the charger is not Finished; ours, no timer."

    state_c: Timer = STATE_C
    connector_lock: Timer = CONNECTOR_LOCK
    contactors_close: Timer = CONTACTORS_CLOSE
    current_ramp: Timer = CURRENT_RAMP
    state_b_settle: Timer = STATE_B_SETTLE
    current_gone: Timer = CURRENT_GONE
    contactors_open: Timer = CONTACTORS_OPEN
    welding_detection: Timer = WELDING_DETECTION
    unlock: Timer = UNLOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class SeccTimers:
    """What an SECC runs with; the defaults are the standard's."""

    sequence: Timer = V2G_SECC_SEQUENCE_TIMEOUT
    response_taken: Timer = RESPONSE_TAKEN
    ongoing: Timer = V2G_SECC_ONGOING_PERFORMANCE_TIME
    cable_check: Timer = V2G_SECC_CABLE_CHECK_PERFORMANCE_TIME
    cp_state_detection: Timer = V2G_SECC_CP_STATE_DETECTION_TIMEOUT
    stop_grace: Timer = STOP_GRACE
    close: Timer = SECC_CLOSE
