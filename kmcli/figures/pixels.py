"""Pixels made ready to be looked at: averaged, enlarged, over a checkerboard, as a band."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kmcli.quantize.colorspace import LINEAR, encode_srgb

_STRIP_PIXELS = 2**19
"""So many are averaged at a time: as floats they take a dozen times their room."""

_CHECKERS = np.array([204, 255], dtype=np.uint8)


def box_mean(
    pixels: NDArray[np.uint8], tops: NDArray[np.intp], lefts: NDArray[np.intp]
) -> NDArray[np.uint8]:
    """Average the pixels of each box of a grid, as an eye does from afar.

    Light is averaged, not its sRGB code, and colours count as much as they are opaque. The boxes
    begin at these rows and columns, strictly ascending from 0; each becomes a pixel.
    """
    height, width, n_channels = pixels.shape
    averaged = np.empty((len(tops), len(lefts), n_channels), dtype=np.uint8)
    bottoms = np.append(tops[1:], height)
    n_rows = max(1, _STRIP_PIXELS * len(tops) // (height * width))
    for first in range(0, len(tops), n_rows):
        rows = slice(first, first + n_rows)
        offset = tops[first]
        strip = pixels[offset : bottoms[rows][-1]]
        light = LINEAR[strip[..., :3]]
        areas = np.outer(bottoms[rows] - tops[rows], np.diff(lefts, append=width))
        weights = areas.astype(np.float32)
        if n_channels == 4:
            opacity = strip[..., 3].astype(np.float32) / np.float32(255)
            light *= opacity[..., None]
            weights = _box_sums(opacity, tops[rows] - offset, lefts)
            averaged[rows, :, 3] = np.rint(255 * weights / areas)
        mean = _box_sums(light, tops[rows] - offset, lefts)
        mean /= np.maximum(weights, np.float32(1e-6))[..., None]
        averaged[rows, :, :3] = _encode(mean)
    return averaged


def _box_sums(
    values: NDArray[np.float32], tops: NDArray[np.intp], lefts: NDArray[np.intp]
) -> NDArray[np.float32]:
    # Rows first, as they lie one after the other in memory; ten times as fast as by reduceat.
    of_rows = np.stack([rows.sum(axis=0) for rows in np.split(values, tops[1:])])
    sums: NDArray[np.float32] = np.add.reduceat(of_rows, lefts, axis=1)
    return sums


def _encode(light: NDArray[np.float32]) -> NDArray[np.uint8]:
    codes: NDArray[np.uint8] = np.rint(255 * encode_srgb(light)).clip(0, 255).astype(np.uint8)
    return codes


def enlarge(pixels: NDArray[Any], factor: int) -> NDArray[Any]:
    """Show each pixel, of any kind, as a square."""
    return pixels.repeat(factor, axis=0).repeat(factor, axis=1)


def over_checkerboard(pixels: NDArray[np.uint8], square: int) -> NDArray[np.uint8]:
    """Lay a picture over the squares that stand for transparency: (height, width, 3), uint8.

    Opaque pixels are unchanged; `square` is the side of a square.
    """
    if pixels.shape[2] == 3:
        return pixels
    height, width = pixels.shape[:2]
    is_light = np.add.outer(np.arange(height) // square, np.arange(width) // square) % 2
    backdrop = _CHECKERS[is_light][..., None].astype(np.float32)
    opacity = pixels[..., 3:] / np.float32(255)
    mixed: NDArray[np.float32] = backdrop + (pixels[..., :3] - backdrop) * opacity
    return np.rint(mixed).astype(np.uint8)


def color_band(
    colors: NDArray[np.uint8], shares: NDArray[np.float64], height: int, width: int
) -> NDArray[np.uint8]:
    """Draw the colours of a palette side by side, each as wide as its share, which sum to 1.

    Every colour is at least one pixel wide, as long as there are pixels enough.
    """
    n_least = len(colors) if width >= len(colors) else 0
    # The ends of the colours are rounded, not their widths: so the widths sum up exactly.
    ends = np.rint(np.cumsum(shares) * (width - n_least)).astype(np.intp)
    ends[-1] = width - n_least
    widths = np.diff(ends, prepend=0) + (1 if n_least else 0)
    row = colors.repeat(widths, axis=0)
    return over_checkerboard(np.broadcast_to(row, (height, *row.shape)), max(1, height // 4))
