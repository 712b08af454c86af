"""Files that mean harm, are broken or are odd, with the verdict that each deserves.

All are made here, from nothing but numpy and Pillow, and are the same on every run.
"""

import io
import random
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from PIL import Image, features

Verdict = Literal["ok", "warned", "refused", "limit"]
"""Decoded without a word, decoded with a warning, an InputError, a LimitError."""


@dataclass(frozen=True)
class Case:
    name: str
    data: bytes
    verdict: Verdict
    message: str = ""
    """What the warning or the error has to say."""


SIGNATURE = b"\x89PNG\r\n\x1a\n"


def encode(image: Image.Image, format_name: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_name, **options)
    return buffer.getvalue()


def chunk(name: bytes, body: bytes = b"", checksum: int | None = None) -> bytes:
    checksum = zlib.crc32(name + body) if checksum is None else checksum
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", checksum)


def header(width: int, height: int, depth: int = 8, kind: int = 2, interlace: int = 0) -> bytes:
    body = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlace)
    return chunk(b"IHDR", body)


def png(*chunks: bytes) -> bytes:
    return SIGNATURE + b"".join(chunks) + chunk(b"IEND")


def photo() -> Image.Image:
    """A picture of 48 x 36 with some noise, so that every format has something to compress."""
    y, x = np.mgrid[0:36, 0:48]
    waves = np.stack([128 + 90 * np.sin(x / 7) * np.cos(y / 9), 5 * x, 7 * y], axis=-1)
    noise = np.random.default_rng(0).normal(0, 6, waves.shape)
    return Image.fromarray(np.clip(waves + noise, 0, 255).astype(np.uint8))


def samples() -> dict[str, bytes]:
    """One good file of each kind."""
    picture = photo()
    frames = [picture.rotate(90 * number) for number in range(3)]
    found = {
        "png": encode(picture, "PNG"),
        "png-palette": encode(picture.quantize(16), "PNG"),
        "apng": encode(frames[0], "PNG", save_all=True, append_images=frames[1:], duration=80),
        "jpeg": encode(picture, "JPEG", quality=88),
        "jpeg-progressive": encode(picture, "JPEG", progressive=True),
        "gif": encode(picture.quantize(64), "GIF"),
        "gif-animated": encode(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        "webp": encode(picture, "WEBP", quality=80),
        "webp-lossless": encode(picture, "WEBP", lossless=True),
        "webp-animated": encode(frames[0], "WEBP", save_all=True, append_images=frames[1:]),
        "tiff": encode(picture, "TIFF"),
        "tiff-lzw": encode(picture, "TIFF", compression="tiff_lzw"),
        "tiff-deflate": encode(picture, "TIFF", compression="tiff_adobe_deflate"),
        "tiff-pages": encode(frames[0], "TIFF", save_all=True, append_images=frames[1:]),
        "bmp": encode(picture, "BMP"),
        "ppm": encode(picture, "PPM"),
        "tga": encode(picture, "TGA"),
        "tga-rle": encode(picture, "TGA", compression="tga_rle"),
        "ico": encode(picture.resize((32, 32)), "ICO"),
        "qoi": encode(picture, "QOI"),
    }
    if features.check("jpg_2000"):
        found["jp2"] = encode(picture, "JPEG2000")
    if features.check("avif"):
        found["avif"] = encode(picture, "AVIF")
    return found


def no_images(good: dict[str, bytes]) -> Iterator[Case]:
    noise = random.Random(0).randbytes(4096)
    yield Case("nothing", b"", "refused", "empty")
    for name, data in {
        "text": b"This is only text.\n" * 20,
        "html": b"<!DOCTYPE html><html><body>404 Not Found</body></html>\n",
        "json": b'{"error": "not found"}\n',
        "noise": noise,
        "zeros": bytes(4096),
        "one byte": b"\x89",
        "zip": b"PK\x03\x04" + bytes(60),
        "elf": b"\x7fELF\x02\x01\x01" + bytes(100),
        "gzip of a png": zlib.compress(good["png"], wbits=31),
        "mark before a png": b"\xef\xbb\xbf" + good["png"],
        "png as text": good["png"].replace(b"\r\n", b"\n"),
        "svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
        "pdf": b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n",
        "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 20 20\n%%EndComments\n%%EOF\n",
        "dos eps": b"\xc5\xd0\xd3\xc6" + struct.pack("<II", 30, 90) + bytes(18) + b"%!PS-Adobe\n",
        "wmf": b"\xd7\xcd\xc6\x9a\0\0" + bytes(60),
        "hdf5": b"\x89HDF\r\n\x1a\n" + bytes(60),
        "jpeg without its start": good["jpeg"][2:],
    }.items():
        yield Case(name, data, "refused", "not an image that kmcli can read")


def broken_pngs(good: dict[str, bytes]) -> Iterator[Case]:
    pixels = np.asarray(photo())
    height, width = pixels.shape[:2]
    rows = [b"\0" + row.tobytes() for row in pixels]
    size = header(width, height)
    whole = chunk(b"IDAT", zlib.compress(b"".join(rows)))
    short = zlib.compress(b"".join(rows[:5]))
    start = good["png"].index(b"IDAT") + 4
    flipped = bytearray(good["png"])
    flipped[start + 300] ^= 16
    first = chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, width, height, 0, 0, 1, 10, 0, 0))
    late = chunk(b"fcTL", struct.pack(">IIIIIHHBB", 5, width, height, 0, 0, 1, 10, 0, 0))
    wide = chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, width + 1, height, 0, 0, 1, 10, 0, 0))
    two = chunk(b"acTL", struct.pack(">II", 2, 0))
    pieces = [chunk(b"IDAT", bytes([byte])) for byte in zlib.compress(b"".join(rows))]
    black = zlib.compress(b"".join(b"\0" * len(row) for row in rows))
    for name, data, verdict, message in (
        ("rows missing", png(size, chunk(b"IDAT", short)), "refused", "only 13.9 %"),
        (
            "last row missing",
            png(size, chunk(b"IDAT", zlib.compress(b"".join(rows[:-1])))),
            "refused",
            "pixels are missing",
        ),
        (
            "half a row missing",
            png(size, chunk(b"IDAT", zlib.compress(b"".join(rows)[:-9]))),
            "refused",
            "",
        ),
        (
            "rows missing, interlaced",
            png(header(width, height, interlace=1), chunk(b"IDAT", short)),
            "refused",
            "",
        ),
        (
            "last pass missing",  # whose rows are not the last: that one is all there
            png(
                header(4, 3, interlace=1),
                chunk(b"IDAT", zlib.compress(bytes(2 * (1 + 3) + 3 * (1 + 6)))),
            ),
            "refused",
            "pixels are missing",
        ),
        ("all black", png(size, chunk(b"IDAT", black)), "ok", ""),
        ("wrong checksum of pixels", png(size, whole[:-4] + bytes(4)), "refused", "checksum"),
        ("wrong checksum of the header", png(size[:-4] + bytes(4), whole), "refused", "checksum"),
        (
            "wrong checksum of text",
            png(size, chunk(b"tEXt", b"Title\0x", 1), whole),
            "warned",
            "ignoring a damaged chunk tEXt",
        ),
        (
            "wrong checksum of transparency",
            png(size, chunk(b"tRNS", bytes(6), 1), whole),
            "refused",
            "checksum",
        ),
        ("end missing", good["png"][:-12], "warned", "the end of the PNG is missing"),
        ("last byte missing", good["png"][:-1], "warned", "the end of the PNG is missing"),
        ("checksum of the pixels cut", good["png"][:-14], "refused", "truncated"),
        ("width of zero", png(header(0, 10), whole), "refused", ""),
        ("depth of five", png(header(width, height, 5), whole), "refused", ""),
        ("unknown colour type", png(header(width, height, 8, 5), whole), "refused", ""),
        (
            "unknown filter",
            png(size, chunk(b"IDAT", zlib.compress(b"".join(b"\x09" + row[1:] for row in rows)))),
            "refused",
            "damaged",
        ),
        ("no zlib", png(size, chunk(b"IDAT", b"not zlib at all")), "refused", "damaged"),
        ("flipped bit", bytes(flipped), "refused", "checksum"),
        ("no pixels", png(size), "refused", ""),
        ("empty pixels", png(size, chunk(b"IDAT")), "refused", ""),
        (
            "endless chunk",
            SIGNATURE + size + struct.pack(">I", 2**31 - 1) + b"IDATxx",
            "refused",
            "truncated",
        ),
        ("no header", png(whole), "refused", "header"),
        ("junk between chunks", png(size, b"\0" * 40, whole), "refused", "chunk"),
        ("a chunk for each byte", png(size, *pieces), "ok", ""),
        ("data after the end", good["png"] + b"JUNK" * 1000, "ok", ""),
        ("gamma of zero", png(size, chunk(b"gAMA", bytes(4)), whole), "warned", "a gamma of 0"),
        ("gamma cut", png(size, chunk(b"gAMA", bytes(3)), whole), "warned", "damaged chunk gAMA"),
        ("colours of nothing", png(size, chunk(b"cHRM", bytes(32)), whole), "warned", "cHRM"),
        (
            "empty profile",
            png(size, chunk(b"iCCP", b"p\0\0" + zlib.compress(b"")), whole),
            "warned",
            "colour profile",
        ),
        ("frame number left out", png(size, two, first, whole, late), "refused", "out of order"),
        ("frame outside", png(size, two, wide, whole), "refused", "outside"),
        ("frame missing", png(size, two, first, whole), "refused", "it has 1 of 2"),
        ("frame cut", good["apng"][:-30], "refused", "truncated"),
    ):
        yield Case(f"png: {name}", data, verdict, message)  # type: ignore[arg-type]
    broken = good["apng"].replace(b"fdAT", b"fdAT", 1)
    position = broken.index(b"fdAT") + 30
    changed = broken[:position] + bytes([broken[position] ^ 1]) + broken[position + 1 :]
    yield Case("apng: flipped bit in a frame", changed, "refused", "checksum")


def other_damage(good: dict[str, bytes]) -> Iterator[Case]:
    jpeg = good["jpeg"]
    frame_header = jpeg.index(b"\xff\xc0")
    screen = b"GIF89a" + struct.pack("<HHBBB", 10, 10, 0x80, 0, 0) + bytes(6)
    place = b"," + struct.pack("<HHHHB", 0, 0, 10, 10, 0)
    bmp = good["bmp"]
    for name, data, verdict in (
        ("jpeg: data after the end", jpeg + bytes(5000), "ok"),
        ("jpeg: two in a row", jpeg + jpeg, "ok"),
        (
            "jpeg: no height",
            jpeg[: frame_header + 5] + b"\0\0" + jpeg[frame_header + 7 :],
            "refused",
        ),
        (
            "jpeg: five components",
            jpeg[: frame_header + 9] + b"\5" + jpeg[frame_header + 10 :],
            "refused",
        ),
        ("jpeg: end missing", jpeg[:-2], "warned"),
        ("jpeg: half of the end missing", jpeg[:-1], "refused"),
        ("jpeg: pixels and end missing", jpeg[:-12], "refused"),
        ("gif: no frame", screen + b";", "refused"),
        ("gif: impossible code size", screen + place + b"\x0d\x02\xff\xff\0;", "refused"),
        ("gif: end missing", good["gif"][:-1], "warned"),
        ("gif: data after the last frame", good["gif"][:-1] + b"JUNK", "warned"),
        ("gif: last frame cut", good["gif-animated"][:-40], "refused"),
        ("bmp: seven bits", bmp[:28] + b"\7\0" + bmp[30:], "refused"),
        ("ppm: header cut", b"P6\n10 10\n", "refused"),
        ("ppm: words for numbers", b"P6\nten 10\n255\n" + bytes(300), "refused"),
        ("ico: no picture", b"\0\0\1\0\0\0", "refused"),
        ("tiff: page points at itself", grey_tiff(4, 4, 16, following=8), "ok"),
        ("tiff: unknown compression", grey_tiff(4, 4, 16, compression=9999), "refused"),
        ("tiff: pixels outside of the file", grey_tiff(400, 400, 160_000)[:200], "refused"),
        (
            "webp: nothing inside",
            b"RIFF" + struct.pack("<I", 40) + b"WEBPVP8 " + struct.pack("<I", 28) + bytes(28),
            "refused",
        ),
    ):
        yield Case(name, data, verdict)  # type: ignore[arg-type]


def grey_tiff(
    width: int, height: int, n_bytes: int, following: int = 0, compression: int = 1
) -> bytes:
    tags = (
        (256, width),
        (257, height),
        (258, 8),
        (259, compression),
        (262, 1),
        (273, 122),
        (277, 1),
        (278, height),
        (279, n_bytes),
    )
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    directory = struct.pack("<H", len(tags)) + entries + struct.pack("<I", following)
    return b"II*\0" + struct.pack("<I", 8) + directory + bytes(min(n_bytes, 2**16))


def bombs(good: dict[str, bytes]) -> Iterator[Case]:
    """Small files that would be large, or take long."""
    packed = zlib.compress(bytes(3 * 10**7), 9)
    size = header(4, 4, 8, 0)
    pixels = chunk(b"IDAT", zlib.compress(bytes(20)))
    frame = b"!\xf9\x04\0\1\0\0\0," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    screen = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6)
    trailer = b";"

    def disposed(side: int) -> bytes:
        """A frame that is cleared after it was shown."""
        place = struct.pack("<HHHHB", 0, 0, side, side, 0)
        return b"!\xf9\x04\x08\5\0\0\0," + place + b"\x02\x02\x44\x01\0"

    jpeg = good["jpeg"]
    place = jpeg.index(b"\xff\xc0") + 5
    progressive = good["jpeg-progressive"]
    scan, end = progressive.rindex(b"\xff\xda"), progressive.rindex(b"\xff\xd9")
    scans = progressive[:end] + progressive[scan:end] * 500 + progressive[end:]
    vp8l = (0x2F | ((16383 | (16383 << 14)) << 8)).to_bytes(5, "little")
    rle = struct.pack("<IiiHHIIiiII", 40, 30000, 30000, 1, 8, 1, 2, 0, 0, 256, 0)
    large = header(65535, 65535, 8, 6)
    icon = b"\0\0\1\0\1\0" + struct.pack("<BBBBHHII", 0, 0, 0, 0, 1, 32, 60, 22)
    entries = {
        "png header": png(header(50_000, 50_000)),
        "png header, one column": png(header(1, 2**31 - 1)),
        "png header, largest": png(header(2**31 - 1, 2**31 - 1)),
        "png, just over the limit": png(header(9500, 9500, 1, 0), pixels),
        "png of empty chunks": png(size, chunk(b"IDAT") * (2**18 + 1), pixels),
        "png, profile": png(size, chunk(b"iCCP", b"p\0\0" + packed), pixels),
        "gif screen": b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0, 0, 0) + frame + b";",
        "gif frame far out": b"GIF89a"
        + struct.pack("<HHBBB", 4, 4, 0, 0, 0)
        + b","
        + struct.pack("<HHHHB", 60000, 60000, 1, 1, 0)
        + b"\x02\x02\x44\x01\0;",
        "gif, first frame": screen + disposed(65535) + trailer,
        "gif, second frame": screen + disposed(1) + disposed(65535) + trailer,
        "gif, second frame of a single file": screen + frame + disposed(65535) + trailer,
        "webp canvas": b"RIFF"
        + struct.pack("<I", 22)
        + b"WEBPVP8X"
        + struct.pack("<I", 10)
        + b"\x02\0\0\0"
        + struct.pack("<I", 40_000)[:3] * 2,
        "jpeg header": jpeg[:place] + struct.pack(">HH", 65500, 65500) + jpeg[place + 4 :],
        "jpeg scans": scans,
        "tiff": grey_tiff(60_000, 60_000, 64),
        "bmp rle": b"BM" + struct.pack("<IHHI", 2000, 0, 0, 1078) + rle + bytes(1024) + b"\0\1",
        "ppm": b"P6\n60000 60000\n255\n" + bytes(64),
        "pgm as text": b"P2\n40000 40000\n255\n0 0 0\n",
        "qoi": b"qoif" + struct.pack(">IIBB", 60_000, 60_000, 4, 0) + b"\xfd" * 64 + bytes(8),
        "tga rle": struct.pack("<BBBHHBHHHHBB", 0, 0, 10, 0, 0, 0, 0, 0, 65535, 65535, 24, 0)
        + b"\xff\0\0\0" * 10,
        "webp": b"RIFF"
        + struct.pack("<I", 24)
        + b"WEBPVP8L"
        + struct.pack("<I", 11)
        + vp8l
        + bytes(7),
        "icon that holds a png": icon + SIGNATURE + large + chunk(b"IEND"),
    }
    for name, data in entries.items():
        yield Case(f"bomb: {name}", data, "limit")
    texts = b"".join(chunk(b"tEXt", b"Comment\0" + bytes([65 + i % 26])) for i in range(20_000))
    for name, data in {
        "packed text": png(size, chunk(b"zTXt", b"Comment\0\0" + packed), pixels),
        "packed international text": png(
            size, chunk(b"iTXt", b"Comment\0\1\0\0\0" + packed), pixels
        ),
        "many texts": png(size, texts, pixels),
    }.items():
        yield Case(f"bomb: {name}", data, "ok")
    endless = chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0))
    yield Case("bomb: frames promised", png(size, endless, pixels), "refused", "frames are missing")


def truncations(good: dict[str, bytes]) -> Iterator[Case]:
    """Every format cut at five places."""
    for kind, data in good.items():
        for share in (0.1, 0.3, 0.5, 0.8, 0.97):
            yield Case(f"{kind} cut at {share:.0%}", data[: int(share * len(data))], "refused")


def all_cases() -> list[Case]:
    good = samples()
    kinds: Iterable[Callable[[dict[str, bytes]], Iterator[Case]]] = (
        no_images,
        broken_pngs,
        other_damage,
        bombs,
        truncations,
    )
    return [case for kind in kinds for case in kind(good)]


def mutations(data: bytes, n_flips: int, n_cuts: int) -> Iterator[bytes]:
    """Flip single bits and cut, at places that are the same on every run."""
    choose = random.Random(len(data))
    for _ in range(n_flips):
        changed = bytearray(data)
        changed[choose.randrange(len(data))] ^= 1 << choose.randrange(8)
        yield bytes(changed)
    for _ in range(n_cuts):
        yield data[: choose.randrange(len(data))]
