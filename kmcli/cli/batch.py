"""Many inputs: plan the outputs, work through them, report, and find the exit code."""

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from kmcli.cli import console, outputs
from kmcli.cli.options import OutputOptions, ReportOptions
from kmcli.errors import ExitCode, KmcliError, LimitError, OutputError
from kmcli.files import STREAM, PipeClosedError, check_target, default_output

if TYPE_CHECKING:
    from kmcli.report.model import Report


@dataclass(frozen=True)
class Job:
    """One input and its output; ``-`` stands for the standard streams."""

    source: str
    output: str

    @property
    def names(self) -> str:
        """Both names, for people."""
        source = "<stdin>" if self.source == STREAM else self.source
        return f"{source} -> {'<stdout>' if self.output == STREAM else self.output}"


@dataclass(frozen=True)
class Outcome:
    """What came of one job.

    Attributes
    ----------
    summary : str
        How it went, in one line.
    warnings : tuple of str
        What the user should know, a line each.
    reports : tuple of Report
        The reports, if any were wanted.
    """

    summary: str
    warnings: tuple[str, ...] = ()
    reports: "tuple[Report, ...]" = ()


def plan(
    inputs: Sequence[str], suffix: str, to: OutputOptions, reports: ReportOptions
) -> list[Job]:
    """Decide where each output goes, and refuse what cannot work before any work is done.

    Parameters
    ----------
    inputs : sequence of str
        Paths, or ``-``.
    suffix : str
        What follows the stem of an input in the name of its output.
    to : OutputOptions
        Where the user wants the outputs.
    reports : ReportOptions
        Which reports are wanted.

    Returns
    -------
    list of Job

    Raises
    ------
    click.UsageError
        If inputs or options contradict each other.
    OutputError
        If the folder for the outputs or the file for the report cannot be written.
    """
    if to.output is not None and to.output_dir is not None:
        raise click.UsageError("-o names one output, -d a folder for several: give one of them")
    if to.output is not None and len(inputs) > 1:
        raise click.UsageError(f"-o takes one input, not {len(inputs)}; use -d for several")
    if inputs.count(STREAM) > 1:
        raise click.UsageError("standard input ('-') can be read only once")
    if STREAM in inputs and sys.stdin is not None and sys.stdin.isatty():
        raise click.UsageError("standard input is a terminal: pipe or redirect an image into it")
    jobs = [Job(source, _output(source, suffix, to, len(inputs))) for source in inputs]
    _refuse_collisions(jobs)
    on_stdout = any(job.output == STREAM for job in jobs)
    outputs.check([], reports, to, inputs=inputs, data_on_stdout=on_stdout)
    if on_stdout:
        outputs.refuse_terminal()
    return jobs


def run(
    jobs: Sequence[Job],
    work: Callable[[Job], Outcome],
    *,
    force: bool,
    reports: ReportOptions,
) -> ExitCode:
    """Work through jobs; one that fails does not keep the others from being done.

    Parameters
    ----------
    jobs : sequence of Job
        What to do.
    work : callable
        Does one job. It raises `KmcliError` if it cannot.
    force : bool
        Whether existing files may be replaced.
    reports : ReportOptions
        Which reports are wanted.

    Returns
    -------
    ExitCode
        Of the whole; it does not depend on the order of the jobs.
    """
    sources = [job.source for job in jobs]
    written: list[Report] = []
    failures: list[ExitCode] = []
    with console.progress(len(jobs), quiet=reports.quiet) as progress:
        for job in jobs:
            try:
                check_target(job.output, force=force, inputs=sources)
                outcome = work(job)
            except PipeClosedError:
                raise
            except (KmcliError, MemoryError) as problem:
                error = _as_kmcli_error(problem)
                failures.append(error.exit_code)
                outcome = _failure(job, error, reports)
            for text in outcome.warnings if not reports.quiet else ():
                console.warning(text, job.source)
            if outcome.summary and not reports.quiet:
                console.say(outcome.summary)
            for report in outcome.reports:
                if reports.on_stdout:
                    outputs.print_report(report, as_json=reports.json, is_first=not written)
                written.append(report)
            progress.advance(job.source)
    if reports.report_file is not None:
        outputs.write_report_file(written, reports.report_file, force=force)
    if len(jobs) > 1 and not reports.quiet:
        console.say(f"{len(jobs) - len(failures)} done, {len(failures)} failed")
    return exit_code(len(jobs), failures)


def exit_code(n_jobs: int, failures: Iterable[ExitCode]) -> ExitCode:
    """Find the exit code of a batch.

    Parameters
    ----------
    n_jobs : int
        How many jobs there were.
    failures : iterable of ExitCode
        The codes of those that failed.

    Returns
    -------
    ExitCode
        Done if none failed, partial if some did, else the code that all share, or input.
    """
    codes = list(failures)
    if not codes:
        return ExitCode.DONE
    if len(codes) < n_jobs:
        return ExitCode.PARTIAL
    return codes[0] if len(set(codes)) == 1 else ExitCode.INPUT


def _as_kmcli_error(problem: KmcliError | MemoryError) -> KmcliError:
    return LimitError("not enough memory") if isinstance(problem, MemoryError) else problem


def _failure(job: Job, error: KmcliError, reports: ReportOptions) -> Outcome:
    at_output = isinstance(error, OutputError) and job.output != STREAM
    console.error(str(error), job.output if at_output else job.source)
    if not reports.wanted:
        return Outcome("")
    from kmcli.report.quantize import failure_report

    return Outcome("", reports=(failure_report(job.source, str(error), error.exit_code),))


def _output(source: str, suffix: str, to: OutputOptions, n_inputs: int) -> str:
    if to.output is not None:
        return to.output
    if source == STREAM:
        if n_inputs == 1 and to.output_dir is None:
            return STREAM
        return default_output("stdin", suffix, to.output_dir)
    return default_output(source, suffix, to.output_dir)


def _refuse_collisions(jobs: Sequence[Job]) -> None:
    users: dict[str, str] = {}
    for job in jobs:
        if job.output == STREAM:
            continue
        target = os.path.realpath(job.output)
        if target in users:
            raise click.UsageError(
                f"{users[target]} and {job.source} would both be written to {job.output}; "
                "rename one, or quantize them one by one with -o"
            )
        users[target] = job.source
    sources = {os.path.realpath(job.source): job.source for job in jobs if job.source != STREAM}
    for target, user in users.items():
        if sources.get(target, user) != user:
            raise click.UsageError(
                f"the output for {user} would replace {sources[target]}, another input; use -d"
            )
