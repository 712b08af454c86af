"""Palettes in JSON, read and written, and in CSS, written."""

import json
from typing import Any

from kmcli.errors import InputError, SettingsError
from kmcli.palette_files.color_lists import refuse_unclear_alpha
from kmcli.palette_files.color_text import Color, parse_unit
from kmcli.palette_files.lines import joined
from kmcli.quantize.palette import Palette
from kmcli.text import quoted


def parse_json(text: str) -> list[Color]:
    """Read kmcli's palettes and reports, Lospec's palettes, or plain lists.

    An array, or an object that has it as ``palette`` or ``colors``. Its elements are colours
    like ``#c00000``, arrays of three or four numbers, or objects that have a colour as ``hex``;
    if all of these have an ``index`` as well, it gives the order.
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
        raise InputError("not a palette in JSON: it has no array 'palette' or 'colors'")
    rows = [row if isinstance(row, dict) else {"hex": row} for row in data]
    if all(type(row.get("index")) is int for row in rows):
        rows.sort(key=lambda row: int(row["index"]))
    values: list[Any] = [row.get("hex") for row in rows]
    refuse_unclear_alpha([value[3] for value in values if _is_array(value) and len(value) == 4])
    return [_color(value) for value in values]


def _is_array(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) in (3, 4)
        and all(type(number) is int and 0 <= number <= 255 for number in value)
    )


def _color(value: Any) -> Color:
    if _is_array(value):
        red, green, blue, alpha = [*value, 255][:4]
        return red, green, blue, alpha
    if not isinstance(value, str):
        raise InputError(
            f"not a palette in JSON: {quoted(json.dumps(value))} is not a colour like '#c00000'"
        )
    try:
        return parse_unit(value)
    except SettingsError as error:
        raise InputError(f"not a palette in JSON: {error}") from None


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
