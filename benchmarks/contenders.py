"""Everything that is compared: how each program is called to write a picture of few colours."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.machine import program_version
from benchmarks.processes import kmcli

Command = Callable[[Path, int, Path], list[str]]
"""Gives the command for a picture, a number of colours and an output."""

OURS = "kmcli --space rgb"
OKLAB = "kmcli --space oklab"


def contenders() -> dict[str, Command]:
    """List what is installed, kmcli first."""
    found: dict[str, Command] = {
        OURS: _kmcli("--space", "rgb"),
        "kmcli --space rgb --effort fast": _kmcli("--space", "rgb", "--effort", "fast"),
        OKLAB: _kmcli("--space", "oklab"),
    }
    if shutil.which("pngquant"):
        for speed in ("1", "4"):
            found[f"pngquant --nofs --speed {speed}"] = _pngquant("--nofs", "--speed", speed)
            found[f"pngquant --speed {speed}"] = _pngquant("--speed", speed)
    if shutil.which("convert"):
        found["ImageMagick +dither -colors"] = lambda picture, k, output: [
            "convert", str(picture), "+dither", "-colors", str(k), f"PNG8:{output}",
        ]  # fmt: skip
    for method in ("median cut", "octree"):
        found[f"Pillow {method}"] = _here("pillow", method)
    found["notebook (every third pixel)"] = _here("notebook", "")
    return found


def pngquants() -> dict[str, str]:
    """List the programs pngquant by version: that of the system, and that beside this Python."""
    beside = Path(sys.executable).with_name("pngquant")
    elsewhere = [
        folder
        for folder in os.environ.get("PATH", os.defpath).split(os.pathsep)
        if Path(folder) != beside.parent
    ]
    programs = [
        shutil.which("pngquant", path=os.pathsep.join(elsewhere)),
        shutil.which(str(beside)),
    ]
    return {
        name: program
        for program in programs
        if program and (name := program_version(program)) is not None
    }


def is_undithered_peer(name: str) -> bool:
    """Tell whether a contender's MSE is what kmcli's is measured against."""
    return name.startswith(("pngquant --nofs", "ImageMagick", "Pillow"))


def _kmcli(*options: str) -> Command:
    return lambda picture, k, output: kmcli(
        "quantize", picture, "-k", str(k), "-f", "-q", "-o", output, *options
    )


def _pngquant(*options: str) -> Command:
    return lambda picture, k, output: [
        "pngquant", *options, "--force", "--output", str(output), str(k), str(picture),
    ]  # fmt: skip


def _here(what: str, method: str) -> Command:
    return lambda picture, k, output: [
        sys.executable, "-m", "benchmarks.contenders", what, method, str(picture), str(k),
        str(output),
    ]  # fmt: skip


def _quantize_with_pillow(method: str, picture: str, k: int, output: str) -> None:
    from PIL import Image

    chosen = Image.Quantize.MEDIANCUT if method == "median cut" else Image.Quantize.FASTOCTREE
    with Image.open(picture) as image:
        image.quantize(k, method=chosen, dither=Image.Dither.NONE).save(output)


def _quantize_as_the_notebook(picture: str, k: int, output: str) -> None:
    """Fit on every third pixel in both directions, predict all of them."""
    import numpy as np
    from PIL import Image
    from sklearn.cluster import KMeans

    with Image.open(picture) as image:
        pixels = np.asarray(image) / 255
    model = KMeans(k, random_state=0).fit(pixels[::3, ::3].reshape(-1, 3))
    indices = model.predict(pixels.reshape(-1, 3)).reshape(pixels.shape[:2])
    result = Image.fromarray(indices.astype(np.uint8), "P")
    result.putpalette(np.rint(255 * model.cluster_centers_).astype(np.uint8).tobytes())
    result.save(output)


if __name__ == "__main__":
    what, method, picture, k, output = sys.argv[1:]
    if what == "pillow":
        _quantize_with_pillow(method, picture, int(k), output)
    else:
        _quantize_as_the_notebook(picture, int(k), output)
