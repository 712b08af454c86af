"""Quantizing a picture: exact where it can be, near the optimum where it cannot."""

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.cluster import KMeans

from kmcli import parallel
from kmcli.errors import SettingsError
from kmcli.image_io import decode_image
from kmcli.quantize import (
    QuantizedImage,
    apply_palette,
    learn_palette,
    measure_ssim,
    quantize_image,
)
from kmcli.quantize.histogram import count_colors
from kmcli.quantize.learn import random_palette
from kmcli.quantize.pipeline import remap_ordered
from kmcli.settings import Dither, QuantizeSettings
from tests.conftest import ROOT, Pixels
from tests.test_quantize_color import visible_distance
from tests.test_quantize_histogram import without_hidden_colors


def mean_squared_error(pixels: Pixels, image: QuantizedImage) -> float:
    difference = pixels.astype(float) - image.pixels
    return float((difference**2).sum(axis=2).mean())


small_pictures = st.integers(3, 4).flatmap(
    lambda channels: hnp.arrays(
        np.uint8,
        st.tuples(st.integers(1, 8), st.integers(1, 8), st.just(channels)),
        elements=st.sampled_from([0, 1, 60, 128, 254, 255]),
    )
)


@settings(deadline=None, max_examples=60)
@given(small_pictures)
def test_a_picture_of_at_most_k_colors_is_copied_exactly(pixels: Pixels) -> None:
    expected = without_hidden_colors(pixels)
    n_colors = len(np.unique(expected.reshape(-1, pixels.shape[2]), axis=0))
    image = quantize_image(pixels, QuantizeSettings(n_colors))
    np.testing.assert_array_equal(image.pixels, expected)
    assert len(image.palette.colors) == n_colors
    assert image.psnr is None
    assert image.stages == ()


@settings(deadline=None, max_examples=60)
@given(small_pictures, st.integers(1, 6))
@example(np.array([[[60, 60, 60, 0], [60, 60, 60, 1], [60, 60, 60, 60]]], np.uint8), 2)
def test_what_is_promised_for_any_picture(pixels: Pixels, k: int) -> None:
    image = quantize_image(pixels, QuantizeSettings(k, n_init=1, space="rgb"))
    palette = image.palette.colors
    assert 1 <= len(palette) <= k
    assert len(np.unique(palette, axis=0)) == len(palette)
    assert image.indices.shape == pixels.shape[:2]
    used = np.bincount(image.indices.ravel(), minlength=len(palette))
    np.testing.assert_array_equal(used, image.palette.counts)
    assert used.min() >= 1
    flat, chosen = pixels.reshape(-1, pixels.shape[2]), image.pixels.reshape(-1, pixels.shape[2])
    opaque_entries = palette.shape[1] == 4 and (palette[:, 3] == 255).any()
    for color, got in zip(flat, chosen, strict=True):
        if palette.shape[1] == 4 and color[3] == 0 and k > 1:
            assert got[3] == 0, "fully transparent pixels stay so"
        elif opaque_entries and color[3] == 255:
            assert got[3] == 255, "opaque pixels stay opaque"
        else:
            nearest = min(visible_distance(color, entry) for entry in palette)
            assert visible_distance(color, got) == pytest.approx(nearest, abs=1e-6)


@pytest.mark.parametrize(("k", "limit"), [(16, 350), (64, 114), (256, 44)])
def test_error_on_china_is_within_the_goal(china: Pixels, k: int, limit: float) -> None:
    image = quantize_image(china, QuantizeSettings(k, space="rgb"))
    assert mean_squared_error(china, image) <= limit
    assert image.fidelity.mse == pytest.approx(mean_squared_error(china, image))


def test_error_is_close_to_that_of_full_k_means(china: Pixels) -> None:
    histogram = count_colors(china)
    full = KMeans(16, n_init=4, random_state=0).fit(
        histogram.colors.astype(float), sample_weight=histogram.counts
    )
    ours = mean_squared_error(china, quantize_image(china, QuantizeSettings(16, space="rgb")))
    assert ours <= 1.01 * full.inertia_ / histogram.n_pixels


def test_random_palette_is_drawn_from_the_pixels_and_is_worse(china: Pixels) -> None:
    histogram, settings = count_colors(china), QuantizeSettings(16, space="rgb")
    random = remap_ordered(china, histogram, random_palette(histogram, 16, 0), settings)
    colors = {tuple(color) for color in histogram.colors.tolist()}
    assert {tuple(color) for color in random.palette.colors.tolist()} <= colors
    learned = quantize_image(china, settings)
    assert learned.fidelity.mse < 0.6 * random.fidelity.mse
    ssim, ssim_random = measure_ssim(china, learned), measure_ssim(china, random)
    assert ssim is not None
    assert ssim_random is not None
    assert ssim_random < ssim < 1


def test_seed_decides(china: Pixels) -> None:
    histogram = count_colors(china[::4, ::4])
    palettes = [random_palette(histogram, 8, seed).tolist() for seed in (0, 0, 1)]
    assert palettes[0] == palettes[1] != palettes[2]


def test_soft_transparency_is_kept(logo: Pixels) -> None:
    image = quantize_image(logo, QuantizeSettings(16))
    transparent = logo[..., 3] == 0
    assert (image.pixels[transparent] == 0).all()
    assert ((image.pixels[..., 3] > 0) & (image.pixels[..., 3] < 255)).any()
    assert image.psnr is not None
    assert image.psnr > 40
    assert image.palette.colors[0].tolist() == [0, 0, 0, 0]


@pytest.fixture(scope="module")
def frames(china: Pixels) -> Pixels:
    return np.stack([china[top : top + 40, top : top + 60] for top in (0, 150, 300)])


def test_frames_get_one_palette_and_keep_their_shape(frames: Pixels) -> None:
    tall = frames.reshape(-1, *frames.shape[2:])
    image, expected = (quantize_image(pixels, QuantizeSettings(8)) for pixels in (frames, tall))
    assert image.indices.shape == frames.shape[:3]
    np.testing.assert_array_equal(image.indices.reshape(expected.indices.shape), expected.indices)
    assert image.palette.hex == expected.palette.hex
    assert image.psnr == expected.psnr
    np.testing.assert_array_equal(count_colors(frames).counts, count_colors(tall).counts)


@pytest.mark.parametrize("method", ["floyd-steinberg", "blue-noise"])
def test_each_frame_is_dithered_by_itself(frames: Pixels, method: Dither) -> None:
    dithered = QuantizeSettings(8, dither=method, dither_strength=0.7)
    palette = quantize_image(frames, dithered).palette.colors
    together = apply_palette(frames, palette, dithered)
    for frame, indices in zip(frames, together.indices, strict=True):
        alone = apply_palette(frame, palette, dithered)
        np.testing.assert_array_equal(indices, alone.indices)
    assert together.palette.counts.sum() == together.indices.size


def test_similarity_of_a_copy_with_alpha_is_1(logo: Pixels) -> None:
    pixels = quantize_image(logo, QuantizeSettings(64)).pixels
    assert pixels.shape[2] == 4
    assert measure_ssim(pixels, quantize_image(pixels, QuantizeSettings(64))) == pytest.approx(1)


def test_similarity_of_an_animation_is_the_mean_of_its_frames(frames: Pixels) -> None:
    image = quantize_image(frames, QuantizeSettings(4))
    alone = [
        measure_ssim(frame, apply_palette(frame, image.palette.colors)) or 0 for frame in frames
    ]
    assert measure_ssim(frames, image) == pytest.approx(np.mean(alone))
    assert len(set(alone)) > 1
    tiny = frames[:, :5, :5]
    assert measure_ssim(tiny, quantize_image(tiny, QuantizeSettings(4))) is None


def test_a_notebook_shows_the_first_frame(frames: Pixels) -> None:
    image = quantize_image(frames, QuantizeSettings(4))
    shown = decode_image(image._repr_png_()).pixels
    np.testing.assert_array_equal(shown, image.pixels[0])


def test_the_parts_make_the_whole(china: Pixels) -> None:
    small = china[::5, ::5]
    settings = QuantizeSettings(12, order="share", locked=((255, 0, 255, 255),))
    palette = learn_palette(count_colors(small), settings)
    whole = quantize_image(small, settings)
    np.testing.assert_array_equal(palette.colors, whole.palette.colors)
    np.testing.assert_array_equal(palette.counts, whole.palette.counts)
    mapped = apply_palette(small, palette.colors, settings)
    np.testing.assert_array_equal(mapped.indices, whole.indices)


def test_hidden_colors_take_no_slot() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 4), dtype=np.uint8)
    pixels[..., 3] = 0
    pixels[:4, :, :] = [200, 10, 10, 255]
    image = quantize_image(pixels, QuantizeSettings(2))
    assert image.palette.hex == ["#00000000", "#c80a0a"]
    assert image.psnr is None


def test_few_translucent_pixels_do_not_make_an_area_translucent() -> None:
    pixels = np.full((20, 20, 4), 255, dtype=np.uint8)
    pixels[0, :, 3] = np.arange(235, 255)
    pixels[1, :, 0] = np.arange(20)
    image = quantize_image(pixels, QuantizeSettings(3))
    assert (image.pixels[1:, :, 3] == 255).all()


def test_translucent_pixels_within_an_area_of_many_colors_leave_it_opaque() -> None:
    random = np.random.default_rng(0)
    pixels = random.integers(180, 240, (40, 40, 4), dtype=np.uint8)
    pixels[..., 3] = 255
    pixels[::5, ::2, 3] = random.integers(150, 250, (8, 20))
    image = quantize_image(pixels, QuantizeSettings(3))
    assert (image.pixels[pixels[..., 3] == 255][:, 3] == 255).all()


def test_more_colors_never_look_worse(china: Pixels) -> None:
    errors = [
        quantize_image(china, QuantizeSettings(k)).fidelity.delta_e_mean for k in (4, 8, 16, 32)
    ]
    assert errors == sorted(errors, reverse=True)


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1)])
@pytest.mark.parametrize("k", [1, 2, 256])
def test_odd_sizes(shape: tuple[int, int], k: int) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    image = quantize_image(pixels, QuantizeSettings(k))
    assert image.indices.shape == shape


def test_257_colors_become_256() -> None:
    greys = np.arange(256, dtype=np.uint8)
    pixels = np.stack([greys, greys, greys], axis=1)[np.newaxis]
    pixels = np.concatenate([pixels, [[[255, 0, 0]]]], axis=1).astype(np.uint8)
    image = quantize_image(pixels, QuantizeSettings(256))
    assert len(image.palette.colors) == 256
    assert 0 < image.fidelity.mse < 1


@pytest.mark.parametrize("k", [0, 257, -1])
def test_number_of_colors_out_of_range(k: int) -> None:
    with pytest.raises(SettingsError, match=f"n_colors is {k}; it must be from 1 to 256"):
        QuantizeSettings(k)


def test_bytes_do_not_depend_on_the_number_of_threads() -> None:
    code = (
        "from kmcli.image_io import decode_image, encode_indexed_png\n"
        "from kmcli.quantize import quantize_image\n"
        "from kmcli.settings import Dither, QuantizeSettings\n"
        "import hashlib, sys\n"
        "for name in ('china.jpg', 'logo.png'):\n"
        "    pixels = decode_image(open(f'sample_images/{name}', 'rb').read()).pixels\n"
        "    image = quantize_image(pixels, QuantizeSettings(64))\n"
        "    png = encode_indexed_png(image.palette.colors, image.indices)\n"
        "    print(hashlib.sha256(png).hexdigest())\n"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "OMP_NUM_THREADS": n, "OPENBLAS_NUM_THREADS": n},
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout
        for n in ("1", "2")
    }
    assert len(printed) == 1
    assert len(printed.pop().split()) == 2


@pytest.mark.parametrize("channels", [3, 4])
def test_a_large_picture_becomes_the_same_on_any_number_of_cores(
    channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)
    shares = []
    map_in_threads = parallel.map_in_threads

    def recorded(work: Any, items: Any) -> list[Any]:
        shares.append(len(items))
        return map_in_threads(work, items)

    monkeypatch.setattr(parallel, "map_in_threads", recorded)
    # Many distinct opaque colours, so that each step has several shares.
    pixels = random.integers(0, 256, (1500, 1500, channels), dtype=np.uint8)
    pixels[..., 3:] |= 240
    results = []
    for n_cores in (1, 7):
        monkeypatch.setattr(parallel, "n_cores", lambda n=n_cores: n)
        image = apply_palette(pixels, pixels[0, :256])
        results.append((image.indices.tobytes(), image.palette.hex, image.psnr))
    assert results[0] == results[1]
    assert sum(n_shares > 1 for n_shares in shares) == 3 * 2  # labels, indices and error of each


def test_more_effort_never_makes_it_worse(china: Pixels) -> None:
    for k in (4, 16, 64):
        fast, normal, best = (
            quantize_image(china, QuantizeSettings(k, effort=effort, space="rgb")).fidelity.mse
            for effort in ("fast", "normal", "best")
        )
        assert best <= normal <= fast


def test_best_effort_reaches_many_restarts_of_full_k_means(china: Pixels) -> None:
    small = china[::3, ::3]
    histogram = count_colors(small)
    full = KMeans(32, n_init=10, random_state=0).fit(
        histogram.colors.astype(float), sample_weight=histogram.counts
    )
    image = quantize_image(small, QuantizeSettings(32, effort="best", space="rgb"))
    rounding = 0.3  # of the centres to whole numbers: about 1/12 a channel
    assert image.fidelity.mse <= full.inertia_ / histogram.n_pixels + rounding
