"""What a batch is to do: one job for each input, with its outputs, refused if it cannot work."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import click

from kmcli.cli import outputs
from kmcli.cli.options import BatchOptions, OutputOptions, ReportOptions
from kmcli.cli.quantize.inputs import Input
from kmcli.files import STREAM, default_output


@dataclass(frozen=True)
class Job:
    """One input and what is to be made of it; ``-`` stands for the standard streams.

    Attributes
    ----------
    source : str
        The input.
    outputs : tuple of str
        Where the versions of it go.
    sheet : str or None
        Where the sheet goes that compares them.
    """

    source: str
    outputs: tuple[str, ...]
    sheet: str | None = None

    @property
    def targets(self) -> tuple[str, ...]:
        """All that is to be written."""
        return self.outputs if self.sheet is None else (*self.outputs, self.sheet)


def plan_jobs(
    inputs: Sequence[Input],
    endings: Sequence[str],
    to: OutputOptions,
    options: BatchOptions,
    reports: ReportOptions,
    sheet: str | None = None,
    besides: Sequence[str] = (),
) -> list[Job]:
    """Decide where each output goes, and refuse what cannot work before any work is done.

    Parameters
    ----------
    inputs : sequence of Input
        What to work on.
    endings : sequence of str
        What the names of the outputs end in, one for each version of a picture.
    to : OutputOptions
        Where the user wants the outputs.
    options : BatchOptions
        How the batch is run.
    reports : ReportOptions
        Which reports are wanted.
    sheet : str, optional
        What the name of a sheet ends in.
    besides : sequence of str
        Other files that will be written, once for all inputs.

    Returns
    -------
    list of Job

    Raises
    ------
    click.UsageError
        If inputs or options contradict each other.
    OutputError
        If the file for the report cannot be written.
    """
    names = [each.path for each in inputs]
    if to.output is not None and len(inputs) > 1:
        raise click.UsageError(f"-o takes one input, not {len(inputs)}; use -d for several")
    if names.count(STREAM) > 1:
        raise click.UsageError("standard input ('-') can be read only once")
    if STREAM in names and options.in_place:
        raise click.UsageError("--in-place: standard input has no place")
    if STREAM in names and sys.stdin is not None and sys.stdin.isatty():
        raise click.UsageError("standard input is a terminal: pipe or redirect an image into it")
    jobs = [_job(each, endings, to, options, sheet, len(inputs)) for each in inputs]
    _refuse_collisions(jobs, besides)
    on_stdout = any(STREAM in job.outputs for job in jobs) and not options.dry_run
    outputs.check(besides, reports, to, inputs=names, data_on_stdout=on_stdout)
    if not options.dry_run:
        for job in jobs:
            for path in job.targets:
                outputs.refuse_terminal(path)
    return jobs


def is_stream(source: str) -> bool:
    """Tell whether an input can be read only once, and only by this process."""
    return source == STREAM or (
        os.path.exists(source) and not os.path.isfile(source) and not os.path.isdir(source)
    )


def _job(
    source: Input,
    endings: Sequence[str],
    to: OutputOptions,
    options: BatchOptions,
    sheet: str | None,
    n_inputs: int,
) -> Job:
    name = "stdin" if source.path == STREAM else source.path
    folder = to.output_dir
    if folder is not None:
        folder = os.path.join(folder, source.folder)
    sheet_path = None if sheet is None else default_output(name, sheet, folder)
    outputs_: tuple[str, ...]
    if to.output is not None:
        outputs_ = (to.output,)
    elif options.in_place:
        outputs_ = (source.path,)
    elif source.path == STREAM and n_inputs == 1 and to.output_dir is None and len(endings) == 1:
        outputs_ = (STREAM,)
    else:
        outputs_ = tuple(default_output(name, ending, folder) for ending in endings)
    return Job(source.path, outputs_, sheet_path)


def _refuse_collisions(jobs: Sequence[Job], besides: Sequence[str]) -> None:
    users: dict[str, Job] = {}
    for job in jobs:
        for path in job.targets:
            if path == STREAM:
                continue
            target = os.path.realpath(path)
            other = users.get(target)
            if other is job:
                raise click.UsageError(f"two outputs would be written to {path}")
            if other is not None and other.source == job.source:
                raise click.UsageError(f"{job.source} is given twice")
            if other is not None:
                raise click.UsageError(
                    f"{other.source} and {job.source} would both be written to {path}; "
                    "rename one, or quantize them one by one with -o"
                )
            users[target] = job
    for path in besides:
        if os.path.realpath(path) in users:
            raise click.UsageError(f"two outputs would be written to {path}")
    sources = {os.path.realpath(job.source): job.source for job in jobs if job.source != STREAM}
    for target, user in users.items():
        if sources.get(target, user.source) != user.source:
            raise click.UsageError(
                f"the output for {user.source} would replace {sources[target]}, another input; "
                "use -d"
            )
