"""A table in memory, for the tests of what is computed from tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kmcli.tables.numbers import Column, LeftOut, Numbers

Block = tuple[int, NDArray[np.float64], NDArray[np.float64] | None]


class ArraySource:
    """Rows of an array, in blocks; its lines count from 1."""

    name = "table"
    format = "array"
    left_out: Sequence[LeftOut] = ()

    def __init__(
        self,
        values: ArrayLike,
        columns: Sequence[Column] = (),
        weights: ArrayLike | None = None,
        size: int = 1000,
    ) -> None:
        self.values = np.asarray(values, dtype=np.float64)
        names = [f"x{number + 1}" for number in range(self.values.shape[1])]
        self.columns = tuple(columns) or tuple(map(Column, names))
        self.weights = None if weights is None else np.asarray(weights, dtype=np.float64)
        self.size = size

    def blocks(self) -> Iterator[Block]:
        for start in range(0, len(self.values), self.size):
            rows = slice(start, start + self.size)
            yield start, self.values[rows], None if self.weights is None else self.weights[rows]

    def numbers(self, block: Block) -> Numbers:
        return Numbers(block[1], block[2])

    def line(self, block: Block, row: int) -> int:
        return block[0] + row + 1
