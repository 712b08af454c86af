"""What changes from one frame to the next, as a rectangle."""

import numpy as np
from numpy.typing import NDArray


def box_around(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Find the smallest rectangle that holds all that is marked: left, top, right, bottom.

    The last two lie outside. One pixel in the corner if nothing is marked: a frame cannot be
    empty.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return 0, 0, 1, 1
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
