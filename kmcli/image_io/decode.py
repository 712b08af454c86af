"""Decode files: one picture, or all frames of an animation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kmcli.errors import InputError
from kmcli.image_io.density import Density
from kmcli.image_io.formats import check_frame, check_size, decoding
from kmcli.image_io.frames import FrameSource, open_animation
from kmcli.image_io.still import Still, decode_still
from kmcli.image_io.timing import Milliseconds
from kmcli.settings import MAX_PIXELS


@dataclass(frozen=True)
class Animation:
    """Pictures that follow one another, each as a viewer shows it; one alone is a still.

    They are upright and in sRGB, with a fourth channel for straight alpha if any pixel is not
    opaque.
    """

    frames: NDArray[np.uint8]  # (n_frames, height, width, 3 or 4)
    durations: tuple[Milliseconds, ...]  # exact
    n_plays: int  # 0 means for ever
    format: str  # as Pillow calls it
    warnings: tuple[str, ...]  # what was lost or could not be used, a line each
    density: Density | None = None

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """The first picture, (height, width, 3 or 4)."""
        pixels: NDArray[np.uint8] = self.frames[0]
        return pixels


def decode_image(data: bytes, max_pixels: int = MAX_PIXELS, frame: int | None = None) -> Animation:
    """Decode one picture of an image file, or frame or page number `frame` of several, from 1.

    The content decides the format. Orientation is applied, embedded colour profiles are converted
    to sRGB, 16 bits are scaled to 8, all colour models become RGB. Without `frame` it is the
    first, with a warning if there are more.

    Raises InputError if the data is not an image of a supported format, is truncated or damaged;
    LimitError if the picture has too many pixels, or does not fit into memory; SettingsError if
    there is no such frame.
    """
    _refuse_nothing(data)
    notes: list[str] = []
    with decoding(max_pixels):
        source = open_animation(data, max_pixels, notes)
        if source is None:
            still = decode_still(data, max_pixels, notes, frame)
        else:
            check_frame(frame, source.n_frames, notes, "frames")
            stream = source.frames()
            for _ in range(frame or 1):
                pixels, _ = next(stream)
            still = Still(_without_needless_alpha(pixels), source.format, source.density)
    return _alone(still, notes)


def decode_frames(data: bytes, max_pixels: int = MAX_PIXELS) -> Animation:
    """Decode an image file with all its frames, as `decode_image` does one.

    Further pages, as of a TIFF, are no frames: the first page is a still. The limit is one of the
    pixels of all frames together.
    """
    _refuse_nothing(data)
    notes: list[str] = []
    with decoding(max_pixels):
        source = open_animation(data, max_pixels, notes)
        if source is None:
            return _alone(decode_still(data, max_pixels, notes), notes)
        check_size(source.size, max_pixels, source.n_frames)
        frames, durations = _collect(source)
    warnings = _distinct(notes)
    return Animation(frames, durations, source.n_plays, source.format, warnings, source.density)


def decode_grey(data: bytes, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Decode a picture as shades of grey from 0 to 255, of shape (height, width).

    What is transparent is black.
    """
    pixels = decode_image(data, max_pixels).pixels
    image = Image.fromarray(pixels)
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "black"), image)
    return np.asarray(image.convert("L"))


def _refuse_nothing(data: bytes) -> None:
    if not data:
        raise InputError("the file is empty")


def _collect(source: FrameSource) -> tuple[NDArray[np.uint8], tuple[Milliseconds, ...]]:
    width, height = source.size
    if source.n_frames == 1:
        ((pixels, duration),) = source.frames()
        return _without_needless_alpha(pixels)[np.newaxis], (duration,)
    frames = np.empty((source.n_frames, height, width, 3), np.uint8)
    durations: list[Milliseconds] = []
    for number, (pixels, duration) in enumerate(source.frames()):
        durations.append(duration)
        pixels = _without_needless_alpha(pixels)
        if pixels.shape[2] > frames.shape[3]:
            opaque = frames
            frames = np.empty((source.n_frames, height, width, 4), np.uint8)
            frames[:number, ..., :3] = opaque[:number]
            frames[:number, ..., 3] = 255
        frames[number, ..., : pixels.shape[2]] = pixels
        if pixels.shape[2] < frames.shape[3]:
            frames[number, ..., 3] = 255
    return frames, tuple(durations)


def _without_needless_alpha(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if pixels.shape[2] == 4 and (pixels[..., 3] == 255).all():
        return np.ascontiguousarray(pixels[..., :3])
    return pixels


def _alone(still: Still, notes: list[str]) -> Animation:
    frames = still.pixels[np.newaxis]
    return Animation(frames, (0,), 1, still.format, _distinct(notes), still.density)


def _distinct(notes: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(notes))
