"""Palette files in binary: Adobe's colour tables and swatches, and those of Windows."""

import colorsys
import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kmcli.errors import InputError
from kmcli.palette_files.color_text import Color
from kmcli.quantize.colorspace import print_lab_to_srgb
from kmcli.quantize.palette import Palette
from kmcli.settings import MAX_COLORS

ACT_SIZES = (3 * MAX_COLORS, 3 * MAX_COLORS + 4)
"""Bytes of an Adobe colour table, without and with the count and the transparent entry."""

_NONE = 0xFFFF
_TRUNCATED = "truncated or damaged"
_ASE_COLOR, _ASE_GROUP_START, _ASE_GROUP_END = 0x0001, 0xC001, 0xC002
_ASE_NORMAL = 2
_ACO_INKS = {2: "CMYK", 3: "Pantone", 4: "Focoltone", 5: "Trumatch", 6: "Toyo", 9: "wide CMYK"}
_ACO_INKS |= {10: "HKS"}


def parse_act(data: bytes) -> list[Color]:
    """Read an Adobe colour table: 256 colours, perhaps how many count and which one is clear.

    Source: Adobe Photoshop File Formats Specification, "Color Table".
    """
    if len(data) not in ACT_SIZES:
        raise InputError(
            f"an Adobe colour table has {ACT_SIZES[0]} or {ACT_SIZES[1]} bytes, not {len(data)}"
        )
    count, transparent = MAX_COLORS, _NONE
    if len(data) == ACT_SIZES[1]:
        count, transparent = struct.unpack_from(">HH", data, ACT_SIZES[0])
    if count > MAX_COLORS:
        raise InputError(f"it says {count} colours, but has room for {MAX_COLORS}: it is damaged")
    colors = []
    for index in range(count):
        red, green, blue = data[3 * index : 3 * index + 3]
        colors.append((red, green, blue, 0 if index == transparent else 255))
    return colors


def pack_act(palette: Palette, _title: str) -> bytes:
    """Write an Adobe colour table; the first entry that is wholly transparent is named."""
    colors = palette.colors
    table = colors[:, :3].tobytes().ljust(ACT_SIZES[0], b"\0")
    clear = np.flatnonzero(colors[:, 3:] == 0)
    return table + struct.pack(">HH", len(colors), clear[0] if len(clear) else _NONE)


def parse_ase(data: bytes) -> list[Color]:
    """Read an Adobe Swatch Exchange file: its colours, whatever group they are in.

    Adobe has published no specification; this follows those by Olivier Berten
    (selapa.net/swatches/colors/fileformats.php) and Carl Camera.
    """
    colors: list[Color] = []
    try:
        (n_expected,) = struct.unpack_from(">I", data, 8)
        offset, n_blocks = 12, 0
        while offset < len(data):
            kind, length = struct.unpack_from(">HI", data, offset)
            block = data[offset + 6 : offset + 6 + length]
            if len(block) < length:
                raise InputError(_TRUNCATED)
            if kind == _ASE_COLOR:
                colors.append(_ase_color(block, len(colors) + 1))
            elif kind not in (_ASE_GROUP_START, _ASE_GROUP_END):
                raise InputError(f"block {n_blocks + 1} is of an unknown kind: {kind:#06x}")
            offset += 6 + length
            n_blocks += 1
    except struct.error:
        raise InputError(_TRUNCATED) from None
    if n_blocks < n_expected:
        raise InputError(_TRUNCATED)
    return colors


def _ase_color(block: bytes, number: int) -> Color:
    (name_length,) = struct.unpack_from(">H", block)
    start = 2 + 2 * name_length
    model = block[start : start + 4].decode("latin-1").strip()
    if model == "Gray":
        return _rgb(number, 3 * struct.unpack_from(">f", block, start + 4))
    if model not in ("RGB", "LAB"):
        raise InputError(_unusable(number, repr(model)))
    values = struct.unpack_from(">3f", block, start + 4)
    return _rgb(number, values) if model == "RGB" else _lab(number, 100 * values[0], *values[1:])


def parse_aco(data: bytes) -> list[Color]:
    """Read Photoshop's swatches, in the first version and in the second, which has names.

    Source: Adobe Photoshop File Formats Specification, "Color swatches".
    """
    try:
        version, count = struct.unpack_from(">2H", data)
        if version not in (1, 2):
            raise InputError(f"Photoshop's swatches are of version 1 or 2, not {version}")
        offset, colors = 4, []
        for number in range(1, count + 1):
            space, *values = struct.unpack_from(">H3H2x", data, offset)
            colors.append(_aco_color(number, space, values))
            offset += 10
            if version == 2:
                (name_length,) = struct.unpack_from(">I", data, offset)
                offset += 4 + 2 * name_length
    except struct.error:
        raise InputError(_TRUNCATED) from None
    if offset > len(data):
        raise InputError(_TRUNCATED)
    return colors


def _aco_color(number: int, space: int, values: list[int]) -> Color:
    if space == 0:
        return _rgb(number, [value / 65535 for value in values])
    if space == 1:
        return _rgb(number, colorsys.hsv_to_rgb(*(value / 65535 for value in values)))
    if space == 7:
        a, b = ((value ^ 0x8000) - 0x8000 for value in values[1:])  # these two are signed
        return _lab(number, values[0] / 100, a / 100, b / 100)
    if space == 8:
        return _rgb(number, 3 * [values[0] / 10000])
    name = _ACO_INKS.get(space, f"of the unknown kind {space}")
    raise InputError(_unusable(number, name))


def _unusable(number: int, model: str) -> str:
    return (
        f"colour {number} is {model}, which depends on the device; save the swatches in RGB or Lab"
    )


def _rgb(number: int, values: Sequence[float]) -> Color:
    # Not a number fails the comparison as well.
    if not all(-0.5 < 255 * value < 255.5 for value in values):
        raise InputError(f"colour {number} is out of range: {tuple(values)}")
    red, green, blue = (min(255, max(0, round(255 * value))) for value in values)
    return red, green, blue, 255


def _lab(number: int, lightness: float, a: float, b: float) -> Color:
    if not (-0.5 < lightness < 100.5 and -128.5 < a < 128.5 and -128.5 < b < 128.5):
        raise InputError(f"colour {number} is out of range: L {lightness:g}, a {a:g}, b {b:g}")
    red, green, blue = print_lab_to_srgb(np.array([[lightness, a, b]]))[0].tolist()
    return red, green, blue, 255


def pack_ase(palette: Palette, _title: str) -> bytes:
    """Write an Adobe Swatch Exchange file of RGB colours that are named by their codes."""
    blocks = [
        _ase_block(name, color / 255)
        for name, color in zip(palette.hex, palette.colors[:, :3], strict=True)
    ]
    return struct.pack(">4sHHI", b"ASEF", 1, 0, len(blocks)) + b"".join(blocks)


def _ase_block(name: str, rgb: NDArray[np.float64]) -> bytes:
    body = struct.pack(">H", len(name) + 1) + f"{name}\0".encode("utf-16-be")
    body += struct.pack(">4s3fH", b"RGB ", *rgb, _ASE_NORMAL)
    return struct.pack(">HI", _ASE_COLOR, len(body)) + body


def parse_riff(data: bytes) -> list[Color]:
    """Read a palette of Windows.

    Source: Microsoft, Multimedia Programming Interface and Data Specifications 1.0 (1991), "PAL".
    """
    try:
        offset = 12
        while data[offset : offset + 4] != b"data":
            (length,) = struct.unpack_from("<I", data, offset + 4)
            offset += 8 + length + length % 2
        (count,) = struct.unpack_from("<H", data, offset + 10)
        # The fourth byte holds flags for the graphics card, not alpha.
        entries = [struct.unpack_from("<3Bx", data, offset + 12 + 4 * i) for i in range(count)]
    except struct.error:
        raise InputError(_TRUNCATED) from None
    return [(red, green, blue, 255) for red, green, blue in entries]
