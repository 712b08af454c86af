"""How smooth the surroundings of each colour are: errors are seen in a sky, and not in grass."""

import numpy as np
from numpy.typing import NDArray

_SAMPLED_PIXELS = 2**19
"""About so many pixels are looked at, in whole rows."""

_BITS = 6
"""Upper bits of each channel in which colours agree that are looked at together."""

_N_PLACES = 2 ** (3 * _BITS)

_BUSY = 16
"""Change of grey from which on all surroundings are equally busy."""

_NOISE = 1.5
"""Change of grey that is hardly seen."""

_POWER = 0.7
"""How fast errors vanish as the surroundings change more."""

_WEIGHTS = (1 + np.arange(16 * _BUSY + 1) / (16 * _NOISE)) ** -_POWER
"""The weight of a pixel, by the changes of grey to its left and right added up, in eighths."""


def measure_smoothness(pixels: NDArray[np.uint8], colors: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Say how much an error is seen in the pixels of each colour, by what surrounds them.

    In smooth areas errors are seen as bands, in busy ones they are not.

    Parameters
    ----------
    pixels : ndarray of shape (..., height, width, 3) or (..., height, width, 4), uint8
        A picture, or the frames of an animation.
    colors : ndarray of shape (n_colors, 3) or (n_colors, 4), uint8
        Its distinct colours.

    Returns
    -------
    ndarray of shape (n_colors,), float64
        The mean weight of the pixels of each colour, 1 in even areas and 0.18 at edges; of
        colours of few pixels, rather that of like colours.
    """
    rows = pixels.reshape(-1, *pixels.shape[-2:])
    sample = rows[:: max(1, rows.shape[0] * rows.shape[1] // _SAMPLED_PIXELS)]
    places = _places(sample).reshape(-1)
    counts = np.bincount(places, minlength=_N_PLACES).astype(np.float64)
    weights = _WEIGHTS[_changes(sample)].reshape(-1)
    sums = np.bincount(places, weights, _N_PLACES).astype(np.float64)
    # Where few pixels were looked at, the colours around count, and then the whole picture.
    around = (_sum_around(sums) + sums.sum() / counts.sum()) / (_sum_around(counts) + 1)
    means: NDArray[np.float64] = (sums + around) / (counts + 1)
    return means[_places(colors)]


def _sum_around(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Add up the values of each eight places of neighbouring colours, for each of them."""
    for step in (4**_BITS, 2**_BITS, 1):
        pairs = values.reshape(-1, 2, step)
        values = np.repeat(pairs[:, :1] + pairs[:, 1:], 2, axis=1)
    return values.reshape(-1)


def _places(colors: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Give like colours the same number."""
    red, green, blue = (colors[..., channel] >> (8 - _BITS) for channel in range(3))
    places = red.astype(np.intp)
    places <<= _BITS
    places |= green
    places <<= _BITS
    places |= blue
    return places


def _changes(rows: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Add up the changes of grey from each pixel to its neighbours in the row, in eighths."""
    red, green, blue = (rows[..., channel].astype(np.int16) for channel in range(3))
    green *= 5
    red *= 2
    grey = red + green + blue
    if rows.shape[-1] == 4:
        grey = (grey * (rows[..., 3] / np.float32(255))).astype(np.int16)
    changes = np.zeros(grey.shape, dtype=np.int16)
    if grey.shape[1] > 1:
        steps = np.abs(np.diff(grey, axis=1))
        changes[:, :-1] += steps
        changes[:, 1:] += steps
        changes[:, [0, -1]] *= 2  # one neighbour counts twice
    return np.minimum(changes, len(_WEIGHTS) - 1, out=changes)
