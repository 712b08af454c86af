"""Too much of anything is refused in one line; too little memory costs a picture, no more."""

import os
import resource
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from kmcli.cli import main
from kmcli.cli.main import run
from kmcli.cli.quantize import pool, processes
from kmcli.cli.shortage import shortage
from kmcli.errors import LimitError
from tests.test_reliability_faults import files_in, paint
from tests.warm import Warm

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize("room", [20, 60, 120, 200, 300])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_little_memory(room: int, jobs: str, tmp_path: Path, warm: Warm) -> None:
    """Some megabytes more than an idle process has mapped: enough for one picture, or for none."""
    noise = np.random.default_rng(0).integers(0, 256, (2000, 2000, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "large.bmp")
    paint(tmp_path / "small.png")
    before = files_in(tmp_path)
    idle = int(Path(f"/proc/{warm.server.pid}/statm").read_text().split()[0])
    limits = {"RLIMIT_AS": idle * resource.getpagesize() + room * 2**20}
    ended = warm.run(
        ["quantize", "large.bmp", "small.png", "-k", "4", "-q", "-j", jobs],
        tmp_path,
        limits=limits,
    )
    problems = ended.err.decode().splitlines()
    assert ended.code in (0, 4, 6), problems
    assert len(problems) == {0: 0, 6: 1}.get(ended.code, len(problems))
    for line in problems:
        assert line.startswith("kmcli: error: "), problems
        assert "memory" in line or "process" in line, problems
    made = set(files_in(tmp_path)) - set(before)
    assert made <= {"large-k4.png", "small-k4.png"}
    assert bool(made) == (ended.code != 4)


def raise_again(error: BaseException) -> Callable[..., Any]:
    def work(*_: Any, **__: Any) -> Any:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (MemoryError(), 4, "not enough memory"),
        (ImportError("libx.so: failed to map segment from shared object"), 4, "load the libraries"),
        (ImportError("libx.so: cannot open shared object file"), 1, "library: libx.so"),
        (RuntimeError("can't start new thread"), 4, "start a thread"),
        (OSError(12, "Cannot allocate memory"), 4, "system limit reached: cannot allocate memory"),
        (OSError(24, "Too many open files"), 4, "system limit reached: too many open files"),
        (OSError(5, "Input/output error"), 5, "system error: input/output error"),
        (ZeroDivisionError("division by zero"), 1, "please report it"),
    ],
)
def test_errors_from_anywhere_are_one_line(
    error: Exception, code: int, words: str, monkeypatch: pytest.MonkeyPatch, capfd: Capture
) -> None:
    monkeypatch.setattr(main.cli, "main", raise_again(error))
    assert run(["quantize"]) == code
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert words in err
    assert "Traceback" not in err


def test_shortage_behind_another_error() -> None:
    error = ValueError("cannot")
    error.__cause__ = MemoryError()
    assert shortage(error) == "not enough memory"
    assert shortage(ValueError("cannot")) is None


def half(number: int) -> float:
    if number == 2:
        raise MemoryError
    return number / 2


def test_too_few_processes_cost_time_only(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse = raise_again(BlockingIOError(11, "Resource temporarily unavailable"))
    monkeypatch.setattr(processes.CONTEXT.Process, "start", refuse)
    results = list(pool.run_in_order(half, [0, 1, 2, 3], 2))
    assert [result for result in results if isinstance(result, float)] == [0, 0.5, 1.5]
    assert isinstance(results[2], LimitError)


def broken(number: int) -> int:
    return 1 // number


def test_fault_in_a_worker_is_told() -> None:
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        list(pool.run_in_order(broken, [1, 0, 1], 2))


def without_library(_: int) -> int:
    raise ImportError("libz.so.1: cannot open shared object file")


def test_library_that_a_worker_misses_is_told_as_such() -> None:
    """`main` then says to reinstall kmcli, not to report a fault."""
    with pytest.raises(ImportError, match=r"libz\.so\.1: cannot open"):
        list(pool.run_in_order(without_library, [1, 2], 2))


def test_too_many_open_files(tmp_path: Path, warm: Warm) -> None:
    paint(tmp_path / "a.png")
    ended = warm.run(["quantize", "a.png"], tmp_path, limits={"RLIMIT_NOFILE": 3})
    assert ended.code in (3, 4, 5)
    assert ended.err.count(b"\n") == 1
    assert b"too many open files" in ended.err
    assert set(files_in(tmp_path)) == {"a.png"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["quantize", "/dev/zero", "--max-input-bytes", "9999999", "-o", "x.png"], 4),
        (["quantize", "/dev/urandom", "--max-input-bytes", "9999999", "-o", "x.png"], 4),
        (["quantize", "huge.png", "-o", "x.png"], 4),
        (["quantize", "dangling.png", "-o", "x.png"], 3),
        (["quantize", "loop.png", "-o", "x.png"], 3),
        (["quantize", "folder", "-o", "x.png"], 3),
        (["quantize", "a.png/b.png", "-o", "x.png"], 3),
        (["quantize", "a.png", "-o", "missing/x.png"], 5),
        (["quantize", "a.png", "-o", "a.png/x.png"], 5),
        (["quantize", "a.png", "-o", "folder"], 5),
        (["quantize", "a.png", "-d", "a.png"], 5),
        (["quantize", "a.png", "-d", "a.png/x"], 5),
        (["quantize", "a.png", "-o", "loop.png"], 5),
        (["quantize", "a.png", "-o", "", "-q"], 5),
        (["blobs", "--data", "folder"], 3),
        (["blobs", "--data", "missing.csv"], 3),
        (["blobs", "--data", "a.png"], 3),
        (["blobs", "--data", "huge.png"], 3),
        (["blobs", "--html", "missing/x.html"], 5),
        (["blobs", "-d", "a.png"], 5),
        (["digits", "--csv", "missing/x.csv"], 5),
        (["digits", "-d", "a.png"], 5),
        (["digits", "--no-pictures", "--report-file", "folder"], 5),
    ],
)
def test_what_cannot_be_read_or_written(
    arguments: list[str],
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: Capture,
) -> None:
    monkeypatch.chdir(tmp_path)
    paint(Path("a.png"))
    Path("folder").mkdir()
    Path("dangling.png").symlink_to("nowhere.png")
    Path("loop.png").symlink_to("loop.png")
    with Path("huge.png").open("wb") as file:
        file.truncate(2**31)
    before = sorted(Path().rglob("*"))
    started = time.process_time()
    assert run(arguments) == code
    assert time.process_time() - started < 5
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("kmcli: error: ")
    assert sorted(Path().rglob("*")) == before
    assert "--max-input-bytes" not in err or arguments[0] == "quantize"


def test_permissions(tmp_path: Path) -> None:
    """As another user, since root may do everything."""
    command: list[str] = []
    if os.geteuid() == 0:
        pytest.importorskip("pwd").getpwnam("nobody")
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        probe = subprocess.run(
            [*command, sys.executable, "-c", "import kmcli.cli.main"], check=False,
            capture_output=True, cwd="/",
        )  # fmt: skip
        if probe.returncode != 0:
            pytest.skip("another user cannot run kmcli here")
    work = tmp_path / "work"
    for name in ("secret.png", "a.png"):
        work.mkdir(exist_ok=True)
        paint(work / name)
    (work / "secret.png").chmod(0)
    (work / "closed").mkdir(mode=0o555)
    for arguments, code in (
        (["secret.png", "-o", "/dev/null"], 3),
        (["a.png", "-o", "closed/x.png"], 5),
        (["a.png", "-d", "closed/x"], 5),
    ):
        done = subprocess.run(
            [*command, sys.executable, "-m", "kmcli", "quantize", *arguments],
            cwd=work,
            capture_output=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert b"permission denied" in done.stderr


def test_read_only_targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To replace a file, the right to write into its folder is enough; its mode is kept."""
    monkeypatch.chdir(tmp_path)
    paint(Path("a.png"))
    paint(Path("x.png"), 1)
    Path("x.png").chmod(0o444)
    if os.geteuid() == 0:  # the only one who can give files away
        os.chown("x.png", 12345, 23456)
    before = Path("x.png").stat()
    assert run(["quantize", "-q", "a.png", "-o", "x.png"]) == 5
    assert run(["quantize", "-q", "a.png", "-o", "x.png", "-f"]) == 0
    after = Path("x.png").stat()
    assert stat.S_IMODE(after.st_mode) == 0o444
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)


def test_dry_run_opens_nothing_for_writing(tmp_path: Path, warm: Warm) -> None:
    paint(tmp_path / "a.png")
    arguments = ["quantize", "a.png", "-k", "4,3", "-d", "new", "--compare", "--dry-run"]
    ended = warm.run(arguments, tmp_path, watch=True)
    assert (ended.code, ended.calls) == (0, ())


def test_a_picture_that_goes_away_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    paint(Path("a.png"))
    real = os.close

    def close_and_remove(descriptor: int) -> None:
        real(descriptor)
        Path("a.png").unlink(missing_ok=True)

    monkeypatch.setattr("kmcli.files.reading.os.close", close_and_remove)
    assert run(["quantize", "a.png", "--keep-mtime"]) == 3
    monkeypatch.undo()
    assert "disappeared" in capfd.readouterr().err
    assert files_in(tmp_path) == {}


def test_folder_that_is_written_while_it_is_walked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number in range(5):
        paint(Path(f"{number}.png"), number)
    for _ in range(2):
        assert run(["quantize", ".", "-r", "-k", "3", "-f", "-q", "-j", "1"]) == 0
    assert len(files_in(tmp_path)) == 10


@pytest.mark.parametrize("megabytes", [130, 200, 260, 360])
@pytest.mark.parametrize("command", ["quantize a.png --lock #fff", "blobs", "digits"])
def test_too_little_memory_for_the_libraries_is_found_before_they_are_loaded(
    command: str, megabytes: int, tmp_path: Path, warm: Warm
) -> None:
    """OpenBLAS tries for ever to get some, or ends the process in its own words."""
    paint(tmp_path / "a.png")
    limits = {"RLIMIT_AS": megabytes * 10**6}
    ended = warm.run(command.split(), tmp_path, limits=limits)
    assert (ended.code, ended.out) == (4, b"")
    assert ended.err.startswith(f"kmcli: error: the memory limit is {megabytes} MB".encode())
    assert b"450 MB" in ended.err
    assert set(files_in(tmp_path)) == {"a.png"}


def test_a_small_limit_on_memory_is_enough_for_help_and_completion(
    tmp_path: Path, warm: Warm
) -> None:
    for arguments in (["--help"], ["quantize", "--help"], ["completion", "bash"]):
        ended = warm.run(arguments, tmp_path, limits={"RLIMIT_AS": 130_000_000})
        assert ended.code == 0, ended.err


def test_no_line_of_a_library_reaches_the_user(tmp_path: Path) -> None:
    """Matplotlib tells of a folder that it cannot write into, which is none of their business."""
    done = subprocess.run(
        [sys.executable, "-m", "kmcli", "blobs", "-q", "--dpi", "30", "--samples", "20"],
        cwd=tmp_path,
        env={**os.environ, "HOME": "/dev/null", "XDG_CONFIG_HOME": "", "XDG_CACHE_HOME": "",
             "MPLCONFIGDIR": "/dev/null/x"},
        capture_output=True,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
