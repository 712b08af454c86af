"""What ``kmcli blobs`` finds out besides the clustering itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kmcli.cli import console

if TYPE_CHECKING:
    from kmcli.blobs import BlobsResult, Trace
    from kmcli.blobs.trials import ScanStep, StartTrials


@dataclass(frozen=True)
class Extras:
    """Results besides the clustering itself; empty where they are not wanted."""

    trace: "Trace | None"
    scan: "tuple[ScanStep, ...]"
    trials: "tuple[StartTrials, ...]"


def run_extras(result: "BlobsResult", given: Mapping[str, Any], *, quiet: bool) -> Extras:
    """Follow one start, scan numbers of clusters, compare starts, as far as asked for."""
    from kmcli.blobs import trace_start
    from kmcli.blobs.trials import compare_starts, scan_clusters

    points, settings = result.points, result.settings
    trace = trace_start(result) if given["steps"] else None
    n_runs, numbers = given["compare_init"], given["scan"]
    n_fits = 2 * (n_runs or 0) + len(numbers or ())
    with console.progress(n_fits, quiet=quiet) as progress:
        scan: tuple[ScanStep, ...] = ()
        if numbers:
            scan = scan_clusters(points, settings.kmeans, numbers, progress.advance)
        trials: tuple[StartTrials, ...] = ()
        if n_runs:
            trials = compare_starts(result, n_runs, progress.advance)
    return Extras(trace, scan, trials)
