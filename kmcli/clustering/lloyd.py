"""k-means from given centres, quick enough for the many short runs of a search."""

import numpy as np
from numpy.typing import NDArray

from kmcli.clustering.kmeans import Clustering
from kmcli.clustering.nearest import NearestSearch
from kmcli.clustering.threads import single_thread


def run_lloyd(
    points: NDArray[np.floating],
    weights: NDArray[np.float64],
    centers: NDArray[np.float64],
    max_iter: int,
    min_gain: float = 0.0,
    n_held: int = 0,
) -> Clustering:
    """Give points to their nearest centres and move these to their means, again and again.

    scikit-learn's `KMeans` does the same: an iteration of 4,096 points in 3 dimensions and 256
    centres took it 3.3 ms in float32 where this takes 1.3 ms (at 64 centres 1.7 and 0.8 ms), and
    importing it takes a second, as long as all else that is done with a small picture.

    Distances are computed in the type of the points, means and errors in float64. A centre that
    no point is nearest to stays where it is, as do the first `n_held`. An iteration that lowers
    the error by a smaller share than `min_gain` is the last. The clusters of the result are in
    the order of `centers`.
    """
    n_clusters = len(centers)
    # About their middle, float32 is precise enough.
    origin = points.mean(axis=0, dtype=np.float64)
    points = points - origin.astype(points.dtype)
    moments = [weights * axis for axis in points.T]
    centers = centers - origin
    search = NearestSearch(points, n_clusters)
    inertia, n_iter, converged = np.inf, 0, False
    with single_thread():
        squares = sum(float(moment @ axis) for moment, axis in zip(moments, points.T, strict=True))
        while n_iter < max_iter and not converged:
            labels = search.labels(centers)
            mass = np.bincount(labels, weights, n_clusters)
            sums = np.column_stack([np.bincount(labels, each, n_clusters) for each in moments])
            is_moved = mass > 0
            is_moved[:n_held] = False
            centers[is_moved] = sums[is_moved] / mass[is_moved, np.newaxis]
            # Of each cluster, that of its points about the origin less what its centre explains.
            explained = ((2 * sums - mass[:, np.newaxis] * centers) * centers).sum()
            before, inertia = inertia, squares - float(explained)
            converged = inertia >= before * (1 - min_gain)
            n_iter += 1
    inertia = max(inertia, 0.0)  # it is 0 but for rounding where each point is a centre
    return Clustering(
        centers=centers + origin,
        labels=labels.astype(np.int32),
        inertia=inertia,
        n_iter=n_iter,
        converged=converged,
        start_inertias=(inertia,),
    )
