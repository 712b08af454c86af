"""Every kind of picture is read as it is meant, and written so that others can read it."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, features

from kmcli import parallel
from kmcli.errors import InputError, LimitError, SettingsError
from kmcli.image_io import (
    decode_grey,
    decode_image,
    encode_indexed,
    encode_indexed_png,
    index_bit_depth,
)
from tests.conftest import Pixels
from tests.png import read_indexed_png

QUADRANTS = (
    np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 0]]], dtype=np.uint8)
    .repeat(16, axis=0)
    .repeat(24, axis=1)
)


def encode(image: Image.Image, format_name: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_name, **options)
    return buffer.getvalue()


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(
    width: int, height: int, depth: int, color_type: int, raw: bytes, extra: bytes = b""
) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + extra
        + png_chunk(b"IDAT", zlib.compress(raw))
        + png_chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("format_name", "options"),
    [
        ("PNG", {}),
        ("GIF", {}),
        ("BMP", {}),
        ("PPM", {}),
        ("TGA", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("WEBP", {"lossless": True}),
        ("JPEG2000", {"irreversible": False}),
    ],
)
def test_lossless_formats_give_their_pixels(format_name: str, options: dict[str, Any]) -> None:
    decoded = decode_image(encode(Image.fromarray(QUADRANTS), format_name, **options))
    np.testing.assert_array_equal(decoded.pixels, QUADRANTS)
    assert decoded.warnings == ()


@pytest.mark.parametrize("format_name", ["JPEG", "WEBP", "AVIF"])
def test_lossy_formats_come_close(format_name: str) -> None:
    if format_name == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow cannot write AVIF")
    data = encode(Image.fromarray(QUADRANTS), format_name, quality=95)
    pixels = decode_image(data).pixels
    assert np.abs(pixels[4:12, 6:18].astype(int) - [255, 0, 0]).max() < 12


def test_qoi_is_read() -> None:
    header = b"qoif" + struct.pack(">IIBB", 2, 1, 3, 0)
    decoded = decode_image(header + b"\xfe\x0a\x14\x1e\xfe\x28\x32\x3c" + bytes(7) + b"\x01")
    assert decoded.pixels.tolist() == [[[10, 20, 30], [40, 50, 60]]]


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "I;16", "LA", "RGBA"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    image = Image.new("RGB", (8, 8), "white")
    image = image.convert("L").convert(mode) if mode == "I;16" else image.convert(mode)
    if mode == "I;16":
        image = Image.fromarray(np.full((8, 8), 65535, np.uint16))
    format_name = "TIFF" if mode in ("CMYK", "YCbCr") else "PNG"
    pixels = decode_image(encode(image, format_name)).pixels
    assert pixels.shape == (8, 8, 3)  # no alpha channel either where all is opaque
    assert (pixels == 255).all()


def test_cmyk_has_the_right_colors() -> None:
    image = Image.new("CMYK", (4, 4), (0, 255, 255, 0))
    assert decode_image(encode(image, "TIFF")).pixels[0, 0].tolist() == [255, 0, 0]


def test_16_bits_are_scaled_not_clipped() -> None:
    values = np.array([[0, 128, 257, 32768, 65535]], dtype=np.uint16)
    decoded = decode_image(encode(Image.fromarray(values), "PNG"))
    assert decoded.pixels[0, :, 0].tolist() == [0, 0, 1, 128, 255]
    assert decoded.warnings == ("reducing 16 bits per channel to 8",)


def test_jpeg_2000_of_16_bits_is_read_in_grey_and_refused_in_color() -> None:
    grey = decode_image(encode(Image.fromarray(np.full((8, 8), 65535, np.uint16)), "JPEG2000"))
    assert (grey.pixels == 255).all()
    assert grey.warnings == ("reducing 16 bits per channel to 8",)
    data = bytearray(encode(Image.fromarray(QUADRANTS), "JPEG2000"))
    depths = data.index(b"\xff\x4f\xff\x51") + 42
    data[depths : depths + 9 : 3] = b"\x0f" * 3
    # Pillow would make black of white.
    with pytest.raises(InputError, match="16 bits per channel is not supported"):
        decode_image(bytes(data))


def test_float_pixels_are_refused() -> None:
    image = Image.fromarray(np.ones((2, 2), dtype=np.float32))
    with pytest.raises(InputError, match="32 bits have no defined range"):
        decode_image(encode(image, "TIFF"))


@pytest.mark.parametrize("number", [-1, 65536])
def test_whole_numbers_beyond_16_bits_are_refused(number: int) -> None:
    image = Image.fromarray(np.array([[0, number]], dtype=np.int32))
    with pytest.raises(InputError, match="32 bits have no defined range"):
        decode_image(encode(image, "TIFF"))


def test_what_is_transparent_is_black_among_shades_of_grey() -> None:
    rgba = np.full((1, 3, 4), 255, np.uint8)
    rgba[0, :, 3] = 0, 51, 255
    assert decode_grey(encode(Image.fromarray(rgba), "PNG")).tolist() == [[0, 51, 255]]


def test_alpha_is_kept() -> None:
    rgba = np.zeros((3, 3, 4), dtype=np.uint8)
    rgba[..., 0] = 200
    rgba[..., 3] = [[0, 100, 255]] * 3
    for format_name in ("PNG", "TIFF", "WEBP"):
        options = {"lossless": True, "exact": True} if format_name == "WEBP" else {}
        decoded = decode_image(encode(Image.fromarray(rgba), format_name, **options))
        np.testing.assert_array_equal(decoded.pixels, rgba)


def test_transparency_by_color_key() -> None:
    raw = b"\0" + bytes([9, 9, 9, 1, 2, 3])
    decoded = decode_image(png(2, 1, 8, 2, raw, png_chunk(b"tRNS", bytes([0, 9, 0, 9, 0, 9]))))
    assert decoded.pixels[0, :, 3].tolist() == [0, 255]
    grey = decode_image(png(2, 1, 8, 0, b"\0\x09\x0a", png_chunk(b"tRNS", b"\0\x09")))
    assert grey.pixels[0, :, 3].tolist() == [0, 255]
    deep = decode_image(png(2, 1, 16, 0, b"\0\x09\x09\x09\x0a", png_chunk(b"tRNS", b"\x09\x09")))
    assert deep.pixels[0, :, 3].tolist() == [0, 255]


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_a_transparent_grey_is_found_at_any_depth(depth: int) -> None:
    row = np.arange(2**depth, dtype=np.uint8)
    bits = np.unpackbits(row[:, np.newaxis], axis=1)[:, 8 - depth :]
    raw = b"\0" + np.packbits(bits).tobytes()
    for key in {0, 1, 2**depth - 1}:
        extra = png_chunk(b"tRNS", struct.pack(">H", key))
        pixels = decode_image(png(len(row), 1, depth, 0, raw, extra)).pixels
        assert np.flatnonzero(pixels[0, :, 3] == 0).tolist() == [key]


def test_a_transparent_color_of_16_bits_is_found() -> None:
    raw = b"\0" + struct.pack(">6H", 65535, 300, 0, 65535, 300, 3000)
    extra = png_chunk(b"tRNS", struct.pack(">3H", 65535, 300, 0))
    decoded = decode_image(png(2, 1, 16, 2, raw, extra))
    assert decoded.pixels[0, :, 3].tolist() == [0, 255]


def test_transparency_of_palette_entries() -> None:
    extra = png_chunk(b"PLTE", bytes([1, 2, 3, 4, 5, 6])) + png_chunk(b"tRNS", b"\x80")
    decoded = decode_image(png(2, 1, 8, 3, b"\0\0\x01", extra))
    assert decoded.pixels.tolist() == [[[1, 2, 3, 128], [4, 5, 6, 255]]]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_orientation_is_applied(orientation: int, format_name: str) -> None:
    stored = {
        1: QUADRANTS,
        2: QUADRANTS[:, ::-1],
        3: QUADRANTS[::-1, ::-1],
        4: QUADRANTS[::-1],
        5: QUADRANTS.transpose(1, 0, 2),
        6: np.rot90(QUADRANTS, 1),
        7: QUADRANTS[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(QUADRANTS, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    options: dict[str, Any] = {"exif": exif.tobytes()}
    if format_name == "JPEG":
        options.update(quality=100, subsampling=0)
    elif format_name == "WEBP":
        options.update(lossless=True)
    data = encode(Image.fromarray(np.ascontiguousarray(stored)), format_name, **options)
    pixels = decode_image(data).pixels
    assert pixels.shape == QUADRANTS.shape
    assert np.abs(pixels.astype(int) - QUADRANTS).max() <= 6


def with_curve(curve: bytes) -> bytes:
    """An RGB profile with the primaries of sRGB and another curve."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    (n_tags,) = struct.unpack_from(">I", data, 128)
    for i in range(n_tags):
        name, offset, size = struct.unpack_from(">4sII", data, 132 + 12 * i)
        if name in (b"rTRC", b"gTRC", b"bTRC"):
            data[offset : offset + size] = curve.ljust(size, b"\0")
    return bytes(data)


def linear_profile() -> bytes:
    """A profile of gamma 1, so that numbers must change."""
    return with_curve(b"curv")


def nearly_srgb(exponent: float) -> bytes:
    """A profile of a curve like that of sRGB, whose exponent is 2.4."""
    numbers = (exponent, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    fixed = (round(number * 65536) for number in numbers)
    return with_curve(struct.pack(">4sI2H5i", b"para", 0, 3, 0, *fixed))


def test_color_profile_is_converted_to_srgb() -> None:
    image = Image.new("RGB", (4, 4), (128, 0, 255))
    decoded = decode_image(encode(image, "PNG", icc_profile=linear_profile()))
    # Linear 128/255 = 0.502 is 188 when encoded by sRGB's curve.
    assert np.abs(decoded.pixels[0, 0].astype(int) - [188, 0, 255]).max() <= 2
    assert decoded.warnings == ()


@pytest.mark.parametrize("format_name", ["PNG", "TIFF"])
@pytest.mark.parametrize("mode", ["L", "LA"])
def test_a_grey_picture_may_keep_the_profile_of_a_colored_one(mode: str, format_name: str) -> None:
    image = Image.new(mode, (4, 4), 128 if mode == "L" else (128, 7))
    decoded = decode_image(encode(image, format_name, icc_profile=linear_profile()))
    assert np.abs(decoded.pixels[0, 0, :3].astype(int) - 188).max() <= 2
    assert decoded.pixels[0, 0, 3:].tolist() == ([] if mode == "L" else [7])
    assert decoded.warnings == ()


def test_srgb_profile_changes_nothing(china: Pixels) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = encode(Image.fromarray(china[:50]), "PNG", icc_profile=profile)
    np.testing.assert_array_equal(decode_image(data).pixels, china[:50])


@pytest.mark.parametrize(("exponent", "is_srgb"), [(2.43, True), (2.44, False)])
def test_a_profile_at_most_one_step_from_srgb_is_taken_for_it(
    exponent: float, is_srgb: bool
) -> None:
    greys = np.repeat(np.arange(256, dtype=np.uint8)[np.newaxis, :, np.newaxis], 3, axis=2)
    data = encode(Image.fromarray(greys), "PNG", icc_profile=nearly_srgb(exponent))
    difference = np.abs(decode_image(data).pixels.astype(int) - greys).max()
    assert difference == (0 if is_srgb else 2)


def test_broken_profile_is_told_and_ignored() -> None:
    data = encode(Image.fromarray(QUADRANTS), "PNG", icc_profile=b"not a profile" * 20)
    decoded = decode_image(data)
    np.testing.assert_array_equal(decoded.pixels, QUADRANTS)
    assert decoded.warnings == ("cannot use the colour profile; assuming sRGB",)


def test_further_frames_are_told() -> None:
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "lime", "blue")]
    data = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    decoded = decode_image(data)
    assert decoded.pixels[0, 0].tolist() == [255, 0, 0]
    assert decoded.warnings == ("using only the first of 3 frames",)
    still = encode(frames[0], "PNG")
    assert decode_image(still, frame=1).warnings == ()
    with pytest.raises(SettingsError, match="no frame 2; the picture has 1"):
        decode_image(still, frame=2)


@pytest.mark.parametrize(
    "data", [b"GIF", b"not an image", b"\x89PNG\r\n\x1a\n", b"%!PS-Adobe-3.0 EPSF-3.0\n", bytes(99)]
)
def test_what_is_no_image_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        decode_image(data)


def test_an_empty_file_is_called_so() -> None:
    with pytest.raises(InputError, match="empty"):
        decode_image(b"")


@pytest.mark.parametrize("format_name", ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "PPM"])
def test_truncated_files_are_refused(format_name: str, china: Pixels) -> None:
    data = encode(Image.fromarray(china[:80, :80]), format_name)
    for share in (0.3, 0.6, 0.9):
        with pytest.raises(InputError):
            decode_image(data[: int(share * len(data))])


def test_kinds_of_tiff_that_pillow_does_not_know_are_not_called_damaged_only() -> None:
    data = encode(Image.new("L", (4, 4)), "TIFF")
    five_bits = data.replace(struct.pack("<HHII", 258, 3, 1, 8), struct.pack("<HHII", 258, 3, 1, 5))
    assert five_bits != data
    with pytest.raises(InputError, match="unsupported TIFF"):
        decode_image(five_bits)


def test_too_many_pixels_are_refused_before_decoding() -> None:
    header_only = png(50_000, 50_000, 8, 2, b"")
    with pytest.raises(LimitError, match=r"50000 x 50000 = 2500\.0 Mpx, limit 89\.5 Mpx"):
        decode_image(header_only)
    with pytest.raises(LimitError, match=r"0\.0 Mpx, limit"):
        decode_image(encode(Image.new("RGB", (10, 10)), "PNG"), max_pixels=99)
    assert decode_image(encode(Image.new("RGB", (10, 10)), "PNG"), max_pixels=100)


@given(n=st.integers(1, 256), width=st.integers(1, 40), translucent=st.booleans())
def test_indexed_png_holds_exactly_the_palette_and_the_indices(
    n: int, width: int, translucent: bool
) -> None:
    random = np.random.default_rng(n)
    palette = random.integers(0, 256, (n, 4 if translucent else 3), dtype=np.uint8)
    indices = random.integers(0, n, (5, width), dtype=np.uint8)
    data = encode_indexed_png(palette, indices)
    written = read_indexed_png(data)
    np.testing.assert_array_equal(written.palette, palette[:, :3])
    np.testing.assert_array_equal(written.indices, indices)
    assert written.bit_depth == index_bit_depth(data) == min(d for d in (1, 2, 4, 8) if n <= 2**d)
    if translucent:
        np.testing.assert_array_equal(written.pixels, palette[indices])
    else:
        assert "tRNS" not in written.chunk_names
    assert set(written.chunk_names) <= {"IHDR", "PLTE", "tRNS", "IDAT", "IEND"}


def test_trns_is_no_longer_than_needed() -> None:
    palette = np.array([[0, 0, 0, 0], [1, 1, 1, 255], [2, 2, 2, 255]], dtype=np.uint8)
    written = read_indexed_png(encode_indexed_png(palette, np.zeros((2, 2), np.uint8)))
    assert written.alpha.tolist() == [0]


def test_large_png_is_the_same_for_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    indices = random.integers(0, 256, (1100, 2100), dtype=np.uint8)
    palette = random.permutation(256 * 3).reshape(256, 3).astype(np.uint8)
    files = []
    for n_cores in (1, 7):
        monkeypatch.setattr(parallel, "n_cores", lambda n=n_cores: n)
        files.append(encode_indexed_png(palette, indices))
    assert files[0] == files[1]
    np.testing.assert_array_equal(read_indexed_png(files[0]).indices, indices)


@pytest.mark.parametrize(
    ("format_name", "options", "expected"),
    [
        ("PNG", {"dpi": (300, 150)}, (11811, 5906)),
        ("JPEG", {"dpi": (300, 300)}, (11811, 11811)),
        ("TIFF", {"dpi": (600, 600)}, (23622, 23622)),
        ("BMP", {"dpi": (144, 144)}, (5669, 5669)),
        ("PNG", {}, None),
        ("JPEG", {}, None),
        ("JPEG", {"exif": Image.Exif()}, None),  # no 72 that nobody has said
        ("TIFF", {}, None),
        ("GIF", {}, None),
    ],
)
def test_density_is_read_and_written(
    format_name: str, options: dict[str, Any], expected: tuple[int, int] | None
) -> None:
    data = encode(Image.fromarray(QUADRANTS), format_name, **options)
    density = decode_image(data).density
    assert density == expected
    palette, indices = np.zeros((1, 3), np.uint8), np.zeros((2, 2), np.uint8)
    for format_written in ("png", "gif", "webp"):
        written = encode_indexed(palette, indices, format_written, density)
        assert decode_image(written).density == (expected if format_written == "png" else None)


def test_density_turns_with_the_picture_and_a_shape_of_pixels_is_none() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encode(Image.fromarray(QUADRANTS), "PNG", dpi=(300, 150), exif=exif.tobytes())
    assert decode_image(data).density == (5906, 11811)
    for body in (struct.pack(">IIB", 2, 1, 0), struct.pack(">IIB", 0, 9, 1)):
        data = png(1, 1, 8, 0, b"\0\0", png_chunk(b"pHYs", body))
        assert decode_image(data).density is None


def test_density_of_dots_per_centimetre_is_kept_to_the_dot() -> None:
    data = bytearray(encode(Image.fromarray(QUADRANTS), "JPEG", dpi=(118, 118)))
    data[data.index(b"JFIF") + 7] = 2
    assert decode_image(bytes(data)).density == (11800, 11800)
