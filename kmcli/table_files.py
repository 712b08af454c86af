"""Tables to clusters in one call each, for use from Python."""

# Annotations as they are written: help() shows Any, not all that it stands for.
from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kmcli.cluster.labelling import Labelling
from kmcli.cluster.model import MAX_MODEL_BYTES, Model, read_model_bytes
from kmcli.cluster.result import ClusterResult, finish_result
from kmcli.cluster.rule import Rule
from kmcli.cluster.run import fit_table, prepare_table
from kmcli.cluster.workers import Threads, Workers, dask_workers
from kmcli.clustering.passes import Labels
from kmcli.files import read_input
from kmcli.files.stored import Stored
from kmcli.report.cluster import cluster_report
from kmcli.settings import ClusterSettings, ColumnChoice, TableFormat
from kmcli.tables.frames import table_of
from kmcli.tables.numbers import Source
from kmcli.tables.source import Table, choose, open_table, with_columns


@dataclass(frozen=True)
class TableClusters:
    """A table and its clusters, numbered from the heaviest of the sample to the lightest.

    Attributes
    ----------
    labels : ndarray of shape (n_rows,), int32
        The cluster of each row; -1 for a row with missing values.
    result : ClusterResult
        All else that is known: centres, statistics, scores.
    """

    labels: NDArray[np.int32]
    result: ClusterResult

    @property
    def model(self) -> Model:
        """What new rows can be assigned to; its `to_json` gives the bytes of a model file."""
        return self.result.model

    @property
    def centers(self) -> NDArray[np.float64]:
        """The mean of each cluster in the units of the table, shape (n_clusters, n_features)."""
        return self.result.profile.means

    def report(self) -> dict[str, Any]:
        """Give what ``kmcli cluster --json`` reports."""
        content: dict[str, Any] = json.loads(cluster_report(self.result).to_json())
        return content


def cluster_table(
    table: Any,
    settings: ClusterSettings | None = None,
    *,
    columns: ColumnChoice | None = None,
    format: TableFormat | None = None,  # noqa: A002 - as the option is called
    names: Sequence[str] | None = None,
    scheduler: str | None = None,
) -> TableClusters:
    """Cluster the rows of a table as ``kmcli cluster`` does.

    Parameters
    ----------
    table : path, sequence of str, array-like of shape (n_rows, n_columns), or dataframe
        Files of any format that kmcli reads, several as one table; an array of numbers, NaN where
        one is missing; a dict of columns; or anything with ``__arrow_c_stream__`` or
        ``__dataframe__``, such as the dataframes of pandas, polars and pyarrow.
    settings : ClusterSettings, optional
        How many clusters, and how to find them.
    columns : ColumnChoice, optional
        Which columns to use; by default all numeric ones except row numbers.
    format : TableFormat, optional
        How to read the files.
    names : sequence of str, optional
        Names of the columns of an array; ``x1``, ``x2`` and so on by default.
    scheduler : str, optional
        Address of a Dask scheduler, whose workers do the work; the result is the same.

    Returns
    -------
    TableClusters

    Raises
    ------
    InputError
        If the table cannot be read, or has nothing to cluster.
    SettingsError
        If there are fewer distinct rows than clusters, or a column does not exist.

    Examples
    --------
    >>> import kmcli
    >>> people = {"age": [25, 27, 61, 64, 66, None], "spend": [900, 850, 120, 150, 110, 300]}
    >>> clusters = kmcli.cluster_table(people, kmcli.ClusterSettings(n_clusters=2))
    >>> clusters.labels  # the larger cluster is 0; the last row has no age
    array([ 1,  1,  0,  0,  0, -1], dtype=int32)
    >>> clusters.centers.round(1)  # in the units of the table
    array([[ 63.7, 126.7],
           [ 26. , 875. ]])
    >>> clusters.report()["clusters"][0]["apart"][0]["column"]
    'spend'
    """
    settings = settings or ClusterSettings()
    source = choose(_open(table, format, names), columns)
    with _workers(scheduler) as workers:
        prepared = prepare_table(source, settings, workers)
        fit = fit_table(prepared, source, settings, workers)
        labels, labelling = _label(source, fit.rule, workers)
    result = finish_result(source, prepared, fit, labelling.sums, settings)
    return TableClusters(labels, result)


def read_model(source: str | os.PathLike[str] | bytes) -> Model:
    """Read a model that ``kmcli cluster --model`` wrote.

    Parameters
    ----------
    source : str, path-like or bytes
        The file, or its content. It need not be trusted: it is checked, and runs no code.

    Returns
    -------
    Model

    Raises
    ------
    InputError
        If it is not a model, is damaged, or is of a later version.

    Examples
    --------
    >>> import kmcli
    >>> settings = kmcli.ClusterSettings(n_clusters=2)
    >>> clusters = kmcli.cluster_table([[1, 5], [2, 5], [9, 7], [8, 8], [9, 9]], settings)
    >>> model = kmcli.read_model(clusters.model.to_json())
    >>> model.sizes
    (3, 2)
    >>> [column.name for column in model.rule.columns]
    ['x1', 'x2']
    """
    if isinstance(source, bytes):
        return read_model_bytes(source, "the model")
    name = os.fspath(source)
    return read_model_bytes(read_input(name, MAX_MODEL_BYTES), name)


def assign(
    model: Model,
    table: Any,
    *,
    format: TableFormat | None = None,  # noqa: A002 - as the option is called
    names: Sequence[str] | None = None,
    scheduler: str | None = None,
) -> NDArray[np.int32]:
    """Give the rows of a table the clusters of a model, as ``kmcli assign`` does.

    Parameters
    ----------
    model : Model
        From `cluster_table` or `read_model`.
    table, format, names, scheduler
        As of `cluster_table`. Columns are found by their names, in any order.

    Returns
    -------
    ndarray of shape (n_rows,), int32
        The cluster of each row; -1 for a row with missing values.

    Raises
    ------
    InputError
        If the table cannot be read.
    SettingsError
        If it lacks a column that the model needs.

    Examples
    --------
    >>> import kmcli
    >>> settings = kmcli.ClusterSettings(n_clusters=2)
    >>> model = kmcli.cluster_table([[1, 5], [2, 5], [9, 7], [8, 8], [9, 9]], settings).model
    >>> kmcli.assign(model, {"x2": [8, 4], "x1": [7, 3]})
    array([0, 1], dtype=int32)
    """
    source = with_columns(_open(table, format, names), model.rule.columns)
    with _workers(scheduler) as workers:
        return _label(source, model.rule, workers)[0]


def _open(table: Any, format_: TableFormat | None, names: Sequence[str] | None) -> Table:
    if isinstance(table, str | os.PathLike):
        table = [table]
    if isinstance(table, list | tuple) and all(isinstance(t, str | os.PathLike) for t in table):
        return open_table([Stored(os.fspath(path)) for path in table], format_)
    return table_of(table, names)


def _workers(scheduler: str | None) -> AbstractContextManager[Workers]:
    return nullcontext(Threads()) if scheduler is None else dask_workers(scheduler)


def _label(
    source: Source, rule: Rule, workers: Workers
) -> tuple[NDArray[np.int32], Labelling[NDArray[np.int32]]]:
    labelling = Labelling(source, rule, _numbers, workers)
    parts = list(labelling)
    return np.concatenate(parts) if parts else np.zeros(0, np.int32), labelling


def _numbers(_block: Any, labels: Labels) -> NDArray[np.int32]:
    return labels.numbers
