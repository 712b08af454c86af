"""Points from a table: its columns of numbers, and perhaps a column of the true groups."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kmcli.blobs.data import Points
from kmcli.blobs.data import scale as scale_points
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
    """Read points from a table, and tell which columns nobody chose to leave out.

    The true groups are in the column `label`, by default ``true`` in a table that kmcli wrote.
    `source` is what the points are called in the report. Raises InputError if a cell is no
    number, there are fewer than two columns, or no row is complete, and SettingsError if a
    column that is named does not exist.
    """
    is_own = table.names[-len(_OWN) :] == _OWN
    not_features = list(_OWN) if is_own and not choice.include else []
    if label is None and is_own:
        label = "true"
    if label is not None and label not in not_features:
        not_features.append(label)
    chosen = choose(table, replace(choice, exclude=(*choice.exclude, *not_features)))
    values = read_values(chosen, may_miss=True)
    if values.shape[1] < 2:
        why = ", ".join(f"{column.name} ({column.why})" for column in chosen.left_out)
        raise InputError(
            f"the points have 1 column, {chosen.columns[0].name}; two are needed"
            f"{'; left out: ' + why if why else ''}",
            table.name,
        )
    groups, group_names = (None, ()) if label is None else _groups(table, label)
    known = values if groups is None else np.column_stack([values, groups])
    complete = ~np.isnan(known).any(axis=1)
    n_complete = int(complete.sum())
    if n_complete == 0:
        raise InputError(f"none of the {len(values)} rows is complete", table.name)
    points = Points(
        values=values[complete],
        names=tuple(column.name for column in chosen.columns),
        true_labels=None if groups is None else groups[complete].astype(np.int32),
        true_centers=None,
        source=f"{n_complete} points, {source}",
        group_names=() if is_own and label == "true" else group_names,
        n_incomplete=len(values) - n_complete,
    )
    return scale_points(points) if scale else points, chosen.left_out


def _groups(table: Table, label: str) -> tuple[NDArray[np.float64] | None, tuple[str, ...]]:
    """Give each row the number of its group, and the names of these; None if no row has one."""
    source = choose(table, ColumnChoice(include=(label,), one_hot=(label,)))
    names = source.columns[0].categories
    if not names:
        return None, ()
    return read_values(source, may_miss=True)[:, 0], names
