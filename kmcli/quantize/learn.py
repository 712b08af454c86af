"""Learn a palette: k-means on the weighted distinct colours, from coarse to fine."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kmcli.clustering import Clustering
from kmcli.clustering.breathing import breathe, remove_idle_centers
from kmcli.clustering.init import draw_kmeans_plusplus
from kmcli.clustering.lloyd import run_lloyd
from kmcli.quantize.cells import Cells, CellTree
from kmcli.quantize.colorspace import from_points, to_points
from kmcli.quantize.histogram import ColorCounts, ColorWeights, seen_weights
from kmcli.quantize.opacity import separate_opaque
from kmcli.settings import Effort, QuantizeSettings, Space

COARSE_POINTS = 4096
"""Cells on which the starts compete: enough to tell them apart, few enough to be quick.

Half as many serve up to 16 entries: the palettes are as good within 0.1 %.
"""

_START_CELLS = 1024
"""Cells, or four for each entry, to draw starts from: palettes are as good within 0.1 %.

Those that hold more than an equal share of the pixels come on top, be they flat areas.
"""


@dataclass(frozen=True)
class _Plan:
    """How long an effort searches.

    `n_rounds` of breathing with `n_breaths` iterations after each move, on at least
    `breathe_points` cells and those of the starts; then at most `refine_iter` iterations on
    `refine_points` cells.
    """

    n_rounds: int
    n_breaths: int
    breathe_points: int
    refine_iter: int
    refine_points: int


_PLANS: dict[Effort, _Plan] = {
    "fast": _Plan(0, 0, 0, 3, 2 * COARSE_POINTS),
    "normal": _Plan(8, 2, 0, 4, 8 * COARSE_POINTS),
    "best": _Plan(50, 10, 4 * COARSE_POINTS, 100, 2**32),
}

_START_GAIN = 1e-3
"""A start ends when an iteration gains less: what is still to be gained does not decide."""

_LEAST_SHARE = 0.0005
"""Share of the pixels from which on a colour is looked at by itself: a mark, a flat area."""

_FLAT_COST = 0.01
"""Share of the error that a flat area may cost to get exactly its colour: it cannot be seen."""

_MARK_DISTANCE = 5.0
"""How far from its entry a mark is seen as of another colour, in root mean squared errors."""

_COLORS_PER_MARK = 8
"""One entry in so many may go to a mark."""

_LEAST_GAIN = 1e-5
"""The last stage ends when an iteration gains less, which rounding would undo."""


@dataclass(frozen=True)
class Stage:
    """One stage of k-means on the way to a palette: starts, moves ("breathe") or refinement."""

    name: str
    n_points: int  # number of cells
    clustering: Clustering  # its inertia does not hold what is lost within the cells


@dataclass(frozen=True)
class LearnedPalette:
    """A palette and how it came about.

    It has at most as many distinct colours as were asked for, (n, 3) or (n, 4), of which some may
    be unused; without any stage they are those of the picture itself.
    """

    colors: NDArray[np.uint8]
    stages: tuple[Stage, ...]


def fit_palette(
    histogram: ColorCounts | ColorWeights, settings: QuantizeSettings
) -> LearnedPalette:
    """Find the colours that stand for those of a picture with the least squared error.

    The histogram is merged into some thousand cells of like colours, on which several starts
    cost little. The best of them is improved by moves out of its local optimum (`breathe`) and
    refined on more and finer cells. A cell stands for its colours by their weighted mean, so
    that nothing is lost but the spread within it. Flat areas get exactly their colour.

    Weighted k-means on distinct colours: M. E. Celebi, "Improving the performance of k-means
    for color quantization", Image and Vision Computing 29(4), 2011.
    """
    colors = histogram.colors
    fixed = _fixed_entries(colors, settings)
    is_unseen = [not (colors == entry).all(axis=1).any() for entry in fixed]
    unseen = fixed[np.array(is_unseen, dtype=bool)]
    if len(colors) + len(unseen) <= settings.n_colors:
        return LearnedPalette(np.concatenate([colors, unseen]), ())
    if len(fixed) == settings.n_colors:
        return LearnedPalette(fixed, ())
    fixed, stages = _search(histogram, fixed, settings)
    palette = from_points(stages[-1].clustering.centers, settings.space)
    if palette.shape[1] == 4:
        # With the fixed ones among them: these have pixels that are no other entry's.
        palette = separate_opaque(palette, histogram, settings.space)
    palette[: len(fixed)] = fixed
    # Rounding can make two centres one colour.
    return LearnedPalette(np.unique(palette, axis=0), stages)


def _fixed_entries(colors: NDArray[np.uint8], settings: QuantizeSettings) -> NDArray[np.uint8]:
    """List what must be in the palette: locked colours, and the transparent one if it occurs."""
    n_channels = colors.shape[1]
    locked = np.array(settings.locked, dtype=np.uint8).reshape(-1, 4)[:, :n_channels]
    has_transparent = n_channels == 4 and len(colors) > 0 and colors[0, 3] == 0
    if has_transparent and settings.n_colors > len(locked) + 1:
        # What is fully transparent stays so: k-means must not move its entry.
        locked = np.concatenate([locked, colors[:1]])
    return np.unique(locked, axis=0) if len(locked) else colors[:0]


def _search(
    histogram: ColorCounts | ColorWeights, fixed: NDArray[np.uint8], settings: QuantizeSettings
) -> tuple[NDArray[np.uint8], tuple[Stage, ...]]:
    """Find centres from coarse to fine; first come those that are exactly a colour: these too."""
    plan, kmeans, n_clusters = _PLANS[settings.effort], settings.kmeans, settings.n_colors
    held, n_held = to_points(fixed, settings.space), len(fixed)
    weights = seen_weights(histogram, settings.space)
    tree = CellTree(histogram.colors, weights, settings.space)
    n_coarse = min(max(COARSE_POINTS // 2, 128 * n_clusters), COARSE_POINTS)
    cells = tree.select(n_coarse)
    n_drawn = max(_START_CELLS, 4 * n_clusters)
    is_drawn = cells.weights > cells.weights.sum() / n_drawn
    is_drawn[:: max(1, len(is_drawn) // n_drawn)] = True
    runs = [
        run_lloyd(*cells, _with_held(start, held), kmeans.max_iter, _START_GAIN, n_held)
        for start in draw_kmeans_plusplus(cells.means[is_drawn], cells.weights[is_drawn], kmeans)
    ]
    best = min(runs, key=lambda run: run.inertia)
    best = replace(best, start_inertias=tuple(run.inertia for run in runs))
    stages = [Stage("start", len(cells.means), best)]
    if plan.n_rounds > 0:
        if plan.breathe_points > n_coarse:
            cells = tree.select(plan.breathe_points)
        moves = replace(kmeans, max_iter=plan.n_breaths)
        best = breathe(*cells, best, moves, plan.n_rounds, n_held)
        stages.append(Stage("breathe", len(cells.means), best))
    flat, marks = _colors_to_keep(histogram, weights, cells, best, n_held, settings.space)
    kept = np.concatenate([flat, marks])
    centers = best.centers
    if len(kept) > 0:
        fixed = np.concatenate([fixed, kept])
        points = to_points(kept, settings.space)
        others = _with_held(centers[n_held:], points[: len(flat)])
        wider = np.concatenate([held, points, others[len(flat) :]])
        if len(marks) > 0:
            widened = run_lloyd(*cells, wider, 1, n_held=len(fixed))
            centers = remove_idle_centers(*cells, widened, len(marks), len(fixed))
        else:
            centers = wider
    cells = tree.select(plan.refine_points)
    best = run_lloyd(*cells, centers, plan.refine_iter, _LEAST_GAIN, len(fixed))
    return fixed, (*stages, Stage("refine", len(cells.means), best))


def _colors_to_keep(
    histogram: ColorCounts | ColorWeights,
    weights: NDArray[np.float64],
    cells: Cells,
    found: Clustering,
    n_held: int,
    space: Space,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """List the colours that people look for: of flat areas, and of marks without an entry.

    Else white that fills a page becomes #fefefe, for the sake of some soft text, and a red mark
    on it grey. A flat area is more than half of a cluster that is not held.
    """
    n_clusters = len(found.centers)
    # By pixels, since a thin mark has no smooth surroundings.
    seen = np.flatnonzero(histogram.counts >= _LEAST_SHARE * histogram.counts.sum())
    colors, counts, weights = histogram.colors[seen], histogram.counts[seen], weights[seen]
    distances = ((to_points(colors, space)[:, np.newaxis] - found.centers) ** 2).sum(axis=2)
    owners, least = distances.argmin(axis=1), distances.min(axis=1)
    mass = np.bincount(found.labels, cells.weights, n_clusters)[owners]
    is_flat = (2 * weights > mass) & (least * mass <= _FLAT_COST * found.inertia)
    is_flat &= owners >= n_held
    is_mark = least * cells.weights.sum() > _MARK_DISTANCE**2 * found.inertia
    n_marks = min(n_clusters // _COLORS_PER_MARK, n_clusters - n_held - int(is_flat.sum()))
    marks = np.flatnonzero(is_mark & ~is_flat)
    marks = marks[np.argsort(-counts[marks], kind="stable")][: max(0, n_marks)]
    return colors[is_flat], colors[marks]


def _with_held(start: NDArray[np.float64], held: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put each of the points to be held in the place of the nearest centre, at the front."""
    start = start.copy()
    for place, point in enumerate(held):
        replaced = place + ((start[place:] - point) ** 2).sum(axis=1).argmin()
        start[replaced] = start[place]
        start[place] = point
    return start


def random_palette(histogram: ColorCounts, n_colors: int, seed: int) -> NDArray[np.uint8]:
    """Draw pixels without replacement, and give their distinct colours: a palette to beat."""
    n_pixels = histogram.n_pixels
    random = np.random.default_rng(seed)
    drawn = random.choice(n_pixels, size=min(n_colors, n_pixels), replace=False)
    index = np.searchsorted(np.cumsum(histogram.counts), drawn, side="right")
    return np.unique(histogram.colors[index], axis=0)
