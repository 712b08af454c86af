"""What people see, beside other tools: ``python -m benchmarks.looks FOLDER``.

Bytes, SSIMULACRA2 (higher is better) and FLIP (lower is better) of what each tool writes. Needs the
extra ``benchmarks``: the two metrics, and pngquant 3 beside the Python that runs this.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from PIL import Image, ImageDraw

from benchmarks.machine import describe
from benchmarks.pictures import listed, load, write_png
from benchmarks.plots import mark_plainly
from benchmarks.processes import kmcli, run
from benchmarks.tables import geometric_mean, markdown

JUDGED_COLORS = (16, 64, 256)
CURVE_COLORS = (8, 16, 32, 64, 128, 256)
OURS, OURS_DITHERED = "kmcli", "kmcli --dither floyd-steinberg"
PEER, PEER_DITHERED = "pngquant 3 --nofs", "pngquant 3"
JUDGED = ((OURS, PEER), (OURS_DITHERED, PEER_DITHERED))
CROP = 160
_SHADES = (0, 1, 2, 4, 6, 7, 8, 9, 10, 14, 16, 18)
"""Of the colour map, so that no two tools have the same."""


class Look(NamedTuple):
    """What one tool made of one picture."""

    tool: str
    picture: str
    k: int
    n_bytes: int
    ssimulacra2: float
    flip: float


def tools() -> dict[str, list[str]]:
    """List what is installed: for each tool its command, with K, INPUT and OUTPUT to fill in."""
    found = {}
    for options in ("", "--space rgb", *(f"--dither {each}" for each in
                    ("floyd-steinberg", "bayer", "blue-noise"))):  # fmt: skip
        name = f"kmcli {options}".strip()
        arguments = ["quantize", "INPUT", "-k", "K", "-fqo", "OUTPUT", *options.split()]
        found[name] = kmcli(*arguments)
    for folder in (str(Path(sys.executable).parent), "/usr/bin"):
        program = shutil.which("pngquant", path=folder)
        if program:
            version = subprocess.check_output([program, "--version"], text=True).split()[0]
            label = "pngquant 3" if version.startswith("3") else f"pngquant {version}"
            for option in ("", "--nofs"):
                arguments = [option] if option else []
                found[f"{label} {option}".strip()] = [
                    program, *arguments, "--force", "--output", "OUTPUT", "K", "INPUT",
                ]  # fmt: skip
    if shutil.which("convert"):
        for option in ("", "+dither"):
            arguments = [option] if option else []
            found[f"ImageMagick {option}".strip()] = [
                "convert", "INPUT", *arguments, "-colors", "K", "PNG8:OUTPUT",
            ]  # fmt: skip
    found["Pillow"] = [sys.executable, "-m", "benchmarks.contenders", "pillow", "median cut",
                       "INPUT", "K", "OUTPUT"]  # fmt: skip
    return found


def write(command: Sequence[str], source: Path, k: int, output: Path) -> None:
    """Run a tool on one picture."""
    values = {"K": str(k), "INPUT": str(source), "OUTPUT": str(output)}
    filled = [values.get(each, each) for each in command]
    run([each.replace("PNG8:OUTPUT", f"PNG8:{output}") for each in filled])


def look(picture: Path, k: int, tool: str) -> Look:
    """Measure what one tool makes of one picture."""
    import flip_evaluator
    from ssimulacra2 import compute_ssimulacra2

    with tempfile.TemporaryDirectory() as folder:
        source, output = write_png(picture, Path(folder, "in.png")), Path(folder, "out.png")
        write(tools()[tool], source, k, output)
        before, after = (load(path).astype(np.float32) / 255 for path in (source, output))
        flip = flip_evaluator.evaluate(before, after, "LDR", applyMagma=False)[1]
        score = compute_ssimulacra2(str(source), str(output))
        return Look(tool, picture.stem, k, output.stat().st_size, float(score), float(flip))


def measure(tasks: Sequence[tuple[Path, int, str]]) -> list[Look]:
    """Measure on all cores, one process each."""
    os.environ["OMP_NUM_THREADS"] = "1"
    with ProcessPoolExecutor() as pool:
        return list(pool.map(look, *zip(*tasks, strict=True)))


def compare(looks: Sequence[Look], ours: str, peer: str, k: int) -> list[str]:
    """Set one tool beside another: means, and the number of pictures that look better."""
    by_picture = {(each.tool, each.picture): each for each in looks if each.k == k}
    pairs = [
        (by_picture[ours, name], by_picture[peer, name])
        for tool, name in by_picture
        if tool == ours and (peer, name) in by_picture
    ]
    n_bytes = geometric_mean(own.n_bytes / other.n_bytes for own, other in pairs)
    flip = geometric_mean(own.flip / other.flip for own, other in pairs)
    gain = np.mean([own.ssimulacra2 - other.ssimulacra2 for own, other in pairs])
    n_flip = sum(own.flip < other.flip for own, other in pairs)
    n_score = sum(own.ssimulacra2 > other.ssimulacra2 for own, other in pairs)
    score = np.mean([own.ssimulacra2 for own, _ in pairs])
    return [f"{ours}, k = {k}", f"{n_bytes:.2f}", f"{flip:.2f}", f"{n_flip} of {len(pairs)}",
            f"{score:.1f}", f"{gain:+.1f}", f"{n_score} of {len(pairs)}"]  # fmt: skip


def table(looks: Sequence[Look], tools: Sequence[str], peer: str, colors: Sequence[int]) -> str:
    """Lay out tools against one of them."""
    header = [f"beside {peer}", "bytes", "FLIP", "lower on", "SSIMULACRA2", "beside", "higher on"]
    return markdown(header, [compare(looks, each, peer, k) for k in colors for each in tools])


def plot(looks: Sequence[Look], target: Path) -> None:
    """Draw quality over bytes, a curve for each tool; left is small, up is good."""
    figure = Figure(figsize=(12, 6), layout="constrained")
    scores, flips = figure.subplots(1, 2)
    for number, tool in enumerate(dict.fromkeys(each.tool for each in looks)):
        own = [each for each in looks if each.tool == tool]
        points = []
        for k in sorted({each.k for each in own}):
            of_k = [each for each in own if each.k == k]
            points.append((geometric_mean(each.n_bytes / 1000 for each in of_k),
                           np.mean([each.ssimulacra2 for each in of_k]),
                           geometric_mean(each.flip for each in of_k)))  # fmt: skip
        n_bytes, score, flip = zip(*points, strict=True)
        style = {"color": colormaps["tab20"](_SHADES[number]), "marker": "os^Dv<>PX*hp"[number],
                 "linewidth": 2.5 if tool.startswith("kmcli") else 1}  # fmt: skip
        scores.plot(n_bytes, score, label=tool, **style)
        flips.plot(n_bytes, flip, **style)
    scores.set(ylabel="SSIMULACRA2: higher is better")
    flips.set(ylabel="FLIP: lower is better", yscale="log")
    flips.invert_yaxis()
    for axes in (scores, flips):
        axes.set(xlabel="kB, geometric mean over the pictures", xscale="log")
        axes.grid(alpha=0.3)
    for axis in (scores.xaxis, flips.xaxis, flips.yaxis):
        mark_plainly(axis)
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(target, dpi=100)


def sheet(pictures: Sequence[Path], shown: Sequence[str], k: int, target: Path) -> None:
    """Set crops of the original and of what the tools make side by side, twice their size."""
    columns = ["original", *shown]
    side, caption = 2 * CROP, 20
    page = Image.new("RGB", (len(columns) * side, len(pictures) * side + caption), "white")
    draw = ImageDraw.Draw(page)
    for column, name in enumerate(columns):
        draw.text((column * side + 4, 4), name if column == 0 else f"{name}, k = {k}", "black")
        for row, picture in enumerate(pictures):
            with tempfile.TemporaryDirectory() as folder:
                output = source = write_png(picture, Path(folder, "in.png"))
                if column > 0:
                    output = Path(folder, "out.png")
                    write(tools()[name], source, k, output)
                pixels = load(output)
            top, left = (pixels.shape[0] - CROP) // 2, (pixels.shape[1] - CROP) // 2
            crop = Image.fromarray(pixels[top : top + CROP, left : left + CROP])
            doubled = crop.resize((side, side), Image.Resampling.NEAREST)
            page.paste(doubled, (column * side, row * side + caption))
    page.save(target)


def report(pictures: Sequence[Path], folder: Path | None, *, curves: bool = True) -> str:
    """Lay out the tables; write the plot and the sheet of crops into a folder."""
    if folder:  # rather now than after minutes of work
        folder.mkdir(parents=True, exist_ok=True)
    few, installed = pictures[:3], list(tools())
    judged = dict.fromkeys(name for pair in JUDGED for name in pair)
    tasks = [(picture, k, name) for picture in pictures for k in JUDGED_COLORS for name in judged]
    if curves:
        tasks += [(picture, k, name) for picture in few for k in CURVE_COLORS for name in installed]
    looks = measure(list(dict.fromkeys(tasks)))
    tables = [table(looks, [ours], peer, JUDGED_COLORS) for ours, peer in JUDGED]
    if curves:
        on_few = [each for each in looks if each.picture in {path.stem for path in few}]
        tables.append(table(on_few, installed, PEER_DITHERED, JUDGED_COLORS))
        if folder:
            plot(on_few, folder / "looks-curves.png")
    if folder:
        sheet(few, list(judged), 16, folder / "looks-crops.png")
    return "\n\n".join(tables)


def main() -> None:
    """Print the tables; write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", nargs="+", type=Path, help="files or folders")
    parser.add_argument("--quick", action="store_true", help="two pictures, and no curves")
    parser.add_argument("-d", "--folder", type=Path, help="where to write looks-*.png")
    given = parser.parse_args()
    pictures = listed(given.pictures)[: 2 if given.quick else None]
    print(f"{report(pictures, given.folder, curves=not given.quick)}\n\n{describe()}")


if __name__ == "__main__":
    main()
