"""How smooth the surroundings of each colour are: errors are seen in a sky, and not in grass."""

import numpy as np
from numpy.typing import NDArray

from kmcli.quantize.packed import pack_upper_bits

_SAMPLED_PIXELS = 2**19
"""About so many pixels are looked at, in whole rows."""

_BITS = 6
"""Upper bits of each channel in which colours agree that are looked at together."""

_N_PLACES = 2 ** (3 * _BITS)
_BLOCKS = 3 * (2 ** (_BITS - 1), 2)

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

    In smooth areas errors are seen as bands, in busy ones they are not. Gives the mean weight of
    the pixels of each colour of the picture or its frames, 1 in even areas and 0.18 at edges; of
    colours of few pixels, rather that of like colours.
    """
    rows = pixels.reshape(-1, *pixels.shape[-2:])
    sample = rows[:: max(1, rows.shape[0] * rows.shape[1] // _SAMPLED_PIXELS)]
    places = pack_upper_bits(sample[..., :3], _BITS).reshape(-1)
    counts = np.bincount(places, minlength=_N_PLACES)
    weights = _WEIGHTS[_changes(sample)].reshape(-1)
    means: NDArray[np.float64] = np.bincount(places, weights, _N_PLACES).astype(float, copy=False)
    # Where few pixels were looked at, the colours around count, and then the whole picture.
    around = (_sum_around(means) + means.sum() / counts.sum()) / (_sum_around(counts) + 1)
    blocks = means.reshape(_BLOCKS)  # in place, as below: fresh memory takes most of the time
    blocks += around
    counts += 1
    means /= counts
    return means[pack_upper_bits(colors[..., :3], _BITS)]


def _sum_around(values: NDArray[np.float64] | NDArray[np.intp]) -> NDArray[np.float64]:
    """Add up each block of eight places of neighbouring colours."""
    blocks = values.reshape(_BLOCKS)
    for axis in (1, 3, 5):
        first, second = np.split(blocks, 2, axis=axis)
        blocks = first + second
    return blocks.astype(np.float64, copy=False)


def _changes(rows: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Add up the changes of grey from each pixel to its neighbours in the row, in eighths."""
    grey = rows[..., 1] * np.int16(5)
    grey += rows[..., 2]
    grey += rows[..., 0]
    grey += rows[..., 0]
    if rows.shape[-1] == 4:
        grey = (grey * (rows[..., 3] / np.float32(255))).astype(np.int16)
    changes = np.zeros(grey.shape, dtype=np.int16)
    if grey.shape[1] > 1:
        steps = np.diff(grey, axis=1)
        np.abs(steps, out=steps)
        changes[:, :-1] = steps
        changes[:, 1:] += steps
        changes[:, [0, -1]] *= 2  # one neighbour counts twice
    return np.minimum(changes, len(_WEIGHTS) - 1, out=changes)
