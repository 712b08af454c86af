"""The standard streams, and how bytes get into any descriptor, whole or with an error."""

import contextlib
import errno
import io
import os
import select

from kmcli.errors import OutputError

STREAM = "-"
"""The name that means standard input or standard output."""

STDOUT_NAME = "standard output"

BINARY: int = getattr(os, "O_BINARY", 0)
"""To be given to `os.open`: without it Windows changes the ends of lines."""


class PipeClosedError(OutputError):
    """The reader of standard output has gone away, which is its right."""


class DiskFullError(OutputError):
    """There is no room, so that whatever comes next cannot be written either."""


def check_stdout() -> None:
    """Raise OutputError if standard output is closed, rather than work for it."""
    try:
        os.write(1, b"")
    except OSError as error:
        raise OutputError(reason(error), STDOUT_NAME) from None


def write_stdout(data: bytes) -> None:
    """Write to standard output, whole, blocking or not.

    Raises PipeClosedError if nobody reads it any more, OutputError if it fails for another
    reason.
    """
    try:
        write_whole(1, data)
    except BrokenPipeError:
        raise PipeClosedError("nobody reads standard output") from None
    except OSError as error:
        raise OutputError(reason(error), STDOUT_NAME) from None


def write_stderr(data: bytes) -> None:
    """Write to standard error; if that fails, the message is lost, no more."""
    with contextlib.suppress(OSError, ValueError):
        write_whole(2, data)


class StandardOutput(io.TextIOBase):
    """Standard output for code that prints, so that failures become errors of kmcli.

    Python's own would keep what was printed until the end, and tell of a full disk by a
    traceback when it is too late for an exit code.
    """

    def writable(self) -> bool:
        """Say that it can be written."""
        return True

    def isatty(self) -> bool:
        """Tell whether it is a terminal."""
        return os.isatty(1)

    def write(self, text: str | bytes) -> int:
        """Write text at once, or bytes, as click may ask for."""
        data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
        write_stdout(data)
        return len(text)


def write_whole(descriptor: int, data: bytes) -> None:
    """Write all of some bytes; see `os.write` for what it raises."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except BlockingIOError:
            select.select([], [descriptor], [])


def reason(error: OSError | ValueError) -> str:
    """Say in plain words why the operating system refused."""
    if not isinstance(error, OSError) or error.errno is None:
        return "is not a valid file name"
    words = {
        errno.ENOENT: "no such file",
        errno.EEXIST: "exists",
        errno.EBADF: "is closed",
    }
    return words.get(error.errno, os.strerror(error.errno).lower())
