"""The report on clustered digits."""

from collections.abc import Sequence

from kmcli.digits import DigitsResult, find_confusions
from kmcli.digits.trials import InitTrials, ScanStep
from kmcli.report.digits_tables import cluster_table, confusion_table, digit_table
from kmcli.report.digits_trials import init_parts, scan_parts
from kmcli.report.model import Field, Note, Report, Section
from kmcli.report.scores import EXTERNAL_NAMES, INTERNAL_NAMES
from kmcli.scores import inverse_purity, tied_labels
from kmcli.settings import N_DIGITS, Embedding
from kmcli.text import counted, listed

_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

_N_CONFUSIONS = 5
"""How many confusions are put in words; JSON has all of them."""


def digits_report(
    result: DigitsResult, inits: Sequence[InitTrials] = (), scan: Sequence[ScanStep] = ()
) -> Report:
    """Write the report on clustered digits, with what other starts and numbers of clusters gave."""
    n_clusters = result.settings.kmeans.n_clusters
    return Report(
        title=f"{len(result.points)} digits in {counted(n_clusters, 'cluster')}",
        parts=[
            Section("Data", _data_fields(result)),
            Section("Clustering", _clustering_fields(result)),
            Section("How many are right, by three definitions", _accuracy_fields(result)),
            Note("Remarks", _remarks(result)),
            Section("Agreement with the labels, independent of cluster names", _scores(result)),
            confusion_table(result),
            cluster_table(result),
            digit_table(result, f"Digits, matched {_match_name(result)}"),
            Note("Most frequent confusions", _confusions_in_words(result)),
            Section("", _array_fields(result)),
            *init_parts(inits),
            *scan_parts(scan),
        ],
    )


def _embedding_name(embedding: Embedding) -> str:
    """Say in words what was clustered."""
    number = embedding.n_components or 0
    return {
        "none": "the pixels as they are",
        "pca": f"the first {counted(number, 'principal component')}",
        "tsne": "a t-SNE map of two dimensions",
        "scale": "each pixel scaled to mean 0 and variance 1",
    }[embedding.method]


def _data_fields(result: DigitsResult) -> list[Field]:
    n_points, height, width = result.digits.images.shape
    n_features = result.points.shape[1]
    pixels = result.digits.pixels
    embedding = result.settings.embedding
    return [
        Field("n_samples", "digits", n_points),
        Field("image_height", "", height),
        Field("image_width", "pictures", width, f"{width} x {height} pixels"),
        Field("n_pixels", "data", pixels.shape[1], f"{n_points} x {pixels.shape[1]}"),
        Field("grey_max", "grey values", float(pixels.max()), f"0 to {pixels.max():g}"),
        Field("embed", "clustered", str(embedding), _embedding_name(embedding)),
        Field("n_features", "points", n_features, f"{n_points} x {n_features}"),
    ]


def _clustering_fields(result: DigitsResult) -> list[Field]:
    kmeans = result.settings.kmeans
    clustering = result.clustering
    inertias = clustering.start_inertias
    spread = f", inertia from {min(inertias):.2f} to {max(inertias):.2f}"
    starts = f"{len(inertias)}{spread if len(inertias) > 1 else ''}"
    rest = "converged" if clustering.converged else "stopped by max_iter before convergence"
    method = f"{kmeans.init}, {kmeans.algorithm}, tol {kmeans.tol:g}, max_iter {kmeans.max_iter}"
    internal = result.internal
    fields = [
        Field("k", "clusters", kmeans.n_clusters),
        Field("init", "method", kmeans.init, method),
        Field("algorithm", "", kmeans.algorithm),
        Field("tol", "", kmeans.tol),
        Field("max_iter", "", kmeans.max_iter),
        Field("n_init", "starts", kmeans.n_init, starts),
        Field("start_inertias", "", list(inertias)),
        Field("seed", "", result.settings.embedding.random_state),
        Field("start_seed", "start seed", kmeans.random_state),
        Field("n_iter", "iterations", clustering.n_iter, f"{clustering.n_iter}, {rest}"),
        Field("converged", "", clustering.converged),
        Field("inertia", "inertia", clustering.inertia, f"{clustering.inertia:.2f}"),
    ]
    for key, label in INTERNAL_NAMES.items():
        value = None if internal is None else getattr(internal, key)
        text = "not defined for one cluster" if value is None else f"{value:z.4f}"
        fields.append(Field(key, label, value, text))
    return fields


def _accuracy_fields(result: DigitsResult) -> list[Field]:
    n_points = len(result.points)
    inverse = inverse_purity(result.counts)

    def text(n_correct: int, share: float, meaning: str) -> str:
        return f"{share:z.4f}  {n_correct:>4} of {n_points}; {meaning}"

    one, most = result.one_to_one, result.majority
    n_inverse = int(result.counts.max(axis=1).sum())
    return [
        Field(
            "accuracy",
            "one to one",
            one.share,
            text(one.n_correct, one.share, "each digit, one cluster (Hungarian)"),
        ),
        Field("n_correct", "", one.n_correct),
        Field(
            "purity",
            "majority (purity)",
            most.share,
            text(most.n_correct, most.share, "each cluster, its commonest digit"),
        ),
        Field(
            "inverse_purity",
            "notebook's formula",
            inverse,
            text(n_inverse, inverse, "each digit's largest, even if taken"),
        ),
        Field("match", "used below", result.settings.effective_match, _match_name(result)),
    ]


def _remarks(result: DigitsResult) -> list[str]:
    n_clusters = len(result.sizes)
    remarks = []
    for cluster, labels in tied_labels(result.counts).items():
        count = int(result.counts[labels[0], cluster])
        held = listed(f"{count} {_plural(label)}" for label in labels)
        remarks.append(
            f"Cluster {cluster} holds {held}, a tie; by majority it stands for "
            f"{_plural(labels[0])}, the lowest."
        )
    for name, matching in (("By majority", result.majority), ("One to one", result.one_to_one)):
        missing = sorted(set(range(N_DIGITS)) - {*matching.labels})
        if missing:
            remarks.append(f"{name}, no cluster stands for {_enumerated(missing)}.")
    left_over = [c for c, label in enumerate(result.one_to_one.labels) if label is None]
    if left_over:
        remarks.append(
            f"One to one, {len(left_over)} of {n_clusters} clusters are left over; their "
            "digits count as wrong."
        )
    if n_clusters > N_DIGITS:
        remarks.append(
            "Purity rises with the number of clusters, up to 1 when every digit is its own cluster."
        )
    if n_clusters < N_DIGITS:
        remarks.append(
            "The notebook's formula rises as clusters get fewer, up to 1 for a single one that "
            "holds everything."
        )
    return remarks


def _scores(result: DigitsResult) -> list[Field]:
    meanings = {
        "adjusted_rand": "  adjusted Rand index",
        "adjusted_mutual_info": "  adjusted mutual information",
    }
    fields = []
    for key, label in EXTERNAL_NAMES.items():
        value = float(getattr(result.external, key))
        fields.append(Field(key, label, value, f"{value:z.4f}{meanings.get(key, '')}"))
    return fields


def _confusions_in_words(result: DigitsResult) -> list[str]:
    return [
        f"{one.count:>4} {_plural(one.true, one.count)} taken for {_plural(one.taken_for)}"
        if one.taken_for is not None
        else f"{one.count:>4} {_plural(one.true, one.count)} in clusters that stand for no digit"
        for one in find_confusions(result)[:_N_CONFUSIONS]
    ]


def _array_fields(result: DigitsResult) -> list[Field]:
    """Give what only JSON holds, in the form that programs like best."""
    confusions = [
        {"true": one.true, "taken_for": one.taken_for, "count": one.count}
        for one in find_confusions(result)
    ]
    return [
        Field("confusion_matrix", "", result.counts.tolist()),
        Field("confusions", "", confusions),
        Field("centers", "", result.clustering.centers.tolist()),
    ]


def _match_name(result: DigitsResult) -> str:
    return {"one-to-one": "one to one", "majority": "by majority"}[result.settings.effective_match]


def _plural(digit: int, count: int = 2) -> str:
    word = _WORDS[digit]
    if count == 1:
        return word
    return f"{word}es" if word in ("zero", "six") else f"{word}s"


def _enumerated(digits: list[int]) -> str:
    return listed(_plural(digit) for digit in digits)
