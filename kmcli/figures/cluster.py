"""Pictures of a clustered table."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from kmcli.cluster.result import ClusterResult
from kmcli.cluster.scan import STABLE, ScanStep, recommend
from kmcli.figures.style import Style, new_figure, readable_on
from kmcli.text import counted, share_text

_MOST_POINTS = 5_000
_MOST_ARROWS = 12
_MOST_IN_LEGEND = 20
_MOST_WRITTEN = 24
"""Columns and clusters up to which numbers fit into the cells of the heat map."""

_LONGEST_NAME = 24

_LABEL_SIZE, _LABEL_GAP = 10, 4.0
"""Of the names of arrows, and between them and the tips, in points."""

_STRONG = 2.0
"""Spreads from the mean at which a cell of the heat map has its full colour."""

_GAP = 0.02
"""Between the blades of two clusters, as a share of the whole height."""


def draw_pca(result: ClusterResult, style: Style) -> Figure:
    """Draw up to 5,000 rows in the plane in which they differ most, with an arrow per column."""
    sketch = result.prepared.sketch.smallest(_MOST_POINTS)
    points = result.prepared.scaling.to_points(sketch.points)
    labels = result.fit.rule.label(points).numbers
    axes_, shares = _main_axes(result)
    plane = points @ axes_
    centers = result.fit.rule.centers @ axes_
    figure = new_figure(9, 7, style)
    with mpl.rc_context(style.rc()):
        axes = figure.add_subplot()
        colors = [style.color(number) for number in labels]
        # A row of the sample may stand for many: its area tells for how many.
        areas = np.clip(18 * sketch.weights / np.median(sketch.weights), 6, 60)
        axes.scatter(plane[:, 0], plane[:, 1], s=areas, c=colors, alpha=0.65, lw=0)
        _limit(axes, plane, centers)
        _draw_arrows(axes, _names(result), axes_, plane.mean(axis=0), centers, style)
        for number, (x, y) in enumerate(centers.tolist()):
            color, halo = style.color(number), [withStroke(linewidth=3, foreground=style.paper)]
            axes.plot(x, y, "o", ms=15, mfc=style.paper, mec=color, mew=2, clip_on=False)
            axes.annotate(
                str(number), (x, y), ha="center", va="center", fontsize=9, path_effects=halo
            )
        texts = [
            f"{name} main axis: {share:.0%} of the variance"
            for name, share in zip(("first", "second"), shares, strict=True)
        ]
        axes.set(xlabel=texts[0], ylabel=texts[1], title=_title(result, len(points)))
        axes.grid(color=style.muted, alpha=0.25)
        _legend(figure, result, style)
    return figure


def draw_profile(result: ClusterResult, style: Style) -> Figure:
    """Draw how far the mean of each cluster is from that of the table, column by column."""
    z = result.profile.z
    n_clusters, n_columns = z.shape
    written = max(z.shape) <= _MOST_WRITTEN
    width = min(max(7.0, 3.2 + 0.75 * n_columns), 20)
    figure = new_figure(width, min(max(3.6, 2.4 + 0.42 * n_clusters), 16), style)
    with mpl.rc_context(style.rc()):
        axes = figure.add_subplot()
        colors = LinearSegmentedColormap.from_list(
            "low to high", [style.color(0), style.paper, style.color(4)]
        )
        image = axes.imshow(z, cmap=colors, vmin=-_STRONG, vmax=_STRONG, aspect="auto")
        for (row, column), value in np.ndenumerate(z):
            if written and np.isfinite(value):
                ink = readable_on(to_hex(colors(0.5 + float(value) / (2 * _STRONG))))
                axes.text(column, row, _signed(value), ha="center", va="center", color=ink)
        shares = result.profile.rows / max(int(result.profile.rows.sum()), 1)
        labels = [f"{number}  ({share_text(share)})" for number, share in enumerate(shares)]
        step = max(1, n_clusters // 60)
        axes.set_yticks(range(0, n_clusters, step), labels[::step])
        names = _names(result)
        axes.set_xticks(range(n_columns), names, rotation=40, ha="right", rotation_mode="anchor")
        axes.set(ylabel="cluster (share of the rows)", title="What sets each cluster apart")
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        bar = figure.colorbar(image, ax=axes, extend="both", shrink=0.9)
        bar.set_label("spreads from the mean")
        bar.outline.set_visible(False)
    return figure


def draw_silhouette(result: ClusterResult, style: Style) -> Figure:
    """Draw the silhouette of each sampled row, cluster by cluster, of at least two that are scored.

    The height of a blade is the share of the rows; the line is the mean of all.
    """
    scores = result.scores
    assert scores is not None  # noqa: S101 - the command line scores what it draws
    assert scores.silhouette is not None  # noqa: S101 - and refuses one cluster
    total = float(scores.weights.sum())
    figure = new_figure(8, min(max(5.0, 2 + 0.45 * result.settings.n_clusters), 14), style)
    with mpl.rc_context(style.rc()):
        axes = figure.add_subplot()
        position = 0.0
        for number in range(result.settings.n_clusters):
            own = np.flatnonzero(scores.labels == number)
            own = own[np.argsort(scores.silhouettes[own], kind="stable")]
            heights = position + np.cumsum(scores.weights[own]) / total
            edges = np.concatenate([[position], heights])
            values = scores.silhouettes[own]
            color = style.color(number)
            if len(own):
                steps = np.concatenate([values, values[-1:]])
                axes.fill_betweenx(edges, 0, steps, step="post", color=color, lw=0)
            axes.annotate(
                str(number),
                (0, (position + edges[-1]) / 2),
                xytext=(-6, 0),
                textcoords="offset points",
                ha="right",
                va="center",
                path_effects=[withStroke(linewidth=3, foreground=style.paper)],
            )
            position = float(edges[-1]) + _GAP
        axes.axvline(scores.silhouette, color=style.ink, ls="--", lw=1.2)
        title = f"Silhouettes of {counted(scores.n_rows, 'row')}: mean {scores.silhouette:z.2f}"
        axes.set(title=title, xlabel="silhouette", yticks=[])
        axes.set_ylabel("rows of each cluster")
        lowest = float(np.nanmin(scores.silhouettes))
        axes.set_xlim(min(-0.1, lowest - 0.02), 1)
        axes.set_ylim(position, -_GAP)
        axes.grid(axis="x", color=style.muted, alpha=0.25)
    return figure


def draw_scan(scan: Sequence[ScanStep], style: Style) -> Figure:
    """Draw stability and silhouette of several numbers of clusters, and the inertia below."""
    numbers = [step.n_clusters for step in scan]
    number = recommend(scan)
    silhouettes = [np.nan if (s := step.scores.silhouette) is None else s for step in scan]
    figure = new_figure(8, 6.4, style)
    with mpl.rc_context(style.rc()):
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
        upper.axhspan(STABLE, 1.0, color=style.color(2), alpha=0.12, lw=0)
        for values, name, marker, index in (
            ([step.stability for step in scan], "stability", "o", 2),
            (silhouettes, "silhouette", "s", 0),
        ):
            upper.plot(numbers, values, marker=marker, label=name, color=style.color(index))
        lower.plot(numbers, [step.inertia for step in scan], marker="o", color=style.muted)
        for axes in (upper, lower):
            axes.grid(color=style.muted, alpha=0.25)
            if number is not None:
                axes.axvline(number, color=style.ink, ls="--", lw=1.2)
        title = (
            f"recommended: {counted(number, 'cluster')}"
            if number
            else "no number of clusters is stable"
        )
        upper.set(title=title, ylabel="higher is better", ylim=(None, 1.05))
        upper.legend()
        most = 1.1 * max(step.inertia for step in scan)
        lower.set(xlabel="number of clusters", ylabel="inertia: always falls", ylim=(0, most or 1))
        lower.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    return figure


def _main_axes(result: ClusterResult) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the two axes of most variance, shape (n_features, 2), and their shares of it."""
    sample = result.prepared.sample()
    middle = np.average(sample.points, axis=0, weights=sample.weights)
    centered = sample.points - middle
    covariance = (centered * sample.weights[:, np.newaxis]).T @ centered
    values, vectors = np.linalg.eigh(covariance)
    axes, shares = vectors[:, ::-1][:, :2], values[::-1][:2] / max(values.sum(), 1e-300)
    if axes.shape[1] == 1:
        axes, shares = np.column_stack([axes, np.zeros(len(axes))]), np.append(shares, 0)
    # An axis has no direction of its own: the strongest column shows which way is up.
    signs = np.sign(axes[np.abs(axes).argmax(axis=0), [0, 1]])
    return axes * np.where(signs < 0, -1, 1), np.maximum(shares, 0)


def _limit(axes: Axes, plane: NDArray[np.float64], centers: NDArray[np.float64]) -> None:
    """Show all but a few far rows, and every centre."""
    for values, middles, set_limits in (
        (plane[:, 0], centers[:, 0], axes.set_xlim),
        (plane[:, 1], centers[:, 1], axes.set_ylim),
    ):
        low, high = np.percentile(values, [0.2, 99.8])
        low, high = min(low, middles.min()), max(high, middles.max())
        room = 0.08 * (high - low) or 1.0
        set_limits(low - room, high + room)


def _draw_arrows(
    axes: Axes,
    names: Sequence[str],
    directions: NDArray[np.float64],
    middle: NDArray[np.float64],
    centers: NDArray[np.float64],
    style: Style,
) -> None:
    lengths = np.sqrt((directions**2).sum(axis=1))
    strongest = np.argsort(-lengths, kind="stable")[:_MOST_ARROWS]
    shown = strongest[lengths[strongest] >= 0.15 * lengths.max()]
    low_x, high_x = axes.get_xlim()
    low_y, high_y = axes.get_ylim()
    reach = 0.42 * min(high_x - low_x, high_y - low_y) / max(float(lengths.max()), 1e-300)
    tips = middle + reach * directions[shown]
    halo = [withStroke(linewidth=3, foreground=style.paper)]
    # Where the axes will be is not known before all is drawn: about as large as this, in points.
    scale = np.array([430 / (high_x - low_x), 400 / (high_y - low_y)])
    labels = [names[place] for place in shown]
    offsets = _label_offsets((tips - middle) * scale, labels, (centers - middle) * scale)
    for place, tip, (x, y) in zip(shown, tips, offsets, strict=True):
        arrow = {"arrowstyle": "->", "color": style.ink, "lw": 1.2, "alpha": 0.8}
        axes.annotate("", tuple(tip), tuple(middle), arrowprops=arrow)
        axes.annotate(
            names[place],
            tuple(tip),
            xytext=(x, y),
            textcoords="offset points",
            ha="left" if x >= 0 else "right",
            va="center",
            fontsize=_LABEL_SIZE,
            path_effects=halo,
            annotation_clip=False,
        )


def _label_offsets(
    tips: NDArray[np.float64], names: Sequence[str], centers: NDArray[np.float64]
) -> list[tuple[float, float]]:
    """Find places for the names of arrows from 0 to these tips, in points from each tip.

    The first, of the longest arrow, stands beside its tip; others move up or down to where they
    cover no names and centres, and little of the arrows.
    """
    lines = (np.linspace(0, 1, 40)[:, np.newaxis, np.newaxis] * tips).reshape(-1, 2)
    lows, highs = list(centers - 8), list(centers + 8)
    offsets = []
    for tip, name in zip(tips, names, strict=True):
        side = 1 if tip[0] >= 0 else -1
        ends = tip[0] + side * np.array([_LABEL_GAP, _LABEL_GAP + 0.62 * _LABEL_SIZE * len(name)])
        found = []
        for shift in sorted(range(-40, 41, 4), key=abs):
            low = np.array([ends.min(), tip[1] + shift - 0.7 * _LABEL_SIZE])
            high = np.array([ends.max(), tip[1] + shift + 0.7 * _LABEL_SIZE])
            covered = ((low < highs) & (lows < high)).all(axis=1).sum()
            crossed = ((low < lines) & (lines < high)).all(axis=1).sum()
            found.append((int(covered), int(crossed) + abs(shift) / 4, shift, low, high))
        _, _, shift, low, high = min(found, key=lambda place: place[:2])
        lows.append(low)
        highs.append(high)
        offsets.append((side * _LABEL_GAP, float(shift)))
    return offsets


def _names(result: ClusterResult) -> list[str]:
    """Give the names of the features, long ones without their middle."""
    names = [each.name for each in result.fit.rule.features]
    half = _LONGEST_NAME // 2
    return [f"{n[:half]}…{n[-half:]}" if len(n) > _LONGEST_NAME else n for n in names]


def _signed(value: float) -> str:
    text = f"{value:+z.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text


def _legend(figure: Figure, result: ClusterResult, style: Style) -> None:
    rows = result.profile.rows
    shown = min(len(rows), _MOST_IN_LEGEND)
    total = max(int(rows.sum()), 1)
    handles = [
        Line2D(
            [],
            [],
            linestyle="",
            marker="o",
            color=style.color(number),
            label=f"{number}: {share_text(rows[number] / total)}",
        )
        for number in range(shown)
    ]
    title = "cluster: share" if shown == len(rows) else f"the largest {shown} clusters"
    figure.legend(handles=handles, loc="outside right upper", title=title)


def _title(result: ClusterResult, n_shown: int) -> str:
    n_rows = int(result.prepared.sketch.moments.n_rows.sum())
    shown = f"{n_shown} of {n_rows} rows" if n_shown < n_rows else counted(n_rows, "row")
    return f"{shown} in the plane in which they differ most"
