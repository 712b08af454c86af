"""What one pass keeps of a table of any length: exact moments, and a sample by importance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kmcli.clustering.moments import Moments, measure_moments


@dataclass(frozen=True)
class Reference:
    """Where the middle of the points is about, and how wide they lie: from some first points.

    Attributes
    ----------
    means, spreads : ndarray of shape (n_features,), float64
        Of each feature; a spread of infinity for a feature that does not count.
    """

    means: NDArray[np.float64]
    spreads: NDArray[np.float64]

    @classmethod
    def of(cls, points: NDArray[np.float64]) -> Reference:
        """Measure points of shape (n_points, n_features); NaN is left out."""
        known = np.isfinite(points)
        n_known = np.maximum(known.sum(axis=0), 1)
        means = np.where(known, points, 0).sum(axis=0) / n_known
        squared = np.where(known, points - means, 0) ** 2
        spreads = np.sqrt(squared.sum(axis=0) / n_known)
        return cls(means, np.where(spreads > 0, spreads, np.inf))


@dataclass(frozen=True)
class Sketch:
    """Exact moments of all points, and a sample of them.

    Attributes
    ----------
    moments : Moments
        Of all points.
    points : ndarray of shape (n_kept, n_features), float64
        The sample, ordered by `keys`.
    own_weights : ndarray of shape (n_kept,), float64
        How much each of them counts in the table.
    importances, keys : ndarray of shape (n_kept,), float64
        How much a point is wanted; a random number over that: the least are kept.
    rows : ndarray of shape (n_kept, 2), int64
        Block and row in the block.
    threshold : float
        The least key that was not kept; infinity if all points are here.
    size : int
        The most points that are kept.
    """

    moments: Moments
    points: NDArray[np.float64]
    own_weights: NDArray[np.float64]
    importances: NDArray[np.float64]
    keys: NDArray[np.float64]
    rows: NDArray[np.int64]
    threshold: float
    size: int

    @property
    def weights(self) -> NDArray[np.float64]:
        """For how much each point of the sample stands: sums over it have no bias.

        References
        ----------
        N. Duffield, C. Lund and M. Thorup, "Priority sampling for estimation of arbitrary
        subset sums", J. ACM 54, 2007.
        """
        return self.own_weights / np.minimum(1, self.importances * self.threshold)

    @property
    def is_whole(self) -> bool:
        """Whether the sample is all that there is."""
        return bool(np.isinf(self.threshold))

    def smallest(self, size: int) -> Sketch:
        """Give the sketch that would have been kept with another, smaller size."""
        threshold = float(self.keys[size]) if size < len(self.keys) else self.threshold
        return self._kept(slice(0, size), threshold, size)

    def where(self, chosen: NDArray[np.bool_], size: int) -> Sketch:
        """Give the sketch of the points that belong to a part, as known by their values."""
        part = self._kept(chosen, self.threshold, self.size)
        return part.smallest(size)

    def with_features(self, chosen: NDArray[np.bool_]) -> Sketch:
        """Give the same without some of the features."""
        names = ("missing", "weights", "means", "squares", "least", "most")
        cut = {name: getattr(self.moments, name)[:, chosen] for name in names}
        return replace(self, moments=replace(self.moments, **cut), points=self.points[:, chosen])

    def _kept(self, chosen: slice | NDArray[np.generic], threshold: float, size: int) -> Sketch:
        return replace(
            self,
            points=self.points[chosen],
            own_weights=self.own_weights[chosen],
            importances=self.importances[chosen],
            keys=self.keys[chosen],
            rows=self.rows[chosen],
            threshold=threshold,
            size=size,
        )


def sketch_block(
    points: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    number: int,
    reference: Reference,
    *,
    size: int,
    seed: int,
    fill: bool = False,
    cutoff: float = np.inf,
) -> Sketch:
    """Make the sketch of a block of points, finite, or NaN where a value is missing.

    A point with missing values is not used, unless `fill`; without weights each counts 1. With
    the seed the number of the block decides the random numbers. The reference is the same for all
    blocks. At most `size` points are kept, and none with keys from `cutoff` on, a threshold known
    from other blocks.

    Half of the importance is the same for all points, half grows with the squared distance from
    the middle: a lightweight coreset, here in one pass.

    Source: O. Bachem, M. Lucic and A. Krause, "Scalable k-means clustering via lightweight
    coresets", KDD 2018.
    """
    if weights is None:
        weights = np.ones(len(points))
    missing = np.isnan(points)
    used = weights > 0
    if not fill:
        used &= ~missing.any(axis=1)
    moments = measure_moments(points, weights, missing, used, number)
    deviations = (points - reference.means) / reference.spreads
    deviations[missing] = 0
    distances = (deviations**2).mean(axis=1)
    importances = np.where(used, weights, 0) * (0.5 + 0.5 * distances)
    # From (0, 1], so that no point has two chances to be the first.
    draws = 1 - np.random.default_rng([seed, number]).random(len(points))
    keys = np.full(len(points), np.inf)
    np.divide(draws, importances, out=keys, where=importances > 0)
    chosen = np.flatnonzero(keys < cutoff)
    rows = np.column_stack([np.full(len(chosen), number), chosen]).astype(np.int64)
    kept = Sketch(
        moments,
        points[chosen],
        weights[chosen],
        importances[chosen],
        keys[chosen],
        rows,
        cutoff,
        size,
    )
    return _with_smallest_keys(kept, size)


def merge_sketches(sketches: Sequence[Sketch]) -> Sketch:
    """Give the sketch of all points of several blocks, the same in whatever order they come."""
    first = sketches[0]
    order = np.argsort(np.concatenate([each.moments.blocks for each in sketches]), kind="stable")
    moments = Moments(
        **{
            name: np.concatenate([getattr(each.moments, name) for each in sketches])[order]
            for name in Moments.__dataclass_fields__
        }
    )
    merged = Sketch(
        moments,
        np.concatenate([each.points for each in sketches]),
        np.concatenate([each.own_weights for each in sketches]),
        np.concatenate([each.importances for each in sketches]),
        np.concatenate([each.keys for each in sketches]),
        np.concatenate([each.rows for each in sketches]),
        min(each.threshold for each in sketches),
        first.size,
    )
    return _with_smallest_keys(merged, first.size)


def _with_smallest_keys(sketch: Sketch, size: int) -> Sketch:
    order = np.argsort(sketch.keys)
    ascending = sketch.keys[order]
    if (ascending[1:] == ascending[:-1]).any():  # rare: then the place in the table decides
        order = np.lexsort((*sketch.rows.T[::-1], sketch.keys))
    ordered = sketch._kept(order, sketch.threshold, size)
    below = int(np.searchsorted(ordered.keys, sketch.threshold))
    threshold = min(sketch.threshold, float(ordered.keys[size]) if size < below else np.inf)
    return ordered._kept(slice(0, min(size, below)), threshold, size)
