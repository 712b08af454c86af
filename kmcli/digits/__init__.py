"""Ten digits without labels: cluster them, match the clusters to digits, count what is right."""

from kmcli.digits.run import (
    NO_DIGIT,
    DigitsResult,
    find_confusions,
    run_digits,
    score_digits,
)

__all__ = [
    "NO_DIGIT",
    "DigitsResult",
    "find_confusions",
    "run_digits",
    "score_digits",
]
