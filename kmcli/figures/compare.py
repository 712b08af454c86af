"""The comparison sheet: a picture, its quantized versions, and beneath them the baselines."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kmcli.figures.canvas import Canvas, line_height, text_width, wrap
from kmcli.figures.pixels import box_mean, color_band, enlarge, over_checkerboard
from kmcli.figures.style import Style, Theme

MAX_SIDE = 1024
"""Larger pictures are reduced, and a part of them is shown pixel by pixel beneath."""

_SMALL_SIDE = 160
_ENLARGED_SIDE = 320
_MIN_COLUMN = 160
_WELL_SHAPED = 1.7
"""Width over height of a sheet that fills a screen."""


@dataclass(frozen=True)
class Panel:
    """One picture of the sheet and what is written beneath it.

    Attributes
    ----------
    title : str
        What it is, in bold.
    caption : tuple of str
        More lines.
    pixels : ndarray of shape (height, width, 3 or 4) or (height, width), uint8
        sRGB with or without straight alpha; or positions in `colors`, which take a third of
        the memory.
    colors : ndarray of shape (n, 3) or (n, 4), uint8, optional
        The palette; without it, none is shown.
    shares : ndarray of shape (n,), float64, optional
        The share of each colour in the pixels.
    """

    title: str
    caption: tuple[str, ...]
    pixels: NDArray[np.uint8]
    colors: NDArray[np.uint8] | None = None
    shares: NDArray[np.float64] | None = None

    def part(self, rows: slice, columns: slice) -> NDArray[np.uint8]:
        """Give the colours of a part: ndarray of shape (height, width, 3 or 4), uint8."""
        pixels = self.pixels[rows, columns]
        return pixels if self.colors is None or pixels.ndim == 3 else self.colors[pixels]


def compare_sheet(
    original: Panel, columns: Sequence[tuple[Panel, Panel]], theme: Theme = "light"
) -> NDArray[np.uint8]:
    """Draw a picture beside its quantized versions.

    Each version stands above its baseline. Pixels are shown as they are; small pictures are
    enlarged by a whole factor, large ones are averaged over squares, with a part of them
    pixel by pixel beneath. The sheet says which.

    Parameters
    ----------
    original : Panel
        The picture.
    columns : sequence of (Panel, Panel)
        Its versions, each with the baseline to compare it with. All are of the same size.
    theme : {"light", "dark"}
        Dark on light or light on dark.

    Returns
    -------
    ndarray of shape (sheet_height, sheet_width, 3), uint8
        sRGB.
    """
    view = choose_view(original)
    panels = [original, *(panel for pair in columns for panel in pair)]
    n_units = 1 + len(columns)
    layouts = (_Layout.of(panels, view, n_units, n_across) for n_across in range(1, n_units + 1))
    layout = min(layouts, key=lambda it: abs(math.log(it.width / it.height / _WELL_SHAPED)))
    canvas = Canvas(layout.width, layout.height, Style(theme))
    _draw_panel(canvas, layout, view, original, *layout.corner(0, 0))
    if view.window is not None:
        left, top = layout.corner(0, 0)
        _outline_window(canvas, view, view.window, left, top)
    for unit, pair in enumerate(columns, start=1):
        for row, panel in enumerate(pair):
            _draw_panel(canvas, layout, view, panel, *layout.corner(unit, row))
    left, top = layout.corner(0, 1)
    for number, line in enumerate(layout.note):
        canvas.write(line, left, top + number * line_height(layout.size), layout.size)
    return canvas.pixels()


@dataclass(frozen=True)
class View:
    """At which scale the pictures are shown.

    Attributes
    ----------
    height, width : int
        Size on the sheet.
    zoom : int
        Sheet pixels along the side of a picture's pixel.
    reduction : int
        Picture's pixels along the side of a sheet pixel; one of the two factors is 1.
    window : (slice, slice) or None
        Rows and columns that are shown pixel by pixel too, if the picture is reduced.
    """

    height: int
    width: int
    zoom: int = 1
    reduction: int = 1
    window: tuple[slice, slice] | None = None

    @property
    def detail_height(self) -> int:
        """Height of the part that is shown pixel by pixel."""
        return 0 if self.window is None else self.window[0].stop - self.window[0].start

    def whole(self, panel: Panel) -> NDArray[np.uint8]:
        """Show a picture: ndarray of shape (height, width, 3), uint8."""
        if self.reduction == 1:
            shown = enlarge(panel.part(slice(None), slice(None)), self.zoom)
        else:
            shown = _reduce(panel, self.reduction)
        return over_checkerboard(shown, 8)

    @property
    def note(self) -> str:
        """Say how the pictures are shown."""
        if self.zoom > 1:
            return f"Each pixel is shown as a square of {self.zoom}\u00a0×\u00a0{self.zoom}."
        if self.reduction == 1:
            return "Pixels are shown as they are."
        size = f"{self.reduction}\u00a0×\u00a0{self.reduction}"
        return (
            f"Reduced: each pixel shown is the mean of {size}, a colour that the palette need not "
            "hold. Beneath: the framed part, pixel by pixel."
        )


def choose_view(original: Panel) -> View:
    """Decide at which scale a picture and its versions are shown.

    Parameters
    ----------
    original : Panel
        The picture.

    Returns
    -------
    View
        As it is; enlarged to about 320 pixels if it has at most 160 in a side; reduced to at
        most 1024 if it has more.
    """
    height, width = original.pixels.shape[:2]
    longest = max(height, width)
    if longest <= _SMALL_SIDE:
        zoom = _ENLARGED_SIDE // longest
        return View(height * zoom, width * zoom, zoom=zoom)
    if longest <= MAX_SIDE:
        return View(height, width)
    factor = -(-longest // MAX_SIDE)
    reduced = View(-(-height // factor), -(-width // factor), reduction=factor)
    return replace(reduced, window=_busiest_window(original, reduced))


def _reduce(panel: Panel, factor: int) -> NDArray[np.uint8]:
    """Average over squares, few rows at a time: indices become colours only as needed."""
    height, width = panel.pixels.shape[:2]
    lefts = np.arange(0, width, factor)
    n_rows = 64 * factor
    return np.concatenate(
        [
            box_mean(part, np.arange(0, len(part), factor), lefts)
            for top in range(0, height, n_rows)
            for part in [panel.part(slice(top, top + n_rows), slice(None))]
        ]
    )


def _busiest_window(original: Panel, view: View) -> tuple[slice, slice]:
    """Find the part where colours vary the most, as wide as the picture on the sheet."""
    seen = view.whole(original).astype(np.float64)
    height, width = (max(1, view.height // 2), view.width)
    rows, columns = -(-height // view.reduction), -(-width // view.reduction)
    mean = _window_means(seen, rows, columns)
    variance = (_window_means(seen**2, rows, columns) - mean**2).sum(axis=2)
    y, x = np.unravel_index(np.argmax(variance.round(6)), variance.shape)
    top = min(int(y) * view.reduction, original.pixels.shape[0] - height)
    left = min(int(x) * view.reduction, original.pixels.shape[1] - width)
    return slice(top, top + height), slice(left, left + width)


def _window_means(
    values: NDArray[np.float64], height: int, width: int
) -> NDArray[np.float64]:
    sums = np.pad(values, ((1, 0), (1, 0), (0, 0))).cumsum(axis=0).cumsum(axis=1)
    total = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width]
    means: NDArray[np.float64] = (total + sums[:-height, :-width]) / (height * width)
    return means


@dataclass(frozen=True)
class _Layout:
    """Where everything goes; a unit is a version above its baseline."""

    view: View
    n_units: int
    n_across: int
    size: int
    column: int
    n_lines: int
    note: tuple[str, ...]

    @classmethod
    def of(cls, panels: Sequence[Panel], view: View, n_units: int, n_across: int) -> "_Layout":
        width = max(view.width, _MIN_COLUMN)
        # Larger where many stand side by side, as the sheet will be seen from farther away.
        size = max(14, round(min(n_across * width / 90, width / 16)))
        for panel in panels:
            width = max(width, text_width(panel.title, size, bold=True))
            width = max(width, *(text_width(line, size) for line in panel.caption))
        n_lines = 1 + max(len(panel.caption) for panel in panels)
        about = (
            "Upper row: palettes learned by k-means.",
            "Lower row: as many random pixels as the palette.",
            view.note,
        )
        note = tuple(line for text in about for line in (*wrap(text, size, width), ""))
        return cls(view, n_units, n_across, size, width, n_lines, note)

    @property
    def gap(self) -> int:
        return round(1.2 * self.size)

    @property
    def small_gap(self) -> int:
        return round(0.4 * self.size)

    @property
    def strip(self) -> int:
        return round(0.9 * self.size)

    @property
    def picture_height(self) -> int:
        detail = self.view.detail_height
        return self.view.height + (self.small_gap + detail if detail else 0)

    @property
    def cell_height(self) -> int:
        strip = self.small_gap + self.strip
        text = self.small_gap + self.n_lines * line_height(self.size)
        note = len(self.note) * line_height(self.size)
        return max(self.picture_height + strip + text, note)

    @property
    def band_height(self) -> int:
        return 2 * self.cell_height + self.gap

    @property
    def n_bands(self) -> int:
        return -(-self.n_units // self.n_across)

    @property
    def width(self) -> int:
        return 2 * self.gap + self.n_across * (self.column + self.gap) - self.gap

    @property
    def height(self) -> int:
        return 2 * self.gap + self.n_bands * (self.band_height + 2 * self.gap) - 2 * self.gap

    def corner(self, unit: int, row: int) -> tuple[int, int]:
        """Give the left and top of a panel."""
        band, across = divmod(unit, self.n_across)
        left = self.gap + across * (self.column + self.gap)
        top = self.gap + band * (self.band_height + 2 * self.gap)
        return left, top + row * (self.cell_height + self.gap)


def _draw_panel(
    canvas: Canvas, layout: _Layout, view: View, panel: Panel, left: int, top: int
) -> None:
    canvas.put(view.whole(panel), left, top)
    if view.window is not None:
        detail = over_checkerboard(panel.part(*view.window), 8)
        canvas.put(detail, left, top + view.height + layout.small_gap)
    top += layout.picture_height + layout.small_gap
    if panel.colors is not None and panel.shares is not None:
        width = view.width if view.width >= len(panel.colors) else layout.column
        canvas.put(color_band(panel.colors, panel.shares, layout.strip, width), left, top)
    top += layout.strip + layout.small_gap
    canvas.write(panel.title, left, top, layout.size, bold=True)
    for number, line in enumerate(panel.caption, start=1):
        canvas.write(line, left, top + number * line_height(layout.size), layout.size)


def _outline_window(
    canvas: Canvas, view: View, window: tuple[slice, slice], left: int, top: int
) -> None:
    rows, columns = window
    width, height = columns.stop - columns.start, rows.stop - rows.start
    canvas.outline(
        left + columns.start // view.reduction,
        top + rows.start // view.reduction,
        -(-width // view.reduction),
        -(-height // view.reduction),
    )
