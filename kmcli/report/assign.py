"""The report on rows that were assigned to the clusters of a model: drift at a glance."""

from __future__ import annotations

import numpy as np

from kmcli.cluster.model import Model
from kmcli.clustering.passes import ClusterSums
from kmcli.report.model import Field, Note, Report, Section, Table
from kmcli.text import counted, share_text

_MUCH_FARTHER = 1.25
"""The mean distance over that of the model from which on rows count as drifted."""


def assign_report(
    name: str, model: Model, sums: ClusterSums, n_beyond: int, n_unknown: int
) -> Report:
    """Write the report on rows of a table that were assigned to the clusters of a model.

    `n_beyond` rows are farther from the centre than any of the model's, `n_unknown` have a
    category that it does not know.
    """
    n_labelled, weight = int(sums.rows.sum()), float(sums.weights.sum())
    n_rows = n_labelled + sums.n_unlabelled
    mean = float(sums.distances.sum()) / weight if weight > 0 else None
    before = float(np.average(model.mean_distances, weights=_sizes(model)))
    return Report(
        title=f"{counted(n_rows, 'row')} assigned to {counted(model.n_clusters, 'cluster')}",
        parts=[
            Section(
                "Rows",
                [
                    Field("data", "data", name),
                    Field("rows", "rows", n_rows),
                    Field("rows_missing", "without a cluster", sums.n_unlabelled),
                    Field("mean_distance", "mean distance", mean, _text(mean)),
                    Field("model_mean_distance", "in the model", before, _text(before)),
                    Field("rows_beyond", "farther than any row of the model", n_beyond),
                    Field("rows_unknown_category", "with an unknown category", n_unknown),
                ],
            ),
            Table("Clusters", "clusters", _rows(model, sums, n_labelled)),
            Note("Remarks", _remarks(mean, before)),
        ],
    )


def _rows(model: Model, sums: ClusterSums, n_labelled: int) -> list[list[Field]]:
    total = max(sum(model.sizes), 1)
    rows = []
    for number in range(model.n_clusters):
        n_rows, weight = int(sums.rows[number]), float(sums.weights[number])
        share, before = n_rows / max(n_labelled, 1), model.sizes[number] / total
        mean = float(sums.distances[number]) / weight if weight > 0 else None
        rows.append(
            [
                Field("cluster", "cluster", number),
                Field("rows", "rows", n_rows),
                Field("share", "share", share, share_text(share)),
                Field("model_share", "in the model", before, share_text(before)),
                Field("mean_distance", "mean distance", mean, _text(mean)),
                Field(
                    "model_mean_distance",
                    "in the model",
                    model.mean_distances[number],
                    _text(model.mean_distances[number]),
                ),
            ]
        )
    return rows


def _remarks(mean: float | None, before: float) -> list[str]:
    if mean is None or mean <= _MUCH_FARTHER * before:
        return []
    return [
        f"The rows lie {mean / before:.1f} times as far from the centres as those of the model: "
        "cluster again."
        if before > 0
        else "The rows lie off the centres, and those of the model did not: cluster again."
    ]


def _sizes(model: Model) -> list[int]:
    return list(model.sizes) if sum(model.sizes) else [1] * model.n_clusters


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
