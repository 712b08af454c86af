"""Find out how a table is written, from its first bytes; what is not certain is refused."""

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

from kmcli.errors import DecimalError, DelimiterError, InputError
from kmcli.settings.tables import FileFormat, TableFormat
from kmcli.tables.dialect import BLANKS, Dialect
from kmcli.tables.records import check_line_ends, check_text

SAMPLE_BYTES = 2**18
"""How much of a text is looked at."""

_SAMPLE_RECORDS = 100
_DELIMITERS = ",;\t|"
_BOM = b"\xef\xbb\xbf"

_NO_TABLES = {
    rb"PK\x03\x04": "is a ZIP archive, perhaps a spreadsheet: save it as CSV",
    rb"\xd0\xcf\x11\xe0": "is a file of an office program, perhaps a spreadsheet: save it as CSV",
    rb"BZh": "is compressed by bzip2: decompress it with bzcat",
    rb"\xfd7zXZ": "is compressed by xz: decompress it with xzcat",
    rb"\s*\[\s*\{": "is a JSON array: convert it to JSON Lines with jq -c '.[]'",
    rb"\s*\[\s*\[": "is a JSON array: convert it to CSV with jq -r '.[] | @csv'",
    rb"\s*\[.*\]\s*$": "is JSON without names: convert it to CSV with jq -r @csv",
    rb"\s*<(!|\?|\w)": "is HTML or XML: save the table in it as CSV",
    rb"%PDF": "is a PDF document: save the table in it as CSV",
    rb"SQLite format 3": "is an SQLite database: export its table as CSV",
    rb"\x93NUMPY": "is an array of NumPy: write it with numpy.savetxt",
}
"""What people take for tables begins like this, and the way out."""

_POINT_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_COMMA_NUMBER = re.compile(r"[+-]?(\d+(,\d*)?|,\d+)([eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")

Row = Sequence[str]


def sniff_format(start: bytes) -> FileFormat | None:
    """Tell a binary table or JSON Lines by its first bytes; None for other text."""
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith((b"ARROW1", b"\xff\xff\xff\xff")):
        return "arrow"
    return "jsonl" if start.removeprefix(_BOM).lstrip()[:1] == b"{" else None


def sniff_dialect(sample: bytes, wanted: TableFormat) -> Dialect:
    """Find out how text is divided into records and cells.

    Parameters
    ----------
    sample : bytes
        The first records, whole, in UTF-8.
    wanted : TableFormat
        What the user has said about it.

    Returns
    -------
    Dialect

    Raises
    ------
    InputError
        If it is no table, or cannot be understood in one way only.
    """
    text = _decoded(sample, wanted.quote)
    # Not splitlines(), which breaks at more characters than a line feed.
    lines = io.StringIO(text.lstrip("\ufeff"), newline="\n").readlines()
    told, n_head = _separator_line(lines)
    n_comments = 0
    while n_head < len(lines) and (not lines[n_head].strip() or lines[n_head].startswith("#")):
        n_comments += lines[n_head].startswith("#")
        n_head += 1
    body = lines[n_head:]
    commented = lines[n_head - 1] if n_comments and lines[n_head - 1].startswith("#") else ""
    if not body:
        body, commented = ([commented], "") if n_comments else ([], "")
        n_head -= len(body)
    if not body:
        raise InputError("the table has no rows")
    delimiter = wanted.delimiter or told or ("\t" if wanted.format == "tsv" else None)
    if delimiter is None:
        delimiter = _find_delimiter(body, wanted.quote, n_head)
    rows = _split(body, delimiter, wanted.quote)
    # "# x y" above the numbers, as numpy.savetxt writes, holds their names.
    names_above = _split([commented.lstrip("# ")], delimiter, wanted.quote) if commented else []
    if names_above and len(names_above[0]) == len(rows[0]) and _are_names(names_above + rows):
        names, has_header, header = names_above[0], True, ""
    elif wanted.header == "yes" or (wanted.header == "auto" and _are_names(rows)):
        names, has_header, header = rows.pop(0), True, _first_record(body, wanted.quote)
    else:
        names, has_header, header = [], False, ""
    width = len(names) or len(rows[0])
    head = "".join(lines[:n_head]) + header
    marks = text[: len(text) - len(text.lstrip("\ufeff"))]
    return Dialect(
        delimiter=delimiter,
        quote=wanted.quote,
        decimal=wanted.decimal
        if wanted.decimal != "auto"
        else _find_decimal(rows, delimiter, wanted),
        na=frozenset(word.strip() for word in wanted.na),
        has_comments=n_comments > 0,
        has_header=has_header,
        names=_named(names, width),
        first_line=1 + head.count("\n"),
        head_bytes=(marks + head).encode(),
    )


def _decoded(sample: bytes, quote: str | None) -> str:
    for start, what in _NO_TABLES.items():
        if re.match(start, sample.removeprefix(_BOM), re.MULTILINE):
            raise InputError(what)
    check_text(sample, 1)
    check_line_ends(sample, quote, 1)
    return sample.decode()


def _separator_line(lines: list[str]) -> tuple[str | None, int]:
    """Read the line that some spreadsheets put first, such as ``sep=;``."""
    found = re.fullmatch(r"sep=(.)\r?\n?", lines[0], re.IGNORECASE) if lines else None
    return (found[1], 1) if found else (None, 0)


def _first_record(lines: list[str], quote: str | None) -> str:
    record = lines[0]
    for line in lines[1:]:
        if quote is None or record.count(quote) % 2 == 0:
            break
        record += line
    return record


def _split(lines: Sequence[str], delimiter: str, quote: str | None) -> list[Row]:
    """Split the first records into cells without the blanks around them."""
    rows: list[Row] = []
    if delimiter == BLANKS:
        cells = (line.split() for line in lines if line.strip())
        rows = [[cell.strip(quote) for cell in row] for row in cells]
        return rows[:_SAMPLE_RECORDS]
    text = io.StringIO("".join(lines), newline="")
    if quote is None:
        reader = csv.reader(text, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    else:
        reader = csv.reader(text, delimiter=delimiter, quotechar=quote)
    try:
        for row in reader:
            if row:
                rows.append([cell.strip() for cell in row])
            if len(rows) == _SAMPLE_RECORDS:
                break
    except csv.Error:
        pass  # a cell beyond the limit of the module: the records before it are enough
    return rows


def _find_delimiter(lines: Sequence[str], quote: str | None, n_head: int) -> str:
    splits = {mark: _split(lines, mark, quote) for mark in _DELIMITERS}
    splits[BLANKS] = _split(lines, BLANKS, quote)
    alike = {
        mark: rows
        for mark, rows in splits.items()
        if len(rows) and len({len(row) for row in rows}) == 1 and len(rows[0]) > 1
    }
    if alike.keys() - {BLANKS}:
        alike.pop(BLANKS, None)
    if alike:
        best = max(alike, key=lambda mark: _share_of_numbers(alike[mark]))
        if best != BLANKS or _share_of_numbers(alike[best]) > 0:
            return best
    for rows in splits.values():
        width = len(rows[0]) + 1
        if len(rows) > 2 and width > 2 and all(len(row) == width for row in rows[1:]):
            raise InputError(
                f"line {n_head + 1} has {width - 1} names, the records below {width} cells; "
                "give each column a name"
            )
    if all(len(row) == 1 for mark in _DELIMITERS for row in splits[mark]):
        # One column, or numbers between blanks of which a record is damaged.
        is_usual = Counter(len(row) for row in splits[BLANKS]).most_common(1)[0][0] > 1
        return BLANKS if is_usual and _share_of_numbers(splits[BLANKS]) > 0.5 else ","
    # Perhaps a record is damaged: the reader then names its line.
    usual = {}
    for mark, rows in splits.items():
        share = sum(len(row) == len(rows[0]) for row in rows) / len(rows)
        if len(rows[0]) > 1 and share >= 0.5:
            usual[mark] = share
    usual = {mark: share for mark, share in usual.items() if mark != BLANKS} or usual
    if not usual:
        _refuse_title(splits, n_head)
        raise DelimiterError(
            f"no comma, semicolon, tab, bar or blank splits the first {len(splits[','])} records, "
            f"from line {n_head + 1}, into the same number of cells"
        )
    return max(usual, key=lambda mark: usual[mark])


def _refuse_title(splits: Mapping[str, Sequence[Row]], n_head: int) -> None:
    """Refuse lines above the names that belong to no column, such as the title of a sheet."""
    for rows in splits.values():
        n_above = next((n for n, row in enumerate(rows) if len(row) > 1), 0)
        table = rows[n_above:]
        if n_above and len(table) > 2 and len({len(row) for row in table}) == 1:
            raise InputError(
                f"line {n_head + 1} stands above the table and is no part of it; delete it, or "
                "put a # before it"
            )


def _share_of_numbers(rows: Sequence[Row]) -> float:
    cells = [cell for row in rows for cell in row]
    return sum(map(_is_number, cells)) / len(cells)


def _is_number(cell: str) -> bool:
    return bool(_POINT_NUMBER.fullmatch(cell) or _COMMA_NUMBER.fullmatch(cell))


def _are_names(rows: Sequence[Row]) -> bool:
    """Tell whether the first record holds names: no cell is a number, though one below is."""
    if any(_is_number(cell) for cell in rows[0]):
        return False
    return len(rows) == 1 or any(_is_number(cell) for row in rows[1:] for cell in row)


def _named(names: Row, width: int) -> tuple[str, ...]:
    if not names:
        return tuple(f"x{i + 1}" for i in range(width))
    return tuple(name or f"#{i + 1}" for i, name in enumerate(names))


def _find_decimal(rows: Sequence[Row], delimiter: str, wanted: TableFormat) -> Literal[".", ","]:
    """Find the mark before decimals; a comma only where it can mean nothing else."""
    if delimiter == ",":
        return "."
    with_comma: list[str] = []
    for column in zip(*rows, strict=False):
        cells = [cell for cell in column if cell not in wanted.na]
        if any("." in cell and _POINT_NUMBER.fullmatch(cell) for cell in cells):
            return "."
        if all(map(_COMMA_NUMBER.fullmatch, cells)):
            with_comma += [cell for cell in cells if "," in cell]
    if not with_comma:
        return "."
    if all(map(_THOUSANDS.fullmatch, with_comma)):
        plain = with_comma[0].replace(",", "")
        raise DecimalError(
            f"{with_comma[0]} may mean {plain} or {with_comma[0].replace(',', '.', 1)}"
        )
    return ","
