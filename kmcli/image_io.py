"""Bytes to arrays and back: the only user of Pillow's file formats."""

import io
import struct
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from kmcli.errors import InputError, KmcliError, LimitError
from kmcli.settings import MAX_PIXELS

FORMATS = (
    "PNG",
    "JPEG",
    "GIF",
    "WEBP",
    "TIFF",
    "BMP",
    "PPM",
    "TGA",
    "ICO",
    "AVIF",
    "JPEG2000",
    "QOI",
)
"""What may be opened. An allowlist: some of Pillow's other formats start programs."""

_FORMAT_NAMES = "PNG, JPEG, GIF, WebP, TIFF, BMP, PPM, TGA, ICO, AVIF, JPEG 2000, QOI"
_STRIP_ROWS = 256


@dataclass(frozen=True)
class DecodedImage:
    """A picture as pixels, upright and in sRGB.

    Attributes
    ----------
    pixels : ndarray of shape (height, width, 3) or (height, width, 4), uint8
        sRGB; the fourth channel is straight alpha and is there only if some pixel is not
        opaque.
    format : str
        Name of the file format, as Pillow calls it.
    warnings : tuple of str
        What was lost or could not be used, a line each.
    """

    pixels: NDArray[np.uint8]
    format: str
    warnings: tuple[str, ...]


def decode_image(data: bytes, max_pixels: int = MAX_PIXELS) -> DecodedImage:
    """Decode an image file.

    The content decides the format. Orientation is applied, embedded colour profiles are
    converted to sRGB, 16 bits are scaled to 8, all colour models become RGB.

    Parameters
    ----------
    data : bytes
        The file.
    max_pixels : int
        Refuse larger pictures before decoding them.

    Returns
    -------
    DecodedImage

    Raises
    ------
    InputError
        If the data is not an image of a supported format, is truncated or damaged.
    LimitError
        If the picture has too many pixels, or does not fit into memory.
    """
    if not data:
        raise InputError("the file is empty")
    notes: list[str] = []
    before = Image.MAX_IMAGE_PIXELS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Opening reads the header; the check that follows says more than Pillow's would.
            Image.MAX_IMAGE_PIXELS = 2**62
            image = _open(data)
            _check_size(image.size, max_pixels)
            Image.MAX_IMAGE_PIXELS = max_pixels
            format_name = image.format or "unknown"
            _note_losses(image, data, notes)
            image.load()
            del data  # the pixels are about to be copied, and memory is short
            image = _upright(image, notes)
            image = _as_srgb(image, notes)
            pixels = _to_pixels(image)
    except KmcliError:
        raise
    except Image.DecompressionBombError:
        raise LimitError(
            f"the picture has more than {max_pixels} pixels; see --max-pixels"
        ) from None
    except MemoryError:
        raise LimitError("not enough memory to decode the picture") from None
    except Exception as error:  # noqa: BLE001 - decoders raise nearly everything on damaged data
        raise InputError(f"cannot decode the image: {_reason(error)}") from None
    finally:
        Image.MAX_IMAGE_PIXELS = before
    return DecodedImage(pixels, format_name, tuple(notes))


def decode_grey(data: bytes, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Decode an image file as shades of grey.

    Parameters
    ----------
    data : bytes
        The file.
    max_pixels : int
        Refuse larger pictures before decoding them.

    Returns
    -------
    ndarray of shape (height, width), uint8
        From 0 for black to 255 for white; what is transparent is black.

    Raises
    ------
    InputError, LimitError
        As `decode_image`.
    """
    pixels = decode_image(data, max_pixels).pixels
    image = Image.fromarray(pixels)
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "black"), image)
    return np.asarray(image.convert("L"))


def encode_indexed_png(palette: NDArray[np.uint8], indices: NDArray[np.uint8]) -> bytes:
    """Encode an indexed PNG at the smallest bit depth that holds the palette.

    Parameters
    ----------
    palette : ndarray of shape (n, 3) or (n, 4), uint8
        1 to 256 colours, sRGB or sRGB with straight alpha.
    indices : ndarray of shape (height, width), uint8
        Positions in the palette.

    Returns
    -------
    bytes
        The file, with a PLTE chunk of exactly n entries, a tRNS chunk as far as there is
        transparency, no other chunks.

    Raises
    ------
    KmcliError
        If the file does not read back as what was encoded: a fault that must not be published.
    """
    height, width = indices.shape
    data = np.ascontiguousarray(indices)
    image = Image.frombuffer("P", (width, height), data, "raw", "P", 0, 1)
    image.putpalette(np.ascontiguousarray(palette[:, :3]).tobytes())
    options = {}
    if palette.shape[1] == 4:
        translucent = np.flatnonzero(palette[:, 3] < 255)
        if len(translucent):
            options["transparency"] = palette[: translucent[-1] + 1, 3].tobytes()
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **options)
    _read_back(buffer, palette, indices)
    return buffer.getvalue()


def encode_animation(
    frames: Sequence[NDArray[np.uint8]], format_name: Literal["gif", "apng"], duration_ms: int
) -> bytes:
    """Encode pictures that follow one another for ever; the last one stays twice as long.

    Parameters
    ----------
    frames : sequence of ndarray of shape (height, width, 3), uint8
        At least one, all of one size.
    format_name : {"gif", "apng"}
        What every viewer shows, or what keeps every colour.
    duration_ms : int
        How long each is shown, in milliseconds.

    Returns
    -------
    bytes
    """
    first, *others = [Image.fromarray(frame) for frame in frames]
    durations = [duration_ms] * len(others) + [2 * duration_ms]
    buffer = io.BytesIO()
    name = "GIF" if format_name == "gif" else "PNG"
    first.save(buffer, name, save_all=True, append_images=others, duration=durations, loop=0)
    return buffer.getvalue()


def png_bit_depth(data: bytes) -> int:
    """Read the bits per sample, 1 to 16, from the header of a PNG."""
    return data[24]


def _read_back(buffer: io.BytesIO, palette: NDArray[np.uint8], indices: NDArray[np.uint8]) -> None:
    with Image.open(buffer, formats=("PNG",)) as image:
        image.load()
        is_same = image.mode == "P" and image.size == indices.shape[::-1]
        is_same = is_same and bytes(image.getpalette() or []) == palette[:, :3].tobytes()
        for top in range(0, len(indices) if is_same else 0, _STRIP_ROWS):
            bottom = min(top + _STRIP_ROWS, len(indices))
            strip = np.asarray(image.crop((0, top, image.width, bottom)))
            is_same = is_same and np.array_equal(strip, indices[top:bottom])
    if not is_same:
        raise KmcliError("the encoded PNG differs from the picture; please report this fault")


def _open(data: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError:
        raise InputError(f"not an image that kmcli can read ({_FORMAT_NAMES})") from None


def _check_size(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        raise LimitError(
            f"{width} x {height} = {width * height / 1e6:.1f} Mpx, limit {max_pixels / 1e6:.1f} "
            "Mpx; raise it with --max-pixels"
        )
    if width * height == 0:
        raise InputError(f"the picture has no pixels: {width} x {height}")


def _note_losses(image: Image.Image, data: bytes, notes: list[str]) -> None:
    n_frames = getattr(image, "n_frames", 1)
    if n_frames > 1:
        notes.append(f"only the first of {n_frames} frames is used")
    if _bits_per_channel(image, data) > 8:
        notes.append("16 bits per channel are reduced to 8")


def _bits_per_channel(image: Image.Image, data: bytes) -> int:
    if image.format == "PNG":
        return data[24]
    if image.format == "TIFF":
        bits = getattr(image, "tag_v2", {}).get(258, (8,))
        return int(max(bits)) if isinstance(bits, tuple) else int(bits)
    return 16 if image.mode.startswith("I;16") else 8


def _upright(image: Image.Image, notes: list[str]) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001 - damaged EXIF data raises nearly everything
        notes.append("the EXIF data is damaged; its orientation is ignored")
        return image


def _as_srgb(image: Image.Image, notes: list[str]) -> Image.Image:
    """Convert any mode to RGB or RGBA, through the embedded colour profile if there is one."""
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
    profile = image.info.get("icc_profile")
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


def _to_pixels(image: Image.Image) -> NDArray[np.uint8]:
    """Copy strip by strip: Pillow would hold the whole picture twice on the way to numpy."""
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        image = image.convert("RGB")
    width, height = image.size
    pixels = np.empty((height, width, len(image.getbands())), dtype=np.uint8)
    for top in range(0, height, _STRIP_ROWS):
        bottom = min(top + _STRIP_ROWS, height)
        pixels[top:bottom] = np.asarray(image.crop((0, top, width, bottom)))
    return pixels


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, struct.error | EOFError | IndexError) or "truncated" in text.lower():
        return "it is truncated or damaged"
    return text or "it is damaged"


def read_image_palette(data: bytes, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Read the palette that an indexed picture brings along, all of it, in its order.

    Parameters
    ----------
    data : bytes
        The file.
    max_pixels : int
        Refuse larger pictures before decoding them.

    Returns
    -------
    ndarray of shape (n, 3) or (n, 4), uint8
        sRGB; the fourth channel is straight alpha and is there only if some entry is not
        opaque. An embedded colour profile is applied, as it is to pixels.

    Raises
    ------
    InputError
        If the picture has no palette or cannot be read.
    LimitError
        If it has too many pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = _open(data)
            _check_size(image.size, max_pixels)
            values = image.getpalette() or []
            if not values and image.format == "GIF" and data[10] & 0x80:
                # Pillow takes a table of greys in their order for no palette at all.
                values = [level for level in range(2 << (data[10] & 7)) for _ in range(3)]
            if not values:
                raise InputError(
                    f"this {image.format} picture has no palette of its own; find one with "
                    "kmcli quantize PICTURE --palette-out palette.gpl"
                )
            n_colors = len(values) // 3
            entries = Image.frombytes("P", (n_colors, 1), bytes(range(n_colors)))
            entries.putpalette(values)
            entries.info.update(image.info)
            colors: NDArray[np.uint8] = _to_pixels(_as_srgb(entries, []))[0]
    except KmcliError:
        raise
    except Image.DecompressionBombError:
        raise LimitError(
            f"the picture has more than {max_pixels} pixels; see --max-pixels"
        ) from None
    except MemoryError:
        raise LimitError("not enough memory to decode the picture") from None
    except Exception as error:  # noqa: BLE001 - decoders raise nearly everything on damaged data
        raise InputError(f"cannot decode the image: {_reason(error)}") from None
    return colors
