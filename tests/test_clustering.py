"""The clustering service agrees with scikit-learn, and says clearly what it cannot do."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from kmcli.clustering import fit_kmeans
from kmcli.errors import SettingsError
from kmcli.settings import KMeansSettings


def make_points(n: int = 200, seed: int = 0) -> NDArray[np.float64]:
    random = np.random.default_rng(seed)
    centers = np.array([[0, 0], [8, 0], [0, 8], [8, 8]])
    return np.concatenate([c + random.normal(size=(n // 4, 2)) for c in centers])


def test_same_seed_gives_the_same_clustering_as_scikit_learn() -> None:
    points = make_points(400)
    weights = np.random.default_rng(1).integers(1, 9, len(points))
    ours = fit_kmeans(points, KMeansSettings(7, n_init=5, random_state=3), weights)
    theirs = KMeans(7, n_init=5, random_state=3).fit(points, sample_weight=weights)
    assert ours.inertia == pytest.approx(theirs.inertia_, rel=1e-12)
    assert ours.n_iter == theirs.n_iter_
    pairs = set(zip(ours.labels.tolist(), theirs.labels_.tolist(), strict=True))
    assert len(pairs) == 7  # one to one: equal up to the numbering


def test_every_start_is_reported_and_the_best_is_kept() -> None:
    found = fit_kmeans(make_points(), KMeansSettings(6, init="random", n_init=8))
    assert len(found.start_inertias) == 8
    assert found.inertia == min(found.start_inertias)
    assert len(set(found.start_inertias)) > 1


def test_of_several_explicit_starts_the_best_is_kept() -> None:
    points = make_points()
    starts = points[np.random.default_rng(2).integers(0, len(points), (5, 6))]
    found = fit_kmeans(points, KMeansSettings(6), starts=starts)
    alone = [fit_kmeans(points, KMeansSettings(6), starts=start).inertia for start in starts]
    assert found.start_inertias == tuple(alone)
    assert found.inertia == min(alone) < max(alone)


@pytest.mark.parametrize("shape", [(2,), (3, 2), (4, 3), (0, 4, 2), (1, 1, 4, 2)])
def test_starts_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(SettingsError, match=r"the starts have shape .*; expected \(4, 2\)"):
        fit_kmeans(make_points(), KMeansSettings(4), starts=np.zeros(shape))


def test_clusters_are_numbered_by_weight() -> None:
    points = np.array([[0.0], [1.0], [10.0], [11.0], [20.0]])
    found = fit_kmeans(points, KMeansSettings(3), weights=[1, 1, 1, 1, 9])
    assert found.labels.tolist() == [1, 1, 2, 2, 0]
    assert found.centers.tolist() == [[20.0], [0.5], [10.5]]


def test_numbering_does_not_depend_on_the_seed() -> None:
    points = make_points()
    first, *others = (fit_kmeans(points, KMeansSettings(4, random_state=s)) for s in range(5))
    for other in others:
        np.testing.assert_array_equal(other.labels, first.labels)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=4, unique=True),
    st.integers(1, 4),
    st.data(),
)
def test_weights_count_like_repeated_points(
    points: list[tuple[int, int]], k: int, data: st.DataObject
) -> None:
    counts = [data.draw(st.integers(1, 4)) for _ in points]
    # Moved a little each: a point as near to two centres may go to either.
    places = points + np.random.default_rng(0).random((len(points), 2))
    starts = places[:k]
    weighted = fit_kmeans(places, KMeansSettings(k, tol=0), counts, starts=starts)
    repeated = fit_kmeans(
        np.repeat(places, counts, axis=0), KMeansSettings(k, tol=0), starts=starts
    )
    assert weighted.inertia == pytest.approx(repeated.inertia)


def test_explicit_starts_are_used_once() -> None:
    points = make_points()
    found = fit_kmeans(points, KMeansSettings(2, n_init=10), starts=[[0, 0], [8, 8]])
    theirs = KMeans(2, init=np.array([[0.0, 0], [8, 8]]), n_init=1).fit(points)
    assert len(found.start_inertias) == 1
    assert found.inertia == pytest.approx(theirs.inertia_)


def test_convergence_is_told() -> None:
    points = make_points(2000)
    assert fit_kmeans(points, KMeansSettings(4)).converged
    assert not fit_kmeans(points, KMeansSettings(9, n_init=1, max_iter=2)).converged


@pytest.mark.parametrize(
    ("points", "k", "message"),
    [
        ([[1.0], [2.0]], 3, "2 points cannot form 3 clusters"),
        ([[1.0], [1.0], [2.0]], 3, "2 distinct points cannot form 3 clusters"),
        ([[1.0], [float("nan")]], 1, "point 1 is not finite"),
        ([[1.0], [float("inf")]], 1, "point 1 is not finite"),
        ([1.0, 2.0], 1, r"shape \(2,\)"),
    ],
)
def test_points_that_cannot_be_clustered(points: object, k: int, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        fit_kmeans(points, KMeansSettings(k))  # type: ignore[arg-type]


def test_weights_that_make_no_sense() -> None:
    with pytest.raises(SettingsError, match=r"weight of point 1 is -1"):
        fit_kmeans([[1.0], [2.0]], KMeansSettings(1), weights=[1, -1])
    with pytest.raises(SettingsError, match=r"2 points have weights of shape \(3,\)"):
        fit_kmeans([[1.0], [2.0]], KMeansSettings(1), weights=[1, 1, 1])


@pytest.mark.parametrize(
    "values",
    [
        {"n_clusters": 0},
        {"n_init": 0},
        {"max_iter": 0},
        {"tol": -1.0},
        {"tol": float("nan")},
        {"random_state": -1},
        {"init": "maximin"},
        {"algorithm": "full"},
    ],
)
def test_settings_out_of_range(values: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match=next(iter(values))):
        KMeansSettings(**values)  # type: ignore[arg-type]


def test_bits_do_not_depend_on_the_number_of_threads() -> None:
    code = (
        "import numpy as np\n"
        "from kmcli.clustering import fit_kmeans\n"
        "from kmcli.settings import KMeansSettings\n"
        "points = np.random.default_rng(0).normal(size=(5000, 3))\n"
        "found = fit_kmeans(points, KMeansSettings(40, n_init=2))\n"
        "print(found.centers.tobytes().hex())\n"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "OMP_NUM_THREADS": n, "OPENBLAS_NUM_THREADS": n},
            capture_output=True,
            check=True,
        ).stdout
        for n in ("1", "3")
    }
    assert len(printed) == 1
