"""How tables are clustered."""

from dataclasses import dataclass, field
from typing import Literal, get_args

from kmcli.settings.kmeans import Algorithm, Init, KMeansSettings, require, require_one_of

Scale = Literal["standard", "none", "range", "robust"]
Missing = Literal["skip", "mean", "fail"]
ClusterEffort = Literal["fast", "normal", "best"]

MAX_CLUSTERS = 10_000
"""Beyond it the search would take days."""

_SAMPLE_ROWS = 100_000
_SAMPLE_ROWS_PER_CLUSTER = 1_000
"""The excess of the inertia is about 2.5 clusters / rows of the sample."""

_SEARCH_ROWS = 20_000
_SEARCH_ROWS_PER_CLUSTER = 200

_STARTS = 960
"""Single starts times clusters, beyond 32 clusters; below, 30 starts."""


@dataclass(frozen=True)
class ClusterSettings:
    """How to cluster a table.

    Parameters
    ----------
    n_clusters : int
        Number of clusters, 1 to 10,000.
    scale : {"standard", "none", "range", "robust"}
        How to scale each column: subtract the mean and divide by the standard deviation; not at
        all; subtract the minimum and divide by the range; or subtract the median and divide by the
        distance between the quartiles (both of the sample).
    column_weights : dict of str to float
        Factors for columns after scaling; 1 for those not named.
    missing : {"skip", "mean", "fail"}
        What to do with missing values: leave the row without a cluster, fill in the mean of the
        column, or raise an error.
    init : {"k-means++", "random"}
        How to choose the initial centres.
    n_init : int, optional
        Single starts on the sample. By default 30 up to 32 clusters, then 960 / clusters and at
        least 5; with effort ``fast`` 10, with ``best`` 100.
    effort : {"fast", "normal", "best"}
        How hard to search. ``fast`` does not move centres out of local optima; ``best`` adds
        two passes.
    sample_rows : int, optional
        Rows kept to search on, by default 100,000, or 1,000 for each cluster if that is more.
    passes : int, optional
        Iterations over all rows after the search on the sample; 0 by default, 2 with ``best``.
        Without effect if the sample is the whole table.
    max_iter, tol, algorithm, random_state
        As in `KMeansSettings`.

    Raises
    ------
    SettingsError
        If a value is out of range.
    """

    n_clusters: int = 8
    scale: Scale = "standard"
    column_weights: dict[str, float] = field(default_factory=dict)
    missing: Missing = "skip"
    init: Init = "k-means++"
    n_init: int | None = None
    effort: ClusterEffort = "normal"
    sample_rows: int | None = None
    passes: int | None = None
    max_iter: int = 300
    tol: float = 1e-4
    algorithm: Algorithm = "lloyd"
    random_state: int = 0

    def __post_init__(self) -> None:
        in_range = 1 <= self.n_clusters <= MAX_CLUSTERS
        require("n_clusters", self.n_clusters, in_range, f"from 1 to {MAX_CLUSTERS}")
        require_one_of("scale", self.scale, get_args(Scale))
        require_one_of("missing", self.missing, get_args(Missing))
        require_one_of("effort", self.effort, get_args(ClusterEffort))
        for name, weight in self.column_weights.items():
            require(f"the weight of {name}", weight, 0 < weight < float("inf"), "above 0")
        if self.sample_rows is not None:
            require("sample_rows", self.sample_rows, self.sample_rows >= 100, "at least 100")
        if self.passes is not None:
            require("passes", self.passes, 0 <= self.passes <= 1000, "from 0 to 1000")
        _ = self.kmeans  # checks the rest

    @property
    def kmeans(self) -> KMeansSettings:
        """The parameters of the search on the sample."""
        return KMeansSettings(
            n_clusters=self.n_clusters,
            init=self.init,
            n_init=self.effective_n_init,
            max_iter=self.max_iter,
            tol=self.tol,
            algorithm=self.algorithm,
            random_state=self.random_state,
        )

    @property
    def effective_n_init(self) -> int:
        """Number of single starts."""
        if self.n_init is not None:
            return self.n_init
        if self.effort == "normal":
            return max(5, min(30, _STARTS // self.n_clusters))
        return 10 if self.effort == "fast" else 100

    @property
    def effective_passes(self) -> int:
        """Number of passes over all rows after the search."""
        return (2 if self.effort == "best" else 0) if self.passes is None else self.passes

    @property
    def effective_sample_rows(self) -> int:
        """Maximum number of rows in the sample."""
        return self.sample_rows or max(_SAMPLE_ROWS, _SAMPLE_ROWS_PER_CLUSTER * self.n_clusters)

    @property
    def search_rows(self) -> int:
        """Number of rows of the sample used for the starts."""
        return max(_SEARCH_ROWS, _SEARCH_ROWS_PER_CLUSTER * self.n_clusters)
