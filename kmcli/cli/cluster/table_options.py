"""The options for tables, which ``kmcli cluster`` and ``kmcli assign`` share."""

import csv
from collections.abc import Callable
from typing import get_args

import click

from kmcli.cli.declaring import ANY_PATH, F, option, stacked
from kmcli.cli.numbers import Integer
from kmcli.cli.options import COMMON_GROUP, force_option
from kmcli.settings.tables import NA_WORDS, Decimal, FileFormat, Header

TABLE_GROUP = "Reading the table"
ROWS_GROUP = "Output rows"
LIMITS_GROUP = "Dask and limits"


def parse_list(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> tuple[str, ...] | None:
    """Read a list with commas; an entry that holds one stands in double quotes."""
    if value is None:
        return None
    return tuple(cell.strip() for cell in next(csv.reader([value], skipinitialspace=True), [""]))


def _parse_mark(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> str | None:
    names = {"tab": "\t", r"\t": "\t", "space": " ", "comma": ",", "none": ""}
    return None if value is None else names.get(value, value)


def reading_options() -> Callable[[F], F]:
    """Declare how tables are read."""
    formats = click.Choice(get_args(FileFormat))
    return stacked(
        option(
            "--from",
            "read_as",
            group=TABLE_GROUP,
            type=formats,
            help="Input format.  [default: detected from the content]",
        ),
        _mark_options,
        option(
            "--header",
            group=TABLE_GROUP,
            type=click.Choice(get_args(Header)),
            default="auto",
            help="Whether the first record holds column names. auto: yes if none of its cells is a "
            "number but one below is.",
        ),
        option(
            "--decimal",
            group=TABLE_GROUP,
            type=click.Choice(get_args(Decimal)),
            default="auto",
            help="Decimal mark. auto: a comma only where it can mean nothing else.",
        ),
        option(
            "--na",
            group=TABLE_GROUP,
            callback=parse_list,
            metavar="LIST",
            default=None,
            help=f"Cells to treat as missing values.  [default: empty, {', '.join(NA_WORDS[1:])}]",
        ),
    )


_mark_options = stacked(
    option(
        "--delimiter",
        group=TABLE_GROUP,
        callback=_parse_mark,
        metavar="C",
        help="Cell separator: one character, tab or space.  [default: whichever of comma, "
        "semicolon, tab, bar and white space splits the first records alike]",
    ),
    option(
        "--quote",
        group=TABLE_GROUP,
        callback=_parse_mark,
        metavar="C|none",
        default='"',
        help="Quote character around cells that contain delimiters.",
    ),
)


rows_options = stacked(
    option(
        "--to",
        "write_as",
        group=ROWS_GROUP,
        type=click.Choice(get_args(FileFormat)),
        help="Output format.  [default: by the suffix of -o, else the input format]",
    ),
    option(
        "--distance",
        group=ROWS_GROUP,
        is_flag=True,
        help="Add a column with the distance to the centre, in scaled units.",
    ),
    option(
        "--margin",
        group=ROWS_GROUP,
        is_flag=True,
        help="Add a column with 1 - distance / distance to the second nearest centre; 0 means "
        "on a border.",
    ),
    option(
        "--keep",
        group=ROWS_GROUP,
        callback=parse_list,
        metavar="LIST",
        help="Write only these columns of the table, such as an id.  [default: all]",
    ),
)
"""The columns and the format of the output."""


def files_options(dir_help: str) -> Callable[[F], F]:
    """Declare where to write the rows."""
    return stacked(
        option(
            "-o",
            "--output",
            group=COMMON_GROUP,
            metavar="FILE",
            type=ANY_PATH,
            help="Write the rows to FILE.  [default: - for standard output]",
        ),
        option(
            "-d",
            "--output-dir",
            group=COMMON_GROUP,
            metavar="DIR",
            type=ANY_PATH,
            help=dir_help,
        ),
        force_option,
    )


limit_options = stacked(
    option(
        "--scheduler",
        group=LIMITS_GROUP,
        metavar="ADDRESS",
        help="Run on the workers of the Dask cluster at ADDRESS.",
    ),
    option(
        "--max-input-bytes",
        group=LIMITS_GROUP,
        type=Integer(1, 2**62),
        metavar="N",
        help="Refuse inputs larger than N bytes after decompression.",
    ),
)
"""The Dask scheduler and the limits."""
