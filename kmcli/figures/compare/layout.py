"""Where the parts of a comparison sheet go."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kmcli.figures.canvas import line_height, text_width, wrap
from kmcli.figures.compare.view import Panel, View

_MIN_COLUMN = 160
"""Narrower pictures leave room for their captions."""

_MIN_SIZE = 14


@dataclass(frozen=True)
class Layout:
    """Where everything goes, in pixels: units of one or two panels, in bands below each other."""

    view: View  # the scale of the pictures
    n_units: int
    n_rows: int  # panels of a unit, at most
    n_across: int  # units that share a band
    size: int  # of the font
    column: int  # width of a panel
    n_lines: int  # of text beneath a picture
    note: tuple[str, ...]  # lines that say what the sheet shows

    @classmethod
    def of(cls, units: Sequence[Sequence[Panel]], view: View, n_across: int) -> "Layout":
        """Measure what is to be placed, with so many units in a band."""
        panels = [panel for unit in units for panel in unit]
        column = max(view.width, _MIN_COLUMN)
        # Larger where many stand side by side, as the sheet will be seen from farther away.
        size = max(_MIN_SIZE, round(min(n_across * column / 90, column / 16)))
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
