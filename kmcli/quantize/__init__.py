"""Colour quantization: a picture's pixels to a palette and indices into it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kmcli.quantize.fidelity import (
    Fidelity,
    measure_fidelity,
    measure_mse,
    psnr_from_mse,
    structural_similarity,
)
from kmcli.quantize.histogram import ColorCounts, count_colors, spread
from kmcli.quantize.learn import Stage, learn_palette, random_palette
from kmcli.quantize.palette import Palette, luminance_order
from kmcli.quantize.remap import nearest
from kmcli.settings import QuantizeSettings

__all__ = ["QuantizedImage", "measure_ssim", "quantize_image", "quantize_randomly"]


@dataclass(frozen=True)
class QuantizedImage:
    """A picture reduced to a palette.

    Attributes
    ----------
    palette : Palette
        The colours that are used, at most as many as were asked for, from dark to light with
        transparent ones first.
    indices : ndarray of shape (height, width), uint8
        The palette entry of each pixel.
    histogram : ColorCounts
        The colours of the original.
    labels : ndarray of shape (n_colors,), uint8
        The palette entry of each colour of the histogram.
    stages : tuple of Stage
        The runs of k-means; none where the palette was not learned, as for an exact copy.
    """

    palette: Palette
    indices: NDArray[np.uint8]
    histogram: ColorCounts
    labels: NDArray[np.uint8]
    stages: tuple[Stage, ...]

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """The picture in full: ndarray of shape (height, width, 3 or 4), uint8, sRGB."""
        return self.palette.colors[self.indices]

    @cached_property
    def fidelity(self) -> Fidelity:
        """How far the result is from the original."""
        return measure_fidelity(self.histogram, self.palette.colors, self.labels)

    @property
    def psnr(self) -> float | None:
        """The same as in `fidelity`, but computed without the rest of it."""
        return psnr_from_mse(measure_mse(self.histogram, self.palette.colors, self.labels))


def quantize_image(
    pixels: NDArray[np.uint8], settings: QuantizeSettings | None = None
) -> QuantizedImage:
    """Reduce a picture to few colours, learned from its pixels by k-means.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3) or (height, width, 4), uint8
        sRGB, with straight alpha if there are four channels.
    settings : QuantizeSettings, optional
        How many colours, and the parameters of k-means.

    Returns
    -------
    QuantizedImage
        An exact copy if the picture has no more colours than were asked for.
    """
    settings = settings or QuantizeSettings()
    histogram = count_colors(pixels)
    learned = learn_palette(histogram, settings)
    return _apply_palette(pixels, histogram, learned.colors, learned.stages)


def quantize_randomly(
    pixels: NDArray[np.uint8], settings: QuantizeSettings | None = None
) -> QuantizedImage:
    """Reduce a picture to the colours of random pixels of its own, as a baseline.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3) or (height, width, 4), uint8
        sRGB, with straight alpha if there are four channels.
    settings : QuantizeSettings, optional
        How many colours, and the seed of the draw.

    Returns
    -------
    QuantizedImage
    """
    settings = settings or QuantizeSettings()
    histogram = count_colors(pixels)
    palette = random_palette(histogram, settings.n_colors, settings.random_state)
    return _apply_palette(pixels, histogram, palette, ())


def measure_ssim(pixels: NDArray[np.uint8], quantized: QuantizedImage) -> float | None:
    """Compute the structural similarity of a picture and its quantized version.

    Apart from `Fidelity`, since it takes longer than quantizing.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3) or (height, width, 4), uint8
        The original.
    quantized : QuantizedImage
        What became of it.

    Returns
    -------
    float or None
        At most 1; None for pictures of less than 7 pixels in a side.
    """
    return structural_similarity(pixels, quantized.pixels)


def _apply_palette(
    pixels: NDArray[np.uint8],
    histogram: ColorCounts,
    colors: NDArray[np.uint8],
    stages: tuple[Stage, ...],
) -> QuantizedImage:
    labels = nearest(histogram.colors, colors)
    counts = np.zeros(len(colors), dtype=np.int64)
    np.add.at(counts, labels, histogram.counts)
    order = luminance_order(colors)
    order = order[counts[order] > 0]
    rank = np.empty(len(colors), dtype=np.intp)
    rank[order] = np.arange(len(order))
    labels_by_order = rank[labels].astype(np.uint8)
    palette = Palette(colors[order], counts[order])
    return QuantizedImage(
        palette=palette,
        indices=spread(pixels, histogram.colors, labels_by_order),
        histogram=histogram,
        labels=labels_by_order,
        stages=stages,
    )
