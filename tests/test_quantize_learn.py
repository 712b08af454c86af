"""The parts of the search for a palette keep what they promise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.cluster import KMeans, kmeans_plusplus

from kmcli.clustering import fit_kmeans
from kmcli.clustering.breathing import breathe
from kmcli.clustering.init import draw_kmeans_plusplus
from kmcli.clustering.lloyd import run_lloyd
from kmcli.quantize import cells as cells_module
from kmcli.quantize.cells import CellTree
from kmcli.quantize.colorspace import to_points
from kmcli.quantize.histogram import ColorCounts, count_colors, with_channels
from kmcli.quantize.learn import fit_palette, random_palette
from kmcli.quantize.remap import nearest, nearest_of_all
from kmcli.settings import Effort, KMeansSettings, QuantizeSettings, Space
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
    np.testing.assert_allclose(cells.weights @ cells.means, expected, rtol=1e-6, atol=1e-3)


def test_cells_are_about_as_many_as_asked_for(china: Pixels) -> None:
    histogram = count_colors(china)
    tree = CellTree(histogram.colors, histogram.counts)
    for n_cells in (4096, 16384, 65536):
        assert 0.8 * n_cells <= len(tree.select(n_cells).means) <= n_cells
    everything = tree.select(len(histogram.colors))
    np.testing.assert_array_equal(everything.means, histogram.colors)


def test_cells_do_not_depend_on_how_many_colors_are_merged_at_once(
    china: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    histogram = count_colors(china)
    at_once = CellTree(histogram.colors, histogram.counts).select(65536)
    monkeypatch.setattr(cells_module, "_STRIP_COLORS", 1000)
    in_strips = CellTree(histogram.colors, histogram.counts).select(65536)
    np.testing.assert_array_equal(in_strips.means, at_once.means)
    np.testing.assert_array_equal(in_strips.weights, at_once.weights)


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

    def mean_error(starts: NDArray[np.floating]) -> float:
        distances = ((cells.means[:, np.newaxis, np.newaxis] - starts) ** 2).sum(axis=3)
        return float((cells.weights @ distances.min(axis=2)).mean())

    own = draw_kmeans_plusplus(cells.means, cells.weights, KMeansSettings(k, n_init=30))
    theirs = [
        kmeans_plusplus(cells.means, k, sample_weight=cells.weights, random_state=seed)[0]
        for seed in range(30)
    ]
    assert mean_error(own) == pytest.approx(mean_error(np.array(theirs)), rel=0.03)


def blobs(seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    random = np.random.default_rng(seed)
    points = random.normal(900, 30, (500, 3)) + 200 * random.integers(0, 4, (500, 1))
    return points, random.integers(1, 9, 500).astype(np.float64)


@pytest.mark.parametrize("max_iter", [1, 2, 7])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_iterations_are_those_of_scikit_learn(max_iter: int, dtype: type[np.floating]) -> None:
    points, weights = blobs()
    first = points[:12]
    # Its labels after so many iterations are those that the next one begins with.
    theirs = KMeans(12, init=first, n_init=1, max_iter=max_iter, tol=0).fit(points, None, weights)
    ours = run_lloyd(points.astype(dtype), weights, first, max_iter)
    np.testing.assert_allclose(ours.centers, theirs.cluster_centers_, rtol=1e-6)
    assert (ours.n_iter, ours.converged) == (max_iter, False)
    distances = ((points - ours.centers[ours.labels]) ** 2).sum(axis=1)
    assert ours.inertia == pytest.approx(weights @ distances, rel=1e-5)


def test_iterations_end_when_they_gain_little() -> None:
    points, weights = blobs()
    rest = run_lloyd(points, weights, points[:12], 300)
    assert rest.converged
    assert rest.n_iter < 300
    again = run_lloyd(points, weights, rest.centers, 300)
    assert again.n_iter <= 2
    earlier = run_lloyd(points, weights, points[:12], 300, min_gain=0.01)
    assert 2 < earlier.n_iter < rest.n_iter
    assert earlier.inertia < 1.1 * rest.inertia


def test_centres_that_are_all_the_points_leave_no_error() -> None:
    points = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    found = run_lloyd(points, np.ones(40), points.astype(np.float64), 5)
    assert 0 <= found.inertia < 1e-4


def test_held_centers_stay_and_the_others_make_room() -> None:
    points = np.array([[0.0], [1], [2], [10], [11]])
    weights = np.ones(5)
    held = run_lloyd(points, weights, np.array([[1.75], [10.0]]), 50, n_held=1)
    assert held.centers.tolist() == [[1.75], [10.5]]
    assert held.inertia == pytest.approx(1.75**2 + 0.75**2 + 0.25**2 + 2 * 0.5**2)
    moved = breathe(points, weights, held, KMeansSettings(2, max_iter=5), 8, n_held=1)
    assert moved.centers[0].tolist() == [1.75]
    assert len(moved.centers) == 2


def test_a_center_that_nothing_is_nearest_to_stays() -> None:
    points, weights = np.array([[0.0], [1], [2]]), np.ones(3)
    found = run_lloyd(points, weights, np.array([[1.0], [99.0]]), 5)
    assert found.centers.tolist() == [[1], [99]]
    assert found.inertia == pytest.approx(2)


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


@pytest.mark.parametrize("direction", [(1, 1, 1), (1, -1, 0), (1, 1, -1), (-1, 1, 1), (0, 0, 1)])
def test_breathing_tells_two_heavy_points_apart(direction: tuple[int, int, int]) -> None:
    """In whatever direction they lie: the second centre comes to lie on their line."""
    random = np.random.default_rng(0)
    others = random.normal(0, 1, (300, 3)) + 100
    points = np.concatenate([others, np.multiply([[1], [-1]], direction)])
    weights = np.repeat([1.0, 5000], [300, 2])
    stuck = run_lloyd(points, weights, np.concatenate([others[:7], [[0.0, 0, 0]]]), 5)
    moved = breathe(points, weights, stuck, KMeansSettings(8, max_iter=2), n_rounds=8)
    assert len(set(moved.labels[-2:])) == 2


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 1000), st.integers(1, 8))
def test_breathing_never_makes_it_worse(seed: int, k: int) -> None:
    points = np.random.default_rng(seed).integers(0, 9, (40, 2)).astype(float)
    weights = np.ones(len(points))
    found = fit_kmeans(points, KMeansSettings(k, n_init=1, max_iter=2))
    better = breathe(points, weights, found, KMeansSettings(k, max_iter=3), n_rounds=6)
    assert better.inertia <= found.inertia * (1 + 1e-12)
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


def error(histogram: ColorCounts, palette: Pixels, space: str = "rgb") -> float:
    """Mean squared error, the slow way."""
    colors = to_points(histogram.colors, space)  # type: ignore[arg-type]
    entries = to_points(palette, space)  # type: ignore[arg-type]
    labels = nearest(histogram.colors, palette, space)  # type: ignore[arg-type]
    return float(histogram.counts @ ((colors - entries[labels]) ** 2).sum(axis=1)) / (
        histogram.n_pixels
    )


@pytest.fixture(scope="module")
def colors_of_china(china: Pixels) -> ColorCounts:
    return count_colors(china[::2, ::2])


def test_the_best_of_the_starts_goes_on(colors_of_china: ColorCounts) -> None:
    start = fit_palette(colors_of_china, QuantizeSettings(8)).stages[0].clustering
    assert start.inertia == min(start.start_inertias) < 0.99 * max(start.start_inertias)
    assert len(start.start_inertias) == 16


def test_starts_of_many_colors_are_not_all_alike(colors_of_china: ColorCounts) -> None:
    start = fit_palette(colors_of_china, QuantizeSettings(64)).stages[0].clustering
    assert min(start.start_inertias) < 0.995 * max(start.start_inertias)


@pytest.mark.parametrize("space", ["rgb", "oklab"])
def test_every_stage_lowers_the_error(colors_of_china: ColorCounts, space: Space) -> None:
    errors: dict[Effort, float] = {"fast": 0, "normal": 0, "best": 0}
    for seed in range(3):  # one alone may be lucky, by the last bits of a library
        for effort in errors:
            asked = QuantizeSettings(128, space, effort, random_state=seed)
            found = fit_palette(colors_of_china, asked)
            stages = ["start", "refine"] if effort == "fast" else ["start", "breathe", "refine"]
            assert [stage.name for stage in found.stages] == stages
            errors[effort] += error(colors_of_china, found.colors, space)
            if effort == "normal":
                start, moved, last = found.stages
                assert moved.clustering.inertia < 0.995 * start.clustering.inertia
                assert last.n_points > 4 * moved.n_points
    assert errors["normal"] < 0.997 * errors["fast"]  # by breathing: the rest is the same
    assert errors["best"] < 0.995 * errors["normal"]  # not by its longer way to rest alone


@pytest.mark.parametrize(("effort", "n_colors"), [("fast", 256), ("normal", 64), ("normal", 256)])
def test_flat_areas_beside_a_photo_keep_their_colors(
    china: Pixels, effort: Effort, n_colors: int
) -> None:
    """As on a screenshot: a local optimum gave two buttons one colour."""
    flat = [[162, 237, 177], [156, 231, 154], [231, 248, 153], [221, 233, 192]]
    flat += [[183, 189, 221], [175, 206, 194], [131, 123, 236], [248, 124, 139]]
    pixels = china[::2, ::2].copy()
    pixels[:160, :160] = np.repeat(np.array(flat, dtype=np.uint8), 20, axis=0)[:, np.newaxis]
    asked = QuantizeSettings(n_colors, effort=effort)
    palette = fit_palette(count_colors(pixels), asked).colors
    assert {tuple(color) for color in flat} <= {tuple(color) for color in palette.tolist()}


def test_best_comes_to_rest_on_all_colors(colors_of_china: ColorCounts) -> None:
    last = fit_palette(colors_of_china, QuantizeSettings(32, effort="best")).stages[-1]
    assert last.n_points == len(colors_of_china.colors)
    points = colors_of_china.colors.astype(np.float64)
    weights = colors_of_china.counts.astype(np.float64)
    further = run_lloyd(points, weights, last.clustering.centers, 20)
    assert last.clustering.converged
    assert further.inertia > 0.999 * last.clustering.inertia


def test_refining_on_finer_cells_pays(colors_of_china: ColorCounts) -> None:
    """What the last stage is for: the cells of the others lose a little."""
    settings_ = QuantizeSettings(64, space="rgb")
    _, moved, last = fit_palette(colors_of_china, settings_).stages
    before, after = (
        error(colors_of_china, np.rint(stage.clustering.centers).astype(np.uint8))
        for stage in (moved, last)
    )
    assert after < 0.997 * before


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_opaque_pixels_lose_little_where_others_have_alpha(china: Pixels, seed: int) -> None:
    """Entries that are nearly opaque become opaque: else far ones stand for their pixels."""
    pixels = with_channels(china[::2, ::2], 4).copy()
    pixels[:, 200:260, 3] = np.linspace(250, 1, 60)
    histogram = count_colors(pixels)
    found = fit_palette(histogram, QuantizeSettings(16, space="rgb", random_state=seed))
    points, entries = to_points(histogram.colors), to_points(found.colors)
    moves = points - entries[nearest(histogram.colors, found.colors)]
    assert histogram.counts @ (moves**2).sum(axis=1) < 1.2 * found.stages[-1].clustering.inertia


def test_clear_pixels_do_not_make_a_picture_of_one_color_transparent() -> None:
    pixels = np.zeros((10, 10, 4), dtype=np.uint8)
    pixels[:4] = [200, 0, 0, 255]
    pixels[0, 0] = [180, 0, 0, 255]
    histogram = count_colors(pixels)
    (entry,) = fit_palette(histogram, QuantizeSettings(1)).colors.tolist()
    assert entry[3] > 0
    clear, seen = fit_palette(histogram, QuantizeSettings(2)).colors.tolist()
    assert clear == [0, 0, 0, 0]
    assert seen in ([199, 0, 0, 255], [200, 0, 0, 255])


@pytest.mark.parametrize("space", ["rgb", "oklab"])
@pytest.mark.parametrize(
    ("n_opaque", "is_opaque"), [(0, False), (1, False), (20, True), (60, True)]
)
def test_an_entry_is_opaque_if_that_is_better(n_opaque: int, is_opaque: bool, space: Space) -> None:
    """Opaque pixels with no such entry of their colour would be shown in that of the flat area."""
    pixels = np.full((2, 100, 4), [0, 0, 250, 255], dtype=np.uint8)
    pixels[1] = [250, 0, 0, 255]
    pixels[1, n_opaque:, 3] = 180
    palette = fit_palette(count_colors(pixels), QuantizeSettings(2, space)).colors.tolist()
    assert palette[0] == [0, 0, 250, 255]
    assert palette[1][:3] == pytest.approx([250, 0, 0], abs=2)
    assert palette[1][3] == (255 if is_opaque else 180)


@pytest.mark.parametrize("n_colors", [16, 64])
def test_a_photo_that_fades_away_has_opaque_entries_enough(china: Pixels, n_colors: int) -> None:
    y, x = np.mgrid[-1:1:107j, -1:1:160j]
    alpha = 255 * (1.3 - np.hypot(x, y)).clip(0, 1)
    pixels = np.dstack([china[::4, ::4], np.rint(alpha).astype(np.uint8)])
    histogram = count_colors(pixels)
    found = fit_palette(histogram, QuantizeSettings(n_colors))
    points, entries = to_points(histogram.colors, "oklab"), to_points(found.colors, "oklab")
    labels, unbound = (
        find(histogram.colors, found.colors, "oklab") for find in (nearest, nearest_of_all)
    )
    bound, free = (
        histogram.counts @ ((points - entries[each]) ** 2).sum(axis=1) for each in (labels, unbound)
    )
    assert bound < 1.1 * free


@pytest.mark.parametrize("space", ["rgb", "oklab"])
@pytest.mark.parametrize("lock", [(255, 255, 255, 255), (255, 0, 255, 255)])
def test_a_locked_color_costs_no_more_than_putting_it_in_place_of_the_nearest_entry(
    colors_of_china: ColorCounts, space: str, lock: tuple[int, int, int, int]
) -> None:
    settings_ = QuantizeSettings(8, space=space)  # type: ignore[arg-type]
    replaced = fit_palette(colors_of_china, settings_).colors.copy()
    color = np.array([lock[:3]], dtype=np.uint8)
    replaced[nearest(color, replaced, settings_.space)] = color
    locked = fit_palette(
        colors_of_china,
        QuantizeSettings(8, space=space, locked=(lock,)),  # type: ignore[arg-type]
    ).colors
    assert (locked == color).all(axis=1).any()
    errors = [error(colors_of_china, each, space) for each in (locked, replaced)]
    assert errors[0] < errors[1]


@pytest.mark.parametrize("space", ["rgb", "oklab"])
@pytest.mark.parametrize("k", [4, 8])
def test_a_page_of_white_keeps_its_white(space: str, k: int) -> None:
    random = np.random.default_rng(0)
    pixels = np.full((100, 100, 3), 255, dtype=np.uint8)
    pixels[:40] = random.integers(0, 230, (40, 100, 3))
    pixels[:4] = 254 - random.integers(0, 12, (4, 100, 1))  # soft edges, which draw white down
    histogram = count_colors(pixels)
    palette = fit_palette(histogram, QuantizeSettings(k, space=space)).colors.tolist()  # type: ignore[arg-type]
    assert [255, 255, 255] in palette


@pytest.mark.parametrize(("share", "is_exact"), [(0.4, False), (0.6, True)])
def test_an_area_that_is_most_of_a_cluster_gets_its_color_and_a_smaller_one_the_mean(
    share: float, is_exact: bool
) -> None:
    for seed in range(4):
        random = np.random.default_rng(seed)
        pixels = random.integers(0, 90, (100, 100, 3), dtype=np.uint8)
        pixels[50:] = random.integers(201, 206, (50, 100, 3))
        pixels[50 : 50 + round(50 * share)] = 200
        palette = fit_palette(count_colors(pixels), QuantizeSettings(2, "rgb")).colors
        assert ([200, 200, 200] in palette.tolist()) == is_exact


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(*[st.sampled_from([0, 90, 255])] * 3), min_size=1, max_size=9),
    st.lists(st.tuples(*[st.sampled_from([0, 80, 255])] * 3, st.just(255)), max_size=4),
    st.integers(4, 9),
)
def test_few_colors_and_locks_give_no_more_entries_than_asked_for_and_all_if_these_fit(
    colors: list[tuple[int, int, int]], locked: list[tuple[int, int, int, int]], n_colors: int
) -> None:
    histogram = count_colors(np.array([colors], dtype=np.uint8))
    asked = QuantizeSettings(n_colors, locked=tuple(dict.fromkeys(locked)))
    palette = {tuple(color) for color in fit_palette(histogram, asked).colors.tolist()}
    assert len(palette) <= n_colors
    locks = {lock[:3] for lock in locked}
    assert locks <= palette
    if len(locks | set(colors)) <= n_colors:
        assert palette == locks | set(colors)


def test_a_small_reddish_mark_survives_among_eight_colors() -> None:
    for seed in range(3):
        random = np.random.default_rng(seed)
        pixels = np.repeat(random.normal(170, 30, (200, 200, 1)).clip(90, 240), 3, axis=2)
        pixels = pixels.astype(np.uint8)
        # 0.06 % of the pixels, and not red enough to be worth an entry by its error.
        pixels[100:106, 100:104] = [200, 100, 100]
        pixels[50:55, 100:104] = [100, 180, 100]  # smaller, for which there is no room
        palette = fit_palette(count_colors(pixels), QuantizeSettings(8)).colors.tolist()
        assert [200, 100, 100] in palette
        assert [100, 180, 100] not in palette
