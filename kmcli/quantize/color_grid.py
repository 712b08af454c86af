"""Nearest palette entries on a grid over all colours, so that finding one is a look-up."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from kmcli.quantize.remap import nearest
from kmcli.settings import Space

_STEPS = {3: 63, 4: 31}
"""Steps of each axis, by the number of channels: 4 or 8 of 255 apart, 2**18 or 2**20 points.

An exact search would not lower the blurred error of photos by 1 %: what a look-up misses is in the
error that is passed on.
"""


_ALPHA_REACH = np.float32(24)
"""How far errors may lead away from the alpha of a pixel: enough for soft shadows.

A hole in an area that is nearly opaque is seen, however rare.
"""


def to_columns(colors: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Turn colours into points that can be mixed, (3, n) or (4, n), from 0 to 255.

    These are red, green and blue, times opacity, and alpha.
    """
    points = np.ascontiguousarray(colors.T, dtype=np.float32)
    if len(points) == 4:
        points[:3] *= points[3] * np.float32(1 / 255)
    return points


class ColorGrid:
    """The palette entry nearest to each point of a grid over all colours."""

    def __init__(self, palette: NDArray[np.uint8], space: Space = "rgb") -> None:
        n_channels = palette.shape[1]
        n_steps = _STEPS[n_channels]
        self._size = n_steps + 1
        self._scale = np.float32(n_steps / 255)
        self._entries = np.zeros(self._size**n_channels, dtype=np.uint8)
        self._alpha = palette[:, -1].astype(np.float32)  # read only if there are four channels
        where, colors = _grid(n_channels)
        self._entries[where] = nearest(colors, palette, space)

    def choose(self, goals: NDArray[np.float32], points: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Look up the entries nearest to goals that colours have become by errors added to them.

        The goals are as `clip_columns` leaves them, the points are the colours themselves. Where
        the entry would be much more or less transparent, the one nearest to the colour is taken.
        """
        chosen = self.nearest(goals)
        if len(points) == 4:
            is_off = np.abs(self._alpha.take(chosen) - points[3]) > 2 * _ALPHA_REACH
            if is_off.any():
                chosen[is_off] = self.nearest(points[:, is_off])
        return chosen

    def nearest(self, points: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Look up the entry nearest to the grid's point nearest to each of `to_columns`.

        Opaque ones get opaque entries as long as the palette has one.
        """
        places = (points * self._scale + np.float32(0.5)).astype(np.int32)
        position = places[0]
        for axis in places[1:]:
            position *= self._size
            position += axis
        entries: NDArray[np.uint8] = self._entries.take(position)
        return entries


@cache
def _grid(n_channels: int) -> tuple[NDArray[np.intp], NDArray[np.uint8]]:
    """List the points of a grid that can be colours, by position, and these colours."""
    n_steps = _STEPS[n_channels]
    places = np.indices((n_steps + 1,) * n_channels, dtype=np.uint8).reshape(n_channels, -1)
    if n_channels == 3:
        where, colors = np.arange(places.shape[1]), places * (255 / n_steps)
    else:
        # No colour is brighter than its opacity: most of the grid is never looked at.
        where = np.flatnonzero((places[:3] <= places[3]).all(axis=0))
        places = places[:, where]
        straight = places[:3] * (255 / np.maximum(places[3], 1))
        colors = np.concatenate([straight, places[3:] * (255 / n_steps)])
    return where, np.rint(colors.T).astype(np.uint8)


def clip_columns(points: NDArray[np.float32], alpha: NDArray[np.float32] | None) -> None:
    """Move points to the nearest colours that may stand for a pixel, in place.

    These are all colours that exist, but none much more or less transparent than the pixel, whose
    alpha is given if there are four channels. Opaque ones stay opaque.
    """
    if alpha is None:
        np.clip(points, 0, 255, out=points)
        return
    lowest = np.where(alpha == 255, alpha, np.maximum(alpha - _ALPHA_REACH, 0))
    np.clip(points[3], lowest, np.minimum(alpha + _ALPHA_REACH, 255), out=points[3])
    np.clip(points[:3], 0, points[3], out=points[:3])
