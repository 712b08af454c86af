"""Dithering: right in the mean of neighbours, and never where it would do harm."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from kmcli.errors import SettingsError
from kmcli.quantize import apply_palette, quantize_image
from kmcli.quantize.color_grid import ColorGrid
from kmcli.quantize.colorspace import to_points
from kmcli.quantize.columns import to_columns
from kmcli.quantize.dither import dither
from kmcli.quantize.dither_palette import widen_palette
from kmcli.quantize.histogram import count_colors
from kmcli.quantize.make_blue_noise import void_and_cluster
from kmcli.quantize.ordered_dither import bayer_matrix, blue_noise
from kmcli.quantize.remap import nearest
from kmcli.settings import DITHERS, Dither, QuantizeSettings, Space
from tests.conftest import SAMPLES, Pixels, kmcli
from tests.test_quantize_histogram import without_hidden_colors

METHODS = DITHERS[1:]
SPACES: list[Space] = ["rgb", "oklab", "lab"]

levels = st.sampled_from([0, 1, 60, 128, 200, 254, 255])
cases = st.integers(3, 4).flatmap(
    lambda channels: st.tuples(
        hnp.arrays(
            np.uint8,
            st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(channels)),
            elements=levels,
        ),
        hnp.arrays(np.uint8, st.tuples(st.integers(1, 6), st.just(channels)), elements=levels),
    )
)


def blurred_error(before: Pixels, after: Pixels) -> float:
    """Mean squared error after a blur, as the eye averages: sigma 1.5, summed over channels."""
    blurred = [gaussian_filter(each.astype(float), (1.5, 1.5, 0)) for each in (before, after)]
    return float(((blurred[0] - blurred[1]) ** 2).sum(axis=2).mean())


@settings(deadline=None, max_examples=60)
@given(cases, st.sampled_from(METHODS), st.sampled_from([0.4, 1.0]))
def test_what_is_promised_for_any_picture_and_palette(
    case: tuple[Pixels, Pixels], method: Dither, strength: float
) -> None:
    pixels, palette = case
    indices = dither(pixels, palette, method, strength)
    assert indices.shape == pixels.shape[:2]
    assert indices.dtype == np.uint8
    assert indices.max() < len(palette)
    entries = without_hidden_colors(palette[np.newaxis])[0]
    before, after = without_hidden_colors(pixels), entries[indices]
    for color in np.unique(entries, axis=0):
        flat = (before == color).all(axis=2)
        assert (after[flat] == color).all(), "what matches an entry stays flat"
    if palette.shape[1] == 4:
        alpha = after[..., 3]
        if (entries[:, 3] == 255).any():
            assert (alpha[pixels[..., 3] == 255] == 255).all(), "opaque pixels stay opaque"
        if (entries[:, 3] == 0).any():
            assert (alpha[pixels[..., 3] == 0] == 0).all(), "fully transparent ones stay so"


@settings(deadline=None, max_examples=30)
@given(cases, st.sampled_from(METHODS))
def test_strength_0_is_no_dithering(case: tuple[Pixels, Pixels], method: Dither) -> None:
    pixels, palette = case
    flat = without_hidden_colors(pixels).reshape(-1, pixels.shape[2])
    settings = QuantizeSettings(space="rgb", dither=method, dither_strength=0)
    image = apply_palette(pixels, palette, settings)
    expected = nearest(flat, image.palette.colors[:, : flat.shape[1]])
    np.testing.assert_array_equal(image.indices.reshape(-1), expected)


def floyd_steinberg(pixels: Pixels, palette: Pixels, strength: float) -> NDArray[np.intp]:
    """Pixel by pixel, as the book has it, but with a sixteenth of each error lost."""
    grid = ColorGrid(palette)
    height, width, n_channels = pixels.shape
    points = np.zeros((height + 1, width + 2, n_channels), dtype=np.float64)
    points[:height, 1:-1] = pixels
    indices = np.zeros((height, width), dtype=np.intp)
    for y in range(height):
        for x in range(width):
            goal = points[y, x + 1].clip(0, 255)
            index = int(grid.nearest(goal[:, np.newaxis].astype(np.float32))[0])
            matches = np.flatnonzero((palette == pixels[y, x]).all(axis=1))
            if len(matches):
                index = int(matches[0])
            else:
                error = strength * 15 / 16 * (goal - palette[index])
                points[y, x + 2] += error * 7 / 16
                points[y + 1, x] += error * 3 / 16
                points[y + 1, x + 1] += error * 5 / 16
                points[y + 1, x + 2] += error * 1 / 16
            indices[y, x] = index
    return indices


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (9, 2), (2, 9), (12, 17), (17, 12)])
@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_waves_diffuse_as_pixel_by_pixel_does(size: tuple[int, int], strength: float) -> None:
    random = np.random.default_rng(size)
    pixels = random.integers(0, 256, (*size, 3), dtype=np.uint8)
    palette = random.integers(0, 256, (7, 3), dtype=np.uint8)
    palette[0] = pixels[0, 0]
    np.testing.assert_array_equal(
        dither(pixels, palette, "floyd-steinberg", strength),
        floyd_steinberg(pixels, palette, strength),
    )


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("alphas", [None, (40, 248)])
def test_what_is_found_by_the_grid_is_nearest(
    space: Space, alphas: tuple[int, int] | None, china: Pixels
) -> None:
    # Shades of little contrast, so that the entries lie nearer together than the grid's points.
    random = np.random.default_rng(0)
    colors = (china.reshape(-1, 3)[::50] // 3 + 60).astype(np.uint8)
    if alphas is not None:
        alpha = random.integers(*alphas, (len(colors), 1), dtype=np.uint8)
        colors = np.concatenate([colors, alpha], axis=1)
    palette = np.unique(colors[::41], axis=0)[:200]
    points, entries = to_points(colors, space), to_points(palette, space)
    least, found = (
        ((points - entries[chosen]) ** 2).sum(axis=1).mean()
        for chosen in (
            nearest(colors, palette, space),
            ColorGrid(palette, space).nearest(to_columns(colors)),
        )
    )
    assert found < 1.05 * least


def test_the_grid_divides_greys_halfway_between_two_entries() -> None:
    greys = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
    found = ColorGrid(greys[[100, 111, 122]]).nearest(to_columns(greys))
    assert found.tolist() == [0] * 106 + [1] * 11 + [2] * 139


@pytest.mark.parametrize("alpha", [251, 254])
def test_what_is_nearly_opaque_is_not_taken_for_it(alpha: int) -> None:
    colors = np.array([[0, 0, 250, alpha], [alpha, alpha, alpha, alpha]], dtype=np.uint8)
    palette = np.array(
        [[224, 180, 71, 255], [0, 0, 250, 240], [250, 250, 250, 240]], dtype=np.uint8
    )
    assert ColorGrid(palette, "oklab").nearest(to_columns(colors)).tolist() == [1, 2]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("k", [32, 64])
def test_a_logo_with_soft_edges_is_not_made_noisy(method: Dither, k: int, logo: Pixels) -> None:
    flat, dithered = (
        quantize_image(logo, QuantizeSettings(n_colors=k, dither=each)).fidelity.delta_e_mean
        for each in ("none", method)
    )
    assert dithered < 2 * flat


def test_opaque_colors_find_opaque_entries_only() -> None:
    colors = np.array([[99, 100, 100, 255], [99, 100, 100, 240]], dtype=np.uint8)
    palette = np.array(
        [[150, 100, 100, 255], [50, 100, 100, 255], [99, 100, 100, 241]], dtype=np.uint8
    )
    assert ColorGrid(palette, "oklab").nearest(to_columns(colors)).tolist() == [1, 2]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n_channels", [3, 4])
def test_a_soft_glow_of_many_colors_is_not_made_noisy(method: Dither, n_channels: int) -> None:
    y, x = np.mgrid[-60:60, -60:60] / 60
    near = (1 - np.hypot(x, y)).clip(0, 1)[..., np.newaxis]
    glow = np.concatenate([200 + 55 * near, 120 + 60 * near, 90 * near**2], axis=2)
    pixels = np.rint(glow * near if n_channels == 3 else np.dstack([glow, 255 * near]))
    flat, dithered = (
        quantize_image(pixels.astype(np.uint8), QuantizeSettings(n_colors=64, dither=each))
        for each in ("none", method)
    )
    assert dithered.fidelity.delta_e_mean < 1.5 * flat.fidelity.delta_e_mean


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("grey", [16, 64, 100, 192, 250])
def test_the_mean_of_a_flat_area_is_right(method: Dither, grey: int) -> None:
    pixels = np.full((128, 128, 3), grey, dtype=np.uint8)
    palette = np.array([[0, 0, 0], [255, 255, 255]], dtype=np.uint8)
    mean = 255 * dither(pixels, palette, method).mean()
    assert mean == pytest.approx(grey, abs=6)


@pytest.mark.parametrize("method", METHODS)
def test_half_the_strength_moves_a_mean_less(method: Dither) -> None:
    pixels = np.full((64, 64, 3), 100, dtype=np.uint8)
    palette = np.array([[0, 0, 0], [255, 255, 255]], dtype=np.uint8)
    means = [dither(pixels, palette, method, strength).mean() for strength in (0.1, 0.7, 1)]
    assert means[0] < means[1] < means[2]


@pytest.mark.parametrize("method", METHODS)
def test_the_order_of_the_palette_does_not_matter(method: Dither, china: Pixels) -> None:
    pixels = china[100:180, 200:300]
    palette = np.random.default_rng(1).integers(0, 256, (12, 3), dtype=np.uint8)
    forwards = palette[dither(pixels, palette, method)]
    backwards = palette[::-1][dither(pixels, palette[::-1], method)]
    # Where two entries are equally near, the order decides.
    assert (forwards == backwards).all(axis=2).mean() > 0.99


@pytest.mark.parametrize("k", [16, 64])
@pytest.mark.parametrize("method", METHODS)
def test_a_blurred_photo_is_much_closer(method: Dither, k: int, china: Pixels) -> None:
    pixels = china[:, :320]
    plain = quantize_image(pixels, QuantizeSettings(k, n_init=1))
    dithered = quantize_image(
        pixels, QuantizeSettings(k, n_init=1, dither=method, dither_strength=1)
    )
    assert len(dithered.palette.colors) <= k
    error = blurred_error(pixels, dithered.pixels)
    assert error < 0.7 * blurred_error(pixels, plain.pixels)
    if method == "floyd-steinberg":
        holder = Image.new("P", (1, 1))
        holder.putpalette(plain.palette.colors.tobytes())
        peer = Image.fromarray(pixels).quantize(palette=holder, dither=Image.Dither.FLOYDSTEINBERG)
        assert error < 0.7 * blurred_error(pixels, np.asarray(peer.convert("RGB")))


@pytest.mark.parametrize("method", METHODS)
def test_what_was_written_is_what_is_measured(method: Dither, china: Pixels) -> None:
    pixels = china[::2, ::2]
    for image in (
        quantize_image(pixels, QuantizeSettings(16, dither=method)),
        apply_palette(
            pixels,
            np.array([[0, 0, 0], [255, 255, 255]], dtype=np.uint8),
            QuantizeSettings(dither=method),
        ),
    ):
        error = ((pixels.astype(float) - image.pixels) ** 2).sum(axis=2).mean()
        assert image.fidelity.mse == pytest.approx(error)
        used = np.bincount(image.indices.ravel(), minlength=len(image.palette.colors))
        np.testing.assert_array_equal(used, image.palette.counts)
        assert image.n_colors_before == len(count_colors(pixels).colors)


@pytest.mark.parametrize("method", METHODS)
def test_an_exact_copy_is_not_dithered(method: Dither) -> None:
    pixels = np.asarray(Image.open(SAMPLES / "pixel-art.png").convert("RGB"))
    image = quantize_image(pixels, QuantizeSettings(16, dither=method))
    np.testing.assert_array_equal(image.pixels, pixels)
    assert image.psnr is None


@pytest.mark.parametrize("method", METHODS)
def test_flat_areas_of_a_drawing_stay_flat(method: Dither) -> None:
    pixels = np.asarray(Image.open(SAMPLES / "pixel-art.png").convert("RGB"))
    histogram = count_colors(pixels)
    image = quantize_image(pixels, QuantizeSettings(6, dither=method))
    # One colour too few: only the two rarest may be touched.
    rarest = np.sort(histogram.counts)[:2].sum()
    assert image.fidelity.exact_share >= 1 - rarest / histogram.n_pixels


@pytest.mark.parametrize("method", METHODS)
def test_nothing_nearly_opaque_gets_holes(method: Dither, logo: Pixels) -> None:
    image = quantize_image(logo, QuantizeSettings(16, dither=method))
    alpha = logo[..., 3].astype(int)
    assert (image.pixels[alpha == 0] == 0).all()
    assert image.pixels[alpha > 210][:, 3].min() > 150


@pytest.mark.parametrize("method", METHODS)
def test_alpha_is_dithered_with_the_color(method: Dither) -> None:
    pixels = np.zeros((64, 64, 4), dtype=np.uint8)
    pixels[..., 3] = np.linspace(1, 30, 64).astype(np.uint8)
    palette = np.array([[0, 0, 0, 0], [0, 0, 0, 32]], dtype=np.uint8)
    alpha = palette[dither(pixels, palette, method)][..., 3]
    assert alpha.mean() == pytest.approx(pixels[..., 3].mean(), abs=1.5)
    assert alpha[:, 30:34].mean() == pytest.approx(16, abs=4)


def test_a_palette_with_alpha_keeps_a_photo_opaque(china: Pixels) -> None:
    pixels = china[:64, :64]
    palette = np.array([[255, 255, 255, 128], [90, 90, 90, 255], [240, 250, 255, 255]], np.uint8)
    image = apply_palette(pixels, palette, QuantizeSettings(dither="floyd-steinberg"))
    assert (image.pixels[..., 3] == 255).all()
    np.testing.assert_array_equal(image.palette.colors, palette)


def test_locked_colors_are_not_moved(china: Pixels) -> None:
    locked = ((200, 30, 40, 255), (0, 0, 0, 255))
    image = quantize_image(china, QuantizeSettings(8, locked=locked, dither="floyd-steinberg"))
    colors = image.palette.colors.tolist()
    assert [200, 30, 40] in colors
    assert [0, 0, 0] in colors


def test_a_widened_palette_reaches_beyond_the_learned_one(china: Pixels) -> None:
    histogram = count_colors(china)
    learned = quantize_image(china, QuantizeSettings(16, space="rgb")).palette.colors
    fixed = np.zeros(len(learned), dtype=bool)
    reaches = []
    for strength in (0.2, 0.6, 1.0):
        widened = widen_palette(learned, histogram, fixed, strength, "oklab")
        reaches.append(np.ptp(widened.astype(int), axis=0).sum())
    assert np.ptp(learned.astype(int), axis=0).sum() < reaches[0] < reaches[1] < reaches[2]
    np.testing.assert_array_equal(
        widen_palette(learned, histogram, ~fixed, 1, "oklab"), np.unique(learned, axis=0)
    )


def test_a_palette_is_not_widened_to_the_coarsest_pattern() -> None:
    greys = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
    learned = np.array([[64] * 3, [192] * 3], dtype=np.uint8)
    histogram, free = count_colors(greys[np.newaxis]), np.zeros(2, dtype=bool)
    dark, light = widen_palette(learned, histogram, free, 1, "rgb")[:, 0]
    assert 32 < dark < 48
    assert 207 < light < 224


@pytest.mark.parametrize("space", SPACES)
def test_a_palette_is_widened_in_the_space_asked_for(space: Space, china: Pixels) -> None:
    """The mean of the mixtures comes closer to the colours, as that space has it."""
    histogram = count_colors(china[::4, ::4])
    learned = quantize_image(china[::4, ::4], QuantizeSettings(8, space=space)).palette.colors
    free = np.zeros(len(learned), dtype=bool)
    widened = widen_palette(learned, histogram, free, 1, space)
    others = [widen_palette(learned, histogram, free, 1, each) for each in SPACES if each != space]
    assert all((widened.shape != other.shape) or (widened != other).any() for other in others)


def test_entries_keep_their_alpha_when_they_are_widened(logo: Pixels) -> None:
    learned = quantize_image(logo, QuantizeSettings(12)).palette.colors
    widened = widen_palette(learned, count_colors(logo), learned[:, 3] == 0, 0.7, "oklab")
    # But for flat areas, whose colour an entry takes as it is, alpha and all.
    change = np.sort(widened[:, 3].astype(int)) - np.sort(learned[:, 3])
    assert np.abs(change).max() <= 2


@pytest.mark.parametrize("method", METHODS)
def test_what_is_fully_transparent_takes_no_error(method: Dither) -> None:
    pixels = np.zeros((24, 24, 4), dtype=np.uint8)
    pixels[:, ::2, 3] = 20
    palette = np.array([[0, 0, 0, 2], [0, 0, 0, 4]], dtype=np.uint8)
    assert (dither(pixels, palette, method)[:, 1::2] == 0).all()


def test_bayer_repeats_every_8_pixels_and_blue_noise_every_64() -> None:
    pixels = np.full((128, 128, 3), 90, dtype=np.uint8)
    palette = np.array([[0, 0, 0], [255, 255, 255]], dtype=np.uint8)
    for method, period in (("bayer", 8), ("blue-noise", 64)):
        pattern = dither(pixels, palette, method)  # type: ignore[arg-type]
        repeats = [step for step in (8, 64) if (pattern[:-step] == pattern[step:]).all()]
        assert repeats[0] == period


def test_a_mixture_goes_from_dark_to_light_as_the_matrix_does() -> None:
    pixels = np.full((8, 8, 3), (110, 140, 90), dtype=np.uint8)
    palette = np.array([[200, 250, 10], [20, 30, 40], [240, 10, 230], [90, 200, 90]], np.uint8)
    in_order = palette[dither(pixels, palette, "bayer").ravel()[np.argsort(bayer_matrix().ravel())]]
    luminance = in_order @ np.array([2126, 7152, 722])
    assert len(np.unique(luminance)) > 2
    np.testing.assert_array_equal(luminance, np.sort(luminance))


@pytest.mark.parametrize("space", ["oklab", "lab"])
def test_distances_are_taken_in_the_space_asked_for(space: str, china: Pixels) -> None:
    pixels = china[::4, ::4]
    palette = quantize_image(pixels, QuantizeSettings(8)).palette.colors
    own = dither(pixels, palette, "floyd-steinberg", space=space)  # type: ignore[arg-type]
    assert (own != dither(pixels, palette, "floyd-steinberg")).any()


def test_the_blue_noise_matrix_is_what_the_method_makes() -> None:
    np.testing.assert_array_equal(blue_noise(), void_and_cluster())


def test_blue_noise_has_no_low_frequencies() -> None:
    ranks = blue_noise().astype(float)
    np.testing.assert_array_equal(np.sort(ranks.ravel()), np.arange(4096))
    power = np.abs(np.fft.fft2(ranks - ranks.mean())) ** 2
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(64), np.fft.fftfreq(64)))
    low = power[(frequency > 0) & (frequency < 0.1)].mean()
    assert low < 0.01 * power[frequency > 0.3].mean()


def test_bayers_matrix_is_that_of_the_book() -> None:
    np.testing.assert_array_equal(
        bayer_matrix()[:4, :4] // 4, [[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]
    )
    assert sorted(bayer_matrix().ravel().tolist()) == list(range(64))


def test_settings_are_checked() -> None:
    with pytest.raises(SettingsError, match=r"dither is 'riemersma'; it must be one of none"):
        QuantizeSettings(dither="riemersma")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match=r"dither_strength is 1.5; it must be from 0 to 1"):
        QuantizeSettings(dither="bayer", dither_strength=1.5)
    assert not QuantizeSettings(dither="bayer", dither_strength=0).is_dithered


@pytest.mark.parametrize("method", METHODS)
def test_the_command_writes_the_same_bytes_for_any_number_of_threads(
    method: Dither, tmp_path: Path
) -> None:
    written = []
    for n_threads in ("1", "2"):
        env = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), n_threads)
        arguments = ["-k", "24", "--dither", method, "-o", "-"]
        done = kmcli("quantize", SAMPLES / "logo.png", *arguments, cwd=tmp_path, env=env)
        assert done.returncode == 0, done.stderr
        written.append(done.stdout)
    assert written[0] == written[1]


@pytest.mark.parametrize(
    ("picture", "dithering"),
    [("gradient.png", ("bayer", 0.5)), ("pixel-art.png", ("none", 0))],
)
def test_the_report_says_whether_there_was_dithering(
    picture: str, dithering: tuple[str, float], tmp_path: Path
) -> None:
    options = ["--dither", "bayer", "--dither-strength", "0.5", "--json", "-d", str(tmp_path)]
    done = kmcli("quantize", SAMPLES / picture, "-k", "16", *options)
    report = json.loads(done.stdout)
    assert (report["dither"], report["dither_strength"]) == dithering


def test_a_shared_palette_is_dithered_with(tmp_path: Path) -> None:
    pictures = [SAMPLES / "flower.jpg", SAMPLES / "gradient.png"]
    options = ["-k", "8", "--shared-palette", "--dither", "bayer", "-d", str(tmp_path)]
    done = kmcli("quantize", *pictures, *options)
    assert done.returncode == 0, done.stderr
    palettes = [Image.open(path).getpalette() for path in sorted(tmp_path.iterdir())]
    assert len(palettes) == 2
    assert palettes[0] == palettes[1]


@pytest.mark.parametrize("dither_options", [[], ["--dither", "none"]])
def test_strength_without_dithering_is_a_usage_error(
    dither_options: list[str], tmp_path: Path
) -> None:
    options = ["--dither-strength", "0.5", *dither_options, "-d", str(tmp_path)]
    done = kmcli("quantize", SAMPLES / "logo.png", *options)
    assert done.returncode == 2
    assert b"--dither-strength needs --dither" in done.stderr
    assert not list(tmp_path.iterdir())


def test_no_error_crosses_pixels_that_are_kept() -> None:
    palette = np.array([[0, 0, 0], [255, 255, 255]], np.uint8)
    found = []
    for left in (100, 160):
        pixels = np.full((12, 30, 3), 120, np.uint8)
        pixels[:, :14], pixels[:, 14:16] = left, 255
        found.append(dither(pixels, palette, "floyd-steinberg"))
    assert (found[0][:, :14] != found[1][:, :14]).any()
    np.testing.assert_array_equal(found[0][:, 14:], found[1][:, 14:])
