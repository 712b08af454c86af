"""The command ``kmcli cluster``."""

import contextlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from kmcli.cli import console, outputs
from kmcli.cli.cluster import centers
from kmcli.cli.cluster.options import AUTO, cluster_options
from kmcli.cli.cluster.request import Request, choice_from, settings_from
from kmcli.cli.cluster.rows import check_inputs, open_inputs, plan_rows
from kmcli.cli.declaring import ANY_PATH, GroupedCommand
from kmcli.cli.options import OutputOptions
from kmcli.errors import ExitCode
from kmcli.files import STREAM
from kmcli.settings import ClusterSettings
from kmcli.text import counted

if TYPE_CHECKING:
    from kmcli.cluster.result import ClusterResult
    from kmcli.cluster.run import Prepared
    from kmcli.cluster.scan import ScanStep
    from kmcli.cluster.workers import Workers
    from kmcli.report.model import Report
    from kmcli.tables.source import TableSource


_MOST_NAMES = 40
"""On standard error; the report has all."""


@click.command(
    cls=GroupedCommand,
    short_help="Cluster the rows of a table.",
    epilog="Example: kmcli cluster customers.csv -k 5 > out.csv adds a column 'cluster'.",
)
@click.argument("tables", metavar="[TABLE]...", nargs=-1, type=ANY_PATH)
@cluster_options
def cluster(tables: tuple[str, ...], **options: Any) -> ExitCode:
    """Cluster the rows of a table by k-means, and add a column with the cluster of each row.

    Reads CSV, TSV, JSON Lines, Parquet and Arrow, also compressed, from files or standard input.
    """
    request = Request(check_inputs(tables), options, OutputOptions.of(options))
    request.refuse_contradictions()
    number = options["clusters"]
    settings = settings_from(options, number if isinstance(number, int) else 2)
    request.check(number if isinstance(number, int) else None)

    # Late, so that help and usage errors come at once.
    from kmcli.tables.source import choose

    starts = centers.read_starts(options["init"]) if request.starts_from_file else None
    table = open_inputs(request.names, options)
    source = choose(table, choice_from(options))
    with _workers(options["scheduler"]) as workers:
        return _run(request, source, settings, starts, workers)


def _run(
    request: Request,
    source: "TableSource",
    settings: ClusterSettings,
    starts: "centers.Starts | None",
    workers: "Workers",
) -> ExitCode:
    from kmcli.cluster.run import fit_table, prepare_table

    options = request.options
    if starts is not None:
        settings = replace(settings, n_clusters=len(starts.values))
    elif request.scan:
        settings = replace(settings, n_clusters=max(settings.n_clusters, request.scan[-1]))
    prepared = prepare_table(source, settings, workers)
    _say_what_is_left_out(prepared, source, quiet=request.to.quiet)
    scan = _scan(request, prepared, settings)
    if request.is_scan_only:
        return _publish_scan(request, source, scan)
    settings = replace(settings, n_clusters=_number(options["clusters"], settings, scan))
    if options["clusters"] == AUTO:
        request.check(settings.n_clusters)
    first = None if starts is None else starts.for_features(prepared)
    fit = fit_table(prepared, source, settings, workers, first)
    job = _Labels(request, source, prepared, fit, settings, scan, workers)
    job.publish()
    if not request.to.quiet:
        console.say(job.summary())
    return ExitCode.DONE


class _Labels:
    """The last pass, and what is made of it: rows first, then all that they lead to."""

    def __init__(
        self,
        request: Request,
        source: "TableSource",
        prepared: "Prepared",
        fit: Any,
        settings: ClusterSettings,
        scan: "Sequence[ScanStep]",
        workers: "Workers",
    ) -> None:
        from kmcli.cluster.labelling import Labelling
        from kmcli.tables.write import Added

        options = request.options
        self.request = request
        added = Added(options["label"], distance=options["distance"], margin=options["margin"])
        self.rows = plan_rows(source, added, options, request.rows_path(settings.n_clusters))
        self.labelling = Labelling(source, fit.rule, self.rows.finish, workers)
        self._parts = (source, prepared, fit)
        self._settings, self._scan = settings, scan
        self._result: ClusterResult | None = None

    @property
    def result(self) -> "ClusterResult":
        """What was found; there once the rows are through."""
        if self._result is None:
            from kmcli.cluster.result import finish_result

            source, prepared, fit = self._parts
            self._result = finish_result(
                source,
                prepared,
                fit,
                self.labelling.sums,
                self._settings,
                label=self.request.options["label"],
                scored=self.request.to.has_report or bool(self.request.options["plots"]),
                scan=self._scan,
            )
        return self._result

    def publish(self) -> None:
        """Write everything, together."""
        options = self.request.options
        files = self.rows.files(self.labelling)
        if options["model"] is not None:
            files.append((options["model"], self._model()))
        if options["centers"] is not None:
            files.append((options["centers"], self._centers()))
        files += [(self.request.picture(plot), self._picture(plot)) for plot in options["plots"]]
        outputs.write_streamed(files, self._report, self.request.to)

    # Each of these is run when its file is written, which is after the rows.

    def _model(self) -> Iterator[bytes]:
        yield self.result.model.to_json()

    def _centers(self) -> Iterator[bytes]:
        yield centers.centers_csv(self.result)

    def _picture(self, plot: str) -> Iterator[bytes]:
        yield _draw(plot, self.result, self._scan, self.request.options)

    def _report(self) -> "Report":
        from kmcli.report.cluster import cluster_report

        return cluster_report(self.result)

    def summary(self) -> str:
        """Tell in one line how it went."""
        found = self.result
        sizes = found.profile.rows.tolist()
        n_rows = sum(sizes) + self.labelling.sums.n_unlabelled
        shown = ", ".join(map(str, sizes[:8])) + (", ..." if len(sizes) > 8 else "")
        text = f"cluster: {counted(n_rows, 'row')} in {counted(len(sizes), 'cluster')} of {shown}"
        if self.labelling.sums.n_unlabelled:
            text += f"; {self.labelling.sums.n_unlabelled} with missing values in none"
        targets = [path for path in self.request.targets(len(sizes)) if path != STREAM]
        return f"{text} -> {', '.join(targets)}" if targets else text


def _workers(scheduler: str | None) -> "AbstractContextManager[Workers]":
    from kmcli.cluster.workers import Threads, dask_workers

    return contextlib.nullcontext(Threads()) if scheduler is None else dask_workers(scheduler)


def _number(wanted: int | str | None, settings: ClusterSettings, scan: "Sequence[ScanStep]") -> int:
    if wanted == AUTO:
        from kmcli.cluster.scan import require_recommended

        return require_recommended(scan)
    return wanted if isinstance(wanted, int) else settings.n_clusters


def _scan(
    request: Request, prepared: "Prepared", settings: ClusterSettings
) -> "Sequence[ScanStep]":
    if request.scan is None:
        return ()
    from kmcli.cluster.scan import scan_table

    with console.progress(len(request.scan), quiet=request.to.quiet) as progress:
        return scan_table(prepared, request.scan, settings, progress.advance)


def _publish_scan(request: Request, source: "TableSource", scan: "Sequence[ScanStep]") -> ExitCode:
    from kmcli.report.cluster import scan_report

    files = [
        (request.picture(plot), _draw(plot, None, scan, request.options))
        for plot in request.options["plots"]
    ]
    outputs.write_streamed(files, lambda: scan_report(source.name, scan), request.to)
    return ExitCode.DONE


def _draw(
    plot: str,
    result: "ClusterResult | None",
    scan: "Sequence[ScanStep]",
    options: dict[str, Any],
) -> bytes:
    from kmcli.figures import cluster as figures
    from kmcli.figures.style import Style, to_png

    style = Style(options["theme"], options["dpi"], options["size"])
    if plot == "scan" or result is None:
        return to_png(figures.draw_scan(scan, style))
    draw = {
        "pca": figures.draw_pca,
        "profile": figures.draw_profile,
        "silhouette": figures.draw_silhouette,
    }
    return to_png(draw[plot](result, style))


def _say_what_is_left_out(prepared: "Prepared", source: "TableSource", *, quiet: bool) -> None:
    if quiet:
        return
    text = f"cluster: by {_first([column.name for column in prepared.columns])}"
    if prepared.left_out:
        left = [f"{column.name} ({column.why})" for column in prepared.left_out]
        text += f"; left out {_first(left)}"
    if source.table.has_made_up_names:
        text += "; line 1 has no column names"
    console.say(text)


def _first(names: list[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
