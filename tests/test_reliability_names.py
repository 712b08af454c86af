"""Names of files are bytes that mean nothing: never options, patterns, markup or commands."""

import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from kmcli.cli.main import run
from kmcli.files import printable
from tests.test_reliability_faults import files_in, paint

Capture = pytest.CaptureFixture[str]

NAMES = [
    b"-dash.png",
    b"--help.png",
    b"new\nline.png",
    b"tab\t.png",
    b"\x1b[31mred.png",
    b"\x1b]0;title\x07.png",
    "\u202egnp.exe.png".encode(),
    "\u2028.png".encode(),
    b"'quote\".png",
    b"%s%n.png",
    b"{0}{name}.png",
    b"[bold]rich.png",
    b"*.png",
    b"[a].png",
    b"$(touch hacked).png",
    b"; touch hacked;.png",
    b"<b>bold&amp;.png",
    b"=1+1.png",
    b"@file.png",
    b"~.png",
    b" .png",
    b"\xff\xfe.png",
    b"x" * 240 + b".png",
    unicodedata.normalize("NFC", "\u00e9.png").encode(),
    unicodedata.normalize("NFD", "\u00e9.png").encode(),
]


def output_of(name: bytes) -> bytes:
    return os.path.splitext(name)[0] + b"-k3.png"


def files_of(folder: Path) -> set[bytes]:
    return set(os.listdir(os.fsencode(folder)))


def test_any_name_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Capture) -> None:
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(NAMES):
        paint(Path(os.fsdecode(name)), number)
    before = files_of(tmp_path)
    names = [os.fsdecode(name) for name in NAMES]
    assert run(["quantize", "-k", "3", "-j", "1", "--report", "--", *names]) == 0
    assert files_of(tmp_path) == before | {output_of(name) for name in NAMES}
    out, err = capfd.readouterr()
    assert err.count("\n") == len(NAMES) + 1
    for text in (out, err):
        assert all(char.isprintable() or char == "\n" for char in text)
        assert "\\x1b[31mred.png" in text
        assert "[bold]rich.png" in text
        assert "\\xff\\xfe.png" in text


def test_reports_keep_names_to_the_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    names = [os.fsdecode(name) for name in NAMES]
    for number, name in enumerate(names):
        paint(Path(name), number)
    assert run(["quantize", "-k", "3", "-j", "1", "-q", "--json", "-d", "o", "--", *names]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert [json.loads(line)["input"] for line in lines] == names
    assert all(line.isascii() for line in lines)


def test_names_as_long_as_they_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    paint(Path("a.png"))
    longest = "o" * 251 + ".png"
    assert run(["quantize", "-q", "a.png", "-o", longest]) == 0
    assert run(["quantize", "-q", "a.png", "-o", "o" + longest]) == 5
    assert capfd.readouterr().err.endswith(": file name too long\n")
    deep = Path(*["d" * 200] * 15)
    current = Path()
    for part in deep.parts:
        (current / part).mkdir()
        current = current / part
    paint(deep / "a.png")
    assert run(["quantize", "-q", str(deep / "a.png"), "-k", "3"]) == 0
    assert run(["quantize", "-q", "x" * 5000 + ".png", "-o", "x.png"]) == 3
    assert "Traceback" not in capfd.readouterr().err
    assert len(list(deep.iterdir())) == 2


def test_a_file_called_dash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    paint(Path("x.png"))
    Path("x.png").rename("-")
    assert run(["quantize", "-q", "./-", "-k", "3", "-o", "./out.png"]) == 0
    assert set(files_in(tmp_path)) == {"-", "out.png"}


def test_names_in_a_locale_without_letters(tmp_path: Path) -> None:
    paint(tmp_path / "\u00e9\u4e2d.png")
    for locale in ("C", "POSIX", "en_US.ISO-8859-1"):
        done = subprocess.run(
            [sys.executable, "-m", "kmcli", "quantize", "-f", "\u00e9\u4e2d.png", "--report"],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "LC_ALL": locale, "PYTHONCOERCECLOCALE": "0"},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr.count(b"\n") == 1


def test_a_header_of_points_is_no_markup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    header = '$\\frac{$,"<script>alert(1)</script>"'
    Path("d.csv").write_text(f"{header}\n1,2\n3,4\n5,5\n9,8\n")
    arguments = ["blobs", "--data", "d.csv", "-k", "2", "--dpi", "30", "-q", "--html", "p.html"]
    assert run(arguments) == 0
    assert "<script>alert" not in Path("p.html").read_text()


def test_escapes() -> None:
    assert printable("plain caf\u00e9 \u4e2d.png") == "plain caf\u00e9 \u4e2d.png"
    assert printable("a\x1b[0m\n\r\t\0") == "a\\x1b[0m\\n\\r\\t\\x00"
    assert printable(os.fsdecode(b"\x80\xff")) == "\\x80\\xff"
    assert printable("\u202e\u2066\ufeff\u0085") == "\\u202e\\u2066\\ufeff\\x85"


@pytest.mark.parametrize("what", ["gone", "file"])
def test_current_folder_that_is_gone(what: str, tmp_path: Path) -> None:
    paint(tmp_path / "a.png")
    script = f"mkdir d; cd d; rmdir ../d; exec '{sys.executable}' -m kmcli quantize ../a.png"
    if what == "file":
        script += " -o x.png"
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, check=False, env=env
    )
    assert done.returncode in (3, 5)
    assert done.stderr.count(b"\n") == 1
    assert done.stderr.startswith(b"kmcli: error: ")


def test_names_that_differ_by_case_alone_are_one_file_on_windows_and_macos(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pairs = [("Photo.png", "photo.png"), ("caf\u00e9.png", "cafe\u0301.png")]
    for number, pair in enumerate(pairs):
        for name in pair:
            paint(Path(name), number)
    for counts, code, n_written in ((False, 2, 0), (True, 0, 2)):
        monkeypatch.setattr("kmcli.files.names._CASE_COUNTS", counts)
        for pair in pairs:
            before = set(files_in(tmp_path))
            assert run(["quantize", *pair, "-k", "2", "-j", "1", "-q"]) == code
            assert len(set(files_in(tmp_path)) - before) == n_written
    monkeypatch.setattr("kmcli.files.names._CASE_COUNTS", False)
    outputs = ["-o", "X.png", "--report-file", "x.png", "-f"]
    assert run(["quantize", "photo.png", *outputs]) == 2


def test_other_names_of_a_file_keep_the_old_picture_and_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    paint(Path("a.png"))
    old = Path("a.png").read_bytes()
    Path("b.png").hardlink_to("a.png")
    assert run(["quantize", "a.png", "-k", "2", "--in-place"]) == 0
    assert "has 2 hard links; the other names keep the old picture" in capfd.readouterr().err
    assert Path("b.png").read_bytes() == old != Path("a.png").read_bytes()
    assert run(["quantize", "a.png", "-k", "1", "--in-place"]) == 0
    assert "hard links" not in capfd.readouterr().err
