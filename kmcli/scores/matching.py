"""Which label each cluster stands for, and how much that gets right."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Matching:
    """Which label each cluster stands for, and how many points that gets right."""

    labels: tuple[int | None, ...]  # of each cluster; None for one that is left over
    n_correct: int  # points in a cluster that stands for their label
    share: float  # the same as a share of all points, 0 to 1


def count_pairs(
    true: NDArray[np.integer], labels: NDArray[np.integer], n_true: int, n_clusters: int
) -> NDArray[np.intp]:
    """Count how often each true label meets each cluster, (n_true, n_clusters), both from 0."""
    counts = np.zeros((n_true, n_clusters), dtype=np.intp)
    np.add.at(counts, (true, labels), 1)
    return counts


def match_by_majority(counts: NDArray[np.intp]) -> Matching:
    """Let each cluster stand for the label most frequent in it; of equals, the lowest.

    The share of points that are right by it is called purity. It rises with the number of
    clusters, up to 1 when each point is its own cluster.
    """
    return _matching(counts, dict(enumerate(counts.argmax(axis=0).tolist())))


def match_one_to_one(counts: NDArray[np.intp]) -> Matching:
    """Give each label one cluster at most, and each cluster one label, to get most points right.

    This is what the literature calls clustering accuracy (Kuhn's Hungarian method). Of several
    best assignments SciPy decides for one.
    """
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(counts, maximize=True)
    return _matching(counts, dict(zip(columns.tolist(), rows.tolist(), strict=True)))


def inverse_purity(counts: NDArray[np.intp]) -> float:
    """Give the share of points, 0 to 1, that lie in the largest cluster of their label.

    Several labels may claim the same cluster, so that one cluster for everything scores 1.
    """
    return float(counts.max(axis=1).sum() / counts.sum())


def tied_labels(counts: NDArray[np.intp]) -> dict[int, list[int]]:
    """Find the clusters in which several labels are most frequent, and these labels, ascending."""
    most = counts == counts.max(axis=0)
    return {
        int(cluster): np.flatnonzero(most[:, cluster]).tolist()
        for cluster in np.flatnonzero(most.sum(axis=0) > 1)
    }


def _matching(counts: NDArray[np.intp], label_of: dict[int, int]) -> Matching:
    n_correct = sum(int(counts[label, cluster]) for cluster, label in label_of.items())
    labels = tuple(label_of.get(cluster) for cluster in range(counts.shape[1]))
    return Matching(labels, n_correct, n_correct / int(counts.sum()))
