"""Every setting and its default, as frozen dataclasses."""

from dataclasses import dataclass, field
from typing import Literal

from kmcli.errors import SettingsError

Init = Literal["k-means++", "random"]
Algorithm = Literal["lloyd", "elkan"]
Match = Literal["one-to-one", "majority"]
EmbeddingMethod = Literal["none", "pca", "tsne", "scale"]

N_DIGITS = 10
"""How many labels the digits have."""

N_DIGIT_PIXELS = 64
"""A digit is a picture of 8 x 8 pixels."""

MAX_DIGIT_CLUSTERS = 100
"""Beyond it the pictures of the digits command would not be readable."""

MAX_COLORS = 256
"""An indexed PNG holds at most this many palette entries."""

MAX_PIXELS = 89_478_485
"""Default limit on width x height; Pillow's own limit against decompression bombs."""

MAX_INPUT_BYTES = 2**30
"""Default limit on the bytes of one input file: 1 GiB."""


@dataclass(frozen=True)
class KMeansSettings:
    """Parameters of k-means, with the names and meanings of ``sklearn.cluster.KMeans``.

    Parameters
    ----------
    n_clusters : int
        How many clusters to form, at least 1.
    init : {"k-means++", "random"}
        How the first centres are chosen.
    n_init : int
        How many starts are tried; the one of lowest inertia is kept.
    max_iter : int
        Limit on the iterations of one start.
    tol : float
        A start has converged when its centres move by less than this, relative to the
        variance of the points.
    algorithm : {"lloyd", "elkan"}
        Which variant of the iteration is used; both end in the same clustering.
    random_state : int
        Seed, from 0 to 2**32 - 1.

    Raises
    ------
    SettingsError
        If a value is out of range.
    """

    n_clusters: int = 8
    init: Init = "k-means++"
    n_init: int = 10
    max_iter: int = 300
    tol: float = 1e-4
    algorithm: Algorithm = "lloyd"
    random_state: int = 0

    def __post_init__(self) -> None:
        _require("n_clusters", self.n_clusters, self.n_clusters >= 1, "at least 1")
        _require("n_init", self.n_init, self.n_init >= 1, "at least 1")
        _require("max_iter", self.max_iter, self.max_iter >= 1, "at least 1")
        _require("tol", self.tol, 0 <= self.tol < float("inf"), "0 or more")
        _require_one_of("init", self.init, ("k-means++", "random"))
        _require_one_of("algorithm", self.algorithm, ("lloyd", "elkan"))
        seed = self.random_state
        _require("random_state", seed, 0 <= seed < 2**32, "from 0 to 4294967295")


@dataclass(frozen=True)
class QuantizeSettings:
    """How a palette is learned from a picture.

    Parameters
    ----------
    n_colors : int
        The most colours that the result may have, 1 to 256.
    n_init : int, optional
        How many starts are tried on the coarse histogram. By default as many as are cheap:
        from 16 for few colours down to 1 for 256.
    init, max_iter, tol, algorithm, random_state
        As in `KMeansSettings`. `max_iter` and `tol` rule the starts on the coarse histogram.

    Raises
    ------
    SettingsError
        If a value is out of range.
    """

    n_colors: int = 16
    init: Init = "k-means++"
    n_init: int | None = None
    max_iter: int = 300
    tol: float = 1e-4
    algorithm: Algorithm = "lloyd"
    random_state: int = 0
    kmeans: KMeansSettings = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        in_range = 1 <= self.n_colors <= MAX_COLORS
        _require("n_colors", self.n_colors, in_range, f"from 1 to {MAX_COLORS}")
        n_init = self.n_init
        if n_init is None:
            n_init = max(1, min(16, MAX_COLORS // self.n_colors))
        kmeans = KMeansSettings(
            n_clusters=self.n_colors,
            init=self.init,
            n_init=n_init,
            max_iter=self.max_iter,
            tol=self.tol,
            algorithm=self.algorithm,
            random_state=self.random_state,
        )
        object.__setattr__(self, "kmeans", kmeans)


@dataclass(frozen=True)
class Embedding:
    """What the digits are turned into before they are clustered.

    Parameters
    ----------
    method : {"none", "pca", "tsne", "scale"}
        The pixels as they are; their first principal components; a t-SNE map of two
        dimensions; or the pixels, each scaled to mean 0 and variance 1.
    n_components : int, optional
        How many principal components, 1 to 64; for ``pca`` only.

    Raises
    ------
    SettingsError
        If a value is out of range.
    """

    method: EmbeddingMethod = "none"
    n_components: int | None = None

    def __post_init__(self) -> None:
        _require_one_of("embed", self.method, ("none", "pca", "tsne", "scale"))
        number = self.n_components
        if self.method == "pca":
            in_range = number is not None and 1 <= number <= N_DIGIT_PIXELS
            _require("n_components", number, in_range, f"from 1 to {N_DIGIT_PIXELS}")
        else:
            _require("n_components", number, number is None, f"left out for {self.method}")

    def __str__(self) -> str:
        return self.method if self.n_components is None else f"pca:{self.n_components}"


@dataclass(frozen=True)
class DigitsSettings:
    """How the digits are clustered and judged.

    Parameters
    ----------
    kmeans : KMeansSettings
        The parameters of the method; at most 100 clusters.
    embedding : Embedding
        What is clustered.
    match : {"one-to-one", "majority"}, optional
        Which digit a cluster stands for. By default one-to-one as long as there are enough
        digits for all clusters, that is up to 10, and majority beyond.

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
        _require("n_clusters", n_clusters, in_range, f"from 1 to {MAX_DIGIT_CLUSTERS}")
        if self.match is not None:
            _require_one_of("match", self.match, ("one-to-one", "majority"))

    @property
    def effective_match(self) -> Match:
        """The matching that is used."""
        if self.match is not None:
            return self.match
        return "one-to-one" if self.kmeans.n_clusters <= N_DIGITS else "majority"


def _require(name: str, value: object, holds: bool, allowed: str) -> None:
    if not holds:
        raise SettingsError(f"{name} is {value}; it must be {allowed}")


def _require_one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise SettingsError(f"{name} is {value!r}; it must be one of {', '.join(allowed)}")
