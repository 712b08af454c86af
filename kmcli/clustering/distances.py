"""Squared distances from many points to a few others, as one product of matrices."""

import numpy as np
from numpy.typing import NDArray

_DISTANCES_AT_ONCE = 2**17
"""Few enough to stay in the cache of a core."""


def distance_factors(
    others: NDArray[np.float64], dtype: type[np.float32] | type[np.float64] = np.float64
) -> NDArray[np.floating]:
    """Prepare points to which distances are taken, in this type, for `shifted_distances`.

    Of shape (n_axes + 1, n); the last row holds the squared lengths.
    """
    lengths = (others**2).sum(axis=1)
    return np.concatenate([-2 * others.T, lengths[np.newaxis]]).astype(dtype)


def shifted_distances(
    points: NDArray[np.floating], factors: NDArray[np.floating]
) -> NDArray[np.floating]:
    """Compute squared distances, less the squared length of each point: shape (n_points, n).

    That is |x - c|^2 - |x|^2 = -2 x.c + |c|^2, which is enough to compare the distances of one
    point, and one product of matrices if each point gets a further coordinate 1. The factors are
    what `distance_factors` makes of the points c; the result has their type.
    """
    terms = np.ones((len(points), len(factors)), factors.dtype)
    terms[:, :-1] = points
    distances: NDArray[np.floating] = terms @ factors
    return distances


def points_at_once(n_others: int) -> int:
    """Say for how many points the distances to so many others stay in the cache."""
    return max(1, _DISTANCES_AT_ONCE // n_others)
