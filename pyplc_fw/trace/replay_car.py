"""The car of a recording as a connection: it asks our SECC what it asked then.

The next recorded request comes after our answer, as long after it as then. Supply and pilot show
what the recorded charger showed at that request, so that the car's decisions keep their grounds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from pyplc_fw.errors import LinkError
from pyplc_fw.terms import Endpoint
from pyplc_fw.trace.dialogue import body_fields
from pyplc_fw.trace.field_text import quantity_si
from pyplc_fw.trace.replay_result import ReplayResult
from pyplc_fw.trace.replay_script import DEFAULT_DELAY_S, Exchange, Script
from pyplc_fw.v2g import exi
from pyplc_fw.v2g.messages import din
from pyplc_fw.v2g.ports import CableCheck, SupplyLimits
from pyplc_fw.v2g.v2gtp import PAYLOAD_EXI, V2gtpStream, wrap

STATE_C_FROM: Final = "CableCheck"
STATE_B_FROM: Final = "WeldingDetection"
FALLBACK_LIMITS: Final = SupplyLimits(
    max_voltage_v=500.0,
    min_voltage_v=0.0,
    max_current_a=200.0,
    min_current_a=0.0,
    max_power_w=100_000.0,
)


class RecordedCar:
    """A V2gStream with the recorded car at its end."""

    def __init__(self, script: Script, result: ReplayResult) -> None:
        self.on_request: Callable[[Exchange], None] = lambda _: None
        "Called before each recorded request is given."
        self.present: Exchange | None = None
        "The exchange that our SECC is at."
        self.refused_at: str = ""
        "The first recorded request that our SECC refused."
        self._script = script
        self._result = result
        self._responses = V2gtpStream()
        self._position = 0
        self._asked: asyncio.Queue[bytes] = asyncio.Queue()
        self._closed = False
        self._ask_next()

    @property
    def peer(self) -> Endpoint:
        return self._script.dialogue.evcc

    @property
    def finished(self) -> bool:
        """Every recorded request was given and answered."""
        return self._position > len(self._script.exchanges)

    async def receive(self) -> bytes:
        if self._closed:
            return b""
        data = await self._asked.get()
        self._closed = not data
        return data

    async def send(self, data: bytes) -> None:
        if self._closed:
            raise LinkError("the recorded car closed the connection")
        for payload in self._responses.receive_data(data):
            self._answered(payload.data)

    async def close(self) -> None:
        self._closed = True

    def abort(self) -> None:
        self._closed = True

    def _ask_next(self) -> None:
        """Give the next recorded request, or the end, after the time the car took."""
        exchanges = self._script.exchanges
        before = self.present
        place = self._position
        while place < len(exchanges) and exchanges[place].request is None:
            place += 1  # an answer whose request is not in the recording
        self._position = place + 1
        if place == len(exchanges):
            self._later(DEFAULT_DELAY_S, b"", None)
            return
        exchange = exchanges[place]
        request = exchange.request
        assert request is not None  # noqa: S101 -- the loop above passed the others
        delay_s = DEFAULT_DELAY_S
        if before is not None and before.response is not None:
            delay_s = max(0.0, (request.time_ns - before.response.time_ns) / 1e9)
        self._later(delay_s, wrap(PAYLOAD_EXI, request.payload), exchange)

    def _later(self, delay_s: float, data: bytes, exchange: Exchange | None) -> None:
        def give() -> None:
            if exchange is not None:
                self.present = exchange
                self._result.used[exchange.key] += 1
                self.on_request(exchange)
            self._asked.put_nowait(data)

        asyncio.get_running_loop().call_later(delay_s, give)

    def _answered(self, payload: bytes) -> None:
        exchange = self.present
        assert exchange is not None  # noqa: S101 -- an answer follows a request
        handshake = exchange.key.exchange == "supportedAppProtocol"
        message = exi.decode("app" if handshake else "din", payload)
        body = message.Body.BodyElement if isinstance(message, din.V2G_Message) else message
        fields = body_fields(message)
        if _refuses(fields):
            self._note_refusal(exchange, fields["ResponseCode"])
        self._result.compare(type(body).__name__, fields, exchange.response)
        if fields.get("EVSEProcessing") == "Finished":
            self._skip_repetitions(exchange)
        self._ask_next()

    def _note_refusal(self, exchange: Exchange, code: str) -> None:
        what = f"{exchange.key}: {code}"
        if exchange.response is None or _refuses(exchange.response.fields):
            self._result.remark(
                f"our SECC refused {what}; the recorded charger broke off there too"
            )
        elif not self.refused_at:
            self.refused_at = what

    def _skip_repetitions(self, exchange: Exchange) -> None:
        """Our SECC is done with this step: the recorded car would not have asked again."""
        exchanges = self._script.exchanges
        while self._position < len(exchanges) and exchanges[self._position].key == exchange.key:
            self._result.skipped[exchange.key] += 1
            self._position += 1


def _refuses(fields: Mapping[str, Any]) -> bool:
    return str(fields.get("ResponseCode", "")).upper().startswith("FAILED")


class ShownSupply:
    """The PowerSupply port: what the recorded charger showed."""

    def __init__(self, script: Script) -> None:
        self.limits = _limits(script)
        self.present_voltage_v = 0.0
        self.present_current_a = 0.0
        self.cable_check = CableCheck.IDLE
        self.isolation_ok = True
        self._finished = False

    def follow(self, exchange: Exchange) -> None:
        """Show what the recorded charger answered to this request."""
        response = exchange.response
        if response is None:
            return
        fields = response.fields
        if "EVSEPresentVoltage" in fields:
            self.present_voltage_v = quantity_si(fields["EVSEPresentVoltage"])
        if "EVSEPresentCurrent" in fields:
            self.present_current_a = quantity_si(fields["EVSEPresentCurrent"])
        if exchange.key.exchange == "CableCheck":
            self._finished = fields.get("EVSEProcessing") == "Finished"
            if self.cable_check is not CableCheck.IDLE:
                self.start_cable_check()

    def start_cable_check(self) -> None:
        self.cable_check = CableCheck.PASSED if self._finished else CableCheck.ONGOING

    def set_output(self, voltage_v: float, current_a: float) -> None:
        """Take no notice: the output shows what it showed then."""

    def disable(self) -> None:
        """Show no voltage any more: SECC sessions end only then."""
        self.present_current_a = 0.0

    def emergency_off(self) -> None:
        self.present_voltage_v = self.present_current_a = 0.0


class ShownPilot:
    """The EvsePilot port: state C from cable check on, state B from the stop on."""

    def __init__(self) -> None:
        self.state = "B"
        self._changed = asyncio.Event()

    def follow(self, exchange: Exchange) -> None:
        """Be in the state in which a car sends this request."""
        key = exchange.key
        if key.exchange == STATE_C_FROM:
            self.state = "C"
        elif key.exchange == STATE_B_FROM:
            self.state = "B"
        self._changed.set()
        self._changed = asyncio.Event()

    def set_duty(self, duty_pct: float) -> None:
        """Take no notice: no pilot line is recorded."""

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await self._changed.wait()


def _limits(script: Script) -> SupplyLimits:
    for exchange in script.of("ChargeParameterDiscovery"):
        fields = exchange.response.fields if exchange.response is not None else {}
        shown = fields.get("DC_EVSEChargeParameter")
        if shown:
            return SupplyLimits(
                max_voltage_v=_si(shown, "EVSEMaximumVoltageLimit", FALLBACK_LIMITS.max_voltage_v),
                min_voltage_v=_si(shown, "EVSEMinimumVoltageLimit", FALLBACK_LIMITS.min_voltage_v),
                max_current_a=_si(shown, "EVSEMaximumCurrentLimit", FALLBACK_LIMITS.max_current_a),
                min_current_a=_si(shown, "EVSEMinimumCurrentLimit", FALLBACK_LIMITS.min_current_a),
                max_power_w=_si(shown, "EVSEMaximumPowerLimit", FALLBACK_LIMITS.max_power_w),
                peak_current_ripple_a=_si(shown, "EVSEPeakCurrentRipple", 1.0),
            )
    return FALLBACK_LIMITS


def _si(fields: Mapping[str, Any], name: str, default: float) -> float:
    return quantity_si(fields[name]) if name in fields else default
