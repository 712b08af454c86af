"""Pixels to distinct colours, and how many or how much there is of each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kmcli.quantize.checks import checked_pixels
from kmcli.quantize.packed import STRIP_PIXELS, pack_all, pack_colors, packed_strips, unpack_colors
from kmcli.quantize.smoothness import measure_smoothness
from kmcli.settings import Space

TABLE_PIXELS = 2**20
"""From here on a table over all 2**24 colours counts faster than sorting the pixels."""


@dataclass(frozen=True)
class ColorCounts:
    """The histogram of a picture.

    Attributes
    ----------
    colors : ndarray of shape (n_colors, 3) or (n_colors, 4), uint8
        The distinct colours, sRGB or sRGB with straight alpha, in ascending order. Fully
        transparent pixels are one colour, (0, 0, 0, 0), whatever lies hidden under them.
    counts : ndarray of shape (n_colors,), int64
        Number of pixels of each colour, at least 1.
    smoothness : ndarray of shape (n_colors,), float64, optional
        How much an error is seen in these pixels, 1 where all around is even and less elsewhere;
        None if it has not been measured.
    """

    colors: NDArray[np.uint8]
    counts: NDArray[np.int64]
    smoothness: NDArray[np.float64] | None = None

    @property
    def n_pixels(self) -> int:
        """Number of pixels counted."""
        return int(self.counts.sum())


@dataclass(frozen=True)
class ColorWeights:
    """The colours of a picture, as in `ColorCounts`, and how much each is worth to a palette."""

    colors: NDArray[np.uint8]
    counts: NDArray[np.float64]  # the sum of the weights of its pixels, more than 0
    smoothness: NDArray[np.float64] | None = None


def count_colors(pixels: ArrayLike) -> ColorCounts:
    """Count the distinct colours of a picture, and measure how smooth their surroundings are.

    Parameters
    ----------
    pixels : ndarray of shape (..., 3) or (..., 4), uint8
        sRGB, with straight alpha if there are four channels; a picture, or several of one size.

    Returns
    -------
    ColorCounts

    Raises
    ------
    SettingsError
        If the pixels have another shape or type.

    Examples
    --------
    >>> import kmcli
    >>> counts = kmcli.count_colors(kmcli.read_image("sample_images/china.jpg"))
    >>> counts.colors.shape
    (96615, 3)
    >>> counts.n_pixels == 427 * 640
    True
    """
    pixels = checked_pixels(pixels)
    counted = count_distinct(pixels)
    return replace(counted, smoothness=measure_smoothness(pixels, counted.colors))


def count_distinct(pixels: NDArray[np.uint8]) -> ColorCounts:
    """Count the distinct colours of pixels, without a look at what surrounds them."""
    n_channels = pixels.shape[-1]
    n_pixels = pixels.size // n_channels
    if n_channels == 3 and n_pixels > TABLE_PIXELS:
        codes, counts = _count_with_table(pixels)
    else:
        codes, counts = _count_sorted(pack_all(pixels))
    return ColorCounts(unpack_colors(codes, n_channels), counts)


def weigh_colors(
    pixels: NDArray[np.uint8], histogram: ColorCounts, weights: NDArray[np.floating]
) -> ColorWeights:
    """Sum up a weight per pixel, (height, width), for each colour of a picture or its frames.

    Colours of no weight are left out.
    """
    codes = pack_colors(histogram.colors)
    flat = np.broadcast_to(weights, pixels.shape[:-1]).reshape(-1)
    sums = np.zeros(len(codes))
    for where, strip in packed_strips(pixels):
        sums += np.bincount(np.searchsorted(codes, strip), flat[where], len(codes))
    kept = sums > 0
    smoothness = None if histogram.smoothness is None else histogram.smoothness[kept]
    return ColorWeights(histogram.colors[kept], sums[kept], smoothness)


def seen_weights(histogram: ColorCounts | ColorWeights, space: Space) -> NDArray[np.float64]:
    """Say what the colours weigh: in Oklab, which is for what is seen, by smoothness as well."""
    if space != "oklab" or histogram.smoothness is None:
        return histogram.counts.astype(np.float64)
    return histogram.counts * histogram.smoothness


def merge_counts(histograms: Sequence[ColorCounts]) -> ColorCounts:
    """Count the colours of several pictures together.

    Parameters
    ----------
    histograms : sequence of ColorCounts
        At least one.

    Returns
    -------
    ColorCounts
        With four channels if any of them has four, and with smoothness if all have it.

    Examples
    --------
    >>> import kmcli
    >>> china = kmcli.count_colors(kmcli.read_image("sample_images/china.jpg"))
    >>> flower = kmcli.count_colors(kmcli.read_image("sample_images/flower.jpg"))
    >>> both = kmcli.merge_counts([china, flower])
    >>> both.n_pixels == china.n_pixels + flower.n_pixels
    True
    """
    n_channels = max(each.colors.shape[1] for each in histograms)
    codes = np.concatenate(
        [pack_colors(with_channels(each.colors, n_channels)) for each in histograms]
    )
    distinct, positions = np.unique(codes, return_inverse=True)
    counts = np.zeros(len(distinct), dtype=np.int64)
    np.add.at(counts, positions, np.concatenate([each.counts for each in histograms]))
    measured = [each.smoothness * each.counts for each in histograms if each.smoothness is not None]
    smoothness = None
    if len(measured) == len(histograms):
        smoothness = np.bincount(positions, np.concatenate(measured), len(distinct)) / counts
    return ColorCounts(unpack_colors(distinct, n_channels), counts, smoothness)


def with_channels(colors: NDArray[np.uint8], n_channels: int) -> NDArray[np.uint8]:
    """Add an alpha channel of 255 to colours if they lack the fourth channel asked for."""
    if colors.shape[-1] == n_channels:
        return colors
    opaque = np.full((*colors.shape[:-1], 1), 255, dtype=np.uint8)
    return np.concatenate([colors, opaque], axis=-1)


def count_changes(
    pixels: NDArray[np.uint8], indices: NDArray[np.uint8]
) -> tuple[ColorCounts, NDArray[np.uint8]]:
    """Count which colour became which palette entry, where a colour can become several.

    Gives a colour and a count for each pair that occurs, and the palette entry of each; colours
    can occur several times.
    """
    n_channels = pixels.shape[-1]
    flat = indices.reshape(-1)
    small, large = np.dtype(np.uint32), np.dtype(np.uint64)
    codes: NDArray[np.integer] = np.empty(len(flat), small if n_channels == 3 else large)
    for where, strip in packed_strips(pixels):
        codes[where] = strip << 8 | flat[where]
    pairs, counts = _count_sorted(codes)
    return ColorCounts(unpack_colors(pairs >> 8, n_channels), counts), pairs.astype(np.uint8)


def _count_with_table(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.integer], NDArray[np.int64]]:
    table = np.zeros(2**24, dtype=np.uint32)
    one = np.uint32(1)  # of the table's own type, or numpy takes a path ten times slower
    for _, strip in packed_strips(pixels):
        np.add.at(table, strip, one)
    codes = np.flatnonzero(table != 0)  # of truth values: these are searched much faster
    codes = codes.astype(np.uint32)
    return codes, table[codes].astype(np.int64)


def _count_sorted(
    codes: NDArray[np.integer],
) -> tuple[NDArray[np.integer], NDArray[np.int64]]:
    """Count equal codes, sorting them in place."""
    codes.sort()
    strips = [slice(at, at + STRIP_PIXELS) for at in range(0, len(codes) - 1, STRIP_PIXELS)]
    before, after = codes[:-1], codes[1:]
    n_distinct = 1 + sum(np.count_nonzero(before[strip] != after[strip]) for strip in strips)
    distinct, first = np.empty(n_distinct, codes.dtype), np.empty(n_distinct + 1, np.int64)
    distinct[0], first[0], first[-1] = codes[0], 0, len(codes)
    # Strip by strip: whole arrays would be out of the cache, and twice as much memory.
    n_found = 1
    for strip in strips:
        new = 1 + strip.start + np.flatnonzero(before[strip] != after[strip])
        found = slice(n_found, n_found + len(new))
        distinct[found], first[found] = codes[new], new
        n_found += len(new)
    for start in range(0, n_distinct, STRIP_PIXELS):
        places = first[start : start + STRIP_PIXELS + 1]
        places[:-1] = np.diff(places)
    return distinct, first[:-1]
