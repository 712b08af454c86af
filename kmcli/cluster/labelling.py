"""The pass that gives each row of a table its cluster, and what is made of it on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from kmcli.cluster.rule import Rule
from kmcli.cluster.workers import Workers
from kmcli.clustering import single_thread
from kmcli.clustering.passes import ClusterSums, Labels, add_sums, sum_clusters
from kmcli.tables.numbers import Source

Part = TypeVar("Part")


class Labelling(Generic[Part]):
    """The pass that gives each row its cluster; iterate over it once.

    Parameters
    ----------
    source : Source
        The table.
    rule : Rule
        How rows get their clusters.
    finish : callable
        Makes something of a block and its `Labels`, there where the block was worked on.
    workers : Workers
        Who works on the blocks.
    limits : ndarray of shape (n_clusters,), float64, optional
        The greatest distances that are known, to count rows beyond them.

    Attributes
    ----------
    sums : ClusterSums
        Of the blocks so far.
    n_unknown, n_beyond : int
        Rows so far with a category that the model does not know, and those beyond the limits.

    Yields
    ------
    object
        What `finish` made of each block, in their order.
    """

    def __init__(
        self,
        source: Source,
        rule: Rule,
        finish: Callable[[Any, Labels], Part],
        workers: Workers,
        limits: NDArray[np.float64] | None = None,
    ) -> None:
        self._blocks = source.blocks
        self._workers = workers
        if limits is None:
            limits = np.full(len(rule.centers), np.inf)
        self._work = _LabelBlock(source, rule, rule.positions(source.columns), finish, limits)
        self.sums = _no_sums(rule)
        self.n_unknown = self.n_beyond = 0

    def __iter__(self) -> Iterator[Part]:
        with single_thread():
            for done in self._workers.map(self._work, self._blocks()):
                self.sums = add_sums(self.sums, done.sums)
                self.n_unknown += done.n_unknown
                self.n_beyond += done.n_beyond
                yield done.part


@dataclass(frozen=True)
class _Done(Generic[Part]):
    """What came of a block."""

    part: Part
    sums: ClusterSums
    n_unknown: int
    n_beyond: int


@dataclass(frozen=True)
class _LabelBlock(Generic[Part]):
    source: Source
    rule: Rule
    positions: Sequence[int]
    finish: Callable[[Any, Labels], Part]
    limits: NDArray[np.float64]

    def __call__(self, block: Any) -> _Done[Part]:
        numbers = self.source.numbers(block)
        values = numbers.values[:, self.positions]
        with single_thread():
            points = self.rule.to_points(values)
            labels = self.rule.label(points)
            sums = sum_clusters(labels, numbers.weights)
        lines = [self.source.line(block, row) if row >= 0 else -1 for row in sums.farthest_rows]
        sums = replace(sums, farthest_rows=np.array(lines, dtype=np.int64))
        n_unknown = int((values == -1)[:, self.rule.categorical].any(axis=1).sum())
        known = labels.numbers >= 0
        n_beyond = int((labels.distances[known] > self.limits[labels.numbers[known]]).sum())
        return _Done(self.finish(block, labels), sums, n_unknown, n_beyond)


def _no_sums(rule: Rule) -> ClusterSums:
    return sum_clusters(rule.label(np.zeros((0, rule.centers.shape[1]))), None)
