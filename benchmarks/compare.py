"""Run kmcli and its peers on the same pictures, in turn: ``python -m benchmarks.compare``."""

import argparse
import json
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.contenders import OKLAB, OURS, contenders, is_undithered_peer
from benchmarks.machine import describe
from benchmarks.pictures import differences, listed, load, write_png
from benchmarks.plots import plot_comparison
from benchmarks.processes import alternate, median, ratio, run
from benchmarks.tables import geometric_mean, markdown

COLORS = (4, 16, 64, 256)

Row = dict[str, object]


def measure(pictures: list[Path], n_runs: int, colors: tuple[int, ...] = COLORS) -> list[Row]:
    """Run every contender on every picture.

    Parameters
    ----------
    pictures : list of Path
        What to quantize.
    n_runs : int
        How often each process is measured.
    colors : tuple of int
        Numbers of colours.

    Returns
    -------
    list of dict
        For each picture, number of colours and contender: differences, bytes, medians of wall
        and processor seconds and of peak memory, and the ratio of the times of kmcli and the
        contender, pair by pair.
    """
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for picture in pictures:
            source = write_png(picture, Path(folder, "in.png"))
            before = load(source)
            for k in colors:
                outputs = {name: Path(folder, f"{i}.png") for i, name in enumerate(contenders())}
                usages = alternate(
                    {
                        name: partial(run, command(source, k, outputs[name]))
                        for name, command in contenders().items()
                    },
                    n_runs,
                    warm_up=False,  # the programs are warm from the pictures before
                )
                for name, measured in usages.items():
                    typical = median(measured)
                    rows.append(
                        {
                            "picture": picture.stem,
                            "k": k,
                            "contender": name,
                            **differences(before, load(outputs[name])),
                            "bytes": outputs[name].stat().st_size,
                            "seconds": typical.wall,
                            "cpu_seconds": typical.cpu,
                            "peak_mb": typical.peak_mb,
                            "time_ratio": ratio(usages[OURS], measured),
                        }
                    )
    return rows


def summary(rows: list[Row]) -> str:
    """Summarize over the pictures, one table for each number of colours."""
    parts = []
    for k in sorted({row["k"] for row in rows}):
        of_k = [row for row in rows if row["k"] == k]
        names = list(dict.fromkeys(row["contender"] for row in of_k))
        best = _of(of_k, OURS)
        lines = []
        for name in names:
            own = _of(of_k, name)
            lines.append(
                [
                    name,
                    f"{geometric_mean(row['mse'] for row in own.values()):.1f}",
                    f"{geometric_mean(own[p]['mse'] / best[p]['mse'] for p in own):.3f}",
                    *(f"{_mean(own, key):{form}}" for key, form in _MEANS.items()),
                    f"{1 / geometric_mean(row['time_ratio'] for row in own.values()):.2f}",
                ]
            )
        header = ["", "MSE", "/ kmcli", "PSNR dB", "SSIM", "Oklab", "kB", "s", "CPU s", "MB",
                  "time / kmcli"]  # fmt: skip
        parts.append(f"k = {k}\n\n{markdown(header, lines)}")
    return "\n\n".join(parts)


_MEANS = {"psnr": ".2f", "ssim": ".4f", "delta_e": ".2f", "bytes": ".1f", "seconds": ".2f",
          "cpu_seconds": ".2f", "peak_mb": ".0f"}  # fmt: skip


def verdict(rows: list[Row]) -> str:
    """Set kmcli against the best undithered peer of each picture."""
    lines = []
    for k in sorted({row["k"] for row in rows}):
        of_k = [row for row in rows if row["k"] == k]
        peers = [row for row in of_k if is_undithered_peer(row["contender"])]
        pngquant = [row for row in peers if row["contender"].startswith("pngquant")]
        cells = [str(k)]
        for ours, theirs, key in ((OURS, peers, "mse"), (OKLAB, pngquant, "delta_e")):
            ratios = []
            for picture, row in _of(of_k, ours).items():
                rivals = [peer[key] for peer in theirs if peer["picture"] == picture]
                if rivals:
                    ratios.append(row[key] / min(rivals))
            cells += (
                [f"{geometric_mean(ratios):.3f}", f"{max(ratios):.3f}"] if ratios else ["-"] * 2
            )
        lines.append(cells)
    header = ["k", "MSE / best peer", "worst picture", "oklab: difference / pngquant",
              "worst picture"]  # fmt: skip
    return markdown(header, lines)


def _of(rows: list[Row], name: str) -> dict[str, Row]:
    return {row["picture"]: row for row in rows if row["contender"] == name}


def _mean(rows: dict[str, Row], key: str) -> float:
    mean = sum(row[key] or 0 for row in rows.values()) / len(rows)
    return mean / 1000 if key == "bytes" else mean


def main() -> None:
    """Write compare.md, compare.json and compare.png."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures", nargs="+", type=Path, help="files or folders")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("-k", dest="colors", type=int, nargs="+", default=COLORS)
    parser.add_argument("-d", dest="folder", type=Path, default=Path("benchmark-results"))
    given = parser.parse_args()
    rows = measure(listed(given.pictures), given.runs, tuple(given.colors))
    text = f"{verdict(rows)}\n\n{summary(rows)}\n\n{describe()}"
    given.folder.mkdir(parents=True, exist_ok=True)
    (given.folder / "compare.md").write_text(text + "\n")
    content = {"machine": describe(), "runs": given.runs, "rows": rows}
    (given.folder / "compare.json").write_text(json.dumps(content, indent=1) + "\n")
    plot_comparison(rows, given.folder / "compare.png")
    print(text)


if __name__ == "__main__":
    main()
