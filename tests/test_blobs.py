"""K-means on points: the published figures, the steps, the scores, and CSV in and out."""

import io
import re
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from numpy.typing import NDArray
from PIL import Image
from sklearn import datasets, metrics
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from kmcli.blobs import BlobsResult, first_centers, run_blobs, trace_start
from kmcli.blobs.data import Points, make_points, project
from kmcli.blobs.table import read_points
from kmcli.blobs.trials import StartTrials, best_numbers, compare_starts, scan_clusters
from kmcli.clustering import trace_kmeans
from kmcli.errors import InputError, SettingsError
from kmcli.figures.blobs import draw_animation, draw_overview, draw_steps
from kmcli.figures.blobs_trials import draw_scan, draw_starts
from kmcli.figures.style import Style, contrast, to_png
from kmcli.image_io import encode_animation
from kmcli.report.blobs import blobs_report
from kmcli.report.blobs_csv import blobs_csv
from kmcli.report.blobs_trials import start_parts
from kmcli.report.model import Table as ReportTable
from kmcli.settings import (
    SHAPES,
    BlobsSettings,
    ColumnChoice,
    KMeansSettings,
    PointsSpec,
    Shape,
    Theme,
)
from kmcli.tables.source import Table, choose, open_table
from kmcli.tables.whole import read_values
from tests.memory import Memory


def ignore(_name: str) -> None:
    """Take no notice of progress."""


@pytest.fixture(scope="module")
def points() -> Points:
    return make_points(PointsSpec())


@pytest.fixture(scope="module")
def result(points: Points) -> BlobsResult:
    return run_blobs(points, BlobsSettings(), "blobs")


def test_points_are_those_of_the_notebook(points: Points) -> None:
    values, labels = datasets.make_blobs(300, centers=4, random_state=0, cluster_std=0.60)
    np.testing.assert_array_equal(points.values, values)
    np.testing.assert_array_equal(points.true_labels, labels)


def test_published_figures_come_out(result: BlobsResult) -> None:
    assert result.clustering.inertia == pytest.approx(212.00600, abs=1e-4)
    assert np.bincount(result.clustering.labels).tolist() == [75] * 4
    assert result.internal is not None
    assert result.internal.silhouette == pytest.approx(0.68199, abs=1e-5)
    assert result.internal.calinski_harabasz == pytest.approx(1210.09, abs=0.01)
    assert result.internal.davies_bouldin == pytest.approx(0.43756, abs=1e-5)
    assert result.external is not None
    assert result.external.adjusted_rand == 1.0


def test_scores_are_those_of_scikit_learn() -> None:
    made = make_points(PointsSpec(shape="varied"))
    result = run_blobs(made, BlobsSettings(KMeansSettings(3)), "varied")
    labels, true = result.clustering.labels, made.true_labels
    assert result.internal is not None
    assert result.external is not None
    assert result.internal.silhouette == metrics.silhouette_score(made.values, labels)
    assert result.internal.davies_bouldin == metrics.davies_bouldin_score(made.values, labels)
    assert result.external.adjusted_rand == metrics.adjusted_rand_score(true, labels)
    assert result.external.v_measure == metrics.v_measure_score(true, labels)
    mutual = metrics.adjusted_mutual_info_score(true, labels)
    assert result.external.adjusted_mutual_info == pytest.approx(mutual)


@pytest.mark.parametrize("shape", ["anisotropic", "varied", "uneven", "moons", "circles"])
def test_k_means_fails_where_it_is_said_to_and_another_method_does_better(shape: Shape) -> None:
    for seed in range(3):
        spec = PointsSpec(shape=shape, random_state=seed)
        settings = BlobsSettings(KMeansSettings(spec.group_count))
        result = run_blobs(make_points(spec), settings, shape)
        assert result.external is not None
        assert result.alternative is not None
        assert result.external.adjusted_rand < 0.8
        assert result.alternative.scores.adjusted_rand > 0.85


@pytest.mark.parametrize(("shape", "least"), [("anisotropic", 0.999), ("varied", 0.92)])
def test_a_gaussian_mixture_is_right_for_long_groups_and_for_wide_ones(
    shape: Shape, least: float
) -> None:
    for seed in range(3):
        points = make_points(PointsSpec(shape=shape, random_state=seed))
        other = run_blobs(
            points, BlobsSettings(KMeansSettings(3, random_state=7)), shape
        ).alternative
        assert other is not None
        assert other.name == "Gaussian mixture"
        assert points.true_labels is not None
        right = metrics.adjusted_rand_score(points.true_labels, other.labels)
        assert least <= right == pytest.approx(other.scores.adjusted_rand)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("n_samples", [2, 31, 300])
def test_every_shape_has_as_many_points_as_asked_for(shape: Shape, n_samples: int) -> None:
    n_centers = 2 if shape in ("blobs", "anisotropic") else None
    made = make_points(PointsSpec(n_samples, shape, n_centers))
    assert made.values.shape == (n_samples, 2)
    assert (made.true_labels is None) == (shape == "uniform")


@pytest.mark.parametrize(
    "values",
    [
        {"n_samples": 1},
        {"n_samples": 100_001},
        {"shape": "star"},
        {"n_centers": 0},
        {"n_centers": 3, "shape": "moons"},
        {"std": (-1.0,)},
        {"std": (1.0, 2.0)},
        {"std": (1.0,), "shape": "varied"},
    ],
)
def test_points_that_cannot_be_made(values: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        PointsSpec(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize("k", range(1, 7))
@pytest.mark.parametrize("start", ["far", "k-means++", "random"])
def test_the_trace_ends_where_a_whole_run_ends(points: Points, k: int, start: str) -> None:
    init = "random" if start == "random" else "k-means++"
    settings = BlobsSettings(KMeansSettings(k, init=init), start)  # type: ignore[arg-type]
    centers = first_centers(points, settings)
    whole = KMeans(k, init=centers, n_init=1, tol=1e-4).fit(points.values)
    steps = trace_kmeans(points.values, settings.kmeans, centers)
    assert len(steps) == whole.n_iter_
    np.testing.assert_array_equal(steps[0].before, centers)
    # Not to the last bit: scikit-learn adds in another order when it has several threads.
    np.testing.assert_allclose(steps[-1].after, whole.cluster_centers_, rtol=1e-12, atol=1e-12)
    for step, following in pairwise(steps):
        np.testing.assert_array_equal(step.after, following.before)


def test_each_step_is_what_its_name_says(points: Points) -> None:
    settings = BlobsSettings(KMeansSettings(4), "far")
    steps = trace_start(run_blobs(points, settings)).steps
    assert steps[0].empty_clusters
    for step in steps:
        distances = ((points.values[:, None] - step.before) ** 2).sum(axis=2)
        np.testing.assert_array_equal(step.labels, distances.argmin(axis=1))
        assert step.inertia_before == pytest.approx(distances.min(axis=1).sum())
        if not step.empty_clusters:
            for number, mean in enumerate(step.after):
                np.testing.assert_allclose(points.values[step.labels == number].mean(axis=0), mean)
            assert step.inertia_after <= step.inertia_before + 1e-9


def test_far_starts_are_those_of_the_notebooks_figure(points: Points) -> None:
    for k in range(1, 7):
        expected = np.random.RandomState(2).randn(k, 2)
        starts = first_centers(points, BlobsSettings(KMeansSettings(k), "far"))
        np.testing.assert_array_equal(starts, expected)


def test_local_optima_and_empty_clusters_are_named(points: Points) -> None:
    two = trace_start(run_blobs(points, BlobsSettings(KMeansSettings(2), "far")))
    assert two.inertia == pytest.approx(1439.9, abs=0.05)
    assert two.best_inertia == pytest.approx(1190.8, abs=0.05)
    assert two.is_worse
    four = trace_start(run_blobs(points, BlobsSettings(KMeansSettings(4), "far")))
    assert four.inertia == pytest.approx(212.006, abs=1e-3)
    assert not four.is_worse
    six = trace_start(run_blobs(points, BlobsSettings(KMeansSettings(6), "far")))
    assert len(six.steps[0].empty_clusters) == 2


def test_scan_agrees_with_the_published_table(points: Points) -> None:
    scan = scan_clusters(points, KMeansSettings(4), range(1, 9), ignore)
    assert scan[0].scores is None
    silhouettes = [round(step.scores.silhouette, 3) for step in scan if step.scores]
    assert silhouettes == [0.543, 0.589, 0.682, 0.592, 0.493, 0.393, 0.321]
    assert set(best_numbers(scan).values()) == {4}
    inertias = [step.inertia for step in scan]
    assert inertias == sorted(inertias, reverse=True)


def test_stability_is_the_agreement_of_random_halves(points: Points) -> None:
    one, four, eight = scan_clusters(points, KMeansSettings(n_init=2), [1, 4, 8], ignore)
    assert one.stability is None
    assert four.stability == pytest.approx(1)
    random = np.random.default_rng(0)
    expected = []
    for _ in range(5):
        order = random.permutation(300)
        fits = [
            KMeans(8, n_init=2, random_state=0).fit(points.values[half])
            for half in (order[:150], order[150:])
        ]
        labels = [fit.predict(points.values) for fit in fits]
        expected.append(metrics.adjusted_rand_score(*labels))
    assert eight.stability == pytest.approx(np.mean(expected))
    few = replace(points, values=np.repeat(np.eye(2), [1, 5], axis=0))
    assert scan_clusters(few, KMeansSettings(), [2], ignore)[0].stability is None


def test_a_scan_shows_the_clusters_above_their_silhouettes(points: Points) -> None:
    scan = scan_clusters(points, KMeansSettings(n_init=1), range(1, 4), ignore)
    figure = draw_scan(points, scan, Style())
    assert [axes.get_title() for axes in figure.axes[:5]][-1] == "stability: 1 is best"
    stabilities = [step.stability for step in scan[1:]]
    assert np.asarray(figure.axes[4].lines[0].get_ydata())[1:].tolist() == stabilities
    panels = {axes.get_title(): axes for axes in figure.axes[5:] if axes.get_title()}
    for step in scan[1:]:
        axes = panels[f"k = {step.n_clusters}"]
        dots, *_, discs = axes.collections
        np.testing.assert_array_equal(dots.get_offsets(), points.values)
        np.testing.assert_array_equal(discs.get_offsets(), step.centers)
        colors = np.asarray(dots.get_facecolor())[:, :3]
        for label, color in zip(step.labels, colors, strict=True):
            assert to_hex(color) == Style().color(label)
        low, high = axes.get_xlim(), axes.get_ylim()
        assert high[1] - high[0] == pytest.approx(low[1] - low[0])
        assert axes.get_box_aspect() == 1
    assert "k = 1" not in panels


def test_a_scan_says_where_there_is_no_score(points: Points) -> None:
    scan = scan_clusters(points, KMeansSettings(n_init=1), [1], ignore)
    inertia, *scores = draw_scan(points, scan, Style()).axes
    assert not inertia.texts
    for axes in scores:
        assert [text.get_text() for text in axes.texts] == ["no score"]
        assert not [*axes.get_xticks(), *axes.get_yticks()]


def test_the_numbers_beside_silhouettes_lie_within_their_panel() -> None:
    few = make_points(PointsSpec(n_samples=3))
    scan = scan_clusters(few, KMeansSettings(n_init=1), [2], ignore)
    panels = draw_scan(few, scan, Style()).axes
    blades = next(axes for axes in panels if axes.get_xlabel() == "silhouette")
    low, high = blades.get_ylim()
    assert [text.get_text() for text in blades.texts] == ["0", "1"]
    assert all(low < text.get_position()[1] < high for text in blades.texts)


def test_iterations_that_are_all_equal_are_counted_in_whole_numbers() -> None:
    few = make_points(PointsSpec(n_samples=3))
    trials = compare_starts(run_blobs(few, BlobsSettings(KMeansSettings(2))), 3, ignore)
    assert len({n for each in trials for n in each.n_iters}) == 1
    ticks = draw_starts(trials, Style()).axes[1].get_xticks()
    assert ticks.tolist() == [round(tick) for tick in ticks]


def test_a_scan_tells_what_its_axes_are(points: Points) -> None:
    def told(values: NDArray[np.float64]) -> str:
        few = replace(points, values=values, names=("x", "y", "z")[: values.shape[1]])
        scan = scan_clusters(few, KMeansSettings(n_init=1), [2], ignore)
        return draw_scan(few, scan, Style()).subfigs[1].get_suptitle()

    plain = points.values[:40]
    assert told(plain).endswith("the line is the mean")
    assert told(plain * [1, 50]).endswith("; the axes have different scales")
    deep = told(np.column_stack([plain, np.zeros(40)]))
    assert re.search(
        r"across: first principal component \(\d+.\d% of the variance\), up: sec", deep
    )


def test_starts_are_compared_seed_by_seed(points: Points) -> None:
    plus, random = compare_starts(run_blobs(points, BlobsSettings(KMeansSettings(4))), 60, ignore)
    assert plus.worse_share < 0.05 < random.worse_share < 0.5
    own = KMeans(4, init="random", n_init=1, random_state=7).fit(points.values)
    assert random.inertias[7] == pytest.approx(own.inertia_)
    assert random.n_iters[7] == own.n_iter_


def table_of(text: str | bytes) -> Table:
    data = text.encode() if isinstance(text, str) else text
    return open_table([Memory(data)])


def points_of(text: str | bytes, *, label: str | None = None, scale: bool = False) -> Points:
    points, _ = read_points(table_of(text), ColumnChoice(), label=label, scale=scale, source="x")
    return points


@settings(max_examples=40)
@given(st.lists(st.tuples(*[st.floats(-1e140, 1e140)] * 3), min_size=1))
def test_csv_gives_back_the_same_numbers(rows: list[tuple[float, ...]]) -> None:
    text = "".join(",".join(map(repr, row)) + "\n" for row in rows)
    source = choose(table_of(text), ColumnChoice(("x1", "x2", "x3")))
    assert read_values(source).tolist() == [list(row) for row in rows]


def test_written_points_are_read_again_with_their_groups(result: BlobsResult) -> None:
    found = result.clustering
    data = blobs_csv(result.points, found.labels, found.centers)
    again = points_of(data)
    assert again.names == ("x", "y")
    np.testing.assert_array_equal(again.values, result.points.values)
    np.testing.assert_array_equal(again.true_labels, result.points.true_labels)
    values = read_values(choose(table_of(data), ColumnChoice(("cluster", "distance"))))
    np.testing.assert_array_equal(values[:, 0], found.labels)
    model = KMeans(4, init=found.centers, n_init=1).fit(result.points.values)
    np.testing.assert_allclose(values[:, 1], model.transform(result.points.values).min(axis=1))


def test_points_of_unknown_groups_are_read_again_without() -> None:
    points = points_of("x,y,true,cluster,distance\n1,2,,0,1.5\n3,5,,1,2.5\n")
    assert points.names == ("x", "y")
    assert points.true_labels is None


def test_a_column_of_words_tells_the_true_groups() -> None:
    points = points_of("x,y,kind\n1,2,b\n3,4,a\n5,7,b\n", label="kind")
    assert points.names == ("x", "y")
    assert points.true_labels is not None
    assert points.true_labels.tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no rows"),
        ("a,b\n", "the table has no rows"),
        ("1,2\n3,4,5\n", "line 2 has 3 cells, the first record 2"),
        ("a,b\n1,2\n\n3\n", "line 4 has 1 cell, the names 2"),
        ("a,b\n1,\n,2\n", "none of the 2 rows is complete"),
        ("1\n2\n", "the points have 1 column, x1"),
        ("x,y\n1,2\n1e200,5\n", "line 3, column x: '1e200' is beyond 1e140"),
        ("x,y\n1,2\n1,-inf\n", "line 3, column y: '-inf' is beyond 1e140"),
    ],
)
def test_bad_rows_are_named_by_their_line(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        points_of(text)


def test_incomplete_rows_are_left_out_with_their_groups_and_counted() -> None:
    points = points_of("a,b,kind\n1,2,u\n,3,v\n4,5,v\n6,7,\n8,nan,u\n", label="kind")
    assert points.values.tolist() == [[1, 2], [4, 5]]
    assert points.true_labels is not None
    assert points.true_labels.tolist() == [0, 1]
    assert points.n_incomplete == 3


def test_scaling_is_that_of_a_standard_scaler() -> None:
    points = points_of("1,10,5\n2,30,5\n4,20,5\n", scale=True)
    np.testing.assert_allclose(points.values.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(points.values.std(axis=0), [1, 1, 0])
    assert points.unscaled is not None
    np.testing.assert_allclose(points.in_units(points.values), points.unscaled)
    np.testing.assert_allclose(points.scaled(points.unscaled), points.values)
    assert points.axis_names == ("x1 (scaled)", "x2 (scaled)", "x3 (scaled)")


def test_more_features_are_drawn_by_their_principal_components() -> None:
    values = np.random.default_rng(0).normal(size=(50, 4)) * [1, 9, 3, 0.1]
    plane = project(values)
    assert plane.shape == (50, 2)
    assert plane.var(axis=0).tolist() == sorted(plane.var(axis=0), reverse=True)
    np.testing.assert_array_equal(project(values[:, :2]), values[:, :2])


def test_pictures_are_the_same_each_time(points: Points, result: BlobsResult) -> None:
    style = Style("dark", dpi=40)  # other tests draw on light paper
    trace = trace_start(run_blobs(points, BlobsSettings(KMeansSettings(2), "far")))
    scan = scan_clusters(points, KMeansSettings(2), range(1, 4), ignore)
    starts = compare_starts(run_blobs(points, BlobsSettings(KMeansSettings(2))), 3, ignore)
    for draw in (
        lambda: draw_overview(result, style),
        lambda: draw_steps(points, trace, style),
        lambda: draw_scan(points, scan, style),
        lambda: draw_starts(starts, style),
    ):
        assert to_png(draw()) == to_png(draw())


def test_silhouettes_rise_within_each_cluster(points: Points) -> None:
    scan = scan_clusters(points, KMeansSettings(n_init=1), [2], ignore)
    panels = draw_scan(points, scan, Style()).axes
    blades = next(axes for axes in panels if axes.get_xlabel() == "silhouette")
    assert len(blades.collections) == 2
    for blade in blades.collections:
        corners = np.asarray(blade.get_paths()[0].vertices)
        shown = corners[corners[:, 0] > 0]
        rows = shown[np.argsort(shown[:, 1], kind="stable")]
        assert (np.diff(rows[:, 0]) >= 0).all()


def test_the_report_gives_the_median_of_single_starts() -> None:
    trials = [StartTrials("random", (9.0, 1.0, 4.0), (3, 2, 5), 0.5)]
    (table,) = start_parts(trials)
    assert isinstance(table, ReportTable)
    shown = {field.label: field.text for field in table.rows[0]}
    assert [shown[label] for label in ("least inertia", "median", "most")] == [
        "1.00",
        "4.00",
        "9.00",
    ]


def test_only_centres_that_move_have_an_arrow(points: Points) -> None:
    trace = trace_start(run_blobs(points, BlobsSettings(KMeansSettings(2), "far")))
    updates = [
        axes for axes in draw_steps(points, trace, Style()).axes if "update" in axes.get_title()
    ]
    n_arrows = [
        sum(isinstance(text, Annotation) and text.arrow_patch is not None for text in axes.texts)
        for axes in updates
    ]
    assert (n_arrows[0], n_arrows[-1]) == (2, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells in these units")
def test_a_long_animation_is_not_kept_in_full_colour() -> None:
    program = """
import re
from pathlib import Path
import numpy as np
from kmcli.image_io import encode_animation

def most_kilobytes():
    return int(re.search("VmHWM: *([0-9]+)", Path("/proc/self/status").read_text().expandtabs())[1])

frames = (np.full((800, 800, 3), i, dtype=np.uint8) for i in range(60))
before = most_kilobytes()
encode_animation(frames, "gif", 100)
print(most_kilobytes() - before)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert int(run.stdout) * 1024 < 3 * 60 * 800 * 800


@pytest.mark.parametrize("format_name", ["gif", "apng"])
def test_animation_shows_every_step_and_loops(points: Points, format_name: str) -> None:
    trace = trace_start(run_blobs(points, BlobsSettings(KMeansSettings(2), "far")))
    frames = list(draw_animation(points, trace, Style(dpi=40)))
    assert len(frames) == 2 + 2 * len(trace.steps)
    assert len({frame.shape for frame in frames}) == 1
    data = encode_animation(frames, format_name, 1500)  # type: ignore[arg-type]
    with Image.open(io.BytesIO(data)) as image:
        total = 0.0
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            image.load()
            total += image.info["duration"]
        assert image.info["loop"] == 0
    assert total == 1500 * (len(frames) + 1)


def test_a_cluster_has_one_number_in_the_steps_and_in_the_result() -> None:
    points = make_points()
    for n_clusters in (2, 4, 6):
        result = run_blobs(points, BlobsSettings(KMeansSettings(n_clusters), "far"))
        last = trace_start(result).steps[-1]
        np.testing.assert_array_equal(last.labels, result.clustering.labels)
        np.testing.assert_allclose(last.after, result.clustering.centers)


def test_renumbered_steps_are_still_those_of_kmeans() -> None:
    points = make_points()
    trace = trace_start(run_blobs(points, BlobsSettings(KMeansSettings(4), "random")))
    for step in trace.steps:
        distances = ((points.values[:, np.newaxis] - step.before) ** 2).sum(axis=2)
        np.testing.assert_array_equal(step.labels, distances.argmin(axis=1))


def test_what_is_worse_is_told_by_the_best_of_all() -> None:
    points = make_points()
    good = run_blobs(points, BlobsSettings(KMeansSettings(8, n_init=200)))
    trials = compare_starts(good, 5, ignore)
    assert min(min(each.inertias) for each in trials) > good.clustering.inertia * 1.001
    assert [each.worse_share for each in trials] == [1, 1]


def test_the_report_says_that_a_single_start_did_better() -> None:
    points = make_points()
    bad = run_blobs(points, BlobsSettings(KMeansSettings(2), "far"))
    text = blobs_report(bad, "blobs", trials=compare_starts(bad, 3, ignore)).to_text()
    assert "1190.782" in text
    good = run_blobs(points)
    text = blobs_report(good, "blobs", trials=compare_starts(good, 3, ignore)).to_text()
    assert "runs below" not in text


def shown_panels(figure: Figure) -> list[Axes]:
    return [axes for axes in figure.axes if axes.axison]


@pytest.mark.parametrize("stretch", [1, 5, 100])
def test_both_axes_have_one_scale_unless_the_points_are_a_line(stretch: float) -> None:
    points = make_points()
    wide = replace(points, values=points.values * [stretch, 1])
    figure = draw_overview(run_blobs(wide), Style(dpi=30))
    for axes in shown_panels(figure):
        (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
        is_equal = (right - left) == pytest.approx(top - bottom)
        assert is_equal == (stretch < 8)
        assert is_equal == ("different scales" not in axes.get_xlabel())
        assert axes.get_box_aspect() == 1


def test_axes_tell_names_or_shares_of_the_variance() -> None:
    points = make_points()
    named = replace(points, names=("width (m)", "age"))
    first = draw_overview(run_blobs(named), Style(dpi=30)).axes[0]
    assert (first.get_xlabel(), first.get_ylabel()) == ("width (m)", "age")
    third = np.random.default_rng(0).normal(size=(300, 1))
    values = np.column_stack([points.values, third])
    figure = draw_overview(run_blobs(replace(points, values=values)), Style(dpi=30))
    variances = PCA().fit(values).explained_variance_ratio_
    assert f"{variances[0]:.1%}" in figure.axes[0].get_xlabel()
    assert f"{variances[1]:.1%}" in figure.axes[0].get_ylabel()


def test_a_long_strip_shows_the_steps_that_matter() -> None:
    points = make_points(PointsSpec(n_samples=600, shape="uniform"))
    trace = trace_start(run_blobs(points, BlobsSettings(KMeansSettings(8), "far")))
    assert len(trace.steps) > 10
    figure = draw_steps(points, trace, Style(dpi=20))
    titles = [axes.get_title() for axes in shown_panels(figure)]
    shown = {int(n) - 1 for n in re.findall(r"iteration (\d+): r", "\n".join(titles))}
    assert {0, len(trace.steps) - 1} <= shown
    inertias = [step.inertia_after for step in trace.steps]
    gains = {i: inertias[i - 1] - inertias[i] for i in range(1, len(inertias) - 1)}
    assert shown - {0, len(inertias) - 1} == set(sorted(gains, key=lambda i: -gains[i])[:3])
    notes = " ".join(axes.get_xlabel() for axes in shown_panels(figure))
    assert "not shown" in notes


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colors_of_clusters_can_be_told_apart_and_read(theme: Theme) -> None:
    style = Style(theme)
    colors = [style.color(index) for index in range(30)]
    assert len(set(colors)) == 30
    for index in range(30):
        assert contrast(style.color(index), style.on_color(index)) >= 4.5
    if theme == "dark":
        assert all(contrast(color, style.paper) >= 4.5 for color in colors[:10])


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_a_wide_standard_deviation_is_refused_with_the_limit() -> None:
    with pytest.raises(SettingsError, match="from 0 to 1000000"):
        PointsSpec(std=(1e200,))
