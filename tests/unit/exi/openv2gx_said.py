"""What OpenV2Gx's program is told to say, and says: arguments and messages, in JSON."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

SESSION: Final = "0102030405060708"
Said: TypeAlias = list[tuple[str, str, Any]]
"The argument after its schema letter, the message, its content."

VOLTS = {"Multiplier": 0, "Unit": "V"}
AMPERES = {"Multiplier": 0, "Unit": "A"}


def ev_status(soc: int, *, ready: bool = True) -> Any:
    return {"EVReady": ready, "EVErrorCode": "NO_ERROR", "EVRESSSOC": soc}


def evse_status(code: str, isolation: str = "") -> Any:
    level = {"EVSEIsolationStatus": isolation} if isolation else {}
    return level | {
        "EVSEStatusCode": code,
        "NotificationMaxDelay": 0,
        "EVSENotification": "None",
    }


EV_PARAMETER = {
    "DC_EVStatus": ev_status(55, ready=False),
    "EVMaximumCurrentLimit": AMPERES | {"Value": 100},
    "EVMaximumPowerLimit": {"Multiplier": 1, "Unit": "W", "Value": 9800},
    "EVMaximumVoltageLimit": VOLTS | {"Value": 398},
    "EVEnergyCapacity": {"Multiplier": 0, "Unit": "Wh", "Value": 28000},
    "EVEnergyRequest": {"Multiplier": 0, "Unit": "Wh", "Value": 20000},
    "FullSOC": 100,
    "BulkSOC": 80,
}
EVSE_PARAMETER = {
    "DC_EVSEStatus": evse_status("EVSE_Ready", "Invalid"),
    "EVSEMaximumCurrentLimit": AMPERES | {"Value": 200},
    "EVSEMaximumPowerLimit": {"Multiplier": 3, "Unit": "W", "Value": 10},
    "EVSEMaximumVoltageLimit": VOLTS | {"Value": 450},
    "EVSEMinimumCurrentLimit": AMPERES | {"Value": 1},
    "EVSEMinimumVoltageLimit": VOLTS | {"Value": 200},
    "EVSECurrentRegulationTolerance": AMPERES | {"Value": 5},
    "EVSEPeakCurrentRipple": AMPERES | {"Value": 5},
}
CURRENT_DEMAND_REQ = {
    "DC_EVStatus": ev_status(55),
    "EVTargetCurrent": AMPERES | {"Value": 10},
    "BulkChargingComplete": False,
    "ChargingComplete": False,
    "RemainingTimeToFullSoC": {"Multiplier": 0, "Unit": "s", "Value": 1200},
    "RemainingTimeToBulkSoC": {"Multiplier": 0, "Unit": "s", "Value": 600},
    "EVTargetVoltage": VOLTS | {"Value": 380},
}
CURRENT_DEMAND_RES = {
    "ResponseCode": "OK",
    "DC_EVSEStatus": evse_status("EVSE_Shutdown", "Valid"),
    "EVSEPresentVoltage": VOLTS | {"Value": 380},
    "EVSEPresentCurrent": AMPERES | {"Value": 10},
    "EVSECurrentLimitAchieved": True,
    "EVSEVoltageLimitAchieved": False,
    "EVSEPowerLimitAchieved": False,
}
SELECTION = {
    "SelectedPaymentOption": "ExternalPayment",
    "SelectedServiceList": {"SelectedService": [{"ServiceID": 1}]},
}
PRE_CHARGE = {
    "DC_EVStatus": ev_status(55),
    "EVTargetVoltage": VOLTS | {"Value": 380},
    "EVTargetCurrent": AMPERES | {"Value": 1},
}
WELDING_RES = {
    "ResponseCode": "OK",
    "DC_EVSEStatus": evse_status("EVSE_NotReady"),
    "EVSEPresentVoltage": VOLTS | {"Value": 380},
}
POWER_DELIVERY_RES = {"ResponseCode": "OK", "DC_EVSEStatus": evse_status("EVSE_Ready", "Valid")}

SAID_BY_BOTH: Said = [
    ("A_0123456789ab", "SessionSetupReq", {"EVCCID": "0123456789AB"}),
    (f"B_{SESSION}", "ServiceDiscoveryReq", {}),
    (f"F_{SESSION}_55", "CableCheckReq", {"DC_EVStatus": ev_status(55)}),
    (f"G_{SESSION}_55_380", "PreChargeReq", PRE_CHARGE),
    (f"I_{SESSION}_55_10_380", "CurrentDemandReq", CURRENT_DEMAND_REQ),
    (f"J_{SESSION}_55", "WeldingDetectionReq", {"DC_EVStatus": ev_status(55)}),
    ("h", "PowerDeliveryRes", POWER_DELIVERY_RES),
    ("j_380", "WeldingDetectionRes", WELDING_RES),
    ("k", "SessionStopRes", {"ResponseCode": "OK"}),
]

SAID_BY_DIN: Said = [
    *SAID_BY_BOTH,
    (
        "a",
        "SessionSetupRes",
        {"ResponseCode": "OK_NewSessionEstablished", "EVSEID": b"ZZ00000".hex().upper()},
    ),
    (
        "b",
        "ServiceDiscoveryRes",
        {
            "ResponseCode": "OK",
            "PaymentOptions": {"PaymentOption": ["ExternalPayment"]},
            "ChargeService": {
                "ServiceTag": {"ServiceID": 1, "ServiceCategory": "EVCharging"},
                "FreeService": False,
                "EnergyTransferType": "DC_extended",
            },
        },
    ),
    (f"C_{SESSION}", "ServicePaymentSelectionReq", SELECTION),
    ("c", "ServicePaymentSelectionRes", {"ResponseCode": "OK"}),
    (
        f"E_{SESSION}_55",
        "ChargeParameterDiscoveryReq",
        {"EVRequestedEnergyTransferType": "DC_extended", "DC_EVChargeParameter": EV_PARAMETER},
    ),
    (
        "e",
        "ChargeParameterDiscoveryRes",
        {
            "ResponseCode": "OK",
            "EVSEProcessing": "Finished",
            "SAScheduleList": {
                "SAScheduleTuple": [
                    {
                        "SAScheduleTupleID": 0,
                        "PMaxSchedule": {
                            "PMaxScheduleID": 0,
                            "PMaxScheduleEntry": [
                                {"RelativeTimeInterval": {"start": 0}, "PMax": 50}
                            ],
                        },
                    }
                ]
            },
            "DC_EVSEChargeParameter": EVSE_PARAMETER,
        },
    ),
    (
        "f_0",
        "CableCheckRes",
        POWER_DELIVERY_RES | {"EVSEProcessing": "Finished"},
    ),
    (
        "f_1",
        "CableCheckRes",
        {
            "ResponseCode": "OK",
            "DC_EVSEStatus": evse_status("EVSE_IsolationMonitoringActive", "Invalid"),
            "EVSEProcessing": "Ongoing",
        },
    ),
    (
        "g_380",
        "PreChargeRes",
        POWER_DELIVERY_RES | {"EVSEPresentVoltage": {"Multiplier": 0, "Value": 380}},
    ),
    (
        f"H_{SESSION}_55_1",
        "PowerDeliveryReq",
        {
            "ReadyToChargeState": True,
            "DC_EVPowerDeliveryParameter": {
                "DC_EVStatus": ev_status(55)
                | {"EVCabinConditioning": False, "EVRESSConditioning": False},
                "BulkChargingComplete": False,
                "ChargingComplete": False,
            },
        },
    ),
    ("i_380_10_2", "CurrentDemandRes", CURRENT_DEMAND_RES),
    (f"K_{SESSION}", "SessionStopReq", {}),
    (f"L_{SESSION}", "ContractAuthenticationReq", {}),
    ("l_1", "ContractAuthenticationRes", {"ResponseCode": "OK", "EVSEProcessing": "Finished"}),
    ("l_0", "ContractAuthenticationRes", {"ResponseCode": "OK", "EVSEProcessing": "Ongoing"}),
]

SAID_BY_ISO: Said = [
    *SAID_BY_BOTH,
    (
        "a",
        "SessionSetupRes",
        {"ResponseCode": "OK_NewSessionEstablished", "EVSEID": "ZZ00000"},
    ),
    (
        "b",
        "ServiceDiscoveryRes",
        {
            "ResponseCode": "OK",
            "PaymentOptionList": {"PaymentOption": ["ExternalPayment"]},
            "ChargeService": {
                "ServiceID": 0,
                "ServiceCategory": "EVCharging",
                "FreeService": False,
                "SupportedEnergyTransferMode": {"EnergyTransferMode": ["DC_extended"]},
            },
        },
    ),
    (f"C_{SESSION}", "PaymentServiceSelectionReq", SELECTION),
    ("c", "PaymentServiceSelectionRes", {"ResponseCode": "OK"}),
    (
        f"E_{SESSION}_55",
        "ChargeParameterDiscoveryReq",
        {"RequestedEnergyTransferMode": "DC_extended", "DC_EVChargeParameter": EV_PARAMETER},
    ),
    (
        "e",
        "ChargeParameterDiscoveryRes",
        {
            "ResponseCode": "OK",
            "EVSEProcessing": "Finished",
            "SAScheduleList": {
                "SAScheduleTuple": [
                    {
                        "SAScheduleTupleID": 1,
                        "PMaxSchedule": {
                            "PMaxScheduleEntry": [
                                {
                                    "RelativeTimeInterval": {"start": 0},
                                    "PMax": {"Multiplier": 3, "Unit": "W", "Value": 50},
                                }
                            ],
                        },
                    }
                ]
            },
            "DC_EVSEChargeParameter": EVSE_PARAMETER,
        },
    ),
    (
        "f_1",
        "CableCheckRes",
        {
            "ResponseCode": "OK",
            "DC_EVSEStatus": evse_status("EVSE_NotReady"),
            "EVSEProcessing": "Ongoing",
        },
    ),
    ("g_380", "PreChargeRes", POWER_DELIVERY_RES | {"EVSEPresentVoltage": VOLTS | {"Value": 380}}),
    (
        f"H_{SESSION}_55_0",
        "PowerDeliveryReq",
        {
            "ChargeProgress": "Stop",
            "SAScheduleTupleID": 1,
            "DC_EVPowerDeliveryParameter": {
                "DC_EVStatus": ev_status(55),
                "BulkChargingComplete": False,
                "ChargingComplete": False,
            },
        },
    ),
    (
        "i_380_10_2",
        "CurrentDemandRes",
        CURRENT_DEMAND_RES | {"EVSEID": "ZZ00000", "SAScheduleTupleID": 1},
    ),
    (f"K_{SESSION}", "SessionStopReq", {"ChargingSession": "Terminate"}),
    (f"L_{SESSION}", "AuthorizationReq", {}),
    ("l_1", "AuthorizationRes", {"ResponseCode": "OK", "EVSEProcessing": "Finished"}),
    ("l_0", "AuthorizationRes", {"ResponseCode": "OK", "EVSEProcessing": "Ongoing"}),
]

SAID: Final = {"D": SAID_BY_DIN, "1": SAID_BY_ISO}

WRONG: Final = {
    "D": "schema letter",
    "DX80400040": "schema letter",
    "D280400040": "draft",
    "DD": "hexadecimal",
    "DD8": "hexadecimal",
    "DD80zz": "hexadecimal",
    "DD80 9a": "hexadecimal",
    "DD009a": "EXI header 0x00; expected 0x80",
    "E": "schema letter",
    "EX": "schema letter",
    "E2A": "draft",
    "ED": "message letter",
    "EDD_00": "message letter",
    "EDd": "message letter",
    "EDz": "message letter",
    "E1D": " letter after E",
    "EDe_1": "1 parameters, expected 0",
    "EDG": "0 parameters, expected 3",
    "EDG_00_1": "2 parameters, expected 3",
    "EDG_00_1_2_3": "4 parameters, expected 3",
    "EDG_00_1_2_3_4_5": "parameter 5",
    "EDG_00__2": "parameter 1",
    "EDg_\N{DEGREE SIGN}": "printable",
    "EDg_\n": "printable",
    "EDGx": "_ before each",
    "EDB_0": "session id",
    "EDB_010203040506070809": "session id",
    "EDB_xy": "session id",
    "EDA_0011223344": "EVCCID",
    "EDA_00112233445x": "EVCCID",
    "EDF_00_101": "EVRESSSOC: 101 is outside 0 to 100",
    "EDF_00_-1": "EVRESSSOC",
    "EDF_00_x": "expected a number",
    "EDF_00_5V": "expected a number",
    "EDF_00_nan": "expected a number",
    "EDF_00_0x10": "expected a number",
    "EDF_00_1e99": "expected a number",
    "EDF_00_99999999999999999999": "expected a number",
    "EDg_32768": "EVSEPresentVoltage/Value",
    "EDH_00_1_2": "from 0 to 1",
    "EDf_2": "from 0 to 1",
    "EDf_-1": "from 0 to 1",
    "EDi_1_2_12": "from 0 to 11",
    "EDi_1": "1 parameters, expected 3",
    "EH": "0 parameters, expected 1",
    "EH__3": "from 0 to 2",
    "Eh__256": "SchemaID",
    "Eh__-1": "SchemaID",
}
"Arguments that are wrong, and what the answer says of them."
