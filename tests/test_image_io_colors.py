"""The numbers of a picture mean what it says that they mean: every expectation is computed anew."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from kmcli.image_io import color_models, decode_frames, decode_image, decode_image_palette
from tests.hostile import chunk, header, png

COLORS = ((200, 100, 50), (128, 128, 128), (10, 60, 20))

# Linear RGB to linear sRGB, from the primaries' definitions by another program.
FROM_P3 = np.array([[1.2249, -0.2247, 0], [-0.0420, 1.0419, 0], [-0.0197, -0.0786, 1.0979]])
FROM_2020 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]
)
SAME = np.eye(3)


def gamma(value: int) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", value))


def coded(*numbers: int) -> bytes:
    return chunk(b"cICP", bytes(numbers))


def primaries(*numbers: int) -> bytes:
    return chunk(b"cHRM", struct.pack(">8I", *numbers))


P3 = primaries(31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
SRGB = primaries(31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
LINEAR_PROFILE = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
LINEAR_PROFILE[520:552] = b"curv" + bytes(28)  # the curve that its three colours share
PROFILE = chunk(b"iCCP", b"name\0\0" + zlib.compress(LINEAR_PROFILE))
SRGB_CHUNK = chunk(b"sRGB", b"\0")


def picture(*chunks: bytes) -> bytes:
    row = b"\0" + bytes(np.array(COLORS, np.uint8))
    return png(header(3, 1), *chunks, chunk(b"IDAT", zlib.compress(row)))


def by_srgb(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def by_video(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(values < 0.0812, values / 4.5, ((values + 0.0993) / 1.0993) ** (1 / 0.45))


def expected(matrix: NDArray[np.float64], exponent: float | None, is_video: bool = False) -> object:
    values = np.array(COLORS) / 255
    linear = values**exponent if exponent else by_video(values) if is_video else by_srgb(values)
    seen = np.clip(linear @ matrix.T, 0, 1)
    return 255 * np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize(
    ("chunks", "matrix", "exponent"),
    [
        ([gamma(100_000)], SAME, 1),
        ([gamma(55_556)], SAME, 1.8),
        ([P3], FROM_P3, None),
        ([gamma(45_455), P3], FROM_P3, None),
        ([gamma(100_000), P3], FROM_P3, 1),
        ([coded(12, 13, 0, 1)], FROM_P3, None),
        ([coded(9, 8, 0, 1)], FROM_2020, 1),
        ([coded(12, 4, 0, 1), PROFILE, gamma(100_000)], FROM_P3, 2.2),
        ([PROFILE, SRGB_CHUNK, gamma(55_556), P3], SAME, 1),
        ([SRGB_CHUNK, gamma(100_000), P3], SAME, None),
        ([coded(1, 13, 0, 1), gamma(100_000)], SAME, None),
    ],
)
def test_colors_without_a_profile_become_srgb_and_the_surest_chunk_decides(
    chunks: list[bytes], matrix: NDArray[np.float64], exponent: float | None
) -> None:
    decoded = decode_image(picture(*chunks))
    assert np.abs(decoded.pixels[0] - expected(matrix, exponent)).max() <= 1
    assert decoded.warnings == ()


def test_the_curve_of_video_is_known() -> None:
    decoded = decode_image(picture(coded(1, 1, 0, 1)))
    assert np.abs(decoded.pixels[0] - expected(SAME, None, True)).max() <= 1


@pytest.mark.parametrize("chunks", [[gamma(45_455)], [gamma(45_450), SRGB], [SRGB], [SRGB_CHUNK]])
def test_what_says_srgb_changes_nothing_and_costs_nothing(
    chunks: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(color_models, "_transform", None)
    assert decode_image(picture(*chunks)).pixels[0].tolist() == [list(color) for color in COLORS]


@pytest.mark.parametrize(
    ("chunks", "said"),
    [
        ([coded(9, 16, 0, 1)], "PQ"),
        ([coded(9, 18, 0, 1)], "HLG"),
        ([coded(1, 13, 0, 0)], "1-13-0-0"),
        ([coded(1, 13, 5, 1)], "1-13-5-1"),
        ([coded(99, 13, 0, 1)], "99-13-0-1"),
        ([chunk(b"iCCP", b"x\0\0not zlib")], "colour profile"),
        ([chunk(b"iCCP", b"no end of a name")], "colour profile"),
        ([gamma(0)], "a gamma of 0 (gAMA)"),
        ([primaries(0, 0, 0, 0, 0, 0, 0, 0)], "(cHRM)"),
        ([primaries(31270, 32900, *[64000, 33000] * 3)], "(cHRM)"),
    ],
)
def test_what_cannot_be_converted_is_told(chunks: list[bytes], said: str) -> None:
    decoded = decode_image(picture(*chunks))
    assert decoded.pixels[0].tolist() == [list(color) for color in COLORS]
    (warning,) = decoded.warnings
    assert said in warning


def test_high_range_falls_back_on_what_comes_next() -> None:
    decoded = decode_image(picture(coded(9, 16, 0, 1), gamma(100_000)))
    assert np.abs(decoded.pixels[0] - expected(SAME, 1)).max() <= 1
    assert "PQ" in decoded.warnings[0]


def test_a_grey_picture_and_a_palette_have_a_gamma_too() -> None:
    pixels = chunk(b"IDAT", zlib.compress(b"\0\x80"))
    grey = png(header(1, 1, 8, 0), gamma(100_000), pixels)
    assert decode_image(grey).pixels.tolist() == [[[188, 188, 188]]]
    indexed = png(
        header(1, 1, 8, 3),
        gamma(100_000),
        chunk(b"PLTE", bytes([128, 0, 255])),
        chunk(b"IDAT", zlib.compress(b"\0\0")),
    )
    assert decode_image(indexed).pixels.tolist() == [[[188, 0, 255]]]
    palette = decode_image_palette(indexed)
    assert palette is not None
    assert palette.tolist() == [[188, 0, 255]]


# By name, as a profile holds the second in which it was made: workers must agree on the tests.
@pytest.mark.parametrize(
    "meaning", [gamma(100_000), PROFILE, coded(1, 8, 0, 1)], ids=["gamma", "profile", "coded"]
)
def test_all_frames_have_their_colors_by_one_transform(
    meaning: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    buffer = io.BytesIO()
    frames = [Image.new("RGB", (4, 4), (128, 0, number)) for number in range(40)]
    frames[0].save(buffer, "PNG", save_all=True, append_images=frames[1:])
    built = []
    build = ImageCms.buildTransform

    def counted(*arguments: Any) -> object:
        built.append(arguments)
        return build(*arguments)

    monkeypatch.setattr(ImageCms, "buildTransform", counted)
    color_models._transform.cache_clear()
    data = buffer.getvalue()
    animation = decode_frames(data[:33] + meaning + data[33:])
    assert (animation.frames[:, 0, 0, 0] == 188).all()
    assert len(built) == 1
