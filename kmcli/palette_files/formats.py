"""Palettes as other programs keep them: from bytes to colours and back."""

import codecs
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kmcli.errors import InputError, SettingsError
from kmcli.palette_files import binary, color_lists, gimp_jasc, json_css
from kmcli.palette_files.color_text import Color, parse_colors
from kmcli.palette_files.pictures import read_picture
from kmcli.quantize.palette import Palette
from kmcli.settings import MAX_COLORS, MAX_PIXELS
from kmcli.text import listed

__all__ = ["WRITTEN_SUFFIXES", "decode_palette", "encode_palette", "lost_alpha", "palette_of_list"]

_WRITERS: dict[str, Callable[[Palette, str], bytes]] = {
    ".gpl": gimp_jasc.format_gpl,
    ".pal": gimp_jasc.format_jasc,
    ".hex": color_lists.format_hex,
    ".act": binary.pack_act,
    ".ase": binary.pack_ase,
    ".json": json_css.format_json,
    ".css": json_css.format_css,
}

WRITTEN_SUFFIXES = tuple(_WRITERS)
"""The formats in which a palette can be written."""

_KEEP_ALPHA = (".json", ".css")

_READ = (
    "GIMP .gpl, JASC or RIFF .pal, Lospec .hex, .csv, Adobe .act, .aco and .ase, JSON, or a "
    "picture that has a palette or is one"
)

_BINARY = {".act": binary.parse_act, ".aco": binary.parse_aco}
"""Formats that only their names tell for certain."""

_IMAGE_MAGIC = (b"\xff\xd8\xff", b"BM", b"II*\0", b"MM\0*", b"RIFF", b"qoif")
"""How JPEG, BMP, TIFF, WebP and QOI begin: too short to outweigh the name of a palette file."""

_NO_MAGIC = {
    ".gpl": "not a GIMP palette: its first line must be 'GIMP Palette'",
    ".pal": "not a palette of Paint Shop Pro, which begins with JASC-PAL, or of Windows, with RIFF",
    ".ase": "not an Adobe Swatch Exchange file, which begins with ASEF; Aseprite's .ase files are "
    "drawings: export their palette as .gpl",
    ".css": "cannot read palettes from CSS; use .gpl, .hex or .json",
}


def decode_palette(data: bytes, name: str = "", max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Read the colours of a palette file, all of them, in their order.

    The content decides the format where it tells, the suffix of the name otherwise. Gives 1 to
    256 colours of shape (n, 3), or (n, 4) for straight alpha if one of them is not opaque.
    Colours that occur several times are kept, so that positions stay what they are.

    Raises InputError if the data is not a palette of a known format, is damaged, or holds no
    colour or more than 256; LimitError if it is a picture with too many pixels.
    """
    colors = _parse(data, Path(name).suffix.lower(), max_pixels)
    return colors if isinstance(colors, np.ndarray) else _as_array(colors)


def palette_of_list(value: str) -> NDArray[np.uint8]:
    """Read a list of colours such as ``#fff,#c00``, as `decode_palette` reads a file.

    Raises SettingsError if something in it is no colour, or if there are none or more than 256.
    """
    try:
        return _as_array(parse_colors(value))
    except InputError as error:
        raise SettingsError(str(error)) from None


def encode_palette(palette: Palette, suffix: str, title: str) -> bytes:
    """Write a palette in the format of a suffix, as the programs read it to which it belongs.

    What the format can hold of it reads back exactly; see `lost_alpha`. The title is for programs
    that show one. Raises SettingsError if there is no such format.
    """
    writer = _WRITERS.get(suffix.lower())
    if writer is None:
        known = ", ".join(WRITTEN_SUFFIXES)
        raise SettingsError(f"{suffix!r} is not the suffix of a palette file; use one of {known}")
    return writer(palette, title)


def lost_alpha(palette: Palette, suffix: str) -> str | None:
    """Say in a line what a format cannot hold of a palette's transparency; None if nothing."""
    colors = palette.colors
    if colors.shape[1] == 3 or suffix.lower() in _KEEP_ALPHA:
        return None
    n_lost = int((colors[:, 3] < 255).sum())
    if suffix.lower() == ".act":  # it can name one entry that is wholly transparent
        n_lost -= bool((colors[:, 3] == 0).any())
    if n_lost == 0:
        return None
    verb = "is" if n_lost == 1 else "are"
    return (
        f"{n_lost} of {len(colors)} colours {verb} transparent, which {suffix} cannot hold, and "
        f"{verb} written as opaque; {listed(_KEEP_ALPHA)} keep transparency"
    )


def _parse(data: bytes, suffix: str, max_pixels: int) -> Sequence[Color] | NDArray[np.uint8]:
    if data.startswith(b"ASEF"):
        return binary.parse_ase(data)
    if data.startswith(b"RIFF") and data[8:12] == b"PAL ":
        return binary.parse_riff(data)
    if data.startswith((b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")):
        return read_picture(data, max_pixels)
    if suffix in _BINARY:
        return _BINARY[suffix](data)
    content = _as_text(data)
    if content is not None:
        return _parse_text(content, suffix)
    if suffix in _NO_MAGIC:
        raise InputError(_NO_MAGIC[suffix])
    if len(data) in binary.ACT_SIZES:
        return binary.parse_act(data)
    if data.startswith(_IMAGE_MAGIC) or data[4:8] == b"ftyp":
        return read_picture(data, max_pixels)
    if re.match(rb"\0[\1\2]..\0[\0-\x0a]", data, re.DOTALL):
        return binary.parse_aco(data)
    raise InputError(f"not a palette that kmcli can read ({_READ})")


def _parse_text(content: str, suffix: str) -> Sequence[Color]:
    if content.startswith("GIMP Palette"):
        return gimp_jasc.parse_gpl(content)
    if content.startswith("JASC-PAL"):
        return gimp_jasc.parse_jasc(content)
    if suffix in _NO_MAGIC:
        raise InputError(_NO_MAGIC[suffix])
    if suffix == ".json" or content.lstrip().startswith(("{", "[")):
        return json_css.parse_json(content)
    return color_lists.parse_list(content)


def _as_text(data: bytes) -> str | None:
    """Decode text, as editors and shells write it; None if it is none."""
    try:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            content = data.decode("utf-16")
        else:
            data = data.removeprefix(codecs.BOM_UTF8)
            # Names in old palettes may be in any encoding, and are of no importance here.
            is_known = data.startswith((b"GIMP Palette", b"JASC-PAL"))
            content = data.decode("utf-8", "replace" if is_known else "strict")
    except UnicodeDecodeError:
        return None
    return None if "\0" in content else content


def _as_array(colors: Sequence[Color]) -> NDArray[np.uint8]:
    if not colors:
        raise InputError("it contains no colours")
    if len(colors) > MAX_COLORS:
        raise InputError(
            f"{len(colors)} colours are too many for an indexed picture; keep at most {MAX_COLORS}"
        )
    array = np.array(colors, dtype=np.uint8)
    return array[:, :3] if (array[:, 3] == 255).all() else array
