"""What the clusters are like: exact statistics over all rows, scores on a sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kmcli.cluster.prepare import Scaling
from kmcli.cluster.rule import Rule
from kmcli.clustering import single_thread
from kmcli.clustering.passes import ClusterSums, label_points
from kmcli.clustering.sketch import Sketch
from kmcli.scores import weighted_silhouettes

_SCORED_ROWS = 10_000
"""The silhouette compares all pairs of rows; of a larger sample as many are taken."""

_LEAST_SCORED_ROWS = 50
"""Of each cluster, where it has as many."""

_N_APART = 3

_APART = 0.05
"""The least spreads between the mean of a cluster and that of the table that set it apart."""


@dataclass(frozen=True)
class SampledScores:
    """Scores on a sample of the rows, in scaled coordinates.

    Attributes
    ----------
    n_rows : int
        How many rows the silhouettes are of.
    points : ndarray of shape (n_rows, n_features), float64
        Those rows, scaled.
    weights, labels, silhouettes : ndarray of shape (n_rows,)
        For how many each stands, its cluster and its silhouette; the silhouettes are NaN for
        one cluster.
    silhouette : float or None
        Their weighted mean; None for one cluster.
    by_cluster : tuple of float or None
        The same of each cluster.
    simplified : float or None
        Mean over the whole sample of 1 - (distance to the own centre / to the next one).
    calinski_harabasz, davies_bouldin : float or None
        As estimated on the whole sample; None for one cluster.
    """

    n_rows: int
    points: NDArray[np.float64]
    weights: NDArray[np.float64]
    labels: NDArray[np.int32]
    silhouettes: NDArray[np.float64]
    silhouette: float | None
    by_cluster: tuple[float | None, ...]
    simplified: float | None
    calinski_harabasz: float | None
    davies_bouldin: float | None


def score_sample(sketch: Sketch, scaling: Scaling, centers: NDArray[np.float64]) -> SampledScores:
    """Score centres on the sample of a table.

    Parameters
    ----------
    sketch : Sketch
        Of the table, in its units.
    scaling : Scaling
        How features become points.
    centers : ndarray of shape (n_clusters, n_features), float64
        Scaled.

    Returns
    -------
    SampledScores
        Exact for up to 10,000 rows; beyond it by as many, with their weights, and at least 50 of
        each cluster.
    """
    points = scaling.to_points(sketch.points)
    labels = label_points(points, centers)
    n_clusters = len(centers)
    chosen = _choose_rows(sketch, labels.numbers, n_clusters)
    rows = np.concatenate([places for places, _ in chosen])
    weights = np.concatenate([shares for _, shares in chosen])
    own = labels.numbers[rows]
    if len(np.unique(own)) < 2:
        nothing = np.full(len(rows), np.nan)
        return SampledScores(
            len(rows), points[rows], weights, own, nothing, None, (None,) * n_clusters,
            None, None, None,
        )  # fmt: skip
    with single_thread():
        silhouettes = weighted_silhouettes(points[rows], weights, own, n_clusters)
    simplified = np.average(labels.margins, weights=sketch.weights)
    means = [
        float(np.average(silhouettes[own == number], weights=weights[own == number]))
        if (own == number).any()
        else None
        for number in range(n_clusters)
    ]
    return SampledScores(
        n_rows=len(rows),
        points=points[rows],
        weights=weights,
        labels=own,
        silhouettes=silhouettes,
        silhouette=float(np.average(silhouettes, weights=weights)),
        by_cluster=tuple(means),
        simplified=float(simplified),
        **_sampled_ratios(points, sketch.weights, labels.numbers, n_clusters),
    )


def _choose_rows(
    sketch: Sketch, labels: NDArray[np.int32], n_clusters: int
) -> list[tuple[NDArray[np.intp], NDArray[np.float64]]]:
    """Choose rows of each cluster with weights that make sums over them free of bias."""
    places = np.arange(len(sketch.points))
    if len(places) <= _SCORED_ROWS:
        return [(places, sketch.weights)]
    counts = np.bincount(labels[:_SCORED_ROWS], minlength=n_clusters)
    chosen = []
    for number in range(n_clusters):
        part = labels == number
        size = max(int(counts[number]), _LEAST_SCORED_ROWS)
        chosen.append((places[part][:size], sketch.where(part, size).weights))
    return chosen


def _sampled_ratios(
    points: NDArray[np.float64],
    weights: NDArray[np.float64],
    labels: NDArray[np.int32],
    n_clusters: int,
) -> dict[str, float | None]:
    def summed(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(labels, values, n_clusters).astype(np.float64, copy=False)

    sums = summed(weights)
    means = np.column_stack([summed(weights * axis) for axis in points.T])
    means /= np.maximum(sums, 1e-300)[:, np.newaxis]
    lengths = np.sqrt(((points - means[labels]) ** 2).sum(axis=1))
    within = summed(weights * lengths**2)
    spreads = summed(weights * lengths) / np.maximum(sums, 1e-300)
    middle = sums @ means / sums.sum()
    between = sums @ ((means - middle) ** 2).sum(axis=1)
    return {
        "calinski_harabasz": calinski_harabasz(between, within.sum(), sums),
        "davies_bouldin": davies_bouldin(means[sums > 0], spreads[sums > 0]),
    }


def calinski_harabasz(between: float, within: float, weights: NDArray[np.float64]) -> float | None:
    """Give the ratio of the dispersion between clusters to that within; None if undefined."""
    n_clusters = int((weights > 0).sum())
    freedom = float(weights.sum()) - n_clusters
    if n_clusters < 2 or freedom <= 0 or within <= 0:
        return None
    return float(between / (n_clusters - 1) / (within / freedom))


def davies_bouldin(means: NDArray[np.float64], spreads: NDArray[np.float64]) -> float | None:
    """Give the mean over clusters of the worst ratio of spread to separation.

    Parameters
    ----------
    means : ndarray of shape (n_clusters, n_features), float64
        Of the clusters.
    spreads : ndarray of shape (n_clusters,), float64
        Mean distances to them.

    Returns
    -------
    float or None
        None if there are not two clusters, or if two means coincide.
    """
    if len(means) < 2:
        return None
    worst = []
    for number, mean in enumerate(means):
        apart = np.sqrt(((means - mean) ** 2).sum(axis=1))
        apart[number] = np.inf
        if apart.min() <= 0:
            return None
        worst.append(float(((spreads + spreads[number]) / apart).max()))
    return float(np.mean(worst))


@dataclass(frozen=True)
class Apart:
    """A column in which a cluster differs from the table.

    Attributes
    ----------
    column : str
        Its name; ``column=category`` for a category.
    z : float
        (mean of the cluster - mean of the table) / spread of the table.
    """

    column: str
    z: float


@dataclass(frozen=True)
class Profile:
    """Exact statistics of the clusters of a table, over all its rows.

    Attributes
    ----------
    rows : ndarray of shape (n_clusters,), int64
        Rows of each cluster.
    weights, inertias, mean_distances, max_distances : ndarray of shape (n_clusters,), float64
        Their weights; weighted squared distances to the centre, in scaled coordinates, their
        mean length and the greatest.
    means, spreads : ndarray of shape (n_clusters, n_features), float64
        In the units of the table; NaN for a cluster without rows.
    z : ndarray of shape (n_clusters, n_features), float64
        (mean of the cluster - mean of the table) / spread of the table.
    apart : tuple of tuple of Apart
        Of each cluster up to three columns in which it differs most.
    farthest : ndarray of shape (n_clusters,), int64
        The line of the row that is farthest from the centre; -1 without rows.
    inertia, gain_left : float
        Weighted sum of all squared distances; the share of it that moving the centres to the
        means would gain at once.
    explained : float
        Share of the scaled variance that the clusters explain, 0 to 1.
    explained_by_feature : ndarray of shape (n_features,), float64
        The same of each feature.
    calinski_harabasz, davies_bouldin : float or None
        None where they are not defined.
    """

    rows: NDArray[np.int64]
    weights: NDArray[np.float64]
    inertias: NDArray[np.float64]
    mean_distances: NDArray[np.float64]
    max_distances: NDArray[np.float64]
    means: NDArray[np.float64]
    spreads: NDArray[np.float64]
    z: NDArray[np.float64]
    apart: tuple[tuple[Apart, ...], ...]
    farthest: NDArray[np.int64]
    inertia: float
    gain_left: float
    explained: float
    explained_by_feature: NDArray[np.float64]
    calinski_harabasz: float | None
    davies_bouldin: float | None


def profile_clusters(rule: Rule, sums: ClusterSums) -> Profile:
    """Turn the sums of the last pass into statistics.

    Parameters
    ----------
    rule : Rule
        The centres and the scaling.
    sums : ClusterSums
        Of all rows.

    Returns
    -------
    Profile
    """
    filled = sums.weights > 0
    weights = np.where(filled, sums.weights, 1)[:, np.newaxis]
    shifts = sums.shifts / weights
    means = rule.centers + shifts
    # Squares about the centre, less what moving it to the mean takes away.
    within = np.maximum(sums.squares - sums.weights[:, np.newaxis] * shifts**2, 0)
    middle = sums.weights @ means / max(float(sums.weights.sum()), 1e-300)
    between = sums.weights @ (means - middle) ** 2
    total = within.sum(axis=0) + between
    gain = float((sums.weights[:, np.newaxis] * shifts**2).sum())
    in_units = rule.scaling.to_units(means)
    spreads = rule.scaling.lengths_to_units(np.sqrt(within / weights))
    in_units[~filled] = spreads[~filled] = np.nan
    z = (in_units - rule.scaling.means) / np.where(
        rule.scaling.spreads > 0, rule.scaling.spreads, 1
    )
    names = [feature.name for feature in rule.features]
    inertia = sums.inertia
    mean_distances = sums.distances / weights[:, 0]
    return Profile(
        rows=sums.rows,
        weights=sums.weights,
        inertias=sums.inertias,
        mean_distances=mean_distances,
        max_distances=np.maximum(sums.farthest, 0),
        means=in_units,
        spreads=spreads,
        z=z,
        apart=tuple(_apart(names, row) for row in z),
        farthest=sums.farthest_rows,
        inertia=inertia,
        gain_left=gain / inertia if inertia > 0 else 0.0,
        explained=_share(float(between.sum()), float(total.sum())),
        explained_by_feature=np.array([_share(b, t) for b, t in zip(between, total, strict=True)]),
        calinski_harabasz=calinski_harabasz(
            float(between.sum()), float(within.sum()), sums.weights
        ),
        davies_bouldin=davies_bouldin(means[filled], mean_distances[filled]),
    )


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else 0.0


def _apart(names: list[str], z: NDArray[np.float64]) -> tuple[Apart, ...]:
    if np.isnan(z).any():
        return ()
    order = np.argsort(-np.abs(z), kind="stable")[:_N_APART]
    far = order[np.abs(z[order]) >= _APART]
    return tuple(Apart(names[place], float(z[place])) for place in far)
