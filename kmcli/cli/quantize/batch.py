"""Work through jobs: have them done, publish and tell what came of each, find the exit code."""

import contextlib
import os
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from kmcli.cli import console, outputs
from kmcli.cli.hints import with_hint
from kmcli.cli.options import BatchOptions, OutputOptions, ReportOptions
from kmcli.cli.quantize.jobs import Job, is_stream
from kmcli.cli.quantize.pool import Result, Task, run_in_order
from kmcli.errors import ExitCode, KmcliError, OutputError, SkippedError
from kmcli.files import DiskFullError, PipeClosedError, check_target, publish
from kmcli.parallel import n_cores

if TYPE_CHECKING:
    from kmcli.report.model import Field, Report


@dataclass(frozen=True)
class Outcome:
    """What came of one job.

    Attributes
    ----------
    files : tuple of (str, bytes)
        What is to be written, and where.
    summaries : tuple of str
        How it went, a line for each output.
    warnings : tuple of str
        What the user should know, a line each.
    reports : tuple of Report
        The reports, if any were wanted.
    rows : tuple of sequence of Field
        The same in short, for a table.
    error : KmcliError or None
        Why there is nothing to write, or not what was asked for.
    preview : str
        What is to be shown in the terminal.
    mtime_ns : int or None
        The modification time for the files.
    """

    files: tuple[tuple[str, bytes], ...] = ()
    summaries: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    reports: "tuple[Report, ...]" = ()
    rows: "tuple[Sequence[Field], ...]" = ()
    error: KmcliError | None = None
    preview: str = ""
    mtime_ns: int | None = None

    @property
    def is_failure(self) -> bool:
        """Whether something went wrong: to skip an input on request is not wrong."""
        return self.error is not None and not isinstance(self.error, SkippedError)


Work = Callable[[Job], Outcome]
"""Does one job, without writing anything. It raises `KmcliError` if it cannot."""


@dataclass
class Tally:
    """How many inputs ended how."""

    n_done: int = 0
    n_skipped: int = 0
    failures: list[ExitCode] = field(default_factory=list)

    def add(self, error: KmcliError | None) -> None:
        """Count one more."""
        if error is None:
            self.n_done += 1
        elif isinstance(error, SkippedError):
            self.n_skipped += 1
        else:
            self.failures.append(error.exit_code)

    def exit_code(self, *, skipped_ok: bool) -> ExitCode:
        """Find the exit code of a batch; it does not depend on the order of the inputs."""
        codes = set(self.failures)
        if not codes:
            all_skipped = self.n_skipped > 0 and self.n_done == 0
            return ExitCode.DECLINED if all_skipped and not skipped_ok else ExitCode.DONE
        if self.n_done or (self.n_skipped and skipped_ok):
            return ExitCode.PARTIAL
        if self.n_skipped:
            codes.add(ExitCode.DECLINED)
        return codes.pop() if len(codes) == 1 else ExitCode.INPUT

    def __str__(self) -> str:
        counts = [f"{self.n_done} done", f"{len(self.failures)} failed"]
        if self.n_skipped:
            counts.insert(1, f"{self.n_skipped} skipped")
        return ", ".join(counts)


def run(
    jobs: Sequence[Job],
    work: Work,
    to: OutputOptions,
    options: BatchOptions,
    reports: ReportOptions,
) -> ExitCode:
    """Work through jobs; one that fails does not keep the others from being done.

    Parameters
    ----------
    jobs : sequence of Job
        What to do.
    work : callable
        Does one job.
    to : OutputOptions
        Whether existing files may be replaced, and folders be made.
    options : BatchOptions
        How the batch is run.
    reports : ReportOptions
        Which reports are wanted.

    Returns
    -------
    ExitCode
        Of the whole; it does not depend on the order of the jobs.
    """
    tally = Tally()
    written: list[Report] = []
    rows: list[Sequence[Field]] = []
    n_untried = 0
    with (
        contextlib.closing(_outcomes(jobs, work, to, options)) as outcomes,
        console.progress(len(jobs), quiet=reports.quiet) as progress,
    ):
        for job in jobs:
            if n_untried:
                outcome = Outcome(error=OutputError("was not tried, since the disk is full"))
                n_untried += 1
            else:
                made = next(outcomes)
                if len(jobs) == 1 and not made.is_failure:
                    made = _with_report_file(made, reports)
                outcome = made if options.dry_run else _published(made, to, options)
                _tell(job, outcome, quiet=reports.quiet)
            tally.add(outcome.error)
            if reports.wanted and outcome.is_failure:
                outcome = _with_failure_report(outcome, job)
            for report in outcome.reports:
                if reports.on_stdout:
                    outputs.print_report(report, as_json=reports.json, is_first=not written)
                written.append(report)
            rows.extend(outcome.rows)
            progress.advance(job.source)
            if isinstance(outcome.error, DiskFullError):
                n_untried = 1
    if n_untried > 1:
        console.error(f"the disk is full: {n_untried - 1} more inputs were not tried")
    if options.dry_run and rows and not reports.on_stdout:
        outputs.print_table("What would be written", rows)
    code = tally.exit_code(skipped_ok=options.skipped_ok)
    # That of one input that went well is there already: both, or neither.
    if len(jobs) > 1 or tally.failures or options.dry_run:
        code = _publish_reports(written, reports.report_file, to, code)
    if len(jobs) > 1 and not reports.quiet:
        console.say(str(tally))
    return code


def results(
    work: Callable[[Task], Result], tasks: Sequence[Task], options: BatchOptions
) -> Generator[Result | KmcliError]:
    """Do tasks with as many processes as the user allows; see `run_in_order`."""
    return run_in_order(work, tasks, options.jobs or n_cores())


def _outcomes(
    jobs: Sequence[Job], work: Work, to: OutputOptions, options: BatchOptions
) -> Generator[Outcome]:
    """Have the jobs done; those whose outputs are in the way are not even begun."""
    refused: dict[int, OutputError] = {}
    sources = [job.source for job in jobs]
    for number, job in enumerate(jobs):
        try:
            _check_targets(job, sources, to, options)
        except OutputError as error:
            refused[number] = error
    accepted = [job for number, job in enumerate(jobs) if number not in refused]
    if any(map(is_stream, sources)):
        options = replace(options, jobs=1)  # only this process has been given the stream
    with contextlib.closing(results(work, accepted, options)) as made:
        for number in range(len(jobs)):
            result = refused[number] if number in refused else next(made)
            yield Outcome(error=result) if isinstance(result, KmcliError) else result


def _check_targets(
    job: Job, sources: Sequence[str], to: OutputOptions, options: BatchOptions
) -> None:
    make_folders = to.output_dir is not None
    for path in job.targets:
        if not options.in_place:
            check_target(path, force=to.force, inputs=sources, make_folders=make_folders)
        elif os.path.isfile(path) and not os.access(path, os.W_OK) and not to.force:
            raise OutputError("is read-only; use --force to replace it", path)


def _published(outcome: Outcome, to: OutputOptions, options: BatchOptions) -> Outcome:
    try:
        publish(
            outcome.files,
            force=to.force or options.in_place,
            make_folders=to.output_dir is not None,
            mtime_ns=outcome.mtime_ns,
        )
    except PipeClosedError:
        raise
    except OutputError as error:
        return Outcome(error=error)
    return outcome


def _with_report_file(outcome: Outcome, reports: ReportOptions) -> Outcome:
    """Have the report published together with what it reports on."""
    if reports.report_file is None:
        return outcome
    data = outputs.report_bytes(outcome.reports, reports.report_file)
    return replace(outcome, files=(*outcome.files, (reports.report_file, data)))


def _publish_reports(
    written: "Sequence[Report]", path: str | None, to: OutputOptions, code: ExitCode
) -> ExitCode:
    """Write a file of reports, if one is wanted; a failure changes the exit code of success."""
    if path is None:
        return code
    try:
        publish(
            [(path, outputs.report_bytes(written, path))],
            force=to.force,
            make_folders=to.output_dir is not None,
        )
    except OutputError as error:
        console.error(with_hint(error), error.name)
        return error.exit_code if code in (ExitCode.DONE, ExitCode.DECLINED) else code
    return code


def _with_failure_report(outcome: Outcome, job: Job) -> Outcome:
    from kmcli.report.quantize import failure_report

    assert outcome.error is not None  # noqa: S101 - for the type checker: it is a failure
    report = failure_report(job.source, with_hint(outcome.error), outcome.error.exit_code)
    return replace(outcome, reports=(report,))


def _tell(job: Job, outcome: Outcome, *, quiet: bool) -> None:
    if outcome.error is not None and outcome.is_failure:
        console.error(with_hint(outcome.error), outcome.error.name or job.source)
    if quiet:
        return
    for text in outcome.warnings:
        console.warning(text, job.source)
    for summary in outcome.summaries:
        console.say(summary)
    if outcome.preview:
        console.plain(outcome.preview)
