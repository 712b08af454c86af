"""Publish outputs so that each name only ever means nothing, the old or the new file."""

import contextlib
import ctypes
import errno
import os
import secrets
import signal
import stat
import threading
from collections.abc import Iterable, Iterator
from types import FrameType

from kmcli.errors import ExistsError, OutputError
from kmcli.files.streams import STREAM, DiskFullError, reason, write_stdout, write_whole

_KINDS: dict[int | None, type[OutputError]] = {
    errno.EEXIST: ExistsError,
    errno.ENOSPC: DiskFullError,
    errno.EDQUOT: DiskFullError,
}


def publish(
    files: Iterable[tuple[str, bytes]],
    *,
    force: bool,
    make_folders: bool = False,
    mtime_ns: int | None = None,
) -> None:
    """Write outputs so that each name only ever means nothing, the old or the new file.

    The data goes into files beside the targets and is flushed to the disk; only when all are
    there do they take the targets' names: by a link, which fails if the name is taken, or with
    `force` by replacing, which keeps the mode and writes through symbolic links. Devices and
    pipes are written straight.

    Parameters
    ----------
    files : iterable of (str, bytes)
        Where to, ``-`` being standard output, and what.
    force : bool
        Whether existing files may be replaced.
    make_folders : bool
        Whether to make missing folders.
    mtime_ns : int, optional
        The modification time that the files get, in nanoseconds; now if not given.

    Raises
    ------
    OutputError
        If one cannot be written; then none that was not there before is left, and the others
        are whole.
    """
    regular = []
    for path, data in files:
        if path == STREAM:
            write_stdout(data)
        elif _is_device(path):
            with _blaming(path):
                _write_straight(data, path)
        else:
            regular.append((path, data))
    with _signals_held(), contextlib.ExitStack() as undo:
        if make_folders:
            for path, _ in regular:
                with _blaming(path):
                    _make_folder(os.path.dirname(path), undo)
        _publish_together(regular, force=force, mtime_ns=mtime_ns)
        undo.pop_all()


def _make_folder(folder: str, undo: contextlib.ExitStack) -> None:
    """Make a folder and those above it, to be removed again if what was to go there fails."""
    if not folder or os.path.isdir(folder):
        return
    _make_folder(os.path.dirname(folder), undo)
    with contextlib.suppress(FileExistsError):  # another run was faster, or a file is there
        os.mkdir(folder)
        undo.callback(_remove_folder, folder)


def _remove_folder(folder: str) -> None:
    with contextlib.suppress(OSError):  # another run may have put something into it
        os.rmdir(folder)


def _publish_together(
    files: Iterable[tuple[str, bytes]], *, force: bool, mtime_ns: int | None
) -> None:
    waiting: list[tuple[str, str, str]] = []
    appeared: list[str] = []
    try:
        for path, data in files:
            with _blaming(path):
                target = os.path.realpath(path) if force else path
                old = os.stat(target) if force and os.path.exists(target) else None
                waiting.append((path, _write_beside(data, target, old, mtime_ns), target))
        for path, temporary, target in waiting:
            with _blaming(path):
                is_new = not os.path.lexists(target)
                if force:
                    os.replace(temporary, target)
                else:
                    _take_free_name(temporary, target)
                if is_new:
                    appeared.append(target)
    except BaseException:
        _remove(appeared)
        raise
    finally:
        _remove(temporary for _, temporary, _ in waiting)
    for folder in {os.path.dirname(target) for _, _, target in waiting}:
        _sync_folder(folder)


def _is_device(path: str) -> bool:
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return False


def _remove(paths: Iterable[str]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            os.unlink(path)


@contextlib.contextmanager
def _blaming(path: str) -> Iterator[None]:
    """Turn an error of the operating system into one that names the output."""
    try:
        yield
    except OSError as error:
        why = "there is no such folder" if error.errno == errno.ENOENT else reason(error)
        raise _KINDS.get(error.errno, OutputError)(why, path) from None


def _write_straight(data: bytes, path: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        write_whole(descriptor, data)
    finally:
        os.close(descriptor)


def _write_beside(
    data: bytes, target: str, old: os.stat_result | None, mtime_ns: int | None
) -> str:
    """Write a file of its own name beside the target, whole and safe on the disk."""
    folder, name = os.path.split(target)
    # A name of 255 bytes, the most there can be, has to leave room for the rest.
    stem = os.fsdecode(os.fsencode(name)[:200])
    temporary = os.path.join(folder, f".{stem}.{secrets.token_hex(6)}.kmcli-tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o666)
    try:
        try:
            write_whole(descriptor, data)
            if old:
                _take_over_rights(descriptor, old)
            if mtime_ns is not None:
                os.utime(descriptor, ns=(mtime_ns, mtime_ns))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except BaseException:
        _remove([temporary])
        raise
    return temporary


def _take_over_rights(descriptor: int, old: os.stat_result) -> None:
    """Give a file the mode of the one that it replaces, and its owner where that is allowed."""
    new = os.fstat(descriptor)
    if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        with contextlib.suppress(PermissionError):
            os.fchown(descriptor, old.st_uid, old.st_gid)
    os.fchmod(descriptor, old.st_mode & 0o777)


def _take_free_name(temporary: str, target: str) -> None:
    """Give a file another name, in one step that fails if the name is taken."""
    try:
        os.link(temporary, target)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
            raise
        # A file system without hard links.
        if not _rename_unless_taken(temporary, target):
            _reserve_and_replace(temporary, target)


def _rename_unless_taken(old: str, new: str) -> bool:
    """Rename by the call of Linux that Python does not offer; False where there is none."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    here, no_replace = -100, 1
    if rename(here, os.fsencode(old), here, os.fsencode(new), no_replace) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOSYS):
        return False
    raise OSError(number, os.strerror(number))


def _reserve_and_replace(temporary: str, target: str) -> None:
    """Take the name with an empty file, which fails if it is taken, and replace that."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
    try:
        os.replace(temporary, target)
    except OSError:
        os.unlink(target)
        raise


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Let the signals that end a program wait until no temporary file is left.

    A second one does not wait.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # Python handles signals in the main thread only
        return
    pending: list[int] = []

    def hold(number: int, _frame: FrameType | None) -> None:
        pending.append(number)
        signal.signal(number, signal.SIG_DFL)

    before = {}
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        handler = signal.getsignal(number)
        if handler is not signal.SIG_IGN:
            before[number] = handler
            signal.signal(number, hold)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if pending:
            os.kill(os.getpid(), pending[0])


def _sync_folder(folder: str) -> None:
    """Make the new name survive a power cut; some file systems cannot, which is no error."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder or ".", os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
