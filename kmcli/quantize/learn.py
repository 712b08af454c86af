"""Learn a palette: k-means on the weighted distinct colours, from coarse to fine."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kmcli.clustering import Clustering, fit_kmeans
from kmcli.quantize.breathing import breathe
from kmcli.quantize.cells import Cells, CellTree
from kmcli.quantize.colorspace import from_points
from kmcli.quantize.fidelity import measure_mse
from kmcli.quantize.histogram import ColorCounts
from kmcli.quantize.remap import nearest
from kmcli.settings import Effort, KMeansSettings, QuantizeSettings

COARSE_POINTS = 4096
"""Cells on which the starts compete: enough to tell them apart, few enough to be quick."""


@dataclass(frozen=True)
class Stage:
    """One stage of k-means on the way to a palette.

    Attributes
    ----------
    name : {"start", "breathe", "refine"}
        Several starts on coarse cells, moves out of the local optimum, or iterations on finer
        cells.
    n_points : int
        Number of cells.
    clustering : Clustering
        The result; its inertia does not hold what is lost within the cells.
    """

    name: str
    n_points: int
    clustering: Clustering


@dataclass(frozen=True)
class LearnedPalette:
    """A palette and how it came about.

    Attributes
    ----------
    colors : ndarray of shape (n, 3) or (n, 4), uint8
        At most `n_colors` distinct colours. It is not promised that each is used.
    stages : tuple of Stage
        The stages of k-means; none if the picture has no more colours than were asked for,
        in which case these are its own.
    """

    colors: NDArray[np.uint8]
    stages: tuple[Stage, ...]


def learn_palette(histogram: ColorCounts, settings: QuantizeSettings) -> LearnedPalette:
    """Find the colours that stand for those of a picture with the least squared error.

    The histogram is merged into some thousand cells of like colours, on which several starts
    cost little. The best of them is improved by moves out of its local optimum (`breathe`) and
    refined on more and finer cells. A cell stands for its colours by their weighted mean, so
    that nothing is lost but the spread within it.

    Parameters
    ----------
    histogram : ColorCounts
        The colours of one picture, or of several.
    settings : QuantizeSettings
        How many colours, and the parameters of k-means.

    Returns
    -------
    LearnedPalette

    References
    ----------
    Weighted k-means on distinct colours: M. E. Celebi, "Improving the performance of k-means
    for color quantization", Image and Vision Computing 29(4), 2011.
    """
    colors, counts = histogram.colors, histogram.counts
    if len(colors) <= settings.n_colors:
        return LearnedPalette(colors, ())
    n_clusters = settings.n_colors
    reserved = colors[:0]
    if colors.shape[1] == 4 and colors[0, 3] == 0 and n_clusters > 1:
        # What is fully transparent stays so: it gets an entry that k-means cannot move.
        reserved, colors, counts = colors[:1], colors[1:], counts[1:]
        n_clusters -= 1
    kmeans = replace(settings.kmeans, n_clusters=n_clusters)
    stages = _fit_coarse_to_fine(colors, counts, kmeans, settings.effort)
    candidates = []
    for stage in stages:
        if stage.name == "refine":
            learned = from_points(stage.clustering.centers)
            if colors.shape[1] == 4:
                learned = _with_opaque_entries(learned, colors, counts)
            # Rounding can make two centres one colour.
            candidates.append(np.unique(np.concatenate([reserved, learned]), axis=0))
    if len(candidates) == 1:
        return LearnedPalette(candidates[0], stages)
    # A later stage is better before rounding, but after it a hair can be missing.
    errors = [measure_mse(histogram, each, nearest(histogram.colors, each)) for each in candidates]
    return LearnedPalette(candidates[int(np.argmin(errors))], stages)


def random_palette(histogram: ColorCounts, n_colors: int, seed: int) -> NDArray[np.uint8]:
    """Draw a palette of random pixels: what a learned palette has to beat.

    Parameters
    ----------
    histogram : ColorCounts
        The colours of a picture.
    n_colors : int
        How many pixels to draw, without replacement.
    seed : int
        Seed of the draw.

    Returns
    -------
    ndarray of shape (n, 3) or (n, 4), uint8
        At most `n_colors` distinct colours.
    """
    n_pixels = histogram.n_pixels
    random = np.random.default_rng(seed)
    drawn = random.choice(n_pixels, size=min(n_colors, n_pixels), replace=False)
    index = np.searchsorted(np.cumsum(histogram.counts), drawn, side="right")
    return np.unique(histogram.colors[index], axis=0)


def _fit_coarse_to_fine(
    colors: NDArray[np.uint8],
    counts: NDArray[np.int64],
    kmeans: KMeansSettings,
    effort: Effort,
) -> tuple[Stage, ...]:
    tree = CellTree(colors, counts)
    n_clusters = kmeans.n_clusters
    coarse = tree.select(max(COARSE_POINTS, 4 * n_clusters))
    stages = [Stage("start", len(coarse.means), fit_kmeans(coarse.means, kmeans, coarse.weights))]

    def refined(cells: Cells, n_iter: int, tol: float, start: Stage) -> Stage:
        limited = replace(kmeans, max_iter=min(kmeans.max_iter, n_iter), tol=tol)
        centers = start.clustering.centers
        clustering = fit_kmeans(cells.means, limited, cells.weights, starts=centers)
        return Stage("refine", len(cells.means), clustering)

    def improved(cells: Cells, n_rounds: int, n_iter: int, start: Stage) -> Stage:
        limited = replace(kmeans, max_iter=min(kmeans.max_iter, n_iter))
        clustering = breathe(cells.means, cells.weights, start.clustering, limited, n_rounds)
        return Stage("breathe", len(cells.means), clustering)

    # Few iterations are their own limit. The tolerance has to let them go on: the last steps are
    # worth a few hundredths of a per cent, which is what separates good palettes of few colours.
    tol = kmeans.tol / 100
    if effort == "fast":
        fine = tree.select(max(2 * COARSE_POINTS, 2**21 // n_clusters))
        return (*stages, refined(fine, 3, tol, stages[-1]))
    n_rounds = max(4, min(16, 512 // n_clusters))
    stages.append(improved(coarse, n_rounds, 3, stages[-1]))
    fine = tree.select(max(8 * COARSE_POINTS, 2**23 // n_clusters))
    stages.append(refined(fine, 5, tol, stages[-1]))
    if effort == "best":
        finer, finest = tree.select(4 * COARSE_POINTS), tree.select(len(colors))
        stages.append(refined(finer, kmeans.max_iter, kmeans.tol, stages[-1]))
        stages.append(improved(finer, 50, 10, stages[-1]))
        stages.append(refined(finest, kmeans.max_iter, kmeans.tol / 10, stages[-1]))
    return tuple(stages)


def _with_opaque_entries(
    palette: NDArray[np.uint8], colors: NDArray[np.uint8], counts: NDArray[np.int64]
) -> NDArray[np.uint8]:
    """Make entries opaque that stand mostly for opaque pixels, with the mean of these.

    Without this a few translucent pixels at an edge would make a whole area translucent.
    """
    opaque = colors[:, 3] == 255
    labels = nearest(colors, palette)
    weight = np.bincount(labels, weights=counts, minlength=len(palette))
    opaque_weight = np.bincount(labels[opaque], weights=counts[opaque], minlength=len(palette))
    mostly = np.flatnonzero((opaque_weight > 0) & (2 * opaque_weight >= weight))
    palette = palette.copy()
    palette[mostly, 3] = 255
    for channel in range(3):
        sums = np.bincount(
            labels[opaque], weights=(counts * colors[:, channel])[opaque], minlength=len(palette)
        )
        palette[mostly, channel] = np.rint(sums[mostly] / opaque_weight[mostly])
    return palette
