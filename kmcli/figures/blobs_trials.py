"""Pictures that compare many clusterings of the same points."""

import math
from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator

from kmcli.blobs.data import Points
from kmcli.blobs.trials import ScanStep, StartTrials
from kmcli.figures.curves import Best, draw_curve, finish_curves
from kmcli.figures.plane import Plane
from kmcli.figures.style import Style, new_figure

_COLUMNS = 5
_ROW_INCHES = 5
"""The height of clusters with their silhouettes."""

_CURVES = {
    "inertia": "inertia: always falls",
    "silhouette": "silhouette: higher is better",
    "calinski_harabasz": "Calinski-Harabasz: higher",
    "davies_bouldin": "Davies-Bouldin: lower",
    "stability": "stability: 1 is best",
}
_BEST: dict[str, Best] = {
    "silhouette": np.nanargmax,
    "calinski_harabasz": np.nanargmax,
    "davies_bouldin": np.nanargmin,
}
"""Where the best value of each score is."""

_MOST_NUMBERED = 8
"""Of more clusters the numbers beside the silhouettes would overlap."""

_NO_CLUSTER = 0.02
"""Gap between the blades of two clusters, as a share of the points."""


def draw_scan(points: Points, scan: Sequence[ScanStep], style: Style) -> Figure:
    """Draw the scores for several numbers of clusters, and the clusters above their silhouettes."""
    bladed = [step for step in scan if step.scores is not None]
    n_rows = math.ceil(len(bladed) / _COLUMNS)
    figure = new_figure(14, 3.6 + _ROW_INCHES * n_rows, style)
    with mpl.rc_context(style.rc()):
        upper, *lower = figure.subfigures(
            1 + bool(n_rows),
            1,
            height_ratios=[3.6] + [_ROW_INCHES * n_rows] * bool(n_rows),
            squeeze=False,
        )[:, 0]
        _draw_curves(upper, scan, style)
        for part in lower:
            _draw_clusters(part, points, bladed, style)
    return figure


def _draw_curves(part: SubFigure, scan: Sequence[ScanStep], style: Style) -> None:
    numbers = [step.n_clusters for step in scan]
    for index, (axes, (key, title)) in enumerate(
        zip(part.subplots(1, len(_CURVES)), _CURVES.items(), strict=True)
    ):
        values = [getattr(step.scores if key in _BEST else step, key, None) for step in scan]
        best, color = _BEST.get(key), style.color(index)
        draw_curve(axes, numbers, values, color, best=best, ring=style.ink)
        finish_curves(axes, style)
        axes.set_title(title, fontsize=11)


def _draw_clusters(
    part: SubFigure, points: Points, steps: Sequence[ScanStep], style: Style
) -> None:
    """Draw the clusters of each number, and beneath them their silhouettes."""
    n_rows = math.ceil(len(steps) / _COLUMNS)
    panels = part.subplots(2 * n_rows, _COLUMNS, squeeze=False, height_ratios=[5, 3] * n_rows)
    plane = Plane(points, mark=0.65)
    scatters, blades = panels[::2].ravel(), panels[1::2].ravel()
    for above, below, step in zip(scatters, blades, steps, strict=False):
        plane.prepare(above)
        above.set(xticks=[], yticks=[])
        above.set_title(f"k = {step.n_clusters}", fontsize=11)
        plane.scatter(above, style, step.labels)
        plane.boundaries(above, style, step.centers)
        plane.centers(above, style, step.centers)
        _draw_blades(below, step, style)
        below.set_xlabel("silhouette", fontsize=9)
    for axes in (*scatters[len(steps) :], *blades[len(steps) :]):
        axes.set_axis_off()
    title = "the clusters, and the silhouettes of their points; the line is the mean"
    across, up = plane.names
    axes_of = f"\nacross: {across}, up: {up}" if plane.is_projected else ""
    part.suptitle(title + axes_of + ("" if plane.is_equal else "; the axes have different scales"))


def _draw_blades(axes: Axes, step: ScanStep, style: Style) -> None:
    assert step.scores is not None  # noqa: S101 - only such steps are drawn
    silhouettes, mean = step.scores.silhouettes, step.scores.silhouette
    position = 0.0
    left = min(-0.2, float(silhouettes.min()))
    for number in range(step.n_clusters):
        values = np.sort(silhouettes[step.labels == number])
        rows = position + np.arange(len(values))
        axes.fill_betweenx(rows, 0, values, color=style.color(number), lw=0)
        if step.n_clusters <= _MOST_NUMBERED:
            middle = position + len(values) / 2
            axes.text(left - 0.02, middle, str(number), ha="right", va="center", fontsize=8)
        position += len(values) + _NO_CLUSTER * len(silhouettes)
    axes.axvline(mean, color=style.ink, ls="--", lw=1.2)
    axes.set_title(f"mean {mean:.2f}", fontsize=10)
    axes.set_yticks([])
    axes.set_xlim(left, 1)
    axes.set_ylim(-0.5, position)  # a silhouette of 0 is too thin to be seen
    axes.set_xticks([0, 0.5, 1])


def draw_starts(trials: Sequence[StartTrials], style: Style) -> Figure:
    """Draw where single starts of either kind end, and after how many iterations."""
    figure = new_figure(10, 4.6, style)
    with mpl.rc_context(style.rc()):
        left, right = figure.subplots(1, 2)
        every = np.concatenate([each.inertias for each in trials])
        iters = np.concatenate([each.n_iters for each in trials])
        low, high = float(every.min()), float(every.max())
        room = 0.02 * max(high - low, 1e-9 * max(high, 1))
        bins = np.linspace(low - room, high + room, 31)
        counts = np.arange(iters.min(), iters.max() + 2) - 0.5
        for index, each in enumerate(trials):
            label = f"{each.init}: {each.worse_share:.1%} are worse than the best found"
            outline = style.outline(index)
            left.hist(each.inertias, bins=bins.tolist(), label=label, **outline)
            right.hist(each.n_iters, bins=counts.tolist(), **outline)
        left.set(xlabel="inertia", ylabel="starts", title="where single starts end")
        right.set(xlabel="iterations", ylabel="starts", title="how long they take")
        right.xaxis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))
        left.xaxis.set_major_locator(MaxNLocator(5))
        for axes in (left, right):
            axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
            axes.grid(color=style.muted, alpha=0.25)
        figure.legend(loc="outside lower center", ncols=len(trials))
    return figure
