"""One pass over many rows: exact moments, a sample without bias, exact sums by cluster."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from kmcli.clustering import fit_kmeans
from kmcli.clustering.passes import (
    ClusterSums,
    Labels,
    add_sums,
    label_points,
    moved_centers,
    sum_clusters,
)
from kmcli.clustering.search import WeightedPoints, search_centers
from kmcli.clustering.sketch import Reference, Sketch, merge_sketches, sketch_block
from kmcli.errors import SettingsError
from kmcli.settings import KMeansSettings

Points = NDArray[np.float64]


def make_points(n: int = 3000, seed: int = 0) -> Points:
    random = np.random.default_rng(seed)
    points = random.normal(size=(n, 3)) * [1, 10, 0.1] + [1000, 0, -5]
    points[:20] += [0, 2000, 0]
    return points


def blocks_of(points: Points, size: int = 700) -> list[Points]:
    return [points[start : start + size] for start in range(0, len(points), size)]


def sketches_of(points: Points, size: int, seed: int = 0, **more: bool) -> list[Sketch]:
    blocks = blocks_of(points)
    reference = Reference.of(blocks[0])
    return [
        sketch_block(block, None, number, reference, size=size, seed=seed, **more)
        for number, block in enumerate(blocks)
    ]


def same(one: Sketch, other: Sketch) -> bool:
    names = ("points", "own_weights", "keys", "rows", "weights")
    pairs = [(getattr(one, name), getattr(other, name)) for name in names]
    totals = [(getattr(one.moments, n), getattr(other.moments, n)) for n in ("means", "blocks")]
    return one.threshold == other.threshold and all(
        np.array_equal(*pair) for pair in pairs + totals
    )


def test_moments_are_those_of_all_rows() -> None:
    points = make_points()
    total = merge_sketches(sketches_of(points, 50)).moments.total()
    assert total.n_rows.tolist() == total.n_used.tolist() == [3000]
    assert total.weight.tolist() == [3000]
    np.testing.assert_allclose(total.means[0], points.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(total.squares[0], points.var(axis=0) * 3000, rtol=1e-12)
    assert total.least[0].tolist() == points.min(axis=0).tolist()
    assert total.most[0].tolist() == points.max(axis=0).tolist()


def test_weights_count_in_the_moments_like_repeated_rows() -> None:
    points = make_points(500)
    counts = np.random.default_rng(1).integers(0, 4, 500)
    reference = Reference.of(points)
    total = sketch_block(
        points, counts.astype(float), 0, reference, size=50, seed=0
    ).moments.total()
    repeated = np.repeat(points, counts, axis=0)
    assert total.n_used[0] == (counts > 0).sum()
    assert total.weight[0] == total.weights[0, 0] == len(repeated)
    np.testing.assert_allclose(total.means[0], repeated.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(total.squares[0], repeated.var(axis=0) * len(repeated), rtol=1e-11)


def test_rows_with_missing_values_are_counted_and_not_used() -> None:
    points = make_points(100)
    points[3, 0] = points[50, 2] = points[50, 1] = np.nan
    whole = points[~np.isnan(points).any(axis=1)]
    found = sketch_block(points, None, 0, Reference.of(points), size=200, seed=0)
    total = found.moments.total()
    assert total.missing[0].tolist() == [1, 1, 1]
    assert (total.n_rows[0], total.n_used[0], len(found.points)) == (100, 98, 98)
    np.testing.assert_allclose(total.means[0], whole.mean(axis=0), rtol=1e-13)
    filled = sketch_block(points, None, 0, Reference.of(points), size=200, seed=0, fill=True)
    np.testing.assert_allclose(
        filled.moments.total().means[0], np.nanmean(points, axis=0), rtol=1e-13
    )
    assert len(filled.points) == filled.moments.total().n_used[0] == 100


def test_a_constant_column_stays_constant() -> None:
    points = np.full((1000, 1), 0.1)
    total = merge_sketches(sketches_of(points, 10)).moments.total()
    assert total.means[0, 0] == 0.1
    assert total.squares[0, 0] == 0


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 60), st.permutations(range(5)), st.integers(1, 4))
def test_sketches_merge_in_any_grouping(size: int, order: list[int], cut: int) -> None:
    parts = sketches_of(make_points(), size)
    expected = merge_sketches(parts)
    shuffled = [parts[number] for number in order]
    grouped = merge_sketches([merge_sketches(shuffled[:cut]), merge_sketches(shuffled[cut:])])
    assert same(grouped, expected)
    assert len(expected.points) == size


def test_a_sketch_is_nested() -> None:
    points = make_points()
    for size in (1, 30, 100, 499):
        expected = merge_sketches(sketches_of(points, size))
        assert same(merge_sketches(sketches_of(points, 500)).smallest(size), expected)


def test_a_known_threshold_changes_nothing() -> None:
    points = make_points()
    expected = merge_sketches(sketches_of(points, 40))
    blocks = blocks_of(points)
    reference = Reference.of(blocks[0])
    running: Sketch | None = None
    n_given = 0
    for number, block in enumerate(blocks):
        cutoff = running.threshold if running else np.inf
        part = sketch_block(block, None, number, reference, size=40, seed=0, cutoff=cutoff)
        n_given += len(part.points)
        running = merge_sketches([running, part]) if running else part
    assert running is not None
    assert same(running, expected)
    assert n_given < 4 * 40


def test_sums_over_the_sample_have_no_bias() -> None:
    points = make_points(2000)
    points[:, 0] -= 1000
    estimates = []
    for seed in range(150):
        sketch = merge_sketches(sketches_of(points, 60, seed))
        estimates.append(sketch.weights @ np.column_stack([np.ones(60), sketch.points]))
    errors = np.array(estimates) - [2000, *points.sum(axis=0)]
    assert (abs(errors.mean(axis=0)) < 4 * errors.std(axis=0) / np.sqrt(150)).all()


def test_each_block_and_each_seed_draws_numbers_of_its_own() -> None:
    points = make_points(200)
    reference = Reference.of(points)
    kept = {
        tuple(sketch_block(points, None, n, reference, size=20, seed=seed).rows[:, 1].tolist())
        for n, seed in ((0, 0), (1, 0), (0, 1))
    }
    assert len(kept) == 3


def test_a_part_of_a_sketch_is_a_sketch_of_the_part() -> None:
    points = make_points(2000)
    counts = []
    for seed in range(200):
        sketch = merge_sketches(sketches_of(points, 400, seed))
        part = sketch.where(sketch.points[:, 1] > 0, 50)
        assert len(part.points) == 50
        counts.append(part.weights.sum())
    error = np.std(counts) / np.sqrt(200)
    assert abs(np.mean(counts) - (points[:, 1] > 0).sum()) < 4 * error


def test_far_rows_are_wanted_more() -> None:
    points = make_points(3000)
    sketch = merge_sketches(sketches_of(points, 300))
    far = sketch.points[:, 1] > 1000
    assert far.sum() > 10  # of 20; two would come by chance
    assert sketch.weights[far].max() < sketch.weights[~far].min()


def test_rows_of_weight_0_are_never_kept() -> None:
    points = make_points(200)
    weights = np.ones(200)
    weights[::2] = 0
    sketch = sketch_block(points, weights, 0, Reference.of(points), size=500, seed=0)
    assert sketch.is_whole
    assert sketch.rows[:, 1].tolist() != sorted(sketch.rows[:, 1].tolist())
    assert sorted(sketch.rows[:, 1].tolist()) == list(range(1, 200, 2))


def test_all_rows_are_kept_with_their_own_weights_if_they_fit() -> None:
    points = make_points(2100)
    sketch = merge_sketches(sketches_of(points, 2100))
    assert sketch.is_whole
    assert sketch.weights.tolist() == [1.0] * 2100
    np.testing.assert_array_equal(sketch.points[np.lexsort(sketch.rows.T[::-1])], points)
    assert not merge_sketches(sketches_of(points, 2099)).is_whole


def test_an_empty_block_merges() -> None:
    points = make_points(100)
    reference = Reference.of(points)
    full = sketch_block(points, None, 0, reference, size=50, seed=0)
    empty = sketch_block(points[:0], None, 1, reference, size=50, seed=0)
    merged = merge_sketches([empty, full])
    assert merged.threshold == full.threshold
    np.testing.assert_array_equal(merged.moments.total().means, full.moments.total().means)


def labelled(points: Points, centers: Points, weights: Points | None = None) -> ClusterSums:
    total = None
    for number, block in enumerate(blocks_of(points)):
        shares = None if weights is None else blocks_of(weights)[number]
        total = add_sums(total, sum_clusters(label_points(block, centers), shares))
    assert total is not None
    return total


def test_labels_are_those_of_the_nearest_centre() -> None:
    points = make_points() - [1000, 0, -5]
    centers = points[[5, 100, 200, 300]]
    labels = label_points(points, centers)
    distances = np.sqrt(((points[:, np.newaxis] - centers) ** 2).sum(axis=2))
    np.testing.assert_array_equal(labels.numbers, distances.argmin(axis=1))
    np.testing.assert_allclose(labels.distances, np.sort(distances)[:, 0], atol=1e-12)
    np.testing.assert_allclose(labels.second, np.sort(distances)[:, 1])
    np.testing.assert_allclose(labels.margins, 1 - labels.distances / labels.second)
    assert labels.margins[5] == 1


def test_a_row_with_missing_values_has_no_cluster_and_a_single_centre_no_second() -> None:
    labels = label_points(np.array([[1.0, np.nan], [1.0, 1.0]]), np.zeros((1, 2)))
    assert labels.numbers.tolist() == [-1, 0]
    assert labels.second[1] == np.inf
    assert np.isnan(labels.margins[0])
    assert labels.margins[1] == 1


def test_of_two_centres_equally_near_the_first_is_taken() -> None:
    labels = label_points(np.array([[0.0], [0.0]]), np.array([[1.0], [-1.0], [1.0]]))
    assert labels.numbers.tolist() == [0, 0]
    assert labels.margins.tolist() == [0, 0]


def test_sums_by_cluster_are_exact() -> None:
    points = make_points() - [1000, 0, -5]
    centers = points[[5, 100, 200]]
    weights = np.random.default_rng(0).integers(0, 3, len(points)).astype(float)
    sums = labelled(points, centers, weights)
    numbers = label_points(points, centers).numbers
    for cluster in range(3):
        own, share = points[numbers == cluster], weights[numbers == cluster]
        off = own - centers[cluster]
        lengths = np.sqrt((off**2).sum(axis=1))
        assert sums.rows[cluster] == len(own)
        assert sums.weights[cluster] == share.sum()
        np.testing.assert_allclose(sums.shifts[cluster], share @ off, atol=1e-9)
        np.testing.assert_allclose(sums.squares[cluster], share @ off**2, rtol=1e-12)
        np.testing.assert_allclose(sums.distances[cluster], share @ lengths, rtol=1e-12)
        np.testing.assert_allclose(sums.inertias[cluster], share @ lengths**2, rtol=1e-12)
        farthest = np.where(share > 0, lengths, -1).argmax()
        assert sums.farthest[cluster] == pytest.approx(lengths[farthest])
        assert sums.farthest_points[cluster].tolist() == own[farthest].tolist()
        place = np.flatnonzero(numbers == cluster)[farthest]
        assert sums.farthest_rows[cluster] == place % 700
    assert sums.inertia == pytest.approx(sums.inertias.sum())


def test_a_pass_is_an_iteration_of_lloyd() -> None:
    points = make_points() - [1000, 0, -5]
    centers = points[[5, 100, 200, 300]]
    moved = moved_centers(centers, labelled(points, centers))
    theirs = KMeans(4, init=centers, n_init=1, max_iter=1, tol=0).fit(points)
    np.testing.assert_allclose(moved, theirs.cluster_centers_, rtol=1e-9, atol=1e-12)


def test_an_empty_centre_moves_to_the_farthest_point() -> None:
    points = np.array([[0.0], [1.0], [2.0], [9.0]])
    centers = np.array([[1.0], [100.0], [200.0], [300.0]])
    moved = moved_centers(centers, labelled(points, centers))
    assert moved.tolist() == [[3.0], [9.0], [200.0], [300.0]]


def test_unlabelled_points_are_counted() -> None:
    points = np.array([[0.0], [np.nan], [np.nan]])
    sums = labelled(points, np.zeros((1, 1)))
    assert (sums.n_unlabelled, sums.rows.tolist()) == (2, [1])


def weighted(points: Points) -> WeightedPoints:
    return WeightedPoints(points, np.ones(len(points)))


def imbalanced(n: int, seed: int = 0) -> Points:
    """Twenty groups, some of them a hundred times as large as others."""
    random = np.random.default_rng(seed)
    sizes = random.permutation(np.geomspace(1, 100, 20))
    groups = random.choice(20, n, p=sizes / sizes.sum())
    middles = random.normal(size=(20, 6)) * 3
    return middles[groups] + random.normal(size=(n, 6))


@pytest.mark.parametrize("seed", range(3))
def test_the_search_is_as_good_as_ten_full_fits(seed: int) -> None:
    points = imbalanced(4000)
    blocks = blocks_of(points, 1000)
    reference = Reference.of(blocks[0])
    sketch = merge_sketches(
        [sketch_block(b, None, i, reference, size=3000, seed=seed) for i, b in enumerate(blocks)]
    )
    few = sketch.smallest(1500)
    found = search_centers(
        WeightedPoints(few.points, few.weights),
        WeightedPoints(sketch.points, sketch.weights),
        KMeansSettings(20, n_init=12, random_state=seed),
    )
    inertia = labelled(points, found.centers).inertia
    assert inertia <= 1.005 * fit_kmeans(points, KMeansSettings(20, n_init=10)).inertia
    assert len(found.start_inertias) == 12


def test_moving_centres_helps_the_search() -> None:
    points = imbalanced(3000)
    data = weighted(points)
    settings = KMeansSettings(20, n_init=2)
    still = search_centers(data, data, settings, move=False)
    moved = search_centers(data, data, settings)
    assert moved.inertia < 0.999 * still.inertia
    assert still.inertia == pytest.approx(min(still.start_inertias), rel=1e-5)
    assert (np.diff(np.bincount(moved.labels)) <= 0).all(), "0 is the heaviest"


def test_the_last_fit_is_on_all_points() -> None:
    points = imbalanced(3000)
    found = search_centers(weighted(points[:500]), weighted(points), KMeansSettings(5, n_init=3))
    assert len(found.labels) == 3000
    assert found.inertia == pytest.approx(labelled(points, found.centers).inertia)


def test_given_starts_are_one_start() -> None:
    points = imbalanced(500)
    found = search_centers(
        weighted(points[:50]), weighted(points), KMeansSettings(2), starts=points[:2]
    )
    theirs = KMeans(2, init=points[:2], n_init=1).fit(points)
    assert found.inertia == pytest.approx(theirs.inertia_)


def test_random_starts_differ() -> None:
    data = weighted(imbalanced(600))
    settings = KMeansSettings(20, init="random", n_init=4)
    assert len(set(search_centers(data, data, settings, move=False).start_inertias)) == 4


def test_too_few_distinct_points_in_the_sample_are_looked_for_in_all() -> None:
    points = np.repeat(np.arange(4.0), [500, 500, 1, 1])[:, np.newaxis]
    found = search_centers(weighted(points[:900]), weighted(points), KMeansSettings(4, n_init=3))
    assert found.inertia == pytest.approx(0, abs=1e-20)
    with pytest.raises(SettingsError, match="4 distinct points cannot form 5 clusters"):
        search_centers(weighted(points[:900]), weighted(points), KMeansSettings(5, n_init=3))


def test_labels_know_their_parts() -> None:
    points = np.zeros((1, 2))
    labels = Labels(np.array([0], np.int32), np.array([0.0]), points, np.zeros((2, 2)))
    assert labels.margins.tolist() == [0]
