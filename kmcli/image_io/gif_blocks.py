"""The blocks of a GIF: walked, and each frame made a file of its own.

Source: CompuServe, Graphics Interchange Format, version 89a, 1990.
"""

import struct
from dataclasses import dataclass

from kmcli.errors import InputError

MAGICS = (b"GIF87a", b"GIF89a")

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_CONTROL, _APPLICATION = 0xF9, 0xFF


@dataclass(frozen=True)
class GifFrame:
    """One image of a GIF.

    Attributes
    ----------
    left, top, width, height : int
        Where it stands on the screen, in pixels.
    disposal : int
        What becomes of it afterwards: 2 it is cleared, 3 what was there before comes back.
    duration : int
        How long it is shown, in milliseconds.
    data : bytes
        A GIF of this image alone.
    """

    left: int
    top: int
    width: int
    height: int
    disposal: int
    duration: int
    data: bytes


@dataclass(frozen=True)
class Gif:
    """A GIF in pieces.

    Attributes
    ----------
    size : tuple of int
        Width and height of the screen; at least those of the first frame, as viewers do.
    n_plays : int
        How often it is played; 0 means for ever.
    frames : list of GifFrame
    """

    size: tuple[int, int]
    n_plays: int
    frames: list[GifFrame]


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def take(self, n_bytes: int) -> bytes:
        end = self.position + n_bytes
        if end > len(self.data):
            raise InputError(
                f"the image is truncated: it ends within a block, after {len(self.data)} bytes"
            )
        piece = self.data[self.position : end]
        self.position = end
        return piece

    def take_sub_blocks(self) -> bytes:
        start = self.position
        while length := self.take(1)[0]:
            self.take(length)
        return self.data[start : self.position]


def read_gif(data: bytes, notes: list[str]) -> Gif:
    """Walk through a GIF, and make sure that it is there to its end.

    Parameters
    ----------
    data : bytes
        The file.
    notes : list of str
        Takes a line for each thing that is wrong but does no harm.

    Returns
    -------
    Gif

    Raises
    ------
    InputError
        If it ends inside a block, or holds no image.
    """
    reader = _Reader(data)
    screen = reader.take(13)
    width, height, flags = struct.unpack_from("<HHB", screen, 6)
    table = reader.take(_table_bytes(flags))
    frames: list[GifFrame] = []
    n_plays = 1
    control = b""
    while True:
        if reader.position == len(data):
            notes.append("the end of the GIF is missing, after a whole frame")
            break
        kind = reader.take(1)[0]
        if kind == _EXTENSION:
            label = reader.take(1)[0]
            body = reader.take_sub_blocks()
            if label == _CONTROL and body[0] >= 4:
                control = b"!\xf9" + body
            elif label == _APPLICATION and body[1:12] == b"NETSCAPE2.0" and body[12:14] == b"\3\1":
                # It counts the repetitions, as browsers understand it.
                repeats = int.from_bytes(body[14:16], "little")
                n_plays = repeats + 1 if repeats else 0
        elif kind == _IMAGE:
            frames.append(_read_frame(reader, screen, table, control))
            control = b""
        elif kind == _TRAILER:
            break
        elif frames:
            notes.append("what follows the last whole frame of the GIF is no GIF, and is ignored")
            break
        else:
            raise InputError("the image is damaged: what should be a GIF block is none")
    if not frames:
        raise InputError("a GIF without a frame")
    first = frames[0]
    size = max(width, first.left + first.width), max(height, first.top + first.height)
    return Gif(size, n_plays, frames)


def _table_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _read_frame(reader: _Reader, screen: bytes, table: bytes, control: bytes) -> GifFrame:
    descriptor = reader.take(9)
    left, top, width, height, flags = struct.unpack("<HHHHB", descriptor)
    own_table = reader.take(_table_bytes(flags))
    code_size = reader.take(1)
    pixels = reader.take_sub_blocks()
    size = descriptor[4:8]
    own_screen = b"GIF89a" + size + screen[10:13] + table
    image = b"," + bytes(4) + descriptor[4:] + own_table + code_size + pixels
    return GifFrame(
        left=left,
        top=top,
        width=width,
        height=height,
        disposal=(control[3] >> 2) & 7 if control else 0,
        duration=10 * int.from_bytes(control[4:6], "little") if control else 0,
        data=own_screen + control + image + b";",
    )
