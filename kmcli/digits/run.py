"""Ten digits without labels: cluster them, match the clusters to digits, count what is right."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kmcli.clustering import Clustering, fit_kmeans
from kmcli.digits.data import Digits, load_digits
from kmcli.digits.embedding import Plane, embed, project
from kmcli.scores import (
    ExternalScores,
    InternalScores,
    Matching,
    count_pairs,
    external_scores,
    internal_scores,
    match_by_majority,
    match_one_to_one,
)
from kmcli.settings import N_DIGITS, DigitsSettings

NO_DIGIT = -1
"""Stands in arrays for the digit of a cluster that has none."""


@dataclass(frozen=True)
class DigitsResult:
    """The digits, their clusters, and how well these agree with the labels.

    Attributes
    ----------
    settings : DigitsSettings
        The settings that were used.
    digits : Digits
        The data.
    points : ndarray of shape (n_digits, n_features), float64
        What was clustered: the pixels, or an embedding of them.
    plane : Plane
        The points in two dimensions.
    clustering : Clustering
        The clusters, found without the labels.
    internal : InternalScores or None
        Scores on `points` that need no labels; None for a single cluster.
    external : ExternalScores
        Scores against the labels.
    counts : ndarray of shape (10, n_clusters), intp
        How many of each digit are in each cluster.
    majority, one_to_one : Matching
        The digit of each cluster, by either definition.
    """

    settings: DigitsSettings
    digits: Digits
    points: NDArray[np.float64]
    plane: Plane
    clustering: Clustering
    internal: InternalScores | None
    external: ExternalScores
    counts: NDArray[np.intp]
    majority: Matching
    one_to_one: Matching

    @property
    def matching(self) -> Matching:
        """The matching that `settings` ask for; pictures and tables use it."""
        one_to_one = self.settings.effective_match == "one-to-one"
        return self.one_to_one if one_to_one else self.majority

    @cached_property
    def predicted(self) -> NDArray[np.intp]:
        """The digit for which the cluster of each point stands, or `NO_DIGIT`."""
        digit_of = [NO_DIGIT if digit is None else digit for digit in self.matching.labels]
        return np.asarray(digit_of, dtype=np.intp)[self.clustering.labels]

    @cached_property
    def distances(self) -> NDArray[np.float64]:
        """The distance of each point to the centre of its cluster."""
        offsets = self.points - self.clustering.centers[self.clustering.labels]
        return np.asarray(np.sqrt((offsets**2).sum(axis=1)))

    @cached_property
    def sizes(self) -> NDArray[np.intp]:
        """How many digits are in each cluster."""
        return np.asarray(self.counts.sum(axis=0))

    @cached_property
    def purities(self) -> NDArray[np.float64]:
        """The share of the most frequent digit of each cluster."""
        return np.asarray(self.counts.max(axis=0) / self.sizes)

    @cached_property
    def centroids(self) -> NDArray[np.float64]:
        """The mean picture of each cluster, an array of shape (n_clusters, 8, 8)."""
        labels = self.clustering.labels
        return np.stack(
            [
                self.digits.images[labels == cluster].mean(axis=0)
                for cluster in range(len(self.sizes))
            ]
        )

    @property
    def column_order(self) -> list[int]:
        """The clusters ordered by digit, then by number; those without a digit come last."""
        labels = self.matching.labels
        return sorted(
            range(len(labels)), key=lambda cluster: (_last_if_none(labels[cluster]), cluster)
        )


@dataclass(frozen=True)
class Confusion:
    """Digits of one kind in clusters that stand for another."""

    true: int  # what they are
    taken_for: int | None  # None if their cluster stands for no digit
    count: int


@dataclass(frozen=True)
class DigitScores:
    """How well one digit was found, after matching."""

    digit: int
    n_true: int  # how many there are
    n_predicted: int  # how many were taken for it
    n_correct: int  # how many of these rightly

    @property
    def precision(self) -> float | None:
        """The share of those taken for it that are right; None if there are none."""
        return self.n_correct / self.n_predicted if self.n_predicted else None

    @property
    def recall(self) -> float:
        """The share of those there are that were found."""
        return self.n_correct / self.n_true


def run_digits(settings: DigitsSettings | None = None) -> DigitsResult:
    """Cluster the digits and compare the clusters with the labels.

    Parameters
    ----------
    settings : DigitsSettings, optional
        How to cluster them.

    Returns
    -------
    DigitsResult

    Examples
    --------
    >>> import kmcli
    >>> result = kmcli.run_digits()
    >>> round(result.one_to_one.share, 2)  # is right, when each cluster stands for a digit
    0.79
    >>> result.counts.shape  # digits in clusters: the confusion matrix
    (10, 10)
    """
    settings = settings or DigitsSettings()
    digits = load_digits()
    points = embed(digits.pixels, settings.embedding)
    clustering = fit_kmeans(points, settings.kmeans)
    counts = count_pairs(digits.targets, clustering.labels, N_DIGITS, settings.kmeans.n_clusters)
    return DigitsResult(
        settings=settings,
        digits=digits,
        points=points,
        plane=project(points, digits.pixels, settings.embedding),
        clustering=clustering,
        internal=internal_scores(points, clustering.labels),
        external=external_scores(digits.targets, clustering.labels),
        counts=counts,
        majority=match_by_majority(counts),
        one_to_one=match_one_to_one(counts),
    )


def find_confusions(result: DigitsResult) -> list[Confusion]:
    """List which digits were taken for which, the most frequent confusion first."""
    wrong = result.predicted != result.digits.targets
    pairs = np.stack([result.digits.targets[wrong], result.predicted[wrong]], axis=1)
    kinds, counts = np.unique(pairs, axis=0, return_counts=True)
    found = [
        Confusion(true, None if taken == NO_DIGIT else taken, count)
        for (true, taken), count in zip(kinds.tolist(), counts.tolist(), strict=True)
    ]
    return sorted(found, key=lambda one: (-one.count, one.true, _last_if_none(one.taken_for)))


def score_digits(result: DigitsResult) -> list[DigitScores]:
    """Judge each of the ten digits by itself, from 0 to 9."""
    true, predicted = result.digits.targets, result.predicted
    return [
        DigitScores(
            digit=digit,
            n_true=int((true == digit).sum()),
            n_predicted=int((predicted == digit).sum()),
            n_correct=int(((true == digit) & (predicted == digit)).sum()),
        )
        for digit in range(N_DIGITS)
    ]


def _last_if_none(digit: int | None) -> int:
    return N_DIGITS if digit is None else digit
