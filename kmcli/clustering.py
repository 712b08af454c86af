"""The clustering service: k-means on weighted points, the only user of ``sklearn.cluster``."""

# Annotations as they are written: help() shows ArrayLike, not all that it stands for.
from __future__ import annotations

import contextlib
import functools
import importlib
import sys
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kmcli.errors import SettingsError
from kmcli.settings import KMeansSettings


@dataclass(frozen=True)
class Clustering:
    """The outcome of k-means, with clusters numbered from the heaviest to the lightest.

    Attributes
    ----------
    centers : ndarray of shape (n_clusters, n_features), float64
        The weighted mean of each cluster. Clusters of equal weight are ordered by their
        centres, so that the numbering does not depend on the seed.
    labels : ndarray of shape (n_points,), int32
        The number of the cluster to which each point belongs.
    inertia : float
        Weighted sum of the squared distances of the points to their centres.
    n_iter : int
        Iterations of the start that was kept.
    converged : bool
        Whether that start came to rest before `max_iter` iterations.
    start_inertias : tuple of float
        The inertia at which each start ended; `inertia` is the least of them.
    """

    centers: NDArray[np.float64]
    labels: NDArray[np.int32]
    inertia: float
    n_iter: int
    converged: bool
    start_inertias: tuple[float, ...]


def import_in_background() -> None:
    """Begin to import scikit-learn, which takes a second, while other work goes on."""
    threading.Thread(target=importlib.import_module, args=("sklearn.cluster",)).start()


@contextlib.contextmanager
def single_thread() -> Iterator[None]:
    """Keep linear algebra on one thread, so that sums are formed in one order."""
    with _thread_controller("sklearn.cluster" in sys.modules).limit(limits=1):
        yield


@functools.cache
def _thread_controller(_with_sklearn: bool) -> Any:
    """Find the libraries that have threads, which takes longer than a small fit.

    Importing scikit-learn loads further ones: then they are looked for again.
    """
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def fit_kmeans(
    points: ArrayLike,
    settings: KMeansSettings,
    weights: ArrayLike | None = None,
    starts: ArrayLike | None = None,
) -> Clustering:
    """Cluster points by k-means.

    The result is the same for any number of threads, since each fit runs on one: with more,
    sums are formed in another order, and rounding can tip a point into another cluster.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features)
        Finite numbers; computed in float64.
    settings : KMeansSettings
        The parameters of the method.
    weights : array_like of shape (n_points,), optional
        How much each point counts, 0 or more; 1 by default.
    starts : array_like of shape (n_clusters, n_features), optional
        Explicit first centres, used for a single start instead of `init` and `n_init`.

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

    A point that counts twice is as good as two:

    >>> weights = [1, 1, 2, 1, 1]
    >>> kmcli.fit_kmeans(points, kmcli.KMeansSettings(n_clusters=1), weights).centers
    array([[6. , 5.66666667]])
    """
    points = _checked_points(points, settings.n_clusters)
    weights = _checked_weights(weights, len(points))
    if starts is not None:
        starts = np.asarray(starts, dtype=np.float64)
        expected = (settings.n_clusters, points.shape[1])
        if starts.shape != expected:
            raise SettingsError(f"the starts have shape {starts.shape}; expected {expected}")
        settings = replace(settings, n_init=1)

    # Late, and here only: importing scikit-learn takes longer than most fits.
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    random = np.random.RandomState(settings.random_state)
    best = None
    inertias = []
    with single_thread(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        for _ in range(settings.n_init):
            model = KMeans(
                n_clusters=settings.n_clusters,
                init=settings.init if starts is None else starts,
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


def _checked_points(points: ArrayLike, n_clusters: int) -> NDArray[np.float64]:
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


def _checked_weights(weights: ArrayLike | None, n_points: int) -> NDArray[np.float64]:
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


@dataclass(frozen=True)
class KMeansStep:
    """One iteration of k-means: points go to centres, then centres go to their points.

    Attributes
    ----------
    before : ndarray of shape (n_clusters, n_features), float64
        The centres at the beginning.
    labels : ndarray of shape (n_points,), int32
        The nearest of them for each point: the expectation step.
    after : ndarray of shape (n_clusters, n_features), float64
        The means of the points of each centre: the maximization step. A centre without points
        moves to the point farthest from its own centre.
    inertia_before, inertia_after : float
        Inertia with these labels, around the centres before and after.
    """

    before: NDArray[np.float64]
    labels: NDArray[np.int32]
    after: NDArray[np.float64]
    inertia_before: float
    inertia_after: float

    @property
    def empty_clusters(self) -> list[int]:
        """The centres that no point was nearest to."""
        present = np.bincount(self.labels, minlength=len(self.before)) > 0
        return np.flatnonzero(~present).tolist()


def trace_kmeans(
    points: ArrayLike, settings: KMeansSettings, starts: ArrayLike
) -> tuple[KMeansStep, ...]:
    """Show every iteration of one start of k-means.

    Each step is scikit-learn's own computation: the centres after i iterations are those of a
    run that is stopped there. Clusters keep the numbers of their starts throughout.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features)
        Finite numbers.
    settings : KMeansSettings
        The parameters of the method; `init` and `n_init` are not used.
    starts : array_like of shape (n_clusters, n_features)
        The first centres.

    Returns
    -------
    tuple of KMeansStep
        One per iteration; the last one's `after` are the centres of a whole run.

    Raises
    ------
    SettingsError
        As `fit_kmeans`.

    Examples
    --------
    >>> import kmcli
    >>> points = [[0, 0], [0, 1], [9, 9], [9, 8]]
    >>> starts = [[0, 0], [0, 1]]
    >>> steps = kmcli.trace_kmeans(points, kmcli.KMeansSettings(n_clusters=2), starts)
    >>> [(step.labels.tolist(), step.inertia_after) for step in steps]
    [([0, 1, 1, 1], 92.0), ([0, 0, 1, 1], 1.0), ([0, 0, 1, 1], 1.0)]
    """
    points = _checked_points(points, settings.n_clusters)
    starts = np.asarray(starts, dtype=np.float64)
    whole = fit_kmeans(points, settings, starts=starts)

    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.metrics import pairwise_distances_argmin

    steps = []
    before = starts
    with single_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for n_iter in range(1, whole.n_iter + 1):
            model = KMeans(
                n_clusters=settings.n_clusters,
                init=starts,
                n_init=1,
                max_iter=n_iter,
                tol=settings.tol,
                algorithm=settings.algorithm,
            )
            after = np.asarray(model.fit(points).cluster_centers_)
            labels = pairwise_distances_argmin(points, before).astype(np.int32)
            steps.append(
                KMeansStep(
                    before=before,
                    labels=labels,
                    after=after,
                    inertia_before=float(((points - before[labels]) ** 2).sum()),
                    inertia_after=float(((points - after[labels]) ** 2).sum()),
                )
            )
            before = after
    return tuple(steps)


def draw_starts(points: NDArray[np.float64], settings: KMeansSettings) -> NDArray[np.float64]:
    """Choose first centres as scikit-learn does.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_features), float64
        What is to be clustered.
    settings : KMeansSettings
        How many, and by which `init` and seed.

    Returns
    -------
    ndarray of shape (n_clusters, n_features), float64
        Some of the points.
    """
    points = _checked_points(points, settings.n_clusters)
    if settings.init == "random":
        random = np.random.RandomState(settings.random_state)
        return points[random.choice(len(points), settings.n_clusters, replace=False)]
    from sklearn.cluster import kmeans_plusplus

    with single_thread():
        seed = settings.random_state
        centers, _ = kmeans_plusplus(points, settings.n_clusters, random_state=seed)
    return np.asarray(centers)


def cluster_by_density(points: NDArray[np.float64]) -> NDArray[np.int32]:
    """Cluster points where they lie close together, however many such places there are.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_features), float64
        At least five.

    Returns
    -------
    ndarray of shape (n_points,), int32
        The cluster of each point; -1 for those that lie too far from any.

    References
    ----------
    ``sklearn.cluster.HDBSCAN`` with clusters of at least 5 points.
    """
    from sklearn.cluster import HDBSCAN

    with single_thread():
        return np.asarray(
            HDBSCAN(min_cluster_size=5, copy=True).fit_predict(points), dtype=np.int32
        )


def cluster_by_neighbors(
    points: NDArray[np.float64], n_clusters: int, seed: int
) -> NDArray[np.int32]:
    """Cluster points by who lies near whom, whatever the shape of the groups.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_features), float64
        At least two.
    n_clusters : int
        How many clusters to form.
    seed : int
        Seed of the search for eigenvectors.

    Returns
    -------
    ndarray of shape (n_points,), int32
        The cluster of each point.

    References
    ----------
    Spectral clustering on the graph of the 10 nearest neighbours, as
    ``sklearn.cluster.SpectralClustering`` has it.
    """
    from sklearn.cluster import SpectralClustering

    model = SpectralClustering(
        n_clusters,
        affinity="nearest_neighbors",
        n_neighbors=min(10, len(points)),
        assign_labels="cluster_qr",
        random_state=seed,
    )
    with single_thread(), warnings.catch_warnings():
        # The graph of clearly separate groups is not connected, which is the very point here.
        warnings.simplefilter("ignore", UserWarning)
        return np.asarray(model.fit_predict(points), dtype=np.int32)
