"""Small tables, read at once."""

import numpy as np
from numpy.typing import NDArray

from kmcli.errors import InputError
from kmcli.tables.source import TableSource


def read_values(source: TableSource, *, may_miss: bool = False) -> NDArray[np.float64]:
    """Read all numbers of a table at once.

    Raises InputError if one is missing, unless `may_miss`: then it is NaN.
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
