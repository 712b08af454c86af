"""The tables of the report on digits: confusion matrix, clusters, digits."""

from kmcli.digits import DigitsResult, score_digits
from kmcli.report.model import Field, Table


def confusion_table(result: DigitsResult) -> Table:
    """Count how many of each digit are in each cluster; for people, JSON has a matrix.

    Rows are true digits; columns are clusters, each headed by the digit it stands for.
    """
    labels = result.matching.labels
    heads = {c: f"{_digit_text(labels[c])}:c{c}" for c in result.column_order}
    rows = [
        [
            Field("true", "true", digit),
            *(
                Field(f"c{cluster}", head, int(row[cluster]), str(row[cluster]))
                for cluster, head in heads.items()
            ),
            Field("all", "all", int(row.sum()), str(row.sum())),
        ]
        for digit, row in enumerate(result.counts)
    ]
    return Table("Confusion matrix: rows true digits, columns clusters", "", rows)


def cluster_table(result: DigitsResult) -> Table:
    """Describe each cluster, the largest first."""
    rows = []
    for cluster, size in enumerate(result.sizes.tolist()):
        inside = result.clustering.labels == cluster
        distance = float(result.distances[inside].mean())
        purity = float(result.purities[cluster])
        share = size / len(result.points)
        majority = result.majority.labels[cluster]
        single = result.one_to_one.labels[cluster]
        rows.append(
            [
                Field("cluster", "cluster", cluster),
                Field("size", "size", size),
                Field("share", "share", share, f"{share:.1%}"),
                Field("majority_digit", "majority", majority, _digit_text(majority)),
                Field("purity", "purity", purity, f"{purity:.4f}"),
                Field("one_to_one_digit", "one to one", single, _digit_text(single)),
                Field("mean_distance", "mean distance", distance, f"{distance:.3f}"),
            ]
        )
    return Table("Clusters, the largest first", "clusters", rows)


def digit_table(result: DigitsResult, title: str) -> Table:
    """Tell how well each digit was found; the title names the matching."""
    rows = [
        [
            Field("digit", "digit", score.digit),
            Field("n_true", "there are", score.n_true),
            Field("n_predicted", "taken for it", score.n_predicted),
            Field("n_correct", "rightly", score.n_correct),
            Field(
                "precision",
                "precision",
                score.precision,
                "-" if score.precision is None else f"{score.precision:.4f}",
            ),
            Field("recall", "recall", score.recall, f"{score.recall:.4f}"),
        ]
        for score in score_digits(result)
    ]
    return Table(title, "digits", rows)


def _digit_text(digit: int | None) -> str:
    return "-" if digit is None else str(digit)
