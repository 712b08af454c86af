"""How good a clustering is: by itself, against true labels, and under other points."""

from kmcli.scores.external import ExternalScores, external_scores
from kmcli.scores.internal import InternalScores, internal_scores, weighted_silhouettes
from kmcli.scores.matching import (
    Matching,
    count_pairs,
    inverse_purity,
    match_by_majority,
    match_one_to_one,
    tied_labels,
)
from kmcli.scores.stability import N_HALVINGS, agreement_of_halves, weighted_adjusted_rand

__all__ = [
    "N_HALVINGS",
    "ExternalScores",
    "InternalScores",
    "Matching",
    "agreement_of_halves",
    "count_pairs",
    "external_scores",
    "internal_scores",
    "inverse_purity",
    "match_by_majority",
    "match_one_to_one",
    "tied_labels",
    "weighted_adjusted_rand",
    "weighted_silhouettes",
]
