"""How to cluster the digits and match clusters to digits."""

from dataclasses import dataclass, field
from typing import Literal

from kmcli.settings.kmeans import KMeansSettings, require, require_one_of, require_seed

Match = Literal["one-to-one", "majority"]
EmbeddingMethod = Literal["none", "pca", "tsne", "scale"]

N_DIGITS = 10
"""How many labels the digits have."""

N_DIGIT_PIXELS = 64
"""A digit is a picture of 8 x 8 pixels."""

MAX_DIGIT_CLUSTERS = 100
"""Beyond it the pictures of the digits command would not be readable."""


@dataclass(frozen=True)
class Embedding:
    """What to cluster: the digits, or an embedding of them.

    Parameters
    ----------
    method : {"none", "pca", "tsne", "scale"}
        The pixels as they are; their first principal components; a t-SNE map of two
        dimensions; or the pixels, each scaled to mean 0 and variance 1.
    n_components : int, optional
        Number of principal components, 1 to 64; for ``pca`` only.
    random_state : int
        Random seed of t-SNE, 0 to 2**32 - 1; the other embeddings are deterministic.

    Raises
    ------
    SettingsError
        If a value is out of range.
    """

    method: EmbeddingMethod = "none"
    n_components: int | None = None
    random_state: int = 0

    def __post_init__(self) -> None:
        require_one_of("embed", self.method, ("none", "pca", "tsne", "scale"))
        number = self.n_components
        if self.method == "pca":
            in_range = number is not None and 1 <= number <= N_DIGIT_PIXELS
            require("n_components", number, in_range, f"from 1 to {N_DIGIT_PIXELS}")
        else:
            require("n_components", number, number is None, f"left out for {self.method}")
        require_seed(self.random_state)

    def __str__(self) -> str:
        return self.method if self.n_components is None else f"pca:{self.n_components}"


@dataclass(frozen=True)
class DigitsSettings:
    """How to cluster the digits and match clusters to digits.

    Parameters
    ----------
    kmeans : KMeansSettings
        The parameters of the method; at most 100 clusters.
    embedding : Embedding
        What to cluster.
    match : {"one-to-one", "majority"}, optional
        How to match clusters to digits. By default one-to-one up to 10 clusters, and majority
        beyond, where there are not enough digits for all clusters.

    Raises
    ------
    SettingsError
        If a value is out of range.
    """

    kmeans: KMeansSettings = field(default_factory=lambda: KMeansSettings(n_clusters=N_DIGITS))
    embedding: Embedding = field(default_factory=Embedding)
    match: Match | None = None

    def __post_init__(self) -> None:
        n_clusters = self.kmeans.n_clusters
        in_range = n_clusters <= MAX_DIGIT_CLUSTERS
        require("n_clusters", n_clusters, in_range, f"from 1 to {MAX_DIGIT_CLUSTERS}")
        if self.match is not None:
            require_one_of("match", self.match, ("one-to-one", "majority"))

    @property
    def effective_match(self) -> Match:
        """The matching that is used."""
        if self.match is not None:
            return self.match
        return "one-to-one" if self.kmeans.n_clusters <= N_DIGITS else "majority"
