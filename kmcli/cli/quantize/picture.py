"""What ``kmcli quantize`` makes of one picture, from its bytes to all that is to be written."""

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kmcli.cli.batch import Job, Outcome, is_stream
from kmcli.cli.quantize.format import IN_PLACE, Encoding, Timing
from kmcli.cli.quantize.palettes import transparency_notes
from kmcli.errors import InputError, SettingsError
from kmcli.settings import QuantizeSettings, Target

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kmcli.cli.preview import Terminal
    from kmcli.cli.quantize.outcome import Version
    from kmcli.image_io import DecodedImage
    from kmcli.quantize.histogram import ColorCounts, ColorWeights
    from kmcli.quantize.image import QuantizedImage

_LARGE_FILE = 2**20
"""Bytes from which on decoding takes long enough to import scikit-learn meanwhile."""


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
class Work:
    """What is to be done with each picture of a run.

    Attributes
    ----------
    versions : tuple of QuantizeSettings
        How to quantize, for each version that is wanted.
    target : Target or None
        What decides the number of colours of the only version.
    palettes : tuple of ndarray or None
        Palettes that are given, one for each version, instead of being learned.
    region : tuple of int or None
        Left, top, width and height of the part from which the palette is learned.
    weight_mask : str or None
        A picture that says how much each pixel counts.
    frame : int or None
        Which frame or page is taken, from 1; None for all frames of an animation.
    encoding : Encoding
        How outputs are encoded.
    skip_if_larger : bool
        Whether a version that is not smaller than the input is not written.
    in_place : bool
        Whether the output replaces the input, and so has to be of its format.
    keep_mtime : bool
        Whether outputs get the modification time of their inputs.
    with_report : bool
        Whether a report is wanted.
    terminal : Terminal or None
        Where a preview is to be shown.
    max_pixels, max_bytes : int
        Limits on the input.
    palette_out : str or None
        Where the palette of the picture goes.
    """

    versions: tuple[QuantizeSettings, ...]
    target: Target | None
    region: tuple[int, int, int, int] | None
    weight_mask: str | None
    frame: int | None
    encoding: Encoding
    skip_if_larger: bool
    in_place: bool
    keep_mtime: bool
    with_report: bool
    terminal: "Terminal | None"
    max_pixels: int
    max_bytes: int
    palettes: "tuple[NDArray[np.uint8], ...] | None" = None
    palette_out: str | None = None

    def __call__(self, job: Job) -> Outcome:
        """Do one job."""
        # Late, so that help and usage errors come at once.
        from kmcli.cli.quantize.outcome import Presentation

        picture = self._read(job.source)
        versions = self._make_versions(picture, job)
        notes = []
        if self.palettes is not None:
            notes = transparency_notes(self.palettes[0], versions[0].image)
        return Presentation(job, picture, versions).outcome(
            skip_if_larger=self.skip_if_larger,
            with_report=self.with_report,
            terminal=self.terminal,
            mtime_ns=picture.mtime_ns,
            palette_out=self.palette_out,
            notes=notes,
        )

    def count_colors(self, source: str) -> "ColorCounts":
        """Count the colours of an input."""
        return self._read(source).histogram

    def _read(self, source: str) -> Picture:
        from kmcli.clustering import import_in_background
        from kmcli.files import read_input
        from kmcli.quantize.histogram import count_colors

        data = read_input(source, self.max_bytes)
        mtime_ns = _mtime_ns(source) if self.keep_mtime else None
        n_bytes = len(data)
        if n_bytes > _LARGE_FILE and self.palettes is None:
            import_in_background()
        decoded, timing = self._decode(data)
        encoding = self._encoding_for(decoded)
        if timing is not None and encoding.format_name == "webp":
            raise InputError(
                f"has {len(timing.durations)} frames, and animations are written as PNG or GIF; "
                "use -o NAME.png, or --frame for one of them"
            )
        if encoding.format_name == "gif":
            decoded = _without_translucency(decoded)
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
            decoded = DecodedImage(pixels, animation.format, animation.warnings)
            if n_frames > 1:
                timing = Timing(animation.durations, animation.n_plays)
        return decoded, timing

    def _make_versions(self, picture: Picture, job: Job) -> "list[Version]":
        from kmcli.cli.quantize.outcome import Version
        from kmcli.quantize.targets import quantize_to_target

        quantize = self._quantizer(picture)
        encode = functools.partial(picture.encoding.encode, timing=picture.timing)
        if self.target is not None:
            image, settings, trials = quantize_to_target(
                functools.partial(quantize, 0), self.versions[0], self.target, encode
            )
            made = [(image, settings, trials)]
        else:
            made = [
                (quantize(number, settings), settings, ())
                for number, settings in enumerate(self.versions)
            ]
        versions = []
        for output, (image, settings, trials) in zip(job.outputs, made, strict=True):
            data = encode(image.palette.colors, image.indices)
            versions.append(Version(output, settings, image, trials, data))
        return versions

    def _quantizer(self, picture: Picture) -> "Callable[[int, QuantizeSettings], QuantizedImage]":
        """Give what makes the version of a number with some settings."""
        from kmcli.quantize import apply_palette, quantize_image

        pixels, histogram = picture.decoded.pixels, picture.histogram
        n_frames = picture.n_frames
        if self.palettes is not None:
            palettes = self.palettes
            return lambda number, settings: apply_palette(
                pixels, palettes[number], settings, histogram=histogram, n_frames=n_frames
            )
        learn_from = self._learn_from(picture)
        return lambda _, settings: quantize_image(
            pixels, settings, histogram=histogram, learn_from=learn_from, n_frames=n_frames
        )

    def _learn_from(self, picture: Picture) -> "ColorCounts | ColorWeights":
        import numpy as np

        from kmcli.files import read_input
        from kmcli.image_io import decode_grey
        from kmcli.quantize.histogram import count_colors, weigh_colors

        pixels, histogram = picture.decoded.pixels, picture.histogram
        frames = pixels.reshape(picture.n_frames, -1, *pixels.shape[1:])
        height, width = frames.shape[1:3]
        if self.region is not None:
            left, top, region_width, region_height = self.region
            if left + region_width > width or top + region_height > height:
                raise SettingsError(
                    f"the region {left},{top},{region_width},{region_height} does not lie within "
                    f"{width} x {height} pixels"
                )
            parts = frames[:, top : top + region_height, left : left + region_width]
            return count_colors(parts.reshape(-1, region_width, pixels.shape[2]))
        if self.weight_mask is not None:
            grey = decode_grey(read_input(self.weight_mask, self.max_bytes), self.max_pixels)
            if grey.shape != (height, width):
                raise SettingsError(
                    f"the mask has {grey.shape[1]} x {grey.shape[0]} pixels, the picture "
                    f"{width} x {height}; they must agree"
                )
            grey = np.tile(grey, (picture.n_frames, 1))
            return weigh_colors(pixels, histogram, (1.0 + grey) / 256)
        return histogram


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
