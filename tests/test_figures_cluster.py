"""Pictures of clustered tables: they show what is in the result, alike each time."""

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from matplotlib.figure import Figure

from kmcli.cluster.result import ClusterResult
from kmcli.cluster.run import prepare_table
from kmcli.cluster.scan import ScanStep, scan_table
from kmcli.cluster.workers import Threads
from kmcli.figures.cluster import draw_pca, draw_profile, draw_scan, draw_silhouette
from kmcli.figures.style import Style, to_png
from kmcli.tables.numbers import Column
from tests.array_source import ArraySource
from tests.test_cluster import QUICK, clustered, groups, with_categories

STYLE = Style(dpi=40)


@pytest.fixture(scope="module")
def result() -> ClusterResult:
    return clustered(with_categories(), QUICK, scored=True)[0]


@pytest.fixture(scope="module")
def scan() -> list[ScanStep]:
    prepared = prepare_table(ArraySource(groups(300)), QUICK, Threads(1))
    return scan_table(prepared, range(1, 5), QUICK)


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_the_plane_shows_every_row_centre_and_strong_column(result: ClusterResult) -> None:
    figure = draw_pca(result, STYLE)
    axes = figure.axes[0]
    assert len(axes.collections[0].get_offsets()) == 600  # type: ignore[arg-type]
    shown = texts(figure)
    assert {"0", "1", "2", "x1", "x2", "x3", "x4"} <= set(shown)
    assert "600 rows" in axes.get_title()
    (legend,) = figure.legends
    shares = result.profile.rows / 600
    assert [text.get_text() for text in legend.get_texts()] == [
        f"{number}: {share:.1%}" for number, share in enumerate(shares)
    ]
    low, high = axes.get_xlim()
    centers = [float(np.asarray(line.get_xdata())[0]) for line in axes.lines]
    assert len(centers) == 3
    assert all(low < x < high for x in centers)


def test_the_plane_is_that_of_most_variance(result: ClusterResult) -> None:
    points = result.prepared.sample().points
    values = np.linalg.eigvalsh(np.cov(points.T))[::-1]
    axes = draw_pca(result, STYLE).axes[0]
    assert axes.get_xlabel() == f"first main axis: {values[0] / values.sum():.0%} of the variance"
    plane = np.asarray(axes.collections[0].get_offsets())
    np.testing.assert_allclose(plane.var(axis=0) / values[:2], 1, rtol=0.01)


def test_names_of_columns_cover_neither_each_other_nor_centres() -> None:
    from sklearn.datasets import load_breast_cancer  # thirty columns, of which many agree

    found = clustered(ArraySource(load_breast_cancer().data), QUICK, scored=True)[0]
    figure = draw_pca(found, STYLE)
    to_png(figure)
    named = [text for text in figure.axes[0].texts if text.get_text()]
    boxes = [text.get_window_extent() for text in named]
    assert len(boxes) == 12 + 3
    for one, other in combinations(boxes, 2):
        assert not one.overlaps(other)


def test_a_table_of_one_column_has_a_plane_too() -> None:
    result = clustered(ArraySource(groups(200)[:, :1]), QUICK, scored=True)[0]
    assert "second main axis: 0%" in draw_pca(result, STYLE).axes[0].get_ylabel()


def test_the_heat_map_holds_the_differences(result: ClusterResult) -> None:
    figure = draw_profile(result, STYLE)
    (image,) = figure.axes[0].images
    np.testing.assert_array_equal(image.get_array(), result.profile.z)
    assert texts(figure)[0] == f"{result.profile.z[0, 0]:+.1f}"
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == [
        feature.name for feature in result.fit.rule.features
    ]
    assert "-0.0" not in texts(figure)


def test_long_names_of_columns_keep_both_ends() -> None:
    """Else a picture of long names has no place for anything else."""
    long = "the_monthly_mean_of_all_that_was_counted_" * 3
    columns = [Column(f"{number}{long}{number}") for number in range(4)]
    named = clustered(ArraySource(groups(200), columns), QUICK, scored=True)[0]
    shown = [text.get_text() for text in draw_profile(named, STYLE).axes[0].get_xticklabels()]
    for number, name in enumerate(shown):
        assert name.startswith(f"{number}the_")
        assert name.endswith(f"_{number}")
        assert len(name) < 40


def test_numbers_that_do_not_fit_into_the_heat_map_are_left_out() -> None:
    settings = replace(QUICK, n_clusters=30, n_init=1)
    result = clustered(ArraySource(groups(200)), settings, scored=True)[0]
    assert not texts(draw_profile(result, STYLE))
    assert texts(draw_profile(clustered(ArraySource(groups(200)), QUICK)[0], STYLE))


def test_blades_are_as_high_as_the_share_of_the_rows(result: ClusterResult) -> None:
    axes = draw_silhouette(result, STYLE).axes[0]
    heights = []
    for blade in axes.collections:
        (path,) = blade.get_paths()
        edges = np.asarray(path.vertices)[:, 1]
        heights.append(edges.max() - edges.min())
    np.testing.assert_allclose(heights, result.profile.rows / 600, atol=1e-9)
    assert result.scores is not None
    assert np.asarray(axes.lines[0].get_xdata())[0] == result.scores.silhouette
    assert f"{result.scores.silhouette:.2f}" in axes.get_title()


def test_the_scan_shows_stability_silhouette_and_the_recommended_number(
    scan: list[ScanStep],
) -> None:
    figure = draw_scan(scan, STYLE)
    upper, lower = figure.axes
    assert upper.get_title() == "recommended: 3 clusters"
    stability, silhouette, mark = upper.lines
    np.testing.assert_array_equal(stability.get_ydata(), [each.stability for each in scan])
    np.testing.assert_array_equal(
        np.asarray(silhouette.get_ydata())[1:], [each.scores.silhouette for each in scan[1:]]
    )
    assert set(np.asarray(mark.get_xdata()).tolist()) == {3}
    np.testing.assert_array_equal(lower.lines[0].get_ydata(), [each.inertia for each in scan])
    assert lower.get_ylim()[1] > 1.05 * scan[0].inertia


def test_a_scan_without_a_stable_number_says_so(scan: list[ScanStep]) -> None:
    unstable = [replace(each, stability=0.5) for each in scan]
    upper, _ = draw_scan(unstable, STYLE).axes
    assert upper.get_title() == "no number of clusters is stable"
    assert len(upper.lines) == 2


@pytest.mark.parametrize("draw", [draw_pca, draw_profile, draw_silhouette])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_equal_results_give_equal_bytes_in_either_theme(
    draw: Callable[[ClusterResult, Style], Figure], theme: str, result: ClusterResult
) -> None:
    style = Style(theme=theme, dpi=30)  # type: ignore[arg-type]
    figure = draw(result, style)
    assert figure.get_facecolor() == mpl_color(style.paper)
    assert to_png(figure) == to_png(draw(result, style))


def mpl_color(name: str) -> tuple[float, ...]:
    from matplotlib.colors import to_rgba

    return to_rgba(name)
