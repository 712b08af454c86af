"""The pictures of ``kmcli quantize``: read with all frames, and their colours counted."""

import os
from dataclasses import dataclass, replace

import numpy as np

from kmcli.cli.quantize.jobs import is_stream
from kmcli.cli.quantize.request import Request
from kmcli.errors import InputError
from kmcli.files import read_input
from kmcli.image_io import (
    Animation,
    FramesLeftOut,
    decode_frames,
    decode_image,
    timing_losses,
    without_translucency,
)
from kmcli.quantize import ColorCounts, count_colors
from kmcli.settings import IndexedFormat

_IN_PLACE: dict[str, IndexedFormat] = {"PNG": "png", "GIF": "gif", "WEBP": "webp"}
"""What replaces a file of a format, by Pillow's name of it."""


@dataclass(frozen=True)
class Picture:
    """One input, with all its frames and their colours."""

    source: str  # its path, or `-`
    n_bytes: int  # of the file
    mtime_ns: int | None  # if there is one and it is wanted
    animation: Animation
    format_name: IndexedFormat  # of what is made of it
    histogram: ColorCounts

    @property
    def n_frames(self) -> int:
        """How many frames there are."""
        return len(self.animation.frames)


def read_picture(source: str, request: Request) -> Picture:
    """Read one input and count its colours."""
    data = read_input(source, request.max_input_bytes)
    mtime_ns = _mtime_ns(source) if request.keep_mtime else None
    n_bytes = len(data)
    animation = _decode(data, request)
    del data
    format_name = _format_for(animation, request)
    if len(animation.frames) > 1:
        if format_name == "webp":
            raise InputError(
                f"has {len(animation.frames)} frames, and animations are written as PNG or GIF; "
                "use -o NAME.png, or --frame for one of them"
            )
        losses = timing_losses(animation.durations, animation.n_plays, format_name)
        animation = _with_warnings(animation, *losses)
    if format_name == "gif":
        animation = _without_translucency(animation)
    if request.optimize and format_name != "png":
        animation = _with_warnings(animation, "--optimize recompresses PNGs only")
    if request.in_place and (n_names := os.stat(source).st_nlink) > 1:
        kept = f"has {n_names} hard links; the other names keep the old picture"
        animation = _with_warnings(animation, kept)
    histogram = count_colors(animation.frames)
    return Picture(source, n_bytes, mtime_ns, animation, format_name, histogram)


def _decode(data: bytes, request: Request) -> Animation:
    if request.frame is not None:
        return decode_image(data, request.max_pixels, request.frame)
    animation = decode_frames(data, request.max_pixels)
    warnings = (
        f"{text}; use --frame to pick another" if isinstance(text, FramesLeftOut) else text
        for text in animation.warnings
    )
    return replace(animation, warnings=tuple(warnings))


def _format_for(animation: Animation, request: Request) -> IndexedFormat:
    if not request.in_place:
        return request.format_name
    if animation.format not in _IN_PLACE:
        raise InputError(
            f"is a {animation.format} file, which cannot be written; use -d to write PNGs instead"
        )
    return _IN_PLACE[animation.format]


def _mtime_ns(source: str) -> int | None:
    if is_stream(source):
        return None
    try:
        return os.stat(source).st_mtime_ns
    except OSError:
        raise InputError("disappeared while being read") from None


def _without_translucency(animation: Animation) -> Animation:
    """Make pixels opaque or clear, as GIF has them, and warn if that changes any."""
    frames = without_translucency(animation.frames)
    if np.array_equal(frames, animation.frames):
        return animation
    warning = "GIF has no translucent pixels; pixels that are at least half opaque become opaque"
    return _with_warnings(replace(animation, frames=frames), warning)


def _with_warnings(animation: Animation, *warnings: str) -> Animation:
    return replace(animation, warnings=(*animation.warnings, *warnings))
