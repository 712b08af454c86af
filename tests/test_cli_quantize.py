"""The contract of `kmcli quantize` with the shell: streams, files, exit codes, reports."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kmcli.cli.main import run
from tests.conftest import SAMPLES, Pixels, kmcli
from tests.png import read_indexed_png


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A small photo, so that runs are short."""
    path = tmp_path / "photo.jpg"
    Image.open(SAMPLES / "china.jpg").resize((160, 107)).save(path)
    return path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_default_output_lies_beside_the_input(
    picture: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["quantize", str(picture), "-k", "16"]) == 0
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert err.count(b"\n") == 1
    assert b"photo.jpg" in err
    assert b"16 colours" in err
    assert names(picture.parent) == {"photo.jpg", "photo-k16.png"}
    written = read_indexed_png((picture.parent / "photo-k16.png").read_bytes())
    assert written.bit_depth == 4
    assert len(written.palette) == 16


def test_density_of_the_input_is_kept(picture: Path) -> None:
    Image.open(picture).save(picture, dpi=(300, 150))
    assert run(["quantize", str(picture)]) == 0
    with Image.open(picture.with_name("photo-k16.png")) as made:
        assert made.info["dpi"] == pytest.approx((300, 150), abs=0.02)


def test_quiet_says_nothing(picture: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(["quantize", str(picture), "-q"]) == 0
    assert capfdbinary.readouterr() == (b"", b"")


def test_standard_input_to_standard_output(picture: Path) -> None:
    done = kmcli("quantize", "-", "-k", "5", "-o", "-", stdin=picture.read_bytes())
    assert done.returncode == 0
    assert len(read_indexed_png(done.stdout).palette) == 5
    assert done.stderr.startswith(b"<stdin> -> <stdout>: ")
    again = kmcli("quantize", "-", "-k", "5", stdin=picture.read_bytes())
    assert again.stdout == done.stdout


def test_output_is_the_same_on_every_run_and_way(picture: Path, tmp_path: Path) -> None:
    run(["quantize", str(picture), "-q", "-o", str(tmp_path / "a.png")])
    run(["quantize", str(picture), "-q", "-o", str(tmp_path / "b.png")])
    piped = kmcli("quantize", "-", "-q", stdin=picture.read_bytes()).stdout
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes() == piped


def test_output_folder_is_made(picture: Path, tmp_path: Path) -> None:
    assert run(["quantize", str(picture), "-k", "4", "-d", str(tmp_path / "x/y")]) == 0
    assert names(tmp_path / "x/y") == {"photo-k4.png"}


def test_existing_output_is_kept(picture: Path, capfd: pytest.CaptureFixture[str]) -> None:
    target = picture.parent / "photo-k16.png"
    target.write_bytes(b"precious")
    assert run(["quantize", str(picture)]) == 5
    assert capfd.readouterr().err == f"kmcli: error: {target}: exists; use --force to replace it\n"
    assert target.read_bytes() == b"precious"
    assert run(["quantize", str(picture), "--force"]) == 0
    assert target.read_bytes().startswith(b"\x89PNG")
    assert names(picture.parent) == {"photo.jpg", "photo-k16.png"}


@pytest.mark.parametrize("way", ["path", "dot", "symlink", "hardlink"])
def test_input_is_never_overwritten(
    picture: Path, way: str, capfd: pytest.CaptureFixture[str]
) -> None:
    picture = picture.rename(picture.with_suffix(".png"))  # the content decides, not the name
    before = picture.read_bytes()
    target = picture.parent / "other.png"
    if way == "path":
        target = picture
    elif way == "dot":
        target = picture.parent / "." / ".." / picture.parent.name / picture.name
    elif way == "symlink":
        target.symlink_to(picture)
    else:
        target.hardlink_to(picture)
    assert run(["quantize", str(picture), "--force", "-o", str(target)]) == 5
    assert "is the input" in capfd.readouterr().err
    assert picture.read_bytes() == before


def test_force_keeps_mode_and_link(picture: Path, tmp_path: Path) -> None:
    real = tmp_path / "real.png"
    real.write_bytes(b"old")
    real.chmod(0o640)
    link = tmp_path / "link.png"
    link.symlink_to(real)
    assert run(["quantize", str(picture), "-q", "-f", "-o", str(link)]) == 0
    assert link.is_symlink()
    assert real.read_bytes().startswith(b"\x89PNG")
    assert real.stat().st_mode & 0o777 == 0o640


def test_new_file_obeys_the_umask(picture: Path, tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        run(["quantize", str(picture), "-q", "-o", str(tmp_path / "new.png")])
    finally:
        os.umask(before)
    assert (tmp_path / "new.png").stat().st_mode & 0o777 == 0o640


def test_devices_and_pipes_are_written_straight(picture: Path, tmp_path: Path) -> None:
    assert run(["quantize", str(picture), "-q", "-o", "/dev/null"]) == 0
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
        assert run(["quantize", str(picture), "-q", "-o", str(pipe)]) == 0
        assert reader.stdout is not None
        assert read_indexed_png(reader.stdout.read())


def test_full_device_is_an_output_error(picture: Path) -> None:
    done = kmcli("quantize", picture, "-o", "/dev/full")
    assert done.returncode == 5
    assert done.stderr == b"kmcli: error: /dev/full: no space left on device\n"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.png", None, "no such file"),
        ("empty.png", b"", "the file is empty"),
        ("text.png", b"hello", "not an image that kmcli can read"),
    ],
)
def test_bad_input(
    tmp_path: Path,
    name: str,
    content: bytes | None,
    message: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    before = names(tmp_path)
    assert run(["quantize", str(tmp_path / name)]) == 3
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith(f"kmcli: error: {tmp_path / name}: {message}")
    assert err.count("\n") == 1
    assert names(tmp_path) == before


def test_folder_as_input(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["quantize", str(tmp_path)]) == 3
    assert "is a folder" in capfd.readouterr().err


def test_limits(picture: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["quantize", str(picture), "--max-pixels", "1000"]) == 4
    assert "160 x 107 = 0.0 Mpx" in capfd.readouterr().err
    assert run(["quantize", str(picture), "--max-input-bytes", "100"]) == 4
    assert "more than 100 bytes" in capfd.readouterr().err
    assert names(picture.parent) == {"photo.jpg"}


def test_endless_input_is_cut_off() -> None:
    done = kmcli("quantize", "/dev/zero", "--max-input-bytes", "1048576", "-o", "/dev/null")
    assert done.returncode == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-k", "0"], "0 is out of range: 1 to 256"),
        (["-k", "257"], "257 is out of range: 1 to 256"),
        (["-k", "many"], "'many' is not a number"),
        (["--colour", "3"], "No such option"),
        (["-k"], "Option '-k' requires an argument"),
        (["-o", "a.png", "-d", "b"], "cannot be combined"),
        (["second.png", "-o", "a.png"], "-o takes one input, not 2"),
        (["--report", "--json"], "give only one"),
        (["--report", "-o", "-"], "standard output can carry one thing"),
        (["sub/photo.jpg", "-d", "out"], "would both be written to"),
    ],
)
def test_usage_errors(
    picture: Path, arguments: list[str], message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    before = names(picture.parent)
    assert run(["quantize", str(picture), *arguments]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("kmcli: error: ")
    assert message in err
    assert err.count("\n") == 1
    assert "kmcli quantize --help" in err
    assert names(picture.parent) == before


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_library_that_does_not_load(picture: Path, tmp_path: Path, jobs: str) -> None:
    (tmp_path / "broken" / "PIL").mkdir(parents=True)
    (tmp_path / "broken" / "PIL" / "__init__.py").write_text("raise ImportError('libx.so')")
    large = tmp_path / "large.png"
    pixels = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(large)
    before = names(picture.parent)
    done = kmcli(
        *("quantize", large, picture, "-j", jobs), env={"PYTHONPATH": str(tmp_path / "broken")}
    )
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode().splitlines() == [
        "kmcli: error: cannot load a required library: libx.so; reinstall kmcli"
    ]
    assert names(picture.parent) == before
    assert names(tmp_path) >= {"large.png"}
    assert not any("-k16" in name for name in names(tmp_path))


def test_an_output_that_is_another_input_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.png", "a-k16.png"):
        shutil.copy(SAMPLES / "pixel-art.png", tmp_path / name)
    assert run(["quantize", "-f", str(tmp_path / "a.png"), str(tmp_path / "a-k16.png")]) == 2
    assert "another input" in capfd.readouterr().err


def test_batch_goes_on_after_a_bad_file(
    picture: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    arguments = [str(bad), str(picture), str(SAMPLES / "pixel-art.png"), "-d", str(tmp_path / "o")]
    assert run(["quantize", *arguments, "--json"]) == 6
    out, err = capfd.readouterr()
    assert names(tmp_path / "o") == {"photo-k16.png", "pixel-art-k16.png"}
    assert err.splitlines()[-1] == "2 done, 1 failed"
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["status"] for row in rows] == ["failed", "done", "done"]
    assert rows[0]["exit_code"] == 3
    assert rows[0]["input"] == str(bad)


def test_exit_code_of_a_batch_does_not_depend_on_the_order(picture: Path, tmp_path: Path) -> None:
    (tmp_path / "photo-k16.png").write_bytes(b"in the way")
    missing = str(tmp_path / "missing.png")
    good, other = str(SAMPLES / "pixel-art.png"), str(tmp_path / "folder.d")
    (tmp_path / "folder.d").mkdir()
    to = ["-q", "-f", "-d", str(tmp_path / "out")]
    for inputs, code in (([missing, good], 6), ([missing, other], 3)):
        assert run(["quantize", *to, *inputs]) == code
        assert run(["quantize", *to, *reversed(inputs)]) == code
    # Exists (5) and missing (3) share no code: 3. Twice the same code: that code.
    for inputs, code in (([missing, str(picture)], 3), ([str(picture), other], 3)):
        assert run(["quantize", "-q", *inputs]) == code
        assert run(["quantize", "-q", *reversed(inputs)]) == code


def test_report_agrees_with_what_was_written(
    picture: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["quantize", str(picture), "-k", "8", "--json"]) == 0
    out, _ = capfd.readouterr()
    assert out.count("\n") == 1
    row = json.loads(out)
    written = (picture.parent / "photo-k8.png").read_bytes()
    png = read_indexed_png(written)
    assert row["output_bytes"] == len(written)
    assert row["input_bytes"] == picture.stat().st_size
    assert row["bits_per_pixel_written"] == pytest.approx(8 * len(written) / (160 * 107))
    assert (row["width"], row["height"]) == (160, 107)
    assert row["colors_after"] == len(png.palette) == 8
    assert row["bit_depth"] == png.bit_depth == 4
    original = np.asarray(Image.open(picture)).astype(float)
    mse = ((original - png.pixels[..., :3]) ** 2).sum(axis=2).mean()
    assert row["mse"] == pytest.approx(mse)
    assert row["psnr"] == pytest.approx(10 * np.log10(255**2 * 3 / mse))
    assert row["random_palette"]["mse"] > row["mse"]
    counts = np.bincount(png.indices.ravel())
    for entry in row["palette"]:
        assert entry["hex"] == "#" + png.palette[entry["index"]].tobytes().hex()
        assert entry["pixels"] == counts[entry["index"]]
    assert sum(entry["share"] for entry in row["palette"]) == pytest.approx(1)
    shares = [entry["share"] for entry in row["palette"]]
    assert shares == sorted(shares, reverse=True)


def test_text_report(picture: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["quantize", str(picture), "-k", "8", "--report", "-q"]) == 0
    out, err = capfd.readouterr()
    assert err == ""
    for label in ("PSNR", "SSIM", "Oklab difference, mean", "starts", "seed", "share"):
        assert label in out
    assert "\x1b" not in out
    run(["quantize", str(picture), "-k", "8", "--report", "-q", "--force"])
    assert capfd.readouterr().out == out


def test_report_of_an_exact_copy(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    source = str(SAMPLES / "pixel-art.png")
    assert run(["quantize", source, "-d", str(tmp_path), "--json"]) == 0
    row = json.loads(capfd.readouterr().out)
    assert row["exact"] is True
    assert row["psnr"] is None
    assert row["mse"] == 0
    assert row["colors_before"] == row["colors_after"] == 7


def test_report_file(picture: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def report_into(name: str) -> str:
        path = tmp_path / name
        arguments = ["-f", "-q", "--report-file", str(path)]
        assert run(["quantize", str(picture), *arguments]) == 0
        return path.read_text()

    assert json.loads(report_into("report.json"))["colors_after"] == 16
    assert report_into("report.txt").startswith(str(picture))
    assert capfd.readouterr().out == ""
    assert run(["quantize", str(picture), "--report-file", str(tmp_path / "report.txt")]) == 5


def test_report_that_cannot_be_written_stops_everything(picture: Path) -> None:
    nowhere = picture.parent / "nowhere" / "report.txt"
    assert run(["quantize", str(picture), "-q", "--report-file", str(nowhere)]) == 5
    assert names(picture.parent) == {"photo.jpg"}


def test_image_is_not_written_to_a_terminal(picture: Path) -> None:
    import pty

    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "kmcli", "quantize", str(picture), "-o", "-"],
        stdout=theirs,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 5
    assert b"terminal" in done.stderr


def test_terminal_as_standard_input_is_refused() -> None:
    import pty

    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "kmcli", "quantize", "-"],
        stdin=theirs,
        capture_output=True,
        check=False,
    )
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 2
    assert b"standard input is a terminal" in done.stderr


def test_swatches_show_on_a_terminal_only(picture: Path) -> None:
    import pty

    def report_on_terminal(**extra: str) -> bytes:
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            [sys.executable, "-m", "kmcli", "quantize", str(picture), "-fq", "--report", "-k", "3"],
            stdout=theirs,
            env={**os.environ, "TERM": "xterm", **extra},
        ) as process:
            os.close(theirs)
            shown = b""
            try:
                while block := os.read(ours, 4096):
                    shown += block
            except OSError:
                pass  # Linux says so when the other side is closed
        os.close(ours)
        assert process.returncode == 0
        return shown

    assert report_on_terminal().count(b"\x1b[48;2;") == 3
    assert b"\x1b" not in report_on_terminal(NO_COLOR="1")


def shell(script: str, cwd: Path) -> subprocess.CompletedProcess[bytes]:
    prelude = f'kmcli() {{ "{sys.executable}" -m kmcli "$@"; }}\n'
    return subprocess.run(
        ["bash", "-c", prelude + script], cwd=cwd, capture_output=True, check=False
    )


def test_reader_that_goes_away_ends_it_quietly(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (400, 400, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    script = "kmcli quantize noise.png -k 256 -q -o - | head -c 10 | wc -c; echo ${PIPESTATUS[0]}"
    done = shell(script, tmp_path)
    assert done.stdout.split() == [b"10", b"141"]
    assert done.stderr == b""


def test_closed_streams(picture: Path) -> None:
    folder = picture.parent
    done = shell("kmcli quantize photo.jpg -o - >&-", folder)
    assert done.returncode == 5
    assert done.stderr == b"kmcli: error: standard output: is closed\n"
    done = shell("kmcli quantize - -o out.png <&-", folder)
    assert done.returncode == 3
    assert done.stderr == b"kmcli: error: <stdin>: is closed\n"
    assert shell("kmcli quantize photo.jpg -k 2 2>&-", folder).returncode == 0
    assert shell("kmcli quantize photo.jpg -k 3 2>/dev/full", folder).returncode == 0
    assert names(folder) == {"photo.jpg", "photo-k2.png", "photo-k3.png"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_end_it_by_the_signal_and_leave_nothing(
    tmp_path: Path, number: signal.Signals, china: Pixels
) -> None:
    Image.fromarray(np.tile(china, (6, 6, 1))).save(tmp_path / "large.png", compress_level=0)
    # Ten versions, of which none is written before all are done: no machine is so fast.
    numbers = ",".join(map(str, range(247, 257)))
    with subprocess.Popen(
        [sys.executable, "-m", "kmcli", "quantize", "large.png", "--effort", "best", "-k", numbers],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
    ) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.6)
        process.send_signal(number)
        _, err = process.communicate()
    assert process.returncode == -number
    assert err == b""
    assert names(tmp_path) == {"large.png"}


def test_names_are_escaped(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\x1b[31m\n\xff.png"
    done = subprocess.run(
        [sys.executable, "-m", "kmcli", "quantize", name], capture_output=True, check=False
    )
    assert done.returncode == 3
    assert b"\\x1b[31m\\n\\xff.png: no such file" in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_names_that_look_like_options(picture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(picture.parent)
    picture.rename("-dash.jpg")
    assert run(["quantize", "-q", "--", "-dash.jpg"]) == 0
    assert names(Path()) == {"-dash.jpg", "-dash-k16.png"}


def test_help_and_version(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    assert "quantize" in capfd.readouterr().out
    assert run(["--version"]) == 0
    assert capfd.readouterr().out.startswith("kmcli 0.")
    assert run(["quantize", "--help"]) == 0
    out = capfd.readouterr().out
    assert out.index("--colors") < out.index("--report") < out.index("--n-init")
    assert run(["quantise", "x"]) == 2
    assert "No such command 'quantise'" in capfd.readouterr().err


def test_postscript_starts_no_program(tmp_path: Path) -> None:
    marker = tmp_path / "started"
    fake = tmp_path / "bin" / "gs"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\ntouch {marker}\n")
    fake.chmod(0o755)
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n")
    done = kmcli("quantize", picture, env={"PATH": f"{fake.parent}:{os.environ['PATH']}"})
    assert done.returncode == 3
    assert not marker.exists()
