"""The picture of colours in their space: where the points are, and which are left out."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from numpy.typing import NDArray
from PIL import Image

import kmcli
from kmcli.cli.main import run
from kmcli.figures.cloud import draw_cloud
from kmcli.figures.style import Style, to_png
from kmcli.quantize.colorspace import to_points
from kmcli.quantize.palette import Palette
from kmcli.settings import Theme

RANDOM = np.random.default_rng(0)
COLORS = RANDOM.integers(0, 256, (40, 50, 3), dtype=np.uint8)


def palette(*entries: tuple[tuple[int, ...], int]) -> Palette:
    colors, counts = zip(*entries, strict=True)
    return Palette(np.array(colors, dtype=np.uint8), np.array(counts))


BLUE_AND_RED = palette(((0, 0, 255), 100), ((255, 0, 0), 1900))


def rows(*columns: NDArray[Any]) -> set[tuple[float, ...]]:
    return {tuple(row) for row in np.column_stack(columns).round(6).tolist()}


def drawn(axes: Axes, layer: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where the points of a layer are, and their colours."""
    points = axes.collections[layer]
    return np.asarray(points.get_offsets()), np.asarray(points.get_facecolor())[:, :3] * 255


def test_each_pixel_is_at_its_place_in_its_own_color() -> None:
    figure = draw_cloud(kmcli.count_colors(COLORS), [("two colours", BLUE_AND_RED)], Style())
    flat = COLORS.reshape(-1, 3)
    oklab = to_points(flat, "oklab")
    expected: list[NDArray[Any]] = [
        flat[:, [0, 1]],
        flat[:, [0, 2]],
        oklab[:, [1, 2]],
        oklab[:, [1, 0]],
    ]
    assert len(figure.axes) == 4
    for axes, places in zip(figure.axes, expected, strict=True):
        assert rows(*drawn(axes, 0)) == rows(places, flat)
        assert axes.get_aspect() == 1
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["two colours, R-G-B"] * 2 + ["two colours, weighted Oklab"] * 2


def test_entries_lie_on_two_rings_the_largest_beneath() -> None:
    figure = draw_cloud(kmcli.count_colors(COLORS), [("", BLUE_AND_RED)], Style())
    places, colors = drawn(figure.axes[1], 1)
    black, white, red, blue = (0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 0, 255)
    assert colors.tolist() == [list(each) for each in (black, white, red, black, white, blue)]
    assert places.tolist() == [[255, 0]] * 3 + [[0, 255]] * 3
    discs = figure.axes[1].collections[1]
    assert isinstance(discs, PathCollection)
    sizes = np.asarray(discs.get_sizes()).reshape(2, 3)
    assert (np.diff(sizes, axis=1) < 0).all()
    assert (sizes[0] > sizes[1]).all()


def test_each_palette_has_a_row_of_its_own() -> None:
    both = [("a", BLUE_AND_RED), ("b", palette(((9, 8, 7), 2000)))]
    figure = draw_cloud(kmcli.count_colors(COLORS), both, Style())
    assert [axes.get_title()[0] for axes in figure.axes] == list("aaaabbbb")
    assert drawn(figure.axes[4], 1)[0].tolist() == [[9, 8]] * 3


def test_of_many_pixels_a_sample_is_drawn_the_same_each_time() -> None:
    pixels = np.zeros((200, 200, 3), dtype=np.uint8)
    pixels[:150] = RANDOM.integers(0, 256, (150, 200, 3), dtype=np.uint8)
    counts = kmcli.count_colors(pixels)
    first, second = (draw_cloud(counts, [("", BLUE_AND_RED)], Style()) for _ in range(2))
    places, _ = drawn(first.axes[0], 0)
    # A quarter of the pixels has one colour, so about 7,500 of the 10,000 differ.
    assert 7_300 < len(places) < 7_700
    assert to_png(first) == to_png(second)


def test_transparent_pixels_have_no_place() -> None:
    pixels = np.zeros((2, 3, 4), dtype=np.uint8)
    nothing = draw_cloud(kmcli.count_colors(pixels), [("", palette(((0, 0, 0, 0), 6)))], Style())
    assert [len(drawn(axes, layer)[0]) for axes in nothing.axes for layer in (0, 1)] == [0] * 8
    assert to_png(nothing)
    pixels[0, 0] = (200, 100, 50, 128)
    one = draw_cloud(
        kmcli.count_colors(pixels),
        [("", palette(((0, 0, 0, 0), 5), ((200, 100, 50, 128), 1)))],
        Style(),
    )
    assert drawn(one.axes[0], 0)[0].tolist() == [[200, 100]]
    assert drawn(one.axes[0], 1)[0].tolist() == [[200, 100]] * 3


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_white_and_black_pixels_show_on_the_paper(theme: Theme) -> None:
    figure = draw_cloud(kmcli.count_colors(COLORS), [("", BLUE_AND_RED)], Style(theme))
    for axes in figure.axes:
        grey = 255 * np.array(axes.get_facecolor()[:3])
        assert (grey > 60).all()
        assert (grey < 210).all()


def test_the_command_writes_a_cloud_once_and_takes_none_for_an_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(COLORS).save("a.png")
    for _ in range(2):
        assert run(["quantize", ".", "-r", "-k", "4,2", "--cloud", "-f", "-q"]) == 0
        names = {path.name for path in tmp_path.iterdir()}
        assert names == {"a.png", "a-k4.png", "a-k2.png", "a-cloud.png"}
    with Image.open("a-cloud.png") as image:
        width, height = image.size
    assert width == pytest.approx(4 * 690, abs=2)
    assert height == pytest.approx(2 * 720, abs=2)
    many = ",".join(map(str, range(2, 15)))
    assert run(["quantize", "a.png", "-k", many, "--cloud", "-d", "new"]) == 2
    assert "--cloud shows at most 12 palettes" in capfd.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_cloud_is_neither_replaced_nor_drawn_of_what_is_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(COLORS[:2, :2]).save("tiny.gif")
    assert run(["quantize", "tiny.gif", "--skip-if-larger", "--cloud"]) == 7
    assert {path.name for path in tmp_path.iterdir()} == {"tiny.gif"}
    Path("tiny-cloud.png").write_bytes(b"mine")
    assert run(["quantize", "tiny.gif", "--in-place", "--cloud"]) == 5
    assert Path("tiny-cloud.png").read_bytes() == b"mine"
