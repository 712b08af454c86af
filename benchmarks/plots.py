"""Draw what was measured."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from benchmarks.tables import geometric_mean


def mark_plainly(axis: Axis) -> None:
    """Mark 1, 2 and 5 of each power of ten on a logarithmic axis, as plain numbers."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def plot_comparison(rows: Sequence[dict[str, Any]], target: Path) -> None:
    """Draw error against time for each number of colours; low and left is good."""
    colors = sorted({row["k"] for row in rows})
    names = list(dict.fromkeys(row["contender"] for row in rows))
    figure = Figure(figsize=(4 * len(colors), 5), layout="constrained")
    axes = figure.subplots(1, len(colors), squeeze=False)[0]
    for panel, k in zip(axes, colors, strict=True):
        for number, name in enumerate(names):
            own = [row for row in rows if row["k"] == k and row["contender"] == name]
            panel.plot(
                geometric_mean(row["seconds"] for row in own),
                geometric_mean(row["mse"] for row in own),
                marker="os^Dv<>PX*hp"[number % 12],
                markersize=11 if name.startswith("kmcli") else 7,
                linestyle="none",
                label=name,
                color=f"C{number % 10}",
            )
        panel.set(title=f"k = {k}", xlabel="seconds, whole process", xscale="log", yscale="log")
        panel.grid(alpha=0.3)
        mark_plainly(panel.xaxis)
        mark_plainly(panel.yaxis)
    axes[0].set_ylabel("MSE, geometric mean over the pictures")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(colors), frameon=False)
    figure.savefig(target, dpi=100)


def plot_growth(rows: Sequence[dict[str, Any]], target: Path) -> None:
    """Draw seconds, stage by stage, and peak memory against megapixels."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    times, memory = figure.subplots(1, 2)
    sizes = [row["megapixels"] for row in rows]
    stages = list(rows[0]["seconds"])
    times.stackplot(sizes, *([row["seconds"][stage] for row in rows] for stage in stages),
                    labels=stages)  # fmt: skip
    times.legend(loc="upper left", frameon=False)
    times.set(xlabel="Mpx", ylabel="seconds, stage by stage")
    memory.plot(sizes, [row["peak_mb"] for row in rows], marker="o")
    memory.set(xlabel="Mpx", ylabel="peak memory, MB", ylim=(0, None))
    figure.savefig(target, dpi=100)
