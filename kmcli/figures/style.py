"""One look for all figures: readable when projected and in print, safe for the colour-blind."""

import io
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from kmcli.settings import Theme

CLUSTER_COLORS = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#cc79a7",
    "#d55e00",
    "#56b4e9",
    "#999933",
    "#b0305c",
    "#7f6be0",
    "#a0694a",
)
"""Okabe and Ito's colours, then four that stay apart from them on light and on dark paper."""

_CYCLES = (0.0, 0.45, -0.45)
"""How far the second and third ten are mixed with the ink or, below 0, with the paper."""

_DARK_CONTRAST = 4.5
"""What WCAG 2 asks of text; below it colours are hard to tell apart on dark paper."""


@dataclass(frozen=True)
class Style:
    """How figures are drawn."""

    theme: Theme = "light"  # dark on light for print, light on dark for a dim room
    dpi: int = 150  # pixels per inch
    size: tuple[float, float] | None = None  # in inches; by default each figure has its own

    @property
    def ink(self) -> str:
        """The colour of text and lines."""
        return "#1a1a1a" if self.theme == "light" else "#e8e8e8"

    @property
    def paper(self) -> str:
        """The colour of the background."""
        return "#ffffff" if self.theme == "light" else "#16181d"

    @property
    def muted(self) -> str:
        """The colour of what stays in the background: grids, points without a cluster."""
        return "#8a8a8a"

    def rc(self) -> dict[Any, Any]:
        """Give matplotlib's settings, for ``matplotlib.rc_context``."""
        ink, paper = self.ink, self.paper
        return {
            "axes.edgecolor": ink,
            "axes.facecolor": paper,
            "axes.labelcolor": ink,
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlecolor": ink,
            "axes.titlesize": 12,
            "figure.constrained_layout.h_pad": 0.1,
            "figure.constrained_layout.w_pad": 0.1,
            "figure.facecolor": paper,
            "font.family": "DejaVu Sans",
            "font.size": 11,
            "legend.frameon": False,
            "text.color": ink,
            "text.parse_math": False,  # names of columns are no formulas
            "xtick.color": ink,
            "ytick.color": ink,
        }

    def color(self, index: int) -> str:
        """Give the colour of a cluster by its number; after thirty they repeat."""
        cycle, place = divmod(index, len(CLUSTER_COLORS))
        color = CLUSTER_COLORS[place]
        if self.theme == "dark":
            while contrast(color, self.paper) < _DARK_CONTRAST:
                color = _mixed(color, "#ffffff", 0.1)
        share = _CYCLES[cycle % len(_CYCLES)]
        return _mixed(color, self.ink if share > 0 else self.paper, abs(share))

    def outline(self, index: int) -> dict[str, Any]:
        """Give the look of a histogram that stays visible where another lies on it."""
        line = "--" if index else "-"
        return {"histtype": "step", "lw": 2, "ls": line, "color": self.color(index)}

    def on_color(self, index: int) -> str:
        """Give the colour of text on that of a cluster: black or white."""
        return readable_on(self.color(index))


def readable_on(color: str) -> str:
    """Give the colour of text on another: black or white."""
    return max("#000000", "#ffffff", key=lambda text: contrast(text, color))


def contrast(one: str, other: str) -> float:
    """Compute the contrast of two colours like ``#rrggbb`` by WCAG 2, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in to_rgb(color)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _mixed(color: str, other: str, share: float) -> str:
    pairs = zip(to_rgb(color), to_rgb(other), strict=True)
    red, green, blue = ((1 - share) * mine + share * theirs for mine, theirs in pairs)
    return to_hex((red, green, blue))


def new_figure(width: float, height: float, style: Style) -> Figure:
    """Make an empty figure, in inches; draw on it inside ``matplotlib.rc_context(style.rc())``.

    If the style has another size, the figure is scaled to it as a whole, text included, so that
    nothing is cut off.
    """
    wanted = style.size or (width, height)
    scale = min(wanted[0] / width, wanted[1] / height)
    dpi = style.dpi * scale
    # A hundredth of a pixel more, since matplotlib cuts off fractions of pixels.
    size = [(round(inches * style.dpi) + 0.01) / dpi for inches in wanted]
    with mpl.rc_context(style.rc()):
        return Figure(figsize=(size[0], size[1]), dpi=dpi, layout="constrained")


def to_pixels(figure: Figure) -> NDArray[np.uint8]:
    """Render a figure as sRGB, an array of shape (height, width, 3) and type uint8."""
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


def to_png(figure: Figure) -> bytes:
    """Render a figure as a PNG of nothing else, so that equal figures give equal bytes."""
    buffer = io.BytesIO()
    # Not savefig(), which draws everything twice: once to lay it out, once to show it.
    canvas: Any = FigureCanvasAgg(figure)
    canvas.print_png(buffer, metadata={"Software": None})
    return buffer.getvalue()
