"""Pictures that have a palette, or are one: a strip or grid of swatches."""

import numpy as np
from numpy.typing import NDArray

from kmcli.errors import NoPaletteError
from kmcli.image_io import decode_image, decode_image_palette
from kmcli.settings import MAX_COLORS


def read_picture(data: bytes, max_pixels: int) -> NDArray[np.uint8]:
    """Read the palette of an indexed picture, or the swatches of any other."""
    palette = decode_image_palette(data, max_pixels)
    if palette is not None:
        return palette
    decoded = decode_image(data, max_pixels)
    colors = read_swatches(decoded.pixels)
    if len(colors) > MAX_COLORS:
        raise NoPaletteError(
            f"this {decoded.format} picture has no palette of its own, and is no strip or grid "
            f"of swatches: as one it would have {len(colors):,} colours, and {MAX_COLORS} are "
            "the limit"
        )
    return colors


def read_swatches(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Read swatches from left to right and from top to bottom, those of any size once.

    Each pixel, or each cell of one colour, of a strip or grid is a swatch. A colour that is met
    again later occurs again; equal neighbours count once.
    """
    is_new_row = np.ones(len(pixels), dtype=bool)
    is_new_row[1:] = (pixels[1:] != pixels[:-1]).any(axis=(1, 2))
    rows = pixels[is_new_row]
    is_new = np.ones(rows.shape[:2], dtype=bool)
    is_new[:, 1:] = (rows[:, 1:] != rows[:, :-1]).any(axis=2)
    colors: NDArray[np.uint8] = rows[is_new]
    return colors
