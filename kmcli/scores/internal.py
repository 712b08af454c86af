"""How good a clustering is by itself; values are scikit-learn's own."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kmcli.parallel import map_shares

_ROWS_AT_ONCE = 128
"""Whose distances to all others are in memory at once."""

_MEBIBYTES = 32
"""What scikit-learn may take for distances: it is faster within the processor's cache."""


@dataclass(frozen=True)
class InternalScores:
    """Scores that need no true labels.

    Attributes
    ----------
    silhouettes : ndarray of shape (n_points,), float64
        Of each point (b - a) / max(a, b), where a is the mean distance to the own cluster and b
        that to the nearest other one; -1 to 1, higher is better.
    calinski_harabasz : float
        Dispersion between the clusters over that within them; 0 or more, higher is better.
    davies_bouldin : float
        Mean over the clusters of the worst ratio of spread to separation; lower is better.
    """

    silhouettes: NDArray[np.float64]
    calinski_harabasz: float
    davies_bouldin: float

    @property
    def silhouette(self) -> float:
        """The mean of the silhouettes."""
        return float(self.silhouettes.mean())


def internal_scores(
    points: NDArray[np.float64], labels: NDArray[np.integer]
) -> InternalScores | None:
    """Score a clustering without labels; None unless 2 clusters or more, and fewer than points."""
    from sklearn import config_context, metrics

    if not 2 <= len(np.unique(labels)) < len(points):
        return None
    with config_context(working_memory=_MEBIBYTES):
        silhouettes = np.asarray(metrics.silhouette_samples(points, labels))
    return InternalScores(
        silhouettes=silhouettes,
        calinski_harabasz=float(metrics.calinski_harabasz_score(points, labels)),
        davies_bouldin=float(metrics.davies_bouldin_score(points, labels)),
    )


def weighted_silhouettes(
    points: NDArray[np.float64],
    weights: NDArray[np.float64],
    labels: NDArray[np.integer],
    n_clusters: int,
) -> NDArray[np.float64]:
    """Give the silhouette of each point of a sample whose points stand for many, by their weights.

    The middle of the points should be near 0, for the sake of precision, and at least 2 clusters
    have points. From -1 to 1; 0 for a point that is alone in its cluster. With equal weights
    these are the values of `internal_scores`.
    """
    sums = np.bincount(labels, weights, n_clusters)
    shares = np.zeros((len(points), n_clusters))
    shares[np.arange(len(points)), labels] = weights
    lengths = (points**2).sum(axis=1)

    def score(rows: slice) -> NDArray[np.float64]:
        squared = lengths[rows, np.newaxis] + lengths - 2 * points[rows] @ points.T
        distances = np.sqrt(np.maximum(squared, 0, out=squared), out=squared)
        own, places = labels[rows], np.arange(len(squared))
        distances[places, places + rows.start] = 0
        totals = distances @ shares
        others = sums[own] - weights[rows]
        alone = others <= 1e-12 * sums[own]
        within = totals[places, own] / np.where(alone, 1, others)
        with np.errstate(divide="ignore", invalid="ignore"):
            means = np.where(sums > 0, totals / sums, np.inf)
        means[places, own] = np.inf
        nearest = means.min(axis=1)
        most = np.maximum(within, nearest)
        scores = (nearest - within) / np.where(most > 0, most, 1)
        return np.where(alone, 0, scores)

    return np.concatenate(map_shares(score, len(points), _ROWS_AT_ONCE))
