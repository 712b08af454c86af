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

CHECKER = 8
"""Side of the squares behind transparent pictures."""

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

    Each version stands above its baseline; a single one stands beside it. Pixels are shown as
    they are; small pictures are enlarged by a whole factor, large ones are averaged over
    squares, with a part of them pixel by pixel beneath. The sheet says which.

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
    if len(columns) == 1:
        units: list[tuple[Panel, ...]] = [(original,), *((panel,) for panel in columns[0])]
        choices = {1, 3}
    else:
        units = [(original,), *columns]
        # Bands as even as may be: never seven and then two.
        choices = {-(-len(units) // n_bands) for n_bands in range(1, len(units) + 1)}
    layouts = [Layout.of(units, view, n_across) for n_across in sorted(choices)]
    layout = min(layouts, key=lambda it: abs(math.log(it.width / it.height / _WELL_SHAPED)))
    canvas = Canvas(layout.width, layout.height, Style(theme))
    for unit, panels in enumerate(units):
        for row, panel in enumerate(panels):
            _draw_panel(canvas, layout, panel, *layout.corner(unit, row))
    if view.window is not None:
        _frame_window(canvas, layout, view.window)
    _write_lines(canvas, layout, layout.note, *layout.note_corner)
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
        return over_checkerboard(shown, CHECKER)

    @property
    def note(self) -> str:
        """Say how the pictures are shown."""
        if self.zoom > 1:
            return f"Each pixel is shown as a square of {self.zoom} by {self.zoom}."
        if self.reduction == 1:
            return "Pixels are shown as they are."
        return (
            f"Reduced: each pixel shown is the mean of {self.reduction} by {self.reduction}, a "
            "colour that the palette need not hold. Beneath: the framed part, pixel by pixel."
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
    # Over a single square: the pattern of a checkerboard would be taken for detail.
    reduced = _reduce(original, view.reduction)
    seen = over_checkerboard(reduced, max(reduced.shape)).astype(np.float64)
    height, width = (max(1, view.height // 2), view.width)
    rows, columns = -(-height // view.reduction), -(-width // view.reduction)
    mean = _window_means(seen, rows, columns)
    variance = (_window_means(seen**2, rows, columns) - mean**2).sum(axis=2)
    y, x = np.unravel_index(np.argmax(variance.round(6)), variance.shape)
    top = min(int(y) * view.reduction, original.pixels.shape[0] - height)
    left = min(int(x) * view.reduction, original.pixels.shape[1] - width)
    return slice(top, top + height), slice(left, left + width)


def _window_means(values: NDArray[np.float64], height: int, width: int) -> NDArray[np.float64]:
    sums = np.pad(values, ((1, 0), (1, 0), (0, 0))).cumsum(axis=0).cumsum(axis=1)
    total = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width]
    means: NDArray[np.float64] = (total + sums[:-height, :-width]) / (height * width)
    return means


@dataclass(frozen=True)
class Layout:
    """Where everything goes: units of one or two panels, in bands one beneath the other.

    Attributes
    ----------
    view : View
        The scale of the pictures.
    n_units, n_rows, n_across : int
        How many units there are, how many panels one has at most, how many share a band.
    size : int
        Size of the font in pixels.
    column : int
        Width of a panel in pixels.
    n_lines : int
        Lines of text beneath a picture.
    note : tuple of str
        Lines that say what the sheet shows.
    """

    view: View
    n_units: int
    n_rows: int
    n_across: int
    size: int
    column: int
    n_lines: int
    note: tuple[str, ...]

    @classmethod
    def of(cls, units: Sequence[Sequence[Panel]], view: View, n_across: int) -> "Layout":
        """Measure what is to be placed.

        Parameters
        ----------
        units : sequence of sequence of Panel
            The panels.
        view : View
            The scale of the pictures.
        n_across : int
            How many units are to share a band.

        Returns
        -------
        Layout
        """
        panels = [panel for unit in units for panel in unit]
        column = max(view.width, _MIN_COLUMN)
        # Larger where many stand side by side, as the sheet will be seen from farther away.
        size = max(14, round(min(n_across * column / 90, column / 16)))
        for panel in panels:
            column = max(column, text_width(panel.title, size, bold=True))
            column = max(column, *(text_width(line, size) for line in panel.caption), 0)
        n_lines = 1 + max(len(panel.caption) for panel in panels)
        n_rows = max(map(len, units))
        layout = cls(view, len(units), n_rows, n_across, size, column, n_lines, ())
        about = [view.note]
        if n_rows == 2:
            about.insert(0, "Lower row: palettes of as many random pixels.")
            about.insert(0, "Upper row: palettes learned by k-means.")
        room = column if n_rows == 2 else layout.width - 2 * layout.gap
        paragraphs = [[*wrap(text, size, room), ""] for text in about]
        note = [line for paragraph in paragraphs for line in paragraph]
        return replace(layout, note=tuple(note[:-1]))

    @property
    def gap(self) -> int:
        """Distance between columns, and to the edge."""
        return round(1.2 * self.size)

    @property
    def small_gap(self) -> int:
        """Distance between the parts of a panel."""
        return round(0.4 * self.size)

    @property
    def strip(self) -> int:
        """Height of the strip that shows the palette."""
        return round(0.9 * self.size)

    @property
    def picture_height(self) -> int:
        """Height of a picture with its detail."""
        detail = self.view.detail_height
        return self.view.height + (self.small_gap + detail if detail else 0)

    @property
    def note_height(self) -> int:
        """Height of the note."""
        return len(self.note) * line_height(self.size)

    @property
    def cell_height(self) -> int:
        """Height of a panel."""
        strip = self.small_gap + self.strip
        text = self.small_gap + self.n_lines * line_height(self.size)
        return max(self.picture_height + strip + text, self.note_height if self.n_rows == 2 else 0)

    @property
    def band_height(self) -> int:
        """Height of a unit with the distance to the next band."""
        return self.n_rows * (self.cell_height + self.gap) + self.gap

    @property
    def bands_bottom(self) -> int:
        """Where the last band ends."""
        return -(-self.n_units // self.n_across) * self.band_height - self.gap

    @property
    def width(self) -> int:
        """Width of the sheet."""
        return self.gap + self.n_across * (self.column + self.gap)

    @property
    def height(self) -> int:
        """Height of the sheet."""
        foot = self.note_height if self.n_rows == 1 else -self.gap
        return self.bands_bottom + self.gap + foot + self.gap

    @property
    def note_corner(self) -> tuple[int, int]:
        """Left and top of the note: beneath the original if that place is free, or at the foot."""
        return self.corner(0, 1) if self.n_rows == 2 else (self.gap, self.bands_bottom + self.gap)

    def corner(self, unit: int, row: int) -> tuple[int, int]:
        """Give the left and top of a panel."""
        band, across = divmod(unit, self.n_across)
        left = self.gap + across * (self.column + self.gap)
        return left, self.gap + band * self.band_height + row * (self.cell_height + self.gap)


def _draw_panel(canvas: Canvas, layout: Layout, panel: Panel, left: int, top: int) -> None:
    view = layout.view
    canvas.put(view.whole(panel), left, top)
    if view.window is not None:
        detail = over_checkerboard(panel.part(*view.window), CHECKER)
        canvas.put(detail, left, top + view.height + layout.small_gap)
    top += layout.picture_height + layout.small_gap
    if panel.colors is not None and panel.shares is not None:
        width = view.width if view.width >= len(panel.colors) else layout.column
        canvas.put(color_band(panel.colors, panel.shares, layout.strip, width), left, top)
    top += layout.strip + layout.small_gap
    canvas.write(panel.title, left, top, layout.size, bold=True)
    _write_lines(canvas, layout, panel.caption, left, top + line_height(layout.size))


def _write_lines(canvas: Canvas, layout: Layout, lines: Sequence[str], left: int, top: int) -> None:
    for number, line in enumerate(lines):
        canvas.write(line, left, top + number * line_height(layout.size), layout.size)


def _frame_window(canvas: Canvas, layout: Layout, window: tuple[slice, slice]) -> None:
    left, top = layout.corner(0, 0)
    rows, columns = window
    factor = layout.view.reduction
    canvas.outline(
        left + columns.start // factor,
        top + rows.start // factor,
        -(-(columns.stop - columns.start) // factor),
        -(-(rows.stop - rows.start) // factor),
        line=max(2, layout.size // 12),
    )
