"""Nearest palette entries on a grid over all colours, so that finding one is a look-up."""

import numpy as np
from numpy.typing import NDArray

from kmcli.quantize.remap import nearest
from kmcli.settings import Space

_STEPS = {3: 63, 4: 31}
"""Steps of each axis, by the number of channels: 4 or 8 of 255 apart, 2**18 or 2**20 points.

An exact search would take ten times longer and lower the error of a dithered photo by less than
1 %: what a look-up misses is in the error that is passed on.
"""


def to_columns(colors: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Turn colours into points that can be mixed.

    Parameters
    ----------
    colors : ndarray of shape (n, 3) or (n, 4), uint8
        sRGB, with straight alpha if there are four channels.

    Returns
    -------
    ndarray of shape (3, n) or (4, n), float32
        Red, green and blue, times opacity, and alpha, all from 0 to 255.
    """
    points = np.ascontiguousarray(colors.T, dtype=np.float32)
    if len(points) == 4:
        points[:3] *= points[3] * np.float32(1 / 255)
    return points


class ColorGrid:
    """The palette entry nearest to each point of a grid over all colours.

    Parameters
    ----------
    palette : ndarray of shape (n, 3) or (n, 4), uint8
        1 to 256 entries, sRGB or sRGB with straight alpha.
    space : {"rgb", "oklab", "lab"}
        Where distances are taken.
    """

    def __init__(self, palette: NDArray[np.uint8], space: Space = "rgb") -> None:
        n_channels = palette.shape[1]
        n_steps = _STEPS[n_channels]
        self._size = n_steps + 1
        self._scale = np.float32(n_steps / 255)
        places = np.indices((self._size,) * n_channels, dtype=np.int32).reshape(n_channels, -1)
        if n_channels == 3:
            where = np.arange(places.shape[1])
            colors = places.T * (255 / n_steps)
        else:
            # No colour is brighter than its opacity: most of the grid is never looked at.
            where = np.flatnonzero((places[:3] <= places[3]).all(axis=0))
            places = places[:, where]
            straight = places[:3] * (255 / np.maximum(places[3], 1))
            colors = np.concatenate([straight, places[3:] * (255 / n_steps)]).T
        self._entries = np.zeros(self._size**n_channels, dtype=np.uint8)
        self._entries[where] = nearest(np.rint(colors).astype(np.uint8), palette, space)

    def nearest(self, points: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Look up the entry nearest to the grid's point nearest to each point.

        Parameters
        ----------
        points : ndarray of shape (3, n) or (4, n), float32
            As `to_columns` gives them, within what `clip_columns` leaves. Opaque ones get opaque
            entries as long as the palette has one.

        Returns
        -------
        ndarray of shape (n,), uint8
        """
        places = (points * self._scale + np.float32(0.5)).astype(np.int32)
        position = places[0]
        for axis in places[1:]:
            position *= self._size
            position += axis
        entries: NDArray[np.uint8] = self._entries.take(position)
        return entries


def clip_columns(points: NDArray[np.float32], opaque: NDArray[np.bool_] | None) -> None:
    """Move points to the nearest colours that exist, in place.

    Parameters
    ----------
    points : ndarray of shape (3, n) or (4, n), float32
        As `to_columns` gives them, with errors added.
    opaque : ndarray of shape (n,), bool, or None
        Which of them have to be opaque; for four channels.
    """
    if opaque is None:
        np.clip(points, 0, 255, out=points)
        return
    alpha = points[3]
    alpha[opaque] = 255
    np.clip(alpha, 0, 255, out=alpha)
    np.clip(points[:3], 0, alpha, out=points[:3])
