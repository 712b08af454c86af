"""`kmcli quantize --palette` and `--palette-out`: given and wanted palettes on the command line."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kmcli.cli.main import run
from kmcli.palette_files import WRITTEN_SUFFIXES, decode_palette
from tests.conftest import SAMPLES, kmcli

Capture = pytest.CaptureFixture[str]

WARM = [[26, 28, 44], [177, 62, 83], [255, 205, 117], [26, 28, 44]]
WARM_LIST = "#1a1c2c,#b13e53,#ffcd75,#1a1c2c"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A small photo, so that runs are short."""
    path = tmp_path / "photo.jpg"
    Image.open(SAMPLES / "china.jpg").resize((160, 107)).save(path)
    return path


@pytest.fixture
def clear_picture(tmp_path: Path) -> Path:
    """A picture with pixels of all degrees of transparency."""
    path = tmp_path / "logo.png"
    Image.open(SAMPLES / "logo.png").resize((64, 64)).save(path)
    return path


def palette_of(path: Path) -> list[list[int]]:
    found: list[list[int]] = decode_palette(path.read_bytes()).tolist()
    return found


def quantize(*arguments: str | Path) -> int:
    return run(["quantize", *map(str, arguments)])


def refusal(capfd: Capture, *arguments: str | Path) -> tuple[int, str]:
    """Run what has to fail, with one line that is given back."""
    code = quantize(*arguments)
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("kmcli: error: ")
    assert err.count("\n") == 1
    return code, err


# Given palettes


@pytest.mark.parametrize("value", ["255,255,255; 204,0,0", "rgb(255 255 255),#c00"])
def test_decimal_colours_are_a_list_as_well(value: str, picture: Path) -> None:
    output = picture.with_name("photo-palette.png")
    assert quantize(picture, "--palette", value) == 0
    assert palette_of(output) == [[255, 255, 255], [204, 0, 0]]
    assert (
        quantize(picture, "-k", "2", "--lock", value, "--order", "share", "-f", "-o", output) == 0
    )
    assert sorted(palette_of(output)) == [[204, 0, 0], [255, 255, 255]]


def test_a_file_that_is_called_like_a_list_is_a_file(
    picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(picture.parent)
    Path("1,2,3").write_text("#fff\n")
    assert quantize(picture, "--palette", "1,2,3") == 0
    assert palette_of(picture.with_name("photo-palette.png")) == [[255, 255, 255]]


def test_three_digits_to_lock_are_refused_with_both_readings(picture: Path, capfd: Capture) -> None:
    code, err = refusal(capfd, picture, "--lock", "255")
    assert code == 2
    assert "'255' could be #255 or one of three decimal numbers" in err


def test_a_picture_with_the_palette_is_held_to_the_limit(picture: Path, capfd: Capture) -> None:
    small, large = picture.with_name("small.png"), picture.with_name("large.png")
    Image.new("RGB", (2, 2)).save(small)
    Image.new("RGB", (9, 9)).save(large)
    code, err = refusal(capfd, small, "--palette", large, "--max-pixels", "80")
    assert code == 4
    assert "large.png: " in err
    assert not small.with_name("small-palette.png").exists()
    assert quantize(small, "--palette", large, "--max-pixels", "81") == 0


def test_a_list_is_the_palette_in_its_order_with_duplicates(picture: Path) -> None:
    assert quantize(picture, "--palette", WARM_LIST) == 0
    assert palette_of(picture.with_name("photo-palette.png")) == WARM


@pytest.mark.parametrize("suffix", [suffix for suffix in WRITTEN_SUFFIXES if suffix != ".css"])
def test_a_palette_written_for_one_picture_serves_for_another(picture: Path, suffix: str) -> None:
    file = picture.with_name(f"found{suffix}")
    first, second = picture.with_name("first.png"), picture.with_name("second.png")
    assert quantize(picture, "-k", "7", "-o", first, "--palette-out", file) == 0
    assert quantize(SAMPLES / "flower.jpg", "--palette", file, "-o", second) == 0
    assert palette_of(second) == palette_of(first)
    assert len(palette_of(first)) == 7


def test_the_palette_of_an_indexed_picture(picture: Path) -> None:
    first, second = picture.with_name("first.png"), picture.with_name("second.png")
    assert quantize(picture, "-k", "7", "-o", first) == 0
    assert quantize(SAMPLES / "flower.jpg", "--palette", first, "-o", second) == 0
    assert palette_of(second) == palette_of(first)


def test_several_pictures_with_one_palette(picture: Path, tmp_path: Path) -> None:
    assert quantize(picture, SAMPLES / "flower.jpg", "--palette", WARM_LIST, "-d", tmp_path) == 0
    assert palette_of(tmp_path / "photo-palette.png") == WARM
    assert palette_of(tmp_path / "flower-palette.png") == WARM


def test_the_palette_from_standard_input(picture: Path) -> None:
    done = kmcli("quantize", picture, "--palette", "-", "-o", "-", stdin=b"#1a1c2c\n#ffcd75\n")
    assert done.returncode == 0
    assert decode_palette(done.stdout).tolist() == [[26, 28, 44], [255, 205, 117]]


def test_the_picture_from_standard_input(picture: Path) -> None:
    done = kmcli("quantize", "-", "--palette", WARM_LIST, stdin=picture.read_bytes())
    assert done.returncode == 0
    assert decode_palette(done.stdout).tolist() == WARM


def test_a_clear_entry_is_added_and_told(clear_picture: Path, capfd: Capture) -> None:
    output = clear_picture.with_name("out.png")
    assert quantize(clear_picture, "--palette", WARM_LIST, "-o", output) == 0
    assert "no transparent colour; one was added, as entry 4" in capfd.readouterr().err
    pixels = np.asarray(Image.open(output).convert("RGBA"))
    original = np.asarray(Image.open(clear_picture).convert("RGBA"))
    assert (pixels[original[..., 3] == 0, 3] == 0).all()
    full = clear_picture.with_name("full.hex")
    full.write_text("".join(f"{grey:02x}{grey:02x}{grey:02x}\n" for grey in range(256)))
    assert quantize(clear_picture, "--palette", full, "-o", output, "-f") == 0
    assert "no room for one" in capfd.readouterr().err


def test_a_clear_entry_that_is_given_is_used(clear_picture: Path, capfd: Capture) -> None:
    output = clear_picture.with_name("out.png")
    assert quantize(clear_picture, "--palette", "#fff,#0000,#c00", "-o", output) == 0
    assert "warning" not in capfd.readouterr().err
    assert decode_palette(output.read_bytes()).tolist() == [
        [255, 255, 255, 255],
        [0, 0, 0, 0],
        [204, 0, 0, 255],
    ]


def test_the_report_knows_that_nothing_was_learned(picture: Path, capfd: Capture) -> None:
    assert quantize(picture, "--palette", WARM_LIST, "--json", "-q") == 0
    report = json.loads(capfd.readouterr().out)
    assert report["k"] == 4
    assert report["exact"] is False
    assert report["stages"] == []
    by_index = sorted(report["palette"], key=lambda row: int(row["index"]))
    assert [row["hex"] for row in by_index] == WARM_LIST.split(",")
    assert by_index[3]["pixels"] == 0
    assert report["colors_after"] == 3
    assert quantize(picture, "--palette", WARM_LIST, "--report", "-q", "-f") == 0
    assert "given palette" in capfd.readouterr().out


def test_a_report_serves_as_a_palette(picture: Path) -> None:
    report, first, second = (picture.with_name(name) for name in ("r.json", "a.png", "b.png"))
    assert quantize(picture, "-k", "9", "--report-file", report, "-o", first) == 0
    assert quantize(picture, "--palette", report, "-o", second) == 0
    assert palette_of(second) == palette_of(first)


@pytest.mark.parametrize(
    "options",
    [
        ["-k", "4"],
        ["--lock", "#fff"],
        ["--order", "luminance"],
        ["--effort", "normal"],
        ["--min-psnr", "30"],
        ["--max-size", "9999"],
        ["--n-init", "2"],
        ["--n-init", "3"],
        ["--region", "0,0,9,9"],
        ["--shared-palette"],
    ],
)
def test_what_a_palette_decides_cannot_be_asked_for(
    options: list[str], picture: Path, capfd: Capture
) -> None:
    code, err = refusal(capfd, picture, "--palette", WARM_LIST, *options)
    assert code == 2
    assert f"combined with {options[0]}" in err


def test_standard_input_is_not_palette_and_picture_at_once(capfd: Capture) -> None:
    code, err = refusal(capfd, "-", "--palette", "-")
    assert code == 2
    assert "not both" in err


@pytest.mark.parametrize(
    ("value", "code", "message"),
    [
        ("#fff,#ggg", 2, "'#ggg' is not a colour"),
        ("missing.gpl", 3, "missing.gpl: no such file"),
        ("fff,c00", 3, "fff,c00: no such file; write a list of colours like '#"),
        ("red", 3, "red: no such file; write a list of colours like '#fff,#c00'"),
        ("photo.jpg", 3, "limit; find a palette with kmcli quantize PICTURE --palette-out"),
        ("255,0,0,255", 2, "'255' could be #255 or one of three decimal numbers; write #255"),
        ("rgb(1,2)", 2, "'rgb(1,2)' is not a colour"),
        ("bad.gpl", 3, "bad.gpl: line 2: '0 0' is not a colour"),
    ],
)
def test_a_palette_that_cannot_be_read_ends_the_run(
    value: str,
    code: int,
    message: str,
    picture: Path,
    capfd: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(picture.parent)
    Path("bad.gpl").write_text("GIMP Palette\n0 0\n")
    found, err = refusal(capfd, "photo.jpg", "--palette", value)
    assert found == code
    assert message in err
    assert not Path("photo-palette.png").exists()


def test_the_palette_is_never_overwritten(picture: Path, capfd: Capture) -> None:
    palette = picture.with_name("brand.png")
    assert quantize(picture, "-k", "3", "-o", palette, "-q") == 0
    before = palette.read_bytes()
    for option in ("-o", "--palette-out"):
        code, err = refusal(capfd, picture, "--palette", palette, "-f", option, palette)
        assert code == 5
        assert "brand.png: is the " in err
    assert palette.read_bytes() == before


# Wanted palettes


def test_swatches_are_a_picture(picture: Path) -> None:
    file = picture.with_name("swatches.png")
    assert quantize(picture, "-k", "5", "--palette-out", file) == 0
    pixels = np.asarray(Image.open(file).convert("RGB"))
    for color in palette_of(picture.with_name("photo-k5.png")):
        assert (pixels == color).all(axis=2).sum() > 1000


def test_css_lists_the_entries_of_the_picture(picture: Path) -> None:
    file = picture.with_name("found.css")
    assert quantize(picture, "-k", "3", "--palette-out", file) == 0
    lines = file.read_text().splitlines()
    found = [line.split(":")[1].split(";")[0].strip() for line in lines[1:-1]]
    expected = palette_of(picture.with_name("photo-k3.png"))
    assert [list(bytes.fromhex(code[1:])) for code in found] == expected


def test_transparency_that_is_lost_is_told(clear_picture: Path, capfd: Capture) -> None:
    file = clear_picture.with_name("found.gpl")
    assert quantize(clear_picture, "-k", "8", "--palette-out", file) == 0
    err = capfd.readouterr().err
    assert "colours are transparent, which .gpl cannot hold" in err
    assert f"{file}: " in err
    assert quantize(clear_picture, "-f", "--palette-out", clear_picture.with_name("a.css")) == 0
    assert "warning" not in capfd.readouterr().err


def test_what_a_palette_file_cannot_hold_is_said(tmp_path: Path, capfd: Capture) -> None:
    glass = np.full((2, 2, 4), 128, np.uint8)
    Image.fromarray(glass).save(tmp_path / "glass.png")
    for suffix, n_warnings in [("hex", 1), ("json", 0), ("png", 0)]:
        path = tmp_path / f"p.{suffix}"
        assert run(["quantize", str(tmp_path / "glass.png"), "-f", "--palette-out", str(path)]) == 0
        assert capfd.readouterr().err.count("cannot hold") == n_warnings


def test_a_shared_palette_is_written_once(picture: Path, tmp_path: Path) -> None:
    file = tmp_path / "shared.json"
    pictures = [picture, SAMPLES / "flower.jpg"]
    options = ["-k", "6", "--shared-palette", "--palette-out", str(file)]
    assert quantize(*pictures, *options, "-d", tmp_path) == 0
    colors = decode_palette(file.read_bytes()).tolist()
    assert palette_of(tmp_path / "photo-k6.png") == colors
    assert palette_of(tmp_path / "flower-k6.png") == colors
    rows = json.loads(file.read_bytes())["palette"]
    with Image.open(SAMPLES / "flower.jpg") as flower:
        n_pixels = 160 * 107 + flower.width * flower.height
    assert sum(row["pixels"] for row in rows) == n_pixels


def test_image_and_palette_at_once_into_a_pipe_and_a_file(picture: Path) -> None:
    file = picture.with_name("found.hex")
    done = kmcli("quantize", picture, "-k", "3", "-o", "-", "--palette-out", file)
    assert done.returncode == 0
    assert np.array_equal(decode_palette(done.stdout), decode_palette(file.read_bytes()))
    assert Image.open(io.BytesIO(done.stdout)).size == (160, 107)


@pytest.mark.parametrize("name", ["found.txt", "found", "-"])
def test_an_unknown_suffix_lists_those_that_are_known(
    name: str, picture: Path, capfd: Capture
) -> None:
    code, err = refusal(capfd, picture, "--palette-out", name)
    assert code == 2
    assert f"{name!r} has no suffix that selects a format" in err
    assert ".gpl, .pal, .hex, .act, .ase, .json, .css, .png" in err


def test_several_palettes_do_not_fit_into_one_file(picture: Path, capfd: Capture) -> None:
    file = picture.with_name("found.gpl")
    code, err = refusal(capfd, picture, "-k", "4,5", "--palette-out", file)
    assert code == 2
    assert "-k asks for 2" in err
    code, err = refusal(capfd, picture, SAMPLES / "flower.jpg", "--palette-out", file)
    assert code == 2
    assert "--shared-palette" in err
    assert not file.exists()


def test_a_palette_file_that_exists_is_replaced_by_force_only(
    picture: Path, capfd: Capture
) -> None:
    file = picture.with_name("found.gpl")
    file.write_text("mine")
    code, err = refusal(capfd, picture, "-k", "4", "--palette-out", file)
    assert code == 5
    assert "found.gpl: exists; use --force" in err
    assert file.read_text() == "mine"
    assert not picture.with_name("photo-k4.png").exists()
    assert quantize(picture, "-k", "4", "--palette-out", file, "-f") == 0
    assert file.read_text().startswith("GIMP Palette\nName: found\n")


def test_a_palette_file_cannot_replace_the_input_or_another_output(
    clear_picture: Path, capfd: Capture
) -> None:
    before = clear_picture.read_bytes()
    code, err = refusal(capfd, clear_picture, "-f", "--palette-out", clear_picture)
    assert code == 5
    assert "logo.png: is the input" in err
    assert clear_picture.read_bytes() == before
    output = clear_picture.with_name("out.png")
    code, err = refusal(capfd, clear_picture, "-o", output, "--palette-out", output)
    assert code == 2
    assert "out.png" in err
    assert not output.exists()


def test_a_run_that_fails_leaves_no_palette(tmp_path: Path, capfd: Capture) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nno more")
    code, _ = refusal(capfd, broken, "--palette-out", tmp_path / "found.gpl")
    assert code == 3
    assert {path.name for path in tmp_path.iterdir()} == {"broken.png"}


def test_a_dry_run_writes_no_palette(picture: Path) -> None:
    assert quantize(picture, "--dry-run", "--palette-out", picture.with_name("found.gpl")) == 0
    assert {path.name for path in picture.parent.iterdir()} == {"photo.jpg"}
