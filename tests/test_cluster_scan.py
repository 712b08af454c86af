"""Which number of clusters, the reports, and scores on a weighted sample."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import silhouette_samples

from kmcli.cluster.labelling import Labelling
from kmcli.cluster.profile import SampledScores, score_sample
from kmcli.cluster.run import Prepared, prepare_table
from kmcli.cluster.scan import (
    ScanStep,
    measure_stability,
    recommend,
    require_recommended,
    scan_table,
)
from kmcli.cluster.workers import Threads
from kmcli.clustering.passes import ClusterSums
from kmcli.errors import DeclinedError, SettingsError
from kmcli.report.assign import assign_report
from kmcli.report.cluster import cluster_report, scan_report
from kmcli.scores import (
    external_scores,
    weighted_adjusted_rand,
    weighted_silhouettes,
)
from tests.array_source import ArraySource
from tests.test_cluster import QUICK, Values, clustered, groups, take_labels


def test_weighted_silhouettes_of_equal_weights_are_scikit_learns() -> None:
    random = np.random.default_rng(0)
    points, labels = random.normal(size=(700, 3)), random.integers(0, 4, 700)
    for weight in (1.0, 0.25):
        found = weighted_silhouettes(points, np.full(700, weight), labels, 5)
        np.testing.assert_allclose(found, silhouette_samples(points, labels), atol=1e-9)


def test_weights_stand_for_rows_that_are_not_there() -> None:
    random = np.random.default_rng(0)
    points = random.normal(size=(60, 2)) + np.repeat([[0, 0], [4, 0]], 30, axis=0)
    labels = np.repeat([0, 1], 30)
    # The first thirty stand for a hundred rows each at nearly the same places.
    many = np.repeat(points[:30], 100, axis=0) + random.normal(size=(3000, 2)) * 1e-6
    whole = silhouette_samples(np.concatenate([many, points[30:]]), np.repeat([0, 1], [3000, 30]))
    found = weighted_silhouettes(points, np.repeat([100.0, 1.0], 30), labels, 2)
    np.testing.assert_allclose(found[30:], whole[3000:], atol=1e-4)
    np.testing.assert_allclose(found[:30], whole[:3000:100], atol=0.05)


def test_a_point_alone_in_its_cluster_has_silhouette_0() -> None:
    found = weighted_silhouettes(
        np.array([[0.0], [1.0], [5.0]]), np.ones(3), np.array([0, 0, 1]), 2
    )
    assert found.tolist() == pytest.approx([1 - 1 / 5, 1 - 1 / 4, 0])


@pytest.mark.parametrize("seed", range(4))
def test_the_adjusted_rand_index_is_that_of_scikit_learn(seed: int) -> None:
    random = np.random.default_rng(seed)
    one, other = random.integers(0, 5, 200), random.integers(0, 3, 200)
    other[: 50 * seed] = one[: 50 * seed] % 3
    expected = external_scores(one, other).adjusted_rand
    assert weighted_adjusted_rand(one, other, np.full(200, 7.0)) == pytest.approx(expected)
    assert weighted_adjusted_rand(one, one, np.ones(200)) == pytest.approx(1)
    assert weighted_adjusted_rand(one * 0, one * 0, np.ones(200)) == 1


def test_weights_count_like_repeated_points_in_the_rand_index() -> None:
    random = np.random.default_rng(0)
    one, other = random.integers(0, 3, 400), random.integers(0, 3, 400)
    other[:300] = one[:300]
    counts = random.integers(1, 4, 400)
    found = weighted_adjusted_rand(one, other, counts.astype(float))
    repeated = external_scores(np.repeat(one, counts), np.repeat(other, counts)).adjusted_rand
    assert found == pytest.approx(repeated, abs=0.01)


def prepared_table(values: Values, **settings: Any) -> Prepared:
    return prepare_table(ArraySource(values), replace(QUICK, **settings), Threads(1))


def test_scores_of_a_sample_are_near_those_of_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    result, _ = clustered(ArraySource(groups(2000)), QUICK, scored=True)
    whole = result.scores
    assert whole is not None
    assert whole.n_rows == 2000
    monkeypatch.setattr("kmcli.cluster.profile._SCORED_ROWS", 120)
    sampled = score_sample(result.prepared.sketch, result.prepared.scaling, result.fit.rule.centers)
    counts = np.bincount(sampled.labels)
    assert counts.min() == 50  # a third of 120 would be fewer
    assert sampled.n_rows == counts.sum() < 200
    assert sampled.silhouette == pytest.approx(whole.silhouette, abs=0.04)
    assert sampled.weights.sum() == pytest.approx(2000, rel=0.15)


def test_the_scan_recommends_the_number_of_groups() -> None:
    prepared = prepared_table(groups(600))
    scan = scan_table(prepared, range(1, 6), QUICK)
    assert [step.n_clusters for step in scan] == [1, 2, 3, 4, 5]
    assert recommend(scan) == require_recommended(scan) == 3
    inertias = [step.inertia for step in scan]
    assert inertias == sorted(inertias, reverse=True)
    assert inertias[0] == pytest.approx(600 * 4)
    assert np.isnan(scan[0].stability)
    assert scan[0].scores.silhouette is None


def test_no_number_is_recommended_for_a_table_without_groups() -> None:
    prepared = prepared_table(np.random.default_rng(0).normal(size=(600, 4)))
    scan = scan_table(prepared, range(2, 6), QUICK)
    assert recommend(scan) is None
    with pytest.raises(
        DeclinedError, match=r"no number of clusters from 2 to 5 is stable \(the best silhouette, "
    ):
        require_recommended(scan)


def test_one_number_alone_can_be_unstable() -> None:
    prepared = prepared_table(np.random.default_rng(0).normal(size=(600, 4)))
    with pytest.raises(DeclinedError, match="5 clusters would not be stable; set"):
        require_recommended(scan_table(prepared, [5], QUICK))


def step(n_clusters: int, stability: float) -> ScanStep:
    nothing = np.zeros(0)
    scores = SampledScores(
        0, nothing, nothing, nothing.astype(np.int32), nothing, None, (), None, None, None
    )
    return ScanStep(n_clusters, 1.0, scores, stability)


@pytest.mark.parametrize(
    ("stabilities", "expected"),
    [
        ((0.99, 0.95, 0.5), 3),
        ((0.99, 0.93, 0.5), 2),
        ((0.91, 0.89, 0.88), 2),
        ((0.89, 0.88, 0.87), None),
        ((float("nan"), 0.95, float("nan")), 3),
        ((), None),
    ],
)
def test_the_largest_number_that_is_nearly_as_stable_as_the_best_is_recommended(
    stabilities: tuple[float, ...], expected: int | None
) -> None:
    assert recommend([step(2 + n, value) for n, value in enumerate(stabilities)]) == expected


def test_numbers_above_that_of_the_distinct_rows_are_left_out() -> None:
    prepared = prepared_table(np.repeat(np.arange(4.0), 9)[:, np.newaxis])
    assert [s.n_clusters for s in scan_table(prepared, range(2, 9), QUICK)] == [2, 3, 4]
    with pytest.raises(SettingsError, match="4 distinct rows cannot form 5 clusters"):
        scan_table(prepared, range(5, 9), QUICK)


def test_stability_is_not_defined_where_half_of_the_rows_have_too_few_values() -> None:
    assert np.isnan(measure_stability(prepared_table(np.eye(4)), replace(QUICK, n_clusters=4)))


KEYS = [
    "data", "format", "rows", "rows_used", "rows_missing", "weight", "columns", "left_out", "scale",
    "missing", "k", "seed", "n_init", "effort", "method", "sample_rows", "passes",
    "start_inertias", "converged", "gain_left", "inertia", "explained", "silhouette",
    "silhouette_rows", "simplified_silhouette", "calinski_harabasz", "davies_bouldin",
    "stability", "clusters", "scan", "recommended_k", "remarks",
]  # fmt: skip


def test_the_report_has_every_key() -> None:
    values = groups(600)
    values[3, 0] = np.nan
    result, labels = clustered(ArraySource(values), QUICK, scored=True)
    data = json.loads(cluster_report(result).to_json())
    assert sorted(data) == sorted(KEYS)
    assert (data["rows"], data["rows_used"], data["rows_missing"]) == (600, 599, 1)
    assert set(data["columns"][0]) == {
        "name", "kind", "missing", "mean", "spread", "min", "max", "explained",
    }  # fmt: skip
    assert set(data["clusters"][0]) == {
        "cluster", "rows", "share", "center", "spread", "inertia", "mean_distance", "silhouette",
        "apart", "farthest",
    }  # fmt: skip
    assert data["columns"][0]["missing"] == 1
    assert data["columns"][1]["max"] == np.delete(values[:, 1], 3).max()
    assert [each["rows"] for each in data["clusters"]] == np.bincount(labels[labels >= 0]).tolist()
    assert data["inertia"] == pytest.approx(sum(each["inertia"] for each in data["clusters"]))
    assert data["recommended_k"] is None
    assert data["scan"] == []


def test_the_report_in_words_says_what_sets_clusters_apart() -> None:
    result, _ = clustered(ArraySource(groups(600)), QUICK, scored=True)
    text = cluster_report(result).to_text()
    assert text.startswith("600 rows in 3 clusters\n")
    assert "columns scaled to mean 0 and spread 1" in text
    first = result.profile.apart[0][0]
    assert f"  0: {first.column} {'high' if first.z > 0 else 'low'} ({first.z:+.1f})" in text


def test_the_report_on_a_scan_alone() -> None:
    scan = scan_table(prepared_table(groups(300)), range(2, 5), QUICK)
    data = json.loads(scan_report("t.csv", scan).to_json())
    assert sorted(data) == ["data", "recommended_k", "scan"]
    assert data["recommended_k"] == 3
    assert set(data["scan"][0]) == {
        "k", "inertia", "silhouette", "calinski_harabasz", "davies_bouldin", "stability",
    }  # fmt: skip
    assert "3 clusters: the largest number" in scan_report("t.csv", scan).to_text()


def sums_of(values: Values, model: Any) -> ClusterSums:
    labelling = Labelling(ArraySource(values), model.rule, take_labels, Threads(1))
    assert sum(len(part.numbers) for part in labelling) == len(values)
    return labelling.sums


def test_the_report_on_assigned_rows_shows_drift() -> None:
    values = groups(600)
    result, _ = clustered(ArraySource(values), QUICK)
    model = result.model
    same = json.loads(assign_report("t.csv", model, sums_of(values, model), 0, 0).to_json())
    assert same["mean_distance"] == pytest.approx(same["model_mean_distance"])
    assert [each["share"] for each in same["clusters"]] == pytest.approx(
        [each["model_share"] for each in same["clusters"]]
    )
    moved = values + 2 * values.std(axis=0)
    moved[0, 0] = np.nan
    report = assign_report("t.csv", model, sums_of(moved, model), 17, 4)
    data = json.loads(report.to_json())
    assert (data["rows"], data["rows_missing"]) == (600, 1)
    assert (data["rows_beyond"], data["rows_unknown_category"]) == (17, 4)
    assert data["mean_distance"] > 1.5 * data["model_mean_distance"]
    assert "times as far from the centres" in report.to_text()
