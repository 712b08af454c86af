"""Whether other points of the same kind would give the same clusters."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

N_HALVINGS = 5
"""How often points are split into halves to see whether these agree."""


def agreement_of_halves(
    weights: NDArray[np.float64],
    cluster_by: Callable[[NDArray[np.intp]], NDArray[np.integer]],
    seed: int,
) -> float:
    """Tell whether other points of the same kind would give the same clusters.

    `cluster_by` learns clusters from the points at the positions that it is given, and returns
    the cluster of each of all points. Gives the mean over five pairs of random halves of the
    adjusted Rand index between the clusterings that the two halves give all points: 1 if they
    agree, 0 for what chance reaches.
    """
    random = np.random.default_rng(seed)
    agreements = []
    for _ in range(N_HALVINGS):
        one, other = np.split(random.permutation(len(weights)), [len(weights) // 2])
        agreements.append(weighted_adjusted_rand(cluster_by(one), cluster_by(other), weights))
    return float(np.mean(agreements))


def weighted_adjusted_rand(
    one: NDArray[np.integer], other: NDArray[np.integer], weights: NDArray[np.float64]
) -> float:
    """Say how far two clusterings of a sample agree: 1 if they do, 0 for what chance reaches.

    A point counts as many times as its weight says. With equal weights it is the adjusted Rand
    index of `external_scores`.
    """
    # As if there were as many points as the sample has.
    weights = weights * (len(weights) / weights.sum())
    n_other = int(other.max()) + 1
    counts = np.bincount(one * n_other + other, weights, (int(one.max()) + 1) * n_other)
    table = counts.astype(np.float64).reshape(-1, n_other)

    def pairs(sizes: NDArray[np.float64]) -> float:
        return float((sizes * np.maximum(sizes - 1, 0)).sum() / 2)

    both, first, second = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    n_points = float(len(weights))
    expected = first * second / max(n_points * (n_points - 1) / 2, 1e-300)
    most = (first + second) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)
