"""What is seen: weighted Oklab, smooth surroundings, and how strongly to dither."""

import numpy as np
import pytest

from kmcli import QuantizeSettings, apply_palette, count_colors, learn_palette, quantize_image
from kmcli.quantize.colorspace import from_points, srgb_to_oklab, to_points
from kmcli.quantize.dither import choose_strength
from kmcli.quantize.dither_palette import widen_palette
from kmcli.quantize.histogram import ColorCounts, merge_counts, weigh_colors
from tests.conftest import Pixels

GREYS = np.arange(256, dtype=np.uint8)[:, np.newaxis].repeat(3, axis=1)


@pytest.fixture
def sky_and_grass() -> Pixels:
    """Blue that hardly changes on the left, and green noise on the right."""
    pixels = np.zeros((64, 128, 3), dtype=np.uint8)
    pixels[:, :64, 0] = np.arange(64)[:, np.newaxis]
    pixels[:, :64, 2] = 200
    pixels[:, 64:, 1] = np.random.default_rng(0).integers(60, 200, (64, 64))
    return pixels


def is_sky(colors: Pixels) -> np.ndarray:
    return np.asarray(colors[..., 2] > 100)


def naive_weight(row: Pixels, x: int) -> float:
    grey = [(2 * int(r) + 5 * int(g) + int(b)) / 8 for r, g, b in row]
    sides = [abs(grey[x] - grey[y]) for y in (x - 1, x + 1) if 0 <= y < len(grey)]
    return float((1 + min(sum(sides) / len(sides), 16) / 1.5) ** -0.7)


def test_black_grey_and_white_keep_their_places_in_weighted_oklab() -> None:
    points = to_points(GREYS, "oklab")
    np.testing.assert_allclose(points[[0, -1]], [[0, 0, 0], [100, 0, 0]], atol=0.01)
    np.testing.assert_allclose(points[:, 1:], 0, atol=0.01)
    assert (np.diff(points[:, 0]) > 0).all()


def test_lightness_is_near_to_that_of_cielab() -> None:
    np.testing.assert_allclose(
        to_points(GREYS, "oklab")[:, 0], to_points(GREYS, "lab")[:, 0], atol=3
    )


def test_weighted_oklab_can_be_undone() -> None:
    steps = np.linspace(0, 255, 12).astype(np.uint8)
    colors = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3)
    np.testing.assert_array_equal(from_points(to_points(colors, "oklab"), "oklab"), colors)


def test_hues_differ_more_than_in_plain_oklab_and_shades_of_black_less() -> None:
    colors = np.array([[200, 0, 0], [150, 70, 0], [4, 4, 4], [8, 8, 8]], dtype=np.uint8)
    red, brown, black, grey = to_points(colors, "oklab")
    assert grey[0] - black[0] < 2
    plain = srgb_to_oklab(colors[:2])
    # Whatever the lightness, hue against it.
    for point, expected in zip((red, brown), plain, strict=True):
        np.testing.assert_allclose(point[1:] / point[0], 1.5 * expected[1:] / expected[0])


@pytest.mark.parametrize("n_channels", [3, 4])
def test_smoothness_is_the_mean_of_what_surrounds_the_pixels(n_channels: int) -> None:
    random = np.random.default_rng(3)
    # Far enough apart that no two colours are looked at together, and near enough to tell apart.
    palette = np.array([[90, 90, 90], [99, 90, 90], [90, 97, 90], [90, 90, 140]], np.uint8)
    pixels = palette[random.integers(0, 4, (800, 4))]
    pixels[:300, 2] = [255, 255, 255]
    rgb = pixels
    if n_channels == 4:
        pixels = np.concatenate([pixels, np.full((800, 4, 1), 255, np.uint8)], axis=2)
    counted = count_colors(pixels)
    assert counted.smoothness is not None
    weights = [[naive_weight(row, x) for x in range(4)] for row in rgb]
    for color, found in zip(counted.colors, counted.smoothness, strict=True):
        expected = np.asarray(weights)[(pixels == color).all(axis=2)].mean()
        assert found == pytest.approx(expected, abs=0.003)


@pytest.mark.parametrize("shape", [(1, 1, 3), (9, 1, 3), (1, 9, 4), (2, 3, 4, 3)])
def test_even_pictures_are_smooth_all_over(shape: tuple[int, ...]) -> None:
    counted = count_colors(np.full(shape, 77, dtype=np.uint8))
    assert counted.smoothness is not None
    np.testing.assert_allclose(counted.smoothness, 1)


def test_what_is_hidden_under_transparency_is_not_looked_at() -> None:
    random = np.random.default_rng(0)
    pixels = np.zeros((20, 20, 4), dtype=np.uint8)
    pixels[..., :3] = random.integers(0, 256, (20, 20, 3))
    counted = count_colors(pixels)
    assert counted.smoothness is not None
    assert counted.smoothness.tolist() == pytest.approx([1])


def test_smoothness_of_two_pictures_is_the_mean_over_their_pixels() -> None:
    red, blue = [200, 0, 0], [0, 0, 200]
    even = np.array([[red] * 30], dtype=np.uint8)
    striped = np.array([[red, blue] * 10], dtype=np.uint8)
    merged = merge_counts([count_colors(even), count_colors(striped)])
    one, two = (count_colors(each).smoothness for each in (even, striped))
    assert merged.smoothness is not None
    assert one is not None
    assert two is not None
    assert merged.smoothness[0] == pytest.approx(two[0])
    assert merged.smoothness[1] == pytest.approx((30 * one[0] + 10 * two[1]) / 40)
    counted = count_colors(even)
    unknown = ColorCounts(counted.colors, counted.counts)
    assert merge_counts([counted, unknown]).smoothness is None


def test_smooth_areas_get_more_entries_in_oklab_only(sky_and_grass: Pixels) -> None:
    counted = count_colors(sky_and_grass)
    unknown = ColorCounts(counted.colors, counted.counts)
    for space in ("oklab", "rgb", "lab"):
        settings = QuantizeSettings(16, space=space)
        seen, plain = (learn_palette(each, settings).colors for each in (counted, unknown))
        if space == "oklab":
            assert is_sky(seen).sum() > is_sky(plain).sum()
        else:
            np.testing.assert_array_equal(seen, plain)


def test_a_palette_is_widened_for_what_is_seen(sky_and_grass: Pixels) -> None:
    counted = count_colors(sky_and_grass)
    unknown = ColorCounts(counted.colors, counted.counts)
    palette = np.array([[10, 50, 120], [20, 150, 60]], dtype=np.uint8)
    is_fixed = np.zeros(2, dtype=bool)
    seen, plain = (
        widen_palette(palette, each, is_fixed, 1, "oklab") for each in (counted, unknown)
    )
    assert (seen != plain).any()


def test_a_thin_mark_keeps_its_color() -> None:
    pixels = np.zeros((120, 160, 3), dtype=np.uint8)
    pixels += np.linspace(20, 220, 120).astype(np.uint8)[:, np.newaxis, np.newaxis]
    pixels[20:32, 80] = [230, 20, 20]  # one pixel wide, so that all around it changes
    assert "#e61414" in quantize_image(pixels, QuantizeSettings(8)).palette.hex


def test_a_mask_leaves_surroundings_as_they_are(sky_and_grass: Pixels) -> None:
    counted = count_colors(sky_and_grass)
    weights = np.ones(sky_and_grass.shape[:2])
    weights[:32] = 0
    weighed = weigh_colors(sky_and_grass, counted, weights)
    assert counted.smoothness is not None
    by_color = dict(zip(map(bytes, counted.colors), counted.smoothness, strict=True))
    assert weighed.smoothness is not None
    assert weighed.smoothness.tolist() == [by_color[bytes(each)] for each in weighed.colors]


def test_smooth_pictures_are_dithered_more_and_many_colors_less(sky_and_grass: Pixels) -> None:
    settings = QuantizeSettings(dither="floyd-steinberg")
    sky, grass = (count_colors(half) for half in np.split(sky_and_grass, 2, axis=1))
    unknown = ColorCounts(sky.colors, sky.counts)
    strengths = [choose_strength(settings, each, 64) for each in (grass, unknown, sky)]
    assert strengths == sorted(strengths)
    assert strengths[0] < 0.4 < strengths[1] < 0.65 < strengths[2] < 0.75
    few, many = (choose_strength(settings, sky, n_colors) for n_colors in (8, 256))
    assert many < strengths[2] < few <= 1


def test_a_strength_that_is_asked_for_is_taken(sky_and_grass: Pixels) -> None:
    counted = count_colors(sky_and_grass)
    asked = QuantizeSettings(dither="floyd-steinberg", dither_strength=0.33)
    assert choose_strength(asked, counted, 16) == 0.33
    assert choose_strength(QuantizeSettings(dither="bayer"), counted, 16) == 1
    assert choose_strength(QuantizeSettings(), counted, 16) == 0
    assert quantize_image(sky_and_grass, asked).dither_strength == 0.33
    assert quantize_image(sky_and_grass).dither_strength == 0


def test_a_given_palette_is_dithered_with_as_the_picture_needs_it(sky_and_grass: Pixels) -> None:
    settings = QuantizeSettings(dither="floyd-steinberg")
    sky, grass = (
        apply_palette(half, [[0, 0, 0], [30, 90, 200]], settings)
        for half in np.split(sky_and_grass, 2, axis=1)
    )
    assert sky.dither_strength > grass.dither_strength > 0


def test_an_area_that_nearly_has_its_color_stays_flat() -> None:
    settings = QuantizeSettings(dither="floyd-steinberg", dither_strength=1)
    palette = [[96, 96, 96], [100, 100, 100], [104, 104, 104]]
    for off, n_used in ((1, 1), (2, 2)):
        pixels = np.full((40, 40, 3), 100 + off, dtype=np.uint8)
        used = np.unique(apply_palette(pixels, palette, settings).indices)
        assert len(used) == n_used
