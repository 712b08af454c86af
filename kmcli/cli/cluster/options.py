"""The options of ``kmcli cluster`` and those that ``kmcli assign`` shares with it."""

import csv
from collections.abc import Callable
from typing import Any, TypeVar, get_args

import click

from kmcli.cli.numbers import Integer
from kmcli.cli.options import (
    ANY_PATH,
    COMMON_GROUP,
    figure_options,
    force_option,
    kmeans_options,
    option,
    parse_range,
    report_options,
    stacked,
)
from kmcli.settings import ClusterSettings
from kmcli.settings.cluster import ClusterEffort, Missing, Scale
from kmcli.settings.tables import NA_WORDS, Decimal, FileFormat, Header

F = TypeVar("F", bound=Callable[..., Any])

TABLE_GROUP = "Reading the table"
COLUMNS_GROUP = "Columns"
ROWS_GROUP = "Rows out"
METHOD_GROUP = "Method"
LIMITS_GROUP = "Machines and limits"

PLOTS = ("pca", "profile", "silhouette", "scan")
MAX_SCAN = 50
AUTO = "auto"

_DEFAULTS = ClusterSettings()


def parse_list(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> tuple[str, ...] | None:
    """Read a list with commas; an entry that holds one stands in double quotes."""
    if value is None:
        return None
    return tuple(cell.strip() for cell in next(csv.reader([value], skipinitialspace=True), [""]))


def _parse_clusters(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> int | str | None:
    if value is None or value == AUTO:
        return value
    if not (value.isascii() and value.isdigit()):
        raise click.BadParameter(f"{value!r} is neither a number nor {AUTO}")
    # Nobody needs more digits than this, and int() would take seconds for very many.
    return int(value[:20])


def _parse_mark(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> str | None:
    names = {"tab": "\t", r"\t": "\t", "space": " ", "comma": ",", "none": ""}
    return None if value is None else names.get(value, value)


def _parse_weights(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, float]:
    weights = {}
    for value in values:
        name, _, number = value.rpartition("=")
        try:
            weights[name] = float(number)
        except ValueError:
            raise click.BadParameter(f"{value!r} is not like NAME=2") from None
    return weights


def _parse_plots(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[str, ...]:
    plots = parse_list(context, parameter, value) or ()
    unknown = [plot for plot in plots if plot not in PLOTS]
    if unknown:
        raise click.BadParameter(f"{unknown[0]!r} is not one of {', '.join(PLOTS)}")
    return plots


def reading_options() -> Callable[[F], F]:
    """Declare how tables are read."""
    formats = click.Choice(get_args(FileFormat))
    return stacked(
        option(
            "--from",
            "read_as",
            group=TABLE_GROUP,
            type=formats,
            help="Format of the input.  [default: by its content]",
        ),
        option(
            "--delimiter",
            group=TABLE_GROUP,
            callback=_parse_mark,
            metavar="C",
            help="What stands between cells: a character, tab or space.  [default: the one of "
            "comma, semicolon, tab, bar and white space that splits the first records alike]",
        ),
        option(
            "--quote",
            group=TABLE_GROUP,
            callback=_parse_mark,
            metavar="C|none",
            default='"',
            help='What stands around cells that hold delimiters.  [default: "]',
        ),
        option(
            "--header",
            group=TABLE_GROUP,
            type=click.Choice(get_args(Header)),
            default="auto",
            show_default=True,
            help="Whether the first record holds names; auto: if none of its cells is a number, "
            "though one below is.",
        ),
        option(
            "--decimal",
            group=TABLE_GROUP,
            type=click.Choice(get_args(Decimal)),
            default="auto",
            show_default=True,
            help="The mark before decimals; auto: a comma only where it can mean nothing else.",
        ),
        option(
            "--na",
            group=TABLE_GROUP,
            callback=parse_list,
            metavar="LIST",
            default=None,
            help=f"Cells that mean a missing value.  [default: empty, {', '.join(NA_WORDS[1:])}]",
        ),
    )


def rows_options() -> Callable[[F], F]:
    """Declare what the rows look like that come out."""
    return stacked(
        option(
            "--to",
            "write_as",
            group=ROWS_GROUP,
            type=click.Choice(get_args(FileFormat)),
            help="Format of the rows.  [default: by -o, else that of the input]",
        ),
        option(
            "--distance",
            group=ROWS_GROUP,
            is_flag=True,
            help="Add the distance to the centre, in scaled units.",
        ),
        option(
            "--margin",
            group=ROWS_GROUP,
            is_flag=True,
            help="Add 1 - distance / distance to the second nearest centre: 0 on a border.",
        ),
        option(
            "--keep",
            group=ROWS_GROUP,
            callback=parse_list,
            metavar="LIST",
            help="Columns of the table to write, such as an id.  [default: all]",
        ),
    )


def files_options(dir_help: str) -> Callable[[F], F]:
    """Declare where the rows go."""
    return stacked(
        option(
            "-o",
            "--output",
            group=COMMON_GROUP,
            metavar="FILE",
            type=ANY_PATH,
            help="Where the rows go; - is standard output, and the default.",
        ),
        option(
            "-d",
            "--output-dir",
            group=COMMON_GROUP,
            metavar="DIR",
            type=ANY_PATH,
            help=dir_help,
        ),
        force_option,
    )


def limit_options() -> Callable[[F], F]:
    """Declare who works, and what is too much."""
    return stacked(
        option(
            "--scheduler",
            group=LIMITS_GROUP,
            metavar="ADDRESS",
            help="Let the workers of a running Dask cluster do the work.",
        ),
        option(
            "--max-input-bytes",
            group=LIMITS_GROUP,
            type=Integer(1, 2**62),
            metavar="N",
            help="Refuse inputs that are larger, after decompression.",
        ),
    )


def cluster_options() -> Callable[[F], F]:
    """Declare the options of ``kmcli cluster``."""
    return stacked(
        option(
            "-k",
            "--clusters",
            group=COMMON_GROUP,
            callback=_parse_clusters,
            metavar="N|auto",
            help="How many clusters; auto takes the largest stable number, if there is one.",
        ),
        option(
            "-c",
            "--columns",
            group=COMMON_GROUP,
            callback=parse_list,
            metavar="LIST",
            help="Columns to cluster by: names, #3, a:f, 'pct_*'.  [default: those of numbers, "
            "but row numbers and constants]",
        ),
        option(
            "-x",
            "--exclude",
            group=COMMON_GROUP,
            callback=parse_list,
            metavar="LIST",
            help="Columns to leave out.",
        ),
        files_options("Folder for pictures and for the rows, as NAME-kN.EXT; made if missing."),
        option(
            "--model",
            group=COMMON_GROUP,
            metavar="FILE",
            type=ANY_PATH,
            help="Write what kmcli assign needs to give new rows their clusters.",
        ),
        option(
            "--centers",
            group=COMMON_GROUP,
            metavar="FILE",
            type=ANY_PATH,
            help="Write the centres in the units of the table, as CSV.",
        ),
        option(
            "--scan",
            group=COMMON_GROUP,
            callback=parse_range(MAX_SCAN),
            metavar="A:B",
            help="Scores for A to B clusters, to choose k; with -k or without.",
        ),
        report_options(),
        reading_options(),
        *_column_options(),
        option(
            "--label",
            group=ROWS_GROUP,
            metavar="NAME",
            default="cluster",
            show_default=True,
            help="Name of the new column.",
        ),
        rows_options(),
        option(
            "--plots",
            group="Pictures",
            callback=_parse_plots,
            metavar="LIST",
            help=f"Pictures to draw into -d: {', '.join(PLOTS)}.",
        ),
        figure_options(),
        *_method_options(),
        kmeans_options(
            "[default: 30, fewer beyond 32 clusters]",
            inits="k-means++|random|FILE",
            init_help="How the first centres are chosen, or a file of centres or a model to "
            "start from.",
        ),
        limit_options(),
    )


def _column_options() -> list[Callable[[F], F]]:
    return [
        option(
            "--scale",
            group=COLUMNS_GROUP,
            type=click.Choice(get_args(Scale)),
            default=_DEFAULTS.scale,
            show_default=True,
            help="Bring columns to one scale: by mean and standard deviation, by range, by "
            "median and quartiles, or not at all.",
        ),
        option(
            "--column-weight",
            group=COLUMNS_GROUP,
            callback=_parse_weights,
            multiple=True,
            metavar="NAME=X",
            help="Multiply a column after scaling; can be given several times.",
        ),
        option(
            "--missing",
            group=COLUMNS_GROUP,
            type=click.Choice(get_args(Missing)),
            default=_DEFAULTS.missing,
            show_default=True,
            help="Rows with missing values get no cluster, or the column's mean stands in, or "
            "they are an error.",
        ),
        option(
            "--one-hot",
            group=COLUMNS_GROUP,
            callback=parse_list,
            metavar="LIST",
            help="Columns of up to 50 categories; each weighs as much as one of numbers.",
        ),
        option(
            "--weights",
            group=COLUMNS_GROUP,
            metavar="NAME",
            help="Column that says how much each row counts.",
        ),
    ]


def _method_options() -> list[Callable[[F], F]]:
    return [
        option(
            "--effort",
            group=METHOD_GROUP,
            type=click.Choice(get_args(ClusterEffort)),
            default=_DEFAULTS.effort,
            show_default=True,
            help="fast: 10 starts, no moves; best: 100 starts, two passes over all rows.",
        ),
        option(
            "--sample-rows",
            group=METHOD_GROUP,
            type=Integer(100, 10_000_000),
            metavar="N",
            help="Rows to search centres on.  [default: 100000, or 1000 k if more]",
        ),
        option(
            "--passes",
            group=METHOD_GROUP,
            type=Integer(0, 1000),
            metavar="N",
            help="Exact iterations over all rows after the search.  [default: 0]",
        ),
    ]
