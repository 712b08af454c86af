"""The pictures of a comparison sheet, and the scale at which they are shown."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kmcli.figures.pixels import box_mean, enlarge, over_checkerboard

MAX_SIDE = 1024
"""Larger pictures are reduced, and a part of them is shown pixel by pixel beneath."""

CHECKER = 8
"""Side of the squares behind transparent pictures."""

_SMALL_SIDE = 160
_ENLARGED_SIDE = 320


@dataclass(frozen=True)
class Panel:
    """One picture of the sheet and what is written beneath it, the title in bold.

    Its pixels are sRGB, (height, width, 3 or 4), or positions in `colors`, (height, width), which
    take a third of the memory. Without colours no palette is shown.
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


@dataclass(frozen=True)
class View:
    """At which scale the pictures are shown."""

    height: int
    width: int
    zoom: int = 1  # sheet pixels along the side of a picture's pixel
    reduction: int = 1  # picture's pixels along the side of a sheet pixel; one of the two is 1
    window: tuple[slice, slice] | None = None  # shown pixel by pixel too, if the picture is reduced

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

    As it is; enlarged to about 320 pixels if it has at most 160 in a side; reduced to at most
    1024 if it has more.
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
