"""Tables in columns: Parquet and Arrow files, read by slices, and tables in memory."""

import io
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from polars.exceptions import PolarsError

from kmcli.errors import InputError
from kmcli.settings.tables import FileFormat, TableFormat
from kmcli.tables.text import Input

_BLOCK_CELLS = 2**19
"""Two blocks at work and what is computed of them stay below 400 MB in all."""

_LEAST_BLOCK_ROWS = 2**13
"""Of Parquet whole pages are unpacked: slices of fewer rows take longer than they spare memory."""

_BLOCKS_AT_ONCE = 2
"""Each read unpacks whole pages: one by one 10 million rows took 3 s more. Three need 400 MB."""


@dataclass(frozen=True)
class _Rows:
    """Consecutive rows of an input; each column is read once, for all who ask."""

    source: Any  # a path, the bytes of a file, or a polars.DataFrame
    first: int
    n: int
    _columns: dict[int, pl.Series] = field(default_factory=dict, repr=False, compare=False)
    _lock: Any = field(default_factory=threading.Lock, repr=False, compare=False)

    def columns(self, wanted: dict[int, pl.Expr], form: FileFormat, name: str) -> list[pl.Series]:
        """Give columns, by position; `name` is that of the input."""
        with self._lock:
            new = {i: column for i, column in wanted.items() if i not in self._columns}
            if new:

                def read(frame: pl.LazyFrame) -> pl.DataFrame:
                    return frame.slice(self.first, self.n).select(new.values()).collect()

                found = _read(read, self.source, form, name)
                self._columns.update(zip(new, found.get_columns(), strict=True))
            return [self._columns[i] for i in wanted]


@dataclass(frozen=True)
class FrameBlock:
    """Some rows of a table in columns, which are read where they are worked on."""

    number: int  # from 0, over all inputs of a table
    name: str  # the input, for messages
    rows: _Rows
    stretch: _Rows  # the same and those of some blocks beside it, of the same input

    @property
    def first_row(self) -> int:
        """Its place in the input, from 0."""
        return self.rows.first

    def __reduce__(self) -> tuple[Any, ...]:
        """Take no other rows along to another process, where none of its neighbours is."""
        rows = _Rows(self.rows.source, self.rows.first, self.rows.n)
        return FrameBlock, (self.number, self.name, rows, rows)

    def cells(
        self, schema: dict[str, pl.DataType], positions: Sequence[int], form: FileFormat
    ) -> pl.DataFrame:
        """Read columns, each called by its position."""
        names, kinds = list(schema), list(schema.values())
        wanted = {i: pl.col(names[i]).alias(str(i)) for i in positions}
        # Text may be long: of that no more is kept than has to be.
        shared = {i: column for i, column in wanted.items() if kinds[i].is_numeric()}
        alone = {i: column for i, column in wanted.items() if i not in shared}
        found = dict(zip(alone, self.rows.columns(alone, form, self.name), strict=True))
        start = self.rows.first - self.stretch.first
        for i, column in zip(shared, self.stretch.columns(shared, form, self.name), strict=True):
            found[i] = column.slice(start, self.rows.n)
        return pl.DataFrame([found[i] for i in positions])


@dataclass(frozen=True)
class FrameTable:
    """A table in columns.

    Attributes
    ----------
    name : str
        What it is called in reports.
    format : str
        ``parquet`` or ``arrow``; tables in memory count as Arrow.
    schema : dict of str to polars.DataType
        Names and types of the columns.
    parts : sequence of (str, source)
        What it consists of, in order: names for messages, and what blocks are taken from.
    na : frozenset of str
        Cells of text that mean a missing value.
    """

    name: str
    format: FileFormat
    schema: dict[str, pl.DataType]
    parts: Sequence[tuple[str, Any]]
    na: frozenset[str]
    decimal: str = "."
    has_made_up_names: bool = False

    def __getstate__(self) -> dict[str, Any]:
        """Leave the data behind where only blocks are worked on."""
        return {**self.__dict__, "parts": ()}

    @property
    def names(self) -> tuple[str, ...]:
        """Of all columns."""
        return tuple(self.schema)

    def blocks(self) -> Iterator[FrameBlock]:
        """Give the blocks in order."""
        number, step = 0, max(_LEAST_BLOCK_ROWS, _BLOCK_CELLS // max(1, len(self.schema)))
        for name, source in self.parts:
            with_rows = _read(lambda f: f.select(pl.len()).collect(), source, self.format, name)
            n_rows = int(with_rows.item())
            for first in range(0, n_rows, step):
                if first % (step * _BLOCKS_AT_ONCE) == 0:
                    stretch = _Rows(source, first, min(step * _BLOCKS_AT_ONCE, n_rows - first))
                rows = _Rows(source, first, min(step, n_rows - first))
                yield FrameBlock(number, name, rows, stretch)
                number += 1

    def cells(self, block: FrameBlock, positions: Sequence[int]) -> pl.DataFrame:
        """Read columns of a block, each called by its position."""
        return block.cells(self.schema, positions, self.format)

    def plain_numbers(self, block: FrameBlock, positions: Sequence[int]) -> None:
        """Leave it to those who read the cells, which have types."""

    def place(self, block: FrameBlock, row: int) -> str:
        """Tell which row of its input a row is, from 1."""
        return f"row {block.first_row + row + 1}"


def open_frames(inputs: Sequence[Input], wanted: TableFormat) -> FrameTable:
    """Open Parquet or Arrow files as one table; one without a path is read into memory.

    Raises InputError if a part is damaged, or has other columns than the first.
    """
    form = wanted.format or "parquet"
    parts: list[tuple[str, Any]] = []
    schemas: list[dict[str, pl.DataType]] = []
    for part in inputs:
        source: Any = part.path
        if source is None or form == "arrow":
            source = source or b"".join(part.pieces())
            source = _whole_stream(source, part) if form == "arrow" else source
        schema = _read(lambda f: pl.DataFrame(schema=f.collect_schema()), source, form, part.name)
        parts.append((part.name, source))
        schemas.append(dict(schema.schema))
        if schemas[-1] != schemas[0]:
            raise InputError(f"has other columns than {inputs[0].name}", part.name)
    name = ", ".join(part.name for part in inputs)
    return FrameTable(name, form, schemas[0], parts, frozenset(wanted.na))


def table_of(data: Any, names: Sequence[str] | None = None) -> FrameTable:
    """Make a table of data in memory.

    Parameters
    ----------
    data : array-like of shape (n_rows, n_columns), mapping of str to array, or dataframe
        Anything with ``__arrow_c_stream__`` or ``__dataframe__`` is a dataframe.
    names : sequence of str, optional
        Of the columns of an array; ``x1``, ``x2`` and so on if not given.

    Raises
    ------
    InputError
        If it is no table.
    """
    if isinstance(data, pl.DataFrame):
        frame = data
    elif hasattr(data, "__arrow_c_stream__") or isinstance(data, dict):
        frame = pl.DataFrame(data)
    elif hasattr(data, "__dataframe__"):
        frame = pl.from_dataframe(data)
    else:
        values = np.asarray(data)
        if values.ndim != 2 or values.dtype.kind not in "fiub":
            raise InputError(
                f"an array of {values.ndim} dimensions and type {values.dtype} is not a table of "
                "numbers; expected two dimensions"
            )
        schema = list(names) if names else [f"x{i + 1}" for i in range(values.shape[1])]
        frame = pl.DataFrame(values, schema=schema)
    parts = [("the table", frame)]
    return FrameTable("the table", "arrow", dict(frame.schema), parts, frozenset(TableFormat().na))


def _whole_stream(source: Any, part: Input) -> Any:
    """Read an Arrow stream, which has no table of contents, as a whole; leave a file alone."""
    is_path = isinstance(source, str)
    start = next(part.pieces(), b"")[:6] if is_path else source[:6]
    if start == b"ARROW1":
        return source
    try:
        return pl.read_ipc_stream(source if is_path else io.BytesIO(source))
    except (PolarsError, OSError):
        raise _damaged("arrow", part.name) from None


def _read(
    read: Callable[[pl.LazyFrame], pl.DataFrame], source: Any, form: FileFormat, name: str
) -> pl.DataFrame:
    scan = pl.scan_parquet if form == "parquet" else pl.scan_ipc
    try:
        if isinstance(source, pl.DataFrame):
            return read(source.lazy())
        return read(scan(io.BytesIO(source) if isinstance(source, bytes) else source))
    except (PolarsError, OSError):
        raise _damaged(form, name) from None


def _damaged(form: FileFormat, name: str) -> InputError:
    kind = "a whole Parquet file" if form == "parquet" else "whole Arrow data"
    return InputError(f"is not {kind}: damaged, cut off or of a kind that is not supported", name)
