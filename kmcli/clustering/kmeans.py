"""k-means on weighted points."""

# Annotations as they are written: help() shows ArrayLike, not all that it stands for.
from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kmcli.clustering.checks import checked_points, checked_weights
from kmcli.clustering.threads import single_thread
from kmcli.errors import SettingsError
from kmcli.settings import Init, KMeansSettings


@dataclass(frozen=True)
class Clustering:
    """The outcome of k-means, with clusters numbered from the heaviest to the lightest.

    Attributes
    ----------
    centers : ndarray of shape (n_clusters, n_features), float64
        The weighted mean of each cluster. Clusters of equal weight are ordered by their
        centres, so that the numbering does not depend on the seed.
    labels : ndarray of shape (n_points,), int32
        The cluster of each point.
    inertia : float
        Weighted sum of the squared distances of the points to their centres.
    n_iter : int
        Iterations of the start that was kept.
    converged : bool
        Whether that run converged before `max_iter` iterations.
    start_inertias : tuple of float
        The final inertia of each start; `inertia` is the lowest.
    """

    centers: NDArray[np.float64]
    labels: NDArray[np.int32]
    inertia: float
    n_iter: int
    converged: bool
    start_inertias: tuple[float, ...]


def fit_kmeans(
    points: ArrayLike,
    settings: KMeansSettings,
    weights: ArrayLike | None = None,
    starts: ArrayLike | None = None,
) -> Clustering:
    """Cluster points by k-means.

    The result does not depend on the number of threads, because each fit runs on one. With
    more, sums would be formed in another order, and rounding could move a point into another
    cluster.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features)
        Finite numbers; computed in float64.
    settings : KMeansSettings
        The parameters of the method.
    weights : array_like of shape (n_points,), optional
        Weight of each point, 0 or more; 1 by default.
    starts : array_like of shape ([n_starts,] n_clusters, n_features), optional
        Initial centres of one start or of several, used instead of `init` and `n_init`.

    Returns
    -------
    Clustering

    Raises
    ------
    SettingsError
        If the arrays do not fit each other, hold NaN or infinity, or have fewer distinct
        points than there are clusters.

    Notes
    -----
    The starts draw from one random stream, as those of ``KMeans(n_init=...)`` do, so the same
    seed gives the same clustering as scikit-learn.

    Examples
    --------
    >>> import kmcli
    >>> points = [[0, 0], [0, 1], [9, 9], [9, 8], [9, 7]]
    >>> clustering = kmcli.fit_kmeans(points, kmcli.KMeansSettings(n_clusters=2))
    >>> clustering.centers  # of the larger cluster first
    array([[9. , 8. ],
           [0. , 0.5]])
    >>> clustering.labels
    array([1, 1, 0, 0, 0], dtype=int32)
    >>> clustering.inertia
    2.5

    A point of weight 2 counts as two points:

    >>> weights = [1, 1, 2, 1, 1]
    >>> kmcli.fit_kmeans(points, kmcli.KMeansSettings(n_clusters=1), weights).centers
    array([[6. , 5.66666667]])
    """
    points = checked_points(points, settings.n_clusters)
    weights = checked_weights(weights, len(points))
    inits: Sequence[Init | NDArray[np.float64]] = [settings.init] * settings.n_init
    if starts is not None:
        starts = np.asarray(starts, dtype=np.float64)
        expected = (settings.n_clusters, points.shape[1])
        if starts.shape[-2:] != expected or starts.ndim > 3 or len(starts) == 0:
            raise SettingsError(f"the starts have shape {starts.shape}; expected {expected}")
        inits = list(starts.reshape(-1, *expected))

    # Late, and here only: importing scikit-learn takes longer than most fits.
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    random = np.random.RandomState(settings.random_state)
    best = None
    inertias = []
    with single_thread(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        for init in inits:
            model = KMeans(
                n_clusters=settings.n_clusters,
                init=init,
                n_init=1,
                max_iter=settings.max_iter,
                tol=settings.tol,
                algorithm=settings.algorithm,
                random_state=random,
            )
            model.fit(points, sample_weight=weights)
            inertias.append(float(model.inertia_))
            if best is None or model.inertia_ < best.inertia_:
                best = model
    if caught:
        # scikit-learn only warns about too few distinct points, and returns double centres.
        _check_distinct(points, settings.n_clusters)
    assert best is not None  # noqa: S101 - n_init >= 1, which mypy cannot know
    centers, labels = _in_stable_order(best.cluster_centers_, best.labels_, weights)
    return Clustering(
        centers=centers,
        labels=labels,
        inertia=float(best.inertia_),
        n_iter=int(best.n_iter_),
        converged=bool(best.n_iter_ < settings.max_iter),
        start_inertias=tuple(inertias),
    )


def _check_distinct(points: NDArray[np.float64], n_clusters: int) -> None:
    n_distinct = len(np.unique(points, axis=0))
    if n_distinct < n_clusters:
        raise SettingsError(
            f"{n_distinct} distinct points cannot form {n_clusters} clusters; "
            "ask for fewer clusters"
        )


def _in_stable_order(
    centers: NDArray[np.float64], labels: NDArray[np.int32], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    sizes = np.bincount(labels, weights=weights, minlength=len(centers))
    # lexsort takes its keys from the last, most important one to the first
    order = np.lexsort((*centers.T[::-1], -sizes))
    rank = np.empty(len(centers), dtype=np.int32)
    rank[order] = np.arange(len(centers), dtype=np.int32)
    return centers[order], rank[labels]
