"""Squared distances from many points to a few others, as one product of matrices."""

import numpy as np
from numpy.typing import NDArray


def distance_factors(
    others: NDArray[np.float64], dtype: type[np.float32] | type[np.float64] = np.float64
) -> NDArray[np.floating]:
    """Prepare points to which distances are taken.

    |x - c|^2 = |x|^2 - 2 x.c + |c|^2, of which all but the first is linear in x:
    ``with_ones(x) @ distance_factors(c)``. For the nearest c the first term does not matter.

    Parameters
    ----------
    others : ndarray of shape (n, n_axes), float64
        The points c.
    dtype : numpy.float32 or numpy.float64
        Of the result.

    Returns
    -------
    ndarray of shape (n_axes + 1, n)
    """
    lengths = (others**2).sum(axis=1)
    return np.concatenate([-2 * others.T, lengths[np.newaxis]]).astype(dtype)


def with_ones(
    points: NDArray[np.floating], dtype: type[np.float32] | type[np.float64] = np.float64
) -> NDArray[np.floating]:
    """Give points the further coordinate 1, which takes up the last row of the factors.

    Parameters
    ----------
    points : ndarray of shape (n, n_axes), floating
        The points x.
    dtype : numpy.float32 or numpy.float64
        Of the result.

    Returns
    -------
    ndarray of shape (n, n_axes + 1)
    """
    terms = np.ones((len(points), points.shape[1] + 1), dtype)
    terms[:, :-1] = points
    return terms
