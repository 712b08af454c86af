"""What Windows lacks is hidden from kmcli, which has to do its work all the same."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.test_reliability_faults import files_in, paint

WITHOUT_POSIX = '''
"""Read by Python before all else, in workers too."""
import ctypes, os, signal, subprocess, sys, tempfile

for name in ("fcntl", "grp", "pty", "pwd", "termios"):
    sys.modules[name] = None
for name in ("SIGHUP", "SIGPIPE", "pthread_sigmask", "SIG_BLOCK", "SIG_SETMASK"):
    delattr(signal, name)
for name in (
    "O_CLOEXEC", "O_NOCTTY", "O_NONBLOCK", "chown", "fchmod", "fchown", "fork", "geteuid",
    "getuid", "getxattr", "listxattr", "removexattr", "sched_getaffinity", "setxattr",
):
    delattr(os, name)
os.process_cpu_count = os.cpu_count  # since 3.13 that of Linux asks sched_getaffinity

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

def refusing_open_files(change):
    """Windows renames and removes no file that this process has open or mapped."""

    def changed(*names, **keywords):
        for name in map(os.path.realpath, names):
            held = [os.path.realpath(f"/proc/self/fd/{number}") for number in descriptors()]
            if name in held or mapped(name):
                raise PermissionError(13, f"{change.__name__} of an open file", name)
        return change(*names, **keywords)

    return changed

def descriptors():
    try:
        return os.listdir("/proc/self/fd")
    except FileNotFoundError:  # no Linux: nothing is refused
        return []

def mapped(name):
    try:
        with open("/proc/self/maps") as maps:
            return any(line.rstrip().endswith(" " + name) for line in maps)
    except FileNotFoundError:
        return False

tempfile.TemporaryFile = tempfile.NamedTemporaryFile
for name in ("rename", "replace", "remove", "unlink"):
    setattr(os, name, refusing_open_files(getattr(os, name)))
'''


TABLE = "id,x,y\n" + "".join(
    f"{row},{row % 2 * 9 + row / 50:.2f},{row % 3 + row / 40:.2f}\n" for row in range(40)
)


def python(folder: Path, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    hidden = folder.parent / "hidden"
    hidden.mkdir(exist_ok=True)
    (hidden / "sitecustomize.py").write_text(WITHOUT_POSIX)
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(hidden), str(ROOT)]),
        },
        input=stdin,
        capture_output=True,
        check=False,
        timeout=300,
    )


def kmcli(folder: Path, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return python(folder, "-m", "kmcli", *arguments, stdin=stdin)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    for number in range(3):
        paint(folder / f"{number}.png", number)
    (folder / "table.csv").write_bytes(TABLE.encode())
    (folder / "table.csv.gz").write_bytes(gzip.compress(TABLE.encode()))
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


IN_TURN = """
import shlex, sys
from kmcli.cli.main import run
for line in sys.stdin:
    assert run(shlex.split(line)) == 0, line
"""


def test_no_command_needs_what_windows_lacks(folder: Path) -> None:
    lines = b"""\
        quantize 0.png -k 2 --compare
        quantize 0.png -k 2 --in-place --keep-mtime
        blobs --dpi 30 --steps
        digits --dpi 30 --n-init 1
        cluster table.csv -k 2 -d out --plots pca,profile --dpi 30
        --help"""
    done = python(folder, "-c", IN_TURN, stdin=lines)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    made = files_in(folder)
    assert {"0-compare.png", "blobs-steps.png", "digits-pca.png", "out/cluster-profile.png"} <= set(
        made
    )
    assert not [name for name in made if name.endswith("-tmp")]


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


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_model_made_without_posix_gives_the_rows_their_clusters(
    suffix: str, folder: Path
) -> None:
    rows = folder / f"rows.{suffix}"
    done = kmcli(
        folder, "cluster", "table.csv.gz", "-k", "2", "--scan", "2:3",
        "--model", "m.json", "--centers", "centers.csv", "-o", rows.name,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    again = ["assign", "m.json", "table.csv.gz", "-o", f"new.{suffix}"]
    assert kmcli(folder, *again).returncode == 0
    assert (folder / f"new.{suffix}").read_bytes() == rows.read_bytes()
    done = kmcli(folder, *again, "--force")
    assert done.returncode == 0, done.stderr
    assert not [name for name in files_in(folder) if name.endswith("-tmp")]


def test_a_table_on_standard_streams_is_that_of_a_file(folder: Path) -> None:
    done = kmcli(folder, "cluster", "table.csv", "-k", "2", "-o", "rows.csv")
    assert done.returncode == 0, done.stderr
    done = kmcli(folder, "cluster", "-", "-k", "2", stdin=TABLE.encode())
    assert done.returncode == 0, done.stderr
    assert done.stdout == (folder / "rows.csv").read_bytes()
    assert b"\r" not in done.stdout


def test_a_folder_and_a_missing_file_are_told_as_anywhere(folder: Path) -> None:
    (folder / "sub").mkdir()
    done = kmcli(folder, "quantize", "sub")
    assert done.returncode == 3
    assert b"is a folder" in done.stderr
    assert kmcli(folder, "quantize", "missing.png").returncode == 3
    done = kmcli(folder, "quantize", "0.png", "-o", "1.png")
    assert (done.returncode, b"exists" in done.stderr) == (5, True)
