"""The frames of an animated PNG, each made a file of its own.

Pillow would compose them as well, but pastes translucent pixels where the specification has them
blended over what is there.

Source: W3C, Portable Network Graphics (PNG) Specification, third edition, 2025.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from kmcli.errors import InputError
from kmcli.image_io.compose import Disposal
from kmcli.image_io.png_chunks import END, Chunk, join_chunks

_DISPOSALS = (Disposal.KEEP, Disposal.CLEAR, Disposal.RESTORE)
_SHARED = (b"PLTE", b"tRNS")
"""What decides the numbers of every frame; what these mean is found out once for all."""


@dataclass(frozen=True)
class ApngFrame:
    """One frame of an animated PNG, and where it stands on the canvas, in pixels."""

    left: int
    top: int
    width: int
    height: int
    is_over: bool  # blended over what is there
    disposal: Disposal  # what becomes of it afterwards
    duration: Fraction  # in milliseconds
    chunks: list[Chunk]  # its pixels, as IDAT


@dataclass(frozen=True)
class Apng:
    """An animated PNG in pieces."""

    size: tuple[int, int]  # width and height of the canvas
    n_plays: int  # 0 means for ever
    frames: list[ApngFrame]
    header: Chunk  # the IHDR of the file
    shared: list[Chunk]  # what all frames need: palette and transparency

    def file_of(self, frame: ApngFrame) -> bytes:
        """Make a PNG of one frame."""
        size = struct.pack(">II", frame.width, frame.height)
        header = Chunk(b"IHDR", memoryview(size + bytes(self.header.body[8:])))
        return join_chunks([header, *self.shared, *frame.chunks, END])


def read_apng(chunks: Sequence[Chunk]) -> Apng | None:
    """Take an animated PNG apart, by all its chunks; None if it is not animated.

    Raises InputError if frames are missing or out of order, or lie outside.
    """
    control = next((chunk.body for chunk in chunks if chunk.name == b"acTL"), None)
    if control is None or len(control) != 8:
        return None
    n_frames, n_plays = struct.unpack(">II", control)
    if n_frames == 0:
        return None
    size = struct.unpack_from(">II", chunks[0].body)
    shared: list[Chunk] = []
    for chunk in chunks:
        if chunk.name == b"IDAT":
            break
        if chunk.name in _SHARED:
            shared.append(chunk)
    frames = _read_frames(chunks, size)
    n_found = sum(bool(frame.chunks) for frame in frames)
    if n_found != n_frames:
        raise InputError(f"frames are missing: it has {n_found} of {n_frames}")
    return Apng(size, n_plays, frames, chunks[0], shared)


def _read_frames(chunks: Sequence[Chunk], size: tuple[int, int]) -> list[ApngFrame]:
    frames: list[ApngFrame] = []
    next_number = 0
    for chunk in chunks:
        if chunk.name in (b"fcTL", b"fdAT"):
            if len(chunk.body) < 4 or int.from_bytes(chunk.body[:4]) != next_number:
                raise InputError("the image is damaged: its frames are out of order")
            next_number += 1
        if chunk.name == b"fcTL":
            frames.append(_read_control(chunk.body, size))
        elif chunk.name == b"IDAT" and frames:
            # Without a frame it is a picture for viewers that know no animations.
            frames[-1].chunks.append(chunk)
        elif chunk.name == b"fdAT":
            if not frames:
                raise InputError("the image is damaged: its frames are out of order")
            frames[-1].chunks.append(Chunk(b"IDAT", chunk.body[4:]))
    return frames


def _read_control(body: memoryview, size: tuple[int, int]) -> ApngFrame:
    if len(body) != 26:
        raise InputError("the image is damaged: a frame has no valid header")
    width, height, left, top = struct.unpack_from(">IIII", body, 4)
    numerator, denominator, disposal, blend = struct.unpack_from(">HHBB", body, 20)
    if left + width > size[0] or top + height > size[1] or disposal > 2 or blend > 1:
        raise InputError("the image is damaged: a frame lies outside the picture")
    return ApngFrame(
        left=left,
        top=top,
        width=width,
        height=height,
        is_over=blend == 1,
        disposal=_DISPOSALS[disposal],
        duration=Fraction(1000 * numerator, denominator or 100),
        chunks=[],
    )
