"""The command ``kmcli quantize``."""

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from kmcli.cli import batch
from kmcli.cli.inputs import find_inputs
from kmcli.cli.jobs import is_stream, plan_jobs
from kmcli.cli.options import ANY_PATH, BatchOptions, GroupedCommand, OutputOptions, ReportOptions
from kmcli.cli.quantize import palettes
from kmcli.cli.quantize.format import choose_encoding
from kmcli.cli.quantize.options import given, quantize_options
from kmcli.cli.quantize.picture import Work
from kmcli.cli.quantize.reading import Reader
from kmcli.errors import ExitCode, KmcliError
from kmcli.files import STREAM
from kmcli.settings import MAX_COLORS, QuantizeSettings, Target

if TYPE_CHECKING:
    from kmcli.quantize.palette import Palette


@click.command(
    cls=GroupedCommand,
    short_help="Reduce pictures to few colours.",
    epilog="Example: kmcli quantize photo.jpg -k 16 writes photo-k16.png beside photo.jpg.",
)
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True, type=ANY_PATH)
@quantize_options()
def quantize(images: tuple[str, ...], **options: Any) -> ExitCode:
    """Reduce pictures to few colours, learned from their pixels by k-means.

    Reads any common image format, from files, folders (with -r) or standard input (-), and
    writes indexed PNGs. A picture that has no more colours than asked for is copied exactly.
    """
    _refuse_names(options, images)
    _refuse_contradictions(options)
    encoding = choose_encoding(options["output"], optimize=options["optimize"])
    context = click.get_current_context()
    palettes.refuse_contradictions(context, options, images)
    palette = options["palette"]
    if palette is not None:
        palette = palettes.read_palette(palette, options["max_input_bytes"])
    target = _target(options)
    numbers = _numbers(options, palette)
    versions = tuple(_settings(n_colors, options) for n_colors in numbers)
    to = OutputOptions(options["output"], options["output_dir"], options["force"])
    reports = ReportOptions(
        options["report"], options["json"], options["report_file"], options["quiet"]
    )
    batch_options = BatchOptions(
        jobs=options["jobs"],
        skipped_ok=options["skipped_ok"],
        in_place=options["in_place"],
        dry_run=options["dry_run"],
    )
    suffix = options["suffix"]
    if suffix is not None:
        endings = [f"{suffix}.png"]
    elif palette is not None:
        endings = ["-palette.png"]
    else:
        endings = ["-auto.png"] if target else [f"-k{each.n_colors}.png" for each in versions]
    inputs = find_inputs(
        images, recursive=options["recursive"], output_dir=to.output_dir, suffix=suffix or ""
    )
    sheet = "-compare.png" if options["compare"] else None
    palettes.refuse_several(options, len(inputs))
    palette_out = options["palette_out"]
    besides = [] if palette_out is None else [palette_out]
    jobs = plan_jobs(inputs, endings, to, batch_options, reports, sheet, besides)
    written = [*besides, *filter(None, [reports.report_file])]
    for what, path in (("palette", options["palette"]), ("mask", options["weight_mask"])):
        if path is not None:
            palettes.refuse_overwriting(path, what, jobs, written)
    read = Reader(
        frame=options["frame"],
        encoding=encoding,
        in_place=options["in_place"],
        keep_mtime=options["keep_mtime"],
        learns=palette is None,
        max_pixels=options["max_pixels"],
        max_bytes=options["max_input_bytes"],
    )
    work = Work(
        read=read,
        versions=versions,
        target=target,
        region=options["region"],
        weight_mask=options["weight_mask"],
        skip_if_larger=options["skip_if_larger"],
        with_report=reports.wanted,
        terminal=_terminal(options),
        palettes=None if palette is None else (palette,),
        palette_out=None if options["shared_palette"] else palette_out,
    )
    shared: Sequence[Palette] = ()
    if options["shared_palette"]:
        shared = _shared_palettes(work, [job.source for job in jobs], batch_options)
        if shared:
            palettes_ = tuple(each.colors for each in shared)
            work = replace(work, palettes=palettes_, read=replace(read, learns=False))
    code = batch.run(jobs, work, to, batch_options, reports)
    if shared and palette_out is not None and not batch_options.dry_run:
        palettes.write_shared(shared[0], palette_out, code, to, quiet=reports.quiet)
    return code


def _refuse_names(options: dict[str, Any], images: Sequence[str]) -> None:
    """Refuse names of inputs and outputs that make no sense together."""
    for image in images:
        if image.isascii() and image.isdecimal() and not os.path.lexists(image):
            raise click.UsageError(
                f"there is no file {image}; a number of colours is given as -k {image}"
            )
    places = given(options, "output", "output_dir", "in_place")
    if len(places) > 1:
        raise click.UsageError(
            f"{' and '.join(places)} each say where the output goes: give one of them"
        )
    if options["in_place"] and options["suffix"] is not None:
        raise click.UsageError("--in-place keeps the names, --suffix changes them: give one")
    if options["in_place"] and options["frame"] is not None:
        raise click.UsageError(
            "--in-place with --frame would lose all other frames of an animation: use -o or -d"
        )
    if options["keep_mtime"] and STREAM in (*images, options["output"]):
        raise click.UsageError(
            "--keep-mtime copies the time of a file to a file, and a standard stream has none"
        )
    if options["suffix"] is not None and options["output"] is not None:
        raise click.UsageError("-o gives the whole name, --suffix the end of it: give one")


def _refuse_contradictions(options: dict[str, Any]) -> None:
    n_versions = len(options["colors"] or (0,))
    targets = given(options, "min_psnr", "max_delta_e", "max_size")
    if n_versions > 1:
        for name in ("output", "in_place", "suffix"):
            if given(options, name):
                raise click.UsageError(
                    f"{given(options, name)[0]} names one output, but -k asks for {n_versions}; "
                    "use -d"
                )
        if targets:
            raise click.UsageError(
                f"{targets[0]} decides how many colours there are; with it -k is one number, "
                "the most allowed"
            )
    if options["dither_strength"] is not None and options["dither"] == "none":
        raise click.UsageError(
            "--dither-strength has nothing to weaken without --dither, which takes "
            "floyd-steinberg, bayer or blue-noise"
        )
    sources = given(options, "region", "weight_mask", "shared_palette")
    if len(sources) > 1:
        raise click.UsageError(
            f"{' and '.join(sources)} each say what the palette is learned from: give one"
        )
    if options["shared_palette"] and targets:
        raise click.UsageError(
            f"{targets[0]} finds the number of colours of one picture, --shared-palette learns "
            "from all: give one"
        )


def _numbers(options: dict[str, Any], palette: Any) -> tuple[int, ...]:
    """Find how many colours each version may have."""
    if palette is not None:
        return (len(palette),)
    most = MAX_COLORS if _target(options) else QuantizeSettings().n_colors
    return options["colors"] or (most,)


def _target(options: dict[str, Any]) -> Target | None:
    target = {name: options[name] for name in ("min_psnr", "max_delta_e", "max_size")}
    return None if set(target.values()) == {None} else Target(**target)


def _settings(n_colors: int, options: dict[str, Any]) -> QuantizeSettings:
    strength = options["dither_strength"]
    return QuantizeSettings(
        n_colors=n_colors,
        space=options["space"],
        effort=options["effort"],
        locked=options["lock"],
        order=options["order"],
        dither=options["dither"],
        dither_strength=1.0 if strength is None else strength,
        init=options["init"],
        n_init=options["n_init"],
        max_iter=options["max_iter"],
        tol=options["tol"],
        algorithm=options["algorithm"],
        random_state=options["seed"],
    )


def _terminal(options: dict[str, Any]) -> Any:
    if not options["preview"] or options["quiet"]:
        return None
    from kmcli.cli.preview import find_terminal

    return find_terminal()


def _shared_palettes(
    work: Work, sources: list[str], options: BatchOptions
) -> "tuple[Palette, ...]":
    """Have all pictures counted together, and learn a palette for each version from that."""
    if any(map(is_stream, sources)):
        raise click.UsageError(
            "--shared-palette reads its inputs twice, which only files allow: save it first"
        )
    from kmcli.quantize import learn_ordered_palette
    from kmcli.quantize.histogram import merge_counts

    merged = None
    for counted in batch.results(work.count_colors, sources, options):
        if not isinstance(counted, KmcliError):  # what cannot be read now, cannot be later
            merged = counted if merged is None else merge_counts([merged, counted])
    if merged is None:
        return ()
    return tuple(learn_ordered_palette(merged, settings) for settings in work.versions)
