"""The model file: what gives new rows their clusters, as JSON that any language reads."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NoReturn, get_args

import numpy as np
from numpy.typing import NDArray

from kmcli.cluster.prepare import Scaling, list_features
from kmcli.cluster.profile import Profile
from kmcli.cluster.rule import Rule
from kmcli.errors import InputError
from kmcli.settings import ClusterSettings, Missing, Scale
from kmcli.tables.numbers import Column, Kind

MAX_MODEL_BYTES = 64 * 2**20
"""A model of 10,000 clusters in 300 columns is smaller."""

_FORMAT = "kmcli-cluster"
_VERSION = 1

_TINY = float(np.finfo(np.float64).tiny)

_MOST = 1e150
"""Squares of larger numbers would overflow."""

_SCALING = {"mean": -np.inf, "spread": 0.0, "offset": -np.inf, "divisor": _TINY}
"""The entries of a column from which points are computed, and their least values."""


@dataclass(frozen=True)
class Model:
    """Clusters found in one table, to which new rows can be assigned.

    Attributes
    ----------
    rule : Rule
        The rule that gives a row its cluster.
    scale, missing : str
        As in `ClusterSettings`.
    label : str
        The name of the column of clusters.
    seed : int
        Random seed of the search.
    rows : int
        Number of rows of the table.
    inertia : float
        Weighted sum of the squared distances of all rows to their centres, scaled.
    sizes : tuple of int
        Rows of each cluster.
    mean_distances, max_distances : tuple of float
        Mean and greatest distance of the rows of each cluster to its centre, scaled.
    """

    rule: Rule
    scale: str
    missing: str
    label: str
    seed: int
    rows: int
    inertia: float
    sizes: tuple[int, ...]
    mean_distances: tuple[float, ...]
    max_distances: tuple[float, ...]

    @classmethod
    def of(
        cls, rule: Rule, profile: Profile, n_rows: int, settings: ClusterSettings, label: str
    ) -> Model:
        """Put together what was found in a table of so many rows."""
        return cls(
            rule=rule,
            scale=settings.scale,
            missing=settings.missing,
            label=label,
            seed=settings.random_state,
            rows=n_rows,
            inertia=profile.inertia,
            sizes=tuple(profile.rows.tolist()),
            mean_distances=tuple(profile.mean_distances.tolist()),
            max_distances=tuple(profile.max_distances.tolist()),
        )

    @property
    def n_clusters(self) -> int:
        """Number of clusters."""
        return len(self.rule.centers)

    def to_json(self) -> bytes:
        """Write the model as a JSON object with all digits; equal models give the same bytes."""
        from kmcli import __version__

        data = {
            "format": _FORMAT,
            "version": _VERSION,
            "kmcli": __version__,
            "label": self.label,
            "scale": self.scale,
            "missing": self.missing,
            "columns": self._columns(),
            "k": self.n_clusters,
            "centers": self.rule.centers.tolist(),
            "centers_original": self.rule.centers_in_units.tolist(),
            "sizes": self.sizes,
            "inertia": self.inertia,
            "seed": self.seed,
            "rows": self.rows,
            "mean_distance": self.mean_distances,
            "max_distance": self.max_distances,
        }
        return json.dumps(data, indent=1, allow_nan=False).encode() + b"\n"

    def _columns(self) -> list[dict[str, Any]]:
        scaling, features = self.rule.scaling, self.rule.features
        arrays = (scaling.means, scaling.spreads, scaling.offsets, scaling.divisors)
        listed = []
        for place, column in enumerate(self.rule.columns):
            own = [n for n, feature in enumerate(features) if feature.column == place]
            entry: dict[str, Any] = {"name": column.name, "kind": column.kind}
            for name, array in zip(_SCALING, arrays, strict=True):
                values = array[own].tolist()
                entry[name] = values if column.kind == "category" else values[0]
            entry["weight"] = float(scaling.weights[own[0]])
            if column.kind == "category":
                entry["categories"] = column.categories
            listed.append(entry)
        return listed


def read_model_bytes(data: bytes, name: str | None = None) -> Model:
    """Read a model file, as it comes from strangers.

    Parameters
    ----------
    data : bytes
        The file.
    name : str, optional
        Its name, for messages.

    Returns
    -------
    Model

    Raises
    ------
    InputError
        If it is not a model, is damaged, or is of a later version.
    """
    if len(data) > MAX_MODEL_BYTES:
        raise InputError(f"larger than {MAX_MODEL_BYTES} bytes, the maximum for a model", name)
    try:
        content = json.loads(data, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise InputError("not a model: not valid JSON", name) from None
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise InputError(f"not a model: its format is not {_FORMAT!r}", name)
    version = content.get("version")
    if version != _VERSION:
        raise InputError(
            f"the model has version {version!r}, but this kmcli reads {_VERSION}; update kmcli",
            name,
        )
    try:
        return _model(_Entries(content))
    except _DamagedError as error:
        raise InputError(f"the model is damaged: {error}", name) from None


class _DamagedError(Exception):
    """Says what is wrong with a model."""


class _Entries:
    """An object of JSON, whose values are checked when they are taken."""

    def __init__(self, content: Any, where: str = "") -> None:
        if not isinstance(content, dict):
            raise _DamagedError(f"{where or 'it'} is not an object")
        self.content, self.where = content, where

    def value(self, key: str) -> Any:
        if key not in self.content:
            raise _DamagedError(f"{self.where}{key!r} is missing")
        return self.content[key]

    def fail(self, key: str, expected: str) -> NoReturn:
        raise _DamagedError(f"{self.where}{key!r} is not {expected}")

    def text(self, key: str, allowed: tuple[str, ...] = ()) -> str:
        value = self.value(key)
        if not isinstance(value, str) or (allowed and value not in allowed):
            self.fail(key, f"one of {', '.join(allowed)}" if allowed else "a text")
        return self._clean(key, value)

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.value(key)
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self.fail(key, "a list of texts")
        if not value or len(set(value)) < len(value):
            self.fail(key, "a list of different texts")
        return tuple(self._clean(key, each) for each in value)

    def _clean(self, key: str, text: str) -> str:
        try:
            text.encode()
        except UnicodeEncodeError:
            self.fail(key, "valid Unicode")
        return text

    def numbers(
        self, key: str, shape: tuple[int, ...], least: float, most: float = _MOST
    ) -> NDArray[np.float64]:
        value = self.value(key)
        what = f"finite numbers of shape {shape}" if shape else "a finite number"
        if not _has_shape(value, shape):
            self.fail(key, what)
        try:
            array = np.array(value, dtype=np.float64)
        except (OverflowError, ValueError):
            self.fail(key, what)
        if not (np.isfinite(array) & (abs(array) <= most)).all():
            self.fail(key, what)
        if (array < least).any():
            self.fail(key, f"{what}, {least:g} or more")
        return array

    def whole(self, key: str, least: int) -> int:
        value = self.value(key)
        if type(value) is not int or not least <= value < 2**63:
            self.fail(key, f"a whole number, {least} or more")
        return int(value)


def _has_shape(value: Any, shape: tuple[int, ...]) -> bool:
    if not shape:
        return type(value) in (int, float)
    return (
        isinstance(value, list)
        and len(value) == shape[0]
        and all(_has_shape(each, shape[1:]) for each in value)
    )


def _model(entries: _Entries) -> Model:
    columns, scaling = _read_columns(entries)
    k = entries.whole("k", 1)
    centers = entries.numbers("centers", (k, len(scaling.means)), -np.inf)
    sizes = entries.numbers("sizes", (k,), 0)
    return Model(
        rule=Rule(columns, scaling, centers),
        scale=entries.text("scale", get_args(Scale)),
        missing=entries.text("missing", get_args(Missing)),
        label=entries.text("label"),
        seed=entries.whole("seed", 0),
        rows=entries.whole("rows", 0),
        inertia=float(entries.numbers("inertia", (), 0, np.inf)),
        sizes=tuple(int(size) for size in sizes),
        mean_distances=tuple(entries.numbers("mean_distance", (k,), 0).tolist()),
        max_distances=tuple(entries.numbers("max_distance", (k,), 0).tolist()),
    )


def _read_columns(entries: _Entries) -> tuple[tuple[Column, ...], Scaling]:
    listed = entries.value("columns")
    if not isinstance(listed, list) or not listed:
        entries.fail("columns", "a list of columns")
    columns: list[Column] = []
    parts: dict[str, list[NDArray[np.float64]]] = {name: [] for name in (*_SCALING, "weight")}
    for number, each in enumerate(listed):
        entry = _Entries(each, f"column {number + 1}: ")
        kind: Any = entry.text("kind", get_args(Kind))
        categories = entry.texts("categories") if kind == "category" else ()
        column = Column(entry.text("name"), kind, categories)
        n_features = len(list_features([column]))
        shape = (n_features,) if kind == "category" else ()
        for name, least in _SCALING.items():
            parts[name].append(np.atleast_1d(entry.numbers(name, shape, least)))
        weight = entry.numbers("weight", (), _TINY)
        parts["weight"].append(np.full(n_features, float(weight)))
        columns.append(column)
    names = [column.name for column in columns]
    if len(set(names)) < len(names):
        raise _DamagedError("two columns have the same name")
    joined = {name: np.concatenate(values) for name, values in parts.items()}
    scaling = Scaling(
        means=joined["mean"],
        spreads=joined["spread"],
        offsets=joined["offset"],
        divisors=joined["divisor"],
        weights=joined["weight"],
        fill=entries.text("missing", get_args(Missing)) == "mean",
    )
    return tuple(columns), scaling


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
