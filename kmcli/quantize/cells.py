"""Like colours merged into cells, fine where it matters and coarse where it does not."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kmcli.quantize.colorspace import to_points
from kmcli.settings import Space

_COARSEST_BITS = 4
_MAX_TABLE_BITS = 21
"""Up to so many bits cells are counted in a table, beyond by sorting."""


@dataclass(frozen=True)
class Cells:
    """Groups of colours, each represented by its weighted mean.

    Attributes
    ----------
    means : ndarray of shape (n_cells, 3) or (n_cells, 4), float64
        Points as `to_points` gives them.
    weights : ndarray of shape (n_cells,), float64
        Pixels in each cell.
    """

    means: NDArray[np.float64]
    weights: NDArray[np.float64]


@dataclass(frozen=True)
class _Level:
    """All cells of one resolution; `parents` are positions in the next coarser level."""

    bits: int
    codes: NDArray[np.int64]
    cells: Cells
    errors: NDArray[np.float64]
    parents: NDArray[np.intp]


class CellTree:
    """The colours of a picture, merged step by step into ever coarser cells.

    A cell of b bits holds the colours that agree in the upper b bits of each channel. Its error
    is what is lost by its mean standing for them: the sum of their squared distances.

    Parameters
    ----------
    colors : ndarray of shape (n_colors, 3) or (n_colors, 4), uint8
        Distinct colours.
    counts : ndarray of shape (n_colors,), int64 or float64
        Pixels of each, or their weights.
    space : {"rgb", "oklab", "lab"}
        Where means and errors are taken.
    """

    def __init__(
        self,
        colors: NDArray[np.uint8],
        counts: NDArray[np.int64] | NDArray[np.float64],
        space: Space = "rgb",
    ) -> None:
        n_channels = colors.shape[1]
        codes = np.zeros(len(colors), dtype=np.int64)
        for channel in range(n_channels):
            codes = codes << 8 | colors[:, channel]
        cells = Cells(to_points(colors, space), counts.astype(np.float64))
        level = _Level(8, codes, cells, np.zeros(len(colors)), np.empty(0, dtype=np.intp))
        self._levels: list[_Level] = []  # from the finest to the coarsest
        while level.bits > _COARSEST_BITS:
            parents, coarser = _merge(level, n_channels)
            self._levels.append(_Level(level.bits, level.codes, level.cells, level.errors, parents))
            level = coarser
        self._levels.append(level)

    def select(self, n_cells: int) -> Cells:
        """Choose about so many cells that together cover all colours with little error.

        A cell is taken if its error is below a threshold and that of its parent is not, so that
        resolution goes where colours are many and far apart.

        Parameters
        ----------
        n_cells : int
            The most cells to choose, but at least the coarsest ones.

        Returns
        -------
        Cells
            All colours as they are if these are not more than `n_cells`.
        """
        finest = self._levels[0]
        if len(finest.codes) <= n_cells:
            return finest.cells
        # Between these two the threshold is halved in on, by ratio.
        high = float(self._levels[-1].errors.max())
        low = 1e-12 * high
        while high > 1.02 * low:
            middle = float(np.sqrt(low * high))
            if sum(np.count_nonzero(chosen) for chosen in self._chosen(middle)) > n_cells:
                low = middle
            else:
                high = middle
        pairs = list(zip(self._levels, self._chosen(high), strict=True))
        return Cells(
            np.concatenate([level.cells.means[chosen] for level, chosen in pairs]),
            np.concatenate([level.cells.weights[chosen] for level, chosen in pairs]),
        )

    def _chosen(self, threshold: float) -> list[NDArray[np.bool_]]:
        masks = []
        for level, coarser in zip(self._levels, [*self._levels[1:], None], strict=True):
            chosen = level.errors <= threshold
            if coarser is not None:
                chosen &= coarser.errors[level.parents] > threshold
            masks.append(chosen)
        return masks


def _merge(level: _Level, n_channels: int) -> tuple[NDArray[np.intp], _Level]:
    """Merge the cells of a level that agree in all but the lowest bit of each channel."""
    bits = level.bits - 1
    codes = np.zeros(len(level.codes), dtype=np.int64)
    for channel in range(n_channels):
        shift = (n_channels - 1 - channel) * level.bits + 1
        codes = codes << bits | (level.codes >> shift & ((1 << bits) - 1))
    if n_channels * bits <= _MAX_TABLE_BITS:
        occupied = np.flatnonzero(np.bincount(codes, minlength=1 << n_channels * bits))
        rank = np.empty(1 << n_channels * bits, dtype=np.intp)
        rank[occupied] = np.arange(len(occupied))
        parents = rank[codes]
    else:
        occupied, parents = np.unique(codes, return_inverse=True)

    def summed(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(parents, values, len(occupied)).astype(np.float64, copy=False)

    means, weights = level.cells.means, level.cells.weights
    merged_weights = summed(weights)
    merged_means = np.column_stack([summed(weights * axis) for axis in means.T])
    merged_means /= merged_weights[:, np.newaxis]
    spread = ((means - merged_means[parents]) ** 2).sum(axis=1)
    errors = summed(level.errors + weights * spread)
    coarser = Cells(merged_means, merged_weights)
    return parents, _Level(bits, occupied, coarser, errors, np.empty(0, dtype=np.intp))
