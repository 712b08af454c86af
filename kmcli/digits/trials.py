"""Many clusterings of the same digits: from other starts, and into other numbers of clusters."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kmcli.clustering import Clustering, fit_kmeans
from kmcli.digits.embedding import principal_starts
from kmcli.digits.run import DigitsResult
from kmcli.scores import (
    count_pairs,
    external_scores,
    internal_scores,
    inverse_purity,
    match_by_majority,
    match_one_to_one,
)
from kmcli.settings import N_DIGITS, Init


@dataclass(frozen=True)
class Run:
    """One clustering among many."""

    inertia: float
    n_iter: int
    accuracy: float  # the share that is right when matched one to one
    purity: float  # the share that is right by the majority of each cluster


@dataclass(frozen=True)
class InitTrials:
    """What a way to choose the first centres leads to."""

    init: str  # ``k-means++``, ``random`` or ``pca``
    runs: tuple[Run, ...]  # one for each seed; a single one for ``pca``


@dataclass(frozen=True)
class ScanStep:
    """The digits in some number of clusters."""

    n_clusters: int
    inertia: float
    silhouette: float | None  # None for a single cluster
    accuracy: float
    purity: float
    inverse_purity: float
    adjusted_rand: float
    adjusted_mutual_info: float


def compare_inits(
    result: DigitsResult, n_runs: int, advance: Callable[[str], None]
) -> list[InitTrials]:
    """Cluster again from single starts, to see what the choice of first centres does.

    For ``k-means++`` and ``random``, each with `n_runs` seeds from that of the settings on, and
    for ``pca`` where there are enough features. `advance` is told the name of the way after
    each clustering.
    """
    single = replace(result.settings.kmeans, n_init=1)
    first = single.random_state
    # Seeds end at 2^32 - 1; beyond, they begin again at 0.
    seeds = [(first + run) % 2**32 for run in range(n_runs)]
    inits: tuple[Init, ...] = ("k-means++", "random")
    compared = []
    for init in inits:
        runs = []
        for seed in seeds:
            settings = replace(single, init=init, random_state=seed)
            runs.append(_judge(result, fit_kmeans(result.points, settings)))
            advance(init)
        compared.append(InitTrials(init, tuple(runs)))
    starts = principal_starts(result.points, single.n_clusters)
    if starts is not None:
        run = _judge(result, fit_kmeans(result.points, single, starts=starts))
        compared.append(InitTrials("pca", (run,)))
        advance("pca")
    return compared


def count_fits(result: DigitsResult, n_runs: int) -> int:
    """Tell how many clusterings `compare_inits` makes."""
    has_principal_starts = result.settings.kmeans.n_clusters <= result.points.shape[1]
    return 2 * n_runs + int(has_principal_starts)


def scan_clusters(
    result: DigitsResult, numbers: Iterable[int], advance: Callable[[str], None]
) -> list[ScanStep]:
    """Cluster the same points into each number of clusters; tell `advance` what is finished."""
    steps = []
    for n_clusters in numbers:
        clustering = fit_kmeans(
            result.points, replace(result.settings.kmeans, n_clusters=n_clusters)
        )
        counts = _count(result, clustering)
        internal = internal_scores(result.points, clustering.labels)
        external = external_scores(result.digits.targets, clustering.labels)
        steps.append(
            ScanStep(
                n_clusters=n_clusters,
                inertia=clustering.inertia,
                silhouette=None if internal is None else internal.silhouette,
                accuracy=match_one_to_one(counts).share,
                purity=match_by_majority(counts).share,
                inverse_purity=inverse_purity(counts),
                adjusted_rand=external.adjusted_rand,
                adjusted_mutual_info=external.adjusted_mutual_info,
            )
        )
        advance(f"k = {n_clusters}")
    return steps


def _count(result: DigitsResult, clustering: Clustering) -> NDArray[np.intp]:
    n_clusters = len(clustering.centers)
    return count_pairs(result.digits.targets, clustering.labels, N_DIGITS, n_clusters)


def _judge(result: DigitsResult, clustering: Clustering) -> Run:
    counts = _count(result, clustering)
    return Run(
        inertia=clustering.inertia,
        n_iter=clustering.n_iter,
        accuracy=match_one_to_one(counts).share,
        purity=match_by_majority(counts).share,
    )
