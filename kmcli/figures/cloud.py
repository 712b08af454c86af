"""The cloud of a picture's colours, with the palette that stands for it."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from kmcli.figures.style import Style, new_figure
from kmcli.quantize import ColorCounts
from kmcli.quantize.colorspace import to_points
from kmcli.quantize.palette import Palette
from kmcli.settings import Space, Theme

_MOST_PIXELS = 10_000
"""As in the notebook; of more, those beneath cannot be seen."""

_BEHIND: dict[Theme, str] = {"light": "#c9c9c9", "dark": "#43454b"}
"""Greys on which white and black pixels both show."""

_PROJECTIONS: tuple[tuple[Space, str, str, int, int], ...] = (
    ("rgb", "red", "green", 0, 1),
    ("rgb", "red", "blue", 0, 2),
    ("oklab", "a, green to red", "b, blue to yellow", 1, 2),
    ("oklab", "a, green to red", "lightness", 1, 0),
)
"""The space, the names of its axes across and up, and which of its coordinates they are."""

_NAMES: dict[Space, str] = {"rgb": "R-G-B", "oklab": "weighted Oklab", "lab": "CIELAB"}


def draw_cloud(
    histogram: ColorCounts, palettes: Sequence[tuple[str, Palette]], style: Style
) -> Figure:
    """Draw pixels as points in colour space, and over them the entries of palettes with titles.

    Each point has its own colour. Entries are ringed, and the larger the more pixels they have.
    Both axes of a panel have the same scale, since distances are what palettes are chosen by. Up
    to 10,000 pixels are drawn by chance, the same each time; those that are fully transparent are
    left out, and the opacity of others is. Each palette has a row of four panels, a single one
    two rows, R-G-B above Oklab.
    """
    cloud = _sample(histogram)
    n_rows, n_columns = (2, 2) if len(palettes) == 1 else (len(palettes), len(_PROJECTIONS))
    figure = new_figure(4.6 * n_columns, 4.8 * n_rows, style)
    with mpl.rc_context(style.rc()):
        rows = figure.subplots(n_rows, n_columns, squeeze=False).reshape(len(palettes), -1)
        for panels, (title, palette) in zip(rows, palettes, strict=True):
            for axes, projection in zip(panels, _PROJECTIONS, strict=True):
                _draw_panel(axes, projection, cloud, palette, style)
                axes.set_title(f"{title}, {_NAMES[projection[0]]}")
    return figure


def _sample(histogram: ColorCounts) -> NDArray[np.uint8]:
    """Draw pixels by chance, each equally likely, and list their distinct colours."""
    colors, counts = _visible(histogram.colors, histogram.counts)
    if counts.sum() > _MOST_PIXELS:
        random = np.random.default_rng(0)
        counts = random.multivariate_hypergeometric(counts, _MOST_PIXELS, method="marginals")
    drawn = colors[counts > 0]
    # In another order than that of the colours, so that none lies over all others.
    return np.random.default_rng(0).permutation(drawn)


def _visible(
    colors: NDArray[np.uint8], counts: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    if colors.shape[1] == 3:
        return colors, counts
    seen = colors[:, 3] > 0
    return colors[seen, :3], counts[seen]


def _draw_panel(
    axes: Axes,
    projection: tuple[Space, str, str, int, int],
    cloud: NDArray[np.uint8],
    palette: Palette,
    style: Style,
) -> None:
    space, across, up, *places = projection
    axes.set_facecolor(_BEHIND[style.theme])
    x, y = to_points(cloud, space)[:, places].T
    axes.scatter(x, y, s=5, c=cloud / 255, linewidths=0)
    _draw_entries(axes, space, places, palette)
    axes.set(xlabel=across, ylabel=up)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_box_aspect(1)
    axes.tick_params(labelsize=9, length=3)


def _draw_entries(axes: Axes, space: Space, places: Sequence[int], palette: Palette) -> None:
    """Draw discs in a white and a black ring, which show on any colour; the largest beneath."""
    entries, counts = _visible(palette.colors, palette.counts)
    order = np.argsort(-counts, kind="stable")
    entries, counts = entries[order], counts[order]
    # Areas as the shares, but none too small to be seen, or so large that it hides others.
    diameters = np.sqrt(np.clip(1200 * counts / max(1, int(counts.sum())), 26, 320))
    sizes = (diameters[:, np.newaxis] + [5, 2.5, 0]) ** 2
    fills = np.stack([np.zeros_like(entries), np.full_like(entries, 255), entries], axis=1)
    x, y = np.repeat(to_points(entries, space)[:, places], 3, axis=0).T
    axes.scatter(x, y, s=sizes.ravel(), c=fills.reshape(-1, 3) / 255, linewidths=0, zorder=3)
