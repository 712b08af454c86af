"""Pixels to distinct colours and their counts, and back from values per colour to pixels."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kmcli.parallel import map_shares
from kmcli.quantize.checks import checked_pixels
from kmcli.quantize.smoothness import measure_smoothness
from kmcli.settings import Space

Value = TypeVar("Value", bound=np.generic)

STRIP_PIXELS = 2**16
"""Pixels handled at once: large enough for numpy's speed, small enough for the cache."""

_SHARE_PIXELS = {3: 2**18, 4: 2**20}
"""Pixels that one thread works through, by the number of channels.

With alpha what is not found at once is sorted and searched together, the more the faster.
"""

_HASH_BITS = 24
"""At most 2**24 slots: as much memory as 24 megapixels."""

TABLE_PIXELS = 2**20
"""From here on a table over all 2**24 colours counts faster than sorting the pixels."""


_LookUp = Callable[[NDArray[np.uint8], NDArray[Value]], None]
"""Writes the value of each pixel of the first array into the second."""


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
    """The colours of a picture and how much each is worth to a palette.

    Attributes
    ----------
    colors : ndarray of shape (n_colors, 3) or (n_colors, 4), uint8
        Distinct colours, as in `ColorCounts`.
    counts : ndarray of shape (n_colors,), float64
        The sum of the weights of the pixels of each colour, more than 0.
    smoothness : ndarray of shape (n_colors,), float64, optional
        As in `ColorCounts`.
    """

    colors: NDArray[np.uint8]
    counts: NDArray[np.float64]
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
        codes, counts = _count_by_sorting(pixels)
    return ColorCounts(unpack_colors(codes, n_channels), counts)


def weigh_colors(
    pixels: NDArray[np.uint8], histogram: ColorCounts, weights: NDArray[np.floating]
) -> ColorWeights:
    """Sum up a weight per pixel for each colour.

    Parameters
    ----------
    pixels : ndarray of shape (..., height, width, 3) or (..., height, width, 4), uint8
        What was counted: a picture, or the frames of an animation.
    histogram : ColorCounts
        Its colours.
    weights : ndarray of shape (height, width), floating
        The weight of each pixel, 0 or more, the same in all frames.

    Returns
    -------
    ColorWeights
        Colours of no weight are left out.
    """
    codes = pack_colors(histogram.colors)
    flat = np.broadcast_to(weights, pixels.shape[:-1]).reshape(-1)
    sums = np.zeros(len(codes))
    for where, strip in _packed_strips(pixels):
        sums += np.bincount(np.searchsorted(codes, strip), flat[where], len(codes))
    kept = sums > 0
    smoothness = None if histogram.smoothness is None else histogram.smoothness[kept]
    return ColorWeights(histogram.colors[kept], sums[kept], smoothness)


def seen_weights(histogram: ColorCounts | ColorWeights, space: Space) -> NDArray[np.float64]:
    """Say what the colours weigh: in Oklab, which is for what is seen, by smoothness as well.

    Parameters
    ----------
    histogram : ColorCounts or ColorWeights
        The colours of a picture.
    space : {"rgb", "oklab", "lab"}
        Where the palette is learned.

    Returns
    -------
    ndarray of shape (n_colors,), float64
        More than 0.
    """
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


def map_colors(
    pixels: NDArray[np.uint8], colors: NDArray[np.uint8], values: NDArray[Value]
) -> NDArray[Value]:
    """Give each pixel the value that belongs to its colour.

    Parameters
    ----------
    pixels : ndarray of shape (..., 3) or (..., 4), uint8
        What was counted.
    colors : ndarray of shape (n_colors, n_channels), uint8
        Its distinct colours, as in `ColorCounts`.
    values : ndarray of shape (n_colors,)
        The value of each colour, of any type.

    Returns
    -------
    ndarray of shape (...), of the type of `values`
    """
    n_channels = pixels.shape[-1]
    out = np.empty(pixels.size // n_channels, dtype=values.dtype)
    flat = pixels.reshape(-1, n_channels)
    look_up = _opaque_table(colors, values) if n_channels == 3 else _hash_table(colors, values)
    map_shares(lambda share: look_up(flat[share], out[share]), len(flat), _SHARE_PIXELS[n_channels])
    return out.reshape(pixels.shape[:-1])


def _opaque_table(colors: NDArray[np.uint8], values: NDArray[Value]) -> _LookUp[Value]:
    """Make a table over all 2**24 colours; only entries of those that occur are ever touched."""
    table = np.empty(2**24, dtype=values.dtype)
    for where, codes in _packed_strips(colors):
        table[codes] = values[where]

    def look_up(pixels: NDArray[np.uint8], out: NDArray[Value]) -> None:
        for where, codes in _packed_strips(pixels):
            table.take(codes, out=out[where], mode="clip")

    return look_up


def _hash_table(colors: NDArray[np.uint8], values: NDArray[Value]) -> _LookUp[Value]:
    """Make a table with a slot for each colour, shared by few; the last one stays in it.

    The others are searched for, which takes ten times as long.
    """
    codes = _pack_all(colors)
    n_bits = min(1 + len(codes).bit_length(), _HASH_BITS)
    # Never read where nothing was written: what is looked up has been put in, by itself or others.
    owners, table = np.empty(2**n_bits, dtype=codes.dtype), np.empty(2**n_bits, dtype=values.dtype)
    for start in range(0, len(codes), STRIP_PIXELS):
        strip = slice(start, start + STRIP_PIXELS)
        slots = _hash(codes[strip], n_bits)
        owners[slots], table[slots] = codes[strip], values[strip]

    def look_up(pixels: NDArray[np.uint8], out: NDArray[Value]) -> None:
        wanted = _pack_all(pixels)
        is_missing = np.empty(len(wanted), dtype=bool)
        for start in range(0, len(wanted), STRIP_PIXELS):
            strip = slice(start, start + STRIP_PIXELS)
            slots = _hash(wanted[strip], n_bits)
            table.take(slots, out=out[strip], mode="clip")
            np.not_equal(owners.take(slots), wanted[strip], out=is_missing[strip])
        missing = np.flatnonzero(is_missing)
        # In their order: looking here and there among millions of codes misses the cache.
        keys = wanted[missing].astype(np.uint64) << 32 | missing.astype(np.uint64)
        keys.sort()
        ranks = np.searchsorted(codes, (keys >> 32).astype(np.uint32))
        out[(keys & 0xFFFFFFFF).astype(np.intp)] = values[ranks]

    return look_up


def _hash(codes: NDArray[np.uint32], n_bits: int) -> NDArray[np.intp]:
    """Scatter codes over slots, by multiplication with 2**32 over the golden ratio."""
    return (codes * np.uint32(0x9E3779B1) >> np.uint32(32 - n_bits)).astype(np.intp)


def pack_colors(colors: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Pack the channels of each colour into one integer, the first channel highest.

    Parameters
    ----------
    colors : ndarray of shape (..., 3) or (..., 4), uint8
        Colours; the hidden colour of fully transparent ones is dropped.

    Returns
    -------
    ndarray of shape (...), intp
    """
    codes = colors[..., 0].astype(np.intp)
    for channel in range(1, colors.shape[-1]):
        codes <<= 8
        codes |= colors[..., channel]
    if colors.shape[-1] == 4:
        codes[colors[..., 3] == 0] = 0
    return codes


def unpack_colors(codes: NDArray[np.integer], n_channels: int) -> NDArray[np.uint8]:
    """Undo `pack_colors`.

    Parameters
    ----------
    codes : ndarray of shape (n_colors,), integer
        Packed colours.
    n_channels : {3, 4}
        How many channels were packed.

    Returns
    -------
    ndarray of shape (n_colors, n_channels), uint8
    """
    bytes_of_each = codes.astype(">u4").view(np.uint8).reshape(-1, 4)
    return np.ascontiguousarray(bytes_of_each[:, 4 - n_channels :])


def count_changes(
    pixels: NDArray[np.uint8], indices: NDArray[np.uint8]
) -> tuple[ColorCounts, NDArray[np.uint8]]:
    """Count which colour became which palette entry, where a colour can become several.

    Parameters
    ----------
    pixels : ndarray of shape (..., 3) or (..., 4), uint8
        The original.
    indices : ndarray of shape (...), uint8
        What became of each pixel.

    Returns
    -------
    changes : ColorCounts
        A colour and a count for each pair that occurs; colours can occur several times.
    entries : ndarray of shape (n_pairs,), uint8
        The palette entry of each pair.
    """
    n_channels = pixels.shape[-1]
    flat = indices.reshape(-1)
    small, large = np.dtype(np.uint32), np.dtype(np.uint64)
    codes: NDArray[np.integer] = np.empty(len(flat), small if n_channels == 3 else large)
    for where, strip in _packed_strips(pixels):
        codes[where] = strip << 8 | flat[where]
    pairs, counts = _count_sorted(codes)
    return ColorCounts(unpack_colors(pairs >> 8, n_channels), counts), pairs.astype(np.uint8)


def _packed_strips(pixels: NDArray[np.uint8]) -> Iterator[tuple[slice, NDArray[np.intp]]]:
    """Do what `pack_colors` does, strip by strip, in half of its time."""
    n_channels = pixels.shape[-1]
    flat = pixels.reshape(-1, n_channels)
    for start in range(0, len(flat), STRIP_PIXELS):
        where = slice(start, start + STRIP_PIXELS)
        strip = np.ascontiguousarray(flat[where])
        # The four bytes from the start of each pixel on, as one number. Without alpha the last
        # one belongs to the next pixel, and the last pixel has none.
        n_whole = len(strip) - (n_channels == 3)
        codes = np.empty(len(strip), dtype=np.intp)
        codes[:n_whole] = np.ndarray(n_whole, ">u4", strip, strides=(n_channels,))
        if n_channels == 3:
            codes >>= 8
            codes[-1] = pack_colors(strip[-1])
        else:
            codes[strip[:, 3] == 0] = 0
        yield where, codes


def _count_with_table(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.integer], NDArray[np.int64]]:
    table = np.zeros(2**24, dtype=np.uint32)
    one = np.uint32(1)  # of the table's own type, or numpy takes a path ten times slower
    for _, strip in _packed_strips(pixels):
        np.add.at(table, strip, one)
    codes = np.flatnonzero(table != 0)  # of truth values: these are searched much faster
    codes = codes.astype(np.uint32)
    return codes, table[codes].astype(np.int64)


def _count_by_sorting(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.integer], NDArray[np.int64]]:
    return _count_sorted(_pack_all(pixels))


def _pack_all(pixels: NDArray[np.uint8]) -> NDArray[np.uint32]:
    codes = np.empty(pixels.size // pixels.shape[-1], dtype=np.uint32)
    for where, strip in _packed_strips(pixels):
        codes[where] = strip
    return codes


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
