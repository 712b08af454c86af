"""The pictures to measure on: find them, enlarge them, and say how far two are apart."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kmcli.quantize.colorspace import srgb_to_oklab
from kmcli.quantize.fidelity import psnr_from_mse, structural_similarity

Image.MAX_IMAGE_PIXELS = None
_STRIP_ROWS = 256


def load(path: Path) -> NDArray[np.uint8]:
    """Read a picture as sRGB of shape (height, width, 3)."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def listed(paths: list[Path]) -> list[Path]:
    """Replace folders by the PNG and JPEG files in them."""
    found: list[Path] = []
    for path in paths:
        inside = sorted([*path.glob("*.png"), *path.glob("*.jpg")]) if path.is_dir() else [path]
        found += inside
    if not found:
        raise SystemExit("no pictures; name files, or folders of PNG or JPEG files")
    return found


def write_png(source: Path, target: Path) -> Path:
    """Write a picture as the plain PNG that every program reads alike."""
    with Image.open(source) as image:
        image.convert("RGB").save(target)
    return target


def enlarge(source: Path, target: Path, megapixels: float) -> Path:
    """Enlarge a picture to a size, and add a little noise, as a camera does.

    The noise moves one pixel in ten by at most one step: 24 Mpx then have about a million
    distinct colours.
    """
    with Image.open(source) as image:
        scale = (megapixels * 1e6 / (image.width * image.height)) ** 0.5
        size = (round(image.width * scale), round(image.height * scale))
        large = np.array(image.convert("RGB").resize(size, Image.Resampling.LANCZOS))
    random = np.random.default_rng(0)
    for top in range(0, len(large), _STRIP_ROWS):
        strip = large[top : top + _STRIP_ROWS]
        steps = random.integers(-1, 2, strip.shape, dtype=np.int8)
        steps[random.random(strip.shape[:2]) >= 0.1] = 0
        strip[:] = (strip.astype(np.int16) + steps).clip(0, 255)
    Image.fromarray(large).save(target, compress_level=6)
    return target


def differences(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> dict[str, float | None]:
    """Measure MSE (summed over the channels), PSNR, SSIM and the mean Oklab difference x 100."""
    mse = float(((before.astype(float) - after) ** 2).sum(axis=2).mean())
    change = srgb_to_oklab(before) - srgb_to_oklab(after)
    return {
        "mse": mse,
        "psnr": psnr_from_mse(mse),
        "ssim": structural_similarity(before, after),
        "delta_e": float(np.sqrt((change**2).sum(axis=2)).mean()),
    }
