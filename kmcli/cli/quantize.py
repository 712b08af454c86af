"""The command ``kmcli quantize``."""

import functools
from typing import TYPE_CHECKING, Any

import click

from kmcli.cli import batch
from kmcli.cli.options import (
    COMMON_GROUP,
    GroupedCommand,
    OutputOptions,
    ReportOptions,
    kmeans_options,
    option,
    report_options,
)
from kmcli.errors import ExitCode
from kmcli.settings import MAX_COLORS, MAX_INPUT_BYTES, MAX_PIXELS, QuantizeSettings

if TYPE_CHECKING:
    from kmcli.report.model import Report

LIMITS_GROUP = "Limits"


@click.command(
    cls=GroupedCommand,
    epilog="Example: kmcli quantize photo.jpg -k 16 writes photo-k16.png beside photo.jpg.",
)
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True, type=click.Path())
@option(
    "-k",
    "--colors",
    group=COMMON_GROUP,
    type=click.IntRange(1, MAX_COLORS),
    metavar="N",
    default=QuantizeSettings().n_colors,
    show_default=True,
    help=f"Most colours of the result, 1 to {MAX_COLORS}.",
)
@option(
    "-o",
    "--output",
    group=COMMON_GROUP,
    metavar="FILE",
    type=click.Path(),
    help="Output of a single input; - is standard output.  [default: NAME-kN.png]",
)
@option(
    "-d",
    "--output-dir",
    group=COMMON_GROUP,
    metavar="DIR",
    type=click.Path(),
    help="Folder for outputs with default names, made if missing.  [default: beside the input]",
)
@option(
    "-f",
    "--force",
    group=COMMON_GROUP,
    is_flag=True,
    help="Replace existing outputs.",
)
@report_options()
@kmeans_options("[default: 16, fewer from 32 colours on]")
@option(
    "--max-pixels",
    group=LIMITS_GROUP,
    type=click.IntRange(min=1),
    metavar="N",
    default=MAX_PIXELS,
    show_default=True,
    help="Refuse larger pictures before they are decoded.",
)
@option(
    "--max-input-bytes",
    group=LIMITS_GROUP,
    type=click.IntRange(min=1),
    metavar="N",
    default=MAX_INPUT_BYTES,
    show_default=True,
    help="Refuse larger files, and stop reading from a pipe.",
)
def quantize(images: tuple[str, ...], **options: Any) -> ExitCode:
    """Reduce pictures to few colours, learned from their pixels by k-means.

    Reads any common image format, from files or from standard input (-), and writes indexed
    PNGs. A picture that has no more colours than asked for is copied exactly.
    """
    settings = QuantizeSettings(
        n_colors=options["colors"],
        init=options["init"],
        n_init=options["n_init"],
        max_iter=options["max_iter"],
        tol=options["tol"],
        algorithm=options["algorithm"],
        random_state=options["seed"],
    )
    to = OutputOptions(options["output"], options["output_dir"], options["force"])
    reports = ReportOptions(
        options["report"], options["json"], options["report_file"], options["quiet"]
    )
    jobs = batch.plan(images, f"-k{settings.n_colors}.png", to, reports)
    work = functools.partial(
        _quantize_file,
        settings=settings,
        force=to.force,
        with_report=reports.wanted,
        max_pixels=options["max_pixels"],
        max_bytes=options["max_input_bytes"],
    )
    return batch.run(jobs, work, force=to.force, reports=reports)


def _quantize_file(
    job: batch.Job,
    *,
    settings: QuantizeSettings,
    force: bool,
    with_report: bool,
    max_pixels: int,
    max_bytes: int,
) -> batch.Outcome:
    # Late, so that help and usage errors come at once.
    from kmcli.files import publish, read_input
    from kmcli.image_io import decode_image, encode_indexed_png, png_bit_depth
    from kmcli.quantize import measure_ssim, quantize_image, quantize_randomly

    data = read_input(job.source, max_bytes)
    n_bytes = len(data)
    decoded = decode_image(data, max_pixels)
    image = quantize_image(decoded.pixels, settings)
    png = encode_indexed_png(image.palette.colors, image.indices)
    reports: tuple[Report, ...] = ()
    if with_report:
        from kmcli.report.quantize import QuantizeOutcome, quantize_report

        baseline = quantize_randomly(decoded.pixels, settings)
        outcome = QuantizeOutcome(
            source=job.source,
            source_format=decoded.format,
            source_bytes=n_bytes,
            output=job.output,
            output_bytes=len(png),
            bit_depth=png_bit_depth(png),
            image=image,
            ssim=measure_ssim(decoded.pixels, image),
            baseline=baseline,
            baseline_ssim=measure_ssim(decoded.pixels, baseline),
            settings=settings,
        )
        reports = (quantize_report(outcome),)
    publish(png, job.output, force=force)
    psnr = image.fidelity.psnr
    quality = "exact copy" if psnr is None else f"{psnr:.1f} dB"
    summary = (
        f"{job.names}: {image.n_colors_before} -> {len(image.palette.colors)} "
        f"colours, {quality}, {n_bytes / 1000:.1f} -> {len(png) / 1000:.1f} kB"
    )
    return batch.Outcome(summary, decoded.warnings, reports)
