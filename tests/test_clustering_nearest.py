"""The nearest of others to each point: as found by comparing with all of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from kmcli.clustering import nearest
from kmcli.clustering.nearest import NearestSearch


@pytest.fixture(autouse=True)
def blocks_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave others out for few points too."""
    monkeypatch.setattr(nearest, "_MIN_DISTANCES", 0)
    monkeypatch.setattr(nearest, "_MIN_OTHERS", 1)


def naive_labels(points: NDArray[np.floating], others: NDArray[np.float64]) -> NDArray[np.intp]:
    labels: NDArray[np.intp]
    labels = ((points[:, np.newaxis].astype(float) - others) ** 2).sum(axis=2).argmin(axis=1)
    return labels


@given(
    st.integers(1, 300),
    st.integers(1, 40),
    st.integers(1, 11),
    st.integers(0, 9),
    st.integers(1, 9),
)
def test_whole_numbers_go_to_the_first_of_the_nearest(
    n_points: int, n_others: int, n_axes: int, seed: int, largest: int
) -> None:
    random = np.random.default_rng(seed)
    points = random.integers(-largest, largest, (n_points, n_axes), endpoint=True).astype(float)
    others = random.integers(-largest, largest, (n_others, n_axes), endpoint=True).astype(float)
    found = NearestSearch(points, n_others).labels(others)
    np.testing.assert_array_equal(found, naive_labels(points, others))


@pytest.mark.parametrize("n_axes", [1, 2, 3, 4, 6])
def test_points_anywhere_go_to_the_nearest_again_and_again(n_axes: int) -> None:
    random = np.random.default_rng(n_axes)
    # Groups far apart, with others outside of all boxes and some at one place.
    points = random.normal(random.integers(0, 3, (4000, 1)) * 9, 1, (4000, n_axes))
    search = NearestSearch(points, 90)
    for n_others in (90, 91, 7, 1):
        others = random.normal(8, 9, (n_others, n_axes))
        others[-1] = others[0]
        np.testing.assert_array_equal(search.labels(others), naive_labels(points, others))


def test_equal_points_form_one_block() -> None:
    points = np.full((50, 3), 7.0)
    others = np.array([[0.0, 0, 0], [7, 7, 8], [7, 8, 7]])
    assert set(NearestSearch(points, 3).labels(others).tolist()) == {1}


def test_most_others_are_left_out() -> None:
    random = np.random.default_rng(0)
    points, others = random.random((50_000, 3)), random.random((256, 3))
    compared = NearestSearch(points, 256).candidates(others).sum(axis=1).mean()
    assert compared < 16
