"""Encode a picture of few colours, without loss, and read it back."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kmcli.errors import InputError
from kmcli.image_io import png_writer
from kmcli.image_io.density import Density, density_chunk
from kmcli.image_io.gif_writer import write_gif
from kmcli.image_io.png_chunks import END, SIGNATURE, join_chunks
from kmcli.image_io.read_back import read_frames_back, read_png_back, read_webp_back
from kmcli.settings import IndexedFormat

_MAX_WEBP_SIDE = 16383


def encode_indexed(
    palette: NDArray[np.uint8],
    indices: NDArray[np.uint8],
    format_name: IndexedFormat,
    density: Density | None = None,
) -> bytes:
    """Encode a picture of few colours, in a format that keeps them all, without other metadata.

    `palette` has 1 to 256 colours of 3 or 4 channels, `indices` are of shape (height, width). GIF
    knows no translucency, only pixels that are not there at all; WebP is lossless; only a PNG
    holds the density.

    Raises InputError if the format cannot hold the picture, and KmcliError if the file does not
    read back as what was encoded: a fault that must not be published.
    """
    if format_name == "png":
        return encode_indexed_png(palette, indices, density)
    if format_name == "gif":
        data = write_gif(palette, indices[np.newaxis], (0,), 1)
        read_frames_back(data, palette, indices[np.newaxis], "GIF")
        return data
    return _encode_webp(palette, indices)


def encode_indexed_png(
    palette: NDArray[np.uint8], indices: NDArray[np.uint8], density: Density | None = None
) -> bytes:
    """Encode an indexed PNG at the smallest bit depth that holds the palette.

    It has a PLTE chunk of exactly the palette's entries, a tRNS chunk as far as there is
    transparency, a pHYs chunk if there is a density, no other chunks.
    """
    height, width = indices.shape
    header, colors = png_writer.header_chunks(palette, (width, height))
    pixels = png_writer.pixel_chunks(indices, png_writer.bit_depth_for(len(palette)))
    if density is not None:
        colors.append(density_chunk(density))
    data = join_chunks([*header, *colors, *pixels, END])
    read_png_back(data, palette, indices)
    return data


def index_bit_depth(data: bytes) -> int | None:
    """Read from a PNG or a GIF how many bits an index has; None for WebP, which has none."""
    if data.startswith(b"GIF"):
        return (data[10] & 7) + 1
    return data[24] if data.startswith(SIGNATURE) else None


def without_translucency(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Make every pixel either opaque, if it is half so or more, or transparent, as GIF has them."""
    if pixels.shape[-1] == 3:
        return pixels
    result = pixels.copy()
    result[..., 3] = np.where(pixels[..., 3] >= 128, 255, 0)
    return result


def _encode_webp(palette: NDArray[np.uint8], indices: NDArray[np.uint8]) -> bytes:
    height, width = indices.shape
    if max(height, width) > _MAX_WEBP_SIDE:
        raise InputError(
            f"WebP holds at most {_MAX_WEBP_SIDE} pixels a side, the picture has "
            f"{width} x {height}; write a PNG"
        )
    pixels = palette[indices]
    buffer = io.BytesIO()
    # Without `exact` the colours under full transparency would be changed.
    Image.fromarray(pixels).save(buffer, "WEBP", lossless=True, quality=75, method=4, exact=True)
    read_webp_back(buffer.getvalue(), pixels)
    return buffer.getvalue()
