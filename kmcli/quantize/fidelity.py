"""How far a quantized picture is from its original."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kmcli.parallel import map_shares
from kmcli.quantize.colorspace import composites, on_backdrops, srgb_to_oklab
from kmcli.quantize.histogram import ColorCounts

_CHUNK = 2**16
"""Colours measured at once: what is computed for them stays in the cache."""

_SSIM_WINDOW = 7
_SSIM_STRIP_ROWS = 256


@dataclass(frozen=True)
class Fidelity:
    """Differences between a picture and its quantized version, over all pixels.

    A picture with transparency is measured on a black and on a white backdrop, and the two
    are averaged.

    Attributes
    ----------
    mse : float
        Mean squared distance in sRGB, summed over the three channels of 0 to 255.
    psnr : float or None
        Peak signal-to-noise ratio in dB, 10 log10(255^2 / (mse / 3)); None for an exact copy.
    delta_e_mean, delta_e_p95 : float
        Mean and 95th percentile of the colour difference: 100 times the distance in Oklab,
        so that about 2 is just noticeable.
    exact_share : float
        Share of the pixels whose colour did not change, from 0 to 1.
    """

    mse: float
    psnr: float | None
    delta_e_mean: float
    delta_e_p95: float
    exact_share: float


def measure_fidelity(
    histogram: ColorCounts, palette: NDArray[np.uint8], labels: NDArray[np.integer]
) -> Fidelity:
    """Measure what becomes of a picture whose colours are replaced by these palette entries."""
    squared = np.empty(len(labels))
    difference = np.zeros(len(labels))
    for start in range(0, len(labels), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        before, after = histogram.colors[chunk], palette[labels[chunk]]
        squared[chunk] = _squared_distances(before, after)
        backdrops = list(zip(on_backdrops(before), on_backdrops(after), strict=True))
        for seen_before, seen_after in backdrops:
            change = srgb_to_oklab(seen_before) - srgb_to_oklab(seen_after)
            difference[chunk] += 1 / len(backdrops) * np.sqrt((change**2).sum(axis=1))
    counts, n_pixels = histogram.counts, histogram.n_pixels
    mse = float(squared @ counts) / n_pixels
    return Fidelity(
        mse=mse,
        psnr=psnr_from_mse(mse),
        delta_e_mean=float(difference @ counts) / n_pixels,
        delta_e_p95=_weighted_quantile(difference, counts, 0.95),
        exact_share=float(counts[squared == 0].sum()) / n_pixels,
    )


def measure_mse(
    histogram: ColorCounts, palette: NDArray[np.uint8], labels: NDArray[np.integer]
) -> float:
    """Measure the mean squared error alone, which is quick, as of `measure_fidelity`."""

    def error(chunk: slice) -> float:
        squared = _squared_distances(histogram.colors[chunk], palette[labels[chunk]])
        return float(squared @ histogram.counts[chunk])

    return sum(map_shares(error, len(labels), _CHUNK)) / histogram.n_pixels


def _squared_distances(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.float64]:
    appearance, scale = composites(before)
    squared: NDArray[np.float64] = ((appearance - composites(after)[0]) ** 2).sum(axis=1) / scale
    return squared


def psnr_from_mse(mse: float) -> float | None:
    """Convert `Fidelity.mse` to a peak signal-to-noise ratio in dB; None if there is no error."""
    return None if mse == 0 else float(10 * np.log10(255**2 / (mse / 3)))


def structural_similarity(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> float | None:
    """Compute the mean structural similarity (SSIM) of two pictures of one size, at most 1.

    scikit-image computes it with a window of 7 x 7 pixels, channel by channel and strip by strip,
    so that a large picture needs little memory; the mean is the same. None if a side is shorter
    than the window.

    Source: Z. Wang et al., "Image quality assessment: from error visibility to structural
    similarity", IEEE Transactions on Image Processing 13(4), 2004.
    """
    from skimage.metrics import structural_similarity as ssim

    height, width = before.shape[:2]
    if min(height, width) < _SSIM_WINDOW:
        return None
    margin = _SSIM_WINDOW // 2
    inner_rows = height - 2 * margin
    total = 0.0
    n_backdrops = 1 if before.shape[2] == 3 else 2
    for top in range(0, inner_rows, _SSIM_STRIP_ROWS):
        n_rows = min(_SSIM_STRIP_ROWS, inner_rows - top)
        rows = slice(top, top + n_rows + 2 * margin)
        for seen in zip(on_backdrops(before[rows]), on_backdrops(after[rows]), strict=True):
            for channel in range(3):
                x, y = (side[..., channel] for side in seen)
                total += n_rows * float(ssim(x, y, win_size=_SSIM_WINDOW, data_range=255))
    return total / (3 * n_backdrops * inner_rows)


def _weighted_quantile(
    values: NDArray[np.float64], counts: NDArray[np.int64], quantile: float
) -> float:
    """Give the least value that at least this share of the pixels does not exceed."""
    order = np.argsort(values)
    reached = np.cumsum(counts[order])
    return float(values[order[np.searchsorted(reached, quantile * reached[-1])]])
