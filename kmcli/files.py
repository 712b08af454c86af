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

_BLOCK = 2**20

_closed_streams: set[int] = set()


class PipeClosedError(OutputError):
    """The reader of standard output has gone away, which is its right."""


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
            raise InputError("is a folder; name the files in it")
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


def check_target(path: str, *, force: bool, inputs: Iterable[str] = ()) -> None:
    """Refuse an output that must not be written, before any work is done.

    Parameters
    ----------
    path : str
        Where the output is to go; ``-`` is always fine.
    force : bool
        Whether an existing file may be replaced.
    inputs : iterable of str
        Files that must not be overwritten, not even by force.

    Raises
    ------
    OutputError
        If the output exists, is an input, is a folder or lies in none.
    """
    if path == STREAM:
        return
    try:
        status = os.stat(path)
    except FileNotFoundError:
        parent = os.path.dirname(os.path.realpath(path)) or "."
        if not os.path.isdir(parent):
            raise OutputError("there is no such folder") from None
        if os.path.islink(path) and not force:
            raise OutputError("exists, as a link; use --force to write through it") from None
        if not os.access(parent, os.W_OK | os.X_OK):
            raise OutputError("permission denied for its folder") from None
        return
    except (OSError, ValueError) as error:
        raise OutputError(_why(error)) from None
    if stat.S_ISDIR(status.st_mode):
        raise OutputError("is a folder; use -d to name a folder for the outputs")
    if not stat.S_ISREG(status.st_mode):
        return
    if any(_is_same_file(status, name) for name in inputs):
        raise OutputError("is the input; choose another output")
    if not force:
        raise OutputError("exists; use --force to replace it")


def _is_same_file(status: os.stat_result, name: str) -> bool:
    try:
        return name != STREAM and os.path.samestat(status, os.stat(name))
    except (OSError, ValueError):
        return False


def publish(data: bytes, path: str, *, force: bool) -> None:
    """Write an output so that its name only ever means nothing, the old or the new file.

    The data goes into a file beside the target, is flushed to the disk, and only then takes
    the target's name: by a link, which fails if the name is taken, or with `force` by
    replacing, which keeps the mode and writes through symbolic links. Devices and pipes are
    written straight.

    Parameters
    ----------
    data : bytes
        The whole output.
    path : str
        Where to; ``-`` is standard output.
    force : bool
        Whether an existing file may be replaced.

    Raises
    ------
    OutputError
        If it cannot be written; then nothing has changed.
    """
    if path == STREAM:
        write_stdout(data)
        return
    try:
        status = os.stat(path)
    except OSError:
        status = None
    try:
        if status and not stat.S_ISREG(status.st_mode):
            _write_straight(data, path)
        else:
            with _signals_held():
                _write_beside(data, os.path.realpath(path) if force else path, status, force)
    except OSError as error:
        raise OutputError(_why(error)) from None


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
        raise OutputError("standard output is closed")
    try:
        _write_all(1, data)
    except BrokenPipeError:
        raise PipeClosedError("nobody reads standard output") from None
    except OSError as error:
        raise OutputError(f"standard output: {_why(error)}") from None


def _write_straight(data: bytes, path: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        _write_all(descriptor, data)
    finally:
        os.close(descriptor)


def _write_beside(data: bytes, target: str, old: os.stat_result | None, force: bool) -> None:
    folder, name = os.path.split(target)
    # A name of 255 bytes, the most there can be, has to leave room for the rest.
    stem = os.fsdecode(os.fsencode(name)[:200])
    temporary = os.path.join(folder, f".{stem}.{secrets.token_hex(6)}.kmcli-tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o666)
    try:
        try:
            _write_all(descriptor, data)
            if force and old:
                os.fchmod(descriptor, stat.S_IMODE(old.st_mode))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if force:
            os.replace(temporary, target)
            temporary = ""
        else:
            _take_free_name(temporary, target)
    finally:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
    _sync_folder(folder)


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
