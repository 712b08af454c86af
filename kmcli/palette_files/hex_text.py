"""Palette files of hexadecimal codes: Lospec's lists, JSON and CSS."""

import json
import re
from typing import Any

from kmcli.errors import InputError
from kmcli.palette_files.lines import joined, numbered_lines, quoted
from kmcli.quantize.palette import Palette, parse_colors

_Color = tuple[int, int, int, int]

_CODE = re.compile(r"(?:#|0[xX])?([0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")
_COMMENT = re.compile(r"(;|//|#(\s|$))")
_PAINT_NET = re.compile(r";\s*paint\.net", re.IGNORECASE)


def parse_hex(text: str) -> list[_Color]:
    """Read hexadecimal colours: one in each line, perhaps with a name, or lists with commas.

    Parameters
    ----------
    text : str
        Colours with or without ``#``, as in CSS, or with alpha first if the text begins like
        the files of paint.net. Lines that begin with ``;``, ``//`` or a lone ``#`` are comments.

    Returns
    -------
    list of (red, green, blue, alpha)

    Raises
    ------
    InputError
        If a line is neither a colour nor a comment.
    """
    colors: list[_Color] = []
    alpha_first = _PAINT_NET.match(text) is not None
    for number, line in numbered_lines(text):
        if _COMMENT.match(line):
            continue
        for word in _hex_words(number, line):
            color = _hex_color(word)
            if color is None:
                raise InputError(
                    f"line {number}: {quoted(word)} is no colour; write it like c00000 or #c00000"
                )
            is_rotated = alpha_first and len(word.removeprefix("#")) == 8
            colors.append((*color[1:], color[0]) if is_rotated else color)
    return colors


def format_hex(palette: Palette, _title: str) -> bytes:
    """Write six digits per line, as Lospec does."""
    return joined([bytes(color[:3]).hex() for color in palette.colors])


def parse_json(text: str) -> list[_Color]:
    """Read colours from JSON: kmcli's palettes and reports, Lospec's palettes, or plain lists.

    Parameters
    ----------
    text : str
        An array, or an object that has it as ``palette`` or ``colors``. Its elements are
        colours like ``#c00000``, or objects that have them as ``hex``; if all of these have an
        ``index`` as well, it gives the order.

    Returns
    -------
    list of (red, green, blue, alpha)

    Raises
    ------
    InputError
        If it is something else.
    """
    try:
        data: Any = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"line {error.lineno}: not JSON: {error.msg.lower()}") from None
    except (RecursionError, ValueError):
        raise InputError("not a palette in JSON: too deep, or with numbers too long") from None
    if isinstance(data, dict):
        data = data.get("palette", data.get("colors"))
    if not isinstance(data, list):
        raise InputError("not a palette in JSON: there is no array 'palette' or 'colors'")
    rows = [row if isinstance(row, dict) else {"hex": row} for row in data]
    if all(type(row.get("index")) is int for row in rows):
        rows.sort(key=lambda row: int(row["index"]))
    colors = []
    for row in rows:
        name = row.get("hex")
        color = _hex_color(name) if isinstance(name, str) else None
        if color is None:
            raise InputError(
                f"not a palette in JSON: {quoted(json.dumps(name))} is no colour like '#c00000'"
            )
        colors.append(color)
    return colors


def format_json(palette: Palette, _title: str) -> bytes:
    """Write an object whose ``palette`` has the form that it has in a report, in its order."""
    rows = [
        json.dumps({"index": index, "hex": name, "share": share, "pixels": count})
        for index, (name, share, count) in enumerate(
            zip(palette.hex, palette.shares.tolist(), palette.counts.tolist(), strict=True)
        )
    ]
    return joined(['{"palette": [', *(f"  {row}," for row in rows[:-1]), f"  {rows[-1]}", "]}"])


def format_css(palette: Palette, _title: str) -> bytes:
    """Write custom properties, numbered like the entries, with their shares as comments."""
    rows = [
        f"  --color-{index}: {name}; /* {share:.2%} */"
        for index, (name, share) in enumerate(zip(palette.hex, palette.shares, strict=True))
    ]
    return joined([":root {", *rows, "}"])


def _hex_words(number: int, line: str) -> list[str]:
    """Take the colours out of a line, and leave the name behind."""
    if "," in line:
        return line.replace(",", " ").split()
    first, *rest = line.split()
    if any(_CODE.fullmatch(word) and not word.isalpha() for word in rest):
        raise InputError(
            f"line {number}: {quoted(line)} is more than one colour; put each on a line of its "
            "own, or commas between them"
        )
    return [first]


def _hex_color(word: str) -> _Color | None:
    """Read one colour; None if it is none."""
    match = _CODE.fullmatch(word)
    return parse_colors(match.group(1))[0] if match else None
