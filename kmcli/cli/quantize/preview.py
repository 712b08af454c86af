"""A preview in the terminal: original and result side by side, and the palette beneath.

Half blocks, and not the protocols for true images: asking a terminal whether it has them means
to read from its keyboard, and the libraries for it write to standard output, which is for data.
Import this module late: it loads numpy.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kmcli.cli.outputs import shows_colors
from kmcli.figures.pixels import box_mean, over_checkerboard
from kmcli.quantize.colorspace import srgb_to_oklab

MAX_ROWS = 24
"""Most lines of a picture: the classic height of a terminal."""

_BETWEEN = "  "
_RESET = "\x1b[0m"
_UPPER = "▀"
_CHECKER = 2
_SWATCH = 4
"""Most cells of a colour of the palette."""


def _xterm_colors() -> NDArray[np.float64]:
    """List xterm's colours from 16 on: a cube of 6 x 6 x 6, then 24 greys."""
    levels = np.array([0, 95, 135, 175, 215, 255], dtype=np.float64)
    cube = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
    greys = np.arange(8, 248, 10, dtype=np.float64)
    return np.concatenate([cube, greys[:, None].repeat(3, axis=1)])


_XTERM_OKLAB = srgb_to_oklab(_xterm_colors())


@dataclass(frozen=True)
class Terminal:
    """A terminal, with 24-bit colours or only the 256 of xterm."""

    columns: int
    truecolor: bool


def find_terminal() -> Terminal | None:
    """Find out what standard error can show; None if that is no colours."""
    if not shows_colors(2):
        return None
    try:
        columns = os.get_terminal_size(2).columns or 80  # a terminal may not know its size
    except OSError:
        columns = 80
    return Terminal(columns, os.environ.get("COLORTERM") in ("truecolor", "24bit"))


def render_preview(
    original: NDArray[np.uint8],
    result: NDArray[np.uint8],
    palette: NDArray[np.uint8],
    terminal: Terminal,
) -> str:
    """Draw two pictures side by side and the palette beneath, and leave the colours as before."""
    columns, truecolor = terminal.columns, terminal.truecolor
    room = max(1, (columns - len(_BETWEEN)) // 2)
    left = half_blocks(original, room, truecolor=truecolor).splitlines()
    right = half_blocks(result, room, truecolor=truecolor).splitlines()
    pictures = [a + _BETWEEN + b for a, b in zip(left, right, strict=True)]
    lines = [*pictures, "", *_palette_lines(palette, columns, truecolor=truecolor)]
    return "".join(line + "\n" for line in lines)


def half_blocks(pixels: NDArray[np.uint8], columns: int, *, truecolor: bool) -> str:
    """Draw a picture with two pixels in each cell: an upper half block on a background.

    Cells are taken as twice as high as wide, so that pixels are square.
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, columns / width, 2 * MAX_ROWS / height)
    n_rows, n_columns = max(1, round(height * scale)), max(1, round(width * scale))
    tops, lefts = np.arange(n_rows) * height // n_rows, np.arange(n_columns) * width // n_columns
    shown = over_checkerboard(box_mean(pixels, tops, lefts), _CHECKER)
    uppers = _color_codes(shown[0::2], truecolor=truecolor)
    lowers = _color_codes(shown[1::2], truecolor=truecolor)
    if len(lowers) < len(uppers):
        lowers.append([""] * n_columns)
    return "".join(
        _line(zip(upper, lower, strict=True)) + "\n"
        for upper, lower in zip(uppers, lowers, strict=True)
    )


def nearest_xterm_color(colors: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Find the nearest of xterm's 256 colours, in Oklab.

    The first 16 are left out: every user sees others there.
    """
    nearest = np.empty(colors.shape[:-1], dtype=np.intp)
    for row, colors_of_row in enumerate(srgb_to_oklab(colors.astype(np.float64))):
        distances = ((colors_of_row[:, None] - _XTERM_OKLAB) ** 2).sum(axis=-1)
        nearest[row] = 16 + distances.argmin(axis=-1)
    return nearest


def _color_codes(pixels: NDArray[np.uint8], *, truecolor: bool) -> list[list[str]]:
    """Write colours as the end of a control sequence, row by row."""
    if truecolor:
        return [[f"2;{red};{green};{blue}" for red, green, blue in row] for row in pixels.tolist()]
    return [[f"5;{number}" for number in row] for row in nearest_xterm_color(pixels).tolist()]


def _line(cells: Iterable[tuple[str, str]]) -> str:
    parts = []
    now = ("", "")
    for upper, lower in cells:
        if upper != now[0]:
            parts.append(f"\x1b[38;{upper}m")
        if lower != now[1]:
            parts.append(f"\x1b[48;{lower}m")
        parts.append(_UPPER)
        now = (upper, lower)
    return "".join(parts) + _RESET


def _palette_lines(palette: NDArray[np.uint8], columns: int, *, truecolor: bool) -> list[str]:
    swatch = max(1, min(_SWATCH, columns // len(palette)))
    n_across = max(1, columns // swatch)
    shown = over_checkerboard(palette[None], 1)
    codes = _color_codes(shown, truecolor=truecolor)[0]
    return [
        "".join(f"\x1b[48;{code}m{' ' * swatch}" for code in codes[first : first + n_across])
        + _RESET
        for first in range(0, len(codes), n_across)
    ]
