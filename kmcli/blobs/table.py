"""Points from a table: its columns of numbers, and perhaps a column of the true groups."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kmcli.blobs.data import Points
from kmcli.errors import InputError
from kmcli.settings import ColumnChoice
from kmcli.tables.numbers import LeftOut
from kmcli.tables.source import Table, choose
from kmcli.tables.whole import read_values

_OWN = ("true", "cluster", "distance")
"""The last columns of the points that kmcli writes."""


def read_points(
    table: Table, choice: ColumnChoice, *, label: str | None, scale: bool, source: str
) -> tuple[Points, tuple[LeftOut, ...]]:
    """Read points from a table.

    Parameters
    ----------
    table : Table
        A row per point.
    choice : ColumnChoice
        Which columns are features.
    label : str, optional
        The column of the true groups; by default ``true`` in a table that kmcli wrote.
    scale : bool
        Whether each column is brought to mean 0 and standard deviation 1.
    source : str
        What the points are called in the report.

    Returns
    -------
    points : Points
    left_out : tuple of LeftOut
        Columns that nobody chose to leave out.

    Raises
    ------
    InputError
        If a cell is no number or there are fewer than two columns; the message names the line.
    SettingsError
        If a column that is named does not exist.
    """
    is_own = table.names[-len(_OWN) :] == _OWN
    not_features = list(_OWN) if is_own and not choice.include else []
    if label is None and is_own:
        label = "true"
    if label is not None and label not in not_features:
        not_features.append(label)
    chosen = choose(table, replace(choice, exclude=(*choice.exclude, *not_features)))
    values = read_values(chosen)
    if values.shape[1] < 2:
        why = ", ".join(f"{column.name} ({column.why})" for column in chosen.left_out)
        raise InputError(
            f"the points have 1 column, {chosen.columns[0].name}; two are needed"
            f"{'; left out: ' + why if why else ''}",
            table.name,
        )
    if scale:
        spread = values.std(axis=0)
        # A column that never changes is left at 0, as scikit-learn's StandardScaler does.
        values = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1)
    names = tuple(column.name for column in chosen.columns)
    groups = None if label is None else _groups(table, label)
    points = Points(values, names, groups, None, f"{len(values)} points, {source}")
    return points, chosen.left_out


def _groups(table: Table, label: str) -> NDArray[np.int32] | None:
    """Give each row the number of its group, by their names; None if no row has one."""
    source = choose(table, ColumnChoice(include=(label,), one_hot=(label,)))
    if not source.columns[0].categories:
        return None
    return read_values(source)[:, 0].astype(np.int32)
