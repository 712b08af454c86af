"""How many pixels there are to a metre, where a file says so."""

import math
import struct
from collections.abc import Iterable

from PIL import Image

from kmcli.image_io.png_chunks import Chunk

Density = tuple[int, int]
"""Pixels per metre, across and down."""

_METRES_PER_INCH = 0.0254
_MOST = 2**31 - 1


def png_density(chunks: Iterable[Chunk]) -> Density | None:
    """Read the density of a PNG; one that only says what shape a pixel has is none."""
    body = next((chunk.body for chunk in chunks if chunk.name == b"pHYs"), None)
    if body is None:
        return None
    across, down, unit = struct.unpack(">IIB", body)
    return (across, down) if unit == 1 and across and down else None


def density_chunk(density: Density) -> Chunk:
    """Make the chunk of a PNG that says a density."""
    return Chunk(b"pHYs", memoryview(struct.pack(">IIB", *density, 1)))


def density_of(image: Image.Image) -> Density | None:
    """Read the density of an opened picture of another format."""
    if image.format in ("JPEG", "MPO") and not image.info.get("jfif_unit"):
        return None  # Pillow makes up 72 dots per inch where there is EXIF data without them
    found = image.info.get("dpi", (0, 0))
    if image.format == "TIFF" and 282 not in image.tag_v2:  # type: ignore[attr-defined]
        return None  # Pillow makes up one dot per inch
    across, down = (float(number) / _METRES_PER_INCH for number in found)
    if not all(math.isfinite(number) and 1 <= number <= _MOST for number in (across, down)):
        return None
    return round(across), round(down)
