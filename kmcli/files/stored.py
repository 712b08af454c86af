"""Inputs that are read several times from start to end, piece by piece."""

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from typing import IO

from kmcli.errors import FolderInputError, InputError, LimitError, TooManyBytesError
from kmcli.files.compressed import decompressed, is_compressed
from kmcli.files.reading import read_some
from kmcli.files.streams import BINARY, STREAM, reason

_PIECE = 2**20

_SPOOL_BYTES = 2**26
"""What comes through a pipe stays in memory up to this size."""


class Stored:
    """An input that can be read several times, decompressed.

    What can be read once only, such as a pipe, is kept in a temporary file without a name, or in
    memory if it is small; with `once` nothing is kept, and each piece is given as it comes.
    `path` is where the bytes lie as they are read, if they are those of a file.

    Raises InputError if it cannot be opened, LimitError if there is no room to keep it, and
    TooManyBytesError if there is more than the limit after decompression.
    """

    def __init__(self, name: str, *, once: bool = False, max_bytes: int | None = None) -> None:
        self.name = name
        self._max_bytes = max_bytes
        self._kept: IO[bytes] | None = None
        self.path = self._plain_path()
        if not once and not self._is_file():
            with self._opened() as descriptor:
                self._kept = _keep(self._limited(descriptor), name)

    def __del__(self) -> None:
        """Let go of what is kept."""
        if self._kept is not None:
            self._kept.close()

    def _is_file(self) -> bool:
        try:
            return self.name != STREAM and stat.S_ISREG(os.stat(self.name).st_mode)
        except (OSError, ValueError) as error:
            raise InputError(reason(error), self.name) from None

    def _plain_path(self) -> str | None:
        """Give the path of the bytes as they are read, if they lie in a file."""
        if not self._is_file():
            return None
        with self._opened() as descriptor:
            return None if is_compressed(os.read(descriptor, 4)) else self.name

    def pieces(self) -> Iterator[bytes]:
        """Read from the start, decompressed; raise InputError if that cannot be done."""
        if self._kept is not None:
            self._kept.seek(0)
            while piece := self._kept.read(_PIECE):
                yield piece
        else:
            with self._opened() as descriptor:
                yield from self._limited(descriptor)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[int]:
        try:
            descriptor = (
                os.dup(0) if self.name == STREAM else os.open(self.name, os.O_RDONLY | BINARY)
            )
        except (OSError, ValueError) as error:
            raise InputError(reason(error), self.name) from None
        try:
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                raise FolderInputError("is a folder", self.name)
            yield descriptor
        finally:
            os.close(descriptor)

    def _limited(self, descriptor: int) -> Iterator[bytes]:
        n_bytes = 0
        try:
            for piece in decompressed(iter(lambda: read_some(descriptor, _PIECE), b"")):
                n_bytes += len(piece)
                if self._max_bytes is not None and n_bytes > self._max_bytes:
                    raise TooManyBytesError(f"more than {self._max_bytes} bytes", self.name)
                yield piece
        except InputError as error:
            raise InputError(str(error), self.name) from None
        except OSError as error:
            raise InputError(reason(error), self.name) from None


def _keep(pieces: Iterator[bytes], name: str) -> IO[bytes]:
    kept = tempfile.SpooledTemporaryFile(_SPOOL_BYTES)  # noqa: SIM115 - lives as long as its owner
    for piece in pieces:
        try:
            kept.write(piece)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise LimitError(
                f"no space in {tempfile.gettempdir()} to keep what is read twice; "
                "give a file instead of a pipe, or set TMPDIR to another folder",
                name,
            ) from None
    return kept
