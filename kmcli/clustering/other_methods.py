"""Methods that find what k-means cannot: clusters of any width, direction or shape."""

import warnings

import numpy as np
from numpy.typing import NDArray

from kmcli.clustering.threads import single_thread


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


def cluster_by_mixture(
    points: NDArray[np.float64], n_clusters: int, seed: int
) -> NDArray[np.int32]:
    """Cluster points by a mixture of normal distributions, each with a width and a direction.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_features), float64
        At least two.
    n_clusters : int
        How many clusters to form, at most as many as there are points.
    seed : int
        Seed of the starts.

    Returns
    -------
    ndarray of shape (n_points,), int32
        The cluster of each point: the distribution that it most likely comes from.

    References
    ----------
    ``sklearn.mixture.GaussianMixture``, the best of five starts. They begin at centres of
    k-means++: from those of k-means, its default, long groups stay cut into pieces (ARI 0.5
    instead of 1 on most seeds of the anisotropic points).
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    model = GaussianMixture(n_clusters, n_init=5, init_params="k-means++", random_state=seed)
    with single_thread(), warnings.catch_warnings():
        # Where starts do not settle, the best of them is still what is asked for.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return np.asarray(model.fit_predict(points), dtype=np.int32)


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
