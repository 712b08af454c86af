"""What `kmcli quantize` does with one picture, from its bytes to its published result."""

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kmcli.cli.batch import Job, Outcome
from kmcli.errors import SettingsError
from kmcli.settings import QuantizeSettings, Target

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kmcli.quantize.histogram import ColorCounts, ColorWeights
    from kmcli.quantize.image import QuantizedImage
    from kmcli.quantize.targets import Trial
    from kmcli.report.model import Report

_LARGE_FILE = 2**20
"""Bytes from which on decoding takes long enough to import scikit-learn meanwhile."""


@dataclass(frozen=True)
class Work:
    """What is to be done with each picture of a run.

    Attributes
    ----------
    settings : QuantizeSettings
        How to quantize.
    target : Target or None
        What decides the number of colours.
    region : tuple of int or None
        Left, top, width and height of the part from which the palette is learned.
    weight_mask : str or None
        A picture that says how much each pixel counts.
    force : bool
        Whether an existing output may be replaced.
    with_report : bool
        Whether a report is wanted.
    max_pixels, max_bytes : int
        Limits on the input.
    """

    settings: QuantizeSettings
    target: Target | None
    region: tuple[int, int, int, int] | None
    weight_mask: str | None
    force: bool
    with_report: bool
    max_pixels: int
    max_bytes: int

    def __call__(self, job: Job) -> Outcome:
        """Do one job."""
        # Late, so that help and usage errors come at once.
        from kmcli.clustering import import_in_background
        from kmcli.files import publish, read_input
        from kmcli.image_io import decode_image, encode_indexed_png
        from kmcli.quantize import quantize_image
        from kmcli.quantize.histogram import count_colors
        from kmcli.quantize.targets import quantize_to_target

        data = read_input(job.source, self.max_bytes)
        n_bytes = len(data)
        if n_bytes > _LARGE_FILE:
            import_in_background()
        decoded = decode_image(data, self.max_pixels)
        del data
        pixels = decoded.pixels
        histogram = count_colors(pixels)
        quantize = functools.partial(
            quantize_image,
            pixels,
            histogram=histogram,
            learn_from=self._learn_from(pixels, histogram),
        )
        settings = self.settings
        trials: tuple[Trial, ...] = ()
        if self.target is None:
            image = quantize(settings)
        else:
            image, settings, trials = quantize_to_target(
                quantize, settings, self.target, encode_indexed_png
            )
        png = encode_indexed_png(image.palette.colors, image.indices)
        reports: tuple[Report, ...] = ()
        if self.with_report:
            reports = (
                _report(
                    job, decoded.format, n_bytes, png, pixels, histogram, image, settings, trials
                ),
            )
        publish(png, job.output, force=self.force)
        return Outcome(_summary(job, n_bytes, len(png), image), decoded.warnings, reports)

    def _learn_from(
        self, pixels: "NDArray[np.uint8]", histogram: "ColorCounts"
    ) -> "ColorCounts | ColorWeights":
        from kmcli.files import read_input
        from kmcli.image_io import decode_grey
        from kmcli.quantize.histogram import count_colors, weigh_colors

        height, width = pixels.shape[:2]
        if self.region is not None:
            left, top, region_width, region_height = self.region
            if left + region_width > width or top + region_height > height:
                raise SettingsError(
                    f"the region {left},{top},{region_width},{region_height} does not lie within "
                    f"{width} x {height} pixels"
                )
            return count_colors(pixels[top : top + region_height, left : left + region_width])
        if self.weight_mask is not None:
            grey = decode_grey(read_input(self.weight_mask, self.max_bytes), self.max_pixels)
            if grey.shape != (height, width):
                raise SettingsError(
                    f"the mask has {grey.shape[1]} x {grey.shape[0]} pixels, the picture "
                    f"{width} x {height}; they must agree"
                )
            return weigh_colors(pixels, histogram, (1.0 + grey) / 256)
        return histogram


def _summary(job: Job, n_bytes: int, n_written: int, image: "QuantizedImage") -> str:
    psnr = image.psnr
    quality = "exact copy" if psnr is None else f"{psnr:.1f} dB"
    return (
        f"{job.names}: {image.n_colors_before} -> {len(image.palette.colors)} "
        f"colours, {quality}, {n_bytes / 1000:.1f} -> {n_written / 1000:.1f} kB"
    )


def _report(
    job: Job,
    source_format: str,
    source_bytes: int,
    png: bytes,
    pixels: "NDArray[np.uint8]",
    histogram: "ColorCounts",
    image: "QuantizedImage",
    settings: QuantizeSettings,
    trials: "tuple[Trial, ...]",
) -> "Report":
    from kmcli.image_io import png_bit_depth
    from kmcli.quantize import measure_ssim, quantize_randomly
    from kmcli.report.quantize import QuantizeOutcome, quantize_report

    baseline = quantize_randomly(pixels, settings, histogram=histogram)
    outcome = QuantizeOutcome(
        source=job.source,
        source_format=source_format,
        source_bytes=source_bytes,
        output=job.output,
        output_bytes=len(png),
        bit_depth=png_bit_depth(png),
        image=image,
        ssim=measure_ssim(pixels, image),
        baseline=baseline,
        baseline_ssim=measure_ssim(pixels, baseline),
        settings=settings,
        trials=trials,
    )
    return quantize_report(outcome)
