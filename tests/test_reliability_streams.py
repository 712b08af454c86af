"""Standard streams that are closed, full, slow, or a terminal."""

import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kmcli.cli.main import run
from tests.conftest import ROOT, kmcli
from tests.png import read_indexed_png
from tests.test_reliability_faults import files_in, paint

Capture = pytest.CaptureFixture[str]
PRELUDE = f'kmcli() {{ "{sys.executable}" -m kmcli "$@"; }}\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # it hides what is never flushed
    paint(tmp_path / "a.png")
    return tmp_path


def shell(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", PRELUDE + script], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ("--help", "help"),
        ("quantize a.png -o -", "picture"),
        ("quantize a.png --json -d out", "report"),
        ("blobs --samples 9 -k 2 --csv - --dpi 30", "table"),
    ],
)
def test_standard_output_that_cannot_be_written(arguments: str, name: str, folder: Path) -> None:
    done = shell(f"kmcli {arguments} >/dev/full", folder)
    assert done.returncode == 5
    assert done.stderr.splitlines()[-1] == (
        "kmcli: error: standard output: no space left on device"
    ), name
    before = files_in(folder)
    done = shell(f"kmcli {arguments} >&-", folder)
    assert (done.returncode, done.stderr) == (5, "kmcli: error: standard output: is closed\n")
    assert files_in(folder) == before


@pytest.mark.parametrize("arguments", ["--help", "digits --no-pictures --json"])
def test_reader_of_text_that_goes_away(arguments: str, folder: Path) -> None:
    done = shell(
        f"kmcli {arguments} -q | true; echo ${{PIPESTATUS[0]}}".replace("help -q", "help"), folder
    )
    assert (done.stdout.strip(), done.stderr) == ("141", "")


def test_a_program_whose_reader_goes_away_dies_of_the_signal(folder: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        command = [sys.executable, "-m", "kmcli", "--help"]
        done = subprocess.run(
            command, cwd=folder, stdout=writer, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (-signal.SIGPIPE, b"")


def test_pictures_that_are_finished_stay_when_the_reader_of_the_report_goes_away(
    folder: Path,
) -> None:
    for number in range(5):
        paint(folder / f"{number}.png", number)
    done = shell("kmcli quantize [0-4].png -j1 --json -q | true; echo ${PIPESTATUS[0]}", folder)
    assert (done.stdout.strip(), done.stderr) == ("141", "")
    made = [name for name in files_in(folder) if "-k16" in name]
    assert len(made) <= 1
    for name in made:
        read_indexed_png((folder / name).read_bytes())


@pytest.mark.parametrize("where", ["2>&-", "2>/dev/full"])
def test_messages_that_cannot_be_told_change_nothing(where: str, folder: Path) -> None:
    for script, code in (
        ("kmcli quantize a.png -k 3", 0),
        ("kmcli quantize missing.png", 3),
        ("kmcli quantize a.png missing.png -k 2 -j 2", 6),
        ("kmcli --nonsense", 2),
    ):
        assert shell(f"{script} {where}", folder).returncode == code
    assert set(files_in(folder)) == {"a.png", "a-k3.png", "a-k2.png"}


def test_all_streams_closed(folder: Path) -> None:
    assert shell("kmcli quantize a.png -k 3 <&- >&- 2>&-", folder).returncode == 0
    read_indexed_png((folder / "a-k3.png").read_bytes())


def test_slow_streams_that_do_not_block(folder: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 8, (500, 500), dtype=np.uint8) * 30
    Image.fromarray(noise).save(folder / "noise.png")
    data = (folder / "noise.png").read_bytes()
    assert run(["quantize", "noise.png", "-k", "8", "-q", "-o", "expected.png"]) == 0
    expected = (folder / "expected.png").read_bytes()
    assert min(len(expected), len(data)) > 2**16  # more than a pipe holds
    input_read, input_write = os.pipe()
    output_read, output_write = os.pipe()
    for descriptor in (input_read, output_write):
        flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
        fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    with subprocess.Popen(
        [sys.executable, "-m", "kmcli", "quantize", "-", "-k", "8", "-q"],
        stdin=input_read,
        stdout=output_write,
    ) as process:
        os.close(input_read)
        os.close(output_write)

        def feed() -> None:
            with os.fdopen(input_write, "wb") as file:
                file.write(data)

        feeder = threading.Thread(target=feed)
        feeder.start()
        with os.fdopen(output_read, "rb") as file:
            assert file.read() == expected
        feeder.join()
    assert process.returncode == 0


def test_verbose_or_quiet_the_stream_holds_the_picture_only(folder: Path) -> None:
    data = (folder / "a.png").read_bytes()
    loud, quiet = (kmcli("quantize", "-", *more, stdin=data) for more in ([], ["-q"]))
    assert loud.stdout == quiet.stdout
    read_indexed_png(loud.stdout)
    assert loud.stderr
    assert not quiet.stderr


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"not a picture", "not an image that kmcli can read"),
    ],
)
def test_bad_standard_input_makes_no_file(data: bytes, message: str, folder: Path) -> None:
    done = kmcli("quantize", "-", "-o", "out.png", stdin=data, cwd=folder)
    assert done.returncode == 3
    assert done.stderr.decode().startswith(f"kmcli: error: <stdin>: {message}")
    assert set(files_in(folder)) == {"a.png"}


def test_a_file_redirected_onto_itself_is_empty(folder: Path) -> None:
    """The shell has emptied it before kmcli starts; it can only be said."""
    done = shell("kmcli quantize a.png > a.png", folder)
    assert done.returncode in (0, 3)
    done = shell("kmcli quantize a.png -o - > a.png", folder)
    assert (done.returncode, done.stderr) == (3, "kmcli: error: a.png: the file is empty\n")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("place", ["-", "/dev/tty"])
def test_no_picture_on_a_terminal(place: str) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(
            sys.executable, [sys.executable, "-m", "kmcli", "quantize", "-f", "a.png", "-o", place]
        )
    shown = b""
    try:
        while block := os.read(terminal, 4096):
            shown += block
    except OSError:
        pass  # Linux says so when the other side is closed
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 5
    assert b"cannot write an image to a terminal" in shown
    assert b"PNG\r" not in shown


def test_two_things_for_one_stream_are_refused(folder: Path, capfd: Capture) -> None:
    for arguments in (
        ["quantize", "a.png", "-o", "-", "--json"],
        ["quantize", "a.png", "-o", "-", "--report"],
        ["quantize", "a.png", "--json", "--report"],
        ["blobs", "--csv", "-", "--json"],
        ["digits", "--csv", "-", "--report"],
    ):
        assert run(arguments) == 2
        out, err = capfd.readouterr()
        assert out == ""
        assert err.count("\n") == 1
    assert set(files_in(folder)) == {"a.png"}


def test_fifo_as_input_and_output(folder: Path) -> None:
    done = shell("kmcli quantize <(cat a.png) -k 4 -q -o >(cat >copy.png); sleep 0.3", folder)
    assert done.returncode == 0, done.stderr
    read_indexed_png((folder / "copy.png").read_bytes())


def test_report_of_a_batch_with_failures_has_a_line_for_each(folder: Path, capfd: Capture) -> None:
    (folder / "bad.png").write_bytes(b"bad")
    (folder / "empty.png").write_bytes(b"")
    names = ["bad.png", "a.png", "missing.png", "empty.png"]
    arguments = ["quantize", *names, "--json", "-q", "--report-file", "r.jsonl", "-d", "o"]
    assert run(arguments) == 6
    out = capfd.readouterr().out
    assert out == (folder / "r.jsonl").read_text()
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["input"] for row in rows] == names
    assert [row["status"] for row in rows] == ["failed", "done", "failed", "failed"]
    assert [row["exit_code"] for row in rows if "exit_code" in row] == [3, 3, 3]


STEALING = """
import os, sys

class Thief:
    '''Has every module opened a file and keep it, as ctypes does in Python 3.14.'''

    def find_spec(self, name, *_):
        if name not in ("kmcli", "kmcli.__main__", "runpy", "pkgutil"):
            os.open(os.devnull, os.O_RDWR)

for name in ("atexit", "contextlib", "gc", "logging", "signal", "typing", "warnings", "runpy"):
    __import__(name)
sys.meta_path.insert(0, Thief())
"""


@pytest.mark.parametrize(
    ("script", "code", "message"),
    [
        ("kmcli quantize - -o o.png <&-", 3, "kmcli: error: <stdin>: is closed\n"),
        ("kmcli quantize a.png --json -d out >&-", 5,
         "kmcli: error: standard output: is closed\n"),
        ("kmcli quantize a.png -k 2 -o o.png 2>&-", 0, ""),
        ("kmcli quantize a.png b.png -k 2 -j 2 -q -d out <&- >&- 2>&-", 0, ""),
    ],
)  # fmt: skip
def test_streams_are_secured_before_a_library_can_take_their_place(
    script: str, code: int, message: str, folder: Path
) -> None:
    paint(folder / "b.png", 1)
    before = set(files_in(folder))
    (folder / "thief").mkdir()
    (folder / "thief" / "sitecustomize.py").write_text(STEALING)
    done = shell(f"export PYTHONPATH=$PWD/thief:{ROOT}; {script}", folder)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", message)
    made = {name for name in files_in(folder) if not name.startswith("thief")} - before
    assert bool(made) == (code == 0)
    for name in made:
        read_indexed_png((folder / name).read_bytes())
