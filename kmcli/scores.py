"""How good a clustering is, by itself and against true labels; values are scikit-learn's own."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kmcli.parallel import map_shares


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
    """Score a clustering without labels.

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


def silhouettes(points: NDArray[np.float64], labels: NDArray[np.integer]) -> NDArray[np.float64]:
    """Give the silhouette of each point.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_features), float64
        What was clustered.
    labels : ndarray of shape (n_points,), integer
        The cluster of each point; at least 2 clusters and fewer than points.

    Returns
    -------
    ndarray of shape (n_points,), float64
        -1 to 1.
    """
    from sklearn import metrics

    return np.asarray(metrics.silhouette_samples(points, labels))


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


@dataclass(frozen=True)
class Matching:
    """Which label each cluster stands for, and how many points that gets right.

    Attributes
    ----------
    labels : tuple of int or None
        The label of each cluster; None for one that is left over.
    n_correct : int
        How many points lie in a cluster that stands for their label.
    share : float
        The same as a share of all points, 0 to 1.
    """

    labels: tuple[int | None, ...]
    n_correct: int
    share: float


def count_pairs(
    true: NDArray[np.integer], labels: NDArray[np.integer], n_true: int, n_clusters: int
) -> NDArray[np.intp]:
    """Count how often each true label meets each cluster.

    Parameters
    ----------
    true, labels : ndarray of shape (n_points,), integer
        The label, from 0 to `n_true` - 1, and the cluster of each point.
    n_true, n_clusters : int
        How many labels and clusters there are.

    Returns
    -------
    ndarray of shape (n_true, n_clusters), intp
        Rows are true labels, columns clusters.
    """
    counts = np.zeros((n_true, n_clusters), dtype=np.intp)
    np.add.at(counts, (true, labels), 1)
    return counts


def match_by_majority(counts: NDArray[np.intp]) -> Matching:
    """Let each cluster stand for the label most frequent in it; of equals, the lowest.

    The share of points that are right by it is called purity. It rises with the number of
    clusters, up to 1 when each point is its own cluster.

    Parameters
    ----------
    counts : ndarray of shape (n_true, n_clusters), intp
        From `count_pairs`.

    Returns
    -------
    Matching
    """
    return _matching(counts, dict(enumerate(counts.argmax(axis=0).tolist())))


def match_one_to_one(counts: NDArray[np.intp]) -> Matching:
    """Give each label one cluster at most, and each cluster one label, to get most points right.

    This is what the literature calls clustering accuracy (Kuhn's Hungarian method). Of several
    best assignments SciPy decides for one.

    Parameters
    ----------
    counts : ndarray of shape (n_true, n_clusters), intp
        From `count_pairs`.

    Returns
    -------
    Matching
    """
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(counts, maximize=True)
    return _matching(counts, dict(zip(columns.tolist(), rows.tolist(), strict=True)))


def inverse_purity(counts: NDArray[np.intp]) -> float:
    """Give the share of points that lie in the largest cluster of their label.

    Several labels may claim the same cluster, so that one cluster for everything scores 1.

    Parameters
    ----------
    counts : ndarray of shape (n_true, n_clusters), intp
        From `count_pairs`.

    Returns
    -------
    float
        0 to 1; the sum of the largest entries of the rows over the sum of all.
    """
    return float(counts.max(axis=1).sum() / counts.sum())


def tied_labels(counts: NDArray[np.intp]) -> dict[int, list[int]]:
    """Find the clusters in which several labels are most frequent.

    Parameters
    ----------
    counts : ndarray of shape (n_true, n_clusters), intp
        From `count_pairs`.

    Returns
    -------
    dict
        From the number of such a cluster to its most frequent labels, in ascending order.
    """
    most = counts == counts.max(axis=0)
    return {
        int(cluster): np.flatnonzero(most[:, cluster]).tolist()
        for cluster in np.flatnonzero(most.sum(axis=0) > 1)
    }


def _matching(counts: NDArray[np.intp], label_of: dict[int, int]) -> Matching:
    n_correct = sum(int(counts[label, cluster]) for cluster, label in label_of.items())
    labels = tuple(label_of.get(cluster) for cluster in range(counts.shape[1]))
    return Matching(labels, n_correct, n_correct / int(counts.sum()))


_ROWS_AT_ONCE = 512
"""Whose distances to all others are in memory at once."""


def weighted_silhouettes(
    points: NDArray[np.float64],
    weights: NDArray[np.float64],
    labels: NDArray[np.integer],
    n_clusters: int,
) -> NDArray[np.float64]:
    """Give the silhouette of each point of a sample whose points stand for many.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_features), float64
        The sample. Its middle should be near 0, for the sake of precision.
    weights : ndarray of shape (n_points,), float64
        For how many each point stands, above 0.
    labels : ndarray of shape (n_points,), integer
        The cluster of each point, from 0 to `n_clusters` - 1.
    n_clusters : int
        How many clusters there are; 2 of them at least with points.

    Returns
    -------
    ndarray of shape (n_points,), float64
        -1 to 1; 0 for a point that is alone in its cluster. With equal weights these are the
        values of `silhouettes`.
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


def weighted_adjusted_rand(
    one: NDArray[np.integer], other: NDArray[np.integer], weights: NDArray[np.float64]
) -> float:
    """Say how far two clusterings of a sample agree, beyond chance.

    Parameters
    ----------
    one, other : ndarray of shape (n_points,), integer
        The cluster of each point, from 0.
    weights : ndarray of shape (n_points,), float64
        For how many each point stands.

    Returns
    -------
    float
        1 if they agree, 0 for what chance reaches. With equal weights it is the adjusted Rand
        index of `external_scores`.
    """
    # As if there were as many points as the sample has.
    weights = weights * (len(weights) / weights.sum())
    n_other = int(other.max()) + 1
    counts = np.bincount(one * n_other + other, weights, (int(one.max()) + 1) * n_other)
    table = counts.astype(np.float64).reshape(-1, n_other)

    def pairs(sizes: NDArray[np.float64]) -> float:
        return float((sizes * np.maximum(sizes - 1, 0)).sum() / 2)

    both, first, second = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    n_points = float(len(weights))
    expected = first * second / max(n_points * (n_points - 1) / 2, 1e-300)
    most = (first + second) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)


N_HALVINGS = 5
"""How often points are split into halves to see whether these agree."""


def agreement_of_halves(
    weights: NDArray[np.float64],
    cluster_by: Callable[[NDArray[np.intp]], NDArray[np.integer]],
    seed: int,
) -> float:
    """Tell whether other points of the same kind would give the same clusters.

    Parameters
    ----------
    weights : ndarray of shape (n_points,), float64
        For how many each point stands.
    cluster_by : callable
        Learns clusters from the points at the positions that it is given, and returns the
        cluster of each of all points.
    seed : int
        Seed of the halves.

    Returns
    -------
    float
        Mean over five pairs of random halves of the adjusted Rand index between the clusterings
        that the two halves give all points: 1 if they agree, 0 for what chance reaches.
    """
    random = np.random.default_rng(seed)
    agreements = []
    for _ in range(N_HALVINGS):
        one, other = np.split(random.permutation(len(weights)), [len(weights) // 2])
        agreements.append(weighted_adjusted_rand(cluster_by(one), cluster_by(other), weights))
    return float(np.mean(agreements))
