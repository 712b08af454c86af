"""One palette for all pictures of a batch, learned from their colours together."""

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kmcli.cli.quantize.jobs import Job
from kmcli.cli.quantize.pool import run_in_order
from kmcli.cli.quantize.request import Request
from kmcli.errors import KmcliError
from kmcli.parallel import n_cores

if TYPE_CHECKING:
    from kmcli.quantize import ColorCounts
    from kmcli.quantize.palette import Palette


def learn_shared_palettes(jobs: Sequence[Job], request: Request) -> "tuple[Palette, ...]":
    """Learn a palette for each version; none if not a single picture can be read."""
    from kmcli.quantize import learn_palette, merge_counts

    count = functools.partial(_count, request=request)
    merged = None
    for counted in run_in_order(count, jobs, request.jobs or n_cores()):
        if not isinstance(counted, KmcliError):  # what cannot be read now, cannot be later
            merged = counted if merged is None else merge_counts([merged, counted])
    if merged is None:
        return ()
    return tuple(learn_palette(merged, settings) for settings in request.settings)


def _count(job: Job, *, request: Request) -> "ColorCounts":
    from kmcli.cli.quantize.picture import read_picture

    if job.refusal is not None:
        raise job.refusal
    return read_picture(job.source, request).histogram
