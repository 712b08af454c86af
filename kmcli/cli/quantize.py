"""The command ``kmcli quantize``."""

from typing import Any

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
from kmcli.cli.quantize_file import Work
from kmcli.errors import ExitCode
from kmcli.settings import MAX_COLORS, MAX_INPUT_BYTES, MAX_PIXELS, QuantizeSettings, Target

METHOD_GROUP = "Method"
TARGET_GROUP = "As many colours as it takes"
LIMITS_GROUP = "Limits"


def _target(options: dict[str, Any]) -> Target | None:
    target = {name: options[name] for name in ("min_psnr", "max_delta_e", "max_size")}
    return None if set(target.values()) == {None} else Target(**target)


def _n_colors(options: dict[str, Any]) -> int:
    """Without -k a target may use all the colours there are."""
    if options["colors"] is not None:
        return int(options["colors"])
    return MAX_COLORS if _target(options) else QuantizeSettings().n_colors


def _parse_colors(
    _context: click.Context, _option: click.Parameter, value: str | None
) -> tuple[tuple[int, int, int, int], ...]:
    from kmcli.quantize.palette import parse_colors

    return () if value is None else parse_colors(value)


def _parse_region(
    _context: click.Context, _option: click.Parameter, value: str | None
) -> tuple[int, ...] | None:
    if value is None:
        return None
    words = value.split(",")
    if len(words) != 4 or not all(word.strip().isdecimal() for word in words):
        raise click.BadParameter(f"{value!r} is not of the form X,Y,W,H, in pixels")
    left, top, width, height = map(int, words)
    if width == 0 or height == 0:
        raise click.BadParameter(f"{value!r} holds no pixels")
    return left, top, width, height


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
    help=f"Most colours of the result, 1 to {MAX_COLORS}.  [default: 16]",
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
@option(
    "--effort",
    group=METHOD_GROUP,
    type=click.Choice(["fast", "normal", "best"]),
    default=QuantizeSettings().effort,
    show_default=True,
    help="How long to search for a better palette.",
)
@option(
    "--space",
    group=METHOD_GROUP,
    type=click.Choice(["rgb", "oklab", "lab"]),
    default=QuantizeSettings().space,
    show_default=True,
    help="Where the error is made small: in RGB, or as it is perceived.",
)
@option(
    "--lock",
    group=METHOD_GROUP,
    metavar="COLORS",
    callback=_parse_colors,
    help="Colours to be in the palette exactly, like '#fff,#c00'; the others are learned "
    "around them.",
)
@option(
    "--order",
    group=METHOD_GROUP,
    type=click.Choice(["luminance", "share", "hue"]),
    default=QuantizeSettings().order,
    show_default=True,
    help="Order of the palette; from dark to light compresses best.",
)
@option(
    "--region",
    group=METHOD_GROUP,
    metavar="X,Y,W,H",
    callback=_parse_region,
    help="Learn the palette from this part of the picture only.",
)
@option(
    "--weight-mask",
    group=METHOD_GROUP,
    metavar="FILE",
    type=click.Path(),
    help="Grey picture of the same size: where it is light, colours count more.",
)
@option(
    "--min-psnr",
    group=TARGET_GROUP,
    type=click.FloatRange(min=0),
    metavar="DB",
    help="Fewest colours that reach this PSNR, at most -k.",
)
@option(
    "--max-delta-e",
    group=TARGET_GROUP,
    type=click.FloatRange(min=0),
    metavar="X",
    help="Fewest colours of at most this mean colour difference, at most -k; 2 is just noticeable.",
)
@option(
    "--max-size",
    group=TARGET_GROUP,
    type=click.IntRange(min=0),
    metavar="BYTES",
    help="Most colours whose PNG is not larger than this, at most -k.",
)
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
        n_colors=_n_colors(options),
        space=options["space"],
        effort=options["effort"],
        locked=options["lock"],
        order=options["order"],
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
    if options["region"] is not None and options["weight_mask"] is not None:
        raise click.UsageError("--region and --weight-mask both say what counts: give one")
    work = Work(
        settings=settings,
        target=_target(options),
        region=options["region"],
        weight_mask=options["weight_mask"],
        force=to.force,
        with_report=reports.wanted,
        max_pixels=options["max_pixels"],
        max_bytes=options["max_input_bytes"],
    )
    suffix = "-auto.png" if work.target else f"-k{settings.n_colors}.png"
    jobs = batch.plan(images, suffix, to, reports)
    return batch.run(jobs, work, force=to.force, reports=reports)
