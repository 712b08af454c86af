"""The report on a clustered table."""

from __future__ import annotations

import math
from collections.abc import Sequence

from kmcli.cluster.profile import Apart
from kmcli.cluster.result import ClusterResult
from kmcli.cluster.scan import STABLE, ScanStep, no_stable_number, recommend
from kmcli.report.model import Field, Note, Report, Section, Table
from kmcli.report.scores import INTERNAL_NAMES
from kmcli.text import counted, share_text

_MOST_LISTED = 8

_SCALES = {
    "standard": "columns scaled to mean 0 and spread 1",
    "none": "columns as they are",
    "range": "columns scaled to 0 to 1",
    "robust": "columns scaled by median and quartiles",
}


def cluster_report(result: ClusterResult) -> Report:
    """Write the report on a clustered table, scored."""
    n_clusters = result.settings.n_clusters
    return Report(
        title=f"{counted(_rows(result), 'row')} in {counted(n_clusters, 'cluster')}",
        parts=[
            Section("Table", _table_fields(result)),
            Table("Columns", "columns", _column_rows(result)),
            Section("Clustering", _clustering_fields(result)),
            Section("Scores, in scaled units", _score_fields(result)),
            Table("Clusters, the largest first", "clusters", _cluster_rows(result)),
            Note("What sets each cluster apart, in spreads of the column", _apart_lines(result)),
            *scan_parts(result.scan),
            Section("", [Field("remarks", "", result.remarks())]),
            Note("Remarks", result.remarks()),
        ],
    )


def scan_report(name: str, scan: Sequence[ScanStep]) -> Report:
    """Write the report on several numbers of clusters of a table, of which none was chosen."""
    tried = [step.n_clusters for step in scan]
    title = f"{name}: {tried[0]} to {tried[-1]} clusters" if len(tried) > 1 else name
    parts = [Section("", [Field("data", "", name)]), *scan_parts(scan)]
    return Report(title=title, parts=parts)


def scan_parts(scan: Sequence[ScanStep]) -> list[Section | Table | Note]:
    """Give the parts of a report that tell of a scan; its keys are there without one too."""
    number = recommend(scan)
    rows = [
        [
            Field("k", "k", step.n_clusters),
            Field("inertia", "inertia", step.inertia, f"{step.inertia:.6g}"),
            *(_score(key, getattr(step.scores, key), name) for key, name in INTERNAL_NAMES.items()),
            _score("stability", _known(step.stability)),
        ]
        for step in scan
    ]
    verdict = []
    if number is not None:
        verdict = [
            f"{counted(number, 'cluster')}: the largest number whose stability is {STABLE} or more "
            "and near the best. New rows of the same kind would give the same clusters."
        ]
    elif scan:
        text = no_stable_number(scan)
        verdict = [f"{text[0].upper()}{text[1:]}. New rows would give other clusters."]
    return [
        Table("Numbers of clusters, on the sample", "scan", rows),
        Section("", [Field("recommended_k", "", number)]),
        Note("Recommended", verdict),
    ]


def apart_text(apart: Sequence[Apart]) -> str:
    """Say in which columns a cluster differs: ``spend high (+1.9), age low (-0.8)``."""
    return ", ".join(
        f"{each.column} {'high' if each.z > 0 else 'low'} ({each.z:+z.1f})" for each in apart
    )


def _rows(result: ClusterResult) -> int:
    return int(result.prepared.sketch.moments.n_rows.sum())


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _score(key: str, value: float | None, label: str = "") -> Field:
    # Calinski-Harabasz has no end: of rows that lie on their centres it is as large as rounding.
    text = "-" if value is None else f"{value:z.3f}" if value < 1e9 else f"{value:.4g}"
    return Field(key, label or key, value, text)


def _table_fields(result: ClusterResult) -> list[Field]:
    total = result.prepared.sketch.moments.total()
    n_rows, n_used = int(total.n_rows[0]), int(total.n_used[0])
    weight = float(total.weight[0])
    n_missing = n_rows - n_used
    names = [f"{each.name} ({each.why})" for each in result.prepared.left_out]
    shown = ", ".join(names[:_MOST_LISTED]) + (", ..." if len(names) > _MOST_LISTED else "")
    return [
        Field("data", "data", result.name),
        Field("format", "format", result.format),
        Field("rows", "rows", n_rows),
        Field("rows_used", "rows used", n_used),
        Field("rows_missing", "rows left out" if n_missing else "", n_missing),
        Field("weight", "weight" if weight != n_used else "", weight, f"{weight:g}"),
        Field(
            "left_out",
            "columns left out" if names else "",
            [{"name": each.name, "why": each.why} for each in result.prepared.left_out],
            shown,
        ),
        Field("scale", "scaling", result.settings.scale, _SCALES[result.settings.scale]),
        Field("missing", "missing values", result.settings.missing),
    ]


def _column_rows(result: ClusterResult) -> list[list[Field]]:
    total = result.prepared.sketch.moments.total()
    scaling, rule = result.prepared.scaling, result.fit.rule
    rows = []
    for place, feature in enumerate(rule.features):
        mean, spread = float(scaling.means[place]), float(scaling.spreads[place])
        least, most = float(total.least[0, place]), float(total.most[0, place])
        missing = int(total.missing[0, place])
        explained = float(result.profile.explained_by_feature[place])
        rows.append(
            [
                Field("name", "name", feature.name),
                Field("kind", "", rule.columns[feature.column].kind),
                Field("missing", "missing", missing),
                Field("mean", "mean", mean, f"{mean:.4g}"),
                Field("spread", "spread", spread, f"{spread:.4g}"),
                Field("min", "min", least, f"{least:.4g}"),
                Field("max", "max", most, f"{most:.4g}"),
                Field("explained", "explained", explained, f"{explained:.1%}"),
            ]
        )
    return rows


def _clustering_fields(result: ClusterResult) -> list[Field]:
    settings, search, profile = result.settings, result.fit.search, result.profile
    sketch = result.prepared.sketch
    starts = search.start_inertias
    n_sample = len(sketch.points)
    method = "all rows" if sketch.is_whole else "sample"
    how = method if sketch.is_whole else f"sample of {n_sample} rows, then every row"
    spread = f"{len(starts)}, inertia from {min(starts):.6g} to {max(starts):.6g}"
    return [
        Field("k", "clusters", settings.n_clusters),
        Field("seed", "seed", settings.random_state),
        Field("n_init", "starts", len(starts), spread if len(starts) > 1 else "1"),
        Field("effort", "effort", settings.effort),
        Field("method", "method", method, how),
        Field("sample_rows", "", n_sample),
        Field("passes", "passes", result.fit.n_passes),
        Field("start_inertias", "", list(starts)),
        Field("converged", "converged", search.converged, "yes" if search.converged else "no"),
        Field("gain_left", "", profile.gain_left),
        Field("inertia", "inertia", profile.inertia, f"{profile.inertia:.6g}"),
        Field(
            "explained",
            "variance explained",
            profile.explained,
            f"{profile.explained:.1%}",
        ),
    ]


def _score_fields(result: ClusterResult) -> list[Field]:
    scores, profile = result.scores, result.profile
    n_rows = scores.n_rows if scores else None
    hints = {
        "silhouette": f"-1 to 1, higher is better; of {counted(n_rows or 0, 'row')}",
        "simplified_silhouette": "0 to 1, higher is better",
        "calinski_harabasz": "higher is better",
        "davies_bouldin": "lower is better",
        "stability": "1 if new rows would give the same clusters",
    }
    values = {
        "silhouette": scores.silhouette if scores else None,
        "simplified_silhouette": scores.simplified if scores else None,
        "calinski_harabasz": profile.calinski_harabasz,
        "davies_bouldin": profile.davies_bouldin,
        "stability": result.stability,
    }
    fields = [
        Field(
            key,
            INTERNAL_NAMES.get(key, key.replace("_", " ")) if value is not None else "",
            value,
            "" if value is None else f"{value:.4g}  ({hints[key]})",
        )
        for key, value in values.items()
    ]
    return [*fields, Field("silhouette_rows", "", n_rows)]


def _cluster_rows(result: ClusterResult) -> list[list[Field]]:
    profile, scores = result.profile, result.scores
    n_labelled = max(int(profile.rows.sum()), 1)
    rows = []
    for number in range(result.settings.n_clusters):
        n_rows = int(profile.rows[number])
        silhouette = scores.by_cluster[number] if scores else None
        distance = float(profile.mean_distances[number])
        rows.append(
            [
                Field("cluster", "cluster", number),
                Field("rows", "rows", n_rows),
                Field("share", "share", n_rows / n_labelled, share_text(n_rows / n_labelled)),
                Field("center", "", _values(profile.means[number].tolist())),
                Field("spread", "", _values(profile.spreads[number].tolist())),
                Field("inertia", "inertia", *_number(float(profile.inertias[number]))),
                Field("mean_distance", "mean distance", *_number(distance)),
                _score("silhouette", silhouette),
                Field(
                    "apart",
                    "",
                    [{"column": each.column, "z": each.z} for each in profile.apart[number]],
                ),
                Field("farthest", "farthest row", *_line(int(profile.farthest[number]))),
            ]
        )
    return rows


def _number(value: float) -> tuple[float, str]:
    return value, f"{value:.4g}"


def _line(line: int) -> tuple[list[int], str]:
    return ([line], f"line {line}") if line >= 0 else ([], "-")


def _values(values: Sequence[float]) -> list[float | None]:
    return [_known(value) for value in values]


def _apart_lines(result: ClusterResult) -> list[str]:
    return [
        f"{number}: {apart_text(apart)}"
        for number, apart in enumerate(result.profile.apart)
        if apart
    ]
