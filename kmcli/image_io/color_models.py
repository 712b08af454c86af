"""Every colour model, depth and profile becomes 8-bit sRGB."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from kmcli.errors import InputError

_STRIP_ROWS = 64


def to_pixels(image: Image.Image, notes: list[str]) -> NDArray[np.uint8]:
    """Convert a loaded picture to sRGB, through its colour profile if there is one.

    Parameters
    ----------
    image : Image
        Of any mode.
    notes : list of str
        Takes a line for what could not be used.

    Returns
    -------
    ndarray of shape (height, width, 3) or (height, width, 4), uint8
        sRGB; the fourth channel is straight alpha and is there only if some pixel is not
        opaque.

    Raises
    ------
    InputError
        If the pixels are numbers without a defined range.
    """
    image = _as_srgb(image, notes)
    return _copy(image)


def _as_srgb(image: Image.Image, notes: list[str]) -> Image.Image:
    profile = image.info.get("icc_profile")
    if image.mode in ("RGB", "RGBA") and not profile and "transparency" not in image.info:
        return image
    if image.mode == "F" or (image.mode == "I" and _exceeds_16_bits(image)):
        raise InputError("pixels of 32 bits have no defined range; convert the image to 16 bits")
    if image.mode.startswith("I"):
        image = _from_16_bits(image)
    alpha = None
    if image.has_transparency_data:
        image = image.convert("RGBA") if image.mode not in ("LA", "PA") else image
        alpha = image.getchannel("A")
        image = image.convert("L" if image.mode == "LA" else "RGB")
    elif image.mode in ("P", "1"):
        image = image.convert("RGB")
    converted = _through_profile(image, profile, notes) if profile else None
    if converted is None and image.mode == "LAB":
        lab = ImageCms.createProfile("LAB")
        converted = ImageCms.profileToProfile(image, lab, _SRGB, outputMode="RGB")
    image = converted or image.convert("RGB")
    if alpha is not None:
        image.putalpha(alpha)
    return image


_SRGB = ImageCms.createProfile("sRGB")


def _through_profile(image: Image.Image, profile: bytes, notes: list[str]) -> Image.Image | None:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if image.mode == "L" and source.profile.xcolor_space.strip() == "RGB":
            # Many programs keep the profile of a picture that they turn grey.
            image = image.convert("RGB")
        transform = ImageCms.buildTransform(source, _SRGB, image.mode, "RGB")
        if image.mode == "RGB" and _changes_nothing(transform):
            return image
        return ImageCms.applyTransform(image, transform)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        notes.append("the colour profile cannot be used; the colours are taken as sRGB")
        return None


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """Tell whether a profile is sRGB for all practical purposes: at most one step away."""
    steps = np.arange(0, 256, 17, dtype=np.uint8)
    grid = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(16, -1, 3)
    converted = ImageCms.applyTransform(Image.fromarray(grid), transform)
    assert converted is not None  # noqa: S101 - it is None only when converting in place
    return bool(np.abs(np.asarray(converted).astype(int) - grid).max() <= 1)


def _exceeds_16_bits(image: Image.Image) -> bool:
    low, high = image.getextrema()
    return bool(low < 0 or high > 65535)  # type: ignore[operator]  # one band: two numbers


def _from_16_bits(image: Image.Image) -> Image.Image:
    values = np.asarray(image).astype(np.float32)
    grey = Image.fromarray(np.rint(values / 257).astype(np.uint8))
    grey.info.update(image.info)
    key = grey.info.pop("transparency", None)
    if isinstance(key, int):
        grey.putalpha(Image.fromarray(np.where(values == key, 0, 255).astype(np.uint8)))
    return grey


def _copy(image: Image.Image) -> NDArray[np.uint8]:
    """Copy strip by strip: Pillow would hold the whole picture twice on the way to numpy."""
    n_channels = len(image.getbands())
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        n_channels = 3
    width, height = image.size
    pixels = np.empty((height, width, n_channels), dtype=np.uint8)
    for top in range(0, height, _STRIP_ROWS):
        bottom = min(top + _STRIP_ROWS, height)
        strip = np.asarray(image.crop((0, top, width, bottom)))
        pixels[top:bottom] = strip[..., :n_channels]
    return pixels
