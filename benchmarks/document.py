"""Measure everything anew and rewrite the tables of docs/benchmarks.md.

``python -m benchmarks.document FOLDER`` takes about three quarters of an hour on a quiet machine.
"""

import argparse
import sys
import tempfile
from functools import partial
from pathlib import Path

from benchmarks import batch, compare, dithering, growth, looks, optimum, startup
from benchmarks.machine import describe
from benchmarks.pictures import enlarge, listed
from benchmarks.plots import plot_comparison, plot_growth
from benchmarks.processes import alternate, kmcli, median, ratio, run
from benchmarks.tables import markdown, replace_between_markers

DOCUMENT = Path(__file__).parent.parent / "docs" / "benchmarks.md"
MOST_COLORS = 70_000


def large(picture: Path, n_runs: int = 3) -> str:
    """Set 24 Mpx, as whole processes, beside pngquant."""
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        source = enlarge(picture, Path(folder, "large.png"), 24)
        output = str(Path(folder, "out.png"))
        for k in ("16", "256"):
            commands = {
                "kmcli": kmcli("quantize", source, "-k", k, "-f", "-q", "-o", output),
                "pngquant --nofs": [
                    "pngquant", "--nofs", "--force", "--output", output, k, str(source),
                ],
            }  # fmt: skip
            usages = alternate({name: partial(run, of) for name, of in commands.items()}, n_runs)
            for name, measured in usages.items():
                typical = median(measured)
                share = 1 / ratio(usages["kmcli"], measured)
                lines.append([f"k = {k}, {name}", f"{typical.wall:.2f}", f"{share:.2f}",
                              f"{typical.cpu:.2f}", f"{typical.peak_mb:.0f}"])  # fmt: skip
    return markdown(["24 Mpx", "s", "time / kmcli", "CPU s", "MB"], lines)


def small(picture: Path, n_runs: int = 9) -> str:
    """Set one photo of 0.4 Mpx beside the import of scikit-learn, which it does without."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "out.png")
        commands = {
            "import sklearn.cluster": [sys.executable, "-c", "import sklearn.cluster"],
            **{
                f"kmcli, k = {k}": kmcli(
                    "quantize", picture, "-k", str(k), "-f", "-q", "-o", output
                )
                for k in (16, 256)
            },
        }
        usages = alternate({name: partial(run, of) for name, of in commands.items()}, n_runs)
    base = usages["import sklearn.cluster"]
    lines = []
    for name, measured in usages.items():
        typical = median(measured)
        lines.append([name, f"{typical.wall:.2f}", f"{ratio(measured, base):.2f}",
                      f"{typical.cpu:.2f}", f"{typical.peak_mb:.0f}"])  # fmt: skip
    return markdown(["0.4 Mpx", "s", "time / import", "CPU s", "MB"], lines)


def main() -> None:
    """Run all of it, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", nargs="+", type=Path, help="files or folders")
    parser.add_argument("--runs", type=int, default=1, help="of each process in the comparison")
    parser.add_argument("--only", nargs="+", help="names of the tables to rewrite")
    given = parser.parse_args()
    pictures = listed(given.pictures)
    typical = next((each for each in pictures if each.stem == "motocross"), pictures[0])

    def comparison() -> str:
        rows = compare.measure(pictures, given.runs)
        plot_comparison(rows, DOCUMENT.with_name("images") / "benchmarks-compare.png")
        return f"{compare.verdict(rows)}\n\n{compare.summary(rows)}"

    def grown() -> str:
        rows = growth.measure(typical)
        plot_growth(rows, DOCUMENT.with_name("images") / "benchmarks-growth.png")
        return growth.table(rows)

    parts = {
        "machine": describe,
        "startup": partial(startup.table, 11),
        "small": partial(small, typical),
        "large": partial(large, typical),
        "batch": partial(batch.table, pictures, 3),
        "looks": partial(looks.report, pictures, DOCUMENT.with_name("images")),
        "dithering": partial(dithering.table, pictures),
        "growth": grown,
        "optimum": partial(optimum.table, pictures, MOST_COLORS),
        "compare": comparison,
    }
    for name, measure in parts.items():
        if given.only is None or name in given.only:
            text = measure()
            replace_between_markers(DOCUMENT, name, text)
            print(f"{name}\n\n{text}\n", flush=True)


if __name__ == "__main__":
    main()
