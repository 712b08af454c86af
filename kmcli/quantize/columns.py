"""Colours as points that can be mixed, one column each: what dithering adds up and compares."""

import numpy as np
from numpy.typing import NDArray

from kmcli.quantize.colorspace import convert_points
from kmcli.settings import Space

_LEAST_REACH, _MOST_REACH = np.float32(24), np.float32(48)


def alpha_reach(alpha: NDArray[np.float32]) -> NDArray[np.float32]:
    """Say how far errors may lead away from the alpha of a pixel: enough for soft shadows.

    A hole in an area that is nearly opaque is seen, however rare, so that is held closer.
    """
    return np.clip((255 - alpha) / 2, _LEAST_REACH, _MOST_REACH)


def to_columns(colors: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Turn colours into points that can be mixed, (3, n) or (4, n), from 0 to 255.

    These are red, green and blue, times opacity, and alpha.
    """
    points = np.ascontiguousarray(colors.T, dtype=np.float32)
    if len(points) == 4:
        points[:3] *= points[3] * np.float32(1 / 255)
    return points


def clip_columns(points: NDArray[np.float32], alpha: NDArray[np.float32] | None) -> None:
    """Move points to the nearest colours that may stand for a pixel, in place.

    These are all colours that exist, but none much more or less transparent than the pixel, whose
    alpha is given if there are four channels. Opaque ones stay opaque, and no others become so,
    since only opaque entries would be left for them.
    """
    if alpha is None:
        np.clip(points, 0, 255, out=points)
        return
    reach = alpha_reach(alpha)
    is_opaque = alpha == 255
    lowest = np.where(is_opaque, alpha, np.maximum(alpha - reach, 0))
    highest = np.where(is_opaque, alpha, np.minimum(alpha + reach, 254))
    np.clip(points[3], lowest, highest, out=points[3])
    np.clip(points[:3], 0, points[3], out=points[:3])


def in_space(columns: NDArray[np.float64], space: Space) -> NDArray[np.float64]:
    """Turn columns into points whose distance is their difference, as `to_points` makes them."""
    points = columns.T
    if len(columns) == 4:
        grey = 127.5 * columns[3:] / 255  # half of white
        points = np.concatenate([columns[:3] - grey, np.sqrt(3) * grey]).T
    return convert_points(points, space)
