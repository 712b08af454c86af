"""Colours of 16 bits per channel, rounded to 8.

Pillow knows them in grey only. In colour it takes the upper byte of each number: 255 of 65535 as 0,
and one transparent colour for all that begin like it. What it leaves out is decoded once more.
"""

import io
import sys
from typing import Any, cast

import numpy as np
from PIL import Image, ImageChops

from kmcli.errors import InputError
from kmcli.image_io.color_models import strip_rows

_NATIVE = "L" if sys.byteorder == "little" else "B"
_OTHER_BYTE = {"B": "L", "L": "B", "N": "B" if _NATIVE == "L" else "L"}
"""By the last letter of a raw mode, the order of bytes that makes Pillow take the other one."""


def lower_bytes(image: Image.Image) -> Image.Image | None:
    """Decode the lower bytes of a picture of 16 bits per channel.

    It is opened, in mode RGB or RGBA, but not loaded. None if it is stored in a way of which
    Pillow gives only the upper bytes; InputError if Pillow would take it for one of 8 bits.
    """
    opened: Any = image  # of a class of Pillow that says nothing of its tiles
    again: Any = Image.open(io.BytesIO(opened.fp.getvalue()), formats=(opened.format,))
    if opened.tell():
        again.seek(opened.tell())
    raw_mode, *others = {_raw_mode(tile.args) for tile in again.tile}
    if others or ";16" not in raw_mode:
        raise InputError("planar data of 16 bits per channel is not supported; convert it to PNG")
    if raw_mode[:-1] not in ("RGB;16", "RGBX;16", "RGBA;16", "LA;16"):
        return None
    is_grey = raw_mode.startswith("LA")
    # Grey with alpha is as long as RGBA of 8 bits.
    wanted = "RGBA" if is_grey else raw_mode[:-1] + _OTHER_BYTE[raw_mode[-1]]
    again.tile = [
        tile._replace(args=wanted if isinstance(tile.args, str) else (wanted, *tile.args[1:]))
        for tile in again.tile
    ]
    again.load()
    if is_grey:
        _, grey, _, alpha = again.split()
        return Image.merge("RGBA", (grey, grey, grey, alpha))
    return cast("Image.Image", again)


def _raw_mode(arguments: str | tuple[str, ...]) -> str:
    return arguments if isinstance(arguments, str) else arguments[0]


def round_to_8_bits(image: Image.Image, lower: Image.Image) -> None:
    """Round the pixels of a loaded picture, and make its transparent colour clear, in place."""
    key = image.info.pop("transparency", None)
    mask = _mask(image, lower, key) if isinstance(key, tuple) else None
    # With u and l as bytes, 256 u + l divided by 257 is u + (l - u) / 257.
    more = ImageChops.subtract(lower, image).point(lambda step: int(step > 128))
    less = ImageChops.subtract(image, lower).point(lambda step: int(step > 128))
    image.im = ImageChops.subtract(ImageChops.add(image, more), less).im
    if mask is not None:
        image.putalpha(mask)


def _mask(image: Image.Image, lower: Image.Image, key: tuple[int, ...]) -> Image.Image:
    mask = np.full((image.height, image.width), 255, np.uint8)
    for top, bottom in strip_rows(image.height, image.width):
        box = (0, top, image.width, bottom)
        upper_rows, lower_rows = (
            np.asarray(half.crop(box)).astype(np.uint16) for half in (image, lower)
        )
        mask[top:bottom][(upper_rows << 8 | lower_rows == key).all(axis=2)] = 0
    return Image.fromarray(mask)
