"""A PNG reader that owes nothing to Pillow: what kmcli writes is read back by its own rules."""

import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class IndexedPng:
    bit_depth: int
    palette: NDArray[np.uint8]
    alpha: NDArray[np.uint8]
    indices: NDArray[np.uint8]
    chunk_names: list[str]

    @property
    def pixels(self) -> NDArray[np.uint8]:
        alpha = np.full(len(self.palette), 255, np.uint8)
        alpha[: len(self.alpha)] = self.alpha
        rgba = np.column_stack([self.palette, alpha])
        return rgba[self.indices]


def unfilter(raw: bytes, height: int, row_bytes: int) -> NDArray[np.uint8]:
    """Undo the filters of the PNG specification, section 9, for one byte per pixel or less."""
    rows = np.zeros((height, row_bytes), dtype=np.uint8)
    above = bytes(row_bytes)
    for y in range(height):
        kind, *row = raw[y * (1 + row_bytes) : (y + 1) * (1 + row_bytes)]
        for x in range(row_bytes):
            left, up = (row[x - 1] if x else 0), above[x]
            corner = above[x - 1] if x else 0
            estimate = left + up - corner
            paeth = min((left, up, corner), key=lambda value: abs(estimate - value))
            row[x] = (row[x] + (0, left, up, (left + up) // 2, paeth)[kind]) % 256
        above = bytes(row)
        rows[y] = row
    return rows


def read_indexed_png(data: bytes) -> IndexedPng:
    """Read an indexed PNG without interlacing; fail on anything that is not right."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks: list[tuple[str, bytes]] = []
    position = 8
    while position < len(data):
        (length,) = struct.unpack_from(">I", data, position)
        name, body = data[position + 4 : position + 8], data[position + 8 : position + 8 + length]
        (checksum,) = struct.unpack_from(">I", data, position + 8 + length)
        assert checksum == zlib.crc32(name + body)
        chunks.append((name.decode(), body))
        position += 12 + length
    names = [name for name, _ in chunks]
    assert names[0] == "IHDR"
    assert names[-1] == "IEND"
    parts = dict(chunks)
    width, height, depth, color_type, _, _, interlace = struct.unpack(">IIBBBBB", parts["IHDR"])
    assert (color_type, interlace) == (3, 0)
    raw = zlib.decompress(b"".join(body for name, body in chunks if name == "IDAT"))
    row_bytes = (width * depth + 7) // 8
    assert len(raw) == height * (1 + row_bytes)
    bits = np.unpackbits(unfilter(raw, height, row_bytes), axis=1).reshape(height, -1, depth)
    indices = np.packbits(bits, axis=2)[..., 0] >> (8 - depth)
    return IndexedPng(
        bit_depth=depth,
        palette=np.frombuffer(parts["PLTE"], np.uint8).reshape(-1, 3),
        alpha=np.frombuffer(parts.get("tRNS", b""), np.uint8),
        indices=indices[:, :width],
        chunk_names=names,
    )
