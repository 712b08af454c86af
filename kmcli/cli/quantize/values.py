"""How the values of the options of ``kmcli quantize`` are read."""

import os
import re
from pathlib import Path

import click

from kmcli.cli.quantize.inputs import IMAGE_SUFFIXES
from kmcli.settings import MAX_COLORS


def read_numbers(value: str) -> tuple[int, ...]:
    """Read one number of colours, or several like ``64,32,16``."""
    words = value.split(",")
    if not all(re.fullmatch(r"[0-9]{1,9}", word) for word in words):
        raise click.BadParameter(f"{value!r} is not a number, or several like 64,32,16")
    numbers = tuple(map(int, words))
    for number in numbers:
        if not 1 <= number <= MAX_COLORS:
            raise click.BadParameter(f"{number} is out of range: 1 to {MAX_COLORS}")
    if len(set(numbers)) < len(numbers):
        raise click.BadParameter(f"{value} has a number twice")
    return numbers


def read_bytes(value: str) -> int:
    """Read a number of bytes like ``50000``, ``50k`` or ``2M``."""
    match = re.fullmatch(r"(\d{1,15})(k|M)?B?", value, re.ASCII | re.IGNORECASE)
    if match is None:
        raise click.BadParameter(f"{value!r} is not a number of bytes such as 50000, 50k or 2M")
    return int(match[1]) * {"": 1, "k": 1000, "m": 1_000_000}[(match[2] or "").lower()]


def read_suffix(value: str) -> str:
    """Read what the names of outputs end in, before ``.png``."""
    if "/" in value or "\0" in value or not value:
        raise click.BadParameter("a suffix cannot be empty or contain '/'")
    ending = os.path.splitext(f"name{value}")[1].lower()
    if ending in IMAGE_SUFFIXES:
        raise click.BadParameter(
            f"{value!r} goes before .png, as in NAME-small.png; for that format use -o NAME{ending}"
            if ending in (".gif", ".webp")
            else f"{value!r} goes before .png, as in NAME-small.png; leave out {ending}"
        )
    return value


def read_colors(value: str) -> tuple[tuple[int, int, int, int], ...]:
    """Read a list of colours, each as red, green, blue and alpha."""
    from kmcli.palette_files import parse_colors

    return parse_colors(value)


def read_region(value: str) -> tuple[int, int, int, int]:
    """Read left, top, width and height of a part of a picture, in pixels."""
    words = value.split(",")
    if len(words) != 4 or not all(re.fullmatch(r" *[0-9]{1,9} *", word) for word in words):
        raise click.BadParameter(f"{value!r} is not of the form X,Y,W,H, in pixels")
    left, top, width, height = map(int, words)
    if width == 0 or height == 0:
        raise click.BadParameter(f"{value!r} contains no pixels")
    return left, top, width, height


def read_palette_out(value: str) -> str:
    """Read the name of a palette file, whose suffix has to say what to write."""
    from kmcli.cli.quantize.palettes import written_suffixes

    suffixes = written_suffixes()
    if Path(value).suffix.lower() not in suffixes:
        raise click.BadParameter(
            f"{value!r} has no suffix that selects a format; use {', '.join(suffixes)}"
        )
    return value
