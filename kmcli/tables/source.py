"""Open tables and give the columns that are computed with as numbers, block by block."""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kmcli.errors import CellError, InputError
from kmcli.settings.tables import MAX_CATEGORIES, MAX_VALUE, ColumnChoice, FileFormat, TableFormat
from kmcli.tables.blocks import as_utf8
from kmcli.tables.cells import categories_in, category_column, has_text, number_column
from kmcli.tables.columns import (
    Chosen,
    choose_columns,
    find_names,
    guess_column,
    not_a_number,
)
from kmcli.tables.frames import open_frames
from kmcli.tables.interrupts import leave_interrupts_alone
from kmcli.tables.numbers import Column, Kind, LeftOut, Numbers
from kmcli.tables.sniff import sniff_format
from kmcli.tables.text import Input, open_text

leave_interrupts_alone()


class Table(Protocol):
    """A table of which no columns have been chosen yet."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def format(self) -> FileFormat: ...  # noqa: D102
    @property
    def names(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def has_made_up_names(self) -> bool: ...  # noqa: D102
    @property
    def decimal(self) -> str: ...  # noqa: D102
    @property
    def na(self) -> frozenset[str]: ...  # noqa: D102

    def blocks(self) -> Iterator[Any]:
        """Give the blocks in order."""

    def cells(self, block: Any, positions: Sequence[int]) -> pl.DataFrame:
        """Read columns of a block, each called by its position."""

    def plain_numbers(self, block: Any, positions: Sequence[int]) -> NDArray[np.float64] | None:
        """Read columns of a block as numbers at once; None if the cells have to be looked at."""

    def place(self, block: Any, row: int) -> str:
        """Tell where a row stands, such as ``line 7``."""


def open_table(
    inputs: Sequence[Input], wanted: TableFormat | None = None, *, once: bool = False
) -> Table:
    """Open inputs with the same columns as one table; `once` if each is read as it arrives.

    Raises InputError if it is no table, or cannot be understood in one way only.
    """
    wanted = wanted or TableFormat()
    if once:
        inputs = [_Peeked(each) for each in inputs]
    if wanted.format is None:
        start = next(as_utf8(inputs[0].pieces()), b"")
        wanted = replace(wanted, format=sniff_format(start))
    if wanted.format in ("parquet", "arrow"):
        return open_frames(inputs, wanted)
    return open_text(inputs, wanted, once=once)


class _Peeked:
    """An input that is read once, though its first piece is looked at before."""

    def __init__(self, source: Input) -> None:
        self.name, self.path = source.name, source.path
        self._rest = source.pieces()
        self._first = next(self._rest, b"")

    def pieces(self) -> Iterator[bytes]:
        """Give the first piece, as often as it is asked for, and then the others."""
        yield self._first
        yield from self._rest


@dataclass(frozen=True)
class TableSource:
    """A table with the columns that are computed with.

    Attributes
    ----------
    table : Table
        The table.
    columns : tuple of Column
        Those that are computed with.
    positions : tuple of int
        Where they stand in the table.
    weight : int or None
        Where the weights of the rows stand.
    left_out : tuple of LeftOut
        Columns that nobody chose to leave out, and why.
    """

    table: Table
    columns: tuple[Column, ...]
    positions: tuple[int, ...]
    weight: int | None = None
    left_out: tuple[LeftOut, ...] = ()

    @property
    def name(self) -> str:
        """What the table is called in reports."""
        return self.table.name

    @property
    def format(self) -> str:
        """The kind of table."""
        return self.table.format

    def blocks(self) -> Iterator[Any]:
        """Give the blocks in order."""
        return self.table.blocks()

    def line(self, block: Any, row: int) -> int:
        """Tell the line of a row, or its number, from 1."""
        return int(self.table.place(block, row).split()[-1])

    def numbers(self, block: Any) -> Numbers:
        """Read the numbers of a block.

        Raises
        ------
        InputError
            If a cell is neither a number nor missing, or a weight is negative or missing; the
            message names line and column.
        """
        if self.weight is None and all(column.kind == "number" for column in self.columns):
            plain = self.table.plain_numbers(block, self.positions)
            if plain is not None:
                return Numbers(plain)
        weights = () if self.weight is None else (self.weight,)
        cells = self.table.cells(block, [*self.positions, *weights])
        values = np.empty((len(cells), len(self.columns)), order="F")
        wrong: tuple[int, int] | None = None
        for place, (column, position) in enumerate(zip(self.columns, self.positions, strict=True)):
            values[:, place], row = self.column(cells[str(position)], column)
            if row is not None and (wrong is None or row < wrong[0]):
                wrong = row, place
        if wrong is not None:
            raise self._refusal(block, cells, *wrong)
        return Numbers(values, self._weights(block, cells))

    def column(self, cells: pl.Series, column: Column) -> tuple[NDArray[np.float64], int | None]:
        """Turn the cells of a column into numbers; tell the first row that has none."""
        if column.kind == "category":
            _require_categories(cells, column.name)
            return category_column(cells, self.table.na, column.categories), None
        return number_column(
            cells, self.table.na, self.table.decimal, is_boolean=column.kind == "boolean"
        )

    def _weights(self, block: Any, cells: pl.DataFrame) -> NDArray[np.float64] | None:
        if self.weight is None:
            return None
        weights, _ = number_column(cells[str(self.weight)], self.table.na, self.table.decimal)
        bad = np.flatnonzero(~((weights >= 0) & (weights <= MAX_VALUE)))
        if len(bad):
            shown = cells[str(self.weight)][int(bad[0])]
            raise InputError(
                f"{self.table.place(block, int(bad[0]))}, column {self.table.names[self.weight]}: "
                f"the weight {shown!r} is not a number from 0 to {MAX_VALUE:g}",
                block.name,
            )
        return weights

    def _refusal(self, block: Any, cells: pl.DataFrame, row: int, place: int) -> CellError:
        where, position = self.table.place(block, row), self.positions[place]
        cell, column = cells[str(position)][row], self.columns[place]
        return not_a_number(cell, where, column, block.name)


def choose(table: Table, choice: ColumnChoice | None = None) -> TableSource:
    """Choose the columns of a table that are computed with; its first block shows what they hold.

    Raises SettingsError if a column that is named does not exist, InputError if none is left or
    one of categories has too many of them.
    """
    first = next(table.blocks(), None)
    if first is None:
        raise InputError("the table has no rows", table.name)
    cells = table.cells(first, range(len(table.names)))
    if not len(cells):
        raise InputError("the table has no rows", table.name)

    @functools.cache
    def guess(position: int) -> str:
        column, name = cells[str(position)], table.names[position]
        return guess_column(column, name, table.na, table.decimal)

    try:
        chosen = choose_columns(table.names, choice or ColumnChoice(), guess)
    except InputError as error:
        error.name = table.name
        raise
    categories = _categories(table, chosen)
    columns = []
    for position in chosen.positions:
        kind: Kind = "boolean" if guess(position) == "boolean" else "number"
        if position in categories:
            columns.append(Column(table.names[position], "category", categories[position]))
        else:
            columns.append(Column(table.names[position], kind))
    return TableSource(table, tuple(columns), chosen.positions, chosen.weight, chosen.left_out)


def _categories(table: Table, chosen: Chosen) -> dict[int, tuple[str, ...]]:
    """Find all categories, by a pass over their columns alone."""
    wanted = sorted(chosen.categories)
    found: dict[int, set[str]] = {position: set() for position in wanted}
    for block in table.blocks() if wanted else ():
        cells = table.cells(block, wanted)
        for position, categories in found.items():
            _require_categories(cells[str(position)], table.names[position])
            categories |= categories_in(cells[str(position)], table.na)
            if len(categories) > MAX_CATEGORIES:
                raise InputError(
                    f"column {table.names[position]} has more than {MAX_CATEGORIES} categories; "
                    "leave it out, or merge the rare ones",
                    table.name,
                )
    return {position: tuple(sorted(categories)) for position, categories in found.items()}


def _require_categories(cells: pl.Series, name: str) -> None:
    if not has_text(cells.dtype, "csv"):
        raise InputError(f"column {name} holds {cells.dtype}, which is no kind of category")


def with_columns(table: Table, columns: Sequence[Column]) -> TableSource:
    """Find columns of kinds that are known in a table by their names, in any order.

    Raises SettingsError if one is not there, InputError if several have its name.
    """
    return TableSource(table, tuple(columns), find_names(table.names, columns))
