"""How near `kmcli cluster` comes to the best of ten full fits: `python -m benchmarks.clustering`.

A full fit is scikit-learn's `KMeans` on all rows, columns standardised. Ratios are of inertias
over all rows. The seconds are the processor's, on one thread.

Beside it stand MiniBatchKMeans and those of mlpack, FAISS and dask-ml that are installed; their
packages ask for versions of numpy of their own, so give them an environment of their own.
"""

import argparse
import importlib.util
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans, MiniBatchKMeans
from threadpoolctl import threadpool_limits

from benchmarks.machine import describe
from benchmarks.table_data import TABLES, Data, Values
from benchmarks.tables import markdown
from kmcli.cluster.labelling import Labelling
from kmcli.cluster.run import fit_table, prepare_table
from kmcli.cluster.workers import Threads
from kmcli.clustering.passes import label_points
from kmcli.settings import ClusterSettings
from tests.array_source import ArraySource

SEEDS = (0, 1, 2)


def inertia(points: Values, centers: Values) -> float:
    """Sum the squared distances of all points to their nearest centres."""
    return float((label_points(points, centers).distances ** 2).sum())


def sketched(points: Values, settings: ClusterSettings) -> NDArray[np.float64]:
    """Cluster as the command does, and label every row; give the centres."""
    source, workers = ArraySource(points, size=50_000), Threads(1)
    prepared = prepare_table(source, settings, workers)
    fit = fit_table(prepared, source, settings, workers)
    for _ in Labelling(source, fit.rule, lambda _block, labels: labels.numbers, workers):
        pass
    return fit.rule.centers + prepared.scaling.offsets


def timed(work: Callable[[], Values]) -> tuple[Values, float]:
    """Do some work, and count the processor's seconds."""
    start = time.process_time()
    done = work()
    return done, time.process_time() - start


def mini_batch(points: Values, k: int, seed: int) -> Values:
    """Fit scikit-learn's MiniBatchKMeans, the best of ten starts."""
    centers: Values = MiniBatchKMeans(k, n_init=10, random_state=seed).fit(points).cluster_centers_
    return centers


def mlpack(points: Values, k: int, seed: int) -> Values:
    """Fit mlpack's k-means, which makes one start."""
    found = importlib.import_module("mlpack").kmeans(
        input_=points, clusters=k, seed=seed, kmeans_plus_plus=True
    )
    return np.asarray(found["centroid"], dtype=np.float64)


def faiss(points: Values, k: int, seed: int) -> Values:
    """Fit FAISS's k-means, the best of ten starts, on the sample that it takes by itself."""
    model = importlib.import_module("faiss").Kmeans(points.shape[1], k, nredo=10, seed=seed)
    model.train(points.astype(np.float32))
    return np.asarray(model.centroids, dtype=np.float64)


def dask_ml(points: Values, k: int, seed: int) -> Values:
    """Fit dask-ml's KMeans on eight blocks of rows."""
    array = importlib.import_module("dask.array").from_array(points, (len(points) // 8 + 1, -1))
    model = importlib.import_module("dask_ml.cluster").KMeans(k, random_state=seed)
    return np.asarray(model.fit(array).cluster_centers_, dtype=np.float64)


PEERS: dict[str, Callable[[Values, int, int], Values]] = {"MiniBatch, n_init 10": mini_batch} | {
    name: fit
    for name, fit in {"mlpack": mlpack, "faiss": faiss, "dask_ml": dask_ml}.items()
    if importlib.util.find_spec(name) is not None
}


def measure(data: Data, n_rows: int, n_fits: int) -> list[str]:
    """Measure a table: the row of the report."""
    values = data.make(n_rows)
    points = (values - values.mean(axis=0)) / values.std(axis=0)
    k = data.n_clusters
    full = []
    for seed in range(n_fits):
        centers, seconds = timed(
            lambda seed=seed: KMeans(k, n_init=1, random_state=seed).fit(points).cluster_centers_
        )
        full.append((inertia(points, centers), seconds))
    best = min(value for value, _ in full)
    cells = [f"{data.name}, k {k}", f"{np.median([value for value, _ in full]) / best:.4f}"]
    cells.append(f"{sum(seconds for _, seconds in full):.1f}")

    def ours(seed: int, **more: int) -> Values:
        settings = ClusterSettings(k, scale="none", random_state=seed, **more)  # type: ignore[arg-type]
        return sketched(points, settings)

    peers = [lambda seed, fit=fit: fit(points, k, seed) for fit in PEERS.values()]
    for work in (ours, lambda seed: ours(seed, passes=1), *peers):
        found = [timed(lambda seed=seed, work=work: work(seed)) for seed in SEEDS]
        ratios = [inertia(points, centers) / best for centers, _ in found]
        cells += [f"{max(ratios):.4f}", f"{np.median([seconds for _, seconds in found]):.1f}"]
    return cells


def main() -> None:
    """Print the table, row by row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--fits", type=int, default=10)
    parser.add_argument("--only", type=int, nargs="*", help="numbers of tables, from 0")
    given = parser.parse_args()
    chosen = [TABLES[number] for number in given.only or range(len(TABLES))]
    header = [
        f"{given.rows} rows", f"median of {given.fits} fits", "s", "sketch, worst of 3", "s",
        "and a pass", "s", *(part for name in PEERS for part in (name, "s")),
    ]  # fmt: skip
    lines = []
    with threadpool_limits(1):
        for data in chosen:
            lines.append(measure(data, given.rows, given.fits))
            print(markdown(header, lines[-1:]), flush=True)
    print(f"\n{markdown(header, lines)}\n\n{describe()}")


if __name__ == "__main__":
    main()
