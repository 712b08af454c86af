"""K-means on points in the plane, to watch and to try."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kmcli.blobs.data import Points
from kmcli.clustering import (
    Clustering,
    KMeansStep,
    cluster_by_density,
    cluster_by_mixture,
    cluster_by_neighbors,
    draw_starts,
    fit_kmeans,
    trace_kmeans,
)
from kmcli.errors import SettingsError
from kmcli.scores import (
    ExternalScores,
    InternalScores,
    count_pairs,
    external_scores,
    internal_scores,
    match_one_to_one,
)
from kmcli.settings import BlobsSettings, KMeansSettings, Shape
from kmcli.text import listed

MAX_SCORED_POINTS = 20_000
"""The silhouette compares all pairs of points; beyond this it takes too long."""

MAX_COMPARED_POINTS = 5_000
"""The other methods take memory or time that grows with the square of the points."""

_N_BEST_STARTS = 30
WORSE = 1e-3
"""A relative excess over the least inertia found from which on a clustering counts as worse."""


@dataclass(frozen=True)
class Alternative:
    """What a method other than k-means makes of the points."""

    name: str
    idea: str  # what it goes by, to be read after "which"
    labels: NDArray[np.int32]  # of each point; -1 for points without a cluster
    scores: ExternalScores  # against the true groups


@dataclass(frozen=True)
class BlobsResult:
    """Points and their clusters.

    Attributes
    ----------
    points : Points
        The points that were clustered.
    settings : BlobsSettings
        How they were clustered.
    clustering : Clustering
        The result of k-means.
    internal : InternalScores or None
        Scores that need no labels; None for one cluster, or for too many points.
    external : ExternalScores or None
        Scores against the true groups; None if these are unknown.
    alternative : Alternative or None
        Another method's clusters of the same points, for shapes where k-means fails.
    """

    points: Points
    settings: BlobsSettings
    clustering: Clustering
    internal: InternalScores | None
    external: ExternalScores | None
    alternative: Alternative | None


@dataclass(frozen=True)
class Trace:
    """The steps of one start."""

    steps: tuple[KMeansStep, ...]  # one per iteration
    inertia: float  # where it ended
    best_inertia: float  # the least found, here, by `result` or by many starts of k-means++
    converged: bool

    @property
    def is_worse(self) -> bool:
        """Whether a better clustering was found."""
        return self.inertia > self.best_inertia * (1 + WORSE)

    def event(self, number: int) -> str:
        """Say what is special about an iteration, counted from 0; empty if nothing is."""
        empty = self.steps[number].empty_clusters
        if not empty:
            return ""
        names = listed(empty)
        if len(empty) == 1:
            return f"cluster {names} is empty: its centre moves to a far point"
        return f"clusters {names} are empty: their centres move to far points"


def run_blobs(
    points: Points, settings: BlobsSettings | None = None, shape: Shape | None = None
) -> BlobsResult:
    """Cluster points and score the result.

    Parameters
    ----------
    points : Points
        The points to cluster.
    settings : BlobsSettings, optional
        How to cluster them.
    shape : str, optional
        The shape of points made by `make_points`. It selects the other method to compare
        with k-means.

    Returns
    -------
    BlobsResult

    Raises
    ------
    SettingsError
        If there are too few points for the clusters, or the starts do not fit the points.

    Examples
    --------
    >>> import kmcli
    >>> result = kmcli.run_blobs(kmcli.make_points())
    >>> round(result.clustering.inertia, 3)
    212.006
    >>> result.external.adjusted_rand
    1.0
    """
    settings = settings or BlobsSettings()
    starts = first_centers(points, settings) if settings.start in ("far", "points") else None
    clustering = fit_kmeans(points.values, settings.kmeans, starts=starts)
    few = len(points.values) <= MAX_SCORED_POINTS
    true = points.true_labels
    return BlobsResult(
        points=points,
        settings=settings,
        clustering=clustering,
        internal=internal_scores(points.values, clustering.labels) if few else None,
        external=None if true is None else external_scores(true, clustering.labels),
        alternative=_alternative(points, settings.kmeans, shape),
    )


def _alternative(points: Points, kmeans: KMeansSettings, shape: Shape | None) -> Alternative | None:
    true, values = points.true_labels, points.values
    if true is None or shape in (None, "blobs") or not 10 <= len(values) <= MAX_COMPARED_POINTS:
        return None
    if shape == "uneven":
        labels = cluster_by_density(values)
        name, idea = "density clustering (HDBSCAN)", "looks for regions where points are dense"
    elif kmeans.n_clusters < 2:
        return None
    elif shape in ("anisotropic", "varied"):
        labels = cluster_by_mixture(values, kmeans.n_clusters, kmeans.random_state)
        name, idea = "Gaussian mixture", "gives each group its own width and direction"
    else:
        labels = cluster_by_neighbors(values, kmeans.n_clusters, kmeans.random_state)
        name, idea = "spectral clustering", "groups points that are near each other"
    return Alternative(name, idea, labels, external_scores(true, labels))


def first_centers(points: Points, settings: BlobsSettings) -> NDArray[np.float64]:
    """Give the first centres of a single start, (n_clusters, n_features).

    Raises SettingsError if given starts do not have as many coordinates as the points.
    """
    n_clusters, n_features = settings.kmeans.n_clusters, points.values.shape[1]
    if settings.start == "far":
        # Those of J. VanderPlas's interactive figure: around the origin, away from most blobs.
        return np.random.RandomState(2).randn(n_clusters, n_features)
    if settings.start == "points":
        starts = np.array(settings.start_points)
        if starts.shape[1] != n_features:
            raise SettingsError(
                f"the starts have {starts.shape[1]} columns, the points {n_features}; "
                "the numbers must be equal"
            )
        return points.scaled(starts)
    return draw_starts(points.values, settings.kmeans)


def trace_start(result: BlobsResult) -> Trace:
    """Follow one start step by step, the first if there are several.

    Its clusters have the numbers of those clusters of `result` with which they share most
    points in the end.
    """
    values, kmeans = result.points.values, result.settings.kmeans
    starts = first_centers(result.points, result.settings)
    steps = trace_kmeans(values, kmeans, starts)
    whole = fit_kmeans(values, kmeans, starts=starts)
    many = replace(kmeans, init="k-means++", n_init=_N_BEST_STARTS, max_iter=300)
    best = fit_kmeans(values, many)
    return Trace(
        steps=_renumbered(steps, result.clustering.labels),
        inertia=whole.inertia,
        best_inertia=min(best.inertia, whole.inertia, result.clustering.inertia),
        converged=whole.converged,
    )


def _renumbered(steps: tuple[KMeansStep, ...], labels: NDArray[np.int32]) -> tuple[KMeansStep, ...]:
    """Give the clusters of all steps the numbers of the clusters that the last ones resemble."""
    n_clusters = len(steps[-1].after)
    shared = count_pairs(labels, steps[-1].labels, n_clusters, n_clusters)
    rank = np.array(match_one_to_one(shared).labels, dtype=np.int32)
    order = np.argsort(rank)
    return tuple(
        replace(
            step,
            before=step.before[order],
            after=step.after[order],
            labels=rank[step.labels],
        )
        for step in steps
    )
