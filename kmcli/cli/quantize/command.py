"""The command ``kmcli quantize``: the story from top to bottom."""

import functools
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from kmcli.cli.declaring import GroupedCommand
from kmcli.cli.quantize.batch import run_jobs
from kmcli.cli.quantize.jobs import Job, plan_jobs
from kmcli.cli.quantize.options import quantize_options
from kmcli.cli.quantize.outcome import Outcome
from kmcli.cli.quantize.palettes import learn_shared_palettes, palette_from_option, write_shared
from kmcli.cli.quantize.request import Request, check_request
from kmcli.errors import ExitCode

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kmcli.cli.quantize.preview import Terminal


@click.command(
    cls=GroupedCommand,
    short_help="Reduce pictures to few colours.",
    epilog="Example: kmcli quantize photo.jpg -k 16 writes photo-k16.png beside photo.jpg.",
)
@quantize_options
@click.pass_context
def quantize(context: click.Context, /, **options: Any) -> ExitCode:
    """Reduce pictures to few colours, learned from their pixels by k-means.

    Reads any common image format, from files, folders (with -r) or standard input (-), and
    writes indexed PNGs. A picture that already has few enough colours is copied exactly.
    """
    request = Request(**options)
    sources = {name: context.get_parameter_source(name) for name in options}
    default = ParameterSource.DEFAULT
    check_request(request, {name for name, source in sources.items() if source is not default})
    jobs = plan_jobs(request)

    shared = learn_shared_palettes(jobs, request) if request.shared_palette else ()
    palettes = tuple(each.colors for each in shared)
    if request.palette is not None:
        palettes = (palette_from_option(request.palette, request),)
        request = replace(request, colors=(len(palettes[0]),))
    work = functools.partial(
        quantize_one, request=request, palettes=palettes, terminal=_find_terminal(request)
    )
    code = run_jobs(jobs, work, request)
    if shared and request.palette_out is not None and not request.dry_run:
        write_shared(shared[0], request.palette_out, code, request)
    return code


def quantize_one(
    job: Job,
    *,
    request: Request,
    palettes: "Sequence[NDArray[np.uint8]]",
    terminal: "Terminal | None",
) -> Outcome:
    """Make of one input all that is to be written and told, and write nothing yet."""
    # Late, so that help and usage errors come at once.
    from kmcli.cli.quantize.picture import read_picture
    from kmcli.cli.quantize.present import present
    from kmcli.cli.quantize.versions import make_versions

    picture = read_picture(job.source, request)
    versions = make_versions(picture, job, request, palettes)
    return present(versions, job, request, palettes, terminal)


def _find_terminal(request: Request) -> "Terminal | None":
    if not request.preview or request.quiet:
        return None
    from kmcli.cli.quantize.preview import find_terminal

    return find_terminal()
