"""The command ``kmcli blobs``: the story from top to bottom."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from kmcli.cli import console, outputs
from kmcli.cli.blobs.extras import run_extras
from kmcli.cli.blobs.options import blobs_options, blobs_settings, points_spec, start_file
from kmcli.cli.blobs.pictures import draw, output_paths
from kmcli.cli.declaring import GroupedCommand
from kmcli.cli.options import OutputOptions
from kmcli.errors import ExitCode
from kmcli.files import STREAM, Stored
from kmcli.settings import ColumnChoice, PointsSpec
from kmcli.text import counted, number

if TYPE_CHECKING:
    from kmcli.blobs.data import Points


@click.command(
    cls=GroupedCommand,
    short_help="Show k-means at work on points in the plane.",
    epilog="Example: kmcli blobs -k 3 --init far --steps writes blobs.png, and the steps as "
    "blobs-steps.png and blobs-steps.gif.",
)
@blobs_options
def blobs(**given: Any) -> ExitCode:
    """Show k-means at work on points in the plane.

    Draws the data before and after clustering, and reports how good the clustering is.
    """
    spec = points_spec(given)
    settings = blobs_settings(given, spec)
    to = OutputOptions.of(given)
    written = output_paths(given)
    inputs = [name for name in (given["data"], start_file(given)) if name is not None]
    outputs.check(
        written,
        to,
        inputs=inputs,
        data_on_stdout=given["csv"] == STREAM,
        data_option="--csv",
        may_exist=True,
    )

    # Late, so that help and usage errors come at once.
    from kmcli.blobs import run_blobs

    points = _points(given, spec)
    shape = None if given["data"] is not None else spec.shape
    result = run_blobs(points, settings, shape)
    extras = run_extras(result, given, quiet=to.quiet)
    files = list(draw(result, extras, given))
    if given["csv"] is not None:
        from kmcli.report.blobs_csv import blobs_csv

        found = result.clustering
        files.append((given["csv"], blobs_csv(points, found.labels, found.centers)))
    report = None
    if to.has_report:
        from kmcli.report.blobs import blobs_report

        report = blobs_report(result, shape, extras.trace, extras.scan, extras.trials)
    outputs.write_all(files, report, to)
    if not to.quiet:
        shown = ", ".join(path for path in written if path != STREAM)
        found = result.clustering
        console.say(
            f"blobs: {len(points.values)} points in {counted(len(found.centers), 'cluster')}, "
            f"inertia {number(found.inertia)} after {counted(found.n_iter, 'iteration')} -> {shown}"
        )
    return ExitCode.DONE


def _points(given: Mapping[str, Any], spec: PointsSpec) -> "Points":
    from kmcli.blobs.data import make_points

    name = given["data"]
    if name is None:
        for needless in ("columns", "label"):
            if given[needless] is not None:
                raise click.UsageError(f"--{needless} needs --data")
        if given["scale"] != "none":
            raise click.UsageError("--scale needs --data")
        return make_points(spec)
    from kmcli.blobs.table import read_points
    from kmcli.tables.source import open_table

    columns = tuple(given["columns"].split(",")) if given["columns"] else ()
    points, left_out = read_points(
        open_table([Stored(name)]),
        ColumnChoice(columns),
        label=given["label"],
        scale=given["scale"] == "standard",
        source="standard input" if name == STREAM else name,
    )
    if left_out and not given["quiet"]:
        shown = ", ".join(f"{column.name} ({column.why})" for column in left_out)
        console.say(f"blobs: left out {shown}")
    if points.n_incomplete and not given["quiet"]:
        console.say(f"blobs: left out {counted(points.n_incomplete, 'row')} with missing values")
    return points
