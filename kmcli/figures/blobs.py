"""Pictures of clustered points and of the steps that lead there."""

import io
import math
from collections.abc import Iterator, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from kmcli.blobs import BlobsResult, Trace
from kmcli.blobs.data import Points, project
from kmcli.figures.style import Style, cluster_color, new_figure

_GRID = 200
"""Points per side at which the nearest centre is looked up to draw boundaries."""


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
    figure = new_figure(5.2 * n_panels, 5, style)
    plane = _Plane(result.points)
    n_clusters = result.settings.kmeans.n_clusters
    with mpl.rc_context(style.rc()):
        panels = figure.subplots(1, n_panels, sharex=True, sharey=True)
        plane.prepare(panels[0], f"the data: {len(result.points.values)} points")
        plane.scatter(panels[0], style, np.full(len(result.points.values), -1))
        if plane.is_projected:
            panels[0].set_xlabel("drawn by the first two principal components")
        found = result.clustering
        plane.prepare(panels[1], f"k-means, k = {n_clusters}: inertia {found.inertia:,.1f}")
        plane.scatter(panels[1], style, found.labels)
        plane.boundaries(panels[1], style, found.centers)
        plane.centers(panels[1], style, found.centers)
        if result.alternative is not None:
            other = result.alternative
            plane.prepare(panels[2], f"{other.name}, same points")
            plane.scatter(panels[2], style, _matched(other.labels, found.labels))
            panels[2].set_xlabel(f"ARI {other.scores.adjusted_rand:.2f}")
        if result.external is not None:
            panels[1].set_xlabel(f"ARI {result.external.adjusted_rand:.2f}")
    return figure


def draw_steps(points: Points, trace: Trace, style: Style) -> Figure:
    """Draw the steps of one start as a strip: two pictures per iteration.

    Parameters
    ----------
    points : Points
        What was clustered.
    trace : Trace
        The steps; of many the first ones and the last are shown.
    style : Style
        How to draw.

    Returns
    -------
    Figure
    """
    frames = _shown(_frames(trace))
    n_columns = min(4, len(frames))
    n_rows = math.ceil(len(frames) / n_columns)
    figure = new_figure(3.6 * n_columns, 3.9 * n_rows + 0.5, style)
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
    frames = _frames(trace)
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


def _frames(trace: Trace) -> list[_Frame]:
    first = trace.steps[0]
    frames = [_Frame("start", "the first centres", first.before, None)]
    for number, step in enumerate(trace.steps):
        name = f"iteration {number + 1}"
        inertia = f"inertia {step.inertia_before:,.1f}"
        event = trace.event(number)
        frames.append(
            _Frame(
                f"{name}: reassign points to nearest centre",
                f"{inertia}\n{event}" if event else inertia,
                step.before,
                step.labels,
            )
        )
        frames.append(
            _Frame(
                f"{name}: update centres to the means",
                f"inertia {step.inertia_after:,.1f}",
                step.after,
                step.labels,
                step.before,
            )
        )
    last = trace.steps[-1]
    end = _end_in_words(trace).replace(", ", "\n", 1).replace(": ", ":\n")
    frames.append(_Frame("final", end, last.after, last.labels))
    return frames


def _shown(frames: Sequence[_Frame]) -> list[_Frame]:
    """Leave out the middle of a long strip, but not in silence."""
    most = 12
    if len(frames) <= most:
        return list(frames)
    kept = [*frames[: most - 3], *frames[-3:]]
    n_hidden = len(frames) - most
    kept[-3].note += f"\n({n_hidden} steps before this are not shown)"
    return kept


def _end_in_words(trace: Trace) -> str:
    n_iter = len(trace.steps)
    counted = "1 iteration" if n_iter == 1 else f"{n_iter} iterations"
    rest = "at rest" if trace.converged else "stopped"
    text = f"{rest} after {counted}, inertia {trace.inertia:,.1f}"
    if trace.missed_optimum:
        text += f": a local optimum, the best is {trace.best_inertia:,.1f}"
    return text


def _all_centers(trace: Trace) -> NDArray[np.float64]:
    return np.concatenate([trace.steps[0].before, *(step.after for step in trace.steps)])


def _draw_frame(
    axes: Axes, plane: "_Plane", frame: _Frame, style: Style, title_size: float
) -> None:
    plane.prepare(axes, "")
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
        shown = self.xy if more is None else np.concatenate([self.xy, self._to_plane(more)])
        low, high = shown.min(axis=0), shown.max(axis=0)
        margin = 0.06 * np.maximum(high - low, 1e-9)
        self.low, self.high = low - margin, high + margin

    def _to_plane(self, centers: NDArray[np.float64]) -> NDArray[np.float64]:
        if not self.is_projected:
            return centers
        # The projection is linear: a centre goes where the mean of its points goes.
        both = np.linalg.lstsq(
            np.column_stack([self._values, np.ones(self.n_points)]), self.xy, rcond=None
        )[0]
        plane: NDArray[np.float64] = np.column_stack([centers, np.ones(len(centers))]) @ both
        return plane

    def prepare(self, axes: Axes, title: str) -> None:
        axes.set_title(title)
        axes.set(xlim=(self.low[0], self.high[0]), ylim=(self.low[1], self.high[1]))
        axes.set_xticks([])
        axes.set_yticks([])
        for side in ("top", "right"):
            axes.spines[side].set_visible(True)

    def scatter(self, axes: Axes, style: Style, labels: NDArray[np.integer]) -> None:
        colors = [style.muted if label < 0 else cluster_color(label) for label in labels.tolist()]
        size = float(np.clip(6000 / self.n_points, 2, 26))
        axes.scatter(self.xy[:, 0], self.xy[:, 1], s=size, c=colors, linewidths=0, alpha=0.85)

    def boundaries(self, axes: Axes, style: Style, centers: NDArray[np.float64]) -> None:
        if self.is_projected or len(centers) < 2:
            return
        x, y = (np.linspace(a, b, _GRID) for a, b in zip(self.low, self.high, strict=True))
        grid = np.stack(np.meshgrid(x, y), axis=-1)[..., np.newaxis, :]
        distances = ((grid - centers) ** 2).sum(axis=-1)
        for number in range(len(centers)):
            others = np.delete(distances, number, axis=-1).min(axis=-1)
            ahead = others - distances[..., number]
            if ahead.min() < 0 < ahead.max():
                axes.contour(x, y, ahead, levels=[0], colors=style.muted, linewidths=0.9, zorder=1)

    def centers(self, axes: Axes, style: Style, centers: NDArray[np.float64]) -> None:
        x, y = self._to_plane(centers).T
        colors = [cluster_color(number) for number in range(len(centers))]
        axes.scatter(x, y, s=190, c=colors, edgecolors=style.ink, linewidths=1.4, zorder=4)
        axes.scatter(x, y, s=26, c=style.ink, linewidths=0, zorder=5)

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
                    arrowprops={"arrowstyle": "->", "color": style.ink, "lw": 1.6},
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
