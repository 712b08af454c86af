"""Small tables, read at once."""

import numpy as np
from numpy.typing import NDArray

from kmcli.errors import InputError
from kmcli.tables.source import TableSource


def read_values(source: TableSource, *, may_miss: bool = False) -> NDArray[np.float64]:
    """Read all numbers of a table at once.

    Parameters
    ----------
    source : TableSource
        The table.
    may_miss : bool
        Let missing ones be NaN.

    Raises
    ------
    InputError
        If one is missing and may not be.
    """
    blocks = []
    for block in source.blocks():
        values = source.numbers(block).values
        missing = np.argwhere(np.isnan(values))
        if len(missing) and not may_miss:
            row, column = missing[0].tolist()
            raise InputError(
                f"{source.table.place(block, row)}, column {source.columns[column].name}: "
                "the value is missing",
                block.name,
            )
        blocks.append(values)
    return np.concatenate(blocks)
