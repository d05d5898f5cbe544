"""Full lists of objects that end like lists that are not full: libcbv2g sends them so.

After the last item that the schema allows, its end is the only event: one bit. That library writes
two, `01`, as after every item before. A lenient decoder reads both, a strict one the right form
only. Each stream stands here twice, and differs in that one bit for each full list.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from pyplc_fw.errors import CodecError
from pyplc_fw.v2g import exi
from pyplc_fw.v2g.messages.schema import SCHEMAS
from tests.unit.exi.bitwise import END_BODY_AND_MESSAGE, stream_of

START = (
    "10000000 1001100",  # header, V2G_Message is number 76 of 81
    "0 0 0 00000001 00101010 0",  # SessionID 2A
    "10 0",  # no Notification, no Signature; Body
)
FULL, LOOSE = "0", "01"
"The end of a full list: by the schema, and as after the other items."


def rows_of(first: str, item: str, count: int, end: str) -> list[str]:
    """Write a list: the first item has a code of its own, the others are 0 of 2 ways to go on."""
    return [first + item, *(count - 1) * ["00" + item], end]


def physical(multiplier: str, unit: str, value: str) -> str:
    return f"0 0 {multiplier} 0  0 0 {unit} 0  0 0 0 {value} 0  0"


NOUGHT = physical("011", "101", "00000000")  # 10 to the 0, W, 0
W_0 = {"Multiplier": 0, "Unit": "W", "Value": 0}


class Example(NamedTuple):
    """A message with a full list, and the way to it."""

    body: Any
    rows: tuple[str, ...]
    "END stands where the full list ends."
    path: str


def body(name: str, content: object) -> Any:
    return {"V2G_Message": {"Header": {"SessionID": "2A"}, "Body": {name: content}}}


END = "@"
SERVICE = {"ServiceID": 1}
EXAMPLES = {
    "16 selected services": Example(
        body(
            "PaymentServiceSelectionReq",
            {
                "SelectedPaymentOption": "Contract",
                "SelectedServiceList": {"SelectedService": [SERVICE] * 16},
            },
        ),
        (
            "010011",  # PaymentServiceSelectionReq is 19
            "0 0 0 0",  # SelectedPaymentOption 0 of 2
            "0",  # SE SelectedServiceList
            *rows_of("0", "0 0 00000001 0  01", 16, END),  # ServiceID, no ParameterSetID
            "0",
        ),
        "PaymentServiceSelectionReq/SelectedServiceList/SelectedService",
    ),
    "24 entries of a profile": Example(
        body(
            "PowerDeliveryReq",
            {
                "ChargeProgress": "Start",
                "SAScheduleTupleID": 1,
                "ChargingProfile": {
                    "ProfileEntry": [
                        {"ChargingProfileEntryStart": 0, "ChargingProfileEntryMaxPower": W_0}
                    ]
                    * 24
                },
            },
        ),
        (
            "010101",  # PowerDeliveryReq is 21
            "0 0 00 0",  # ChargeProgress 0 of 3
            "0 0 00000000 0",  # SAScheduleTupleID 1 - 1
            "000",  # ChargingProfile 0, DC_ 1, the head 2, EE 3
            *rows_of("0", "0 0 00000000 0  0" + NOUGHT + "01", 24, END),
            "10",  # DC_EVPowerDeliveryParameter 0, the head 1, EE 2
        ),
        "PowerDeliveryReq/ChargingProfile/ProfileEntry",
    ),
    "24 entries, and something after them": Example(
        body(
            "PowerDeliveryReq",
            {
                "ChargeProgress": "Start",
                "SAScheduleTupleID": 1,
                "ChargingProfile": {
                    "ProfileEntry": [
                        {"ChargingProfileEntryStart": 0, "ChargingProfileEntryMaxPower": W_0}
                    ]
                    * 24
                },
                "DC_EVPowerDeliveryParameter": {
                    "DC_EVStatus": {"EVReady": True, "EVErrorCode": "NO_ERROR", "EVRESSSOC": 50},
                    "ChargingComplete": False,
                },
            },
        ),
        (
            "010101",
            "0 0 00 0",
            "0 0 00000000 0",
            "000",
            *rows_of("0", "0 0 00000000 0  0" + NOUGHT + "01", 24, END),
            "00",  # DC_EVPowerDeliveryParameter
            "0  0 0 1 0  0 0 0000 0  0 0 0110010 0  0",  # DC_EVStatus
            "01 0 0 0",  # BulkChargingComplete 0, ChargingComplete 1
            "0 0",
        ),
        "PowerDeliveryReq/ChargingProfile/ProfileEntry",
    ),
    "16 parameters": Example(
        body(
            "ServiceDetailRes",
            {
                "ResponseCode": "OK",
                "ServiceID": 1,
                "ServiceParameterList": {
                    "ParameterSet": [
                        {
                            "ParameterSetID": 0,
                            "Parameter": [{"@Name": "a", "boolValue": True}] * 16,
                        }
                    ]
                },
            },
        ),
        (
            "011010",  # ServiceDetailRes is 26
            "0 0 00000 0",
            "0 0 00000001 0",
            "00",  # ServiceParameterList 0, EE 1
            "0",  # SE ParameterSet
            "0 0 0 00000000 0",  # ParameterSetID
            *rows_of("0", "0 00000011 01100001  000 0 1 0  0", 16, END),
            "01",  # ParameterSet 0, EE 1
            "0",
        ),
        "ServiceDetailRes/ServiceParameterList/ParameterSet[1]/Parameter",
    ),
    "8 services beside 2 payment options": Example(
        body(
            "ServiceDiscoveryRes",
            {
                "ResponseCode": "OK",
                "PaymentOptionList": {"PaymentOption": ["Contract", "ExternalPayment"]},
                "ChargeService": {
                    "ServiceID": 1,
                    "ServiceCategory": "EVCharging",
                    "FreeService": True,
                    "SupportedEnergyTransferMode": {"EnergyTransferMode": ["DC_core"]},
                },
                "ServiceList": {
                    "Service": [
                        {"ServiceID": 2, "ServiceCategory": "Internet", "FreeService": False}
                    ]
                    * 8
                },
            },
        ),
        (
            "011100",  # ServiceDiscoveryRes is 28
            "0 0 00000 0",
            "0",  # SE PaymentOptionList
            "0 0 0 0  00 0 1 0  0",  # a full list of plain values ends in one bit everywhere
            "0  0 0 00000001 0",  # ChargeService, ServiceID
            "01 0 00 0",  # ServiceName 0, ServiceCategory 1
            "01 0 1 0",  # ServiceScope 0, FreeService 1
            "0  0 0 010 0  01",  # SupportedEnergyTransferMode, DC_core is 2 of 6
            "0",
            "00",  # ServiceList 0, EE 1
            *rows_of("0", "0 0 00000010 0  01 0 01 0  01 0 0 0  0", 8, END),
            "0",
        ),
        "ServiceDiscoveryRes/ServiceList/Service",
    ),
    "3 schedules": Example(
        body(
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
                                    {"RelativeTimeInterval": {"start": 0}, "PMax": W_0}
                                ]
                            },
                        }
                    ]
                    * 3
                },
                "DC_EVSEChargeParameter": {
                    "DC_EVSEStatus": {
                        "NotificationMaxDelay": 0,
                        "EVSENotification": "None",
                        "EVSEStatusCode": "EVSE_Ready",
                    },
                    "EVSEMaximumCurrentLimit": W_0,
                    "EVSEMaximumPowerLimit": W_0,
                    "EVSEMaximumVoltageLimit": W_0,
                    "EVSEMinimumCurrentLimit": W_0,
                    "EVSEMinimumVoltageLimit": W_0,
                    "EVSEPeakCurrentRipple": W_0,
                },
            },
        ),
        (
            "001010",  # ChargeParameterDiscoveryRes is 10
            "0 0 00000 0",
            "0 0 00 0",  # EVSEProcessing 0 of 3
            "000",  # SAScheduleList 0, the head 1, three of EVSEChargeParameter: of 6
            *rows_of(
                "0",
                "0 0 00000000 0"  # SAScheduleTupleID
                "0 0"  # PMaxSchedule, PMaxScheduleEntry
                "00 0 0 00000000 0 01"  # RelativeTimeInterval 0, the head 1; start, no duration
                "0" + NOUGHT + "0"  # PMax
                "01"  # PMaxScheduleEntry 0, EE 1
                "01",  # SalesTariff 0, EE 1
                3,
                END,
            ),
            "01",  # AC_ 0, DC_ 1, the head 2
            "0  0 0 00000000 0  0 0 00 0  01 0 0001 0  0",  # DC_EVSEStatus
            *4 * ("0" + NOUGHT,),
            "0" + NOUGHT,
            "01" + NOUGHT,  # EVSECurrentRegulationTolerance 0, EVSEPeakCurrentRipple 1
            "01",  # EVSEEnergyToBeDelivered 0, EE 1
            "0",
        ),
        "ChargeParameterDiscoveryRes/SAScheduleList/SAScheduleTuple",
    ),
}

pytestmark = pytest.mark.skipif(
    "iso2" not in SCHEMAS, reason="needs the message classes of ISO 15118-2"
)
each_example = pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)


def streams(example: Example, end: str) -> bytes:
    rows = [row.replace(END, end) for row in example.rows]
    return stream_of(*START, *rows, END_BODY_AND_MESSAGE)


@each_example
def test_the_right_form_is_sent_and_read(example: Example) -> None:
    message = exi.from_json("iso2", example.body)
    assert exi.encode(message).hex() == streams(example, FULL).hex()
    for lenient in (False, True):
        found = exi.decode_with_warnings("iso2", streams(example, FULL), lenient=lenient)
        assert found == (message, [])


@each_example
def test_the_other_form_is_read_leniently_with_a_warning(example: Example) -> None:
    stream = streams(example, LOOSE)
    message, (warning,) = exi.decode_with_warnings("iso2", stream)
    assert exi.to_json(message) == example.body
    assert warning.path == example.path
    assert warning.message.startswith(f"{example.path}: a full list of ")
    bits = "".join(row.replace(" ", "") for row in (*START, *example.rows))
    assert warning.bit == bits.index(END)


@each_example
def test_the_other_form_is_not_the_message_to_a_strict_decoder(example: Example) -> None:
    try:
        message, noted = exi.decode_with_warnings("iso2", streams(example, LOOSE), lenient=False)
    except CodecError:
        return
    # It ends too early, and only the bytes after that tell.
    assert exi.to_json(message) != example.body
    assert "after the end of the message" in noted[-1].message


def test_one_that_a_strict_decoder_misreads() -> None:
    example = EXAMPLES["24 entries, and something after them"]
    message, _ = exi.decode_with_warnings("iso2", streams(example, LOOSE), lenient=False)
    content = exi.to_json(message)["V2G_Message"]["Body"]["PowerDeliveryReq"]
    assert "DC_EVPowerDeliveryParameter" not in content


@each_example
def test_every_truncation_is_an_error(example: Example) -> None:
    stream = streams(example, FULL)
    for size in range(len(stream)):
        with pytest.raises(CodecError):
            exi.decode("iso2", stream[:size], lenient=True)
