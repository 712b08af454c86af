"""Passes over all points in blocks: the nearest centre of each, and exact sums by cluster."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kmcli.clustering.distances import distance_factors, points_at_once, shifted_distances


@dataclass(frozen=True)
class Labels:
    """The cluster of each point of a block."""

    numbers: NDArray[np.int32]  # from 0; -1 for a point with missing values
    distances: NDArray[np.float64]  # to the centre of the cluster; NaN for a point without one
    points: NDArray[np.float64]  # what has these clusters
    centers: NDArray[np.float64]

    @property
    def second(self) -> NDArray[np.float64]:
        """Distances to the second nearest centre; infinity if there is but one."""
        whole = self.numbers >= 0
        second = np.full(len(self.points), np.nan)
        if len(self.centers) == 1:
            second[whole] = np.inf
        else:
            known, nearest = self.points[whole], self.numbers[whole]
            runners_up = _nearest(known, self.centers, without=nearest)
            second[whole] = _lengths(known, self.centers, runners_up)
        return second

    @property
    def margins(self) -> NDArray[np.float64]:
        """1 - (distance / second distance): 1 at the centre, 0 on a border between clusters."""
        second = self.second
        ratios = np.ones_like(second)
        np.divide(self.distances, second, out=ratios, where=second > 0)
        return np.where(self.numbers < 0, np.nan, 1 - ratios)


@dataclass(frozen=True)
class ClusterSums:
    """Exact sums of the clusters, over one block or many.

    Attributes
    ----------
    rows, weights, inertias, distances : ndarray of shape (n_clusters,)
        Points; sums of their weights, weighted squared distances and weighted distances.
    shifts, squares : ndarray of shape (n_clusters, n_features), float64
        Weighted sums of the differences from the centre, and of their squares.
    farthest : ndarray of shape (n_clusters,), float64
        The greatest distance of a point to the centre; -1 if there is no point.
    farthest_rows : ndarray of shape (n_clusters,), int64
        Where that point is: the row in its block, from 0; -1 if there is no point.
    farthest_points : ndarray of shape (n_clusters, n_features), float64
        The point.
    n_unlabelled : int
        Points with missing values.
    """

    rows: NDArray[np.int64]
    weights: NDArray[np.float64]
    inertias: NDArray[np.float64]
    distances: NDArray[np.float64]
    shifts: NDArray[np.float64]
    squares: NDArray[np.float64]
    farthest: NDArray[np.float64]
    farthest_rows: NDArray[np.int64]
    farthest_points: NDArray[np.float64]
    n_unlabelled: int

    @property
    def inertia(self) -> float:
        """Weighted sum of the squared distances of all points to their centres."""
        return float(self.inertias.sum())


def label_points(points: NDArray[np.float64], centers: NDArray[np.float64]) -> Labels:
    """Find the nearest centre of each point; of two that are equally near, the first.

    A point with a missing value, which is NaN, has no cluster.
    """
    whole = ~np.isnan(points).any(axis=1)
    numbers = np.full(len(points), -1, dtype=np.int32)
    distances = np.full(len(points), np.nan)
    known = points if whole.all() else points[whole]
    nearest = _nearest(known, centers)
    numbers[whole] = nearest
    distances[whole] = _lengths(known, centers, nearest)
    return Labels(numbers, distances, points, centers)


def sum_clusters(labels: Labels, weights: NDArray[np.float64] | None) -> ClusterSums:
    """Sum up a block of points by cluster; without weights each point counts 1."""
    points, centers = labels.points, labels.centers
    n_clusters, n_features = centers.shape
    kept = np.flatnonzero(labels.numbers >= 0)
    clusters, distances = labels.numbers[kept], labels.distances[kept]
    shares = np.ones(len(kept)) if weights is None else weights[kept]
    # Coordinate by coordinate, since each is summed up by itself.
    differences = np.ascontiguousarray((points[kept] - centers[clusters]).T)

    def summed(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(clusters, values, n_clusters).astype(np.float64, copy=False)

    farthest, rows = np.full(n_clusters, -1.0), np.full(n_clusters, -1, dtype=np.int64)
    counting = shares > 0
    np.maximum.at(farthest, clusters[counting], distances[counting])
    # Backwards, so that of rows equally far the first is written last.
    far = np.flatnonzero(counting & (distances == farthest[clusters]))[::-1]
    rows[clusters[far]] = kept[far]
    farthest_points = np.zeros((n_clusters, n_features))
    farthest_points[rows >= 0] = points[rows[rows >= 0]]
    return ClusterSums(
        rows=np.bincount(clusters, minlength=n_clusters).astype(np.int64, copy=False),
        weights=summed(shares),
        inertias=summed(shares * distances**2),
        distances=summed(shares * distances),
        shifts=np.column_stack([summed(shares * axis) for axis in differences]),
        squares=np.column_stack([summed(shares * axis**2) for axis in differences]),
        farthest=farthest,
        farthest_rows=rows,
        farthest_points=farthest_points,
        n_unlabelled=len(points) - len(kept),
    )


def add_sums(total: ClusterSums | None, more: ClusterSums) -> ClusterSums:
    """Add the sums of the next block to those of the blocks before it."""
    if total is None:
        return more
    farther = more.farthest > total.farthest
    names = ("rows", "weights", "inertias", "distances", "shifts", "squares")
    return ClusterSums(
        **{name: getattr(total, name) + getattr(more, name) for name in names},
        farthest=np.where(farther, more.farthest, total.farthest),
        farthest_rows=np.where(farther, more.farthest_rows, total.farthest_rows),
        farthest_points=np.where(
            farther[:, np.newaxis], more.farthest_points, total.farthest_points
        ),
        n_unlabelled=total.n_unlabelled + more.n_unlabelled,
    )


def moved_centers(centers: NDArray[np.float64], sums: ClusterSums) -> NDArray[np.float64]:
    """Move each centre to the mean of its cluster, as Lloyd's iteration does.

    The centre of an empty cluster moves to the farthest point of all, the next one to the
    farthest point of another cluster, and so on.
    """
    filled = sums.weights > 0
    moved = centers.copy()
    moved[filled] += sums.shifts[filled] / sums.weights[filled, np.newaxis]
    far = np.argsort(-sums.farthest, kind="stable")
    for cluster, other in zip(np.flatnonzero(~filled), far, strict=False):
        if sums.farthest[other] > 0:
            moved[cluster] = sums.farthest_points[other]
    return moved


def _nearest(
    points: NDArray[np.float64],
    centers: NDArray[np.float64],
    without: NDArray[np.integer] | None = None,
) -> NDArray[np.intp]:
    """Find the nearest centre of each point, perhaps without one centre for each."""
    nearest = np.empty(len(points), dtype=np.intp)
    factors = distance_factors(centers)
    for start in range(0, len(points), step := points_at_once(len(centers))):
        chunk = slice(start, start + step)
        distances = shifted_distances(points[chunk], factors)
        if without is not None:
            distances[np.arange(len(distances)), without[chunk]] = np.inf
        nearest[chunk] = distances.argmin(axis=1)
    return nearest


def _lengths(
    points: NDArray[np.float64], centers: NDArray[np.float64], labels: NDArray[np.intp]
) -> NDArray[np.float64]:
    differences = points - centers[labels]
    lengths: NDArray[np.float64] = np.sqrt(np.einsum("ij,ij->i", differences, differences))
    return lengths
