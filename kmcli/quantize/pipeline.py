"""Colour quantization: a picture's pixels to a palette and indices into it."""

# Annotations as they are written: help() shows ArrayLike, not all that it stands for.
from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kmcli.quantize.checks import checked_palette, checked_pixels
from kmcli.quantize.dither import choose_strength, dither
from kmcli.quantize.dither_palette import widen_palette
from kmcli.quantize.fidelity import structural_similarity
from kmcli.quantize.histogram import (
    ColorCounts,
    ColorWeights,
    count_changes,
    count_colors,
    count_distinct,
    with_channels,
)
from kmcli.quantize.image import QuantizedImage
from kmcli.quantize.learn import LearnedPalette, Stage, fit_palette
from kmcli.quantize.lookup import map_colors
from kmcli.quantize.palette import Palette, sorting_order
from kmcli.quantize.remap import nearest
from kmcli.settings import MAX_COLORS, QuantizeSettings


def quantize_image(pixels: ArrayLike, settings: QuantizeSettings | None = None) -> QuantizedImage:
    """Reduce a picture to few colours, learned from its pixels by k-means.

    Parameters
    ----------
    pixels : array_like of shape (height, width, 3) or (height, width, 4), uint8
        sRGB, with straight alpha if there are four channels. Or, with n_frames before the
        height, the frames of an animation: they get one palette, and each is dithered by
        itself, so that what does not move does not flicker.
    settings : QuantizeSettings, optional
        How many colours, and how to find them.

    Returns
    -------
    QuantizedImage
        An exact copy if the picture has no more colours than were asked for. Entries that no
        pixel uses are dropped, unless they are locked.

    Raises
    ------
    SettingsError
        If the pixels have another shape or type.

    Examples
    --------
    >>> import kmcli
    >>> china = kmcli.read_image("sample_images/china.jpg")
    >>> image = kmcli.quantize_image(china, kmcli.QuantizeSettings(n_colors=16))
    >>> image.indices.shape
    (427, 640)
    >>> len(image.palette.hex)
    16
    >>> image.psnr > 26  # in dB
    True

    The pixels in full, of 16 colours:

    >>> image.pixels.shape
    (427, 640, 3)
    """
    pixels, settings = checked_pixels(pixels), settings or QuantizeSettings()
    histogram = count_colors(pixels)
    learned = learn(histogram, settings)
    return remap_ordered(pixels, histogram, learned.colors, settings, learned.stages)


def learn_palette(
    histogram: ColorCounts | ColorWeights, settings: QuantizeSettings | None = None
) -> Palette:
    """Learn a palette without mapping pixels to it, so that pictures can share it.

    Parameters
    ----------
    histogram : ColorCounts or ColorWeights
        The colours of a picture from `count_colors`, of several from `merge_counts`, or
        colours with weights.
    settings : QuantizeSettings, optional
        How many colours, and how to find and order them.

    Returns
    -------
    Palette
        The palette that `quantize_image` would learn from a picture with all these pixels.

    Examples
    --------
    >>> import kmcli
    >>> names = ("sample_images/china.jpg", "sample_images/flower.jpg")
    >>> pictures = [kmcli.read_image(name) for name in names]
    >>> counts = kmcli.merge_counts([kmcli.count_colors(pixels) for pixels in pictures])
    >>> palette = kmcli.learn_palette(counts, kmcli.QuantizeSettings(n_colors=16))
    >>> images = [kmcli.apply_palette(pixels, palette.colors) for pixels in pictures]
    >>> [len(image.palette.hex) for image in images]
    [16, 16]
    """
    settings = settings or QuantizeSettings()
    colors = learn(histogram, settings).colors
    labels = nearest(histogram.colors, colors, settings.space)
    counts = _sum_counts(labels, histogram.counts, len(colors))
    order = _order(colors, counts, settings)
    return Palette(colors[order], counts[order])


def apply_palette(
    pixels: ArrayLike, palette: ArrayLike, settings: QuantizeSettings | None = None
) -> QuantizedImage:
    """Map a picture to a given palette, all of it, in its order.

    Parameters
    ----------
    pixels : array_like of shape (height, width, 3) or (height, width, 4), uint8
        sRGB, with straight alpha if there are four channels; or frames, as in `quantize_image`.
    palette : array_like of shape (n, 3) or (n, 4), integers from 0 to 255
        1 to 256 colours. If fully transparent pixels have no entry among them, one is added at
        the end, as long as there is room.
    settings : QuantizeSettings, optional
        The space of the distances, and the dithering.

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
    return remap_given(pixels, count_colors(pixels), palette, settings or QuantizeSettings())


def measure_ssim(pixels: NDArray[np.uint8], quantized: QuantizedImage) -> float | None:
    """Compute the structural similarity of a picture and its quantized version.

    This is not part of `Fidelity`, because it takes longer than quantizing.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3) or (height, width, 4), uint8
        The original; of an animation, its frames.
    quantized : QuantizedImage
        Its quantized version.

    Returns
    -------
    float or None
        At most 1; the mean over frames; None if a side has fewer than 7 pixels.

    Examples
    --------
    >>> import kmcli
    >>> china = kmcli.read_image("sample_images/china.jpg")
    >>> round(kmcli.measure_ssim(china, kmcli.quantize_image(china)), 1)
    0.9
    """
    similarities = [
        structural_similarity(before, quantized.palette.colors[indices])
        for before, indices in zip(_frames(pixels, 3), _frames(quantized.indices, 2), strict=True)
    ]
    found = [each for each in similarities if each is not None]
    return sum(found) / len(found) if found else None


def learn(histogram: ColorCounts | ColorWeights, settings: QuantizeSettings) -> LearnedPalette:
    """Learn the entries of a palette, moved apart where they will be mixed by dithering."""
    learned = fit_palette(histogram, settings)
    if not settings.is_dithered or not learned.stages:
        return learned
    is_fixed = _is_locked(learned.colors, settings)
    if learned.colors.shape[1] == 4:
        is_fixed |= learned.colors[:, 3] == 0
    strength = choose_strength(settings, histogram, len(learned.colors))
    widened = widen_palette(learned.colors, histogram, is_fixed, strength, settings.space)
    return replace(learned, colors=widened)


def remap_ordered(
    pixels: NDArray[np.uint8],
    histogram: ColorCounts,
    colors: NDArray[np.uint8],
    settings: QuantizeSettings,
    stages: tuple[Stage, ...] = (),
) -> QuantizedImage:
    """Map pixels whose colours were counted to a palette; order it, and drop what is not used."""
    image = _remap(pixels, histogram, colors, settings)
    order = _order(image.palette.colors, image.palette.counts, settings)
    rank = np.empty(len(image.palette.colors), dtype=np.uint8)
    rank[order] = np.arange(len(order), dtype=np.uint8)
    return replace(
        image,
        palette=Palette(image.palette.colors[order], image.palette.counts[order]),
        indices=rank[image.indices],
        entries=rank[image.entries],
        stages=stages,
    )


def remap_given(
    pixels: NDArray[np.uint8],
    histogram: ColorCounts,
    palette: NDArray[np.uint8],
    settings: QuantizeSettings,
) -> QuantizedImage:
    """Map pixels whose colours were counted to a palette, kept as it is; see `apply_palette`."""
    colors = histogram.colors
    if colors.shape[1] == 4:
        palette = with_channels(palette, 4)
        if colors[0, 3] == 0 and (palette[:, 3] > 0).all() and len(palette) < MAX_COLORS:
            palette = np.concatenate([palette, np.zeros((1, 4), dtype=np.uint8)])
    return _remap(pixels, histogram, palette, settings)


def _remap(
    pixels: NDArray[np.uint8],
    histogram: ColorCounts,
    palette: NDArray[np.uint8],
    settings: QuantizeSettings,
) -> QuantizedImage:
    strength = choose_strength(settings, histogram, len(palette))
    if strength > 0:
        indices = _dither(pixels, histogram, palette, settings, strength)
        changes, entries = count_changes(pixels, indices)
    else:
        changes = histogram
        colors = with_channels(histogram.colors, palette.shape[1])
        entries = nearest(colors, palette, settings.space).astype(np.uint8)
        indices = map_colors(pixels, histogram.colors, entries)
    changes = replace(changes, colors=with_channels(changes.colors, palette.shape[1]))
    return QuantizedImage(
        palette=Palette(palette, _sum_counts(entries, changes.counts, len(palette))),
        indices=indices,
        n_colors_before=len(histogram.colors),
        changes=changes,
        entries=entries,
        stages=(),
        dither_strength=strength,
    )


def _dither(
    pixels: NDArray[np.uint8],
    histogram: ColorCounts,
    palette: NDArray[np.uint8],
    settings: QuantizeSettings,
    strength: float,
) -> NDArray[np.uint8]:
    frames = _frames(pixels, 3)
    indices = np.empty(frames.shape[:-1], dtype=np.uint8)
    for frame, target in zip(frames, indices, strict=True):
        target[:] = dither(
            frame,
            palette,
            settings.dither,
            strength,
            space=settings.space,
            histogram=histogram if len(frames) == 1 else count_distinct(frame),
        )
    return indices.reshape(pixels.shape[:-1])


def _frames(array: NDArray[np.uint8], n_dimensions: int) -> NDArray[np.uint8]:
    """See a picture of so many dimensions as an animation of one frame."""
    return array[np.newaxis] if array.ndim == n_dimensions else array


def _order(
    palette: NDArray[np.uint8], counts: NDArray[np.int64], settings: QuantizeSettings
) -> NDArray[np.intp]:
    """Order the positions of a palette's entries, without those that are not used."""
    order = sorting_order(palette, counts, settings.order)
    return order[(counts > 0)[order] | _is_locked(palette, settings)[order]]


def _is_locked(palette: NDArray[np.uint8], settings: QuantizeSettings) -> NDArray[np.bool_]:
    locked = np.array(settings.locked, dtype=np.uint8).reshape(-1, 4)[:, : palette.shape[1]]
    is_locked: NDArray[np.bool_] = (palette[:, np.newaxis] == locked).all(axis=2).any(axis=1)
    return is_locked


def _sum_counts(
    labels: NDArray[np.integer],
    counts: NDArray[np.int64] | NDArray[np.float64],
    n_entries: int,
) -> NDArray[np.int64]:
    # Sums of counts are whole, and below 2^53: floats hold them exactly.
    return np.rint(np.bincount(labels, counts, n_entries)).astype(np.int64)
