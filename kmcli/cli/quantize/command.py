"""The command ``kmcli quantize``."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from kmcli.cli.options import ANY_PATH, BatchOptions, GroupedCommand, OutputOptions, ReportOptions
from kmcli.cli.quantize import batch, contradictions, palettes
from kmcli.cli.quantize.format import choose_encoding
from kmcli.cli.quantize.inputs import find_inputs
from kmcli.cli.quantize.jobs import is_stream, plan_jobs
from kmcli.cli.quantize.options import quantize_options
from kmcli.cli.quantize.picture import Work
from kmcli.cli.quantize.reading import Reader
from kmcli.errors import ExitCode, KmcliError
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
    contradictions.refuse_names(options, images)
    contradictions.refuse_methods(options)
    encoding = choose_encoding(options["output"], optimize=options["optimize"])
    context = click.get_current_context()
    contradictions.refuse_palettes(context, options, images)
    palette = options["palette"]
    if palette is not None:
        palette = palettes.read_palette(palette, options["max_input_bytes"], options["max_pixels"])
    target = _target(options)
    numbers = _numbers(options, palette, target)
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
    contradictions.refuse_several(options, len(inputs))
    palette_out = options["palette_out"]
    besides = [] if palette_out is None else [palette_out]
    jobs = plan_jobs(inputs, endings, to, batch_options, reports, sheet, besides)
    written = [*besides, *filter(None, [reports.report_file])]
    for what, path in (("palette", options["palette"]), ("mask", options["weight_mask"])):
        if path is not None:
            contradictions.refuse_overwriting(path, what, jobs, written)
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
            colors = tuple(each.colors for each in shared)
            work = replace(work, palettes=colors, read=replace(read, learns=False))
    code = batch.run(jobs, work, to, batch_options, reports)
    if shared and palette_out is not None and not batch_options.dry_run:
        palettes.write_shared(shared[0], palette_out, code, to, quiet=reports.quiet)
    return code


def _numbers(options: dict[str, Any], palette: Any, target: Target | None) -> tuple[int, ...]:
    """Find how many colours each version may have."""
    if palette is not None:
        return (len(palette),)
    most = MAX_COLORS if target else QuantizeSettings().n_colors
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
    from kmcli.cli.quantize.preview import find_terminal

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
