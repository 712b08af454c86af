"""Files of pictures and palettes to arrays and back, in one call each, for use from Python."""

# Annotations as they are written: help() shows ArrayLike, not all that it stands for.
from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from kmcli.errors import (
    ExistsError,
    KmcliError,
    SettingsError,
    TooManyBytesError,
    TooManyFramesError,
    TooManyPixelsError,
)
from kmcli.files import publish, read_input
from kmcli.image_io import (
    decode_image,
    encode_indexed,
)
from kmcli.palette_files import decode_palette, encode_palette
from kmcli.quantize.image import QuantizedImage
from kmcli.quantize.palette import Palette
from kmcli.settings import MAX_INPUT_BYTES, MAX_PIXELS, IndexedFormat


def read_image(
    source: str | os.PathLike[str] | bytes,
    *,
    max_pixels: int = MAX_PIXELS,
    max_bytes: int = MAX_INPUT_BYTES,
) -> NDArray[np.uint8]:
    """Read a picture as ``kmcli quantize`` does: upright, in sRGB, 8 bits per channel.

    Parameters
    ----------
    source : str, path-like or bytes
        The name of a file of any format that kmcli reads, ``-`` for standard input; or the
        content of one.
    max_pixels, max_bytes : int
        Refuse larger inputs.

    Returns
    -------
    ndarray of shape (height, width, 3) or (height, width, 4), uint8
        sRGB; the fourth channel is straight alpha and is there only if some pixel is not
        opaque.

    Warns
    -----
    UserWarning
        If something is lost, such as all frames of an animation except the first.

    Raises
    ------
    InputError
        If the file cannot be read or is not a picture.
    LimitError
        If it is too large.

    Examples
    --------
    >>> import kmcli
    >>> kmcli.read_image("sample_images/china.jpg").shape
    (427, 640, 3)
    """
    name = "the picture" if isinstance(source, bytes) else os.fspath(source)
    with _named(name):
        data = source if isinstance(source, bytes) else read_input(name, max_bytes)
        decoded = decode_image(data, max_pixels)
    for warning in decoded.warnings:
        warnings.warn(f"{name}: {warning}", stacklevel=2)
    return decoded.pixels


def encode_image(
    image: QuantizedImage,
    format_name: IndexedFormat = "png",
    *,
    durations: Sequence[int | Fraction] | None = None,
    n_plays: int = 0,
) -> bytes:
    r"""Encode a quantized picture with its palette, as ``kmcli quantize`` does.

    Parameters
    ----------
    image : QuantizedImage
        What to encode.
    format_name : {"png", "gif", "webp"}
        A PNG has the smallest bit depth that holds the indices. WebP is lossless, and holds no
        animations; GIF knows no translucent colours.
    durations : sequence of int or Fraction, optional
        How long to show each frame of an animation, in milliseconds.
    n_plays : int
        How often to play the animation; 0 means for ever.

    Returns
    -------
    bytes
        The whole file.

    Raises
    ------
    InputError
        If the format cannot hold the picture.
    SettingsError
        If there is not one duration for each frame.

    Examples
    --------
    >>> import kmcli
    >>> logo = kmcli.read_image("sample_images/logo.png")
    >>> kmcli.encode_image(kmcli.quantize_image(logo))[:4]
    b'\x89PNG'
    >>> blinking = kmcli.quantize_image([logo, 255 - logo])
    >>> len(kmcli.encode_image(blinking, durations=[500, 500])) > 0
    True
    """
    palette, indices = image.palette.colors, image.indices
    if indices.ndim == 2 and durations is None:
        return encode_indexed(palette, indices, format_name)
    n_frames = len(indices) if indices.ndim == 3 else 1
    if durations is None or len(durations) != n_frames or format_name == "webp":
        raise SettingsError(
            f"the picture has {n_frames} frames; it takes as many durations, and PNG or GIF"
        )
    return encode_indexed(palette, indices, format_name, durations=durations, n_plays=n_plays)


def write_png(image: QuantizedImage, path: str | os.PathLike[str], *, force: bool = False) -> None:
    """Write a quantized picture as ``kmcli quantize`` does: a whole indexed PNG, or nothing.

    Parameters
    ----------
    image : QuantizedImage
        What to write.
    path : str or path-like
        Output file; ``-`` is standard output.
    force : bool
        Whether an existing file may be replaced.

    Raises
    ------
    OutputError
        If it cannot be written, or exists and `force` is false; then nothing is changed.

    Examples
    --------
    >>> import kmcli
    >>> pixels = kmcli.read_image("sample_images/logo.png")
    >>> kmcli.write_png(kmcli.quantize_image(pixels), "logo-16.png")
    >>> kmcli.write_png(kmcli.quantize_image(pixels), "logo-16.png")
    Traceback (most recent call last):
        ...
    kmcli.errors.ExistsError: logo-16.png: exists; use force to replace it
    >>> kmcli.write_png(kmcli.quantize_image(pixels), "logo-16.png", force=True)
    """
    png, name = encode_image(image), os.fspath(path)
    with _named(name):
        publish([(name, png)], force=force)


def read_palette(path: str | os.PathLike[str]) -> NDArray[np.uint8]:
    """Read a palette file, as ``kmcli quantize --palette`` does.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    ndarray of shape (n, 3) or (n, 4), uint8
        1 to 256 colours in the order of the file, sRGB, with straight alpha if some colour is
        not opaque.

    Raises
    ------
    InputError
        If the file cannot be read or is not a palette.

    Examples
    --------
    >>> import kmcli
    >>> image = kmcli.quantize_image(kmcli.read_image("photo.jpg"), kmcli.QuantizeSettings(8))
    >>> kmcli.write_palette(image.palette, "photo.gpl")
    >>> (kmcli.read_palette("photo.gpl") == image.palette.colors).all().item()
    True
    """
    name = os.fspath(path)
    with _named(name):
        return decode_palette(read_input(name), name)


def write_palette(palette: Palette, path: str | os.PathLike[str], *, force: bool = False) -> None:
    """Write a palette file, as ``kmcli quantize --palette-out`` does.

    Parameters
    ----------
    palette : Palette
        What to write.
    path : str or path-like
        Output file; the suffix selects the format: .gpl, .pal, .hex, .act, .ase, .json or .css.
    force : bool
        Whether an existing file may be replaced.

    Raises
    ------
    SettingsError
        If the suffix is none of these.
    OutputError
        If it cannot be written, or exists and `force` is false; then nothing is changed.

    Examples
    --------
    >>> import kmcli
    >>> image = kmcli.quantize_image(kmcli.read_image("photo.jpg"), kmcli.QuantizeSettings(2))
    >>> kmcli.write_palette(image.palette, "photo.hex")
    >>> kmcli.read_palette("photo.hex").shape
    (2, 3)
    """
    name = os.fspath(path)
    stem, suffix = os.path.splitext(os.path.basename(name))
    with _named(name):
        publish([(name, encode_palette(palette, suffix, stem))], force=force)


_HINTS: dict[type[KmcliError], str] = {
    ExistsError: "; use force to replace it",
    TooManyBytesError: "; raise max_bytes",
    TooManyFramesError: "; raise it with max_pixels",
    TooManyPixelsError: "; raise it with max_pixels",
}


@contextlib.contextmanager
def _named(name: str) -> Iterator[None]:
    """Name the file in what goes wrong, and the argument that helps."""
    try:
        yield
    except KmcliError as error:
        raise type(error)(f"{name}: {error}{_HINTS.get(type(error), '')}", name) from None
