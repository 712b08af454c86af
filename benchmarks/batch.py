"""A hundred pictures in one call, beside pngquant: ``python -m benchmarks.batch``.

pngquant works on one core, so `xargs` runs as many of it as there are cores: the pngquant of the
system, and that of ``pip install pngquant-cli`` if it stands beside this Python.
"""

import argparse
import itertools
import shlex
import shutil
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.contenders import pngquants
from benchmarks.machine import describe
from benchmarks.pictures import listed, write_png
from benchmarks.processes import alternate, kmcli, median, ratio, run
from benchmarks.tables import markdown
from kmcli.parallel import n_cores

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
            paths.append(Path(shutil.copy(path, Path(folder, f"{number}.png"))))
        for k in map(str, COLORS):
            ours = kmcli("quantize", *paths, "-k", k, "-d", Path(folder, "out"), "-f", "-q")
            commands = {
                "kmcli": ours,
                "kmcli --effort fast": [*ours, "--effort", "fast"],
                **{
                    f"{name} --nofs": in_parallel(
                        [program, "--nofs", "--force", "--ext", ".out", k, "--"], paths
                    )
                    for name, program in pngquants().items()
                },
            }
            usages = alternate({name: partial(run, of) for name, of in commands.items()}, n_runs)
            for name, measured in usages.items():
                share = 1 / ratio(usages["kmcli"], measured)
                took = median(measured)
                lines.append(
                    [f"k = {k}, {name}", f"{took.wall:.1f}", f"{took.cpu:.1f}", f"{share:.2f}"]
                )
    return markdown([f"{N_PICTURES} pictures", "s", "CPU s", "time / kmcli"], lines)


def in_parallel(command: Sequence[str], paths: Sequence[Path]) -> list[str]:
    """Give the command that runs another one on shares of files, one process a core."""
    n_processes = n_cores()
    share = -(-len(paths) // (4 * n_processes))  # some for each, so that they end together
    script = f'printf "%s\\0" "$@" | xargs -0 -P {n_processes} -n {share} {shlex.join(command)}'
    return ["sh", "-c", script, "sh", *map(str, paths)]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", nargs="+", type=Path, help="files or folders")
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    print(f"{table(listed(given.pictures), given.runs)}\n\n{describe()}")


if __name__ == "__main__":
    main()
