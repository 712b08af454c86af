"""A palette to look at: equal swatches with their codes, and a band by share of pixels."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kmcli.figures.canvas import Canvas, line_height
from kmcli.figures.pixels import color_band, over_checkerboard
from kmcli.figures.style import Style

_CELL = 132
"""Width of a swatch: the code of a colour with alpha needs so much."""

_MIN_WIDTH = 4 * _CELL
_SWATCH = 84
_BAND = 96
_SIZE = 18
_SMALL_SIZE = 15
_GAP = 24
_CHECKER = 12


def palette_swatches(
    colors: NDArray[np.uint8],
    names: Sequence[str],
    shares: NDArray[np.float64],
) -> NDArray[np.uint8]:
    """Draw the colours of a palette with their codes and shares in the pixels, in their order."""
    across = _n_across(len(colors))
    cell = max(_CELL, _MIN_WIDTH // across)
    cell_height = _SWATCH + line_height(_SIZE) + line_height(_SMALL_SIZE)
    n_rows = -(-len(colors) // across)
    width = across * (cell + _GAP) - _GAP
    band_top = _GAP + n_rows * (cell_height + _GAP)
    canvas = Canvas(width + 2 * _GAP, band_top + _BAND + _GAP, Style())
    for index, (color, name, share) in enumerate(zip(colors, names, shares, strict=True)):
        row, column = divmod(index, across)
        left, top = _GAP + column * (cell + _GAP), _GAP + row * (cell_height + _GAP)
        swatch = np.broadcast_to(color, (_SWATCH, cell, len(color)))
        canvas.put(over_checkerboard(swatch, _CHECKER), left, top)
        canvas.write(name, left, top + _SWATCH + 2, _SIZE)
        text_top = top + _SWATCH + line_height(_SIZE)
        canvas.write(f"{share:.2%}", left, text_top, _SMALL_SIZE)
    canvas.put(color_band(colors, shares, _BAND, width), _GAP, band_top)
    return canvas.pixels()


def _n_across(n_colors: int) -> int:
    """Choose rows of up to 8 swatches, or up to 16 where there are many, as even as may be."""
    n_most = 8 if n_colors <= 64 else 16
    n_rows = -(-n_colors // n_most)
    return -(-n_colors // n_rows)
