"""Like colours merged into cells, fine where it matters and coarse where it does not."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kmcli.quantize.colorspace import to_points
from kmcli.settings import Space

_COARSEST_BITS = 4

_STRIP_COLORS = 2**17
"""Colours merged at once: as points they take eight times as much memory."""


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
    """All cells of one resolution, in the order of the curve.

    `errors` is what is lost by the means standing for their colours. The cells of the next finer
    level that make up one of these follow one another: `starts` is the first of each, `sizes`
    their number.
    """

    cells: Cells
    errors: NDArray[np.float64]
    starts: NDArray[np.intp]
    sizes: NDArray[np.intp]


class CellTree:
    """The colours of a picture, merged step by step into ever coarser cells.

    A cell of b bits holds the colours that agree in the upper b bits of each channel. Its error
    is what is lost by its mean standing for them: the sum of their squared distances. The colours
    are sorted along the Morton curve, by their bits taken in turn from each channel. On it every
    cell of every resolution is one stretch, so that to merge is to sum up stretches.

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
        self._colors, self._counts, self._space = colors, counts, space

    def select(self, n_cells: int) -> Cells:
        """Choose so many cells that together cover all colours with little error.

        A cell is taken if its error is not above a threshold and that of the cell around it is,
        so that resolution goes where colours are many and far apart.

        Parameters
        ----------
        n_cells : int
            The most cells to choose, but at least the coarsest ones.

        Returns
        -------
        Cells
            All colours as they are if these are not more than `n_cells`.
        """
        if len(self._colors) <= n_cells:
            return self._cells(slice(None))
        threshold = self._threshold(n_cells)
        is_split = np.ones(len(self._levels[0].errors), dtype=bool)
        chosen = []
        for level in self._levels:
            chosen.append(_subset(level.cells, is_split & (level.errors <= threshold)))
            is_split = np.repeat(is_split & (level.errors > threshold), level.sizes)
        chosen.append(self._cells(self._order[is_split]))
        return Cells(
            np.concatenate([cells.means for cells in chosen]),
            np.concatenate([cells.weights for cells in chosen]),
        )

    def _cells(self, which: slice | NDArray[np.intp]) -> Cells:
        """Give the finest cells: colours as they are."""
        points = to_points(self._colors[which], self._space)
        return Cells(points, self._counts[which].astype(np.float64))

    def _threshold(self, n_cells: int) -> float:
        """Find the least error up to which cells have to be merged to leave at most so many."""
        errors, n_left = self._merging
        # The number left falls from one merger to the next; the last one leaves the coarsest.
        n_mergers = int(np.searchsorted(-n_left, -n_cells))
        return float(errors[min(n_mergers, len(errors) - 1)])

    @cached_property
    def _merging(self) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """The error of each merger, in ascending order, and how many cells are left after it."""
        errors = np.concatenate([level.errors for level in self._levels])
        n_merged = np.concatenate([level.sizes for level in self._levels]) - 1
        # A cell never has less error than those in it, so these have been merged before it.
        mergers = np.flatnonzero(n_merged)
        order = mergers[np.argsort(errors[mergers], kind="stable")]
        return errors[order], len(self._colors) - np.cumsum(n_merged[order])

    @cached_property
    def _order(self) -> NDArray[np.intp]:
        """Positions of the colours in the order of the curve."""
        return np.argsort(self._codes)

    @cached_property
    def _codes(self) -> NDArray[np.uint32]:
        return _morton_codes(self._colors)

    @cached_property
    def _levels(self) -> list[_Level]:
        """All levels but the colours themselves, from the coarsest to the finest."""
        n_channels = self._colors.shape[1]
        codes = self._codes[self._order] >> n_channels
        starts = _starts_of_runs(codes)
        levels = [self._merge_colors(starts)]
        codes = codes[starts]
        for _ in range(_COARSEST_BITS, 7):
            codes >>= n_channels
            starts = _starts_of_runs(codes)
            codes = codes[starts]
            levels.append(_merge(levels[-1].cells, levels[-1].errors, starts))
        return levels[::-1]

    def _merge_colors(self, starts: NDArray[np.intp]) -> _Level:
        """Merge the colours themselves, strip by strip."""
        merged = [
            _merge(self._cells(self._order[first:last]), None, within)
            for first, last, within in _strips(starts, len(self._colors))
        ]
        return _Level(
            Cells(
                np.concatenate([level.cells.means for level in merged]),
                np.concatenate([level.cells.weights for level in merged]),
            ),
            np.concatenate([level.errors for level in merged]),
            starts,
            np.concatenate([level.sizes for level in merged]),
        )


def _subset(cells: Cells, which: NDArray[np.bool_]) -> Cells:
    return Cells(cells.means[which], cells.weights[which])


def _morton_codes(colors: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Interleave the bits of the channels, the highest ones first."""
    n_channels = colors.shape[1]
    values = np.arange(256, dtype=np.uint32)
    spread = np.zeros(256, dtype=np.uint32)
    for bit in range(8):
        spread |= (values >> bit & 1) << (bit * n_channels)
    codes = np.zeros(len(colors), dtype=np.uint32)
    for channel in range(n_channels):
        codes <<= 1
        codes |= spread[colors[:, channel]]
    return codes


def _starts_of_runs(codes: NDArray[np.uint32]) -> NDArray[np.intp]:
    return np.flatnonzero(np.concatenate(([True], codes[1:] != codes[:-1])))


def _strips(starts: NDArray[np.intp], n_colors: int) -> Iterator[tuple[int, int, NDArray[np.intp]]]:
    """Cut the colours between cells; yield where, and where the cells start in each strip."""
    cuts = np.searchsorted(starts, np.arange(0, n_colors, _STRIP_COLORS))
    cuts = np.unique(np.append(cuts, len(starts)))
    for begin, end in itertools.pairwise(cuts.tolist()):
        first = int(starts[begin])
        last = int(starts[end]) if end < len(starts) else n_colors
        yield first, last, starts[begin:end] - first


def _merge(cells: Cells, errors: NDArray[np.float64] | None, starts: NDArray[np.intp]) -> _Level:
    """Merge stretches of cells; `errors` are their own so far, if they have any."""
    means, weights = cells.means, cells.weights
    sizes = np.diff(starts, append=len(weights))
    merged_weights = np.add.reduceat(weights, starts)
    lost = np.zeros(len(weights)) if errors is None else errors.copy()
    merged_means = np.empty((len(starts), means.shape[1]))
    for axis in range(means.shape[1]):
        values = np.ascontiguousarray(means[:, axis])
        merged = np.add.reduceat(weights * values, starts) / merged_weights
        values -= np.repeat(merged, sizes)
        values *= values
        values *= weights
        lost += values
        merged_means[:, axis] = merged
    return _Level(Cells(merged_means, merged_weights), np.add.reduceat(lost, starts), starts, sizes)
