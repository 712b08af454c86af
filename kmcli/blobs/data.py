"""Points in the plane, of shapes that suit k-means and of shapes that do not."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kmcli.settings import PointsSpec


@dataclass(frozen=True)
class Points:
    """Points to cluster, and what is known about them.

    Attributes
    ----------
    values : ndarray of shape (n_points, n_features), float64
        The points.
    names : tuple of str
        Names of the features.
    true_labels : ndarray of shape (n_points,), int32, or None
        The true group of each point; None if there are no groups or they are unknown.
    true_centers : ndarray of shape (n_groups, n_features), float64, or None
        The centres of the groups; None for groups without a centre.
    source : str
        Where the points come from, in words.
    seed : int or None
        The random seed they were made with; None for points from a table.
    unscaled : ndarray of shape (n_points, n_features), float64, or None
        The points in the units of the data, if `values` are scaled.
    group_names : tuple of str
        Names of the groups of `true_labels` in the data, if they have names.
    n_incomplete : int
        Number of rows of a table that were left out because a value is missing.
    """

    values: NDArray[np.float64]
    names: tuple[str, ...]
    true_labels: NDArray[np.int32] | None
    true_centers: NDArray[np.float64] | None
    source: str
    seed: int | None = None
    unscaled: NDArray[np.float64] | None = None
    group_names: tuple[str, ...] = ()
    n_incomplete: int = 0

    @property
    def axis_names(self) -> tuple[str, ...]:
        """The names of the coordinates of `values`."""
        if self.unscaled is None:
            return self.names
        return tuple(f"{name} (scaled)" for name in self.names)

    def in_units(self, centers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Convert coordinates in `values` to the units of the data."""
        if self.unscaled is None:
            return centers
        means, spreads = _moments(self.unscaled)
        return centers * spreads + means

    def scaled(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Convert coordinates in the units of the data to those in `values`."""
        if self.unscaled is None:
            return places
        means, spreads = _moments(self.unscaled)
        return (places - means) / spreads


def scale(points: Points) -> Points:
    """Bring each coordinate to mean 0 and standard deviation 1, as StandardScaler does."""
    unscaled = replace(points, unscaled=points.values)
    return replace(unscaled, values=unscaled.scaled(points.values))


def _moments(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give means and standard deviations; a coordinate that never changes is left at 0."""
    spreads = values.std(axis=0)
    return values.mean(axis=0), np.where(spreads > 0, spreads, 1.0)


def make_points(spec: PointsSpec | None = None) -> Points:
    """Make points with scikit-learn's generators.

    Parameters
    ----------
    spec : PointsSpec, optional
        How many points, and of which shape.

    Returns
    -------
    Points

    Examples
    --------
    >>> import kmcli
    >>> moons = kmcli.make_points(kmcli.PointsSpec(n_samples=200, shape="moons"))
    >>> moons.values.shape, moons.names
    ((200, 2), ('x', 'y'))
    """
    from sklearn import datasets

    spec = spec or PointsSpec()
    n, seed, noise = spec.n_samples, spec.random_state, spec.noise
    centers: NDArray[np.float64] | None = None
    labels: NDArray[np.int32] | None
    if spec.shape == "moons":
        values, labels = datasets.make_moons(n, noise=noise[0], random_state=seed)
    elif spec.shape == "circles":
        values, labels = datasets.make_circles(n, noise=noise[0], factor=0.5, random_state=seed)
    elif spec.shape == "uniform":
        values, labels = np.random.RandomState(seed).uniform(-5, 5, (n, 2)), None
    elif spec.shape == "uneven":
        sizes = [n - 2 * (n // 20), n // 20, n // 20]
        centers = np.array([[0.0, 0.0], [7.0, 2.0], [7.0, -2.0]])
        values, labels = datasets.make_blobs(
            sizes, centers=centers, cluster_std=0.9, random_state=seed
        )
    elif spec.shape == "varied":
        centers = np.array([[-5.0, 0.0], [0.0, 3.0], [3.5, -1.5]])
        values, labels = datasets.make_blobs(
            n, centers=centers, cluster_std=[0.5, 2.5, 0.6], random_state=seed
        )
    elif spec.shape == "anisotropic":
        rows = np.column_stack([np.zeros(spec.group_count), 3.0 * np.arange(spec.group_count)])
        values, labels = datasets.make_blobs(n, centers=rows, cluster_std=0.3, random_state=seed)
        values = rows[labels] + (values - rows[labels]) * [10, 1]
        turn = np.array([[np.cos(0.5), np.sin(0.5)], [-np.sin(0.5), np.cos(0.5)]])
        values, centers = values @ turn, rows @ turn
    else:
        values, labels, centers = datasets.make_blobs(
            n,
            centers=spec.group_count,
            cluster_std=noise[0] if len(noise) == 1 else list(noise),
            random_state=seed,
            return_centers=True,
        )
    return Points(
        values=np.asarray(values, dtype=np.float64),
        names=("x", "y"),
        true_labels=None if labels is None else np.asarray(labels, dtype=np.int32),
        true_centers=centers,
        source=f"{n} points, {spec.shape}, seed {seed}",
        seed=seed,
    )


def project(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give points of two features or more two coordinates to be drawn at.

    They are the points as they are, or their first two principal components.
    """
    if values.shape[1] == 2:
        return values
    centered = values - values.mean(axis=0)
    axes = np.linalg.svd(centered, full_matrices=False)[2][:2]
    # The sign of a component is arbitrary: let its largest part be positive.
    largest = axes[np.arange(2), np.abs(axes).argmax(axis=1)]
    plane: NDArray[np.float64] = centered @ (axes * np.sign(largest)[:, np.newaxis]).T
    return plane
