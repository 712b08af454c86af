"""Pixels to distinct colours and their counts, and back from values per colour to pixels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kmcli.parallel import map_shares
from kmcli.quantize.checks import checked_pixels

Value = TypeVar("Value", bound=np.generic)

STRIP_PIXELS = 2**16
"""Pixels handled at once: large enough for numpy's speed, small enough for the cache."""

_SHARE_PIXELS = 2**18
"""Pixels that one thread works through."""

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
    """

    colors: NDArray[np.uint8]
    counts: NDArray[np.int64]

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
    """

    colors: NDArray[np.uint8]
    counts: NDArray[np.float64]


def count_colors(pixels: ArrayLike) -> ColorCounts:
    """Count the distinct colours of a picture.

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
    return ColorWeights(histogram.colors[kept], sums[kept])


def merge_counts(histograms: Sequence[ColorCounts]) -> ColorCounts:
    """Count the colours of several pictures together.

    Parameters
    ----------
    histograms : sequence of ColorCounts
        At least one.

    Returns
    -------
    ColorCounts
        With four channels if any of them has four.

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
    return ColorCounts(unpack_colors(distinct, n_channels), counts)


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
    # A table over all opaque colours; only entries of those that occur are ever set or read.
    table = np.empty(2**24, dtype=values.dtype)
    for start in range(0, len(colors), STRIP_PIXELS):
        strip = slice(start, start + STRIP_PIXELS)
        is_opaque = colors[strip, -1] == 255 if n_channels == 4 else slice(None)
        table[pack_colors(colors[strip][is_opaque, :3])] = values[strip][is_opaque]
    flat = pixels.reshape(-1, n_channels)
    codes = pack_colors(colors).astype(np.uint32) if n_channels == 4 else None

    def look_up(share: slice) -> None:
        target = out[share]
        if codes is None:
            for where, strip in _packed_strips(flat[share]):
                table.take(strip, out=target[where], mode="clip")
            return
        wanted = _pack_all(flat[share])
        table.take(wanted >> 8, out=target, mode="clip")
        others = np.flatnonzero(wanted & 255 != 255)
        # Roughly in their order: looking here and there among millions of codes misses the cache.
        upper_bytes = (wanted[others] >> 16).astype(np.uint16)
        others = others[np.argsort(upper_bytes, kind="stable")]
        target[others] = values[np.searchsorted(codes, wanted[others])]

    map_shares(look_up, len(flat), _SHARE_PIXELS)
    return out.reshape(pixels.shape[:-1])


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
    first = np.flatnonzero(np.concatenate(([True], codes[1:] != codes[:-1])))
    return codes[first], np.diff(first, append=len(codes))
