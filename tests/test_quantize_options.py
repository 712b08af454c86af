"""Colour spaces, locked colours, weights, given palettes and targets do what they say."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kmcli.cli.main import run
from kmcli.errors import DeclinedError, SettingsError
from kmcli.palette_files import parse_colors
from kmcli.picture_files import encode_image
from kmcli.quantize import QuantizedImage, apply_palette, learn_palette, quantize_image
from kmcli.quantize.colorspace import from_points, to_points
from kmcli.quantize.histogram import (
    count_changes,
    count_colors,
    merge_counts,
    weigh_colors,
)
from kmcli.quantize.remap import nearest
from kmcli.quantize.targets import Trial, quantize_to_target
from kmcli.settings import QuantizeSettings, Space, Target
from tests.conftest import SAMPLES, Pixels
from tests.png import read_indexed_png

SPACES: list[Space] = ["rgb", "oklab", "lab"]


@pytest.fixture(scope="module")
def small(china: Pixels) -> Pixels:
    return np.ascontiguousarray(china[::3, ::3])


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("alpha", [255, 128])
def test_points_lead_back_in_every_space(space: Space, alpha: int) -> None:
    colors = np.random.default_rng(0).integers(0, 256, (500, 4), dtype=np.uint8)
    colors[:, 3] = alpha
    np.testing.assert_array_equal(from_points(to_points(colors, space), space), colors)
    opaque = colors[:, :3]
    np.testing.assert_array_equal(from_points(to_points(opaque, space), space), opaque)


@pytest.mark.parametrize("space", SPACES)
def test_black_is_the_origin_and_white_is_where_alpha_takes_it_to_be(space: Space) -> None:
    clear, black, white = to_points(
        np.array([[0, 0, 0, 0], [0, 0, 0, 255], [255, 255, 255, 255]], np.uint8), space
    )
    # On white, nothing looks like white; on black, like black: half of the squared distance.
    whole = ((black - white) ** 2).sum()
    assert ((clear - black) ** 2).sum() == pytest.approx(whole / 2, rel=1e-4)
    assert ((clear - white) ** 2).sum() == pytest.approx(whole / 2, rel=1e-4)


@pytest.mark.parametrize("space", SPACES)
def test_nearest_is_nearest_in_its_space(space: Space) -> None:
    random = np.random.default_rng(1)
    colors = random.integers(0, 256, (200, 3), dtype=np.uint8)
    palette = random.integers(0, 256, (9, 3), dtype=np.uint8)
    distances = to_points(colors, space)[:, None] - to_points(palette, space)
    expected = (distances**2).sum(axis=2).argmin(axis=1)
    np.testing.assert_array_equal(nearest(colors, palette, space), expected)


def test_each_space_is_best_by_its_own_measure(small: Pixels) -> None:
    flat = small.reshape(-1, 3)
    found = {s: quantize_image(small, QuantizeSettings(16, space=s)) for s in SPACES}
    for space in SPACES:
        before = to_points(flat, space)
        errors = {
            other: ((before - to_points(image.pixels.reshape(-1, 3), space)) ** 2).sum()
            for other, image in found.items()
        }
        assert min(errors, key=lambda other: errors[other]) == space
    assert found["oklab"].fidelity.delta_e_mean < 0.97 * found["rgb"].fidelity.delta_e_mean


def test_soft_transparency_is_kept_in_oklab(logo: Pixels) -> None:
    image = quantize_image(logo, QuantizeSettings(16, space="oklab"))
    assert (image.pixels[logo[..., 3] == 0] == 0).all()
    assert image.psnr is not None
    assert image.psnr > 38


def test_locked_colors_are_in_the_palette_even_if_unused(small: Pixels) -> None:
    locked = parse_colors("#fff,#00ff00")
    image = quantize_image(small, QuantizeSettings(8, locked=locked))
    assert {"#ffffff", "#00ff00"} <= set(image.palette.hex)
    assert len(image.palette.hex) == 8
    assert image.palette.counts[image.palette.hex.index("#00ff00")] == 0


def test_others_are_learned_around_locked_colors(small: Pixels) -> None:
    free = quantize_image(small, QuantizeSettings(8))
    locked = tuple((*map(int, color), 255) for color in free.palette.colors[[0, 7]])
    around = quantize_image(small, QuantizeSettings(8, locked=locked))  # type: ignore[arg-type]
    assert around.fidelity.mse <= 1.03 * free.fidelity.mse
    # Six colours and two that nobody asked for are worse, but not worse than six alone.
    useless = quantize_image(small, QuantizeSettings(8, locked=parse_colors("#0f0,#f0f")))
    six = quantize_image(small, QuantizeSettings(6))
    assert free.fidelity.mse < useless.fidelity.mse <= 1.01 * six.fidelity.mse


def test_only_locked_colors() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    image = quantize_image(pixels, QuantizeSettings(2, locked=parse_colors("#000 #fff")))
    assert image.palette.hex == ["#000000", "#ffffff"]
    with pytest.raises(SettingsError, match="3 colours are locked"):
        QuantizeSettings(2, locked=parse_colors("#000 #fff #ff0"))


def test_locked_colors_of_a_picture_of_few_colors() -> None:
    pixels = np.array([[[255, 0, 0], [0, 0, 255]]], dtype=np.uint8)
    image = quantize_image(pixels, QuantizeSettings(3, locked=parse_colors("#0f0")))
    assert image.psnr is None
    assert set(image.palette.hex) == {"#ff0000", "#0000ff", "#00ff00"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#fff", [(255, 255, 255, 255)]),
        ("c00, #0f08", [(204, 0, 0, 255), (0, 255, 0, 136)]),
        ("100000 000200", [(16, 0, 0, 255), (0, 2, 0, 255)]),
        ("100000 000200 000003", [(16, 0, 0, 255), (0, 2, 0, 255), (0, 0, 3, 255)]),
        ("#123456 #12345678", [(18, 52, 86, 255), (18, 52, 86, 120)]),
    ],
)
def test_lists_of_colors(text: str, expected: list[tuple[int, ...]]) -> None:
    assert list(parse_colors(text)) == expected


@pytest.mark.parametrize("text", ["", "#ff", "red", "#ggg", "#fffff"])
def test_what_is_no_list_of_colors(text: str) -> None:
    with pytest.raises(SettingsError, match="#c00"):
        parse_colors(text)


def test_given_palette_keeps_its_order_and_all_entries(small: Pixels) -> None:
    given_palette = np.array([[255, 255, 255], [1, 2, 3], [0, 0, 0], [128, 128, 128]], np.uint8)
    image = apply_palette(small, given_palette, QuantizeSettings(space="rgb"))
    np.testing.assert_array_equal(image.palette.colors, given_palette)
    distances = ((small[:, :, None].astype(int) - given_palette) ** 2).sum(axis=3)
    np.testing.assert_array_equal(image.indices, distances.argmin(axis=2))


def test_given_palette_gets_an_entry_for_what_is_transparent(logo: Pixels) -> None:
    given_palette = np.array([[255, 0, 0], [0, 0, 255]], np.uint8)
    image = apply_palette(logo, given_palette)
    assert image.palette.hex == ["#ff0000", "#0000ff", "#00000000"]
    assert (image.pixels[logo[..., 3] == 0] == 0).all()
    opaque = apply_palette(logo, np.array([[9, 9, 9, 0], [255, 0, 0, 255]], np.uint8))
    assert opaque.palette.hex == ["#09090900", "#ff0000"]


def test_picture_without_alpha_takes_a_palette_with_alpha(small: Pixels) -> None:
    image = apply_palette(small, np.array([[0, 0, 0, 0], [200, 200, 200, 255]], np.uint8))
    assert (image.indices == 1).all()
    assert image.fidelity.mse > 0


@given(st.integers(0, 1000))
def test_merged_counts_are_those_of_the_pictures_side_by_side(seed: int) -> None:
    random = np.random.default_rng(seed)
    one, two = (random.integers(0, 3, (4, 5, 3), dtype=np.uint8) for _ in range(2))
    merged = merge_counts([count_colors(one), count_colors(two)])
    both = count_colors(np.concatenate([one, two]))
    np.testing.assert_array_equal(merged.colors, both.colors)
    np.testing.assert_array_equal(merged.counts, both.counts)


def test_pairs_count_every_pixel() -> None:
    pixels = np.random.default_rng(0).integers(0, 2, (6, 6, 4), dtype=np.uint8)
    pixels[..., 3] *= 255
    indices = np.random.default_rng(1).integers(0, 256, (6, 6), dtype=np.uint8)
    pairs, entries = count_changes(pixels, indices)
    assert pairs.n_pixels == 36
    for color, count, entry in zip(pairs.colors, pairs.counts, entries, strict=True):
        same = (pixels * (pixels[..., 3:] > 0) == color).all(axis=2) & (indices == entry)
        assert np.count_nonzero(same) == count


def test_weights_lead_the_palette(small: Pixels) -> None:
    weights = np.zeros(small.shape[:2])
    weights[:40] = 1
    histogram = count_colors(small)
    settings = QuantizeSettings(8, space="rgb")  # others look at what surrounds the pixels
    weighted = learn_palette(weigh_colors(small, histogram, weights), settings)
    upper = quantize_image(small[:40], settings)
    assert weighted.hex == upper.palette.hex


def reached_by(image: QuantizedImage) -> float:
    assert image.psnr is not None
    return image.psnr


def to_target(
    pixels: Pixels, target: Target, k: int = 256
) -> tuple[QuantizedImage, QuantizeSettings, tuple[Trial, ...]]:
    def quantize(settings: QuantizeSettings) -> QuantizedImage:
        return quantize_image(pixels, settings)

    settings = QuantizeSettings(k, effort="fast")
    return quantize_to_target(quantize, settings, target, encode_image)


@pytest.fixture(scope="module", params=["photo", "drawing"])
def one_to_32(request: pytest.FixtureRequest) -> list[QuantizedImage]:
    """What becomes of a picture with 1, 2, 3 and so on up to 32 colours."""
    if request.param == "photo":
        with Image.open(SAMPLES / "china.jpg") as photo:
            pixels = np.asarray(photo.crop((250, 60, 330, 120)))
    else:  # its size goes up and down, as that of a drawing does
        random = np.random.default_rng(1)
        colors = random.integers(0, 256, (30, 3), dtype=np.uint8)
        fields = random.choice(30, (9, 12), p=random.dirichlet(np.ones(30)))
        pixels = colors[fields].repeat(5, axis=0).repeat(5, axis=1)
    settings = QuantizeSettings(effort="fast")
    return [quantize_image(pixels, replace(settings, n_colors=k)) for k in range(1, 33)]


def found_among(images: list[QuantizedImage], target: Target) -> int:
    _, settings, _ = quantize_to_target(
        lambda settings: images[settings.n_colors - 1],
        QuantizeSettings(len(images)),
        target,
        encode_image,
    )
    return settings.n_colors


def test_no_number_above_the_answer_fits(one_to_32: list[QuantizedImage]) -> None:
    sizes = [len(encode_image(image)) for image in one_to_32]
    assert sizes != sorted(sizes), "too easy"
    for limit in sorted({size + more for size in sizes for more in (0, 3)}):
        most = max(k for k, size in enumerate(sizes, start=1) if size <= limit)
        exact = one_to_32[most - 1].psnr is None
        expected = len(one_to_32[most - 1].palette.colors) if exact else most
        assert found_among(one_to_32, Target(max_size=limit)) == expected


def test_no_number_below_the_answer_reaches(one_to_32: list[QuantizedImage]) -> None:
    for image in one_to_32:
        wanted = image.psnr
        if wanted is not None:
            reaching = [each.psnr is None or each.psnr >= wanted for each in one_to_32]
            assert found_among(one_to_32, Target(min_psnr=wanted)) == 1 + reaching.index(True)
        most = image.fidelity.delta_e_mean
        within = [each.fidelity.delta_e_mean <= most for each in one_to_32]
        assert found_among(one_to_32, Target(max_delta_e=most)) == 1 + within.index(True)


def test_the_way_to_a_target_is_told(small: Pixels) -> None:
    _, settings, trials = to_target(small, Target(min_psnr=27, max_delta_e=5))
    assert [trial.n_colors for trial in trials] == sorted({t.n_colors for t in trials})
    assert len(trials) < 30
    last = next(trial for trial in trials if trial.n_colors == settings.n_colors)
    assert last.psnr is not None
    assert last.psnr >= 27
    assert last.delta_e_mean <= 5
    assert last.n_bytes is None


def test_no_limit_is_too_small_to_be_compared_with(small: Pixels) -> None:
    with pytest.raises(DeclinedError, match="limit 0"):
        to_target(small, Target(max_size=0), k=4)
    with pytest.raises(DeclinedError, match="not 0"):
        to_target(small, Target(max_delta_e=0), k=4)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (Target(min_psnr=60), r"4 colours reach 2\d\.\d\d dB, not 60"),
        (Target(max_delta_e=0.1), r"4 colours reach a colour difference of \d+\.\d\d, not 0.1"),
        (Target(max_size=10), r"even 1 colour takes \d+ bytes \(limit 10\)"),
    ],
)
def test_targets_out_of_reach(small: Pixels, target: Target, message: str) -> None:
    with pytest.raises(DeclinedError, match=message):
        to_target(small, target, k=4)


def test_targets_that_contradict_each_other() -> None:
    with pytest.raises(SettingsError, match="not both"):
        Target(min_psnr=30, max_size=1000)
    with pytest.raises(SettingsError, match="needs a quality or a size"):
        Target()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.open(SAMPLES / "china.jpg").resize((120, 80)).save(path)
    return path


def test_command_with_a_target(picture: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["quantize", str(picture), "--min-psnr", "26", "--json"]) == 0
    row = json.loads(capfd.readouterr().out)
    assert row["psnr"] >= 26
    assert row["output"].endswith("photo-auto.png")
    reaching = [trial["k"] for trial in row["curve"] if trial["psnr"] >= 26]
    assert min(reaching) == row["k"] == row["colors_after"]


@pytest.mark.parametrize("size", ["2000", "2k", "2KB"])
def test_sizes_may_be_written_short(
    picture: Path, size: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert (
        run(["quantize", str(picture), "--max-size", size, "-k", "16", "--json", "--dry-run"]) == 0
    )
    row = json.loads(capfd.readouterr().out)
    assert 1500 < row["output_bytes"] <= 2000
    assert 2 < row["colors_after"] < 16


def test_one_colour_is_written_in_the_singular(
    picture: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["quantize", str(picture), "-k", "1", "--report"]) == 0
    out, err = capfd.readouterr()
    assert "-> 1 colour, " in err
    assert out.startswith(f"{picture} with 1 colour\n")
    assert "Fidelity of 1 random pixel as the palette" in out


def test_help_begins_with_what_most_people_need(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["quantize", "--help"]) == 0
    first = capfd.readouterr().out.split("Most used:")[1].split("\n\n")[0]
    options = [line.split()[0].rstrip(",") for line in first.splitlines() if line[:3] == "  -"]
    assert options == ["-k", "-o", "-d", "-f", "--dither", "--report"]


def test_command_out_of_reach_leaves_nothing(
    picture: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["quantize", str(picture), "-k", "3", "--min-psnr", "60"]) == 7
    assert "3 colours reach" in capfd.readouterr().err
    assert [path.name for path in picture.parent.iterdir()] == ["photo.png"]


def test_command_with_region_and_mask(
    picture: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    everywhere = quantize_image(np.asarray(Image.open(picture)), QuantizeSettings(4)).palette.colors
    mask = Image.new("L", (120, 80))
    mask.paste(255, (0, 0, 120, 20))
    mask.save(tmp_path / "mask.png")
    for arguments in (["--region", "0,0,120,20"], ["--weight-mask", str(tmp_path / "mask.png")]):
        target = str(tmp_path / "out.png")
        assert run(["quantize", str(picture), "-k", "4", "-qfo", target, *arguments]) == 0
        palette = read_indexed_png(Path(target).read_bytes()).palette
        assert palette.mean() > 1.2 * everywhere.mean()  # the sky is bright
    assert capfd.readouterr() == ("", "")
    Image.new("L", (9, 9)).save(tmp_path / "small.png")
    assert run(["quantize", str(picture), "--weight-mask", str(tmp_path / "small.png")]) == 2
    assert "the mask has 9 x 9 pixels, the picture 120 x 80" in capfd.readouterr().err
    assert run(["quantize", str(picture), "--region", "100,0,50,50"]) == 2
    assert "does not lie within 120 x 80 pixels" in capfd.readouterr().err
    for region in ("1,2,3", "a,b,c,d", "0,0,0,5", "0,0,5,0"):
        assert run(["quantize", str(picture), "--region", region]) == 2
        what = "contains no pixels" if region.startswith("0,") else "is not of the form X,Y,W,H"
        assert f"'{region}' {what}" in capfd.readouterr().err


def test_command_with_locked_colors(picture: Path, capfd: pytest.CaptureFixture[str]) -> None:
    target = picture.parent / "out.png"
    arguments = ["-k", "4", "--lock", "#123456", "--order", "share", "-q", "-o", str(target)]
    assert run(["quantize", str(picture), *arguments]) == 0
    written = read_indexed_png(target.read_bytes())
    assert [0x12, 0x34, 0x56] in written.palette.tolist()
    counts = np.bincount(written.indices.ravel(), minlength=4).tolist()
    assert counts == sorted(counts, reverse=True)
    assert run(["quantize", str(picture), "--lock", "red"]) == 2
    assert "'red' is not a colour" in capfd.readouterr().err
