"""Encode animations: of few colours with one palette for all frames, or of any colours."""

import io
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kmcli.image_io import png_writer
from kmcli.image_io.changes import box_around, whole_box
from kmcli.image_io.encode import encode_indexed_png
from kmcli.image_io.gif_writer import write_gif
from kmcli.image_io.png_chunks import END, join_chunks
from kmcli.image_io.read_back import read_frames_back

AnimatedFormat = Literal["png", "gif"]


def encode_indexed_animation(
    palette: NDArray[np.uint8],
    frames: NDArray[np.uint8],
    durations: Sequence[int],
    n_plays: int,
    format_name: AnimatedFormat,
) -> bytes:
    """Encode frames that share a palette.

    Only what changes from frame to frame is written, yet every frame is kept, with its time.

    Parameters
    ----------
    palette : ndarray of shape (n, 3) or (n, 4), uint8
        1 to 256 colours, sRGB or sRGB with straight alpha.
    frames : ndarray of shape (n_frames, height, width), uint8
        Positions in the palette.
    durations : sequence of int
        How long each frame is shown, in milliseconds. GIF counts in hundredths of a second:
        there they are rounded so that the sum stays right.
    n_plays : int
        How often all are played; 0 means for ever.
    format_name : {"png", "gif"}
        GIF knows no translucency, only pixels that are not there at all.

    Returns
    -------
    bytes
        The file, without metadata.

    Raises
    ------
    InputError
        If the format cannot hold the picture.
    KmcliError
        If the file does not read back as what was encoded: a fault that must not be published.
    """
    if format_name == "gif":
        data = write_gif(palette, frames, durations, n_plays)
    elif len(frames) == 1:
        return encode_indexed_png(palette, frames[0])
    else:
        data = _write_apng(palette, frames, durations, n_plays)
    read_frames_back(data, palette, frames, "GIF" if format_name == "gif" else "PNG")
    return data


def encode_animation(
    frames: Sequence[NDArray[np.uint8]], format_name: Literal["gif", "apng"], duration_ms: int
) -> bytes:
    """Encode pictures that follow one another for ever; the last one stays twice as long.

    Parameters
    ----------
    frames : sequence of ndarray of shape (height, width, 3), uint8
        At least one, all of one size.
    format_name : {"gif", "apng"}
        What every viewer shows, or what keeps every colour.
    duration_ms : int
        How long each is shown, in milliseconds.

    Returns
    -------
    bytes
    """
    first, *others = [Image.fromarray(frame) for frame in frames]
    durations = [duration_ms] * len(others) + [2 * duration_ms]
    buffer = io.BytesIO()
    name = "GIF" if format_name == "gif" else "PNG"
    first.save(buffer, name, save_all=True, append_images=others, duration=durations, loop=0)
    return buffer.getvalue()


def _write_apng(
    palette: NDArray[np.uint8],
    frames: NDArray[np.uint8],
    durations: Sequence[int],
    n_plays: int,
) -> bytes:
    n_frames, height, width = frames.shape
    depth = png_writer.bit_depth_for(len(palette))
    header, colors = png_writer.header_chunks(palette, (width, height))
    chunks = [*header, png_writer.animation_control(n_frames, n_plays), *colors]
    chunks.append(png_writer.frame_control(0, whole_box(frames[0]), durations[0], is_over=False))
    chunks += png_writer.pixel_chunks(frames[0], depth)
    is_clear = palette[:, 3] == 0 if palette.shape[1] == 4 else np.zeros(len(palette), bool)
    is_opaque = palette[:, 3] == 255 if palette.shape[1] == 4 else ~is_clear
    for number in range(1, n_frames):
        is_changed = frames[number] != frames[number - 1]
        box = box_around(is_changed)
        part, is_changed = frames[number][box.slices], is_changed[box.slices]
        data, is_over = png_writer.compress_rows(part, depth), False
        if is_clear.any() and is_opaque[part[is_changed]].all():
            # What does not change may be left out, as long as nothing has to vanish.
            sparse = np.where(is_changed, part, np.uint8(np.argmax(is_clear)))
            sparse_data = png_writer.compress_rows(sparse, depth)
            if len(sparse_data) < len(data):
                data, is_over = sparse_data, True
        control = png_writer.frame_control(2 * number - 1, box, durations[number], is_over=is_over)
        chunks += [control, png_writer.frame_pixels(2 * number, data)]
    return join_chunks([*chunks, END])
