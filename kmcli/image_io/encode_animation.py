"""Encode animations: of few colours with one palette for all frames, or of any colours."""

import io
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kmcli.image_io.apng_writer import write_apng
from kmcli.image_io.density import Density
from kmcli.image_io.encode import encode_indexed_png
from kmcli.image_io.gif_writer import write_gif
from kmcli.image_io.read_back import read_frames_back
from kmcli.image_io.timing import AnimatedFormat, Milliseconds


def encode_indexed_animation(
    palette: NDArray[np.uint8],
    frames: NDArray[np.uint8],
    durations: Sequence[Milliseconds],
    n_plays: int,
    format_name: AnimatedFormat,
    density: Density | None = None,
) -> bytes:
    """Encode frames that share a palette, of shape (n_frames, height, width), as `encode_indexed`.

    Only what changes from frame to frame is written, yet every frame is kept, with its time. What
    a format cannot hold of the times is brought as near as it can; `timing_losses` says what that
    is. With `n_plays` 0 they are played for ever.
    """
    if format_name == "gif":
        data = write_gif(palette, frames, durations, n_plays)
    elif len(frames) == 1:
        return encode_indexed_png(palette, frames[0], density)
    else:
        data = write_apng(palette, frames, durations, n_plays, density)
    read_frames_back(data, palette, frames, "GIF" if format_name == "gif" else "PNG")
    return data


def encode_animation(
    frames: Sequence[NDArray[np.uint8]], format_name: Literal["gif", "apng"], duration_ms: int
) -> bytes:
    """Encode pictures in RGB that follow one another for ever; the last one stays twice as long.

    As a GIF, which every viewer shows, or an animated PNG, which keeps every colour.
    """
    first, *others = [Image.fromarray(frame) for frame in frames]
    durations = [duration_ms] * len(others) + [2 * duration_ms]
    buffer = io.BytesIO()
    name = "GIF" if format_name == "gif" else "PNG"
    first.save(buffer, name, save_all=True, append_images=others, duration=durations, loop=0)
    return buffer.getvalue()
