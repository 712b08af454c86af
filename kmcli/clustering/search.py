"""The search for the best centres on a weighted sample: many starts, moves, one last fit."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kmcli.clustering.breathing import breathe
from kmcli.clustering.init import draw_kmeans_plusplus
from kmcli.clustering.kmeans import Clustering, fit_kmeans
from kmcli.settings import KMeansSettings

_N_BREATHING = 3
"""The best starts need not be the best after moving."""

_MOVING_ROUNDS = 12


@dataclass(frozen=True)
class WeightedPoints:
    """Points, (n_points, n_features), finite, and how much each counts, above 0."""

    points: NDArray[np.float64]
    weights: NDArray[np.float64]


def search_centers(
    few: WeightedPoints,
    all_: WeightedPoints,
    settings: KMeansSettings,
    *,
    move: bool = True,
    starts: NDArray[np.float64] | None = None,
) -> Clustering:
    """Look for the centres of least inertia of all points.

    Single starts are made on a few of the points, or on all if these have fewer distinct ones
    than there are to be clusters; the best three of them are led out of their local optima by
    moving centres, unless that is not wanted; from the best of these a last fit goes over all
    points. With `starts` there is a single fit from these. The `start_inertias` are those of the
    single starts, on the few.

    Raises SettingsError if there are fewer distinct points than clusters.
    """
    if starts is not None:
        return fit_kmeans(all_.points, settings, all_.weights, starts=starts)
    n_distinct = len(np.unique(few.points, axis=0))
    if n_distinct < settings.n_clusters:
        few = all_
    found = _single_starts(few, settings)
    inertias = tuple(each.inertia for each in found)
    best = sorted(found, key=lambda each: each.inertia)[:_N_BREATHING]
    # Moves need more centres on the way, which need points of their own.
    if move and n_distinct >= 2 * settings.n_clusters > 2:
        best = [breathe(few.points, few.weights, each, settings, _MOVING_ROUNDS) for each in best]
    chosen = min(best, key=lambda each: each.inertia)
    # Also if the few are all: moving centres has left them in any order.
    chosen = fit_kmeans(all_.points, settings, all_.weights, starts=chosen.centers)
    return replace(chosen, start_inertias=inertias)


def _single_starts(data: WeightedPoints, settings: KMeansSettings) -> list[Clustering]:
    if settings.init == "random":
        singles = [
            replace(settings, n_init=1, random_state=(settings.random_state + number) % 2**32)
            for number in range(settings.n_init)
        ]
        return [fit_kmeans(data.points, each, data.weights) for each in singles]
    drawn = draw_kmeans_plusplus(data.points, data.weights, settings)
    return [fit_kmeans(data.points, settings, data.weights, starts=each) for each in drawn]
