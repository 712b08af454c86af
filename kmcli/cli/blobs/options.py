"""The options of ``kmcli blobs``, and the settings that they make."""

import os
from collections.abc import Mapping
from typing import Any

import click

from kmcli.cli.declaring import ANY_PATH, option, stacked
from kmcli.cli.numbers import Integer, read_decimal
from kmcli.cli.options import (
    clusters_option,
    figure_options,
    kmeans_options,
    kmeans_settings,
    output_options,
    range_reader,
    report_options,
    start_seed_option,
)
from kmcli.files import Stored
from kmcli.settings import SHAPES, BlobsSettings, Init, KMeansSettings, PointsSpec, StartName

_DATA = "Data"
_MORE = "More to see"

_DEFAULT_N_INIT = KMeansSettings().n_init
_MAX_SCAN = 50
_INITS: dict[str, Init] = {"k-means++": "k-means++", "random": "random"}

blobs_options = stacked(
    clusters_option(None, 100),
    output_options,
    report_options(),
    option(
        "--samples",
        group=_DATA,
        type=Integer(),
        metavar="N",
        default=PointsSpec().n_samples,
        help="Number of points.",
    ),
    option(
        "--shape",
        group=_DATA,
        type=click.Choice(SHAPES),
        default=PointsSpec().shape,
        help="Shape of the groups. k-means suits blobs; it fails on most of the others.",
    ),
    option(
        "--centers",
        group=_DATA,
        type=Integer(),
        metavar="N",
        help="Number of groups, for blobs and anisotropic.  [default: 4 and 3]",
    ),
    option(
        "--std",
        group=_DATA,
        metavar="X[,X...]",
        help="Standard deviation: one for all groups, or one per group.  [default: 0.6]",
    ),
    option(
        "--data",
        group=_DATA,
        metavar="FILE",
        type=ANY_PATH,
        help="Cluster points from a table instead, such as CSV or JSON Lines; - is standard input.",
    ),
    option(
        "--columns",
        group=_DATA,
        metavar="LIST",
        help="Columns to cluster by: names, #3, a:f, 'pct_*'.  [default: numeric columns]",
    ),
    option(
        "--label",
        group=_DATA,
        metavar="NAME",
        help="Column with the true groups, to compare the clusters with.",
    ),
    option(
        "--scale",
        group=_DATA,
        type=click.Choice(["none", "standard"]),
        default="none",
        help="How to scale the columns of the table; standard: to mean 0 and standard deviation 1.",
    ),
    option(
        "--steps",
        group=_MORE,
        is_flag=True,
        help="Draw the steps of one run, as a strip, blobs-steps.png, and as an animation.",
    ),
    option(
        "--animation",
        group=_MORE,
        type=click.Choice(["gif", "apng", "none"]),
        default="gif",
        help="Format of the animation, or none to draw only the strip.",
    ),
    option(
        "--scan",
        group=_MORE,
        type=range_reader(_MAX_SCAN),
        metavar="A:B",
        help="Score A to B clusters to help choose k; draws blobs-scan.png.",
    ),
    option(
        "--compare-init",
        group=_MORE,
        type=Integer(1, 1000),
        metavar="N",
        help="Compare N single runs each of k-means++ and random; draws blobs-init.png.",
    ),
    option(
        "--html",
        group=_MORE,
        metavar="FILE",
        type=ANY_PATH,
        help="Write an interactive web page: step, run, move centres, draw and paint points.",
    ),
    option(
        "--csv",
        group=_MORE,
        metavar="FILE",
        type=ANY_PATH,
        help="Write the points with clusters and distances as CSV; - is standard output.",
    ),
    figure_options,
    kmeans_options(
        f"[default: {_DEFAULT_N_INIT}]",
        inits="k-means++|random|far|FILE.csv",
        init_help="How to choose the initial centres: k-means++ or random as in scikit-learn, far "
        "(around the origin), or a CSV file with one centre per row.",
    ),
    start_seed_option,
)


def points_spec(given: Mapping[str, Any]) -> PointsSpec:
    """Say which points are to be made."""
    return PointsSpec(
        n_samples=given["samples"],
        shape=given["shape"],
        n_centers=given["centers"],
        std=_parse_std(given["std"]),
        random_state=given["seed"],
    )


def _parse_std(text: str | None) -> tuple[float, ...]:
    numbers = [read_decimal(word) for word in text.split(",")] if text else []
    known = tuple(number for number in numbers if number is not None)
    if len(known) < len(numbers):
        raise click.UsageError(f"--std {text!r} is not a number, or several with commas")
    return known


def start_file(given: Mapping[str, Any]) -> str | None:
    """Name the file of the first centres, if there is one."""
    return None if given["init"] in ("k-means++", "random", "far") else str(given["init"])


def blobs_settings(given: Mapping[str, Any], spec: PointsSpec) -> BlobsSettings:
    """Say how to cluster; a file of first centres is read."""
    start: StartName = "far" if given["init"] == "far" else "points"
    start_points: tuple[tuple[float, ...], ...] = ()
    name = start_file(given)
    if name is not None and not (name.endswith(".csv") or os.path.exists(name)):
        raise click.UsageError(f"--init {name}: expected k-means++, random, far or a CSV file")
    if given["init"] in _INITS:
        start = _INITS[given["init"]]
    elif name is not None:
        from kmcli.tables.source import choose, open_table
        from kmcli.tables.whole import read_values

        values = read_values(choose(open_table([Stored(name)])))
        start_points = tuple(map(tuple, values.tolist()))
    n_clusters = given["clusters"]
    if n_clusters is None and start_points:
        n_clusters = len(start_points)
    if n_clusters is None:
        n_clusters = 4 if given["data"] or spec.shape == "uniform" else spec.group_count
    n_init = given["n_init"]
    if n_init is not None and n_init > 1 and start in ("far", "points"):
        raise click.UsageError(
            f"--init {given['init']} is a single initialisation, but --n-init asks for {n_init}"
        )
    kmeans = kmeans_settings(
        given, n_clusters, _INITS.get(given["init"], "k-means++"), n_init or _DEFAULT_N_INIT
    )
    return BlobsSettings(kmeans, start, start_points)
