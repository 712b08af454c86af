"""Moves that lead k-means out of a local optimum: add centres where they help, drop idle ones."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kmcli.clustering.distances import distance_factors, points_at_once, shifted_distances
from kmcli.clustering.kmeans import Clustering
from kmcli.clustering.lloyd import run_lloyd
from kmcli.clustering.threads import single_thread
from kmcli.settings import KMeansSettings

_FIRST_SHARE = 0.2
"""Share of the centres that the first round moves."""

_MIN_GAIN = 1e-5
"""Relative gain below which a round counts as failed."""


def breathe(
    points: NDArray[np.floating],
    weights: NDArray[np.float64],
    clustering: Clustering,
    settings: KMeansSettings,
    n_rounds: int,
    n_held: int = 0,
) -> Clustering:
    """Improve a clustering of weighted points beyond what restarts reach.

    In each round m centres are added, one in each of the clusters of largest error, and after
    some iterations of k-means (`settings.max_iter` at most) the m centres of least use are taken
    away again. The result is kept if its inertia is lower; if not, m is halved, until nothing is
    left to try. The first `n_held` centres stay where they are. The inertia is not above that
    which iterations without moves reach; `n_iter` counts all iterations. Distances are computed
    in the type of the points.

    Source: B. Fritzke, "The breathing k-means algorithm", arXiv:2006.15666, 2020.
    """
    n_clusters, max_iter = len(clustering.centers), settings.max_iter
    n_free = min(n_clusters - n_held, len(points) - n_clusters)
    n_moved = min(max(1, round(_FIRST_SHARE * n_clusters)), n_free)
    best = run_lloyd(points, weights, clustering.centers, max_iter, n_held=n_held)
    n_iter = best.n_iter
    for _ in range(n_rounds):
        if n_moved < 1:
            break
        wider = _with_added_centers(points, weights, best, n_moved)
        inhaled = run_lloyd(points, weights, wider, max_iter, n_held=n_held)
        narrower = remove_idle_centers(points, weights, inhaled, n_moved, n_held)
        exhaled = run_lloyd(points, weights, narrower, max_iter, n_held=n_held)
        n_iter += inhaled.n_iter + exhaled.n_iter
        if exhaled.inertia < best.inertia * (1 - _MIN_GAIN):
            best = exhaled
        else:
            n_moved //= 2
    return replace(best, n_iter=n_iter)


def _with_added_centers(
    points: NDArray[np.floating],
    weights: NDArray[np.float64],
    clustering: Clustering,
    n_added: int,
) -> NDArray[np.float64]:
    """Put a second centre into the worst clusters, half a standard deviation off the first.

    It is moved along the axis of the largest variance, and along the others as these go with it:
    else it may lie where the cluster has no points, and be dropped again.
    """
    centers, labels = clustering.centers, clustering.labels
    moves = points - centers[labels]
    weighted = moves * weights[:, np.newaxis]

    def summed(values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Add up by cluster: shape (n_clusters, n_axes)."""
        sums = [np.bincount(labels, axis, len(centers)) for axis in values.T]
        return np.column_stack(sums).astype(np.float64, copy=False)

    errors = summed(weighted * moves)
    longest = errors.argmax(axis=1)
    along = summed(weighted * moves[np.arange(len(moves)), longest[labels], np.newaxis])
    worst = np.argsort(-errors.sum(axis=1), kind="stable")[:n_added]
    mass = np.bincount(labels, weights, len(centers))[worst]
    scale = np.sqrt(errors.max(axis=1)[worst] * mass)
    offsets = along[worst] / np.maximum(scale, 1e-12)[:, np.newaxis]
    return np.concatenate([centers, centers[worst] + offsets / 2])


def remove_idle_centers(
    points: NDArray[np.floating],
    weights: NDArray[np.float64],
    clustering: Clustering,
    n_removed: int,
    n_held: int,
) -> NDArray[np.float64]:
    """Drop the centres whose loss costs least, but not a centre and its neighbour together.

    The first `n_held` stay. Gives the centres that are left, in their order.
    """
    centers, labels = clustering.centers, clustering.labels
    with single_thread():
        cost = np.bincount(labels, weights * _detours(points, clustering), len(centers))
        between = shifted_distances(centers, distance_factors(centers))
    np.fill_diagonal(between, np.inf)
    neighbors = between.argmin(axis=1)
    removed: list[int] = []
    kept: set[int] = set()
    ranking = n_held + np.argsort(cost[n_held:], kind="stable")
    for center in ranking.tolist():
        if len(removed) < n_removed and center not in kept:
            removed.append(center)
            kept.add(int(neighbors[center]))
    return np.delete(centers, removed, axis=0)


def _detours(points: NDArray[np.floating], clustering: Clustering) -> NDArray[np.float64]:
    """How much farther, squared, the second nearest centre of each point is than its own."""
    centers, labels = clustering.centers, clustering.labels
    detours = np.empty(len(points))
    factors = distance_factors(centers, points.dtype.type)
    step = points_at_once(len(centers))
    for start in range(0, len(points), step):
        chunk = slice(start, start + step)
        distances = shifted_distances(points[chunk], factors)
        rows = np.arange(len(distances))
        own = distances[rows, labels[chunk]].copy()
        distances[rows, labels[chunk]] = np.inf
        detours[chunk] = distances.min(axis=1) - own
    return detours
