"""A car and a charger on a desk: the real procedures over simulated hardware, wired together.

    battery, inlet, guard, EVCC -- host -- modem ~~powerline~~ modem -- host -- SECC, supply

What the two say to each other are real Ethernet frames; what flows is computed by the plant.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from structlog.typing import FilteringBoundLogger

from pyplc_fw.errors import ConfigError
from pyplc_fw.faults import Severity
from pyplc_fw.services.command_codec import CodecMaker
from pyplc_fw.services.journal import Journal, Record
from pyplc_fw.services.recorder import PlainFile, Recorder
from pyplc_fw.session.evse import EvseSession
from pyplc_fw.session.pev import PevSession
from pyplc_fw.sim.battery import SimBattery
from pyplc_fw.sim.charger import SimSupply
from pyplc_fw.sim.host import SimHost
from pyplc_fw.sim.modem import SimModem
from pyplc_fw.sim.pilot_line import PilotFault
from pyplc_fw.sim.plant import Plant, Strain, Truth
from pyplc_fw.sim.powerline import Powerline
from pyplc_fw.terms import EndState, MacAddress, Role
from pyplc_fw.trace.plot import ChargeSample
from pyplc_fw.v2g.evcc import Evcc, EvccSettings
from pyplc_fw.v2g.limits import OwnerLimits
from pyplc_fw.v2g.message_codec import OWN_CODEC
from pyplc_fw.v2g.ports import SupplyLimits, V2gNetwork
from pyplc_fw.v2g.secc import Secc
from pyplc_fw.v2g.session_end import SessionEnd
from pyplc_fw.vehicle.inlet import GuardedVehicle
from pyplc_fw.vehicle.ports import GuardRules, VoltageSource

PEV, EVSE = Role.PEV.value, Role.EVSE.value
CAR_MAC: Final = MacAddress.parse("02:00:00:00:ca:01")
CAR_MODEM_MAC: Final = MacAddress.parse("00:b0:52:00:ca:02")
CHARGER_MAC: Final = MacAddress.parse("02:00:00:00:c4:01")
CHARGER_MODEM_MAC: Final = MacAddress.parse("00:b0:52:00:c4:02")
EVSEID: Final = b"ZZ00000"
PLUG_IN_S: Final = 3.0
"The charger's modem has taken its key by then."
USER_AUTHORISES_S: Final = 1.0
"From the car's first ContractAuthenticationReq to the user's card at the charger."
MEASURED: Final = GuardRules(voltage_source=VoltageSource.MEASURED)
"The desk's car has a measurement at its inlet: nothing is assumed."
TAPER_FROM_PCT: Final = 60.0
"From here on the battery takes less and less: the limiting element changes."
CHARGE_SAMPLE_S: Final = 1.0
OTHER_SAMPLE_S: Final = 0.2
CHARGE_BEGINS: Final = 700
CHARGE_LOOP: Final = "CurrentDemand"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskOptions:
    """What may be chosen on the desk; raises ConfigError for what makes no sense."""

    soc_pct: float = 20.0
    target_soc_pct: float = 80.0
    battery_kwh: float = 40.0
    battery_max_a: float = 125.0
    charger_max_v: float = 500.0
    charger_max_a: float = 100.0
    charger_max_kw: float = 50.0
    owner_max_a: float = float("inf")
    period_s: float = 0.2
    "From one CurrentDemandReq to the next."
    stop_after_s: float | None = None
    "The owner stops so long after the charge loop's begin."
    charger_stop_after_s: float | None = None
    "Somebody presses stop at the charger so long after the charge loop's begin."
    break_pilot_after_s: float | None = None
    "The pilot wire breaks so long after the charge loop's begin."
    seed: int = 1

    def __post_init__(self) -> None:
        _within("--soc", self.soc_pct, 0.0, 100.0)
        _within("--target", self.target_soc_pct, 1.0, 100.0)
        _within("--battery-kwh", self.battery_kwh, 0.1, 1000.0)
        _within("--battery-max-a", self.battery_max_a, 1.0, 500.0)
        _within("--charger-max-v", self.charger_max_v, 200.0, 1000.0)
        _within("--charger-max-a", self.charger_max_a, 1.0, 500.0)
        _within("--charger-max-kw", self.charger_max_kw, 0.5, 400.0)
        _within("--owner-max-a", self.owner_max_a, 1.0, float("inf"))
        _within("--period", self.period_s, 0.1, 0.25)
        for name, value in (
            ("--stop-after", self.stop_after_s),
            ("--charger-stop-after", self.charger_stop_after_s),
            ("--break-pilot-after", self.break_pilot_after_s),
        ):
            if value is not None:
                _within(name, value, 0.0, float("inf"))


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:  # also when it is not a number
        raise ConfigError(f"{name} is {value:g}; it must be from {low:g} to {high:g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskResult:
    """How it went on both sides, and how things really are now."""

    pev: SessionEnd
    evse: SessionEnd
    truth: Truth
    strains: list[Strain]
    frames: int
    samples: list[ChargeSample] = field(repr=False)
    records: list[Record] = field(repr=False)
    duration_s: float

    @property
    def normal(self) -> bool:
        """The session ended as it should."""
        return self.pev.reason.severity is Severity.NORMAL and self.safe

    @property
    def safe(self) -> bool:
        """Nothing is left energised, and the plug can be taken out."""
        truth = self.truth
        return (
            self.pev.end_state is EndState.SAFE
            and not (truth.plus_closed or truth.minus_closed or truth.s2)
            and truth.lock_position == 0.0
        )


class Desk:
    """One car and one charger; build it within the running loop."""

    def __init__(
        self,
        options: DeskOptions,
        *,
        rules: GuardRules | None = None,
        car_codec: CodecMaker = lambda _: OWN_CODEC,
        charger_codec: CodecMaker = lambda _: OWN_CODEC,
    ) -> None:
        """``rules`` are the guard's; unless told otherwise the car measures at its inlet."""
        self.options = options
        self.journal = Journal()
        self.samples: list[ChargeSample] = []
        self._loop = asyncio.get_running_loop()
        self._on_sample: list[Callable[[ChargeSample], None]] = []
        self._rng = Random(options.seed)  # noqa: S311 - a desk is to be repeatable, not secret
        self.powerline = Powerline(self._rng)
        self.plant = self._build_plant()
        pev_log, evse_log = self.journal.log(PEV), self.journal.log(EVSE)
        self.vehicle = GuardedVehicle(
            self.plant.inlet, self.plant.battery, pev_log, rules=rules or MEASURED
        )
        self.evcc = self._build_evcc(pev_log, car_codec)
        self.secc = Secc(
            self.plant.supply,
            self.plant.pilot,
            evseid=EVSEID,
            log=evse_log,
            rng=self._rng,
            authorise=self._authorise,
            codec=charger_codec(evse_log),
        )
        self.car = SimHost(PEV, CAR_MAC, self._rng, role=Role.PEV, log=pev_log)
        self.charger = SimHost(EVSE, CHARGER_MAC, self._rng, role=Role.EVSE, log=evse_log)
        SimModem(self.powerline, self.car, CAR_MODEM_MAC, role=Role.PEV)
        SimModem(self.powerline, self.charger, CHARGER_MODEM_MAC, role=Role.EVSE)
        self._asked_s: float | None = None
        self._charge_began = asyncio.Event()
        self.journal.listen(self._notice)

    def _notice(self, record: Record) -> None:
        if record.checkpoint == CHARGE_BEGINS:
            self._charge_began.set()

    def _build_evcc(self, log: FilteringBoundLogger, codec: CodecMaker) -> Evcc:
        options = self.options
        return Evcc(
            self.vehicle,
            self.plant.battery,
            evccid=CAR_MAC,
            log=log,
            owner=OwnerLimits(max_current_a=options.owner_max_a),
            settings=EvccSettings(current_demand_period_s=options.period_s),
            codec=codec(log),
        )

    def _build_plant(self) -> Plant:
        options = self.options
        battery = SimBattery(
            capacity_wh=1000.0 * options.battery_kwh,
            soc_pct=options.soc_pct,
            target_soc_pct=options.target_soc_pct,
            max_current_a=options.battery_max_a,
            taper_from_pct=TAPER_FROM_PCT,
        )
        limits = SupplyLimits(
            max_voltage_v=options.charger_max_v,
            min_voltage_v=150.0,
            max_current_a=options.charger_max_a,
            min_current_a=0.0,
            max_power_w=1000.0 * options.charger_max_kw,
        )
        return Plant(self._loop.time, battery=battery, supply=SimSupply(limits=limits))

    def _authorise(self, _evccid: bytes) -> bool | None:
        """Be the user, who holds a card to the charger a moment after the car asked."""
        now = self._loop.time()
        if self._asked_s is None:
            self._asked_s = now
        return True if now >= self._asked_s + USER_AUTHORISES_S else None

    def watch(
        self, on_record: Callable[[Record], None], on_sample: Callable[[ChargeSample], None]
    ) -> None:
        """Tell every record and sample from now on."""
        self.journal.listen(on_record)
        self._on_sample.append(on_sample)

    def record_to(self, path: Path, *, epoch_ns: int) -> Recorder:
        """Record every frame from now on to ``path``; close what this returns."""
        began_s = self._loop.time()

        def wall_ns(t_s: float) -> int:
            return epoch_ns + round((t_s - began_s) * 1e9)

        def on_frame(t_s: float, side: str, frame: bytes) -> None:
            recorder.frame(wall_ns(t_s), "out", frame, side)

        file = PlainFile(path)
        recorder = Recorder(file, (PEV, EVSE), now_ns=lambda: wall_ns(self._loop.time()))
        self.powerline.tap(on_frame)
        self.journal.listen(recorder.record)
        return recorder

    def pev_session(self) -> PevSession:
        """Return one session of the car, to be run."""
        log = self.journal.log(PEV)
        return PevSession(
            self.car, self.car.network, self.vehicle, self.evcc, rng=self._rng, log=log
        )

    def evse_session(self, network: V2gNetwork | None = None) -> EvseSession:
        """Return one session of the charger; ``network`` is its own unless said otherwise."""
        network, log = network or self.charger.network, self.journal.log(EVSE)
        return EvseSession(
            self.charger, network, self.plant.pilot, self.secc, rng=self._rng, log=log
        )

    async def run(self) -> DeskResult:
        """Plug in, charge, and say how it went. Whatever ends it, the vehicle ends safe.

        When it is cancelled the car goes first, so that the charger is there for its end.
        """
        began_s = self._loop.time()
        try:
            async with asyncio.TaskGroup() as group:
                helpers = [group.create_task(self._sample()), group.create_task(self._meddle())]
                evse_end = group.create_task(self.evse_session().run())
                pev_end = group.create_task(self.pev_session().run())
                try:
                    await asyncio.sleep(PLUG_IN_S)
                    self.plant.plug_in()
                    await asyncio.wait((pev_end, evse_end))
                except asyncio.CancelledError:
                    pev_end.cancel()
                    await asyncio.wait((pev_end,))
                    raise
                for helper in helpers:
                    helper.cancel()
        finally:
            self.vehicle.close()
        return DeskResult(
            pev=pev_end.result(),
            evse=evse_end.result(),
            truth=self.plant.truth(),
            strains=self.plant.strains,
            frames=self.powerline.frames,
            samples=self.samples,
            records=self.journal.records,
            duration_s=self._loop.time() - began_s,
        )

    @property
    def charging(self) -> bool:
        """The charge loop is running."""
        return self.evcc.record.phase == CHARGE_LOOP

    async def _sample(self) -> None:
        """Look at the plant now and then."""
        while True:
            truth = self.plant.truth()
            sample = ChargeSample(
                t_s=self.journal.now_s(),
                inlet_v=truth.inlet_v,
                battery_v=truth.battery_v,
                current_a=truth.current_a,
                soc_pct=truth.soc_pct,
                limited_by=self.evcc.demand.limited_by.value if self.charging else "",
            )
            self.samples.append(sample)
            for listener in self._on_sample:
                listener(sample)
            await asyncio.sleep(CHARGE_SAMPLE_S if self.charging else OTHER_SAMPLE_S)

    async def _meddle(self) -> None:
        """Do what the options want to happen in the charge loop."""
        options = self.options
        wanted: list[tuple[float | None, Callable[[], None]]] = [
            (options.stop_after_s, self.evcc.request_stop),
            (options.charger_stop_after_s, self.secc.request_stop),
            (options.break_pilot_after_s, self._break_pilot),
        ]
        await self._charge_began.wait()
        for after_s, action in wanted:
            if after_s is not None:
                self._loop.call_later(after_s, action)

    def _break_pilot(self) -> None:
        self.journal.log(PEV).warning("desk.pilot_wire_breaks")
        self.plant.pilot.fault = PilotFault.OPEN
