"""Every colour model, depth and profile becomes 8-bit sRGB."""

import functools
import io
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from kmcli.errors import InputError

_STRIP_PIXELS = 2**18

_SRGB = ImageCms.createProfile("sRGB")


def to_pixels(image: Image.Image, notes: list[str]) -> NDArray[np.uint8]:
    """Convert a loaded picture of any mode to sRGB, through its colour profile if there is one.

    Gives shape (height, width, 3), or 4 for straight alpha if some pixel is not opaque. `notes`
    takes a line for what could not be used. Raises InputError if the pixels are numbers without a
    defined range.
    """
    if image.mode == "F" or (image.mode == "I" and _exceeds_16_bits(image)):
        raise InputError("pixels of 32 bits have no defined range; convert the image to 16 bits")
    # Strip by strip, as Pillow has four bytes for each pixel on the way.
    is_opaque = not image.has_transparency_data or all(
        alpha.getextrema() == (255, 255) for alpha in map(_alpha, _strips(image))
    )
    pixels = np.empty((image.height, image.width, 3 if is_opaque else 4), np.uint8)
    top = 0
    for strip in _strips(image):
        rows = pixels[top : top + strip.height]
        if strip.mode == "RGBA" and not is_opaque and not strip.info.get("icc_profile"):
            rows[:] = np.asarray(strip)  # as it is: half the time of colour and alpha apart
        else:
            rows[..., :3] = np.asarray(_as_srgb(strip, notes))
            if not is_opaque:
                rows[..., 3] = np.asarray(_alpha(strip))
        top += strip.height
    return pixels


def strip_rows(height: int, width: int) -> Iterator[tuple[int, int]]:
    """Part a picture into strips, however narrow it is; give the first row of each, and its end."""
    n_rows = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, n_rows):
        yield top, min(top + n_rows, height)


def _strips(image: Image.Image) -> Iterator[Image.Image]:
    for top, bottom in strip_rows(image.height, image.width):
        yield image.crop((0, top, image.width, bottom))


def _alpha(strip: Image.Image) -> Image.Image:
    key = strip.info.get("transparency")
    if strip.mode.startswith("I") and isinstance(key, int):
        return Image.fromarray(np.where(np.asarray(strip) == key, 0, 255).astype(np.uint8))
    if strip.mode not in ("LA", "PA"):
        strip = strip.convert("RGBA")
    return strip.getchannel("A")


def _as_srgb(strip: Image.Image, notes: list[str]) -> Image.Image:
    profile = strip.info.get("icc_profile")
    if strip.mode.startswith("I"):
        grey = (np.asarray(strip).astype(np.uint32) + 128) // 257
        strip = Image.fromarray(grey.astype(np.uint8))
    if strip.mode == "LA":
        strip = strip.convert("L")
    elif strip.mode in ("P", "PA", "1", "RGBA"):
        strip = strip.convert("RGB")
    if profile:
        transform = _transform(profile, strip.mode)
        if isinstance(transform, str):
            notes.append(transform)
        else:
            return transform(strip)
    if strip.mode == "LAB":
        lab = ImageCms.createProfile("LAB")
        converted = ImageCms.profileToProfile(strip, lab, _SRGB, outputMode="RGB")
        assert converted is not None  # noqa: S101 - it is None only when converting in place
        return converted
    return strip.convert("RGB")


@functools.lru_cache(maxsize=4)
def _transform(profile: bytes, mode: str) -> Callable[[Image.Image], Image.Image] | str:
    """Build what converts a mode to sRGB, once for all frames and strips; or say what is wrong."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        is_grey_in_color = mode == "L" and source.profile.xcolor_space.strip() == "RGB"
        # Many programs keep the profile of a picture that they turn grey.
        used_mode = "RGB" if is_grey_in_color else mode
        transform = ImageCms.buildTransform(source, _SRGB, used_mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return "cannot use the colour profile; assuming sRGB"
    if used_mode == "RGB" and _changes_nothing(transform):
        return lambda strip: strip.convert("RGB")

    def convert(strip: Image.Image) -> Image.Image:
        converted = ImageCms.applyTransform(strip.convert(used_mode), transform)
        assert converted is not None  # noqa: S101 - it is None only when converting in place
        return converted

    return convert


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """Tell whether a profile is sRGB for all practical purposes: at most one step away."""
    steps = np.arange(0, 256, 17, dtype=np.uint8)
    grid = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(16, -1, 3)
    converted = ImageCms.applyTransform(Image.fromarray(grid), transform)
    assert converted is not None  # noqa: S101 - as above
    return bool(np.abs(np.asarray(converted).astype(int) - grid).max() <= 1)


def _exceeds_16_bits(image: Image.Image) -> bool:
    low, high = image.getextrema()
    return bool(low < 0 or high > 65535)  # type: ignore[operator]  # one band: two numbers
