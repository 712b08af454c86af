"""A hundred pictures in one call, beside pngquant: ``python -m benchmarks.batch``.

pngquant takes all files in one call too, and uses all cores.
"""

import argparse
import itertools
import shutil
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.machine import describe
from benchmarks.pictures import listed, write_png
from benchmarks.processes import alternate, kmcli, median, ratio, run
from benchmarks.tables import markdown

N_PICTURES = 100
COLORS = (16, 256)


def table(pictures: Sequence[Path], n_runs: int) -> str:
    """Measure, and lay out medians; the pictures are repeated until there are a hundred."""
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        first = [
            write_png(picture, Path(folder, f"{number}.png"))
            for number, picture in enumerate(pictures[:N_PICTURES])
        ]
        paths = list(first)
        for number, path in zip(range(len(first), N_PICTURES), itertools.cycle(first)):
            paths.append(shutil.copy(path, Path(folder, f"{number}.png")))
        for k in map(str, COLORS):
            ours = kmcli("quantize", *paths, "-k", k, "-d", Path(folder, "out"), "-f", "-q")
            commands = {
                "kmcli": ours,
                "kmcli --effort fast": [*ours, "--effort", "fast"],
                "pngquant --nofs": [
                    "pngquant", "--nofs", "--force", "--ext", ".out", k, "--", *map(str, paths),
                ],
            }  # fmt: skip
            usages = alternate({name: partial(run, of) for name, of in commands.items()}, n_runs)
            for name, measured in usages.items():
                share = 1 / ratio(usages["kmcli"], measured)
                wall = median(measured).wall
                lines.append([f"k = {k}, {name}", f"{wall:.1f}", f"{share:.2f}"])
    return markdown([f"{N_PICTURES} pictures", "s", "time / kmcli"], lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", nargs="+", type=Path, help="files or folders")
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    print(f"{table(listed(given.pictures), given.runs)}\n\n{describe()}")


if __name__ == "__main__":
    main()
