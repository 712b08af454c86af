"""Refuse points and weights that cannot be clustered."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kmcli.errors import SettingsError


def checked_points(points: ArrayLike, n_clusters: int) -> NDArray[np.float64]:
    """Give finite points in float64, at least as many as there are to be clusters."""
    points = np.ascontiguousarray(points, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] == 0:
        raise SettingsError(f"the points have shape {points.shape}; expected rows of numbers")
    finite = np.isfinite(points).all(axis=1)
    if not finite.all():
        raise SettingsError(f"point {int(finite.argmin())} is not finite: NaN or infinity")
    if len(points) < n_clusters:
        raise SettingsError(
            f"{len(points)} points cannot form {n_clusters} clusters; ask for fewer clusters"
        )
    return points


def checked_weights(weights: ArrayLike | None, n_points: int) -> NDArray[np.float64]:
    """Give finite weights of 0 or more, 1 for each point if there are none."""
    if weights is None:
        return np.ones(n_points)
    weights = np.asarray(weights, dtype=np.float64)
    if weights.shape != (n_points,):
        raise SettingsError(f"{n_points} points have weights of shape {weights.shape}")
    valid = np.isfinite(weights) & (weights >= 0)
    if not valid.all():
        index = int(valid.argmin())
        raise SettingsError(f"the weight of point {index} is {weights[index]}; it must be >= 0")
    return weights
