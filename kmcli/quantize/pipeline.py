"""Colour quantization: a picture's pixels to a palette and indices into it."""

# Annotations as they are written: help() shows ArrayLike, not all that it stands for.
from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kmcli.quantize.checks import checked_palette, checked_pixels
from kmcli.quantize.dither import dither
from kmcli.quantize.dither_palette import widen_palette
from kmcli.quantize.fidelity import structural_similarity
from kmcli.quantize.histogram import (
    ColorCounts,
    ColorWeights,
    count_colors,
    count_pairs,
    spread,
    with_channels,
)
from kmcli.quantize.image import QuantizedImage
from kmcli.quantize.learn import LearnedPalette, learn_palette, random_palette
from kmcli.quantize.palette import Palette, sorting_order
from kmcli.quantize.remap import nearest
from kmcli.settings import MAX_COLORS, QuantizeSettings

__all__ = [
    "QuantizedImage",
    "apply_palette",
    "learn_ordered_palette",
    "measure_ssim",
    "quantize_image",
    "quantize_randomly",
]


def quantize_image(
    pixels: ArrayLike,
    settings: QuantizeSettings | None = None,
    *,
    histogram: ColorCounts | None = None,
    learn_from: ColorCounts | ColorWeights | None = None,
    n_frames: int = 1,
) -> QuantizedImage:
    """Reduce a picture to few colours, learned from its pixels by k-means.

    Parameters
    ----------
    pixels : array_like of shape (height, width, 3) or (height, width, 4), uint8
        sRGB, with straight alpha if there are four channels.
    settings : QuantizeSettings, optional
        How many colours, and how to find them.
    histogram : ColorCounts, optional
        The colours of the picture, if they have been counted before.
    learn_from : ColorCounts or ColorWeights, optional
        What to learn the palette from instead: other pictures, a part of this one, or its
        colours with weights.
    n_frames : int
        How many frames of an animation stand one below the other in `pixels`; each of them is
        dithered by itself, so that what does not move does not flicker.

    Returns
    -------
    QuantizedImage
        An exact copy if the picture has no more colours than were asked for. Entries that no
        pixel uses are dropped, unless they are locked.

    Raises
    ------
    SettingsError
        If the pixels are of another shape or type.

    Examples
    --------
    >>> import kmcli
    >>> china = kmcli.read_image("sample_images/china.jpg")
    >>> image = kmcli.quantize_image(china, kmcli.QuantizeSettings(n_colors=16))
    >>> image.indices.shape
    (427, 640)
    >>> len(image.palette.hex)
    16
    >>> image.psnr > 27  # in dB
    True

    The pixels in full, of 16 colours:

    >>> image.pixels.shape
    (427, 640, 3)
    """
    pixels = checked_pixels(pixels)
    settings = settings or QuantizeSettings()
    histogram = histogram or count_colors(pixels)
    learned = _learn(learn_from or histogram, settings)
    return _remap(pixels, histogram, learned, settings, n_frames)


def learn_ordered_palette(
    histogram: ColorCounts, settings: QuantizeSettings | None = None
) -> Palette:
    """Learn a palette without mapping anything to it, to share it among pictures.

    Parameters
    ----------
    histogram : ColorCounts
        The colours of the pictures, as `merge_counts` gives them.
    settings : QuantizeSettings, optional
        How many colours, how to find and to order them.

    Returns
    -------
    Palette
        As `quantize_image` would have it for a picture with all these pixels.
    """
    settings = settings or QuantizeSettings()
    colors = _learn(histogram, settings).colors
    labels = nearest(histogram.colors, colors, settings.space)
    counts = _counts(labels, histogram.counts, len(colors))
    # With dithering, an entry that is nearest to no colour can still be part of mixtures.
    order = _order(colors, np.maximum(counts, 1) if settings.is_dithered else counts, settings)
    return Palette(colors[order], counts[order])


def quantize_randomly(
    pixels: ArrayLike,
    settings: QuantizeSettings | None = None,
    *,
    histogram: ColorCounts | None = None,
    n_frames: int = 1,
) -> QuantizedImage:
    """Reduce a picture to the colours of random pixels of its own, as a baseline.

    Parameters
    ----------
    pixels : array_like of shape (height, width, 3) or (height, width, 4), uint8
        sRGB, with straight alpha if there are four channels.
    settings : QuantizeSettings, optional
        How many colours, and the seed of the draw.
    histogram : ColorCounts, optional
        The colours of the picture, if they have been counted before.
    n_frames : int
        How many frames of an animation stand one below the other in `pixels`; each of them is
        dithered by itself, so that what does not move does not flicker.

    Returns
    -------
    QuantizedImage
    """
    pixels = checked_pixels(pixels)
    settings = settings or QuantizeSettings()
    histogram = histogram or count_colors(pixels)
    drawn = random_palette(histogram, settings.n_colors, settings.random_state)
    return _remap(pixels, histogram, LearnedPalette(drawn, ()), settings, n_frames)


def apply_palette(
    pixels: ArrayLike,
    palette: ArrayLike,
    settings: QuantizeSettings | None = None,
    *,
    histogram: ColorCounts | None = None,
    n_frames: int = 1,
) -> QuantizedImage:
    """Map a picture to a given palette, all of it, in its order.

    Parameters
    ----------
    pixels : array_like of shape (height, width, 3) or (height, width, 4), uint8
        sRGB, with straight alpha if there are four channels.
    palette : array_like of shape (n, 3) or (n, 4), integers from 0 to 255
        1 to 256 colours. If fully transparent pixels have no entry among them, one is added at
        the end, as long as there is room.
    settings : QuantizeSettings, optional
        The space of the distances, and the dithering.
    histogram : ColorCounts, optional
        The colours of the picture, if they have been counted before.
    n_frames : int
        How many frames of an animation stand one below the other in `pixels`; each of them is
        dithered by itself, so that what does not move does not flicker.

    Returns
    -------
    QuantizedImage

    Raises
    ------
    SettingsError
        If the pixels or the palette are of another shape or type.

    Examples
    --------
    >>> import kmcli
    >>> china = kmcli.read_image("sample_images/china.jpg")
    >>> black_and_white = kmcli.apply_palette(china, [[0, 0, 0], [255, 255, 255]])
    >>> black_and_white.palette.hex
    ['#000000', '#ffffff']
    """
    pixels, palette = checked_pixels(pixels), checked_palette(palette)
    settings = settings or QuantizeSettings()
    histogram = histogram or count_colors(pixels)
    colors = histogram.colors
    if colors.shape[1] == 4:
        palette = with_channels(palette, 4)
        if colors[0, 3] == 0 and (palette[:, 3] > 0).all() and len(palette) < MAX_COLORS:
            palette = np.concatenate([palette, np.zeros((1, 4), dtype=np.uint8)])
    changes, entries, indices = _assign(pixels, histogram, palette, settings, n_frames)
    return QuantizedImage(
        palette=Palette(palette, _counts(entries, changes.counts, len(palette))),
        indices=indices,
        n_colors_before=len(colors),
        changes=changes,
        entries=entries,
        stages=(),
    )


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

    Examples
    --------
    >>> import kmcli
    >>> china = kmcli.read_image("sample_images/china.jpg")
    >>> round(kmcli.measure_ssim(china, kmcli.quantize_image(china)), 1)
    0.9
    """
    return structural_similarity(pixels, quantized.pixels)


def _learn(histogram: ColorCounts | ColorWeights, settings: QuantizeSettings) -> LearnedPalette:
    learned = learn_palette(histogram, settings)
    if not settings.is_dithered or not learned.stages:
        return learned
    is_fixed = _is_locked(learned.colors, settings)
    if learned.colors.shape[1] == 4:
        is_fixed |= learned.colors[:, 3] == 0
    widened = widen_palette(learned.colors, histogram, is_fixed, settings.dither_strength)
    return replace(learned, colors=widened)


def _remap(
    pixels: NDArray[np.uint8],
    histogram: ColorCounts,
    learned: LearnedPalette,
    settings: QuantizeSettings,
    n_frames: int,
) -> QuantizedImage:
    """Map to a palette after ordering it and dropping what is not used."""
    colors = learned.colors
    changes, labels, indices = _assign(pixels, histogram, colors, settings, n_frames)
    counts = _counts(labels, changes.counts, len(colors))
    order = _order(colors, counts, settings)
    rank = np.empty(len(colors), dtype=np.uint8)
    rank[order] = np.arange(len(order), dtype=np.uint8)
    return QuantizedImage(
        palette=Palette(colors[order], counts[order]),
        indices=rank[indices],
        n_colors_before=len(histogram.colors),
        changes=changes,
        entries=rank[labels],
        stages=learned.stages,
    )


def _order(
    palette: NDArray[np.uint8], counts: NDArray[np.int64], settings: QuantizeSettings
) -> NDArray[np.intp]:
    """Order the positions of a palette's entries, without those that are not used."""
    order = sorting_order(palette, counts, settings.order)
    return order[(counts > 0)[order] | _is_locked(palette, settings)[order]]


def _assign(
    pixels: NDArray[np.uint8],
    histogram: ColorCounts,
    palette: NDArray[np.uint8],
    settings: QuantizeSettings,
    n_frames: int,
) -> tuple[ColorCounts, NDArray[np.uint8], NDArray[np.uint8]]:
    """Give the colours that change, the entries that they become, and those of the pixels."""
    n_channels = palette.shape[1]
    if settings.is_dithered:
        method, strength = settings.dither, settings.dither_strength
        if n_frames == 1:
            parts = [(pixels, histogram)]
        else:
            frames = pixels.reshape(n_frames, -1, *pixels.shape[1:])
            parts = [(frame, count_colors(frame)) for frame in frames]
        indices = np.concatenate(
            [
                dither(part, palette, method, strength, space=settings.space, histogram=counts)
                for part, counts in parts
            ]
        )
        changes, entries = count_pairs(pixels, indices)
        colors = with_channels(changes.colors, n_channels)
    else:
        changes = histogram
        colors = with_channels(histogram.colors, n_channels)
        entries = nearest(colors, palette, settings.space).astype(np.uint8)
        indices = spread(pixels, histogram.colors, entries)
    return ColorCounts(colors, changes.counts), entries, indices


def _is_locked(palette: NDArray[np.uint8], settings: QuantizeSettings) -> NDArray[np.bool_]:
    locked = np.array(settings.locked, dtype=np.uint8).reshape(-1, 4)[:, : palette.shape[1]]
    is_locked: NDArray[np.bool_] = (palette[:, np.newaxis] == locked).all(axis=2).any(axis=1)
    return is_locked


def _counts(
    labels: NDArray[np.integer], counts: NDArray[np.int64], n_entries: int
) -> NDArray[np.int64]:
    sums = np.zeros(n_entries, dtype=np.int64)
    np.add.at(sums, labels, counts)
    return sums
