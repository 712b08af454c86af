"""Animations of any format as a stream of frames."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kmcli.image_io import gif_blocks, png_chunks
from kmcli.image_io.apng_frames import Apng, read_apng
from kmcli.image_io.color_models import to_pixels
from kmcli.image_io.compose import Disposal, Layer, compose
from kmcli.image_io.density import Density, png_density
from kmcli.image_io.formats import check_size, open_image
from kmcli.image_io.gif_blocks import Gif
from kmcli.image_io.png_colors import find_profile
from kmcli.image_io.still import decode_still, lies_on_its_side, turn_upright
from kmcli.image_io.timing import Milliseconds

_GIF_DISPOSALS = {2: Disposal.CLEAR, 3: Disposal.RESTORE}


@dataclass(frozen=True)
class FrameSource:
    """An animation that is not decoded yet.

    `frames` gives the frames as they are seen, one after the other, each with its duration. An
    array is only valid until the next one is asked for.
    """

    format: str  # as Pillow calls it
    size: tuple[int, int]  # width and height
    n_frames: int
    n_plays: int  # 0 means for ever
    frames: Callable[[], Iterator[tuple[NDArray[np.uint8], Milliseconds]]]
    density: Density | None = None


def open_animation(data: bytes, max_pixels: int, notes: list[str]) -> FrameSource | None:
    """Find out whether a file is an animation, inside `decoding`; None if it has only one picture.

    A GIF always is one: even a single frame may be smaller than its screen. `notes` takes a line
    for each thing that is wrong but does no harm.
    """
    if data.startswith(gif_blocks.MAGICS):
        return _open_gif(gif_blocks.read_gif(data, max_pixels, notes), max_pixels, notes)
    if data.startswith(png_chunks.SIGNATURE):
        # The chunk that announces frames lies before the pixels. Most pictures have none, and
        # need not be walked through twice.
        if data.find(b"acTL", 0, data.find(b"IDAT")) < 0:
            return None
        chunks = png_chunks.read_chunks(data, notes)
        apng = read_apng(chunks)
        if apng is None:
            return None
        source = _open_apng(apng, find_profile(chunks, notes), max_pixels, notes)
        return replace(source, density=png_density(chunks))
    if data[8:12] == b"WEBP" or data[8:12] in (b"avis", b"avif"):
        image = open_image(data, max_pixels)
        if getattr(image, "n_frames", 1) > 1:
            return _open_with_pillow(image, notes)
    return None


def _open_gif(gif: Gif, max_pixels: int, notes: list[str]) -> FrameSource:
    def layers() -> Iterator[Layer]:
        for frame in gif.frames:
            pixels = np.empty((0, 0, 4), np.uint8)
            if frame.width and frame.height:
                pixels = decode_still(gif.file_of(frame), max_pixels, notes).pixels
            disposal = _GIF_DISPOSALS.get(frame.disposal, Disposal.KEEP)
            yield Layer(frame.left, frame.top, pixels, True, disposal)

    return _composed("GIF", gif, layers)


def _open_apng(apng: Apng, profile: bytes | None, max_pixels: int, notes: list[str]) -> FrameSource:
    check_size(apng.size, max_pixels)

    def layers() -> Iterator[Layer]:
        for frame in apng.frames:
            pixels = decode_still(apng.file_of(frame), max_pixels, notes, profile=profile).pixels
            yield Layer(frame.left, frame.top, pixels, frame.is_over, frame.disposal)

    return _composed("PNG", apng, layers)


def _composed(
    format_name: str, animation: Gif | Apng, layers: Callable[[], Iterator[Layer]]
) -> FrameSource:
    """Make a source of what the layers of an animation show together."""
    size = animation.size
    durations = [frame.duration for frame in animation.frames]
    return FrameSource(
        format_name,
        size,
        len(durations),
        animation.n_plays,
        lambda: zip(compose(size, layers()), durations, strict=True),
    )


def _open_with_pillow(image: Image.Image, notes: list[str]) -> FrameSource:
    n_frames: int = image.n_frames  # type: ignore[attr-defined]  # of animated formats only

    def frames() -> Iterator[tuple[NDArray[np.uint8], Milliseconds]]:
        for number in range(n_frames):
            image.seek(number)
            image.load()
            shown = image.copy()
            turn_upright(shown, notes)
            yield to_pixels(shown, notes), round(image.info.get("duration", 0))

    size = image.size[::-1] if lies_on_its_side(image) else image.size
    n_plays = image.info.get("loop", 0)
    return FrameSource(image.format or "unknown", size, n_frames, n_plays, frames)
