"""Colours to the nearest entries of a palette."""

import numpy as np
from numpy.typing import NDArray

from kmcli.quantize.colorspace import composites

_CHUNK = 2**22
"""Distances computed at once: they stay in the cache."""


def nearest(colors: NDArray[np.uint8], palette: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Find the nearest palette entry of each colour, exactly.

    Opaque colours go to opaque entries as long as the palette has one.

    Parameters
    ----------
    colors : ndarray of shape (n_colors, 3) or (n_colors, 4), uint8
        sRGB, with straight alpha if there are four channels.
    palette : ndarray of shape (n, 3) or (n, 4), uint8
        At least one entry, with as many channels.

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
            labels[opaque] = opaque_entries[_nearest(colors[opaque], palette[opaque_entries])]
            labels[~opaque] = _nearest(colors[~opaque], palette)
            return labels
    return _nearest(colors, palette)


def _nearest(colors: NDArray[np.uint8], palette: NDArray[np.uint8]) -> NDArray[np.intp]:
    # |x - c|^2 = |x|^2 - 2 x.c + |c|^2, and |x|^2 is the same for all c: what is left is one
    # matrix product. Its terms are whole numbers below 2^24 for RGB and below 2^53 with
    # alpha, so that float32 and float64 hold them exactly.
    dtype = np.float32 if colors.shape[1] == 3 else np.float64
    entries = composites(palette)[0]
    factors = np.concatenate([-2 * entries.T, (entries**2).sum(axis=1)[np.newaxis]]).astype(dtype)
    labels = np.empty(len(colors), dtype=np.intp)
    step = max(1, _CHUNK // len(palette))
    for start in range(0, len(colors), step):
        appearance = composites(colors[start : start + step])[0]
        terms = np.ones((len(appearance), len(factors)), dtype=dtype)
        terms[:, :-1] = appearance
        (terms @ factors).argmin(axis=1, out=labels[start : start + step])
    return labels
