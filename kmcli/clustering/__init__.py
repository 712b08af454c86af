"""The clustering service: k-means on weighted points, the only user of ``sklearn.cluster``."""

from kmcli.clustering.kmeans import Clustering, fit_kmeans
from kmcli.clustering.other_methods import (
    cluster_by_density,
    cluster_by_mixture,
    cluster_by_neighbors,
)
from kmcli.clustering.steps import KMeansStep, draw_starts, trace_kmeans
from kmcli.clustering.threads import single_thread

__all__ = [
    "Clustering",
    "KMeansStep",
    "cluster_by_density",
    "cluster_by_mixture",
    "cluster_by_neighbors",
    "draw_starts",
    "fit_kmeans",
    "single_thread",
    "trace_kmeans",
]
