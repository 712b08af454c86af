"""Pixels to distinct colours and their counts, and back from values per colour to pixels."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STRIP_PIXELS = 2**20
"""Pixels handled at once: large enough for numpy's speed, small enough for the cache."""

TABLE_PIXELS = 2**20
"""From here on a table over all 2**24 colours counts faster than sorting the pixels."""


@dataclass(frozen=True)
class ColorCounts:
    """The histogram of a picture.

    Attributes
    ----------
    colors : ndarray of shape (n_colors, 3) or (n_colors, 4), uint8
        The distinct colours, sRGB or sRGB with straight alpha, in ascending order. Fully
        transparent pixels are one colour, (0, 0, 0, 0), whatever lies hidden under them.
    counts : ndarray of shape (n_colors,), int64
        How many pixels have each colour, at least 1.
    """

    colors: NDArray[np.uint8]
    counts: NDArray[np.int64]

    @property
    def n_pixels(self) -> int:
        """Number of pixels counted."""
        return int(self.counts.sum())


def count_colors(pixels: NDArray[np.uint8]) -> ColorCounts:
    """Count the distinct colours of a picture.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3) or (height, width, 4), uint8
        sRGB, with straight alpha if there are four channels.

    Returns
    -------
    ColorCounts
    """
    n_channels = pixels.shape[2]
    n_pixels = pixels.shape[0] * pixels.shape[1]
    if n_channels == 3 and n_pixels > TABLE_PIXELS:
        codes, counts = _count_with_table(pixels)
    else:
        codes, counts = _count_by_sorting(pixels)
    return ColorCounts(unpack_colors(codes, n_channels), counts)


def spread(
    pixels: NDArray[np.uint8], colors: NDArray[np.uint8], values: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Give each pixel the value that belongs to its colour.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3) or (height, width, 4), uint8
        The picture that was counted.
    colors : ndarray of shape (n_colors, n_channels), uint8
        Its distinct colours, as in `ColorCounts`.
    values : ndarray of shape (n_colors,), uint8
        The value of each colour.

    Returns
    -------
    ndarray of shape (height, width), uint8
    """
    height, width, n_channels = pixels.shape
    out = np.empty(height * width, dtype=np.uint8)
    codes = pack_colors(colors)
    if n_channels == 3:
        # Only entries of colours that occur are ever set or read.
        table = np.empty(2**24, dtype=np.uint8)
        table[codes] = values
        for where, strip in _packed_strips(pixels):
            out[where] = table[strip]
    else:
        for where, strip in _packed_strips(pixels):
            out[where] = values[np.searchsorted(codes, strip)]
    return out.reshape(height, width)


def pack_colors(colors: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Pack the channels of each colour into one integer, the first channel highest.

    Parameters
    ----------
    colors : ndarray of shape (..., 3) or (..., 4), uint8
        Colours; the hidden colour of fully transparent ones is dropped.

    Returns
    -------
    ndarray of shape (...), intp
    """
    codes = colors[..., 0].astype(np.intp)
    for channel in range(1, colors.shape[-1]):
        codes <<= 8
        codes |= colors[..., channel]
    if colors.shape[-1] == 4:
        codes[colors[..., 3] == 0] = 0
    return codes


def unpack_colors(codes: NDArray[np.integer], n_channels: int) -> NDArray[np.uint8]:
    """Undo `pack_colors`.

    Parameters
    ----------
    codes : ndarray of shape (n_colors,), integer
        Packed colours.
    n_channels : {3, 4}
        How many channels were packed.

    Returns
    -------
    ndarray of shape (n_colors, n_channels), uint8
    """
    shifts = 8 * np.arange(n_channels - 1, -1, -1)
    return (codes[:, np.newaxis] >> shifts & 255).astype(np.uint8)


def _packed_strips(pixels: NDArray[np.uint8]) -> Iterator[tuple[slice, NDArray[np.intp]]]:
    flat = pixels.reshape(-1, pixels.shape[2])
    for start in range(0, len(flat), STRIP_PIXELS):
        where = slice(start, start + STRIP_PIXELS)
        yield where, pack_colors(flat[where])


def _count_with_table(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.integer], NDArray[np.int64]]:
    table = np.zeros(2**24, dtype=np.uint32)
    one = np.uint32(1)  # of the table's own type, or numpy takes a path ten times slower
    for _, strip in _packed_strips(pixels):
        np.add.at(table, strip, one)
    codes = np.flatnonzero(table)
    return codes, table[codes].astype(np.int64)


def _count_by_sorting(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.integer], NDArray[np.int64]]:
    codes = np.empty(pixels.shape[0] * pixels.shape[1], dtype=np.uint32)
    for where, strip in _packed_strips(pixels):
        codes[where] = strip
    codes.sort()
    first = np.flatnonzero(np.concatenate(([True], codes[1:] != codes[:-1])))
    return codes[first], np.diff(first, append=len(codes))
