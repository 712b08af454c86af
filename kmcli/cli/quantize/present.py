"""What is written and told about the versions of one picture: files, reports, sheet, preview."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kmcli.cli.quantize.jobs import Job
from kmcli.cli.quantize.outcome import Outcome
from kmcli.cli.quantize.palettes import palette_bytes, palette_losses, transparency_notes
from kmcli.cli.quantize.request import Request
from kmcli.cli.quantize.versions import Version, encode_picture
from kmcli.errors import SkippedError
from kmcli.files import STREAM
from kmcli.image_io import index_bit_depth
from kmcli.quantize import QuantizedImage, measure_ssim
from kmcli.report.model import Field, Report
from kmcli.report.quantize import QuantizedFile, quantize_report
from kmcli.text import counted

if TYPE_CHECKING:
    from kmcli.cli.quantize.preview import Terminal
    from kmcli.figures.compare.view import Panel


def present(
    versions: Sequence[Version],
    job: Job,
    request: Request,
    palettes: Sequence[NDArray[np.uint8]],
    terminal: "Terminal | None",
) -> Outcome:
    """Put together what came of a job, whose palettes were given or are none."""
    picture = versions[0].picture
    files = [(version.output, version.data) for version in versions if not version.is_skipped]
    error = None
    if not files:
        error = SkippedError(f"not smaller than the {picture.n_bytes} bytes of the input")
    warnings = [*picture.animation.warnings]
    if palettes:
        warnings += transparency_notes(palettes[0], versions[0].image)
    palette_out = None if request.shared_palette else request.palette_out
    if palette_out is not None and files:
        palette = versions[0].image.palette
        files.append((palette_out, palette_bytes(palette, palette_out)))
        warnings += palette_losses(palette, palette_out)
    if job.sheet is not None and files:
        files.append((job.sheet, _sheet(versions, request)))
    if job.cloud is not None and files:
        files.append((job.cloud, _cloud(versions, request)))
    return Outcome(
        files=tuple(files),
        summaries=tuple(map(_summary, versions)),
        warnings=tuple(warnings),
        reports=tuple(map(_report, versions)) if request.has_report else (),
        rows=tuple(map(_row, versions)),
        error=error,
        preview="".join(_preview(each, terminal) for each in versions) if terminal else "",
        mtime_ns=picture.mtime_ns,
    )


def _summary(version: Version) -> str:
    picture, image = version.picture, version.image
    frames = f"{picture.n_frames} frames, " if picture.n_frames > 1 else ""
    source = "<stdin>" if picture.source == STREAM else picture.source
    output = "<stdout>" if version.output == STREAM else version.output
    return (
        f"{source} -> {'skipped, not smaller' if version.is_skipped else output}: "
        f"{frames}{image.n_colors_before} -> {counted(image.palette.n_used, 'colour')}, "
        f"{_quality(image)}, {picture.n_bytes / 1000:.1f} -> {len(version.data) / 1000:.1f} kB"
    )


def _row(version: Version) -> list[Field]:
    n_written = len(version.data)
    share = n_written / version.picture.n_bytes
    return [
        Field("input", "input", version.picture.source),
        Field("output", "output", "skipped" if version.is_skipped else version.output),
        Field("k", "k", version.settings.n_colors),
        Field("colors_after", "colours", version.image.palette.n_used),
        Field("psnr", "quality", version.image.psnr, _quality(version.image)),
        Field("output_bytes", "bytes", n_written, f"{n_written} ({share:.1%} of the input)"),
    ]


def _report(version: Version) -> Report:
    picture = version.picture
    return quantize_report(
        QuantizedFile(
            status="skipped" if version.is_skipped else "done",
            source=picture.source,
            source_format=picture.animation.format,
            source_bytes=picture.n_bytes,
            output=version.output,
            output_bytes=len(version.data),
            bit_depth=index_bit_depth(version.data),
            image=version.image,
            ssim=measure_ssim(picture.animation.frames, version.image),
            baseline=version.baseline,
            baseline_ssim=measure_ssim(picture.animation.frames, version.baseline),
            settings=version.settings,
            trials=version.trials,
        )
    )


def _sheet(versions: Sequence[Version], request: Request) -> bytes:
    from kmcli.figures.canvas import encode_png
    from kmcli.figures.compare.sheet import compare_sheet
    from kmcli.figures.compare.view import Panel

    picture = versions[0].picture
    n_colors = len(picture.histogram.colors)
    caption = (counted(n_colors, "colour", ","), f"{picture.n_bytes / 1000:.1f} kB")
    title = "original" if picture.n_frames == 1 else f"original, frame 1 of {picture.n_frames}"
    original = Panel(title, caption, picture.animation.frames[0])
    columns = []
    for version in versions:
        n_drawn = min(version.settings.n_colors, version.image.indices.size)
        random = encode_picture(picture, request, version.baseline)
        columns.append(
            (
                _panel(_panel_title(version), version.image, version.data),
                _panel(counted(n_drawn, "random pixel"), version.baseline, random),
            )
        )
    return encode_png(compare_sheet(original, columns))


def _cloud(versions: Sequence[Version], request: Request) -> bytes:
    from kmcli.figures.cloud import draw_cloud
    from kmcli.figures.style import Style, to_png

    palettes = [(_panel_title(version), version.image.palette) for version in versions]
    return to_png(draw_cloud(versions[0].picture.histogram, palettes, Style(request.theme)))


def _preview(version: Version, terminal: "Terminal") -> str:
    from kmcli.cli.quantize.preview import render_preview

    colors = version.image.palette.colors
    shown = colors[version.image.indices[0]]
    return render_preview(version.picture.animation.frames[0], shown, colors, terminal)


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
