"""The parts of the search for a palette keep what they promise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.cluster import kmeans_plusplus

from kmcli.clustering import fit_kmeans
from kmcli.clustering.breathing import breathe
from kmcli.clustering.init import draw_kmeans_plusplus
from kmcli.quantize.cells import CellTree
from kmcli.quantize.colorspace import to_points
from kmcli.quantize.histogram import count_colors
from kmcli.quantize.learn import random_palette
from kmcli.settings import KMeansSettings
from tests.conftest import Pixels


@pytest.mark.parametrize("channels", [3, 4])
@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(1, 300))
def test_cells_cover_every_pixel_once(channels: int, seed: int, n_cells: int) -> None:
    random = np.random.default_rng(seed)
    pixels = random.normal(128, 40, (20, 20, channels)).clip(0, 255).astype(np.uint8)
    histogram = count_colors(pixels)
    points = to_points(histogram.colors)
    cells = CellTree(histogram.colors, histogram.counts).select(n_cells)
    assert cells.weights.sum() == 400
    expected = histogram.counts @ points
    np.testing.assert_allclose(cells.weights @ cells.means, expected, rtol=1e-9)


def test_cells_are_about_as_many_as_asked_for(china: Pixels) -> None:
    histogram = count_colors(china)
    tree = CellTree(histogram.colors, histogram.counts)
    for n_cells in (4096, 16384, 65536):
        assert 0.8 * n_cells <= len(tree.select(n_cells).means) <= n_cells
    everything = tree.select(len(histogram.colors))
    np.testing.assert_array_equal(everything.means, histogram.colors)


def test_cells_lose_less_than_a_grid_of_as_many(china: Pixels) -> None:
    histogram = count_colors(china)
    cells = CellTree(histogram.colors, histogram.counts).select(5455)
    grid = np.unique(histogram.colors >> 3, axis=0, return_inverse=True)[1].ravel()
    assert grid.max() + 1 == 5455

    total = histogram.counts @ (histogram.colors.astype(float) ** 2).sum(axis=1)
    weights = np.bincount(grid, histogram.counts)
    sums = [np.bincount(grid, histogram.counts * axis) for axis in histogram.colors.T]
    lost_by_grid = total - sum((axis**2 / weights).sum() for axis in sums)
    lost_by_cells = total - cells.weights @ (cells.means**2).sum(axis=1)
    assert 0 < lost_by_cells < 0.7 * lost_by_grid


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 1000), st.integers(1, 30), st.integers(1, 40), st.sampled_from([2, 3, 4]))
def test_starts_are_distinct_points_that_count(
    seed: int, n_clusters: int, n_init: int, n_axes: int
) -> None:
    random = np.random.default_rng(seed)
    codes = random.permutation(8**n_axes)[: n_clusters + 9]
    points = (codes[:, np.newaxis] // 8 ** np.arange(n_axes) % 8).astype(np.float64)
    # Two groups far from each other, of points close together, some a million times heavier.
    points[::2] += 254.9
    weights = random.integers(0, 2, len(points)) * 10.0 ** random.integers(0, 7, len(points))
    weights[random.permutation(len(points))[:n_clusters]] = 1
    kmeans = KMeansSettings(n_clusters, n_init=n_init, random_state=seed)
    starts = draw_kmeans_plusplus(points, weights, kmeans)
    assert starts.shape == (n_init, n_clusters, n_axes)
    counted = {tuple(point) for point in points[weights > 0]}
    for start in starts:
        chosen = {tuple(center) for center in start}
        assert len(chosen) == n_clusters
        assert chosen <= counted
    np.testing.assert_array_equal(starts, draw_kmeans_plusplus(points, weights, kmeans))


@pytest.mark.parametrize("k", [16, 64])
def test_starts_are_as_good_as_those_of_scikit_learn(china: Pixels, k: int) -> None:
    histogram = count_colors(china)
    cells = CellTree(histogram.colors, histogram.counts).select(4096)

    def mean_error(starts: NDArray[np.float64]) -> float:
        distances = ((cells.means[:, np.newaxis, np.newaxis] - starts) ** 2).sum(axis=3)
        return float((cells.weights @ distances.min(axis=2)).mean())

    own = draw_kmeans_plusplus(cells.means, cells.weights, KMeansSettings(k, n_init=30))
    theirs = [
        kmeans_plusplus(cells.means, k, sample_weight=cells.weights, random_state=seed)[0]
        for seed in range(30)
    ]
    assert mean_error(own) == pytest.approx(mean_error(np.array(theirs)), rel=0.03)


def test_breathing_leaves_a_local_optimum() -> None:
    random = np.random.default_rng(0)
    sites = np.array([[0, 0], [1, 0], [10, 0], [11, 0]], dtype=float)
    points = np.concatenate([site + random.normal(0, 0.05, (50, 2)) for site in sites])
    weights = np.ones(len(points))
    settings_ = KMeansSettings(4)
    stuck = fit_kmeans(points, settings_, starts=np.array([[0, 0.1], [0, -0.1], [1, 0], [10.5, 0]]))
    assert stuck.inertia > 20
    free = breathe(points, weights, stuck, settings_, n_rounds=10)
    assert free.inertia < 2
    assert sorted(np.bincount(free.labels).tolist()) == [50] * 4


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 1000), st.integers(1, 8))
def test_breathing_never_makes_it_worse(seed: int, k: int) -> None:
    points = np.random.default_rng(seed).integers(0, 9, (40, 2)).astype(float)
    weights = np.ones(len(points))
    found = fit_kmeans(points, KMeansSettings(k, n_init=1, max_iter=2))
    better = breathe(points, weights, found, KMeansSettings(k, max_iter=3), n_rounds=6)
    assert better.inertia <= found.inertia
    assert better.centers.shape == found.centers.shape
    distances = ((points[:, None] - better.centers) ** 2).sum(axis=2)
    assert better.inertia == pytest.approx(distances[np.arange(40), better.labels].sum())


def test_random_palette_draws_pixels_not_colors() -> None:
    pixels = np.zeros((100, 100, 3), dtype=np.uint8)
    pixels[0, 0] = 255
    histogram = count_colors(pixels)
    palettes = [random_palette(histogram, 1, seed).tolist() for seed in range(20)]
    assert palettes.count([[0, 0, 0]]) >= 19
    assert random_palette(histogram, 256, 0).tolist() == [[0, 0, 0]] or len(histogram.colors) == 2
