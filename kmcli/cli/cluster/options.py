"""The options of ``kmcli cluster``."""

from typing import get_args

import click

from kmcli.cli.cluster.table_options import (
    ROWS_GROUP,
    files_options,
    limit_options,
    parse_list,
    reading_options,
    rows_options,
)
from kmcli.cli.declaring import ANY_PATH, option, stacked
from kmcli.cli.numbers import Integer
from kmcli.cli.options import (
    COMMON_GROUP,
    figure_options,
    kmeans_options,
    range_reader,
    report_options,
)
from kmcli.settings import ClusterSettings
from kmcli.settings.cluster import ClusterEffort, Missing, Scale

COLUMNS_GROUP = "Columns"
METHOD_GROUP = "Method"

PLOTS = ("pca", "profile", "silhouette", "scan")
MAX_SCAN = 50
AUTO = "auto"

_DEFAULTS = ClusterSettings()


def _parse_clusters(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> int | str | None:
    if value is None or value == AUTO:
        return value
    if not (value.isascii() and value.isdigit()):
        raise click.BadParameter(f"{value!r} is neither a number nor {AUTO}")
    # Nobody needs more digits than this, and int() would take seconds for very many.
    return int(value[:20])


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


_main_options = stacked(
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
    files_options("Write pictures and rows (as NAME-kN.EXT) to this folder; created if missing."),
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
        type=range_reader(MAX_SCAN),
        metavar="A:B",
        help="Score A to B clusters to help choose k; works with or without -k.",
    ),
)


_column_options = stacked(
    option(
        "--scale",
        group=COLUMNS_GROUP,
        type=click.Choice(get_args(Scale)),
        default=_DEFAULTS.scale,
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
)


_method_options = stacked(
    option(
        "--effort",
        group=METHOD_GROUP,
        type=click.Choice(get_args(ClusterEffort)),
        default=_DEFAULTS.effort,
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
)

cluster_options = stacked(
    _main_options,
    report_options(),
    reading_options(),
    _column_options,
    option(
        "--label",
        group=ROWS_GROUP,
        metavar="NAME",
        default="cluster",
        help="Name of the new column.",
    ),
    rows_options,
    option(
        "--plots",
        group="Pictures",
        callback=_parse_plots,
        metavar="LIST",
        help=f"Draw these pictures into -d: {', '.join(PLOTS)}.",
    ),
    figure_options,
    _method_options,
    kmeans_options(
        "[default: 30, fewer beyond 32 clusters]",
        inits="k-means++|random|FILE",
        init_help="How to choose the initial centres, or a file of centres or a model to "
        "start from.",
    ),
    limit_options,
)
"""All options, the most used first."""
