"""The palette that an indexed picture brings along."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kmcli.image_io import gif_blocks
from kmcli.image_io.color_models import to_pixels
from kmcli.image_io.formats import decoding, open_image, quiet_if_tiff
from kmcli.image_io.png_chunks import SIGNATURE
from kmcli.image_io.still import open_png
from kmcli.settings import MAX_PIXELS


def decode_image_palette(data: bytes, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8] | None:
    """Read the palette that an indexed picture brings along, in its order; None if it has none.

    Of shape (n, 3), or (n, 4) for straight alpha if some entry is not opaque. An embedded colour
    profile is applied, as it is to pixels. Raises InputError and LimitError as `decode_image`.
    """
    table = b""
    with decoding(max_pixels):
        if data.startswith(gif_blocks.MAGICS):
            gif = gif_blocks.read_gif(data, max_pixels, [])
            data = gif.file_of(gif.frames[0])
            # Pillow takes greys in their order for no palette at all.
            table = gif.table_of(gif.frames[0])
        if data.startswith(SIGNATURE):
            image, _ = open_png(data, max_pixels, [])
        else:
            image = open_image(data, max_pixels)
        with quiet_if_tiff(data):  # it decodes the picture as well
            values = table or (image.getpalette() if image.mode in ("P", "PA") else None)
        if not values:
            return None
        n_colors = len(values) // 3
        entries = Image.frombytes("P", (n_colors, 1), bytes(range(n_colors)))
        entries.putpalette(values)
        entries.info.update(image.info)
        colors: NDArray[np.uint8] = to_pixels(entries, [])[0]
        return colors
