"""What `pyplc demo` shows while it runs: plain lines, a live display, or JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Protocol, Self

from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from pyplc_fw.services.desk import DeskOptions
from pyplc_fw.services.journal import Record
from pyplc_fw.trace.plot import ChargeSample

SIDES: Final = {"pev": "car", "evse": "charger"}
STYLES: Final = {"pev": "cyan", "evse": "magenta"}
UNITS: Final = {"v": "V", "a": "A", "w": "W", "s": "s", "pct": "%", "db": "dB", "hz": "Hz"}
SAID_ALREADY: Final = {"start"}
"Details that the words of the checkpoint say too."
PROGRESS_LINE_S: Final = 300.0
"Without a terminal, the charge loop says where it is this often (simulated seconds)."
REDRAW_S: Final = 0.1


def clock(t_s: float) -> str:
    """Return ``t_s`` as ``mm:ss.mmm``."""
    minutes, seconds = divmod(t_s, 60)
    return f"{int(minutes):02d}:{seconds:06.3f}"


def details(fields: Mapping[str, Any]) -> str:
    """Return the details of a record, ``name value unit`` each."""
    return ", ".join(
        _detail(name, value)
        for name, value in fields.items()
        if value not in (None, "") and name not in SAID_ALREADY
    )


def _detail(name: str, value: Any) -> str:
    stem, _, suffix = name.rpartition("_")
    unit = UNITS.get(suffix, "")
    words = stem.replace("_", " ") if unit and stem else name.replace("_", " ")
    if isinstance(value, bool):
        value = "yes" if value else "no"
    elif isinstance(value, float):
        value = f"{value:.1f}"
    elif isinstance(value, (list, tuple)):
        value = " ".join(map(str, value))
    return f"{words} {value}" + (f" {unit}" if unit else "")


def is_news(record: Record) -> bool:
    """Say whether a person wants to see ``record``: each checkpoint, and what is not normal."""
    return record.checkpoint is not None or record.level in {"warning", "error", "critical"}


def charge_words(sample: ChargeSample) -> str:
    """Return the state of the charge loop in one line."""
    return (
        f"{sample.inlet_v:6.1f} V  {sample.current_a:6.1f} A  "
        f"{sample.inlet_v * sample.current_a / 1000:5.1f} kW  SoC {sample.soc_pct:5.1f} %  "
        f"limited by {sample.limited_by}"
    )


class _Console(Console):
    """A console that leaves it to the command what happens when nobody reads any more."""

    def on_broken_pipe(self) -> None:
        """Let the error go on, which the caller is handling; rich would end the process."""
        raise BrokenPipeError


def choose(options: DeskOptions, *, json: bool, realtime: bool) -> View:
    """Return the view for what standard output is, after a line that says what comes."""
    console = _Console(highlight=False)
    if json:
        return JsonView(console)
    pace = "in real time" if realtime else "in virtual time"
    console.print(
        f"[bold]pyplc demo[/bold]: a car and a charger on the desk, {pace}, seed {options.seed}\n\n"
        f"{'time':>10}  {'side':<7}  {'no.':>3}  what happens",
    )
    if console.is_terminal:
        return LiveView(console, options.target_soc_pct)
    return PlainView(console)


def summary_parts(summary: Mapping[str, Any]) -> list[Table]:
    """Return the tables that say how it went: the end, the phases, and what is left to look at."""
    return [_end_table(summary), _phase_table(summary), _figures_table(summary)]


def _end_table(summary: Mapping[str, Any]) -> Table:
    table = _pairs("How it ended")
    colour = "green" if summary["ended"] == "normally" else "yellow"
    table.add_row("ended", Text(f"{summary['ended']}: {summary['sentence']}", style=colour))
    table.add_row("reason", f"{summary['reason']}")
    if summary["detail"]:
        table.add_row("detail", summary["detail"])
    if summary["remedy"]:
        table.add_row("what to do", summary["remedy"])
    state = (
        f"{summary['end_state']}: contactors {summary['contactors']}, pilot {summary['pilot']}, "
        f"connector {summary['connector']}"
    )
    table.add_row("the car is", Text(state, style="green" if "safe" in state else "red"))
    table.add_row("the charger", f"{summary['charger_end_state']} ({summary['charger_reason']})")
    for strain in summary["strains"]:
        table.add_row("strain", Text(f"{strain['what']} at {strain['value']:.1f}", style="red"))
    return table


def _phase_table(summary: Mapping[str, Any]) -> Table:
    table = Table(title="Phases of the car", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("phase")
    table.add_column("min:s", justify="right")
    for phase, seconds in summary["phases"].items():
        table.add_row(phase, f"{clock(seconds)}")
    table.add_row("all, from switching on", clock(summary["simulated_s"]), style="bold")
    return table


def _figures_table(summary: Mapping[str, Any]) -> Table:
    table = _pairs("Figures")
    if summary["soc_start_pct"] is not None and summary["soc_end_pct"] is not None:
        soc = f"{summary['soc_start_pct']:.1f} % to {summary['soc_end_pct']:.1f} %"
        table.add_row("state of charge", soc)
    table.add_row("energy", f"{summary['energy_wh'] / 1000:.2f} kWh")
    table.add_row(
        "at most",
        f"{summary['max_voltage_v']:.1f} V, {summary['max_current_a']:.1f} A, "
        f"{summary['max_power_w'] / 1000:.1f} kW",
    )
    for name, seconds in summary["limited_by"].items():
        table.add_row(f"limited by {name}", clock(seconds))
    table.add_row("V2G messages", f"{summary['messages']}")
    table.add_row("frames", f"{summary['frames']}")
    table.add_row("computed in", f"{summary['wall_s']:.1f} s")
    for what, path in summary["files"].items():
        table.add_row(what, path)
    return table


def _pairs(title: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, show_header=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    return table


class View(Protocol):
    """Someone who watches the desk."""

    def on_record(self, record: Record) -> None: ...

    def on_sample(self, sample: ChargeSample) -> None: ...

    def summary(self, summary: Mapping[str, Any]) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class PlainView:
    """One plain line for each step, and one now and then in the charge loop."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._next_progress_s = 0.0
        self._limited_by = ""

    def on_record(self, record: Record) -> None:
        if is_news(record):
            self._print(record.t_s, record.side, record.checkpoint, record.meaning, record.fields)

    def _print(
        self, t_s: float, side: str, number: int | None, words: str, fields: Mapping[str, Any]
    ) -> None:
        line = Text(f"{clock(t_s):>10}  ")
        line.append(f"{SIDES[side]:<7}", style=STYLES[side])
        line.append(f"  {number or '':>3}  ")
        line.append(words, style="bold" if number else "yellow")
        if said := details(fields):
            line.append(f"  {said}", style="dim")
        self._console.print(line, soft_wrap=True)

    def on_sample(self, sample: ChargeSample) -> None:
        if not sample.limited_by:
            return
        if sample.t_s >= self._next_progress_s or sample.limited_by != self._limited_by:
            self._next_progress_s = sample.t_s + PROGRESS_LINE_S
            self._limited_by = sample.limited_by
            self._console.print(
                f"{clock(sample.t_s):>10}  {'':7}       {charge_words(sample)}", soft_wrap=True
            )

    def summary(self, summary: Mapping[str, Any]) -> None:
        """Show how it went."""
        for part in summary_parts(summary):
            self._console.print()
            self._console.print(part)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Nothing to put back."""


class LiveView(PlainView):
    """The same lines, and below them the charge loop as it goes."""

    def __init__(self, console: Console, target_soc_pct: float) -> None:
        super().__init__(console)
        self._target_soc_pct = target_soc_pct
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._drawn_at = 0.0

    def on_sample(self, sample: ChargeSample) -> None:
        now = time.monotonic()
        if not sample.limited_by:
            self._live.update(Text(""), refresh=False)
        elif now >= self._drawn_at + REDRAW_S:
            self._drawn_at = now
            self._live.update(self._panel(sample), refresh=True)

    def _panel(self, sample: ChargeSample) -> Panel:
        numbers = Table.grid(padding=(0, 3))
        numbers.add_row(
            Text(f"{sample.inlet_v:.1f} V", style="bold red"),
            Text(f"{sample.current_a:.1f} A", style="bold blue"),
            Text(f"{sample.inlet_v * sample.current_a / 1000:.1f} kW", style="bold"),
            Text(f"SoC {sample.soc_pct:.1f} %", style="bold green"),
            Text(f"limited by {sample.limited_by}", style="dim"),
        )
        bar = ProgressBar(total=100.0, completed=sample.soc_pct, width=60)
        return Panel(
            Group(numbers, bar),
            title=f"charging  {clock(sample.t_s)}",
            subtitle=f"until {self._target_soc_pct:g} %",
            expand=False,
        )

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._live.update(Text(""), refresh=True)
        self._live.__exit__(kind, exc, traceback)


class JsonView(PlainView):
    """One JSON object a line: records and samples, for machines."""

    def on_record(self, record: Record) -> None:
        self.emit(
            {
                "t": round(record.t_s, 6),
                "side": record.side,
                "level": record.level,
                "event": record.event,
                "checkpoint": record.checkpoint,
                "meaning": record.meaning,
                "fields": record.fields,
            }
        )

    def on_sample(self, sample: ChargeSample) -> None:
        self.emit({"t": round(sample.t_s, 6), "sample": sample._asdict()})

    def summary(self, summary: Mapping[str, Any]) -> None:
        self.emit({"summary": dict(summary)})

    def emit(self, obj: Mapping[str, Any]) -> None:
        """Print ``obj`` on a line of its own."""
        print(json.dumps(obj, default=str), file=self._console.file)
