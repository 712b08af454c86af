"""Curves of scores over the number of clusters."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from kmcli.figures.style import Style

Best = Callable[[NDArray[np.float64]], np.intp]


def draw_curve(
    axes: Axes,
    numbers: Sequence[int],
    values: Sequence[float | None],
    color: str,
    *,
    label: str = "",
    line: str = "-",
    best: Best | None = None,
    ring: str | None = None,
) -> None:
    """Draw a score for each number of clusters, with a gap where it is None.

    `best` finds the position of the best value, which gets a circle, and its number of clusters
    beside it unless there is a label.
    """
    known = np.array(values, dtype=np.float64)
    axes.plot(numbers, known, line, color=color, marker="o", ms=5, label=label)
    if best is None or not np.isfinite(known).any():
        return
    position = int(best(known))
    place = numbers[position], known[position]
    axes.plot(*place, "o", ms=13, mfc="none", mec=ring or color)
    if not label:
        name = f"k = {numbers[position]}"
        axes.annotate(name, place, xytext=(9, 7), textcoords="offset points")


def finish_curves(axes: Axes, style: Style) -> None:
    """Name and divide the axis of the numbers of clusters; say so where there is no score."""
    axes.set_xlabel("number of clusters k")
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
    axes.margins(x=0.08, y=0.18)
    axes.grid(color=style.muted, alpha=0.25)
    if not any(np.isfinite(np.asarray(line.get_ydata())).any() for line in axes.get_lines()):
        axes.set(xticks=[], yticks=[])
        axes.text(0.5, 0.5, "no score", ha="center", color=style.muted, transform=axes.transAxes)
