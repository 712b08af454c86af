"""Compress by gzip and zstd and undo it, piece by piece and in bounded memory."""

import gzip
import os
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from kmcli.errors import InputError

_PIECE = 2**20

_ZSTD_FEED = 2**11
"""So few bytes at once since two thousand may swell to 64 MB; the library cannot hold back."""

COMPRESSED = (".gz", ".zst")
"""Suffixes of compressed files, in lower case."""

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


def is_compressed(start: bytes) -> bool:
    """Tell compressed data by their first four bytes."""
    return start.startswith(_GZIP) or start[:4] == _ZSTD


def decompressed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Give the content of an input, in pieces, decompressed if its first bytes say so.

    Raises InputError if compressed data are damaged or cut off.
    """
    start = b""
    while len(start) < len(_ZSTD) and (piece := next(pieces, b"")):
        start += piece
    pieces = chain([start] if start else [], pieces)
    if start.startswith(_GZIP):
        yield from _gunzipped(pieces)
    elif start.startswith(_ZSTD):
        yield from _unzstd(pieces)
    else:
        yield from pieces


def compressed(pieces: Iterable[bytes], name: str) -> Iterator[bytes]:
    """Compress what goes into a file if its suffix says so; the same bytes for the same content."""
    suffix = os.path.splitext(name)[1].lower()
    if suffix not in COMPRESSED:
        yield from pieces
        return
    packer: Any
    if suffix == ".gz":
        packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)  # no name and time in its header
    else:
        import zstandard

        packer = zstandard.ZstdCompressor().compressobj()
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()


class _Pieces:
    """What the gzip module takes for a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        if not self._rest:
            self._rest = next(self._pieces, b"")
        given, self._rest = self._rest[:size], self._rest[size:]
        return given


def _gunzipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    file = gzip.GzipFile(fileobj=_Pieces(pieces), mode="rb")  # type: ignore[call-overload] # it only reads
    try:
        while piece := file.read1(_PIECE):
            yield piece
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        what = "cut off" if isinstance(error, EOFError) else "damaged"
        raise InputError(f"its gzip data are {what}") from None


def _unzstd(pieces: Iterator[bytes]) -> Iterator[bytes]:
    # Not stream_reader(), which takes data that are cut off for whole (tried with 0.25).
    import zstandard

    frame = zstandard.ZstdDecompressor().decompressobj()
    try:
        for piece in pieces:
            for first in range(0, len(piece), _ZSTD_FEED):
                fed = piece[first : first + _ZSTD_FEED]
                while fed:
                    if frame.eof:
                        frame = zstandard.ZstdDecompressor().decompressobj()
                    if out := frame.decompress(fed):
                        yield out
                    fed = frame.unused_data if frame.eof else b""
    except zstandard.ZstdError:
        raise InputError("its zstd data are damaged") from None
    if not frame.eof:
        raise InputError("its zstd data are cut off")
