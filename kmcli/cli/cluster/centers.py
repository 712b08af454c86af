"""Files of centres: as CSV in the units of the table, out and in again."""

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kmcli.cli.cluster.rows import read_small
from kmcli.errors import InputError
from kmcli.files import Stored
from kmcli.settings import ColumnChoice

if TYPE_CHECKING:
    from kmcli.cluster.result import ClusterResult
    from kmcli.cluster.run import Prepared

_MOST_BYTES = 64 * 2**20

_COUNTS = ("cluster", "rows", "share")


def centers_csv(result: "ClusterResult") -> bytes:
    """Write the means of the clusters in the units of the table.

    Columns: ``cluster``, ``rows``, ``share``, then one for each feature; digits enough to give
    the same numbers again.
    """
    features = [feature.name for feature in result.fit.rule.features]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*_COUNTS, *features])
    profile = result.profile
    total = int(profile.rows.sum())
    for number, (rows, center) in enumerate(
        zip(profile.rows.tolist(), result.fit.rule.centers_in_units.tolist(), strict=True)
    ):
        writer.writerow([number, rows, repr(rows / total), *map(repr, center)])
    return buffer.getvalue().encode()


@dataclass(frozen=True)
class Starts:
    """First centres from a file.

    Attributes
    ----------
    name : str
        The file.
    features : tuple of str
        The columns that it has.
    values : ndarray of shape (n_clusters, n_features), float64
        The centres, in the units of the table.
    """

    name: str
    features: tuple[str, ...]
    values: Any

    def for_features(self, prepared: "Prepared") -> Any:
        """Give the centres with the features of a table, in its order.

        Raises
        ------
        InputError
            If the file lacks one of them.
        """
        from kmcli.cluster.prepare import list_features

        wanted = [feature.name for feature in list_features(prepared.columns)]
        lacking = [name for name in wanted if name not in self.features]
        if lacking:
            raise InputError(f"has no column {lacking[0]!r}, which the table has", self.name)
        return self.values[:, [self.features.index(name) for name in wanted]]


def read_starts(name: str) -> Starts:
    """Read first centres from a model or from a table of centres.

    Raises
    ------
    InputError
        If it is neither.
    """
    data = read_small(name, _MOST_BYTES)
    if data.lstrip()[:1] == b"{":
        from kmcli.cluster.model import read_model_bytes

        rule = read_model_bytes(data, name).rule
        features = tuple(feature.name for feature in rule.features)
        return Starts(name, features, rule.centers_in_units)
    from kmcli.tables.source import choose, open_table
    from kmcli.tables.whole import read_values

    table = open_table([Stored(name)])
    features = tuple(each for each in table.names if each not in _COUNTS)
    source = choose(table, ColumnChoice(include=features))
    return Starts(name, features, read_values(source))
