"""Open image files of known formats only, within limits, with one clear line for every failure."""

import contextlib
import io
import logging
import struct
import warnings
import zlib
from collections.abc import Iterator
from typing import NoReturn

from PIL import Image, UnidentifiedImageError

from kmcli.errors import (
    InputError,
    KmcliError,
    LimitError,
    SettingsError,
    TooManyFramesError,
    TooManyPixelsError,
)
from kmcli.image_io.quiet import quiet_stderr

FORMATS: tuple[str, ...] = (
    "PNG",
    "JPEG",
    "GIF",
    "WEBP",
    "TIFF",
    "BMP",
    "PPM",
    "ICO",
    "AVIF",
    "JPEG2000",
    "QOI",
    "TGA",
)
"""What may be opened. An allowlist: some of Pillow's other formats start programs.

TGA is last, as nothing marks it: whatever else a file may be, it is that.
"""

_FORMAT_NAMES = "PNG, JPEG, GIF, WebP, TIFF, BMP, PPM, ICO, CUR, AVIF, JPEG 2000, QOI, TGA"
_TIFF_MAGICS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_ICO_MAGIC = b"\0\0\1\0"
_CUR_MAGIC = b"\0\0\2\0"
_MAGICS = {
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "JPEG": (b"\xff\xd8\xff",),
    "GIF": (b"GIF87a", b"GIF89a"),
    "ICO": (_ICO_MAGIC,),
    "JPEG 2000": (b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51"),
    "QOI": (b"qoif",),
}
_DECODED_ON_OPENING = (_ICO_MAGIC, *_MAGICS["GIF"])
"""Icons hold whole files of other formats; of a GIF a whole frame may be filled."""

_TGA_HEADER = 18
_TGA_KINDS = {
    (1, 1, 8),
    *((2, has_palette, depth) for has_palette in (0, 1) for depth in (15, 16, 24, 32)),
    *((3, has_palette, depth) for has_palette in (0, 1) for depth in (1, 8, 16)),
}
"""Of what kind, with a palette or without, of how many bits."""

_HEIC_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs"}

_MAX_SIDE = 10**6
"""The limit of libpng. Each row takes its time, however short it is."""

_NO_LIMIT = 2**62


# Without a handler, what Pillow logs would go to standard error.
logging.getLogger("PIL").addHandler(logging.NullHandler())


@contextlib.contextmanager
def decoding(max_pixels: int) -> Iterator[None]:
    """Turn whatever decoders raise and warn about into InputError or LimitError, or nothing.

    No decoder makes room for more than `max_pixels`.
    """
    before = Image.MAX_IMAGE_PIXELS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Up to twice its limit Pillow only warns.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            Image.MAX_IMAGE_PIXELS = max_pixels
            yield
    except KmcliError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise TooManyPixelsError(
            f"the picture exceeds the limit of {max_pixels / 1e6:.1f} Mpx"
        ) from None
    except MemoryError:
        raise LimitError("not enough memory to decode the picture") from None
    except Exception as error:  # noqa: BLE001 - decoders raise nearly everything on damaged data
        _refuse(error)
    finally:
        Image.MAX_IMAGE_PIXELS = before


def open_image(data: bytes, max_pixels: int) -> Image.Image:
    """Read the header of an image file, inside `decoding`; the picture is not loaded yet.

    Raises InputError if it is not of a known format, LimitError if it is too large.
    """
    formats = FORMATS if _may_be_tga(data) else FORMATS[:-1]
    if _is_heic(data):
        formats = _formats_with_heic()
    is_cursor = _is_cursor(data)
    if is_cursor:
        data = _icon_of(data)
    if data[12:16] == b"VP8X":  # its canvas is laid out while it is opened
        width, height = (1 + int.from_bytes(data[at : at + 3], "little") for at in (24, 27))
        check_size((width, height), max_pixels)
    # The check of the size below says more than Pillow's would.
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = max_pixels if data.startswith(_DECODED_ON_OPENING) else _NO_LIMIT
    try:
        with quiet_if_tiff(data):
            image = Image.open(io.BytesIO(data), formats=formats)
    except UnidentifiedImageError:
        _refuse_unknown(data)
    except OSError:
        if data.startswith(b"BM"):
            n_bits = int.from_bytes(data[28:30], "little")
            raise InputError(f"an unsupported or damaged BMP of {n_bits} bits per pixel") from None
        raise
    finally:
        Image.MAX_IMAGE_PIXELS = before
    check_size(image.size, max_pixels)
    if is_cursor:
        image.format = "CUR"
    return image


def quiet_if_tiff(data: bytes) -> contextlib.AbstractContextManager[None]:
    """Make a context in which libtiff cannot write to standard error, if it would."""
    return quiet_stderr() if data.startswith(_TIFF_MAGICS) else contextlib.nullcontext()


def check_size(size: tuple[int, int], max_pixels: int, n_frames: int = 1) -> None:
    """Refuse pictures without pixels and those with too many, all frames of this size together."""
    width, height = size
    n_pixels = n_frames * width * height
    if n_pixels > max_pixels:
        frames = f"{n_frames} frames of " if n_frames > 1 else ""
        kind = TooManyFramesError if n_frames > 1 else TooManyPixelsError
        raise kind(
            f"{frames}{width} x {height} = {n_pixels / 1e6:.1f} Mpx, limit "
            f"{max_pixels / 1e6:.1f} Mpx"
        )
    if max(size) > _MAX_SIDE:
        raise LimitError(f"{width} x {height} pixels; no side may have more than {_MAX_SIDE}")
    if n_pixels == 0:
        raise InputError(f"the picture has no pixels: {width} x {height}")


class FramesLeftOut(str):
    """The warning that frames or pages are left out, for a caller who can take another."""

    __slots__ = ()


def check_frame(frame: int | None, n_frames: int, notes: list[str], kind: str) -> None:
    """Refuse a frame or page that is not there, and note those that are left out if any will do."""
    if frame is None:
        if n_frames > 1:
            notes.append(FramesLeftOut(f"using only the first of {n_frames} {kind}"))
    elif not 1 <= frame <= n_frames:
        raise SettingsError(f"no frame {frame}; the picture has {n_frames}")


def _is_cursor(data: bytes) -> bool:
    """Tell a cursor from a TGA in true colour, which may begin with the same four bytes."""
    n_entries, start = int.from_bytes(data[4:6], "little"), int.from_bytes(data[18:22], "little")
    return data.startswith(_CUR_MAGIC) and 6 < 6 + 16 * n_entries <= start


def _icon_of(data: bytes) -> bytes:
    """Make an icon of a cursor, which has the place that it points at instead of its depth.

    Pillow's own reader of cursors takes them for opaque, and knows none that is a PNG.
    """
    icon = bytearray(data)
    icon[2] = 1
    for entry in range(6, 6 + 16 * int.from_bytes(data[4:6], "little"), 16):
        start = int.from_bytes(data[entry + 12 : entry + 16], "little")
        is_png = data.startswith(_MAGICS["PNG"], start)
        icon[entry + 4 : entry + 8] = b"\1\0" + (b"\x20\0" if is_png else data[start + 14 :][:2])
    return bytes(icon)


def _may_be_tga(data: bytes) -> bool:
    """Tell whether a header makes sense that has no mark of its own."""
    if len(data) < _TGA_HEADER or data[17] & 0xC0:
        return False
    has_palette, kind, entry_bits, depth = data[1], data[2] & ~8, data[7], data[16]
    if has_palette > 1 or (has_palette and entry_bits not in (15, 16, 24, 32)):
        return False
    return data[2] < 12 and (kind, has_palette, depth) in _TGA_KINDS


def _is_heic(data: bytes) -> bool:
    if data[4:8] != b"ftyp" or data[8:12] in (b"avif", b"avis"):
        return False
    end = min(int.from_bytes(data[:4]), 256)
    return any(data[start : start + 4] in _HEIC_BRANDS for start in range(8, end, 4))


def _formats_with_heic() -> tuple[str, ...]:
    try:
        from pi_heif import register_heif_opener
    except ImportError:
        raise InputError(
            "HEIC support is not installed; run python3 -m pip install 'kmcli[heif]'"
        ) from None
    register_heif_opener()
    return (*FORMATS, "HEIF")


def _refuse_unknown(data: bytes) -> NoReturn:
    if data.startswith(_TIFF_MAGICS):  # of which there are more kinds than Pillow knows
        raise InputError("a damaged or unsupported TIFF") from None
    for name, magics in _MAGICS.items():
        if data.startswith(magics):
            raise InputError(f"a truncated or damaged {name}") from None
    raise InputError(f"not an image that kmcli can read ({_FORMAT_NAMES})") from None


def _refuse(error: Exception) -> NoReturn:
    """Say what a decoder means in words that a user can do something with."""
    text = " ".join(str(error).split())
    words = text.lower()
    if "MAX_TEXT" in text:
        raise LimitError("its compressed metadata unpacks to more than 1 MB; strip it") from None
    if isinstance(error, EOFError) or any(sign in words for sign in _SIGNS_OF_TRUNCATION):
        reason = "the image is truncated"
    elif isinstance(error, struct.error | IndexError | KeyError | TypeError | zlib.error):
        reason = "the image is truncated or damaged"
    elif isinstance(error, NotImplementedError) or words.startswith(("unsupported", "unknown")):
        reason = "an unsupported kind of image; convert it to PNG"
    else:
        reason = "the image is damaged"
    raise InputError(reason) from None


_SIGNS_OF_TRUNCATION = ("truncated", "eof", "only got", "not enough", "unexpected end")
