"""A palette fit for dithering: one whose mixtures, not whose entries, come close to all colours."""

import numpy as np
from numpy.typing import NDArray

from kmcli.clustering import single_thread
from kmcli.clustering.distances import distance_factors, shifted_distances
from kmcli.quantize.cells import CellTree
from kmcli.quantize.color_grid import to_columns
from kmcli.quantize.histogram import ColorCounts, ColorWeights
from kmcli.quantize.remap import nearest

_N_CELLS = 4096
_N_ROUNDS = 2
_N_PARTS = 32
"""Entries of a mixture: the more, the closer it comes."""

_CANDIDATES = 4
"""Colours per entry that are looked at, from the most frequent on, for one that rules an entry."""

_GRAIN = 0.3
"""What the spread of a mixture weighs beside the error of its mean.

With 0 the entries move outwards until all colours lie between them, and the pattern is coarse;
with infinity they stay where k-means puts them.
"""


def widen_palette(
    palette: NDArray[np.uint8],
    histogram: ColorCounts | ColorWeights,
    is_fixed: NDArray[np.bool_],
    strength: float = 1.0,
) -> NDArray[np.uint8]:
    """Move the entries of a palette apart, as far as dithering gains by it.

    k-means puts entries into the middle of the colours that they stand for, and the colours
    outside of all entries can be shown by no mixture of them. Here each colour gets the mixture
    that dithering would give it. Then the entries are put where, with these mixtures, the sum
    of the squared errors of the means, and of some of the variance within them, is least: a
    linear problem. On photos the error after a blur is nearly halved.

    Entries that stand for flat areas get their colour.

    Parameters
    ----------
    palette : ndarray of shape (n, 3) or (n, 4), uint8
        Distinct colours.
    histogram : ColorCounts or ColorWeights
        What they were learned from, with as many channels.
    is_fixed : ndarray of shape (n,), bool
        Entries that must not move. Alpha does not change at all.
    strength : float
        Strength of the dithering, 0 to 1.

    Returns
    -------
    ndarray of shape (m, 3) or (m, 4), uint8
        At most as many colours, distinct, in ascending order.
    """
    has_alpha = palette.shape[1] == 4
    points, weights = _cells(histogram)
    palette, is_flat = _snap_to_flat_areas(palette, histogram, points, weights, is_fixed)
    is_fixed = is_fixed | is_flat
    is_free = ~is_fixed
    if not is_free.any():
        return np.unique(palette, axis=0)
    entries = to_columns(palette).T.astype(np.float64)
    with single_thread():
        for _ in range(_N_ROUNDS):
            shares = _mixtures(points, entries, strength)
            weighted = shares * weights[:, np.newaxis]
            factors, targets = weighted.T @ shares, (1 + _GRAIN) * weighted.T @ points[:, :3]
            # The last term, next to nothing, holds entries that are in no mixture.
            inertia = 1e-9 * weights.sum()
            factors[np.diag_indices(len(factors))] += _GRAIN * weighted.sum(axis=0) + inertia
            targets += inertia * entries[:, :3]
            targets -= factors[:, is_fixed] @ entries[is_fixed, :3]
            moved = np.linalg.solve(factors[np.ix_(is_free, is_free)], targets[is_free])
            # No colour is brighter than its opacity.
            entries[is_free, :3] = moved.clip(0, entries[is_free, 3:] if has_alpha else 255)
    widened = palette.copy()
    straight = entries[:, :3] * (255 / np.maximum(entries[:, 3:], 1)) if has_alpha else entries
    widened[is_free, :3] = np.rint(straight[is_free]).clip(0, 255).astype(np.uint8)
    return np.unique(widened, axis=0)


def _cells(
    histogram: ColorCounts | ColorWeights,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Merge like colours into weighted points, as `to_columns` has them, a row each."""
    cells = CellTree(histogram.colors, histogram.counts).select(_N_CELLS)
    if histogram.colors.shape[1] == 3:
        return cells.means.astype(np.float64), cells.weights
    white = np.full(3, 255.0)
    opacity = cells.means[:, 3:] / (np.linalg.norm(white) / 2)
    points = np.concatenate([cells.means[:, :3] + opacity * white / 2, 255 * opacity], axis=1)
    return points, cells.weights


def _snap_to_flat_areas(
    palette: NDArray[np.uint8],
    histogram: ColorCounts | ColorWeights,
    points: NDArray[np.float64],
    weights: NDArray[np.float64],
    is_fixed: NDArray[np.bool_],
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Move entries most of whose pixels have one colour to that colour, and say which.

    As in drawings and screenshots: a flat area that is a little off its entry would get dots.
    """
    colors, counts = histogram.colors, histogram.counts
    heaviest = np.argsort(-counts, kind="stable")[: _CANDIDATES * len(palette)]
    owners = nearest(colors[heaviest], palette)
    owners, first = np.unique(owners, return_index=True)
    heaviest = heaviest[first]
    with single_thread():
        own = _mixtures(points, to_columns(palette).T.astype(np.float64), 0).T @ weights
    is_flat = ~is_fixed[owners] & (counts[heaviest] > own[owners] / 2)
    if palette.shape[1] == 4:
        is_flat &= (palette[owners, 3] == 255) == (colors[heaviest, 3] == 255)
    snapped = palette.copy()
    snapped[owners[is_flat]] = colors[heaviest[is_flat]]
    is_snapped = np.zeros(len(palette), dtype=bool)
    is_snapped[owners[is_flat]] = True
    return snapped, is_snapped


def _mixtures(
    points: NDArray[np.float64], entries: NDArray[np.float64], strength: float
) -> NDArray[np.float64]:
    """Give for each point the share of each entry in its mixture."""
    shares = np.zeros((len(points), len(entries)))
    rows = np.arange(len(points))
    factors = distance_factors(entries)
    highest, barred = np.full((len(points), 1), 255.0), np.zeros((1, 1))
    if points.shape[1] == 4:
        # As in `dither`, opaque colours use opaque entries, if there are any.
        see_through = entries[:, 3] < 255
        if not see_through.all():
            barred = np.where((points[:, 3:] > 254.5) & see_through, np.inf, 0)
        highest = np.concatenate([points[:, 3:]] * 3 + [highest], axis=1)
    errors = np.zeros_like(points)
    for _ in range(_N_PARTS):
        goals = (points + strength * errors).clip(0, highest)
        chosen = (shifted_distances(goals, factors) + barred).argmin(axis=1)
        shares[rows, chosen] += 1 / _N_PARTS
        errors = goals - entries[chosen]
    return shares
