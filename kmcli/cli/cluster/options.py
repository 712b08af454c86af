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
ROWS_GROUP = "Output rows"
METHOD_GROUP = "Method"
LIMITS_GROUP = "Dask and limits"

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
            help="Input format.  [default: detected from the content]",
        ),
        option(
            "--delimiter",
            group=TABLE_GROUP,
            callback=_parse_mark,
            metavar="C",
            help="Cell separator: one character, tab or space.  [default: whichever of comma, "
            "semicolon, tab, bar and white space splits the first records alike]",
        ),
        option(
            "--quote",
            group=TABLE_GROUP,
            callback=_parse_mark,
            metavar="C|none",
            default='"',
            show_default=True,
            help="Quote character around cells that contain delimiters.",
        ),
        option(
            "--header",
            group=TABLE_GROUP,
            type=click.Choice(get_args(Header)),
            default="auto",
            show_default=True,
            help="Whether the first record holds column names. auto: yes if none of its cells is a "
            "number but one below is.",
        ),
        option(
            "--decimal",
            group=TABLE_GROUP,
            type=click.Choice(get_args(Decimal)),
            default="auto",
            show_default=True,
            help="Decimal mark. auto: a comma only where it can mean nothing else.",
        ),
        option(
            "--na",
            group=TABLE_GROUP,
            callback=parse_list,
            metavar="LIST",
            default=None,
            help=f"Cells to treat as missing values.  [default: empty, {', '.join(NA_WORDS[1:])}]",
        ),
    )


def rows_options() -> Callable[[F], F]:
    """Declare the columns and the format of the output."""
    return stacked(
        option(
            "--to",
            "write_as",
            group=ROWS_GROUP,
            type=click.Choice(get_args(FileFormat)),
            help="Output format.  [default: by the suffix of -o, else the input format]",
        ),
        option(
            "--distance",
            group=ROWS_GROUP,
            is_flag=True,
            help="Add a column with the distance to the centre, in scaled units.",
        ),
        option(
            "--margin",
            group=ROWS_GROUP,
            is_flag=True,
            help="Add a column with 1 - distance / distance to the second nearest centre; 0 means "
            "on a border.",
        ),
        option(
            "--keep",
            group=ROWS_GROUP,
            callback=parse_list,
            metavar="LIST",
            help="Write only these columns of the table, such as an id.  [default: all]",
        ),
    )


def files_options(dir_help: str) -> Callable[[F], F]:
    """Declare where to write the rows."""
    return stacked(
        option(
            "-o",
            "--output",
            group=COMMON_GROUP,
            metavar="FILE",
            type=ANY_PATH,
            help="Write the rows to FILE.  [default: - for standard output]",
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
    """Declare the Dask scheduler and the limits."""
    return stacked(
        option(
            "--scheduler",
            group=LIMITS_GROUP,
            metavar="ADDRESS",
            help="Run on the workers of the Dask cluster at ADDRESS.",
        ),
        option(
            "--max-input-bytes",
            group=LIMITS_GROUP,
            type=Integer(1, 2**62),
            metavar="N",
            help="Refuse inputs larger than N bytes after decompression.",
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
            help="Number of clusters; auto picks the largest stable number, if any.",
        ),
        option(
            "-c",
            "--columns",
            group=COMMON_GROUP,
            callback=parse_list,
            metavar="LIST",
            help="Columns to cluster by: names, #3, a:f, 'pct_*'.  [default: numeric columns, "
            "except row numbers and constants]",
        ),
        option(
            "-x",
            "--exclude",
            group=COMMON_GROUP,
            callback=parse_list,
            metavar="LIST",
            help="Columns not to cluster by.",
        ),
        files_options(
            "Write pictures and rows (as NAME-kN.EXT) to this folder; created if missing."
        ),
        option(
            "--model",
            group=COMMON_GROUP,
            metavar="FILE",
            type=ANY_PATH,
            help="Write a model that kmcli assign can apply to new rows.",
        ),
        option(
            "--centers",
            group=COMMON_GROUP,
            metavar="FILE",
            type=ANY_PATH,
            help="Write the centres as CSV, in the table's units.",
        ),
        option(
            "--scan",
            group=COMMON_GROUP,
            callback=parse_range(MAX_SCAN),
            metavar="A:B",
            help="Score A to B clusters to help choose k; works with or without -k.",
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
            help=f"Draw these pictures into -d: {', '.join(PLOTS)}.",
        ),
        figure_options(),
        *_method_options(),
        kmeans_options(
            "[default: 30, fewer beyond 32 clusters]",
            inits="k-means++|random|FILE",
            init_help="How to choose the initial centres, or a file of centres or a model to "
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
            help="How to scale columns: standard (mean and standard deviation), none, range, or "
            "robust (median and quartiles).",
        ),
        option(
            "--column-weight",
            group=COLUMNS_GROUP,
            callback=_parse_weights,
            multiple=True,
            metavar="NAME=X",
            help="Multiply column NAME by X after scaling; repeatable.",
        ),
        option(
            "--missing",
            group=COLUMNS_GROUP,
            type=click.Choice(get_args(Missing)),
            default=_DEFAULTS.missing,
            show_default=True,
            help="What to do with missing values: leave the row without a cluster, fill in the "
            "column's mean, or fail.",
        ),
        option(
            "--one-hot",
            group=COLUMNS_GROUP,
            callback=parse_list,
            metavar="LIST",
            help="Treat these columns as categories, at most 50 each; each weighs as much as a "
            "numeric column.",
        ),
        option(
            "--weights",
            group=COLUMNS_GROUP,
            metavar="NAME",
            help="Column of row weights.",
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
            help="How hard to search. fast: 10 initialisations, no moves; best: 100 "
            "initialisations, two passes over all rows.",
        ),
        option(
            "--sample-rows",
            group=METHOD_GROUP,
            type=Integer(100, 10_000_000),
            metavar="N",
            help="Size of the sample to search on.  [default: 100000, or 1000 k if more]",
        ),
        option(
            "--passes",
            group=METHOD_GROUP,
            type=Integer(0, 1000),
            metavar="N",
            help="Exact iterations over all rows after the search.  [default: 0]",
        ),
    ]
