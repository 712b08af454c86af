"""Files whose format is told by little, or of kinds that are rare, are what they are."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from kmcli.cli.main import run
from kmcli.errors import InputError, LimitError
from kmcli.image_io import decode_frames, decode_image, decode_image_palette, encode_indexed
from tests.hostile import chunk, encode, header, photo, png


def icon(side: int, bitmap: str = "bmp") -> bytes:
    image = Image.new("RGBA", (side, side), (255, 0, 0, 128))
    image.putpixel((0, 0), (0, 255, 0, 255))
    return encode(image, "ICO", sizes=[(side, side)], bitmap_format=bitmap)


def cursor(side: int, bitmap: str = "bmp", points_at: tuple[int, int] = (3, 5)) -> bytes:
    data = bytearray(icon(side, bitmap))
    data[2] = 2
    data[10:14] = struct.pack("<HH", *points_at)
    return bytes(data)


@pytest.mark.parametrize("side", [16, 128, 180])  # the second is as long as a TGA of 24 bits says
def test_icons_are_no_tgas(side: int) -> None:
    decoded = decode_image(icon(side))
    assert decoded.format == "ICO"
    assert decoded.pixels.shape == (side, side, 4)


@pytest.mark.parametrize("bitmap", ["bmp", "png"])
@pytest.mark.parametrize("points_at", [(0, 0), (32, 1), (3, 32)])
def test_cursors_are_read_as_icons_are(bitmap: str, points_at: tuple[int, int]) -> None:
    decoded = decode_image(cursor(32, bitmap, points_at))
    assert decoded.format == "CUR"
    assert decoded.pixels[0, 0].tolist() == [0, 255, 0, 255]
    assert decoded.pixels[1, 1].tolist() == [255, 0, 0, 128]
    assert decoded.warnings == ()


def test_a_cursor_of_few_colors_has_its_mask() -> None:
    image = Image.new("P", (32, 32), 1)
    image.putpalette([0, 0, 0, 255, 0, 0])
    data = bytearray(encode(image, "ICO", sizes=[(32, 32)], bitmap_format="bmp"))
    data[2], data[-1] = 2, 0x80
    pixels = decode_image(bytes(data)).pixels
    assert np.argwhere(pixels[..., 3] == 0).tolist() == [[0, 24]]


@pytest.mark.parametrize("data", [cursor(32)[:60], cursor(32)[:20], b"\0\0\2\0\0\0" + bytes(40)])
def test_broken_cursors_are_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        decode_image(data)


def test_a_cursor_is_held_to_the_limit_while_it_is_opened() -> None:
    large = png(header(60_000, 60_000, 8, 6))
    entry = struct.pack("<BBBBHHII", 0, 0, 0, 0, 1, 1, len(large), 22)
    with pytest.raises(LimitError):
        decode_image(b"\0\0\2\0\1\0" + entry + large)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P"])
@pytest.mark.parametrize("options", [{}, {"compression": "tga_rle"}])
def test_every_tga_is_still_one(mode: str, options: dict[str, Any]) -> None:
    image = photo().convert(mode)
    decoded = decode_image(encode(image, "TGA", **options))
    assert decoded.format == "TGA"
    np.testing.assert_array_equal(decoded.pixels[..., :3], np.asarray(image.convert("RGB")))


@pytest.mark.parametrize(
    ("position", "value"), [(1, 2), (2, 9), (2, 4), (2, 14), (16, 8), (16, 33), (17, 0x40)]
)
def test_a_tga_has_a_header_that_makes_sense(position: int, value: int) -> None:
    data = bytearray(encode(photo(), "TGA"))
    data[position] = value
    with pytest.raises(InputError, match="not an image"):
        decode_image(bytes(data))


def bmp(depth: int, compression: int, masks: bytes = b"", pixels: bytes = bytes(8)) -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, 2, 1, 1, depth, compression, 8, 0, 0, 0, 0) + masks
    start = 14 + len(info)
    return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + info + pixels


@pytest.mark.parametrize(
    ("depth", "compression", "masks"),
    [
        (2, 0, ()),
        (7, 0, ()),
        (64, 0, ()),
        (16, 3, (0xF00, 0xF0, 0xF)),
        (32, 3, (0x3FF00000, 0xFFC00, 0x3FF)),
        (24, 3, (0xFF, 0xFF00, 0xFF0000)),
        (0, 4, ()),
    ],
)
def test_bmps_of_unusual_kinds_are_refused_in_plain_words(
    depth: int, compression: int, masks: tuple[int, ...]
) -> None:
    data = bmp(depth, compression, struct.pack(f"<{len(masks)}I", *masks))
    with pytest.raises(InputError, match=rf"BMP of {depth} bits per pixel") as caught:
        decode_image(data)
    assert "Unsupported" not in str(caught.value)
    assert decode_image(bmp(16, 3, struct.pack("<III", 0xF800, 0x7E0, 0x1F))).pixels.shape[2] == 3


@pytest.mark.parametrize("transparent", [0, 1, 2, 255])
def test_a_gif_may_have_a_transparent_entry_and_no_palette(transparent: int) -> None:
    control = b"!\xf9\x04\x01\0\0" + bytes([transparent]) + b"\0"
    pixels = b"," + struct.pack("<HHHHB", 0, 0, 2, 1, 0) + b"\x02\x02\x44\x0a\0"
    data = b"GIF89a" + struct.pack("<HHBBB", 2, 1, 0, 0, 0) + control + pixels + b";"
    for pixels_seen in (decode_image(data).pixels, decode_frames(data).frames[0]):
        alpha = pixels_seen[0, :, 3].tolist() if pixels_seen.shape[2] == 4 else [255, 255]
        assert alpha == [0 if transparent == number else 255 for number in (0, 1)]


def deep(kind: int, values: NDArray[np.uint16], *chunks: bytes) -> bytes:
    height, width = values.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    return png(header(width, height, 16, kind), *chunks, chunk(b"IDAT", zlib.compress(rows)))


EDGES = [0, 127, 128, 129, 255, 256, 257, 385, 386, 32639, 32640, 65406, 65407, 65535]
DEEP = (
    np.random.default_rng(0).choice([*EDGES, *range(0, 65536, 997)], (24, 9, 4)).astype(np.uint16)
)
ROUNDED = np.rint(DEEP / 257).astype(np.uint8)


@pytest.mark.parametrize(("kind", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_16_bits_are_rounded_in_every_kind_of_png(kind: int, channels: int) -> None:
    decoded = decode_image(deep(kind, DEEP[..., :channels]))
    bands = {0: [0, 0, 0], 2: [0, 1, 2], 4: [0, 0, 0, 1], 6: [0, 1, 2, 3]}[kind]
    np.testing.assert_array_equal(decoded.pixels, ROUNDED[..., bands])
    assert decoded.warnings == ("reducing 16 bits per channel to 8",)


def test_an_interlaced_picture_of_16_bits_is_rounded_too() -> None:
    # One column of one pixel: the first pass is all there is.
    data = png(
        header(1, 1, 16, 2, interlace=1),
        chunk(b"IDAT", zlib.compress(b"\0" + struct.pack(">3H", 386, 385, 65407))),
    )
    assert decode_image(data).pixels.tolist() == [[[2, 1, 255]]]


def test_a_transparent_color_of_16_bits_is_that_one_only() -> None:
    key = (0x1234, 0x5678, 0x9ABC)
    near = [[key, (0x1234, 0x5678, 0x9ABD), (0x1200, 0x5600, 0x9A00), (0x1234, 0x5678, 0x9BBC)]]
    data = deep(2, np.array(near, np.uint16), chunk(b"tRNS", struct.pack(">3H", *key)))
    decoded = decode_image(data).pixels
    assert decoded[0, :, 3].tolist() == [0, 255, 255, 255]
    assert decoded[0, 0, :3].tolist() == [18, 86, 154]


def deep_tiff(order: str, in_planes: bool) -> bytes:
    """Four pixels in a row, the largest of each number in the middle of a step."""
    numbers = DEEP[0, :4, :3]
    body = (numbers.T if in_planes else numbers).astype(f"{order}u2").tobytes()
    mark = b"II*\0" if order == "<" else b"MM\0*"
    tags = [(256, 4), (257, 1), (258, 16), (259, 1), (262, 2), (273, 200), (277, 3), (279, 24)]
    if in_planes:
        tags[5], tags[7] = (273, 230), (279, 242)
        tags.append((284, 2))
    entries = b""
    for tag, value in tags:
        is_several = in_planes and tag in (273, 279)
        n_values = 3 if tag == 258 or is_several else 1
        place = {258: 190, 273: 230, 279: 242}[tag] if n_values == 3 else value
        entries += struct.pack(f"{order}HHII", tag, 4, n_values, place)
    start = struct.pack(f"{order}I", 8) + struct.pack(f"{order}H", len(tags))
    data = bytearray((mark + start + entries + bytes(4)).ljust(300, b"\0"))
    data[190:202] = struct.pack(f"{order}3I", 16, 16, 16)
    data[210:234] = body if not in_planes else bytes(24)
    if in_planes:
        data[230:254] = struct.pack(f"{order}6I", 260, 268, 276, 8, 8, 8)
        data[260:284] = body
    return bytes(data).replace(
        struct.pack(f"{order}HHII", 273, 4, 1, 200), struct.pack(f"{order}HHII", 273, 4, 1, 210)
    )


@pytest.mark.parametrize("order", ["<", ">"])
def test_tiffs_of_16_bits_are_rounded_or_refused(order: str) -> None:
    np.testing.assert_array_equal(decode_image(deep_tiff(order, False)).pixels, ROUNDED[:1, :4, :3])
    with pytest.raises(InputError, match="planar"):  # Pillow would take them for 8 bits
        decode_image(deep_tiff(order, True))


@pytest.mark.parametrize("n_colors", [1, 2, 3, 4, 5, 8, 9, 16, 17, 64, 65, 128, 129, 256])
def test_a_gif_has_the_shortest_codes_that_hold_its_palette(n_colors: int) -> None:
    random = np.random.default_rng(n_colors)
    palette = np.repeat(np.arange(n_colors, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
    for indices in (
        random.integers(0, n_colors, (150, 150)),  # fills several tables
        np.zeros((700, 700), int),  # of long runs
        np.array([[n_colors - 1]]),
    ):
        data = encode_indexed(palette, indices.astype(np.uint8), "gif")
        with Image.open(io.BytesIO(data)) as image:
            np.testing.assert_array_equal(np.asarray(image.convert("RGB"))[..., 0], indices)
        n_bits = max(1, (n_colors - 1).bit_length())
        assert data[data.index(b",", 13 + 3 * 2**n_bits) + 10] == max(2, n_bits)


def test_a_gif_of_a_million_codes_is_whole() -> None:
    """Codes are renumbered some hundred tables at a time; bits pass from one time to the next."""
    indices = np.random.default_rng(0).integers(0, 128, (1400, 1400)).astype(np.uint8)
    palette = np.repeat(np.arange(128, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
    with Image.open(io.BytesIO(encode_indexed(palette, indices, "gif"))) as image:
        np.testing.assert_array_equal(np.asarray(image.convert("RGB"))[..., 0], indices)


def test_gifs_of_few_colors_are_small(tmp_path: Path) -> None:
    y, x = np.mgrid[0:40, 0:40]
    frames = [(x - 3 - n) ** 2 + (y - 20) ** 2 < 100 for n in range(24)]
    images = [Image.fromarray(255 * frame.astype(np.uint8)) for frame in frames]
    images[0].save(tmp_path / "a.png", save_all=True, append_images=images[1:], duration=50)
    assert run(["quantize", str(tmp_path / "a.png"), "-k", "4", "-o", str(tmp_path / "a.gif")]) == 0
    by_pillow = io.BytesIO()
    images[0].save(by_pillow, "GIF", save_all=True, append_images=images[1:], duration=50)
    assert (tmp_path / "a.gif").stat().st_size < 0.8 * len(by_pillow.getvalue())


@pytest.mark.parametrize("is_local", [False, True])
@pytest.mark.parametrize("n_greys", [2, 4, 256])
def test_a_gif_has_a_palette_even_if_it_counts_the_greys(n_greys: int, is_local: bool) -> None:
    greys = np.repeat(np.arange(n_greys, dtype=np.uint8), 3).reshape(-1, 3)
    flags = 0x80 | (n_greys.bit_length() - 2)
    tables = [(0x80, bytes(range(6))), (flags, greys.tobytes())] if is_local else []
    (screen, shared), (own, table) = tables or [(flags, greys.tobytes()), (0, b"")]
    pixels = b"," + struct.pack("<HHHHB", 0, 0, 2, 1, own) + table + b"\x02\x02\x44\x0a\0"
    data = b"GIF89a" + struct.pack("<HHBBB", 2, 1, screen, 0, 0) + shared + pixels + b";"
    np.testing.assert_array_equal(decode_image_palette(data), greys)


@pytest.mark.parametrize("name", ["a.gif", "a.png", "a.bmp"])
def test_the_palette_reader_is_held_to_the_limit(name: str) -> None:
    data = encode(photo().quantize(8), name[2:].upper())
    assert decode_image_palette(data, 48 * 36) is not None
    with pytest.raises(LimitError):
        decode_image_palette(data, 48 * 36 - 1)


def test_a_screen_larger_than_its_frame_counts_for_the_palette_reader_too() -> None:
    small = encode_indexed(np.eye(3, dtype=np.uint8), np.zeros((2, 2), np.uint8), "gif")
    data = small[:6] + b"\x05\0\x04\0" + small[10:]
    assert decode_image_palette(data, 20) is not None
    with pytest.raises(LimitError):
        decode_image_palette(data, 19)


def test_the_command_names_the_option_that_helps(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    stills = [photo(), photo().rotate(180)]
    stills[0].save(tmp_path / "a.gif", save_all=True, append_images=stills[1:])
    stills[0].save(tmp_path / "a.tif", save_all=True, append_images=stills[1:])
    limit = ["--max-pixels", str(48 * 36)]
    assert run(["quantize", str(tmp_path / "a.gif"), *limit]) == 4
    assert "2 frames of 48 x 36" in (said := capfd.readouterr().err)
    assert "with --frame" in said
    assert run(["quantize", str(tmp_path / "a.gif"), "--max-pixels", "9", "--frame", "1"]) == 4
    assert "--max-pixels" in capfd.readouterr().err
    assert run(["quantize", str(tmp_path / "a.tif"), "-o", str(tmp_path / "a.png")]) == 0
    assert "using only the first of 2 pages; use --frame to pick another" in capfd.readouterr().err


def test_no_side_is_longer_than_a_million_pixels() -> None:
    with pytest.raises(LimitError, match="no side may have more than 1000000"):
        decode_image(png(header(1, 1_000_001, 1, 0)))
    narrow = Image.new("L", (1, 300_000), 7)
    assert decode_image(encode(narrow, "PNG")).pixels.shape == (300_000, 1, 3)


def test_an_orientation_in_the_text_of_a_png_is_applied() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", '<rdf:Description tiff:Orientation="6"/>')
    data = encode(Image.new("RGB", (4, 6)), "PNG", pnginfo=text)
    assert decode_image(data).pixels.shape == (4, 6, 3)
