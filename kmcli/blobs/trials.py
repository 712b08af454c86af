"""Many clusterings of the same points: other numbers of clusters, other starts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kmcli.blobs.data import Points
from kmcli.blobs.run import MAX_SCORED_POINTS, WORSE, BlobsResult
from kmcli.clustering import fit_kmeans
from kmcli.clustering.passes import label_points
from kmcli.errors import SettingsError
from kmcli.scores import InternalScores, agreement_of_halves, internal_scores
from kmcli.settings import Init, KMeansSettings

_N_STARTS = 10
"""Starts on each half of the points, of which there are ten."""


@dataclass(frozen=True)
class ScanStep:
    """What one number of clusters leads to."""

    n_clusters: int
    inertia: float
    scores: InternalScores | None  # None for one cluster, or for too many points
    labels: NDArray[np.int32]  # of each point
    centers: NDArray[np.float64]  # (n_clusters, n_features)
    stability: float | None  # agreement of halves; None where it is not defined


@dataclass(frozen=True)
class StartTrials:
    """Where single starts of one kind end."""

    init: Init
    inertias: tuple[float, ...]  # of each start
    n_iters: tuple[int, ...]
    worse_share: float  # 0 to 1, of starts that end above the least inertia found


def scan_clusters(
    points: Points, settings: KMeansSettings, numbers: Iterable[int], advance: Callable[[str], None]
) -> tuple[ScanStep, ...]:
    """Cluster the same points into each number of clusters; tell `advance` what is finished."""
    few = len(points.values) <= MAX_SCORED_POINTS
    steps = []
    for n_clusters in numbers:
        its = replace(settings, n_clusters=n_clusters)
        found = fit_kmeans(points.values, its)
        scores = internal_scores(points.values, found.labels) if few else None
        stability = _stability(points.values, its) if few and n_clusters > 1 else None
        steps.append(
            ScanStep(n_clusters, found.inertia, scores, found.labels, found.centers, stability)
        )
        advance(f"k = {n_clusters}")
    return tuple(steps)


def _stability(values: NDArray[np.float64], settings: KMeansSettings) -> float | None:
    its = replace(settings, n_init=min(settings.n_init, _N_STARTS))

    def cluster_by(rows: NDArray[np.intp]) -> NDArray[np.int32]:
        return label_points(values, fit_kmeans(values[rows], its).centers).numbers

    try:
        return agreement_of_halves(np.ones(len(values)), cluster_by, settings.random_state)
    except SettingsError:  # a half has too few distinct points
        return None


def best_numbers(scan: Iterable[ScanStep]) -> dict[str, int]:
    """Find the number of clusters that each score prefers, by its name; empty without scores.

    Inertia is not among them: it always falls.
    """
    scored = [(step.n_clusters, step.scores) for step in scan if step.scores is not None]
    if not scored:
        return {}
    return {
        "silhouette": max(scored, key=lambda pair: pair[1].silhouette)[0],
        "calinski_harabasz": max(scored, key=lambda pair: pair[1].calinski_harabasz)[0],
        "davies_bouldin": min(scored, key=lambda pair: pair[1].davies_bouldin)[0],
    }


def compare_starts(
    result: BlobsResult, n_runs: int, advance: Callable[[str], None]
) -> tuple[StartTrials, ...]:
    """Cluster again from `n_runs` single starts each of k-means++ and random.

    Seeds go up from `random_state`. The least inertia found is that of all starts and of the
    result itself. `advance` is told the kind after each clustering.
    """
    points, settings = result.points, result.settings.kmeans
    inits: tuple[Init, ...] = ("k-means++", "random")
    found: dict[Init, list[tuple[float, int]]] = {init: [] for init in inits}
    for init in inits:
        for run in range(n_runs):
            seed = (settings.random_state + run) % 2**32
            single = replace(settings, init=init, n_init=1, random_state=seed)
            clustering = fit_kmeans(points.values, single)
            found[init].append((clustering.inertia, clustering.n_iter))
            advance(init)
    least = min(inertia for pairs in found.values() for inertia, _ in pairs)
    least = min(least, result.clustering.inertia)
    return tuple(
        StartTrials(
            init=init,
            inertias=tuple(inertia for inertia, _ in pairs),
            n_iters=tuple(n_iter for _, n_iter in pairs),
            worse_share=float(np.mean([inertia > least * (1 + WORSE) for inertia, _ in pairs])),
        )
        for init, pairs in found.items()
    )
