"""How near `kmcli cluster` comes to the best of ten full fits: `python -m benchmarks.clustering`.

A full fit is scikit-learn's `KMeans` on all rows, columns standardised. Ratios are of inertias
over all rows. The seconds are the processor's, on one thread.
"""

import argparse
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

    def mini_batch(seed: int) -> Values:
        model = MiniBatchKMeans(k, n_init=10, random_state=seed)
        centers: Values = model.fit(points).cluster_centers_
        return centers

    for work in (ours, lambda seed: ours(seed, passes=1), mini_batch):
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
        "and a pass", "s", "MiniBatch, n_init 10", "s",
    ]  # fmt: skip
    lines = []
    with threadpool_limits(1):
        for data in chosen:
            lines.append(measure(data, given.rows, given.fits))
            print(markdown(header, lines[-1:]), flush=True)
    print(f"\n{markdown(header, lines)}\n\n{describe()}")


if __name__ == "__main__":
    main()
