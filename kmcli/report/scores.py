"""What the scores of a clustering are called in reports, by their keys."""

INTERNAL_NAMES = {
    "silhouette": "silhouette",
    "calinski_harabasz": "Calinski-Harabasz",
    "davies_bouldin": "Davies-Bouldin",
}
"""Those that need no true labels."""

EXTERNAL_NAMES = {
    "adjusted_rand": "ARI",
    "adjusted_mutual_info": "AMI",
    "homogeneity": "homogeneity",
    "completeness": "completeness",
    "v_measure": "V-measure",
    "fowlkes_mallows": "Fowlkes-Mallows",
}
"""Those against true labels."""
