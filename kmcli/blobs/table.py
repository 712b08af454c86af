"""Points from and to CSV."""

import csv
import io
import math

import numpy as np
from numpy.typing import NDArray

from kmcli.blobs.data import Points
from kmcli.errors import InputError


def read_points(data: bytes, *, scale: bool, source: str) -> Points:
    """Read points from CSV: a row per point, numbers only, perhaps with a row of names first.

    Parameters
    ----------
    data : bytes
        The file; commas, semicolons or tabs separate.
    scale : bool
        Whether each column is brought to mean 0 and standard deviation 1.
    source : str
        What the points are called in the report.

    Returns
    -------
    Points

    Raises
    ------
    InputError
        If it is not a table of numbers; the message names the line.
    """
    names, values = read_table(data)
    if values.shape[1] < 2:
        raise InputError("the points have 1 column; at least two are needed")
    if scale:
        spread = values.std(axis=0)
        # A column that never changes is left at 0, as scikit-learn's StandardScaler does.
        values = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return Points(values, names, None, None, f"{len(values)} points, {source}")


def read_table(data: bytes) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Read rows of numbers from CSV.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    names : tuple of str
        The names of the columns, ``x1``, ``x2`` and so on if there are none.
    values : ndarray of shape (n_rows, n_columns), float64

    Raises
    ------
    InputError
        If a line is not like the others, or there is none.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"byte {error.start} is not UTF-8 text") from None
    first_line = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(",;\t", key=first_line.count)
    names: tuple[str, ...] = ()
    rows: list[list[float]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            row = [_number(cell) for cell in cells]
            if not rows and not names and all(value is None for value in row):
                names = tuple(cell.strip() for cell in cells)
                continue
            rows.append(
                _checked(row, cells, len(names or rows[0] if rows else names), reader.line_num)
            )
    except csv.Error as error:
        raise InputError(f"line {reader.line_num} is not CSV: {error}") from None
    if not rows:
        raise InputError("there are no rows of numbers")
    values = np.array(rows)
    return names or tuple(f"x{i + 1}" for i in range(values.shape[1])), values


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _checked(row: list[float | None], cells: list[str], n_columns: int, line: int) -> list[float]:
    if n_columns and len(row) != n_columns:
        raise InputError(f"line {line} has {len(row)} columns, the lines before {n_columns}")
    checked = []
    for number, (value, cell) in enumerate(zip(row, cells, strict=True), start=1):
        if value is None or not math.isfinite(value):
            raise InputError(f"line {line}, column {number}: {cell.strip()!r} is not a number")
        checked.append(value)
    return checked


def write_points(points: Points, labels: NDArray[np.int32], centers: NDArray[np.float64]) -> bytes:
    """Write points with their clusters as CSV.

    Parameters
    ----------
    points : Points
        The points.
    labels : ndarray of shape (n_points,), int32
        The cluster of each.
    centers : ndarray of shape (n_clusters, n_features), float64
        The centres.

    Returns
    -------
    bytes
        Columns: the features, ``true`` (empty if not known), ``cluster``, ``distance`` to the
        centre. Numbers are written so that reading them gives the same numbers.
    """
    distances = np.linalg.norm(points.values - centers[labels], axis=1)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*points.names, "true", "cluster", "distance"])
    true = [""] * len(labels) if points.true_labels is None else points.true_labels.tolist()
    columns = zip(points.values.tolist(), true, labels.tolist(), distances.tolist(), strict=True)
    for values, true_label, label, distance in columns:
        writer.writerow([*map(repr, values), true_label, label, repr(distance)])
    return buffer.getvalue().encode()
