"""Pictures of clustered points and of the steps that lead there."""

import io
import math
from collections.abc import Iterator, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from kmcli.blobs import BlobsResult, Trace
from kmcli.blobs.data import Points, project
from kmcli.figures.style import Style, new_figure
from kmcli.text import number

_GRID = 200
"""Points per side at which the nearest centre is looked up to draw boundaries."""

_LONGEST = 8
"""How many times longer than wide a cloud of points may be to be drawn to scale."""

_MOST_ITERATIONS = 5
"""Two pictures each, which with the start and the end makes three rows of four."""


def draw_overview(result: BlobsResult, style: Style) -> Figure:
    """Draw the data before and after clustering, and what another method makes of it.

    Parameters
    ----------
    result : BlobsResult
        The points and their clusters.
    style : Style
        How to draw.

    Returns
    -------
    Figure
    """
    n_panels = 2 if result.alternative is None else 3
    figure = new_figure(5.2 * n_panels, 5.4, style)
    plane = _Plane(result.points)
    found = result.clustering
    with mpl.rc_context(style.rc()):
        panels = figure.subplots(1, n_panels, sharex=True, sharey=True)
        for axes in panels:
            plane.prepare(axes)
            plane.name_axes(axes)
        panels[0].set_title(f"the data: {len(result.points.values)} points")
        plane.scatter(panels[0], style, np.full(len(result.points.values), -1))
        ari = f", ARI {result.external.adjusted_rand:.2f}" if result.external else ""
        panels[1].set_title(
            f"k-means, k = {len(found.centers)}: inertia {number(found.inertia, 1)}{ari}"
        )
        plane.scatter(panels[1], style, found.labels)
        plane.boundaries(panels[1], style, found.centers)
        plane.centers(panels[1], style, found.centers)
        if result.alternative is not None:
            other = result.alternative
            panels[2].set_title(f"{other.name}: ARI {other.scores.adjusted_rand:.2f}")
            plane.scatter(panels[2], style, _matched(other.labels, found.labels))
        for axes in panels[1:]:
            axes.set_ylabel("")
    return figure


def draw_steps(points: Points, trace: Trace, style: Style) -> Figure:
    """Draw the steps of one start as a strip: two pictures per iteration.

    Parameters
    ----------
    points : Points
        What was clustered.
    trace : Trace
        The steps; of many those are shown that lower the inertia most.
    style : Style
        How to draw.

    Returns
    -------
    Figure
    """
    frames = _frames(trace, _most_telling(trace))
    n_columns = min(4, len(frames))
    n_rows = math.ceil(len(frames) / n_columns)
    figure = new_figure(3.6 * n_columns, 4.15 * n_rows + 0.5, style)
    plane = _Plane(points, _all_centers(trace))
    with mpl.rc_context(style.rc()):
        panels = figure.subplots(n_rows, n_columns, squeeze=False, sharex=True, sharey=True)
        for axes, frame in zip(panels.flat, frames, strict=False):
            _draw_frame(axes, plane, frame, style, title_size=10)
        for axes in panels.flat[len(frames) :]:
            axes.set_axis_off()
        figure.suptitle(_end_in_words(trace), fontsize=13)
    return figure


def draw_animation(points: Points, trace: Trace, style: Style) -> Iterator[NDArray[np.uint8]]:
    """Draw the steps of one start one after the other.

    Parameters
    ----------
    points : Points
        What was clustered.
    trace : Trace
        The steps.
    style : Style
        How to draw.

    Yields
    ------
    ndarray of shape (height, width, 3), uint8
        All of one size.
    """
    plane = _Plane(points, _all_centers(trace))
    frames = _frames(trace, range(len(trace.steps)))
    n_lines = max(frame.note.count("\n") for frame in frames)
    for frame in frames:
        # Notes of equal height, so that the picture does not jump.
        frame.note += "\n" * (n_lines - frame.note.count("\n"))
        figure = new_figure(6, 6, style)
        with mpl.rc_context(style.rc()):
            axes = figure.subplots()
            _draw_frame(axes, plane, frame, style, title_size=12)
            buffer = io.BytesIO()
            figure.savefig(buffer, format="rgba")
        width, height = (round(side) for side in figure.get_size_inches() * figure.dpi)
        pixels = np.frombuffer(buffer.getvalue(), np.uint8).reshape(height, width, 4)
        yield pixels[..., :3]


class _Frame:
    """One picture of the steps: where the centres are, and whose the points are."""

    def __init__(
        self,
        title: str,
        note: str,
        centers: NDArray[np.float64],
        labels: NDArray[np.int32] | None,
        arrows_from: NDArray[np.float64] | None = None,
    ) -> None:
        self.title = title
        self.note = note
        self.centers = centers
        self.labels = labels
        self.arrows_from = arrows_from


def _most_telling(trace: Trace) -> list[int]:
    """Choose the iterations for a strip: the first, the last and those that change most."""
    inertias = [trace.steps[0].inertia_before, *(step.inertia_after for step in trace.steps)]
    gains = -np.diff(inertias)
    gains[[0, -1]] = np.inf
    return sorted(np.argsort(-gains, kind="stable")[:_MOST_ITERATIONS].tolist())


def _frames(trace: Trace, numbers: Sequence[int]) -> list[_Frame]:
    """Make two frames of each iteration that is asked for, between the start and the end."""
    frames = [_Frame("start", "the first centres", trace.steps[0].before, None)]
    before = -1
    for iteration in numbers:
        step = trace.steps[iteration]
        name = f"iteration {iteration + 1}"
        notes = [f"inertia {_inertia(step.inertia_before)}", trace.event(iteration)]
        if n_hidden := iteration - before - 1:
            notes.append(f"({n_hidden} iteration{'s' if n_hidden > 1 else ''} before not shown)")
        before = iteration
        frames.append(
            _Frame(
                f"{name}: reassign points to nearest centre",
                "\n".join(filter(None, notes)),
                step.before,
                step.labels,
            )
        )
        frames.append(
            _Frame(
                f"{name}: update centres to the means",
                f"inertia {_inertia(step.inertia_after)}",
                step.after,
                step.labels,
                step.before,
            )
        )
    last = trace.steps[-1]
    end = _end_in_words(trace).replace(", ", "\n", 1).replace("; ", ";\n")
    frames.append(_Frame("final", end, last.after, last.labels))
    return frames


def _inertia(value: float) -> str:
    return number(value, 1)


def _end_in_words(trace: Trace) -> str:
    n_iter = len(trace.steps)
    counted = "1 iteration" if n_iter == 1 else f"{n_iter} iterations"
    rest = "converged" if trace.converged else "stopped"
    text = f"{rest} after {counted}, inertia {_inertia(trace.inertia)}"
    if trace.is_worse:
        text += f"; another start reaches {_inertia(trace.best_inertia)}"
    return text


def _all_centers(trace: Trace) -> NDArray[np.float64]:
    return np.concatenate([trace.steps[0].before, *(step.after for step in trace.steps)])


def _draw_frame(
    axes: Axes, plane: "_Plane", frame: _Frame, style: Style, title_size: float
) -> None:
    plane.prepare(axes)
    axes.set(xticks=[], yticks=[])
    axes.set_title(frame.title, fontsize=title_size)
    axes.set_xlabel(frame.note, fontsize=title_size - 1)
    labels = frame.labels
    plane.scatter(axes, style, np.full(plane.n_points, -1) if labels is None else labels)
    if labels is not None and frame.arrows_from is None:
        plane.boundaries(axes, style, frame.centers)
    if frame.arrows_from is not None:
        plane.arrows(axes, style, frame.arrows_from, frame.centers)
    plane.centers(axes, style, frame.centers)


class _Plane:
    """Where points and centres are drawn; more than two features by their components."""

    def __init__(self, points: Points, more: NDArray[np.float64] | None = None) -> None:
        self.n_points = len(points.values)
        self.is_projected = points.values.shape[1] > 2
        self._values = points.values
        self.xy = project(points.values)
        self.names = points.names
        if self.is_projected:
            shares = self.xy.var(axis=0) / points.values.var(axis=0).sum()
            self.names = tuple(
                f"{which} principal component ({share:.1%} of the variance)"
                for which, share in zip(("first", "second"), shares.tolist(), strict=True)
            )
        shown = self.xy if more is None else np.concatenate([self.xy, self._to_plane(more)])
        low, high = shown.min(axis=0), shown.max(axis=0)
        spans = np.maximum(high - low, np.finfo(np.float64).tiny)
        # Distances are what k-means is about, so both axes have one scale, unless one of them
        # would be a line.
        self.is_equal = bool(spans.max() <= _LONGEST * spans.min())
        half = 0.56 * (np.full(2, spans.max()) if self.is_equal else spans)
        middle = (low + high) / 2
        self.low, self.high = middle - half, middle + half

    def _to_plane(self, centers: NDArray[np.float64]) -> NDArray[np.float64]:
        if not self.is_projected:
            return centers
        # The projection is linear: a centre goes where the mean of its points goes.
        both = np.linalg.lstsq(
            np.column_stack([self._values, np.ones(self.n_points)]), self.xy, rcond=None
        )[0]
        plane: NDArray[np.float64] = np.column_stack([centers, np.ones(len(centers))]) @ both
        return plane

    def prepare(self, axes: Axes) -> None:
        axes.set(xlim=(self.low[0], self.high[0]), ylim=(self.low[1], self.high[1]))
        axes.set_box_aspect(1)
        for side in ("top", "right"):
            axes.spines[side].set_visible(True)

    def name_axes(self, axes: Axes) -> None:
        """Say what the axes are, and warn where a length across is not one along."""
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(5))
        axes.tick_params(labelsize=9, length=3)
        scale = "" if self.is_equal else "\n(the axes have different scales)"
        axes.set_xlabel(self.names[0] + scale)
        axes.set_ylabel(self.names[1])

    def scatter(self, axes: Axes, style: Style, labels: NDArray[np.integer]) -> None:
        colors = [style.muted if label < 0 else style.color(label) for label in labels.tolist()]
        size = float(np.clip(6000 / self.n_points, 2, 26))
        axes.scatter(self.xy[:, 0], self.xy[:, 1], s=size, c=colors, linewidths=0, alpha=0.85)

    def boundaries(self, axes: Axes, style: Style, centers: NDArray[np.float64]) -> None:
        if self.is_projected or len(centers) < 2:
            return
        x, y = (np.linspace(a, b, _GRID) for a, b in zip(self.low, self.high, strict=True))
        grid = np.stack(np.meshgrid(x, y), axis=-1)[..., np.newaxis, :]
        distances = ((grid - centers) ** 2).sum(axis=-1)
        for cluster in range(len(centers)):
            others = np.delete(distances, cluster, axis=-1).min(axis=-1)
            ahead = others - distances[..., cluster]
            if ahead.min() < 0 < ahead.max():
                axes.contour(x, y, ahead, levels=[0], colors=style.muted, linewidths=0.9, zorder=1)

    def centers(self, axes: Axes, style: Style, centers: NDArray[np.float64]) -> None:
        x, y = self._to_plane(centers).T
        colors = [style.color(cluster) for cluster in range(len(centers))]
        axes.scatter(x, y, s=190, c=colors, edgecolors=style.ink, linewidths=1.4, zorder=4)
        for cluster, place in enumerate(zip(x.tolist(), y.tolist(), strict=True)):
            axes.annotate(
                str(cluster),
                place,
                color=style.on_color(cluster),
                fontsize=9,
                fontweight="bold",
                ha="center",
                va="center_baseline",
                zorder=5,
            )

    def arrows(
        self,
        axes: Axes,
        style: Style,
        before: NDArray[np.float64],
        after: NDArray[np.float64],
    ) -> None:
        start, end = self._to_plane(before), self._to_plane(after)
        axes.scatter(
            start[:, 0], start[:, 1], s=120, facecolors="none", edgecolors=style.ink, zorder=3
        )
        smallest = 0.01 * float(np.linalg.norm(self.high - self.low))
        for tail, tip in zip(start, end, strict=True):
            if np.linalg.norm(tip - tail) > smallest:
                axes.annotate(
                    "",
                    xy=tuple(tip),
                    xytext=tuple(tail),
                    arrowprops={"arrowstyle": "->", "color": style.ink, "lw": 1.6, "shrinkB": 8},
                    zorder=6,
                )


def _matched(labels: NDArray[np.int32], reference: NDArray[np.int32]) -> NDArray[np.int32]:
    """Give clusters the numbers of those that they share most points with, for equal colours."""
    n_clusters = int(max(labels.max(), reference.max())) + 1
    shared = np.zeros((n_clusters, n_clusters), dtype=np.intp)
    is_in = labels >= 0
    np.add.at(shared, (labels[is_in], reference[is_in]), 1)
    names = np.full(n_clusters, -1, dtype=np.int32)
    for flat in np.argsort(-shared, axis=None, kind="stable").tolist():
        mine, other = divmod(flat, n_clusters)
        if names[mine] < 0 and other not in names:
            names[mine] = other
    return np.where(is_in, names[labels], -1).astype(np.int32)
