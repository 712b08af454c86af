"""Decode a file of one picture, or one page of a file."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps

from kmcli.errors import InputError
from kmcli.image_io import jpeg
from kmcli.image_io.color_models import to_pixels
from kmcli.image_io.deep_color import lower_bytes, round_to_8_bits
from kmcli.image_io.density import Density, density_of, png_density
from kmcli.image_io.formats import check_frame, check_size, open_image, quiet_if_tiff
from kmcli.image_io.png_chunks import (
    SIGNATURE,
    Chunk,
    is_whole,
    join_chunks,
    load_all_rows,
    read_chunks,
)
from kmcli.image_io.png_colors import find_profile


class Still(NamedTuple):
    """A picture that is decoded: pixels upright and in sRGB, format, pixels per metre."""

    pixels: NDArray[np.uint8]
    format: str
    density: Density | None


def decode_still(
    data: bytes,
    max_pixels: int,
    notes: list[str],
    page: int | None = None,
    profile: bytes | None = None,
) -> Still:
    """Decode one picture or page, from 1, inside `decoding`; of an animation the first frame.

    `notes` takes a line for what was lost or could not be used. `profile` is the colour profile
    of a PNG that is a part of another file.
    """
    loaded, density = _load_upright(data, max_pixels, notes, page)
    if profile is not None:
        loaded.info["icc_profile"] = profile
    format_name = (loaded.format or "unknown").replace("MPO", "JPEG")
    return Still(to_pixels(loaded, notes), format_name, density)


def open_png(data: bytes, max_pixels: int, notes: list[str]) -> tuple[Image.Image, list[Chunk]]:
    """Walk through a PNG, and open it with the profile that it means, not loaded yet."""
    chunks = read_chunks(data, notes)
    # A broken profile would make Pillow refuse the picture.
    kept = [chunk for chunk in chunks if chunk.name != b"iCCP"]
    image = open_image(data if is_whole(kept, data) else join_chunks(kept), max_pixels)
    image.info["icc_profile"] = find_profile(chunks, notes)
    return image, kept


def turn_upright(image: Image.Image, notes: list[str]) -> None:
    """Turn a loaded picture in place as its EXIF data says, with a note if that makes no sense."""
    try:
        ImageOps.exif_transpose(image, in_place=True)
    except Exception:  # noqa: BLE001 - damaged EXIF data raises nearly everything
        notes.append("the EXIF data is damaged; ignoring its orientation")


def lies_on_its_side(image: Image.Image) -> bool:
    """Tell whether `turn_upright` will exchange width and height."""
    try:
        return image.getexif().get(ExifTags.Base.Orientation) in (5, 6, 7, 8)
    except Exception:  # noqa: BLE001 - as there
        return False


def _load_upright(
    data: bytes, max_pixels: int, notes: list[str], page: int | None
) -> tuple[Image.Image, Density | None]:
    chunks = None
    if data.startswith(SIGNATURE):
        image, chunks = open_png(data, max_pixels, notes)
    else:
        if data.startswith(jpeg.MAGIC):
            data = jpeg.check_jpeg(data, max_pixels, notes)
        image = open_image(data, max_pixels)
    with quiet_if_tiff(data):
        if chunks is None:
            _turn_to_page(image, page, max_pixels, len(data), notes)
        else:
            check_frame(page, 1, notes, "pages")
        depth = _bits_per_channel(image, data)
        if depth > 8:
            notes.append("reducing 16 bits per channel to 8")
        if depth > 8 and image.format == "JPEG2000" and not image.mode.startswith("I"):
            # Pillow rounds them without a bound, so that white comes out black.
            raise InputError(
                f"a JPEG 2000 in colour of {depth} bits per channel is not supported; convert it "
                "to 8 bits or to PNG"
            )
        lower = lower_bytes(image) if depth == 16 and image.mode in ("RGB", "RGBA") else None
        if chunks is None:
            image.load()
        else:
            load_all_rows(image, chunks)
        if lower is not None:
            round_to_8_bits(image, lower)
        elif chunks is not None:
            _scale_transparent_color(image, data[24])
        density = density_of(image) if chunks is None else png_density(chunks)
        if density is not None and lies_on_its_side(image):
            density = density[::-1]
        turn_upright(image, notes)
    return image, density


def _scale_transparent_color(image: Image.Image, depth: int) -> None:
    """Bring the transparent colour of a PNG to 8 bits, as Pillow has done with the pixels."""
    color = image.info.get("transparency")
    if image.mode not in ("L", "RGB") or color is None:
        return

    def scaled(value: int) -> int:
        # The specification has the other bits ignored.
        largest: int = 2**depth - 1
        return (value & largest) * 255 // largest

    image.info["transparency"] = scaled(color) if image.mode == "L" else tuple(map(scaled, color))


def _turn_to_page(
    image: Image.Image, page: int | None, max_pixels: int, n_bytes: int, notes: list[str]
) -> None:
    is_mpo = image.format == "MPO"
    pages = jpeg.views(image) if is_mpo else range(getattr(image, "n_frames", 1))
    check_frame(page, len(pages), notes, "pages")
    if len(pages) > 1 and image.format == "TIFF":
        _check_pages(image, len(pages), n_bytes)
    if page is not None and page > 1:
        image.seek(pages[page - 1])
        check_size(image.size, max_pixels)


def _check_pages(image: Image.Image, n_pages: int, n_bytes: int) -> None:
    """Refuse a file that was cut within a page, even if it is not the one to be decoded."""
    for number in range(n_pages):
        image.seek(number)
        tags = image.tag_v2  # type: ignore[attr-defined]  # of this format only
        for offsets, lengths in ((273, 279), (324, 325)):  # of strips, of tiles
            pieces = zip(tags.get(offsets, ()), tags.get(lengths, ()), strict=False)
            if any(offset + length > n_bytes for offset, length in pieces):
                raise InputError(f"the image is truncated: page {number + 1} is cut")
    image.seek(0)


def _bits_per_channel(image: Image.Image, data: bytes) -> int:
    if image.format == "PNG":
        return data[24]
    if image.format == "TIFF":
        bits = getattr(image, "tag_v2", {}).get(258, (8,))
        return int(max(bits)) if isinstance(bits, tuple) else int(bits)
    if image.format == "JPEG2000":
        # The first bytes of a codestream: ISO/IEC 15444-1, annex A.5.
        start = data.find(b"\xff\x4f\xff\x51")
        n_channels = int.from_bytes(data[start + 40 : start + 42])
        depths = data[start + 42 : start + 42 + 3 * n_channels : 3]
        return max(((depth & 0x7F) + 1 for depth in depths), default=8)
    return 16 if image.mode.startswith("I;16") else 8
