"""From the columns of a table to points: indicators for categories, scaling, missing values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kmcli.clustering.sketch import Sketch
from kmcli.errors import SettingsError
from kmcli.settings import ClusterSettings
from kmcli.tables.numbers import Column


@dataclass(frozen=True)
class Feature:
    """One coordinate of the points.

    Attributes
    ----------
    column : int
        The position of the column that it comes from.
    category : int or None
        Which category it indicates, if it comes from a category column.
    name : str
        For people: the column, or ``column=category``.
    """

    column: int
    category: int | None
    name: str


def list_features(columns: Sequence[Column]) -> list[Feature]:
    """List the coordinates that columns become: one each, or one for each category."""
    features = []
    for position, column in enumerate(columns):
        if column.kind == "category":
            features += [
                Feature(position, number, f"{column.name}={category}")
                for number, category in enumerate(column.categories)
            ]
        else:
            features.append(Feature(position, None, column.name))
    return features


def to_features(columns: Sequence[Column], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn categories into indicators.

    Parameters
    ----------
    columns : sequence of Column
        What the values are.
    values : ndarray of shape (n_rows, n_columns), float64
        As in `Numbers`.

    Returns
    -------
    ndarray of shape (n_rows, n_features), float64
        NaN where a value is missing; 0 in all indicators for an unknown category.
    """
    if all(column.kind != "category" for column in columns):
        return values
    parts = []
    for column, cells in zip(columns, values.T, strict=True):
        if column.kind == "category":
            indicators = (cells[:, np.newaxis] == np.arange(len(column.categories))).astype(float)
            indicators[np.isnan(cells)] = np.nan
            parts.append(indicators)
        else:
            parts.append(cells[:, np.newaxis])
    return np.concatenate(parts, axis=1)


@dataclass(frozen=True)
class Scaling:
    """How features become coordinates: ``(x - offset) / divisor * weight``.

    Attributes
    ----------
    means, spreads : ndarray of shape (n_features,), float64
        Mean and standard deviation in the units of the table, of all rows that are used.
    offsets, divisors, weights : ndarray of shape (n_features,), float64
        The parts of the formula.
    fill : bool
        Whether the mean stands in for what is missing.
    """

    means: NDArray[np.float64]
    spreads: NDArray[np.float64]
    offsets: NDArray[np.float64]
    divisors: NDArray[np.float64]
    weights: NDArray[np.float64]
    fill: bool

    def to_points(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Scale features, shape (n_rows, n_features); NaN stays unless the mean stands in."""
        if self.fill:
            features = np.where(np.isnan(features), self.means, features)
        return np.ascontiguousarray((features - self.offsets) / self.divisors * self.weights)

    def to_units(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take points, shape (n, n_features), back to the units of the table."""
        return points / self.weights * self.divisors + self.offsets

    def lengths_to_units(self, lengths: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take lengths along the axes back to the units of the table."""
        return lengths / self.weights * self.divisors


def choose_scaling(sketch: Sketch, columns: Sequence[Column], settings: ClusterSettings) -> Scaling:
    """Decide how features are scaled.

    Parameters
    ----------
    sketch : Sketch
        Of the features of the whole table.
    columns : sequence of Column
        What the features come from.
    settings : ClusterSettings
        How columns are scaled and weighed.

    Returns
    -------
    Scaling

    Raises
    ------
    SettingsError
        If a weight is given to a column that is not there.
    """
    total = sketch.moments.total()
    fill = settings.missing == "mean"
    means = total.means[0]
    # What stands in for missing values lies at the mean: it adds rows, and no deviation.
    spreads = np.sqrt(total.squares[0] / max(float(total.weight[0]), 1e-300))
    offsets, divisors = means.copy(), np.ones(len(means))
    if settings.scale == "standard":
        divisors = spreads.copy()
    elif settings.scale == "range":
        offsets, divisors = total.least[0].copy(), total.most[0] - total.least[0]
    elif settings.scale == "robust":
        low, offsets, high = _quartiles(sketch)
        divisors = np.where(high > low, high - low, spreads)
    features = list_features(columns)
    for position, column in enumerate(columns):
        if column.kind == "category" and settings.scale != "none":
            own = [n for n, feature in enumerate(features) if feature.column == position]
            offsets[own] = means[own]
            divisors[own] = np.sqrt((means[own] * (1 - means[own])).sum())
    divisors = np.where(divisors > 0, divisors, 1)
    unknown = set(settings.column_weights) - {column.name for column in columns}
    if unknown:
        raise SettingsError(f"the weight of {min(unknown)!r}: no such column is used")
    by_column = [settings.column_weights.get(column.name, 1.0) for column in columns]
    weights = np.array([by_column[feature.column] for feature in features])
    return Scaling(means, spreads, offsets, divisors, weights, fill)


def _quartiles(sketch: Sketch) -> NDArray[np.float64]:
    """Give the weighted quartiles of each feature over the sample: shape (3, n_features)."""
    weights = sketch.weights
    found = []
    for values in sketch.points.T:
        known = ~np.isnan(values)
        order = np.argsort(values[known], kind="stable")
        sums = np.cumsum(weights[known][order])
        # The value at which half of its own weight reaches the share, and lines between.
        places = (sums - weights[known][order] / 2) / sums[-1]
        found.append(np.interp([0.25, 0.5, 0.75], places, values[known][order]))
    return np.array(found).T
