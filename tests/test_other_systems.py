"""What Windows lacks is hidden from kmcli, which has to do its work all the same."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.test_reliability_faults import files_in, paint

WITHOUT_POSIX = '''
"""Read by Python before all else, in workers too."""
import ctypes, os, signal, subprocess, sys

for name in ("fcntl", "grp", "pty", "pwd", "termios"):
    sys.modules[name] = None
for name in ("SIGHUP", "SIGPIPE", "pthread_sigmask", "SIG_BLOCK", "SIG_SETMASK"):
    delattr(signal, name)
for name in (
    "O_CLOEXEC", "O_NOCTTY", "O_NONBLOCK", "chown", "fchmod", "fchown", "fork", "geteuid",
    "getuid", "getxattr", "listxattr", "removexattr", "sched_getaffinity", "setxattr",
):
    delattr(os, name)

def link(*_):
    raise OSError(1, "no hard links")

os.link = link
real_library = ctypes.CDLL
ctypes.CDLL = lambda name, *more, **named: real_library(name, *more, **named) if name else object()

os.O_BINARY = 1 << 29
real_open = os.open

def open_as_windows_does(path, flags, *arguments, **keywords):
    is_binary = flags & os.O_BINARY
    flags &= ~os.O_BINARY
    if os.path.isdir(path):
        raise PermissionError(13, "Permission denied")
    caller = sys._getframe(1).f_globals.get("__name__", "")
    descriptor = real_open(path, flags, *arguments, **keywords)
    if caller.startswith("kmcli") and not is_binary and os.fstat(descriptor).st_size:
        os.close(descriptor)
        raise AssertionError(f"{caller} opens {path} as text")
    return descriptor

os.open = open_as_windows_does
'''


def kmcli(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    hidden = folder.parent / "hidden"
    hidden.mkdir(exist_ok=True)
    (hidden / "sitecustomize.py").write_text(WITHOUT_POSIX)
    return subprocess.run(
        [sys.executable, "-m", "kmcli", *arguments],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(hidden), str(ROOT)]),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=300,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    for number in range(3):
        paint(folder / f"{number}.png", number)
    return folder


def test_hiding_works(folder: Path) -> None:
    """Or the tests below would show nothing."""
    code = "import os, signal; assert not hasattr(os, 'fork'); assert os.O_BINARY; signal.SIGHUP"
    kmcli(folder, "--help")
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(folder.parent / "hidden")},
        capture_output=True,
        check=False,
    )
    assert b"no attribute 'SIGHUP'" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("quantize", "0.png", "-k", "2", "--compare"),
        ("quantize", "0.png", "-k", "2", "--in-place", "--keep-mtime"),
        ("blobs", "--dpi", "30", "--steps"),
        ("digits", "--dpi", "30", "--runs", "1"),
        ("--help",),
    ],
)
def test_a_command_needs_nothing_that_windows_lacks(
    arguments: tuple[str, ...], folder: Path
) -> None:
    done = kmcli(folder, *arguments)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    assert not [name for name in files_in(folder) if name.endswith("-tmp")]


def test_a_batch_in_processes_without_fork_gives_the_same_bytes(folder: Path) -> None:
    (folder / "bad.png").write_bytes(b"bad")
    names = ["0.png", "1.png", "bad.png", "2.png"]
    done = kmcli(folder, "quantize", *names, "-k", "2", "-j", "2", "-d", "two")
    assert done.returncode == 6, done.stderr
    assert done.stderr.count(b"kmcli: ") == 1  # of the bad one
    assert kmcli(folder, "quantize", *names, "-k", "2", "-j", "1", "-d", "one").returncode == 6
    made = files_in(folder)
    for number in range(3):
        assert made[f"one/{number}-k2.png"] == made[f"two/{number}-k2.png"]


def test_a_folder_and_a_missing_file_are_told_as_anywhere(folder: Path) -> None:
    (folder / "sub").mkdir()
    done = kmcli(folder, "quantize", "sub")
    assert done.returncode == 3
    assert b"is a folder" in done.stderr
    assert kmcli(folder, "quantize", "missing.png").returncode == 3
    done = kmcli(folder, "quantize", "0.png", "-o", "1.png")
    assert (done.returncode, b"exists" in done.stderr) == (5, True)
