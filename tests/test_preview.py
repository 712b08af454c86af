"""The preview in the terminal: what it shows, and when it keeps silent."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from kmcli.cli.quantize.preview import (
    MAX_ROWS,
    Terminal,
    half_blocks,
    nearest_xterm_color,
    render_preview,
)

Pixels = NDArray[np.uint8]
Color = tuple[int, ...]

TOKEN = re.compile(r"\x1b\[([0-9;]*)m|(.)", re.DOTALL)


def cells(line: str) -> list[tuple[Color | None, Color | None]]:
    """Read one line as a terminal does: the two colours of each cell, None for its own."""
    upper: Color | None = None
    lower: Color | None = None
    found: list[tuple[Color | None, Color | None]] = []
    for codes, character in TOKEN.findall(line):
        parts = [int(part) for part in codes.split(";")] if codes else []
        if parts == [0]:
            upper = lower = None
        elif parts and parts[0] == 38:
            upper = tuple(parts[2:])
        elif parts and parts[0] == 48:
            lower = tuple(parts[2:])
        elif character == "▀":
            found.append((upper, lower))
        elif character == " ":
            found.append((lower, lower))
        else:
            raise AssertionError(f"unexpected {codes!r} {character!r}")
    assert (upper, lower) == (None, None), "the colours are not reset"
    return found


def shown(text: str) -> list[list[Color | None]]:
    """The pixels that a terminal shows, two rows a line."""
    assert text.endswith("\n")
    rows: list[list[Color | None]] = []
    for line in text[:-1].split("\n"):
        pairs = cells(line)
        rows += [[upper for upper, _ in pairs], [lower for _, lower in pairs]]
    return rows


def as_tuples(pixels: Pixels) -> list[list[Color | None]]:
    return [[tuple(color) for color in row] for row in pixels.tolist()]


def picture(height: int, width: int) -> Pixels:
    random = np.random.default_rng(0)
    pixels: Pixels = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    return pixels


def test_small_picture_is_shown_pixel_by_pixel() -> None:
    pixels = picture(6, 9)
    assert shown(half_blocks(pixels, 80, truecolor=True)) == as_tuples(pixels)


def test_last_row_of_an_odd_height_leaves_the_background_alone() -> None:
    pixels = picture(3, 4)
    rows = shown(half_blocks(pixels, 80, truecolor=True))
    assert rows == [*as_tuples(pixels), [None] * 4]


@pytest.mark.parametrize(
    ("shape", "columns", "size"),
    [
        ((427, 640), 39, (13, 39)),
        ((640, 427), 80, (24, 32)),
        ((4000, 10), 80, (24, 1)),
        ((1, 5000), 80, (1, 80)),
        ((16, 16), 80, (8, 16)),
        ((100, 100), 1, (1, 1)),
    ],
)
def test_size_follows_the_shape_of_the_picture(
    shape: tuple[int, int], columns: int, size: tuple[int, int]
) -> None:
    text = half_blocks(picture(*shape), columns, truecolor=True)
    rows = shown(text)
    assert (len(rows) // 2, len(rows[0])) == size
    assert len({len(row) for row in rows}) == 1
    assert text.count("\n") <= MAX_ROWS


def test_larger_picture_is_averaged() -> None:
    pixels = np.zeros((8, 8, 3), dtype=np.uint8)
    pixels[:, 4:] = 200
    assert shown(half_blocks(pixels, 2, truecolor=True)) == [[(0,) * 3, (200,) * 3]] * 2


def test_even_colour_is_set_once_a_line() -> None:
    text = half_blocks(np.full((4, 30, 3), 7, dtype=np.uint8), 80, truecolor=True)
    assert text == ("\x1b[38;2;7;7;7m\x1b[48;2;7;7;7m" + "▀" * 30 + "\x1b[0m\n") * 2


def test_transparency_shows_a_checkerboard() -> None:
    rows = shown(half_blocks(np.zeros((4, 4, 4), dtype=np.uint8), 80, truecolor=True))
    dark, light = (204,) * 3, (255,) * 3
    assert rows[0] == [dark, dark, light, light]
    assert rows[2] == [light, light, dark, dark]


def test_256_colours_are_xterms() -> None:
    # From the table of xterm: the corners of the cube, and greys that it lacks.
    pixels = np.array(
        [[[0, 0, 0], [255, 255, 255], [255, 0, 0], [95, 135, 175], [8, 8, 8], [238, 238, 238]]],
        dtype=np.uint8,
    )
    assert nearest_xterm_color(pixels).tolist() == [[16, 231, 196, 67, 232, 255]]
    rows = shown(half_blocks(pixels, 80, truecolor=False))
    assert rows[0] == [(16,), (231,), (196,), (67,), (232,), (255,)]


def palette_of(text: str, n_rows: int) -> list[Color | None]:
    lines = text[:-1].split("\n")
    assert lines[n_rows] == ""
    return [upper for line in lines[n_rows + 1 :] for upper, _ in cells(line)]


def test_preview_has_both_pictures_and_the_palette() -> None:
    original, result = picture(4, 6), picture(4, 6)[::-1]
    palette = np.array([[1, 2, 3], [250, 251, 252]], dtype=np.uint8)
    text = render_preview(original, result, palette, Terminal(80, truecolor=True))
    pictures = "".join(line + "\n" for line in text.split("\n")[:2])
    expected = [
        [*left, None, None, *right]
        for left, right in zip(as_tuples(original), as_tuples(result), strict=True)
    ]
    assert shown(pictures) == expected
    assert palette_of(text, 2) == [(1, 2, 3)] * 4 + [(250, 251, 252)] * 4


@pytest.mark.parametrize("columns", [4, 20, 40, 80, 200])
@pytest.mark.parametrize("n_colors", [1, 2, 16, 100, 256])
def test_preview_is_no_wider_than_the_terminal(columns: int, n_colors: int) -> None:
    grey = np.arange(n_colors, dtype=np.uint8)[:, None].repeat(3, axis=1)
    text = render_preview(
        picture(100, 150), picture(100, 150), grey, Terminal(columns, truecolor=True)
    )
    lines = text[:-1].split("\n")
    assert max(len(cells(line)) for line in lines) <= columns
    seen = palette_of(text, lines.index(""))
    assert list(dict.fromkeys(seen)) == [tuple(color) for color in grey.tolist()]


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("preview") / "wide.png"
    Image.fromarray(np.zeros((4, 400, 3), dtype=np.uint8)).save(path)
    return path


def command(picture: Path) -> list[str]:
    where = ["-f", "-o", str(picture.with_name("out.png"))]
    return [sys.executable, "-m", "kmcli", "quantize", str(picture), *where, "--preview"]


def on_terminal(picture: Path, size: Sequence[int] = (30, 100), /, **environment: str) -> bytes:
    """What arrives on a terminal that is standard error, while standard output is a pipe."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    base = {name: value for name, value in os.environ.items() if name not in DECIDING}
    with subprocess.Popen(
        command(picture),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={**base, "TERM": "xterm", **environment},
    ) as process:
        os.close(theirs)
        seen = b""
        try:
            while block := os.read(ours, 4096):
                seen += block
        except OSError:
            pass  # Linux says so when the other side is closed
        assert process.stdout is not None
        assert process.stdout.read() == b""
    os.close(ours)
    assert process.returncode == 0
    return seen


DECIDING = ("NO_COLOR", "COLORTERM", "TERM", "COLUMNS")


def test_terminal_gets_as_many_colours_as_it_promises(wide: Path) -> None:
    assert b"\x1b[38;5;16m" in on_terminal(wide)
    assert b"\x1b[38;2;0;0;0m" in on_terminal(wide, COLORTERM="truecolor")


@pytest.mark.parametrize(("columns", "expected"), [(100, 98), (0, 78)])
def test_width_is_that_of_the_terminal_on_standard_error(
    wide: Path, columns: int, expected: int
) -> None:
    lines = on_terminal(wide, (30, columns)).decode().split("\n")
    assert lines[1].count("▀") == expected


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_nothing_is_shown_where_colours_are_not_wanted(
    wide: Path, environment: dict[str, str]
) -> None:
    assert b"\x1b" not in on_terminal(wide, COLORTERM="truecolor", **environment)


def test_nothing_is_shown_where_nobody_looks(wide: Path) -> None:
    done = subprocess.run(
        command(wide),
        capture_output=True,
        env={**os.environ, "TERM": "xterm", "COLORTERM": "truecolor"},
        check=True,
    )
    assert done.stdout == b""
    assert b"\x1b" not in done.stderr
