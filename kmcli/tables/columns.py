"""Which columns of a table are computed with: what the user names, or all that hold numbers."""

import difflib
import fnmatch
import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from kmcli.errors import CellError, InputError, NoNumbersError, SettingsError
from kmcli.settings.tables import MAX_VALUE, ColumnChoice
from kmcli.tables.cells import TRUE_FALSE, is_missing, number_column
from kmcli.tables.numbers import Column, LeftOut
from kmcli.text import quoted

_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([T ].*)?|\d{1,2}[./]\d{1,2}[./]\d{2,4}( .*)?")
_ID_NAME = re.compile(r"id|key|index|uuid|row|.*_id|unnamed: \d+|", re.IGNORECASE)

_NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?|[+-]?inf(inity)?", re.IGNORECASE)

_NUMBER_WITH_SIGNS = (
    r"^\(?[-+\u2212]?[$€£¥₹]?\s?[-+\u2212]?(\d+|\d{1,3}([., '\u2019\u00a0\u202f]\d{3})+)([.,]\d+)?"
    r"\s?([%‰$€£¥₹]|EUR|USD|GBP|CHF)?\)?$"
)
"""Amounts of money, shares of a hundred, thousands set apart."""

_FEW_ROWS = 10
"""In fewer rows, numbers that rise by 1 may well be measured values."""

_MOST_TEXT = 0.1
"""A column with fewer words than that is one of numbers: to leave it out for them would surprise
more than to refuse them with their lines."""

_IS_CHOSEN = ("number", "boolean")
"""What `guess_column` calls columns that can be computed with."""


@dataclass(frozen=True)
class Chosen:
    """Columns by position.

    Attributes
    ----------
    positions : tuple of int
        Those that are computed with.
    categories : frozenset of int
        Those of them that hold categories.
    weight : int or None
        The column of weights.
    left_out : tuple of LeftOut
        Those that nobody chose to leave out, and why.
    """

    positions: tuple[int, ...]
    categories: frozenset[int]
    weight: int | None
    left_out: tuple[LeftOut, ...]


def choose_columns(
    names: Sequence[str], choice: ColumnChoice, guess: Callable[[int], str]
) -> Chosen:
    """Choose columns among all names; `guess` tells what one holds, by its position.

    Raises SettingsError if a column that is named does not exist, or its name is not its alone;
    InputError if no column is left.
    """
    excluded = set(select(names, choice.exclude))
    categories = set(select(names, choice.one_hot))
    weight = select(names, [choice.weights])[0] if choice.weights is not None else None
    left_out: list[LeftOut] = []
    if choice.include:
        positions = [*select(names, choice.include)]
        positions += [place for place in sorted(categories) if place not in positions]
    else:
        positions = []
        for place in range(len(names)):
            if place in categories:
                positions.append(place)
            elif place not in excluded and place != weight:
                kind = guess(place)
                if kind in _IS_CHOSEN:
                    positions.append(place)
                else:
                    left_out.append(LeftOut(names[place], kind))
    positions = [place for place in positions if place not in excluded and place != weight]
    if not positions:
        why = ", ".join(f"{column.name} ({column.why})" for column in left_out)
        raise NoNumbersError(f"no numeric columns are left{': ' + why if why else ''}")
    n_called = Counter(names)
    for place in positions:
        if n_called[names[place]] > 1:
            _require_single(names, place)
    return Chosen(tuple(positions), frozenset(categories), weight, tuple(left_out))


def select(names: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Find columns by names, positions like ``#3``, ranges like ``a:f``, patterns like ``p_*``.

    Parameters
    ----------
    names : sequence of str
        Of all columns.
    wanted : sequence of str
        What to find; a column's own name wins over any other reading.

    Returns
    -------
    list of int
        Positions from 0, each once, in the order wanted.

    Raises
    ------
    SettingsError
        If something is not found.
    """
    found: list[int] = []
    for item in wanted:
        places = _places(names, item)
        if places is None and ":" in item:
            ends = [_places(names, end) for end in item.split(":", 1)]
            if ends[0] and ends[1]:
                places = list(range(ends[0][0], ends[1][0] + 1))
        if places is None:
            places = [i for i, name in enumerate(names) if fnmatch.fnmatchcase(name, item)]
        if not places:
            near = ", ".join(difflib.get_close_matches(item, names, n=3))
            what = f"did you mean {near}?" if near else f"there is {', '.join(names[:8])}"
            raise SettingsError(f"no column {item!r}; {what}")
        found += [place for place in places if place not in found]
    return found


def find_names(names: Sequence[str], columns: Sequence[Column]) -> tuple[int, ...]:
    """Find columns by nothing but their names.

    Raises
    ------
    SettingsError
        If one is not there.
    InputError
        If several have its name.
    """
    n_called = Counter(names)
    for column in columns:
        if not n_called[column.name]:
            near = difflib.get_close_matches(column.name, names, n=3) or list(names[:8])
            raise SettingsError(
                f"the table has no column {column.name!r}, which the model needs; "
                f"it has {', '.join(near)}"
            )
        if n_called[column.name] > 1:
            _require_single(names, names.index(column.name))
    places = {name: place for place, name in enumerate(names)}
    return tuple(places[column.name] for column in columns)


def _places(names: Sequence[str], item: str) -> list[int] | None:
    if item in names:
        place = names.index(item)
        _require_single(names, place)
        return [place]
    number = item[1:]
    if item.startswith("#") and number.isascii() and number.isdigit():
        return [int(number) - 1] if 1 <= int(number) <= len(names) else []
    return None


def _require_single(names: Sequence[str], place: int) -> None:
    same = [f"#{i + 1}" for i, name in enumerate(names) if name == names[place]]
    if len(same) > 1:
        raise InputError(
            f"{len(same)} columns are called {names[place]!r} ({', '.join(same)}); "
            "give them different names"
        )


def guess_column(cells: pl.Series, name: str, na: Collection[str], decimal: str) -> str:
    """Tell what a column holds, by its first cells.

    Parameters
    ----------
    cells : polars.Series
        All cells of the first block.
    name : str
        The column's name; made-up ones begin with ``#``.
    na : collection of str
        Text that means a missing value.
    decimal : str
        The mark before decimals in text.

    Returns
    -------
    str
        ``number``, ``boolean`` or, in words, what keeps it from being one of these.
    """
    is_id_name = bool(_ID_NAME.fullmatch(re.sub(r"#\d+", "", name)))
    if cells.dtype == pl.String:  # plain numbers need no closer look, which takes ten times as long
        values, wrong = number_column(cells, na, decimal)
        if wrong is None and len(values) and not np.isnan(values).any():
            return _kind_of_numbers(values, is_id_name=is_id_name)
    there = cells.filter(~is_missing(cells, na))
    if not len(there):
        return "empty"
    if cells.dtype.is_temporal():
        return "dates"
    if cells.dtype == pl.Boolean:
        return "boolean"
    if cells.dtype != pl.String and not cells.dtype.is_numeric():
        return "text" if cells.dtype in (pl.Categorical, pl.Enum) else str(cells.dtype)
    if cells.dtype == pl.String:
        text = there.str.strip_chars()
        if text.str.to_lowercase().is_in(TRUE_FALSE).all():
            return "boolean"
        plain = text.str.replace(",", ".", literal=True) if decimal == "," else text
        # Numbers that are too large, or infinite, are refused where they are read, not left out.
        is_text = plain.cast(pl.Float64, strict=False).is_null()
        if is_text.sum() > (0 if is_id_name else _MOST_TEXT * len(text)):
            if text.str.contains(_NUMBER_WITH_SIGNS).all():
                return "number"  # which is refused where it is read, with its line
            if all(map(_DATE.fullmatch, text.head(100).to_list())):
                return "dates"
            return "text" if is_text.all() else f"text such as {quoted(text.filter(is_text)[0])}"
        values, _ = number_column(there, (), decimal)
    else:
        values, _ = number_column(there, ())
    return _kind_of_numbers(values, is_id_name=is_id_name)


def _kind_of_numbers(values: np.ndarray, *, is_id_name: bool) -> str:
    return "row numbers" if _are_row_numbers(values, is_id_name=is_id_name) else "number"


def _are_row_numbers(values: np.ndarray, *, is_id_name: bool) -> bool:
    if len(values) < 2 or (values != np.floor(values)).any():
        return False
    if (np.diff(values) == 1).all():
        return is_id_name or len(values) >= _FEW_ROWS
    return is_id_name and len(np.unique(values)) == len(values)


def not_a_number(cell: object, where: str, column: Column, name: str) -> CellError:
    """Say which cell is no number that can be computed with."""
    text = str(cell).strip()
    is_too_large = _NUMBER.fullmatch(text) and abs(float(text.replace(",", "."))) > MAX_VALUE
    what = "is beyond 1e140, too large to be squared" if is_too_large else "is not a number"
    if column.kind == "boolean":
        what = "is neither true nor false"
    return CellError(f"{where}, column {column.name}: {quoted(text)} {what}", name)
