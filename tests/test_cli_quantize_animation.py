"""Animations and other formats, from the command line."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kmcli.cli.main import run
from kmcli.image_io import decode_frames, decode_image
from tests.conftest import SAMPLES

ORBIT = str(SAMPLES / "orbit.webp")
LOGO = str(SAMPLES / "logo.png")


def quantize(*arguments: str | Path) -> int:
    return run(["quantize", *map(str, arguments)])


@pytest.mark.parametrize("name", ["orbit.png", "orbit.gif"])
def test_an_animation_keeps_its_frames_and_times(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / name
    assert quantize(ORBIT, "-k", "16", "-o", output) == 0
    assert "24 frames, " in capfd.readouterr().err
    before, after = (decode_frames(Path(path).read_bytes()) for path in (ORBIT, output))
    assert after.frames.shape == before.frames.shape
    assert (after.durations, after.n_plays) == (before.durations, before.n_plays)
    assert len(np.unique(after.frames.reshape(-1, 3), axis=0)) <= 16
    error = (before.frames.astype(float) - after.frames) ** 2
    assert error.mean() < 30


def test_default_output_of_an_animation_is_an_animated_png(tmp_path: Path) -> None:
    assert quantize(ORBIT, "-k", "8", "-d", tmp_path) == 0
    with Image.open(tmp_path / "orbit-k8.png") as image:
        assert getattr(image, "n_frames", 1) == 24


def test_the_report_counts_frames(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert quantize(ORBIT, "-k", "8", "-d", tmp_path, "--json") == 0
    report = json.loads(capfd.readouterr().out)
    assert (report["frames"], report["width"], report["height"]) == (24, 240, 150)
    assert sum(entry["pixels"] for entry in report["palette"]) == 24 * 240 * 150


def test_one_frame_can_be_taken(tmp_path: Path) -> None:
    output = tmp_path / "frame.png"
    assert quantize(ORBIT, "--frame", "5", "-k", "256", "-o", output) == 0
    with Image.open(output) as image:
        assert getattr(image, "n_frames", 1) == 1
        pixels = np.asarray(image.convert("RGB")).astype(int)
    fifth = decode_frames(Path(ORBIT).read_bytes()).frames[4]
    assert np.abs(pixels - fifth).mean() < 1
    assert quantize(ORBIT, "--frame", "25", "-o", tmp_path / "none.png") == 2
    assert not (tmp_path / "none.png").exists()


def test_sheet_and_region_of_an_animation(tmp_path: Path) -> None:
    assert quantize(ORBIT, "-k", "8", "--compare", "-d", tmp_path) == 0
    with Image.open(tmp_path / "orbit-compare.png") as sheet:
        assert sheet.height < 1000  # one frame, not 24 of them
    output = tmp_path / "planet.png"
    assert quantize(ORBIT, "-k", "8", "--region", "78,33,84,84", "-o", output) == 0
    assert quantize(ORBIT, "--region", "0,100,9,99", "-o", tmp_path / "none.png") == 2


def test_a_mask_weighs_every_frame(tmp_path: Path) -> None:
    mask = np.zeros((150, 240), dtype=np.uint8)
    mask[33:117, 78:162] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    arguments = ("-k", "8", "--weight-mask", tmp_path / "mask.png", "-o", tmp_path / "o.png")
    assert quantize(ORBIT, *arguments) == 0


def test_webp_and_gif_hold_the_same_colors_as_png(tmp_path: Path) -> None:
    photo = str(SAMPLES / "gradient.png")
    decoded = []
    for name in ("a.png", "a.gif", "a.webp"):
        assert quantize(photo, "-k", "20", "-o", tmp_path / name) == 0
        decoded.append(decode_image((tmp_path / name).read_bytes()))
    assert [each.format for each in decoded] == ["PNG", "GIF", "WEBP"]
    np.testing.assert_array_equal(decoded[1].pixels, decoded[0].pixels)
    np.testing.assert_array_equal(decoded[2].pixels, decoded[0].pixels)


def test_webp_keeps_translucency_and_gif_says_that_it_does_not(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert quantize(LOGO, "-k", "32", "-o", tmp_path / "a.webp") == 0
    assert "warning" not in capfd.readouterr().err
    alpha = decode_image((tmp_path / "a.webp").read_bytes()).pixels[..., 3]
    assert len(np.unique(alpha)) > 3
    assert quantize(LOGO, "-k", "32", "-o", tmp_path / "a.gif") == 0
    assert "warning: " in (told := capfd.readouterr().err)
    assert "GIF has no translucent pixels" in told
    alpha = decode_image((tmp_path / "a.gif").read_bytes()).pixels[..., 3]
    assert set(np.unique(alpha)) == {0, 255}


@pytest.mark.parametrize("name", ["a.jpg", "a.TIFF", "a.pdf"])
def test_other_ends_of_a_name_are_refused_and_the_possible_ones_listed(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert quantize(LOGO, "-o", tmp_path / name) == 2
    assert ".png, .gif or .webp" in capfd.readouterr().err
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["out.PNG", "out.apng", "out"])
def test_some_names_mean_png(name: str, tmp_path: Path) -> None:
    assert quantize(LOGO, "-o", tmp_path / name) == 0
    assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def test_an_animation_is_not_cut_down_to_a_webp(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert quantize(ORBIT, "-o", tmp_path / "a.webp") == 3
    assert "24 frames" in capfd.readouterr().err
    assert not any(tmp_path.iterdir())
    assert quantize(ORBIT, "-o", tmp_path / "a.webp", "--frame", "1") == 0


def test_optimizing_makes_a_smaller_file_of_the_same_pixels(tmp_path: Path) -> None:
    pytest.importorskip("oxipng")
    plain, small = tmp_path / "plain.png", tmp_path / "small.png"
    photo = str(SAMPLES / "gradient.png")
    assert quantize(photo, "-k", "20", "-o", plain) == 0
    assert quantize(photo, "-k", "20", "-o", small, "--optimize") == 0
    assert small.stat().st_size < plain.stat().st_size
    first, second = (decode_image(path.read_bytes()).pixels for path in (plain, small))
    np.testing.assert_array_equal(first, second)


def test_optimizing_is_for_pngs_and_needs_its_extra(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert quantize(LOGO, "--optimize", "-o", tmp_path / "a.gif") == 2
    assert "PNGs only" in capfd.readouterr().err
    monkeypatch.setitem(sys.modules, "oxipng", None)
    assert quantize(LOGO, "--optimize", "-o", tmp_path / "a.png") == 2
    assert "pip install 'kmcli[optimize]'" in capfd.readouterr().err
    assert not any(tmp_path.iterdir())


def test_an_animated_png_can_be_replaced_in_place(tmp_path: Path) -> None:
    path = tmp_path / "orbit.png"
    assert quantize(ORBIT, "-k", "64", "-o", path) == 0
    shutil.copy(path, tmp_path / "before.png")
    assert quantize(path, "-k", "4", "--in-place") == 0
    assert len(decode_frames(path.read_bytes()).frames) == 24
    assert path.stat().st_size < (tmp_path / "before.png").stat().st_size


@pytest.mark.parametrize("method", ["floyd-steinberg", "bayer"])
def test_what_stands_still_does_not_flicker_by_dithering(method: str, tmp_path: Path) -> None:
    top = np.asarray(Image.open(SAMPLES / "gradient.png").convert("RGB"))[:53, :80]
    frames = [Image.fromarray(top), Image.fromarray(top.copy())]
    frames[1].paste((255, 0, 0), (70, 43, 80, 53))  # below and to the right of all that is seen
    source = tmp_path / "a.png"
    frames[0].save(source, save_all=True, append_images=frames[1:], duration=50)
    output = tmp_path / "o.png"
    assert quantize(source, "-k", "4", "--dither", method, "-o", output) == 0
    first, second = decode_frames(output.read_bytes()).frames
    np.testing.assert_array_equal(first[:40, :30], second[:40, :30])


def test_a_gif_of_one_frame_comes_out_without_a_time(tmp_path: Path) -> None:
    source, output = tmp_path / "a.gif", tmp_path / "b.gif"
    Image.new("P", (4, 3)).save(source, duration=500)
    assert decode_frames(source.read_bytes()).durations == (500,)
    assert run(["quantize", str(source), "-o", str(output)]) == 0
    assert decode_frames(output.read_bytes()).durations == (0,)
