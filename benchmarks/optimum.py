"""How near the palettes come to the best of ten full restarts: ``python -m benchmarks.optimum``.

A restart is scikit-learn's ``KMeans`` with its own defaults on all distinct colours, weighted.
"""

import argparse
import itertools
import time
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from benchmarks.machine import describe
from benchmarks.pictures import listed, load
from benchmarks.tables import geometric_mean, markdown
from kmcli.quantize.fidelity import measure_mse
from kmcli.quantize.histogram import ColorCounts, count_colors
from kmcli.quantize.learn import fit_palette
from kmcli.quantize.remap import nearest
from kmcli.settings import Effort, QuantizeSettings

COLORS = (4, 16, 64, 256)
EFFORTS: tuple[Effort, ...] = get_args(Effort)
RESTARTS = "ten restarts"


def measure(histogram: ColorCounts, k: int) -> dict[str, tuple[float, float]]:
    """Give MSE of the rounded palette and processor seconds of each effort and the restarts."""

    def restart() -> NDArray[np.uint8]:
        model = KMeans(k, n_init=10, random_state=0)
        model.fit(histogram.colors.astype(float), sample_weight=histogram.counts.astype(float))
        return np.rint(model.cluster_centers_).astype(np.uint8)

    def learn(effort: Effort) -> NDArray[np.uint8]:
        return fit_palette(histogram, QuantizeSettings(k, space="rgb", effort=effort)).colors

    found = {}
    for name in (*EFFORTS, RESTARTS):
        start = time.process_time()
        with threadpool_limits(1):
            palette = restart() if name == RESTARTS else learn(name)
        seconds = time.process_time() - start
        found[name] = (measure_mse(histogram, palette, nearest(histogram.colors, palette)), seconds)
    return found


def table(pictures: list[Path], most_colors: int | None = None) -> str:
    """Measure all pictures, and lay out ratios to the ten restarts.

    Parameters
    ----------
    pictures : list of Path
        What to measure.
    most_colors : int, optional
        Leave out pictures of more distinct colours at k = 256, where ten restarts take minutes.
    """
    lines, n_worse = [], 0
    histograms = [count_colors(load(picture)) for picture in pictures]
    for k in COLORS:
        chosen = [
            each
            for each in histograms
            if k < 256 or most_colors is None or len(each.colors) <= most_colors
        ]
        results = [measure(histogram, k) for histogram in chosen]
        for result in results:
            mses = [result[effort][0] for effort in EFFORTS]
            n_worse += sum(after > before for before, after in itertools.pairwise(mses))
        for name in (*EFFORTS, RESTARTS):
            ratios = [result[name][0] / result[RESTARTS][0] for result in results]
            seconds = sorted(result[name][1] for result in results)
            lines.append(
                [
                    f"k = {k}, {name}",
                    str(len(results)),
                    f"{geometric_mean(ratios):.4f}",
                    f"{max(ratios):.4f}",
                    f"{seconds[len(seconds) // 2]:.2f}",
                    f"{seconds[-1]:.2f}",
                ]
            )
    header = ["", "pictures", "MSE / ten restarts", "worst picture", "CPU s, median", "most"]
    return f"{markdown(header, lines)}\n\nCases in which more effort was worse: {n_worse}."


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", nargs="+", type=Path, help="files or folders")
    parser.add_argument("--most-colors", type=int, help="leave out larger ones at k = 256")
    given = parser.parse_args()
    print(f"{table(listed(given.pictures), given.most_colors)}\n\n{describe()}")


if __name__ == "__main__":
    main()
