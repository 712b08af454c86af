"""Palette files: what other programs write is read, what is written reads back exactly."""

import io
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from PIL.GimpPaletteFile import GimpPaletteFile

from kmcli.errors import InputError, KmcliError, LimitError, SettingsError
from kmcli.image_io import encode_indexed_png
from kmcli.palette_files import (
    WRITTEN_SUFFIXES,
    decode_palette,
    encode_palette,
    lost_alpha,
    palette_of_list,
)
from kmcli.quantize import apply_palette
from kmcli.quantize.palette import Palette

Colors = NDArray[np.uint8]

READ_BACK = [suffix for suffix in WRITTEN_SUFFIXES if suffix != ".css"]
KEEP_ALPHA = [".json"]

THREE = [[255, 0, 0], [0, 128, 0], [0, 0, 255]]


def palette_of(colors: list[list[int]] | Colors) -> Palette:
    array = np.array(colors, dtype=np.uint8)
    return Palette(array, np.arange(1, len(array) + 1, dtype=np.int64))


def flat(colors: list[list[int]]) -> bytes:
    return b"".join(map(bytes, colors))


def read(text: str | bytes, name: str = "") -> list[list[int]]:
    data = text.encode() if isinstance(text, str) else text
    found: list[list[int]] = decode_palette(data, name).tolist()
    return found


def color_lists(n_channels: int) -> st.SearchStrategy[list[list[int]]]:
    channel = st.integers(0, 255)
    color = st.lists(channel, min_size=n_channels, max_size=n_channels)
    # Few different colours, so that duplicates occur.
    return st.lists(color, min_size=1, max_size=8).flatmap(
        lambda some: st.lists(st.sampled_from(some), min_size=1, max_size=256)
    )


# Round trips


@pytest.mark.parametrize("suffix", READ_BACK)
@given(colors=color_lists(3), title=st.text(max_size=20))
def test_opaque_colours_read_back_in_their_order_with_duplicates(
    suffix: str, colors: list[list[int]], title: str
) -> None:
    data = encode_palette(palette_of(colors), suffix, title)
    assert read(data, f"palette{suffix}") == colors
    assert read(data) == colors, "the content alone has to tell the format"
    assert lost_alpha(palette_of(colors), suffix) is None


@pytest.mark.parametrize("suffix", READ_BACK)
@given(colors=color_lists(4))
def test_transparency_reads_back_or_its_loss_is_told(suffix: str, colors: list[list[int]]) -> None:
    palette = palette_of(colors)
    back = decode_palette(encode_palette(palette, suffix, ""), f"palette{suffix}")
    assert np.array_equal(back[:, :3], palette.colors[:, :3])
    alpha = back[:, 3] if back.shape[1] == 4 else np.full(len(back), 255)
    is_same = np.array_equal(alpha, palette.colors[:, 3])
    loss = lost_alpha(palette, suffix)
    assert is_same == (loss is None)
    if loss is not None:
        assert loss.startswith(f"{(alpha != palette.colors[:, 3]).sum()} of {len(colors)} ")


def test_json_keeps_alpha_and_a_colour_table_one_clear_entry() -> None:
    palette = palette_of([[255, 0, 0, 128], [1, 2, 3, 0], [4, 5, 6, 255]])
    assert read(encode_palette(palette, ".json", ""), "a.json") == palette.colors.tolist()
    clear = palette_of([[4, 5, 6, 255], [1, 2, 3, 0]])
    assert read(encode_palette(clear, ".act", ""), "a.act") == clear.colors.tolist()
    loss = lost_alpha(palette, ".act")
    assert loss is not None
    assert loss.startswith("1 of 3 colours is transparent")


@given(colors=color_lists(4))
def test_the_palette_of_a_png_reads_back(colors: list[list[int]]) -> None:
    palette = np.array(colors, dtype=np.uint8)
    data = encode_indexed_png(palette, np.zeros((2, 2), dtype=np.uint8))
    expected = palette if (palette[:, 3] < 255).any() else palette[:, :3]
    assert np.array_equal(decode_palette(data), expected)


@given(colors=color_lists(3), seed=st.integers(0, 9))
def test_a_mapped_picture_holds_exactly_the_given_palette(
    colors: list[list[int]], seed: int
) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (5, 4, 3), dtype=np.uint8)
    given_palette = np.array(colors, dtype=np.uint8)
    image = apply_palette(pixels, given_palette)
    data = encode_indexed_png(image.palette.colors, image.indices)
    assert png_chunk(data, b"PLTE") == given_palette.tobytes()
    assert read(data) == colors


def png_chunk(data: bytes, kind: bytes) -> bytes:
    offset = 8
    while offset < len(data):
        length, name = struct.unpack_from(">I4s", data, offset)
        if name == kind:
            return data[offset + 8 : offset + 8 + length]
        offset += 12 + length
    raise AssertionError(f"no chunk {kind!r}")


# What is written is what other programs read


def test_pillow_reads_the_gimp_palette() -> None:
    data = encode_palette(palette_of(THREE), ".gpl", "my\npalette")
    assert data.startswith(b"GIMP Palette\nName: my palette\nColumns: 8\n#\n255   0   0\t#ff0000\n")
    colors, mode = GimpPaletteFile(io.BytesIO(data)).getpalette()
    assert mode == "RGB"
    assert colors[:9] == flat(THREE)


@pytest.mark.parametrize("title", ["a\0b", "a\x1b\nb", "a\udcffb", "a\u2028b"])
def test_a_title_is_one_line_of_text(title: str) -> None:
    data = encode_palette(palette_of(THREE), ".gpl", title)
    assert data.startswith(b"GIMP Palette\nName: a b\nColumns")
    assert read(data) == THREE


def test_jasc_has_the_line_ends_of_windows() -> None:
    data = encode_palette(palette_of(THREE), ".pal", "")
    assert data == b"JASC-PAL\r\n0100\r\n3\r\n255 0 0\r\n0 128 0\r\n0 0 255\r\n"


def test_hex_is_that_of_lospec() -> None:
    assert encode_palette(palette_of(THREE), ".hex", "") == b"ff0000\n008000\n0000ff\n"


def test_a_colour_table_has_772_bytes_with_count_and_no_clear_entry() -> None:
    data = encode_palette(palette_of(THREE), ".act", "")
    assert len(data) == 772
    assert data[:9] == flat(THREE)
    assert data[9:768] == bytes(759)
    assert data[768:] == b"\x00\x03\xff\xff"


def test_swatches_are_rgb_floats_with_names_in_utf16() -> None:
    data = encode_palette(palette_of([[255, 0, 51]]), ".ase", "")
    assert data == (
        b"ASEF\x00\x01\x00\x00\x00\x00\x00\x01"
        b"\x00\x01\x00\x00\x00\x24\x00\x08"
        b"\x00#\x00f\x00f\x000\x000\x003\x003\x00\x00"
        b"RGB \x3f\x80\x00\x00\x00\x00\x00\x00\x3e\x4c\xcc\xcd\x00\x02"
    )


def test_css_has_custom_properties_with_alpha_and_shares() -> None:
    data = encode_palette(palette_of([[255, 0, 0, 255], [1, 2, 3, 0]]), ".css", "")
    assert data.decode() == (
        ":root {\n  --color-0: #ff0000; /* 33.33% */\n  --color-1: #01020300; /* 66.67% */\n}\n"
    )


def test_json_has_the_rows_of_the_report() -> None:
    data = json.loads(encode_palette(palette_of([[255, 0, 0], [1, 2, 3]]), ".json", ""))
    assert data == {
        "palette": [
            {"index": 0, "hex": "#ff0000", "share": 1 / 3, "pixels": 1},
            {"index": 1, "hex": "#010203", "share": 2 / 3, "pixels": 2},
        ]
    }


def test_an_unknown_suffix_names_those_that_are_known() -> None:
    with pytest.raises(SettingsError, match=r"'\.txt'.*\.gpl, \.pal, \.hex, \.act"):
        encode_palette(palette_of(THREE), ".txt", "")


# What other programs write is read


GIMP = """GIMP Palette
Name: Brand colours
Columns: 3
#
# Made by hand
255   0   0\tRed
  0 128   0\tOffice green 12
  0   0 255

"""


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(GIMP, id="as GIMP writes it"),
        pytest.param(GIMP.replace("\n", "\r\n"), id="line ends of Windows"),
        pytest.param(GIMP.replace("\n", "\r"), id="line ends of old Macs"),
        pytest.param("\ufeff" + GIMP, id="byte order mark"),
        pytest.param("GIMP Palette\n255 0 0 Red\n0 128 0\n0 0 255\n", id="without headers"),
        pytest.param("GIMP Palette\nName: a\n255 0 0\n0 128 0 7 seas\n0 0 255", id="no last end"),
        pytest.param("GIMP Palette \nChannels: RGB\n255 0 0\n0 128 0\n0 0 255\n\x1a", id="DOS"),
    ],
)
def test_gimp_palettes(text: str) -> None:
    assert read(text, "brand.gpl") == THREE
    assert read(text) == THREE


def test_gimp_palettes_with_names_in_latin_1() -> None:
    data = "GIMP Palette\nName: Café\n#\n255 0 0 Rosé\n".encode("latin-1")
    assert read(data) == [[255, 0, 0]]


def test_gimp_palettes_with_the_alpha_of_aseprite() -> None:
    text = "GIMP Palette\nChannels: RGBA\n#\n  0   0   0   0 Transparent\n254  91  89 255 Red\n"
    assert read(text, "a.gpl") == [[0, 0, 0, 0], [254, 91, 89, 255]]


@pytest.mark.parametrize(
    "text",
    [
        "JASC-PAL\r\n0100\r\n3\r\n255 0 0\r\n0 128 0\r\n0 0 255\r\n",
        "JASC-PAL\n0100\n3\n255 0 0 255\n0 128 0 255\n0 0 255 255",
        "JASC-PAL\n0100\n3\n255 0 0\n0 128 0\n0 0 255\n\n\n",
    ],
)
def test_palettes_of_paint_shop_pro(text: str) -> None:
    assert read(text, "brand.pal") == THREE


def test_palettes_of_paint_shop_pro_with_alpha() -> None:
    assert read("JASC-PAL\n0100\n1\n255 0 0 128\n") == [[255, 0, 0, 128]]


@pytest.mark.parametrize(
    "text",
    [
        "ff0000\n008000\n0000ff\n",
        "ff0000\r\n008000\r\n0000ff",
        "\ufeff#FF0000\n#008000\n#0000FF\n",
        "# my colours\n\n#f00 red\n0x008000 office green\n#00f\n",
        "; comment, with a comma\n// another: #fff\n#\nff0000\n008000\n0000ff\n",
        "#f00, #008000,\n#0000ff\n",
        "f00,008000,00f",
    ],
)
def test_hexadecimal_lists(text: str) -> None:
    assert read(text, "brand.hex") == THREE
    assert read(text) == THREE


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_hexadecimal_lists_as_powershell_writes_them(encoding: str) -> None:
    mark = "" if encoding == "utf-16" else "\ufeff"
    assert read((mark + "ff0000\r\n008000\r\n0000ff\r\n").encode(encoding), "a.hex") == THREE


def test_hexadecimal_lists_with_alpha() -> None:
    assert read("#f008\nff000080\n#00f") == [[255, 0, 0, 136], [255, 0, 0, 128], [0, 0, 255, 255]]


def test_palettes_of_paint_net_have_alpha_first() -> None:
    text = ";paint.net Palette File\n;Colors: 2\nFFff0000\n80008000\n"
    assert read(text, "a.txt") == [[255, 0, 0, 255], [0, 128, 0, 128]]


@pytest.mark.parametrize(
    "text",
    [
        '["#ff0000", "#008000", "#0000ff"]',
        '{"name": "Brand", "author": "", "colors": ["ff0000", "008000", "0000ff"]}',
        '\ufeff {"palette": [{"hex": "#f00"}, {"hex": "#008000"}, {"hex": "#00f"}]}',
        '{"status": "done", "palette": [{"index": 2, "hex": "#0000ff", "share": 0.7},'
        ' {"index": 0, "hex": "#ff0000", "share": 0.2}, {"index": 1, "hex": "#008000"}]}',
    ],
)
def test_json_as_lospec_and_reports_write_it(text: str) -> None:
    assert read(text, "brand.json") == THREE
    assert read(text) == THREE


def test_colour_tables_of_768_bytes_have_256_colours() -> None:
    table = bytes(range(256)) * 3
    found = read(table, "a.act")
    assert found == np.frombuffer(table, dtype=np.uint8).reshape(256, 3).tolist()
    assert read(table, "-") == found


def test_colour_tables_name_their_clear_entry() -> None:
    table = flat(THREE).ljust(768, b"\0") + b"\x00\x03\x00\x01"
    assert read(table, "a.act") == [[255, 0, 0, 255], [0, 128, 0, 0], [0, 0, 255, 255]]


def test_a_colour_table_that_begins_like_a_picture_is_none() -> None:
    table = b"BM\xff\xd8\xff".ljust(768, b"\x07") + b"\x00\x01\xff\xff"
    assert read(table, "a.act") == [[66, 77, 255]]
    assert read(table) == [[66, 77, 255]]


def ase_block(kind: int, name: str = "", color: bytes = b"") -> bytes:
    title = f"{name}\0".encode("utf-16-be")
    body = struct.pack(">H", len(title) // 2) + title + color if kind != 0xC002 else b""
    return struct.pack(">HI", kind, len(body)) + body


def ase(*blocks: bytes) -> bytes:
    return struct.pack(">4sHHI", b"ASEF", 1, 0, len(blocks)) + b"".join(blocks)


def test_swatches_in_groups_of_rgb_and_grey() -> None:
    data = ase(
        ase_block(1, "alone", struct.pack(">4s3fH", b"RGB ", 1, 0, 0.5, 0)),
        ase_block(0xC001, "Gruppe äöü"),
        ase_block(1, "", struct.pack(">4sfH", b"Gray", 0.2, 2)),
        ase_block(1, "n" * 300, struct.pack(">4s3fH", b"RGB ", 1.0000001, -1e-9, 0, 1) + b"more"),
        ase_block(0xC002),
    )
    assert read(data, "a.ase") == [[255, 0, 128], [51, 51, 51], [255, 0, 0]]


@pytest.mark.parametrize(("model", "n_values"), [(b"CMYK", 4), (b"LAB ", 3)])
def test_swatches_for_print_are_refused(model: bytes, n_values: int) -> None:
    color = model + struct.pack(f">{n_values}fH", *[0.5] * n_values, 2)
    good = ase_block(1, "", struct.pack(">4s3fH", b"RGB ", 1, 0, 0, 2))
    with pytest.raises(InputError, match=rf"colour 2 is '{model.decode().strip()}'.* in RGB"):
        read(ase(good, ase_block(1, "ink", color)))


def riff(colors: list[list[int]], before: bytes = b"") -> bytes:
    table = struct.pack("<HH", 0x300, len(colors)) + b"".join(bytes([*c, 4]) for c in colors)
    chunks = before + b"data" + struct.pack("<I", len(table)) + table
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"PAL " + chunks


def test_palettes_of_windows() -> None:
    assert read(riff(THREE), "a.pal") == THREE
    assert read(riff(THREE, before=b"offl\x03\0\0\0abc\0")) == THREE


def picture(file_format: str, colors: list[list[int]], **options: object) -> bytes:
    image = Image.frombytes("P", (4, 1), bytes([0, 1, 2, 0]))
    image.putpalette(flat(colors))
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def test_the_palette_of_a_gif() -> None:
    assert read(picture("GIF", [*THREE, [1, 1, 1]]), "a.gif") == [*THREE, [1, 1, 1]]
    clear = picture("GIF", [*THREE, [1, 1, 1]], transparency=1)
    assert [color[3] for color in read(clear)] == [255, 0, 255, 255]


def test_the_palette_of_a_gif_of_greys() -> None:
    image = Image.frombytes("L", (16, 16), bytes(range(256)))
    buffer = io.BytesIO()
    image.save(buffer, "GIF")
    assert read(buffer.getvalue()) == [[level] * 3 for level in range(256)]


@pytest.mark.parametrize("file_format", ["BMP", "TIFF"])
def test_the_palettes_of_other_indexed_pictures(file_format: str) -> None:
    assert read(picture(file_format, THREE), "a.pal.bmp")[:3] == THREE


def test_a_list_in_place_of_a_file() -> None:
    assert palette_of_list("#f00,#008000 #00f").tolist() == THREE
    assert palette_of_list("#f008").tolist() == [[255, 0, 0, 136]]
    with pytest.raises(SettingsError, match="257 colours"):
        palette_of_list("#fff," * 257)


# What is wrong is told in a line


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("", "a.gpl", "first line has to be 'GIMP Palette'"),
        ("255 0 0\n", "a.gpl", "first line has to be 'GIMP Palette'"),
        ("GIMP Palette\nName: a\n", "a.gpl", "no colour"),
        ("GIMP Palette\n#\n255 0 0\n300 0 0\n", "a.gpl", r"line 4: '300 0 0'.*0 to 255"),
        ("GIMP Palette\n#\n255 0\n", "a.gpl", "line 3: '255 0' is no colour"),
        ("GIMP Palette\n#\n-1 0 0\n", "a.gpl", "line 3: '-1 0 0' is no colour"),
        ("GIMP Palette\n0 0 0\nName: a\n", "a.gpl", "line 3: 'Name: a' is no colour"),
        ("GIMP Palette\nChannels: RGBA\n0 0 0 x\n", "a.gpl", "line 3: .*four numbers"),
        ("GIMP Palette\n" + "1 2 3\n" * 257, "a.gpl", "257 colours.* at most 256"),
        ("JASC-PAL\n", "a.pal", "line 3: has to say how many"),
        ("JASC-PAL\n0100\nmany\n", "a.pal", "line 3: has to say how many"),
        ("JASC-PAL\n0100\n2\n1 2 3\n", "a.pal", "line 3: the count is 2, but 1 colours follow"),
        (
            "JASC-PAL\n0100\n1\n1 2 3\n4 5 6\n",
            "a.pal",
            "line 3: the count is 1, but 2 colours follow",
        ),
        ("JASC-PAL\n0100\n1\n1 2 3 999\n", "a.pal", "line 4: .*four numbers"),
        ("something else", "a.pal", "begins with JASC-PAL"),
        ("", "a.hex", "no colour"),
        ("# nothing\n", "a.hex", "no colour"),
        ("fff000\nfffff\n", "a.hex", "line 2: 'fffff' is no colour"),
        ("#fff,#zzz\n", "a.hex", "line 1: '#zzz' is no colour"),
        ("fff000 000fff\n", "a.hex", "line 1: .*more than one colour"),
        ("\u0663\u0663\u0663\n", "a.hex", "line 1: .*is no colour"),
        ("Dear Sir or Madam, " * 99, "letter.txt", r"line 1: 'Dear' is no colour"),
        ("{}", "a.json", "no array 'palette' or 'colors'"),
        ('{"palette": [\n', "a.json", "line 2: not JSON"),
        ('{"palette": []}', "a.json", "no colour"),
        ('[{"index": 1}]', "a.json", "null.*is no colour"),
        ("[1, 2]", "a.json", "'1' is no colour"),
        ("[" * 100_000, "a.json", "not a palette in JSON"),
        ("[" + "9" * 10_000 + "]", "a.json", "not a palette in JSON"),
        (":root { --color-0: #fff }", "a.css", "CSS is written, but not read"),
        (b"\0\1\2" * 9, "a.ase", "begins with ASEF; Aseprite"),
        (b"\0\1\2" * 9, "a.act", "768 or 772 bytes, not 27"),
        (bytes(768) + b"\x01\x01\xff\xff", "a.act", "says 257 colours"),
        (bytes(768) + b"\x00\x00\xff\xff", "a.act", "no colour"),
        (b"\0\1\2" * 9, "a", "not a palette that kmcli can read"),
        (ase(ase_block(7)), "a.ase", "block 1 is of an unknown kind: 0x0007"),
        (ase(ase_block(1, "", struct.pack(">4sfH", b"Gray", float("nan"), 0))), "", "colour 1 is"),
        (ase(ase_block(1, "", struct.pack(">4sfH", b"Gray", 2.0, 0))), "", "out of range"),
        (ase(ase_block(0xC002))[:-3], "a.ase", "truncated"),
        (struct.pack(">4sHHI", b"ASEF", 1, 0, 1), "a.ase", "truncated"),
        (riff(THREE)[:-3], "a.pal", "truncated"),
        (riff([]), "a.pal", "no colour"),
        (riff(THREE).replace(b"data", b"atad"), "a.pal", "truncated"),
    ],
)
def test_what_is_wrong_is_told(text: str | bytes, name: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read(text, name)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("name", ["china.jpg", "logo.png", "gradient.png"])
def test_a_picture_without_a_palette_says_how_to_find_one(name: str) -> None:
    data = (Path(__file__).parent.parent / "sample_images" / name).read_bytes()
    with pytest.raises(InputError, match=r"no palette of its own; find one with .*--palette-out"):
        decode_palette(data, name)


def test_a_truncated_picture_is_an_error() -> None:
    data = picture("PNG", THREE)
    with pytest.raises(InputError):
        decode_palette(data[:60])


def test_a_picture_beyond_the_limit_of_pixels_is_not_decoded() -> None:
    data = bytearray(picture("GIF", THREE))
    data[6:10] = struct.pack("<HH", 65535, 65535)
    with pytest.raises(LimitError):
        decode_palette(bytes(data))


FIXTURES = [
    GIMP.encode(),
    b"JASC-PAL\r\n0100\r\n1\r\n1 2 3\r\n",
    b"#fff,#c00\nabc\n",
    b'{"palette": [{"index": 0, "hex": "#fff"}]}',
    bytes(768) + b"\x00\x03\x00\x01",
    ase(ase_block(0xC001, "g"), ase_block(1, "a", struct.pack(">4sfH", b"Gray", 0.2, 2))),
    riff(THREE),
    picture("PNG", THREE),
    picture("GIF", THREE),
    picture("BMP", THREE),
]
NAMES = st.sampled_from(["", "-", *(f"a{suffix}" for suffix in WRITTEN_SUFFIXES), "a.png"])


def check_refusal(data: bytes, name: str) -> None:
    try:
        colors = decode_palette(data, name)
    except KmcliError as error:
        message = str(error)
    else:
        message = ""
        assert colors.dtype == np.uint8
        assert 1 <= len(colors) <= 256
    assert "\n" not in message


@given(
    fixture=st.sampled_from(FIXTURES),
    start=st.integers(0, 800),
    length=st.integers(0, 20),
    patch=st.binary(max_size=20),
    name=NAMES,
)
def test_damaged_files_are_refused_or_read_but_nothing_else(
    fixture: bytes, start: int, length: int, patch: bytes, name: str
) -> None:
    check_refusal(fixture[:start] + patch + fixture[start + length :], name)


@given(data=st.binary(max_size=800) | st.text().map(str.encode), name=NAMES)
def test_any_bytes_are_refused_or_read_but_nothing_else(data: bytes, name: str) -> None:
    check_refusal(data, name)
