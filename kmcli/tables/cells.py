"""Cells of a block, as text or as numbers; what is neither number nor missing is refused."""

import io
import json
from collections.abc import Collection, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray
from polars.exceptions import PolarsError

from kmcli.errors import InputError
from kmcli.settings.tables import MAX_VALUE, FileFormat
from kmcli.tables.blocks import TextBlock
from kmcli.tables.dialect import Dialect
from kmcli.text import quoted

TRUE_FALSE = ("true", "false")

_LIKE_ZLIB = (b"x^", b"x\x01")

_NUMBER_STARTS = frozenset("+-.0123456789")


def read_csv_cells(block: TextBlock, dialect: Dialect, positions: Sequence[int]) -> pl.DataFrame:
    """Read columns of a block as text.

    Returns
    -------
    polars.DataFrame of str
        A column for each position, with the position as its name.
    """
    if not len(block.records(dialect).starts):
        return pl.DataFrame(schema=dict.fromkeys(map(str, positions), pl.String))
    # Types that are inferred from some rows fail or lie later; text is cast by number_column.
    frame = _read_csv(block, dialect, positions, pl.String)
    # Widths are checked already, so that null can only mean an empty cell.
    return frame.fill_null("")


def read_csv_numbers(
    block: TextBlock, dialect: Dialect, positions: Sequence[int]
) -> NDArray[np.float64] | None:
    """Read columns of a block as numbers, if all their cells are plain numbers or empty.

    This takes half the time of reading text and casting it, with the same numbers (a million of
    up to 25 digits). None where there is anything else: then the cells tell what it is.

    Returns
    -------
    ndarray of shape (n_rows, n_columns), float64, or None
        NaN where a cell is empty.
    """
    if not _may_be_plain(dialect) or not len(block.records(dialect).starts):
        return None
    try:
        return _plain_values(_read_csv(block, dialect, positions, pl.Float64), dialect)
    except PolarsError:
        return None


def _may_be_plain(dialect: Dialect) -> bool:
    # polars would take "1.5" for a number though the mark is a comma, and -99 though it is none.
    return dialect.decimal == "." and not _has_number_like(dialect.na)


def _plain_values(frame: pl.DataFrame, dialect: Dialect) -> NDArray[np.float64] | None:
    """Give the numbers of a frame if none is too large, and none missing that may not be."""
    values = frame.to_numpy(order="fortran")
    n_empty = sum(frame.null_count().row(0))
    n_good = np.count_nonzero(np.abs(values) <= MAX_VALUE)
    if n_good + n_empty < values.size or (n_empty and "" not in dialect.na):
        return None
    return values


def _read_csv(
    block: TextBlock, dialect: Dialect, positions: Sequence[int], kind: type[pl.DataType]
) -> pl.DataFrame:
    """Read columns that are all of one kind; each is called by its position."""
    data, delimiter = block.plain(dialect)
    # polars takes text that begins with "x^" for zlib (2.1): then another record goes before it.
    n_before = int(data.startswith(_LIKE_ZLIB))
    if n_before:
        data = delimiter.join(["0"] * len(dialect.names)).encode() + b"\n" + data
    wanted = [f"column_{i}" for i in positions]
    frame = pl.read_csv(
        io.BytesIO(data),
        has_header=False,
        skip_rows=n_before,
        schema={f"column_{i}": kind for i in range(len(dialect.names))},
        columns=wanted,
        separator=delimiter,
        quote_char=dialect.quote,
    ).select(wanted)
    frame.columns = [str(i) for i in positions]
    return frame


def read_json_cells(block: TextBlock, dialect: Dialect, positions: Sequence[int]) -> pl.DataFrame:
    """Read members of a block of JSON Lines as text; a missing or null one is empty.

    Raises
    ------
    InputError
        If a line is not a JSON object, or has several members of one name.
    """
    names = [dialect.names[i] for i in positions]
    columns: list[list[str]] = [[] for _ in names]
    records = block.records(dialect)
    places = zip(records.starts.tolist(), records.stops.tolist(), strict=True)
    for row, (start, stop) in enumerate(places):
        try:
            members = json_members(block.data[start:stop])
        except ValueError as error:
            raise InputError(f"line {block.line(row, dialect)} {error}", block.name) from None
        for name, cells in zip(names, columns, strict=True):
            cells.append(_as_text(members.get(name)))
    return pl.DataFrame(
        {
            str(i): pl.Series(cells, dtype=pl.String)
            for i, cells in zip(positions, columns, strict=True)
        }
    )


def read_json_numbers(
    block: TextBlock, dialect: Dialect, positions: Sequence[int]
) -> NDArray[np.float64] | None:
    """Read members of a block of JSON Lines as numbers, as `read_csv_numbers` does.

    This takes an eighth of the time of reading line by line, with the same numbers.
    """
    n_rows = len(block.records(dialect).starts)
    names = [dialect.names[i] for i in positions]
    # Of members of one name polars takes the first.
    may_be_twice = any(block.data.count(json.dumps(name).encode()) > n_rows for name in names)
    if not _may_be_plain(dialect) or may_be_twice or not n_rows:
        return None
    try:
        frame = pl.read_ndjson(io.BytesIO(block.data), schema=dict.fromkeys(names, pl.Float64))
    except PolarsError:
        return None
    return _plain_values(frame, dialect) if len(frame) == n_rows else None


def json_members(line: bytes) -> dict[str, object]:
    """Read a JSON object with its numbers as they are written.

    Raises
    ------
    ValueError
        If it is none, or has several members of one name; it says so without naming the line.
    """
    try:
        members = json.loads(
            line,
            parse_int=str,
            parse_float=str,
            parse_constant=str,
            object_pairs_hook=_require_different,
        )
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        members = None
    if not isinstance(members, dict):
        raise ValueError("is not a JSON object; write one on each line with: jq -c .")
    return members


def _require_different(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"has several members {quoted(twice)}; give them different names")
    return members


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


def is_missing(cells: pl.Series, na: Collection[str]) -> pl.Series:
    """Tell which cells are missing; of typed ones, null and NaN."""
    if cells.dtype == pl.String:
        return cells.is_null() | cells.str.strip_chars().is_in(list(na))
    if cells.dtype.is_float():
        return cells.is_null() | cells.is_nan().fill_null(value=False)
    return cells.is_null()


def number_column(
    cells: pl.Series, na: Collection[str], decimal: str = ".", *, is_boolean: bool = False
) -> tuple[NDArray[np.float64], int | None]:
    """Turn cells into numbers.

    Parameters
    ----------
    cells : polars.Series
        Text, numbers or truth values.
    na : collection of str
        Text that means a missing value.
    decimal : str
        The mark before decimals in text.
    is_boolean : bool
        Whether text is ``true`` or ``false`` instead of numbers.

    Returns
    -------
    values : ndarray of shape (n_rows,), float64
        NaN where a value is missing.
    wrong : int or None
        The first row whose cell is neither a number of at most `MAX_VALUE` nor missing.
    """
    if cells.dtype != pl.String:
        return _typed_numbers(cells)
    plain = cells
    if is_boolean:
        lower = cells.str.strip_chars().str.to_lowercase()
        plain = lower.replace_strict(dict(zip(TRUE_FALSE, "10", strict=True)), default=None)
    elif decimal == ",":
        plain = cells.str.replace_all(".", "?", literal=True).str.replace(",", ".", literal=True)
    numbers = plain.cast(pl.Float64, strict=False)
    values = numbers.fill_null(float("nan")).to_numpy()
    with np.errstate(invalid="ignore"):
        is_good = np.abs(values) <= MAX_VALUE
    if is_good.all() and not _has_number_like(na):
        return values, None
    # Blanks around a number are rare, and so are missing values: look again at the others only.
    missing = is_missing(cells, na).to_numpy()
    again = np.flatnonzero(~is_good & ~missing)
    stripped = plain.gather(again).str.strip_chars().cast(pl.Float64, strict=False)
    values = values.copy()
    values[again] = stripped.fill_null(float("nan")).to_numpy()
    values[missing] = np.nan
    return values, _first_wrong(values, missing)


def _has_number_like(na: Collection[str]) -> bool:
    """Tell whether a word for missing values may be a number as well, such as -99."""
    return any(word[:1] in _NUMBER_STARTS for word in na if word not in ("-", "."))


def _typed_numbers(cells: pl.Series) -> tuple[NDArray[np.float64], int | None]:
    if cells.dtype.is_numeric() or cells.dtype in (pl.Boolean, pl.Null):
        values = cells.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    else:
        values = np.full(len(cells), np.nan)
    if np.isfinite(values).all() and np.abs(values).max(initial=0) <= MAX_VALUE:
        return values, None
    return values, _first_wrong(values, is_missing(cells, ()).to_numpy())


def _first_wrong(values: NDArray[np.float64], missing: NDArray[np.bool_]) -> int | None:
    with np.errstate(invalid="ignore"):
        wrong = np.flatnonzero(~(np.abs(values) <= MAX_VALUE) & ~missing)
    return int(wrong[0]) if len(wrong) else None


def category_column(
    cells: pl.Series, na: Collection[str], categories: Sequence[str]
) -> NDArray[np.float64]:
    """Turn cells into positions among categories: -1 for others, NaN where missing."""
    text = cells.cast(pl.String).str.strip_chars()
    places = {category: float(i) for i, category in enumerate(categories)}
    codes = text.replace_strict(places, default=-1.0, return_dtype=pl.Float64).to_numpy().copy()
    codes[is_missing(cells, na).to_numpy()] = np.nan
    return codes


def categories_in(cells: pl.Series, na: Collection[str]) -> set[str]:
    """Collect the different values of cells, without missing ones."""
    found = cells.filter(~is_missing(cells, na)).cast(pl.String).str.strip_chars()
    return set(found.unique().to_list())


def has_text(kind: pl.DataType, form: FileFormat) -> bool:
    """Tell whether cells of this type can be written in ``csv``, ``tsv`` or ``jsonl``."""
    if form == "jsonl":
        return "Binary" not in str(kind) and kind != pl.Object
    return not kind.is_nested() and kind not in (pl.Binary, pl.Duration, pl.Object)
