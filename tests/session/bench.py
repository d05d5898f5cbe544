"""A desk with a judge at it: whole sessions, and what may happen to them on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from pyplc_fw.faults import Reason
from pyplc_fw.services.desk import CAR_MAC, PEV, PLUG_IN_S, Desk, DeskOptions
from pyplc_fw.services.journal import Record
from pyplc_fw.sim.plant import Truth
from pyplc_fw.sim.virtual_time import run_virtual
from pyplc_fw.v2g.evcc import Evcc
from pyplc_fw.v2g.ports import V2gNetwork
from pyplc_fw.v2g.session_end import SessionEnd
from pyplc_fw.vehicle.ports import GuardRules
from tests.session.judge import LOOKS_EVERY_S, Finding, Judge

SHORT: Final = DeskOptions(soc_pct=79.9, battery_kwh=20.0)
"A charge of seconds."
LONG: Final = DeskOptions(soc_pct=30.0, target_soc_pct=60.0)
"A charge that something else than the battery ends."
LIMIT_S: Final = 400.0
"Every session ends within this time."
UNPLUGS_S: Final = 5.0
"From the car's end to the hand that pulls the plug."
IDLE_LOOKS_S: Final = 0.05
TCP_FLAGS: Final = 14 + 40 + 13
RST: Final = 0x04
CONNECTED: Final = 303


@dataclass(kw_only=True)
class Outcome:
    """How it went."""

    pev: SessionEnd | None
    "None when the car's session was cancelled, or had not begun."
    evse: SessionEnd | None
    truth: Truth
    "At the end, before the plug is pulled."
    findings: list[Finding]
    records: list[Record] = field(repr=False)
    frames: list[tuple[float, str, bytes]] = field(repr=False)
    desk: Desk = field(repr=False)

    @property
    def reasons(self) -> tuple[Reason | None, Reason | None]:
        """Why it ended: the car's reason, the charger's."""
        return (_reason(self.pev), _reason(self.evse))

    def checkpoints(self, side: str) -> list[int]:
        """Return the numbers that ``side`` logged, in order."""
        return [r.checkpoint for r in self.records if r.side == side and r.checkpoint]

    def events(self, side: str) -> list[str]:
        return [r.event for r in self.records if r.side == side]


class Bench:
    """One desk, judged; build it within the running loop."""

    def __init__(
        self,
        options: DeskOptions = SHORT,
        *,
        bolt_forced: bool = False,
        rules: GuardRules | None = None,
    ) -> None:
        # Without rules of its own a bench has the harder car: nothing measures at its inlet.
        self.desk = desk = Desk(options, rules=rules or GuardRules())
        self.judge = Judge(desk.plant, owner_a=options.owner_max_a, bolt_forced=bolt_forced)
        self.frames: list[tuple[float, str, bytes]] = []
        self.evse_network: V2gNetwork = desk.charger.network
        "May be replaced by one that tampers with what the charger says."
        self.pev_task: asyncio.Task[SessionEnd] | None = None
        self._loop = asyncio.get_running_loop()
        self._due: list[tuple[int, float, Callable[[], object]]] = []
        desk.powerline.tap(self._on_frame)
        desk.journal.listen(self._on_record)

    # --- what happens on the way ---------------------------------------------------------------

    def when(self, checkpoint: int, action: Callable[[], object], *, after_s: float = 0.0) -> None:
        """Do ``action`` once when ``checkpoint`` is logged, or ``after_s`` later."""
        self._due.append((checkpoint, after_s, action))

    def _do(self, action: Callable[[], object]) -> None:
        self.judge.look()
        action()
        self.judge.look()

    def _on_frame(self, t_s: float, interface: str, frame: bytes) -> None:
        self.frames.append((t_s, interface, frame))
        self.judge.look()
        if frame[12:14] == b"\x86\xdd" and frame[20] == 6 and frame[TCP_FLAGS] & RST:
            self.judge.link_lost = True

    def _on_record(self, record: Record) -> None:
        if record.side == PEV and record.checkpoint == CONNECTED:
            self.judge.session = True
        if record.event == "v2g.session_end":
            if record.side == PEV:
                self.judge.session = False
            self.judge.link_lost = True
        self.judge.look()
        for due in [due for due in self._due if due[0] == record.checkpoint]:
            self._due.remove(due)
            self._loop.call_later(due[1], self._do, due[2])

    async def _keep_looking(self) -> None:
        while True:
            truth = self.judge.look()
            live = truth.s2 or truth.supply_connected or truth.plus_closed or truth.minus_closed
            live = live or truth.cable_v > 1.0 or 0.0 < truth.lock_position < 1.0
            await asyncio.sleep(LOOKS_EVERY_S if live else IDLE_LOOKS_S)

    # --- sessions ------------------------------------------------------------------------------

    async def session(self, *, limit_s: float = LIMIT_S) -> Outcome:
        """Plug in, let both sides run, and unplug; everything is judged."""
        desk = self.desk
        watch = self._loop.create_task(self._keep_looking())
        evse = self._loop.create_task(desk.evse_session(self.evse_network).run())
        self.pev_task = pev = self._loop.create_task(desk.pev_session().run())
        self.judge.link_lost = False
        plug_in = self._loop.call_later(PLUG_IN_S, desk.plant.plug_in)
        try:
            await asyncio.wait((pev,), timeout=limit_s)
            await asyncio.sleep(UNPLUGS_S)
            truth = self.judge.look()
            cancelled = pev.cancelled() or not pev.done()
            self.judge.judge_end("safe" if cancelled else pev.result().end_state.value)
            desk.plant.plug_out()
            await asyncio.wait((evse,), timeout=limit_s)
        finally:
            plug_in.cancel()
            for task in (watch, pev, evse):
                task.cancel()
            await asyncio.wait((watch, pev, evse))
        return Outcome(
            pev=_result(pev),
            evse=_result(evse),
            truth=truth,
            findings=list(self.judge.findings),
            records=list(desk.journal.records),
            frames=self.frames,
            desk=desk,
        )

    def close(self) -> None:
        self.desk.vehicle.close()

    def renew_evcc(self) -> None:
        """Give the next session an EVCC of its own."""
        desk = self.desk
        desk.evcc = Evcc(
            desk.vehicle, desk.plant.battery, evccid=CAR_MAC, log=desk.journal.log(PEV)
        )


def _reason(end: SessionEnd | None) -> Reason | None:
    return None if end is None else end.reason


def _result(task: asyncio.Task[SessionEnd]) -> SessionEnd | None:
    return None if task.cancelled() else task.result()


def judged(
    options: DeskOptions = SHORT,
    happens: Callable[[Bench], object] = lambda _: None,
    *,
    bolt_forced: bool = False,
    limit_s: float = LIMIT_S,
    rules: GuardRules | None = None,
) -> Outcome:
    """Run one session in virtual time; ``happens`` prepares what shall go wrong."""

    async def main() -> Outcome:
        bench = Bench(options, bolt_forced=bolt_forced, rules=rules)
        happens(bench)
        try:
            return await bench.session(limit_s=limit_s)
        finally:
            bench.close()

    return run_virtual(main())
