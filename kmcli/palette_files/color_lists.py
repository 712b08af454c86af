"""Lists and tables of colours in text: Lospec's .hex, paint.net's .txt, and .csv."""

import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager

from kmcli.errors import InputError, SettingsError
from kmcli.palette_files.color_text import (
    Color,
    is_color,
    is_triple,
    parse_unit,
    refuse_mixture,
    split_units,
)
from kmcli.palette_files.lines import joined, numbered_lines
from kmcli.quantize.palette import Palette
from kmcli.text import quoted

_Lines = list[tuple[int, str]]

_COMMENT = re.compile(r";|//|#(\s|$)|sep=")
_PAINT_NET = re.compile(r";\s*paint\.net", re.IGNORECASE)
_EIGHT_DIGITS = re.compile("#?([0-9a-fA-F]{2})([0-9a-fA-F]{6})")
_FOUR_NUMBERS = re.compile(r"[0-9]{1,3}([,;\s])\s*[0-9]{1,3}(\1\s*[0-9]{1,3}){2}")

_COLUMNS = {
    "r": "red",
    "g": "green",
    "b": "blue",
    "a": "alpha",
    **dict.fromkeys(("hex", "color", "colour", "rgb", "code"), "color"),
}
"""What columns are called besides red, green, blue and alpha."""


def parse_list(text: str) -> list[Color]:
    """Read a colour in each line, perhaps with a name, or several, or a table with named columns.

    Lines that begin with ``;``, ``//`` or a lone ``#`` are comments. Where the text begins like
    the files of paint.net, alpha comes first in codes of eight digits.
    """
    lines = [line for line in numbered_lines(text) if not _COMMENT.match(line[1])]
    if not lines:
        return []
    delimiter = next((mark for mark in "\t;," if mark in lines[0][1]), " ")
    columns = [_COLUMNS.get(name, name) for name in _cells(lines[0][1].lower(), delimiter)]
    if {"red", "green", "blue"} <= set(columns) or "color" in columns:
        return _parse_table(lines[1:], columns, delimiter)
    if all(_FOUR_NUMBERS.fullmatch(line) for _, line in lines):
        rows = [_cells(line, delimiter) for _, line in lines]
        return _parse_table(lines, _columns_of_four(rows), delimiter)
    return _parse_lines(lines, alpha_first=_PAINT_NET.match(text) is not None)


def format_hex(palette: Palette, _title: str) -> bytes:
    """Write six digits per line, as Lospec does."""
    return joined([bytes(color[:3]).hex() for color in palette.colors])


def refuse_unclear_alpha(opacities: list[int]) -> None:
    """Raise InputError where alpha could be meant from 0 to 1 as well as from 0 to 255."""
    if max(opacities, default=255) == 1:
        raise InputError(
            "an alpha of 1 could mean opaque or 1 of 255; write colours like #c0000080 instead"
        )


def _parse_lines(lines: _Lines, *, alpha_first: bool) -> list[Color]:
    colors, all_units = [], []
    for number, line in lines:
        with _in_line(number):
            units = _units_of_line(line.replace('"', ""))
            for unit in units:
                argb = _EIGHT_DIGITS.fullmatch(unit) if alpha_first else None
                colors.append(parse_unit(f"#{argb[2]}{argb[1]}" if argb else unit))
        all_units += units
    with _in_line(lines[0][0]):
        refuse_mixture(all_units)
    return colors


def _units_of_line(line: str) -> list[str]:
    """Take the colours out of a line, and leave a name behind the first one."""
    first, *rest = split_units(line) or [line]
    has_colors = any(is_color(unit) for unit in rest)
    separator = line[line.find(first) + len(first) :].lstrip()[:1]
    if separator in (",", ";") and (has_colors or not is_triple(first)):
        return [first, *rest]
    if has_colors:
        raise SettingsError(
            f"{quoted(line)} is more than one colour; put one on each line, or separate "
            "them by commas"
        )
    return [first]


def _columns_of_four(rows: list[list[str]]) -> list[str]:
    """Tell numbered colours from colours with alpha, where nothing names the columns."""
    first = [int(row[0]) for row in rows]
    if first[0] > 1 or first != list(range(first[0], first[0] + len(rows))):
        return ["red", "green", "blue", "alpha"]
    if len(rows) > 1 and any(row[3] != "255" for row in rows):
        return ["number", "red", "green", "blue"]
    raise InputError(
        "four numbers could be red, green, blue and alpha, or a colour and its number; name them "
        "in the first line, like red,green,blue,alpha"
    )


def _parse_table(lines: _Lines, columns: list[str], delimiter: str) -> list[Color]:
    """Read a colour from each row, by what its columns are called."""
    wanted = ["color"] if "color" in columns else ["red", "green", "blue", "alpha"]
    places = [columns.index(name) for name in wanted if name in columns]
    colors: list[Color] = []
    opacities: list[int] = []
    for number, line in lines:
        cells = _cells(line, delimiter)
        with _in_line(number):
            if len(cells) <= max(places):
                raise SettingsError(f"{quoted(line)} has too few columns")
            red, green, blue, alpha = parse_unit(",".join(cells[place] for place in places[:3]))
            if len(places) == 4:
                alpha = _opacity(cells[places[3]])
                opacities.append(alpha)
        colors.append((red, green, blue, alpha))
    refuse_unclear_alpha(opacities)
    return colors


def _opacity(cell: str) -> int:
    if not re.fullmatch("[0-9]{1,3}", cell) or int(cell) > 255:
        raise SettingsError(f"{quoted(cell)} is not an alpha value; write a number from 0 to 255")
    return int(cell)


def _cells(line: str, delimiter: str) -> list[str]:
    """Split a line of a table, with respect to quotes."""
    try:
        cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))
    except csv.Error:
        raise InputError("a line is too long for a table of colours") from None
    return [cell.strip() for cell in cells]


@contextmanager
def _in_line(number: int) -> Iterator[None]:
    """Name the line in what goes wrong."""
    try:
        yield
    except SettingsError as error:
        raise InputError(f"line {number}: {error}") from None
