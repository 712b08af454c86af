"""A JPEG without its end is read if its pixels are there; what phones add to it is no page."""

import io
import struct
from typing import Any

import numpy as np
import pytest

from kmcli.errors import InputError, LimitError
from kmcli.image_io import decode_frames, decode_image
from tests.hostile import encode, photo

KINDS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_blocks": 2},
    "full colour": {"subsampling": 0, "quality": 95},
    "coarse": {"progressive": True, "quality": 30},
}
END_MISSING = ("the end of the JPEG is missing; all pixels are there",)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_only_the_end_may_be_missing(kind: str, mode: str) -> None:
    data = encode(photo().convert(mode), "JPEG", **KINDS[kind])
    expected = decode_image(data)
    assert expected.warnings == ()
    for trailer in (b"", bytes(64) + b"SEFT", b"text"):
        decoded = decode_image(data[:-2] + trailer)
        np.testing.assert_array_equal(decoded.pixels, expected.pixels)
        assert decoded.warnings == END_MISSING


@pytest.mark.parametrize("kind", KINDS)
def test_pixels_may_not_be_missing(kind: str) -> None:
    data = encode(photo(), "JPEG", **KINDS[kind])
    for cut in (1, *range(4, 40, 3), *range(50, len(data) - 4, len(data) // 12)):
        with pytest.raises(InputError, match=r"truncated|damaged|not an image"):
            decode_image(data[:-cut])


def test_a_progressive_jpeg_that_lacks_its_last_scans_lacks_pixels() -> None:
    data = encode(photo(), "JPEG", progressive=True)
    n_scans = data.count(b"\xff\xda")
    assert n_scans == 10
    position = len(data)
    for _ in range(n_scans - 1):
        position = data.rindex(b"\xff\xda", 0, position)
        start = data.rindex(b"\xff\xc4", 0, position)
        for cut in {position, start}:
            with pytest.raises(InputError, match="truncated"):
                decode_image(data[:cut])


def several(kind: int) -> bytes:
    """Two pictures in one JPEG, the second of some kind of the Multi-Picture Format."""
    buffer = io.BytesIO()
    second = photo().rotate(180)
    photo().save(buffer, "MPO", save_all=True, append_images=[second], quality=95)
    entry = struct.pack("<L", 0)
    data = buffer.getvalue()
    first = data.rindex(struct.pack("<L", 0x030000), 0, data.index(b"\xff\xdb"))
    assert data[first + 16 : first + 20] == entry
    return data[: first + 16] + struct.pack("<L", kind) + data[first + 20 :]


@pytest.mark.parametrize("kind", [0, 0x010001, 0x010002])
def test_thumbnails_and_maps_are_no_pages(kind: int) -> None:
    for decoded in (decode_image(several(kind)), decode_frames(several(kind))):
        assert decoded.format == "JPEG"
        assert decoded.warnings == ()


def test_views_of_a_scene_are_pages() -> None:
    data = several(0x020002)
    assert decode_image(data).format == "JPEG"
    assert "first of 2 pages" in decode_image(data).warnings[0]
    first, second = (decode_image(data, frame=number).pixels for number in (1, 2))
    assert np.abs(second[::-1, ::-1].astype(int) - first).mean() < 8
    assert np.abs(second.astype(int) - first).mean() > 20


@pytest.mark.parametrize(("side", "n_scans", "is_read"), [(8, 99, True), (8, 101, False)])
def test_scans_are_counted_against_the_pixels(side: int, n_scans: int, is_read: bool) -> None:
    data = encode(photo().resize((side, side)), "JPEG", progressive=True)
    scan, end = data.rindex(b"\xff\xda"), data.rindex(b"\xff\xd9")
    many = data[:end] + data[scan:end] * (n_scans - 10) + data[end:]
    if is_read:
        assert decode_image(many).pixels.shape == (side, side, 3)
        with pytest.raises(LimitError, match=r"99 scans \(limit 24\)"):
            decode_image(many, max_pixels=2 * side * side)
    else:
        with pytest.raises(LimitError, match=r"\(limit 100\)"):
            decode_image(many)


def test_the_largest_picture_may_have_the_scans_that_encoders_write() -> None:
    data = encode(photo(), "JPEG", progressive=True)
    assert decode_image(data, max_pixels=48 * 36).warnings == ()
