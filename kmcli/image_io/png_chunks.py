"""The chunks of a PNG: walked, checked and put together.

Pillow unpacks all text before a picture, takes damaged pixels for black ones, does not see that
the end is missing, and has no frames of an animation without what lies beneath them.

Source: W3C, Portable Network Graphics (PNG) Specification, third edition, 2025.
"""

import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PIL import Image

from kmcli.errors import InputError, LimitError

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_TEXTS_THAT_TURN = (b"XML:com.adobe.xmp\0", b"Raw profile type exif\0", b"Raw profile type APP1\0")
"""Texts in which programs hide an orientation."""

_LENGTHS = {b"cICP": 4, b"cHRM": 32, b"gAMA": 4, b"sRGB": 1, b"pHYs": 9}

_MAX_CHUNKS = 2**18
"""Encoders put some thousand bytes of pixels into each, or a frame of an animation into two."""

_MAX_TEXT = 2**16
_N_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_ADAM7 = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
"""Left, top and steps of the passes of an interlaced picture."""

_BLOCK = 2**18
_MARK: dict[str, int | tuple[int, ...]] = {
    "1": 1,
    "L": 171,
    "P": 171,
    "LA": (171, 94),
    "I;16": 43981,
}
_MARK_OF_COLOR = (171, 94, 205, 57)


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk of a PNG: its name of four letters, and what it holds, in the file's own memory."""

    name: bytes
    body: memoryview


END = Chunk(b"IEND", memoryview(b""))


def read_chunks(data: bytes, notes: list[str]) -> list[Chunk]:
    """Walk through a PNG from IHDR to IEND, and make sure that every chunk is as it was written.

    Text is left out, as metadata is not kept, except where it may hold an orientation: so it
    cannot be made to take time or memory. Damaged chunks that do not change the pixels are left
    out as well, with a line in `notes`. Raises InputError if the file ends inside a chunk, or a
    chunk that counts is damaged, and LimitError if there are far too many chunks.
    """
    view = memoryview(data)
    chunks: list[Chunk] = []
    position = len(SIGNATURE)
    while position < len(data):
        length = int.from_bytes(view[position : position + 4])
        name = bytes(view[position + 4 : position + 8])
        end = position + 12 + length
        if end > len(data):
            if b"IEND".startswith(name):
                break
            raise InputError(
                f"the image is truncated: it ends after {len(data)} bytes, inside a chunk that "
                f"extends to {end}"
            )
        if not (name.isalpha() and name.isascii()):
            raise InputError("the image is damaged: expected a PNG chunk")
        if not chunks and name not in (b"IHDR", b"CgBI"):
            raise InputError("the image is damaged: its header is missing")
        if len(chunks) == _MAX_CHUNKS:
            raise LimitError(
                f"a PNG of more than {_MAX_CHUNKS} chunks; refused as a possible decompression bomb"
            )
        body = view[position + 8 : end - 4]
        is_sound = zlib.crc32(body, zlib.crc32(name)) == int.from_bytes(view[end - 4 : end])
        if not is_sound and (name[0:1].isupper() or name in (b"tRNS", b"acTL", b"fcTL", b"fdAT")):
            raise InputError(
                f"the image is damaged: the checksum of a chunk {name.decode()} is wrong"
            )
        if not is_sound or len(body) != _LENGTHS.get(name, len(body)):
            notes.append(f"ignoring a damaged chunk {name.decode()}")
        elif name not in _TEXTS or _may_turn(body):
            chunks.append(Chunk(name, body))
        position = end
        if name == b"IEND":
            return chunks
    if not any(chunk.name == b"IDAT" for chunk in chunks):
        raise InputError("the image is truncated: it has no pixels")
    notes.append("the end of the PNG is missing; all pixels are there")
    return [*chunks, END]


def is_whole(chunks: Iterable[Chunk], data: bytes) -> bool:
    """Tell whether chunks are all that a file holds."""
    return len(data) == len(SIGNATURE) + sum(12 + len(chunk.body) for chunk in chunks)


def join_chunks(chunks: Iterable[Chunk]) -> bytes:
    """Put chunks together into a file."""
    parts: list[bytes | memoryview] = [SIGNATURE]
    for chunk in chunks:
        checksum = zlib.crc32(chunk.body, zlib.crc32(chunk.name))
        parts += [struct.pack(">I", len(chunk.body)), chunk.name, chunk.body]
        parts.append(struct.pack(">I", checksum))
    return b"".join(parts)


def load_all_rows(image: Image.Image, chunks: Sequence[Chunk]) -> None:
    """Load a PNG as opened from these chunks, and raise InputError if rows are missing.

    A compressed stream may end where it likes; Pillow then leaves the rest black and says
    nothing. Unpacking twice to count the bytes would cost a third of the time, so that the last
    row is marked before loading, and the bytes are counted only if the mark is still there.
    """
    width, height = image.size
    box = (0, height - 1, width, height)
    canvas = Image.new(image.mode, image.size, None)
    canvas.paste(_MARK.get(image.mode, _MARK_OF_COLOR[: len(image.getbands())]), box)
    marked = canvas.crop(box).tobytes()
    image.im = canvas.im
    image.load()
    if image.info.get("interlace") or image.crop(box).tobytes() == marked:
        _check_length(chunks)


def _may_turn(body: memoryview) -> bool:
    return len(body) <= _MAX_TEXT and bytes(body[:32]).startswith(_TEXTS_THAT_TURN)


def _check_length(chunks: Sequence[Chunk]) -> None:
    header = next(chunk.body for chunk in chunks if chunk.name == b"IHDR")
    width, height, depth, color_type, _, _, interlace = struct.unpack(">IIBBBBB", header)
    passes = _ADAM7 if interlace else ((0, 0, 1, 1),)
    expected = 0
    for left, top, step_x, step_y in passes:
        columns = -(-(width - left) // step_x)
        rows = -(-(height - top) // step_y)
        if columns > 0 and rows > 0:
            expected += rows * (1 + (columns * depth * _N_CHANNELS[color_type] + 7) // 8)
    unpacker = zlib.decompressobj()
    found = 0
    for chunk in chunks:
        rest: bytes | memoryview = chunk.body if chunk.name == b"IDAT" else b""
        while rest and found < expected:
            found += len(unpacker.decompress(rest, _BLOCK))
            rest = unpacker.unconsumed_tail
    found += len(unpacker.flush()) if found < expected else 0
    if found < expected:
        raise InputError(f"pixels are missing: only {100 * found / expected:.1f} % were found")
