"""Points with their clusters as CSV."""

import csv
import io

import numpy as np
from numpy.typing import NDArray

from kmcli.blobs.data import Points


def blobs_csv(points: Points, labels: NDArray[np.int32], centers: NDArray[np.float64]) -> bytes:
    """Write points with their clusters as CSV.

    Its columns are the features in the units of the data, ``true`` (empty if not known),
    ``cluster``, and ``distance`` to the centre, which is scaled where the points are. Numbers
    are written so that reading them gives the same numbers.
    """
    distances = np.linalg.norm(points.values - centers[labels], axis=1)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*points.names, "true", "cluster", "distance"])
    true = [""] * len(labels) if points.true_labels is None else points.true_labels.tolist()
    values = points.values if points.unscaled is None else points.unscaled
    columns = zip(values.tolist(), true, labels.tolist(), distances.tolist(), strict=True)
    for place, true_label, label, distance in columns:
        writer.writerow([*map(repr, place), true_label, label, repr(distance)])
    return buffer.getvalue().encode()
