"""Pictures of clustered points and of the steps that lead there."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from kmcli.blobs import BlobsResult, Trace
from kmcli.blobs.data import Points
from kmcli.figures.plane import Plane
from kmcli.figures.style import Style, new_figure, to_pixels
from kmcli.scores import count_pairs
from kmcli.text import counted, number

_MOST_ITERATIONS = 5
"""Two pictures each, which with the start and the end makes three rows of four."""


def draw_overview(result: BlobsResult, style: Style) -> Figure:
    """Draw the data before and after clustering, and what another method makes of it."""
    n_panels = 2 if result.alternative is None else 3
    figure = new_figure(5.2 * n_panels, 5.4, style)
    plane = Plane(result.points)
    found = result.clustering
    with mpl.rc_context(style.rc()):
        panels = figure.subplots(1, n_panels, sharex=True, sharey=True)
        for axes in panels:
            plane.prepare(axes)
            plane.name_axes(axes)
        panels[0].set_title(f"the data: {len(result.points.values)} points")
        plane.scatter(panels[0], style, np.full(len(result.points.values), -1))
        ari = f", ARI {result.external.adjusted_rand:z.2f}" if result.external else ""
        panels[1].set_title(
            f"k-means, k = {len(found.centers)}: inertia {number(found.inertia, 1)}{ari}"
        )
        plane.scatter(panels[1], style, found.labels)
        plane.boundaries(panels[1], style, found.centers)
        plane.centers(panels[1], style, found.centers)
        if result.alternative is not None:
            other = result.alternative
            panels[2].set_title(f"{other.name}: ARI {other.scores.adjusted_rand:z.2f}")
            plane.scatter(panels[2], style, _matched(other.labels, found.labels))
        for axes in panels[1:]:
            axes.set_ylabel("")
    return figure


def draw_steps(points: Points, trace: Trace, style: Style) -> Figure:
    """Draw the steps of one start as a strip, two pictures for each iteration.

    Of many those are shown that lower the inertia most.
    """
    frames = _frames(trace, _most_telling(trace))
    n_columns = min(4, len(frames))
    n_rows = math.ceil(len(frames) / n_columns)
    figure = new_figure(3.6 * n_columns, 4.15 * n_rows + 0.5, style)
    plane = Plane(points, _all_centers(trace))
    with mpl.rc_context(style.rc()):
        panels = figure.subplots(n_rows, n_columns, squeeze=False, sharex=True, sharey=True)
        for axes, frame in zip(panels.flat, frames, strict=False):
            _draw_frame(axes, plane, frame, style, title_size=10)
        for axes in panels.flat[len(frames) :]:
            axes.set_axis_off()
        figure.suptitle(_end_in_words(trace), fontsize=13)
    return figure


def count_frames(trace: Trace) -> int:
    """Tell how many pictures `draw_animation` draws."""
    return len(_frames(trace, range(len(trace.steps))))


def draw_animation(points: Points, trace: Trace, style: Style) -> Iterator[NDArray[np.uint8]]:
    """Draw the steps of one start one after the other, (height, width, 3), all of one size."""
    plane = Plane(points, _all_centers(trace))
    frames = _frames(trace, range(len(trace.steps)))
    n_lines = max(frame.note.count("\n") for frame in frames)
    for frame in frames:
        # Notes of equal height, so that the picture does not jump.
        note = frame.note + "\n" * (n_lines - frame.note.count("\n"))
        figure = new_figure(6, 6, style)
        with mpl.rc_context(style.rc()):
            axes = figure.subplots()
            _draw_frame(axes, plane, replace(frame, note=note), style, title_size=12)
            yield to_pixels(figure)


@dataclass(frozen=True)
class _Frame:
    """One picture of the steps: where the centres are, and whose the points are."""

    title: str
    note: str
    centers: NDArray[np.float64]
    labels: NDArray[np.int32] | None
    arrows_from: NDArray[np.float64] | None = None


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
            notes.append(f"({counted(n_hidden, 'iteration')} before not shown)")
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
    rest = "converged" if trace.converged else "stopped"
    text = (
        f"{rest} after {counted(len(trace.steps), 'iteration')}, inertia {_inertia(trace.inertia)}"
    )
    if trace.is_worse:
        text += f"; another start reaches {_inertia(trace.best_inertia)}"
    return text


def _all_centers(trace: Trace) -> NDArray[np.float64]:
    return np.concatenate([trace.steps[0].before, *(step.after for step in trace.steps)])


def _draw_frame(axes: Axes, plane: Plane, frame: _Frame, style: Style, title_size: float) -> None:
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


def _matched(labels: NDArray[np.int32], reference: NDArray[np.int32]) -> NDArray[np.int32]:
    """Give clusters the numbers of those that they share most points with, for equal colours."""
    n_clusters = int(max(labels.max(), reference.max())) + 1
    is_in = labels >= 0
    shared = count_pairs(labels[is_in], reference[is_in], n_clusters, n_clusters)
    names = np.full(n_clusters, -1, dtype=np.int32)
    for flat in np.argsort(-shared, axis=None, kind="stable").tolist():
        mine, other = divmod(flat, n_clusters)
        if names[mine] < 0 and other not in names:
            names[mine] = other
    return np.where(is_in, names[labels], -1).astype(np.int32)
