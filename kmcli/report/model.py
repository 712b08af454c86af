"""What a report is made of, and its two forms; each value is given once for both."""

import json
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from kmcli.files import printable

Value = str | int | float | bool | None | Sequence["Value"] | Mapping[str, "Value"]
"""What JSON can hold."""

Paint = Callable[[str], str]
"""Turns a colour like ``#ff8000`` into a coloured swatch for the terminal."""

_COLUMNS = 80
"""The width of a terminal, to which sentences are wrapped."""


@dataclass(frozen=True)
class Field:
    """One value of a report."""

    key: str  # its name in JSON; an empty key leaves it out of JSON
    label: str  # its name in text; an empty label leaves it out of the text
    value: Value  # unrounded
    text: str | None = None  # the value for people, with its unit; by default as it is

    @property
    def shown(self) -> str:
        """The value for people."""
        return str(self.value) if self.text is None else self.text


@dataclass(frozen=True)
class Section:
    """Fields under one heading; in JSON in an object of the key, or at the top if it is empty."""

    title: str
    fields: Sequence[Field]
    key: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of equal form under one heading, in JSON an array of objects."""

    title: str
    key: str  # the name of the array in JSON; an empty key leaves it out
    rows: Sequence[Sequence[Field]]  # each has the same keys and labels, which head the columns
    swatch_key: str = ""  # the key of a field whose value is a colour to be shown


@dataclass(frozen=True)
class Note:
    """Paragraphs under one heading, for people only: JSON leaves them out.

    They are wrapped to 80 columns; without any, the heading is left out too.
    """

    title: str
    lines: Sequence[str]


@dataclass(frozen=True)
class Report:
    """A report on one result: what it is about, and what it says, in order."""

    title: str
    parts: Sequence[Section | Table | Note]

    def to_json(self) -> str:
        """Give the report as one line of JSON, without a line break at its end."""
        data: dict[str, Value] = {}
        for part in self.parts:
            if isinstance(part, Table):
                rows = [{field.key: field.value for field in row if field.key} for row in part.rows]
                data.update({part.key: rows} if part.key else {})
            elif isinstance(part, Section):
                values = {field.key: field.value for field in part.fields if field.key}
                data.update({part.key: values} if part.key else values)
        return json.dumps(data, allow_nan=False)

    def to_text(self, paint: Paint | None = None) -> str:
        """Give the report as aligned text, with a line break at its end.

        Names of files cannot break out of their lines, nor steer a terminal. Without `paint`
        colours have no swatches.
        """
        title = printable(self.title)
        blocks = [f"{title}\n{'=' * len(title)}\n"]
        labels = [field.label for part in self.parts for field in _shown_fields(part)]
        width = max(map(len, labels), default=0)
        for part in self.parts:
            body = _part_text(part, width, paint)
            if body:
                blocks.append(f"{part.title}\n{body}" if part.title else body)
        return "\n".join(blocks)


def _shown_fields(part: Section | Table | Note) -> list[Field]:
    return [field for field in part.fields if field.label] if isinstance(part, Section) else []


def _part_text(part: Section | Table | Note, width: int, paint: Paint | None) -> str:
    if isinstance(part, Table):
        return _table_text(part, paint)
    if isinstance(part, Note):
        return "".join(_wrapped(printable(line)) for line in part.lines)
    return _text(part, width)


def _wrapped(paragraph: str) -> str:
    return f"{textwrap.fill(paragraph, _COLUMNS, initial_indent='  ', subsequent_indent='  ')}\n"


def _text(section: Section, width: int) -> str:
    return "".join(
        f"  {field.label:<{width}}  {printable(field.shown)}\n" for field in _shown_fields(section)
    )


def _table_text(table: Table, paint: Paint | None) -> str:
    if not table.rows:
        return ""
    head = [field.label for field in table.rows[0] if field.label]
    rows = [[printable(field.shown) for field in row if field.label] for row in table.rows]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = ["  ".join(f"{cell:>{w}}" for cell, w in zip(head, widths, strict=True))]
    for row, cells in zip(table.rows, rows, strict=True):
        line = "  ".join(f"{cell:>{w}}" for cell, w in zip(cells, widths, strict=True))
        color = next((field.value for field in row if field.key == table.swatch_key), None)
        lines.append(f"{line}  {paint(color)}" if paint and isinstance(color, str) else line)
    return "".join(f"  {line.rstrip()}\n" for line in lines)
