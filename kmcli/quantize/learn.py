"""Learn a palette: k-means on the weighted distinct colours, from coarse to fine."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kmcli.clustering import Clustering, fit_kmeans
from kmcli.quantize.colorspace import from_points, to_points
from kmcli.quantize.histogram import ColorCounts
from kmcli.quantize.remap import nearest
from kmcli.settings import KMeansSettings, QuantizeSettings

COARSE_BITS = 5
"""Bits per channel of the histogram on which the starts compete: 4 to 25 thousand points."""

REFINEMENTS = {6: 10, 7: 8}
"""Bits per channel of the finer histograms, and the most iterations on each."""

_MAX_TABLE_BITS = 21
"""Up to so many bits cells are counted in a table, beyond by sorting."""


@dataclass(frozen=True)
class Stage:
    """One run of k-means on the way to a palette.

    Attributes
    ----------
    bits : int
        Bits per channel to which colours were merged into cells.
    n_points : int
        Number of cells that hold colours.
    clustering : Clustering
        What k-means made of them.
    """

    bits: int
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
        The runs of k-means; none if the picture has no more colours than were asked for,
        in which case these are its own.
    """

    colors: NDArray[np.uint8]
    stages: tuple[Stage, ...]


def learn_palette(histogram: ColorCounts, settings: QuantizeSettings) -> LearnedPalette:
    """Find the colours that stand for those of a picture with the least squared error.

    The histogram is merged into cells of 5 bits a channel, where several starts cost little;
    the best of them is refined on finer cells. A cell stands for its colours by their
    weighted mean, so that nothing is lost but the spread within it.

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
    stages = _fit_coarse_to_fine(colors, counts, kmeans)
    learned = from_points(stages[-1].clustering.centers)
    if colors.shape[1] == 4:
        learned = _with_opaque_entries(learned, colors, counts)
    # Rounding can make two centres one colour.
    return LearnedPalette(np.unique(np.concatenate([reserved, learned]), axis=0), stages)


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
    colors: NDArray[np.uint8], counts: NDArray[np.int64], kmeans: KMeansSettings
) -> tuple[Stage, ...]:
    levels = _merge_into_cells(colors, counts, kmeans.n_clusters)
    coarsest = levels.pop()
    clustering = fit_kmeans(coarsest.means, kmeans, coarsest.weights)
    stages = [Stage(coarsest.bits, len(coarsest.means), clustering)]
    while levels:
        cells = levels.pop()
        limit = REFINEMENTS[cells.bits]
        limited = replace(kmeans, max_iter=min(kmeans.max_iter, limit))
        clustering = fit_kmeans(cells.means, limited, cells.weights, starts=clustering.centers)
        stages.append(Stage(cells.bits, len(cells.means), clustering))
    return tuple(stages)


@dataclass(frozen=True)
class _Cells:
    """Colours merged into cells: `means` are points of `to_points`, `weights` are pixels."""

    bits: int
    codes: NDArray[np.int64]
    means: NDArray[np.float64]
    weights: NDArray[np.float64]


def _merge_into_cells(
    colors: NDArray[np.uint8], counts: NDArray[np.int64], n_clusters: int
) -> list[_Cells]:
    """Merge colours that agree in the upper bits of each channel, level by level.

    Returns the levels from the finest to the coarsest; the last is the coarsest that has
    enough cells for the clusters, so with few colours there may be but one level.
    """
    n_channels = colors.shape[1]
    codes = np.zeros(len(colors), dtype=np.int64)
    for channel in range(n_channels):
        codes = codes << 8 | colors[:, channel]
    cells = _Cells(8, codes, to_points(colors), counts.astype(np.float64))
    levels: list[_Cells] = []
    for bits in (*sorted(REFINEMENTS, reverse=True), COARSE_BITS):
        coarser = _merge(cells, bits, n_channels)
        if len(coarser.means) < n_clusters:
            break
        cells = coarser
        levels.append(cells)
    return levels or [cells]


def _merge(cells: _Cells, bits: int, n_channels: int) -> _Cells:
    channel_mask = (1 << bits) - 1
    codes = np.zeros(len(cells.codes), dtype=np.int64)
    for channel in range(n_channels):
        shift = (n_channels - channel) * cells.bits - bits
        codes = codes << bits | (cells.codes >> shift & channel_mask)
    if n_channels * bits <= _MAX_TABLE_BITS:
        positions, n_cells = codes, 1 << n_channels * bits
    else:
        codes, positions = np.unique(codes, return_inverse=True)
        n_cells = len(codes)
    weights = np.bincount(positions, cells.weights, n_cells).astype(np.float64, copy=False)
    occupied = np.flatnonzero(weights)
    means = np.empty((len(occupied), n_channels))
    for axis in range(n_channels):
        weighted = cells.weights * cells.means[:, axis]
        sums = np.bincount(positions, weighted, n_cells)
        means[:, axis] = sums[occupied] / weights[occupied]
    return _Cells(bits, occupied if positions is codes else codes, means, weights[occupied])


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
