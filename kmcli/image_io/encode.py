"""Encode pictures of few colours without loss and read them back, and animations of any colours."""

import io
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kmcli.errors import InputError
from kmcli.image_io import png_writer
from kmcli.image_io.apng_writer import write_apng
from kmcli.image_io.density import Density, density_chunk
from kmcli.image_io.gif_writer import write_gif
from kmcli.image_io.png_chunks import END, SIGNATURE, join_chunks
from kmcli.image_io.read_back import read_frames_back, read_png_back, read_webp_back
from kmcli.image_io.timing import Milliseconds
from kmcli.settings import IndexedFormat

_MAX_WEBP_SIDE = 16383


def encode_indexed(
    palette: NDArray[np.uint8],
    indices: NDArray[np.uint8],
    format_name: IndexedFormat,
    density: Density | None = None,
    *,
    durations: Sequence[Milliseconds] = (0,),
    n_plays: int = 1,
) -> bytes:
    """Encode a picture of few colours, or frames that share them, without other metadata.

    `palette` has 1 to 256 colours of 3 or 4 channels, `indices` are of shape (height, width) or
    (n_frames, height, width). GIF knows no translucency, only pixels that are not there at all;
    WebP is lossless, and for a single picture; only a PNG holds the density. Of frames only what
    changes is written, yet every one is kept, with its time. What a format cannot hold of the
    times is brought as near as it can; `timing_losses` says what that is. With `n_plays` 0 they
    are played for ever.

    Raises InputError if the format cannot hold the picture, and KmcliError if the file does not
    read back as what was encoded: a fault that must not be published.
    """
    frames = indices.reshape(-1, *indices.shape[-2:])
    if format_name == "webp":
        (indices,) = frames
        return _encode_webp(palette, indices)
    if format_name == "png" and len(frames) == 1:
        return encode_indexed_png(palette, frames[0], density)
    if format_name == "gif":
        data = write_gif(palette, frames, durations, n_plays)
    else:
        data = write_apng(palette, frames, durations, n_plays, density)
    read_frames_back(data, palette, frames, format_name.upper())
    return data


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


def encode_animation(
    frames: Iterable[NDArray[np.uint8]], format_name: Literal["gif", "apng"], duration_ms: int
) -> bytes:
    """Encode pictures in RGB that follow one another for ever; the last one stays twice as long.

    As a GIF, which every viewer shows, or an animated PNG, which keeps every colour.
    """
    pictures = (Image.fromarray(frame) for frame in frames)
    if format_name == "gif":  # as Pillow does it later, so that no more than indices are kept
        pictures = (picture.convert("P", palette=Image.Palette.ADAPTIVE) for picture in pictures)
    first, *others = pictures
    durations = [duration_ms] * len(others) + [2 * duration_ms]
    buffer = io.BytesIO()
    name = "GIF" if format_name == "gif" else "PNG"
    first.save(buffer, name, save_all=True, append_images=others, duration=durations, loop=0)
    return buffer.getvalue()


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
