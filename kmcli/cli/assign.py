"""The command ``kmcli assign``."""

import contextlib
from typing import TYPE_CHECKING, Any

import click

from kmcli.cli import console, outputs
from kmcli.cli.cluster.rows import check_inputs, open_inputs, plan_rows, read_small, rows_path
from kmcli.cli.cluster.table_options import (
    files_options,
    limit_options,
    reading_options,
    rows_options,
)
from kmcli.cli.declaring import ANY_PATH, GroupedCommand, option
from kmcli.cli.options import OutputOptions, report_options
from kmcli.errors import ExitCode
from kmcli.files import STREAM
from kmcli.text import counted

if TYPE_CHECKING:
    from kmcli.cluster.labelling import Labelling
    from kmcli.report.model import Report


@click.command(
    cls=GroupedCommand,
    short_help="Assign new rows to the clusters of a model.",
    epilog="Example: kmcli assign m.json tomorrow.csv > labelled.csv, after "
    "kmcli cluster today.csv -k 5 --model m.json -o out.csv.",
)
@click.argument("model", metavar="MODEL", type=ANY_PATH)
@click.argument("tables", metavar="[TABLE]...", nargs=-1, type=ANY_PATH)
@files_options("Write the rows to this folder as NAME-assigned.EXT; created if missing.")
@report_options()
@reading_options()
@option(
    "--label",
    group="Output rows",
    metavar="NAME",
    help="Name of the new column.  [default: as in the model]",
)
@rows_options
@limit_options
def assign(model: str, tables: tuple[str, ...], **options: Any) -> ExitCode:
    """Assign the rows of a table to the clusters that kmcli cluster found in another.

    Finds columns by name, in any order. Reads the table once, and writes each row as soon as
    it is read.
    """
    names = check_inputs(tables)
    to = OutputOptions.of(options)
    if model == STREAM:
        raise click.UsageError(
            "the model cannot be read from standard input, which is for the table"
        )
    path = rows_path(options, names, to, "-assigned")
    written = [] if path is None else [path]
    outputs.check(written, to, inputs=[model, *names], data_on_stdout=path == STREAM)

    # Late, so that help and usage errors come at once.
    import numpy as np

    from kmcli.cluster.labelling import Labelling
    from kmcli.cluster.model import MAX_MODEL_BYTES, read_model_bytes
    from kmcli.cluster.workers import Threads, dask_workers
    from kmcli.report.assign import assign_report
    from kmcli.tables.source import with_columns
    from kmcli.tables.write import Added

    found = read_model_bytes(read_small(model, MAX_MODEL_BYTES), model)
    source = with_columns(open_inputs(names, options, once=True), found.rule.columns)
    label = found.label if options["label"] is None else options["label"]
    added = Added(label, distance=options["distance"], margin=options["margin"])
    rows = plan_rows(source, added, options, path)
    # One thread answers each piece at once; several would hold the last ones back.
    local = contextlib.nullcontext(Threads(1 if STREAM in names else None))
    scheduler = options["scheduler"]
    with local if scheduler is None else dask_workers(scheduler) as workers:
        limits = np.array(found.max_distances)
        labelling = Labelling(source, found.rule, rows.finish, workers, limits=limits)

        def report() -> "Report":
            sums = labelling.sums
            return assign_report(source.name, found, sums, labelling.n_beyond, labelling.n_unknown)

        outputs.write_streamed(rows.files(labelling), report, to)
    if not to.quiet:
        console.say(_summary(labelling, path))
    return ExitCode.DONE


def _summary(labelling: "Labelling[Any]", path: str | None) -> str:
    sums = labelling.sums
    text = f"assign: {counted(int(sums.rows.sum()) + sums.n_unlabelled, 'row')}"
    if sums.n_unlabelled:
        text += f", {sums.n_unlabelled} with missing values in no cluster"
    if labelling.n_beyond:
        text += f", {labelling.n_beyond} farther out than any row of the model"
    if labelling.n_unknown:
        text += f", {labelling.n_unknown} with a category that the model does not know"
    return text if path in (None, STREAM) else f"{text} -> {path}"
