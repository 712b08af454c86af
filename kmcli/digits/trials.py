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
    """One clustering among many.

    Attributes
    ----------
    inertia : float
        Sum of the squared distances to the centres.
    n_iter : int
        Iterations.
    accuracy : float
        Share that is right when matched one to one.
    purity : float
        Share that is right by the majority of each cluster.
    """

    inertia: float
    n_iter: int
    accuracy: float
    purity: float


@dataclass(frozen=True)
class InitTrials:
    """What a way to choose the first centres leads to.

    Attributes
    ----------
    init : str
        Its name: ``k-means++``, ``random`` or ``pca``.
    runs : tuple of Run
        One for each seed; a single one for ``pca``, which leaves nothing to chance.
    """

    init: str
    runs: tuple[Run, ...]


@dataclass(frozen=True)
class ScanStep:
    """The digits in some number of clusters.

    Attributes
    ----------
    n_clusters : int
        The number.
    inertia : float
        Sum of the squared distances to the centres.
    silhouette : float or None
        None for a single cluster.
    accuracy, purity, inverse_purity : float
        Shares that are right, by the three definitions.
    adjusted_rand, adjusted_mutual_info : float
        Agreement with the labels beyond chance.
    """

    n_clusters: int
    inertia: float
    silhouette: float | None
    accuracy: float
    purity: float
    inverse_purity: float
    adjusted_rand: float
    adjusted_mutual_info: float


def compare_inits(
    result: DigitsResult, n_runs: int, advance: Callable[[str], None]
) -> list[InitTrials]:
    """Cluster again from single starts, to see what the choice of first centres does.

    Parameters
    ----------
    result : DigitsResult
        Supplies the points and the settings; `n_init` is 1 here.
    n_runs : int
        How many seeds are tried for each way, from that of the settings on.
    advance : callable
        Is told the name of the way after each clustering.

    Returns
    -------
    list of InitTrials
        For ``k-means++``, ``random`` and, where there are enough features, ``pca``.
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
    """Tell how many clusterings `compare_inits` makes.

    Parameters
    ----------
    result : DigitsResult
        Supplies the points and the settings.
    n_runs : int
        How many seeds are tried for each way.

    Returns
    -------
    int
    """
    has_principal_starts = result.settings.kmeans.n_clusters <= result.points.shape[1]
    return 2 * n_runs + int(has_principal_starts)


def scan_clusters(
    result: DigitsResult, numbers: Iterable[int], advance: Callable[[str], None]
) -> list[ScanStep]:
    """Cluster the same points into other numbers of clusters.

    Parameters
    ----------
    result : DigitsResult
        Supplies the points and all settings but the number.
    numbers : iterable of int
        The numbers of clusters.
    advance : callable
        Is told what is finished.

    Returns
    -------
    list of ScanStep
        In the order of the numbers.
    """
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
