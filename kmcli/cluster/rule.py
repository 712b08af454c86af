"""How a row gets its cluster: its columns, their scaling, the centres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kmcli.cluster.prepare import Feature, Scaling, list_features, to_features
from kmcli.clustering.passes import Labels, label_points
from kmcli.errors import SettingsError
from kmcli.tables.numbers import Column


@dataclass(frozen=True)
class Rule:
    """The rule that gives a row its cluster.

    Attributes
    ----------
    columns : tuple of Column
        The columns that decide.
    scaling : Scaling
        How they become points.
    centers : ndarray of shape (n_clusters, n_features), float64
        In scaled coordinates; a row belongs to the nearest.
    """

    columns: tuple[Column, ...]
    scaling: Scaling
    centers: NDArray[np.float64]

    @property
    def features(self) -> list[Feature]:
        """The coordinates of the points."""
        return list_features(self.columns)

    @property
    def categorical(self) -> list[int]:
        """The positions of the category columns."""
        return [place for place, column in enumerate(self.columns) if column.kind == "category"]

    @property
    def centers_in_units(self) -> NDArray[np.float64]:
        """The centres in the units of the table; of a category the share of the cluster."""
        return self.scaling.to_units(self.centers)

    def positions(self, columns: Sequence[Column]) -> list[int]:
        """Find the columns that decide among those of a table, by name."""
        places = {column.name: place for place, column in enumerate(columns)}
        lacking = [column.name for column in self.columns if column.name not in places]
        if lacking:
            raise SettingsError(f"the table has no column {lacking[0]!r}, which the model needs")
        return [places[column.name] for column in self.columns]

    def to_points(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn values of the columns that decide, shape (n_rows, n_columns), into points."""
        return self.scaling.to_points(to_features(self.columns, values))

    def label(self, points: NDArray[np.float64]) -> Labels:
        """Give points of shape (n_rows, n_features) their clusters."""
        return label_points(points, self.centers)
