"""A sheet of exact pixels with text on it: what matplotlib would resample, Pillow leaves alone."""

import functools
import io
import math
from pathlib import Path

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from kmcli.figures.style import Style


class Canvas:
    """A sheet to be filled; its size, and all places on it, are in pixels."""

    def __init__(self, width: int, height: int, style: Style) -> None:
        self.style = style
        self.image = Image.new("RGB", (width, height), style.paper)
        self.draw = ImageDraw.Draw(self.image)

    def put(self, pixels: NDArray[np.uint8], left: int, top: int) -> None:
        """Place a picture, (height, width, 3), unchanged, with a thin line around it."""
        height, width = pixels.shape[:2]
        frame = (left - 1, top - 1, left + width, top + height)
        self.draw.rectangle(frame, outline=self.style.muted)
        self.image.paste(Image.fromarray(np.ascontiguousarray(pixels)), (left, top))

    def outline(self, left: int, top: int, width: int, height: int, *, line: int) -> None:
        """Mark a part of a picture by a line in white and black, which shows on any colour."""
        for inset, color in ((0, "#ffffff"), (line, "#000000")):
            right, bottom = left + width - 1 - inset, top + height - 1 - inset
            if right > left + inset and bottom > top + inset:
                box = (left + inset, top + inset, right, bottom)
                self.draw.rectangle(box, outline=color, width=line)

    def write(self, text: str, left: int, top: int, size: int, *, bold: bool = False) -> None:
        """Write one line, in a font of this size, into a box as high as `line_height` says."""
        baseline = top + round(1.05 * size)
        font = _font(size, bold)
        self.draw.text((left, baseline), text, self.style.ink, font, anchor="ls")

    def pixels(self) -> NDArray[np.uint8]:
        """Give the sheet as an ndarray of shape (height, width, 3), uint8, sRGB."""
        return np.array(self.image)


def line_height(size: int) -> int:
    """Give the distance between two lines of text, in pixels."""
    return round(1.4 * size)


def text_width(text: str, size: int, *, bold: bool = False) -> int:
    """Measure a line of text, in pixels."""
    font = _font(size, bold)
    # Ink may reach beyond the advance of the last letter, and the other way round.
    return math.ceil(max(font.getlength(text), font.getbbox(text, anchor="ls")[2]))


def wrap(text: str, size: int, width: int) -> list[str]:
    """Break a text into lines that are no wider than given, in pixels, unless a single word is."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """Encode a sheet as a PNG that holds nothing but its pixels."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@functools.cache
def _font(size: int, bold: bool) -> ImageFont.FreeTypeFont:
    # The typeface of all other figures, from the files that matplotlib brings along. The
    # basic layout is the same everywhere; the other one depends on a library of the system.
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    path = Path(mpl.get_data_path(), "fonts", "ttf", name)
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)
