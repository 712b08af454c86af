"""Cut a text into blocks of whole records, at the same places however it arrives."""

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain

import numpy as np

from kmcli.errors import InputError
from kmcli.tables.dialect import BLANKS, Dialect
from kmcli.tables.records import Records, find_records, last_record_end, lone_quote, single_tabs

BLOCK_BYTES = 2**22
"""Two blocks at work and the tables made of them stay below 400 MB in all."""

_MOST_RECORD_BYTES = 2**25
"""A record of this size is one whose quote was never closed."""


@dataclass
class TextBlock:
    """Whole records of a text.

    Attributes
    ----------
    number : int
        From 0, over all inputs of a table.
    name : str
        The input, for messages.
    first_line : int
        The line at which it begins, from 1.
    data : bytes
        The records as they came, with blank lines and comments between them.
    """

    number: int
    name: str
    first_line: int
    data: bytes
    _records: Records | None = field(default=None, repr=False, compare=False)

    def records(self, dialect: Dialect) -> Records:
        """Find the records, once for all who ask."""
        if self._records is None:
            try:
                self._records = find_records(self.data, dialect, self.first_line)
            except InputError as error:
                error.name = self.name
                raise
        return self._records

    def line(self, row: int, dialect: Dialect) -> int:
        """Tell the line at which a record begins."""
        records = self.records(dialect)
        return self.first_line + int(np.searchsorted(records.breaks, records.starts[row]))

    def plain(self, dialect: Dialect) -> tuple[bytes, str]:
        """Give the records with nothing between them, and the delimiter of their cells."""
        records = self.records(dialect)
        data = self.data
        if records.has_others:
            places = zip(records.starts.tolist(), records.stops.tolist(), strict=True)
            data = b"\n".join([data[start:stop] for start, stop in places])
        if dialect.delimiter != BLANKS:
            return data, dialect.delimiter
        data = single_tabs(data, dialect.quote)
        try:
            find_records(
                data, replace(dialect, delimiter="\t", has_comments=False), self.first_line
            )
        except InputError as error:
            error.name = self.name
            raise
        return data, "\t"


def cut_blocks(
    pieces: Iterable[bytes],
    dialect: Dialect,
    name: str,
    *,
    first_number: int = 0,
    at_once: bool = False,
) -> Iterator[TextBlock]:
    """Cut a text into blocks of whole records.

    Parameters
    ----------
    pieces : iterable of bytes
        The text in UTF-8, from its start; its head is left out.
    dialect : Dialect
        How it is written.
    name : str
        The input, for messages.
    first_number : int
        The number of the first block.
    at_once : bool
        Whether each piece is cut as it arrives, for a table that grows, instead of at places that
        depend on nothing but the text.

    Yields
    ------
    TextBlock
    """
    number, line, size = first_number, dialect.first_line, BLOCK_BYTES
    waiting = b""
    n_head = dialect.start
    for piece in chain(pieces if at_once else _in_larger(pieces), [None]):
        at_end = piece is None
        waiting += piece or b""
        if n_head:  # until the head is there as a whole
            if len(waiting) < n_head:
                continue
            waiting, n_head = waiting[n_head:], 0
        while waiting and (at_end or at_once or len(waiting) >= size):
            if at_end:  # what is left is smaller than a block, or a single record
                end = len(waiting)
            else:
                end = last_record_end(waiting[: len(waiting) if at_once else size], dialect.quote)
            if not end:
                if size > _MOST_RECORD_BYTES:
                    raise lone_quote(line, dialect.quote, name)
                if len(waiting) < size or at_once:
                    break
                size *= 2
                continue
            yield TextBlock(number, name, line, waiting[:end])
            # Five times as quick as bytes.count() where lines are short.
            line += int(np.count_nonzero(np.frombuffer(waiting, np.uint8, end) == ord("\n")))
            number, size, waiting = number + 1, BLOCK_BYTES, waiting[end:]


def _in_larger(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join pieces to such of the size of a block, which are cut with less copying."""
    held: list[bytes] = []
    for piece in pieces:
        held.append(piece)
        if sum(map(len, held)) >= BLOCK_BYTES:
            yield b"".join(held)
            held.clear()
    yield b"".join(held)


def as_utf8(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Bring UTF-16, as spreadsheets write it, to UTF-8; other text passes as it is.

    Raises
    ------
    InputError
        If UTF-16 is damaged.
    """
    pieces = iter(pieces)
    start = b""
    while len(start) < 2 and (piece := next(pieces, b"")):
        start += piece
    if not is_utf16(start):
        yield from chain([start] if start else [], pieces)
        return
    decoder = codecs.getincrementaldecoder("utf-16")()
    try:
        for piece in chain([start], pieces):
            yield decoder.decode(piece).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError:
        raise InputError("its UTF-16 text is damaged") from None


def is_utf16(start: bytes) -> bool:
    """Tell UTF-16 by the mark at its start."""
    return start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
