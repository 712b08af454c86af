"""Which entries of a palette are opaque, for pictures with alpha."""

import numpy as np
from numpy.typing import NDArray

from kmcli.quantize.colorspace import from_points, to_points
from kmcli.quantize.histogram import ColorCounts, ColorWeights
from kmcli.quantize.remap import nearest, nearest_of_all
from kmcli.settings import Space

_LEAST_SHARES = (1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 0)
"""Shares of opaque pixels from which on an entry may become opaque."""

_MOST_COLORS = 2**18
_JUDGED_COLORS = 2**15
"""Colours that are looked at: to find the means, and to choose among the shares."""


def separate_opaque(
    palette: NDArray[np.uint8], histogram: ColorCounts | ColorWeights, space: Space
) -> NDArray[np.uint8]:
    """Make entries opaque that stand for opaque pixels, and give each the mean of its pixels.

    Without this a few translucent pixels at an edge would make a whole area translucent. And
    since opaque pixels get opaque entries only, there must be enough of these: of a photo that
    fades away 16 colours had an eighth more FLIP with one opaque entry than with four. So the
    share of opaque pixels that makes an entry opaque is the one with the least error.
    """
    step = 1 + len(histogram.colors) // _MOST_COLORS
    colors, counts = histogram.colors[::step], histogram.counts[::step]
    points, is_opaque = to_points(colors, space), colors[:, 3] == 255
    judged = slice(None, None, 1 + len(colors) // _JUDGED_COLORS)

    def means(
        labels: NDArray[np.intp], becomes_opaque: NDArray[np.bool_], part: slice
    ) -> NDArray[np.uint8]:
        """Of the colours of each entry, of the opaque ones alone if it becomes opaque."""
        own = np.where(is_opaque[part] | ~becomes_opaque[labels], counts[part], 0)
        weights = np.bincount(labels, own, len(palette))
        sums = np.stack([np.bincount(labels, own * axis, len(palette)) for axis in points[part].T])
        has_any = weights > 0
        found = palette.copy()
        found[has_any] = from_points((sums[:, has_any] / weights[has_any]).T, space)
        return found

    def error(becomes_opaque: NDArray[np.bool_]) -> float:
        entries = means(labels[judged], becomes_opaque, judged)
        chosen = to_points(entries, space)[nearest(colors[judged], entries, space)]
        return float(counts[judged] @ ((points[judged] - chosen) ** 2).sum(axis=1))

    labels = nearest_of_all(colors, palette, space)
    weights, opaque_weights = (
        np.bincount(labels, each, len(palette)) for each in (counts, counts * is_opaque)
    )
    choices = [opaque_weights > share * weights for share in _LEAST_SHARES]
    # Most shares make the same entries opaque; each choice is judged once.
    becomes_opaque = min({each.tobytes(): each for each in choices}.values(), key=error)
    separated = means(labels, becomes_opaque, slice(None))
    return means(nearest(colors, separated, space), becomes_opaque, slice(None))
