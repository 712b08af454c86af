"""The comparison sheet: a picture, its quantized versions, and beneath them the baselines."""

from kmcli.figures.compare.sheet import (
    Panel,
    compare_sheet,
)

__all__ = [
    "Panel",
    "compare_sheet",
]
