"""Write outputs atomically: a path holds its old content or the complete new file."""

import contextlib
import errno
import os
import secrets
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence

from kmcli.errors import ExistsError, OutputError
from kmcli.files.rights import keep_rights
from kmcli.files.signals import signals_held
from kmcli.files.streams import (
    BINARY,
    STREAM,
    DiskFullError,
    reason,
    write_stdout,
    write_whole,
)

_KINDS: dict[int | None, type[OutputError]] = {
    errno.EEXIST: ExistsError,
    errno.ENOSPC: DiskFullError,
    errno.EDQUOT: DiskFullError,
}

_NO_HARD_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)

Content = bytes | Iterable[bytes]
"""What is written: at once, or in pieces that are made while others are being written."""


def publish(
    files: Iterable[tuple[str, Content]],
    *,
    force: bool,
    make_folders: bool = False,
    mtime_ns: int | None = None,
) -> None:
    """Write outputs atomically: a path holds its old content or the complete new file.

    The data goes into files beside the targets and is flushed to the disk; only when all are
    there do they take the targets' names: by a link, which fails if the name is taken, or with
    `force` by replacing, which keeps the rights and writes through symbolic links. Devices and
    pipes are written straight. Pieces are taken one by one; what the last ones of a file bring
    about can be used by the files after it.

    Raises OutputError if one cannot be written; then none that was not there before is left, and
    the others are whole. `ExistsError` if it exists, `DiskFullError` if there is no room.
    """
    regular = []
    for path, data in files:
        if path == STREAM:
            for piece in _pieces(data):
                write_stdout(piece)
        elif _is_device(path):
            with _blaming(path):
                _write_straight(data, path)
        else:
            regular.append((path, data))
    with signals_held() as pending, contextlib.ExitStack() as undo:
        if make_folders:
            for path, _ in regular:
                with _blaming(path):
                    _make_folder(os.path.dirname(path), undo)
        _publish_together(regular, pending, force=force, mtime_ns=mtime_ns)
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


class _InterruptedError(BaseException):
    """A signal came while pieces were being made, which may take long."""


def _pieces(data: Content) -> Iterable[bytes]:
    return (data,) if isinstance(data, bytes) else data


def _until_signal(data: Content, pending: Sequence[int]) -> Iterator[bytes]:
    for piece in _pieces(data):
        if pending:
            raise _InterruptedError
        yield piece


def _publish_together(
    files: Iterable[tuple[str, Content]],
    pending: Sequence[int],
    *,
    force: bool,
    mtime_ns: int | None,
) -> None:
    waiting: list[tuple[str, str, str]] = []
    appeared: list[str] = []
    try:
        for path, data in files:
            with _blaming(path):
                target = os.path.realpath(path) if force else path
                old = target if force and os.path.exists(target) else None
                pieces = _until_signal(data, pending)
                waiting.append((path, _write_beside(pieces, target, old, mtime_ns), target))
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
        why = "no such folder" if error.errno == errno.ENOENT else reason(error)
        raise _KINDS.get(error.errno, OutputError)(why, path) from None


def _write_straight(data: Content, path: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | BINARY)
    try:
        for piece in _pieces(data):
            write_whole(descriptor, piece)
    finally:
        os.close(descriptor)


def _write_beside(
    pieces: Iterable[bytes], target: str, old: str | None, mtime_ns: int | None
) -> str:
    """Write a file of its own name beside the target, whole and safe on the disk."""
    folder, name = os.path.split(target)
    # A name of 255 bytes, the most there can be, has to leave room for the rest.
    stem = os.fsdecode(os.fsencode(name)[:200])
    temporary = os.path.join(folder, f".{stem}.{secrets.token_hex(6)}.kmcli-tmp")
    # What replaces a secret file is not readable by others for a moment either.
    mode = 0o666 if old is None else os.stat(old).st_mode & 0o666
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, mode)
    try:
        try:
            for piece in pieces:
                write_whole(descriptor, piece)
            if old is not None:
                keep_rights(old, descriptor)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if mtime_ns is not None:
            os.utime(temporary, ns=(mtime_ns, mtime_ns))
    except BaseException:
        _remove([temporary])
        raise
    return temporary


def _take_free_name(temporary: str, target: str) -> None:
    """Give a file another name, in one step that fails if the name is taken."""
    if sys.platform == "win32":
        os.rename(temporary, target)  # there it replaces nothing
    else:
        _link(temporary, target)


def _link(temporary: str, target: str) -> None:
    try:
        os.link(temporary, target)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        if not _rename_unless_taken(temporary, target):
            _reserve_and_replace(temporary, target)


def _rename_unless_taken(old: str, new: str) -> bool:
    """Rename by the call of Linux that Python does not offer; False where there is none."""
    import ctypes  # late: it takes 10 ms, and only file systems without hard links need it

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
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    try:
        os.replace(temporary, target)
    except OSError:
        os.unlink(target)
        raise


def _sync_folder(folder: str) -> None:
    """Make the new name survive a power cut; some file systems cannot, which is no error."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder or ".", os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
