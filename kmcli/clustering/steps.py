"""k-means step by step, and where it begins."""

# Annotations as they are written: help() shows ArrayLike, not all that it stands for.
from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kmcli.clustering.checks import checked_points
from kmcli.clustering.kmeans import fit_kmeans
from kmcli.clustering.threads import single_thread
from kmcli.settings import KMeansSettings


@dataclass(frozen=True)
class KMeansStep:
    """One iteration of k-means: points go to centres, then centres move to their points.

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
        """The centres without points."""
        present = np.bincount(self.labels, minlength=len(self.before)) > 0
        return np.flatnonzero(~present).tolist()


def trace_kmeans(
    points: ArrayLike, settings: KMeansSettings, starts: ArrayLike
) -> tuple[KMeansStep, ...]:
    """Compute every iteration of one start of k-means.

    scikit-learn computes each step: the centres after i iterations are those of a run that
    stops there. Clusters keep the numbers of their initial centres.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features)
        Finite numbers.
    settings : KMeansSettings
        The parameters of the method; `init` and `n_init` are not used.
    starts : array_like of shape (n_clusters, n_features)
        The initial centres.

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
    points = checked_points(points, settings.n_clusters)
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
    """Choose first centres, some of the points, as scikit-learn does by `init` and seed."""
    points = checked_points(points, settings.n_clusters)
    if settings.init == "random":
        random = np.random.RandomState(settings.random_state)
        return points[random.choice(len(points), settings.n_clusters, replace=False)]
    from sklearn.cluster import kmeans_plusplus

    with single_thread():
        seed = settings.random_state
        centers, _ = kmeans_plusplus(points, settings.n_clusters, random_state=seed)
    return np.asarray(centers)
