"""How tables are read, and which of their columns are computed with."""

from dataclasses import dataclass
from typing import Literal, get_args

from kmcli.errors import SettingsError
from kmcli.settings.kmeans import require_one_of

FileFormat = Literal["csv", "tsv", "jsonl", "parquet", "arrow"]
Header = Literal["auto", "yes", "no"]
Decimal = Literal["auto", ".", ","]

NA_WORDS = (
    *("", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "null", "NULL", "None", "?", "-", "."),
)
"""Cells that mean a missing value: no two libraries agree, so these are the ones in common use."""

MAX_CATEGORIES = 50
"""More values than this in a column are names or numbers of things, not kinds of things."""

MAX_VALUE = 1e140
"""Squares of larger numbers, added up over a table, leave the range of floating point."""


@dataclass(frozen=True)
class TableFormat:
    """How a table is read.

    Parameters
    ----------
    format : {"csv", "tsv", "jsonl", "parquet", "arrow"}, optional
        By default what the content shows.
    delimiter : str, optional
        What stands between cells: one character, a blank for any white space. By default the one
        of comma, semicolon, tab, bar and white space that splits the first records alike.
    quote : str, optional
        What stands around cells that hold delimiters; None if quotes mean themselves.
    header : {"auto", "yes", "no"}
        Whether the first record holds names; ``auto`` takes it for names if none of its cells is
        a number while a cell below one is.
    decimal : {"auto", ".", ","}
        The mark before decimals; ``auto`` takes the comma only where it can mean nothing else.
    na : tuple of str
        Cells that mean a missing value.

    Raises
    ------
    SettingsError
        If a value is out of range.
    """

    format: FileFormat | None = None
    delimiter: str | None = None
    quote: str | None = '"'
    header: Header = "auto"
    decimal: Decimal = "auto"
    na: tuple[str, ...] = NA_WORDS

    def __post_init__(self) -> None:
        if self.format is not None:
            require_one_of("format", self.format, get_args(FileFormat))
        require_one_of("header", self.header, get_args(Header))
        require_one_of("decimal", self.decimal, get_args(Decimal))
        for name, mark in (("delimiter", self.delimiter), ("quote", self.quote)):
            if mark is not None and (len(mark) != 1 or not mark.isascii() or mark in "\r\n\0"):
                raise SettingsError(f"{name} is {mark!r}; it must be one character of ASCII")
        if self.delimiter is not None and self.delimiter == self.quote:
            raise SettingsError(f"delimiter and quote are both {self.delimiter!r}")


@dataclass(frozen=True)
class ColumnChoice:
    """Which columns of a table to use.

    Parameters
    ----------
    include : tuple of str
        Names, positions like ``#3``, ranges like ``a:f`` and patterns like ``pct_*``. By default
        all numeric columns except row numbers.
    exclude : tuple of str
        Columns to leave out.
    one_hot : tuple of str
        Columns of categories, of which each becomes a column of 1 and 0.
    weights : str, optional
        The column of row weights.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    one_hot: tuple[str, ...] = ()
    weights: str | None = None
