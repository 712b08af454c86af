"""What changes from one frame to the next, as a rectangle."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Box(NamedTuple):
    """A rectangle of pixels; right and bottom lie outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns, to index an array of shape (height, width)."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


def whole_box(indices: NDArray[np.uint8]) -> Box:
    """Return the rectangle of a whole picture."""
    return Box(0, 0, indices.shape[1], indices.shape[0])


def box_around(mask: NDArray[np.bool_]) -> Box:
    """Find the smallest rectangle that holds all that is marked.

    Parameters
    ----------
    mask : ndarray of shape (height, width), bool

    Returns
    -------
    Box
        One pixel in the corner if nothing is marked: a frame cannot be empty.
    """
    rows = np.flatnonzero(mask.any(axis=1))
    if not len(rows):
        return Box(0, 0, 1, 1)
    columns = np.flatnonzero(mask.any(axis=0))
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
