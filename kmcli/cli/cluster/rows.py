"""Where the rows of a table go, and in which form."""

import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

import click

from kmcli.cli import outputs
from kmcli.cli.options import OutputOptions
from kmcli.errors import InputError, SettingsError
from kmcli.files import COMPRESSED, STREAM, Stored, compressed, default_output
from kmcli.settings.tables import FileFormat, TableFormat

if TYPE_CHECKING:
    from kmcli.tables.source import Table, TableSource
    from kmcli.tables.write import Added

BINARY = ("parquet", "arrow")

_ENDINGS: dict[str, FileFormat] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
}


def check_inputs(names: Sequence[str]) -> tuple[str, ...]:
    """Give the names of the inputs; without any, that of standard input.

    Raises
    ------
    click.UsageError
        If standard input is a terminal, or is to be read twice.
    """
    inputs = tuple(names) or (STREAM,)
    if inputs.count(STREAM) > 1:
        raise click.UsageError("standard input ('-') can be read only once")
    if STREAM in inputs and sys.stdin is not None and sys.stdin.isatty():
        raise click.UsageError("standard input is a terminal; name a table or pipe one in")
    return inputs


def wanted_format(options: dict[str, Any]) -> TableFormat:
    """Collect what the user says about the input."""
    given = {} if options["na"] is None else {"na": options["na"]}
    return TableFormat(
        format=options["read_as"],
        delimiter=options["delimiter"],
        quote=options["quote"] or None,
        header=options["header"],
        decimal=options["decimal"],
        **given,
    )


def open_inputs(names: Sequence[str], options: dict[str, Any], *, once: bool = False) -> "Table":
    """Open the inputs as one table."""
    from kmcli.tables.source import open_table

    limit = options["max_input_bytes"]
    stored = [Stored(name, once=once, max_bytes=limit) for name in names]
    return open_table(stored, wanted_format(options), once=once)


def rows_path(
    options: dict[str, Any], names: Sequence[str], to: OutputOptions, ending: str
) -> str | None:
    """Tell where the rows go; None if nowhere, since a report takes standard output.

    Parameters
    ----------
    options : dict
        Of the command line.
    names : sequence of str
        The inputs.
    to : OutputOptions
        Whether a report is printed.
    ending : str
        What follows the name of the first input in a folder: ``-k5`` and the like.
    """
    output: str | None = options["output"]
    if output is not None:
        return output
    folder = options["output_dir"]
    if folder is not None:
        name = "table.csv" if names[0] == STREAM else names[0]
        extension = f".{options['write_as']}" if options["write_as"] else os.path.splitext(name)[1]
        plain = os.path.splitext(name)[0] if extension in COMPRESSED else name
        if plain != name:
            extension = os.path.splitext(plain)[1]
        return default_output(plain, f"{ending}{extension}", folder)
    return None if to.prints_report else STREAM


@dataclass(frozen=True)
class Rows:
    """The rows that go out: what makes them of blocks, and how they become bytes.

    Attributes
    ----------
    path : str or None
        Where they go; None if nowhere.
    finish : callable
        Makes something of a block and its labels, on any thread or machine.
    head : bytes
        What comes first.
    format : str
        Of the bytes.
    """

    path: str | None
    finish: Any
    head: bytes
    format: FileFormat

    def files(self, parts: Iterable[Any]) -> list[tuple[str, Any]]:
        """Give the file of what `finish` made; without one, all the same go through the blocks."""
        if self.path is None:
            deque(parts, maxlen=0)
            return []
        return [(self.path, compressed(self._pieces(parts), self.path))]

    def _pieces(self, parts: Iterable[Any]) -> Iterator[bytes]:
        if self.format in BINARY:
            from kmcli.tables.sink import packed

            yield from packed(parts, self.format)
        else:
            yield from chain([self.head], parts)


def plan_rows(
    source: "TableSource", added: "Added", options: dict[str, Any], path: str | None
) -> Rows:
    """Choose how rows are written.

    Raises
    ------
    SettingsError
        If a new column would have the name of an old one.
    OutputError
        If binary data would go to a terminal.
    """
    from kmcli.tables.columns import select
    from kmcli.tables.text import TextTable
    from kmcli.tables.write import Appender, Framer, TextWriter

    own_format = cast(FileFormat, source.format)
    if path is None:
        return Rows(None, _nothing, b"", own_format)
    table = source.table
    keep = options["keep"]
    kept = tuple(range(len(table.names)) if keep is None else select(table.names, keep))
    taken = {table.names[place] for place in kept}
    for name in added.names:
        if name in taken:
            raise SettingsError(
                f"the table already has a column {name!r}; name the new one with --label"
            )
    plain, suffix = os.path.splitext(path)
    is_compressed = suffix.lower() in COMPRESSED
    suffix = os.path.splitext(plain)[1] if is_compressed else suffix
    form = options["write_as"] or _ENDINGS.get(suffix.lower(), own_format)
    if form in BINARY:
        if is_compressed:
            raise click.UsageError(f"{form} is compressed inside; name it {plain!r}")
        if outputs.is_terminal(path):
            raise click.UsageError(f"cannot write {form} to a terminal; use -o FILE or redirect")
        return Rows(path, Framer(source, added, kept), b"", form)
    if isinstance(table, TextTable) and form == own_format and keep is None:
        appender = Appender(table, added)
        return Rows(path, appender, appender.head(), form)
    has_header = not isinstance(table, TextTable) or table.dialect.has_header
    # Decimal commas would be read as what separates cells.
    as_text = form != "jsonl" and table.decimal == "."
    writer = TextWriter(Framer(source, added, kept, as_text), form, has_header=has_header)
    return Rows(path, writer, writer.head(), form)


def _nothing(_block: Any, _labels: Any) -> None:
    return None


def read_small(name: str, most: int) -> bytes:
    """Read a model or a file of centres as a whole.

    Raises
    ------
    InputError
        If it cannot be read or has more bytes.
    """
    found = b"".join(_up_to(Stored(name).pieces(), most))
    if len(found) > most:
        raise InputError(f"has more than {most} bytes, too many for what it should be", name)
    return found


def _up_to(pieces: Iterable[bytes], most: int) -> Iterator[bytes]:
    for piece in pieces:
        yield piece
        most -= len(piece)
        if most < 0:
            return
