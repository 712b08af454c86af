"""Where the records of a piece of text lie, and whether they are whole and of equal width."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kmcli.errors import InputError, QuoteError
from kmcli.tables.dialect import BLANKS, Dialect
from kmcli.text import counted

_LINE_FEED, _CARRIAGE_RETURN, _HASH = b"\n\r#"

Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Records:
    """Where the records of a piece of text lie.

    Attributes
    ----------
    starts, stops : ndarray of shape (n_records,), int64
        The bytes of each, without its line end. Blank lines and comments are no records.
    breaks : ndarray of shape (n_lines,), int64
        Line ends, also those within cells.
    has_others : bool
        Whether there are lines that are no records.
    """

    starts: Positions
    stops: Positions
    breaks: Positions
    has_others: bool


def last_record_end(data: bytes, quote: str | None) -> int:
    """Find the byte behind the last line end that ends a record; 0 if there is none.

    A line break within quotes ends no record, so `data` has to begin with a record.
    """
    if quote is None or quote.encode() not in data:
        return data.rfind(b"\n") + 1
    breaks = np.flatnonzero(np.frombuffer(data, np.uint8) == _LINE_FEED)
    ends = breaks[_is_outside(_positions(data, quote), breaks)]
    return int(ends[-1]) + 1 if len(ends) else 0


def find_records(data: bytes, dialect: Dialect, first_line: int) -> Records:
    """Find the records of a piece of text and check that they are what they should be.

    Parameters
    ----------
    data : bytes
        Whole records.
    dialect : Dialect
        How they are written.
    first_line : int
        The line of the table at which they begin, for messages.

    Returns
    -------
    Records

    Raises
    ------
    InputError
        If the text is not UTF-8, a quote stands alone or a record has too few or too many cells.
    """
    check_text(data, first_line)
    check_line_ends(data, dialect.quote, first_line)
    codes = np.frombuffer(data, np.uint8)
    quotes = _positions(data, dialect.quote) if dialect.quote is not None else _NONE
    if len(quotes):
        _check_quotes(data, codes, quotes, dialect, first_line)
    # Line ends, and delimiters if it is their number that has to be right: blanks are checked
    # once single tabs stand for them, JSON has names instead of places.
    is_mark = codes == _LINE_FEED
    has_cells = dialect.delimiter not in (BLANKS, "")
    if has_cells:
        is_mark |= codes == ord(dialect.delimiter)
    marks = np.flatnonzero(is_mark)
    is_break = codes[marks] == _LINE_FEED
    breaks = marks[is_break]
    if len(quotes):
        is_outside = _is_outside(quotes, marks)
        marks, is_break = marks[is_outside], is_break[is_outside]
    ends = marks[is_break]
    starts = np.concatenate(([0], ends + 1))
    stops = np.append(ends, len(data))
    stops = stops - ((stops > starts) & (codes[stops - 1] == _CARRIAGE_RETURN))
    is_record = stops > starts
    if dialect.has_comments:
        is_record[is_record] = codes[starts[is_record]] != _HASH
    if dialect.delimiter == BLANKS:
        is_record[is_record] = [
            bool(data[a:b].strip(b" \t"))
            for a, b in zip(starts[is_record], stops[is_record], strict=True)
        ]
    # Behind the last line end there is nothing, which is no line.
    has_others = not is_record[:-1].all() or (stops[-1] > starts[-1] and not is_record[-1])
    records = Records(starts[is_record], stops[is_record], breaks, bool(has_others))
    if has_cells:
        n_cells = np.diff(np.append(np.flatnonzero(is_break), len(marks)), prepend=-1)
        _check_widths(data, n_cells[is_record], records, dialect, first_line)
    return records


_NONE: Positions = np.empty(0, np.int64)


def _positions(data: bytes, mark: str) -> Positions:
    return (
        np.flatnonzero(np.frombuffer(data, np.uint8) == ord(mark))
        if mark.encode() in data
        else _NONE
    )


def _is_outside(quotes: Positions, marks: Positions) -> NDArray[np.bool_]:
    """Tell which marks stand outside of quotes."""
    is_outside: NDArray[np.bool_] = np.searchsorted(quotes, marks) % 2 == 0
    return is_outside


def check_text(data: bytes, first_line: int) -> None:
    """Refuse bytes that are no text, with the line, counted from this one."""
    if b"\0" in data:
        raise _zero_byte(data, first_line)
    try:
        if not data.isascii():
            data.decode()
    except UnicodeDecodeError as error:
        raise _not_utf8(data, error, first_line) from None


def _not_utf8(data: bytes, error: UnicodeDecodeError, first_line: int) -> InputError:
    """Say where a text is not UTF-8."""
    before = data[: error.start]
    line = first_line + before.count(b"\n")
    byte = error.start - before.rfind(b"\n")
    return InputError(
        f"line {line}, byte {byte} (hexadecimal {data[error.start]:02x}) is not UTF-8 text; "
        "convert it, if it is Latin-1 with: iconv -f latin1 -t utf-8"
    )


def _zero_byte(data: bytes, first_line: int) -> InputError:
    """Say where a text contains a zero byte."""
    line = first_line + data.count(b"\n", 0, data.index(b"\0"))
    return InputError(
        f"line {line} contains a zero byte, so it is not text; if it is UTF-16, convert it with "
        r"iconv, else delete such bytes with: tr -d '\0'"
    )


def check_line_ends(data: bytes, quote: str | None, first_line: int) -> None:
    """Refuse a carriage return that ends a line without a line feed, which others read as one."""
    if b"\r" not in data or data.count(b"\r") == data.count(b"\r\n"):
        return
    lone = np.array([found.start() for found in re.finditer(rb"\r(?!\n|\Z)", data)], np.int64)
    if quote is not None:
        lone = lone[_is_outside(_positions(data, quote), lone)]
    if len(lone):
        line = first_line + data.count(b"\n", 0, int(lone[0]))
        raise InputError(
            rf"line {line} has a line end of CR alone; convert the file with: tr '\r' '\n'"
        )


def _check_quotes(
    data: bytes, codes: NDArray[np.uint8], quotes: Positions, dialect: Dialect, first_line: int
) -> None:
    """Refuse quotes that are neither around a whole cell nor doubled within one."""
    opening, closing = quotes[::2], quotes[1::2]
    around = np.zeros(256, bool)
    around[[_LINE_FEED, _CARRIAGE_RETURN, ord(dialect.delimiter), ord("\t")]] = True
    if dialect.delimiter != BLANKS:
        around[ord("\t")] = dialect.delimiter == "\t"
    padded = np.concatenate(([_LINE_FEED], codes, [_LINE_FEED]))
    # Byte i of the text is byte i + 1 of the padded one.
    opens = around[padded[opening]]
    opens[1:] |= opening[1:] == closing[: len(opening) - 1] + 1
    closes = around[padded[closing + 2]]
    n_pairs = min(len(closing), len(opening) - 1)
    closes[:n_pairs] |= opening[1 : n_pairs + 1] == closing[:n_pairs] + 1
    closes = np.append(closes, np.zeros(len(opening) - len(closing), bool))
    wrong = np.flatnonzero(~(opens & closes))
    if len(wrong):
        line = first_line + data.count(b"\n", 0, int(opening[wrong[0]]))
        raise lone_quote(line, dialect.quote)


def lone_quote(line: int, quote: str | None, name: str | None = None) -> QuoteError:
    """Say where a quote is neither around a cell nor doubled within one."""
    return QuoteError(
        f"line {line} has a quote {quote} that is neither around a whole cell nor doubled within "
        "one",
        name,
    )


def _check_widths(
    data: bytes, n_cells: Positions, records: Records, dialect: Dialect, first_line: int
) -> None:
    width = len(dialect.names)
    wrong = np.flatnonzero(n_cells != width)
    if len(wrong):
        row = int(wrong[0])
        line = first_line + data.count(b"\n", 0, int(records.starts[row]))
        before = "the names" if dialect.has_header else "the first record"
        cells = counted(int(n_cells[row]), "cell")
        raise InputError(f"line {line} has {cells}, {before} {width}; fix or delete that line")


def single_tabs(data: bytes, quote: str | None) -> bytes:
    """Put a tab in place of each run of blanks and tabs, and none at the ends of lines."""
    data = re.sub(rb"(?m)^[ \t]+|[ \t]+(?=\r?$)", b"", data)
    if quote is None or quote.encode() not in data:
        return re.sub(rb"[ \t]+", b"\t", data)
    mark = re.escape(quote.encode())
    cell = re.compile(mark + rb"[^" + mark + rb"]*" + mark + rb"|[ \t]+")
    return cell.sub(lambda found: found[0] if found[0].strip() else b"\t", data)
