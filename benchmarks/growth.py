"""Grow one picture from 1 to 100 Mpx: time and memory, stage by stage.

``python -m benchmarks.growth PICTURE``
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.machine import describe
from benchmarks.pictures import enlarge
from benchmarks.plots import plot_growth
from benchmarks.processes import SMALL_PARENT
from benchmarks.tables import markdown

SIZES = (1, 3, 10, 24, 50, 100)


def measure(picture: Path, n_colors: int = 16, sizes: tuple[int, ...] = SIZES) -> list[Any]:
    """Quantize a picture at several sizes, a process for each.

    Returns
    -------
    list of dict
        Megapixels, distinct colours, processor seconds by stage, peak memory in MB, and the
        bytes per pixel by which it exceeds that of the smallest size.
    """
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            large = enlarge(picture, Path(folder, "large.png"), size)
            command = [sys.executable, "-m", "benchmarks.growth", "--stages", str(large)]
            done = subprocess.run(
                [*SMALL_PARENT, *command, "-k", str(n_colors)],
                capture_output=True,
                text=True,
                check=True,
            )
            rows.append({"megapixels": size, **json.loads(done.stdout)})
    return rows


def stages(picture: Path, n_colors: int) -> dict[str, Any]:
    """Quantize a picture as the command does, one stage after the other."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    import resource
    import time

    seconds: dict[str, float] = {}
    last = time.process_time()

    def done(stage: str) -> None:
        nonlocal last
        now = time.process_time()
        seconds[stage] = now - last
        last = now

    from kmcli.image_io import decode_image, encode_indexed_png
    from kmcli.quantize.histogram import count_colors
    from kmcli.quantize.learn import fit_palette
    from kmcli.quantize.lookup import map_colors
    from kmcli.quantize.remap import nearest
    from kmcli.settings import QuantizeSettings

    done("import")
    pixels = decode_image(picture.read_bytes(), max_pixels=2**31).pixels
    done("decode")
    histogram = count_colors(pixels)
    done("count")
    settings = QuantizeSettings(n_colors)
    palette = fit_palette(histogram, settings).colors
    done("learn")
    entries = nearest(histogram.colors, palette, settings.space).astype("uint8")
    indices = map_colors(pixels, histogram.colors, entries)
    done("map")
    encode_indexed_png(palette, indices)
    done("encode")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak_mb = peak * (1 if sys.platform == "darwin" else 1024) / 1e6
    return {"colors": len(histogram.colors), "seconds": seconds, "peak_mb": peak_mb}


def table(rows: list[Any]) -> str:
    """Lay out what was measured."""
    names = list(rows[0]["seconds"])
    lines = []
    for row in rows:
        total = sum(row["seconds"].values())
        added_bytes = 1e6 * (row["peak_mb"] - rows[0]["peak_mb"])
        added_pixels = 1e6 * (row["megapixels"] - rows[0]["megapixels"])
        lines.append(
            [
                str(row["megapixels"]),
                str(row["colors"]),
                *(f"{row['seconds'][name]:.2f}" for name in names),
                f"{total:.2f}",
                f"{row['peak_mb']:.0f}",
                f"{added_bytes / added_pixels:.1f}" if added_pixels else "-",
            ]
        )
    header = ["Mpx", "colours", *names, "total s", "peak MB", "bytes per further pixel"]
    return markdown(header, lines)


def main() -> None:
    """Write growth.md, growth.json and growth.png."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("picture", type=Path)
    parser.add_argument("-k", dest="n_colors", type=int, default=16)
    parser.add_argument("-d", dest="folder", type=Path, default=Path("benchmark-results"))
    parser.add_argument("--stages", action="store_true", help="measure this file in this process")
    given = parser.parse_args()
    if given.stages:
        print(json.dumps(stages(given.picture, given.n_colors)))
        return
    rows = measure(given.picture, given.n_colors)
    text = f"{table(rows)}\n\n{describe()}"
    given.folder.mkdir(parents=True, exist_ok=True)
    (given.folder / "growth.md").write_text(text + "\n")
    (given.folder / "growth.json").write_text(json.dumps(rows, indent=1) + "\n")
    plot_growth(rows, given.folder / "growth.png")
    print(text)


if __name__ == "__main__":
    main()
