"""How long kmcli takes to begin, beside what it cannot do without: python -m benchmarks.startup."""

import argparse
import sys
from functools import partial

from benchmarks.machine import describe
from benchmarks.processes import alternate, kmcli, median, run
from benchmarks.tables import markdown

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import click": [sys.executable, "-c", "import click"],
    "kmcli --version": kmcli("--version"),
    "kmcli --help": kmcli("--help"),
    "kmcli quantize --help": kmcli("quantize", "--help"),
    "import numpy": [sys.executable, "-c", "import numpy"],
    "import sklearn.cluster": [sys.executable, "-c", "import sklearn.cluster"],
}


def table(n_runs: int) -> str:
    """Measure, and lay out medians."""
    usages = alternate({name: partial(run, what) for name, what in COMMANDS.items()}, n_runs)
    lines = []
    for name, measured in usages.items():
        typical = median(measured)
        lines.append([f"`{name}`", f"{typical.wall:.3f}", f"{typical.cpu:.3f}",
                      f"{typical.peak_mb:.0f}"])  # fmt: skip
    return markdown(["", "s", "CPU s", "MB"], lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11)
    print(f"{table(parser.parse_args().runs)}\n\n{describe()}")


if __name__ == "__main__":
    main()
