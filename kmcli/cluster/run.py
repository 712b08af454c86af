"""From a table to centres: the sketch, the search, and exact iterations."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kmcli.cluster.labelling import Labelling
from kmcli.cluster.prepare import Scaling, choose_scaling, list_features, to_features
from kmcli.cluster.rule import Rule
from kmcli.cluster.workers import Workers
from kmcli.clustering import Clustering
from kmcli.clustering.passes import Labels, moved_centers
from kmcli.clustering.search import WeightedPoints, search_centers
from kmcli.clustering.sketch import Reference, Sketch, merge_sketches, sketch_block
from kmcli.errors import InputError
from kmcli.settings import ClusterSettings
from kmcli.tables.numbers import Column, LeftOut, Source
from kmcli.text import counted


@dataclass(frozen=True)
class Prepared:
    """What the first pass leaves of a table.

    Attributes
    ----------
    columns : tuple of Column
        Those of the source that vary.
    left_out : tuple of LeftOut
        The others, and why.
    sketch : Sketch
        Of their features, in the units of the table.
    scaling : Scaling
        How features become points.
    """

    columns: tuple[Column, ...]
    left_out: tuple[LeftOut, ...]
    sketch: Sketch
    scaling: Scaling

    def sample(self, size: int | None = None) -> WeightedPoints:
        """Give the sample, or that of a smaller size, as scaled points."""
        sketch = self.sketch if size is None else self.sketch.smallest(size)
        return WeightedPoints(self.scaling.to_points(sketch.points), sketch.weights)


@dataclass(frozen=True)
class Fit:
    """What was found for one number of clusters.

    Attributes
    ----------
    rule : Rule
        The centres, and how rows come to them.
    search : Clustering
        Of the sample.
    n_passes : int
        Exact iterations after it.
    """

    rule: Rule
    search: Clustering
    n_passes: int


def prepare_table(source: Source, settings: ClusterSettings, workers: Workers) -> Prepared:
    """Read a table once: exact moments, and a sample.

    Parameters
    ----------
    source : Source
        The table.
    settings : ClusterSettings
        How many rows to keep, how columns are scaled, what becomes of missing values.
    workers : Workers
        Who works on the blocks; it changes no byte of the result.

    Returns
    -------
    Prepared

    Raises
    ------
    InputError
        If there are no rows to work with, or no column varies.
    """
    sketch = _sketch_table(source, settings, workers)
    total = sketch.moments.total()
    n_rows, n_used = int(total.n_rows[0]), int(total.n_used[0])
    if n_rows == 0:
        raise InputError("the table has no rows", source.name)
    _check_missing(source, total.missing[0], settings)
    if n_used == 0:
        rows = counted(n_rows, "row")
        raise InputError(f"none of {rows} can be used{_worst(source, sketch)}", source.name)
    features = list_features(source.columns)
    varying = total.most[0] > total.least[0]
    kept = {feature.column for feature, varies in zip(features, varying, strict=True) if varies}
    if not kept:
        worst = _worst(source, sketch) if n_used < n_rows else ""
        raise InputError(
            f"all columns are constant in the {counted(n_used, 'row')} that can be used{worst}",
            source.name,
        )
    columns = tuple(column for place, column in enumerate(source.columns) if place in kept)
    constant = [
        LeftOut(column.name, "constant")
        for place, column in enumerate(source.columns)
        if place not in kept
    ]
    sketch = sketch.with_features(np.array([feature.column in kept for feature in features]))
    return Prepared(
        columns,
        (*source.left_out, *constant),
        sketch,
        choose_scaling(sketch, columns, settings),
    )


def fit_table(
    prepared: Prepared,
    source: Source,
    settings: ClusterSettings,
    workers: Workers,
    starts: NDArray[np.float64] | None = None,
) -> Fit:
    """Look for the centres on the sample, then go over all rows as often as the settings say.

    Parameters
    ----------
    prepared : Prepared
        What the first pass left.
    source : Source
        The table.
    settings : ClusterSettings
        How many clusters, and how to look.
    workers : Workers
        Who works on the blocks.
    starts : ndarray of shape (n_clusters, n_features), optional
        First centres in the units of the table, instead of many starts.

    Returns
    -------
    Fit

    Raises
    ------
    SettingsError
        If there are fewer distinct rows than clusters.
    """
    scaling = prepared.scaling
    search = search_centers(
        prepared.sample(settings.search_rows),
        prepared.sample(),
        settings.kmeans,
        move=settings.effort != "fast",
        starts=None if starts is None else scaling.to_points(starts),
    )
    rule = Rule(prepared.columns, scaling, search.centers)
    n_passes = 0 if prepared.sketch.is_whole else settings.effective_passes
    for _ in range(n_passes):
        labelling = Labelling(source, rule, _nothing, workers)
        for _part in labelling:
            pass
        rule = replace(rule, centers=moved_centers(rule.centers, labelling.sums))
    return Fit(rule, search, n_passes)


@dataclass(frozen=True)
class _SketchBlock:
    source: Source
    reference: Reference
    settings: ClusterSettings

    def __call__(self, item: tuple[int, Any, float]) -> Sketch:
        number, block, cutoff = item
        numbers = self.source.numbers(block)
        return sketch_block(
            to_features(self.source.columns, numbers.values),
            numbers.weights,
            number,
            self.reference,
            size=self.settings.effective_sample_rows,
            seed=self.settings.random_state,
            fill=self.settings.missing == "mean",
            cutoff=cutoff,
        )


def _sketch_table(source: Source, settings: ClusterSettings, workers: Workers) -> Sketch:
    blocks = source.blocks()
    first = next(blocks, None)
    if first is None:
        raise InputError("the table has no rows", source.name)
    features = to_features(source.columns, source.numbers(first).values)
    work = _SketchBlock(source, Reference.of(features), settings)
    found: list[Sketch] = []
    # Rows above a threshold so far cannot come in any more: blocks need not hand them over.
    items = (
        (number, block, min((each.threshold for each in found), default=np.inf))
        for number, block in enumerate(itertools.chain([first], blocks))
    )
    for sketch in workers.map(work, items):
        found.append(sketch)
        # A merge sorts all that was kept, which for each block took longer than reading it.
        if sum(len(each.points) for each in found) > 2 * sketch.size:
            found = [merge_sketches(found)]
    return merge_sketches(found)


def _check_missing(source: Source, missing: NDArray[np.int64], settings: ClusterSettings) -> None:
    if settings.missing != "fail" or not missing.any():
        return
    features = list_features(source.columns)
    worst = int(missing.argmax())
    name = source.columns[features[worst].column].name
    raise InputError(f"{name!r} is missing in {counted(int(missing[worst]), 'row')}", source.name)


def _worst(source: Source, sketch: Sketch) -> str:
    missing = sketch.moments.total().missing[0]
    if not missing.any():
        return ": their weights are 0"
    features = list_features(source.columns)
    worst = int(missing.argmax())
    name = source.columns[features[worst].column].name
    return f": {name!r} is missing in {missing[worst]}; leave that column out, or fill it in"


def _nothing(_block: Any, _labels: Labels) -> None:
    return None
