"""Read the pictures of ``kmcli quantize``: stills, and animations as one tall picture."""

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kmcli.cli.quantize.format import IN_PLACE, Encoding, Timing
from kmcli.cli.quantize.jobs import is_stream
from kmcli.errors import InputError

if TYPE_CHECKING:
    from kmcli.image_io import DecodedImage
    from kmcli.quantize.histogram import ColorCounts

_LARGE_FILE = 2**16
"""Bytes from which on a picture hardly has so few colours that scikit-learn is not needed."""


@dataclass(frozen=True)
class Picture:
    """One input.

    Attributes
    ----------
    source : str
        Its name.
    n_bytes : int
        Size of the file.
    mtime_ns : int or None
        Its modification time in nanoseconds; None if it has none or it is not wanted.
    decoded : DecodedImage
        Its pixels; the frames of an animation stand one below the other.
    timing : Timing or None
        How they follow one another; None for a still.
    encoding : Encoding
        How its versions are encoded.
    histogram : ColorCounts
        Its colours.
    """

    source: str
    n_bytes: int
    mtime_ns: int | None
    decoded: "DecodedImage"
    timing: Timing | None
    encoding: Encoding
    histogram: "ColorCounts"

    @property
    def n_frames(self) -> int:
        """How many frames there are."""
        return 1 if self.timing is None else len(self.timing.durations)

    @property
    def first_frame(self) -> slice:
        """The rows of the first frame."""
        return slice(len(self.decoded.pixels) // self.n_frames)


@dataclass(frozen=True)
class Reader:
    """How inputs are read.

    Attributes
    ----------
    frame : int or None
        Which frame or page is taken, from 1; None for all frames of an animation.
    encoding : Encoding
        How outputs are encoded, unless they replace their inputs.
    in_place : bool
        Whether the output replaces the input, and so has to be of its format.
    keep_mtime : bool
        Whether the modification time is wanted.
    learns : bool
        Whether scikit-learn will be needed.
    max_pixels, max_bytes : int
        Limits on the input.
    """

    frame: int | None
    encoding: Encoding
    in_place: bool
    keep_mtime: bool
    learns: bool
    max_pixels: int
    max_bytes: int

    def __call__(self, source: str) -> Picture:
        """Read one input."""
        from kmcli.clustering import import_in_background
        from kmcli.files import read_input
        from kmcli.image_io import timing_losses
        from kmcli.quantize.histogram import count_colors

        data = read_input(source, self.max_bytes)
        mtime_ns = _mtime_ns(source) if self.keep_mtime else None
        n_bytes = len(data)
        if n_bytes > _LARGE_FILE and self.learns:
            import_in_background()
        decoded, timing = self._decode(data)
        encoding = replace(self._encoding_for(decoded), density=decoded.density)
        if timing is not None:
            if encoding.format_name == "webp":
                raise InputError(
                    f"has {len(timing.durations)} frames, and animations are written as PNG or "
                    "GIF; use -o NAME.png, or --frame for one of them"
                )
            losses = timing_losses(timing.durations, timing.n_plays, encoding.format_name)
            decoded = replace(decoded, warnings=(*decoded.warnings, *losses))
        if encoding.format_name == "gif":
            decoded = _without_translucency(decoded)
        if encoding.optimize and encoding.format_name != "png":
            warning = "--optimize recompresses PNGs only"
            decoded = replace(decoded, warnings=(*decoded.warnings, warning))
        histogram = count_colors(decoded.pixels)
        return Picture(source, n_bytes, mtime_ns, decoded, timing, encoding, histogram)

    def _encoding_for(self, decoded: "DecodedImage") -> Encoding:
        if not self.in_place:
            return self.encoding
        if decoded.format not in IN_PLACE:
            raise InputError(
                f"is a {decoded.format} file, which is not written; use -d for PNGs instead"
            )
        format_name = IN_PLACE[decoded.format]
        return replace(self.encoding, format_name=format_name)

    def _decode(self, data: bytes) -> "tuple[DecodedImage, Timing | None]":
        from kmcli.image_io import (
            DecodedImage,
            decode_frames,
            decode_image,
        )

        timing = None
        if self.frame is not None:
            decoded = decode_image(data, self.max_pixels, self.frame)
        else:
            animation = decode_frames(data, self.max_pixels)
            n_frames, height, width, n_channels = animation.frames.shape
            pixels = animation.frames.reshape(n_frames * height, width, n_channels)
            decoded = DecodedImage(pixels, animation.format, animation.warnings, animation.density)
            if n_frames > 1:
                timing = Timing(animation.durations, animation.n_plays)
        return decoded, timing


def _mtime_ns(source: str) -> int | None:
    if is_stream(source):
        return None
    try:
        return os.stat(source).st_mtime_ns
    except OSError:
        raise InputError("went away while it was read") from None


def _without_translucency(decoded: "DecodedImage") -> "DecodedImage":
    """Make pixels opaque or clear, as GIF has them, and warn if that changes any."""
    import numpy as np

    from kmcli.image_io import without_translucency

    pixels = without_translucency(decoded.pixels)
    if np.array_equal(pixels, decoded.pixels):
        return decoded
    warning = "GIF knows no translucent pixels; what is half opaque or more becomes opaque"
    return replace(decoded, pixels=pixels, warnings=(*decoded.warnings, warning))
