"""Write Parquet and Arrow files from columns that come block by block."""

import tempfile
from collections.abc import Iterable, Iterator
from itertools import chain

import polars as pl
from polars.io.plugins import register_io_source

from kmcli.settings.tables import FileFormat


def packed(frames: Iterable[pl.DataFrame], form: FileFormat) -> Iterator[bytes]:
    """Give the bytes of a file of frames of the same columns, not all in memory at once."""
    frames = iter(frames)
    first = next(frames)
    schema = first.schema

    def given(
        _columns: list[str] | None, _filter: pl.Expr | None, _n_rows: int | None, _size: int | None
    ) -> Iterator[pl.DataFrame]:
        yield from chain([first], frames)

    lazy = register_io_source(given, schema=schema)
    # The table of contents of either format comes last: a reader wants a file, not a stream.
    with tempfile.TemporaryFile() as file:
        if form == "parquet":
            lazy.sink_parquet(file)
        else:
            lazy.sink_ipc(file)
        file.seek(0)
        while piece := file.read(2**20):
            yield piece
