"""Ordered dithering with any palette, and two matrices for it."""

from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from kmcli.parallel import map_shares
from kmcli.quantize.color_grid import ColorGrid
from kmcli.quantize.columns import clip_columns, to_columns
from kmcli.quantize.histogram import ColorCounts
from kmcli.quantize.lookup import map_colors

_LEVELS = 64
"""Entries of a mixture: as many as Bayer's matrix has cells."""

_MOST_ENTRIES = 2**26
"""Entries of all mixtures together; beyond it there are fewer of each."""

_STEP = np.float32(0.25)
"""Share of an error by which the goal moves.

With 1, entries far off come in, and the squared error of single pixels is a quarter to a half
higher in photos; with less, 64 steps are too few to come to the mean.
"""

_CHUNK = 2**14
"""Colours that one thread mixes at once: what is computed for them stays in the cache."""

_STRIP_ROWS = 256

_LUMINANCE = np.array([2126, 7152, 722], dtype=np.float32)  # Rec. 709


def order_dither(
    pixels: NDArray[np.uint8],
    palette: NDArray[np.uint8],
    grid: ColorGrid,
    histogram: ColorCounts,
    kept: NDArray[np.intp],
    matrix: NDArray[np.integer],
    strength: float,
) -> NDArray[np.uint8]:
    """Dither by a matrix that says at each place which part of a mixture to show.

    Each distinct colour becomes a list of palette entries whose mean is that colour, from dark to
    light; the matrix picks one of them. The entries are as near to the colour as can be, so the
    pattern is as faint as the palette allows: none at all where it has the colour itself.

    `kept` is the entry of each colour that is not to be mixed, and -1 for the others. The matrix
    has each number from 0 up once, and a side that divides 256. The strength is how far the mean
    of a list is on the way from the nearest entry to the colour, 0 to 1.

    Lists picked from by a matrix: T. Knoll, "Pattern dithering", US patent 6,606,166, expired in
    2019. Here they are found by smaller steps.
    """
    colors = histogram.colors
    n_levels = _LEVELS
    while n_levels > 8 and n_levels * len(colors) > _MOST_ENTRIES:
        n_levels //= 2
    mixtures = np.empty((len(colors), n_levels), dtype=np.uint8)

    def mix(share: slice) -> None:
        mixtures[share] = _mix(colors[share], palette, grid, n_levels, strength)

    map_shares(mix, len(colors), _CHUNK)
    is_kept = kept >= 0
    mixtures[is_kept] = kept[is_kept, np.newaxis]

    levels = matrix.astype(np.int64) * n_levels // matrix.size
    height, width = pixels.shape[:2]
    row_of_levels = np.tile(levels, (1, -(-width // levels.shape[1])))[:, :width]
    numbers = map_colors(pixels, colors, np.arange(len(colors), dtype=np.int32))
    indices = np.empty((height, width), dtype=np.uint8)
    for top in range(0, height, _STRIP_ROWS):
        strip = numbers[top : top + _STRIP_ROWS]
        chosen = np.resize(row_of_levels, strip.shape) + np.int64(n_levels) * strip
        indices[top : top + _STRIP_ROWS] = mixtures.reshape(-1).take(chosen)
    return indices


@cache
def blue_noise() -> NDArray[np.uint16]:
    """Load the blue noise matrix, (64, 64), each number from 0 to 4095 once.

    Those of low rank are spread evenly, at every rank. The square repeats at its edges, and is
    large enough that this is not seen. `make_blue_noise.py` beside it makes it, by R. Ulichney's
    void-and-cluster method.
    """
    with resources.files("kmcli.quantize").joinpath("blue_noise.npy").open("rb") as file:
        matrix: NDArray[np.uint16] = np.load(file)
    return matrix


def bayer_matrix() -> NDArray[np.int64]:
    """Build Bayer's matrix, (8, 8), each number from 0 to 63 once.

    Source: B. E. Bayer, "An optimum method for two-level rendition of continuous-tone pictures",
    IEEE International Conference on Communications, 1973.
    """
    matrix = np.zeros((1, 1), dtype=np.int64)
    for _ in range(3):
        matrix = np.block([[4 * matrix, 4 * matrix + 2], [4 * matrix + 3, 4 * matrix + 1]])
    return matrix


def _mix(
    colors: NDArray[np.uint8],
    palette: NDArray[np.uint8],
    grid: ColorGrid,
    n_levels: int,
    strength: float,
) -> NDArray[np.uint8]:
    """List entries whose mean is the colour, for each colour a row, from dark to light.

    The entry nearest to a goal is taken, then the goal moves against the error. That solves
    the dual of a linear programme: of all mixtures that have the mean, the one of least
    variance.
    """
    points, entries = to_columns(colors), to_columns(palette)
    alpha = points[3] if len(points) == 4 else None
    from_dark = np.argsort(_LUMINANCE @ entries[:3], kind="stable").astype(np.uint8)
    ranks = np.empty_like(from_dark)
    ranks[from_dark] = np.arange(len(from_dark), dtype=np.uint8)
    goals, means = points.copy(), points
    if strength < 1:
        alone = entries.take(grid.nearest(points), axis=1)
        means = alone + np.float32(strength) * (points - alone)
    found = np.empty((n_levels, len(colors)), dtype=np.uint8)
    for level in range(n_levels):
        found[level] = grid.choose(goals, points)
        goals += _STEP * (means - entries.take(found[level], axis=1))
        clip_columns(goals, alpha)
    in_order = np.sort(ranks[found.T], axis=1)
    return from_dark[in_order]
