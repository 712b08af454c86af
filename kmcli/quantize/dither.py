"""Pixels to palette indices so that the mean of neighbours is right, not each by itself."""

import numpy as np
from numpy.typing import NDArray

from kmcli.quantize.color_grid import ColorGrid
from kmcli.quantize.error_diffusion import diffuse
from kmcli.quantize.histogram import ColorCounts, ColorWeights, count_distinct, with_channels
from kmcli.quantize.lookup import map_colors
from kmcli.quantize.ordered_dither import bayer_matrix, blue_noise, order_dither
from kmcli.quantize.packed import pack_colors
from kmcli.quantize.remap import nearest
from kmcli.settings import Dither, QuantizeSettings, Space

_SMOOTH_STRENGTH = 0.72
"""Of error diffusion for 64 colours, where most of the picture is smooth."""

_ORDINARY = 0.6
"""How smooth a picture is taken to be of which no more than the colours is known."""


def choose_strength(
    settings: QuantizeSettings, histogram: ColorCounts | ColorWeights, n_colors: int
) -> float:
    """Say how strongly to dither a picture: as was asked for, or as much as can be seen.

    Where all is smooth, dithering hides bands; where all is busy, nobody sees what it costs. More
    colours need less of it. From 0, without dithering, to 1; in steps of 0.01, as it is reported.
    """
    if not settings.is_dithered:
        return 0.0
    if settings.dither_strength is not None:
        return settings.dither_strength
    if settings.dither != "floyd-steinberg":
        return 1.0
    smoothness = _ORDINARY
    if histogram.smoothness is not None:
        smoothness = float(np.average(histogram.smoothness, weights=histogram.counts))
    strength = min(_SMOOTH_STRENGTH, 0.1 + 0.88 * smoothness) * (64 / n_colors) ** 0.05
    return float(round(min(1.0, strength), 2))


def dither(
    pixels: NDArray[np.uint8],
    palette: NDArray[np.uint8],
    method: Dither,
    strength: float = 1.0,
    *,
    space: Space = "rgb",
    histogram: ColorCounts | None = None,
) -> NDArray[np.uint8]:
    """Map a picture to a palette, with dithering: give the positions of the entries.

    Pixels whose colour is in the palette are not dithered, so flat areas that match an entry stay
    flat; nor are fully transparent ones. Opaque pixels stay opaque as long as the palette has an
    opaque entry. Alpha is dithered together with the colour. The strength is above 0, up to 1.
    The space is that of distances to the palette; errors are always added up in sRGB.
    """
    histogram = histogram or count_distinct(pixels)
    n_channels = max(pixels.shape[2], palette.shape[1])
    pixels, palette = with_channels(pixels, n_channels), with_channels(palette, n_channels)
    colors = with_channels(histogram.colors, n_channels)
    is_kept = np.isin(pack_colors(colors), pack_colors(palette))
    if n_channels == 4:
        is_kept |= colors[:, 3] == 0
    entries = np.zeros(len(colors), dtype=np.uint8)
    entries[is_kept] = nearest(colors[is_kept], palette, space)
    if is_kept.all():
        return map_colors(pixels, colors, entries)
    grid = ColorGrid(palette, space)
    if method == "floyd-steinberg":
        indices = map_colors(pixels, colors, entries)
        diffuse(pixels, palette, grid, indices, map_colors(pixels, colors, is_kept), strength)
        return indices
    matrix = bayer_matrix() if method == "bayer" else blue_noise()
    kept = np.where(is_kept, entries.astype(np.intp), -1)
    counted = ColorCounts(colors, histogram.counts)
    return order_dither(pixels, palette, grid, counted, kept, matrix, strength)
