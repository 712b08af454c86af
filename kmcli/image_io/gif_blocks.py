"""The blocks of a GIF: walked, and each frame made a file of its own.

Pillow would decode the frames, but it also composes them: it fills what a frame leaves empty with
a colour where browsers show nothing, and says nothing of a file that ends between two frames.

Source: CompuServe, Graphics Interchange Format, version 89a, 1990.
"""

import struct
from dataclasses import dataclass

from kmcli.errors import InputError, LimitError
from kmcli.image_io.formats import check_size

MAGICS = (b"GIF87a", b"GIF89a")

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_CONTROL, _APPLICATION = 0xF9, 0xFF
_MAX_FRAMES = 2**16


@dataclass(frozen=True, slots=True)
class GifFrame:
    """One image of a GIF, and where it stands on the screen, in pixels."""

    left: int
    top: int
    width: int
    height: int
    disposal: int  # afterwards: 2 it is cleared, 3 what was there before comes back
    duration: int  # in milliseconds
    control: bytes  # the block that precedes it and names its transparent entry, or nothing
    image: memoryview  # flags, colours and pixels, in the file's own memory


@dataclass(frozen=True)
class Gif:
    """A GIF in pieces."""

    size: tuple[int, int]  # of the screen; at least those of the first frame, as viewers do
    n_plays: int  # 0 means for ever
    frames: list[GifFrame]
    screen: bytes  # flags of the file
    table: bytes  # the colours of frames that have none of their own

    def file_of(self, frame: GifFrame) -> bytes:
        """Make a GIF of one frame."""
        size = struct.pack("<HH", frame.width, frame.height)
        start = b"".join([b"GIF89a", size, self.screen, self.table, frame.control])
        return b"".join([start, b",", bytes(4), size, frame.image, b";"])

    def table_of(self, frame: GifFrame) -> bytes:
        """Give the colours that a frame uses, its own or those of all."""
        return bytes(frame.image[1 : 1 + _table_bytes(frame.image[0])]) or self.table


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


def read_gif(data: bytes, max_pixels: int, notes: list[str]) -> Gif:
    """Walk through a GIF, and make sure that it is there to its end.

    Frames are checked for their size when they are decoded. `notes` takes a line for each thing
    that is wrong but does no harm. Raises InputError if it ends inside a block or holds no image,
    LimitError if there are far too many frames, or too many pixels.
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
            notes.append("the end of the GIF is missing; all complete frames are used")
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
            if len(frames) == _MAX_FRAMES:
                raise LimitError(
                    f"a GIF of more than {_MAX_FRAMES} frames; "
                    "refused as a possible decompression bomb"
                )
            frames.append(_read_frame(reader, control))
            control = b""
        elif kind == _TRAILER:
            break
        elif frames:
            notes.append("ignoring data after the last complete frame that is not GIF")
            break
        else:
            raise InputError("the image is damaged: expected a GIF block")
    if not frames:
        raise InputError("a GIF without a frame")
    first = frames[0]
    size = max(width, first.left + first.width), max(height, first.top + first.height)
    check_size(size, max_pixels)
    return Gif(size, n_plays, frames, screen[10:], table)


def _table_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _read_frame(reader: _Reader, control: bytes) -> GifFrame:
    left, top, width, height = struct.unpack("<HHHH", reader.take(8))
    start = reader.position
    reader.take(_table_bytes(reader.take(1)[0]))
    reader.take(1)  # the size of the first codes
    reader.take_sub_blocks()
    return GifFrame(
        left=left,
        top=top,
        width=width,
        height=height,
        disposal=(control[3] >> 2) & 7 if control else 0,
        duration=10 * int.from_bytes(control[4:6], "little") if control else 0,
        control=control,
        image=memoryview(reader.data)[start : reader.position],
    )
