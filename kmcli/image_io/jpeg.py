"""What JPEG files leave out or add, beyond what Pillow makes of it.

Pillow refuses a file without an end marker, though all its pixels may be there, and says nothing
when some are missing before one: libjpeg makes them up.

Sources: ITU-T T.81, 1992, annexes B and G; CIPA DC-007, 2009 (Multi-Picture Format).
"""

import hashlib
import io
import random
import re

from PIL import Image

from kmcli.errors import InputError, LimitError

MAGIC = b"\xff\xd8\xff"

_MARKER = re.compile(rb"\xff([^\x00\x01\xd0-\xd7\xff])", re.DOTALL)
"""Not those that are a part of the pixels or hold nothing, nor what pads."""

_RESTART = re.compile(rb"\xff[\xd0-\xd7]")

_END = b"\xff\xd9"
_SCAN = 0xDA
_FRAMES = (0xC0, 0xC1, 0xC2, 0xC9, 0xCA)

_MAX_SCANS = 100
_SCANS_OF_THE_LARGEST = 12
"""Each costs the time of a whole picture; encoders write ten or so."""

_NOISE = random.Random(0).randbytes(4096).replace(b"\xff", b"\x7f")  # noqa: S311 - no secret

Segment = tuple[int, bytes]
"""Name and body of a marker."""


def check_jpeg(data: bytes, max_pixels: int, notes: list[str]) -> bytes:
    """Make sure that a JPEG can be decoded, in bounded time, and end it properly.

    Pictures of fewer than `max_pixels` may have more scans, up to 100. `notes` takes a line if
    the end is missing. Raises InputError if pixels are missing, as far as that can be known, and
    LimitError if it has more scans than any encoder writes.
    """
    segments = _segments(data)
    n_scans = sum(name == _SCAN for name, _ in segments)
    n_pixels = max((_n_pixels(body) for name, body in segments if name in _FRAMES), default=0)
    largest = _SCANS_OF_THE_LARGEST * max_pixels // max(n_pixels, 1)
    largest = min(max(largest, _SCANS_OF_THE_LARGEST), _MAX_SCANS)
    if n_scans > largest:
        raise LimitError(
            f"a JPEG of {n_scans} scans (limit {largest}); refused as a possible decompression bomb"
        )
    if n_scans == 0 or segments[-1][0] == _END[1]:
        return data
    # A file that ends within a marker was cut, be it the last.
    if data.endswith(b"\xff") or not (_has_all_scans(segments) and _has_all_pixels(data)):
        raise InputError("the image is truncated: pixels are missing, or the end is cut")
    notes.append("the end of the JPEG is missing; all pixels are there")
    return data + _END


def views(image: Image.Image) -> list[int]:
    """Tell which pictures of a JPEG are views in their own right, counted from 0.

    Phones add thumbnails, gain maps and maps of depth, which are none.
    """
    entries = getattr(image, "mpinfo", {}).get(0xB002, ())
    kinds = [entry["Attribute"]["MPType"] for entry in entries]
    return [0, *(n for n, kind in enumerate(kinds) if n and kind.startswith("Multi-Frame"))]


def _segments(data: bytes) -> list[Segment]:
    """Walk through the first picture of a file."""
    segments: list[Segment] = []
    position = 2
    while found := _MARKER.search(data, position):
        start = found.start()
        length = int.from_bytes(data[start + 2 : start + 4])
        segments.append((found[1][0], data[start + 4 : start + 2 + length]))
        if segments[-1][0] == _END[1]:
            break
        position = start + 2 + max(2, length)
    return segments


def _n_pixels(body: bytes) -> int:
    return int.from_bytes(body[1:3]) * int.from_bytes(body[3:5])


def _has_all_scans(segments: list[Segment]) -> bool:
    """Tell whether each coefficient of each component comes, down to its last bit."""
    missing_bits: dict[int, list[int]] = {}
    for name, body in segments:
        if name in _FRAMES:
            missing_bits = {component: [16] * 64 for component in body[6::3]}
        elif name == _SCAN:
            end = 1 + 2 * body[0]
            first, last, bits = body[end : end + 3]
            for component in body[1:end:2]:
                missing_bits[component][first : last + 1] = [bits & 15] * (last + 1 - first)
    return not any(map(any, missing_bits.values()))


def _has_all_pixels(data: bytes) -> bool:
    """Tell whether the pixels are the same whatever follows: libjpeg takes that for the rest."""
    digests = set()
    n_restarts = len(_RESTART.findall(data, data.rindex(b"\xff\xda")))
    restart = bytes([0xFF, 0xD0 + n_restarts % 8])
    for following in (b"", _NOISE, restart + _NOISE):
        try:
            image = Image.open(io.BytesIO(data + following + _END), formats=("JPEG",))
            digests.add(hashlib.sha256(image.tobytes()).digest())
        except OSError:
            return False
    return len(digests) == 1
