"""Dithering as the eye sees it, beside pngquant and Pillow: ``python -m benchmarks.dithering``.

The measure is the MSE after a Gaussian blur of both pictures with a sigma of 1.5 pixels: what is
seen from where single pixels are not.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from benchmarks.machine import describe
from benchmarks.pictures import listed, load, write_png
from benchmarks.processes import kmcli, run
from benchmarks.tables import geometric_mean, markdown

COLORS = (16, 64, 256)
SIGMA = 1.5
OURS = (
    "--dither none",
    "--dither floyd-steinberg",
    "--dither bayer",
    "--dither blue-noise",
    "--space rgb --dither floyd-steinberg",
    "--space rgb --dither floyd-steinberg --dither-strength 1",
)
PNGQUANT = "pngquant"
PILLOW = "kmcli's undithered palette, Pillow's error diffusion"


def blurred_mse(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> float:
    """Give the squared distance of two blurred pictures, summed over the channels."""
    difference = before.astype(float) - after
    blurred = gaussian_filter(difference, (SIGMA, SIGMA, 0))  # linear: blurs both at once
    return float((blurred**2).sum(axis=2).mean())


def measure(picture: Path, k: int) -> dict[str, float]:
    """Give the error of each contender on one picture."""
    errors = {}
    with tempfile.TemporaryDirectory() as folder:
        source = write_png(picture, Path(folder, "in.png"))
        before = load(source)
        output = Path(folder, "out.png")
        for options in OURS:
            run(kmcli("quantize", source, "-k", str(k), *options.split(), "-fqo", output))
            errors[f"kmcli {options}"] = blurred_mse(before, load(output))
            if options == "--dither none":
                with Image.open(output) as palette:
                    diffused = Image.fromarray(before).quantize(
                        palette=palette, dither=Image.Dither.FLOYDSTEINBERG
                    )
                errors[PILLOW] = blurred_mse(before, np.asarray(diffused.convert("RGB")))
        run(["pngquant", "--force", "--output", str(output), str(k), str(source)])
        errors[PNGQUANT] = blurred_mse(before, load(output))
    return errors


def table(pictures: Sequence[Path]) -> str:
    """Measure all pictures, and lay out geometric means and the worst cases against pngquant."""
    lines: dict[str, list[str]] = {}
    for k in COLORS:
        found = [measure(picture, k) for picture in pictures]
        for name in found[0]:
            ratios = [errors[name] / errors[PNGQUANT] for errors in found]
            mean = geometric_mean(errors[name] for errors in found)
            cells = [f"{mean:.1f}", f"{geometric_mean(ratios):.2f}", f"{max(ratios):.2f}"]
            lines.setdefault(name, [name]).extend(cells)
    header = ["blurred MSE"]
    for k in COLORS:
        header += [f"k = {k}", "/ pngquant", "worst"]
    return markdown(header, lines.values())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", nargs="+", type=Path, help="files or folders")
    print(f"{table(listed(parser.parse_args().pictures))}\n\n{describe()}")


if __name__ == "__main__":
    main()
