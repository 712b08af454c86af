"""Nearest palette entries by a grid over all colours, so that finding one is a look-up."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from kmcli.quantize.borders import Borders
from kmcli.quantize.columns import alpha_reach
from kmcli.quantize.remap import nearest
from kmcli.settings import Space

_STEPS = {3: 63, 4: 31}
"""Steps of each axis, by the number of channels: 4 or 8 of 255 apart, 2**18 or 2**20 points."""


class ColorGrid:
    """The palette entry nearest to each point of a grid over all colours.

    Where the points around a point of the grid have another entry, `Borders` decide. Without
    them, shades that differ less than the grid are noisy: a soft glow of 64 colours has a FLIP of
    .0124 instead of .0066, a faint photo of 256 colours .0199 instead of .0148, and more bytes.
    """

    def __init__(self, palette: NDArray[np.uint8], space: Space = "rgb") -> None:
        n_channels = palette.shape[1]
        n_steps = _STEPS[n_channels]
        self._size = n_steps + 1
        self._scale = np.float32(n_steps / 255)
        self._entries = np.zeros(self._size**n_channels, dtype=np.uint8)
        self._alpha = palette[:, -1].astype(np.float32)  # read only if there are four channels
        where, colors = _grid(n_channels)
        self._entries[where] = nearest(colors, palette, space)
        self._is_between = _is_between(self._entries.reshape((self._size,) * n_channels))
        self._borders = Borders(palette, space)

    def choose(self, goals: NDArray[np.float32], points: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Look up the entries nearest to goals that colours have become by errors added to them.

        The goals are as `clip_columns` leaves them, the points are the colours themselves. Where
        the entry would be much more or less transparent, the one nearest to the colour is taken.
        """
        chosen = self.nearest(goals)
        if len(points) == 4:
            is_off = np.abs(self._alpha.take(chosen) - points[3]) > 2 * alpha_reach(points[3])
            if is_off.any():
                chosen[is_off] = self.nearest(points[:, is_off])
        return chosen

    def nearest(self, points: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Find the entry nearest to each of `to_columns`.

        Opaque ones get opaque entries as long as the palette has one.
        """
        places = (points * self._scale + np.float32(0.5)).astype(np.int32)
        if len(places) == 4:
            # What is nearly opaque must not be taken for it, nor be brighter than its opacity.
            places[3] -= (points[3] < 255) & (places[3] == self._size - 1)
            np.minimum(places[:3], places[3], out=places[:3])
        position = places[0]
        for axis in places[1:]:
            position *= self._size
            position += axis
        entries: NDArray[np.uint8] = self._entries.take(position)
        between = np.flatnonzero(self._is_between.take(position))
        entries[between] = self._borders.nearest(entries[between], points[:, between])
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


def _is_between(entries: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Tell for each point of a grid, in order, whether one beside it has another entry."""
    is_between = np.zeros(entries.shape, dtype=bool)
    for axis in range(entries.ndim):
        along, found = np.moveaxis(entries, axis, 0), np.moveaxis(is_between, axis, 0)
        differs = along[1:] != along[:-1]
        found[1:] |= differs
        found[:-1] |= differs
    return is_between.reshape(-1)
