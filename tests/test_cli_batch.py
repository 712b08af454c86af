"""Many pictures and many versions of them: names, trees, jobs, skipping, sharing."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from kmcli.cli.main import run
from kmcli.cli.quantize import batch, pool
from kmcli.cli.quantize.inputs import find_inputs
from kmcli.errors import InputError, KmcliError, OutputError
from kmcli.files import publish
from tests.conftest import SAMPLES, Pixels, kmcli
from tests.png import read_indexed_png

Capture = pytest.CaptureFixture[str]


def paint(path: Path, seed: int = 0, size: tuple[int, int] = (24, 16)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    Image.fromarray(random.integers(0, 256, (*size, 3), dtype=np.uint8)).save(path)
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    # Where a test does not ask for workers, none need be started.
    monkeypatch.setattr(batch, "n_cores", lambda: 1)
    return tmp_path


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_several_numbers_make_several_results(folder: Path, capfd: Capture) -> None:
    paint(folder / "a.png")
    assert run(["quantize", "a.png", "-k", "8,2,4", "--json"]) == 0
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [(line["k"], line["output"]) for line in lines] == [
        (8, "a-k8.png"),
        (2, "a-k2.png"),
        (4, "a-k4.png"),
    ]
    for k in (8, 2, 4):
        assert run(["quantize", "a.png", "-k", str(k), "-o", "one.png", "-f"]) == 0
        assert (folder / f"a-k{k}.png").read_bytes() == (folder / "one.png").read_bytes()


def test_one_version_in_the_way_keeps_all_from_being_written(folder: Path) -> None:
    paint(folder / "a.png")
    (folder / "a-k4.png").write_bytes(b"mine")
    before = tree(folder)
    assert run(["quantize", "a.png", "-k", "8,4,2"]) == 5
    assert tree(folder) == before


def test_sheet_shows_original_versions_and_random_palettes(folder: Path) -> None:
    paint(folder / "a.png", size=(200, 220))
    assert run(["quantize", "a.png", "-k", "8,4", "--compare"]) == 0
    assert set(tree(folder)) == {"a.png", "a-k8.png", "a-k4.png", "a-compare.png"}
    sheet = np.asarray(Image.open(folder / "a-compare.png"))
    height, width = sheet.shape[:2]
    shown = [
        np.asarray(Image.open(folder / name).convert("RGB"))
        for name in ("a.png", "a-k8.png", "a-k4.png")
    ]
    for picture in shown:
        first = picture[0]
        # The first row of each picture stands in some row of the sheet, pixel by pixel.
        found = any(
            np.array_equal(sheet[row, left : left + 220], first)
            for row in range(height)
            for left in range(width - 220)
            if np.array_equal(sheet[row, left], first[0])
            and np.array_equal(sheet[row, left + 1], first[1])
        )
        assert found


def test_sheet_says_what_it_shows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kmcli.figures.compare import sheet
    from kmcli.figures.compare.view import Panel

    sheets = []

    def compare_sheet(original: Panel, columns: Any) -> Any:
        sheets.append([original.title, *(panel.title for pair in columns for panel in pair)])
        return np.zeros((1, 1, 3), np.uint8)

    monkeypatch.setattr(sheet, "compare_sheet", compare_sheet)
    frames = [Image.new("L", (2, 1), shade) for shade in (0, 255)]
    frames[0].save(folder / "two.png", save_all=True, append_images=frames[1:])
    assert run(["quantize", "two.png", "-k", "16,1", "--compare"]) == 0
    learned = ["2 colours, 16 allowed", "1 colour"]
    drawn = ["4 random pixels", "1 random pixel"]
    pairs = [title for pair in zip(learned, drawn, strict=True) for title in pair]
    assert sheets == [["original, frame 1 of 2", *pairs]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-k", "8,8"], "twice"),
        (["-k", "8,"], "is not a number"),
        (["-k", "8,300"], "300 is out of range"),
        (["-k", "8,4", "-o", "x.png"], "--output names one output, but -k asks for 2"),
        (["-k", "8,4", "--suffix", "-x"], "--suffix names one output"),
        (["-k", "8,4", "--in-place"], "--in-place names one output"),
        (["-k", "8,4", "--min-psnr", "30"], "--min-psnr"),
        (["--in-place", "-d", "x"], "cannot be combined"),
        (["--in-place", "--suffix", "-x"], "--in-place keeps file names"),
        (["-o", "x.png", "--suffix", "-x"], "the whole name"),
        (["-o", "x.png", "--keep-extension"], "the whole name"),
        (["--in-place", "--keep-extension"], "--in-place keeps file names"),
        (["-o", "x.png", "--format", "gif"], "-o ends in .png, but --format asks for gif"),
        (["--in-place", "--format", "gif"], "--in-place keeps the format"),
        (["--format", "webp", "--optimize"], "recompresses PNGs only"),
        (["-o", "x.tmp"], "or give --format for another name"),
        (["--suffix", "a/b"], "cannot be empty or contain '/'"),
        (["--suffix", ""], "cannot be empty"),
        (["--theme", "dark"], "--theme needs --cloud"),
        (["--shared-palette", "--region", "0,0,1,1"], "--region and --shared-palette"),
        (["--shared-palette", "--min-psnr", "30"], "--shared-palette"),
        (["a.png"], "a.png is given twice"),
        (["-o", "a-compare.png", "--compare"], "two outputs would be written to a-compare.png"),
        (["-", "--in-place"], "standard input"),
        (["-", "--shared-palette"], "reads its inputs twice"),
        (["--jobs", "0"], "0 is not in the range"),
        (["--in-place", "--frame", "1"], "other frames"),
        (["-", "--keep-mtime"], "--keep-mtime needs files"),
        (["--keep-mtime", "-o", "-"], "--keep-mtime needs files"),
        (["--suffix", ".png"], "leave out .png"),
        (["--suffix", "-x.GIF"], "-o NAME.gif"),
        (["16"], "-k 16"),
        (["--max-size", "50X"], "not a number of bytes such as 50000, 50k or 2M"),
        (["-k", "1", "--lock", "#ffffff80"], "is not opaque, but the picture is; lock #ffffff"),
    ],
)
def test_contradictions_are_refused(
    folder: Path, arguments: list[str], message: str, capfd: Capture
) -> None:
    paint(folder / "a.png")
    before = tree(folder)
    assert run(["quantize", "a.png", *arguments]) == 2
    assert message in capfd.readouterr().err
    assert tree(folder) == before


def test_inputs_that_share_an_output_are_refused_and_the_others_done(
    folder: Path, capfd: Capture
) -> None:
    for name in ("in/logo.png", "in/logo.jpg", "in/x/logo.png", "in/other.png"):
        paint(folder / name)
    before = tree(folder)
    assert run(["quantize", "in", "-r", "-k", "4", "-d", "out", "--report-file", "r.json"]) == 6
    assert set(tree(folder)) - set(before) == {"out/other-k4.png", "out/x/logo-k4.png", "r.json"}
    errors = [line for line in capfd.readouterr().err.splitlines() if "error" in line]
    both = "in/logo.jpg and in/logo.png would both be written to out/logo-k4.png"
    assert [line.split("; ")[0] for line in errors] == [
        f"kmcli: error: {name}: {both}" for name in ("in/logo.jpg", "in/logo.png")
    ]
    rows = [json.loads(line) for line in (folder / "r.json").read_text().splitlines()]
    assert [row["input"] for row in rows if row["status"] == "failed"] == [
        "in/logo.jpg", "in/logo.png",
    ]  # fmt: skip
    assert run(["quantize", "in/logo.png", "in/logo.jpg"]) == 2  # there are no others
    assert capfd.readouterr().err.count("\n") == 1
    arguments = ["quantize", "in", "-r", "-k", "4", "--keep-extension", "--compare"]
    for _ in range(2):  # what it has written is no input the second time
        assert run([*arguments, "-f"]) == 0
        assert {name for name in tree(folder / "in") if "logo." in name and "-" in name} == {
            f"{name}-{what}.png"
            for name in ("logo.png", "logo.jpg", "x/logo.png")
            for what in ("k4", "compare")
        }


@pytest.mark.parametrize(
    ("name", "start"), [("png", b"\x89PNG"), ("gif", b"GIF8"), ("webp", b"RIFF")]
)
def test_format_is_what_was_asked_for_where_the_name_does_not_say(
    folder: Path, name: str, start: bytes
) -> None:
    data = paint(folder / "a.png").read_bytes()
    piped = kmcli("quantize", "-", "-k", "4", "--format", name, stdin=data).stdout
    assert piped.startswith(start)
    arguments = ["quantize", "a.png", "-k", "4", "--format", name]
    for target in ("x.tmp", "tmp.Ab3d", f"y.{name}"):
        assert run([*arguments, "-o", target]) == 0
        assert (folder / target).read_bytes() == piped
    assert run([*arguments, "-d", "all"]) == 0
    assert tree(folder / "all") == {f"a-k4.{name}": piped}


def test_jobs_change_neither_bytes_nor_order(folder: Path) -> None:
    names = [paint(folder / f"{number}.png", number).name for number in range(7)]
    (folder / "3.png").write_bytes(b"broken")
    seen = []
    for jobs in ("1", "3"):
        done = kmcli("quantize", *names, "-k", "4,2", "-j", jobs, "-d", jobs, "--json", cwd=folder)
        assert done.returncode == 6
        assert done.stderr.decode().splitlines()[-1] == "6 done, 1 failed"
        assert b"kmcli: error: 3.png: not an image" in done.stderr
        text = (done.stdout + done.stderr).replace(f"{jobs}/".encode(), b"")
        seen.append((text, tree(folder / jobs)))
    assert seen[0] == seen[1]
    assert len(seen[0][1]) == 12


def test_a_batch_of_a_hundred_with_one_bad_file_makes_ninety_nine(folder: Path) -> None:
    names = [paint(folder / f"{number:02}.png", number, (8, 8)).name for number in range(100)]
    whole = (folder / "41.png").read_bytes()
    (folder / "41.png").write_bytes(whole[: len(whole) // 2])
    done = kmcli("quantize", *names, "-k", "4", "-d", "out", "--report-file", "r.json", cwd=folder)
    assert done.returncode == 6
    lines = done.stderr.decode().splitlines()
    assert [line for line in lines if line.startswith("kmcli: ")] == [
        line for line in lines if line.startswith("kmcli: error: 41.png: ")
    ]
    assert sum("error" in line for line in lines) == 1
    assert lines[-1] == "99 done, 1 failed"
    made = tree(folder / "out")
    assert len(made) == 99
    for data in made.values():
        read_indexed_png(data)
    reports = [json.loads(line) for line in (folder / "r.json").read_text().splitlines()]
    assert [report["input"] for report in reports] == names
    assert [report["input"] for report in reports if report["status"] == "failed"] == ["41.png"]


def test_folders_are_walked_and_their_tree_is_kept(folder: Path) -> None:
    for name in ("in/a.png", "in/x/a.png", "in/x/y/B.PNG", "in/.hidden/c.png", "in/.d.png"):
        paint(folder / name)
    (folder / "in/x/notes.txt").write_text("no picture")
    os.mkfifo(folder / "in/x/pipe.png")
    (folder / "in/loop").symlink_to("..")
    assert run(["quantize", "in", "-r", "-k", "2", "-d", "out"]) == 0
    assert set(tree(folder / "out")) == {"a-k2.png", "x/a-k2.png", "x/y/B-k2.png"}
    assert run(["quantize", "in", "-k", "2", "-d", "out"]) == 3


def test_own_outputs_are_not_taken_for_inputs(folder: Path) -> None:
    paint(folder / "a.png")
    paint(folder / "b-k7.png")  # the user's own: there is no b
    assert run(["quantize", ".", "-r", "-k", "4,2", "--compare"]) == 0
    assert run(["quantize", ".", "-r", "-k", "4", "--format", "gif"]) == 0
    assert run(["quantize", ".", "-r", "-k", "4", "--format", "webp"]) == 0
    once = tree(folder)
    made = {"a-k4.png", "a-k2.png", "a-compare.png", "a-k4.gif", "a-k4.webp"}
    assert {*made, "b-k7-k4.png"} <= set(once)
    assert run(["quantize", ".", "-r", "-k", "4,2", "--compare", "-f"]) == 0
    assert tree(folder) == once


def test_output_folder_within_the_input_folder_is_not_walked(folder: Path) -> None:
    paint(folder / "a.png")
    for _ in range(2):
        assert run(["quantize", ".", "-r", "-k", "2", "-d", "small", "-f"]) == 0
    assert set(tree(folder)) == {"a.png", "small/a-k2.png"}


def test_patterns_are_expanded_unless_a_file_has_that_name(folder: Path) -> None:
    for name in ("b.png", "a.png", "[ab].png"):
        paint(folder / name)
    found = find_inputs(["?.png", "[ab].png", "*.gif"], recursive=False)
    assert found == [("a.png", ""), ("b.png", ""), ("[ab].png", ""), ("*.gif", "")]


def test_folder_without_pictures_is_an_error(folder: Path, capfd: Capture) -> None:
    (folder / "empty").mkdir()
    assert run(["quantize", "empty", "-r"]) == 3
    assert capfd.readouterr().err == "kmcli: error: empty: no pictures in this folder\n"


def test_what_is_not_smaller_is_skipped(folder: Path, capfd: Capture) -> None:
    Image.fromarray(np.zeros((2, 2, 3), dtype=np.uint8)).save(folder / "tiny.gif")
    paint(folder / "big.png", size=(60, 60))
    before = tree(folder)
    arguments = ["quantize", "tiny.gif", "--skip-if-larger", "--json"]
    assert run(arguments) == 7
    captured = capfd.readouterr()
    assert "tiny.gif -> skipped, not smaller" in captured.err
    assert json.loads(captured.out)["status"] == "skipped"
    assert tree(folder) == before
    assert run([*arguments, "big.png"]) == 0
    assert set(tree(folder)) - set(before) == {"big-k16.png"}
    capfd.readouterr()
    assert run([*arguments, "missing.png"]) == 3


@pytest.mark.parametrize("inputs", [["a.png", "b.png"], ["b.png", "a.png"]])
def test_failures_of_different_kinds_exit_with_3_in_any_order(
    folder: Path, inputs: list[str]
) -> None:
    paint(folder / "a.png", size=(90, 90))
    paint(folder / "b.png")
    (folder / "b-k2.png").write_bytes(b"mine")
    assert run(["quantize", *inputs, "-k", "2", "--max-pixels", "500"]) == 3  # 4 and 5
    (folder / "b-k2.png").unlink()
    assert run(["quantize", *inputs, "-k", "2", "--max-pixels", "300"]) == 4  # 4 both times
    assert run(["quantize", *inputs, "-k", "2", "--max-pixels", "500"]) == 6


def test_skipped_beside_failed_is_no_success(folder: Path) -> None:
    Image.fromarray(np.zeros((2, 2, 3), dtype=np.uint8)).save(folder / "tiny.gif")
    paint(folder / "a.png")
    arguments = ["quantize", "a.png", "tiny.gif", "-k", "2", "--min-psnr", "90"]
    # The target is out of reach for one, which is declined as well.
    assert run([*arguments, "--skip-if-larger"]) == 7


def test_no_sheet_is_drawn_of_what_is_skipped(folder: Path) -> None:
    Image.fromarray(np.zeros((2, 2, 3), dtype=np.uint8)).save(folder / "tiny.gif")
    before = tree(folder)
    assert run(["quantize", "tiny.gif", "--skip-if-larger", "--compare"]) == 7
    assert tree(folder) == before


def test_nothing_goes_to_standard_output_when_skipped(folder: Path) -> None:
    Image.fromarray(np.zeros((2, 2, 3), dtype=np.uint8)).save(folder / "tiny.gif")
    done = kmcli("quantize", "-", "--skip-if-larger", stdin=(folder / "tiny.gif").read_bytes())
    assert (done.returncode, done.stdout) == (7, b"")


def test_in_place_replaces_the_input_and_keeps_mode_and_link(folder: Path) -> None:
    paint(folder / "real.png", size=(50, 50)).chmod(0o640)
    (folder / "link.png").symlink_to("real.png")
    assert run(["quantize", "real.png", "-k", "4", "-o", "expected.png"]) == 0
    assert run(["quantize", "link.png", "-k", "4", "--in-place"]) == 0
    assert (folder / "link.png").is_symlink()
    assert (folder / "real.png").read_bytes() == (folder / "expected.png").read_bytes()
    assert (folder / "real.png").stat().st_mode & 0o777 == 0o640


def test_in_place_asks_before_it_replaces_what_is_read_only(
    folder: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    paint(folder / "a.png", size=(50, 50)).chmod(0o444)
    before = tree(folder)
    # For the superuser nothing is read-only.
    monkeypatch.setattr(os, "access", lambda path, mode, **_: not mode & os.W_OK or path != "a.png")
    assert run(["quantize", "a.png", "-k", "4", "--in-place"]) == 5
    assert "a.png: is read-only; use --force to replace it" in capfd.readouterr().err
    assert tree(folder) == before
    assert run(["quantize", "a.png", "-k", "4", "--in-place", "-f"]) == 0
    assert tree(folder) != before
    assert (folder / "a.png").stat().st_mode & 0o777 == 0o444


@pytest.mark.usefixtures("folder")
def test_in_place_misses_a_file_as_elsewhere(capfd: Capture) -> None:
    assert run(["quantize", "none.png", "--in-place"]) == 3
    assert capfd.readouterr().err == "kmcli: error: none.png: no such file\n"


def test_in_place_keeps_a_sheet_that_is_there(folder: Path) -> None:
    paint(folder / "a.png", size=(50, 50))
    (folder / "a-compare.png").write_bytes(b"mine")
    before = tree(folder)
    assert run(["quantize", "a.png", "-k", "4", "--in-place", "--compare"]) == 5
    assert tree(folder) == before


def test_in_place_keeps_the_format_and_the_frames(folder: Path) -> None:
    random = np.random.default_rng(0)
    frames = [
        Image.fromarray(random.integers(0, 256, (20, 20, 3), dtype=np.uint8)) for _ in range(3)
    ]
    frames[0].save(folder / "a.gif", save_all=True, append_images=frames[1:], duration=50)
    frames[0].save(folder / "b.webp", lossless=True)
    assert run(["quantize", "a.gif", "b.webp", "-k", "4", "--in-place"]) == 0
    with Image.open(folder / "a.gif") as animation:
        assert (animation.format, getattr(animation, "n_frames", 1)) == ("GIF", 3)
    with Image.open(folder / "b.webp") as still:
        assert still.format == "WEBP"
        assert len(still.convert("RGB").getcolors() or []) == 4


def test_a_mask_is_never_overwritten(folder: Path, capfd: Capture) -> None:
    paint(folder / "a.png")
    paint(folder / "mask.png")
    before = tree(folder)
    arguments = ["quantize", "a.png", "--weight-mask", "mask.png", "-f"]
    assert run([*arguments, "-o", "./mask.png"]) == 5
    assert "is the mask; choose another output" in capfd.readouterr().err
    assert run([*arguments, "--report-file", "mask.png"]) == 5
    assert tree(folder) == before


def test_in_place_leaves_other_formats_alone(folder: Path, capfd: Capture) -> None:
    paint(folder / "a.bmp")
    before = tree(folder)
    assert run(["quantize", "a.bmp", "--in-place"]) == 3
    assert "is a BMP file" in capfd.readouterr().err
    assert tree(folder) == before


def test_in_place_takes_no_file_twice(folder: Path, capfd: Capture) -> None:
    paint(folder / "a.png")
    before = tree(folder)
    assert run(["quantize", "a.png", "./a.png", "--in-place"]) == 2
    assert "would both be written" in capfd.readouterr().err
    assert tree(folder) == before


def test_modification_time_is_kept_when_asked_for(folder: Path) -> None:
    path = paint(folder / "a.png")
    os.utime(path, ns=(10**18, 10**18 + 123_456_789))
    assert run(["quantize", "a.png", "-k", "2", "--keep-mtime"]) == 0
    assert run(["quantize", "a.png", "-k", "3"]) == 0
    assert (folder / "a-k2.png").stat().st_mtime_ns == path.stat().st_mtime_ns
    assert (folder / "a-k3.png").stat().st_mtime_ns > path.stat().st_mtime_ns


def test_dry_run_tells_what_would_be_written_and_writes_nothing(
    folder: Path, capfd: Capture
) -> None:
    paint(folder / "a.png")
    before = tree(folder)
    assert run(["quantize", "a.png", "-k", "8,2", "-d", "new", "--dry-run", "-q"]) == 0
    text = capfd.readouterr().out
    assert tree(folder) == before
    assert not (folder / "new").exists()
    assert run(["quantize", "a.png", "-k", "8,2"]) == 0
    for k in (8, 2):
        assert f" {(folder / f'a-k{k}.png').stat().st_size} (" in text


def test_dry_run_writes_no_shared_palette_either(folder: Path) -> None:
    paint(folder / "a.png")
    before = tree(folder)
    shared = ["--shared-palette", "--palette-out", "p.gpl"]
    assert run(["quantize", "a.png", "-k", "4", *shared, "--dry-run"]) == 0
    assert tree(folder) == before
    assert run(["quantize", "a.png", "-k", "4", *shared]) == 0
    assert set(tree(folder)) == {*before, "a-k4.png", "p.gpl"}


def test_dry_run_reports_and_writes_only_the_report(folder: Path, capfd: Capture) -> None:
    paint(folder / "a.png")
    before = tree(folder)
    arguments = ["quantize", "a.png", "-k", "4", "--dry-run", "--report-file", "r.json"]
    assert run([*arguments, "--json"]) == 0
    assert (folder / "r.json").read_text() == capfd.readouterr().out
    assert set(tree(folder)) == {*before, "r.json"}


def test_a_report_that_cannot_be_written_is_told_even_if_all_was_declined(
    folder: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    paint(folder / "a.png")
    paint(folder / "b.png")

    def refuse(files: Any, **options: Any) -> None:
        if any(path == "r.json" for path, _ in files):
            raise OutputError("no space left", "r.json")
        publish(files, **options)

    monkeypatch.setattr("kmcli.cli.quantize.batch.publish", refuse)
    declined = ["--max-size", "1", "--report-file", "r.json"]
    assert run(["quantize", "a.png", "b.png", *declined]) == 5
    assert "r.json: no space left" in capfd.readouterr().err
    assert run(["quantize", "a.png", "missing.png", *declined[2:]]) == 6  # nothing is hidden
    assert not (folder / "r.json").exists()


def test_streams_are_read_by_the_process_that_was_given_them(folder: Path) -> None:
    data = paint(folder / "a.png").read_bytes()
    paint(folder / "b.png", 1)
    done = kmcli("quantize", "-", "b.png", "-k", "2", "-j", "2", "-d", "o", stdin=data, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert set(tree(folder / "o")) == {"stdin-k2.png", "b-k2.png"}
    code = (
        "import os, sys; from kmcli.cli.main import run\n"
        "read, write = os.pipe(); os.write(write, open('a.png', 'rb').read()); os.close(write)\n"
        "sys.exit(run(['quantize', f'/dev/fd/{read}', 'b.png', '-k', '2', '-j', '2', '-d', 'p']))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=folder).returncode == 0
    assert len(tree(folder / "p")) == 2


def test_shared_palette_is_whole_and_the_same_in_all_results(folder: Path, china: Pixels) -> None:
    for name, part in {"a": china[:200, :300], "b": china[-200:, -300:]}.items():
        Image.fromarray(part).save(folder / f"{name}.png")
    # In Oklab what is beside the seam counts differently.
    arguments = ["quantize", "a.png", "b.png", "-k", "12", "--space", "rgb", "--shared-palette"]
    assert run([*arguments, "-d", "shared"]) == 0
    palettes = [
        read_indexed_png((folder / "shared" / f"{name}-k12.png").read_bytes()).palette
        for name in "ab"
    ]
    np.testing.assert_array_equal(palettes[0], palettes[1])
    assert len(palettes[0]) == 12
    whole = np.concatenate([china[:200, :300], china[-200:, -300:]])
    Image.fromarray(whole).save(folder / "whole.png")
    assert run(["quantize", "whole.png", "-k", "12", "--space", "rgb"]) == 0
    expected = read_indexed_png((folder / "whole-k12.png").read_bytes()).palette
    np.testing.assert_array_equal(palettes[0], expected)


def test_shared_palette_leaves_out_what_will_not_be_written(folder: Path) -> None:
    for name, color in [("a.png", "#ff0000"), ("a.bmp", "#00ff00"), ("b.png", "#0000ff")]:
        Image.new("RGB", (4, 4), color).save(folder / name)
    shared = ["--shared-palette", "--palette-out", "p.hex"]
    assert run(["quantize", "a.png", "a.bmp", "b.png", *shared]) == 6
    assert (folder / "p.hex").read_text() == "0000ff\n"


def test_a_file_whose_name_is_a_number_or_a_dash_is_taken_for_what_it_is(folder: Path) -> None:
    paint(folder / "16.png")
    (folder / "16.png").rename("16")
    (folder / "-").mkdir()
    assert run(["quantize", "16", "-k", "4", "-d", "out"]) == 0
    done = kmcli("quantize", "-", "-r", "-k", "4", "-d", "out", stdin=(folder / "16").read_bytes())
    assert done.returncode == 0
    assert (folder / "out" / "stdin-k4.png").read_bytes() == (
        folder / "out" / "16-k4.png"
    ).read_bytes()


def test_shared_palette_goes_on_without_a_bad_file(folder: Path) -> None:
    paint(folder / "a.png")
    (folder / "bad.png").write_bytes(b"bad")
    assert run(["quantize", "a.png", "bad.png", "-k", "4", "--shared-palette"]) == 6
    assert (folder / "a-k4.png").exists()


def double(number: int) -> int:
    if number in (3, 6):
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 5:
        raise InputError("five")
    return 2 * number


def test_workers_that_die_cost_their_tasks_and_no_other() -> None:
    results = list(pool.run_in_order(double, list(range(9)), 2))
    errors = {
        number: result for number, result in enumerate(results) if isinstance(result, KmcliError)
    }
    assert set(errors) == {3, 5, 6}
    assert all("was killed" in str(errors[number]) for number in (3, 6))
    assert [result for result in results if not isinstance(result, KmcliError)] == [
        0, 2, 4, 8, 14, 16,
    ]  # fmt: skip


class Asked(list[int]):
    """Tasks that note how many of them have been handed out."""

    n_asked = 0

    def __getitem__(self, number: Any) -> Any:
        self.n_asked = max(self.n_asked, number + 1)
        return super().__getitem__(number)


def slow_at_first(number: int) -> int:
    if number == 0:
        time.sleep(0.3)
    return number


def test_no_more_than_two_results_for_each_worker_wait_for_a_slow_one() -> None:
    tasks = Asked(range(1000))
    with contextlib.closing(pool.run_in_order(slow_at_first, tasks, 2)) as results:
        assert next(results) == 0
        assert tasks.n_asked == 4


def stuck(pid_file: Path | None) -> int:
    if pid_file is not None:
        pid_file.with_suffix(".part").write_text(str(os.getpid()))
        pid_file.with_suffix(".part").rename(pid_file)
        time.sleep(60)
    return 1


def test_busy_workers_end_when_the_rest_is_not_wanted(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    with contextlib.closing(pool.run_in_order(stuck, [None, pid_file], 2)) as results:
        assert next(results) == 1
        while not pid_file.exists():
            time.sleep(0.01)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


def test_workers_end_with_the_process_that_started_them(folder: Path) -> None:
    names = []
    for number in range(4):
        Image.open(SAMPLES / "china.jpg").resize((1600, 1200)).save(folder / f"{number}.png")
        names.append(f"{number}.png")
    command = [sys.executable, "-m", "kmcli", "quantize", *names, "-k", "64", "-j", "3"]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        # Three workers, and two processes that see to them.
        while len(family := descendants(process.pid)) < 5 and time.monotonic() < deadline:
            time.sleep(0.05)
        process.kill()
    assert len(family) >= 5
    while alive(family) and time.monotonic() < deadline + 60:
        time.sleep(0.05)
    assert not alive(family)


def descendants(pid: int) -> set[int]:
    found = set()
    for task in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(task.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
        if parent == pid:
            child = int(task.parent.name)
            found |= {child, *descendants(child)}
    return found


def alive(pids: set[int]) -> bool:
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z":
            return True
    return False
