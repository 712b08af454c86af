"""Find how many colours it takes to reach a quality, or how many fit into a size."""

import bisect
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from kmcli.errors import DeclinedError
from kmcli.quantize.image import QuantizedImage
from kmcli.settings import QuantizeSettings, Target
from kmcli.text import counted, listed

Quantize = Callable[[QuantizeSettings], QuantizedImage]
"""Quantizes the picture at hand with other settings."""

Encode = Callable[[QuantizedImage], bytes]
"""Encodes what came of it."""

_CLEARLY = 1.1
"""Excess from which on all numbers miss that are wanted more.

On five photos and drawings of up to 0.04 Mpx, with each number of colours from 1 to 256, sizes fell
by at most 1.2 % with more colours of the same depth, and errors grew by at most 2.5 %. On a photo
of 80 x 60 pixels with `effort="fast"` sizes fell by 6 %.
"""

_FEW_COLORS = 64
"""Up to so many colours of a picture, all numbers are tried.

In drawings of 30 colours, errors doubled from one number to a larger one: of the last colours
that have to share an entry, one pair can be much farther apart than the other.
"""

_DEPTH_ENDS = (2, 4, 16)
"""The most colours of each depth of PNG; with one more, a file can become much smaller."""


@dataclass(frozen=True)
class Trial:
    """A number of colours that was tried on the way to a target."""

    n_colors: int
    psnr: float | None  # in dB; None for an exact copy
    delta_e_mean: float  # mean colour difference
    n_bytes: int | None  # None if the target is not a size


def quantize_to_target(
    quantize: Quantize, settings: QuantizeSettings, target: Target, encode: Encode
) -> tuple[QuantizedImage, QuantizeSettings, tuple[Trial, ...]]:
    """Find the fewest colours that reach a quality, or the most whose file is small enough.

    Neither grows steadily with the number of colours. So halving the range only settles which
    numbers miss the target clearly; the others are tried one by one, from the best on. The
    settings say the most that may be used; those that are returned have the number that was
    found, and the trials are in the order of their numbers. `encode` is only asked where the
    target is a size.

    Raises DeclinedError if the target is out of reach; the message says how far one gets.
    """
    trials: dict[int, Trial] = {}
    # Each trial that reaches the target is wanted more than those before: the last one is kept.
    reached: list[tuple[int, QuantizedImage]] = []
    enough, n_colors_before = settings.n_colors, 0

    def excess(n_colors: int) -> float:
        nonlocal enough, n_colors_before
        n_colors = min(n_colors, enough)
        if n_colors not in trials:
            image = quantize(replace(settings, n_colors=n_colors))
            fidelity, n_colors_before = image.fidelity, image.n_colors_before
            if fidelity.psnr is None:  # as it would be with more
                n_colors = enough = len(image.palette.colors)
            n_bytes = None
            if target.max_size is not None:
                n_bytes = len(encode(image))
            trials[n_colors] = Trial(n_colors, fidelity.psnr, fidelity.delta_e_mean, n_bytes)
            if _excess(trials[n_colors], target) <= 1:
                reached[:] = [(n_colors, image)]
        return _excess(trials[n_colors], target)

    def misses_clearly(n_colors: int) -> bool:
        return excess(n_colors) > _CLEARLY and n_colors_before > _FEW_COLORS

    fewest = max(1, len(set(settings.locked)))
    ends = [fewest - 1, settings.n_colors]
    if target.max_size is not None:
        ends[1:1] = [depth_end for depth_end in _DEPTH_ENDS if ends[0] < depth_end < ends[1]]
    for above, last in zip(ends[-2::-1], ends[:0:-1], strict=True):
        wanted = range(above + 1, last + 1)
        wanted = wanted if target.max_size is None else wanted[::-1]
        n_missed = bisect.bisect_left(wanted, True, key=lambda each: not misses_clearly(each))
        if any(excess(n_colors) <= 1 for n_colors in wanted[n_missed:]):
            break
    in_order = tuple(trials[n_colors] for n_colors in sorted(trials))
    if not reached:
        raise DeclinedError(_out_of_reach(in_order, target))
    ((n_colors, image),) = reached
    return image, replace(settings, n_colors=n_colors), in_order


def _excess(trial: Trial, target: Target) -> float:
    """Size, colour difference or root of the MSE, the worst of them, in terms of the target."""
    ratios = [0.0]
    if target.max_size is not None and trial.n_bytes is not None:
        ratios.append(trial.n_bytes / target.max_size if target.max_size else math.inf)
    if target.min_psnr is not None and trial.psnr is not None:
        ratios.append(10 ** ((target.min_psnr - trial.psnr) / 20))
    if target.max_delta_e is not None and trial.delta_e_mean > 0:
        ratios.append(trial.delta_e_mean / target.max_delta_e if target.max_delta_e else math.inf)
    return max(ratios)


def _out_of_reach(trials: tuple[Trial, ...], target: Target) -> str:
    if target.max_size is not None:
        least = trials[0]
        verb = "takes" if least.n_colors == 1 else "take"
        return (
            f"even {counted(least.n_colors, 'colour')} {verb} {least.n_bytes} bytes "
            f"(limit {target.max_size}); reduce the image dimensions"
        )
    most = trials[-1]
    wanted = []
    if target.min_psnr is not None and most.psnr is not None and most.psnr < target.min_psnr:
        wanted.append(f"{most.psnr:.2f} dB, not {target.min_psnr:g}")
    if target.max_delta_e is not None and most.delta_e_mean > target.max_delta_e:
        wanted.append(f"a colour difference of {most.delta_e_mean:.2f}, not {target.max_delta_e:g}")
    verb = "reaches" if most.n_colors == 1 else "reach"
    reached = f"{counted(most.n_colors, 'colour')} {verb} {listed(wanted)}"
    return f"{reached}; raise the limit or lower the target"
