"""Palette files of decimal numbers, a colour in each line: GIMP's and Paint Shop Pro's."""

import re

from kmcli.errors import InputError
from kmcli.palette_files.color_text import Color
from kmcli.palette_files.lines import joined, numbered_lines
from kmcli.quantize.palette import Palette
from kmcli.text import quoted

_HEADER = re.compile(r"[A-Za-z][A-Za-z -]*:")
"""What stands before the first colour: ``Name:``, ``Columns:``, ``Channels:`` and the like."""


def parse_gpl(text: str) -> list[Color]:
    """Read a GIMP palette, with the extension by which Aseprite adds alpha.

    References: https://developer.gimp.org/core/standards/gpl/ and Aseprite's
    docs/gpl-palette-extension.md.
    """
    colors: list[Color] = []
    has_alpha = False
    for number, line in numbered_lines(text, first=2):
        if line.startswith("#"):
            continue
        if not colors and _HEADER.match(line):
            key, _, value = line.partition(":")
            has_alpha = has_alpha or (key.lower(), value.strip().upper()) == ("channels", "RGBA")
            continue
        colors.append(_decimal_color(number, line, has_alpha=has_alpha))
    return colors


def format_gpl(palette: Palette, title: str) -> bytes:
    """Write a GIMP palette whose colours are named by their codes."""
    # On one line, whatever a file name may hold.
    name = " ".join("".join(c if c.isprintable() else " " for c in title).split())
    lines = ["GIMP Palette", f"Name: {name}", "Columns: 8", "#"]
    for (red, green, blue), code in zip(palette.colors[:, :3], palette.hex, strict=True):
        lines.append(f"{red:3} {green:3} {blue:3}\t{code}")
    return joined(lines)


def parse_jasc(text: str) -> list[Color]:
    """Read a palette of Paint Shop Pro; a fourth number in a line is alpha."""
    lines = list(numbered_lines(text, first=2))
    if len(lines) < 2 or not re.fullmatch("[0-9]{1,9}", lines[1][1]):
        raise InputError("line 3 must give the number of colours")
    colors = []
    for number, line in lines[2:]:
        has_alpha = re.match(r"\S+[\s,]+\S+[\s,]+\S+[\s,]+[0-9]", line) is not None
        colors.append(_decimal_color(number, line, has_alpha=has_alpha))
    if len(colors) != int(lines[1][1]):
        raise InputError(
            f"line {lines[1][0]}: the count is {int(lines[1][1])}, but {len(colors)} colours follow"
        )
    return colors


def format_jasc(palette: Palette, _title: str) -> bytes:
    """Write a palette of Paint Shop Pro, with the line ends of Windows, as that does."""
    colors = palette.colors[:, :3]
    lines = ["JASC-PAL", "0100", str(len(colors))]
    return joined([*lines, *(" ".join(map(str, color)) for color in colors)], "\r\n")


def _decimal_color(number: int, line: str, *, has_alpha: bool) -> Color:
    """Read the numbers at the beginning of a line; what follows is a name."""
    words = re.split(r"[\s,]+", line)[: 4 if has_alpha else 3]
    values = [int(word) for word in words if re.fullmatch("[0-9]{1,3}", word)]
    if len(values) < 3 + has_alpha or max(values) > 255:
        form = "four numbers" if has_alpha else "three numbers"
        example = "255 128 0 255" if has_alpha else "255 128 0"
        raise InputError(
            f"line {number}: {quoted(line)} is not a colour; write {form} from 0 to 255, like "
            f"{example}"
        )
    red, green, blue, alpha = [*values, 255][:4]
    return red, green, blue, alpha
