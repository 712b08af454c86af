"""What is clustered instead of the pixels, and the plane on which it is shown."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kmcli.settings import Embedding


@dataclass(frozen=True)
class Plane:
    """Points in two dimensions, for a picture."""

    points: NDArray[np.float64]  # (n_points, 2)
    axes: tuple[str, str]  # what the two coordinates are


def embed(pixels: NDArray[np.float64], embedding: Embedding) -> NDArray[np.float64]:
    """Turn pixels, (n_points, 64), into the points that are clustered.

    All of it runs on one thread: more would change the last bits of sums, which t-SNE (L. van
    der Maaten and G. Hinton, 2008) amplifies until points move to other clusters.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        if embedding.method == "pca":
            from sklearn.decomposition import PCA

            points = PCA(embedding.n_components, svd_solver="full").fit_transform(pixels)
        elif embedding.method == "tsne":
            from sklearn.manifold import TSNE

            points = TSNE(init="pca", random_state=embedding.random_state).fit_transform(pixels)
        elif embedding.method == "scale":
            from sklearn.preprocessing import StandardScaler

            points = StandardScaler().fit_transform(pixels)
        else:
            points = pixels
    return np.asarray(points, dtype=np.float64)


def project(
    points: NDArray[np.float64], pixels: NDArray[np.float64], embedding: Embedding
) -> Plane:
    """Lay the points that were clustered, made from pixels, on a plane.

    It is that of the two first principal components; a t-SNE map stays as it is, since it is
    plane. Of a single component, the second coordinate is 0. Shares of the variance are of that
    of the digits, also where only some of their components were clustered.
    """
    if embedding.method == "tsne":
        return Plane(points, ("first t-SNE coordinate", "second t-SNE coordinate"))
    from sklearn.decomposition import PCA
    from threadpoolctl import threadpool_limits

    n_components = min(2, points.shape[1])
    with threadpool_limits(limits=1):
        pca = PCA(n_components, svd_solver="full")
        plane = np.zeros((len(points), 2))
        plane[:, :n_components] = pca.fit_transform(points)
    whole = pixels if embedding.method == "pca" else points
    shares = plane.var(axis=0) / whole.var(axis=0).sum()
    names = ("first principal component", "second principal component")
    first, second = (
        f"{name} ({share:.1%} of the variance)"
        for name, share in zip(names, shares.tolist(), strict=True)
    )
    return Plane(plane, (first, second))


def principal_starts(points: NDArray[np.float64], n_clusters: int) -> NDArray[np.float64] | None:
    """Derive first centres from the principal components, without any chance.

    They are the mean of the points, moved along one component each; None if there are fewer
    features than clusters. As in scikit-learn's "A demo of K-Means clustering on the
    handwritten digits data", where the unit vectors themselves are the centres because the mean
    is 0.
    """
    from sklearn.decomposition import PCA
    from threadpoolctl import threadpool_limits

    if n_clusters > points.shape[1]:
        return None
    with threadpool_limits(limits=1):
        components = PCA(n_clusters, svd_solver="full").fit(points).components_
    return np.asarray(points.mean(axis=0) + components, dtype=np.float64)
