"""Compress the pixels of a GIF, with codes no longer than the palette needs.

Pillow's encoder, written in C, takes every palette for one of 256 colours: files of 4 colours are a
third larger so. What it finds stays; only its codes are numbered anew and written in fewer bits.

Source: CompuServe, Graphics Interchange Format, version 89a, 1990, appendix F.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_PILLOWS_BITS = 8
_LONGEST = 12
_PER_TABLE = 2**_LONGEST - 2**_PILLOWS_BITS - 1
"""Codes from one clearing of the table to the next."""

_AT_ONCE = 256
"""Tables whose codes are worked on together."""


def compress_gif(indices: NDArray[np.uint8], n_bits: int) -> bytes:
    """Compress the pixels of one image, whose largest index needs `n_bits`, from 1 to 8.

    Gives the size of the first codes, the blocks of codes, and the empty block that ends them.
    """
    height, width = indices.shape
    image = Image.frombytes("P", (width, height), np.ascontiguousarray(indices).tobytes())
    blocks = image.tobytes("gif", "P")
    n_bits = max(2, n_bits)
    if n_bits < _PILLOWS_BITS:
        stream = np.delete(np.frombuffer(blocks, np.uint8), np.s_[::256])
        narrow = b"".join(_renumbered(stream, n_bits))
        parts = (narrow[start : start + 255] for start in range(0, len(narrow), 255))
        blocks = b"".join(bytes([len(part)]) + part for part in parts)
    return bytes([n_bits]) + blocks + b"\0"


def _renumbered(stream: NDArray[np.uint8], n_bits: int) -> Iterator[bytes]:
    """Write codes of a larger alphabet as those of a smaller one."""
    old, new = _widths(_PILLOWS_BITS), _widths(n_bits)
    stream = np.concatenate([stream, np.zeros(3, np.uint8)])
    n_stream_bits = 8 * (len(stream) - 3)
    clear = 2**_PILLOWS_BITS
    # The first code clears a table that nothing is in.
    position, rest = _PILLOWS_BITS + 1, _bits(np.array([2**n_bits]), new[:1])
    n_tables = min(_AT_ONCE, n_stream_bits // int(old.sum()) + 1)
    old, new = np.tile(old, n_tables), np.tile(new, n_tables)
    is_over = False
    while not is_over:
        ends = position + np.cumsum(old)
        n_codes = int(np.searchsorted(ends, n_stream_bits, side="right"))
        is_over, position = n_codes < len(old), int(ends[-1])
        offsets = (ends - old)[:n_codes]
        window = np.zeros(n_codes, np.int32)
        for byte in range(3):
            window |= stream[(offsets >> 3) + byte].astype(np.int32) << 8 * byte
        codes = (window >> (offsets & 7)) & ((1 << old[:n_codes]) - 1)
        codes = np.where(codes < clear, codes, codes - clear + 2**n_bits)
        bits = np.concatenate([rest, _bits(codes, new[:n_codes])])
        n_whole = len(bits) if is_over else len(bits) // 8 * 8
        yield np.packbits(bits[:n_whole], bitorder="little").tobytes()
        rest = bits[n_whole:]


def _widths(n_bits: int) -> NDArray[np.int64]:
    """Give the bits of each code after a clearing, up to that which clears again."""
    n_known = 2**n_bits + 2 + np.maximum(np.arange(_PER_TABLE + 1) - 1, 0)
    widths: NDArray[np.int64] = np.ceil(np.log2(n_known + 1)).astype(np.int64)
    widths[0] = n_bits + 1
    widths[widths > _LONGEST] = _LONGEST
    return widths


def _bits(codes: NDArray[np.int64], widths: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Write codes one after the other, each from its lowest bit."""
    pairs = codes.astype("<u2").view(np.uint8).reshape(-1, 2)
    return np.unpackbits(pairs, axis=1, bitorder="little")[np.arange(16) < widths[:, np.newaxis]]
