"""Learn a palette: k-means on the weighted distinct colours, from coarse to fine."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kmcli.clustering import Clustering, fit_kmeans
from kmcli.clustering.breathing import breathe
from kmcli.clustering.init import draw_kmeans_plusplus
from kmcli.parallel import map_shares
from kmcli.quantize.cells import Cells, CellTree
from kmcli.quantize.colorspace import from_points, to_points
from kmcli.quantize.histogram import ColorCounts, ColorWeights
from kmcli.quantize.remap import nearest
from kmcli.settings import Effort, KMeansSettings, QuantizeSettings, Space

COARSE_POINTS = 4096
"""Cells on which the starts compete: enough to tell them apart, few enough to be quick."""

_LOCKED_ROUNDS = 6
"""Most rounds in which colours are learned around locked ones; three are usually enough."""

_CHUNK = 2**16
"""Colours whose error is taken at once: what is computed for them stays in the cache."""


_CLEAR_GAIN = 0.005
"""Share of the error by which two palettes differ more than rounding can."""

_FEW_COLORS = 2**19
"""Up to so many colours, those of a photo of some megapixels, each of them is looked at."""

_SETTLING_STEPS: dict[Effort, int] = {"fast": 0, "normal": 1, "best": 3}
"""How often the entries of a palette are moved to the mean of what is nearest to them."""


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


def learn_palette(
    histogram: ColorCounts | ColorWeights, settings: QuantizeSettings
) -> LearnedPalette:
    """Find the colours that stand for those of a picture with the least squared error.

    The histogram is merged into some thousand cells of like colours, on which several starts
    cost little. The best of them is improved by moves out of its local optimum (`breathe`) and
    refined on more and finer cells. A cell stands for its colours by their weighted mean, so
    that nothing is lost but the spread within it.

    Parameters
    ----------
    histogram : ColorCounts or ColorWeights
        The colours of one picture, or of several.
    settings : QuantizeSettings
        How many colours, and how to find them.

    Returns
    -------
    LearnedPalette

    References
    ----------
    Weighted k-means on distinct colours: M. E. Celebi, "Improving the performance of k-means
    for color quantization", Image and Vision Computing 29(4), 2011.
    """
    colors = histogram.colors
    fixed = _fixed_entries(colors, settings)
    is_unseen = [not (colors == entry).all(axis=1).any() for entry in fixed]
    unseen = fixed[np.array(is_unseen, dtype=bool)]
    if len(colors) + len(unseen) <= settings.n_colors:
        return LearnedPalette(np.concatenate([colors, unseen]), ())
    n_learned = settings.n_colors - len(fixed)
    if n_learned == 0:
        return LearnedPalette(fixed, ())
    search = _Search(settings, n_learned)
    if len(fixed) == 0:
        return search.run(histogram, fixed)
    # k-means cannot hold a centre still. So the others are learned from what the fixed entries
    # do not serve, which changes a little with each round.
    is_free = ~(colors[:, np.newaxis] == fixed).all(axis=2).any(axis=1)
    best, least = None, np.inf
    for _ in range(_LOCKED_ROUNDS if settings.locked else 1):
        if np.count_nonzero(is_free) <= n_learned:
            break
        found = search.run(ColorWeights(colors[is_free], histogram.counts[is_free] * 1.0), fixed)
        labels = nearest(colors, found.colors, settings.space)
        error = _error(histogram, found.colors, labels, settings.space)
        if error >= least:
            break
        best, least = found, error
        is_fixed = (found.colors[:, np.newaxis] == fixed).all(axis=2).any(axis=1)
        is_free = ~is_fixed[labels]
    if best is None:
        free = colors[is_free]
        return LearnedPalette(np.unique(np.concatenate([fixed, free]), axis=0), ())
    return best


def _fixed_entries(colors: NDArray[np.uint8], settings: QuantizeSettings) -> NDArray[np.uint8]:
    """List what must be in the palette: locked colours, and the transparent one if it occurs."""
    n_channels = colors.shape[1]
    locked = np.array(settings.locked, dtype=np.uint8).reshape(-1, 4)[:, :n_channels]
    has_transparent = n_channels == 4 and len(colors) > 0 and colors[0, 3] == 0
    if has_transparent and settings.n_colors > len(locked) + 1:
        # What is fully transparent stays so: k-means must not move its entry.
        locked = np.concatenate([locked, colors[:1]])
    return np.unique(locked, axis=0) if len(locked) else colors[:0]


def _error(
    histogram: ColorCounts | ColorWeights,
    palette: NDArray[np.uint8],
    labels: NDArray[np.intp],
    space: Space,
) -> float:
    """Sum of the weighted squared distances in a space."""
    entries = to_points(palette, space)

    def error(chunk: slice) -> float:
        distances = to_points(histogram.colors[chunk], space) - entries[labels[chunk]]
        return float((distances**2).sum(axis=1) @ histogram.counts[chunk])

    return sum(map_shares(error, len(labels), _CHUNK))


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


def _centers(
    histogram: ColorCounts | ColorWeights,
    palette: NDArray[np.uint8],
    fixed: NDArray[np.uint8],
    space: Space,
) -> NDArray[np.float64]:
    """Move each entry that is not fixed to the mean of the colours that are nearest to it.

    After k-means on cells this is one more iteration, on the colours themselves. Since the mean,
    rounded, is the best entry for them, it also makes good what rounding the centres lost.
    """
    sums = np.zeros((len(palette), palette.shape[1] + 1))
    labels = nearest(histogram.colors, palette, space)
    for start in range(0, len(labels), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        points, weights = to_points(histogram.colors[chunk], space), histogram.counts[chunk]
        for column, values in enumerate((*points.T, 1.0)):
            sums[:, column] += np.bincount(labels[chunk], values * weights, len(palette))
    is_free = (sums[:, -1] > 0) & ~(palette[:, np.newaxis] == fixed).all(axis=2).any(axis=1)
    means: NDArray[np.float64] = sums[is_free, :-1] / sums[is_free, -1:]
    return means


@dataclass(frozen=True)
class _Search:
    """The search for the entries of a palette that are not fixed."""

    settings: QuantizeSettings
    n_learned: int

    def run(
        self, histogram: ColorCounts | ColorWeights, fixed: NDArray[np.uint8]
    ) -> LearnedPalette:
        """Learn from a histogram, and add what is fixed."""
        space = self.settings.space
        colors = histogram.colors
        stages = self._stages(CellTree(colors, histogram.counts, space), len(colors))
        n_steps = _SETTLING_STEPS[self.settings.effort]
        if self.settings.effort == "normal" and len(colors) > _FEW_COLORS:
            n_steps = 0
        candidates = []
        for stage in stages:
            if stage.name == "refine":
                palette = self._palette(stage.clustering.centers, histogram, fixed)
                for _ in range(n_steps):
                    centers = _centers(histogram, palette, fixed, space)
                    palette = self._palette(centers, histogram, fixed)
                candidates.append(palette)
        if len(candidates) == 1:
            return LearnedPalette(candidates[0], stages)
        # A later stage is better before rounding, but after it a hair can be missing.
        errors = [
            _error(histogram, palette, nearest(colors, palette, space), space)
            for palette in candidates
        ]
        return LearnedPalette(candidates[int(np.argmin(errors))], stages)

    def _palette(
        self,
        centers: NDArray[np.float64],
        histogram: ColorCounts | ColorWeights,
        fixed: NDArray[np.uint8],
    ) -> NDArray[np.uint8]:
        """Round centres to colours, and add what is fixed."""
        learned = from_points(centers, self.settings.space)
        if learned.shape[1] == 4:
            learned = _with_opaque_entries(learned, histogram)
        # Rounding can make two centres one colour.
        return np.unique(np.concatenate([fixed, learned]), axis=0)

    def _stages(self, tree: CellTree, n_colors: int) -> tuple[Stage, ...]:
        n_clusters, effort = self.n_learned, self.settings.effort
        kmeans = replace(self.settings.kmeans, n_clusters=n_clusters)
        coarse = tree.select(max(COARSE_POINTS, 4 * n_clusters))
        starts = None
        if kmeans.init == "k-means++":
            starts = draw_kmeans_plusplus(coarse.means, coarse.weights, kmeans)
        first = fit_kmeans(coarse.means, kmeans, coarse.weights, starts)
        stages = [Stage("start", len(coarse.means), first)]

        # Few iterations are their own limit. The tolerance has to let them go on: the last steps
        # are worth a few hundredths of a per cent, which is what separates good palettes of few
        # colours.
        tol = kmeans.tol / 100

        def quickly_refined() -> Stage:
            cells = tree.select(max(2 * COARSE_POINTS, 2**21 // n_clusters))
            return _refined(cells, stages[0], kmeans, 3, tol)

        if effort == "fast":
            return (*stages, quickly_refined())
        n_rounds = max(4, min(16, 512 // n_clusters))
        # Of very many clusters a third iteration gains less than it costs.
        improved = _improved(coarse, stages[0], kmeans, n_rounds, 2 if n_clusters > 128 else 3)
        is_close = improved.clustering.inertia > first.inertia * (1 - _CLEAR_GAIN)
        if is_close and n_colors <= _FEW_COLORS:
            # Rounding decides, so what "fast" finds competes: more effort is never worse.
            stages.append(quickly_refined())
        fine = tree.select(max(8 * COARSE_POINTS, 2**22 // n_clusters))
        stages += [improved, _refined(fine, improved, kmeans, 5, tol)]
        if effort == "best":
            finer, finest = tree.select(4 * COARSE_POINTS), tree.select(n_colors)
            stages.append(_refined(finer, stages[-1], kmeans, kmeans.max_iter, kmeans.tol))
            stages.append(_improved(finer, stages[-1], kmeans, 50, 10))
            stages.append(_refined(finest, stages[-1], kmeans, kmeans.max_iter, kmeans.tol / 10))
        return tuple(stages)


def _refined(cells: Cells, start: Stage, kmeans: KMeansSettings, n_iter: int, tol: float) -> Stage:
    limited = replace(kmeans, max_iter=min(kmeans.max_iter, n_iter), tol=tol)
    starts = start.clustering.centers
    clustering = fit_kmeans(cells.means, limited, cells.weights, starts=starts)
    return Stage("refine", len(cells.means), clustering)


def _improved(
    cells: Cells, start: Stage, kmeans: KMeansSettings, n_rounds: int, n_iter: int
) -> Stage:
    limited = replace(kmeans, max_iter=min(kmeans.max_iter, n_iter))
    clustering = breathe(cells.means, cells.weights, start.clustering, limited, n_rounds)
    return Stage("breathe", len(cells.means), clustering)


def _with_opaque_entries(
    palette: NDArray[np.uint8], histogram: ColorCounts | ColorWeights
) -> NDArray[np.uint8]:
    """Make entries opaque that stand mostly for opaque pixels, with the mean of these.

    Without this a few translucent pixels at an edge would make a whole area translucent.
    """
    colors, counts = histogram.colors, histogram.counts
    opaque = colors[:, 3] == 255
    labels = nearest(colors, palette)
    weight = np.bincount(labels, counts, len(palette))
    opaque_weight = np.bincount(labels[opaque], counts[opaque], len(palette))
    mostly = np.flatnonzero((opaque_weight > 0) & (2 * opaque_weight >= weight))
    palette = palette.copy()
    palette[mostly, 3] = 255
    for channel in range(3):
        values = (counts * colors[:, channel])[opaque]
        sums = np.bincount(labels[opaque], values, len(palette))
        palette[mostly, channel] = np.rint(sums[mostly] / opaque_weight[mostly])
    return palette
