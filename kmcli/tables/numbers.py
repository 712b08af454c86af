"""What a table is to those who compute with it: named columns of numbers, in blocks of rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Kind = Literal["number", "boolean", "category"]


@dataclass(frozen=True)
class Column:
    """A column that is computed with.

    Attributes
    ----------
    name : str
        What the table calls it.
    kind : {"number", "boolean", "category"}
        What its cells are.
    categories : tuple of str
        The values that the cells of a category column may have.
    """

    name: str
    kind: Kind = "number"
    categories: tuple[str, ...] = ()


@dataclass(frozen=True)
class LeftOut:
    """A column that is not computed with.

    Attributes
    ----------
    name : str
        What the table calls it.
    why : str
        The reason, in a word or two.
    """

    name: str
    why: str


@dataclass(frozen=True)
class Numbers:
    """The cells of some rows as numbers.

    Attributes
    ----------
    values : ndarray of shape (n_rows, n_columns), float64
        NaN where a value is missing; 1 and 0 for true and false; for a category its position
        in `Column.categories`, or -1 if it is none of them.
    weights : ndarray of shape (n_rows,), float64, or None
        How much each row counts; None if all count 1.
    """

    values: NDArray[np.float64]
    weights: NDArray[np.float64] | None = None


class Source(Protocol):
    """A table that can be read from start to end, in blocks of rows.

    Attributes
    ----------
    name, format : str
        The file or stream, and the kind of table that it holds.
    columns : sequence of Column
        Those that are computed with.
    left_out : sequence of LeftOut
        The others.
    """

    @property
    def name(self) -> str: ...  # noqa: D102 - described above
    @property
    def format(self) -> str: ...  # noqa: D102
    @property
    def columns(self) -> Sequence[Column]: ...  # noqa: D102
    @property
    def left_out(self) -> Sequence[LeftOut]: ...  # noqa: D102

    def blocks(self) -> Iterator[Any]:
        """Give the blocks in order; each time the same ones."""

    def numbers(self, block: Any) -> Numbers:
        """Read the numbers of a block, on any thread or machine."""

    def line(self, block: Any, row: int) -> int:
        """Say where a row of a block is in the table, in lines or rows from 1."""
