"""The picture of a charge: voltage, current and state of charge over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple


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
    samples: Sequence[ChargeSample],
    marks: Sequence[tuple[float, str]],
    title: str,
    path: Path,
    *,
    charge_from_s: float | None = None,
) -> None:
    """Draw ``samples`` into the PNG file ``path``; ``marks`` are moments (s) with a word each.

    With ``charge_from_s`` the seconds up to there get a column of their own: what happens in them
    would be one line beside the charge. Raises ModuleNotFoundError where matplotlib is not
    installed, OSError where ``path`` cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - slow to import
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(13, 8), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title)
    if charge_from_s is None:
        _draw_column(figure.subplots(3, 1, sharex=True, **_ROWS), samples, marks, 1.0, "s")
    else:
        until_s = charge_from_s + AFTER_BEGIN_S
        axes = figure.subplots(3, 2, sharex="col", width_ratios=(2, 3), **_ROWS)
        first = [s for s in samples if s.t_s <= until_s]
        _draw_column(axes[:, 0], first, [m for m in marks if m[0] <= until_s], 1.0, "s")
        _draw_column(axes[:, 1], samples, [m for m in marks if m[0] > until_s], 60.0, "min")
    figure.savefig(path, dpi=100)


def _draw_column(
    rows: Any,
    samples: Sequence[ChargeSample],
    marks: Sequence[tuple[float, str]],
    scale: float,
    unit: str,
) -> None:
    """Draw voltage, current and state of charge below each other, ``scale`` seconds to a unit."""
    volts, amps, soc = rows
    times = [s.t_s / scale for s in samples]
    volts.plot(times, [s.inlet_v for s in samples], color="tab:red", label="inlet")
    volts.plot(times, [s.battery_v for s in samples], color="tab:orange", ls="--", label="battery")
    volts.set_ylabel("voltage / V")
    volts.legend(loc="center left")
    amps.plot(times, [s.current_a for s in samples], color="tab:blue", label="current")
    amps.set_ylabel("current / A")
    soc.plot(times, [s.soc_pct for s in samples], color="tab:green", label="SoC")
    soc.set_ylabel("SoC / %")
    soc.set_xlabel(f"time / {unit}")
    for axes in rows:
        axes.grid(visible=True, alpha=0.3)
        axes.set_ylim(bottom=0)
        for t_s, _ in marks:
            axes.axvline(t_s / scale, color="0.6", linewidth=0.8, linestyle=":")
    soc.set_ylim(0, 100)
    amps.set_ylim(top=max(1.0, 1.1 * max((s.current_a for s in samples), default=0.0)))
    _name_marks(volts, marks, scale, 0.04 * (times[-1] - times[0]) if times else 0.0)


def _name_marks(axes: Any, marks: Sequence[tuple[float, str]], scale: float, near: float) -> None:
    """Write each mark's word left of its line, or right of it where one is near on the left."""
    before = -math.inf
    for t_s, word in marks:
        side = "left" if t_s / scale - before < near else "right"
        axes.annotate(word, (t_s / scale, 0.03), ha=side, **_MARK)
        before = t_s / scale


AFTER_BEGIN_S: Final = 4.0
"So much of the charge loop is still in the first column: the current's ramp."
_ROWS: Final[dict[str, Any]] = {"height_ratios": (3, 3, 2)}
_MARK: Final[dict[str, Any]] = {
    "xycoords": ("data", "axes fraction"),
    "rotation": 90,
    "va": "bottom",
    "fontsize": 9,
    "color": "0.35",
}
