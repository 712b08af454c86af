"""Tables that are hard for k-means in different ways, made from a seed."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Data:
    """A table and how many clusters to look for; `make` takes the number of rows."""

    name: str
    n_clusters: int
    make: Callable[[int], Values]


def _imbalance(n: int, n_groups: int = 20, n_columns: int = 12) -> Values:
    random = np.random.default_rng(1)
    shares = random.permutation(np.geomspace(1, 300, n_groups))
    groups = random.choice(n_groups, n, p=shares / shares.sum())
    middles = random.normal(size=(n_groups, n_columns)) * 2
    return middles[groups] + random.normal(size=(n, n_columns))


def _sorted(n: int) -> Values:
    values = _imbalance(n)
    return values[np.argsort(values[:, 0])]


def _far_groups(n: int) -> Values:
    random = np.random.default_rng(2)
    values = random.normal(size=(n, 8)) + random.normal(size=(3, 8))[random.integers(0, 3, n)] * 3
    for number, size in enumerate((20, 40, 80, 140, 200)):
        rows = random.choice(n, size, replace=False)
        values[rows] = random.normal(size=(size, 8)) + 30 * np.eye(8)[number] + 10
    return values


def _student(n: int) -> Values:
    return np.random.default_rng(3).standard_t(2.5, size=(n, 10))


def _log_normal(n: int) -> Values:
    return np.random.default_rng(4).lognormal(size=(n, 6))


def _correlated(n: int) -> Values:
    random = np.random.default_rng(5)
    return random.normal(size=(n, 6)) @ random.normal(size=(6, 30)) + random.normal(size=(n, 30))


def _uniform(n: int) -> Values:
    return np.random.default_rng(6).random(size=(n, 5))


TABLES = (
    Data("imbalance, 12 columns", 20, _imbalance),
    Data("the same, sorted", 20, _sorted),
    Data("3 blobs and 5 small far groups, 8 columns", 8, _far_groups),
    Data("Student t (2.5), 10 columns", 15, _student),
    Data("log-normal, 6 columns", 10, _log_normal),
    Data("correlated, 30 columns", 12, _correlated),
    Data("uniform, 5 columns", 25, _uniform),
    Data("imbalance, 12 columns", 256, lambda n: _imbalance(n, 300)),
)
