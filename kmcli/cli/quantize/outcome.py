"""What is written and told about the versions of one picture: files, reports, sheet, preview."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from kmcli.cli.quantize.batch import Outcome
from kmcli.cli.quantize.jobs import Job
from kmcli.cli.quantize.palettes import palette_bytes, palette_losses
from kmcli.errors import SkippedError
from kmcli.files import STREAM
from kmcli.image_io import encode_indexed_png, index_bit_depth
from kmcli.quantize import QuantizedImage, measure_ssim, quantize_randomly
from kmcli.quantize.palette import count_text
from kmcli.quantize.targets import Trial
from kmcli.report.model import Field, Report
from kmcli.report.quantize import QuantizeOutcome, quantize_report
from kmcli.settings import QuantizeSettings

if TYPE_CHECKING:
    from kmcli.cli.quantize.preview import Terminal
    from kmcli.cli.quantize.reading import Picture
    from kmcli.figures.compare import Panel


@dataclass(frozen=True)
class Version:
    """A picture as it was quantized in one way.

    Attributes
    ----------
    output : str
        Where it goes.
    settings : QuantizeSettings
        How it was quantized.
    image : QuantizedImage
        The result.
    trials : tuple of Trial
        What was tried before, on the way to a target.
    data : bytes
        The file.
    """

    output: str
    settings: QuantizeSettings
    image: QuantizedImage
    trials: tuple[Trial, ...]
    data: bytes

    @property
    def quality(self) -> str:
        """How good it is, for people."""
        return _quality(self.image)


@dataclass(frozen=True)
class Presentation:
    """The versions of one picture, and all that can be shown of them."""

    job: Job
    picture: "Picture"
    versions: Sequence[Version]

    def outcome(
        self,
        *,
        skip_if_larger: bool,
        with_report: bool,
        terminal: "Terminal | None",
        mtime_ns: int | None,
        palette_out: str | None,
        notes: Sequence[str],
    ) -> Outcome:
        """Put together what came of a job."""
        n_bytes = self.picture.n_bytes
        skipped = [skip_if_larger and len(version.data) >= n_bytes for version in self.versions]
        pairs = list(zip(self.versions, skipped, strict=True))
        files = [(version.output, version.data) for version, is_skipped in pairs if not is_skipped]
        error = (
            None if files else SkippedError(f"not smaller than the {n_bytes} bytes of the input")
        )
        warnings = [*self.picture.decoded.warnings, *notes]
        if palette_out is not None and files:
            palette = self.versions[0].image.palette
            files.append((palette_out, palette_bytes(palette, palette_out)))
            warnings.extend(palette_losses(palette, palette_out))
        if self.job.sheet is not None and files:
            files.append((self.job.sheet, self._sheet()))
        return Outcome(
            files=tuple(files),
            summaries=tuple(self._summary(*pair) for pair in pairs),
            warnings=tuple(warnings),
            reports=self._reports(skipped) if with_report else (),
            rows=tuple(self._row(*pair) for pair in pairs),
            error=error,
            preview=self._preview(terminal) if terminal is not None else "",
            mtime_ns=mtime_ns,
        )

    def _summary(self, version: Version, is_skipped: bool) -> str:
        image, n_bytes = version.image, self.picture.n_bytes
        n_frames = self.picture.n_frames
        frames = f"{n_frames} frames, " if n_frames > 1 else ""
        source = "<stdin>" if self.job.source == STREAM else self.job.source
        output = "<stdout>" if version.output == STREAM else version.output
        return (
            f"{source} -> {'skipped, not smaller' if is_skipped else output}: "
            f"{frames}{image.n_colors_before} -> {count_text(image.palette.n_used)}, "
            f"{version.quality}, "
            f"{n_bytes / 1000:.1f} -> {len(version.data) / 1000:.1f} kB"
        )

    def _row(self, version: Version, is_skipped: bool) -> list[Field]:
        n_used, n_written = version.image.palette.n_used, len(version.data)
        output = "skipped" if is_skipped else version.output
        share = n_written / self.picture.n_bytes
        return [
            Field("input", "input", self.job.source, self.job.source),
            Field("output", "output", output, output),
            Field("k", "k", version.settings.n_colors, str(version.settings.n_colors)),
            Field("colors_after", "colours", n_used, str(n_used)),
            Field("psnr", "quality", version.image.psnr, version.quality),
            Field("output_bytes", "bytes", n_written, f"{n_written} ({share:.1%} of the input)"),
        ]

    @cached_property
    def _baselines(self) -> list[QuantizedImage]:
        pixels, histogram = self.picture.decoded.pixels, self.picture.histogram
        return [
            quantize_randomly(
                pixels,
                version.settings,
                histogram=histogram,
                n_frames=self.picture.n_frames,
            )
            for version in self.versions
        ]

    def _reports(self, skipped: Sequence[bool]) -> tuple[Report, ...]:
        versions = zip(self.versions, self._baselines, skipped, strict=True)
        return tuple(self._report(*each) for each in versions)

    def _report(self, version: Version, baseline: QuantizedImage, is_skipped: bool) -> Report:
        pixels = self.picture.decoded.pixels
        return quantize_report(
            QuantizeOutcome(
                status="skipped" if is_skipped else "done",
                source=self.job.source,
                source_format=self.picture.decoded.format,
                source_bytes=self.picture.n_bytes,
                output=version.output,
                output_bytes=len(version.data),
                bit_depth=index_bit_depth(version.data),
                n_frames=self.picture.n_frames,
                image=version.image,
                ssim=measure_ssim(pixels, version.image),
                baseline=baseline,
                baseline_ssim=measure_ssim(pixels, baseline),
                settings=version.settings,
                trials=version.trials,
            )
        )

    def _sheet(self) -> bytes:
        from kmcli.figures.canvas import encode_png
        from kmcli.figures.compare import Panel, compare_sheet

        n_colors = self.picture.histogram.colors.shape[0]
        caption = (count_text(n_colors), f"{self.picture.n_bytes / 1000:.1f} kB")
        first = self.picture.first_frame
        n_frames = self.picture.n_frames
        title = "original" if n_frames == 1 else f"original, frame 1 of {n_frames}"
        original = Panel(title, caption, self.picture.decoded.pixels[first])
        columns = []
        for version, baseline in zip(self.versions, self._baselines, strict=True):
            n_drawn = min(version.settings.n_colors, baseline.indices.size)
            random = encode_indexed_png(baseline.palette.colors, baseline.indices)
            columns.append(
                (
                    _panel(_panel_title(version), version.image, version.data, first),
                    _panel(count_text(n_drawn, "random pixel"), baseline, random, first),
                )
            )
        return encode_png(compare_sheet(original, columns))

    def _preview(self, terminal: "Terminal") -> str:
        from kmcli.cli.quantize.preview import render_preview

        first = self.picture.first_frame
        pixels = self.picture.decoded.pixels[first]
        return "".join(
            render_preview(pixels, each.image.pixels[first], each.image.palette.colors, terminal)
            for each in self.versions
        )


def _panel_title(version: Version) -> str:
    """Say how many colours there are, and how many there could be."""
    n_colors, asked = len(version.image.palette.colors), version.settings.n_colors
    return count_text(n_colors) + (f", {asked} allowed" if n_colors < asked else "")


def _panel(title: str, image: QuantizedImage, data: bytes, rows: slice) -> "Panel":
    from kmcli.figures.compare import Panel

    caption = (_quality(image), f"{len(data) / 1000:.1f} kB")
    palette = image.palette
    return Panel(title, caption, image.indices[rows], palette.colors, palette.shares)


def _quality(image: QuantizedImage) -> str:
    psnr = image.psnr
    return "exact copy" if psnr is None else f"{psnr:.1f} dB"
