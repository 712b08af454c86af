"""The comparison sheet: a picture, its quantized versions, and beneath them the baselines."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kmcli.figures.canvas import Canvas, line_height
from kmcli.figures.compare.layout import Layout
from kmcli.figures.compare.view import CHECKER, Panel, choose_view
from kmcli.figures.pixels import color_band, over_checkerboard
from kmcli.figures.style import Style

_WELL_SHAPED = 1.7
"""Width over height of a sheet that fills a screen."""


def compare_sheet(original: Panel, columns: Sequence[tuple[Panel, Panel]]) -> NDArray[np.uint8]:
    """Draw a picture beside its quantized versions, (height, width, 3), sRGB.

    Each version stands above its baseline; a single one stands beside it. Pixels are shown as
    they are; small pictures are enlarged by a whole factor, large ones are averaged over squares,
    with a part of them pixel by pixel beneath. The sheet says which.
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
    canvas = Canvas(layout.width, layout.height, Style())
    for unit, panels in enumerate(units):
        for row, panel in enumerate(panels):
            _draw_panel(canvas, layout, panel, *layout.corner(unit, row))
    if view.window is not None:
        _frame_window(canvas, layout, view.window)
    _write_lines(canvas, layout, layout.note, *layout.note_corner)
    return canvas.pixels()


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
