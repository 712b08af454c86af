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

from kmcli.errors import InputError, KmcliError, LimitError, NoPaletteError, SettingsError
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
    text = ";paint.net Palette File\n;Colors: 2\nFFff0000\n80008000\n112233\n#f008\n"
    assert read(text, "a.txt") == [
        [255, 0, 0, 255],
        [0, 128, 0, 128],
        [17, 34, 51, 255],
        [255, 0, 0, 136],
    ]


PASTEL = [[255, 179, 186], [255, 223, 186], [186, 255, 201]]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("255,179,186\n255,223,186\n186,255,201\n", id="commas"),
        pytest.param("255, 179, 186\r\n255, 223, 186\r\n186, 255, 201", id="commas and spaces"),
        pytest.param("255;179;186\n255;223;186\n186;255;201\n", id="semicolons"),
        pytest.param("255 179 186\n255 223 186\n186 255 201\n", id="spaces"),
        pytest.param("255\t179\t186\n255\t223\t186\n186\t255\t201\n", id="tabs"),
        pytest.param("sep=;\n255;179;186\n255;223;186\n186;255;201\n", id="as Excel has it"),
        pytest.param('"255","179","186"\n"255","223","186"\n"186","255","201"\n', id="quotes"),
        pytest.param("255,179,186,Rose\n255 223 186 Fade\n186,255,201;ade", id="names behind"),
        pytest.param("255,179,186;255,223,186;186,255,201\n", id="all in a line"),
        pytest.param("255 179 186, 255 223 186, 186 255 201\n", id="all in a line with commas"),
        pytest.param("rgb(255, 179, 186)\nRGB(255 223 186)\nrgba(186,255,201,1)\n", id="CSS"),
        pytest.param(
            '"rgb(255, 179, 186)","rgb(255, 223, 186)"\nrgb(186 255 201 / 100%) mint\n',
            id="CSS in quotes",
        ),
        pytest.param("r,g,b\n255,179,186\n255,223,186\n186,255,201\n", id="header"),
        pytest.param(
            '# made by hand\n"Red";"Green";"Blue"\n255;179;186\n255;223;186\n186;255;201\n',
            id="header in quotes",
        ),
        pytest.param(
            ",b,g,r\n0,186,179,255\n1,186,223,255\n2,201,255,186\n", id="columns of pandas"
        ),
        pytest.param(
            'name,R,G,B\n"Rose, light",255,179,186\nBad,255,223,186\n,186,255,201\n',
            id="names before",
        ),
        pytest.param("0,255,179,186\n1,255,223,186\n2,186,255,201\n", id="numbers before"),
        pytest.param("1 255 179 186\n2 255 223 186\n3 186 255 201\n", id="numbers from 1"),
        pytest.param(
            "Name;Colour\nRose, light;#ffb3ba\nx;FFDFBA\ny;rgb(186, 255, 201)\n", id="codes"
        ),
        pytest.param('id,rgb\n1,"255,179,186"\n2,"255,223,186"\n3,"186,255,201"', id="triples"),
        pytest.param("hex\nffb3ba\nffdfba\nbaffc9\n", id="one column"),
        pytest.param("[[255, 179, 186], [255, 223, 186], [186, 255, 201]]", id="JSON"),
        pytest.param('["255,179,186", "rgb(255, 223, 186)", "baffc9"]', id="strings in JSON"),
    ],
)
def test_decimal_colours(text: str) -> None:
    assert read(text, "pastel.csv") == PASTEL
    assert read(text.encode("utf-16")) == PASTEL


def test_decimal_colours_in_percent_and_with_opacity() -> None:
    assert read("100%,50%,0%\n") == [[255, 128, 0]]
    assert read("r;g;b\n100%;49.9%;0.1%\n") == read("100% 49.9% 0.1%") == [[255, 127, 0]]
    assert read("rgb(100% 0% 12.5% / .5)\n") == [[255, 0, 32, 128]]
    assert read("rgb(0.5, 254.4, 255 / 20%)\n") == [[1, 254, 255, 51]]


@pytest.mark.parametrize(
    "text",
    [
        "255,0,0,128\n0,9,8,1\n",
        "red,green,blue,alpha\n255,0,0,128\n0,9,8,1",
        "a,r,g,b\n128,255,0,0\n1,0,9,8\n",
        "[[255, 0, 0, 128], [0, 9, 8, 1]]",
    ],
)
def test_decimal_colours_with_alpha(text: str) -> None:
    assert read(text) == [[255, 0, 0, 128], [0, 9, 8, 1]]


def test_numbers_of_rows_begin_at_0_or_1() -> None:
    assert read("5,1,2,3\n6,1,2,3\n") == [[5, 1, 2, 3], [6, 1, 2, 3]]
    assert read("1,1,2,3\n2,1,2,3\n") == [[1, 2, 3], [1, 2, 3]]


def test_three_digits_that_are_no_decimal_number_are_a_code() -> None:
    assert read("fff\n456\n00f,999\n")[1] == [0x44, 0x55, 0x66]


@pytest.mark.parametrize(
    "rows",
    [
        '[{"index": 1, "hex": "#f00"}, {"hex": "#008000"}, {"index": 0, "hex": "#00f"}]',
        '[{"index": true, "hex": "#f00"}, {"index": 2, "hex": "#008000"},'
        ' {"index": 0, "hex": "#00f"}]',
        '[{"index": "2", "hex": "#f00"}, {"index": "1", "hex": "#008000"},'
        ' {"index": "0", "hex": "#00f"}]',
    ],
)
def test_only_whole_numbers_in_every_row_of_json_give_the_order(rows: str) -> None:
    assert read(rows) == THREE


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


# As an ICC profile of sRGB has them, under D50; the last one lies outside of sRGB.
LAB = [
    ((100, 0, 0), [255, 255, 255]),
    ((0, 0, 0), [0, 0, 0]),
    ((53.585, 0, 0), [128, 128, 128]),
    ((54.29, 80.81, 69.89), [255, 0, 0]),
    ((29.57, 68.30, -112.03), [0, 0, 255]),
    ((20, 90, 127), [152, 0, 0]),
]


def test_swatches_in_lab_are_converted_from_the_white_of_print() -> None:
    blocks = [
        ase_block(1, "", struct.pack(">4s3fH", b"LAB ", lightness / 100, a, b, 0))
        for (lightness, a, b), _ in LAB
    ]
    expected = np.array([color for _, color in LAB])
    assert np.abs(np.array(read(ase(*blocks), "a.ase")) - expected).max() <= 1


def test_swatches_of_ink_are_refused() -> None:
    good = ase_block(1, "", struct.pack(">4s3fH", b"RGB ", 1, 0, 0, 2))
    ink = ase_block(1, "ink", b"CMYK" + struct.pack(">4fH", 0.5, 0.5, 0.5, 0.5, 2))
    with pytest.raises(
        InputError, match=r"colour 2 is 'CMYK', which depends on the device; .* or Lab"
    ):
        read(ase(good, ink))


def aco(colors: list[tuple[int, ...]], version: int = 1) -> bytes:
    data = struct.pack(">2H", version, len(colors))
    for number, (space, *values) in enumerate(colors):
        data += struct.pack(">H4H", space, *(value & 0xFFFF for value in [*values, 0, 0, 0, 0][:4]))
        if version == 2:
            name = f"Colour {number}\0"
            data += struct.pack(">I", len(name)) + name.encode("utf-16-be")
    return data


SWATCHES = [
    (0, 65535, 257, 0x8080),
    (1, 65535 // 3, 65535, 65535 // 2),
    (7, 5429, 8081, 6989),
    (7, 2957, 6830, -11203),
    (8, 10000),
    (8, 2000),
]
SWATCH_COLORS = [[255, 1, 128], [0, 127, 0], [255, 0, 0], [0, 0, 255], [255] * 3, [51] * 3]


@pytest.mark.parametrize("name", ["a.aco", "a", "-"])
def test_swatches_of_photoshop_in_rgb_hsb_lab_and_grey(name: str) -> None:
    first, second = aco(SWATCHES), aco(SWATCHES, version=2)
    for data in (first, second, first + second):
        assert np.abs(np.array(read(data, name)) - SWATCH_COLORS).max() <= 1


@pytest.mark.parametrize(("space", "ink"), [(2, "CMYK"), (3, "Pantone"), (99, "kind 99")])
def test_swatches_of_photoshop_in_ink_are_refused(space: int, ink: str) -> None:
    with pytest.raises(InputError, match=f"colour 2 is .*{ink}, which depends on the device"):
        read(aco([(0, 1, 2, 3), (space, 1, 2, 3, 4)]), "a.aco")


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
    assert palette_of_list("255,0,0; 0,128,0;rgb(0 0 255)").tolist() == THREE
    assert palette_of_list("255,0,0 0,128,0 #00f").tolist() == THREE
    with pytest.raises(SettingsError, match="257 colours"):
        palette_of_list("#fff," * 257)


# What is wrong is told in a line


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("", "a.gpl", "first line must be 'GIMP Palette'"),
        ("255 0 0\n", "a.gpl", "first line must be 'GIMP Palette'"),
        ("GIMP Palette\nName: a\n", "a.gpl", "no colour"),
        ("GIMP Palette\n#\n255 0 0\n300 0 0\n", "a.gpl", r"line 4: '300 0 0'.*0 to 255"),
        ("GIMP Palette\n#\n255 0\n", "a.gpl", "line 3: '255 0' is not a colour"),
        ("GIMP Palette\n#\n-1 0 0\n", "a.gpl", "line 3: '-1 0 0' is not a colour"),
        ("GIMP Palette\n0 0 0\nName: a\n", "a.gpl", "line 3: 'Name: a' is not a colour"),
        ("GIMP Palette\nChannels: RGBA\n0 0 0 x\n", "a.gpl", "line 3: .*four numbers"),
        ("GIMP Palette\n" + "1 2 3\n" * 257, "a.gpl", "257 colours.* at most 256"),
        ("JASC-PAL\n", "a.pal", "line 3"),
        ("JASC-PAL\n0100\nmany\n", "a.pal", "line 3"),
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
        ("fff000\nfffff\n", "a.hex", "line 2: 'fffff' is not a colour"),
        ("#fff,#zzz\n", "a.hex", "line 1: '#zzz' is not a colour"),
        ("fff000 000fff\n", "a.hex", "line 1: .*more than one colour"),
        ("\u0663\u0663\u0663\n", "a.hex", "line 1: .*is not a colour"),
        ("Dear Sir or Madam, " * 99, "letter.txt", r"line 1: 'Dear' is not a colour"),
        ("{}", "a.json", "no array 'palette' or 'colors'"),
        ('{"palette": [\n', "a.json", "line 2: not JSON"),
        ('{"palette": []}', "a.json", "no colour"),
        ('[{"index": 1}]', "a.json", "null.*is not a colour"),
        ("[1, 2]", "a.json", "'1' is not a colour"),
        ("[123456]", "a.json", "'123456' is not a colour"),
        ('["123"]', "a.json", "'123' could be #123 or"),
        ("[[1, 2, 256]]", "a.json", r"'\[1, 2, 256\]' is not a colour"),
        ("[[1, 2, true]]", "a.json", "is not a colour"),
        ("[[1, 2, 3, 4, 5]]", "a.json", "is not a colour"),
        ("[[1, 2]]", "a.json", "is not a colour"),
        ("[[9, 9, 9, 1], [9, 9, 9, 0]]", "a.json", "an alpha of 1 could"),
        ("255,0,0,1\n9,0,0,0\n", "a.csv", "an alpha of 1 could"),
        ("r,g,b,a\n255,0,0,256\n", "a.csv", "line 2: '256' is not an alpha"),
        ("r,g,b,a\n255,0,0,0.5\n", "a.csv", "line 2: '0.5' is not an alpha"),
        ("r,g,b\n255,0\n", "a.csv", "line 2: '255,0' has too few columns"),
        ("r,g,b\n", "a.csv", "no colour"),
        ("r,g,b\n1,2,3\n\n256,0,0\n", "a.csv", "line 4: '256,0,0' is not a colour; write three"),
        ("r,g,b\n1.0,0.5,0.0\n", "a.csv", "line 2: '1.0,0.5,0.0' is not a colour"),
        ("name,hex\nred,123\n", "a.csv", "line 2: '123' could be #123 or"),
        ("r,g,b\n" + "1" * 200_000 + ",2,3\n", "a.csv", "line is too long"),
        ("0,255,0,0\n", "a.csv", "four numbers could be .* or a colour and its number"),
        ("0,1,2,255\n1,2,3,255\n", "a.csv", "four numbers could be"),
        ("1,2,3,4,5\n", "a.csv", "line 1: '1' is not a colour"),
        ("255,0,0,0,255,0\n", "a.csv", "line 1: '255' could be #255 or .* write #255"),
        ("255,0 0\n", "a.csv", "line 1: '255' could be"),
        ("255 0 0 0 255 0\n", "a.txt", "line 1: .* more than one colour"),
        ("255,0,0 0,255,0\n", "a.txt", "line 1: .* more than one colour"),
        ("255,0,256\n", "a.csv", "line 1: '255,0,256' is not a colour; write three numbers"),
        ("100%,0,0\n", "a.csv", "line 1: '100%,0,0' is not a colour; .* or percentages"),
        ("101%,0%,0%\n", "a.csv", "line 1: '101%,0%,0%' is not a colour"),
        ("100,200,050\nfff\n", "a.csv", "'100,200,050' is decimal and 'fff' hexadecimal"),
        ("100\n200\n", "a.hex", "line 1: '100' could be #100 or one of three decimal numbers"),
        ("rgb(1,2)\n", "a.csv", "line 1: .* is not a colour"),
        ("rgb(0255 0 0)\n", "a.csv", "line 1: .* is not a colour"),
        ("rgb(1,2,3,1,5)\n", "a.csv", "line 1: .* is not a colour"),
        ("rgba(1,2,3,2)\n", "a.csv", "line 1: .* opacity ranges from 0 to 1"),
        ("rgba(1,2,3,x)\n", "a.csv", "line 1: .* opacity ranges from 0 to 1"),
        ("x,y,z\n1,2,3\n", "a.csv", "line 1: 'x' is not a colour"),
        (",,,\n", "a.csv", "line 1: ',,,' is not a colour"),
        ("GIMP Palette\n" + "1" * 5000 + " 0 0\n", "a.gpl", "line 2: .* is not a colour"),
        ("GIMP Palette\n0255 0 0\n", "a.gpl", "line 2: .* is not a colour"),
        ("JASC-PAL\n0100\n" + "1" * 5000 + "\n", "a.pal", "line 3"),
        (aco([(0, 1, 2, 3)])[:-2], "a.aco", "truncated"),
        (aco([(0, 1, 2, 3)], version=2)[:-2], "a.aco", "truncated"),
        (b"\0", "a.aco", "truncated"),
        (b"\0\3\0\0", "a.aco", "version 1 or 2, not 3"),
        (aco([]), "a.aco", "no colour"),
        (aco([(8, 10_100)]), "a.aco", "colour 1 is out of range"),
        (aco([(7, 10_100, 0, 0)]), "a.aco", "colour 1 is out of range: L 101"),
        (aco([(7, 5000, 0, 30_000)]), "a.aco", "colour 1 is out of range: L 50, a 0, b 300"),
        (
            ase(ase_block(1, "", struct.pack(">4s3fH", b"LAB ", 0.5, float("nan"), 0, 0))),
            "a.ase",
            "colour 1 is out of range",
        ),
        ("[" * 100_000, "a.json", "not a palette in JSON"),
        ("[" + "9" * 10_000 + "]", "a.json", "not a palette in JSON"),
        (":root { --color-0: #fff }", "a.css", "CSS"),
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
    with pytest.raises(NoPaletteError, match=r"no palette of its own, .* 256 are the limit$"):
        decode_palette(data, name)


def png(pixels: object, file_format: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.array(pixels, dtype=np.uint8)).save(buffer, file_format, **options)
    return buffer.getvalue()


GRID = [[[255, 0, 0], [0, 128, 0], [0, 0, 255]], [[9, 9, 9], [0, 128, 0], [8, 8, 8]]]


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 2), (16, 9)])
def test_a_grid_of_swatches_is_read_row_by_row(width: int, height: int) -> None:
    pixels = np.array(GRID).repeat(height, axis=0).repeat(width, axis=1)
    for data in (png(pixels), png(pixels, "BMP"), png(pixels, "WEBP", lossless=True)):
        assert read(data) == [*GRID[0], *GRID[1]]
    assert read(png(pixels[:height])) == THREE
    assert read(png(pixels.swapaxes(0, 1)[:width])) == [[255, 0, 0], [9, 9, 9]]


def test_swatches_keep_what_occurs_again_and_alpha() -> None:
    assert read(png([[[1, 1, 1], [1, 1, 1], [2, 2, 2], [1, 1, 1]]])) == [[1] * 3, [2] * 3, [1] * 3]
    clear = [[9, 8, 7, 255], [9, 8, 7, 128]]
    assert read(png([clear])) == clear
    assert read(png([[0, 9, 9, 255]])) == [[0] * 3, [9] * 3, [255] * 3]


def test_at_most_256_swatches_are_a_palette() -> None:
    colors = [[i, 255 - i, 7] for i in range(256)]
    assert read(png(np.array(colors).reshape(16, 16, 3))) == colors
    with pytest.raises(NoPaletteError, match="as one it would have 257 colours"):
        read(png([[*colors, [0, 0, 0]]]))


def test_a_truncated_picture_is_an_error() -> None:
    data = picture("PNG", THREE)
    with pytest.raises(InputError):
        decode_palette(data[:60])


def test_a_picture_beyond_the_limit_of_pixels_is_not_decoded() -> None:
    data = bytearray(picture("GIF", THREE))
    data[6:10] = struct.pack("<HH", 65535, 65535)
    with pytest.raises(LimitError):
        decode_palette(bytes(data))


@pytest.mark.parametrize("file_format", ["PNG", "GIF", "BMP"])
def test_a_palette_in_a_picture_is_held_to_the_given_limit(file_format: str) -> None:
    for data in (picture(file_format, THREE), png(GRID, file_format)):
        decode_palette(data, max_pixels=6)
        with pytest.raises(LimitError):
            decode_palette(data, max_pixels=3)


FIXTURES = [
    GIMP.encode(),
    b"JASC-PAL\r\n0100\r\n1\r\n1 2 3\r\n",
    b"#fff,#c00\nabc\n",
    b'{"palette": [{"index": 0, "hex": "#fff"}]}',
    bytes(768) + b"\x00\x03\x00\x01",
    ase(ase_block(0xC001, "g"), ase_block(1, "a", struct.pack(">4sfH", b"Gray", 0.2, 2))),
    riff(THREE),
    aco(SWATCHES, version=2),
    ase(ase_block(1, "a", struct.pack(">4s3fH", b"LAB ", 0.2, 9, -9, 2))),
    b"name;r;g;b;a\nx;1;2;3;4\n",
    b"1,255,0,0\n2,0,0,9\nrgb(1 2 3 / 5%)\n",
    png(GRID),
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
