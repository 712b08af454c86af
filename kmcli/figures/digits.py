"""Pictures of clustered digits."""

import itertools
import math

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from kmcli.digits import NO_DIGIT, DigitsResult, find_confusions
from kmcli.figures.style import Style, new_figure
from kmcli.settings import N_DIGITS

_GREY_MAX = 16
"""The grey value of full ink in scikit-learn's digits."""

_MOST_CONFUSIONS = 10
_MOST_EXAMPLES = 12
"""As many rows and columns as stay readable in the picture of what went wrong."""

_NAME_ROOM = 0.045
"""Distance between two names on the plane, as a share of its width."""

_MOST_PUSHES = 50
"""Of a hundred clusters some names overlap however long they are pushed."""

_MOST_COUNTED_COLUMNS = 40
"""Beyond as many clusters the counts would not fit into the cells of the confusion matrix."""


def draw_centroids(result: DigitsResult, style: Style) -> Figure:
    """Draw the mean picture of each cluster, ordered by digit, with its number, size and purity."""
    n_clusters = len(result.sizes)
    n_columns = min(n_clusters, max(5, math.ceil(math.sqrt(1.5 * n_clusters))))
    n_rows = math.ceil(n_clusters / n_columns)
    figure = new_figure(max(6.2, 1.75 * n_columns), 0.7 + 2.55 * n_rows, style)
    with mpl.rc_context(style.rc()):
        figure.suptitle("Mean picture of each cluster and the digit it stands for", fontsize=14)
        grid = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
        for axes in grid[n_clusters:]:
            axes.set_axis_off()
        for axes, cluster in zip(grid, result.column_order, strict=False):
            digit = result.matching.labels[cluster]
            _show_digit(axes, result.centroids[cluster], style)
            for spine in axes.spines.values():
                spine.set(visible=True, color=_digit_color(digit, style), linewidth=2.5)
            axes.set_title(_digit_name(digit), fontsize=16, fontweight="bold")
            size, purity = result.sizes[cluster], result.purities[cluster]
            axes.set_xlabel(f"cluster {cluster}\n{size} digits\n{purity:.1%} pure", fontsize=10)
    return figure


def draw_plane(result: DigitsResult, style: Style) -> Figure:
    """Draw the digits on a plane, once coloured by cluster and once by what they are.

    Clusters that stand for a digit have its colour, others are grey.
    """
    figure = new_figure(13, 7.4, style)
    kind = {"one-to-one": "one to one", "majority": "by majority"}[result.settings.effective_match]
    with mpl.rc_context(style.rc()):
        left, right = figure.subplots(1, 2, sharex=True, sharey=True)
        share = result.matching.share
        left.set_title(f"learned clusters, matched {kind}: {share:.1%} right", fontsize=14)
        right.set_title("true labels", fontsize=14)
        _scatter(left, result.plane.points, result.predicted, style)
        _scatter(right, result.plane.points, result.digits.targets, style)
        named = {
            cluster: str(digit)
            for cluster, digit in enumerate(result.matching.labels)
            if digit is not None
        }
        _write_names(left, result.plane.points, result.clustering.labels, named, style)
        digits = {digit: str(digit) for digit in range(N_DIGITS)}
        _write_names(right, result.plane.points, result.digits.targets, digits, style)
        low, high = result.plane.points.min(axis=0), result.plane.points.max(axis=0)
        # Both axes have one scale: a distance is as long in either direction.
        half = 0.53 * float((high - low).max())
        for axes in (left, right):
            axes.set(xlabel=result.plane.axes[0], xticks=[], yticks=[])
            for limit, middle in zip((axes.set_xlim, axes.set_ylim), (low + high) / 2, strict=True):
                limit(middle - half, middle + half)
            axes.set_box_aspect(1)
        left.set_ylabel(result.plane.axes[1])
        shown = sorted({*result.predicted.tolist(), *range(N_DIGITS)} - {NO_DIGIT})
        handles = [
            Line2D([], [], linestyle="", marker="o", color=style.color(digit), label=str(digit))
            for digit in shown
        ]
        if NO_DIGIT in result.predicted:
            grey = Line2D([], [], linestyle="", marker="o", color=style.muted, label="no digit")
            handles.append(grey)
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=12)
    return figure


def draw_confusion(result: DigitsResult, style: Style) -> Figure:
    """Draw the confusion matrix: rows are true digits, columns clusters, ordered by digit."""
    counts = result.counts[:, result.column_order]
    n_clusters = counts.shape[1]
    width = 2.6 + 0.55 * max(8, n_clusters) if n_clusters <= _MOST_COUNTED_COLUMNS else 16
    figure = new_figure(width, 7, style)
    with mpl.rc_context(style.rc()):
        axes = figure.add_subplot()
        colors = LinearSegmentedColormap.from_list("counts", [style.paper, style.color(0)])
        image = axes.imshow(counts, cmap=colors, vmin=0, aspect="auto")
        labels = [result.matching.labels[cluster] for cluster in result.column_order]
        names = [
            f"{'-' if digit is None else digit}\nc{cluster}"
            for digit, cluster in zip(labels, result.column_order, strict=True)
        ]
        axes.set(
            title="What the clusters hold",
            xlabel="matched digit, and the number of the cluster",
            ylabel="true digit",
            yticks=range(N_DIGITS),
        )
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        if n_clusters > _MOST_COUNTED_COLUMNS:
            _name_groups(axes, labels, style)
        else:
            axes.set_xticks(range(n_clusters), names)
            _write_counts(axes, counts, style)
        for edge in np.arange(0.5, n_clusters - 1):
            axes.axvline(edge, color=style.muted, linewidth=0.4, alpha=0.4)
        for edge in np.arange(0.5, N_DIGITS - 1):
            axes.axhline(edge, color=style.muted, linewidth=0.4, alpha=0.4)
        figure.colorbar(image, ax=axes, label="digits", fraction=0.05, pad=0.02)
    return figure


def draw_misses(result: DigitsResult, style: Style) -> Figure:
    """Draw digits that were matched wrongly, a row for each of the most frequent confusions.

    In each row, the digits nearest to the centre of their cluster come first: those of which it
    was most certain.
    """
    confusions = find_confusions(result)
    shown = confusions[:_MOST_CONFUSIONS]
    figure = new_figure(11, 1.2 + 0.78 * max(1, len(shown)), style)
    n_wrong = sum(one.count for one in confusions)
    with mpl.rc_context(style.rc()):
        figure.suptitle(
            f"{n_wrong} of {len(result.points)} digits are matched wrongly; "
            "nearest to the centre first",
            fontsize=14,
        )
        if not shown:
            return figure
        grid = figure.subplots(len(shown), _MOST_EXAMPLES, squeeze=False)
        for row, one in zip(grid, shown, strict=True):
            taken_for = NO_DIGIT if one.taken_for is None else one.taken_for
            wrong = (result.digits.targets == one.true) & (result.predicted == taken_for)
            members = np.flatnonzero(wrong)
            members = members[np.argsort(result.distances[members], kind="stable")]
            for axes in row:
                axes.set(xticks=[], yticks=[])
                axes.spines[:].set_visible(False)
            for axes, member in zip(row, members, strict=False):
                _show_digit(axes, result.digits.images[member], style)
            row[0].set_ylabel(
                f"{one.true} taken for {_digit_name(one.taken_for)}\n{one.count} times",
                rotation=0,
                ha="right",
                va="center",
            )
    return figure


def _name_groups(axes: Axes, labels: list[int | None], style: Style) -> None:
    """Name neighbouring columns that stand for the same digit together."""
    starts = [0, *(i for i in range(1, len(labels)) if labels[i] != labels[i - 1]), len(labels)]
    groups = list(itertools.pairwise(starts))
    middles = [(start + end - 1) / 2 for start, end in groups]
    axes.set_xticks(middles, [_digit_name(labels[start]) for start, _ in groups], fontsize=14)
    axes.set_xlabel("matched digit, a column for each of its clusters")
    for start in starts[1:-1]:
        axes.axvline(start - 0.5, color=style.ink, linewidth=1)


def _show_digit(axes: Axes, picture: NDArray[np.float64], style: Style) -> None:
    colors = LinearSegmentedColormap.from_list("ink", [style.paper, style.ink])
    axes.imshow(picture, cmap=colors, vmin=0, vmax=_GREY_MAX, interpolation="nearest")
    axes.set(xticks=[], yticks=[])


def _scatter(
    axes: Axes, points: NDArray[np.float64], digits: NDArray[np.integer], style: Style
) -> None:
    # In the order of the data, so that no digit hides all others.
    colors = {digit: style.color(digit) for digit in range(N_DIGITS)} | {NO_DIGIT: style.muted}
    shown = [colors[digit] for digit in digits.tolist()]
    axes.scatter(points[:, 0], points[:, 1], c=shown, s=16, alpha=0.75, linewidths=0)


def _write_names(
    axes: Axes,
    points: NDArray[np.float64],
    labels: NDArray[np.integer],
    names: dict[int, str],
    style: Style,
) -> None:
    """Write names amid their points, moved apart where they would cover each other."""
    middles = [np.median(points[labels == number], axis=0) for number in names]
    room = _NAME_ROOM * float(np.ptp(points, axis=0).max())
    halo = [withStroke(linewidth=4, foreground=style.paper)]
    for (x, y), name in zip(_apart(np.array(middles), room).tolist(), names.values(), strict=True):
        axes.text(
            x, y, name, fontsize=16, fontweight="bold", ha="center", va="center", path_effects=halo
        )


def _apart(places: NDArray[np.float64], room: float) -> NDArray[np.float64]:
    """Push places away from each other until most are `room` apart."""
    places = places.copy()
    for _ in range(_MOST_PUSHES):
        offsets = places[:, np.newaxis] - places
        distances = np.sqrt((offsets**2).sum(axis=2))
        np.fill_diagonal(distances, np.inf)
        overlap = np.maximum(room - distances, 0)
        if not overlap.any():
            break
        pushes = offsets / np.maximum(distances, room / 100)[..., np.newaxis]
        places += 0.5 * (pushes * overlap[..., np.newaxis]).sum(axis=1)
    return places


def _write_counts(axes: Axes, counts: NDArray[np.intp], style: Style) -> None:
    highest = counts.max()
    for (row, column), count in np.ndenumerate(counts):
        dark_cell = count > 0.65 * highest
        color = style.muted if count == 0 else "#ffffff" if dark_cell else style.ink
        # They lie within the axes: nothing has to make room for them.
        axes.text(column, row, str(count), ha="center", va="center", color=color).set_in_layout(
            False
        )


def _digit_color(digit: int | None, style: Style) -> str:
    return style.muted if digit is None else style.color(digit)


def _digit_name(digit: int | None) -> str:
    return "none" if digit is None else str(digit)
