"""Write the rows of a table with columns added: as they came, or in another format."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kmcli.errors import SettingsError
from kmcli.settings.tables import FileFormat
from kmcli.tables.blocks import TextBlock
from kmcli.tables.cells import has_text
from kmcli.tables.dialect import BLANKS, Dialect
from kmcli.tables.frames import FrameTable
from kmcli.tables.source import TableSource
from kmcli.tables.text import TextTable


class Found(Protocol):
    """What was found out about rows; see `kmcli.clustering.passes.Labels`."""

    @property
    def numbers(self) -> NDArray[np.int32]: ...  # noqa: D102 - -1 without a cluster
    @property
    def distances(self) -> NDArray[np.float64]: ...  # noqa: D102 - to the centre
    @property
    def margins(self) -> NDArray[np.float64]: ...  # noqa: D102 - 1 at a centre, 0 on a border


@dataclass(frozen=True)
class Added:
    """Columns that are added to a table.

    Attributes
    ----------
    label : str
        The name of the column of clusters.
    distance, margin : bool
        Whether the distance to the centre and the margin to the next cluster are added too.
    """

    label: str = "cluster"
    distance: bool = False
    margin: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Of all added columns, in order."""
        return (self.label, *["distance"] * self.distance, *["margin"] * self.margin)

    def frame(self, found: Found) -> pl.DataFrame:
        """Make the columns; null for rows without a cluster."""
        numbers = pl.Series(self.label, found.numbers)
        has_none = pl.Series(found.numbers < 0)
        columns = [numbers.set(has_none, None)]
        if self.distance:
            columns.append(pl.Series("distance", found.distances).set(has_none, None))
        if self.margin:
            columns.append(pl.Series("margin", found.margins).set(has_none, None))
        return pl.DataFrame(columns)


@dataclass(frozen=True)
class Appender:
    """Adds columns to the rows of a text without touching what is there.

    Attributes
    ----------
    table : TextTable
        The text.
    added : Added
        What is added.
    """

    table: TextTable
    added: Added

    def head(self) -> bytes:
        """Give what comes before the rows, with the names of the new columns."""
        dialect = self.table.dialect
        head = dialect.head_bytes
        if self.table.format == "jsonl" or not dialect.has_header:
            return head
        names = head.rstrip(b"\r\n")
        new = "".join(dialect.delimiter + _cell(name, dialect) for name in self.added.names)
        return names + new.encode() + (head[len(names) :] or b"\n")

    def __call__(self, block: TextBlock, found: Found) -> bytes:
        """Give the rows of a block with the new cells at their ends."""
        dialect = self.table.dialect
        records = block.records(dialect)
        stops, data = records.stops, block.data
        if not len(stops):
            return data
        if self.table.format == "jsonl":
            stops = np.array([data.rindex(b"}", 0, stop) for stop in stops.tolist()])
            new = _cells(self.added, found, before=_members(self.added), missing="null")
        else:
            missing = "NA" if dialect.delimiter == BLANKS else ""
            before = [dialect.delimiter] * len(self.added.names)
            new = _cells(self.added, found, before, missing, dialect.decimal)
        # Three times as quick as to cut the text into rows and join them with the cells. These
        # are of one width, filled up with zero bytes, which none of them contains.
        cells = new.view(np.uint8)
        places = np.repeat(stops, np.char.str_len(new))
        rows = np.insert(np.frombuffer(data, np.uint8), places, cells[cells != 0]).tobytes()
        return rows if rows.endswith(b"\n") else rows + b"\n"


def _members(added: Added) -> list[str]:
    """Give what stands before the values of new members of JSON objects."""
    return [f",{json.dumps(name)}:" for name in added.names]


def _cells(
    added: Added, found: Found, before: Sequence[str], missing: str, decimal: str = "."
) -> NDArray[np.bytes_]:
    """Give the new cells of each row as one text, each with what stands before it."""
    most = int(found.numbers.max(initial=-1))
    # The last entry is that of rows without a cluster, whose number is -1.
    labels = [before[0] + text for text in [*map(str, range(most + 1)), missing]]
    if not (added.distance or added.margin):
        return np.array([label.encode() for label in labels])[found.numbers]
    columns = [found.distances] * added.distance + [found.margins] * added.margin
    texts = [_floats(column, missing, decimal) for column in columns]
    rows = zip(found.numbers.tolist(), *texts, strict=True)
    return np.array(
        [(labels[i] + "".join(map(str.__add__, before[1:], cells))).encode() for i, *cells in rows]
    )


def _floats(values: NDArray[np.float64], missing: str, decimal: str) -> list[str]:
    texts = [missing if value != value else repr(value) for value in values.tolist()]
    return [text.replace(".", ",") for text in texts] if decimal == "," else texts


def _cell(text: str, dialect: Dialect) -> str:
    buffer = io.StringIO()
    writer = csv.writer(
        buffer, delimiter=dialect.delimiter, lineterminator="", quotechar=dialect.quote or '"'
    )
    writer.writerow([text])
    return buffer.getvalue()


@dataclass(frozen=True)
class Framer:
    """Makes typed columns of the rows of any table, with columns added.

    Attributes
    ----------
    source : TableSource
        The table.
    added : Added
        What is added.
    keep : tuple of int
        The columns of the table that are kept, by position.
    as_text : bool
        Whether cells of a text stay as they are; if not, those in columns of numbers become
        numbers. Typed columns keep their types.
    """

    source: TableSource
    added: Added
    keep: tuple[int, ...]
    as_text: bool = False

    def __call__(self, block: Any, found: Found) -> pl.DataFrame:
        """Make the columns of a block."""
        table = self.source.table
        cells = table.cells(block, self.keep)
        numeric = {
            place: column
            for place, column in zip(self.source.positions, self.source.columns, strict=True)
            if column.kind != "category"
        }
        columns = []
        for place in self.keep:
            column = cells[str(place)]
            if column.dtype == pl.String and self.as_text:
                column = column.replace("", None)  # or it would be written with quotes
            elif place in numeric and isinstance(table, TextTable):
                values, _ = self.source.column(column, numeric[place])
                column = pl.Series(values).fill_nan(None)
            columns.append(column.alias(table.names[place]))
        return pl.DataFrame([*columns, *self.added.frame(found).iter_columns()])


@dataclass(frozen=True)
class TextWriter:
    """Writes rows as text anew: columns of a table, with columns added.

    Attributes
    ----------
    framer : Framer
        Makes the columns.
    format : str
        ``csv``, ``tsv`` or ``jsonl``.
    has_header : bool
        Whether CSV begins with names.

    Raises
    ------
    SettingsError
        If the format has no text for the type of a column.
    """

    framer: Framer
    format: FileFormat
    has_header: bool = True

    def __post_init__(self) -> None:
        table = self.framer.source.table
        schema = table.schema if isinstance(table, FrameTable) else {}
        for name in (table.names[place] for place in self.framer.keep):
            if name in schema and not has_text(schema[name], self.format):
                raise SettingsError(
                    f"column {name!r} holds {schema[name]}, which {self.format} cannot; leave it "
                    "out, or write the table as Parquet"
                )

    def head(self) -> bytes:
        """Give the line of names, if there is one."""
        if self.format == "jsonl" or not self.has_header:
            return b""
        table = self.framer.source.table
        names = [table.names[place] for place in self.framer.keep] + [*self.framer.added.names]
        buffer = io.StringIO()
        csv.writer(buffer, delimiter=self._delimiter, lineterminator="\n").writerow(names)
        return buffer.getvalue().encode()

    @property
    def _delimiter(self) -> str:
        return "\t" if self.format == "tsv" else ","

    def __call__(self, block: Any, found: Found) -> bytes:
        """Write the rows of a block."""
        frame = self.framer(block, found)
        buffer = io.BytesIO()
        if self.format == "jsonl":
            frame.write_ndjson(buffer)
        else:
            frame.write_csv(buffer, include_header=False, separator=self._delimiter)
        return buffer.getvalue()
