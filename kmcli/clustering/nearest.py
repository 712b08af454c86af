"""The nearest of some points to each of many, found among the few that can be."""

import numpy as np
from numpy.typing import NDArray

from kmcli.clustering.distances import distance_factors, points_at_once, shifted_distances

_MIN_DISTANCES = 2**21
_MIN_OTHERS = 64
"""Distances, and points to compare with, from which on leaving most out takes less time."""

_BITS = 9
"""Blocks are the boxes of a grid with so many bits for all axes together: at most 512."""


class NearestSearch:
    """Points, prepared for finding the nearest of others to each of them, again and again.

    Points in few dimensions are sorted into blocks that lie together. Others are left out that,
    from everywhere in the box around a block, are farther away than the one nearest to its middle.
    Of 256 palette entries 22 remain in the mean.

    Source: T. Kanungo et al., "An efficient k-means clustering algorithm: analysis and
    implementation", IEEE TPAMI 24(7), 2002, which does so in a k-d tree.

    Distances are computed in the type of the points, (n_points, n_axes). `n_others` is about how
    many others there will be.
    """

    def __init__(self, points: NDArray[np.floating], n_others: int) -> None:
        n_points, n_axes = points.shape
        # Each point gets a further coordinate 1, see shifted_distances; axis by axis.
        self._terms = np.ones((n_axes + 1, n_points), points.dtype)
        self._terms[:-1] = points.T
        self._order = None
        self._starts = np.arange(0, n_points, points_at_once(n_others))
        is_large = n_others >= _MIN_OTHERS and n_points * n_others >= _MIN_DISTANCES
        if is_large and n_axes <= _BITS:
            self._order, self._starts = _grouped(self._terms[:-1])
            self._terms = self._terms.take(self._order, axis=1)

    def labels(self, others: NDArray[np.float64]) -> NDArray[np.intp]:
        """Find the position of the nearest of the others to each point, of equally near the first.

        They are of shape (n_others, n_axes).
        """
        factors = distance_factors(others, self._terms.dtype.type)
        ends = np.append(self._starts[1:], self._terms.shape[1]).tolist()
        labels = np.empty(self._terms.shape[1], dtype=np.intp)
        if self._order is None:
            for start, end in zip(self._starts.tolist(), ends, strict=True):
                distances = self._terms[:, start:end].T @ factors
                distances.argmin(axis=1, out=labels[start:end])
            return labels
        rows = np.ascontiguousarray(factors.T)
        candidates = self.candidates(others)
        for start, end, is_near in zip(self._starts.tolist(), ends, candidates, strict=True):
            near = is_near.nonzero()[0]
            distances = self._terms[:, start:end].T @ rows[near].T
            labels[start:end] = near[distances.argmin(axis=1)]
        unsorted = np.empty_like(labels)
        unsorted[self._order] = labels
        return unsorted

    def candidates(self, others: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell which others can be nearest to a point of each block: (n_blocks, n_others)."""
        lowest = np.minimum.reduceat(self._terms[:-1], self._starts, axis=1).astype(np.float64)
        highest = np.maximum.reduceat(self._terms[:-1], self._starts, axis=1).astype(np.float64)
        middles, halves = (lowest + highest) / 2, (highest - lowest) / 2
        distances = shifted_distances(middles.T, distance_factors(others))
        nearest = others[distances.argmin(axis=1)]
        # By how much another may be farther from the middle and yet nearer to a corner.
        reach = np.zeros_like(distances)
        for half, axis, own in zip(halves, others.T, nearest.T, strict=True):
            reach += 2 * half[:, np.newaxis] * np.abs(axis - own[:, np.newaxis])
        is_near: NDArray[np.bool_] = distances <= distances.min(axis=1, keepdims=True) + reach
        return is_near


def _grouped(axes: NDArray[np.floating]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Sort points by the boxes of a grid: their order, and where each box that has any starts."""
    bits = _BITS // len(axes)
    keys = np.zeros(axes.shape[1], dtype=np.uint16)
    for axis in axes:
        lowest, highest = axis.min(), axis.max()
        keys <<= bits
        if lowest < highest:
            places = (axis - lowest) / (highest - lowest) * 2**bits
            keys |= np.minimum(places, 2**bits - 1).astype(np.uint16)
    ends = np.cumsum(np.bincount(keys))
    return np.argsort(keys, kind="stable"), np.unique(np.append(ends[:-1], 0))
