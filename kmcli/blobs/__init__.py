"""K-means on points in the plane, to watch and to try."""

from kmcli.blobs.run import (
    BlobsResult,
    Trace,
    first_centers,
    run_blobs,
    trace_start,
)

__all__ = [
    "BlobsResult",
    "Trace",
    "first_centers",
    "run_blobs",
    "trace_start",
]
