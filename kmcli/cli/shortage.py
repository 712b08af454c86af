"""Too little memory, processes or files: found before libraries are loaded, or in an error."""

import errno
import sys

from kmcli.errors import LimitError

_NEEDED_MB = 450
"""Of address space, to load the libraries: with 400 MB `blobs` runs out of memory, and with 130 to
360 MB OpenBLAS tries for ever to get some (measured on Linux with two cores)."""

_ERRNOS = (errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE)
_IMPORT = ("failed to map segment", "cannot allocate memory", "cannot apply additional memory")


def shortage(error: BaseException) -> str | None:
    """Say what there is not enough of, if that is what an error means."""
    if isinstance(error, MemoryError):
        return "not enough memory"
    text = str(error)
    if isinstance(error, ImportError) and any(words in text.lower() for words in _IMPORT):
        return "not enough memory to load the libraries"
    if isinstance(error, RuntimeError) and "can't start new thread" in text:
        return "not enough memory or processes to start a thread"
    if isinstance(error, OSError) and error.errno in _ERRNOS:
        return f"system limit reached: {(error.strerror or text).lower()}"
    if error.__cause__ is not None:
        return shortage(error.__cause__)
    return None


def check_memory_limit() -> None:
    """Refuse to load libraries into less memory than they take (``ulimit -v``)."""
    if sys.platform != "win32":  # which has no such limit
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        if limit != resource.RLIM_INFINITY and limit < _NEEDED_MB * 10**6:
            raise LimitError(
                f"the memory limit is {limit / 1e6:.0f} MB, but loading the libraries takes "
                f"{_NEEDED_MB} MB; raise it with ulimit -v {_NEEDED_MB * 1000} or more"
            )
