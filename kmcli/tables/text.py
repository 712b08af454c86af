"""Tables in text: CSV in its many dialects, and JSON Lines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kmcli.errors import InputError
from kmcli.settings.tables import FileFormat, TableFormat
from kmcli.tables.blocks import TextBlock, as_utf8, cut_blocks
from kmcli.tables.cells import (
    json_members,
    read_csv_cells,
    read_csv_numbers,
    read_json_cells,
    read_json_numbers,
)
from kmcli.tables.dialect import Dialect
from kmcli.tables.records import last_record_end
from kmcli.tables.sniff import SAMPLE_BYTES, sniff_dialect

_MOST_SAMPLE_BYTES = 2**25


class Input(Protocol):
    """Bytes that can be read from their start, decompressed; see `kmcli.files.Stored`."""

    name: str
    path: str | None

    def pieces(self) -> Iterator[bytes]:
        """Read from the start."""


@dataclass(frozen=True)
class TextTable:
    """A table in text.

    Attributes
    ----------
    format : str
        ``csv``, ``tsv`` or ``jsonl``.
    dialect : Dialect
        How it is written.
    parts : sequence of (Input, Dialect, iterator of bytes or None)
        What it consists of, in order; the third is the input as it is read, if it is read once.
    """

    format: FileFormat
    dialect: Dialect
    parts: Sequence[tuple[Input, Dialect, Iterator[bytes] | None]]

    def __getstate__(self) -> dict[str, Any]:
        """Leave the inputs behind where only blocks are worked on."""
        return {**self.__dict__, "parts": ()}

    @property
    def name(self) -> str:
        """What it is called in reports."""
        return ", ".join(part.name for part, _, _ in self.parts)

    @property
    def names(self) -> tuple[str, ...]:
        """Of all columns."""
        return self.dialect.names

    @property
    def has_made_up_names(self) -> bool:
        """Whether there is no record of names."""
        return not self.dialect.has_header

    @property
    def decimal(self) -> str:
        """The mark before decimals."""
        return self.dialect.decimal

    @property
    def na(self) -> frozenset[str]:
        """Cells that mean a missing value."""
        return self.dialect.na

    def blocks(self) -> Iterator[TextBlock]:
        """Give the blocks in order."""
        number = 0
        for part, dialect, started in self.parts:
            blocks = cut_blocks(
                started or as_utf8(part.pieces()),
                dialect,
                part.name,
                first_number=number,
                at_once=started is not None,
            )
            for block in blocks:
                yield block
                number = block.number + 1

    def cells(self, block: TextBlock, positions: Sequence[int]) -> pl.DataFrame:
        """Read columns of a block as text, each called by its position."""
        read = read_json_cells if self.format == "jsonl" else read_csv_cells
        return read(block, self.dialect, positions)

    def plain_numbers(
        self, block: TextBlock, positions: Sequence[int]
    ) -> NDArray[np.float64] | None:
        """Read columns of a block as numbers, if that is all that they hold."""
        read = read_json_numbers if self.format == "jsonl" else read_csv_numbers
        return read(block, self.dialect, positions)

    def place(self, block: TextBlock, row: int) -> str:
        """Tell where a row stands."""
        return f"line {block.line(row, self.dialect)}"


def open_text(inputs: Sequence[Input], wanted: TableFormat, *, once: bool = False) -> TextTable:
    """Open text as one table; `once` if each input is read as it arrives.

    Raises InputError if a part is no table, or not written like the first.
    """
    parts = []
    for part in inputs:
        pieces = as_utf8(part.pieces())
        try:
            read, sample = _sample(pieces, wanted.quote, at_once=once)
            sniff = sniff_json if wanted.format == "jsonl" else sniff_dialect
            dialect = sniff(sample, wanted)
        except InputError as error:
            error.name = part.name
            raise
        parts.append((part, dialect, chain(read, pieces) if once else None))
    first = parts[0][1]
    for part, dialect, _ in parts[1:]:
        _require_alike(first, dialect, parts[0][0].name, part.name)
    form: FileFormat = wanted.format or ("tsv" if first.delimiter == "\t" else "csv")
    return TextTable(form, first, parts)


def _sample(
    pieces: Iterator[bytes], quote: str | None, *, at_once: bool
) -> tuple[list[bytes], bytes]:
    """Read until there are records enough to look at; give what was read, and whole records."""
    read: list[bytes] = []
    data, end = b"", 0
    for piece in pieces:
        read.append(piece)
        data += piece
        end = last_record_end(data, quote)
        if end and (len(data) >= SAMPLE_BYTES or (at_once and data.count(b"\n", 0, end) > 1)):
            return read, data[: min(end, data.find(b"\n", SAMPLE_BYTES) + 1 or end)]
        if len(data) > _MOST_SAMPLE_BYTES:
            raise InputError(
                "its first record is longer than 32 MB, perhaps for lack of a closing quote"
            )
    return read, data


def sniff_json(sample: bytes, wanted: TableFormat) -> Dialect:
    """Find the names in JSON Lines."""
    names: dict[str, None] = {}
    for number, line in enumerate(sample.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if line.strip():
            try:
                names.update(dict.fromkeys(json_members(line)))
            except ValueError as error:
                raise InputError(f"line {number} {error}") from None
    if not names:
        raise InputError("the table has no rows")
    return Dialect(
        delimiter="",
        quote=None,
        decimal=".",
        na=frozenset(wanted.na),
        has_comments=False,
        has_header=True,
        names=tuple(names),
        first_line=1,
        head_bytes=b"\xef\xbb\xbf" if sample.startswith(b"\xef\xbb\xbf") else b"",
    )


def _require_alike(first: Dialect, other: Dialect, first_name: str, name: str) -> None:
    if first.names != other.names:
        ours, theirs = ",".join(first.names)[:60], ",".join(other.names)[:60]
        raise InputError(f"has other columns ({theirs}) than {first_name} ({ours})", name)
    if (first.delimiter, first.decimal) != (other.delimiter, other.decimal):
        raise InputError(
            f"has {other.delimiter!r} between cells and {other.decimal!r} before decimals, "
            f"{first_name} {first.delimiter!r} and {first.decimal!r}",
            name,
        )
