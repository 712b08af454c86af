"""Read inputs and publish outputs so that nothing is lost: whole, or not at all."""

import contextlib
import errno
import os
import secrets
import select
import signal
import stat
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FrameType

from kmcli.errors import InputError, LimitError, OutputError
from kmcli.settings import MAX_INPUT_BYTES

STREAM = "-"
"""The name that means standard input or standard output."""

STDOUT_NAME = "standard output"

_BLOCK = 2**20

_closed_streams: set[int] = set()


class PipeClosedError(OutputError):
    """The reader of standard output has gone away, which is its right."""


class DiskFullError(OutputError):
    """There is no room, so that whatever comes next cannot be written either."""


def secure_standard_streams() -> None:
    """Keep the descriptors 0 to 2 from being given to files that are opened later.

    A shell can start a program with a standard stream closed (``>&-``). The next file that
    is opened would then take its place, and what is meant for the stream would go there.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            _closed_streams.add(descriptor)
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number: this one


def read_input(name: str, max_bytes: int = MAX_INPUT_BYTES) -> bytes:
    """Read a file, a pipe or standard input to its end.

    Parameters
    ----------
    name : str
        A path, or ``-``.
    max_bytes : int
        Stop and refuse if there is more.

    Returns
    -------
    bytes

    Raises
    ------
    InputError
        If it cannot be read.
    LimitError
        If it is larger than the limit.
    """
    if name == STREAM and 0 in _closed_streams:
        raise InputError("standard input is closed")
    try:
        descriptor = os.dup(0) if name == STREAM else os.open(name, os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise InputError(_why(error)) from None
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise InputError("is a folder; use --recursive for the pictures in it")
        if status.st_size > max_bytes:
            raise _too_many_bytes(max_bytes)
        blocks = []
        n_bytes = 0
        while block := os.read(descriptor, max(_BLOCK, status.st_size - n_bytes + 1)):
            blocks.append(block)
            n_bytes += len(block)
            if n_bytes > max_bytes:
                raise _too_many_bytes(max_bytes)
    except OSError as error:
        raise InputError(_why(error)) from None
    except MemoryError:
        raise LimitError("not enough memory to read the file") from None
    finally:
        os.close(descriptor)
    return blocks[0] if len(blocks) == 1 else b"".join(blocks)


def _too_many_bytes(max_bytes: int) -> LimitError:
    return LimitError(f"more than {max_bytes} bytes; raise the limit with --max-input-bytes")


def check_target(
    path: str, *, force: bool, inputs: Iterable[str] = (), make_folders: bool = False
) -> None:
    """Refuse an output that must not be written, before any work is done.

    Parameters
    ----------
    path : str
        Where the output is to go; ``-`` is always fine.
    force : bool
        Whether an existing file may be replaced.
    inputs : iterable of str
        Files that must not be overwritten, not even by force.
    make_folders : bool
        Whether missing folders will be made.

    Raises
    ------
    OutputError
        If the output exists, is an input, is a folder or lies in none.
    """
    if path == STREAM:
        return
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        _check_folder(path, make_folders=make_folders)
        if os.path.islink(path) and not force:
            raise OutputError("exists, as a link; use --force to write through it", path) from None
        return
    except (OSError, ValueError) as error:
        raise OutputError(_why(error), path) from None
    if stat.S_ISDIR(status.st_mode):
        raise OutputError("is a folder; use -d to name a folder for the outputs", path)
    if not stat.S_ISREG(status.st_mode):
        return
    if any(_is_same_file(status, name) for name in inputs):
        raise OutputError("is the input; choose another output", path)
    if not force:
        raise OutputError("exists; use --force to replace it", path)


def _check_folder(path: str, *, make_folders: bool) -> None:
    """Refuse a new file whose folder is missing or cannot be written."""
    folder = os.path.dirname(os.path.realpath(path) if os.path.islink(path) else path) or "."
    while make_folders and not os.path.lexists(folder):
        folder = os.path.dirname(folder) or "."
    if not os.path.exists(folder):
        raise OutputError("there is no such folder", path)
    if not os.path.isdir(folder):
        raise OutputError(f"{folder} is a file, not a folder", path)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError("permission denied for its folder", path)


def _is_same_file(status: os.stat_result, name: str) -> bool:
    try:
        return name != STREAM and os.path.samestat(status, os.stat(name))
    except (OSError, ValueError):
        return False


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
    if make_folders:
        for path, _ in regular:
            with _blaming(path):
                os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with _signals_held():
        _publish_together(regular, force=force, mtime_ns=mtime_ns)


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
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise (DiskFullError if is_full else OutputError)(_why(error), path) from None


def write_stdout(data: bytes) -> None:
    """Write to standard output, whole, blocking or not.

    Parameters
    ----------
    data : bytes
        What to write.

    Raises
    ------
    PipeClosedError
        If nobody reads it any more.
    OutputError
        If it cannot be written for another reason.
    """
    if 1 in _closed_streams:
        raise OutputError("is closed", STDOUT_NAME)
    try:
        _write_all(1, data)
    except BrokenPipeError:
        raise PipeClosedError("nobody reads standard output") from None
    except OSError as error:
        raise OutputError(_why(error), STDOUT_NAME) from None


def _write_straight(data: bytes, path: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        _write_all(descriptor, data)
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
            _write_all(descriptor, data)
            if old:
                os.fchmod(descriptor, stat.S_IMODE(old.st_mode))
            if mtime_ns is not None:
                os.utime(descriptor, ns=(mtime_ns, mtime_ns))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except BaseException:
        _remove([temporary])
        raise
    return temporary


def _take_free_name(temporary: str, target: str) -> None:
    """Give a file a second name, in one step that fails if the name is taken."""
    try:
        os.link(temporary, target)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
            raise
        # A file system without hard links: reserve the name, then replace what reserves it.
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


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except BlockingIOError:
            select.select([], [descriptor], [])


def _why(error: OSError | ValueError) -> str:
    """Say in plain words why the operating system refused."""
    if not isinstance(error, OSError) or error.errno is None:
        return "is not a possible file name"
    words = {
        errno.ENOENT: "there is no such file",
        errno.EEXIST: "exists; use --force to replace it",
        errno.EBADF: "is closed",
    }
    return words.get(error.errno, os.strerror(error.errno).lower())


def default_output(source: str, suffix: str, folder: str | None) -> str:
    """Derive the name of an output from that of its input.

    Parameters
    ----------
    source : str
        Path of the input.
    suffix : str
        Takes the place of the extension: ``-k16.png`` makes ``photo-k16.png`` of
        ``photo.jpg``.
    folder : str, optional
        Where the output goes; beside the input if not given.

    Returns
    -------
    str
    """
    name = Path(source).stem + suffix
    return os.path.join(os.path.dirname(source) if folder is None else folder, name)
