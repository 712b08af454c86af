"""Colours to the nearest entries of a palette."""

import numpy as np
from numpy.typing import NDArray

from kmcli.clustering import single_thread
from kmcli.clustering.nearest import NearestSearch
from kmcli.parallel import map_shares
from kmcli.quantize.colorspace import composites, to_points
from kmcli.settings import Space

_SHARE_COLORS = 2**18
"""Colours that one thread works through: a photo of less than a megapixel needs no second one."""


def nearest(
    colors: NDArray[np.uint8], palette: NDArray[np.uint8], space: Space = "rgb"
) -> NDArray[np.intp]:
    """Find the nearest palette entry of each colour, in RGB exactly; of equally near the first.

    Opaque colours go to opaque entries as long as the palette has one. Both are (n, 3), or (n, 4)
    with straight alpha.
    """
    if colors.shape[1] == 4:
        opaque_entries = np.flatnonzero(palette[:, 3] == 255)
        opaque = colors[:, 3] == 255
        if 0 < len(opaque_entries) < len(palette):
            labels = np.empty(len(colors), dtype=np.intp)
            among_opaque = nearest_of_all(colors[opaque], palette[opaque_entries], space)
            labels[opaque] = opaque_entries[among_opaque]
            labels[~opaque] = nearest_of_all(colors[~opaque], palette, space)
            return labels
    return nearest_of_all(colors, palette, space)


def nearest_of_all(
    colors: NDArray[np.uint8], palette: NDArray[np.uint8], space: Space
) -> NDArray[np.intp]:
    """Find the nearest entry of each colour as `nearest` does, opaque or not."""
    # In RGB all terms of the product are whole numbers below 2^24, or below 2^53 with alpha, so
    # that float32 and float64 hold them exactly, in whatever order they are added. In Oklab
    # float32 would take #fffffe for white.
    is_exact = space == "rgb" and colors.shape[1] == 3
    entries = _points(palette, space)
    labels = np.empty(len(colors), dtype=np.intp)

    def label(share: slice) -> None:
        points: NDArray[np.floating] = _points(colors[share], space)
        points = points.astype(np.float32) if is_exact else points
        labels[share] = NearestSearch(points, len(palette)).labels(entries)

    with single_thread():
        map_shares(label, len(colors), _SHARE_COLORS)
    return labels


def _points(colors: NDArray[np.uint8], space: Space) -> NDArray[np.float64]:
    return composites(colors)[0] if space == "rgb" else to_points(colors, space)
