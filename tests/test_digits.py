"""The digits: every number agrees with scikit-learn's and SciPy's own functions."""

import itertools
import math

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from sklearn import datasets, metrics
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics.cluster import contingency_matrix
from sklearn.preprocessing import StandardScaler

from kmcli.digits import NO_DIGIT, DigitsResult, find_confusions, run_digits, score_digits
from kmcli.digits.trials import compare_inits, count_fits, scan_clusters
from kmcli.errors import SettingsError
from kmcli.figures.digits import draw_confusion, draw_misses, draw_plane
from kmcli.figures.style import Style
from kmcli.scores import (
    count_pairs,
    inverse_purity,
    match_by_majority,
    match_one_to_one,
    tied_labels,
)
from kmcli.settings import DigitsSettings, Embedding, KMeansSettings, Match


def quick(k: int, embedding: Embedding | None = None, match: Match | None = None) -> DigitsResult:
    kmeans = KMeansSettings(n_clusters=k, n_init=1)
    return run_digits(DigitsSettings(kmeans, embedding or Embedding(), match))


@pytest.fixture(scope="module")
def result() -> DigitsResult:
    return run_digits(DigitsSettings())


def test_defaults_give_the_published_share_of_right_digits(result: DigitsResult) -> None:
    assert 0.78 <= result.one_to_one.share <= 0.80
    assert 0.78 <= result.majority.share <= 0.80


def test_data_are_those_of_scikit_learn(result: DigitsResult) -> None:
    data, target = datasets.load_digits(return_X_y=True)
    assert np.array_equal(result.points, data)
    assert np.array_equal(result.digits.targets, target)


def test_clustering_is_that_of_scikit_learn_up_to_the_numbering(result: DigitsResult) -> None:
    model = KMeans(10, n_init=10, random_state=0).fit(result.points)
    assert metrics.adjusted_rand_score(model.labels_, result.clustering.labels) == 1
    assert result.clustering.inertia == pytest.approx(model.inertia_)


def test_one_to_one_agrees_with_scipy(result: DigitsResult) -> None:
    table = contingency_matrix(result.digits.targets, result.clustering.labels)
    rows, columns = linear_sum_assignment(-table)
    assert result.one_to_one.n_correct == table[rows, columns].sum()
    assert result.one_to_one.share == table[rows, columns].sum() / 1797


def test_majority_and_the_notebooks_formula_agree_with_the_confusion_matrix(
    result: DigitsResult,
) -> None:
    table = metrics.confusion_matrix(result.digits.targets, result.clustering.labels)
    assert np.array_equal(result.counts, table)
    assert result.majority.share == table.max(axis=0).sum() / table.sum()
    assert inverse_purity(result.counts) == np.sum(np.max(table, axis=1)) / np.sum(table)


def test_scores_agree_with_scikit_learn(result: DigitsResult) -> None:
    true, labels = result.digits.targets, result.clustering.labels
    external = result.external
    assert external.adjusted_rand == metrics.adjusted_rand_score(true, labels)
    assert external.adjusted_mutual_info == metrics.adjusted_mutual_info_score(true, labels)
    assert external.homogeneity == metrics.homogeneity_score(true, labels)
    assert external.completeness == metrics.completeness_score(true, labels)
    assert external.v_measure == metrics.v_measure_score(true, labels)
    assert external.fowlkes_mallows == metrics.fowlkes_mallows_score(true, labels)
    assert result.internal is not None
    assert result.internal.silhouette == metrics.silhouette_score(result.points, labels)


@pytest.mark.parametrize("k", [6, 10, 15])
def test_precision_and_recall_agree_with_scikit_learn(k: int) -> None:
    found = quick(k, match="one-to-one")
    precision, recall, _, n_true = metrics.precision_recall_fscore_support(
        found.digits.targets, found.predicted, labels=range(10), zero_division=np.nan
    )
    scores = score_digits(found)
    assert [score.recall for score in scores] == pytest.approx(recall.tolist())
    assert [score.n_true for score in scores] == n_true.tolist()
    own = [np.nan if score.precision is None else score.precision for score in scores]
    assert own == pytest.approx(precision.tolist(), nan_ok=True)
    assert [score.precision is None for score in scores].count(True) == max(0, 10 - k)


def test_confusions_count_all_that_is_wrong_from_the_most_frequent_on(
    result: DigitsResult,
) -> None:
    confusions = find_confusions(result)
    counts = [one.count for one in confusions]
    assert sum(counts) == 1797 - result.matching.n_correct
    assert counts == sorted(counts, reverse=True)
    table = metrics.confusion_matrix(result.digits.targets, result.predicted)
    first = confusions[0]
    assert first.taken_for is not None
    assert table[first.true, first.taken_for] == first.count


def test_centroids_are_the_centres_when_pixels_are_clustered(result: DigitsResult) -> None:
    assert result.centroids.reshape(10, 64) == pytest.approx(result.clustering.centers, abs=1e-9)


def test_distances_lead_to_the_inertia(result: DigitsResult) -> None:
    assert (result.distances**2).sum() == pytest.approx(result.clustering.inertia)


def test_more_clusters_than_digits_are_matched_by_majority() -> None:
    found = quick(20)
    assert found.matching == found.majority
    assert None not in found.majority.labels
    assert found.majority.share > 0.85
    assert NO_DIGIT not in found.predicted


def test_one_to_one_leaves_clusters_over_when_there_are_too_many() -> None:
    found = quick(12, match="one-to-one")
    assert found.matching.labels.count(None) == 2
    in_left_over = found.predicted == NO_DIGIT
    confusions = find_confusions(found)
    assert sum(one.count for one in confusions if one.taken_for is None) == in_left_over.sum() > 0
    assert found.column_order[-2:] == [c for c, d in enumerate(found.matching.labels) if d is None]


def test_one_cluster_has_no_silhouette_and_all_by_the_notebooks_formula() -> None:
    found = quick(1)
    assert found.internal is None
    assert inverse_purity(found.counts) == 1
    assert found.majority.share == found.one_to_one.share == 183 / 1797


def test_scaling_makes_it_worse(result: DigitsResult) -> None:
    scaled = run_digits(DigitsSettings(embedding=Embedding("scale")))
    assert scaled.majority.share < result.majority.share - 0.1
    assert scaled.points.std(axis=0).max() == pytest.approx(1)


@pytest.mark.parametrize("n_components", [1, 2, 20])
def test_principal_components_are_clustered_and_shown(n_components: int) -> None:
    found = quick(10, Embedding("pca", n_components))
    assert found.points.shape == (1797, n_components)
    shown = min(2, n_components)
    assert np.abs(found.plane.points[:, :shown]) == pytest.approx(
        np.abs(found.points[:, :shown]), abs=1e-6
    )


def test_tsne_makes_it_much_better() -> None:
    found = run_digits(DigitsSettings(embedding=Embedding("tsne")))
    assert 0.85 < found.one_to_one.share < 0.97
    assert found.plane.points is found.points


def test_single_starts_are_those_of_scikit_learn(result: DigitsResult) -> None:
    finished: list[str] = []
    plus, random, pca = compare_inits(result, 3, finished.append)
    assert [trials.init for trials in (plus, random, pca)] == ["k-means++", "random", "pca"]
    assert len(finished) == count_fits(result, 3) == 7
    for seed, one in enumerate(random.runs):
        model = KMeans(10, init="random", n_init=1, random_state=seed).fit(result.points)
        assert one.inertia == pytest.approx(model.inertia_)
        table = contingency_matrix(result.digits.targets, model.labels_)
        assert one.purity == table.max(axis=0).sum() / 1797
        assert one.accuracy == table[linear_sum_assignment(-table)].sum() / 1797
    assert len(plus.runs) == 3
    assert len(pca.runs) == 1


def test_too_few_dimensions_leave_no_principal_starts() -> None:
    found = quick(10, Embedding("pca", 2))
    compared = compare_inits(found, 1, lambda _: None)
    assert [trials.init for trials in compared] == ["k-means++", "random"]
    assert count_fits(found, 1) == 2


def test_scan_at_the_same_number_gives_the_same(result: DigitsResult) -> None:
    one, ten = scan_clusters(result, [1, 10], lambda _: None)
    assert one.silhouette is None
    assert ten.inertia == result.clustering.inertia
    assert ten.accuracy == result.one_to_one.share
    assert ten.purity == result.majority.share
    assert result.internal is not None
    assert ten.silhouette == result.internal.silhouette


def test_ties_are_found_and_go_to_the_lowest_label() -> None:
    counts = np.array([[5, 0, 1], [5, 3, 1], [0, 2, 1]])
    assert tied_labels(counts) == {0: [0, 1], 2: [0, 1, 2]}
    assert match_by_majority(counts).labels == (0, 1, 0)


def test_matching_by_definition_on_a_small_table() -> None:
    true = np.array([0, 0, 0, 1, 1, 1, 1, 2])
    clusters = np.array([0, 0, 1, 0, 0, 0, 1, 1])
    counts = count_pairs(true, clusters, 3, 2)
    assert counts.tolist() == [[2, 1], [3, 1], [0, 1]]
    assert match_by_majority(counts).labels == (1, 0)
    assert match_by_majority(counts).n_correct == 4
    one_to_one = match_one_to_one(counts)
    assert one_to_one.n_correct == 4
    assert one_to_one.labels[0] == 1
    assert inverse_purity(counts) == 6 / 8


@pytest.mark.parametrize(
    ("embedding", "message"),
    [
        (("pca", None), "n_components is None"),
        (("pca", 0), "n_components is 0"),
        (("pca", 65), "it must be from 1 to 64"),
        (("tsne", 2), "left out for tsne"),
        (("umap", None), "must be one of none, pca, tsne, scale"),
    ],
)
def test_bad_embeddings_are_refused(embedding: tuple[str, int | None], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Embedding(*embedding)  # type: ignore[arg-type]  # the wrong type is the point


def test_too_many_clusters_are_refused() -> None:
    with pytest.raises(SettingsError, match="n_clusters is 101; it must be from 1 to 100"):
        DigitsSettings(KMeansSettings(n_clusters=101))


def test_shares_are_of_the_variance_of_the_digits_whatever_was_clustered() -> None:
    pixels = datasets.load_digits().data
    first, second = PCA(2).fit(pixels).explained_variance_ratio_
    for embedding in (Embedding(), Embedding("pca", 2), Embedding("pca", 10)):
        axes = quick(3, embedding).plane.axes
        assert f"({first:.1%} of" in axes[0]
        assert f"({second:.1%} of" in axes[1]
    scaled = StandardScaler().fit_transform(pixels)
    share = PCA(2).fit(scaled).explained_variance_ratio_[0]
    assert f"({share:.1%} of" in quick(3, Embedding("scale")).plane.axes[0]


def test_names_on_the_plane_do_not_cover_each_other() -> None:
    figure = draw_plane(quick(20), Style(dpi=50))
    figure.canvas.draw()
    for axes in figure.axes:
        boxes = [text.get_window_extent() for text in axes.texts]
        assert len(boxes) >= 10
        for one, other in itertools.combinations(boxes, 2):
            middles = [(box.x0 + box.x1) / 2 for box in (one, other)]
            heights = [(box.y0 + box.y1) / 2 for box in (one, other)]
            assert math.dist((middles[0], heights[0]), (middles[1], heights[1])) > one.width
        assert axes.get_xlim()[1] - axes.get_xlim()[0] == pytest.approx(
            axes.get_ylim()[1] - axes.get_ylim()[0]
        )


def test_columns_of_very_many_clusters_are_named_once_for_each_digit() -> None:
    axes = draw_confusion(quick(60), Style(dpi=30)).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == list("0123456789")


def test_the_plane_holds_all_points_and_names_the_grey_ones() -> None:
    result = quick(12, match="one-to-one")
    figure = draw_plane(result, Style(dpi=30))
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == [*map(str, range(10)), "no digit"]
    for axes in figure.axes:
        (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
        assert left < result.plane.points[:, 0].min() < result.plane.points[:, 0].max() < right
        assert low < result.plane.points[:, 1].min() < result.plane.points[:, 1].max() < high


def test_missed_digits_nearest_to_their_centre_come_first(result: DigitsResult) -> None:
    first = find_confusions(result)[0]
    wrong = (result.digits.targets == first.true) & (result.predicted == first.taken_for)
    nearest = np.flatnonzero(wrong)[result.distances[wrong].argmin()]
    shown = draw_misses(result, Style(dpi=30)).axes[0].images[0].get_array()
    assert np.array_equal(np.asarray(shown), result.digits.images[nearest])
