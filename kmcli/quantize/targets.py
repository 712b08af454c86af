"""Find how many colours it takes to reach a quality, or how many fit into a size."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kmcli.errors import DeclinedError
from kmcli.quantize.image import QuantizedImage
from kmcli.quantize.palette import count_text
from kmcli.settings import QuantizeSettings, Target

Quantize = Callable[[QuantizeSettings], QuantizedImage]
"""Quantizes the picture at hand with other settings."""

Encode = Callable[[NDArray[np.uint8], NDArray[np.uint8]], bytes]
"""Encodes a palette and indices."""


@dataclass(frozen=True)
class Trial:
    """A number of colours that was tried on the way to a target.

    Attributes
    ----------
    n_colors : int
        Colours allowed.
    psnr : float or None
        What they reach, in dB; None for an exact copy.
    delta_e_mean : float
        Mean colour difference.
    n_bytes : int or None
        Size of the file; None if the target is not a size.
    """

    n_colors: int
    psnr: float | None
    delta_e_mean: float
    n_bytes: int | None


def quantize_to_target(
    quantize: Quantize, settings: QuantizeSettings, target: Target, encode: Encode
) -> tuple[QuantizedImage, QuantizeSettings, tuple[Trial, ...]]:
    """Find the fewest colours that reach a quality, or the most whose file is small enough.

    Quality and size grow with the number of colours, but for small irregularities; so the number
    is found by halving the range, and the last steps are not skipped.

    Parameters
    ----------
    quantize : callable
        Quantizes the picture with given settings.
    settings : QuantizeSettings
        `n_colors` is the most that may be used; the rest is kept.
    target : Target
        What is to be reached.
    encode : callable
        Encodes the result; only asked where the target is a size.

    Returns
    -------
    image : QuantizedImage
        The result.
    settings : QuantizeSettings
        With the number of colours that was found.
    trials : tuple of Trial
        What was tried, by number of colours.

    Raises
    ------
    DeclinedError
        If the target is out of reach; the message says how far one gets.
    """
    tried: dict[int, tuple[QuantizedImage, Trial]] = {}

    def reaches(n_colors: int) -> bool:
        image = quantize(replace(settings, n_colors=n_colors))
        n_bytes = None
        if target.max_size is not None:
            n_bytes = len(encode(image.palette.colors, image.indices))
        fidelity = image.fidelity
        trial = Trial(n_colors, fidelity.psnr, fidelity.delta_e_mean, n_bytes)
        tried[n_colors] = (image, trial)
        return _is_reached(trial, target)

    fewest = max(1, len(set(settings.locked)))
    if target.max_size is not None:
        found = _last_true(reaches, fewest, settings.n_colors)
    else:
        found = _first_true(reaches, fewest, settings.n_colors)
    trials = tuple(tried[n_colors][1] for n_colors in sorted(tried))
    if found is None:
        raise DeclinedError(_out_of_reach(trials, target))
    return tried[found][0], replace(settings, n_colors=found), trials


def _is_reached(trial: Trial, target: Target) -> bool:
    if target.min_psnr is not None and trial.psnr is not None and trial.psnr < target.min_psnr:
        return False
    if target.max_delta_e is not None and trial.delta_e_mean > target.max_delta_e:
        return False
    return target.max_size is None or (
        trial.n_bytes is not None and trial.n_bytes <= target.max_size
    )


def _first_true(holds: Callable[[int], bool], low: int, high: int) -> int | None:
    """Find the least number for which a condition holds that goes from false to true."""
    if not holds(high):
        return None
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return high


def _last_true(holds: Callable[[int], bool], low: int, high: int) -> int | None:
    """Find the greatest number for which a condition holds that goes from true to false."""
    if holds(high):
        return high
    if low == high or not holds(low):
        return None
    while low + 1 < high:
        middle = (low + high) // 2
        if holds(middle):
            low = middle
        else:
            high = middle
    return low


def _out_of_reach(trials: tuple[Trial, ...], target: Target) -> str:
    if target.max_size is not None:
        least = trials[0]
        return (
            f"{least.n_bytes} bytes with {count_text(least.n_colors)} are more than "
            f"{target.max_size}; the picture has to be made smaller"
        )
    most = trials[-1]
    wanted = []
    if target.min_psnr is not None and most.psnr is not None and most.psnr < target.min_psnr:
        wanted.append(f"{most.psnr:.2f} dB, not {target.min_psnr:g}")
    if target.max_delta_e is not None and most.delta_e_mean > target.max_delta_e:
        wanted.append(f"a colour difference of {most.delta_e_mean:.2f}, not {target.max_delta_e:g}")
    verb = "reaches" if most.n_colors == 1 else "reach"
    return f"{count_text(most.n_colors)} {verb} {' and '.join(wanted)}; allow more or ask for less"
