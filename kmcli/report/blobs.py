"""The report on clustered points."""

from collections.abc import Sequence

import numpy as np

from kmcli.blobs import BlobsResult, Trace
from kmcli.blobs.run import WORSE
from kmcli.blobs.trials import ScanStep, StartTrials
from kmcli.report.blobs_trials import scan_parts, start_parts, trace_parts
from kmcli.report.model import Field, Note, Report, Section, Table
from kmcli.report.scores import EXTERNAL_NAMES, INTERNAL_NAMES
from kmcli.scores import count_pairs
from kmcli.text import counted, number, shortened

_WHY = {
    "anisotropic": "k-means measures distance the same way in every direction, so it chops long "
    "groups into pieces instead of following them.",
    "varied": "k-means puts the boundary halfway between two centres, so a wide group loses its "
    "rim to a narrow neighbour.",
    "uneven": "Splitting the large group lowers the inertia by more than merging the two small "
    "ones raises it.",
    "moons": "Boundaries between clusters of k-means are straight, and these groups are not "
    "convex.",
    "circles": "Both groups have the same centre, but k-means gives each point to the nearest "
    "centre.",
    "uniform": "There are no groups, but k-means returns k clusters anyway; only the scores "
    "give it away.",
}

_MOST_COLUMNS, _MOST_LETTERS = 8, 18  # so that a table of groups fits into a terminal


def blobs_report(
    result: BlobsResult,
    shape: str | None,
    trace: Trace | None = None,
    scan: Sequence[ScanStep] = (),
    trials: Sequence[StartTrials] = (),
) -> Report:
    """Write the report on clustered points.

    `shape` is that of points that were made; the steps of a start, other numbers of clusters
    and single starts are told if they were looked at.
    """
    n_clusters = result.settings.kmeans.n_clusters
    return Report(
        title=f"{len(result.points.values)} points in {counted(n_clusters, 'cluster')}",
        parts=[
            Section("Data", _data_fields(result, shape)),
            Section("Clustering", _clustering_fields(result)),
            Section("Scores that need no labels", _internal_fields(result)),
            Section("Agreement with the true groups", _external_fields(result)),
            Note("Remarks", [*_remarks(result, shape), *_better_start(result, trials)]),
            Table("Clusters, the largest first", "clusters", _cluster_rows(result)),
            Table("Groups by cluster", "groups", _group_rows(result)),
            *trace_parts(trace),
            *scan_parts(scan),
            *start_parts(trials),
        ],
    )


def _data_fields(result: BlobsResult, shape: str | None) -> list[Field]:
    n_points, n_features = result.points.values.shape
    other, points = result.alternative, result.points
    left_out = points.n_incomplete
    is_scaled = points.unscaled is not None
    scaling = "each column to mean 0, standard deviation 1; centres are in units of the data"
    return [
        Field("data", "data", result.points.source),
        Field("shape", "", shape),
        Field("seed", "", result.points.seed),
        Field("alternative", "", None if other is None else other.name),
        Field("alternative_ari", "", None if other is None else other.scores.adjusted_rand),
        Field("points", "points", n_points),
        Field("features", "features", n_features, f"{n_features} ({_listed(points.names)})"),
        Field(
            "rows_left_out",
            "left out" if left_out else "",
            left_out,
            f"{counted(left_out, 'row')} with missing values",
        ),
        Field("scale", "scaled" if is_scaled else "", "standard" if is_scaled else "none", scaling),
    ]


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:6])
    return shown if len(names) <= 6 else f"{shown}, ..."


def _clustering_fields(result: BlobsResult) -> list[Field]:
    kmeans, found = result.settings.kmeans, result.clustering
    inertias = found.start_inertias
    spread = f"{len(inertias)}"
    if len(inertias) > 1:
        spread += f", inertia from {number(min(inertias))} to {number(max(inertias))}"
    rest = "yes" if found.converged else f"no, stopped by max_iter {kmeans.max_iter}"
    return [
        Field("k", "clusters", kmeans.n_clusters),
        Field("init", "first centres", result.settings.start),
        Field("algorithm", "algorithm", kmeans.algorithm),
        Field("tol", "tol", kmeans.tol, f"{kmeans.tol:g}"),
        Field("max_iter", "max_iter", kmeans.max_iter),
        Field("start_seed", "start seed", kmeans.random_state),
        Field("n_init", "starts", len(inertias), spread),
        Field("start_inertias", "", list(inertias)),
        Field("inertia", "inertia", found.inertia, number(found.inertia)),
        Field("n_iter", "iterations", found.n_iter),
        Field("converged", "converged", found.converged, rest),
    ]


def _internal_fields(result: BlobsResult) -> list[Field]:
    scores = result.internal
    hints = {
        "silhouette": "-1 to 1, higher is better",
        "calinski_harabasz": "higher is better",
        "davies_bouldin": "lower is better",
    }
    fields = []
    for key, name in INTERNAL_NAMES.items():
        value = None if scores is None else float(getattr(scores, key))
        text = "not defined here" if value is None else f"{value:z.4f} ({hints[key]})"
        fields.append(Field(key, name, value, text))
    return fields


def _external_fields(result: BlobsResult) -> list[Field]:
    fields = []
    for key, name in EXTERNAL_NAMES.items():
        value = None if result.external is None else float(getattr(result.external, key))
        text = "the groups are not known" if value is None else f"{value:z.4f}"
        fields.append(Field(key, name, value, text))
    return fields


def _remarks(result: BlobsResult, shape: str | None) -> list[str]:
    remarks = []
    fails = result.external is not None and result.external.adjusted_rand < 0.9
    if shape in _WHY and (fails or shape == "uniform"):
        remarks.append(_WHY[shape])
    other = result.alternative
    if other is not None:
        remarks.append(
            f"{other.name[0].upper()}{other.name[1:]}, which {other.idea}, reaches an ARI of "
            f"{other.scores.adjusted_rand:z.4f} on the same points."
        )
    if not result.clustering.converged:
        remarks.append("The best run did not converge; allow more iterations.")
    return remarks


def _better_start(result: BlobsResult, trials: Sequence[StartTrials]) -> list[str]:
    """Say so if a single start did better than the clustering that the report is about."""
    inertia = result.clustering.inertia
    best = min((least for each in trials for least in each.inertias), default=inertia)
    if best >= inertia * (1 - WORSE):
        return []
    return [
        f"Of the single runs below, the best reaches inertia {number(best)}, below the "
        f"{number(inertia)} above; try other starts."
    ]


def _cluster_rows(result: BlobsResult) -> list[list[Field]]:
    found, names = result.clustering, result.points.names
    centers = result.points.in_units(found.centers)
    sizes = np.bincount(found.labels, minlength=len(found.centers)).tolist()
    return [
        [
            Field("cluster", "cluster", cluster),
            Field("size", "size", size),
            Field("center", "", center),
            *_coordinates(names, center, ""),
            *_true_center(result, cluster),
        ]
        for cluster, (size, center) in enumerate(zip(sizes, centers.tolist(), strict=True))
    ]


def _group_rows(result: BlobsResult) -> list[list[Field]]:
    """Count how many of each group, where these have names, are in each cluster."""
    true, names = result.points.true_labels, result.points.group_names
    if true is None or not names:
        return []
    n_clusters = len(result.clustering.centers)
    counts = count_pairs(true, result.clustering.labels, len(names), n_clusters)
    shown = min(n_clusters, _MOST_COLUMNS)
    rows = []
    for name, row in zip(names, counts.tolist(), strict=True):
        cells = [Field("", f"in {i}", None, str(row[i])) for i in range(shown)]
        if shown < n_clusters:
            cells.append(Field("", "in others", None, str(sum(row[shown:]))))
        short = shortened(name, _MOST_LETTERS)
        rows.append([Field("", "group", None, short), Field("group", "", name), *cells])
        rows[-1].append(Field("counts", "", row))
    return rows


def _coordinates(names: Sequence[str], center: Sequence[float], prefix: str) -> list[Field]:
    pairs = zip(names, center, strict=True)
    return [Field("", prefix + name, None, number(value, 4)) for name, value in pairs]


def _true_center(result: BlobsResult, number: int) -> list[Field]:
    """Give the true centre nearest to that of a cluster, if there are any."""
    true = result.points.true_centers
    if true is None:
        return []
    nearest = true[int(((true - result.clustering.centers[number]) ** 2).sum(axis=1).argmin())]
    return [
        Field("true_center", "", nearest.tolist()),
        *_coordinates(result.points.names, nearest.tolist(), "true "),
    ]
