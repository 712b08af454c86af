"""How files are published, at the level of the calls to the system."""

import ctypes
import errno
import os
import signal
import stat
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kmcli.errors import ExistsError, OutputError
from kmcli.files import publish

NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names() -> set[str]:
    return set(os.listdir())


def refuse(number: int) -> Callable[..., Any]:
    def call(*_arguments: Any, **_keywords: Any) -> Any:
        raise OSError(number, os.strerror(number))

    return call


def without_links(monkeypatch: pytest.MonkeyPatch, number: int, *, can_rename: bool) -> None:
    monkeypatch.setattr("os.link", refuse(number))
    if not can_rename:
        monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("can_rename", [True, False])
@pytest.mark.parametrize("number", NO_LINKS)
def test_a_file_system_without_hard_links_gets_the_file_too(
    number: int, can_rename: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_links(monkeypatch, number, can_rename=can_rename)
    publish([("x", b"new")], force=False)
    assert Path("x").read_bytes() == b"new"
    with pytest.raises(ExistsError):
        publish([("x", b"newer")], force=False)
    assert Path("x").read_bytes() == b"new"
    assert names() == {"x"}


class Rename:
    """The call of Linux that renames without replacing, on a system that answers as told."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.n_calls = 0

    def __call__(self, *_arguments: Any) -> int:
        self.n_calls += 1
        ctypes.set_errno(self.number)
        return -1


@pytest.mark.skipif(sys.platform != "linux", reason="renameat2 is a call of Linux")
@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS])
def test_a_file_system_that_cannot_rename_without_replacing_gets_the_file_too(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Rename(number)
    without_links(monkeypatch, errno.EPERM, can_rename=True)
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: SimpleNamespace(renameat2=rename))
    publish([("x", b"new")], force=False)
    assert rename.n_calls == 1
    assert Path("x").read_bytes() == b"new"
    assert names() == {"x"}


@pytest.mark.skipif(sys.platform != "linux", reason="renameat2 is a call of Linux")
@pytest.mark.usefixtures("folder")
def test_without_hard_links_a_name_never_stands_for_an_empty_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without_links(monkeypatch, errno.EPERM, can_rename=True)
    monkeypatch.setattr("os.replace", refuse(errno.EIO))  # needed only after reserving
    publish([("x", b"new")], force=False)
    assert Path("x").read_bytes() == b"new"
    assert names() == {"x"}


@pytest.mark.usefixtures("folder")
def test_of_several_files_none_is_left_if_one_cannot_get_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = os.link

    def link(old: str, new: str) -> None:
        if new == "y":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(old, new)

    monkeypatch.setattr("os.link", link)
    with pytest.raises(OutputError, match="input/output error"):
        publish([("x", b"1"), ("y", b"2")], force=False)
    assert names() == set()


@pytest.mark.usefixtures("folder")
def test_replacing_that_fails_halfway_takes_only_new_files_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = os.replace

    def replace(old: str, new: str) -> None:
        if os.path.basename(new) == "last":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(old, new)

    Path("there").write_bytes(b"old")
    Path("last").write_bytes(b"old")
    monkeypatch.setattr("os.replace", replace)
    files = [("there", b"new"), ("added", b"new"), ("sub/added", b"new"), ("last", b"new")]
    with pytest.raises(OutputError, match="input/output error"):
        publish(files, force=True, make_folders=True)
    assert names() == {"there", "last"}
    assert Path("there").read_bytes() == b"new"
    assert Path("last").read_bytes() == b"old"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("is_broken", [False, True])
def test_replacing_writes_through_a_link(is_broken: bool) -> None:
    Path("sub").mkdir()
    if not is_broken:
        Path("sub/file").write_bytes(b"old")
    os.symlink("sub/file", "link")
    with pytest.raises(ExistsError):
        publish([("link", b"new")], force=False)
    assert os.path.exists("sub/file") != is_broken
    publish([("link", b"new")], force=True)
    assert os.readlink("link") == "sub/file"
    assert Path("sub/file").read_bytes() == b"new"
    assert os.listdir("sub") == ["file"]


@pytest.mark.usefixtures("folder")
def test_a_name_that_was_reserved_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    without_links(monkeypatch, errno.EPERM, can_rename=False)
    monkeypatch.setattr("os.replace", refuse(errno.EIO))
    with pytest.raises(OutputError, match="input/output error"):
        publish([("x", b"new")], force=False)
    assert names() == set()


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("force", [True, False])
@pytest.mark.parametrize("letter", ["x", "é", "\udcff"])
def test_the_longest_name_there_can_be_works(force: bool, letter: str) -> None:
    name = letter * (255 // len(os.fsencode(letter)))
    publish([(name, b"new")], force=force)
    assert Path(name).read_bytes() == b"new"
    assert names() == {name}


@pytest.mark.usefixtures("folder")
def test_set_id_bits_do_not_pass_to_new_content() -> None:
    Path("x").write_bytes(b"old")
    for mode in (0o6755, 0o640, 0o444, 0o600):
        os.chmod("x", mode)
        publish([("x", b"new")], force=True)
        assert stat.S_IMODE(os.stat("x").st_mode) == mode & 0o777


@pytest.mark.usefixtures("folder")
def test_what_replaces_a_secret_file_is_never_readable_by_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("x").write_bytes(b"old")
    os.chmod("x", 0o600)
    real, modes = os.write, []

    def write(descriptor: int, data: bytes) -> int:
        modes.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        return real(descriptor, data)

    monkeypatch.setattr("kmcli.files.streams.os.write", write)
    publish([("x", b"new")], force=True)
    assert modes == [0o600]


@pytest.mark.usefixtures("folder")
def test_files_are_flushed_before_they_get_their_names_and_folders_after(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("sub").mkdir()
    events: list[str] = []
    real_sync, real_link = os.fsync, os.link

    def fsync(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        folder = os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}"))
        events.append(f"sync {'folder ' + folder if is_folder else 'file'}")
        real_sync(descriptor)

    def link(old: str, new: str) -> None:
        events.append("name")
        real_link(old, new)

    monkeypatch.setattr("os.fsync", fsync)
    monkeypatch.setattr("os.link", link)
    publish([("x", b"1"), ("sub/y", b"2")], force=False)
    assert events[:4] == ["sync file", "sync file", "name", "name"]
    assert set(events[4:]) == {"sync folder sub", f"sync folder {Path.cwd().name}"}


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="no extended attributes in Python")
@pytest.mark.usefixtures("folder")
def test_extended_attributes_are_kept() -> None:
    Path("x").write_bytes(b"old")
    try:
        os.setxattr("x", "user.note", b"mine")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    publish([("x", b"new")], force=True)
    assert Path("x").read_bytes() == b"new"
    assert os.getxattr("x", "user.note") == b"mine"


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="no extended attributes in Python")
@pytest.mark.usefixtures("folder")
def test_access_lists_are_kept_and_none_is_added() -> None:
    name, default = "system.posix_acl_access", "system.posix_acl_default"
    entries = [(1, 6, 2**32 - 1), (2, 6, 1234), (4, 4, 2**32 - 1), (16, 6, 2**32 - 1),
               (32, 0, 2**32 - 1)]  # fmt: skip
    acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    for file in ("x", "y"):
        Path(file).write_bytes(b"old")
    try:
        os.setxattr("x", name, acl)
        os.setxattr(".", default, acl)
    except OSError:
        pytest.skip("this file system has no access lists")
    publish([("x", b"new"), ("y", b"new")], force=True)
    assert os.getxattr("x", name) == acl
    assert name not in os.listxattr("y")


def test_the_first_signal_waits_and_the_second_does_not(tmp_path: Path) -> None:
    code = """
import os, signal, sys
from kmcli.files import publish
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)
real, first, n_signals = os.fsync, getattr(signal, sys.argv[1]), int(sys.argv[2])
def fsync(descriptor):
    for _ in range(n_signals):
        os.kill(os.getpid(), first)
    real(descriptor)
os.fsync = fsync
publish([("x", b"new")], force=False)
print("went on")
"""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        for n_signals, left in ((1, {"x"}), (2, None)):
            for path in tmp_path.iterdir():
                path.unlink()
            command = [sys.executable, "-c", code, name, str(n_signals)]
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
            assert done.returncode == -getattr(signal, name), done.stderr
            assert done.stdout == b""
            found = {path.name for path in tmp_path.iterdir()}
            assert found == left if left else "x" not in found


@pytest.mark.usefixtures("folder")
def test_a_signal_ends_the_making_of_pieces() -> None:
    made = []

    def pieces() -> Iterator[bytes]:
        for number in range(9):
            made.append(number)
            if number == 2:
                signal.raise_signal(signal.SIGINT)
            yield b"x"

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            publish([("a", b"whole"), ("b", pieces())], force=False)
    finally:
        signal.signal(signal.SIGINT, before)
    assert made == [0, 1, 2]
    assert not os.listdir()


@pytest.mark.usefixtures("folder")
def test_the_handlers_of_signals_are_as_before() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    publish([("x", b"new")], force=False)
    assert {number: signal.getsignal(number) for number in before} == before
