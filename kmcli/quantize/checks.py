"""What users hand over as pixels or as a palette, checked before any work is done."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kmcli.errors import SettingsError
from kmcli.settings import MAX_COLORS


def checked_pixels(pixels: ArrayLike) -> NDArray[np.uint8]:
    """Make sure that pixels are what they should be, rather than guess what they are.

    Two dimensions are refused because they may be grey values or the indices of a palette, and
    numbers other than bytes because their range is not known. Of shape (height, width, 3 or 4),
    or with n_frames before it; an RGB or RGBA picture of Pillow is one. Gives the same memory
    where that is possible, or raises SettingsError, which says what helps.
    """
    array = np.asarray(pixels)
    if array.dtype != np.uint8:
        raise SettingsError(f"the pixels have dtype {array.dtype}; expected uint8, 0 to 255")
    if array.ndim not in (3, 4) or array.shape[-1] not in (3, 4):
        raise SettingsError(
            f"the pixels have shape {array.shape}; expected (height, width, 3) or "
            "(height, width, 4), red, green, blue and alpha"
        )
    if array.size == 0:
        raise SettingsError(f"the pixels have shape {array.shape}; expected at least one pixel")
    return array


def checked_palette(palette: ArrayLike) -> NDArray[np.uint8]:
    """Make sure that a palette is one: 1 to 256 colours of whole numbers from 0 to 255."""
    array = np.asarray(palette)
    if array.ndim != 2 or array.shape[1] not in (3, 4):
        raise SettingsError(
            f"the palette has shape {array.shape}; expected (n, 3) or (n, 4), a colour per row"
        )
    if not 1 <= len(array) <= MAX_COLORS:
        raise SettingsError(f"the palette has {len(array)} colours; it must have 1 to {MAX_COLORS}")
    if not np.issubdtype(array.dtype, np.integer) or array.min() < 0 or array.max() > 255:
        raise SettingsError("the colours of a palette must be whole numbers from 0 to 255")
    return array.astype(np.uint8, copy=False)
