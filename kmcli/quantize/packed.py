"""Colours as one integer each, strip by strip of the pixels."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

STRIP_PIXELS = 2**16
"""Pixels handled at once: large enough for numpy's speed, small enough for the cache."""


def pack_colors(colors: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Pack the channels of each colour into one integer, the first channel highest.

    The hidden colour of fully transparent ones is dropped.
    """
    codes = colors[..., 0].astype(np.intp)
    for channel in range(1, colors.shape[-1]):
        codes <<= 8
        codes |= colors[..., channel]
    if colors.shape[-1] == 4:
        codes[colors[..., 3] == 0] = 0
    return codes


def unpack_colors(codes: NDArray[np.integer], n_channels: int) -> NDArray[np.uint8]:
    """Undo `pack_colors`, of three or four channels."""
    bytes_of_each = codes.astype(">u4").view(np.uint8).reshape(-1, 4)
    return np.ascontiguousarray(bytes_of_each[:, 4 - n_channels :])


def packed_strips(pixels: NDArray[np.uint8]) -> Iterator[tuple[slice, NDArray[np.intp]]]:
    """Do what `pack_colors` does, strip by strip, in half of its time."""
    n_channels = pixels.shape[-1]
    flat = pixels.reshape(-1, n_channels)
    for start in range(0, len(flat), STRIP_PIXELS):
        where = slice(start, start + STRIP_PIXELS)
        strip = np.ascontiguousarray(flat[where])
        # The four bytes from the start of each pixel on, as one number. Without alpha the last
        # one belongs to the next pixel, and the last pixel has none.
        n_whole = len(strip) - (n_channels == 3)
        codes = np.empty(len(strip), dtype=np.intp)
        codes[:n_whole] = np.ndarray(n_whole, ">u4", strip, strides=(n_channels,))
        if n_channels == 3:
            codes >>= 8
            codes[-1] = pack_colors(strip[-1])
        else:
            codes[strip[:, 3] == 0] = 0
        yield where, codes


def pack_all(pixels: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Do what `pack_colors` does, in one dimension and 32 bits."""
    codes = np.empty(pixels.size // pixels.shape[-1], dtype=np.uint32)
    for where, strip in packed_strips(pixels):
        codes[where] = strip
    return codes


def pack_upper_bits(colors: NDArray[np.uint8], n_bits: int) -> NDArray[np.intp]:
    """Join the upper bits of the channels of each colour: like ones get one number, in order."""
    codes = np.zeros(colors.shape[:-1], dtype=np.int32)
    for channel in range(colors.shape[-1]):
        codes <<= n_bits
        codes |= colors[..., channel] >> (8 - n_bits)
    return codes.astype(np.intp)
