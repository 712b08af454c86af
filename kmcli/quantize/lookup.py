"""A value for each colour to a value for each pixel, by tables over the colours."""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from kmcli.parallel import map_shares
from kmcli.quantize.packed import STRIP_PIXELS, pack_all, packed_strips

Value = TypeVar("Value", bound=np.generic)

_SHARE_PIXELS = {3: 2**18, 4: 2**20}
"""Pixels that one thread works through, by the number of channels.

With alpha what is not found at once is sorted and searched together, the more the faster.
"""

_HASH_BITS = 24
"""At most 2**24 slots: as much memory as 24 megapixels."""

_LookUp = Callable[[NDArray[np.uint8], NDArray[Value]], None]
"""Writes the value of each pixel of the first array into the second."""


def map_colors(
    pixels: NDArray[np.uint8], colors: NDArray[np.uint8], values: NDArray[Value]
) -> NDArray[Value]:
    """Give each pixel the value, of any type, that belongs to its colour."""
    n_channels = pixels.shape[-1]
    out = np.empty(pixels.size // n_channels, dtype=values.dtype)
    flat = pixels.reshape(-1, n_channels)
    look_up = _opaque_table(colors, values) if n_channels == 3 else _hash_table(colors, values)
    map_shares(lambda share: look_up(flat[share], out[share]), len(flat), _SHARE_PIXELS[n_channels])
    return out.reshape(pixels.shape[:-1])


def _opaque_table(colors: NDArray[np.uint8], values: NDArray[Value]) -> _LookUp[Value]:
    """Make a table over all 2**24 colours; only entries of those that occur are ever touched."""
    table = np.empty(2**24, dtype=values.dtype)
    for where, codes in packed_strips(colors):
        table[codes] = values[where]

    def look_up(pixels: NDArray[np.uint8], out: NDArray[Value]) -> None:
        for where, codes in packed_strips(pixels):
            table.take(codes, out=out[where], mode="clip")

    return look_up


def _hash_table(colors: NDArray[np.uint8], values: NDArray[Value]) -> _LookUp[Value]:
    """Make a table with a slot for each colour, shared by few; the last one stays in it.

    The others are searched for, which takes ten times as long.
    """
    codes = pack_all(colors)
    n_bits = min(1 + len(codes).bit_length(), _HASH_BITS)
    # Never read where nothing was written: what is looked up has been put in, by itself or others.
    owners, table = np.empty(2**n_bits, dtype=codes.dtype), np.empty(2**n_bits, dtype=values.dtype)
    for start in range(0, len(codes), STRIP_PIXELS):
        strip = slice(start, start + STRIP_PIXELS)
        slots = _hash(codes[strip], n_bits)
        owners[slots], table[slots] = codes[strip], values[strip]

    def look_up(pixels: NDArray[np.uint8], out: NDArray[Value]) -> None:
        wanted = pack_all(pixels)
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
