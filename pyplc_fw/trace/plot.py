"""The picture of a charge: voltage, current and state of charge over time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class ChargeSample(NamedTuple):
    """The plant at one moment."""

    t_s: float
    "Seconds since the start."
    inlet_v: float
    battery_v: float
    current_a: float
    soc_pct: float
    limited_by: str
    "What keeps the current from being higher; empty outside the charge loop."


def plot_charge(
    samples: Sequence[ChargeSample], marks: Sequence[tuple[float, str]], title: str, path: Path
) -> None:
    """Draw ``samples`` into the PNG file ``path``; ``marks`` are moments (s) with a word each.

    Raises ModuleNotFoundError where matplotlib is not installed, OSError where ``path`` cannot be
    written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - slow to import
    from matplotlib.figure import Figure  # noqa: PLC0415

    minutes = [s.t_s / 60 for s in samples]
    figure = Figure(figsize=(11, 7), layout="constrained")
    FigureCanvasAgg(figure)
    volts, amps, soc = figure.subplots(3, 1, sharex=True, height_ratios=(3, 3, 2))
    volts.plot(minutes, [s.inlet_v for s in samples], color="tab:red", label="inlet")
    volts.plot(minutes, [s.battery_v for s in samples], color="tab:orange", label="battery")
    volts.set_ylabel("voltage / V")
    volts.legend(loc="lower right")
    volts.set_title(title)
    amps.plot(minutes, [s.current_a for s in samples], color="tab:blue")
    amps.set_ylabel("current / A")
    soc.plot(minutes, [s.soc_pct for s in samples], color="tab:green")
    soc.set_ylabel("SoC / %")
    soc.set_ylim(0, 100)
    soc.set_xlabel("time / min")
    for axes in (volts, amps, soc):
        axes.grid(visible=True, alpha=0.3)
        axes.set_ylim(bottom=0)
        for t_s, _ in marks:
            axes.axvline(t_s / 60, color="0.6", linewidth=0.8, linestyle=":")
    for t_s, word in marks:
        amps.annotate(
            word,
            (t_s / 60, 0.97),
            xycoords=("data", "axes fraction"),
            rotation=90,
            va="top",
            ha="right",
            fontsize=8,
            color="0.35",
        )
    figure.savefig(path, dpi=110)
