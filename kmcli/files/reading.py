"""Read inputs to their end, once, and no further than a limit."""

import os
import select
import stat

from kmcli.errors import FolderInputError, InputError, LimitError, TooManyBytesError
from kmcli.files.streams import BINARY, STREAM, reason
from kmcli.settings import MAX_INPUT_BYTES

_BLOCK = 2**20


def read_input(name: str, max_bytes: int | None = None) -> bytes:
    """Read a file, a pipe or standard input (``-``) to its end, or refuse more than 1 GiB.

    Raises InputError if it cannot be read, FolderInputError if it is a folder, TooManyBytesError
    if it is larger than the limit.
    """
    limit = MAX_INPUT_BYTES if max_bytes is None else max_bytes
    too_many = TooManyBytesError(f"more than {limit} bytes")
    try:
        descriptor = os.dup(0) if name == STREAM else os.open(name, os.O_RDONLY | BINARY)
    except (OSError, ValueError) as error:
        if os.path.isdir(name):  # Windows does not open folders
            raise FolderInputError("is a folder") from None
        raise InputError(reason(error)) from None
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise FolderInputError("is a folder")
        if status.st_size > limit:
            raise too_many
        blocks = []
        n_bytes = 0
        while block := read_some(descriptor, max(_BLOCK, status.st_size - n_bytes + 1)):
            blocks.append(block)
            n_bytes += len(block)
            if n_bytes > limit:
                raise too_many
    except OSError as error:
        raise InputError(reason(error)) from None
    except MemoryError:
        raise LimitError("not enough memory to read the file") from None
    finally:
        os.close(descriptor)
    return blocks[0] if len(blocks) == 1 else b"".join(blocks)


def read_some(descriptor: int, n_bytes: int) -> bytes:
    """Read what there is, at least a byte unless the end is reached, blocking or not."""
    while True:
        try:
            return os.read(descriptor, n_bytes)
        except BlockingIOError:
            select.select([descriptor], [], [])
