"""Colour spaces, nearest colours and fidelity agree with slow and simple definitions."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from skimage.metrics import structural_similarity as whole_ssim

from kmcli.quantize.colorspace import from_points, srgb_to_oklab, to_points
from kmcli.quantize.fidelity import measure_fidelity, measure_mse, structural_similarity
from kmcli.quantize.histogram import ColorCounts
from kmcli.quantize.palette import Palette, sorting_order
from kmcli.quantize.remap import nearest
from kmcli.settings import Space
from tests.conftest import Pixels


def color_arrays(channels: int, max_size: int = 30) -> st.SearchStrategy[Pixels]:
    return hnp.arrays(np.uint8, st.tuples(st.integers(1, max_size), st.just(channels)))


def composites(color: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The colour on black beside the colour on white, by the definition of alpha."""
    rgb, opacity = color[:3].astype(float), color[3] / 255
    return np.concatenate([rgb * opacity, rgb * opacity + 255 * (1 - opacity)])


def visible_distance(x: NDArray[np.uint8], y: NDArray[np.uint8]) -> float:
    """Squared distance, the mean over a black and a white backdrop."""
    if len(x) == 3:
        return float(((x.astype(float) - y.astype(float)) ** 2).sum())
    return float(((composites(x) - composites(y)) ** 2).sum()) / 2


@given(color_arrays(4))
def test_distance_of_points_is_what_is_seen_on_black_and_on_white(colors: Pixels) -> None:
    points = to_points(colors)
    for i in range(len(colors)):
        squared = ((points[0] - points[i]) ** 2).sum()
        assert squared == pytest.approx(visible_distance(colors[0], colors[i]), abs=1e-6)


@given(color_arrays(3))
def test_points_of_opaque_colors_lead_back(colors: Pixels) -> None:
    np.testing.assert_array_equal(from_points(to_points(colors)), colors)


@given(color_arrays(4))
def test_points_of_translucent_colors_lead_back_to_what_looks_the_same(colors: Pixels) -> None:
    for color, again in zip(colors, from_points(to_points(colors)), strict=True):
        assert visible_distance(color, again) <= 1e-6


@pytest.mark.parametrize(
    ("srgb", "oklab"),
    [
        # Reference values of CSS Color 4 for white, black and the primaries.
        ((255, 255, 255), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((255, 0, 0), (62.796, 22.486, 12.585)),
        ((0, 255, 0), (86.644, -23.389, 17.950)),
        ((0, 0, 255), (45.201, -3.246, -31.153)),
    ],
)
def test_oklab_of_known_colors(srgb: tuple[int, ...], oklab: tuple[float, ...]) -> None:
    np.testing.assert_allclose(srgb_to_oklab(np.array(srgb, dtype=float)), oklab, atol=2e-2)


@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_oklab_has_the_shape_of_the_colours(dtype: type[np.uint8 | np.float64]) -> None:
    colors: NDArray[Any] = np.arange(24).reshape(2, 4, 3).astype(dtype)
    each = [[srgb_to_oklab(color[None])[0] for color in row] for row in colors]
    np.testing.assert_allclose(srgb_to_oklab(colors), each, rtol=1e-6)


@pytest.mark.parametrize("space", ["oklab", "lab"])
def test_with_alpha_too_the_nearest_is_the_nearest_in_the_space(space: Space) -> None:
    random = np.random.default_rng(0)
    colors = random.integers(0, 256, (400, 4), dtype=np.uint8)
    palette = random.integers(0, 256, (24, 4), dtype=np.uint8)
    colors[::2, 3] = 255
    palette[::2, 3] = 255
    points, entries = to_points(colors, space), to_points(palette, space)
    distances = ((points[:, np.newaxis] - entries) ** 2).sum(axis=2)
    distances[np.ix_(colors[:, 3] == 255, palette[:, 3] < 255)] = np.inf
    assert nearest(colors, palette, space).tolist() == distances.argmin(axis=1).tolist()


@pytest.mark.parametrize("channels", [3, 4])
@given(data=st.data())
def test_nearest_agrees_with_a_naive_search(channels: int, data: st.DataObject) -> None:
    colors = data.draw(color_arrays(channels))
    palette = data.draw(color_arrays(channels, max_size=12))
    for color, label in zip(colors, nearest(colors, palette), strict=True):
        allowed = list(range(len(palette)))
        if channels == 4 and color[3] == 255 and (palette[:, 3] == 255).any():
            allowed = [i for i in allowed if palette[i, 3] == 255]
        distances = {i: visible_distance(color, palette[i]) for i in allowed}
        assert label in distances
        assert distances[int(label)] == pytest.approx(min(distances.values()), abs=1e-6)


@pytest.mark.parametrize("space", ["rgb", "oklab", "lab"])
@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_opaque_colors_go_to_the_nearest_opaque_entry_in_every_space(
    space: Space, seed: int, n_entries: int
) -> None:
    random = np.random.default_rng(seed)
    both = random.integers(0, 256, (20 + n_entries, 4), dtype=np.uint8)
    both[:, 3] = random.choice([0, 120, 255], len(both))
    colors, palette = both[:20], both[20:]
    is_opaque = palette[:, 3] == 255
    entries = to_points(palette, space)
    labels = nearest(colors, palette, space)
    for color, point, label in zip(colors, to_points(colors, space), labels, strict=True):
        distances = ((entries - point) ** 2).sum(axis=1)
        if color[3] == 255 and is_opaque.any():
            distances[~is_opaque] = np.inf
        assert distances[label] == pytest.approx(distances.min(), abs=1e-6)


def test_nearest_takes_the_first_of_equally_near_entries() -> None:
    palette = np.array([[10, 0, 0], [20, 0, 0], [10, 0, 0]], dtype=np.uint8)
    assert nearest(np.array([[15, 0, 0], [10, 0, 0]], dtype=np.uint8), palette).tolist() == [0, 0]


@pytest.mark.parametrize("channels", [3, 4])
@given(data=st.data())
def test_mse_agrees_with_its_definition(channels: int, data: st.DataObject) -> None:
    colors = np.unique(data.draw(color_arrays(channels)), axis=0)
    palette = data.draw(color_arrays(channels, max_size=5))
    counts = np.arange(1, len(colors) + 1)
    labels = nearest(colors, palette)
    pairs = zip(colors, palette[labels], counts, strict=True)
    expected = sum(n * visible_distance(x, y) for x, y, n in pairs) / counts.sum()
    histogram = ColorCounts(colors, counts)
    assert measure_mse(histogram, palette, labels) == pytest.approx(expected, abs=1e-6)
    fidelity = measure_fidelity(histogram, palette, labels)
    assert fidelity.mse == pytest.approx(expected, abs=1e-6)
    if fidelity.psnr is not None:
        assert 10 ** (fidelity.psnr / -10) * 255**2 * 3 == pytest.approx(fidelity.mse)


def test_color_difference_is_100_times_the_oklab_distance() -> None:
    histogram = ColorCounts(np.array([[0, 0, 0], [255, 255, 255]], np.uint8), np.array([19, 1]))
    black = np.zeros((1, 3), dtype=np.uint8)
    fidelity = measure_fidelity(histogram, black, np.array([0, 0]))
    assert fidelity.delta_e_mean == pytest.approx(5.0, abs=1e-4)  # white is at L = 1
    assert fidelity.delta_e_p95 == 0.0
    assert fidelity.exact_share == 0.95
    more = ColorCounts(histogram.colors, np.array([18, 2]))
    assert measure_fidelity(more, black, np.array([0, 0])).delta_e_p95 == pytest.approx(100.0)


def test_ssim_in_strips_is_ssim_of_the_whole(china: Pixels) -> None:
    other = (china // 32 * 32 + 16).astype(np.uint8)
    expected = whole_ssim(china, other, channel_axis=2, data_range=255)
    assert structural_similarity(china, other) == pytest.approx(expected, abs=1e-12)
    assert structural_similarity(china, china) == pytest.approx(1.0)


def test_ssim_of_a_tiny_picture_is_undefined(china: Pixels) -> None:
    assert structural_similarity(china[:6], china[:6]) is None
    assert structural_similarity(china[:7, :7], china[:7, :7]) == pytest.approx(1.0)


def test_palette_goes_from_dark_to_light_with_translucent_entries_first() -> None:
    colors = np.array(
        [[255, 255, 255, 255], [0, 0, 0, 255], [9, 9, 9, 128], [0, 0, 0, 0]], dtype=np.uint8
    )
    counts = np.array([1, 2, 3, 4])
    assert sorting_order(colors, counts, "luminance").tolist() == [3, 2, 1, 0]
    rgb = np.array([[0, 255, 0], [255, 0, 0], [0, 0, 255], [99, 99, 99]], dtype=np.uint8)
    assert sorting_order(rgb, counts, "luminance").tolist() == [2, 1, 3, 0]
    assert sorting_order(rgb, counts, "share").tolist() == [3, 2, 1, 0]
    assert sorting_order(rgb, counts, "hue").tolist() == [3, 1, 0, 2]


def test_palette_names_its_colors() -> None:
    palette = Palette(
        np.array([[0, 0, 0, 0], [255, 128, 0, 255]], np.uint8), np.array([1, 3], np.int64)
    )
    assert palette.hex == ["#00000000", "#ff8000"]
    assert palette.shares.tolist() == [0.25, 0.75]


def test_neighbours_of_white_are_told_apart_in_every_space() -> None:
    colors = np.array(list(np.ndindex(2, 2, 2)), dtype=np.uint8) + np.uint8(254)
    for space in ("rgb", "oklab", "lab"):
        labels = nearest(colors, colors, space)
        assert labels.tolist() == list(range(8)), space


@pytest.mark.parametrize(("channels", "darkest"), [(3, 226), (4, 0)])
@pytest.mark.parametrize("space", ["rgb", "oklab", "lab"])
def test_like_colors_are_told_apart_in_every_space(
    space: Space, channels: int, darkest: int
) -> None:
    """As exactly as float64 does: float32 takes some of them for their neighbours."""
    colors = np.array(list(np.ndindex((7,) * channels)), dtype=np.uint8) + np.uint8(darkest)
    palette = colors[:: len(colors) // 200 + 1]
    points, entries = to_points(colors, space), to_points(palette, space)
    distances = ((points[:, np.newaxis] - entries) ** 2).sum(axis=2)
    chosen = distances[np.arange(len(colors)), nearest(colors, palette, space)]
    np.testing.assert_allclose(chosen, distances.min(axis=1), rtol=1e-6, atol=1e-9)
