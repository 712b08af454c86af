"""Squared distances from many points to a few others, as one product of matrices."""

import numpy as np
from numpy.typing import NDArray

_DISTANCES_AT_ONCE = 2**17
"""Few enough to stay in the cache of a core."""


def distance_factors(
    others: NDArray[np.float64], dtype: type[np.float32] | type[np.float64] = np.float64
) -> NDArray[np.floating]:
    """Prepare points to which distances are taken.

    Parameters
    ----------
    others : ndarray of shape (n, n_axes), float64
        The points.
    dtype : numpy.float32 or numpy.float64
        In which the distances are computed.

    Returns
    -------
    ndarray of shape (n_axes + 1, n)
        For `shifted_distances`; the last row holds the squared lengths.
    """
    lengths = (others**2).sum(axis=1)
    return np.concatenate([-2 * others.T, lengths[np.newaxis]]).astype(dtype)


def shifted_distances(
    points: NDArray[np.floating], factors: NDArray[np.floating]
) -> NDArray[np.floating]:
    """Compute squared distances, less the squared length of each point.

    That is |x - c|^2 - |x|^2 = -2 x.c + |c|^2, which is enough to compare the distances of one
    point, and one product of matrices if each point gets a further coordinate 1.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_axes), floating
        The points x.
    factors : ndarray of shape (n_axes + 1, n)
        What `distance_factors` makes of the points c.

    Returns
    -------
    ndarray of shape (n_points, n), of the type of `factors`
    """
    terms = np.ones((len(points), len(factors)), factors.dtype)
    terms[:, :-1] = points
    distances: NDArray[np.floating] = terms @ factors
    return distances


def points_at_once(n_others: int) -> int:
    """Say for how many points the distances to so many others stay in the cache."""
    return max(1, _DISTANCES_AT_ONCE // n_others)
