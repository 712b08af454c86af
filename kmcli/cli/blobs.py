"""The command ``kmcli blobs``."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from kmcli.cli import console, outputs
from kmcli.cli.numbers import Integer, read_decimal
from kmcli.cli.options import (
    ANY_PATH,
    GroupedCommand,
    OutputOptions,
    ReportOptions,
    clusters_option,
    figure_options,
    kmeans_options,
    option,
    output_options,
    parse_range,
    report_options,
    start_seed_option,
)
from kmcli.errors import ExitCode
from kmcli.files import STREAM, Stored
from kmcli.settings import (
    SHAPES,
    BlobsSettings,
    ColumnChoice,
    Init,
    KMeansSettings,
    PointsSpec,
    StartName,
)
from kmcli.text import counted, number

if TYPE_CHECKING:
    from kmcli.blobs import BlobsResult, Trace
    from kmcli.blobs.data import Points
    from kmcli.blobs.trials import ScanStep, StartTrials

DATA_GROUP = "Data"
MORE_GROUP = "More to see"

_DEFAULT_N_INIT = KMeansSettings().n_init
_MAX_SCAN = 50
_INITS: dict[str, Init] = {"k-means++": "k-means++", "random": "random"}


@dataclass(frozen=True)
class _Extras:
    """Results besides the clustering itself."""

    trace: "Trace | None"
    scan: "tuple[ScanStep, ...]"
    trials: "tuple[StartTrials, ...]"


@click.command(
    cls=GroupedCommand,
    short_help="Show k-means at work on points in the plane.",
    epilog="Example: kmcli blobs -k 3 --init far --steps writes blobs.png, and the steps as "
    "blobs-steps.png and blobs-steps.gif.",
)
@clusters_option(None, 100)
@output_options()
@report_options()
@option(
    "--samples",
    group=DATA_GROUP,
    type=Integer(),
    metavar="N",
    default=PointsSpec().n_samples,
    show_default=True,
    help="Number of points.",
)
@option(
    "--shape",
    group=DATA_GROUP,
    type=click.Choice(SHAPES),
    default=PointsSpec().shape,
    show_default=True,
    help="Shape of the groups. k-means suits blobs; it fails on most of the others.",
)
@option(
    "--centers",
    group=DATA_GROUP,
    type=Integer(),
    metavar="N",
    help="Number of groups, for blobs and anisotropic.  [default: 4 and 3]",
)
@option(
    "--std",
    group=DATA_GROUP,
    metavar="X[,X...]",
    help="Standard deviation: one for all groups, or one per group.  [default: 0.6]",
)
@option(
    "--data",
    group=DATA_GROUP,
    metavar="FILE",
    type=ANY_PATH,
    help="Cluster points from a table instead, such as CSV or JSON Lines; - is standard input.",
)
@option(
    "--columns",
    group=DATA_GROUP,
    metavar="LIST",
    help="Columns to cluster by: names, #3, a:f, 'pct_*'.  [default: numeric columns]",
)
@option(
    "--label",
    group=DATA_GROUP,
    metavar="NAME",
    help="Column with the true groups, to compare the clusters with.",
)
@option(
    "--scale",
    group=DATA_GROUP,
    type=click.Choice(["none", "standard"]),
    default="none",
    show_default=True,
    help="How to scale the columns of the table; standard: to mean 0 and standard deviation 1.",
)
@option(
    "--steps",
    group=MORE_GROUP,
    is_flag=True,
    help="Draw the steps of one run, as blobs-steps.png and as an animation.",
)
@option(
    "--animation",
    group=MORE_GROUP,
    type=click.Choice(["gif", "apng"]),
    default="gif",
    show_default=True,
    help="Format of the animation.",
)
@option(
    "--scan",
    group=MORE_GROUP,
    callback=parse_range(_MAX_SCAN),
    metavar="A:B",
    help="Score A to B clusters to help choose k; draws blobs-scan.png.",
)
@option(
    "--compare-init",
    group=MORE_GROUP,
    type=Integer(1, 1000),
    metavar="N",
    help="Compare N single runs each of k-means++ and random; draws blobs-init.png.",
)
@option(
    "--html",
    group=MORE_GROUP,
    metavar="FILE",
    type=ANY_PATH,
    help="Write an interactive web page: step, run, move centres, draw and paint points.",
)
@option(
    "--csv",
    group=MORE_GROUP,
    metavar="FILE",
    type=ANY_PATH,
    help="Write the points with clusters and distances as CSV; - is standard output.",
)
@figure_options()
@kmeans_options(
    f"[default: {_DEFAULT_N_INIT}]",
    inits="k-means++|random|far|FILE.csv",
    init_help="How to choose the initial centres: k-means++ or random as in scikit-learn, far "
    "(around the origin), or a CSV file with one centre per row.",
)
@start_seed_option()
def blobs(**options: Any) -> ExitCode:
    """Show k-means at work on points in the plane.

    Draws the data before and after clustering, and reports how good the clustering is.
    """
    spec = PointsSpec(
        n_samples=options["samples"],
        shape=options["shape"],
        n_centers=options["centers"],
        std=_parse_std(options["std"]),
        random_state=options["seed"],
    )
    to = OutputOptions(None, options["output_dir"], options["force"])
    reports = ReportOptions(
        options["report"], options["json"], options["report_file"], options["quiet"]
    )
    settings = _settings(options, spec)
    written = _outputs(options)
    inputs = [name for name in (options["data"], _start_file(options)) if name is not None]
    outputs.check(
        written,
        reports,
        to,
        inputs=inputs,
        data_on_stdout=options["csv"] == STREAM,
        data_option="--csv",
        may_exist=True,
    )

    # Late, so that help and usage errors come at once.
    from kmcli.blobs import run_blobs

    points = _points(options, spec)
    shape = None if options["data"] is not None else spec.shape
    result = run_blobs(points, settings, shape)
    extras = _run_extras(result, options, quiet=reports.quiet)
    files = list(_draw(result, extras, options))
    if options["csv"] is not None:
        from kmcli.report.blobs_csv import blobs_csv

        found = result.clustering
        files.append((options["csv"], blobs_csv(points, found.labels, found.centers)))
    report = None
    if reports.wanted:
        from kmcli.report.blobs import blobs_report

        report = blobs_report(result, shape, extras.trace, extras.scan, extras.trials)
    outputs.write_all(files, report, reports, to)
    if not reports.quiet:
        shown = ", ".join(path for path in written if path != STREAM)
        found = result.clustering
        console.say(
            f"blobs: {len(points.values)} points in {counted(len(found.centers), 'cluster')}, "
            f"inertia {number(found.inertia)} after {counted(found.n_iter, 'iteration')} -> {shown}"
        )
    return ExitCode.DONE


def _parse_std(text: str | None) -> tuple[float, ...]:
    numbers = [read_decimal(word) for word in text.split(",")] if text else []
    known = tuple(number for number in numbers if number is not None)
    if len(known) < len(numbers):
        raise click.UsageError(f"--std {text!r} is not a number, or several with commas")
    return known


def _start_file(options: dict[str, Any]) -> str | None:
    return None if options["init"] in ("k-means++", "random", "far") else str(options["init"])


def _settings(options: dict[str, Any], spec: PointsSpec) -> BlobsSettings:
    start: StartName = "far" if options["init"] == "far" else "points"
    start_points: tuple[tuple[float, ...], ...] = ()
    name = _start_file(options)
    if name is not None and not (name.endswith(".csv") or os.path.exists(name)):
        raise click.UsageError(f"--init {name}: expected k-means++, random, far or a CSV file")
    if options["init"] in _INITS:
        start = _INITS[options["init"]]
    elif name is not None:
        from kmcli.tables.source import choose, open_table
        from kmcli.tables.whole import read_values

        values = read_values(choose(open_table([Stored(name)])))
        start_points = tuple(map(tuple, values.tolist()))
    n_clusters = options["clusters"]
    if n_clusters is None and start_points:
        n_clusters = len(start_points)
    if n_clusters is None:
        n_clusters = 4 if options["data"] or spec.shape == "uniform" else spec.group_count
    n_init = options["n_init"]
    if n_init is not None and n_init > 1 and start in ("far", "points"):
        raise click.UsageError(
            f"--init {options['init']} is a single initialisation, but --n-init asks for {n_init}"
        )
    start_seed = options["start_seed"]
    kmeans = KMeansSettings(
        n_clusters=n_clusters,
        init=_INITS.get(options["init"], "k-means++"),
        n_init=n_init or _DEFAULT_N_INIT,
        max_iter=options["max_iter"],
        tol=options["tol"],
        algorithm=options["algorithm"],
        random_state=options["seed"] if start_seed is None else start_seed,
    )
    return BlobsSettings(kmeans, start, start_points)


def _points(options: dict[str, Any], spec: PointsSpec) -> "Points":
    from kmcli.blobs.data import make_points

    name = options["data"]
    if name is None:
        for given in ("columns", "label"):
            if options[given] is not None:
                raise click.UsageError(f"--{given} needs --data")
        if options["scale"] != "none":
            raise click.UsageError("--scale needs --data")
        return make_points(spec)
    from kmcli.blobs.table import read_points
    from kmcli.tables.source import open_table

    columns = tuple(options["columns"].split(",")) if options["columns"] else ()
    points, left_out = read_points(
        open_table([Stored(name)]),
        ColumnChoice(columns),
        label=options["label"],
        scale=options["scale"] == "standard",
        source="standard input" if name == STREAM else name,
    )
    if left_out and not options["quiet"]:
        shown = ", ".join(f"{column.name} ({column.why})" for column in left_out)
        console.say(f"blobs: left out {shown}")
    if points.n_incomplete and not options["quiet"]:
        console.say(f"blobs: left out {counted(points.n_incomplete, 'row')} with missing values")
    return points


def _path(options: dict[str, Any], name: str) -> str:
    return os.path.join(options["output_dir"] or "", name)


def _animation_name(options: dict[str, Any]) -> str:
    # An APNG is a PNG; by its name it must not take the strip's place.
    return "blobs-steps.gif" if options["animation"] == "gif" else "blobs-animated.png"


def _outputs(options: dict[str, Any]) -> list[str]:
    names = ["blobs.png"]
    if options["steps"]:
        names += ["blobs-steps.png", _animation_name(options)]
    if options["scan"]:
        names.append("blobs-scan.png")
    if options["compare_init"]:
        names.append("blobs-init.png")
    paths = [_path(options, name) for name in names]
    return [*paths, *(options[key] for key in ("html", "csv") if options[key] is not None)]


def _run_extras(result: "BlobsResult", options: dict[str, Any], *, quiet: bool) -> _Extras:
    from kmcli.blobs import trace_start
    from kmcli.blobs.trials import compare_starts, scan_clusters

    points, settings = result.points, result.settings
    trace = trace_start(result) if options["steps"] else None
    n_runs, numbers = options["compare_init"], options["scan"]
    n_fits = 2 * (n_runs or 0) + len(numbers or ())
    with console.progress(n_fits, quiet=quiet) as progress:
        scan: tuple[ScanStep, ...] = ()
        if numbers:
            scan = scan_clusters(points, settings.kmeans, numbers, progress.advance)
        trials: tuple[StartTrials, ...] = ()
        if n_runs:
            trials = compare_starts(result, n_runs, progress.advance)
    return _Extras(trace, scan, trials)


def _draw(
    result: "BlobsResult", extras: _Extras, options: dict[str, Any]
) -> Iterator[tuple[str, bytes]]:
    from kmcli.figures import blobs as figures
    from kmcli.figures import blobs_trials
    from kmcli.figures.style import Style, to_png

    style = Style(options["theme"], options["dpi"], options["size"])
    yield _path(options, "blobs.png"), to_png(figures.draw_overview(result, style))
    if extras.trace is not None:
        from kmcli.image_io import encode_animation

        strip = figures.draw_steps(result.points, extras.trace, style)
        yield _path(options, "blobs-steps.png"), to_png(strip)
        frames = list(figures.draw_animation(result.points, extras.trace, style))
        animation = encode_animation(frames, options["animation"], 1500)
        yield _path(options, _animation_name(options)), animation
    if extras.scan:
        figure = blobs_trials.draw_scan(result.points, extras.scan, style)
        yield _path(options, "blobs-scan.png"), to_png(figure)
    if extras.trials:
        figure = blobs_trials.draw_starts(extras.trials, style)
        yield _path(options, "blobs-init.png"), to_png(figure)
    if options["html"] is not None:
        from kmcli.figures.blobs_page import page

        yield options["html"], page(result, style)
