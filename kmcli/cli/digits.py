"""The command ``kmcli digits``."""

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from kmcli.cli import console, outputs
from kmcli.cli.declaring import ANY_PATH, GroupedCommand, option
from kmcli.cli.numbers import Integer
from kmcli.cli.options import (
    FIGURE_GROUP,
    OutputOptions,
    clusters_option,
    figure_options,
    kmeans_options,
    kmeans_settings,
    output_options,
    range_reader,
    report_options,
    start_seed_option,
)
from kmcli.errors import ExitCode, SettingsError
from kmcli.files import STREAM
from kmcli.settings import (
    MAX_DIGIT_CLUSTERS,
    N_DIGITS,
    DigitsSettings,
    Embedding,
    EmbeddingMethod,
    KMeansSettings,
)
from kmcli.text import counted

if TYPE_CHECKING:
    from kmcli.digits import DigitsResult
    from kmcli.digits.trials import InitTrials, ScanStep

DIGITS_GROUP = "Digits"

_DEFAULT_N_INIT = KMeansSettings().n_init


def _parse_embedding(_context: click.Context, _parameter: click.Parameter, value: str) -> Embedding:
    methods: dict[str, EmbeddingMethod] = {"none": "none", "tsne": "tsne", "scale": "scale"}
    if value in methods:
        return Embedding(methods[value])
    method, _, number = value.partition(":")
    if method != "pca" or not (number.isascii() and number.isdigit() and len(number) < 10):
        raise click.BadParameter(f"{value!r} is not one of none, pca:N, tsne, scale")
    try:
        return Embedding("pca", int(number))
    except SettingsError as error:
        raise click.BadParameter(f"{value!r}: {error}") from None


@click.command(
    cls=GroupedCommand,
    short_help="Cluster handwritten digits without their labels.",
    epilog="Example: kmcli digits --report writes digits-centroids.png, digits-pca.png and "
    "digits-confusion.png into the current folder and prints the report.",
)
@clusters_option(N_DIGITS, MAX_DIGIT_CLUSTERS)
@output_options
@report_options()
@option(
    "--embed",
    group=DIGITS_GROUP,
    callback=_parse_embedding,
    metavar="E",
    default=str(Embedding()),
    help="What to cluster: none (the pixels as they are), pca:N, tsne or scale.",
)
@option(
    "--match",
    group=DIGITS_GROUP,
    type=click.Choice(["one-to-one", "majority"]),
    help="How to match clusters with digits.  [default: one-to-one up to k = 10, else majority]",
)
@option(
    "--runs",
    group=DIGITS_GROUP,
    type=Integer(1, 1000),
    metavar="N",
    help="Compare N single runs of each kind of initialisation; draws digits-init.png.",
)
@option(
    "--scan",
    group=DIGITS_GROUP,
    type=range_reader(MAX_DIGIT_CLUSTERS),
    metavar="A:B",
    help="Score A to B clusters as well; draws digits-scan.png.",
)
@option(
    "--csv",
    group=DIGITS_GROUP,
    type=ANY_PATH,
    metavar="FILE",
    help="Write the cluster and digit of each picture as CSV; - is standard output.",
)
@option(
    "--misses",
    group=DIGITS_GROUP,
    is_flag=True,
    help="Also draw the digits that were matched wrongly, as digits-misses.png.",
)
@option(
    "--no-pictures",
    group=FIGURE_GROUP,
    is_flag=True,
    help="Do not draw pictures.",
)
@figure_options
@kmeans_options(f"[default: {_DEFAULT_N_INIT}]")
@start_seed_option
def digits(**options: Any) -> ExitCode:
    """Cluster handwritten digits without their labels, then compare with the labels.

    The data are the 1797 pictures of 8 x 8 pixels that come with scikit-learn.
    """
    settings = DigitsSettings(
        kmeans=kmeans_settings(
            options, options["clusters"], options["init"], options["n_init"] or _DEFAULT_N_INIT
        ),
        embedding=replace(options["embed"], random_state=options["seed"]),
        match=options["match"],
    )
    to = OutputOptions.of(options)
    csv = options["csv"]
    pictures = _plan_pictures(options)
    written = [*pictures.values(), *([csv] if csv is not None else [])]
    if not written and not to.has_report:
        raise click.UsageError("nothing to do with --no-pictures; add --report, --json or --csv")
    outputs.check(
        written,
        to,
        data_on_stdout=csv == STREAM,
        data_option="--csv",
        may_exist=True,
    )

    # Late, so that help and usage errors come at once.
    from kmcli.digits import run_digits

    if settings.embedding.method == "tsne" and not to.quiet:
        console.while_waiting("digits: computing the t-SNE map; this takes a few seconds")
    result = run_digits(settings)
    inits, scan = _run_trials(result, options["runs"], options["scan"], quiet=to.quiet)
    files = list(_draw(result, inits, scan, pictures, options))
    if csv is not None:
        from kmcli.report.digits_csv import digits_csv

        files.append((csv, digits_csv(result).encode()))
    report = None
    if to.has_report:
        from kmcli.report.digits import digits_report

        report = digits_report(result, inits, scan)

    outputs.write_all(files, report, to)
    if not to.quiet:
        console.say(_summary(result, [path for path in written if path != STREAM]))
    return ExitCode.DONE


def _plan_pictures(options: dict[str, Any]) -> dict[str, str]:
    """Say where each picture goes that is wanted, by its name."""
    if options["no_pictures"]:
        if options["misses"]:
            raise click.UsageError("--misses draws a picture, which --no-pictures rules out")
        return {}
    optional = {"misses": options["misses"], "init": options["runs"], "scan": options["scan"]}
    names = ["centroids", "pca", "confusion", *(name for name in optional if optional[name])]
    folder = options["output_dir"] or ""
    return {name: os.path.join(folder, f"digits-{name}.png") for name in names}


def _run_trials(
    result: "DigitsResult", n_runs: int | None, numbers: range | None, *, quiet: bool
) -> "tuple[list[InitTrials], list[ScanStep]]":
    from kmcli.digits.trials import compare_inits, count_fits, scan_clusters

    n_fits = (count_fits(result, n_runs) if n_runs else 0) + len(numbers or ())
    with console.progress(n_fits, quiet=quiet) as progress:
        inits = compare_inits(result, n_runs, progress.advance) if n_runs else []
        scan = scan_clusters(result, numbers, progress.advance) if numbers else []
    return inits, scan


def _draw(
    result: "DigitsResult",
    inits: "list[InitTrials]",
    scan: "list[ScanStep]",
    pictures: dict[str, str],
    options: dict[str, Any],
) -> Iterator[tuple[str, bytes]]:
    if not pictures:
        return
    from kmcli.figures import digits as figures
    from kmcli.figures import digits_trials
    from kmcli.figures.style import Style, to_png

    style = Style(options["theme"], options["dpi"], options["size"])
    ways = {
        "centroids": lambda: figures.draw_centroids(result, style),
        "pca": lambda: figures.draw_plane(result, style),
        "confusion": lambda: figures.draw_confusion(result, style),
        "misses": lambda: figures.draw_misses(result, style),
        "init": lambda: digits_trials.draw_inits(inits, style),
        "scan": lambda: digits_trials.draw_scan(scan, style),
    }
    for name, path in pictures.items():
        yield path, to_png(ways[name]())


def _summary(result: "DigitsResult", files: list[str]) -> str:
    n_clusters = result.settings.kmeans.n_clusters
    text = (
        f"digits: {len(result.points)} in {counted(n_clusters, 'cluster')}, "
        f"{result.one_to_one.share:.1%} right one to one, {result.majority.share:.1%} by majority"
    )
    return f"{text} -> {', '.join(files)}" if files else text
