"""Which number of clusters: scores and stability of several, on the sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kmcli.cluster.profile import SampledScores, score_sample
from kmcli.cluster.run import Prepared
from kmcli.clustering.passes import label_points
from kmcli.clustering.search import WeightedPoints, search_centers
from kmcli.errors import DeclinedError, SettingsError
from kmcli.scores import agreement_of_halves
from kmcli.settings import ClusterSettings
from kmcli.text import counted

STABLE = 0.9
"""The least stability of a number of clusters that is recommended."""

_NEAR_BEST = 0.05

_HALVES_ROWS = 10_000
_N_STARTS = 10
"""What the stability is measured by: pairs of fits to random halves of a sample."""


@dataclass(frozen=True)
class ScanStep:
    """One number of clusters.

    Attributes
    ----------
    n_clusters : int
        The number.
    inertia : float
        Weighted sum of the squared distances of all rows to their centres, as estimated.
    scores : SampledScores
        On the sample.
    stability : float
        Mean adjusted Rand index of five pairs of fits to random halves, 0 to 1 but for chance;
        NaN where it is not defined, as for one cluster.
    """

    n_clusters: int
    inertia: float
    scores: SampledScores
    stability: float


def scan_table(
    prepared: Prepared,
    numbers: Sequence[int],
    settings: ClusterSettings,
    advance: Callable[[str], None] = lambda _: None,
) -> list[ScanStep]:
    """Try several numbers of clusters on the sample.

    Parameters
    ----------
    prepared : Prepared
        What the first pass left of the table.
    numbers : sequence of int
        Those to try, ascending; numbers above that of the distinct rows are left out.
    settings : ClusterSettings
        How to look for the centres; its own number of clusters does not matter.
    advance : callable, optional
        Called after each number with what was tried.

    Returns
    -------
    list of ScanStep

    Raises
    ------
    SettingsError
        If there are fewer distinct rows than any of the numbers.
    """
    sample = prepared.sample(settings.search_rows)
    n_distinct = len(np.unique(sample.points, axis=0))
    steps = []
    for number in (number for number in numbers if number <= n_distinct):
        its = replace(settings, n_clusters=number)
        found = search_centers(sample, sample, its.kmeans, move=its.effort != "fast")
        scores = score_sample(prepared.sketch, prepared.scaling, found.centers)
        stability = measure_stability(prepared, its) if number > 1 else float("nan")
        steps.append(ScanStep(number, found.inertia, scores, stability))
        advance(f"k = {number}")
    if not steps:
        raise SettingsError(
            f"{n_distinct} distinct rows cannot form {min(numbers)} clusters; "
            "ask for fewer clusters"
        )
    return steps


def measure_stability(prepared: Prepared, settings: ClusterSettings) -> float:
    """Tell whether other rows would give the same clusters.

    Parameters
    ----------
    prepared : Prepared
        What the first pass left of the table.
    settings : ClusterSettings
        How many clusters, and how to look for them.

    Returns
    -------
    float
        Mean over five pairs of random halves of a sample of the adjusted Rand index between the
        clusterings that the two halves give the whole sample. NaN if a half has too few
        distinct rows.
    """
    sample = prepared.sample(_HALVES_ROWS)
    n_starts = min(_N_STARTS, settings.effective_n_init)
    its = replace(settings, n_init=n_starts).kmeans

    def cluster_by(rows: NDArray[np.intp]) -> NDArray[np.int32]:
        half = WeightedPoints(sample.points[rows], sample.weights[rows])
        centers = search_centers(half, half, its, move=False).centers
        return label_points(sample.points, centers).numbers

    try:
        return agreement_of_halves(sample.weights, cluster_by, settings.random_state)
    except SettingsError:
        return float("nan")


def recommend(scan: Sequence[ScanStep]) -> int | None:
    """Choose a number of clusters: the largest that is as stable as the best, or nearly.

    Parameters
    ----------
    scan : sequence of ScanStep
        What was tried; one cluster is never recommended.

    Returns
    -------
    int or None
        None if no number is stable: then the table has no clusters that other rows of the same
        kind would show again.
    """
    known = {step.n_clusters: step.stability for step in scan if not np.isnan(step.stability)}
    best = max(known.values(), default=0.0)
    return max(
        (k for k, value in known.items() if value >= max(STABLE, best - _NEAR_BEST)), default=None
    )


def require_recommended(scan: Sequence[ScanStep]) -> int:
    """Give the recommended number of clusters, or refuse.

    Raises
    ------
    DeclinedError
        If no number is stable; the message names that of the best silhouette.
    """
    number = recommend(scan)
    if number is not None:
        return number
    raise DeclinedError(f"{no_stable_number(scan)}; set the number of clusters yourself")


def no_stable_number(scan: Sequence[ScanStep]) -> str:
    """Say that no number of clusters is stable, and which has the best silhouette."""
    tried = [step.n_clusters for step in scan]
    if len(tried) == 1:
        return f"{counted(tried[0], 'cluster')} would not be stable"
    text = f"no number of clusters from {tried[0]} to {tried[-1]} is stable"
    scored = [step for step in scan if step.scores.silhouette is not None]
    if not scored:
        return text
    best = max(scored, key=lambda step: step.scores.silhouette or -1.0)
    return (
        f"{text} (the best silhouette, {best.scores.silhouette:z.2f}, is that of {best.n_clusters})"
    )
