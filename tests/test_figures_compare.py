"""The comparison sheet and the swatches: every pixel in its place, no text over another."""

import hashlib
import io
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ImageChops

from kmcli.figures import swatches
from kmcli.figures.canvas import Canvas, encode_png, line_height, text_width, wrap
from kmcli.figures.compare import sheet
from kmcli.figures.compare.sheet import compare_sheet
from kmcli.figures.compare.view import Panel, choose_view
from kmcli.figures.pixels import box_mean, color_band, enlarge, over_checkerboard
from kmcli.figures.style import Style
from kmcli.figures.swatches import palette_swatches

Pixels = NDArray[np.uint8]
Box = tuple[int, int, int, int]


def picture(height: int, width: int, n_channels: int = 3, seed: int = 0) -> Pixels:
    random = np.random.default_rng(seed)
    pixels: Pixels = random.integers(0, 256, (height, width, n_channels), dtype=np.uint8)
    return pixels


def palette(n_colors: int, n_channels: int = 3, seed: int = 0) -> Pixels:
    colors: Pixels = picture(1, n_colors, n_channels, seed)[0]
    return colors


def version(height: int, width: int, n_colors: int, title: str, n_channels: int = 3) -> Panel:
    random = np.random.default_rng([n_colors, len(title)])
    return Panel(
        title=title,
        caption=("27.5 dB", "61.1 kB"),
        pixels=random.integers(0, n_colors, (height, width), dtype=np.uint8),
        colors=palette(n_colors, n_channels, seed=n_colors),
        shares=np.full(n_colors, 1 / n_colors),
    )


def sheet_parts(
    height: int, width: int, ks: Sequence[int], n_channels: int = 3
) -> tuple[Panel, list[tuple[Panel, Panel]]]:
    pixels = picture(height, width, n_channels)
    columns = [
        (
            version(height, width, k, f"{k} colours", n_channels),
            version(height, width, k, f"{k} random pixels", n_channels),
        )
        for k in ks
    ]
    return Panel("original", ("96,615 colours", "196.7 kB"), pixels), columns


def places_of(part: Pixels, sheet: Pixels) -> list[tuple[int, int]]:
    """Left and top of every exact occurrence."""
    height, width = part.shape[:2]
    room = sheet[: len(sheet) - height + 1, : sheet.shape[1] - width + 1]
    tops, lefts = np.nonzero((room == part[0, 0]).all(axis=2))
    for row, column in np.random.default_rng(0).integers(0, (height, width), (20, 2)):
        found = (sheet[tops + row, lefts + column] == part[row, column]).all(axis=1)
        tops, lefts = tops[found], lefts[found]
    return [
        (int(left), int(top))
        for left, top in zip(lefts, tops, strict=True)
        if np.array_equal(sheet[top : top + height, left : left + width], part)
    ]


def colors_of(panel: Panel) -> Pixels:
    assert panel.colors is not None
    colors: Pixels = panel.colors[panel.pixels]
    return colors


def test_every_pixel_is_on_the_sheet_and_unchanged() -> None:
    original, columns = sheet_parts(171, 240, (64, 16, 4))
    sheet = compare_sheet(original, columns)
    (first,) = places_of(original.pixels, sheet)
    before = first
    for learned, baseline in columns:
        (above,) = places_of(colors_of(learned), sheet)
        (beneath,) = places_of(colors_of(baseline), sheet)
        assert above[1] == first[1]
        assert above[0] > before[0] + 240
        assert above[0] == beneath[0]
        assert beneath[1] > above[1] + 171
        before = above


def test_real_picture_is_on_the_sheet_as_decoded(china: Pixels) -> None:
    original = Panel("original", (), china)
    shown = Panel("same", (), china, palette(3), np.array([0.5, 0.3, 0.2]))
    sheet = compare_sheet(original, [(shown, shown)])
    assert len(places_of(china, sheet)) == 3


def test_full_pixels_and_indices_give_the_same_sheet() -> None:
    original, [(indexed, baseline)] = sheet_parts(170, 200, (8,))
    full = Panel(indexed.title, indexed.caption, colors_of(indexed), indexed.colors, indexed.shares)
    assert np.array_equal(
        compare_sheet(original, [(indexed, baseline)]), compare_sheet(original, [(full, baseline)])
    )


@pytest.mark.parametrize(("side", "zoom"), [(16, 20), (128, 2), (160, 2), (1, 320)])
def test_small_pictures_are_enlarged_by_a_whole_factor(side: int, zoom: int) -> None:
    original, columns = sheet_parts(side, side, (2, 2))
    sheet = compare_sheet(original, columns)
    squares = np.kron(original.pixels, np.ones((zoom, zoom, 1), dtype=np.uint8))
    assert places_of(squares, sheet)


@pytest.mark.parametrize("shape", [(161, 161), (10, 1024), (1024, 300)])
def test_pictures_of_common_size_are_neither_enlarged_nor_reduced(shape: tuple[int, int]) -> None:
    view = choose_view(Panel("original", (), np.zeros((*shape, 3), dtype=np.uint8)))
    assert (view.height, view.width, view.zoom, view.reduction) == (*shape, 1, 1)


@pytest.mark.parametrize(
    ("shape", "factor"), [((700, 1025), 2), ((500, 4000), 4), ((4000, 500), 4), ((3, 2049), 3)]
)
def test_large_pictures_are_averaged_and_shown_in_part(shape: tuple[int, int], factor: int) -> None:
    height, width = shape
    original, columns = sheet_parts(height, width, (4,))
    view = choose_view(original)
    assert view.reduction == factor
    assert max(view.height, view.width) <= 1024
    assert view.window is not None
    rows, across = view.window
    assert 0 <= rows.start < rows.stop <= height
    assert 0 <= across.start < across.stop <= width
    sheet = compare_sheet(original, columns)
    for panel in columns[0]:
        assert places_of(colors_of(panel)[view.window], sheet)
    whole = box_mean(colors_of(panel), np.arange(0, height, factor), np.arange(0, width, factor))
    assert places_of(whole, sheet)


@pytest.mark.parametrize("elsewhere", [[128, 128, 128], [0, 0, 0, 0]])
def test_detail_is_taken_where_there_is_something_to_see(elsewhere: list[int]) -> None:
    pixels = np.full((1500, 2000, len(elsewhere)), elsewhere, dtype=np.uint8)
    pixels[900:1200, 1200:1700, :3] = picture(300, 500)
    pixels[900:1200, 1200:1700, 3:] = 255
    rows, columns = choose_view(Panel("original", (), pixels)).window or (slice(0), slice(0))
    assert rows.start <= 900 + 2  # the search is over averages of 2 by 2
    assert rows.stop >= 1200 - 2
    assert columns.start <= 1200 + 2
    assert columns.stop >= 1700 - 2


def test_transparency_shows_a_checkerboard() -> None:
    original = Panel("original", (), np.zeros((200, 200, 4), dtype=np.uint8))
    sheet = compare_sheet(original, [])
    squares = np.indices((25, 25)).sum(axis=0) % 2
    board = np.where(np.kron(squares, np.ones((8, 8))), 255, 204).astype(np.uint8)
    assert places_of(np.repeat(board[..., None], 3, axis=2), sheet)


def test_opaque_pixels_keep_their_colour_beside_transparent_ones() -> None:
    pixels = picture(20, 20, 4)
    pixels[..., 3] = np.where(np.indices((20, 20)).sum(axis=0) % 3, 255, 0)
    shown = over_checkerboard(pixels, 4)
    opaque = pixels[..., 3] == 255
    assert np.array_equal(shown[opaque], pixels[opaque][:, :3])
    assert set(shown[~opaque].ravel().tolist()) == {204, 255}


class Recorder(Canvas):
    """Remembers what was put where."""

    texts: list[Box]
    pictures: list[Box]
    size: tuple[int, int]

    def __init__(self, width: int, height: int, style: Style) -> None:
        super().__init__(width, height, style)
        Recorder.texts, Recorder.pictures, Recorder.size = [], [], (width, height)

    def put(self, pixels: Pixels, left: int, top: int) -> None:
        super().put(pixels, left, top)
        height, width = pixels.shape[:2]
        self.pictures.append((left - 1, top - 1, left + width + 1, top + height + 1))

    def write(self, text: str, left: int, top: int, size: int, *, bold: bool = False) -> None:
        around = (0, max(0, top - size), self.image.width, min(self.image.height, top + 3 * size))
        before = self.image.crop(around)
        super().write(text, left, top, size, bold=bold)
        ink = ImageChops.difference(self.image.crop(around), before).getbbox()
        if ink is not None:  # an empty line between paragraphs leaves no ink
            box = ink[0], around[1] + ink[1], ink[2], around[1] + ink[3]
            assert left - 1 <= box[0]
            assert box[2] <= left + text_width(text, size, bold=bold)
            assert top <= box[1]
            assert box[3] <= top + line_height(size)
            self.texts.append(box)


def overlaps(boxes: Sequence[Box]) -> list[list[int]]:
    """Give the numbers of the boxes of each pair that has a point in common."""
    left, top, right, bottom = np.array(boxes).T
    across = (left[:, None] < right) & (left < right[:, None])
    down = (top[:, None] < bottom) & (top < bottom[:, None])
    return np.argwhere(np.triu(across & down, 1)).tolist()


def assert_nothing_collides() -> None:
    width, height = Recorder.size
    for left, top, right, bottom in (boxes := [*Recorder.texts, *Recorder.pictures]):
        assert 5 < left < right < width - 5
        assert 5 < top < bottom < height - 5
    assert overlaps(boxes) == []


SHAPES = [(427, 640), (640, 427), (133, 200), (16, 16), (128, 128), (3, 640), (427, 3), (900, 1300)]


@pytest.mark.parametrize("n_versions", [0, 1, 2, 4, 8])
@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_overlaps_and_nothing_is_cut_off(
    shape: tuple[int, int], n_versions: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet, "Canvas", Recorder)
    ks = (256, 128, 64, 32, 16, 8, 4, 2)[:n_versions]
    compare_sheet(*sheet_parts(*shape, ks))
    assert len(Recorder.texts) >= 3 * (1 + 2 * n_versions)
    assert_nothing_collides()


def test_long_captions_widen_the_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "Canvas", Recorder)
    original, columns = sheet_parts(20, 20, (4, 2))
    name = "a picture whose title is far longer than the picture is wide.jpeg"
    compare_sheet(Panel(name, (name,), original.pixels), columns)
    assert_nothing_collides()


@pytest.mark.parametrize("n_versions", range(1, 9))
@pytest.mark.parametrize("shape", [(427, 640), (640, 427), (200, 200)])
def test_sheets_have_the_shape_of_a_screen(shape: tuple[int, int], n_versions: int) -> None:
    height, width = compare_sheet(*sheet_parts(*shape, range(2, 2 + n_versions))).shape[:2]
    assert 0.5 < width / height < 4


def test_sheet_is_on_light_paper() -> None:
    sheet = compare_sheet(*sheet_parts(200, 300, (4, 2)))
    corner = "#" + bytes(sheet[0, 0]).hex()
    assert corner == Style("light").paper
    assert sheet.dtype == np.uint8


def test_equal_sheets_give_equal_bytes_with_nothing_but_pixels() -> None:
    from PIL import Image

    first, second = (encode_png(compare_sheet(*sheet_parts(200, 300, (4, 2)))) for _ in range(2))
    assert hashlib.sha256(first).digest() == hashlib.sha256(second).digest()
    with Image.open(io.BytesIO(first)) as image:
        assert image.info == {}
        assert np.array_equal(np.asarray(image), compare_sheet(*sheet_parts(200, 300, (4, 2))))


def test_memory_is_that_of_the_sheet_and_not_of_the_pictures() -> None:
    indices = np.zeros((4000, 6000), dtype=np.uint8)
    colors, shares = palette(2), np.array([0.5, 0.5])
    panel = Panel("2 colours", ("x",), indices, colors, shares)
    tracemalloc.start()
    sheet = compare_sheet(panel, [(panel, panel)])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * sheet.nbytes
    assert peak < 2 * 3 * indices.nbytes  # all panels as colours at once would be three times that


def test_box_mean_of_one_colour_is_that_colour() -> None:
    for color in palette(50, 4):
        color[3] |= 1
        pixels = np.broadcast_to(color, (13, 17, 4))
        mean = box_mean(pixels, np.arange(0, 13, 5), np.array([0, 4, 16]))
        assert np.abs(mean[..., 3].astype(int) - color[3]).max() == 0
        assert np.abs(mean[..., :3].astype(int) - color[:3]).max() <= 1
        assert mean.shape == (3, 3, 4)


def test_box_mean_averages_light_and_not_codes() -> None:
    stripes = np.array([[[0] * 3, [255] * 3]], dtype=np.uint8)
    mean = box_mean(stripes, np.array([0]), np.array([0]))
    assert mean.tolist() == [[[188, 188, 188]]]  # half the light; half the code would be 128


def test_box_mean_gives_transparent_pixels_no_say() -> None:
    pixels = np.array([[[255, 0, 0, 255], [0, 0, 255, 0]]], dtype=np.uint8)
    assert box_mean(pixels, np.array([0]), np.array([0])).tolist() == [[[255, 0, 0, 128]]]


def test_box_mean_agrees_with_means_taken_one_by_one(china: Pixels) -> None:
    from skimage.color.colorconv import rgb2xyz, xyz2rgb

    part = china[100:130, 200:250]
    mean = box_mean(part, np.arange(0, 30, 7), np.arange(0, 50, 9))
    for row, top in enumerate(range(0, 30, 7)):
        for column, left in enumerate(range(0, 50, 9)):
            box = rgb2xyz(part[top : top + 7, left : left + 9])
            expected = 255 * xyz2rgb(box.mean(axis=(0, 1)))
            assert np.abs(mean[row, column] - expected).max() < 0.6


def test_band_gives_each_colour_its_share() -> None:
    colors = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255]], dtype=np.uint8)
    band = color_band(colors, np.array([0.5, 0.49999, 0.00001]), 4, 1000)
    assert band.shape == (4, 1000, 3)
    widths = [int((band[0] == color).all(axis=1).sum()) for color in colors]
    assert sum(widths) == 1000
    assert np.abs(np.array(widths) - [500, 499, 1]).max() <= 1
    assert widths[2] >= 1


@pytest.mark.parametrize("n_colors", [1, 2, 16, 256])
def test_every_colour_is_in_the_band(n_colors: int) -> None:
    colors = np.stack([np.arange(n_colors)] * 3, axis=1).astype(np.uint8)
    shares = np.random.default_rng(0).dirichlet(np.full(n_colors, 0.01))
    band = color_band(colors, shares, 1, 256)
    assert np.unique(band[0, :, 0]).tolist() == list(range(n_colors))


def test_band_too_narrow_for_all_colours_keeps_its_width() -> None:
    band = color_band(palette(256), np.full(256, 1 / 256), 3, 100)
    assert band.shape == (3, 100, 3)


def test_enlarging_repeats_pixels() -> None:
    assert enlarge(np.array([[1, 2]]), 2).tolist() == [[1, 1, 2, 2], [1, 1, 2, 2]]


def test_wrapped_text_fits_and_loses_no_word() -> None:
    text = "Reduced: each pixel shown is the mean of 4 by 4"
    lines = wrap(text, 14, 120)
    assert " ".join(lines) == text
    assert len(lines) > 1
    assert all(text_width(line, 14) <= 120 for line in lines)


def hex_names(colors: Pixels) -> list[str]:
    return ["#" + bytes(color).hex() for color in colors]


@pytest.mark.parametrize("n_colors", [1, 2, 5, 9, 16, 17, 100, 256])
@pytest.mark.parametrize("n_channels", [3, 4])
def test_swatches_show_every_colour_and_name_it(
    n_colors: int, n_channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    boxes: list[Box] = []
    corners: list[tuple[int, int]] = []

    class Light(Canvas):
        def write(self, text: str, left: int, top: int, size: int, *, bold: bool = False) -> None:
            super().write(text, left, top, size, bold=bold)
            written.append(text)
            # The codes have no letters below the line: the next line may start where it ends.
            boxes.append((left, top, left + text_width(text, size), top + round(1.2 * size)))

        def put(self, pixels: Pixels, left: int, top: int) -> None:
            super().put(pixels, left, top)
            boxes.append((left, top, left + pixels.shape[1], top + pixels.shape[0]))
            corners.append((top, left))

    monkeypatch.setattr(swatches, "Canvas", Light)
    colors = palette(n_colors, n_channels)
    shares = np.full(n_colors, 1 / n_colors)
    drawn = palette_swatches(colors, hex_names(colors), shares)
    assert set(hex_names(colors)) <= set(written)
    if n_channels == 3:
        tops, lefts = np.array(corners[:-1]).T  # the last is the band of all
        assert np.array_equal(drawn[tops, lefts], colors)
    assert overlaps(boxes) == []
    height, width = drawn.shape[:2]
    assert all(right < width - 5 and bottom < height - 5 for _, _, right, bottom in boxes)


def test_swatches_are_the_same_every_time() -> None:
    colors = palette(16)
    arguments = colors, hex_names(colors), np.full(16, 1 / 16)
    assert encode_png(palette_swatches(*arguments)) == encode_png(palette_swatches(*arguments))


def test_font_of_matplotlib_is_where_it_is_looked_for() -> None:
    import matplotlib as mpl

    fonts = Path(mpl.get_data_path(), "fonts", "ttf")
    assert {"DejaVuSans.ttf", "DejaVuSans-Bold.ttf"} <= {path.name for path in fonts.iterdir()}
