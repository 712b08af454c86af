"""How good a clustering is, by itself and against true labels; values are scikit-learn's own."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class InternalScores:
    """Scores that need no true labels.

    Attributes
    ----------
    silhouette : float
        Mean over the points of (b - a) / max(a, b), where a is the mean distance to the own
        cluster and b that to the nearest other one; -1 to 1, higher is better.
    calinski_harabasz : float
        Dispersion between the clusters over that within them; 0 or more, higher is better.
    davies_bouldin : float
        Mean over the clusters of the worst ratio of spread to separation; lower is better.
    """

    silhouette: float
    calinski_harabasz: float
    davies_bouldin: float


@dataclass(frozen=True)
class ExternalScores:
    """Scores of a clustering against true labels; 1 for agreement up to the numbering.

    Attributes
    ----------
    adjusted_rand, adjusted_mutual_info : float
        Agreement beyond chance; 0 is what random labels reach.
    homogeneity, completeness, v_measure : float
        Whether clusters hold one class only, whether classes lie in one cluster only, and the
        harmonic mean of the two; 0 to 1.
    fowlkes_mallows : float
        Geometric mean of pairwise precision and recall; 0 to 1.
    """

    adjusted_rand: float
    adjusted_mutual_info: float
    homogeneity: float
    completeness: float
    v_measure: float
    fowlkes_mallows: float


def internal_scores(
    points: NDArray[np.float64], labels: NDArray[np.integer]
) -> InternalScores | None:
    """Score a clustering by the points alone.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_features), float64
        What was clustered.
    labels : ndarray of shape (n_points,), integer
        The cluster of each point.

    Returns
    -------
    InternalScores or None
        None unless there are at least 2 clusters and fewer than there are points.
    """
    from sklearn import metrics

    if not 2 <= len(np.unique(labels)) < len(points):
        return None
    return InternalScores(
        silhouette=float(metrics.silhouette_score(points, labels)),
        calinski_harabasz=float(metrics.calinski_harabasz_score(points, labels)),
        davies_bouldin=float(metrics.davies_bouldin_score(points, labels)),
    )


def external_scores(true: NDArray[np.integer], labels: NDArray[np.integer]) -> ExternalScores:
    """Score a clustering against true labels.

    Parameters
    ----------
    true, labels : ndarray of shape (n_points,), integer
        The class and the cluster of each point.

    Returns
    -------
    ExternalScores
    """
    from sklearn import metrics

    homogeneity, completeness, v_measure = metrics.homogeneity_completeness_v_measure(true, labels)
    return ExternalScores(
        adjusted_rand=float(metrics.adjusted_rand_score(true, labels)),
        adjusted_mutual_info=float(metrics.adjusted_mutual_info_score(true, labels)),
        homogeneity=float(homogeneity),
        completeness=float(completeness),
        v_measure=float(v_measure),
        fowlkes_mallows=float(metrics.fowlkes_mallows_score(true, labels)),
    )
