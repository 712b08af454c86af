"""Exact moments of many points, block by block, the same in whatever order blocks are added up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Moments:
    """Exact sums over the points of one or more blocks.

    Attributes
    ----------
    blocks : ndarray of shape (n_blocks,), int64
        The numbers of the blocks, ascending.
    n_rows, n_used : ndarray of shape (n_blocks,), int64
        All points, and those without missing values that weigh something.
    weight : ndarray of shape (n_blocks,), float64
        Sum of the weights of the points that are used.
    missing : ndarray of shape (n_blocks, n_features), int64
        Missing values.
    weights, means, squares, least, most : ndarray of shape (n_blocks, n_features), float64
        Of the values that are there: sum of the weights, weighted mean, sum of squared
        deviations from it, and extremes.

    Notes
    -----
    The blocks are kept apart until the end, so that what comes of them does not depend on the
    order in which they were merged.
    """

    blocks: NDArray[np.int64]
    n_rows: NDArray[np.int64]
    n_used: NDArray[np.int64]
    weight: NDArray[np.float64]
    missing: NDArray[np.int64]
    weights: NDArray[np.float64]
    means: NDArray[np.float64]
    squares: NDArray[np.float64]
    least: NDArray[np.float64]
    most: NDArray[np.float64]

    def total(self) -> Moments:
        """Give the moments of all blocks together, as those of one (Chan et al. 1979)."""
        weights = self.weights.sum(axis=0)
        means = (self.weights * self.means).sum(axis=0) / np.maximum(weights, 1e-300)
        # The weighted mean of equal numbers may be off by a bit: a constant stays a constant.
        least, most = self.least.min(axis=0), self.most.max(axis=0)
        np.clip(means, least, most, where=weights > 0, out=means)
        squares = (self.squares + self.weights * (self.means - means) ** 2).sum(axis=0)
        return Moments(
            blocks=self.blocks[:1],
            n_rows=self.n_rows.sum(keepdims=True),
            n_used=self.n_used.sum(keepdims=True),
            weight=self.weight.sum(keepdims=True),
            missing=self.missing.sum(axis=0, keepdims=True),
            weights=weights[np.newaxis],
            means=means[np.newaxis],
            squares=squares[np.newaxis],
            least=least[np.newaxis],
            most=most[np.newaxis],
        )


def measure_moments(
    points: NDArray[np.float64],
    weights: NDArray[np.float64],
    missing: NDArray[np.bool_],
    used: NDArray[np.bool_],
    number: int,
) -> Moments:
    """Measure a block of points, (n_points, n_features), finite where they are not missing.

    `used` says which points count at all, `number` is that of the block.
    """
    known = used[:, np.newaxis] & ~missing
    shares = np.where(known, weights[:, np.newaxis], 0)
    sums = shares.sum(axis=0)
    if known.all():
        values = low = high = points
    else:
        values, low, high = (np.where(known, points, other) for other in (0, np.inf, -np.inf))
    means = (shares * values).sum(axis=0) / np.maximum(sums, 1e-300)
    least, most = low.min(axis=0, initial=np.inf), high.max(axis=0, initial=-np.inf)
    np.clip(means, least, most, where=sums > 0, out=means)
    squares = (shares * (values - means) ** 2).sum(axis=0)
    return Moments(
        blocks=np.array([number]),
        n_rows=np.array([len(points)]),
        n_used=np.array([int(used.sum())]),
        weight=np.array([weights[used].sum()]),
        missing=missing.sum(axis=0)[np.newaxis],
        weights=sums[np.newaxis],
        means=means[np.newaxis],
        squares=squares[np.newaxis],
        least=least[np.newaxis],
        most=most[np.newaxis],
    )
