"""The parameters of k-means, and how settings are checked."""

from dataclasses import dataclass
from typing import Literal

from kmcli.errors import SettingsError

Init = Literal["k-means++", "random"]
Algorithm = Literal["lloyd", "elkan"]

MAX_N_INIT = 10_000
MAX_ITERATIONS = 1_000_000
"""More would be a slip of the hand: it would run for days."""


@dataclass(frozen=True)
class KMeansSettings:
    """Parameters of k-means, with the names and meanings of ``sklearn.cluster.KMeans``.

    Parameters
    ----------
    n_clusters : int
        Number of clusters, at least 1.
    init : {"k-means++", "random"}
        How to choose the initial centres.
    n_init : int
        Number of initialisations, 1 to 10,000; the one with the lowest inertia is kept.
    max_iter : int
        Maximum iterations per initialisation, 1 to 1,000,000.
    tol : float
        A start has converged when its centres move by less than this, relative to the
        variance of the points.
    algorithm : {"lloyd", "elkan"}
        k-means algorithm; the result is the same.
    random_state : int
        Random seed, 0 to 2**32 - 1.

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
        require("n_clusters", self.n_clusters, self.n_clusters >= 1, "at least 1")
        require("n_init", self.n_init, 1 <= self.n_init <= MAX_N_INIT, f"from 1 to {MAX_N_INIT}")
        in_range = 1 <= self.max_iter <= MAX_ITERATIONS
        require("max_iter", self.max_iter, in_range, f"from 1 to {MAX_ITERATIONS}")
        require("tol", self.tol, 0 <= self.tol < float("inf"), "0 or more")
        require_one_of("init", self.init, ("k-means++", "random"))
        require_one_of("algorithm", self.algorithm, ("lloyd", "elkan"))
        require_seed(self.random_state)


def require(name: str, value: object, holds: bool, allowed: str) -> None:
    """Raise `SettingsError` unless a value is in range."""
    if not holds:
        raise SettingsError(f"{name} is {value}; it must be {allowed}")


def require_seed(value: int) -> None:
    """Raise `SettingsError` unless a value can be a seed."""
    require("random_state", value, 0 <= value < 2**32, "from 0 to 4294967295")


def require_one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    """Raise `SettingsError` unless a value is one of those allowed."""
    if value not in allowed:
        raise SettingsError(f"{name} is {value!r}; it must be one of {', '.join(allowed)}")
