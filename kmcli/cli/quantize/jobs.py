"""What a batch is to do: one job for each input, with its outputs, refused if it cannot work."""

import functools
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import click

from kmcli.cli import outputs
from kmcli.cli.quantize.inputs import find_inputs
from kmcli.cli.quantize.request import Request
from kmcli.errors import KmcliError, OutputError, SettingsError
from kmcli.files import STREAM, default_output, file_identity
from kmcli.text import listed


@dataclass(frozen=True)
class Job:
    """One input and what is to be made of it; ``-`` stands for the standard streams."""

    source: str
    outputs: tuple[str, ...]  # where the versions of it go
    sheet: str | None = None  # where the sheet goes that compares them
    cloud: str | None = None  # where the picture of their colours in colour space goes
    refusal: KmcliError | None = None  # it would write what belongs to another input

    @property
    def paths(self) -> tuple[str, ...]:
        """All that is to be written."""
        return (*self.outputs, *filter(None, (self.sheet, self.cloud)))


def plan_jobs(request: Request) -> list[Job]:
    """Decide where each output goes, and refuse what cannot work before any work is done."""
    inputs = find_inputs(
        request.images,
        recursive=request.recursive,
        output_dir=request.output_dir,
        suffix=request.suffix or "",
    )
    names = [path for path, _ in inputs]
    for refusal in _wrong_inputs(names, request):
        raise click.UsageError(refusal)
    jobs = [_job(*each, request, is_alone=len(inputs) == 1) for each in inputs]
    palette_out = [] if request.palette_out is None else [request.palette_out]
    once = [*palette_out, *filter(None, [request.report_file])]
    identity = functools.cache(file_identity)  # which asks the file system
    for job in jobs:
        outputs.refuse_same([*once, *job.paths], identity)
    jobs = _with_refusals(jobs, identity)
    written = [path for job in jobs for path in job.paths]
    data_on_stdout = STREAM in written and not request.dry_run
    outputs.check(palette_out, request, inputs=names, data_on_stdout=data_on_stdout)
    if not request.dry_run:
        for path in written:
            outputs.refuse_terminal(path)
    _keep_from_overwriting(request.palette, "palette", [*once, *written])
    _keep_from_overwriting(request.weight_mask, "mask", [*once, *written])
    return jobs


def is_stream(source: str) -> bool:
    """Tell whether an input can be read only once, and only by this process."""
    return source == STREAM or (
        os.path.exists(source) and not os.path.isfile(source) and not os.path.isdir(source)
    )


def _wrong_inputs(names: Sequence[str], request: Request) -> Iterator[str]:
    if request.output is not None and len(names) > 1:
        yield f"-o takes one input, not {len(names)}; use -d for several"
    if request.palette_out is not None and len(names) > 1 and not request.shared_palette:
        yield (
            f"--palette-out writes one palette, but there are {len(names)} pictures; "
            "add --shared-palette"
        )
    if names.count(STREAM) > 1:
        yield "standard input ('-') can be read only once"
    if STREAM in names and request.in_place:
        yield "--in-place cannot replace standard input"
    if STREAM in names and sys.stdin is not None and sys.stdin.isatty():
        yield "standard input is a terminal; pipe or redirect an image"
    if request.shared_palette and any(map(is_stream, names)):
        yield "--shared-palette reads its inputs twice; save standard input to a file first"


def _job(source: str, below: str, request: Request, *, is_alone: bool) -> Job:
    name = "stdin" if source == STREAM else source
    folder = None if request.output_dir is None else os.path.join(request.output_dir, below)
    kept = os.path.splitext(name)[1] if request.keep_extension else ""
    sheet, cloud = (
        default_output(name, f"{kept}-{what}.png", folder) if is_wanted else None
        for what, is_wanted in (("compare", request.compare), ("cloud", request.cloud))
    )
    if request.output is not None:
        return Job(source, (request.output,), sheet, cloud)
    if request.in_place:
        return Job(source, (source,), sheet, cloud)
    if source == STREAM and is_alone and folder is None and len(request.endings) == 1:
        return Job(source, (STREAM,), sheet, cloud)
    named = tuple(default_output(name, kept + ending, folder) for ending in request.endings)
    return Job(source, named, sheet, cloud)


def _with_refusals(jobs: Sequence[Job], identity: Callable[[str], str]) -> list[Job]:
    """Refuse jobs that would write one file both; if that leaves none to do, refuse the call."""
    sources = {identity(job.source): job.source for job in jobs if job.source != STREAM}
    writers: dict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        for path in job.paths:
            if path != STREAM:
                writers[identity(path)].append(job)
    planned = [replace(job, refusal=_collision(job, sources, writers, identity)) for job in jobs]
    if all(job.refusal for job in planned):
        raise click.UsageError(str(planned[0].refusal))
    return planned


def _collision(
    job: Job,
    sources: Mapping[str, str],
    writers: Mapping[str, Sequence[Job]],
    identity: Callable[[str], str],
) -> KmcliError | None:
    """Find the other job that would write the same file, or the input that would be replaced."""
    refusal = None
    for path in job.paths:
        target = identity(path)
        others = [other for other in writers.get(target, ()) if other is not job]
        if any(other.source == job.source for other in others):
            raise click.UsageError(f"{job.source} is given twice")
        if others:
            both = listed(writer.source for writer in writers[target][:2])
            refusal = SettingsError(
                f"{both} would both be written to {path}; rename one, or use --keep-extension",
                job.source,
            )
        elif sources.get(target, job.source) != job.source:
            raise click.UsageError(
                f"the output for {job.source} would replace {sources[target]}, another input; "
                "use -d"
            )
    return refusal


def _keep_from_overwriting(path: str | None, what: str, written: Sequence[str]) -> None:
    """Keep a file that is only read, by whatever name, from being overwritten."""
    if path is None or not os.path.isfile(path):
        return
    for output in written:
        if os.path.exists(output) and os.path.samefile(output, path):
            raise OutputError(f"is the {what}; choose another output", output)
