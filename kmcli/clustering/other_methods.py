"""Methods that find what k-means cannot: clusters of any width, direction or shape."""

import warnings

import numpy as np
from numpy.typing import NDArray

from kmcli.clustering.threads import single_thread


def cluster_by_density(points: NDArray[np.float64]) -> NDArray[np.int32]:
    """Cluster at least five points where they lie close together, in however many places.

    By ``sklearn.cluster.HDBSCAN`` with clusters of at least 5 points; -1 is for those too far
    from any.
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

    By ``sklearn.mixture.GaussianMixture``, the best of five starts. They begin at centres of
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

    By spectral clustering on the graph of the 10 nearest neighbours, as
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
