"""What points are made, and how they are clustered."""

from dataclasses import dataclass, field
from typing import Literal

from kmcli.errors import SettingsError
from kmcli.settings.kmeans import KMeansSettings, require, require_one_of

Shape = Literal["blobs", "anisotropic", "varied", "uneven", "moons", "circles", "uniform"]

SHAPES: tuple[Shape, ...] = (
    "blobs",
    "anisotropic",
    "varied",
    "uneven",
    "moons",
    "circles",
    "uniform",
)

MAX_POINTS = 100_000
"""Beyond it scores and pictures take longer than anyone would wait."""

MAX_STD = 1_000_000
"""Far beyond what can be seen beside centres that lie between -10 and 10."""

_N_CENTERS = {"blobs": 4, "moons": 2, "circles": 2, "uniform": 1}
_STD = {"blobs": 0.6, "moons": 0.05, "circles": 0.05}


@dataclass(frozen=True)
class PointsSpec:
    """Which points to make.

    Parameters
    ----------
    n_samples : int
        Number of points, 2 to 100,000.
    shape : str
        Arrangement of the points: one of `SHAPES`.
    n_centers : int, optional
        Number of groups; by default 4 for blobs, 2 for moons and circles, 3 for other shapes.
        Moons and circles always have two groups, uniform points none.
    std : tuple of float
        Standard deviation of the groups: one for all, or one each. By default 0.6 for blobs and
        0.05 for moons and circles; the other shapes have their own.
    random_state : int
        Seed.

    Raises
    ------
    SettingsError
        If a value is out of range or does not fit the shape.
    """

    n_samples: int = 300
    shape: Shape = "blobs"
    n_centers: int | None = None
    std: tuple[float, ...] = ()
    random_state: int = 0

    def __post_init__(self) -> None:
        in_range = 2 <= self.n_samples <= MAX_POINTS
        require("samples", self.n_samples, in_range, f"from 2 to {MAX_POINTS}")
        require_one_of("shape", self.shape, SHAPES)
        if self.n_centers is not None:
            if self.shape not in ("blobs", "anisotropic"):
                raise SettingsError(f"the number of centers of {self.shape} cannot be chosen")
            most = min(100, self.n_samples)
            in_range = 1 <= self.n_centers <= most
            require("centers", self.n_centers, in_range, f"from 1 to {most}")
        for value in self.std:
            require("std", value, 0 <= value <= MAX_STD, f"from 0 to {MAX_STD}")
        if self.std and self.shape not in ("blobs", "moons", "circles"):
            raise SettingsError(f"the standard deviation of {self.shape} cannot be chosen")
        allowed = {1, self.group_count} if self.shape == "blobs" else {1}
        if self.std and len(self.std) not in allowed:
            raise SettingsError(
                f"{len(self.std)} standard deviations for {self.group_count} groups; "
                "give one, or one per group of blobs"
            )

    @property
    def group_count(self) -> int:
        """Number of groups."""
        return self.n_centers or _N_CENTERS.get(self.shape, 3)

    @property
    def noise(self) -> tuple[float, ...]:
        """The standard deviations that are used; empty where the shape has its own."""
        return self.std or ((_STD[self.shape],) if self.shape in _STD else ())


StartName = Literal["k-means++", "random", "far", "points"]


@dataclass(frozen=True)
class BlobsSettings:
    """How to cluster points, and where to start.

    Parameters
    ----------
    kmeans : KMeansSettings
        The parameters of the method.
    start : {"k-means++", "random", "far", "points"}
        How to choose the initial centres: as scikit-learn does; around the origin, as in the
        notebook's figure; or from `start_points`.
    start_points : tuple of tuple of float
        The initial centres, one row each, for ``points``.

    Raises
    ------
    SettingsError
        If the points do not agree with the number of clusters.
    """

    kmeans: KMeansSettings = field(default_factory=lambda: KMeansSettings(n_clusters=4))
    start: StartName = "k-means++"
    start_points: tuple[tuple[float, ...], ...] = ()

    def __post_init__(self) -> None:
        require_one_of("start", self.start, ("k-means++", "random", "far", "points"))
        n_points = len(self.start_points)
        if self.start == "points" and n_points != self.kmeans.n_clusters:
            raise SettingsError(
                f"{n_points} starts were given for {self.kmeans.n_clusters} clusters; "
                "the numbers must be equal"
            )
