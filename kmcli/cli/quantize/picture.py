"""What ``kmcli quantize`` makes of one picture, from its bytes to all that is to be written."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kmcli.cli.quantize.batch import Outcome
from kmcli.cli.quantize.jobs import Job
from kmcli.cli.quantize.palettes import transparency_notes
from kmcli.cli.quantize.reading import Picture, Reader
from kmcli.errors import SettingsError
from kmcli.settings import QuantizeSettings, Target

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kmcli.cli.quantize.outcome import Version
    from kmcli.cli.quantize.preview import Terminal
    from kmcli.quantize.histogram import ColorCounts, ColorWeights
    from kmcli.quantize.image import QuantizedImage


@dataclass(frozen=True)
class Work:
    """What is to be done with each picture of a run.

    Attributes
    ----------
    read : Reader
        How it is read.
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
    skip_if_larger : bool
        Whether a version that is not smaller than the input is not written.
    with_report : bool
        Whether a report is wanted.
    terminal : Terminal or None
        Where a preview is to be shown.
    palette_out : str or None
        Where the palette of the picture goes.
    """

    read: Reader
    versions: tuple[QuantizeSettings, ...]
    target: Target | None
    region: tuple[int, int, int, int] | None
    weight_mask: str | None
    skip_if_larger: bool
    with_report: bool
    terminal: "Terminal | None"
    palettes: "tuple[NDArray[np.uint8], ...] | None" = None
    palette_out: str | None = None

    def __call__(self, job: Job) -> Outcome:
        """Do one job."""
        # Late, so that help and usage errors come at once.
        from kmcli.cli.quantize.outcome import Presentation

        picture = self.read(job.source)
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
        return self.read(source).histogram

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
        _check_locked(self.versions[0].locked, is_opaque=pixels.shape[2] == 3)
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
            grey = decode_grey(
                read_input(self.weight_mask, self.read.max_bytes), self.read.max_pixels
            )
            if grey.shape != (height, width):
                raise SettingsError(
                    f"the mask has {grey.shape[1]} x {grey.shape[0]} pixels, the picture "
                    f"{width} x {height}; they must agree"
                )
            grey = np.tile(grey, (picture.n_frames, 1))
            return weigh_colors(pixels, histogram, (1.0 + grey) / 256)
        return histogram


def _check_locked(locked: "Sequence[tuple[int, int, int, int]]", *, is_opaque: bool) -> None:
    """Refuse what would not be kept exactly: the palette of an opaque picture is opaque."""
    for *color, alpha in locked if is_opaque else ():
        if alpha < 255:
            written = "#" + bytes((*color, alpha)).hex()
            raise SettingsError(
                f"the locked colour {written} is not opaque, but the picture is; lock "
                f"{written[:7]} instead"
            )
