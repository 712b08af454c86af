"""Work through jobs: have them done, publish and tell what came of each, find the exit code."""

import contextlib
import os
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace

from kmcli.cli import console, outputs
from kmcli.cli.hints import with_hint
from kmcli.cli.quantize.jobs import Job, is_stream
from kmcli.cli.quantize.outcome import Outcome, counts, exit_code
from kmcli.cli.quantize.pool import run_in_order
from kmcli.cli.quantize.request import Request
from kmcli.cli.quantize.scheduler import run_on_scheduler
from kmcli.errors import ExitCode, KmcliError, OutputError
from kmcli.files import DiskFullError, PipeClosedError, check_output, publish
from kmcli.parallel import n_cores
from kmcli.text import counted


def run_jobs(jobs: Sequence[Job], work: Callable[[Job], Outcome], request: Request) -> ExitCode:
    """Work through jobs; one that fails does not keep the others from being done.

    `work` does one of them, without writing anything, and raises `KmcliError` if it cannot. The
    exit code does not depend on the order of the jobs.
    """
    done: list[Outcome] = []
    is_first, n_untried = True, 0
    with (
        contextlib.closing(_outcomes(jobs, work, request)) as outcomes,
        console.progress(len(jobs), quiet=request.quiet) as progress,
    ):
        for job in jobs:
            if done and isinstance(done[-1].error, DiskFullError):
                outcome = Outcome(error=DiskFullError("skipped: the disk is full"))
                n_untried += 1
            else:
                outcome = _published(next(outcomes), request, is_alone=len(jobs) == 1)
                _tell(job, outcome, is_quiet=request.quiet)
            if request.has_report and outcome.failure is not None:
                outcome = _with_failure_report(outcome, outcome.failure, job)
            for report in outcome.reports if request.prints_report else ():
                outputs.print_report(report, as_json=request.json, is_first=is_first)
                is_first = False
            done.append(replace(outcome, files=(), preview=""))  # not kept in memory
            progress.advance(job.source)
    if n_untried:
        console.error(f"the disk is full; skipped {counted(n_untried, 'more input')}")
    code = _finish(done, request)
    if len(jobs) > 1 and not request.quiet:
        console.say(counts(done))
    return code


def _outcomes(
    jobs: Sequence[Job], work: Callable[[Job], Outcome], request: Request
) -> Generator[Outcome]:
    """Have the jobs done; those whose outputs are in the way are not even begun."""
    sources = [job.source for job in jobs]
    jobs = [replace(job, refusal=_refusal(job, sources, request)) for job in jobs]
    accepted = [job for job in jobs if job.refusal is None]
    if any(map(is_stream, sources)):
        made = run_in_order(work, accepted, 1)  # only this process has been given the streams
    elif request.scheduler is not None:
        made = run_on_scheduler(work, accepted, request.scheduler)
    else:
        made = run_in_order(work, accepted, request.jobs or n_cores())
    with contextlib.closing(made):
        for job in jobs:
            result = job.refusal or next(made)
            yield Outcome(error=result) if isinstance(result, KmcliError) else result


def _refusal(job: Job, sources: Sequence[str], request: Request) -> KmcliError | None:
    if job.refusal is not None:
        return job.refusal
    try:
        for path in job.paths:
            if not request.in_place or path not in job.outputs:
                check_output(
                    path, force=request.force, inputs=sources, make_folders=request.make_folders
                )
            elif os.path.isfile(path) and not os.access(path, os.W_OK) and not request.force:
                return OutputError("is read-only; use --force to replace it", path)
    except OutputError as error:
        return error
    return None


def _published(outcome: Outcome, request: Request, *, is_alone: bool) -> Outcome:
    """Publish files, and with those of the only input its report: both, or neither."""
    files, path = outcome.files, request.report_file
    if request.dry_run:
        return outcome
    if is_alone and path is not None and outcome.failure is None:
        files = (*files, (path, outputs.report_bytes(outcome.reports, path)))
    try:
        publish(
            files,
            force=request.force or request.in_place,
            make_folders=request.make_folders,
            mtime_ns=outcome.mtime_ns,
        )
    except PipeClosedError:
        raise
    except OutputError as error:
        return Outcome(error=error)
    return outcome


def _finish(done: Sequence[Outcome], request: Request) -> ExitCode:
    """Print the table, write the file of reports, and find the exit code."""
    code = exit_code(done)
    rows = [row for outcome in done for row in outcome.rows]
    if request.dry_run and rows and not request.prints_report:
        outputs.print_table("What would be written", rows)
    is_published = len(done) == 1 and done[0].failure is None and not request.dry_run
    path = request.report_file
    if path is None or is_published:
        return code
    written = [report for outcome in done for report in outcome.reports]
    try:
        publish(
            [(path, outputs.report_bytes(written, path))],
            force=request.force,
            make_folders=request.make_folders,
        )
    except OutputError as error:
        console.error(with_hint(error), error.name)
        return error.exit_code if code in (ExitCode.DONE, ExitCode.DECLINED) else code
    return code


def _with_failure_report(outcome: Outcome, failure: KmcliError, job: Job) -> Outcome:
    from kmcli.report.quantize import failure_report

    report = failure_report(job.source, with_hint(failure), failure.exit_code)
    return replace(outcome, reports=(report,))


def _tell(job: Job, outcome: Outcome, *, is_quiet: bool) -> None:
    if outcome.failure is not None:
        console.error(with_hint(outcome.failure), outcome.failure.name or job.source)
    if is_quiet:
        return
    for text in outcome.warnings:
        console.warning(text, job.source)
    for summary in outcome.summaries:
        console.say(summary)
    if outcome.preview:
        console.plain(outcome.preview)
