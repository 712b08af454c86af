"""Tables to clusters: scaling, the passes, statistics, and the same bytes whoever works."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

import kmcli
from kmcli.cluster.labelling import Labelling
from kmcli.cluster.prepare import choose_scaling, to_features
from kmcli.cluster.result import ClusterResult, finish_result
from kmcli.cluster.run import Fit, Prepared, fit_table, prepare_table
from kmcli.cluster.workers import Threads
from kmcli.clustering import fit_kmeans
from kmcli.clustering.passes import Labels
from kmcli.errors import InputError, SettingsError
from kmcli.settings import ClusterSettings, ColumnChoice, KMeansSettings
from kmcli.tables.numbers import Column
from tests.array_source import ArraySource

Values = NDArray[np.float64]


def groups(n: int = 900, seed: int = 0) -> Values:
    """Three groups in four columns of very different units."""
    random = np.random.default_rng(seed)
    middles = np.array([[0, 0, 0, 0], [6, 0, 6, 0], [0, 6, 6, 6]])
    values = middles[random.choice(3, n, p=[0.5, 0.3, 0.2])] + random.normal(size=(n, 4))
    return values * [1, 1000, 0.001, 1] + [0, 5e6, 0, -3]


def take_labels(_block: Any, labels: Labels) -> Labels:
    return labels


def clustered(
    source: ArraySource, settings: ClusterSettings, *, scored: bool = False, n_threads: int = 1
) -> tuple[ClusterResult, NDArray[np.int32]]:
    workers = Threads(n_threads)
    prepared = prepare_table(source, settings, workers)
    fit = fit_table(prepared, source, settings, workers)
    labelling = Labelling(source, fit.rule, take_labels, workers)
    labels = np.concatenate([part.numbers for part in labelling])
    result = finish_result(source, prepared, fit, labelling.sums, settings, scored=scored)
    return result, labels


QUICK = ClusterSettings(3, effort="fast", n_init=4)


def test_a_small_table_is_an_ordinary_fit_of_scaled_columns() -> None:
    values = groups()
    result, labels = clustered(ArraySource(values), QUICK)
    scaled = StandardScaler().fit_transform(values)
    theirs = fit_kmeans(scaled, KMeansSettings(3))
    np.testing.assert_array_equal(labels, theirs.labels)
    assert result.profile.inertia == pytest.approx(theirs.inertia)
    np.testing.assert_allclose(result.fit.rule.centers, theirs.centers, atol=1e-9)
    np.testing.assert_allclose(
        result.profile.means, [values[labels == n].mean(axis=0) for n in range(3)], rtol=1e-9
    )
    np.testing.assert_allclose(
        result.profile.spreads, [values[labels == n].std(axis=0) for n in range(3)], rtol=1e-9
    )
    assert result.profile.gain_left == pytest.approx(0, abs=1e-9)
    assert result.prepared.sketch.is_whole


@pytest.mark.parametrize(
    ("scale", "theirs"),
    [("standard", StandardScaler()), ("range", MinMaxScaler()), ("none", None)],
)
def test_scaling_is_that_of_scikit_learn(scale: Any, theirs: Any) -> None:
    values = groups()
    settings = replace(QUICK, scale=scale)
    prepared = prepare_table(ArraySource(values), settings, Threads(1))
    expected = theirs.fit_transform(values) if theirs else values - values.mean(axis=0)
    np.testing.assert_allclose(prepared.scaling.to_points(values), expected, atol=1e-9)
    np.testing.assert_allclose(prepared.scaling.to_units(expected), values, rtol=1e-9)


def test_robust_scaling_goes_by_the_quartiles() -> None:
    values = groups()
    prepared = prepare_table(ArraySource(values), replace(QUICK, scale="robust"), Threads(1))
    expected = RobustScaler().fit_transform(values)
    np.testing.assert_allclose(prepared.scaling.to_points(values), expected, atol=0.02)


def test_a_column_weight_multiplies_after_scaling() -> None:
    values = groups()
    settings = replace(QUICK, column_weights={"x2": 3.0})
    prepared = prepare_table(ArraySource(values), settings, Threads(1))
    points = prepared.scaling.to_points(values)
    np.testing.assert_allclose(points.std(axis=0), [1, 3, 1, 1])
    np.testing.assert_allclose(prepared.scaling.to_units(points), values, rtol=1e-9)
    with pytest.raises(SettingsError, match="the weight of 'y': no such column is used"):
        prepare_table(ArraySource(values), replace(QUICK, column_weights={"y": 1.0}), Threads(1))


def with_categories(n: int = 600) -> ArraySource:
    values = groups(n)
    codes = np.random.default_rng(1).integers(0, 3, n)
    columns = (
        *(Column(f"x{number + 1}") for number in range(4)),
        Column("kind", "category", ("a", "b", "c")),
    )
    return ArraySource(np.column_stack([values, codes]), columns)


def test_a_category_column_weighs_as_one_numeric_column() -> None:
    source = with_categories()
    prepared = prepare_table(source, QUICK, Threads(1))
    points = prepared.scaling.to_points(to_features(source.columns, source.values))
    variances = points.var(axis=0)
    np.testing.assert_allclose(variances[:4], 1)
    assert variances[4:].sum() == pytest.approx(1)
    assert [feature.name for feature in prepared_rule(prepared).features][4:] == [
        "kind=a",
        "kind=b",
        "kind=c",
    ]


def prepared_rule(prepared: Prepared) -> Any:
    return fit_table(prepared, with_categories(), QUICK, Threads(1)).rule


def test_missing_and_unknown_categories() -> None:
    columns = (Column("kind", "category", ("a", "b")),)
    features = to_features(columns, np.array([[0.0], [1.0], [-1.0], [np.nan]]))
    np.testing.assert_array_equal(features, [[1, 0], [0, 1], [0, 0], [np.nan, np.nan]])


def test_rows_with_missing_values_keep_their_place_without_a_cluster() -> None:
    values = groups()
    values[[5, 800], [0, 3]] = np.nan
    result, labels = clustered(ArraySource(values), QUICK)
    assert np.flatnonzero(labels < 0).tolist() == [5, 800]
    whole = np.delete(values, [5, 800], axis=0)
    alone, expected = clustered(ArraySource(whole), QUICK)
    np.testing.assert_array_equal(np.delete(labels, [5, 800]), expected)
    assert result.profile.rows.sum() == 898
    assert result.profile.inertia == pytest.approx(alone.profile.inertia)


def test_the_mean_stands_in_for_missing_values() -> None:
    values = groups()
    values[::7, 1] = np.nan
    settings = replace(QUICK, missing="mean")
    result, labels = clustered(ArraySource(values), settings)
    filled = np.where(np.isnan(values), np.nanmean(values, axis=0), values)
    _, expected = clustered(ArraySource(filled), QUICK)
    np.testing.assert_array_equal(labels, expected)
    assert result.profile.rows.sum() == 900
    points = result.prepared.scaling.to_points(values)
    np.testing.assert_allclose(points.std(axis=0), 1)


def test_missing_values_can_be_an_error() -> None:
    values = groups()
    values[[3, 4], 2] = np.nan
    with pytest.raises(InputError, match="'x3' is missing in 2 rows"):
        prepare_table(ArraySource(values), replace(QUICK, missing="fail"), Threads(1))


@pytest.mark.parametrize(
    ("values", "weights", "message"),
    [
        (np.zeros((0, 2)), None, "the table has no rows"),
        (np.full((3, 2), np.nan), None, "none of 3 rows can be used: 'x1' is missing in 3"),
        (np.eye(3), np.zeros(3), "none of 3 rows can be used: their weights are 0"),
        (np.ones((3, 2)), None, "all columns are constant"),
    ],
)
def test_tables_that_cannot_be_clustered(values: Values, weights: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        prepare_table(ArraySource(values, weights=weights), QUICK, Threads(1))


def test_constant_columns_are_left_out_and_named() -> None:
    values = groups()
    values[:, 1] = 0.1
    result, labels = clustered(ArraySource(values), QUICK)
    assert [(each.name, each.why) for each in result.prepared.left_out] == [("x2", "constant")]
    assert [column.name for column in result.fit.rule.columns] == ["x1", "x3", "x4"]
    _, expected = clustered(ArraySource(np.delete(values, 1, axis=1)), QUICK)
    np.testing.assert_array_equal(labels, expected)


def test_more_clusters_than_distinct_rows_are_refused() -> None:
    with pytest.raises(SettingsError, match="2 distinct points cannot form 3 clusters"):
        clustered(ArraySource([[0.0], [0.0], [1.0]]), QUICK)


def test_weights_count_like_repeated_rows() -> None:
    values = groups(200)
    counts = np.random.default_rng(0).integers(0, 3, 200)
    settings = replace(QUICK, tol=0)
    result, labels = clustered(ArraySource(values, weights=counts), settings)
    repeated, expected = clustered(ArraySource(np.repeat(values, counts, axis=0)), settings)
    np.testing.assert_array_equal(np.repeat(labels, counts), expected)
    assert labels.min() == 0  # those of weight 0 have a cluster too
    assert result.profile.inertia == pytest.approx(repeated.profile.inertia)
    np.testing.assert_allclose(result.profile.means, repeated.profile.means)


@pytest.mark.parametrize("n_threads", [2, 5])
def test_the_number_of_threads_changes_no_bit(n_threads: int) -> None:
    source = ArraySource(groups(5000), size=700)
    settings = replace(QUICK, sample_rows=500, passes=1)
    one, labels = clustered(source, settings)
    more, others = clustered(source, settings, n_threads=n_threads)
    np.testing.assert_array_equal(labels, others)
    assert one.model.to_json() == more.model.to_json()
    assert one.prepared.sketch.points.tobytes() == more.prepared.sketch.points.tobytes()


def test_a_sample_finds_what_all_rows_show() -> None:
    values = groups(5000)
    source = ArraySource(values, size=700)
    whole, expected = clustered(source, QUICK)
    sampled, labels = clustered(source, replace(QUICK, sample_rows=2000))
    assert not sampled.prepared.sketch.is_whole
    assert (labels == expected).mean() > 0.99
    assert 1 <= sampled.profile.inertia / whole.profile.inertia < 1.01
    assert sampled.profile.gain_left > 1e-4
    exact = [values[labels == number].std(axis=0) for number in range(3)]
    np.testing.assert_allclose(sampled.profile.spreads, exact, rtol=1e-9)


def test_passes_over_all_rows_lower_the_inertia() -> None:
    source = ArraySource(groups(5000), size=700)
    settings = replace(QUICK, sample_rows=200)
    inertias = [
        clustered(source, replace(settings, passes=passes))[0].profile.inertia
        for passes in (0, 1, 2)
    ]
    assert inertias == sorted(inertias, reverse=True)
    assert inertias[1] < inertias[0]


def test_first_centres_in_the_units_of_the_table() -> None:
    values = groups()
    source = ArraySource(values)
    prepared = prepare_table(source, QUICK, Threads(1))
    fit = fit_table(prepared, source, QUICK, Threads(1), starts=values[:3])
    scaled = StandardScaler().fit_transform(values)
    theirs = fit_kmeans(scaled, KMeansSettings(3), starts=scaled[:3])
    assert fit.search.start_inertias == pytest.approx((theirs.inertia,))


def test_values_far_from_0_lose_no_digits() -> None:
    values = groups()
    _, labels = clustered(ArraySource(values + 1e9), replace(QUICK, scale="none"))
    _, expected = clustered(ArraySource(values), replace(QUICK, scale="none"))
    np.testing.assert_array_equal(labels, expected)


@pytest.mark.filterwarnings("error")
def test_huge_and_tiny_values_are_scaled() -> None:
    values = groups()
    _, expected = clustered(ArraySource(values), QUICK)
    for factor in (1e130, 1e-130):
        _, labels = clustered(ArraySource(values * factor), QUICK)
        np.testing.assert_array_equal(labels, expected)


def test_scores_are_those_of_scikit_learn() -> None:
    values = groups()
    result, labels = clustered(ArraySource(values), QUICK, scored=True)
    points = StandardScaler().fit_transform(values)
    scores, profile = result.scores, result.profile
    assert scores is not None
    assert scores.silhouette == pytest.approx(metrics.silhouette_score(points, labels))
    own = metrics.silhouette_samples(points, labels)
    expected = [own[labels == number].mean() for number in range(3)]
    np.testing.assert_allclose(np.array(scores.by_cluster, float), expected)
    for found in (profile, scores):
        assert found.calinski_harabasz == pytest.approx(
            metrics.calinski_harabasz_score(points, labels)
        )
        assert found.davies_bouldin == pytest.approx(metrics.davies_bouldin_score(points, labels))
    assert result.stability == pytest.approx(1, abs=0.03)
    total = (points**2).sum()
    assert profile.explained == pytest.approx(1 - profile.inertia / total)
    within = sum(
        ((points[labels == n] - points[labels == n].mean(axis=0)) ** 2).sum(axis=0)
        for n in range(3)
    )
    np.testing.assert_allclose(profile.explained_by_feature, 1 - within / 900)


def test_what_sets_clusters_apart_are_the_greatest_differences() -> None:
    values = groups()
    result, labels = clustered(ArraySource(values), QUICK)
    z = (values[labels == 0].mean(axis=0) - values.mean(axis=0)) / values.std(axis=0)
    apart = result.profile.apart[0]
    assert len(apart) == 3
    for each, place in zip(apart, np.argsort(-abs(z)), strict=False):
        assert each.column == f"x{place + 1}"
        assert each.z == pytest.approx(z[place])


def test_the_farthest_row_is_named_by_its_line() -> None:
    values = groups()
    values[700] = values[0] + [9, 9000, 0.009, 9]
    result, labels = clustered(ArraySource(values, size=100), QUICK)
    assert result.profile.farthest[labels[700]] == 701


def test_one_cluster_has_no_scores() -> None:
    result, labels = clustered(ArraySource(groups()), replace(QUICK, n_clusters=1), scored=True)
    assert set(labels.tolist()) == {0}
    assert result.scores is not None
    assert result.scores.silhouette is result.profile.davies_bouldin is result.stability is None
    assert result.profile.calinski_harabasz is None


def remarks(values: Values, settings: ClusterSettings) -> str:
    return " ".join(clustered(ArraySource(values), settings)[0].remarks())


def test_remarks_tell_what_a_person_should_know() -> None:
    values = groups()
    assert remarks(values, QUICK) == ""
    assert "x2 holds 100% of the variance" in remarks(values, replace(QUICK, scale="none"))
    assert "not converge within 1 " in remarks(values, replace(QUICK, max_iter=1))
    assert "one more pass" in remarks(groups(3000), replace(QUICK, sample_rows=100))


def test_rows_beyond_the_limits_are_counted() -> None:
    source = ArraySource(groups())
    result, _ = clustered(source, QUICK)
    limits = np.array(result.model.max_distances)
    new = source.values.copy()
    new[:7] += 100 * new.std(axis=0)
    for values, expected in ((source.values, 0), (new, 7)):
        labelling = Labelling(ArraySource(values), result.fit.rule, take_labels, Threads(1), limits)
        assert sum(len(part.numbers) for part in labelling) == 900
        assert labelling.n_beyond == expected


def test_columns_are_found_by_name() -> None:
    source = ArraySource(groups())
    result, labels = clustered(source, QUICK)
    turned = ArraySource(source.values[:, ::-1], source.columns[::-1])
    labelling = Labelling(turned, result.fit.rule, take_labels, Threads(1))
    np.testing.assert_array_equal(np.concatenate([part.numbers for part in labelling]), labels)
    lacking = ArraySource(source.values[:, :2])
    with pytest.raises(SettingsError, match="the table has no column 'x3', which the model needs"):
        Labelling(lacking, result.fit.rule, take_labels, Threads(1))


def test_scaling_is_chosen_from_the_whole_table_not_the_first_block() -> None:
    values = np.sort(groups(), axis=0)
    prepared = prepare_table(ArraySource(values, size=50), QUICK, Threads(1))
    np.testing.assert_allclose(prepared.scaling.means, values.mean(axis=0))
    scaling = choose_scaling(prepared.sketch, prepared.columns, QUICK)
    np.testing.assert_allclose(scaling.spreads, values.std(axis=0))


def test_a_fit_tells_its_passes() -> None:
    source = ArraySource(groups(3000))
    settings = replace(QUICK, sample_rows=100, passes=2)
    prepared = prepare_table(source, settings, Threads(1))
    fit: Fit = fit_table(prepared, source, settings, Threads(1))
    assert fit.n_passes == 2
    whole = prepare_table(source, replace(settings, sample_rows=None), Threads(1))
    assert fit_table(whole, source, settings, Threads(1)).n_passes == 0


def test_what_hardly_differs_sets_no_cluster_apart() -> None:
    result, _ = clustered(ArraySource(groups()), replace(QUICK, n_clusters=1))
    assert result.profile.apart == ((),)


def test_one_value_that_hides_all_others_is_told() -> None:
    values = groups()
    values[7, 1] = 1e9
    result, _ = clustered(ArraySource(values), QUICK)
    assert [text.split(" holds ")[0] for text in result.remarks()] == ["One value of x2"]
    weighted, _ = clustered(ArraySource(values, weights=np.full(len(values), 2.0)), QUICK)
    assert weighted.remarks() == []  # nobody knows what that row weighs


def test_rows_on_their_centres_ask_for_no_pass() -> None:
    values = np.tile([[1.0, 2.0], [3.0, 4.0], [5.0, 9.0]], (10, 1))
    result, _ = clustered(ArraySource(values), QUICK)
    assert result.remarks() == []


def test_a_weight_too_large_to_be_added_up_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,w\n1,1\n2,1e150\n4,1\n")
    with pytest.raises(InputError, match=r"line 3, column w: the weight '1e150' is not a number"):
        kmcli.cluster_table(tmp_path / "t.csv", QUICK, columns=ColumnChoice(weights="w"))
