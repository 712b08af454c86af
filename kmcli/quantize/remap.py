"""Colours to the nearest entries of a palette."""

import numpy as np
from numpy.typing import NDArray

from kmcli.clustering import single_thread
from kmcli.clustering.distances import distance_factors, points_at_once, shifted_distances
from kmcli.parallel import map_shares
from kmcli.quantize.colorspace import composites, to_points
from kmcli.settings import Space

_SHARE_COLORS = 2**18
"""Colours that one thread works through: a photo of less than a megapixel needs no second one."""


def nearest(
    colors: NDArray[np.uint8], palette: NDArray[np.uint8], space: Space = "rgb"
) -> NDArray[np.intp]:
    """Find the nearest palette entry of each colour, in RGB exactly.

    Opaque colours go to opaque entries as long as the palette has one.

    Parameters
    ----------
    colors : ndarray of shape (n_colors, 3) or (n_colors, 4), uint8
        sRGB, with straight alpha if there are four channels.
    palette : ndarray of shape (n, 3) or (n, 4), uint8
        At least one entry, with as many channels.
    space : {"rgb", "oklab", "lab"}
        Where distances are taken.

    Returns
    -------
    ndarray of shape (n_colors,), intp
        Positions in the palette; of entries equally near, the first.
    """
    if colors.shape[1] == 4:
        opaque_entries = np.flatnonzero(palette[:, 3] == 255)
        opaque = colors[:, 3] == 255
        if 0 < len(opaque_entries) < len(palette) and opaque.any():
            labels = np.empty(len(colors), dtype=np.intp)
            among_opaque = _nearest(colors[opaque], palette[opaque_entries], space)
            labels[opaque] = opaque_entries[among_opaque]
            labels[~opaque] = _nearest(colors[~opaque], palette, space)
            return labels
    return _nearest(colors, palette, space)


def _nearest(
    colors: NDArray[np.uint8], palette: NDArray[np.uint8], space: Space
) -> NDArray[np.intp]:
    # In RGB all terms of the product are whole numbers below 2^24, or below 2^53 with alpha, so
    # that float32 and float64 hold them exactly, in whatever order they are added. In Oklab
    # float32 would take #fffffe for white.
    dtype = np.float32 if space == "rgb" and colors.shape[1] == 3 else np.float64
    factors = distance_factors(_points(palette, space), dtype)
    labels = np.empty(len(colors), dtype=np.intp)
    step = points_at_once(len(palette))

    def label(share: slice) -> None:
        points, found = _points(colors[share], space), labels[share]
        for start in range(0, len(points), step):
            chunk = slice(start, start + step)
            shifted_distances(points[chunk], factors).argmin(axis=1, out=found[chunk])

    with single_thread():
        map_shares(label, len(colors), _SHARE_COLORS)
    return labels


def _points(colors: NDArray[np.uint8], space: Space) -> NDArray[np.float64]:
    return composites(colors)[0] if space == "rgb" else to_points(colors, space)
