"""What is written and told about the versions of one picture: files, reports, sheet, preview."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kmcli.cli.quantize.batch import Outcome
from kmcli.cli.quantize.jobs import Job
from kmcli.cli.quantize.palettes import palette_bytes, palette_losses, transparency_notes
from kmcli.cli.quantize.picture import Picture
from kmcli.cli.quantize.request import Request
from kmcli.cli.quantize.versions import Version, encode_picture
from kmcli.errors import SkippedError
from kmcli.files import STREAM
from kmcli.image_io import index_bit_depth
from kmcli.quantize import QuantizedImage, measure_ssim
from kmcli.quantize.learn import random_palette
from kmcli.quantize.pipeline import remap_ordered
from kmcli.report.model import Field, Report
from kmcli.report.quantize import QuantizedFile, quantize_report
from kmcli.text import counted

if TYPE_CHECKING:
    from kmcli.cli.quantize.preview import Terminal
    from kmcli.figures.compare.view import Panel


@dataclass(frozen=True)
class Presentation:
    """The versions of one picture, and all that can be shown of them."""

    job: Job
    picture: Picture
    versions: Sequence[Version]
    request: Request

    def outcome(
        self,
        palettes: Sequence[NDArray[np.uint8]] | None,
        terminal: "Terminal | None",
    ) -> Outcome:
        """Put together what came of a job whose palettes were given, or not."""
        files = [(each.output, each.data) for each in self.versions if not self._is_skipped(each)]
        n_bytes = self.picture.n_bytes
        error = (
            None if files else SkippedError(f"not smaller than the {n_bytes} bytes of the input")
        )
        warnings = [*self.picture.animation.warnings]
        if palettes is not None:
            warnings += transparency_notes(palettes[0], self.versions[0].image)
        palette_out = self.request.palette_out
        if palette_out is not None and files and not self.request.shared_palette:
            palette = self.versions[0].image.palette
            files.append((palette_out, palette_bytes(palette, palette_out)))
            warnings += palette_losses(palette, palette_out)
        if self.job.sheet is not None and files:
            files.append((self.job.sheet, self._sheet()))
        if self.job.cloud is not None and files:
            files.append((self.job.cloud, self._cloud()))
        return Outcome(
            files=tuple(files),
            summaries=tuple(map(self._summary, self.versions)),
            warnings=tuple(warnings),
            reports=self._reports() if self.request.has_report else (),
            rows=tuple(map(self._row, self.versions)),
            error=error,
            preview=self._preview(terminal) if terminal is not None else "",
            mtime_ns=self.picture.mtime_ns,
        )

    def _is_skipped(self, version: Version) -> bool:
        return self.request.skip_if_larger and len(version.data) >= self.picture.n_bytes

    def _summary(self, version: Version) -> str:
        n_frames = self.picture.n_frames
        frames = f"{n_frames} frames, " if n_frames > 1 else ""
        source = "<stdin>" if self.job.source == STREAM else self.job.source
        output = "<stdout>" if version.output == STREAM else version.output
        return (
            f"{source} -> {'skipped, not smaller' if self._is_skipped(version) else output}: "
            f"{frames}{version.image.n_colors_before} -> "
            f"{counted(version.image.palette.n_used, 'colour')}, {_quality(version.image)}, "
            f"{self.picture.n_bytes / 1000:.1f} -> {len(version.data) / 1000:.1f} kB"
        )

    def _row(self, version: Version) -> list[Field]:
        n_used, n_written = version.image.palette.n_used, len(version.data)
        output = "skipped" if self._is_skipped(version) else version.output
        share = n_written / self.picture.n_bytes
        return [
            Field("input", "input", self.job.source),
            Field("output", "output", output),
            Field("k", "k", version.settings.n_colors),
            Field("colors_after", "colours", n_used),
            Field("psnr", "quality", version.image.psnr, _quality(version.image)),
            Field("output_bytes", "bytes", n_written, f"{n_written} ({share:.1%} of the input)"),
        ]

    @cached_property
    def _baselines(self) -> list[QuantizedImage]:
        frames, histogram = self.picture.animation.frames, self.picture.histogram
        baselines = []
        for settings in (version.settings for version in self.versions):
            drawn = random_palette(histogram, settings.n_colors, settings.random_state)
            baselines.append(remap_ordered(frames, histogram, drawn, settings))
        return baselines

    def _reports(self) -> tuple[Report, ...]:
        frames = self.picture.animation.frames
        return tuple(
            quantize_report(
                QuantizedFile(
                    status="skipped" if self._is_skipped(version) else "done",
                    source=self.job.source,
                    source_format=self.picture.animation.format,
                    source_bytes=self.picture.n_bytes,
                    output=version.output,
                    output_bytes=len(version.data),
                    bit_depth=index_bit_depth(version.data),
                    image=version.image,
                    ssim=measure_ssim(frames, version.image),
                    baseline=baseline,
                    baseline_ssim=measure_ssim(frames, baseline),
                    settings=version.settings,
                    trials=version.trials,
                )
            )
            for version, baseline in zip(self.versions, self._baselines, strict=True)
        )

    def _sheet(self) -> bytes:
        from kmcli.figures.canvas import encode_png
        from kmcli.figures.compare.sheet import compare_sheet
        from kmcli.figures.compare.view import Panel

        n_colors = len(self.picture.histogram.colors)
        caption = (counted(n_colors, "colour", ","), f"{self.picture.n_bytes / 1000:.1f} kB")
        n_frames = self.picture.n_frames
        title = "original" if n_frames == 1 else f"original, frame 1 of {n_frames}"
        original = Panel(title, caption, self.picture.animation.frames[0])
        columns = []
        for version, baseline in zip(self.versions, self._baselines, strict=True):
            n_drawn = min(version.settings.n_colors, baseline.indices.size)
            random = encode_picture(self.picture, self.request, baseline)
            columns.append(
                (
                    _panel(_panel_title(version), version.image, version.data),
                    _panel(counted(n_drawn, "random pixel"), baseline, random),
                )
            )
        return encode_png(compare_sheet(original, columns))

    def _cloud(self) -> bytes:
        from kmcli.figures.cloud import draw_cloud
        from kmcli.figures.style import Style, to_png

        palettes = [(_panel_title(each), each.image.palette) for each in self.versions]
        return to_png(draw_cloud(self.picture.histogram, palettes, Style(self.request.theme)))

    def _preview(self, terminal: "Terminal") -> str:
        from kmcli.cli.quantize.preview import render_preview

        shown = [(image, image.palette.colors) for image in (each.image for each in self.versions)]
        pixels = self.picture.animation.frames[0]
        return "".join(
            render_preview(pixels, colors[image.indices[0]], colors, terminal)
            for image, colors in shown
        )


def _panel_title(version: Version) -> str:
    """Say how many colours there are, and how many there could be."""
    n_colors, asked = len(version.image.palette.colors), version.settings.n_colors
    return counted(n_colors, "colour") + (f", {asked} allowed" if n_colors < asked else "")


def _panel(title: str, image: QuantizedImage, data: bytes) -> "Panel":
    from kmcli.figures.compare.view import Panel

    caption = (_quality(image), f"{len(data) / 1000:.1f} kB")
    palette = image.palette
    return Panel(title, caption, image.indices[0], palette.colors, palette.shares)


def _quality(image: QuantizedImage) -> str:
    return "exact copy" if image.psnr is None else f"{image.psnr:.1f} dB"
