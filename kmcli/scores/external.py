"""How far a clustering agrees with true labels; values are scikit-learn's own."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ExternalScores:
    """Scores of a clustering against true labels; 1 for agreement up to the numbering.

    Attributes
    ----------
    adjusted_rand, adjusted_mutual_info : float
        Agreement beyond chance; 0 is what random labels reach.
    homogeneity, completeness, v_measure : float
        Whether clusters hold one class only, whether classes lie in one cluster only, and the
        harmonic mean of the two; 0 to 1.
    fowlkes_mallows : float
        Geometric mean of pairwise precision and recall; 0 to 1.
    """

    adjusted_rand: float
    adjusted_mutual_info: float
    homogeneity: float
    completeness: float
    v_measure: float
    fowlkes_mallows: float


def external_scores(true: NDArray[np.integer], labels: NDArray[np.integer]) -> ExternalScores:
    """Score the clusters of points against their true labels."""
    from sklearn import metrics

    homogeneity, completeness, v_measure = metrics.homogeneity_completeness_v_measure(true, labels)
    return ExternalScores(
        adjusted_rand=float(metrics.adjusted_rand_score(true, labels)),
        adjusted_mutual_info=float(metrics.adjusted_mutual_info_score(true, labels)),
        homogeneity=float(homogeneity),
        completeness=float(completeness),
        v_measure=float(v_measure),
        fowlkes_mallows=float(metrics.fowlkes_mallows_score(true, labels)),
    )
