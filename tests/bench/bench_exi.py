"""How long EXI takes for the messages of a DC session: C machine and typed Python, side by side.

`python -m tests.bench.bench_exi` prints the table; ``rows()`` returns it. Best of several rounds:
that is the codec's cost, the rest is what else the computer did.
"""

from __future__ import annotations

import subprocess
import sys
import timeit
from pathlib import Path
from typing import NamedTuple

from pyplc_fw.v2g import exi
from pyplc_fw.v2g.messages import app, din
from pyplc_fw.v2g.messages.schema import ComplexType

ROOT = Path(__file__).parents[2]
SESSION_ID = bytes.fromhex("5a7e0c11d2e3f405")
OK = din.ResponseCode.OK
MACHINE_ROUNDS = 50
"The machine's rounds for one of Python's: both then find quiet moments in about as much time."


class Row(NamedTuple):
    """One message: sizes in bytes, times in microseconds."""

    message: str
    share: float
    "How many of 100 messages of a session are of this kind."
    size_bytes: int
    c_decode_us: float
    c_encode_us: float
    python_decode_us: float
    "Bytes to typed message."
    python_encode_us: float
    "Typed message to bytes."

    @property
    def numbers(self) -> tuple[float, ...]:
        """Size and times, as they stand in the table."""
        times = (self.c_decode_us, self.c_encode_us, self.python_decode_us, self.python_encode_us)
        return (self.size_bytes, *times)


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


def mix() -> list[tuple[ComplexType, float]]:
    """Return messages of a DC session, with how many of a hundred are of their kind."""
    pairs = (
        (_handshake(), 0.5),
        (_parameter_discovery(), 1.0),
        (_pre_charge(), 8.5),
        (_current_demand(), 40.0),
    )
    return [(message, share) for pair, share in pairs for message in pair]


def _name(message: ComplexType) -> str:
    if isinstance(message, din.V2G_Message):
        return type(message.Body.BodyElement).__name__
    return type(message).__name__


def _schema(message: ComplexType) -> str:
    return "din" if isinstance(message, din.V2G_Message) else "app"


def _machine_us(messages: list[ComplexType], rounds: int) -> list[tuple[float, float]]:
    """Let the C benchmark time the machine on its own: decode and encode for each message."""
    subprocess.run(["make", "--silent", "-C", str(ROOT / "exi"), "bench"], check=True)  # noqa: S603, S607 - our own Makefile
    lines = "".join(f"{_schema(m)} {exi.encode(m).hex()}\n" for m in messages)
    command = [str(ROOT / "exi" / "build" / "bench"), str(rounds)]
    done = subprocess.run(command, input=lines, capture_output=True, check=True, text=True)  # noqa: S603 - our own program
    times = [line.split() for line in done.stdout.splitlines()]
    return [(float(decode) / 1000, float(encode) / 1000) for decode, encode in times]


def _python_us(message: ComplexType, rounds: int) -> tuple[float, float]:
    schema, stream = _schema(message), exi.encode(message)
    number = 500
    decode = timeit.repeat(lambda: exi.decode(schema, stream), number=number, repeat=rounds)
    encode = timeit.repeat(lambda: exi.encode(message), number=number, repeat=rounds)
    return min(decode) / number * 1e6, min(encode) / number * 1e6


def rows(rounds: int = 20) -> list[Row]:
    """Measure every message of the mix; a last row is the mean, weighted by the shares."""
    messages, shares = zip(*mix(), strict=True)
    machine = _machine_us(list(messages), MACHINE_ROUNDS * rounds)
    measured = [
        Row(_name(message), share, len(exi.encode(message)), *c_us, *_python_us(message, rounds))
        for message, share, c_us in zip(messages, shares, machine, strict=True)
    ]
    return [*measured, _mean(measured)]


def _mean(measured: list[Row]) -> Row:
    total = sum(row.share for row in measured)
    means = [sum(row.share * row.numbers[n] for row in measured) / total for n in range(5)]
    return Row("mean of a session", total, round(means[0]), *means[1:])


def lines(measured: list[Row]) -> list[str]:
    """Return the table as text, with how many times as long Python takes as the C machine."""
    head = f"{'message':30}{'of 100':>8}{'bytes':>7}{'C dec':>8}{'C enc':>8}{'Py dec':>8}"
    text = [f"{head}{'Py enc':>8}{'Py/C dec':>10}{'Py/C enc':>10}   (µs)"]
    for row in measured:
        numbers = "".join(f"{value:8.2f}" for value in row.numbers[1:])
        ratios = (row.python_decode_us / row.c_decode_us, row.python_encode_us / row.c_encode_us)
        text.append(
            f"{row.message:30}{row.share:8.1f}{row.size_bytes:7}{numbers}"
            + "".join(f"{ratio:10.1f}" for ratio in ratios)
        )
    return text


def main() -> int:
    """Print the table."""
    sys.stdout.write("\n".join(lines(rows())) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
